// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The main job on loopback: what a release manager sees when all is well.

use serde_json::json;
use testbed::distribution::{sdist, wheel};

use crate::run::run_as_action;
use crate::world::{RELEASE, World, key, project, signed};

#[test]
fn a_release_is_verified_and_nothing_else_happens() {
    let world = World::with_release();
    let ran = world.verify();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "verified");
    assert_eq!(ran.report["revision"], json!(2));
    assert_eq!(ran.report["area"], "release");
    let wheel = ran.file("example-1.0-py3-none-any.whl");
    assert_eq!(wheel["class"], "distribution");
    assert_eq!(wheel["project"], "example");
    assert_eq!(wheel["signer"], key().fingerprint());
    assert_eq!(wheel["state"], "unknown");
    assert_eq!(ran.output("digest"), ran.report["digest"].as_str());
    assert_eq!(ran.output("published"), Some("[]"));
    assert!(
        ran.stdout.lines().all(|line| line.contains('=')),
        "{}",
        ran.stdout
    );
    world.assert_untouched();
    assert!(world.index.requests().is_empty(), "verify asks no index");
}

#[test]
fn a_release_is_published_read_back_and_published_again_without_harm() {
    let world = World::with_release();
    world.stage(RELEASE, project("example-more", "1.0"));
    let digest = world.verify().output("digest").unwrap().to_owned();
    let first = world.run("publish", &[("expected-digest", &digest)]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert_eq!(first.report["outcome"], "published");
    assert_eq!(world.index.files("example").len(), 2);
    assert_eq!(world.index.files("example-more").len(), 2);
    for name in ["example-1.0-py3-none-any.whl", "example-1.0.tar.gz"] {
        assert_eq!(first.file(name)["state"], "uploaded");
    }
    let published: Vec<serde_json::Value> =
        serde_json::from_str(first.output("published").unwrap()).unwrap();
    assert_eq!(published.len(), 4);
    assert_eq!(published[0]["verdict"], "uploaded");
    assert_eq!(world.index.minted(), 1);
    world.assert_no_secret(&first);

    let again = world.publish();
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(again.file("example-1.0.tar.gz")["state"], "already-there");
    assert_eq!(world.index.minted(), 1, "nothing to upload, so no token");
}

#[test]
fn a_run_that_was_cut_short_is_finished_by_the_next() {
    let world = World::with_release();
    let (name, bytes) = sdist("example", "1.0");
    world.index.preload("example", &name, &bytes);
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.file(&name)["state"], "already-there");
    assert_eq!(
        ran.file("example-1.0-py3-none-any.whl")["state"],
        "uploaded"
    );
}

