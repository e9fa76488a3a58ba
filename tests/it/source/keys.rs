// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Where KEYS may be read from.

use asf_pypi_publish::source::read_keys;
use testbed::scripted::{Reply, Scripted};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_those_of_now() {
    let httpd = Httpd::start();
    httpd.put("release/foo/KEYS", b"old keys", "keys");
    httpd.put("release/foo/KEYS", b"keys with a revocation", "revoke");
    fs::write(httpd.plain().join("KEYS"), "plain keys").unwrap();
    let keys = read_keys(&at(&httpd.url("release/foo/KEYS")), &client())
        .await
        .unwrap();
    assert_eq!(keys.bytes, b"keys with a revocation");
    assert_eq!(keys.revision, Some(3));
    let keys = read_keys(&at(&httpd.plain_url("KEYS")), &client())
        .await
        .unwrap();
    assert_eq!(
        (keys.bytes.as_slice(), keys.revision),
        (&b"plain keys"[..], None)
    );
    let local = Location::Path(httpd.plain().join("KEYS"));
    assert_eq!(
        read_keys(&local, &client()).await.unwrap().bytes,
        b"plain keys"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_trusted_to_be_keys_are_refused() {
    let httpd = Httpd::start();
    httpd.put("dev/foo/KEYS", b"keys", "keys");
    httpd.put("release/foo/KEYS", b"keys", "keys");
    fs::write(httpd.plain().join("page"), "\n<!doctype HTML>").unwrap();
    let special = |path: &str| httpd.url("").replace("dist/", &format!("dist/{path}"));
    for (url, rule, exit) in [
        (httpd.url("dev/foo/KEYS"), Rule::KeysFromDev, Exit::Inputs),
        (special("%64ev/foo/KEYS"), Rule::KeysFromDev, Exit::Inputs),
        (
            special("!svn/rvr/3/dev/foo/KEYS"),
            Rule::KeysUnusable,
            Exit::Verdict,
        ),
        (
            special("!svn%2frvr/3/dev/foo/KEYS"),
            Rule::KeysUnusable,
            Exit::Verdict,
        ),
        (
            special("release//foo/KEYS"),
            Rule::KeysUnusable,
            Exit::Verdict,
        ),
        (
            httpd.url("release/gone/KEYS"),
            Rule::KeysNotFound,
            Exit::Verdict,
        ),
        (httpd.url("release/foo/"), Rule::KeysUnusable, Exit::Verdict),
        (httpd.plain_url(""), Rule::KeysUnusable, Exit::Verdict),
        (httpd.plain_url("page"), Rule::KeysUnusable, Exit::Verdict),
        (httpd.plain_url("gone"), Rule::KeysNotFound, Exit::Verdict),
    ] {
        let error = read_keys(&at(&url), &client()).await.expect_err(&url);
        assert_eq!(verdict(&error), (rule, exit), "{url}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_out_of_reach_may_come_another_time() {
    let server = Scripted::start(|_| Reply::new("503 Service Unavailable", &[], b""));
    let error = read_keys(&at(&server.url("KEYS")), &client())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::KeysUnreachable, Exit::Outside));
    let server = Scripted::start(|request| match request.method.as_str() {
        "OPTIONS" => Reply::new("405 Method Not Allowed", &[], b""),
        _ => Reply::new(
            "302 Found",
            &["Location: https://example.org/login?next=1"],
            b"",
        ),
    });
    let error = read_keys(&at(&server.url("KEYS")), &client())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::KeysNotFound, Exit::Verdict));
    assert!(
        error
            .to_string()
            .contains("points to https://example.org/login?…"),
        "{error}"
    );
}
