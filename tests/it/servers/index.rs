// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The runner's token service and the index.

use std::time::Duration;

use serde_json::json;
use testbed::distribution::sdist;
use testbed::index::{FakeIndex, Faults, Options, Publisher};

use super::*;

/// A release on a world whose index has these faults.
fn faulty(change: impl FnOnce(&mut Faults)) -> World {
    let world = World::with_release();
    world.index.faults(change);
    world
}

fn uploads(world: &World) -> usize {
    world.index.count("POST", "/legacy/")
}

fn reasons(ran: &Ran) -> (Vec<String>, i32) {
    (ran.refusals(), ran.status)
}

fn rules(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_token_service_that_gives_none_sends_nothing() {
    let world = World::with_release();
    for (class, reply) in [
        ("500", Reply::new("500 Internal Server Error", &[], PAGE)),
        ("403", Reply::new("403 Forbidden", &[], PAGE)),
        ("garbage", Reply::new("200 OK", &[], PAGE)),
        ("no token", Reply::new("200 OK", &[], b"{\"count\": 1}")),
        (
            "a token with a line break",
            Reply::new("200 OK", &[], b"{\"value\": \"a\\n::error::b\"}"),
        ),
        (
            "a redirect",
            Reply::new("302 Found", &["Location: https://example.org/"], b""),
        ),
        ("silence", Reply::Stall(Vec::new())),
    ] {
        let service = Scripted::start(move |_| reply.clone());
        let url = service.url("token?api-version=2.0");
        let mut args = world.args("publish");
        args.extend(["--concurrency".to_owned(), "1".to_owned()]);
        let at = args.iter().position(|arg| arg == "--idle-timeout").unwrap();
        args[at + 1] = "1 s".to_owned();
        let ran = run(
            &args,
            &[
                ("ACTIONS_ID_TOKEN_REQUEST_URL", &url),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-secret"),
            ],
        );
        // What a rerun does not change is a verdict.
        let expected = match class {
            "403" | "a redirect" => (rules(&["token-refused"]), 1),
            _ => (rules(&["token-unreachable"]), 3),
        };
        assert_eq!(reasons(&ran), expected, "{class}: {}", ran.stderr);
        assert!(!ran.everything().contains("runner-secret"), "{class}");
        world.assert_untouched();
    }
}

#[test]
fn a_job_that_may_not_ask_for_tokens_reads_nothing() {
    let world = World::with_release();
    let before = world.dist.requests().len();
    for env in [
        &[][..],
        &[("ACTIONS_ID_TOKEN_REQUEST_URL", "https://example.org/")],
        &[
            ("ACTIONS_ID_TOKEN_REQUEST_URL", ""),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x"),
        ],
    ] {
        let ran = run(&world.args("publish"), env);
        assert_refused(&world, &ran, "no permission", &["id-token-missing"], 2);
        assert_eq!(world.dist.requests().len(), before, "nothing was read");
    }
}

#[test]
fn a_workflow_that_no_publisher_names_is_shown_its_claims() {
    let world = World::with_release();
    world.issuer.set_claim("environment", json!("staging"));
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["token-refused"]), 1),
        "{}",
        ran.stderr
    );
    let said = said(&ran, "token-refused");
    for part in [
        "invalid-publisher",
        "environment=staging",
        "repository=apache/example",
        "release.yml",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!((world.index.minted(), uploads(&world)), (0, 0));
    assert_eq!(
        crate::world::worth_something(&world.issuer),
        1,
        "a refusal is final"
    );
    world.assert_no_secret(&ran);
}

#[test]
fn a_mint_that_fails_for_a_moment_costs_a_fresh_identity_token() {
    let world = faulty(|it| it.mint_statuses.push_back(503));
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let asked = crate::world::worth_something(&world.issuer);
    assert_eq!((asked, world.index.minted()), (2, 1));
    let tokens = world.issuer.tokens();
    assert_ne!(tokens[tokens.len() - 2], tokens[tokens.len() - 1]);
    let world = faulty(|it| it.mint_statuses.extend([502; 50]));
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["token-unreachable"]), 3),
        "{}",
        ran.stderr
    );
    assert_eq!(uploads(&world), 0);
}

#[test]
fn audiences_that_are_no_words_are_refused_before_any_token() {
    for audience in [" PyPI ", "pypi\n", "p\u{443}pi", ""] {
        let world = faulty(|it| it.audience = Some(audience.to_owned()));
        let ran = world.publish();
        assert_refused(&world, &ran, audience, &["audience-forbidden"], 1);
    }
    let world = World::with_release();
    let without = FakeIndex::start(Options::default());
    let ran = world.run("publish", &[("index", &without.base())]);
    assert_refused(&world, &ran, "no trusted publishing", &["index-refused"], 1);
}

