// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Distributions that the index would refuse: signed, with right checksums and
//! names, and found out before anything is sent.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use testbed::distribution::{Sdist, Wheel};

use super::*;

fn add_wheel(it: &mut Staged, change: impl FnOnce(Wheel) -> Wheel) {
    it.add(signed(&[change(Wheel::new("example", "1.0")).build()]));
}

fn add_sdist(it: &mut Staged, change: impl FnOnce(Sdist) -> Sdist) {
    it.add(signed(&[change(Sdist::new("example", "1.0")).build()]));
}

/// The honest wheel with other bytes.
fn edit_wheel(it: &mut Staged, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = change(it.bytes(WHEEL));
    it.add(signed(&[(WHEEL.to_owned(), bytes)]));
}

/// Changes a byte at this place of each record of a kind.
fn edit_records(mut bytes: Vec<u8>, signature: &[u8], at: usize, bits: u8) -> Vec<u8> {
    let starts: Vec<usize> = bytes
        .windows(signature.len())
        .enumerate()
        .filter(|(_, window)| *window == signature)
        .map(|(start, _)| start)
        .collect();
    for start in starts {
        bytes[start + at] ^= bits;
    }
    bytes
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// The sdist with one member said to be sparse.
fn edit_tar(sdist: &[u8], path: &str) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(sdist).read_to_end(&mut tar).unwrap();
    let at = find(&tar, path.as_bytes()).unwrap();
    let header = &mut tar[at..at + 512];
    header[156] = b'S';
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(&tar).unwrap();
    gz.finish().unwrap()
}

/// Metadata that are right but for these lines.
fn add_fields(it: &mut Staged, version: &str, lines: &str) {
    let text = format!("Metadata-Version: {version}\nName: example\nVersion: 1.0\n{lines}\n");
    add_wheel(it, |wheel| wheel.with_metadata(&text));
}

#[test]
fn archives_that_the_index_refuses() {
    refuse_all(&[
        (
            "a script before the archive",
            |it| edit_wheel(it, |bytes| [b"#!/bin/sh\n", &*bytes].concat()),
            &["zip-framing"],
        ),
        (
            "two archives behind one another",
            |it| edit_wheel(it, |bytes| [&*bytes, &*bytes].concat()),
            &["zip-framing"],
        ),
        (
            "an archive that was written to a pipe",
            |it| edit_wheel(it, |bytes| edit_records(bytes, b"PK\x03\x04", 6, 8)),
            &["zip-data-descriptor"],
        ),
        (
            "a compression that few know",
            |it| edit_wheel(it, |bytes| edit_records(bytes, b"PK\x01\x02", 10, 4)),
            &["zip-compression"],
        ),
        (
            "a name that stands twice",
            |it| {
                let file = Wheel::new("example", "1.0").with_file("example/__init__.pz", "evil");
                let (_, mut bytes) = file.build();
                while let Some(at) = find(&bytes, b"example/__init__.pz") {
                    bytes[at + 18] = b'y';
                }
                it.add(signed(&[(WHEEL.to_owned(), bytes)]));
            },
            &["zip-duplicate-name"],
        ),
        (
            "headers that differ from the directory",
            |it| edit_wheel(it, |bytes| edit_records(bytes, b"PK\x03\x04", 14, 1)),
            &["zip-member-mismatch"],
        ),
        (
            "a member that leads out of the folder",
            |it| add_wheel(it, |wheel| wheel.with_file("../../evil.pth", "import evil")),
            &["archive-path-unsafe"],
        ),
        (
            "a bomb",
            |it| {
                add_wheel(it, |wheel| {
                    wheel.with_file("example/zero", vec![0; 65 << 20])
                });
            },
            &["compression-ratio"],
        ),
        (
            "a zip archive behind an sdist",
            |it| {
                let bytes = [it.bytes(SDIST), it.bytes(WHEEL)].concat();
                it.add(signed(&[(SDIST.to_owned(), bytes)]));
            },
            &["archive-polyglot"],
        ),
        (
            "two folders at the top of an sdist",
            |it| add_sdist(it, |sdist| sdist.with_file("other-1.0/a.py", "")),
            &["top-level-not-one"],
        ),
        (
            "a sparse member",
            |it| {
                let sdist = Sdist::new("example", "1.0").with_file("example-1.0/sparse", "");
                let (name, bytes) = sdist.build();
                it.add(signed(&[(name, edit_tar(&bytes, "example-1.0/sparse"))]));
            },
            &["tar-sparse"],
        ),
        (
            "a second PKG-INFO",
            |it| {
                add_sdist(it, |sdist| {
                    sdist.with_file("example-1.0/PKG-INFO", "Name: evil")
                });
            },
            &["tar-ambiguous"],
        ),
    ]);
}

