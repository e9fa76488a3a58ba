// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Checksum files, and the text of METADATA and PKG-INFO.

use std::io::Cursor;

use asf_pypi_publish::checksum::{self, Algorithm};
use asf_pypi_publish::dist::filename::DistributionName;
use asf_pypi_publish::dist::form::form_fields;
use asf_pypi_publish::dist::metadata::{Metadata, agree};
use testbed::bombs;
use testbed::distribution::Sdist;

use crate::round::{Outcome, Target, bytes_of, measured};

const NAME: &str = "example-1.0.tar.gz";
const SHA512: &str = "CF83E1357EEFB8BDF1542850D66D8007D620E4050B5715DC83F4A921D36CE9CE\
                      47D0D13C5D85F2B0FF8318D2877EEC2F63B931BD47417A81A538327AF927DA3E";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const CHECKSUM_WORDS: &[&[u8]] = &[
    NAME.as_bytes(),
    SHA512.as_bytes(),
    SHA256.as_bytes(),
    b"CF83E135 7EEFB8BD ",
    b"SHA512 (",
    b") = ",
    b": ",
    b"  ",
    b" *",
    b"\\",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"//",
    b"#",
];

pub fn checksum() -> Target {
    let groups: Vec<&str> = SHA512
        .as_bytes()
        .chunks(8)
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    let wrapped: Vec<String> = groups.chunks(4).map(|line| line.join(" ")).collect();
    let mut seeds: Vec<Vec<u8>> = [
        format!("{SHA512}\n"),
        format!("{SHA512}  {NAME}\n"),
        format!("{} *./dist/{NAME}\r\n", SHA512.to_lowercase()),
        format!("SHA512 ({NAME}) = {SHA512}\n"),
        format!("SHA2-512({NAME})= {SHA512}\n"),
        format!(
            "{NAME}: {}\n",
            wrapped.join(&format!("\n{}", " ".repeat(20)))
        ),
        format!("{NAME}:\n{}\n", wrapped.join("\n")),
        format!("# sums\n{SHA512}  other.whl\n\n{SHA512}  {NAME}\n"),
        format!("{SHA256}  {NAME}\n"),
        format!("SHA256 ({NAME}) = {SHA256}\n"),
        String::new(),
    ]
    .map(String::into_bytes)
    .into();
    let units = format!("{SHA512}  {NAME}\r\n");
    seeds.push(
        [0xff, 0xfe]
            .into_iter()
            .chain(units.bytes().flat_map(|b| [b, 0]))
            .collect(),
    );
    seeds.push(
        [0xfe, 0xff]
            .into_iter()
            .chain(units.bytes().flat_map(|b| [0, b]))
            .collect(),
    );
    Target {
        name: "checksum",
        seeds,
        attacks: Vec::new,
        words: CHECKSUM_WORDS,
        layer: None,
        check: check_checksum,
        memory: |len| 64 * 1024 + 32 * len,
    }
}

fn check_checksum(input: &[u8]) -> Outcome {
    let mut words = Vec::new();
    for algorithm in Algorithm::ALL {
        let digest = match checksum::read(input, algorithm, NAME) {
            Ok(digest) => digest,
            Err(why) => {
                words.push(why.to_string());
                continue;
            }
        };
        let text = text_of(input).ok_or("accepted, and no text")?;
        let joined: String = text.split_whitespace().collect::<String>().to_lowercase();
        if !joined.contains(&hex::encode(&digest)) {
            return Err("a digest that does not stand there".to_owned());
        }
        if digest.len() != algorithm.digest_len() {
            return Err("a digest of another length".to_owned());
        }
        // Alone, or beside the name; never the digest of another file only.
        let alone = joined.len() == 2 * digest.len()
            || text
                .lines()
                .any(|line| line.starts_with('#') || line.starts_with("//"));
        let blanks = text.lines().map(str::trim).filter(|line| !line.is_empty());
        if !alone && !text.contains(NAME) && blanks.count() > 1 + 128 / 8 {
            return Err("a digest of no file".to_owned());
        }
        words.push("read".to_owned());
    }
    Ok(words.join(" "))
}

