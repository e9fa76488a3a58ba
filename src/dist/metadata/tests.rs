// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use testbed::distribution::{self, Sdist, Wheel};

use super::*;

fn read((file, bytes): (String, Vec<u8>)) -> Result<Metadata, MetadataError> {
    read_bytes(&file, bytes)
}

fn read_bytes(file: &str, bytes: Vec<u8>) -> Result<Metadata, MetadataError> {
    Metadata::read(Cursor::new(bytes), &DistributionName::parse(file).unwrap())
}

fn assert_found(result: Result<Metadata, MetadataError>, message: &str) {
    let error = result.expect_err(message).to_string();
    assert!(error.contains(message), "{error}");
}

/// A member of a tar archive: type, path, contents.
type Member<'a> = (u8, &'a str, &'a [u8]);

fn sdist_of(members: &[Member<'_>]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    for (kind, path, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_entry_type(tar::EntryType::new(*kind));
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        gz.write_all(header.as_bytes()).unwrap();
        gz.write_all(bytes).unwrap();
        gz.write_all(&vec![0; bytes.len().next_multiple_of(512) - bytes.len()])
            .unwrap();
    }
    gz.write_all(&[0; 1024]).unwrap();
    gz.finish().unwrap()
}

const TEXT: &[u8] = b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n";
const PKG_INFO: Member<'_> = (b'0', "foo-1.0/PKG-INFO", TEXT);

