// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The grammar of checksum files: which digest one names for a file.
//!
//! Decides the forms that are read (coreutils, a bare digest, BSD and OpenSSL
//! tags, `gpg --print-md`; in [`lists`] those of digest lists) and that anything
//! else is refused: hex digits are never gathered from prose. Does not hash, and does not compare with a
//! file's own digest. The caller bounds the size of what it passes in.

use std::iter::Peekable;

use thiserror::Error;

use crate::rules::{Finding, Rule};

pub mod lists;

#[cfg(test)]
mod tests;

/// The digests that the ASF accepts beside a release artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, in `.sha256`.
    Sha256,
    /// SHA-512, in `.sha512`.
    Sha512,
}

impl Algorithm {
    /// Both, the weaker first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The suffix of its checksum files, with the dot.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Sha256 => ".sha256",
            Self::Sha512 => ".sha512",
        }
    }

    /// The digest's length in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The algorithm of a checksum file, by its suffix.
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| path.ends_with(algorithm.suffix()))
    }

    /// How `sha512sum --tag`, `openssl dgst` and their like spell it.
    fn tags(self) -> [&'static str; 3] {
        match self {
            Self::Sha256 => ["SHA256", "SHA2-256", "SHA-256"],
            Self::Sha512 => ["SHA512", "SHA2-512", "SHA-512"],
        }
    }

    const fn hex_len(self) -> usize {
        self.digest_len() * 2
    }
}

/// Why a checksum file names no digest for the file beside it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected {}, found {}", self.expected(), self.found())]
pub enum ChecksumError {
    /// Neither UTF-8 nor UTF-16 with its mark.
    NotText,
    /// Nothing but blank lines and comments.
    Empty,
    /// A line of no known form.
    UnknownForm {
        /// Counted from 1.
        line: usize,
        /// What stands there, shortened.
        text: String,
    },
    /// A digest of another length, so of another algorithm or cut off.
    Length {
        /// Hex digits that the algorithm has.
        expected: usize,
        /// Hex digits that stand there.
        found: usize,
    },
    /// A line tagged with another algorithm.
    OtherAlgorithm {
        /// The tag that the suffix asks for.
        expected: &'static str,
        /// The tag that stands there.
        found: String,
    },
    /// A name that coreutils escaped: it holds a backslash or a line break.
    EscapedName,
    /// Digests, but none for this file.
    OtherFile {
        /// The name asked for.
        expected: String,
        /// The first name that stands there.
        found: String,
    },
    /// Several digests of which one at least has no name.
    Nameless,
    /// Two digests for this file that differ.
    Contradiction {
        /// The name that stands twice.
        name: String,
    },
}

impl ChecksumError {
    fn expected(&self) -> String {
        match self {
            Self::NotText => "text in UTF-8".into(),
            Self::Empty => "one digest".into(),
            Self::UnknownForm { .. } => {
                "a line as sha512sum, shasum, openssl or gpg writes it".into()
            }
            Self::Length { expected, .. } => format!("{expected} hex digits"),
            Self::OtherAlgorithm { expected, .. } => format!("a digest tagged {expected}"),
            Self::EscapedName => "a file name without backslash or line break".into(),
            Self::OtherFile { expected, .. } => format!("a digest for {expected}"),
            Self::Nameless => "one digest, or a name beside each".into(),
            Self::Contradiction { name } => format!("one digest for {name}"),
        }
    }

    fn found(&self) -> String {
        match self {
            Self::NotText => "other bytes".into(),
            Self::Empty => "none".into(),
            Self::UnknownForm { line, text } => format!("line {line}: {text}"),
            Self::Length { found, .. } => format!("{found} hex digits"),
            Self::OtherAlgorithm { found, .. } => format!("one tagged {found}"),
            Self::EscapedName => "an escaped name".into(),
            Self::OtherFile { found, .. } => format!("one for {found}"),
            Self::Nameless => "several, not all with a name".into(),
            Self::Contradiction { .. } => "two that differ".into(),
        }
    }

    /// The verdict on the checksum file at `path`.
    pub fn finding(&self, path: &str) -> Finding {
        Finding::new(
            Rule::ChecksumUnreadable,
            Some(path),
            self.expected(),
            self.found(),
        )
    }
}

/// The digest, of exactly the algorithm's length, that the checksum file
/// `bytes` names for `basename`. A path in front of a name is ignored, a lone
/// digest needs no name; a file may hold digests for others as well, as long
/// as it holds one for `basename` and does not contradict itself.
///
/// # Errors
/// Whatever is not wholly of a known form, or leaves a doubt which digest is meant.
pub fn read(bytes: &[u8], algorithm: Algorithm, basename: &str) -> Result<Vec<u8>, ChecksumError> {
    let text = decode(bytes)?;
    let entries = parse_entries(&text, algorithm)?;
    select(entries, basename)
}

/// One digest and the name beside it, if any.
struct Entry<'a> {
    name: Option<&'a str>,
    digest: Vec<u8>,
}

fn decode(bytes: &[u8]) -> Result<String, ChecksumError> {
    // PowerShell's `>` writes UTF-16 with a mark; without one it is not guessed at.
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        rest.is_empty()
            .then_some(units)
            .and_then(|units| String::from_utf16(&units).ok())
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => str::from_utf8(rest).ok().map(str::to_owned),
        _ => str::from_utf8(bytes).ok().map(str::to_owned),
    };
    text.ok_or(ChecksumError::NotText)
}

