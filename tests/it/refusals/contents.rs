// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Names of files, and what distributions say of themselves.

use testbed::distribution::{Sdist, Wheel, sdist};

use super::*;

/// The honest wheel, signed, under another name.
fn renamed(it: &mut Staged, name: &str) {
    let bytes = it.bytes(WHEEL);
    it.add(signed(&[(name.to_owned(), bytes)]));
}

#[test]
fn names_that_no_release_has() {
    refuse_all(&[
        (
            "a wheel with a prefix",
            |it| it.add(signed(&[wheel("evil_example", "1.0")])),
            &["project-not-allowed"],
        ),
        (
            "a wheel whose name begins as an allowed one",
            |it| {
                it.input("projects", "example");
                it.add(signed(&[wheel("examples", "1.0")]));
            },
            &["project-not-allowed"],
        ),
        (
            "a file in a sub-folder",
            |it| it.write("backup/notes.txt", "notes"),
            &["path-unknown"],
        ),
        (
            "a wheel in a hidden sub-folder, without sidecars",
            |it| {
                let (name, bytes) = wheel("example-more", "1.0");
                it.write(&format!(".cache/{name}"), bytes);
            },
            &["checksum-missing", "signature-missing"],
        ),
        (
            "a file of no class",
            |it| it.write("install.sh", "#!/bin/sh"),
            &["path-unknown"],
        ),
        (
            "blanks",
            |it| renamed(it, "example more-1.0-py3-none-any.whl"),
            &["name-unsafe"],
        ),
        (
            "percent signs",
            |it| renamed(it, "example%20more-1.0-py3-none-any.whl"),
            &["name-unsafe"],
        ),
        (
            "letters that look like others",
            |it| renamed(it, "ex\u{430}mple-1.0-py3-none-any.whl"),
            &["name-unsafe"],
        ),
        (
            "full-width digits",
            |it| renamed(it, "example-\u{ff11}.0-py3-none-any.whl"),
            &["name-unsafe"],
        ),
        (
            "line breaks",
            |it| renamed(it, "example-1.0-py3-none-any.whl\n::error::x"),
            &["name-unsafe"],
        ),
        (
            "a backslash",
            |it| renamed(it, "x\\example-1.0-py3-none-any.whl"),
            &["name-unsafe"],
        ),
        (
            "capitals",
            |it| renamed(it, "Example-1.0-py3-none-any.whl"),
            &["filename-illegal"],
        ),
        (
            "a version in no normal form",
            |it| renamed(it, "example-1.0.RC1-py3-none-any.whl"),
            &["metadata-missing"],
        ),
        (
            "a local version",
            |it| renamed(it, "example-1.0+apache-py3-none-any.whl"),
            &["version-local"],
        ),
        (
            "a platform that no public index takes",
            |it| renamed(it, "example-1.0-py3-none-linux_x86_64.whl"),
            &["platform-tag-unknown"],
        ),
        (
            "the suffix of a signature inside the name",
            |it| renamed(it, "example-1.0-py3-none-any.whl.asc.whl"),
            &["platform-tag-unknown"],
        ),
        (
            "one name in two folders",
            |it| renamed(it, &format!("2026-01-01/{WHEEL}")),
            &["basename-twice"],
        ),
        (
            "two sdists of one version",
            |it| it.add(signed(&[sdist("example", "1.0.0")])),
            &["second-sdist"],
        ),
    ]);
}

#[test]
fn distributions_that_lie_about_themselves() {
    refuse_all(&[
        (
            "a wheel of another project",
            |it| {
                it.add(signed(&[Wheel::new("example-more", "1.0")
                    .claiming("example", "1.0")
                    .build()]));
            },
            &["metadata-mismatch"],
        ),
        (
            "a wheel of another version",
            |it| {
                it.add(signed(&[Wheel::new("example", "1.0")
                    .claiming("example", "2.0")
                    .build()]));
            },
            &["metadata-mismatch"],
        ),
        (
            "an sdist of another project",
            |it| {
                it.add(signed(&[Sdist::new("example", "1.0")
                    .claiming("other", "1.0")
                    .build()]));
            },
            &["metadata-mismatch"],
        ),
        (
            "an sdist of another version",
            |it| {
                it.add(signed(&[Sdist::new("example", "1.0")
                    .claiming("example", "1.0rc1")
                    .build()]));
            },
            &["metadata-mismatch"],
        ),
        (
            "no METADATA",
            |it| {
                it.add(signed(&[Wheel::new("example", "1.0")
                    .without_metadata()
                    .build()]));
            },
            &["metadata-missing"],
        ),
        (
            "no PKG-INFO",
            |it| {
                it.add(signed(&[Sdist::new("example", "1.0")
                    .without_metadata()
                    .build()]));
            },
            &["pkg-info-missing"],
        ),
        (
            "a web page that is signed as a wheel",
            |it| it.add(signed(&[(WHEEL.to_owned(), b"<html></html>".to_vec())])),
            &["archive-unreadable"],
        ),
        (
            "an empty file that is signed as an sdist",
            |it| it.add(signed(&[(SDIST.to_owned(), Vec::new())])),
            &["archive-unreadable"],
        ),
        (
            "a source archive that calls itself an sdist",
            |it| {
                let bytes = it.bytes(WHEEL);
                it.add(signed(&[("example_src-1.0.tar.gz".to_owned(), bytes)]));
            },
            &["archive-unreadable"],
        ),
    ]);
}

#[test]
fn releases_without_anything_to_publish() {
    refuse_all(&[
        (
            "only source archives",
            |it| {
                it.files = signed(&[
                    ("apache-example-1.0-source.tar.gz".to_owned(), b"a".to_vec()),
                    ("apache-example-1.0-src.tar.gz".to_owned(), b"b".to_vec()),
                    ("apache-example-1.0-bin.tar.gz".to_owned(), b"c".to_vec()),
                    ("apache-example-1.0.zip".to_owned(), b"d".to_vec()),
                ]);
            },
            &["nothing-to-publish"],
        ),
        (
            "only KEYS",
            |it| {
                it.files = Files::new();
                it.write("KEYS", key().armored_public());
            },
            &["nothing-to-publish"],
        ),
        (
            "a selection that selects nothing",
            |it| it.input("include", "*.exe"),
            &["nothing-to-publish"],
        ),
        (
            "everything left out",
            |it| it.input("exclude", "*"),
            &["nothing-to-publish"],
        ),
    ]);
}
