// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Archives of both kinds that are damaged, or that the index refuses.

use std::io::Cursor;

use proptest::prelude::*;
use testbed::distribution::{self, Sdist, Wheel};

use crate::dist::filename::DistributionName;
use crate::dist::metadata::{Metadata, MetadataError};
use crate::rules::Rule;

pub(super) fn read((file, bytes): (String, Vec<u8>)) -> Result<Metadata, MetadataError> {
    read_bytes(&file, bytes)
}

pub(super) fn read_bytes(file: &str, bytes: Vec<u8>) -> Result<Metadata, MetadataError> {
    Metadata::read(Cursor::new(bytes), &DistributionName::parse(file).unwrap())
}

/// Refused by this rule, with these words.
pub(super) fn assert_found(result: Result<Metadata, MetadataError>, rule: Rule, message: &str) {
    let error = result.expect_err(message);
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(error.rule(), rule, "{error}");
}

#[test]
fn missing_metadata_is_said_by_name() {
    let wheel = read(Wheel::new("foo", "1.0").without_metadata().build());
    assert_found(
        wheel,
        Rule::MetadataMissing,
        "expected foo-1.0.dist-info/METADATA in the archive, found none",
    );
    let sdist = read(Sdist::new("foo", "1.0").without_metadata().build());
    assert_found(
        sdist,
        Rule::PkgInfoMissing,
        "expected PKG-INFO in the one top folder in the archive, found none",
    );
}

#[test]
fn a_renamed_wheel_lacks_its_folder() {
    let (_, bytes) = distribution::wheel("foo", "1.0");
    assert_found(
        read_bytes("foo-1.1-py3-none-any.whl", bytes.clone()),
        Rule::MetadataMissing,
        "foo-1.1.dist-info/METADATA",
    );
    assert_found(
        read_bytes("bar-1.0-py3-none-any.whl", bytes),
        Rule::MetadataMissing,
        "bar-1.0.dist-info/METADATA",
    );
}

/// Installers look for the one folder with this ending and refuse a second.
#[test]
fn a_wheel_with_the_metadata_of_two_projects_is_refused() {
    let (file, mut bytes) = Wheel::new("foo", "1.0").with_payload(8).build();
    let (payload, other) = (b"foo/payload.bin", b"x.dist-info/RRR");
    for start in 0..bytes.len() - payload.len() {
        if bytes[start..].starts_with(payload) {
            bytes[start..start + payload.len()].copy_from_slice(other);
        }
    }
    assert_found(
        read_bytes(&file, bytes),
        Rule::MetadataMismatch,
        "expected one `.dist-info` folder at the top, found another, x.dist-info",
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
        Rule::ZipFraming,
        "bytes before",
    );
    assert_found(
        read_bytes(&file, [&*bytes, b"\n"].concat()),
        Rule::ArchiveUnreadable,
        "no zip archive",
    );
    // Two archives behind one another: readers differ on which one counts.
    assert_found(
        read_bytes(&file, [&*bytes, &bytes].concat()),
        Rule::ZipFraming,
        "bytes before",
    );
}

/// Python looks for the last signature of an end record, wherever it stands.
#[test]
fn a_comment_that_some_readers_take_for_the_end_of_a_wheel_is_refused() {
    let (file, bytes) = distribution::wheel("foo", "1.0");
    let with_comment = |comment: &[u8]| {
        let mut bytes = bytes.clone();
        bytes.truncate(bytes.len() - 2);
        bytes.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        bytes.extend(comment);
        bytes
    };
    assert!(read_bytes(&file, with_comment(b"made by hand")).is_ok());
    assert!(read_bytes(&file, with_comment(b"PK")).is_ok());
    let record = [&b"PK\x05\x06"[..], &[b'x'; 18]].concat();
    for comment in [&*record, b"PK\x05\x06", b"a PK\x05\x06 within"] {
        assert_found(
            read_bytes(&file, with_comment(comment)),
            Rule::ZipFraming,
            "a second end",
        );
    }
    // A whole archive: here it would be the second that counts.
    assert_found(
        read_bytes(&file, with_comment(&bytes)),
        Rule::ZipFraming,
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
        Rule::ZipFraming,
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
    let local = *b"PK\x03\x04";
    let cases = [
        (Rule::ZipCompression, "encrypted", central, 8, 1),
        (Rule::ZipCompression, "other than deflate", central, 10, 4),
        (Rule::ZipDataDescriptor, "data descriptors", local, 6, 8),
        (
            Rule::ZipMemberMismatch,
            "two different accounts",
            local,
            14,
            1,
        ),
        (Rule::ZipFraming, "comment on an entry", central, 32, 1),
        (Rule::ZipFraming, "bytes before", *b"PK\x05\x06", 8, 1),
    ];
    for (rule, message, signature, at, bits) in cases {
        let changed = patch(&bytes, signature, at, |byte| *byte ^= bits);
        assert_found(read_bytes(&file, changed), rule, message);
    }
    let harmless = patch(&bytes, central, 8, |flags| *flags |= 8);
    assert!(read_bytes(&file, harmless).is_ok());
    let crc = patch(
        &patch(&bytes, central, 16, |crc| *crc ^= 1),
        *b"PK\x03\x04",
        14,
        |crc| *crc ^= 1,
    );
    assert_found(read_bytes(&file, crc), Rule::ArchiveUnreadable, "damaged");
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
        Rule::ZipDuplicateName,
        "foo/__init__.py once in the archive",
    );
}

