// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Wheels and sdists. The noise goes on the archive's bytes, on its members
//! with all sums made right again, and on the headers of tar.

use std::io::{Cursor, Read, Write};

use asf_pypi_publish::dist::filename::DistributionName;
use asf_pypi_publish::dist::metadata::{Metadata, agree};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::{DeflateEncoder, GzEncoder};
use sha2::{Digest as _, Sha256};
use testbed::bombs;
use testbed::distribution::{Sdist, Wheel};
use testbed::readers::{tar_members, zip_members};

use crate::mutate::{Chance, LARGEST};
use crate::round::{Outcome, Target, bytes_of, measured};

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";
/// No archive, however hostile, takes more, in bytes.
const MOST: usize = 64 << 20;

const METADATA: &str = "example-1.0.dist-info/METADATA";
const RECORD: &str = "example-1.0.dist-info/RECORD";

const WHEEL_WORDS: &[&[u8]] = &[
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x07\x08",
    b"\x01\x00\x10\x00",
    b"Name: example\n",
    b"Version: 1.0\n",
    METADATA.as_bytes(),
    RECORD.as_bytes(),
    b",sha256=",
    b"\"",
    b"\"\"",
    b"\\",
    b"../",
    SEPARATOR,
    NAMED,
];

pub fn wheel() -> Target {
    let plain = Wheel::new("example", "1.0");
    let seeds = [
        plain.clone(),
        plain.clone().with_payload(3000),
        plain.clone().claiming("other", "2.0"),
        plain.without_metadata(),
    ];
    Target {
        name: "wheel",
        seeds: seeds.iter().map(|wheel| wheel.build().1).collect(),
        attacks: || bytes_of(bombs::wheels()),
        words: WHEEL_WORDS,
        layer: Some((open_wheel, close_wheel)),
        check: check_wheel,
        // Buffers, METADATA of 1 MiB at most and its fields, and the directory.
        memory: |len| ((8 << 20) + 64 * len).min(MOST),
    }
}

/// Between two members, and between a name and its content.
const SEPARATOR: &[u8] = b"\x00\x01\x02\x00";
const NAMED: &[u8] = b"\x00\x03\x04\x00";

fn open_wheel(bytes: &[u8]) -> Option<Vec<u8>> {
    let members = zip_members(bytes, LARGEST as u64)?;
    let members = members
        .into_iter()
        .map(|(name, content)| [name.into_bytes(), content].join(NAMED));
    Some(members.collect::<Vec<_>>().join(SEPARATOR))
}

fn close_wheel(inside: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut members: Vec<(&[u8], Vec<u8>)> = split(inside, SEPARATOR)
        .into_iter()
        .map(|member| {
            let parts = split(member, NAMED);
            (parts[0], parts.get(1).copied().unwrap_or_default().to_vec())
        })
        .collect();
    if !chance.one_in(4) {
        members.retain(|(name, _)| *name != RECORD.as_bytes());
        let mut record = Vec::new();
        for (name, content) in &members {
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
            record.extend_from_slice(name);
            record.extend_from_slice(format!(",sha256={hash},{}\n", content.len()).as_bytes());
        }
        record.extend_from_slice(format!("{RECORD},,\n").as_bytes());
        members.push((RECORD.as_bytes(), record));
    }
    zip(&members, chance)
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(by.len()).position(|window| window == by) {
        parts.push(&rest[..at]);
        rest = &rest[at + by.len()..];
    }
    parts.push(rest);
    parts
}

/// A zip archive of these members: right, but for a lie now and then.
fn zip(members: &[(&[u8], Vec<u8>)], chance: &mut Chance) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members.iter().take(5000) {
        let deflate = chance.one_in(2);
        let data = if deflate {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.clone()
        };
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let lie = u32::from(chance.one_in(64));
        let name = &name[..name.len().min(usize::from(u16::MAX))];
        let mut common = Vec::new();
        common.extend([20, 0, 0, 8, if deflate { 8 } else { 0 }, 0, 0, 0, 0, 0]);
        common.extend(sum.sum().to_le_bytes());
        common.extend(
            (u32::try_from(data.len()).unwrap() - lie.min(u32::try_from(data.len()).unwrap()))
                .to_le_bytes(),
        );
        common.extend(
            (u32::try_from(content.len()).unwrap() + u32::from(chance.one_in(64))).to_le_bytes(),
        );
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        let start = u32::try_from(file.len()).unwrap();
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend_from_slice(name);
        file.extend(data);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend_from_slice(name);
    }
    let count = u16::try_from(members.len().min(5000))
        .unwrap()
        .to_le_bytes();
    let start = u32::try_from(file.len()).unwrap();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.iter().chain(&count));
    file.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

fn read(input: &[u8], file: &str) -> Result<Metadata, String> {
    let name = DistributionName::parse(file).map_err(|it| it.to_string())?;
    let metadata = measured(|| Metadata::read(Cursor::new(input), &name));
    let metadata = metadata.map_err(|it| it.to_string())?;
    agree(&metadata, &name).map_err(|it| it.to_string())?;
    Ok(metadata)
}

/// Of so many fields or members at most: the comparison takes its time.
const COMPARED: usize = 500;