fn parse_entries(text: &str, algorithm: Algorithm) -> Result<Vec<Entry<'_>>, ChecksumError> {
    let mut lines = text
        .split('\n')
        .map(|line| line.trim_matches([' ', '\t', '\r']))
        .zip(1_usize..)
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
        .peekable();
    let mut entries = Vec::new();
    while let Some((line, number)) = lines.next() {
        if line.starts_with('\\') {
            return Err(ChecksumError::EscapedName);
        }
        let entry = if let Some(entry) = parse_tagged(line, algorithm) {
            entry?
        } else if let Some(entry) = parse_plain(line, algorithm) {
            entry?
        } else {
            parse_grouped((line, number), &mut lines, algorithm)?
        };
        entries.push(entry);
    }
    Ok(entries)
}

/// `SHA512 (name) = hex` of `sha512sum --tag`, `SHA2-512(name)= hex` of openssl.
fn parse_tagged(line: &str, algorithm: Algorithm) -> Option<Result<Entry<'_>, ChecksumError>> {
    let (head, digits) = line.rsplit_once('=')?;
    let (tag, rest) = head.split_once('(')?;
    let name = rest.trim_end().strip_suffix(')')?;
    let tag = tag.trim_end();
    if tag.is_empty()
        || !tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return None;
    }
    let known = algorithm.tags();
    if !known.iter().any(|known| known.eq_ignore_ascii_case(tag)) {
        let [expected, ..] = known;
        return Some(Err(ChecksumError::OtherAlgorithm {
            expected,
            found: shorten(tag),
        }));
    }
    let digits = digits.trim_start();
    if !is_hex(digits) {
        return None;
    }
    Some(digest(digits, algorithm).map(|digest| Entry {
        name: Some(name),
        digest,
    }))
}

/// `hex`, `hex  name` and `hex *name` of sha512sum and shasum.
fn parse_plain(line: &str, algorithm: Algorithm) -> Option<Result<Entry<'_>, ChecksumError>> {
    let end = line.find([' ', '\t']).unwrap_or(line.len());
    let (digits, rest) = line.split_at(end);
    // gpg's groups have eight digits at most: what is longer is a whole digest.
    if !is_hex(digits) || digits.len() <= GROUP {
        return None;
    }
    let name = rest
        .strip_prefix(" *")
        .or_else(|| rest.strip_prefix("  "))
        .or_else(|| rest.strip_prefix([' ', '\t']))
        .filter(|name| !name.is_empty());
    Some(digest(digits, algorithm).map(|digest| Entry { name, digest }))
}

/// `gpg --print-md`: `name: ` and groups of eight digits, wrapped where the
/// length of the name had it; no name when gpg read its standard input.
fn parse_grouped<'a>(
    (line, number): (&'a str, usize),
    lines: &mut Peekable<impl Iterator<Item = (&'a str, usize)>>,
    algorithm: Algorithm,
) -> Result<Entry<'a>, ChecksumError> {
    let unknown = || ChecksumError::UnknownForm {
        line: number,
        text: shorten(line),
    };
    let (name, rest) = match line.rsplit_once(':') {
        Some(("", _)) => return Err(unknown()),
        Some((name, rest)) => (Some(name), rest),
        None => (None, line),
    };
    let mut digits = join_groups(rest).ok_or_else(unknown)?;
    // Line by line: what a comment or a blank line parts was never one digest.
    let mut last = number;
    while let Some(more) = lines
        .peek()
        .filter(|(_, number)| *number == last + 1)
        .and_then(|(line, _)| join_groups(line))
    {
        digits.push_str(&more);
        last += 1;
        lines.next();
    }
    if digits.is_empty() {
        return Err(unknown());
    }
    Ok(Entry {
        name,
        digest: digest(&digits, algorithm)?,
    })
}

/// Hex digits of one group in the form of `gpg --print-md`.
const GROUP: usize = 8;

/// The digits of a line that holds nothing but groups.
fn join_groups(line: &str) -> Option<String> {
    line.split_ascii_whitespace()
        .map(|group| (group.len() == GROUP && is_hex(group)).then_some(group))
        .collect()
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn digest(digits: &str, algorithm: Algorithm) -> Result<Vec<u8>, ChecksumError> {
    let wrong = ChecksumError::Length {
        expected: algorithm.hex_len(),
        found: digits.len(),
    };
    if digits.len() != algorithm.hex_len() {
        return Err(wrong);
    }
    hex::decode(digits).map_err(|_| wrong)
}

fn select(entries: Vec<Entry<'_>>, basename: &str) -> Result<Vec<u8>, ChecksumError> {
    let nameless = entries.iter().any(|entry| entry.name.is_none());
    if nameless && entries.len() > 1 {
        return Err(ChecksumError::Nameless);
    }
    let mut other = None;
    let mut chosen: Option<Vec<u8>> = None;
    for Entry { name, digest } in entries {
        let Some(name) = name else { return Ok(digest) };
        if name.rsplit('/').next() != Some(basename) {
            other.get_or_insert(name);
        } else if chosen.as_ref().is_some_and(|chosen| *chosen != digest) {
            return Err(ChecksumError::Contradiction {
                name: basename.to_owned(),
            });
        } else {
            chosen = Some(digest);
        }
    }
    match (chosen, other) {
        (Some(digest), _) => Ok(digest),
        (None, Some(name)) => Err(ChecksumError::OtherFile {
            expected: basename.to_owned(),
            found: shorten(name),
        }),
        (None, None) => Err(ChecksumError::Empty),
    }
}

/// Foreign text, short enough for one line of a report.
pub(crate) fn shorten(text: &str) -> String {
    cut(text, 60)
}

/// Foreign text of at most so many characters, such as a path.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
