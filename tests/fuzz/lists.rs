// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Lists of digests: those of a folder, and the several of one file.

use asf_pypi_publish::checksum::{Algorithm, lists};
use sha2::{Digest as _, Sha256, Sha512};

use crate::mutate::fill;
use crate::round::{Outcome, Target, measured};

const NAME: &str = "example-1.0.tar.gz";

const WORDS: &[&[u8]] = &[
    NAME.as_bytes(),
    b"example-1.0.tar.gz: ",
    b"SHA512 (",
    b"SHA256 = ",
    b"SHA512 = ",
    b"SHA3-512 = ",
    b") = ",
    b"  ",
    b" *",
    b"./",
    b"../",
    b"/",
    b"..",
    b"\\",
    b"#",
    b"//",
    b"=",
    b":",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x00",
    b"\xe2\x80\xae",
    b"2CF24DBA 5FB0A30E",
];

fn sha512(data: &str) -> String {
    hex::encode(Sha512::digest(data))
}

fn groups(digits: &str, size: usize) -> String {
    let groups: Vec<&str> = digits
        .as_bytes()
        .chunks(size)
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(" ")
}

/// As much of this as is read of one list.
fn filled(each: impl Fn(usize) -> String) -> Vec<u8> {
    fill(256 << 10, "", each, "")
}

pub fn folder() -> Target {
    let (one, two) = (sha512("one"), sha512("two"));
    let seeds = [
        format!("{one}  {NAME}\n{two} *./sub/b-2.0.whl\n"),
        format!("SHA512 ({NAME}) = {one}\r\nSHA512 (b c.whl) = {two}\r\n"),
        format!("# sums\n\n{NAME}: {}\n", groups(&one.to_uppercase(), 8)),
        format!("{one}  {NAME}\n{one}  ./{NAME}\n"),
        format!(
            "{}  {NAME}\n{}  b\n",
            hex::encode(Sha256::digest("one")),
            hex::encode(Sha256::digest("two"))
        ),
        String::new(),
    ];
    let attacks = || {
        let digest = sha512("one");
        vec![
            filled(|number| format!("{digest}  {number}\n")),
            filled(|_| format!("{digest}  a\n")),
            filled(|number| format!("{number}:\n")),
            filled(|_| "2CF24DBA\n".to_owned()),
            filled(|_| "#\n".to_owned()),
            filled(|_| "a/".to_owned()),
            [
                format!("{digest}  ").into_bytes(),
                filled(|_| "a/".to_owned()),
            ]
            .concat(),
            [
                format!("{digest}  ").into_bytes(),
                filled(|_| ":".to_owned()),
            ]
            .concat(),
            filled(|_| "=(".to_owned()),
            filled(|_| "\n".to_owned()),
        ]
    };
    Target {
        name: "digest-list",
        seeds: seeds.map(String::into_bytes).into(),
        attacks,
        words: WORDS,
        layer: None,
        check: check_folder,
        memory: |len| (64 << 10) + 32 * len,
    }
}

pub fn mds() -> Target {
    let sha256 = groups(&hex::encode_upper(Sha256::digest("one")), 8);
    let sha512 = groups(&sha512("one").to_uppercase(), 8);
    let (head, tail) = sha512.split_at(71);
    let md5 = groups(&"AB".repeat(16), 2);
    let sha1 = groups(&"C0".repeat(20), 4);
    let seeds = [
        format!(
            "{NAME}:    MD5 = {md5}\n{NAME}:   SHA1 = {sha1}\n{NAME}: SHA256 = {sha256}\n\
             {NAME}: SHA512 = {head}\n                {tail}\n"
        ),
        format!("{NAME}: \nSHA256 = {sha256}\n{NAME}: \r\nSHA512 = {head}\r\n   {tail}\r\n"),
        format!("{NAME}: MD5 = {md5}\n"),
        format!("SHA256 = {sha256}\n"),
        String::new(),
    ];
    let attacks = || {
        vec![
            filled(|_| "MD5 = AB\n".to_owned()),
            filled(|_| "SHA256 = AB\n".to_owned()),
            [b"SHA256 = AB\n".to_vec(), filled(|_| "AB\n".to_owned())].concat(),
            [b"SHA256 = AB\n".to_vec(), filled(|_| "AB ".to_owned())].concat(),
            filled(|_| format!("{NAME}:\n")),
            filled(|_| "=".to_owned()),
            filled(|_| ":".to_owned()),
            filled(|_| {
                let digest = hex::encode(Sha256::digest("one"));
                format!("SHA256 = {}\n", groups(&digest, 8))
            }),
        ]
    };
    Target {
        name: "mds",
        seeds: seeds.map(String::into_bytes).into(),
        attacks,
        words: WORDS,
        layer: None,
        check: check_mds,
        memory: |len| (64 << 10) + 32 * len,
    }
}

