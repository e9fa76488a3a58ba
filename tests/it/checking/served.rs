// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Each way in which an index can differ from the release.

use super::{SDIST, WHEEL, check, row};
use crate::world::World;

/// A release that was published, without attestations.
fn published() -> World {
    let world = World::with_release();
    assert_eq!(world.publish().status, 0);
    world
}

#[test]
fn what_was_published_is_told_file_by_file_and_asks_for_no_token() {
    let world = published();
    let tokens = world.issuer.requests();
    let ran = check(&world, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "checked");
    assert_eq!(ran.report["mode"], "check");
    assert!(ran.report["revision"].is_u64());
    assert!(ran.report["digest"].is_string());
    for file in [WHEEL, SDIST] {
        let row = row(&ran, file);
        assert_eq!(row["served"], "same");
        assert_eq!(row["sha256"], row["index_sha256"]);
        assert_eq!(row["signer"], ran.file(file)["signer"]);
        assert!(row["signer"].is_string());
        assert_eq!(row["attested"], serde_json::json!([]));
        assert!(ran.stderr.contains(&format!("same: {file}")));
    }
    // None was asked for, so that it is only noted.
    assert_eq!(ran.rules("note"), ["provenance-missing"]);
    assert_eq!(world.issuer.requests(), tokens);
}

#[test]
fn each_difference_is_a_verdict_with_the_file_that_it_is_about() {
    struct Case {
        rule: &'static str,
        file: &'static str,
        served: &'static str,
        bend: fn(&World),
    }
    for case in [
        Case {
            rule: "index-lacks",
            file: WHEEL,
            served: "missing",
            bend: |world| {
                let sdist = staged(SDIST);
                world.index.preload("example", SDIST, &sdist);
            },
        },
        Case {
            rule: "index-differs",
            file: SDIST,
            served: "different",
            bend: |world| {
                let wheel = staged(WHEEL);
                world.index.preload("example", WHEEL, &wheel);
                world.index.preload("example", SDIST, b"something else");
            },
        },
        Case {
            rule: "index-extra",
            file: "example-1.0-1-py3-none-any.whl",
            served: "extra",
            bend: |world| {
                preload_all(world);
                let name = "example-1.0-1-py3-none-any.whl";
                world.index.preload("example", name, b"a stranger's");
            },
        },
        Case {
            rule: "index-extra",
            file: "Example-1.0.zip",
            served: "extra",
            bend: |world| {
                preload_all(world);
                world.index.preload("example", "Example-1.0.zip", b"old");
            },
        },
    ] {
        let world = World::with_release();
        (case.bend)(&world);
        let ran = check(&world, &[]);
        assert_eq!(ran.status, 1, "{}: {}", case.rule, ran.stderr);
        assert_eq!(ran.refusals(), [case.rule]);
        assert_eq!(ran.report["outcome"], "refused");
        assert_eq!(row(&ran, case.file)["served"], case.served);
        let findings = ran.report["findings"].as_array().unwrap();
        let about = findings.iter().find(|one| one["rule"] == case.rule);
        assert_eq!(about.unwrap()["path"], case.file);
    }
}

/// The bytes of a staged file.
fn staged(name: &str) -> Vec<u8> {
    crate::world::project("example", "1.0")[name].clone()
}

fn preload_all(world: &World) {
    for name in [WHEEL, SDIST] {
        let bytes = staged(name);
        world.index.preload("example", name, &bytes);
    }
}

#[test]
fn other_versions_and_other_projects_on_the_index_are_no_concern() {
    let world = published();
    let other = "example-2.0-py3-none-any.whl";
    world.index.preload("example", other, b"another version");
    world.index.preload(
        "example-more",
        "example_more-1.0.tar.gz",
        b"another project",
    );
    let ran = check(&world, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["checked"].as_array().unwrap().len(), 2);
}

#[test]
fn a_project_that_is_named_counts_even_where_the_release_has_nothing_of_it() {
    let world = published();
    let file = "example_more-1.0-py3-none-any.whl";
    world.index.preload("example-more", file, b"a stranger's");
    let named = "example\nexample-more";
    let ran = check(&world, &[("projects", named), ("version", "1.0")]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["index-extra"]);
    assert_eq!(row(&ran, file)["project"], "example-more");

    let misspelt = check(&world, &[("projects", "example\nexampel")]);
    assert_eq!(misspelt.status, 0, "{}", misspelt.stderr);
    assert_eq!(misspelt.rules("warn"), ["glob-unused"]);
}

#[test]
fn a_yanked_file_is_noted_and_no_difference() {
    let world = published();
    world.index.yank(SDIST, "broken");
    let ran = check(&world, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("note"), ["index-yanked", "provenance-missing"]);
    assert_eq!(row(&ran, SDIST)["yanked"], true);
    assert_eq!(row(&ran, WHEEL)["yanked"], false);
}

#[test]
fn downloads_are_compared_where_that_is_asked_for() {
    let world = published();
    let more = [("compare-downloads", "true")];
    assert_eq!(check(&world, &more).status, 0);
    world.index.faults(|faults| {
        let bytes = b"not what the page says".to_vec();
        faults.false_bytes.insert(WHEEL.to_owned(), bytes);
    });
    let ran = check(&world, &more);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["index-differs"]);
}

#[test]
fn a_release_that_does_not_hold_itself_is_refused_as_verify_does() {
    let world = published();
    world.change(&format!("{WHEEL}.asc"), None);
    let ran = check(&world, &[]);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.refusals(), ["signature-missing"]);
    assert!(ran.report["checked"].is_null());
}

#[test]
fn where_somebody_must_have_attested_a_file_without_provenance_is_refused() {
    let world = published();
    let more = [
        ("repository", "apache/example"),
        ("workflow", "release.yml"),
    ];
    let ran = check(&world, &more);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["provenance-missing"]);
}

#[test]
fn an_index_that_does_not_answer_is_no_verdict() {
    let world = published();
    world
        .index
        .faults(|faults| faults.attestations_disabled = true);
    let ran = check(&world, &[]);
    assert_ne!(ran.status, 0);
    assert!(ran.report["checked"].is_null());
}

#[test]
fn the_summary_and_the_table_of_the_action_say_the_same() {
    let world = published();
    let base = world.index.base();
    let (source, keys) = (
        world.dist.url(crate::world::RELEASE),
        world.dist.url("release/example/KEYS"),
    );
    let inputs = [
        ("mode", "check"),
        ("source", source.as_str()),
        ("keys", keys.as_str()),
        ("index", base.as_str()),
        ("projects", "example"),
        ("version", "1.0"),
        ("repository", "any"),
        ("workflow", "any"),
        ("receipt", "none"),
    ];
    let ran = crate::run::run_as_action(&inputs, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(
        ran.summary.contains("### What the index serves"),
        "{}",
        ran.summary
    );
    assert!(
        ran.summary.contains("✅ asf-pypi-publish: checked"),
        "{}",
        ran.summary
    );
    assert_eq!(ran.outputs["receipt"], "");
}
