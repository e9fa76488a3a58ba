// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Publishing from the first request to the last: runs that are ended at any
//! moment, and what the next run makes of it.

mod attesting;
mod cancelled;
mod downloads;
mod form;
mod http2;
mod lying;
mod memory;
mod partial;
mod projects;
mod rerun;
mod schedules;
mod tokens;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use testbed::distribution::Wheel;
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::watch::Hears;

use crate::run::{Ran, end, start};
use crate::world::{Files, RELEASE, World, project, signed};

const PROJECTS: [&str; 2] = ["example", "example-more"];

/// Two projects: three files of the one, two of the other; made once.
fn release() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = project("example", "1.0");
        files.extend(project("example-more", "1.0"));
        let more = Wheel::new("example", "1.0").with_seed(7).build().1;
        files.extend(signed(&[(
            "example-1.0-1-py3-none-any.whl".to_owned(),
            more,
        )]));
        files
    })
}

fn is_sidecar(name: &str) -> bool {
    [".asc", ".sha512"].iter().any(|end| name.ends_with(end))
}

/// A world where the release is staged; its index is not used.
fn ground() -> World {
    let world = World::start();
    world.stage(RELEASE, release().clone());
    world
}

/// The runs of one release toward an index that is empty at first.
struct Trial<'a> {
    world: &'a World,
    index: Arc<FakeIndex>,
    folder: TempDir,
    running: Running,
}

/// The process that runs now.
#[derive(Clone, Default)]
struct Running(Arc<Mutex<Option<Pid>>>);

impl Running {
    fn send(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = self.0.lock().unwrap().map(|pid| kill_process(pid, signal));
    }

    /// Its most memory so far, in KiB.
    fn peak_memory(&self) -> Option<u64> {
        let pid = (*self.0.lock().unwrap())?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
        let status = status.ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }
}

impl<'a> Trial<'a> {
    fn new(world: &'a World, options: Options) -> Self {
        let index = FakeIndex::start(Options {
            issuer: Some(world.issuer.trust()),
            ..options
        });
        index.register(Publisher::example(&PROJECTS));
        Self {
            world,
            index: Arc::new(index),
            folder: tempfile::tempdir().unwrap(),
            running: Running::default(),
        }
    }

    /// Every request of the runs to come is told to this one.
    fn watch(&self, hears: Arc<Hears>) {
        self.world.dist.watch(Arc::clone(&hears));
        self.world.issuer.watch(Arc::clone(&hears));
        self.index.watch(hears);
    }

    fn publish(&self, changes: &[(&str, &str)]) -> Ran {
        self.run("publish", changes)
    }

    fn run(&self, mode: &str, changes: &[(&str, &str)]) -> Ran {
        self.run_with(mode, changes, &[])
    }

    /// One run of the binary to its end, whatever that is.
    fn run_with(&self, mode: &str, changes: &[(&str, &str)], env_too: &[(&str, &str)]) -> Ran {
        let base = self.index.base();
        let mut args = self.world.args(mode);
        let short = [
            ("index", base.as_str()),
            ("idle-timeout", "1 s"),
            ("concurrency", "2"),
        ];
        for (name, value) in short.iter().chain(changes) {
            let flag = format!("--{name}");
            match args.iter().position(|arg| *arg == flag) {
                Some(at) => (*value).clone_into(&mut args[at + 1]),
                None => args.extend([flag, (*value).to_owned()]),
            }
        }
        let folder = self.folder.path();
        let _ = std::fs::remove_file(folder.join("report.json"));
        let mut env = self.world.env();
        env.push(("TMPDIR".to_owned(), folder.to_str().unwrap().to_owned()));
        let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let env = [&env[..], env_too].concat();
        let child = {
            // Held, so that who hears of the first request knows whom to end.
            let mut running = self.running.0.lock().unwrap();
            let child = start(folder, &args, &env);
            *running = Pid::from_raw(child.id().try_into().unwrap());
            child
        };
        let ran = end(child, folder);
        *self.running.0.lock().unwrap() = None;
        ran
    }

    /// The index has every file of the release with its bytes, and no other.
    #[track_caller]
    fn assert_whole(&self, what: &str) {
        let mut found: Vec<(String, String)> = PROJECTS
            .iter()
            .flat_map(|project| self.index.files(project))
            .map(|file| (file.filename, file.sha256))
            .collect();
        found.sort();
        let expected: Vec<(String, String)> = release()
            .iter()
            .filter(|(name, _)| !is_sidecar(name))
            .map(|(name, bytes)| (name.clone(), hex::encode(Sha256::digest(bytes))))
            .collect();
        assert_eq!(found, expected, "{what}");
    }
}

/// How long a stand-in may work on one upload where a test needs time.
const SLOW: Duration = Duration::from_millis(300);
