// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Archives made to cost memory and time: as few bytes as can be for as much
//! as can be.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A bomb, and what it is.
pub type Bomb = (&'static str, Vec<u8>);

const METADATA: &str = "example-1.0.dist-info/METADATA";
const RECORD: &str = "example-1.0.dist-info/RECORD";
const HEAD: &str = "Metadata-Version: 2.4\nName: example\nVersion: 1.0\n";

/// METADATA or PKG-INFO of a megabyte, in the shapes that cost most.
pub fn metadata() -> Vec<Bomb> {
    let fill = |each: &str| {
        let most = (1 << 20) - HEAD.len();
        format!("{HEAD}{}", each.repeat(most / each.len())).into_bytes()
    };
    vec![
        ("fields without end", fill("a:\n")),
        ("classifiers without end", fill("Classifier: \n")),
        ("one field folded without end", fill(" \n")),
        ("blank lines without end", fill("\n")),
        ("a name without end", fill("x")),
        (
            "a value without end",
            format!("{HEAD}Summary: {}", "x".repeat(1_000_000)).into_bytes(),
        ),
    ]
}

/// A wheel of these members, whose RECORD has these lines after the right ones.
fn wheel(members: &[(String, Vec<u8>)], more: &str) -> Vec<u8> {
    let mut record = String::new();
    for (name, content) in members {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
        let _ = writeln!(record, "{name},sha256={hash},{}", content.len());
    }
    let _ = writeln!(record, "{RECORD},,");
    record.push_str(more);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let all = members
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_slice()));
    for (name, content) in all.chain([(RECORD, record.as_bytes())]) {
        zip.start_file(name, SimpleFileOptions::default())
            .expect("a name of legal length");
        zip.write_all(content).expect("memory takes every write");
    }
    zip.finish().expect("memory takes every write").into_inner()
}

/// Wheels named `example-1.0-py3-none-any.whl`.
pub fn wheels() -> Vec<Bomb> {
    let info = METADATA.trim_end_matches("METADATA");
    let base = || {
        vec![
            (METADATA.to_owned(), HEAD.as_bytes().to_vec()),
            (format!("{info}WHEEL"), b"Wheel-Version: 1.0\n".to_vec()),
        ]
    };
    let with = |more: Vec<(String, Vec<u8>)>| wheel(&[base(), more].concat(), "");
    let many = |count: usize, name: &dyn Fn(usize) -> String| {
        with(
            (0..count)
                .map(|number| (name(number), Vec::new()))
                .collect(),
        )
    };
    let empty = URL_SAFE_NO_PAD.encode(Sha256::digest(b""));
    let line = format!("e,sha256={empty},0\n");
    let file = || [base(), vec![("e".to_owned(), Vec::new())]].concat();
    let lines = |more: &str| wheel(&file(), &more.repeat((50 << 20) / more.len()));
    let mut wheels = vec![
        ("zeros", with(vec![("zeros".to_owned(), vec![0; 60 << 20])])),
        (
            "more zeros than may be",
            with(vec![("zeros".to_owned(), vec![0; 80 << 20])]),
        ),
        (
            "members without end",
            many(65_000, &|number| number.to_string()),
        ),
        (
            "names without end",
            many(100, &|number| format!("{number:0>60000}")),
        ),
        (
            "folders without end",
            many(2000, &|number| format!("{}{number}", "d/".repeat(1000))),
        ),
        ("a RECORD of one line again and again", lines(&line)),
        ("a RECORD of blank lines", lines("\n")),
        ("a RECORD of one long line", lines("x")),
        ("a RECORD of files that are not there", lines("nothing,,\n")),
    ];
    wheels.extend(metadata().into_iter().map(|(what, text)| {
        let mut members = base();
        members[0].1 = text;
        (what, wheel(&members, ""))
    }));
    wheels
}

/// One entry of a tar archive.
fn entry(kind: u8, path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path(path).expect("a short path");
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = [header.as_bytes(), content].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A pax header whose one record fills it.
fn pax(key: &str, len: usize) -> Vec<u8> {
    let value = "x".repeat(len - key.len() - 10);
    let rest = format!(" {key}={value}\n");
    let digits = (rest.len() + 7).to_string().len();
    format!("{}{rest}", rest.len() + digits).into_bytes()
}

/// Sdists named `example-1.0.tar.gz`.
pub fn sdists() -> Vec<Bomb> {
    let info = entry(b'0', "example-1.0/PKG-INFO", HEAD.as_bytes());
    let tar = |more: &[u8]| gzip(&[info.as_slice(), more, &[0; 1024]].concat());
    let folder = entry(b'5', "example-1.0/d/", b"");
    let long = entry(b'L', "long", "example-1.0/".repeat(80_000).as_bytes());
    let file = entry(b'0', "example-1.0/f", b"");
    let records = entry(b'x', "pax", "10 a=bcde\n".repeat(90_000).as_bytes());
    let comment = entry(b'x', "pax", &pax("comment", 1_000_000));
    let path = [entry(b'x', "pax", &pax("path", 1_000_000)), file.clone()].concat();
    let zeros = entry(b'0', "example-1.0/zeros", &vec![0; 60 << 20]);
    let mut huge = entry(b'0', "example-1.0/huge", b"");
    huge[124..136].copy_from_slice(b"77777777777\0");
    let nest = gzip(&gzip(&gzip(&vec![0; 60 << 20])));
    let endless = |flag: u8, rest: &[u8]| {
        let head = [0x1f, 0x8b, 8, flag, 0, 0, 0, 0, 0, 0xff];
        [&head, rest, &vec![b'n'; 4 << 20]].concat()
    };
    let members = |each: &[u8], count: usize| {
        [gzip(&info), gzip(each).repeat(count), gzip(&[0; 1024])].concat()
    };
    let mut sdists = vec![
        ("zeros", tar(&zeros)),
        (
            "more zeros than may be",
            tar(&[zeros.as_slice(), &zeros].concat()),
        ),
        ("folders without end", tar(&folder.repeat(120_000))),
        ("files without end", tar(&file.repeat(120_000))),
        (
            "long names without end",
            tar(&[long, file.clone()].concat().repeat(50)),
        ),
        (
            "pax records without end",
            tar(&[records, file.clone()].concat().repeat(50)),
        ),
        (
            "a pax record without end",
            tar(&[comment, file.clone()].concat().repeat(50)),
        ),
        ("paths without end", tar(&path.repeat(50))),
        ("a member larger than the archive", tar(&huge)),
        (
            "a sparse member",
            tar(&entry(b'S', "example-1.0/sparse", b"")),
        ),
        ("gzip members without end", members(b"", 200_000)),
        ("gzip members of one block", members(&[0; 512], 100_000)),
        (
            "a gzip header with extras and a name",
            endless(0x0c, &[0xff, 0xff]),
        ),
        ("a gzip header with names", endless(0x18, b"")),
        ("a gzip in a gzip", nest),
    ];
    sdists.extend(metadata().into_iter().map(|(what, text)| {
        let info = entry(b'0', "example-1.0/PKG-INFO", &text);
        (what, gzip(&[info.as_slice(), &[0; 1024]].concat()))
    }));
    sdists
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes every write");
    encoder.finish().expect("memory takes every write")
}
