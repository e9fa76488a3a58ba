// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A source that is listed by index pages, through the library.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::httpd::Listing;
use testbed::scripted::{Reply, Scripted};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_name_that_a_server_lists_is_fetched_as_it_is() {
    let httpd = Httpd::start();
    let names = [
        "#hash;semi&amp.txt",
        "...",
        "..dots",
        "100%25.whl",
        "a very long name that every form but one would cut-1.0-py3-none-any.whl",
        "a:b.whl",
        "back\\slash",
        "empty",
        "plus+and?question",
        "sub folder%/ü/日本.whl",
        "x@y@2.txt",
        "~tilde'quote\"double",
    ];
    for name in names {
        let path = httpd.plain().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, if name == "empty" { "" } else { name }).unwrap();
    }
    for form in Listing::ALL {
        let source = open(&httpd.listed_url(form, "")).await.unwrap();
        assert!(source.is_without_history());
        assert_eq!((source.revision(), source.first_segment()), (None, None));
        let entries = source.list(&LIMITS).await.unwrap();
        assert_eq!(paths(&entries), names, "{form:?}");
        assert_eq!(source.list_head(&LIMITS).await.unwrap(), entries);
        let temp = tempfile::tempdir().unwrap();
        for entry in &entries {
            let fetched = source.fetch(entry, &LIMITS, temp.path()).await.unwrap();
            let expected = if entry.path == "empty" {
                ""
            } else {
                &entry.path
            };
            assert_eq!(bytes(&fetched), expected.as_bytes(), "{form:?}");
            let small = source.read_small(entry, 1000).await.unwrap();
            assert_eq!(small, expected.as_bytes(), "{form:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_for_index_pages_too() {
    let httpd = Httpd::start();
    for number in 0..5 {
        let folder = httpd.plain().join(format!("foo/{number}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.whl"), vec![b'x'; 1000]).unwrap();
    }
    let source = open(&httpd.plain_url("foo")).await.unwrap();
    for (max_files, enough) in [(4, false), (6, true)] {
        let limits = Limits {
            max_files,
            ..LIMITS
        };
        match source.list(&limits).await {
            Ok(entries) => assert!(enough && entries.len() == 5),
            Err(error) => {
                assert!(!enough, "{error}");
                assert_eq!(verdict(&error), (Rule::LimitExceeded, Exit::Verdict));
            }
        }
    }
    // Whoever has no revisions keeps none to be asked for.
    let location = at(&httpd.plain_url("foo/"));
    let error = Source::open(&location, Some(1), &client())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::SourceRefused, Exit::Verdict));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_four_requests_are_under_way_while_listing_and_fetching() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    let server = Scripted::start(move |request| {
        let running = now.fetch_add(1, Ordering::SeqCst) + 1;
        highest.fetch_max(running, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        now.fetch_sub(1, Ordering::SeqCst);
        let is_top = request.target == "/r/";
        let page = |names: &str| {
            let page = format!("<html><title>Index of /r</title>{names}</html>");
            Reply::new("200 OK", &[], page.as_bytes())
        };
        match request.method.as_str() {
            "OPTIONS" => Reply::new("405 Method Not Allowed", &[], b""),
            "HEAD" => {
                Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: \"1\"\r\n\r\n".to_vec())
            }
            _ if is_top => {
                let folders = ["a", "b", "c", "d", "e", "f", "g", "h"];
                page(&folders.map(|name| format!("<a href=\"{name}/\">")).concat())
            }
            _ if request.target.ends_with('/') => page("<a href=x>x</a> <a href=y>y</a>"),
            _ => Reply::new("200 OK", &["ETag: \"1\""], b"xy"),
        }
    });
    let source = open(&server.url("r/")).await.unwrap();
    let entries = source.list(&LIMITS).await.unwrap();
    assert_eq!(entries.len(), 16);
    let temp = tempfile::tempdir().unwrap();
    let fetches = entries
        .iter()
        .map(|entry| source.fetch(entry, &LIMITS, temp.path()));
    let results = futures_util::future::join_all(fetches).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 16);
    assert_eq!(most.load(Ordering::SeqCst), 4);
}