fn read_sdist(members: &[Member<'_>]) -> Result<Metadata, MetadataError> {
    read_bytes("foo-1.0.tar.gz", sdist_of(members))
}

#[test]
fn honest_distributions_agree_with_their_names() {
    for (file, bytes) in [
        distribution::wheel("Apache.Foo", "1.0rc1"),
        distribution::sdist("Apache.Foo", "1.0rc1"),
    ] {
        let name = DistributionName::parse(&file).unwrap();
        let metadata = Metadata::read(Cursor::new(bytes), &name).unwrap();
        assert_eq!(metadata.name(), "Apache.Foo");
        assert_eq!(metadata.version(), "1.0rc1");
        assert_eq!(metadata.metadata_version(), "2.4");
        assert!(
            metadata
                .description()
                .unwrap()
                .starts_with("# Apache.Foo\n")
        );
        assert_eq!(agree(&metadata, &name), Ok(()));
    }
}

#[test]
fn another_name_or_version_inside_is_a_mismatch() {
    let cases = [
        (
            "evil",
            "1.0",
            Err("the project foo-bar, as in the file name, found evil"),
        ),
        (
            "foo-bar",
            "1.1",
            Err("the version 1.0, as in the file name, found 1.1"),
        ),
        ("foo-bar", "1.0-incubating", Err("found 1.0-incubating")),
        ("föö", "1.0", Err("found föö")),
        ("Foo.Bar", "v1.0.0", Ok(())),
    ];
    for (project, version, expected) in cases {
        for (file, bytes) in [
            Wheel::new("foo-bar", "1.0")
                .claiming(project, version)
                .build(),
            Sdist::new("foo-bar", "1.0")
                .claiming(project, version)
                .build(),
        ] {
            let name = DistributionName::parse(&file).unwrap();
            let metadata = Metadata::read(Cursor::new(bytes), &name).unwrap();
            match (agree(&metadata, &name), expected) {
                (Ok(()), Ok(())) => {}
                (Err(error), Err(message)) => {
                    assert!(error.to_string().contains(message), "{error}");
                    assert_eq!(error.finding("x").rule, Rule::MetadataMismatch);
                }
                (result, _) => panic!("{project} {version}: {result:?}"),
            }
        }
    }
}

#[test]
fn missing_metadata_is_said_by_name() {
    let wheel = read(Wheel::new("foo", "1.0").without_metadata().build());
    assert_found(
        wheel,
        "expected foo-1.0.dist-info/METADATA in the archive, found none",
    );
    let sdist = read(Sdist::new("foo", "1.0").without_metadata().build());
    assert_found(
        sdist,
        "expected PKG-INFO in the one top folder in the archive, found none",
    );
}

#[test]
fn a_renamed_wheel_lacks_its_folder() {
    let (_, bytes) = distribution::wheel("foo", "1.0");
    assert_found(
        read_bytes("foo-1.1-py3-none-any.whl", bytes.clone()),
        "foo-1.1.dist-info/",
    );
    assert_found(
        read_bytes("bar-1.0-py3-none-any.whl", bytes),
        "bar-1.0.dist-info/METADATA",
    );
}

#[test]
fn every_cut_of_an_archive_is_refused() {
    let (file, bytes) = distribution::wheel("foo", "1.0");
    for len in 0..bytes.len() {
        assert!(
            read_bytes(&file, bytes[..len].to_vec()).is_err(),
            "wheel of {len} bytes"
        );
    }
    let (file, bytes) = distribution::sdist("foo", "1.0");
    for len in 0..bytes.len() {
        assert!(
            read_bytes(&file, bytes[..len].to_vec()).is_err(),
            "sdist of {len} bytes"
        );
    }
}

#[test]
fn bytes_around_a_wheel_are_refused() {
    let (file, bytes) = distribution::wheel("foo", "1.0");
    assert_found(
        read_bytes(&file, [b"#!/bin/sh\n", &*bytes].concat()),
        "bytes before",
    );
    assert_found(
        read_bytes(&file, [&*bytes, b"\n"].concat()),
        "no zip archive",
    );
    // Two archives behind one another: readers differ on which one counts.
    assert_found(
        read_bytes(&file, [&*bytes, &bytes].concat()),
        "bytes before",
    );
}

/// A wheel's bytes with one part of every record of a kind changed.
fn patch(bytes: &[u8], signature: [u8; 4], at: usize, change: impl Fn(&mut u8)) -> Vec<u8> {
    let mut patched = bytes.to_vec();
    for start in 0..bytes.len() - 4 {
        if bytes[start..].starts_with(&signature) {
            change(&mut patched[start + at]);
        }
    }
    patched
}

#[test]
fn zip_forms_that_the_index_refuses_are_refused() {
    let (file, bytes) = distribution::wheel("foo", "1.0");
    let central = *b"PK\x01\x02";
    let cases: [(&str, Vec<u8>); 6] = [
        (
            "data descriptors",
            patch(&bytes, central, 8, |flags| *flags |= 8),
        ),
        ("encrypted", patch(&bytes, central, 8, |flags| *flags |= 1)),
        (
            "other than deflate",
            patch(&bytes, central, 10, |method| *method = 12),
        ),
        (
            "data descriptors",
            patch(&bytes, *b"PK\x03\x04", 6, |flags| *flags |= 8),
        ),
        (
            "two different accounts",
            patch(&bytes, *b"PK\x03\x04", 14, |crc| *crc ^= 1),
        ),
        ("zip64", {
            let mut bytes = patch(&bytes, *b"PK\x05\x06", 10, |entries| *entries = 0xFF);
            let at = bytes.len() - 11;
            bytes[at] = 0xFF;
            bytes
        }),
    ];
    for (message, bytes) in cases {
        assert_found(read_bytes(&file, bytes), message);
    }
    let crc = patch(
        &patch(&bytes, central, 16, |crc| *crc ^= 1),
        *b"PK\x03\x04",
        14,
        |crc| *crc ^= 1,
    );
    assert_found(read_bytes(&file, crc), "damaged");
}

#[test]
fn a_name_that_stands_twice_in_a_wheel_is_refused() {
    let (file, mut bytes) = Wheel::new("foo", "1.0").with_payload(8).build();
    let (payload, module) = (b"foo/payload.bin", b"foo/__init__.py");
    for start in 0..bytes.len() - payload.len() {
        if bytes[start..].starts_with(payload) {
            bytes[start..start + payload.len()].copy_from_slice(module);
        }
    }
    assert_found(
        read_bytes(&file, bytes),
        "foo/__init__.py once in the archive",
    );
}

#[test]
fn sdists_that_two_readers_could_take_in_two_ways_are_refused() {
    let other: Member<'_> = (b'0', "foo-1.0/a.py", b"");
    assert!(read_sdist(&[(b'5', "foo-1.0/", b""), PKG_INFO, other]).is_ok());
    let pax_path: &[u8] = b"25 path=foo-1.0/PKG-INFO\n";
    let cases: Vec<(&str, Vec<Member<'_>>)> = vec![
        ("PKG-INFO in the one top folder", vec![]),
        (
            "PKG-INFO in the one top folder",
            vec![(b'0', "foo-1.0/sub/PKG-INFO", TEXT)],
        ),
        ("PKG-INFO once", vec![PKG_INFO, PKG_INFO]),
        (
            "PKG-INFO once",
            vec![PKG_INFO, (b'x', "pax", pax_path), other],
        ),
        (
            "PKG-INFO once",
            vec![PKG_INFO, (b'L', "long", b"foo-1.0/PKG-INFO\0"), other],
        ),
        (
            "another, bar-1.0",
            vec![PKG_INFO, (b'0', "bar-1.0/a.py", b"")],
        ),
        ("another, PKG-INFO", vec![other, (b'0', "PKG-INFO", TEXT)]),
        ("no regular file", vec![(b'2', "foo-1.0/PKG-INFO", b"")]),
        (
            "with contents",
            vec![PKG_INFO, (b'2', "foo-1.0/link", TEXT)],
        ),
        ("with contents", vec![(b'5', "foo-1.0/", TEXT), PKG_INFO]),
        (
            "a size in a pax header",
            vec![(b'x', "pax", b"9 size=7\n"), PKG_INFO],
        ),
        ("one path for all", vec![(b'g', "pax", pax_path), PKG_INFO]),
        (
            "sparse",
            vec![(b'x', "pax", b"22 GNU.sparse.major=1\n"), PKG_INFO],
        ),
        ("sparse", vec![(b'S', "foo-1.0/s", b""), PKG_INFO]),
    ];
    for (message, members) in cases {
        assert_found(read_sdist(&members), message);
    }
}

#[test]
fn a_path_that_an_extension_gives_counts() {
    let pax: &[u8] = b"25 path=foo-1.0/PKG-INFO\n";
    for extension in [
        (b'x', "pax", pax),
        (b'L', "long", &b"foo-1.0/PKG-INFO\0"[..]),
    ] {
        let metadata = read_sdist(&[extension, (b'0', "foo-1.0/short", TEXT)]).unwrap();
        assert_eq!(metadata.name(), "foo");
    }
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![b'a'; 2 << 20];
    assert_found(
        read_sdist(&[(b'0', "foo-1.0/PKG-INFO", &zeros)]),
        "1048576 bytes of PKG-INFO",
    );
    assert_found(
        read_sdist(&[(b'x', "pax", &zeros), PKG_INFO]),
        "bytes of a pax header",
    );
    let huge = vec![0; 65 << 20];
    assert_found(
        read_sdist(&[PKG_INFO, (b'0', "foo-1.0/zero", &huge)]),
        "of unpacked archive",
    );
    let text = String::from_utf8(zeros).unwrap();
    let wheel = Wheel::new("foo", "1.0").with_metadata(&text).build();
    assert_found(read(wheel), "1048576 bytes of METADATA");
    let (file, bytes) = distribution::wheel("foo", "1.0");
    let bomb = patch(&bytes, *b"PK\x01\x02", 27, |size| *size = 0xF0);
    assert_found(read_bytes(&file, bomb), "of unpacked archive");
}

#[test]
fn text_that_is_no_metadata_is_refused() {
    let cases: [(&str, &[u8]); 12] = [
        ("field Metadata-Version, found none", b""),
        (
            "field Name, found none",
            b"Metadata-Version: 2.1\nVersion: 1\n",
        ),
        (
            "field Version, found none",
            b"Metadata-Version: 2.1\nName: foo\n\nVersion: 1\n",
        ),
        (
            "field name once",
            b"Metadata-Version: 2.1\nName: foo\nname: bar\nVersion: 1\n",
        ),
        (
            "Description once",
            b"Metadata-Version: 2.1\nName: a\nVersion: 1\nDescription: a\n\nb",
        ),
        (
            "like 2.4, found 2.0",
            b"Metadata-Version: 2.0\nName: foo\nVersion: 1\n",
        ),
        (
            "like 2.4, found 3.0",
            b"Metadata-Version: 3.0\nName: foo\nVersion: 1\n",
        ),
        (
            "like 2.4, found new",
            b"Metadata-Version: new\nName: foo\nVersion: 1\n",
        ),
        ("in line 1", b" folded: 2.1\n"),
        ("in line 2", b"Metadata-Version: 2.1\nno field\n"),
        ("in line 1", b"Metadata-Version: 2.1\rName: foo\r\n"),
        ("UTF-8", b"Metadata-Version: 2.1\nName: f\xF6\n"),
    ];
    for (message, text) in cases {
        let error = Metadata::parse(text).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.finding("x").rule, Rule::ArchiveUnreadable);
    }
}

