// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! RECORD of a wheel: which files it holds, and the hash of each.
//!
//! Decides what one line says, by PEP 376 and PEP 427: CSV, a path, a hash in
//! base64 for URLs, a size. Decides neither which files there are nor whether
//! the hashes are right.

use std::io::{BufRead, Read};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::MetadataError;
use crate::rules::Rule;

/// Bytes that a line may have; a path in a zip archive has 65535 at most.
const LINE_LIMIT: u64 = 256 * 1024;

/// Lines that there may be; a wheel has 65534 files at most.
const LINES_LIMIT: u64 = 200_000;

/// The hash of one file. MD5 and SHA-1 are not allowed in a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256(Box<[u8]>),
    Sha384(Box<[u8]>),
    Sha512(Box<[u8]>),
}

impl Hash {
    /// Reads, for example, `sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU`.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (algorithm, digest) = std::str::from_utf8(text).ok()?.split_once('=')?;
        let digest = URL_SAFE_NO_PAD
            .decode(digest.trim_end_matches('='))
            .ok()?
            .into_boxed_slice();
        match (algorithm.to_ascii_lowercase().as_str(), digest.len()) {
            ("sha256", 32) => Some(Self::Sha256(digest)),
            ("sha384", 48) => Some(Self::Sha384(digest)),
            ("sha512", 64) => Some(Self::Sha512(digest)),
            _ => None,
        }
    }
}

/// Calls `each` with the path and the hash's text of every line. Takes the
/// memory of one line.
pub(super) fn read_lines(
    mut from: impl BufRead,
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), MetadataError>,
) -> Result<(), MetadataError> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if from
            .by_ref()
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut line)?
            == 0
        {
            break;
        }
        if number > LINES_LIMIT {
            return Err(refused(&format!("more than {LINES_LIMIT} lines")));
        }
        if line.len() as u64 == LINE_LIMIT {
            return Err(MetadataError::TooLarge {
                rule: Rule::RecordWrong,
                what: format!("line {number} of RECORD"),
                limit: LINE_LIMIT,
            });
        }
        if std::str::from_utf8(&line).is_err() {
            return Err(MetadataError::Refused {
                rule: Rule::RecordMissing,
                expected: "a RECORD in UTF-8",
                found: format!("other bytes in line {number}"),
            });
        }
        let text = line.trim_ascii_end();
        if text.is_empty() {
            continue;
        }
        let (mut path, rest) =
            split_field(text).ok_or_else(|| refused(&format!("line {number} without one")))?;
        // Old tools on Windows wrote backslashes here and slashes in the archive.
        for byte in path.iter_mut().filter(|byte| **byte == b'\\') {
            *byte = b'/';
        }
        let (hash, _) = split_field(rest)
            .ok_or_else(|| refused(&format!("line {number} with a quote that never ends")))?;
        each(&path, &hash)?;
    }
    Ok(())
}

/// The first field of a line of CSV, and what follows its comma.
fn split_field(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b',');
        let (field, rest) = text.split_at(end.unwrap_or(text.len()));
        return Some((field.to_vec(), rest.strip_prefix(b",").unwrap_or_default()));
    };
    let mut field = Vec::new();
    loop {
        let (part, behind) = rest.split_at_checked(rest.iter().position(|byte| *byte == b'"')?)?;
        field.extend_from_slice(part);
        match behind {
            [b'"', b'"', behind @ ..] => {
                field.push(b'"');
                rest = behind;
            }
            [b'"', b',', behind @ ..] => return Some((field, behind)),
            [b'"'] => return Some((field, &[])),
            _ => return None,
        }
    }
}

/// The verdict on a RECORD that does not tell what the wheel holds.
pub(super) fn refused(found: &str) -> MetadataError {
    MetadataError::Refused {
        rule: Rule::RecordWrong,
        expected: "a RECORD with the path and the SHA-2 hash of every file",
        found: found.to_owned(),
    }
}
