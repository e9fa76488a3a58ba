// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! An index that lies, or speaks nonsense: what it says is taken for no more
//! than it is, and nothing is sent to it that need not be.

use testbed::scripted::{Reply, Request, Scripted};

use super::*;

const JSON: &str = "Content-Type: application/json";
const PAGE: &str = "Content-Type: application/vnd.pypi.simple.v1+json";
const EMPTY: &[u8] =
    br#"{"meta":{"api-version":"1.4","_last-serial":1},"name":"example","files":[]}"#;

/// An index that knows `example`, without a file, gives tokens and takes
/// everything, but for what the test has it say to some requests.
fn lying(says: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |request| {
        says(request).unwrap_or_else(|| match request.target.as_str() {
            "/simple/example/" => Reply::new("200 OK", &[PAGE], EMPTY),
            "/_/oidc/audience" => Reply::new("200 OK", &[JSON], br#"{"audience":"stand-in"}"#),
            "/_/oidc/mint-token" => {
                let answer =
                    br#"{"success":true,"token":"own-token-of-this-index","expires":null}"#;
                Reply::new("200 OK", &[JSON], answer)
            }
            "/legacy/" => Reply::new("200 OK", &[JSON], br#"{"code":"200 OK"}"#),
            _ => Reply::new("404 Not Found", &[], b""),
        })
    })
}

/// One run toward it, of a release with a wheel and an sdist.
fn publish(world: &World, index: &Scripted) -> Ran {
    let short = [
        ("index", index.url("")),
        ("read-back-timeout", "1 s".to_owned()),
        ("concurrency", "1".to_owned()),
    ];
    let short = short
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let ran = world.run("publish", &short);
    assert!(
        !ran.everything().contains("own-token"),
        "the token is shown"
    );
    ran
}

fn count(index: &Scripted, target: &str) -> usize {
    let seen = index.seen();
    seen.iter()
        .filter(|request| request.target == target)
        .count()
}

#[test]
fn what_an_index_took_by_its_own_word_alone_is_not_published() {
    let world = World::with_release();
    // As a captive portal does: every upload is 200, with a page of errors.
    let page = b"<html><title>503 Backend is down</title></html>";
    let index = lying(|request| {
        let html = ["Content-Type: text/html"];
        (request.target == "/legacy/").then(|| Reply::new("200 OK", &html, page))
    });
    let ran = publish(&world, &index);
    assert_eq!(
        (ran.status, ran.refusals()),
        (3, vec!["read-back-late".to_owned()]),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.report["outcome"], "failed");
    assert!(
        !ran.stderr.contains("byte for byte"),
        "no text for a mail: {}",
        ran.stderr
    );
    assert_eq!(count(&index, "/legacy/"), 2);
}

#[test]
fn no_file_is_sent_for_what_is_no_token() {
    let world = World::with_release();
    let long = format!(r#"{{"success":true,"token":"{}"}}"#, "x".repeat(10_000_000));
    for (what, answer, verdict) in [
        ("10 MB", long.as_str(), ("token-refused", 1)),
        (
            "a line break in it",
            r#"{"success":true,"token":"own-token\n::error::of-this-index"}"#,
            ("index-refused", 1),
        ),
        (
            "a control character in it",
            r#"{"success":true,"token":"own-token\u001b[2J-of-this-index"}"#,
            ("index-refused", 1),
        ),
        (
            "one letter, which would blot out the log",
            r#"{"success":true,"token":"e"}"#,
            ("index-refused", 1),
        ),
        ("no JSON", "<html>", ("index-refused", 1)),
    ] {
        let answer = answer.to_owned();
        let index = lying(move |request| {
            let reply = || Reply::new("200 OK", &[JSON], answer.as_bytes());
            (request.target == "/_/oidc/mint-token").then(reply)
        });
        let ran = publish(&world, &index);
        let found = (ran.refusals(), ran.status);
        let (rule, status) = verdict;
        assert_eq!(
            found,
            (vec![rule.to_owned()], status),
            "{what}: {}",
            ran.stderr
        );
        assert!(!ran.stderr.contains('\u{1b}'), "{what}");
        assert_eq!(count(&index, "/legacy/"), 0, "{what}");
    }
}

#[test]
fn an_index_that_asks_to_wait_for_long_at_a_mint_is_not_asked_again() {
    let world = World::with_release();
    let index = lying(|request| {
        let busy = || Reply::new("503 Service Unavailable", &["Retry-After: 600"], b"");
        (request.target == "/_/oidc/mint-token").then(busy)
    });
    let ran = publish(&world, &index);
    let found = (ran.refusals(), ran.status);
    assert_eq!(
        found,
        (vec!["token-unreachable".to_owned()], 3),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("asks to wait 600 s"), "{}", ran.stderr);
    assert_eq!(count(&index, "/_/oidc/mint-token"), 1);
}

#[test]
fn a_page_of_another_project_makes_no_file_look_new() {
    let world = World::with_release();
    let index = lying(|request| {
        let other = br#"{"meta":{"api-version":"1.4"},"name":"another","files":[]}"#;
        (request.target == "/simple/example/").then(|| Reply::new("200 OK", &[PAGE], other))
    });
    let ran = publish(&world, &index);
    let found = (ran.refusals(), ran.status);
    assert_eq!(
        found,
        (vec!["index-refused".to_owned()], 1),
        "{}",
        ran.stderr
    );
    assert_eq!(count(&index, "/_/oidc/mint-token"), 0);
}

#[test]
fn a_name_that_is_shown_twice_with_other_bytes_first_is_a_conflict() {
    let world = World::with_release();
    let (name, bytes) = testbed::distribution::wheel("example", "1.0");
    let row = |sha256: String| serde_json::json!({"filename": name, "url": "", "hashes": {"sha256": sha256}});
    let files = [
        row("ab".repeat(32)),
        row(hex::encode(Sha256::digest(&bytes))),
    ];
    for files in [files.clone(), [files[1].clone(), files[0].clone()]] {
        let page = serde_json::json!({
            "meta": {"api-version": "1.4"}, "name": "example", "files": files,
        });
        let page = page.to_string();
        let index = lying(move |request| {
            let reply = || Reply::new("200 OK", &[PAGE], page.as_bytes());
            (request.target == "/simple/example/").then(reply)
        });
        let ran = publish(&world, &index);
        let found = (ran.refusals(), ran.status);
        assert_eq!(
            found,
            (vec!["index-conflict".to_owned()], 1),
            "{}",
            ran.stderr
        );
        assert_eq!(count(&index, "/_/oidc/mint-token"), 0);
    }
}
