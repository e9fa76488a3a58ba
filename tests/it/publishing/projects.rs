// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Projects that the index does not know yet, and versions that it takes no
//! more files of.

use testbed::watch::Moment;

use super::*;

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";

/// `example` 1.0 and 1.0 of these projects, staged together.
fn with(names: &[&str]) -> World {
    let world = World::with_release();
    for name in names {
        world.stage(RELEASE, project(name, "1.0"));
    }
    world
}

fn uploads(world: &World) -> usize {
    world.index.count("POST", "/legacy/")
}

#[test]
fn a_pending_publisher_makes_its_project_and_every_mint_makes_one() {
    let world = with(&["example-new", "example-newer"]);
    for name in ["example-new", "example-newer"] {
        world.index.register_pending(Publisher::example(&[name]));
    }
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!((world.index.minted(), uploads(&world)), (2, 6));
    assert_eq!(ran.rules("note"), ["project-new"]);
    for name in ["example-new", "example-newer"] {
        let line = format!("new to the index: {name}");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
        assert_eq!(world.index.files(name).len(), 2);
    }
    world.assert_no_secret(&ran);
}

#[test]
fn a_token_that_does_not_cover_every_project_sends_nothing() {
    for (case, prepare, said) in [
        (
            "a project that nobody registered",
            (|_| {}) as fn(&World),
            "does not know example-new",
        ),
        (
            "one of two pending publishers",
            |world| {
                world.stage(RELEASE, project("example-newer", "1.0"));
                world
                    .index
                    .register_pending(Publisher::example(&["example-new"]));
            },
            "does not know example-newer",
        ),
        (
            "a project that is somebody else's",
            |world| {
                world.stage(RELEASE, project("example-more", "1.0"));
                world.index.create_project("example-new");
            },
            "a token for 2, and every project is there",
        ),
    ] {
        let world = with(&["example-new"]);
        prepare(&world);
        let ran = world.publish();
        assert_eq!(
            (ran.refusals(), ran.status),
            (vec!["project-not-covered".to_owned()], 1),
            "{case}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(said), "{case}: {}", ran.stderr);
        assert!(ran.stderr.contains("workflow `release.yml`"), "{case}");
        assert_eq!(uploads(&world), 0, "{case}");
        assert!(ran.stderr.contains("nothing was sent"), "{case}");
    }
}

#[test]
fn a_project_that_a_mint_made_is_waited_for_where_caches_still_deny_it() {
    let world = with(&["example-new"]);
    let trial = Trial::new(&world, Options::default());
    trial
        .index
        .register_pending(Publisher::example(&["example-new"]));
    let index = Arc::downgrade(&trial.index);
    trial.watch(Arc::new(move |moment, _, path| {
        if (moment, path) == (Moment::Done, "/_/oidc/mint-token") {
            let index = index.upgrade().unwrap();
            index.faults(|it| it.simple_statuses.extend([404, 404]));
        }
    }));
    // The publisher has three projects then, and the release two.
    let ran = trial.publish(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(trial.index.minted(), 1, "{}", ran.stderr);
    assert_eq!(trial.index.files("example-new").len(), 2);
}

#[test]
fn a_version_that_the_index_has_for_too_long_takes_no_new_file() {
    let world = World::with_release();
    let wheel = project("example", "1.0")[WHEEL].clone();
    world.index.set_days_ahead(-15);
    world.index.preload("example", WHEEL, &wheel);
    world.index.set_days_ahead(0);
    let ran = world.publish();
    let verdict = (ran.refusals(), ran.status);
    assert_eq!(
        verdict,
        (vec!["release-closed".to_owned()], 1),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.file(SDIST)["state"], "new");
    world.assert_untouched();

    // What is there already is no new file, however old it is.
    let sdist = project("example", "1.0")[SDIST].clone();
    world.index.set_days_ahead(-15);
    world.index.preload("example", SDIST, &sdist);
    world.index.set_days_ahead(0);
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    world.assert_untouched();
}

#[test]
fn a_second_sdist_under_another_name_is_refused_before_the_token() {
    let world = World::with_release();
    world
        .index
        .preload("example", "example-1.0.zip", b"an old sdist");
    let ran = world.publish();
    let verdict = (ran.refusals(), ran.status);
    assert_eq!(
        verdict,
        (vec!["second-sdist".to_owned()], 1),
        "{}",
        ran.stderr
    );
    world.assert_untouched();
}

#[test]
fn a_job_that_no_publisher_could_match_is_stopped_before_the_mint() {
    let elsewhere = "apache/shared/.github/workflows/release.yml@refs/tags/v1";
    for (claim, value) in [
        ("job_workflow_ref", elsewhere),
        ("event_name", "pull_request_target"),
    ] {
        let world = World::with_release();
        world.issuer.set_claim(claim, value.into());
        let ran = world.publish();
        let verdict = (ran.refusals(), ran.status);
        assert_eq!(
            verdict,
            (vec!["token-refused".to_owned()], 1),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains(&format!("{claim}={value}")),
            "{}",
            ran.stderr
        );
        assert_eq!(
            world.index.count("POST", "/_/oidc/mint-token"),
            0,
            "{claim}"
        );
        assert_eq!(uploads(&world), 0);
        world.assert_no_secret(&ran);
    }
}

#[test]
fn a_job_without_an_environment_is_told_that_nobody_approved_it() {
    let world = World::with_release();
    world.index.register(Publisher {
        environment: None,
        ..Publisher::example(&["example"])
    });
    world
        .issuer
        .set_claim("environment", serde_json::Value::Null);
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["environment-missing"]);
}

#[test]
fn the_same_bytes_under_two_names_are_refused_before_the_token() {
    let bytes = wheel_bytes();
    let twin = "example-1.0-1-py3-none-any.whl";

    // Both in the release.
    let world = World::start();
    let files = [
        (WHEEL.to_owned(), bytes.clone()),
        (twin.to_owned(), bytes.clone()),
    ];
    world.stage(RELEASE, signed(&files));
    let ran = world.publish();
    assert_eq!(
        (ran.refusals(), ran.status),
        (vec!["bytes-twice".to_owned()], 1),
        "{}",
        ran.stderr
    );
    world.assert_untouched();

    // One of them on the index.
    let world = World::with_release();
    world.index.preload("example", twin, &bytes);
    let ran = world.publish();
    assert_eq!(
        (ran.refusals(), ran.status),
        (vec!["index-conflict".to_owned()], 1),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains(&format!("it has them as `{twin}`")),
        "{}",
        ran.stderr
    );
    world.assert_untouched();
}

fn wheel_bytes() -> Vec<u8> {
    project("example", "1.0")[WHEEL].clone()
}
