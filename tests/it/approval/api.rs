// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! GitHub's API when it refuses, fails or is somewhere else.

use testbed::github_api::Fault;
use testbed::scripted::{Reply, Scripted};

use super::*;

const PATHS: [&str; 3] = ["/environments/pypi", "/approvals", "/actions/runs/1"];

#[test]
fn what_the_token_may_not_read_names_the_permission() {
    for path in PATHS {
        for status in [401, 403, 404] {
            let world = World::with_release();
            let fault = Fault::new(path, status, "Resource not accessible by integration");
            world.github.change(|it| it.faults.push(fault));
            let ran = world.run("publish", &[REQUIRED]);
            assert_eq!(
                ran.refusals(),
                ["approval-unreadable"],
                "{path} {status}: {}",
                ran.stderr
            );
            assert_eq!(ran.status, 1);
            assert!(ran.stderr.contains("actions: read"), "{}", ran.stderr);
            assert!(ran.stderr.contains(&format!("answered {status}")));
            let asked = world.github.asked();
            let asked = asked.iter().filter(|it| it.path.ends_with(path));
            assert_eq!(asked.count(), 1, "a refusal is final");
            world.assert_untouched();
        }
    }
}

#[test]
fn what_the_token_may_not_read_is_one_warning_where_it_is_only_recorded() {
    let world = World::with_release();
    world.github.change(|it| {
        for path in PATHS {
            it.faults.push(Fault::new(path, 403, "Forbidden"));
        }
    });
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-unreadable"]);
    assert_eq!(ran.report["approval"]["approved"], false);
}

#[test]
fn an_api_that_fails_for_a_moment_is_asked_again() {
    let limit = |status| {
        Fault::new("/approvals", status, "API rate limit exceeded")
            .with("x-ratelimit-remaining", "0")
            .times(1)
    };
    for fault in [
        Fault::new("/approvals", 500, "Server Error").times(1),
        Fault::new("/approvals", 502, "").times(2),
        Fault::new("/approvals", 429, "")
            .with("retry-after", "1")
            .times(1),
        // GitHub says 403 as often as 429.
        limit(403),
        limit(429),
    ] {
        let world = World::with_release();
        world.github.change(|it| it.faults.push(fault.clone()));
        let ran = world.run("publish", &[REQUIRED]);
        assert_eq!(ran.status, 0, "{fault:?}: {}", ran.stderr);
        assert_eq!(ran.report["approval"]["approved"], true);
    }
}

#[test]
fn an_api_that_stays_away_fails_the_run_which_may_be_run_again() {
    let down = || Fault::new("", 503, "Service Unavailable");
    let world = World::with_release();
    world.github.change(|it| it.faults.push(down()));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-unreachable"], "{}", ran.stderr);
    assert_eq!(ran.status, 3);
    world.assert_untouched();
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-unreachable"]);
    // Longer than a runner is held for.
    let world = World::with_release();
    let late = Fault::new("/approvals", 429, "").with("retry-after", "3600");
    world.github.change(|it| it.faults.push(late));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (3, rules(&["approval-unreachable"]))
    );
    let asked = world.github.asked();
    assert_eq!(
        asked
            .iter()
            .filter(|it| it.path.ends_with("/approvals"))
            .count(),
        1
    );
}

#[test]
fn what_is_no_answer_of_github_is_no_approval() {
    for body in [
        "",
        "null",
        "[]",
        "{\"id\": \"text\"}",
        "<html>",
        "{\"id\": 1",
    ] {
        let world = World::with_release();
        let fault = Fault {
            body: body.to_owned(),
            ..Fault::new("/environments/pypi", 200, "")
        };
        world.github.change(|it| it.faults.push(fault));
        let ran = world.run("publish", &[REQUIRED]);
        assert_eq!(
            ran.refusals(),
            ["approval-unreadable"],
            "{body:?}: {}",
            ran.stderr
        );
        world.assert_untouched();
    }
    // More than any answer has.
    let world = World::with_release();
    let fault = Fault {
        body: " ".repeat(3 << 20),
        ..Fault::new("/approvals", 200, "")
    };
    world.github.change(|it| it.faults.push(fault));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-unreadable"], "{}", ran.stderr);
}

#[test]
fn the_token_follows_no_redirect_and_no_link_to_another_server() {
    let elsewhere = Scripted::start(|_| Reply::new("200 OK", &[], b"[]"));
    let world = World::with_release();
    let moved = Fault::new("/environments/pypi", 301, "").with("location", &elsewhere.url("x"));
    world.github.change(|it| it.faults.push(moved));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-unreadable"], "{}", ran.stderr);
    assert_eq!(elsewhere.seen().len(), 0);

    let world = World::with_release();
    let next = format!("<{}>; rel=\"next\"", elsewhere.url("x"));
    let page = Fault {
        body: "[]".to_owned(),
        ..Fault::new("/approvals", 200, "").with("link", &next)
    };
    world.github.change(|it| it.faults.push(page));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-unreadable"], "{}", ran.stderr);
    assert_eq!(elsewhere.seen().len(), 0, "nobody else is asked");
    world.assert_untouched();
}

#[test]
fn only_githubs_own_api_is_asked() {
    for address in [
        "https://github.example.org/api/v3",
        "https://api.github.com.evil.example",
        "http://192.0.2.1",
    ] {
        let world = World::with_release();
        let mut env = world.env();
        env.retain(|(name, _)| name != "GITHUB_API_URL");
        env.push(("GITHUB_API_URL".to_owned(), address.to_owned()));
        let args = world.args("publish");
        let ran = crate::world::run_with(args, &[REQUIRED], &env);
        assert_eq!(ran.refusals(), ["approval-unreadable"], "{}", ran.stderr);
        assert!(ran.stderr.contains("GITHUB_API_URL"), "{}", ran.stderr);
        world.assert_untouched();
        world.assert_no_secret(&ran);
    }
}

#[test]
fn without_a_token_nobody_is_asked_and_the_permission_is_named() {
    let world = World::with_release();
    let ran = world.run("publish", &[REQUIRED, ("github-token", "none")]);
    assert_eq!(ran.refusals(), ["approval-unreadable"], "{}", ran.stderr);
    assert!(ran.stderr.contains("actions: read"), "{}", ran.stderr);
    world.assert_untouched();
    let ran = world.run("publish", &[("github-token", "none")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-unreadable"]);
    assert_eq!(world.github.asked(), []);
}

#[test]
fn a_token_that_is_none_is_refused_and_not_shown() {
    let world = World::with_release();
    for bad in ["two words", "gh\u{e9}", &"x".repeat(5000)] {
        let ran = world.run("publish", &[("github-token", bad)]);
        assert_eq!((ran.status, ran.refusals()), (2, rules(&["input-illegal"])));
        assert!(!ran.everything().contains(bad), "{}", ran.stderr);
    }
    let ran = world.run("publish", &[("github-token", "")]);
    assert_eq!(ran.refusals(), ["input-empty"]);
}
