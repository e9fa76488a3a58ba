// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Archives that two readers could take in two ways.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::tests::{assert_found, read_bytes};
use super::MetadataError;
use crate::dist::metadata::Metadata;
use crate::rules::Rule;

/// A member of a tar archive: type, path, contents.
type Member<'a> = (u8, &'a str, &'a [u8]);

fn plain_of(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (kind, path, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_entry_type(tar::EntryType::new(*kind));
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn pack(tar: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(tar).unwrap();
    gz.finish().unwrap()
}

fn sdist_of(members: &[Member<'_>]) -> Vec<u8> {
    pack(&plain_of(members))
}

const TEXT: &[u8] = b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n";
const PKG_INFO: Member<'_> = (b'0', "foo-1.0/PKG-INFO", TEXT);

fn read_sdist(members: &[Member<'_>]) -> Result<Metadata, MetadataError> {
    read_bytes("foo-1.0.tar.gz", sdist_of(members))
}

#[test]
fn sdists_that_two_readers_could_take_in_two_ways_are_refused() {
    let other: Member<'_> = (b'0', "foo-1.0/a.py", b"");
    assert!(read_sdist(&[(b'5', "foo-1.0/", b""), PKG_INFO, other]).is_ok());
    let pax_path: &[u8] = b"25 path=foo-1.0/PKG-INFO\n";
    let cases: Vec<(Rule, &str, Vec<Member<'_>>)> = vec![
        (
            Rule::PkgInfoMissing,
            "PKG-INFO in the one top folder",
            vec![],
        ),
        (
            Rule::PkgInfoMissing,
            "PKG-INFO in the one top folder",
            vec![(b'0', "foo-1.0/sub/PKG-INFO", TEXT)],
        ),
        (
            Rule::TarAmbiguous,
            "PKG-INFO once",
            vec![PKG_INFO, PKG_INFO],
        ),
        (
            Rule::TarAmbiguous,
            "PKG-INFO once",
            vec![PKG_INFO, (b'x', "pax", pax_path), other],
        ),
        (
            Rule::TarAmbiguous,
            "PKG-INFO once",
            vec![PKG_INFO, (b'L', "long", b"foo-1.0/PKG-INFO\0"), other],
        ),
        (
            Rule::TopLevelNotOne,
            "another, bar-1.0",
            vec![PKG_INFO, (b'0', "bar-1.0/a.py", b"")],
        ),
        (
            Rule::TopLevelNotOne,
            "another, PKG-INFO",
            vec![other, (b'0', "PKG-INFO", TEXT)],
        ),
        (
            Rule::TarAmbiguous,
            "no regular file",
            vec![(b'2', "foo-1.0/PKG-INFO", b"")],
        ),
        (
            Rule::TarAmbiguous,
            "with contents",
            vec![PKG_INFO, (b'2', "foo-1.0/link", TEXT)],
        ),
        (
            Rule::TarAmbiguous,
            "with contents",
            vec![(b'5', "foo-1.0/", TEXT), PKG_INFO],
        ),
        (
            Rule::TarAmbiguous,
            "a size in a pax header",
            vec![(b'x', "pax", b"9 size=7\n"), PKG_INFO],
        ),
        (
            Rule::TarAmbiguous,
            "one path for all",
            vec![(b'g', "pax", pax_path), PKG_INFO],
        ),
        (
            Rule::TarAmbiguous,
            "an empty record",
            vec![(b'x', "pax", b"\n"), PKG_INFO],
        ),
        (
            Rule::TarAmbiguous,
            "an empty record",
            vec![(b'x', "pax", b"7 a=bc\n\n7 a=bc\n"), PKG_INFO],
        ),
        (
            Rule::TarAmbiguous,
            "NUL",
            vec![PKG_INFO, (b'x', "pax", b"15 path=foo-1\0\n"), other],
        ),
        (
            Rule::TarAmbiguous,
            "belongs to no member",
            vec![PKG_INFO, (b'L', "long", b"foo-1.0/b\0")],
        ),
    ];
    for (rule, message, members) in cases {
        assert_found(read_sdist(&members), rule, message);
    }
}

#[test]
fn sparse_members_are_refused_in_each_form() {
    let cases: Vec<(Rule, &str, Vec<Member<'_>>)> = vec![
        (
            Rule::TarSparse,
            "sparse",
            vec![(b'x', "pax", b"22 GNU.sparse.major=1\n"), PKG_INFO],
        ),
        (
            Rule::TarSparse,
            "sparse",
            vec![(b'S', "foo-1.0/s", b""), PKG_INFO],
        ),
        (
            Rule::TarSparse,
            "sparse",
            vec![(b'x', "pax", b"21 SCHILY.realsize=1\n"), PKG_INFO],
        ),
    ];
    for (rule, message, members) in cases {
        assert_found(read_sdist(&members), rule, message);
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
fn sdists_that_are_bombs_are_refused() {
    let zeros = vec![b'a'; 2 << 20];
    assert_found(
        read_sdist(&[(b'0', "foo-1.0/PKG-INFO", &zeros)]),
        Rule::ArchiveTooLarge,
        "1048576 bytes of PKG-INFO",
    );
    assert_found(
        read_sdist(&[(b'x', "pax", &zeros), PKG_INFO]),
        Rule::ArchiveTooLarge,
        "bytes of a pax header",
    );
    let huge = vec![0; 65 << 20];
    assert_found(
        read_sdist(&[PKG_INFO, (b'0', "foo-1.0/zero", &huge)]),
        Rule::CompressionRatio,
        "67108864 bytes of unpacked archive",
    );
}

/// Python's tarfile takes the first of two paths for one member, others take
/// the last: the file whose name and version were checked would be one that no
/// installer sees.
#[test]
fn a_member_with_two_paths_is_refused() {
    let pkg_info: &[u8] = b"25 path=foo-1.0/PKG-INFO\n";
    let hidden: &[u8] = b"21 path=foo-1.0/b.py\n";
    let long: &[u8] = b"foo-1.0/PKG-INFO\0";
    let both: &[u8] = &[pkg_info, hidden].concat();
    let extensions: [&[Member<'_>]; 5] = [
        &[(b'x', "pax", hidden), (b'L', "long", long)],
        &[(b'L', "long", long), (b'x', "pax", hidden)],
        &[(b'x', "pax", hidden), (b'x', "pax", pkg_info)],
        &[(b'L', "long", b"foo-1.0/b.py\0"), (b'L', "long", long)],
        &[(b'x', "pax", both)],
    ];
    for members in extensions {
        let members = [members, &[(b'0', "foo-1.0/short", TEXT)]].concat();
        assert_found(
            read_sdist(&members),
            Rule::TarAmbiguous,
            "two paths for one member",
        );
    }
}

/// A link of this type: its path, and where it leads.
fn link(kind: u8, path: &str, target: &str) -> Vec<u8> {
    let mut block = plain_of(&[(kind, path, b"")]);
    block.truncate(512);
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    sign(&mut block);
    block
}

fn read_with(blocks: &[u8]) -> Result<Metadata, MetadataError> {
    let tar = [blocks, &plain_of(&[PKG_INFO])].concat();
    read_bytes("foo-1.0.tar.gz", pack(&tar))
}

/// Installers refuse such an sdist as a whole, or follow the link.
#[test]
fn links_that_lead_out_of_an_sdist_are_refused() {
    for (kind, path, target) in [
        (b'2', "foo-1.0/a", "PKG-INFO"),
        (b'2', "foo-1.0/a", "./b/../PKG-INFO"),
        (b'2', "foo-1.0/a/b", "../c"),
        (b'2', "foo-1.0/a/b", ".."),
        (b'1', "foo-1.0/a/b", "foo-1.0/PKG-INFO"),
        // No link has contents, and what is no link has no target.
        (b'0', "foo-1.0/a", "/etc/passwd"),
    ] {
        let found = read_with(&link(kind, path, target));
        assert!(found.is_ok(), "{path} to {target}: {found:?}");
    }
    for (kind, path, target) in [
        (b'2', "foo-1.0/a", "/etc/passwd"),
        (b'2', "foo-1.0/a", ".."),
        (b'2', "foo-1.0/a", "../bar/x"),
        (b'2', "foo-1.0/a/b", "../../x"),
        (b'2', "foo-1.0/a", "b/../../../foo-1.0/PKG-INFO"),
        (b'1', "foo-1.0/a", "/etc/passwd"),
        (b'1', "foo-1.0/a", "../x"),
        (b'1', "foo-1.0/a", "foo-1.0/../../x"),
    ] {
        assert_found(
            read_with(&link(kind, path, target)),
            Rule::ArchivePathUnsafe,
            &format!("found the link {path} to {target}"),
        );
    }
    for kind in [b'3', b'4', b'6'] {
        assert_found(
            read_sdist(&[PKG_INFO, (kind, "foo-1.0/x", b"")]),
            Rule::ArchivePathUnsafe,
            "found a device, foo-1.0/x",
        );
    }
}

/// The target that an extension gives is the one that counts.
#[test]
fn links_that_lead_out_by_an_extension_are_refused() {
    let block = |member: Member<'_>| {
        let mut tar = plain_of(&[member]);
        tar.truncate(1024);
        tar
    };
    let harmless = link(b'2', "foo-1.0/a", "b");
    let long = block((b'K', "long", b"/etc/passwd\0"));
    let pax = block((b'x', "pax", b"24 linkpath=/etc/passwd\n"));
    for extension in [&long, &pax] {
        assert_found(
            read_with(&[extension, &*harmless].concat()),
            Rule::ArchivePathUnsafe,
            "found the link foo-1.0/a to /etc/passwd",
        );
    }
    assert_found(
        read_with(&[&*long, &pax, &harmless].concat()),
        Rule::TarAmbiguous,
        "two paths for one member",
    );
    assert_found(
        read_sdist(&[PKG_INFO, (b'K', "long", b"b\0")]),
        Rule::TarAmbiguous,
        "belongs to no member",
    );
    assert_found(
        read_sdist(&[(b'g', "pax", b"24 linkpath=/etc/passwd\n"), PKG_INFO]),
        Rule::TarAmbiguous,
        "one path for all",
    );
}

/// Gives a header its sum.
fn sign(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// The unpacked honest archive, changed, and packed again.
fn changed(change: impl Fn(&mut Vec<u8>)) -> Result<Metadata, MetadataError> {
    let mut tar = plain_of(&[PKG_INFO]);
    change(&mut tar);
    sign(&mut tar[..512]);
    read_bytes("foo-1.0.tar.gz", pack(&tar))
}

#[test]
fn header_fields_that_readers_take_in_two_ways_are_refused() {
    assert!(changed(|_| ()).is_ok());
    let old_prefix = changed(|tar| {
        tar[257..265].copy_from_slice(b"ustar  \0");
        tar[345..350].copy_from_slice(b"other");
    });
    assert_found(old_prefix, Rule::TarAmbiguous, "a path prefix");
    let binary = changed(|tar| {
        let mut size = [0; 12];
        (size[0], size[2], size[11]) = (0x80, 1, u8::try_from(TEXT.len()).unwrap());
        tar[124..136].copy_from_slice(&size);
    });
    assert_found(binary, Rule::TarAmbiguous, "a size in binary");
}

#[test]
fn members_behind_the_end_of_the_archive_are_refused() {
    let twice = changed(|tar| tar.extend(plain_of(&[PKG_INFO])));
    assert_found(twice, Rule::TarAmbiguous, "bytes behind its end");
}

#[test]
fn a_folder_that_a_dot_leads_to_is_the_one_top_folder() {
    let with_dots = [
        (b'5', "./foo-1.0/", &b""[..]),
        (b'0', "./foo-1.0/PKG-INFO", TEXT),
    ];
    assert!(read_sdist(&with_dots).is_ok());
    assert!(read_sdist(&[PKG_INFO, (b'0', "foo-1.0//a/./b.py", b"")]).is_ok());
    let twice = read_sdist(&[PKG_INFO, (b'0', "foo-1.0/./PKG-INFO", TEXT)]);
    assert_found(twice, Rule::TarAmbiguous, "PKG-INFO once");
    let root = read_sdist(&[(b'5', "./", b""), PKG_INFO]);
    assert_found(root, Rule::TopLevelNotOne, "one top folder");
    for path in ["foo-1.0/../a.py", "../foo-1.0/a.py", "/foo-1.0/a.py"] {
        let mut tar = plain_of(&[PKG_INFO, (b'0', "foo-1.0/a.py", b"")]);
        // The builder refuses such a path, so it is written into the header.
        let at = 1024;
        tar[at..at + 100].fill(0);
        tar[at..at + path.len()].copy_from_slice(path.as_bytes());
        sign(&mut tar[at..at + 512]);
        let found = read_bytes("foo-1.0.tar.gz", pack(&tar));
        assert_found(found, Rule::ArchivePathUnsafe, "plain relative paths");
    }
}

#[test]
fn a_gzip_of_several_members_is_read_to_its_end() {
    let tar = plain_of(&[PKG_INFO]);
    let read = |parts: &[&[u8]]| read_bytes("foo-1.0.tar.gz", parts.concat());
    let (front, back) = (pack(&tar[..700]), pack(&tar[700..]));
    assert!(read(&[&front, &back]).is_ok());
    assert!(read(&[&front, &[0; 7], &back, &vec![0; 70000]]).is_ok());
    assert_found(
        read(&[&front, &back, b"x"]),
        Rule::ArchiveUnreadable,
        "a whole archive",
    );
    let more = pack(&plain_of(&[(b'0', "bar-1.0/a.py", b"")]));
    assert_found(read(&[&front, &back, &more]), Rule::TarAmbiguous, "behind");
    let empty = pack(b"").repeat(100_001);
    assert_found(
        read(&[&front, &empty, &back]),
        Rule::ArchiveTooLarge,
        "at most 100000 members",
    );
}