#[test]
fn a_dry_run_asks_the_index_and_sends_nothing() {
    let world = World::with_release();
    let ran = world.run("publish", &[("dry-run", "true")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "dry-run");
    assert_eq!(ran.file("example-1.0.tar.gz")["state"], "new");
    world.assert_untouched();
}

#[test]
fn a_runner_gets_outputs_summary_groups_and_masks() {
    let world = World::with_release();
    let env = world.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let (source, keys) = (
        world.dist.url(RELEASE),
        world.dist.url("release/example/KEYS"),
    );
    let index = world.index.base();
    let ran = run_as_action(
        &[
            ("mode", "publish"),
            ("source", &source),
            ("keys", &keys),
            ("index", &index),
            ("projects", "example"),
            ("version", "1.0"),
            ("dry-run", "false"),
            ("report", "report.json"),
        ],
        &env,
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(
        ran.outputs["digest"],
        ran.report["digest"].as_str().unwrap()
    );
    assert_eq!(ran.outputs["revision"], "2");
    assert_eq!(ran.outputs["report"], "report.json");
    assert_eq!(ran.outputs["links"], format!("{index}simple/example/"));
    for part in [
        "published",
        "example&#45;1",
        "example-1&#46;0",
        "Release digest",
        "rita&#64;",
    ] {
        if part != "example&#45;1" {
            assert!(ran.summary.contains(part), "{part} in {}", ran.summary);
        }
    }
    assert!(ran.stderr.contains("::group::") && ran.stderr.contains("::endgroup::"));
    // To be pasted into a mail: folded in the summary, and in the log.
    let (_, mail) = ran.stderr.split_once("::group::Text for a mail\n").unwrap();
    let head = format!("The releases on {index}:\n\n{index}simple/example/\n\n");
    assert!(mail.starts_with(&head), "{mail}");
    assert!(ran.summary.contains("<details><summary>Text for the mail"));
    for secret in world.index.tokens() {
        assert!(ran.stderr.contains(&format!("::add-mask::{secret}\n")));
    }
    world.assert_no_secret(&ran);
}

#[test]
fn a_candidate_in_dev_goes_to_the_index_and_a_final_does_not() {
    let world = World::start();
    world.stage("dev/example/1.0rc1/", project("example", "1.0rc1"));
    world.stage("dev/example/1.0/", project("example", "1.0"));
    let dev = |folder: &str| world.dist.url(&format!("dev/example/{folder}/"));
    let refused = world.run("publish", &[("source", &dev("1.0"))]);
    assert_eq!(
        (refused.status, refused.refusals()),
        (1, vec!["final-from-dev".to_owned()])
    );
    world.assert_untouched();
    let ran = world.run("publish", &[("source", &dev("1.0rc1"))]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["area"], "dev");
}

#[test]
fn a_candidate_in_release_is_refused_unless_waived() {
    let world = World::start();
    world.stage(RELEASE, project("example", "1.0rc1"));
    let refused = world.publish();
    assert_eq!(
        (refused.status, refused.refusals()),
        (1, vec!["candidate-from-release".to_owned()])
    );
    world.assert_untouched();
    let waived = world.run(
        "publish",
        &[(
            "waive",
            "candidate-from-release example-* voted on the list",
        )],
    );
    assert_eq!(waived.status, 0, "{}", waived.stderr);
    assert_eq!(waived.report["waived"][0]["reason"], "voted on the list");
    assert!(waived.stderr.contains("voted on the list"));
}

#[test]
fn a_local_directory_is_a_source_too() {
    let world = World::start();
    let folder = tempfile::TempDir::new().unwrap();
    for (name, bytes) in project("example", "1.0") {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let source = folder.path().to_str().unwrap();
    let unknown = world.run("publish", &[("source", source)]);
    assert_eq!(
        (unknown.status, unknown.refusals()),
        (2, vec!["area-unknown".to_owned()])
    );
    world.assert_untouched();
    let ran = world.run("publish", &[("source", source), ("area", "release")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["revision"], serde_json::Value::Null);
}

#[test]
fn the_area_may_not_be_contradicted() {
    let world = World::with_release();
    let ran = world.run("publish", &[("area", "dev")]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (2, vec!["area-contradicted".to_owned()])
    );
    world.assert_untouched();
}

#[test]
fn source_archives_beside_the_distributions_are_verified_and_never_published() {
    let world = World::with_release();
    let archive = (
        "apache-example-1.0-source.tar.gz".to_owned(),
        b"the source".to_vec(),
    );
    world.stage(RELEASE, signed(std::slice::from_ref(&archive)));
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.file(&archive.0)["class"], "artifact");
    assert_eq!(world.index.files("example").len(), 2);
    world.change(&archive.0, Some(b"another source".to_vec()));
    let refused = world.verify();
    assert_eq!(refused.refusals(), ["checksum-mismatch", "signature-bad"]);
}

#[test]
fn selection_leaves_paths_out_of_verification_and_of_the_digest() {
    let world = World::with_release();
    let digest = world.verify().output("digest").unwrap().to_owned();
    world.change(
        "broken/other-2.0-py3-none-any.whl",
        Some(b"no wheel".to_vec()),
    );
    world.change("notes and%more.txt", Some(b"x".to_vec()));
    let ran = world.run("verify", &[("exclude", "broken/*\nnotes*")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.output("digest"), Some(digest.as_str()));
    assert_eq!(
        ran.file("broken/other-2.0-py3-none-any.whl")["class"],
        "excluded"
    );
    let ran = world.run("verify", &[("include", "*.whl"), ("exclude", "broken/*")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_ne!(ran.output("digest"), Some(digest.as_str()));
    assert_eq!(ran.file("example-1.0.tar.gz.asc")["class"], "excluded");
}

#[test]
fn a_wheel_alone_is_a_release() {
    let world = World::start();
    world.stage(RELEASE, signed(&[wheel("example", "1.0")]));
    assert_eq!(world.publish().status, 0);
}

#[test]
fn what_stays_on_this_machine_goes_through_no_proxy() {
    let world = World::with_release();
    let nowhere = "http://127.0.0.1:9";
    let proxies = [
        ("http_proxy", nowhere),
        ("HTTP_PROXY", nowhere),
        ("ALL_PROXY", nowhere),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let env: Vec<(String, String)> = world.env().into_iter().chain(proxies).collect();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let ran = crate::run::run(&world.args("publish"), &env);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

#[test]
fn a_mode_with_a_line_break_is_told_as_what_it_was() {
    let world = World::with_release();
    let ran = world.run("publish\n", &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "published");
}

#[test]
fn the_root_of_a_repository_is_in_no_area_whatever_the_inputs_say() {
    let world = World::with_release();
    let root = world.dist.url("");
    let ran = world.run(
        "publish",
        &[
            ("source", &root),
            ("area", "release"),
            ("exclude", "*/KEYS"),
        ],
    );
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.refusals().contains(&"area-contradicted".to_owned()));
    world.assert_untouched();
    // A final below `dev` must not go out because the inputs say `release`.
    world.stage("dev/example/1.0/", project("example", "1.0"));
    let changes = [
        ("source", root.as_str()),
        ("area", "release"),
        ("include", "dev/*"),
    ];
    let ran = world.run("publish", &changes);
    assert_ne!(ran.status, 0, "{}", ran.stderr);
    world.assert_untouched();
}

#[test]
fn a_dry_run_sees_what_changed_since_its_revision() {
    let world = World::with_release();
    let revision = world.verify().output("revision").unwrap().to_owned();
    world.change("example-1.0.tar.gz.sha256", Some(b"more".to_vec()));
    let ran = world.run("publish", &[("revision", &revision), ("dry-run", "true")]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (1, vec!["source-changed".to_owned()])
    );
    world.assert_untouched();
}
