// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! RECORD beside what the archive holds.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::super::tests::{assert_found, patch, read_bytes};
use super::directory::{CENTRAL, END};
use super::member::LOCAL;
use super::*;
use crate::dist::metadata::Metadata;

const FILE: &str = "foo-1.0-py3-none-any.whl";
const METADATA: &str = "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n";

/// A member's name and its text.
type Member<'a> = (&'a str, &'a str);

fn base64(digest: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

fn line(path: &str, bytes: &str) -> String {
    format!("{path},sha256={},\n", base64(&Sha256::digest(bytes)))
}

/// One member's header, local or central, without the signature.
fn header(name: &str, bytes: &[u8], compressed: usize, extra: usize) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(bytes);
    let size = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
    let short = |len: usize| u16::try_from(len).unwrap().to_le_bytes();
    let mut header = vec![20, 0, 0, 8, 8, 0, 0, 0, 0, 0];
    header.extend(sum.sum().to_le_bytes());
    header.extend(size(compressed));
    header.extend(size(bytes.len()));
    header.extend(short(name.len()));
    header.extend(short(extra));
    header
}

/// A zip archive of these members, deflated, with an extra field of zip64 in
/// front of each if asked for, and with `gap` bytes before the second member.
fn zip_of(members: &[Member<'_>], zip64: bool, gap: usize) -> Vec<u8> {
    let (mut zip, mut central) = (Vec::new(), Vec::new());
    for (place, (name, text)) in members.iter().enumerate() {
        if place == 1 {
            zip.resize(zip.len() + gap, 0);
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        let data = encoder.finish().unwrap();
        let start = u32::try_from(zip.len()).unwrap();
        let mut local = header(
            name,
            text.as_bytes(),
            data.len(),
            if zip64 { 20 } else { 0 },
        );
        let mut extra = Vec::new();
        if zip64 {
            local[14..22].fill(0xFF);
            extra.extend([1, 0, 16, 0]);
            extra.extend((text.len() as u64).to_le_bytes());
            extra.extend((data.len() as u64).to_le_bytes());
        }
        zip.extend([&LOCAL[..], &local, name.as_bytes(), &extra, &data].concat());
        central.extend([&CENTRAL[..], &[20, 0]].concat());
        central.extend(header(name, text.as_bytes(), data.len(), 0));
        central.extend([0; 10]);
        central.extend(start.to_le_bytes());
        central.extend(name.as_bytes());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let (start, size) = (zip.len(), central.len());
    zip.extend(central);
    zip.extend([&END[..], &[0; 4], &count, &count].concat());
    zip.extend(u32::try_from(size).unwrap().to_le_bytes());
    zip.extend(u32::try_from(start).unwrap().to_le_bytes());
    zip.extend([0, 0]);
    zip
}

/// A wheel with one module, `foo.py` of `x = 1`, and this RECORD.
fn members<'a>(record: &'a str, more: &[Member<'a>]) -> Vec<Member<'a>> {
    let mut members = vec![
        ("foo.py", "x = 1"),
        ("foo-1.0.dist-info/METADATA", METADATA),
        ("foo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n"),
    ];
    members.extend(more);
    members.push(("foo-1.0.dist-info/RECORD", record));
    members
}

/// The lines that are always there and right.
fn info() -> String {
    line("foo-1.0.dist-info/METADATA", METADATA)
        + &line("foo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        + "foo-1.0.dist-info/RECORD,,\n"
}

fn read(record: &str, more: &[Member<'_>]) -> Result<Metadata, MetadataError> {
    read_bytes(FILE, zip_of(&members(record, more), false, 0))
}

#[test]
fn a_wheel_with_a_wrong_record_is_refused() {
    let right = line("foo.py", "x = 1");
    let cases: [(&str, String, &[Member<'_>]); 10] = [
        ("none for foo.py", String::new(), &[]),
        ("another for foo.py", line("foo.py", "x = 2"), &[]),
        ("no file bar.py", right.clone() + &line("bar.py", "x"), &[]),
        ("none for bar.py", right.clone(), &[("bar.py", "x")]),
        ("none for foo.py", "foo.py,,\n".into(), &[]),
        (
            "none for foo.py",
            "foo.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,\n".into(),
            &[],
        ),
        ("none for foo.py", "foo.py,sha256=AAAA,\n".into(), &[]),
        (
            "two for foo.py",
            right.clone() + &line("foo.py", "x = 2"),
            &[],
        ),
        ("without one", "\"foo.py,sha256=AAAA,\n".into(), &[]),
        // Only the signatures of this wheel's own RECORD are none of its lines.
        (
            "none for bar/foo-1.0.dist-info/RECORD.jws",
            right.clone(),
            &[("bar/foo-1.0.dist-info/RECORD.jws", "x")],
        ),
    ];
    for (message, lines, more) in cases {
        assert_found(read(&(lines + &info()), more), Rule::RecordWrong, message);
    }
}

#[test]
fn a_right_record_passes_in_every_spelling() {
    let right = line("foo.py", "x = 1");
    let sha384 = format!("foo.py,sha384={},5\n", base64(&Sha384::digest("x = 1")));
    let sha512 = format!("foo.py,sha512={}==,5\n", base64(&Sha512::digest("x = 1")));
    let cases: [(String, &[Member<'_>]); 8] = [
        (right.clone(), &[]),
        (sha384, &[]),
        (sha512, &[]),
        (right.clone() + &right + "\n", &[]),
        (right.replace('\n', "\r\n"), &[]),
        (right.replace("foo.py", "\"foo.py\""), &[]),
        (
            right.clone() + &line("\"a,\"\"b\"\".py\"", "x") + &line("sub\\c.py", "y"),
            &[("a,\"b\".py", "x"), ("sub/", ""), ("sub/c.py", "y")],
        ),
        (
            right.clone(),
            &[
                ("foo-1.0.dist-info/RECORD.jws", "x"),
                ("foo-1.0.dist-info/RECORD.p7s", "x"),
            ],
        ),
    ];
    for (lines, more) in cases {
        let metadata = read(&(lines.clone() + &info()), more);
        assert_eq!(metadata.expect(&lines).name(), "foo");
    }
}

#[test]
fn sizes_in_an_extra_field_of_zip64_are_read() {
    let record = line("foo.py", "x = 1") + &info();
    assert!(read_bytes(FILE, zip_of(&members(&record, &[]), true, 0)).is_ok());
}

#[test]
fn bytes_between_the_members_are_refused() {
    let record = line("foo.py", "x = 1") + &info();
    let zip = zip_of(&members(&record, &[]), false, 3);
    assert_found(
        read_bytes(FILE, zip),
        Rule::ZipFraming,
        "bytes before or between",
    );
}

#[test]
fn names_that_the_index_cannot_read_are_refused() {
    let name = "f\u{f6}.py";
    let record = line("foo.py", "x = 1") + &line(name, "x") + &info();
    let zip = zip_of(&members(&record, &[(name, "x")]), false, 0);
    let other_letters = patch(&zip, CENTRAL, 9, |flags| *flags = 0);
    let rule = Rule::ZipNameIllegal;
    assert_found(read_bytes(FILE, other_letters), rule, "printable UTF-8");
    assert!(read_bytes(FILE, zip).is_ok());
    assert_found(read(&record, &[("a\tb.py", "x")]), rule, "printable UTF-8");
    for name in ["../a.py", "/a.py", "a/../../b.py", "a\\..\\b.py"] {
        let found = read(&record, &[(name, "x")]);
        assert_found(found, Rule::ArchivePathUnsafe, "plain relative paths");
    }
}

#[test]
fn a_member_that_unpacks_to_more_than_it_says_is_refused() {
    let record = line("foo.py", "x = 1") + &info();
    let mut zip = zip_of(&members(&record, &[]), false, 0);
    // The unpacked size of the first member, in both places.
    zip[22] = 4;
    let central = zip.windows(4).position(|bytes| bytes == CENTRAL).unwrap();
    zip[central + 24] = 4;
    assert_found(
        read_bytes(FILE, zip),
        Rule::ArchiveUnreadable,
        "foo.py that is damaged",
    );
}

#[test]
fn a_wheel_without_one_of_its_three_files_is_refused() {
    let record = line("foo.py", "x = 1") + &info();
    for (name, rule) in [
        ("METADATA", Rule::MetadataMissing),
        ("WHEEL", Rule::WheelFileMissing),
        ("RECORD", Rule::RecordMissing),
    ] {
        let mut members = members(&record, &[]);
        members.retain(|(path, _)| !path.ends_with(name));
        let found = read_bytes(FILE, zip_of(&members, false, 0));
        assert_found(found, rule, &format!("foo-1.0.dist-info/{name}"));
    }
    let other_bytes = [record.as_bytes(), b"f\xF6o.py,,\n"].concat();
    let found = record::read_lines(&*other_bytes, |_, _| Ok(()));
    assert_eq!(found.unwrap_err().rule(), Rule::RecordMissing);
}

#[test]
fn a_wheel_whose_name_has_a_version_in_another_spelling_has_its_folder_so() {
    let info = "foo-v1.00.dist-info";
    let record = format!(
        "{}{}{info}/RECORD,,\n",
        line(&format!("{info}/METADATA"), METADATA),
        line(&format!("{info}/WHEEL"), "Wheel-Version: 1.0\n")
    );
    let names = ["METADATA", "WHEEL", "RECORD"].map(|name| format!("{info}/{name}"));
    let texts = [METADATA, "Wheel-Version: 1.0\n", record.as_str()];
    let members: Vec<Member<'_>> = names.iter().map(String::as_str).zip(texts).collect();
    let zip = zip_of(&members, false, 0);
    assert!(read_bytes("foo-v1.00-py3-none-any.whl", zip.clone()).is_ok());
    assert_found(
        read_bytes(FILE, zip),
        Rule::MetadataMissing,
        "foo-1.0.dist-info/METADATA",
    );
}

/// The same wheel with the records that zip64 has at its end, as a tool writes
/// them that does not know in advance how many members there will be.
fn with_end_of_zip64(zip: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let (front, end) = zip.split_at(zip.len() - 22);
    let entries = u64::from(u16::from_le_bytes(end[10..12].try_into().unwrap()));
    let number = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
    let mut more = b"PK\x06\x06".to_vec();
    more.extend(44_u64.to_le_bytes());
    more.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [entries, entries, number(12), number(16)] {
        more.extend(number.to_le_bytes());
    }
    more.extend(b"PK\x06\x07\0\0\0\0");
    more.extend((front.len() as u64).to_le_bytes());
    more.extend(1_u32.to_le_bytes());
    change(&mut more);
    let mut old = end.to_vec();
    old[8..20].fill(0xFF);
    [front, &more, &old].concat()
}

#[test]
fn an_end_of_zip64_is_read() {
    let record = line("foo.py", "x = 1") + &info();
    let zip = zip_of(&members(&record, &[]), false, 0);
    assert!(read_bytes(FILE, with_end_of_zip64(&zip, |_| ())).is_ok());
    // The record's length, its entries, the place of the directory, the locator's.
    for at in [4, 24, 32, 48, 64] {
        let changed = with_end_of_zip64(&zip, |more| more[at] ^= 1);
        assert_found(read_bytes(FILE, changed), Rule::ZipFraming, "");
    }
    let many = with_end_of_zip64(&zip, |more| more[24..40].copy_from_slice(&[1; 16]));
    assert_found(
        read_bytes(FILE, many),
        Rule::ArchiveTooLarge,
        "at most 200000 members",
    );
}

#[test]
fn a_name_in_an_extra_field_must_be_the_name() {
    let field = |name: &str| {
        let mut field = vec![
            0x75,
            0x70,
            u8::try_from(name.len() + 5).unwrap(),
            0,
            1,
            0,
            0,
            0,
            0,
        ];
        field.extend(name.as_bytes());
        field
    };
    let judge = |extra: &[u8]| {
        let mut fields = directory::Fields(Record(extra));
        let (id, field) = fields.next().unwrap().unwrap();
        assert_eq!(id, directory::UNICODE_PATH);
        directory::check_unicode_path(Record(field), b"foo.py")
    };
    assert_eq!(judge(&field("foo.py")), Ok(()));
    assert_eq!(
        judge(&field("bar.py")).unwrap_err().rule(),
        Rule::ZipMemberMismatch
    );
}

/// More than the old form can count, so that the tool writes that of zip64.
#[test]
fn a_wheel_of_very_many_members_is_read() {
    let mut wheel = testbed::distribution::Wheel::new("foo", "1.0");
    for number in 0..66_000 {
        wheel = wheel.with_file(&format!("foo/{number}"), "");
    }
    let (file, bytes) = wheel.build();
    assert!(bytes.windows(4).any(|bytes| bytes == b"PK\x06\x06"));
    assert_eq!(read_bytes(&file, bytes).unwrap().name(), "foo");
}

#[test]
fn a_record_of_more_lines_than_any_wheel_has_is_refused() {
    let right = line("foo.py", "x = 1") + &info();
    let lines = |blank: usize| right.clone() + &"\n".repeat(blank);
    let honest = right.lines().count();
    assert!(read(&lines(200_000 - honest), &[]).is_ok());
    assert_found(
        read(&lines(200_001 - honest), &[]),
        Rule::RecordWrong,
        "expected a RECORD with the path and the SHA-2 hash of every file, \
         found more than 200000 lines",
    );
}
