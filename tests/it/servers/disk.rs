// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! This machine: a disk that is full, a report that cannot be written, a
//! process that is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testbed::distribution::Wheel;
use testbed::index::{FakeIndex, Options, Publisher};

use super::*;

/// A disk of 2 MiB, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(path)
            .output();
        mount
            .is_ok_and(|output| output.status.success())
            .then(|| Self(path.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn run_with(world: &World, more: &[(&str, &str)]) -> Ran {
    let env = world.env();
    let own = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let env: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
    run(&world.args("publish"), &env)
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a skipped test says why")]
fn a_full_disk_may_have_room_another_time() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("skipped: only root may mount the small disk of this test");
        return;
    };
    let temp = folder.path().to_str().unwrap();
    let large = Wheel::new("example", "1.0").with_payload(4 << 20).build();
    let archive = (
        "apache-example-1.0-source.tar.gz".to_owned(),
        large.1.clone(),
    );
    // The first does not fit by its size, the second only turns out not to.
    for files in [
        signed(&[large]),
        signed(&[archive, wheel("example", "1.0")]),
    ] {
        let world = World::start();
        world.stage(RELEASE, files);
        let ran = run_with(&world, &[("TMPDIR", temp)]);
        assert_refused(&world, &ran, "full", &["disk-full"], 3);
        assert_eq!(fs::read_dir(temp).unwrap().count(), 0, "nothing is left");
    }
}

#[test]
fn a_temporary_folder_that_is_not_there_is_said() {
    let world = World::with_release();
    let ran = run_with(&world, &[("TMPDIR", "/no/such/folder")]);
    assert_refused(&world, &ran, "no folder", &["disk-full"], 3);
    assert!(said(&ran, "disk-full").contains("/no/such/folder"));
}

#[test]
fn a_summary_that_cannot_be_written_is_in_the_report_too() {
    let world = World::with_release();
    let ran = run_with(&world, &[("GITHUB_STEP_SUMMARY", "/no/such/summary.md")]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["report-unwritable"]);
    assert_eq!(
        (&ran.report["exit"], &ran.report["outcome"]),
        (&3.into(), &"failed".into())
    );
    assert_eq!(ran.file(SDIST)["state"], "uploaded");
}

#[test]
fn a_report_that_cannot_be_written_is_said() {
    let world = World::with_release();
    world.change("example-1.0.tar.gz.md5", Some(b"old".to_vec()));
    let ran = world.run("verify", &[("report", "/proc/report.json")]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    for once in ["REFUSED report-unwritable", "warning weak-sidecar"] {
        assert_eq!(ran.stderr.matches(once).count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn a_report_in_a_folder_that_is_not_there_is_said_once_and_first() {
    let world = World::with_release();
    let ran = world.run("publish", &[("report", "/no/such/report.json")]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("REFUSED").count(), 1, "{}", ran.stderr);
    world.assert_untouched();
}

#[test]
fn a_report_takes_the_place_of_an_older_one_and_of_nothing_else() {
    let world = World::with_release();
    let folder = tempfile::tempdir().unwrap();
    for (text, status) in [("PK\x03\x04", 2), ("", 0), ("{\"schema\": 1}", 0)] {
        let path = folder.path().join("file");
        std::fs::write(&path, text).unwrap();
        let ran = world.run("verify", &[("report", path.to_str().unwrap())]);
        assert_eq!(ran.status, status, "{text}: {}", ran.stderr);
        let kept = std::fs::read_to_string(&path).unwrap() == text;
        assert_eq!(kept, status == 2, "{text}");
    }
}

#[test]
fn a_run_that_is_killed_in_the_middle_is_finished_by_the_next() {
    let mut world = World::start();
    world.index = FakeIndex::start(Options {
        issuer: Some(world.issuer.trust()),
        latency: Duration::from_millis(300),
        ..Options::default()
    });
    world.index.register(Publisher::example(&["example"]));
    let mut files = Files::new();
    for number in 0..8 {
        let name = format!("example-1.0-{number}-py3-none-any.whl");
        let wheel = Wheel::new("example", "1.0").with_seed(number).build();
        files.extend(signed(&[(name, wheel.1)]));
    }
    world.stage(RELEASE, files);
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(crate::run::path())
        .args(world.args("publish"))
        .args(["--concurrency", "2"])
        .envs(world.env())
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    while world.index.files("example").len() < 3 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    // SIGKILL: nothing of the process gets to say goodbye.
    child.kill().unwrap();
    child.wait().unwrap();
    let there = world.index.files("example").len();
    assert!((3..8).contains(&there), "{there} files were sent");
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(world.index.files("example").len(), 8);
    let states: Vec<_> = (0..8)
        .map(|number| ran.file(&format!("example-1.0-{number}-py3-none-any.whl"))["state"].clone())
        .collect();
    let count = |word: &str| states.iter().filter(|state| **state == word).count();
    assert!(count("already-there") >= there, "{states:?}");
    assert_eq!(count("already-there") + count("uploaded"), 8, "{states:?}");
}
