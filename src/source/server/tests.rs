// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn a_server_is_believed_only_where_its_words_fit_the_address() {
    let address = "https://dist.example.org/repos/dist/dev/foo/";
    for (address, root, stub, youngest, first) in [
        (
            address,
            "/repos/dist",
            "/repos/dist/!svn/rvr",
            "7",
            Some("dev"),
        ),
        (
            address,
            "/repos/di%73t",
            "/repos/dist/!svn/rvr",
            "7",
            Some("dev"),
        ),
        (
            "https://a.org/repos/dist/",
            "/repos/dist",
            "/repos/dist/!svn/rvr",
            "7",
            None,
        ),
        (
            "https://a.org/release/x",
            "/",
            "/!svn/rvr",
            "7",
            Some("release"),
        ),
    ] {
        let served = place(&url(address), root, stub, youngest).unwrap();
        assert_eq!(served.first_segment(), first, "{address}");
        assert_eq!(served.youngest, 7);
    }
    for (address, root, stub, youngest, why) in [
        (
            address,
            "/repos/dist/dev/foo/release",
            "/repos/dist/!svn/rvr",
            "7",
            "below",
        ),
        (
            address,
            "/repos/dis",
            "/repos/dis/!svn/rvr",
            "7",
            "half a segment",
        ),
        (
            address,
            "/repos/other",
            "/repos/other/!svn/rvr",
            "7",
            "elsewhere",
        ),
        (
            address,
            "/repos/dist",
            "/repos/other/!svn/rvr",
            "7",
            "another repository",
        ),
        (
            address,
            "/repos/dist",
            "/repos/dist/rvr",
            "7",
            "no special path",
        ),
        (address, "/repos/dist", "/repos/dist/!svn", "7", "no stub"),
        (
            address,
            "/repos/dist",
            "https://evil.org/!svn/rvr",
            "7",
            "another server",
        ),
        (address, "/repos/dist", "/repos/dist/!svn/../x", "7", "dots"),
        (
            address,
            "/repos/dist",
            "/repos/dist/!svn/rvr",
            "-1",
            "no revision",
        ),
        (
            "https://a.org/repos/dist/!svn/rvr/3/dev/foo/",
            "/repos/dist",
            "/repos/dist/!svn/rvr",
            "7",
            "an address in the special path hides its area",
        ),
    ] {
        assert!(
            place(&url(address), root, stub, youngest).is_none(),
            "{why}"
        );
    }
}

#[test]
fn every_name_reaches_the_wire_as_it_is() {
    let served = place(
        &url("https://a.org/repos/dist/dev/x%20y"),
        "/repos/dist",
        "/repos/dist/!svn/rvr",
        "7",
    )
    .unwrap();
    let segments = served.segments(5, "100%25/a?b#ü;c\tx\\y/z+1");
    assert_eq!(
        served.url(&segments, false).as_str(),
        "https://a.org/repos/dist/!svn/rvr/5/dev/x%20y/100%2525/a%3Fb%23%C3%BC%3Bc%09x%5Cy/z%2B1"
    );
    assert_eq!(
        served.pinned(7).as_str(),
        "https://a.org/repos/dist/!svn/rvr/7/dev/x%20y"
    );
}
