// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The OpenPGP border: who signed these bytes, and whether that counts.
//!
//! `keys` reads KEYS, `policy` says which keys and signatures count,
//! `signature` judges the `.asc` of one artifact. The crate `pgp` does the
//! mathematics and nothing else; none of its types leaves this module.
//! No file, no network, no clock: bytes and the time are arguments.

mod armor;
mod certificate;
mod keys;
mod kind;
mod lapse;
mod packets;
mod policy;
mod signature;
mod signing;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

pub use keys::{BadBlock, Keyring, KeysError, KeysReport};
pub use lapse::Commit;
pub(crate) use policy::utc;
pub use signature::{Asc, Hashed, Judged, SignedData, Signer, verify};
pub use signing::SigningKey;

/// The fingerprint of a key: 40 hex digits (version 4) or 64 (version 6),
/// shown in upper case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

/// Why a text is no fingerprint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// A key id: anyone can make a key with the same one.
    #[error(
        "expected a fingerprint of 40 or 64 hex digits, found the short key id `{0}`; \
         `gpg --fingerprint {0}` shows the whole"
    )]
    ShortId(String),
    /// Anything else.
    #[error("expected a fingerprint of 40 or 64 hex digits, found `{0}`")]
    Malformed(String),
}

impl Fingerprint {
    fn from_bytes(bytes: &[u8]) -> Self {
        Self(hex::encode_upper(bytes))
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Takes blanks between the groups and a leading `0x`, as `GnuPG` prints them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let joined: String = text.split_whitespace().collect();
        let digits = joined
            .strip_prefix("0x")
            .or_else(|| joined.strip_prefix("0X"))
            .unwrap_or(&joined);
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match digits.len() {
            40 | 64 if all_hex => Ok(Self(digits.to_ascii_uppercase())),
            8 | 16 if all_hex => Err(FingerprintError::ShortId(joined)),
            _ => Err(FingerprintError::Malformed(text.trim().to_owned())),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs the parser or the mathematics on foreign bytes. A panic inside the
/// crate is an answer of its own, `None`, and never ends the run.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests;
