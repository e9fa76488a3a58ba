// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The grammar of digest lists: `X.mds`, several digests of one file, and
//! `SHA512SUMS`, one digest of each file of a folder.
//!
//! ASF policy allows both beside the checksum of each file, and never in its
//! place (<https://infra.apache.org/release-distribution.html>): they are
//! held against the files, but no file has its checksum by them.

use super::{Algorithm, ChecksumError, Entry, decode, is_hex, parse_entries, shorten};

/// The names of the digests in an `.mds`, and the hex digits that each has.
const TAGS: [(&str, usize); 9] = [
    ("MD5", 32),
    ("SHA1", 40),
    ("RMD160", 40),
    ("SHA224", 56),
    ("SHA256", 64),
    ("SHA384", 96),
    ("SHA512", 128),
    ("SHA3-256", 64),
    ("SHA3-512", 128),
];

/// Hex digits of a group, by the digest's length: gpg writes pairs, fours and eights.
const GROUPS: [usize; 3] = [2, 4, 8];

/// The algorithm of a folder's list, by its basename: `SHA512SUMS` and its like.
pub fn of_folder(basename: &str) -> Option<Algorithm> {
    match stem(basename) {
        "SHA256SUMS" | "SHA256SUM" => Some(Algorithm::Sha256),
        "SHA512SUMS" | "SHA512SUM" => Some(Algorithm::Sha512),
        _ => None,
    }
}

/// Whether a basename is a folder's list of digests that no longer count.
pub fn is_weak(basename: &str) -> bool {
    matches!(
        stem(basename),
        "MD5SUMS" | "MD5SUM" | "SHA1SUMS" | "SHA1SUM" | "SHASUMS" | "SHASUM"
    )
}

fn stem(basename: &str) -> &str {
    basename.strip_suffix(".txt").unwrap_or(basename)
}

/// The digests of a folder's list, each with the path of its file relative to
/// the folder. A leading `./` is dropped; every entry has a name that stays
/// inside the folder, and no two contradict each other.
///
/// # Errors
/// Whatever is not wholly of the form that [`super::read`] reads.
pub fn read_folder(
    bytes: &[u8],
    algorithm: Algorithm,
) -> Result<Vec<(String, Vec<u8>)>, ChecksumError> {
    let text = decode(bytes)?;
    let mut listed: Vec<(String, Vec<u8>)> = Vec::new();
    for Entry { name, digest } in parse_entries(&text, algorithm)? {
        let name = name.ok_or(ChecksumError::Nameless)?;
        let inside = name.strip_prefix("./").unwrap_or(name);
        let stays = inside
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."));
        if !stays {
            return Err(ChecksumError::OtherFile {
                expected: "a file of its own folder".to_owned(),
                found: shorten(name),
            });
        }
        listed.push((inside.to_owned(), digest));
    }
    if listed.is_empty() {
        return Err(ChecksumError::Empty);
    }
    listed.sort();
    listed.dedup();
    let twice = listed
        .array_windows()
        .find_map(|[(first, _), (second, _)]| (first == second).then(|| second.clone()));
    match twice {
        Some(name) => Err(ChecksumError::Contradiction { name }),
        None => Ok(listed),
    }
}

/// The digests of `X.mds` that count, which may be none: all others are of
/// kinds that no longer do. The form is that of `gpg --print-mds`.
///
/// # Errors
/// Another form, another file's name, a digest of the wrong length, or two of
/// one kind that differ.
pub fn read_mds(bytes: &[u8], basename: &str) -> Result<Vec<(Algorithm, Vec<u8>)>, ChecksumError> {
    let text = decode(bytes)?;
    let mut found: Vec<(&str, String)> = Vec::new();
    // Whether a digest can go on: what a name or a blank line parts never was one.
    let mut is_open = false;
    for (line, number) in text.lines().map(str::trim).zip(1_usize..) {
        let unknown = || ChecksumError::UnknownForm {
            line: number,
            text: shorten(line),
        };
        let Some((head, groups)) = line.rsplit_once('=') else {
            if line.is_empty() {
                is_open = false;
                continue;
            }
            // The name of a long name's digest stands on a line of its own.
            if let Some(name) = line.strip_suffix(':') {
                check_name(name, basename)?;
                is_open = false;
                continue;
            }
            let last = found.last_mut().filter(|_| is_open);
            let (_, digits) = last.ok_or_else(unknown)?;
            digits.push_str(&join(line).ok_or_else(unknown)?);
            continue;
        };
        let (name, tag) = match head.rsplit_once(':') {
            Some((name, tag)) => (Some(name), tag.trim()),
            None => (None, head.trim()),
        };
        if let Some(name) = name {
            check_name(name, basename)?;
        }
        let known = TAGS.iter().find(|(known, _)| *known == tag);
        let (tag, _) = known.ok_or_else(unknown)?;
        found.push((tag, join(groups).ok_or_else(unknown)?));
        is_open = true;
    }
    if found.is_empty() {
        return Err(ChecksumError::Empty);
    }
    counting(&found, basename)
}

