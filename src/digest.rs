// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The release digest: one number that names a release, wherever it lies.
//!
//! It is the SHA-256 of the text that `sha512sum` prints for all publishable
//! files, sorted bytewise by base name. So what voters saw in `dev` is what is
//! published from `release`, and anyone can compute it with coreutils: the
//! command is made here as well. Which files are publishable is not decided here.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// The digest of a release. Written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReleaseDigest([u8; 32]);

/// Why a text is no release digest.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DigestError {
    /// Not 64 characters.
    #[error("expected 64 hex digits, found {0} characters")]
    Length(usize),
    /// A character that is no hex digit.
    #[error("expected 64 hex digits, found other characters among them")]
    NotHex,
}

impl fmt::Display for ReleaseDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ReleaseDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseDigest({self})")
    }
}

impl FromStr for ReleaseDigest {
    type Err = DigestError;

    /// Reads 64 hex digits in either case, and nothing around them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 64 {
            return Err(DigestError::Length(text.chars().count()));
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError::NotHex)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ReleaseDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The digest of the release that consists of `files`: pairs of base name and
/// SHA-512, in any order. Base names are expected to be unique and free of
/// backslashes and line breaks, which coreutils would escape; the snapshot
/// refuses such names long before.
pub fn release_digest<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8; 64])>,
) -> ReleaseDigest {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_unstable();
    let mut hasher = Sha256::new();
    for (basename, sha512) in files {
        hasher.update(format!("{}  {basename}\n", hex::encode(sha512)));
    }
    ReleaseDigest(hasher.finalize().into())
}

/// The command line that gives the same digest, run in the source's folder.
///
/// `paths` are relative to the source and may lie in sub-folders: the lines
/// keep the base name alone, because an index has no folders.
pub fn coreutils_command<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let mut command = String::from("sha512sum");
    let mut paths: Vec<_> = paths.into_iter().collect();
    paths.sort_unstable();
    for path in &paths {
        command.push(' ');
        command.push_str(&quote(path));
    }
    if paths.is_empty() {
        // Without a name sha512sum would wait for its standard input.
        command = String::from("true");
    }
    // Two blanks end the digest; what follows up to the last slash is folders.
    let _ = write!(
        command,
        " | sed 's|  .*/|  |' | LC_ALL=C sort -k2 | sha256sum"
    );
    command
}

/// A path as one word of a POSIX shell that no program takes for an option.
fn quote(path: &str) -> String {
    let dot = if path.starts_with('-') { "./" } else { "" };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/+-".contains(&byte);
    if !path.is_empty() && path.bytes().all(plain) {
        format!("{dot}{path}")
    } else {
        format!("'{dot}{}'", path.replace('\'', r"'\''"))
    }
}
