// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn names(folder: &str, hrefs: &[&str]) -> Result<Vec<String>, SourceError> {
    let asked = path::decode("/r/!svn/rvr/5/dev").unwrap();
    let myself = Resource {
        href: "/r/!svn/rvr/5/dev/".to_owned(),
        is_collection: true,
        ..Resource::default()
    };
    let files = hrefs.iter().map(|href| Resource {
        href: (*href).to_owned(),
        length: Some(1),
        ..Resource::default()
    });
    let resources = std::iter::once(myself).chain(files).collect();
    let children = read_folder(
        &url("https://a.org/r/!svn/rvr/5/dev/"),
        &asked,
        folder,
        resources,
    )?;
    Ok(children
        .into_iter()
        .map(|child| match child {
            Child::Folder(path) => path + "/",
            Child::Listed(entry) => entry.path,
        })
        .collect())
}

#[test]
fn a_listing_names_only_what_lies_directly_below() {
    let hrefs = [
        "/r/!svn/rvr/5/dev/a%20b",
        "https://a.org/r/%21svn/rvr/5/dev/c",
    ];
    assert_eq!(names("", &hrefs).unwrap(), ["a b", "c"]);
    assert_eq!(names("x/y", &hrefs).unwrap(), ["x/y/a b", "x/y/c"]);
    for href in [
        "/r/!svn/rvr/5/dev/a/b",
        "/r/!svn/rvr/5/dev/../release",
        "/r/!svn/rvr/5/dev/%2e%2e",
        "/r/!svn/rvr/5/dev/a%2fb",
        "/r/!svn/rvr/5/dev/a?p=3",
        "/r/!svn/rvr/6/dev/a",
        "/r/!svn/rvr/5/devil",
        "/etc/passwd",
        "a",
        "",
        "//evil.org/r/!svn/rvr/5/dev/a",
        "https://evil.org/r/!svn/rvr/5/dev/a",
        "https://a.org.evil.org/r/!svn/rvr/5/dev/a",
        "https://a.org/r/!svn/rvr/5/dev/x/../../a",
        "/r/!svn/rvr/5/dev/%ff",
    ] {
        assert!(names("", &[href]).is_err(), "{href}");
    }
}

#[test]
fn a_listing_that_leaves_the_folder_itself_out_is_refused() {
    let asked = path::decode("/r").unwrap();
    assert!(read_folder(&url("https://a.org/r/"), &asked, "", Vec::new()).is_err());
}
