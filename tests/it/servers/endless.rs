// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Servers that never come to an end: whatever they send on and on, the run
//! ends, with the rule that says why.

use std::time::Duration;

use super::*;

/// The head of an answer whose body has no length, so that only the end of the
/// connection ends it.
fn head(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// A body of these bytes again and again.
fn endless(status: &str, more: &[u8]) -> Reply {
    Reply::Endless(head(status), more.repeat(8192))
}

/// Each with what it sends, the rules, and the status of the run.
type Case = (
    &'static str,
    fn(&Asked<'_>) -> Option<Reply>,
    &'static [&'static str],
    i32,
);

const CASES: &[Case] = &[
    (
        "a file without end",
        |asked| asked.gets(WHEEL).then(|| endless("200 OK", b"more")),
        &["source-bytes"],
        1,
    ),
    (
        "a signature without end",
        |asked| asked.gets(".whl.asc").then(|| endless("200 OK", b"more")),
        &["source-bytes"],
        1,
    ),
    (
        "a listing without end and without a length",
        |asked| {
            asked
                .is("PROPFIND")
                .then(|| endless("207 Multi-Status", b"<a/>"))
        },
        &["source-refused"],
        1,
    ),
    (
        "an error without end",
        |asked| {
            asked
                .is("PROPFIND")
                .then(|| endless("500 Internal Server Error", b"sorry "))
        },
        &["source-unreachable"],
        3,
    ),
    (
        "an introduction without end",
        |asked| {
            let mut start = b"HTTP/1.1 200 OK\r\n".to_vec();
            for header in INTRODUCTION {
                start.extend_from_slice(header.as_bytes());
                start.extend_from_slice(b"\r\n");
            }
            start.extend_from_slice(b"Connection: close\r\n\r\n");
            asked
                .is("OPTIONS")
                .then(|| Reply::Endless(start, vec![b' '; 65_536]))
        },
        &["source-refused"],
        1,
    ),
    (
        "headers without end",
        |asked| {
            let start = b"HTTP/1.1 207 Multi-Status\r\n".to_vec();
            let more = b"X-More: and more\r\n".repeat(4096);
            asked.is("PROPFIND").then_some(Reply::Endless(start, more))
        },
        &["source-unreachable"],
        3,
    ),
    (
        "promises without end",
        |asked| {
            let more = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(512);
            asked
                .is("PROPFIND")
                .then(|| Reply::Endless(Vec::new(), more))
        },
        &["source-unreachable"],
        3,
    ),
    (
        "folders in folders without end",
        |asked| {
            let target = asked.request.target.trim_end_matches('/');
            let folder = |href: &str| {
                format!(
                    "<response><href>{href}/</href><propstat><prop><resourcetype><collection/>\
                     </resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat></response>"
                )
            };
            let rows = folder(target) + &folder(&format!("{target}/d"));
            let body = format!("<multistatus xmlns=\"DAV:\">{rows}</multistatus>");
            let reply = || Reply::new("207 Multi-Status", &[], body.as_bytes());
            asked.is("PROPFIND").then(reply)
        },
        &["limit-exceeded"],
        1,
    ),
    (
        "a listing that keeps its reader busy",
        |asked| {
            let attributes: Vec<String> = (0..500_000).map(|n| format!("a{n:x}='' ")).collect();
            let rows = format!("<response {}/>", attributes.concat());
            lists_rows(asked, &rows)
        },
        &["source-refused"],
        1,
    ),
];

fn lists_rows(asked: &Asked<'_>, rows: &str) -> Option<Reply> {
    let body = multistatus(rows);
    let reply = || Reply::new("207 Multi-Status", &[], body.as_bytes());
    asked.is("PROPFIND").then(reply)
}

#[test]
fn servers_that_never_end_are_left() {
    std::thread::scope(|scope| {
        for (class, lie, rules, status) in CASES {
            scope.spawn(move || {
                let world = World::start();
                let server = subversion(project("example", "1.0"), *lie);
                let ran = publish_from(&world, &server, &[("max-files", "40")]);
                assert_refused(&world, &ran, class, rules, *status);
            });
        }
    });
}

/// What drips: a name, which answer, and with which status.
type Drip = (&'static str, fn(&Asked<'_>) -> bool, &'static str);

#[test]
fn servers_that_are_never_silent_but_never_done_are_left() {
    let drip = |status: &str| Reply::Drip(head(status), Duration::from_millis(100));
    let cases: &[Drip] = &[
        (
            "a listing",
            |asked| asked.is("PROPFIND"),
            "207 Multi-Status",
        ),
        ("a file", |asked| asked.gets(WHEEL), "200 OK"),
        ("a signature", |asked| asked.gets(".whl.asc"), "200 OK"),
    ];
    for &(class, which, status) in cases {
        let world = World::start();
        let server = subversion(project("example", "1.0"), move |asked| {
            which(asked).then(|| drip(status))
        });
        let ran = publish_from(&world, &server, &[("source-timeout", "2 s")]);
        assert_refused(&world, &ran, class, &["source-unreachable"], 3);
        assert!(
            said(&ran, "source-unreachable").contains("source-timeout"),
            "{class}"
        );
    }
}

#[test]
fn keys_without_end_are_not_waited_for() {
    let world = World::with_release();
    let server = Scripted::start(|request| match request.method.as_str() {
        "OPTIONS" => Reply::new("405 Method Not Allowed", &[], b""),
        _ => endless("200 OK", b"key\n"),
    });
    let ran = world.run("publish", &[("keys", &server.url("KEYS"))]);
    assert_refused(&world, &ran, "KEYS without end", &["keys-unusable"], 1);
}
