// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Our `publish` beside `twine upload` and `uv publish`: the same files from
//! the same folder to an index that works 100 ms on every upload. Ours verifies
//! the release and reads it back in that time; the others send.

use std::path::Path;
use std::time::Duration;

use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;

use crate::measure::{Cost, Outcome, Program, summarise};
use crate::tools::Clients;
use crate::wave::{PROJECTS, Wave, projects};

/// How long the index works on one upload.
const LATENCY: Duration = Duration::from_millis(100);
/// What the other programs sign in with.
const TOKEN: &str = "pypi-benchmark";

/// What each way costs.
pub(crate) struct Published {
    /// From the folder, as the others do.
    pub(crate) ours: Cost,
    /// The whole job, from the server behind the added round trip.
    pub(crate) from_server: Cost,
    pub(crate) twine: Cost,
    pub(crate) uv: Cost,
}

/// Publishes the wave in turns, each time to a new index.
pub(crate) fn wave(wave: &Wave, clients: &Clients, rounds: usize) -> Outcome<Published> {
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for _ in 0..rounds {
        let files = wave.files();
        let turn = [
            to_new_index(|world| ours(wave, world, &files.display().to_string()))?,
            to_new_index(|world| ours(wave, world, &wave.url()))?,
            to_new_index(|world| {
                let upload = world.index.upload_url();
                let args = [
                    "upload",
                    "--non-interactive",
                    "--disable-progress-bar",
                    "--repository-url",
                    &upload,
                    "-u",
                    "__token__",
                    "-p",
                    TOKEN,
                ];
                theirs(wave, &clients.twine, &args)
            })?,
            to_new_index(|world| {
                let upload = world.index.upload_url();
                let args = [
                    "publish",
                    "--quiet",
                    "--trusted-publishing",
                    "never",
                    "--publish-url",
                    &upload,
                    "--token",
                    TOKEN,
                ];
                theirs(wave, &clients.uv, &args)
            })?,
        ];
        for (list, cost) in costs.iter_mut().zip(turn) {
            list.push(cost);
        }
    }
    let [ours, from_server, twine, uv] = costs.map(|list| summarise(&list));
    Ok(Published {
        ours,
        from_server,
        twine,
        uv,
    })
}

struct World {
    issuer: FakeIssuer,
    index: FakeIndex,
}

/// Runs one client, and makes sure that it published everything.
fn to_new_index(run: impl FnOnce(&World) -> Outcome<Cost>) -> Outcome<Cost> {
    let issuer = FakeIssuer::start();
    let index = FakeIndex::start(Options {
        issuer: Some(issuer.trust()),
        user_tokens: vec![TOKEN.to_owned()],
        latency: LATENCY,
        ..Options::default()
    });
    let names: Vec<String> = projects().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    index.register(Publisher::example(&names));
    let world = World { issuer, index };
    let cost = run(&world)?;
    let stored = names
        .iter()
        .map(|name| world.index.files(name).len() as u64)
        .sum::<u64>();
    if stored != 2 * PROJECTS {
        return Err(format!(
            "{stored} of {} files are in the index",
            2 * PROJECTS
        ));
    }
    Ok(Cost {
        requests: world.index.requests().len(),
        ..cost
    })
}

fn ours(wave: &Wave, world: &World, source: &str) -> Outcome<Cost> {
    let folder = wave.scratch()?;
    let keys = wave.keys_file().display().to_string();
    Program::new(env!("CARGO_BIN_EXE_asf-pypi-publish"), folder.path())?
        .args([
            "publish", "--source", source, "--area", "release", "--keys", &keys,
        ])
        .args([
            "--projects",
            "apache-wave-*",
            "--index",
            &world.index.base(),
        ])
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", world.issuer.request_url())
        .env(
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            world.issuer.request_token(),
        )
        .run()
}

fn theirs(wave: &Wave, program: &Path, args: &[&str]) -> Outcome<Cost> {
    let folder = wave.scratch()?;
    let files = std::fs::read_dir(wave.files())
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| why.to_string())?;
    let mut files: Vec<_> = files.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|end| end == "whl" || end == "gz")
    });
    files.sort();
    Program::new(program, folder.path())?
        .args(args)
        .args(files)
        .run()
}
