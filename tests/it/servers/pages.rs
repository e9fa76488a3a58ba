// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Web servers whose index pages lie, and servers that ask for less.

use std::fmt::Write as _;

use super::*;

type Lie = fn(&Asked<'_>) -> Option<Reply>;

const PATH: &str = "/example/1.0/";

/// What stands in the place of a lie.
fn always(asked: bool, reply: impl FnOnce() -> Reply) -> Option<Reply> {
    asked.then(reply)
}

fn index_page(links: &str) -> Vec<u8> {
    format!(
        "<html>\n <head>\n  <title>Index of {PATH}</title>\n </head>\n <body>\n\
         <pre><a href=\"?C=N;O=D\">Name</a><hr><a href=\"/example/\">Parent Directory</a>\n\
         {links}<hr></pre>\n</body></html>\n"
    )
    .into_bytes()
}

fn links<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut links = String::new();
    for name in names {
        let _ = writeln!(
            links,
            "<a href=\"{name}\">{name}</a>  2026-11-25 21:46  2  "
        );
    }
    links
}

/// A web server that lists these files and is honest where `lie` gives nothing.
fn pages(
    files: Files,
    lie: impl Fn(&Asked<'_>) -> Option<Reply> + Send + Sync + 'static,
) -> Scripted {
    let counts = [const { AtomicUsize::new(0) }; 3];
    Scripted::start(move |request| {
        let method = match request.method.as_str() {
            "OPTIONS" => 0,
            "HEAD" => 1,
            _ => 2,
        };
        let asked = Asked {
            request,
            count: counts[method].fetch_add(1, Ordering::SeqCst),
        };
        lie(&asked).unwrap_or_else(|| honest(&files, request))
    })
}

fn honest(files: &Files, request: &Request) -> Reply {
    let name = request.target.strip_prefix(PATH).unwrap_or_default();
    if request.method == "OPTIONS" {
        return Reply::new("200 OK", &["Allow: GET,HEAD,OPTIONS"], b"");
    }
    if name.is_empty() {
        let names = links(files.keys().map(String::as_str));
        return Reply::new("200 OK", &[], &index_page(&names));
    }
    match (files.get(name), request.method.as_str()) {
        (Some(bytes), "HEAD") => head(&[&format!("Content-Length: {}", bytes.len()), ETAG]),
        (Some(bytes), _) => Reply::new("200 OK", &[ETAG], bytes),
        (None, _) => Reply::new("404 Not Found", &[], b""),
    }
}

const ETAG: &str = "ETag: \"29-66120c2864aa9\"";

/// An answer without a body.
fn head(headers: &[&str]) -> Reply {
    let headers = headers.join("\r\n");
    Reply::Raw(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}\r\n\r\n").into_bytes())
}

/// Publishes the release that lies on this server.
fn publish_pages(world: &World, server: &Scripted) -> Ran {
    let source = server.url(&PATH[1..]);
    let inputs = [
        ("source", source.as_str()),
        ("area", "release"),
        ("idle-timeout", "1 s"),
    ];
    world.run("publish", &inputs)
}

fn is_page(asked: &Asked<'_>) -> bool {
    asked.is("GET") && asked.request.target.ends_with('/')
}

/// An answer to every question for a page.
fn lists(asked: &Asked<'_>, names: &[&str]) -> Option<Reply> {
    let page = || Reply::new("200 OK", &[], &index_page(&links(names.iter().copied())));
    is_page(asked).then(page)
}

/// Each ends in these verdicts with nothing sent.
fn refuse_all(cases: &[(&str, Lie, &str)]) {
    let world = World::start();
    for (class, lie, rule) in cases {
        let server = pages(project("example", "1.0"), *lie);
        let ran = publish_pages(&world, &server);
        assert_refused(&world, &ran, class, &[rule], 1);
        assert!(!ran.everything().contains("secret=1"), "{class}");
        let seen = server.seen();
        assert!(seen.len() < 200, "{class}: {} requests", seen.len());
        for request in &seen {
            let below = request.target.starts_with(PATH);
            assert!(
                below && !request.target.contains(".."),
                "{class}: {request:?}"
            );
        }
    }
}

#[test]
fn an_honest_server_is_read_and_told_who_asks() {
    let world = World::start();
    let server = pages(project("example", "1.0"), |_| None);
    let ran = publish_pages(&world, &server);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(world.index.files("example").len(), 2);
    let seen = server.seen();
    let count = |method: &str, page: bool| {
        let fits =
            |request: &&Request| request.method == method && request.target.ends_with('/') == page;
        seen.iter().filter(fits).count()
    };
    // The listing, each byte once, and the listing just before the token.
    assert_eq!((count("GET", true), count("GET", false)), (2, 6));
    assert_eq!((count("HEAD", false), count("OPTIONS", true)), (12, 1));
    for request in &seen {
        let head = request.head.to_ascii_lowercase();
        assert!(head.contains("user-agent: asf-pypi-publish/"), "{head}");
        assert!(
            head.contains("apache/asf-pypi-publish; no repository)"),
            "{head}"
        );
        let identity = head.contains("accept-encoding: identity");
        assert!(request.method == "OPTIONS" || identity, "{head}");
    }
}

#[test]
fn pages_that_lie_end_in_a_verdict() {
    refuse_all(&[
        (
            "a web page that is no index",
            |asked| always(is_page(asked), || Reply::new("200 OK", &[], PAGE)),
            "source-refused",
        ),
        (
            "an index page in its text alone",
            |asked| {
                let page =
                    b"<html><title>Mirror</title><h1>Index of /</h1><a href=\"a.whl\">a</a></html>";
                always(is_page(asked), || Reply::new("200 OK", &[], page))
            },
            "source-refused",
        ),
        (
            "half a page",
            |asked| {
                let page = index_page(&links([WHEEL, SDIST]));
                let half = || Reply::new("200 OK", &[], &page[..page.len() / 2]);
                always(is_page(asked), half)
            },
            "source-refused",
        ),
        (
            "a page without end",
            |asked| {
                let page = || Reply::new("200 OK", &[], &vec![b' '; (8 << 20) + 1]);
                always(is_page(asked), page)
            },
            "source-refused",
        ),
        (
            "a page with status 203",
            |asked| {
                let page = index_page(&links([WHEEL]));
                always(is_page(asked), || {
                    Reply::new("203 Non-Authoritative Information", &[], &page)
                })
            },
            "source-refused",
        ),
        (
            "a redirect of the page",
            |asked| {
                let to = ["Location: https://example.org/login?secret=1"];
                always(is_page(asked), || Reply::new("302 Found", &to, b""))
            },
            "source-refused",
        ),
        (
            "a folder that lists itself",
            |asked| lists(asked, &["again/"]),
            "limit-exceeded",
        ),
        (
            "more files than the limit",
            |asked| {
                let names: Vec<String> = (0..5001).map(|number| format!("f{number}")).collect();
                lists(asked, &names.iter().map(String::as_str).collect::<Vec<_>>())
            },
            "limit-exceeded",
        ),
        (
            "names that climb out in disguise",
            |asked| lists(asked, &["%2e%2e/"]),
            "source-refused",
        ),
        (
            "names of other folders",
            |asked| lists(asked, &["sub/x.whl"]),
            "source-refused",
        ),
        (
            "links to other places alone",
            |asked| {
                lists(
                    asked,
                    &[
                        "../x.whl",
                        "/dev/x.whl",
                        "//example.org/x.whl",
                        "https://example.org/x.whl",
                    ],
                )
            },
            "nothing-to-publish",
        ),
    ]);
}

#[test]
fn files_that_are_not_as_they_are_listed_end_in_a_verdict() {
    refuse_all(&[
        (
            "a file that is listed and not there",
            |asked| lists(asked, &[WHEEL, "gone.whl"]),
            "source-not-found",
        ),
        (
            "a redirect of a question",
            |asked| {
                let to = "HTTP/1.1 302 Found\r\nLocation: https://example.org/?secret=1\r\n\r\n";
                always(asked.is("HEAD"), || Reply::Raw(to.into()))
            },
            "source-refused",
        ),
        (
            "a redirect of a file",
            |asked| {
                let to = ["Location: https://example.org/x.whl?secret=1"];
                always(asked.gets(WHEEL), || Reply::new("302 Found", &to, b""))
            },
            "source-refused",
        ),
        (
            "no length",
            |asked| always(asked.is("HEAD"), || head(&[ETAG])),
            "source-refused",
        ),
        (
            "neither an ETag nor a time",
            |asked| always(asked.is("HEAD"), || head(&["Content-Length: 9"])),
            "source-refused",
        ),
        (
            "a file larger than any disk",
            |asked| {
                let size = format!("Content-Length: {}", u64::MAX);
                let is_wheel = asked.is("HEAD") && asked.request.target.ends_with(WHEEL);
                always(is_wheel, || head(&[&size, ETAG]))
            },
            "limit-exceeded",
        ),
        (
            "another ETag with the bytes",
            |asked| {
                let (_, bytes) = wheel("example", "1.0");
                always(asked.gets(WHEEL), || {
                    Reply::new("200 OK", &["ETag: \"29-7\""], &bytes)
                })
            },
            "source-changed",
        ),
        (
            "more bytes than it has",
            |asked| {
                let (_, mut bytes) = wheel("example", "1.0");
                bytes.push(0);
                always(asked.gets(WHEEL), || Reply::new("200 OK", &[ETAG], &bytes))
            },
            "source-bytes",
        ),
        (
            "fewer bytes than it has, every time",
            |asked| {
                let name = format!("{WHEEL}.asc");
                always(asked.gets(&name), || Reply::new("200 OK", &[ETAG], b"----"))
            },
            "source-bytes",
        ),
        (
            "a file that is compressed on the way",
            |asked| {
                let (_, bytes) = wheel("example", "1.0");
                always(asked.gets(WHEEL), || {
                    Reply::new("200 OK", &[ETAG, "Content-Encoding: gzip"], &bytes)
                })
            },
            "source-refused",
        ),
        (
            "another listing just before the token",
            |asked| {
                let page = is_page(asked) && asked.count > 0;
                always(page, || Reply::new("404 Not Found", &[], b""))
            },
            "source-changed",
        ),
        (
            "a file that is listed and gone just before the token",
            |asked| {
                let again = asked.is("HEAD") && asked.count >= 6;
                let gone = again && asked.request.target.ends_with(SDIST);
                always(gone, || Reply::new("404 Not Found", &[], b""))
            },
            "source-changed",
        ),
    ]);
}

#[test]
fn a_ban_is_explained() {
    let world = World::start();
    let banned: Lie = |_| Some(Reply::new("403 Forbidden", &[], PAGE));
    for server in [
        pages(Files::new(), banned),
        subversion(Files::new(), banned),
        pages(project("example", "1.0"), |asked| {
            always(asked.gets(WHEEL), || Reply::new("403 Forbidden", &[], PAGE))
        }),
    ] {
        let ran = match server.seen().len() {
            0 => publish_pages(&world, &server),
            seen => panic!("{seen} requests before the run"),
        };
        assert_refused(&world, &ran, "403", &["source-refused"], 1);
        let said = said(&ran, "source-refused");
        for words in ["infra.apache.org/abc", "40 GB a week", "another runner"] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    let server = pages(project("example", "1.0"), |asked| {
        let keys = asked.request.target.ends_with("KEYS");
        always(keys, || Reply::new("403 Forbidden", &[], PAGE))
    });
    let keys = server.url("example/1.0/KEYS");
    let source = server.url(&PATH[1..]);
    let inputs = [
        ("source", source.as_str()),
        ("keys", &keys),
        ("area", "release"),
    ];
    let ran = world.run("publish", &inputs);
    assert_refused(&world, &ran, "KEYS", &["keys-not-found"], 1);
    assert!(said(&ran, "keys-not-found").contains("infra.apache.org/abc"));
}

#[test]
fn a_server_that_asks_to_wait_is_never_asked_too_soon() {
    let world = World::start();
    // More than a run may wait: asked once and no more.
    let server = pages(project("example", "1.0"), |asked| {
        let later = ["Retry-After: 3600"];
        always(is_page(asked), || {
            Reply::new("429 Too Many Requests", &later, b"")
        })
    });
    let ran = publish_pages(&world, &server);
    assert_refused(&world, &ran, "429", &["source-unreachable"], 3);
    let said = said(&ran, "source-unreachable");
    for words in ["asks to wait 3600 s", "infra.apache.org/abc", "40 GB"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(server.seen().len(), 2, "OPTIONS and the page, once each");

    // What can be waited for is waited for: each kind of request, once.
    let server = pages(project("example", "1.0"), |asked| {
        let first = asked.count == 0 && !asked.is("OPTIONS");
        let busy = "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nRetry-After: 1\r\n\
                    Content-Length: 0\r\n\r\n";
        always(first, || Reply::Raw(busy.into()))
    });
    let ran = publish_pages(&world, &server);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("asks to wait 1 s"), "{}", ran.stderr);
    assert_eq!(world.index.files("example").len(), 2);
}
