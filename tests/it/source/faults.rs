// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Servers and networks that fail or lie.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha1::Sha1;
use testbed::proxy::{Faults, Proxy};
use testbed::scripted::{Reply, Request, Scripted};

use super::*;

const BODY: &[u8] = b"the bytes of the file";

/// A small Subversion server that lists eight files of [`BODY`] and answers
/// what `script` says to each GET; the number counts the GETs from 0.
fn svn(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Scripted {
    let gets = AtomicUsize::new(0);
    Scripted::start(move |request| match request.method.as_str() {
        "OPTIONS" => Reply::new("200 OK", &OPTIONS, b""),
        "PROPFIND" => Reply::new("207 Multi-Status", &[], listing().as_bytes()),
        "REPORT" => Reply::new("501 Not Implemented", &[], b""),
        _ => script(gets.fetch_add(1, Ordering::SeqCst), request),
    })
}

const OPTIONS: [&str; 3] = [
    "SVN-Repository-Root: /r",
    "SVN-Rev-Root-Stub: /r/!svn/rvr",
    "SVN-Youngest-Rev: 5",
];

fn listing() -> String {
    let sha1 = hex::encode(Sha1::digest(BODY));
    let file = |number| {
        format!(
            "<response><href>/r/!svn/rvr/5/release/f{number}</href><propstat><prop>\
             <getcontentlength>{}</getcontentlength>\
             <sha1-checksum xmlns=\"http://subversion.tigris.org/xmlns/dav/\">{sha1}</sha1-checksum>\
             </prop><status>HTTP/1.1 200 OK</status></propstat></response>",
            BODY.len()
        )
    };
    let files = [0, 1, 2, 3, 4, 5, 6, 7].map(file).concat();
    format!(
        "<multistatus xmlns=\"DAV:\"><response><href>/r/!svn/rvr/5/release/</href><propstat><prop>\
         <resourcetype><collection/></resourcetype></prop><status>HTTP/1.1 200 OK</status>\
         </propstat></response>{files}</multistatus>"
    )
}

/// Lists the source and fetches its first file.
async fn fetch_first(url: &str, client: &Client) -> Result<Vec<u8>, SourceError> {
    let source = Source::open(&at(url), None, client).await?;
    let entries = source.list(&LIMITS).await?;
    let temp = tempfile::tempdir().unwrap();
    let fetched = source.fetch(&entries[0], &LIMITS, temp.path()).await?;
    Ok(bytes(&fetched))
}

fn gets(server: &Scripted) -> usize {
    let seen = server.seen();
    seen.iter()
        .filter(|request| request.method == "GET")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_passes_is_tried_again() {
    for failure in [
        Reply::new("500 Internal Server Error", &[], b""),
        Reply::new("503 Service Unavailable", &["Retry-After: 1"], b""),
        Reply::new("429 Too Many Requests", &["Retry-After: 0"], b""),
        Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\nthe by".to_vec()),
        Reply::Raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n0\r\n\r\n".to_vec(),
        ),
        Reply::Raw(Vec::new()),
    ] {
        let text = format!("{failure:?}");
        let server = svn(move |count, _| match count {
            0 => failure.clone(),
            _ => Reply::new("200 OK", &[], BODY),
        });
        let found = fetch_first(&server.url("r/release/"), &client()).await;
        assert_eq!(found.as_deref(), Ok(BODY), "{text}");
        assert_eq!(gets(&server), 2, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_stays_ends_after_four_tries() {
    let server = svn(|_, _| Reply::new("502 Bad Gateway", &[], b"<h1>no\r\nluck</h1>"));
    let error = fetch_first(&server.url("r/release/"), &client())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::SourceUnreachable, Exit::Outside));
    let found = error.finding(Some("f0")).found;
    assert!(
        found.ends_with("answered 502 Bad Gateway: <h1>no luck</h1>"),
        "{found}"
    );
    assert_eq!(gets(&server), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_hours_is_left_alone() {
    let server = svn(|_, _| Reply::new("429 Too Many Requests", &["Retry-After: 7200"], b""));
    let error = fetch_first(&server.url("r/release/"), &client())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::SourceUnreachable, Exit::Outside));
    assert!(error.to_string().contains("asks to wait 7200 s"), "{error}");
    assert_eq!(gets(&server), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_answers_is_out_of_reach() {
    let quick = client_with_idle_timeout(Duration::from_millis(200));
    let stalls = [
        Vec::new(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\nthe by".to_vec(),
    ];
    let tries = stalls.map(|stall| async {
        let server = svn(move |_, _| Reply::Stall(stall.clone()));
        let result = fetch_first(&server.url("r/release/"), &quick).await;
        let error = result.unwrap_err();
        assert_eq!(verdict(&error), (Rule::SourceUnreachable, Exit::Outside));
        assert!(error.to_string().contains("stayed silent"), "{error}");
    });
    futures_util::future::join_all(tries).await;
    let nobody = Scripted::start(|_| Reply::Raw(Vec::new()));
    let url = nobody.url("r/release/");
    drop(nobody);
    let error = fetch_first(&url, &quick).await.unwrap_err();
    assert_eq!(verdict(&error), (Rule::SourceUnreachable, Exit::Outside));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_other_than_the_listing_names_are_a_verdict() {
    let long = [BODY, b"!"].concat();
    let short = &BODY[1..];
    let other = b"the BYTES of the file";
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
        16\r\nthe bytes of the file!\r\n0\r\n\r\n";
    for (reply, rule, tries) in [
        (Reply::new("200 OK", &[], other), Rule::SourceBytes, 1),
        (Reply::new("200 OK", &[], &long), Rule::SourceBytes, 1),
        (Reply::Raw(chunked.to_vec()), Rule::SourceBytes, 1),
        (Reply::new("200 OK", &[], short), Rule::SourceBytes, 4),
        (
            Reply::new("200 OK", &["Content-Encoding: gzip"], BODY),
            Rule::SourceRefused,
            1,
        ),
        (
            Reply::new("301 Moved Permanently", &["Location: /elsewhere"], b""),
            Rule::SourceRefused,
            1,
        ),
        (
            Reply::new("404 Not Found", &[], b""),
            Rule::SourceNotFound,
            1,
        ),
        (
            Reply::new("403 Forbidden", &[], b""),
            Rule::SourceRefused,
            1,
        ),
    ] {
        let text = format!("{reply:?}");
        let server = svn(move |_, _| reply.clone());
        let error = fetch_first(&server.url("r/release/"), &client())
            .await
            .unwrap_err();
        assert_eq!(verdict(&error), (rule, Exit::Verdict), "{text}: {error}");
        assert_eq!(gets(&server), tries, "{text}");
    }
    // The same for sidecars, which are read into memory.
    for reply in [
        Reply::new("200 OK", &[], other),
        Reply::new("200 OK", &[], &long),
    ] {
        let server = svn(move |_, _| reply.clone());
        let source = open(&server.url("r/release/")).await.unwrap();
        let entries = source.list(&LIMITS).await.unwrap();
        let error = source.read_small(&entries[0], 100).await.unwrap_err();
        assert_eq!(verdict(&error), (Rule::SourceBytes, Exit::Verdict));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_subversion_is_refused() {
    let page = b"<!DOCTYPE html><html><body>Index of /</body></html>";
    let elsewhere = ["SVN-Repository-Root: /x", OPTIONS[1], OPTIONS[2]];
    for (options, propfind, why) in [
        (
            Reply::new("200 OK", &["Content-Type: text/html"], page),
            None,
            "a web page",
        ),
        (
            Reply::new("501 Unsupported method", &[], page),
            None,
            "python's server",
        ),
        (
            Reply::new("302 Found", &["Location: https://example.org/"], b""),
            None,
            "a redirect",
        ),
        (
            Reply::new("200 OK", &elsewhere, b""),
            None,
            "another repository",
        ),
        (
            Reply::new("200 OK", &OPTIONS[..1], b""),
            None,
            "half of the headers",
        ),
        (
            Reply::new("200 OK", &OPTIONS, b""),
            Some(Reply::new("200 OK", &[], page)),
            "HTML for a listing",
        ),
        (
            Reply::new("200 OK", &OPTIONS, b""),
            Some(Reply::new("207 Multi-Status", &[], page)),
            "HTML that says it is a listing",
        ),
        (
            Reply::new("200 OK", &OPTIONS, b""),
            Some(Reply::new(
                "207 Multi-Status",
                &[],
                listing()
                    .replace("release/f3", "release/../dev/f3")
                    .as_bytes(),
            )),
            "a listing that leads elsewhere",
        ),
        (
            Reply::new("200 OK", &OPTIONS, b""),
            Some(Reply::new(
                "207 Multi-Status",
                &[],
                listing().replace("f3", "f4").as_bytes(),
            )),
            "a listing that names a file twice",
        ),
    ] {
        let server = Scripted::start(move |request| match request.method.as_str() {
            "PROPFIND" => propfind.clone().unwrap(),
            _ => options.clone(),
        });
        let result = fetch_first(&server.url("r/release/"), &client()).await;
        let error = result.expect_err(why);
        assert_eq!(
            verdict(&error),
            (Rule::SourceRefused, Exit::Verdict),
            "{why}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_in_the_middle_of_a_file_is_made_again() {
    let large = vec![b'x'; 1 << 20];
    let httpd = Httpd::start();
    httpd.put("release/foo/a.whl", &large, "a");
    // The listing makes two connections, either of which may bring the file.
    for (cuts, passes) in [(Some(2), true), (None, false)] {
        let proxy = Proxy::start(httpd.port());
        proxy.set(Faults {
            cut_after: Some(500_000),
            cuts,
            ..Faults::default()
        });
        let url = proxy.through(&httpd.url("release/foo/"));
        match fetch_first(&url, &client()).await {
            Ok(found) => assert!(passes && found == large),
            Err(error) => {
                assert!(!passes, "{error}");
                assert_eq!(verdict(&error), (Rule::SourceUnreachable, Exit::Outside));
            }
        }
        let cut = proxy.counts().cut;
        assert!(
            if passes {
                matches!(cut, 1 | 2)
            } else {
                cut == 4
            },
            "{cut}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_four_requests_are_under_way_and_each_names_its_sender() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    let server = svn(move |_, _| {
        let running = now.fetch_add(1, Ordering::SeqCst) + 1;
        highest.fetch_max(running, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        now.fetch_sub(1, Ordering::SeqCst);
        Reply::new("200 OK", &[], BODY)
    });
    let source = open(&server.url("r/release/")).await.unwrap();
    let entries = source.list(&LIMITS).await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let fetches = entries
        .iter()
        .map(|entry| source.fetch(entry, &LIMITS, temp.path()));
    let results = futures_util::future::join_all(fetches).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 8);
    assert_eq!(most.load(Ordering::SeqCst), 4);
    for request in server.seen() {
        let head = request.head.to_ascii_lowercase();
        assert!(
            head.contains("user-agent: asf-pypi-publish/test (apache/example)"),
            "{head}"
        );
        assert!(
            request.method != "GET" || head.contains("accept-encoding: identity"),
            "{head}"
        );
    }
}
