// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What servers say: the projects of the index, KEYS, and a newer version.

use std::time::{SystemTime, UNIX_EPOCH};

use testbed::github_api::Fault;
use testbed::openpgp::{Kind, MADE, Terms, TestKey};

use super::{ASF_YAML, GOOD, WORKFLOW, assert_ready, checkout, examine_in, words, world};
use crate::run::Ran;
use crate::world::World;

fn files(projects: &str) -> tempfile::TempDir {
    let text = GOOD.replace("projects: example", &format!("projects: {projects}"));
    checkout(&[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)])
}

fn look(world: &World, projects: &str) -> Ran {
    examine_in(world, files(projects).path(), &["--approval", "required"])
}

#[test]
fn each_project_is_told_as_the_index_knows_it() {
    let world = world();
    world.index.set_status("example-old", "archived");
    world.index.set_status("example-bad", "quarantined");
    for (projects, status, refuse, warn, note) in [
        ("example", 0, &[][..], &[][..], &[][..]),
        ("Example_New", 0, &[], &["project-new"], &[]),
        ("example-old", 1, &["project-closed"], &[], &[]),
        ("example-bad", 1, &["project-closed"], &[], &[]),
        ("example-*", 0, &[], &[], &["projects-unasked"]),
        (
            "${{ inputs.projects || 'x' }}",
            0,
            &[],
            &[],
            &["projects-unasked"],
        ),
    ] {
        let ran = look(&world, projects);
        assert_eq!(ran.refusals(), words(refuse), "{projects}: {}", ran.stderr);
        assert_eq!(ran.rules("warn"), words(warn), "{projects}");
        let mut notes = ran.rules("note");
        notes.retain(|rule| rule != "digest-unbound");
        assert_eq!(notes, words(note), "{projects}");
        assert_eq!(ran.status, status);
    }
    let ran = look(&world, "Example_New");
    let mut findings = ran.report["findings"].as_array().unwrap().iter();
    let new = findings.find(|it| it["rule"] == "project-new").unwrap();
    let action = new["action"].as_str().unwrap();
    let form = "owner `apache`, repository `example`, workflow `release.yml`, environment `pypi`";
    assert!(action.contains(form), "{action}");
    assert_eq!(ran.report["checkup"]["publishers"][0]["state"], "new");
    // What the run itself is given stands before what the workflow says.
    let folder = files("example-*");
    let ran = examine_in(&world, folder.path(), &["--projects", "example"]);
    assert_ready(&ran);
}

#[test]
fn an_index_that_does_not_answer_is_no_verdict() {
    let world = world();
    world
        .index
        .faults(|faults| faults.simple_statuses = vec![500; 20].into());
    let ran = look(&world, "example");
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["index-unreachable"]);
    assert_eq!(ran.report["checkup"]["publishers"][0]["state"], "unknown");
}

/// KEYS that holds this key alone.
fn with_keys(world: &World, key: &TestKey) -> Ran {
    world.dist.commit(vec![(
        "release/example/KEYS".to_owned(),
        Some(key.armored_public().into_bytes()),
    )]);
    look(world, "example")
}

#[test]
fn keys_are_held_against_the_day() {
    let world = world();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let lasting = |days: u64| {
        let end = now + days * 24 * 60 * 60;
        let terms = Terms {
            lifetime: Some(u32::try_from(end - u64::from(MADE)).unwrap()),
            ..Terms::default()
        };
        TestKey::generate_with("Rita <rita@example.org>", Kind::Rsa2048, &terms)
    };
    let soon = lasting(20);
    let ran = with_keys(&world, &soon);
    assert_eq!(ran.rules("warn"), ["key-expiring"], "{}", ran.stderr);
    let expiring = &ran.report["checkup"]["keyrings"][0]["expiring"][0];
    assert_eq!(expiring["fingerprint"], soon.fingerprint());
    assert_eq!(expiring["user_id"], "Rita <rita@example.org>");
    let ran = with_keys(&world, &lasting(90));
    assert_ready(&ran);
}

#[test]
fn keys_that_nobody_can_use_or_read_refuse() {
    let world = world();
    let commit = |bytes: Option<&str>| {
        let bytes = bytes.map(|text| text.as_bytes().to_vec());
        world
            .dist
            .commit(vec![("release/example/KEYS".to_owned(), bytes)]);
        let ran = look(&world, "example");
        (ran.status, ran.refusals())
    };
    let key = TestKey::generate("Rita <rita@example.org>", Kind::Rsa2048);
    assert_eq!(commit(Some("no keys")), (1, words(&["keys-unusable"])));
    assert_eq!(
        commit(Some(&key.armored_private())),
        (1, words(&["keys-private"]))
    );
    assert_eq!(commit(None), (1, words(&["keys-not-found"])));
}

#[test]
fn a_newer_version_is_a_warning_and_silence_a_note() {
    let world = world();
    world
        .github
        .change(|facts| facts.newest = Some("v99.0.0".to_owned()));
    let ran = look(&world, "example");
    assert_eq!(ran.rules("warn"), ["version-old"], "{}", ran.stderr);
    // The program that runs, and the one that the workflow names.
    let findings = ran.report["findings"].as_array().unwrap().iter();
    assert_eq!(findings.filter(|it| it["rule"] == "version-old").count(), 2);
    assert_eq!(ran.status, 0);
    world.github.change(|facts| facts.newest = None);
    let ran = look(&world, "example");
    assert_eq!(
        (ran.status, ran.rules("note")),
        (0, words(&["digest-unbound", "version-unknown"]))
    );
    world.github.change(|facts| {
        facts.faults = vec![Fault::new(
            "/releases/latest",
            403,
            "API rate limit exceeded",
        )];
    });
    let ran = look(&world, "example");
    assert_eq!(
        (ran.status, ran.rules("note")),
        (0, words(&["digest-unbound", "version-unknown"]))
    );
}
