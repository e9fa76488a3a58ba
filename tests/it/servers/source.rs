// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The source and KEYS.

use super::*;

type Lie = fn(&Asked<'_>) -> Option<Reply>;

fn always(asked: bool, reply: Reply) -> Option<Reply> {
    asked.then_some(reply)
}

/// The head of an answer that promises the wheel, and half of what it promises.
fn half_a_wheel() -> Reply {
    let (_, bytes) = wheel("example", "1.0");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
    Reply::Raw([head.as_bytes(), &bytes[..bytes.len() / 2]].concat())
}

/// An answer to every listing.
fn lists(asked: &Asked<'_>, rows: &str) -> Option<Reply> {
    let body = multistatus(rows);
    let reply = || Reply::new("207 Multi-Status", &[], body.as_bytes());
    asked.is("PROPFIND").then(reply)
}

/// Each ends in these verdicts with nothing sent.
fn refuse_all(cases: &[(&str, Lie, &[&str])]) {
    let world = World::start();
    for (class, lie, rules) in cases {
        let server = subversion(project("example", "1.0"), *lie);
        let ran = publish_from(&world, &server, &[]);
        assert_refused(&world, &ran, class, rules, 1);
        assert!(!ran.everything().contains("secret=1"), "{class}");
    }
}

#[test]
fn sources_that_lie_end_in_a_verdict() {
    refuse_all(&[
        (
            "404 to everything",
            |_| Some(Reply::new("404 Not Found", &[], PAGE)),
            &["source-not-found"],
        ),
        (
            "403, as a ban answers",
            |_| Some(Reply::new("403 Forbidden", &[], PAGE)),
            &["source-refused"],
        ),
        (
            "a web page with status 200",
            |_| Some(Reply::new("200 OK", &["Content-Type: text/html"], PAGE)),
            &["source-refused"],
        ),
        (
            "a redirect of the source",
            |_| {
                Some(Reply::new(
                    "302 Found",
                    &["Location: https://example.org/login?secret=1"],
                    b"",
                ))
            },
            &["source-refused"],
        ),
        (
            "a redirect of one file",
            |asked| {
                always(
                    asked.gets(WHEEL),
                    Reply::new(
                        "301 Moved Permanently",
                        &["Location: https://example.org/x.whl"],
                        b"",
                    ),
                )
            },
            &["source-refused"],
        ),
        (
            "one file gone",
            |asked| always(asked.gets(SDIST), Reply::new("404 Not Found", &[], PAGE)),
            &["source-not-found"],
        ),
        (
            "other bytes than listed",
            |asked| {
                let (_, mut bytes) = wheel("example", "1.0");
                bytes[40] ^= 1;
                always(asked.gets(WHEEL), Reply::new("200 OK", &[], &bytes))
            },
            &["source-bytes"],
        ),
        (
            "another signature than listed",
            |asked| {
                always(
                    asked.gets(&format!("{WHEEL}.asc")),
                    Reply::new("200 OK", &[], b"-----BEGIN PGP SIGNATURE-----"),
                )
            },
            &["source-bytes"],
        ),
        (
            "a file that is compressed on the way",
            |asked| {
                let (_, bytes) = wheel("example", "1.0");
                always(
                    asked.gets(WHEEL),
                    Reply::new("200 OK", &["Content-Encoding: gzip"], &bytes),
                )
            },
            &["source-refused"],
        ),
    ]);
}

#[test]
fn listings_that_lie_end_in_a_verdict() {
    refuse_all(&[
        (
            "a listing that climbs out",
            |asked| lists(asked, &row("../../evil/x.whl", 1, &"0".repeat(40))),
            &["source-refused"],
        ),
        (
            "a listing that climbs out in disguise",
            |asked| lists(asked, &row("%2e%2e/x.whl", 1, &"0".repeat(40))),
            &["source-refused"],
        ),
        (
            "a listing of another place",
            |asked| {
                let rows = row("x.whl", 1, &"0".repeat(40)).replace("/release/", "/dev/");
                lists(asked, &rows)
            },
            &["source-refused"],
        ),
        (
            "a listing of another server",
            |asked| {
                let rows = row("x.whl", 1, &"0".repeat(40))
                    .replace("<href>/repos", "<href>https://example.org/repos");
                lists(asked, &rows)
            },
            &["source-refused"],
        ),
        (
            "a listing that defines entities",
            |asked| {
                let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
                let body = format!("{bomb}{}", multistatus("<response>&b;</response>"));
                always(
                    asked.is("PROPFIND"),
                    Reply::new("207 Multi-Status", &[], body.as_bytes()),
                )
            },
            &["source-refused"],
        ),
        (
            "a listing without end",
            |asked| {
                always(
                    asked.is("PROPFIND"),
                    Reply::new("207 Multi-Status", &[], &vec![b' '; 17 << 20]),
                )
            },
            &["source-refused"],
        ),
        (
            "more files than the limit",
            |asked| {
                let rows: String = (0..6000)
                    .map(|number| row(&format!("f{number}.whl"), 1, &"0".repeat(40)))
                    .collect();
                lists(asked, &rows)
            },
            &["limit-exceeded"],
        ),
        (
            "a file larger than any disk",
            |asked| lists(asked, &row(WHEEL, usize::MAX, &"0".repeat(40))),
            &["limit-exceeded"],
        ),
        (
            "a link",
            |asked| {
                let special = "<resourcetype/><special \
                     xmlns=\"http://subversion.tigris.org/xmlns/svn/\">*</special>";
                let rows = row(WHEEL, 4, &"0".repeat(40)).replace("<resourcetype/>", special);
                lists(asked, &rows)
            },
            &["nothing-to-publish", "source-special"],
        ),
    ]);
}

#[test]
fn sources_that_die_may_come_back() {
    let cases: &[(&str, Lie)] = &[
        ("500 to everything", |_| {
            Some(Reply::new("500 Internal Server Error", &[], PAGE))
        }),
        ("a server that asks for hours", |_| {
            Some(Reply::new(
                "503 Service Unavailable",
                &["Retry-After: 7200"],
                b"",
            ))
        }),
        ("half of a file, every time", |asked| {
            always(asked.gets(WHEEL), half_a_wheel())
        }),
        ("never an answer", |_| Some(Reply::Stall(Vec::new()))),
        ("never the rest of a file", |asked| {
            let Reply::Raw(half) = half_a_wheel() else {
                return None;
            };
            always(asked.gets(WHEEL), Reply::Stall(half))
        }),
    ];
    std::thread::scope(|scope| {
        for (class, lie) in cases {
            scope.spawn(move || {
                let world = World::start();
                let server = subversion(project("example", "1.0"), *lie);
                let ran = publish_from(&world, &server, &[]);
                assert_refused(&world, &ran, class, &["source-unreachable"], 3);
                assert_eq!(ran.report["outcome"], "failed", "{class}");
                let said = said(&ran, "source-unreachable");
                assert!(said.contains("Run the job again"), "{class}: {said}");
            });
        }
    });
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    let cases: &[(&str, Lie)] = &[
        ("503, and how long to wait", |asked| {
            let busy = Reply::new("503 Service Unavailable", &["Retry-After: 1"], b"");
            always(asked.is("OPTIONS") && asked.count == 0, busy)
        }),
        ("429 to a listing", |asked| {
            let busy = Reply::new("429 Too Many Requests", &["Retry-After: 0"], b"");
            always(asked.is("PROPFIND") && asked.count == 0, busy)
        }),
        ("503 to a report", |asked| {
            let busy = Reply::new("503 Service Unavailable", &["Retry-After: 1"], b"");
            always(asked.is("REPORT") && asked.count == 0, busy)
        }),
        ("half of the first file", |asked| {
            let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
            always(asked.is("GET") && asked.count == 0, Reply::Raw(half))
        }),
        ("a connection that is dropped", |asked| {
            always(asked.count == 0, Reply::Raw(Vec::new()))
        }),
    ];
    for (class, lie) in cases {
        let world = World::start();
        let server = subversion(project("example", "1.0"), *lie);
        let ran = publish_from(&world, &server, &[]);
        assert_eq!(ran.status, 0, "{class}: {}", ran.stderr);
        assert_eq!(world.index.files("example").len(), 2, "{class}");
    }
}

#[test]
fn a_verdict_stands_although_another_file_is_out_of_reach() {
    let world = World::start();
    let mut files = project("example", "1.0");
    files.insert(format!("{SDIST}.sha512"), vec![b'0'; 128]);
    let server = subversion(files, |asked| {
        always(asked.gets(WHEEL), Reply::new("502 Bad Gateway", &[], b""))
    });
    let ran = publish_from(&world, &server, &[]);
    let rules = ["checksum-mismatch", "source-unreachable"];
    assert_refused(&world, &ran, "1 beats 3", &rules, 1);
}

#[test]
fn a_server_that_forgets_digests_is_still_held_to_its_revisions() {
    let world = World::start();
    let without_sha1 = |revision: usize| {
        let rows = listing(&project("example", "1.0"));
        let mut body = String::new();
        for part in rows.split("<sha1-checksum") {
            let rest = part.split_once("</sha1-checksum>");
            body.push_str(rest.map_or(part, |(_, rest)| rest));
        }
        let created = format!("<version-name>{revision}</version-name><getcontentlength>");
        body.replace("<getcontentlength>", &created)
    };
    let server = subversion(project("example", "1.0"), move |asked| {
        let revision = 3 + asked.count;
        always(
            asked.is("PROPFIND"),
            Reply::new("207 Multi-Status", &[], without_sha1(revision).as_bytes()),
        )
    });
    let ran = publish_from(&world, &server, &[]);
    assert_refused(&world, &ran, "no SHA-1", &["source-changed"], 1);
}

#[test]
fn keys_that_are_out_of_reach_or_elsewhere() {
    let world = World::with_release();
    let cases: [(&str, Reply, &str, i32); 7] = [
        (
            "404",
            Reply::new("404 Not Found", &[], PAGE),
            "keys-not-found",
            1,
        ),
        (
            "a web page",
            Reply::new("200 OK", &[], PAGE),
            "keys-unusable",
            1,
        ),
        (
            "a redirect",
            Reply::new("302 Found", &["Location: https://example.org/"], b""),
            "keys-not-found",
            1,
        ),
        (
            "more than any KEYS has",
            Reply::new("200 OK", &[], &vec![b'\n'; (20 << 20) + 1]),
            "keys-unusable",
            1,
        ),
        (
            "500",
            Reply::new("500 Internal Server Error", &[], PAGE),
            "keys-unreachable",
            3,
        ),
        ("cut off", Reply::Raw(Vec::new()), "keys-unreachable", 3),
        ("silence", Reply::Stall(Vec::new()), "keys-unreachable", 3),
    ];
    for (class, reply, rule, status) in cases {
        let server = Scripted::start(move |request| match request.method.as_str() {
            "OPTIONS" => Reply::new("405 Method Not Allowed", &[], b""),
            _ => reply.clone(),
        });
        let keys = server.url("KEYS");
        let ran = world.run("publish", &[("keys", &keys), ("idle-timeout", "1 s")]);
        assert_refused(&world, &ran, class, &[rule], status);
    }
    let keys = world.dist.url("dev/example/KEYS");
    let ran = world.run("publish", &[("keys", &keys)]);
    assert_refused(&world, &ran, "KEYS in dev", &["keys-from-dev"], 2);
}
