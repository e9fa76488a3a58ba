// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the inputs name, the area, the index, and a source that is not there.

use super::*;

#[test]
fn releases_other_than_the_one_that_was_asked_for() {
    refuse_all(&[
        (
            "a project that is not named",
            |it| it.input("projects", "another\nexample-*"),
            &["project-not-allowed"],
        ),
        (
            "a version that is not expected",
            |it| it.input("version", "1.0.1"),
            &["version-not-expected"],
        ),
        (
            "one file of another version",
            |it| {
                it.input("version", "1.0");
                it.add(signed(&[wheel("example", "0.9")]));
            },
            &["version-not-expected"],
        ),
        (
            "another digest than the one of the vote",
            |it| it.input("expected-digest", "0".repeat(64)),
            &["digest-mismatch"],
        ),
        (
            "a file too many for the limit",
            |it| it.input("max-files", "5"),
            &["limit-exceeded"],
        ),
        (
            "a file too large for the limit",
            |it| it.input("max-file-size", "100 B"),
            &["limit-exceeded"],
        ),
        (
            "too much for the limit together",
            |it| it.input("max-total-size", "1000 B"),
            &["limit-exceeded"],
        ),
        (
            "a final version from dev",
            |it| it.folder = "dev/example/1.0/",
            &["final-from-dev"],
        ),
        (
            "a post-release from dev",
            |it| {
                it.folder = "dev/example/1.0/";
                it.files = project("example", "1.0.post1");
            },
            &["final-from-dev"],
        ),
        (
            "a final version among candidates in dev",
            |it| {
                it.folder = "dev/example/1.0rc1/";
                it.files = project("example", "1.0rc1");
                it.add(project("example-more", "1.0"));
            },
            &["final-from-dev"],
        ),
        (
            "a candidate from release",
            |it| it.files = project("example", "1.0rc1"),
            &["candidate-from-release"],
        ),
        (
            "a development version from release",
            |it| it.files = project("example", "1.0.dev1"),
            &["candidate-from-release"],
        ),
    ]);
}

#[test]
fn releases_that_lack_what_is_required_of_them() {
    refuse_all(&[
        (
            "a required wheel that is not there",
            |it| {
                it.input("require", "every-project: sdist, wheel");
                it.add(project("example-more", "1.0"));
                it.files
                    .retain(|name, _| !name.starts_with("example_more-1.0-py3"));
            },
            &["set-incomplete"],
        ),
        (
            "a required sdist of one version among two",
            |it| {
                it.input("require", "example: sdist, 1 wheel");
                it.add(signed(&[wheel("example", "0.9")]));
            },
            &["set-incomplete"],
        ),
        (
            "a wheel fewer than is required",
            |it| it.input("require", "example: 2 wheels"),
            &["set-incomplete"],
        ),
        (
            "a required project that is not there",
            |it| it.input("require", "example: wheel\nexample-more: wheel"),
            &["set-incomplete"],
        ),
        (
            "a required sdist that was left out by a glob",
            |it| {
                it.input("require", "every-project: sdist");
                it.input("exclude", "*.tar.gz");
            },
            &["set-incomplete"],
        ),
    ]);
}

#[test]
fn an_index_that_has_other_bytes_under_one_of_many_names() {
    refuse_all(&[
        (
            "one of six",
            |it| {
                it.add(project("example-more", "1.0"));
                it.add(project("example", "1.1"));
                it.preloaded
                    .push(("example", SDIST.to_owned(), b"other bytes".to_vec()));
            },
            &["index-conflict"],
        ),
        (
            "one conflict beside what is there already",
            |it| {
                it.preloaded
                    .push(("example", SDIST.to_owned(), b"other bytes".to_vec()));
                let bytes = it.bytes(WHEEL);
                it.preloaded.push(("example", WHEEL.to_owned(), bytes));
            },
            &["index-conflict"],
        ),
    ]);
}

#[test]
fn a_source_that_is_not_there() {
    refuse_all(&[
        (
            "a folder that was never there",
            |it| {
                it.folder = "release/example/1.0/";
                it.input("source", "no/such/folder");
                it.input("area", "release");
            },
            &["source-not-found"],
        ),
        (
            "a revision that is not there yet",
            |it| it.input("revision", "99"),
            &["source-refused"],
        ),
        (
            "a revision at which it was not there",
            |it| it.input("revision", "1"),
            &["source-not-found"],
        ),
    ]);
    let world = World::start();
    for (source, rule) in [
        (world.dist.url("release/example/2.0/"), "source-not-found"),
        (world.dist.url("release/example/KEYS"), "source-refused"),
        (world.index.base(), "source-not-found"),
    ] {
        let ran = world.run("publish", &[("source", &source)]);
        assert_eq!(
            (ran.refusals(), ran.status),
            (vec![rule.to_owned()], 1),
            "{source}: {}",
            ran.stderr
        );
        world.assert_untouched();
    }
}

#[test]
fn a_release_that_changes_after_it_was_listed_is_not_published() {
    // The newest state differs from the revision that was asked for.
    let world = World::with_release();
    let revision = world.stage(RELEASE, Files::new()).to_string();
    for change in ["deleted", "replaced", "added", "withdrawn"] {
        let (name, bytes) = wheel("example-more", "1.0");
        match change {
            "deleted" => world.change(&format!("{SDIST}.sha512"), None),
            "replaced" => world.change(WHEEL, Some(b"other bytes".to_vec())),
            "added" => world.change(&name, Some(bytes)),
            _ => world.dist.commit(vec![(RELEASE.to_owned(), None)]),
        };
        let ran = world.run("publish", &[("revision", &revision)]);
        assert_eq!(
            (ran.refusals(), ran.status),
            (vec!["source-changed".to_owned()], 1),
            "{change}: {}",
            ran.stderr
        );
        world.assert_untouched();
    }
}

#[test]
fn what_an_older_revision_says_may_be_published_as_long_as_nothing_changed() {
    let world = World::with_release();
    world
        .dist
        .commit(vec![("release/other/x".to_owned(), Some(Vec::new()))]);
    let ran = world.run("publish", &[("revision", "2")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(world.index.files("example").len(), 2);
}

#[test]
fn a_waiver_that_softens_nothing_is_told_where_its_rule_is_asked() {
    let world = World::with_release();
    let stale = "path-unknown CHANGES.txt a list of changes";
    let ran = world.run("verify", &[("waive", stale)]);
    assert_eq!(
        (ran.status, ran.rules("warn")),
        (0, vec!["glob-unused".to_owned()])
    );
    // Only publishing asks what a version may be.
    let early = "candidate-from-release example-* voted on";
    assert_eq!(
        world.run("verify", &[("waive", early)]).rules("warn"),
        [""; 0]
    );
    let ran = world.run("publish", &[("waive", early)]);
    assert_eq!(
        (ran.status, ran.rules("warn")),
        (0, vec!["glob-unused".to_owned()])
    );
}

#[test]
fn the_end_says_whether_anything_was_sent() {
    let world = World::with_release();
    let refused = world.run("publish", &[("version", "2.0")]);
    let last = refused.stderr.lines().last().unwrap();
    assert!(last.ends_with("nothing was sent to the index."), "{last}");
    world
        .index
        .faults(|it| it.upload_statuses.push_back((400, None)));
    let refused = world.publish();
    assert!(
        !refused.stderr.contains("nothing was sent"),
        "{}",
        refused.stderr
    );
}