#[test]
fn wheels_and_sdists_that_lack_what_the_index_wants() {
    refuse_all(&[
        (
            "no WHEEL",
            |it| add_wheel(it, |wheel| wheel.without("WHEEL")),
            &["wheel-file-missing"],
        ),
        (
            "no RECORD",
            |it| add_wheel(it, |wheel| wheel.without("RECORD")),
            &["record-missing"],
        ),
        (
            "a RECORD with another hash",
            |it| {
                let line = format!("example/__init__.py,sha256={},1\n", "A".repeat(43));
                add_wheel(it, |wheel| {
                    wheel
                        .without("RECORD")
                        .with_file("example-1.0.dist-info/RECORD", line)
                });
            },
            &["record-wrong"],
        ),
        (
            "a script whose name is a path",
            |it| {
                add_wheel(it, |wheel| {
                    wheel.with_file(
                        "example-1.0.dist-info/entry_points.txt",
                        "[console_scripts]\n../../evil = example:main\n",
                    )
                });
            },
            &["entry-points-illegal"],
        ),
        (
            "an encrypted module",
            |it| {
                add_wheel(it, |wheel| {
                    wheel.with_file("example/a.py", "__pyarmor__(__name__, __file__, b'')")
                });
            },
            &["content-encrypted"],
        ),
        (
            "a license file that is not in the wheel",
            |it| add_fields(it, "2.4", "License-File: LICENSE"),
            &["license-file-missing"],
        ),
        (
            "a license file that is not in the sdist",
            |it| {
                let text = "Metadata-Version: 2.4\nName: example\nVersion: 1.0\n\
                            License-File: LICENSE\nLicense-File: pyproject.toml\n";
                add_sdist(it, |sdist| sdist.with_metadata(text));
            },
            &["license-file-missing"],
        ),
        (
            "a name that is too long to store",
            |it| it.add(signed(&[wheel(&"a".repeat(240), "1.0")])),
            &["filename-too-long"],
        ),
    ]);
}

#[test]
fn metadata_that_the_index_refuses() {
    refuse_all(&[
        (
            "metadata of a withdrawn version",
            |it| add_fields(it, "2.0", ""),
            &["metadata-version-unknown"],
        ),
        (
            "metadata of a version to come",
            |it| add_fields(it, "3.0", ""),
            &["metadata-version-unknown"],
        ),
        (
            "a field twice",
            |it| add_fields(it, "2.4", "Summary: a\nSummary: b"),
            &["metadata-unreadable"],
        ),
        (
            "a summary of two lines",
            |it| add_fields(it, "2.4", "Summary: a\n        b"),
            &["summary-illegal"],
        ),
        (
            "a description in HTML",
            |it| add_fields(it, "2.4", "Description-Content-Type: text/html"),
            &["description-content-type"],
        ),
        (
            "a private classifier",
            |it| add_fields(it, "2.4", "Classifier: Private :: Do Not Upload"),
            &["classifier-illegal"],
        ),
        (
            "a requirement by address",
            |it| add_fields(it, "2.4", "Requires-Dist: a @ https://example.org/a.whl"),
            &["requirement-direct"],
        ),
        (
            "Python in a version that is none",
            |it| add_fields(it, "2.4", "Requires-Python: >=3.10.*"),
            &["requirement-illegal"],
        ),
        (
            "an address of the repository that is no web address",
            |it| add_fields(it, "2.4", "Project-URL: Source, git@example.org:a.git"),
            &["url-illegal"],
        ),
        (
            "an author without a domain",
            |it| add_fields(it, "2.4", "Author-email: dev@example"),
            &["email-illegal"],
        ),
        (
            "a license in two ways",
            |it| add_fields(it, "2.4", "License: Apache\nLicense-Expression: Apache-2.0"),
            &["license-expression-illegal"],
        ),
        (
            "a dynamic field that is none",
            |it| add_fields(it, "2.4", "Dynamic: Version"),
            &["metadata-field-illegal"],
        ),
        (
            "several at once, all of them told",
            |it| {
                let lines = "Summary: a\n  b\nHome-page: ftp://example.org\nClassifier: Apache";
                add_fields(it, "2.4", lines);
            },
            &["classifier-illegal", "summary-illegal", "url-illegal"],
        ),
    ]);
}

#[test]
fn metadata_that_only_look_wrong() {
    pass_all(&[
        (
            "fields that are newer than their metadata version, or of no version",
            |it| {
                let lines =
                    "License-File: ../LICENSE\nX-Ours: yes\nLicense-Expression: none at all";
                add_fields(it, "2.1", lines);
            },
            &[],
        ),
        (
            "a classifier that this program does not know yet",
            |it| add_fields(it, "2.4", "Classifier: Framework :: Apache Example"),
            &["classifier-unknown"],
        ),
        (
            "an address for mail that readers take in several ways",
            |it| add_fields(it, "2.4", "Author-email: A, b@example.org"),
            &["metadata-field-doubtful"],
        ),
        (
            "metadata of 2001",
            |it| {
                let lines = "Summary: a\nHome-page: UNKNOWN\nDescription: a\n        b\n\
                             Platform: UNKNOWN\nLicense: UNKNOWN";
                add_fields(it, "1.0", lines);
            },
            &[],
        ),
    ]);
}
