// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::Cursor;

use proptest::prelude::*;
use testbed::distribution::{self, Sdist, Wheel};

use super::*;

pub(super) fn read((file, bytes): (String, Vec<u8>)) -> Result<Metadata, MetadataError> {
    read_bytes(&file, bytes)
}

pub(super) fn read_bytes(file: &str, bytes: Vec<u8>) -> Result<Metadata, MetadataError> {
    Metadata::read(Cursor::new(bytes), &DistributionName::parse(file).unwrap())
}

pub(super) fn assert_found(result: Result<Metadata, MetadataError>, message: &str) {
    let error = result.expect_err(message).to_string();
    assert!(error.contains(message), "{error}");
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
        ("Foo.Bar", "v1.0", Ok(())),
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
fn zeros_at_the_end_of_a_version_matter_in_an_sdist_alone() {
    let judge = |(file, bytes): (String, Vec<u8>)| {
        let name = DistributionName::parse(&file).unwrap();
        agree(&Metadata::read(Cursor::new(bytes), &name).unwrap(), &name)
    };
    let wheel = Wheel::new("foo", "1.0").claiming("foo", "1.0.0").build();
    assert_eq!(judge(wheel), Ok(()));
    let sdist = Sdist::new("foo", "1.0").claiming("foo", "1.0.0").build();
    let error = judge(sdist).unwrap_err();
    assert!(error.to_string().ends_with("found 1.0.0"), "{error}");
    assert_eq!(error.finding("x").rule, Rule::MetadataMismatch);
}

#[test]
fn metadata_versions_are_those_of_the_index() {
    for minor in 0..=9 {
        for major in 0..=3 {
            let text = format!("Metadata-Version: {major}.{minor}\nName: foo\nVersion: 1\n");
            let taken = matches!((major, minor), (1, 0..=2) | (2, 1..=5));
            assert_eq!(Metadata::parse(text.as_bytes()).is_ok(), taken, "{text}");
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

/// The end record and the central directory count from the file's start, so a
/// reader that looks at nothing else sees a whole archive.
#[test]
fn bytes_before_a_wheel_with_shifted_offsets_are_refused() {
    let (file, bytes) = distribution::wheel("foo", "1.0");
    let front = b"#!/bin/sh\n";
    let shift = u8::try_from(front.len()).unwrap();
    let add = |bytes: &[u8], signature, at| {
        let mut patched = bytes.to_vec();
        for start in 0..bytes.len() - 4 {
            if bytes[start..].starts_with(signature) {
                let field = &mut patched[start + at..start + at + 4];
                let offset = u32::from_le_bytes(field.try_into().unwrap());
                field.copy_from_slice(&(offset + u32::from(shift)).to_le_bytes());
            }
        }
        patched
    };
    let shifted = add(&add(&bytes, b"PK\x01\x02", 42), b"PK\x05\x06", 16);
    assert_found(
        read_bytes(&file, [front, &*shifted].concat()),
        "bytes before",
    );
}

/// A wheel's bytes with one part of every record of a kind changed.
pub(super) fn patch(
    bytes: &[u8],
    signature: [u8; 4],
    at: usize,
    change: impl Fn(&mut u8),
) -> Vec<u8> {
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
fn wheels_that_are_bombs_are_refused() {
    let zeros = vec![b'a'; 2 << 20];
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