#[test]
fn look_ups_that_fail_send_nothing() {
    let world = faulty(|it| it.html_only = true);
    assert_refused(&world, &world.publish(), "HTML", &["index-refused"], 1);
    let world = faulty(|it| it.simple_statuses.extend([500; 50]));
    assert_refused(&world, &world.publish(), "500", &["index-unreachable"], 3);
    let world = faulty(|it| it.simple_statuses.push_back(503));
    assert_eq!(world.publish().status, 0);
    let silent = Scripted::start(|_| Reply::Stall(Vec::new()));
    let index = silent.url("");
    let ran = world.run("publish", &[("index", &index), ("idle-timeout", "1 s")]);
    assert_eq!(
        reasons(&ran),
        (rules(&["index-unreachable"]), 3),
        "{}",
        ran.stderr
    );
    let world = World::with_release();
    world.index.set_status("example", "quarantined");
    assert_refused(&world, &world.publish(), "closed", &["upload-refused"], 1);
}

#[test]
fn an_upload_that_is_refused_is_final() {
    let world = faulty(|it| it.upload_statuses.push_back((400, None)));
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["upload-refused", "upload-unfinished"]), 1),
        "{}",
        ran.stderr
    );
    assert_eq!(
        uploads(&world),
        1,
        "neither tried again nor followed by another"
    );
    assert!(said(&ran, "upload-refused").contains("A fault that the test asked for"));
    assert_eq!(world.index.files("example"), []);
    let unfinished = said(&ran, "upload-unfinished");
    assert!(
        !unfinished.contains("Run the job again: it finishes"),
        "a rerun changes nothing: {unfinished}"
    );

    let world = World::with_release();
    world.index.burn(WHEEL);
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["index-conflict", "upload-unfinished"]), 1),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_upload_that_fails_for_a_moment_is_sent_again() {
    for change in [
        (|it: &mut Faults| it.upload_statuses.push_back((500, None))) as fn(&mut Faults),
        |it| it.upload_statuses.push_back((503, Some(1))),
        |it| it.cut_before_commit = 1,
        |it| it.cut_after_commit = 1,
    ] {
        let world = faulty(change);
        let ran = world.publish();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(uploads(&world), 3);
        assert_eq!(world.index.files("example").len(), 2);
    }
}

#[test]
fn uploads_that_always_fail_leave_the_rest_to_the_next_run() {
    let world = World::with_release();
    world
        .index
        .faults(|it| it.upload_statuses.extend([(500, None); 40]));
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["upload-unfinished"]), 3),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.report["outcome"], "failed");
    assert!(said(&ran, "upload-unfinished").contains("Run the job again"));
    assert!(
        ran.stderr.contains("it finishes what is missing"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        ran.file(SDIST)["state"],
        "new",
        "never tried: it waits for the first of its version"
    );
    assert_eq!(ran.file(WHEEL)["state"], "unknown", "the index may have it");
    assert_eq!(world.index.files("example"), []);
    world.index.faults(|it| it.upload_statuses.clear());
    let again = world.publish();
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(world.index.files("example").len(), 2);
}

#[test]
fn a_verdict_on_one_upload_beats_the_failure_of_another() {
    let world = World::with_release();
    world.stage(RELEASE, project("example-more", "1.0"));
    // Two projects start at once; whichever comes first is refused for good.
    world.index.faults(|it| {
        it.upload_statuses.push_back((400, None));
        it.upload_statuses.extend([(500, None); 40]);
    });
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["upload-refused", "upload-unfinished"]), 1),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_index_that_shows_files_late_is_looked_at_again_later() {
    let world = faulty(|it| it.hidden_reads = 50);
    let ran = world.run("publish", &[("read-back-timeout", "1 s")]);
    assert_eq!(
        reasons(&ran),
        (rules(&["read-back-late"]), 3),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.file(WHEEL)["state"], "uploaded");
    // It does not show them yet, so they are sent again, which changes nothing.
    let again = world.run("publish", &[("read-back-timeout", "1 s")]);
    assert_eq!(again.status, 3, "{}", again.stderr);
    assert_eq!(world.index.files("example").len(), 2);
    let world = faulty(|it| it.hidden_reads = 1);
    assert_eq!(
        world.publish().status,
        0,
        "within the time it is waited for"
    );
}

#[test]
fn an_index_that_shows_other_bytes_is_told_on() {
    let world = faulty(|it| {
        it.false_sha256.insert(SDIST.to_owned(), "ab".repeat(32));
    });
    let ran = world.publish();
    assert_eq!(
        reasons(&ran),
        (rules(&["read-back-differs"]), 1),
        "{}",
        ran.stderr
    );
    assert!(said(&ran, "read-back-differs").contains(&"ab".repeat(32)));
    assert_eq!(ran.file(SDIST)["state"], "different");
    assert!(
        !ran.output("published").unwrap().contains(SDIST),
        "what it serves is not what was published"
    );
}

