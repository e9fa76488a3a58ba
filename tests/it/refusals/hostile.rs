// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Archives made to cost memory and time, signed and all, through the binary.
//! Six are under way at a time, so that what is measured is their sum.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use testbed::bombs::{self, Bomb};
use testbed::openpgp::armor;

use super::*;

/// What hostile archives may take beyond an honest release, in KiB.
const MOST: u64 = 64 * 1024;
/// A guard against hangs, not a measure.
const HANG: Duration = Duration::from_mins(5);

/// What a run gave, and the most memory that it held, in KiB.
struct Measured {
    status: Option<i32>,
    stderr: String,
    report: Value,
    peak: u64,
}

impl Measured {
    /// The rules that refuse a path.
    fn refusals(&self, path: &str) -> Vec<String> {
        let findings = self.report["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        findings
            .iter()
            .filter(|it| it["severity"] == "refuse" && it["path"] == path)
            .map(|it| it["rule"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

/// Publishes these files from a folder, and looks at the process meanwhile.
fn publish(world: &World, files: &Files) -> Measured {
    let place = tempfile::tempdir().unwrap();
    let release = place.path().join("release");
    fs::create_dir(&release).unwrap();
    for (name, bytes) in files {
        fs::write(release.join(name), bytes).unwrap();
    }
    let mut args = world.args("publish");
    let source = args.iter().position(|arg| arg == "--source").unwrap();
    release.to_str().unwrap().clone_into(&mut args[source + 1]);
    args.extend(["--area", "release"].map(str::to_owned));
    let error = fs::File::create(place.path().join("stderr")).unwrap();
    let mut child = Command::new(crate::run::path())
        .args(args)
        .env_clear()
        .envs(world.env())
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(error)
        .spawn()
        .unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let (mut peak, begun) = (0, Instant::now());
    let status = loop {
        let status = fs::read_to_string(&status_file).unwrap_or_default();
        let high = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        });
        peak = peak.max(high.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > HANG {
            child.kill().unwrap();
        }
        sleep(Duration::from_millis(2));
    };
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap_or_default();
    Measured {
        status: status.code(),
        stderr: read("stderr"),
        report: serde_json::from_str(&read("report.json")).unwrap_or(Value::Null),
        peak,
    }
}

/// Each bomb under a name of its own, with a checksum and a signature.
fn staged(bombs: &[Bomb], name: impl Fn(usize) -> String) -> Files {
    let files: Vec<(String, Vec<u8>)> = bombs
        .iter()
        .enumerate()
        .map(|(number, (_, bytes))| (name(number), bytes.clone()))
        .collect();
    signed(&files)
}

#[expect(
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "the figure is worth seeing"
)]
fn assert_bounded(bombs: &[Bomb], name: fn(usize) -> String, harmless: &[&str]) {
    let world = World::start();
    // Not one that is uploaded: verified by the same path, then stopped.
    let mut honest = project("example", "1.0");
    honest.remove(&format!("{SDIST}.asc"));
    let honest = publish(&world, &honest);
    assert_eq!(honest.status, Some(1), "{}", honest.stderr);
    let ran = publish(&world, &staged(bombs, name));
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    for (number, (what, _)) in bombs.iter().enumerate() {
        let refusals = ran.refusals(&name(number));
        if !harmless.contains(what) {
            assert!(!refusals.is_empty(), "{what} passes");
        }
        // Fetched and signed as all others: the refusal is of what it holds.
        for no in ["signature-missing", "checksum-mismatch", "internal"] {
            assert!(!refusals.iter().any(|it| it == no), "{what}: {refusals:?}");
        }
    }
    println!(
        "{} hostile archives, six at a time: {} KiB beyond the {} KiB of an honest release",
        bombs.len(),
        ran.peak.saturating_sub(honest.peak),
        honest.peak
    );
    assert!(honest.peak > 0, "nothing was measured");
    assert!(ran.peak < honest.peak + MOST, "{} KiB", ran.peak);
    world.assert_untouched();
}

#[test]
fn wheels_that_are_bombs_take_little_memory() {
    assert_bounded(
        &bombs::wheels(),
        |number| format!("example-1.0-{number}-py3-none-any.whl"),
        &[
            // Large, but within what an index takes.
            "zeros",
            "members without end",
            "names without end",
            "folders without end",
            "classifiers without end",
            "one field folded without end",
            "blank lines without end",
            "a value without end",
        ],
    );
}

#[test]
fn sdists_that_are_bombs_take_little_memory() {
    // A version has one sdist: each is another project's, as its name goes,
    // so that each is refused in the end, but only after it was read.
    assert_bounded(
        &bombs::sdists(),
        |number| format!("example_{number}-1.0.tar.gz"),
        &[],
    );
}

/// A KEYS of nothing but damage once made a log of a hundred megabytes.
#[test]
fn what_is_odd_in_keys_is_told_within_bounds() {
    let mut staged = Staged::honest();
    // A key packet of version 3: time, days, RSA, two tiny numbers.
    let old = [0x98, 14, 3, 0, 0, 0, 1, 0, 0, 1, 0, 8, 0xFF, 0, 2, 3];
    let damaged = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PGP PUBLIC KEY BLOCK-----\n";
    staged.keys = [
        armor("PGP PUBLIC KEY BLOCK", &old),
        key().armored_public(),
        damaged.repeat(1000),
    ]
    .concat()
    .into_bytes();
    let (_, ran) = staged.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.rules("note").contains(&"keys-old".to_owned()));
    assert_eq!(ran.rules("warn"), ["keys-bad-block"]);
    let findings = ran.report["findings"].as_array().unwrap();
    let bad = findings.iter().filter(|it| it["rule"] == "keys-bad-block");
    assert_eq!(bad.count(), 51);
    assert!(ran.stderr.contains("950 more like these"), "{}", ran.stderr);
}
