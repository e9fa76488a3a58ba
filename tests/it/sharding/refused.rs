// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a shard refuses, and that it then sends nothing.

use testbed::distribution::{sdist, sha512_sidecar, wheel};

use super::{PROJECTS, Wave, rows, with_sha256_alone};
use crate::world::{Files, RELEASE, World, project, signed};

/// Of the second of two shards: `example-beta` and `example-epsilon` are its own.
const OTHER: &str = "example_alpha-1.0-py3-none-any.whl";

#[test]
fn a_shard_is_one_of_twenty_at_most_and_there_is_no_other_way_to_write_it() {
    let wave = Wave::staged();
    for shard in ["0/5", "6/5", "1/21", "1", "1/0", "-1/5", "01/5", "first"] {
        let ran = wave.shard("publish", shard);
        assert_eq!(ran.status, 2, "{shard}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["input-illegal"], "{shard}");
        assert_eq!(ran.report["findings"][0]["path"], "shard");
    }
    for shards in ["0", "21", "-1", "many"] {
        let ran = wave.world.run("verify", &[("shards", shards)]);
        assert_eq!(ran.status, 2, "{shards}: {}", ran.stderr);
        assert_eq!(ran.report["findings"][0]["path"], "shards");
    }
    wave.world.assert_untouched();
}

#[test]
fn a_shard_demands_what_all_shards_share() {
    let wave = Wave::staged();
    for (input, word) in [
        ("revision", "head"),
        ("expected-digest", "none"),
        ("expected-digest", "any"),
    ] {
        for mode in ["verify", "publish"] {
            let ran = wave.shard_with(mode, "1/2", &[(input, word)]);
            assert_eq!(ran.status, 2, "{input} {word}: {}", ran.stderr);
            assert_eq!(ran.report["findings"].as_array().unwrap().len(), 1);
            assert_eq!(ran.report["findings"][0]["path"], input);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().to_str().unwrap();
    let ran = wave.shard_with("verify", "1/2", &[("source", source), ("revision", "head")]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert_eq!(ran.report["findings"][0]["path"], "shard");
    wave.world.assert_untouched();
}

#[test]
fn a_checksum_of_another_shard_that_is_not_true_is_another_digest() {
    let wave = Wave::staged();
    // A plausible line, and a lie.
    let line = sha512_sidecar(OTHER, b"other bytes");
    let revision = wave
        .world
        .change(&format!("{OTHER}.sha512"), Some(line.into_bytes()));
    let ran = wave.shard_with("publish", "2/2", &[("revision", &revision.to_string())]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["digest-mismatch"]);
    wave.world.assert_untouched();
    // At the revision that was verified, it is no longer what the source holds.
    let ran = wave.shard("publish", "2/2");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["source-changed"]);
    wave.world.assert_untouched();
}

#[test]
fn a_checksum_of_another_shard_that_cannot_be_read_is_refused() {
    let wave = Wave::staged();
    let revision = wave
        .world
        .change(&format!("{OTHER}.sha512"), Some(b"not a checksum".to_vec()));
    let ran = wave.shard_with("publish", "2/2", &[("revision", &revision.to_string())]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["checksum-unreadable"]);
    wave.world.assert_untouched();
}

#[test]
fn what_one_shard_cannot_tell_every_shard_refuses() {
    for (suffix, rules) in [
        (".asc", &["signature-missing"][..]),
        (".sha512", &["checksum-missing"]),
    ] {
        let wave = Wave::staged();
        let revision = wave.world.change(&format!("{OTHER}{suffix}"), None);
        let ran = wave.shard_with("publish", "2/2", &[("revision", &revision.to_string())]);
        assert_eq!(ran.status, 1, "{suffix}: {}", ran.stderr);
        assert_eq!(ran.refusals(), rules, "{suffix}");
        wave.world.assert_untouched();
    }
    let mut files = project("example-alpha", "1.0");
    let (name, bytes) = wheel("example-beta", "1.0");
    files.extend(with_sha256_alone(&name, &bytes));
    let wave = Wave::of(files);
    let ran = wave.shard("publish", "1/2");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["shard-without-sha512"]);
    wave.world.assert_untouched();
}

#[test]
fn the_closed_world_and_the_plan_hold_for_every_shard() {
    let wave = Wave::staged();
    for (changes, rule) in [
        (
            [("projects", "example-beta\nexample-e*")],
            "project-not-allowed",
        ),
        ([("require", "example-alpha: 2 wheels")], "set-incomplete"),
        ([("version", "2.0")], "version-not-expected"),
        ([("max-total-size", "1 kB")], "limit-exceeded"),
    ] {
        let ran = wave.shard_with("publish", "2/2", &changes);
        assert_eq!(ran.status, 1, "{changes:?}: {}", ran.stderr);
        assert!(
            ran.refusals().contains(&rule.to_owned()),
            "{:?}",
            ran.refusals()
        );
    }
    let revision = wave.world.change("stray.exe", Some(b"?".to_vec()));
    let ran = wave.shard_with("publish", "2/2", &[("revision", &revision.to_string())]);
    assert_eq!(ran.refusals(), ["checksum-missing", "signature-missing"]);
    wave.world.assert_untouched();
}

#[test]
fn a_digest_typed_by_hand_serves_as_well_as_one_of_a_job() {
    let world = World::with_release();
    let verified = world.verify();
    let digest = verified.output("digest").unwrap().to_ascii_uppercase();
    let revision = format!("r{}", verified.output("revision").unwrap());
    let with = [
        ("expected-digest", digest.as_str()),
        ("revision", &revision),
    ];
    let ran = world.run("publish", &with);
    assert_eq!(ran.status, 0, "{}", ran.stderr);

    let other = "ab".repeat(32);
    let world = World::with_release();
    let ran = world.run("publish", &[("expected-digest", &other)]);
    assert_eq!(ran.refusals(), ["digest-mismatch"]);
    world.assert_untouched();
}

/// The wave of five, in which `example-gamma`, of the first of two shards, has
/// another version.
fn wave_with(version: &str) -> Files {
    let mut files = Files::new();
    for name in PROJECTS {
        let own = if name == "example-gamma" {
            version
        } else {
            "1.0"
        };
        files.extend(project(name, own));
    }
    files
}

#[test]
fn a_candidate_in_one_shard_was_no_matter_to_the_others_that_published() {
    let wave = Wave::of(wave_with("1.0rc1"));
    // The last has no project at all.
    for shard in ["1/2", "2/2", "6/6"] {
        let ran = wave.shard("publish", shard);
        assert_eq!(ran.status, 1, "{shard}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["candidate-from-release"], "{shard}");
        wave.world.assert_untouched();
    }
    // One waiver is for all, and stale in none.
    let softened = [(
        "waive",
        "candidate-from-release example_gamma-* voted on the list",
    )];
    for shard in ["1/2", "2/2"] {
        let ran = wave.shard_with("publish", shard, &softened);
        assert_eq!(ran.status, 0, "{shard}: {}", ran.stderr);
        assert_eq!(ran.report["waived"].as_array().unwrap().len(), 2);
        assert!(!ran.rules("warn").contains(&"glob-unused".to_owned()));
    }
}

#[test]
fn a_final_version_in_dev_was_no_matter_to_the_shards_of_the_candidates() {
    let world = World::start();
    let folder = "dev/example/1.0/";
    let mut files = project("example-alpha", "1.0");
    files.extend(project("example-beta", "1.0rc1"));
    world.stage(folder, files);
    let source = world.dist.url(folder);
    let verified = world.run("verify", &[("source", &source)]);
    assert_eq!(verified.status, 0, "{}", verified.stderr);
    for shard in ["1/2", "2/2"] {
        let with = [
            ("source", source.as_str()),
            ("shard", shard),
            ("revision", verified.output("revision").unwrap()),
            ("expected-digest", verified.output("digest").unwrap()),
        ];
        let ran = world.run("publish", &with);
        assert_eq!(ran.status, 1, "{shard}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["final-from-dev"], "{shard}");
        world.assert_untouched();
    }
}

#[test]
fn what_names_and_lines_of_one_shard_tell_every_shard_refuses() {
    // All of it lies in the first of two shards.
    let (name, bytes) = wheel("example-alpha", "1.0");
    let copied = signed(&[(format!("copy/{name}"), bytes.clone())]);
    let second = signed(&[sdist("example-alpha", "1.0.0")]);
    let same = "example_gamma-1.0-py3-none-any.whl";
    let line = sha512_sidecar(same, &bytes).into_bytes();
    let archive = "apache-example-1.0-source.tar.gz";
    let attested = (format!("{archive}.sigstore.json"), b"{}".to_vec());
    for (files, rule) in [
        (copied, "basename-twice"),
        (second, "second-sdist"),
        (
            Files::from([(format!("{same}.sha512"), line)]),
            "bytes-twice",
        ),
        (Files::from([attested]), "attestation-unchecked"),
    ] {
        let wave = Wave::staged();
        let revision = wave.world.stage(RELEASE, files).to_string();
        let ran = wave.shard_with("publish", "2/2", &[("revision", &revision)]);
        assert_eq!(ran.status, 1, "{rule}: {}", ran.stderr);
        assert!(
            ran.refusals().contains(&rule.to_owned()),
            "{rule}: {}",
            ran.stderr
        );
        let own = rows(&ran, "distribution");
        assert_eq!(own.len(), 4, "{own:?}");
        wave.world.assert_untouched();
    }
}