#[test]
fn a_silent_index_does_not_hold_the_reading_back_beyond_its_time() {
    let world = World::with_release();
    let honest = [wheel("example", "1.0"), sdist("example", "1.0")].map(|(name, bytes)| {
        let sha256 = hex::encode(sha2::Sha256::digest(bytes));
        json!({"filename": name, "url": "", "hashes": {"sha256": sha256}})
    });
    let page = json!({"meta": {"api-version": "1.1"}, "name": "example", "files": honest});
    let page = page.to_string();
    // All is there, so that only the reading back is left: it never ends.
    let looks = AtomicUsize::new(0);
    let server = Scripted::start(move |_| match looks.fetch_add(1, Ordering::SeqCst) {
        0 => {
            let json = "Content-Type: application/vnd.pypi.simple.v1+json";
            Reply::new("200 OK", &[json], page.as_bytes())
        }
        _ => Reply::Stall(Vec::new()),
    });
    let ran = world.run(
        "publish",
        &[
            ("index", &server.url("")),
            ("idle-timeout", "1 h"),
            ("read-back-timeout", "2 s"),
        ],
    );
    assert_eq!(
        reasons(&ran),
        (rules(&["read-back-late"]), 3),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_first_file_of_a_new_version_goes_alone_and_the_rest_together() {
    let mut world = World::start();
    world.index = FakeIndex::start(Options {
        issuer: Some(world.issuer.trust()),
        latency: Duration::from_millis(100),
        ..Options::default()
    });
    world
        .index
        .register(Publisher::example(&["example", "example-more"]));
    let mut files = Files::new();
    for project in ["example", "example_more"] {
        for number in 0..6 {
            let wheel = testbed::distribution::Wheel::new(project, "1.0").with_seed(number);
            let name = format!("{project}-1.0-{number}-py3-none-any.whl");
            files.extend(signed(&[(name, wheel.build().1)]));
        }
    }
    world.stage(RELEASE, files);
    let ran = world.run("publish", &[("concurrency", "8")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    // The stand-in answers 500 to a second file of a version that it is making.
    assert_eq!(uploads(&world), 12, "none had to be sent twice");
    assert!(world.index.most_uploads_at_once() > 2);
    assert!(world.index.most_uploads_at_once() <= 8);
    assert_eq!(world.index.minted(), 1);
}

#[test]
fn a_token_that_ends_before_its_files_are_sent_is_renewed() {
    let mut world = World::start();
    world.index = FakeIndex::start(Options {
        issuer: Some(world.issuer.trust()),
        token_lifetime: Duration::from_mins(1),
        ..Options::default()
    });
    world.index.register(Publisher::example(&["example"]));
    world.stage(RELEASE, project("example", "1.0"));
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(world.index.minted() > 1);
    world.assert_no_secret(&ran);
}

/// A version of which the index has the first of these wheels already.
fn begun_version(options: Options, wheels: u64) -> World {
    let mut world = World::start();
    world.index = FakeIndex::start(Options {
        issuer: Some(world.issuer.trust()),
        ..options
    });
    world.index.register(Publisher::example(&["example"]));
    let mut files = Files::new();
    for number in 0..wheels {
        let wheel = testbed::distribution::Wheel::new("example", "1.0").with_seed(number);
        let name = format!("example-1.0-{number}-py3-none-any.whl");
        let bytes = wheel.build().1;
        if number == 0 {
            world.index.preload("example", &name, &bytes);
        }
        files.extend(signed(&[(name, bytes)]));
    }
    world.stage(RELEASE, files);
    world
}

#[test]
fn once_a_file_is_refused_no_other_of_its_version_begins() {
    let world = begun_version(Options::default(), 12);
    world
        .index
        .faults(|it| it.upload_statuses.extend([(400, None); 12]));
    let ran = world.run("publish", &[("concurrency", "1")]);
    assert_eq!(
        reasons(&ran),
        (rules(&["upload-refused", "upload-unfinished"]), 1),
        "{}",
        ran.stderr
    );
    assert_eq!(uploads(&world), 1, "the others waited for their place");
}

#[test]
fn a_token_that_is_refused_once_is_not_asked_for_again() {
    let options = Options {
        token_lifetime: Duration::from_mins(1),
        ..Options::default()
    };
    let world = begun_version(options, 7);
    // The first token ends at once; the index takes no second identity token.
    world.issuer.repeat_jti("always-the-same");
    let ran = world.run("publish", &[("concurrency", "4")]);
    assert_eq!(
        reasons(&ran),
        (rules(&["token-refused", "upload-unfinished"]), 1),
        "{}",
        ran.stderr
    );
    assert_eq!(world.index.count("POST", "/_/oidc/mint-token"), 2);
    assert_eq!(uploads(&world), 0);
}