fn text_of(input: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).ok()
    };
    match input {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => String::from_utf8(input.to_vec()).ok(),
    }
}

pub fn metadata() -> Target {
    let head = "Metadata-Version: 2.4\nName: example\nVersion: 1.0\n";
    let seeds = [
        head.to_owned(),
        format!("{head}Summary: x\nClassifier: a\nClassifier: b\n\n# Example\n\nText: yes\n"),
        format!("{head}Description: one\n        two\n       |three\n"),
        format!("{head}Keywords: a,b\nProject-URL: Home, https://example.org/\nLicense-File: L\n"),
        "Metadata-Version: 1.0\r\nName: Exa_mple\r\nVersion: 1.0.0\r\nLicense: UNKNOWN\r\n".into(),
    ];
    Target {
        name: "metadata",
        seeds: seeds.map(String::into_bytes).into(),
        attacks: || bytes_of(bombs::metadata()),
        words: &[
            b"Metadata-Version: 2.5\n",
            b"Name: ",
            b"Version: ",
            b"Description: ",
            b"Description-Content-Type: text/markdown\n",
            b"Dynamic: Version\n",
            b"License-Expression: Apache-2.0\n",
            b"Requires-Dist: x; extra == 'y'\n",
            b"\n\n",
            b"\n ",
            b"\n\t",
            b"\r",
            b":",
            b"\x00",
            b"\xe2\x80\xae",
        ],
        layer: None,
        check: check_metadata,
        memory: |len| (512 << 10) + 64 * len,
    }
}

/// A release version as PEP 440 writes it, by hand: without blanks, a `v`, the
/// epoch 0, and zeros before a number. So does the index before it compares.
fn plain(version: &str) -> String {
    let text = version.trim().trim_start_matches(['v', 'V']);
    let (epoch, release) = text.split_once('!').unwrap_or(("0", text));
    let number = |part: &str| match part.trim_start_matches('0') {
        "" if part.is_empty() => String::new(),
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    };
    let release: Vec<String> = release.split('.').map(number).collect();
    match number(epoch).as_str() {
        "0" => release.join("."),
        epoch => format!("{epoch}!{}", release.join(".")),
    }
}

fn check_metadata(input: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(input) else {
        return Ok("no text".to_owned());
    };
    let (file, bytes) = Sdist::new("example", "1.0").with_metadata(text).build();
    let name = DistributionName::parse(&file).map_err(|it| it.to_string())?;
    let metadata = match measured(|| Metadata::read(Cursor::new(&bytes), &name)) {
        Ok(metadata) => metadata,
        Err(why) => return Ok(why.to_string()),
    };
    // What is said is what stands there, and the form repeats no single field.
    for (key, value) in metadata.fields() {
        let first = value.split('\n').next().unwrap_or_default();
        let stands = text
            .lines()
            .any(|line| line.starts_with(key) && line.trim_end_matches('\r').ends_with(first));
        if !stands {
            return Err(format!("{key} does not stand there so"));
        }
    }
    let form = form_fields(&metadata);
    for once in [
        "name",
        "version",
        "metadata_version",
        "summary",
        "description",
    ] {
        if form.iter().filter(|(key, _)| *key == once).count() > 1 {
            return Err(format!("{once} twice in the form"));
        }
    }
    match agree(&metadata, &name) {
        Ok(()) if metadata.name().to_lowercase() != "example" => Err("another name".to_owned()),
        Ok(()) if plain(metadata.version()) != "1.0" => Err("another version".to_owned()),
        Ok(()) => Ok(format!("good, {} fields", metadata.fields().count())),
        Err(why) => Ok(why.to_string()),
    }
}