#[test]
fn folded_and_unknown_fields_are_kept() {
    let text = "Metadata-Version: 1.2\r\nName:foo\r\nVersion:\t1.0 \r\nLicense: Apache\r\n        2.0\r\n\
                X-New: yes\r\nDescription: One\r\n               two\r\n              |three\r\n       |four\r\n";
    let metadata = Metadata::parse(text.as_bytes()).unwrap();
    assert_eq!((metadata.name(), metadata.version()), ("foo", "1.0"));
    let fields: Vec<_> = metadata.fields().skip(3).collect();
    assert_eq!(
        fields,
        [("License", "Apache\n        2.0"), ("X-New", "yes")]
    );
    assert_eq!(
        metadata.description(),
        Some("One\n       two\n      |three\nfour")
    );
}

proptest! {
    #[test]
    fn no_change_of_a_byte_makes_it_panic_or_lie(
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
    ) {
        for (file, mut bytes) in [distribution::wheel("foo", "1.0"), distribution::sdist("foo", "1.0")] {
            let honest = read_bytes(&file, bytes.clone()).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = value;
            // What is still read is what was there: the checksums see to it.
            if let Ok(metadata) = read_bytes(&file, bytes) {
                prop_assert_eq!(metadata, honest);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "([A-Za-z-]{0,12}:? ?[ -~é\r\n\t]{0,20}\n?){0,8}") {
        let _ = Metadata::parse(text.as_bytes());
    }
}