#[test]
fn wheels_that_are_bombs_are_refused() {
    let zeros = vec![b'a'; 2 << 20];
    let text = String::from_utf8(zeros).unwrap();
    let wheel = Wheel::new("foo", "1.0").with_metadata(&text).build();
    assert_found(
        read(wheel),
        Rule::ArchiveTooLarge,
        "1048576 bytes of foo-1.0.dist-info/METADATA",
    );
    let (file, bytes) = distribution::wheel("foo", "1.0");
    let bomb = patch(&bytes, *b"PK\x01\x02", 27, |size| *size = 0xF0);
    assert_found(
        read_bytes(&file, bomb),
        Rule::CompressionRatio,
        "67108864 bytes of unpacked archive",
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
}

#[test]
fn files_that_are_two_archives_at_once_are_refused() {
    let (file, tar) = distribution::sdist("foo", "1.0");
    let (_, zip) = distribution::wheel("foo", "1.0");
    let found = read_bytes(&file, [&*tar, &zip].concat());
    assert_found(found, Rule::ArchivePolyglot, "a zip archive too");
    let found = read_bytes(&file, [&*tar, b"PK\x05\x06", &[0; 18]].concat());
    assert_found(found, Rule::ArchivePolyglot, "a zip archive too");
    // Four bytes alone stand anywhere by chance.
    let (_, chance) = Sdist::new("foo", "1.0").with_seed(1).build();
    let extra = [
        &b"\x1f\x8b\x08\x04\0\0\0\0\0\x03\x1c\0"[..],
        b"PK\x05\x06",
        &[7; 24],
    ];
    let chance = [&extra.concat(), &chance[10..]].concat();
    assert!(read_bytes(&file, chance).is_ok());

    // A member whose name reads as the header of a tar archive.
    let (file, mut wheel) = distribution::wheel("foo", "1.0");
    assert!(wheel.len() > 512);
    wheel[148..156].copy_from_slice(b"       \0");
    let mut block = wheel[..512].to_vec();
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    wheel[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
    let found = read_bytes(&file, wheel);
    assert_found(found, Rule::ArchivePolyglot, "a tar archive too");
}

#[test]
fn encrypted_python_is_refused_where_the_index_looks() {
    use super::encrypted::{check, is_scanned};
    for (path, size, looked) in [
        ("a.py", 1, true),
        ("a/b.PYE", 5 << 20, true),
        ("a.py", (5 << 20) + 1, false),
        ("a.pyc", 1, false),
        ("py", 1, false),
    ] {
        assert_eq!(is_scanned(path.as_bytes(), size), looked, "{path} {size}");
    }
    let cases: [(&str, bool); 7] = [
        ("from pytransform import pyarmor_runtime", true),
        ("__pyarmor__(__name__, __file__, b'x')", false),
        ("__pyarmor__(__name__, $path, b'x')", true),
        ("x = __pyarmor_enter__()", false),
        ("__pyarmor_other__", true),
        ("---BEGIN PYE FILE---\n---END PYE FILE---", false),
        ("---BEGIN PYE FILE---", true),
    ];
    for (text, fine) in cases {
        assert_eq!(check(b"a.py", text.as_bytes()).is_ok(), fine, "{text}");
    }
    let error = check(b"a.py", b"__pyarmor_exit__").unwrap_err();
    assert_eq!(error.rule(), Rule::ContentEncrypted);
}