fn check_name(name: &str, basename: &str) -> Result<(), ChecksumError> {
    if name.rsplit('/').next() == Some(basename) {
        return Ok(());
    }
    Err(ChecksumError::OtherFile {
        expected: basename.to_owned(),
        found: shorten(name),
    })
}

/// The digits of a line of groups of one size each.
fn join(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace().peekable();
    let size = words.peek().map_or(0, |word| word.len());
    words
        .map(|word| (word.len() == size && is_hex(word)).then_some(word))
        .collect::<Option<String>>()
        .filter(|_| GROUPS.contains(&size))
}

fn counting(
    found: &[(&str, String)],
    basename: &str,
) -> Result<Vec<(Algorithm, Vec<u8>)>, ChecksumError> {
    let mut counting: Vec<(Algorithm, Vec<u8>)> = Vec::new();
    for (tag, digits) in found {
        let expected = TAGS.iter().find(|(known, _)| known == tag);
        let (_, expected) = expected.ok_or(ChecksumError::Empty)?;
        if digits.len() != *expected {
            return Err(ChecksumError::Length {
                expected: *expected,
                found: digits.len(),
            });
        }
        let algorithm = match *tag {
            "SHA256" => Algorithm::Sha256,
            "SHA512" => Algorithm::Sha512,
            _ => continue,
        };
        let digest = hex::decode(digits).map_err(|_| ChecksumError::NotText)?;
        let other = |(of, other): &(Algorithm, Vec<u8>)| *of == algorithm && *other != digest;
        if counting.iter().any(other) {
            return Err(ChecksumError::Contradiction {
                name: basename.to_owned(),
            });
        }
        if !counting.iter().any(|(of, _)| *of == algorithm) {
            counting.push((algorithm, digest));
        }
    }
    Ok(counting)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256, Sha512};

    use super::*;

    const NAME: &str = "apache-foo-1.0-src.tgz";

    fn group(digits: &str, size: usize) -> String {
        digits
            .as_bytes()
            .chunks(size)
            .map(|group| str::from_utf8(group).unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// As gpg writes it, for a short name and for a long one.
    fn mds(name: &str, data: &[u8]) -> [String; 2] {
        let md5 = group(&"AB".repeat(16), 2);
        let sha1 = group(&"C0".repeat(20), 4);
        let sha256 = group(&hex::encode_upper(Sha256::digest(data)), 8);
        let sha512 = group(&hex::encode_upper(Sha512::digest(data)), 8);
        let (head, tail) = sha512.split_at(71);
        [
            format!(
                "{name}:    MD5 = {md5}\n{name}:   SHA1 = {sha1}\n{name}: SHA256 = {sha256}\n\
                 {name}: SHA512 = {head}\n                {tail}\n"
            ),
            format!(
                "{name}: \n   MD5 = {md5}\n{name}: \n  SHA1 = {sha1}\n{name}: \nSHA256 = {sha256}\n\
                 {name}: \nSHA512 = {head}\n         {tail}\n"
            ),
        ]
    }

    #[test]
    fn an_mds_gives_the_digests_that_count() {
        for text in mds(NAME, b"hello") {
            for text in [
                text.clone(),
                text.replace('\n', "\r\n"),
                text.replace(NAME, "x/y"),
            ] {
                let name = if text.contains("x/y") { "y" } else { NAME };
                let read = read_mds(text.as_bytes(), name).unwrap();
                assert_eq!(
                    read,
                    [
                        (Algorithm::Sha256, Sha256::digest(b"hello").to_vec()),
                        (Algorithm::Sha512, Sha512::digest(b"hello").to_vec()),
                    ]
                );
            }
        }
        let often = mds(NAME, b"hello")[0].repeat(100);
        assert_eq!(read_mds(often.as_bytes(), NAME).unwrap().len(), 2);
        let weak = format!("{NAME}: MD5 = {}\n", group(&"AB".repeat(16), 2));
        assert_eq!(read_mds(weak.as_bytes(), NAME), Ok(Vec::new()));
    }

    #[test]
    fn an_mds_that_leaves_a_doubt_is_refused() {
        let [short, long] = mds(NAME, b"hello");
        for (case, text) in [
            ("nothing", String::new()),
            ("another file", short.replace(NAME, "other.tgz")),
            ("another file, long", long.replace(NAME, "other.tgz")),
            (
                "one line of another file",
                short.replacen(NAME, "other.tgz", 1),
            ),
            ("a digit lost", short.replacen("2CF2", "2CF", 1)),
            (
                "a line lost",
                short.rsplit_once("\n ").unwrap().0.to_owned(),
            ),
            (
                "a name in a digest",
                long.replace("\n         ", &format!("\n{NAME}:\n         ")),
            ),
            (
                "a blank line in a digest",
                short.replace("\n                ", "\n\n                "),
            ),
            ("a tag that is none", short.replace("SHA512", "SHA5I2")),
            ("prose", format!("These are the digests\n{short}")),
            ("two that differ", short.clone() + &mds(NAME, b"other")[0]),
            ("a web page", "<html>a = b</html>".to_owned()),
        ] {
            assert!(read_mds(text.as_bytes(), NAME).is_err(), "{case}");
        }
    }

    #[test]
    fn a_folders_list_names_each_file_inside_it() {
        let digest = |data: &[u8]| hex::encode(Sha512::digest(data));
        let text = format!("{}  b.whl\n{} *./sub/a.whl\n", digest(b"b"), digest(b"a"));
        assert_eq!(
            read_folder(text.as_bytes(), Algorithm::Sha512).unwrap(),
            [
                ("b.whl".to_owned(), Sha512::digest(b"b").to_vec()),
                ("sub/a.whl".to_owned(), Sha512::digest(b"a").to_vec()),
            ]
        );
        for (case, text) in [
            ("nothing", String::new()),
            ("no name", digest(b"a")),
            ("above", format!("{}  ../a.whl\n", digest(b"a"))),
            ("elsewhere", format!("{}  /dist/a.whl\n", digest(b"a"))),
            (
                "twice",
                format!("{0}  a.whl\n{1}  ./a.whl\n", digest(b"a"), digest(b"b")),
            ),
            ("shorter", format!("{}  a.whl\n", &digest(b"a")[..64])),
        ] {
            assert!(
                read_folder(text.as_bytes(), Algorithm::Sha512).is_err(),
                "{case}"
            );
        }
    }

    #[test]
    fn lists_are_known_by_their_names() {
        assert_eq!(of_folder("SHA512SUMS"), Some(Algorithm::Sha512));
        assert_eq!(of_folder("SHA256SUM.txt"), Some(Algorithm::Sha256));
        for name in [
            "SHA512SUMS.asc",
            "sha512sums",
            "XSHA512SUMS",
            "MD5SUM",
            "SHA384SUMS",
        ] {
            assert_eq!(of_folder(name), None, "{name}");
        }
        assert!(is_weak("MD5SUM") && is_weak("SHA1SUMS.txt") && !is_weak("SHA512SUMS"));
    }

    proptest! {
        #[test]
        fn any_damage_to_an_mds_is_refused_or_changes_nothing(
            at in 0_usize..1000, byte in any::<u8>(), data in any::<[u8; 4]>()
        ) {
            let [text, _] = mds(NAME, &data);
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(read) = read_mds(&bytes, NAME) {
                for (algorithm, digest) in read {
                    let honest = match algorithm {
                        Algorithm::Sha256 => Sha256::digest(data).to_vec(),
                        Algorithm::Sha512 => Sha512::digest(data).to_vec(),
                    };
                    let differs = digest != honest;
                    // A digit turned into another is another digest.
                    prop_assert!(!differs || byte.is_ascii_hexdigit());
                }
            }
        }
    }
}
