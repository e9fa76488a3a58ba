// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One release by several jobs, through the binary: the shards are disjoint,
//! together they are the release, and no shard fetches what another has.

mod refused;
mod wave;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testbed::distribution::wheel;
use testbed::index::Publisher;

use crate::run::Ran;
use crate::world::{Files, RELEASE, World, project, signed};

const PROJECTS: [&str; 5] = [
    "example-alpha",
    "example-beta",
    "example-delta",
    "example-epsilon",
    "example-gamma",
];

/// What the end of each job's log and the top of its page say.
const PART_OF_TWO: &str = " This is one of 2 jobs: the release is complete only when all of them \
    and the last `check` are done.";

/// A wave of five projects and a source archive, and what `verify` said of it.
struct Wave {
    world: World,
    verified: Ran,
}

impl Wave {
    fn staged() -> Self {
        let mut files = Files::new();
        for name in PROJECTS {
            files.extend(project(name, "1.0"));
        }
        let archive = (
            "apache-example-1.0-source.tar.gz".to_owned(),
            b"the sources".to_vec(),
        );
        files.extend(signed(&[archive]));
        Self::of(files)
    }

    fn of(files: Files) -> Self {
        let world = World::start();
        world.index.register(Publisher::example(&PROJECTS));
        world.stage(RELEASE, files);
        let verified = world.verify();
        assert_eq!(verified.status, 0, "{}", verified.stderr);
        Self { world, verified }
    }

    fn digest(&self) -> &str {
        self.verified.output("digest").unwrap()
    }

    fn shard(&self, mode: &str, shard: &str) -> Ran {
        self.shard_with(mode, shard, &[])
    }

    fn shard_with(&self, mode: &str, shard: &str, changes: &[(&str, &str)]) -> Ran {
        let revision = self.verified.output("revision").unwrap();
        let mut with = vec![
            ("shard", shard),
            ("revision", revision),
            ("expected-digest", self.digest()),
        ];
        for change in changes {
            with.retain(|(name, _)| *name != change.0);
            with.push(*change);
        }
        self.world.run(mode, &with)
    }

    /// The files of the release that these requests fetched, by base name.
    fn fetched(&self, since: usize) -> BTreeSet<String> {
        let requests = self.world.dist.requests();
        let files = requests[since..]
            .iter()
            .filter_map(|request| request.strip_prefix("GET "))
            .map(|path| path.rsplit('/').next().unwrap().to_owned());
        files.filter(|name| name != "KEYS").collect()
    }
}

/// The rows of the report of this class, by path.
fn rows(ran: &Ran, class: &str) -> BTreeSet<String> {
    let rows = ran.report["files"].as_array().unwrap().iter();
    rows.filter(|row| row["class"] == class)
        .map(|row| row["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_shards_of_a_matrix_publish_a_release_together_and_none_has_what_another_has() {
    let wave = Wave::staged();
    let all = rows(&wave.verified, "distribution");
    assert_eq!(all.len(), 10);
    let matrix: Value = serde_json::from_str(wave.verified.output("matrix").unwrap()).unwrap();
    assert_eq!(
        matrix,
        json!({ "shard": ["1/5", "2/5", "3/5", "4/5", "5/5"] })
    );

    let mut published = BTreeSet::new();
    for (number, shard) in ["1/2", "2/2"].into_iter().enumerate() {
        let since = wave.world.dist.requests().len();
        let ran = wave.shard("publish", shard);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.output("digest"), Some(wave.digest()));
        assert_eq!(ran.output("matrix"), Some(""));
        let own = rows(&ran, "distribution");
        let others: BTreeSet<String> = all.difference(&own).cloned().collect();

        // Its own files with their sidecars; of the others one checksum each.
        let mut expected: BTreeSet<String> = own
            .iter()
            .chain(&rows(&ran, "artifact"))
            .flat_map(|file| ["", ".asc", ".sha512"].map(|suffix| format!("{file}{suffix}")))
            .collect();
        expected.extend(others.iter().map(|file| format!("{file}.sha512")));
        assert_eq!(wave.fetched(since), expected, "{shard}");

        // The source archive goes with the first.
        assert_eq!(rows(&ran, "artifact").len(), 1 - number);
        let elsewhere = rows(&ran, "other-shard");
        assert_eq!(elsewhere.len(), others.len() + number);
        assert!(elsewhere.is_superset(&others), "{shard}");
        for file in &own {
            assert_eq!(ran.file(file)["state"], "uploaded");
            assert!(published.insert(file.clone()), "{file} is in two shards");
        }
        let shares = [3, 2];
        assert_eq!(
            ran.report["shard"],
            json!({ "shard": shard, "projects": shares[number], "all_projects": 5 })
        );
        let said = format!(
            "shard {} of 2: {} of 5 projects",
            number + 1,
            shares[number]
        );
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        assert!(ran.stderr.contains(PART_OF_TWO), "{}", ran.stderr);
        wave.world.assert_no_secret(&ran);
    }
    assert_eq!(published, all);
    for project in PROJECTS {
        assert_eq!(wave.world.index.files(project).len(), 2, "{project}");
    }
}

#[test]
fn a_shard_run_twice_has_the_same_projects_and_sends_nothing_again() {
    let wave = Wave::staged();
    let first = wave.shard("publish", "2/3");
    assert_eq!(first.status, 0, "{}", first.stderr);
    let uploads = wave.world.index.count("POST", "/legacy/");
    let again = wave.shard("publish", "2/3");
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(wave.world.index.count("POST", "/legacy/"), uploads);
    assert_eq!(rows(&first, "distribution"), rows(&again, "distribution"));
}

#[test]
fn a_shard_may_verify_alone_and_the_command_names_the_whole_release() {
    let wave = Wave::staged();
    let ran = wave.shard("verify", "3/5");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.output("digest"), Some(wave.digest()));
    assert!(ran.stderr.contains("(shard 3 of 5)"), "{}", ran.stderr);
    for file in rows(&wave.verified, "distribution") {
        assert!(ran.stderr.contains(&format!(" {file} ")), "{file}");
    }
}