fn check_folder(input: &[u8]) -> Outcome {
    let mut words = Vec::new();
    for algorithm in Algorithm::ALL {
        let read = |input: &[u8]| lists::read_folder(input, algorithm);
        let listed = match measured(|| read(input)) {
            Ok(listed) => listed,
            Err(why) => {
                words.push(why.to_string());
                continue;
            }
        };
        for (at, (name, digest)) in listed.iter().enumerate() {
            if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
                return Err(format!("{name:?} stays not in the folder"));
            }
            if digest.len() != algorithm.digest_len() {
                return Err("a digest of another length".to_owned());
            }
            if at > 0 && listed[at - 1].0 == *name {
                return Err(format!("{name:?} twice"));
            }
        }
        let digests: Vec<&[u8]> = listed.iter().map(|(_, digest)| digest.as_slice()).collect();
        check_digits(input, &digests, &|input| {
            read(input).ok().as_ref() == Some(&listed)
        })?;
        words.push("r".repeat(listed.len().min(20)));
    }
    Ok(words.join(" "))
}

fn check_mds(input: &[u8]) -> Outcome {
    let read = |input: &[u8]| lists::read_mds(input, NAME);
    let counting = match measured(|| read(input)) {
        Ok(counting) => counting,
        Err(why) => return Ok(why.to_string()),
    };
    for (algorithm, digest) in &counting {
        if digest.len() != algorithm.digest_len() {
            return Err("a digest of another length".to_owned());
        }
        if counting
            .iter()
            .any(|(of, other)| of == algorithm && other != digest)
        {
            return Err("two digests of one kind".to_owned());
        }
    }
    let digests: Vec<&[u8]> = counting
        .iter()
        .map(|(_, digest)| digest.as_slice())
        .collect();
    check_digits(input, &digests, &|input| {
        read(input).ok().as_ref() == Some(&counting)
    })?;
    Ok("r".repeat(counting.len().min(20)))
}

/// Of so many digests of a list: each takes a few readings.
const TRIED: usize = 8;

/// Whether each digest stands there, and no digit of it can be another one
/// without a difference.
fn check_digits(
    input: &[u8],
    digests: &[&[u8]],
    is_same: &dyn Fn(&[u8]) -> bool,
) -> Result<(), String> {
    // Where each character that is no blank stands; of UTF-16, the half that
    // tells one digit from another.
    let places: Vec<usize> = (0..input.len())
        .filter(|at| !input[*at].is_ascii_whitespace() && input[*at] != 0)
        .collect();
    let text: Vec<u8> = places
        .iter()
        .map(|at| input[*at].to_ascii_lowercase())
        .collect();
    for digest in digests.iter().take(TRIED) {
        let digits = hex::encode(digest);
        let found: Vec<usize> = memchr::memmem::find_iter(&text, digits.as_bytes())
            .take(2)
            .collect();
        let start = match found[..] {
            [] => return Err("a digest that does not stand there".to_owned()),
            [start] => start,
            // Which of them counts, is not known.
            _ => continue,
        };
        for nth in [0, 1, 7, 8, digits.len() / 2, digits.len() - 1] {
            let at = places[start + nth];
            let mut other = input.to_vec();
            other[at] = if input[at] == b'0' { b'1' } else { b'0' };
            if is_same(&other) {
                return Err(format!("a digit that makes no difference, at {at}"));
            }
        }
    }
    Ok(())
}