/// Whether the fields are those of the bytes that another reader sees.
fn same(metadata: &Metadata, seen: &[u8]) -> Result<(), String> {
    let seen = std::str::from_utf8(seen).map_err(|_| "another reader sees no text")?;
    let name = seen.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case("name").then(|| value.trim())
    });
    if name != Some(metadata.name()) {
        return Err("another reader sees another name".to_owned());
    }
    let all = metadata
        .fields()
        .take(COMPARED)
        .all(|(_, value)| value.lines().all(|line| seen.contains(line)));
    if all {
        Ok(())
    } else {
        Err("another reader sees other metadata".to_owned())
    }
}

fn check_wheel(input: &[u8]) -> Outcome {
    let metadata = match read(input, WHEEL) {
        Ok(metadata) => metadata,
        Err(why) => return Ok(why),
    };
    let members = zip_members(input, 64 << 20).ok_or("accepted, but no zip archive to others")?;
    let named = |name: &str| {
        members
            .iter()
            .filter(|(found, _)| found == name)
            .collect::<Vec<_>>()
    };
    let [(_, seen)] = named(METADATA)[..] else {
        return Err("not one METADATA to others".to_owned());
    };
    same(&metadata, seen)?;
    let [(_, record)] = named(RECORD)[..] else {
        return Err("not one RECORD to others".to_owned());
    };
    for (name, content) in members.iter().take(COMPARED) {
        let exempt = [
            RECORD.to_owned(),
            format!("{RECORD}.jws"),
            format!("{RECORD}.p7s"),
        ];
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
        if !name.ends_with('/')
            && !exempt.contains(name)
            && !String::from_utf8_lossy(record).contains(&hash)
        {
            return Err(format!("{name} is not what RECORD says"));
        }
    }
    Ok(format!("good: {}", "m".repeat(members.len().min(20))))
}

pub fn sdist() -> Target {
    let plain = Sdist::new("example", "1.0");
    let mut seeds = vec![
        plain.build().1,
        plain.clone().with_payload(3000).build().1,
        plain.claiming("other", "2.0").build().1,
    ];
    seeds.extend([
        extended(b'x', b"30 path=example-1.0/PKG-INFO\n\n"),
        extended(b'L', b"example-1.0/PKG-INFO\0"),
    ]);
    seeds.push(extended(b'g', b"19 comment=nothing\n"));
    Target {
        name: "sdist",
        seeds,
        attacks: || bytes_of(bombs::sdists()),
        words: &[
            b"example-1.0/PKG-INFO",
            b"example-1.0/",
            b"28 path=example-1.0/PKG-INFO\n",
            b"13 size=1000\n",
            b"22 GNU.sparse.major=1\n",
            b"\x1f\x8b\x08\x00",
            b"ustar\x0000",
            b"ustar  \x00",
            b"00000000644\0",
            b"77777777777\0",
            b"\x80\x00\x00\x00\x00\x00\x00\x01",
            b"../",
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ],
        layer: Some((open_sdist, close_sdist)),
        check: check_sdist,
        memory: |len| ((8 << 20) + 8 * len).min(MOST),
    }
}

/// An sdist whose PKG-INFO gets its path from an extension of this type.
fn extended(kind: u8, extension: &[u8]) -> Vec<u8> {
    let text = b"Metadata-Version: 2.4\nName: example\nVersion: 1.0\n";
    let mut tar = Vec::new();
    for (kind, path, content) in [
        (kind, "extension", extension),
        (b'0', "example-1.0/PKG-INFO", text),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    gzip(&tar)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn open_sdist(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut tar = Vec::new();
    let limit = LARGEST as u64;
    MultiGzDecoder::new(bytes)
        .take(limit)
        .read_to_end(&mut tar)
        .ok()?;
    Some(tar)
}

/// With the sums of the headers made right, as far as they can be found.
fn close_sdist(inside: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut tar = inside.to_vec();
    if chance.one_in(2) {
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    let mut at = 0;
    while let Some(header) = tar.get_mut(at..at + 512) {
        if header.iter().all(|byte| *byte == 0) {
            at += 512;
            continue;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let digits = String::from_utf8_lossy(&header[124..135]).into_owned();
        let size = usize::from_str_radix(digits.trim_matches(['\0', ' ']), 8).unwrap_or(0);
        at = at
            .saturating_add(512)
            .saturating_add(size.next_multiple_of(512));
        if at > tar.len() {
            break;
        }
    }
    if chance.one_in(8) {
        let (first, second) = tar.split_at(chance.below(tar.len() + 1));
        return [gzip(first), gzip(second)].concat();
    }
    gzip(&tar)
}

fn check_sdist(input: &[u8]) -> Outcome {
    let metadata = match read(input, SDIST) {
        Ok(metadata) => metadata,
        Err(why) => return Ok(why),
    };
    let members = tar_members(input, 64 << 20).ok_or("accepted, but no tar archive to others")?;
    let top = members.first().map(|(path, _)| {
        path.split(|byte| *byte == b'/')
            .next()
            .unwrap_or_default()
            .to_vec()
    });
    let mut seen = Vec::new();
    for (path, content) in &members {
        // Whatever its type says, a path with such an end is a folder's.
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        if Some(parts[0]) != top.as_deref()
            || parts.iter().any(|part| matches!(*part, b"" | b"." | b".."))
        {
            return Err(format!("{} is let through", String::from_utf8_lossy(path)));
        }
        if parts.len() == 2 && parts[1] == b"PKG-INFO" {
            seen.push(content);
        }
    }
    let [seen] = seen[..] else {
        return Err(format!("{} PKG-INFO to others", seen.len()));
    };
    same(&metadata, seen)?;
    Ok(format!("good: {}", "m".repeat(members.len().min(20))))
}