#[test]
fn a_shard_without_projects_ends_well_and_asks_nobody_for_a_token() {
    let wave = Wave::staged();
    for mode in ["verify", "publish"] {
        let ran = wave.shard(mode, "6/6");
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.rules("note"), ["shard-empty"]);
        let said = "Nothing to do (shard 6 of 6): the release has no project for it.";
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert_eq!(ran.output("published"), Some("[]"));
    }
    wave.world.assert_untouched();
}

#[test]
fn a_matrix_keeps_to_the_number_of_jobs_and_to_what_can_be_shared() {
    let wave = Wave::staged();
    let matrix = |changes: &[(&str, &str)]| {
        let ran = wave.world.run("verify", changes);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.output("matrix").unwrap().to_owned()
    };
    assert_eq!(matrix(&[("shards", "2")]), r#"{"shard":["1/2","2/2"]}"#);
    assert_eq!(matrix(&[("shards", "1")]), r#"{"shard":["1/1"]}"#);
    let one = "example_alpha-*";
    assert_eq!(matrix(&[("include", one)]), r#"{"shard":["1/1"]}"#);

    // The one shard of such a matrix is the whole release.
    let ran = wave.shard("publish", "1/1");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(!ran.stderr.contains("one of"), "{}", ran.stderr);
    assert_eq!(rows(&ran, "distribution").len(), 10);

    // What a refused release would be split into is nobody's business.
    let refused = wave.world.run("verify", &[("version", "2.0")]);
    assert_eq!(refused.status, 1);
    assert_eq!(refused.output("matrix"), Some(""));
}

#[test]
fn a_dry_run_gives_the_matrix_that_verify_gives_where_nothing_is_refused() {
    let wave = Wave::staged();
    let dry = |changes: &[(&str, &str)]| {
        let changes = [&[("dry-run", "true")], changes].concat();
        wave.world.run("publish", &changes)
    };
    let ran = dry(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for output in ["digest", "revision", "matrix"] {
        assert_eq!(ran.output(output), wave.verified.output(output));
    }
    let ran = dry(&[("shards", "2")]);
    assert_eq!(ran.output("matrix"), Some(r#"{"shard":["1/2","2/2"]}"#));
    // A shard that rehearses is no first job.
    let ran = wave.shard_with("publish", "1/2", &[("dry-run", "true")]);
    assert_eq!(ran.output("matrix"), Some(""));
    wave.world.assert_untouched();

    // What is refused is not split, though the release itself holds.
    let taken = "example_alpha-1.0-py3-none-any.whl";
    let (name, bytes) = (taken, b"other bytes");
    wave.world.index.preload("example-alpha", name, bytes);
    let ran = dry(&[]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["index-conflict"]);
    assert_eq!(ran.output("matrix"), Some(""));
    wave.world.assert_untouched();
}

#[test]
fn a_release_with_sha256_alone_is_left_to_one_job() {
    let mut files = project("example-alpha", "1.0");
    let (name, bytes) = wheel("example-beta", "1.0");
    files.extend(with_sha256_alone(&name, &bytes));
    let wave = Wave::of(files);
    assert_eq!(wave.verified.output("matrix"), Some(r#"{"shard":["1/1"]}"#));
    let said = format!("no `.sha512` beside {name}");
    assert!(wave.verified.stderr.contains(&said));
    let ran = wave.shard("publish", "1/1");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

fn with_sha256_alone(name: &str, bytes: &[u8]) -> Files {
    use sha2::{Digest as _, Sha256};
    let mut files = signed(&[(name.to_owned(), bytes.to_vec())]);
    files.remove(&format!("{name}.sha512"));
    let line = format!("{}  {name}\n", hex::encode(Sha256::digest(bytes)));
    files.insert(format!("{name}.sha256"), line.into_bytes());
    files
}
