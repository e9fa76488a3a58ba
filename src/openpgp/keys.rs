// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! KEYS: every key of every block, the copies of one key merged, and each
//! revocation brought to the key that it speaks of, wherever it stands.
//!
//! Real files hold prose, `gpg` listings, several keys in a block, damaged
//! blocks and keys of PGP 2. Nothing is verified here: that waits until a key
//! is used.

mod bounds;
mod reader;

use std::collections::HashMap;

use super::Fingerprint;
use super::certificate::{Certificate, Subkey};
use super::packets::{Hints, KeyFacts};
use crate::rules::{Finding, Rule};
use reader::Reader;

/// A block of KEYS that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBlock {
    /// Which of the files, from 0, in the order they were given.
    pub file: usize,
    /// The line of its BEGIN, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// What was found in KEYS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysReport {
    /// Keys of version 4 or 6, each counted once, whatever its kind or age.
    pub usable: usize,
    /// Armor blocks of keys, damaged ones too.
    pub blocks: usize,
    /// The blocks, or keys in them, that do not count.
    pub bad_blocks: Vec<BadBlock>,
    /// Keys of PGP 2 (version 2 or 3), which never count.
    pub old_keys: usize,
}

/// Why KEYS cannot be used at all. `file` counts from 0 in the order given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The address gave a page for people.
    #[error("a web page instead of KEYS")]
    WebPage {
        /// Which of the files.
        file: usize,
    },
    /// Nothing to verify with.
    #[error("no usable key (blocks: {blocks}, damaged: {bad}, keys of PGP 2: {old})")]
    NoKey {
        /// Which of the files.
        file: usize,
        /// Armor blocks seen.
        blocks: usize,
        /// Damaged ones among them.
        bad: usize,
        /// Keys of version 2 or 3.
        old: usize,
    },
    /// Somebody's secret is public.
    #[error("a private key at line {line}")]
    PrivateKey {
        /// Which of the files.
        file: usize,
        /// Where it begins, from 1.
        line: usize,
    },
    /// A revocation that may be of any key.
    #[error("line {line}: a block with a revocation that cannot be read")]
    UnreadableRevocation {
        /// Which of the files.
        file: usize,
        /// Where its block begins, from 1.
        line: usize,
    },
    /// More than any project has, made to keep the reader busy.
    #[error("more than {most} {what}")]
    TooMuch {
        /// Which of the files.
        file: usize,
        /// The limit.
        most: usize,
        /// Of what.
        what: &'static str,
    },
    /// No file was given.
    #[error("no KEYS file at all")]
    NoFile,
}

impl KeysError {
    /// The verdict on the KEYS at `path`.
    pub fn finding(&self, path: &str) -> Finding {
        let rule = match self {
            Self::PrivateKey { .. } => Rule::KeysPrivate,
            Self::WebPage { .. }
            | Self::NoKey { .. }
            | Self::UnreadableRevocation { .. }
            | Self::TooMuch { .. }
            | Self::NoFile => Rule::KeysUnusable,
        };
        let expected = match self {
            Self::PrivateKey { .. } => "public keys only",
            Self::UnreadableRevocation { .. } => "revocations that can be read, or none",
            Self::TooMuch { .. } => "the keys of one project",
            _ => "at least one OpenPGP key of version 4 or 6",
        };
        Finding::new(rule, Some(path), expected, self.to_string())
    }

    /// Which of the files it is about, from 0.
    pub const fn file(&self) -> Option<usize> {
        match *self {
            Self::WebPage { file }
            | Self::NoKey { file, .. }
            | Self::UnreadableRevocation { file, .. }
            | Self::TooMuch { file, .. }
            | Self::PrivateKey { file, .. } => Some(file),
            Self::NoFile => None,
        }
    }
}

/// Where a key is: which certificate, and which subkey of it.
#[derive(Clone, Copy)]
struct Place {
    certificate: usize,
    subkey: Option<usize>,
}

/// The keys of all KEYS files of a project.
pub struct Keyring {
    certificates: Vec<Certificate>,
    by_fingerprint: HashMap<Fingerprint, Vec<Place>>,
    by_key_id: HashMap<[u8; 8], Vec<Place>>,
}

impl Keyring {
    /// Reads KEYS files as bytes; every file must hold a key of its own.
    ///
    /// # Errors
    /// When a file is a web page, holds no key, or holds a private one.
    pub fn read<'a>(
        files: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Self, KeysReport), KeysError> {
        let mut reader = Reader::default();
        let mut any = false;
        for (file, bytes) in files.into_iter().enumerate() {
            reader.read_file(file, bytes)?;
            any = true;
        }
        if !any {
            return Err(KeysError::NoFile);
        }
        Ok(reader.finish())
    }

    fn index(certificates: Vec<Certificate>) -> Self {
        let mut by_fingerprint: HashMap<_, Vec<_>> = HashMap::new();
        let mut by_key_id: HashMap<_, Vec<_>> = HashMap::new();
        for (certificate, it) in certificates.iter().enumerate() {
            let subkeys = it.subkeys.iter().enumerate();
            let all = std::iter::once((None, &it.facts))
                .chain(subkeys.map(|(index, subkey)| (Some(index), &subkey.facts)));
            for (subkey, facts) in all {
                let place = Place {
                    certificate,
                    subkey,
                };
                let name = facts.fingerprint.clone();
                by_fingerprint.entry(name).or_default().push(place);
                by_key_id.entry(facts.key_id).or_default().push(place);
            }
        }
        Self {
            certificates,
            by_fingerprint,
            by_key_id,
        }
    }

    /// Every key with what its owner says of it, in the order of KEYS.
    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether KEYS holds this key, as a primary key or as a subkey.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.by_fingerprint.contains_key(fingerprint)
    }

    /// The keys that a signature may be by, as far as it says itself.
    pub(super) fn candidates<'k>(
        &'k self,
        hints: &Hints,
    ) -> impl Iterator<Item = Candidate<'k>> + use<'k> {
        let places = match (hints.fingerprints.first(), hints.key_ids.first()) {
            (Some(fingerprint), _) => self.by_fingerprint.get(fingerprint),
            (None, Some(key_id)) => self.by_key_id.get(key_id),
            (None, None) => None,
        };
        let found: Vec<_> = places
            .into_iter()
            .flatten()
            .filter_map(|place| {
                let certificate = self.certificates.get(place.certificate)?;
                let subkey = match place.subkey {
                    Some(index) => Some(certificate.subkeys.get(index)?),
                    None => None,
                };
                Some(Candidate {
                    certificate,
                    subkey,
                })
            })
            .filter(|candidate| {
                let facts = candidate.facts();
                hints.fits(&(facts.fingerprint.clone(), facts.key_id))
            })
            .collect();
        found.into_iter()
    }
}

/// A key that may have made a signature.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'k> {
    pub(super) certificate: &'k Certificate,
    pub(super) subkey: Option<&'k Subkey>,
}

impl<'k> Candidate<'k> {
    /// The facts of the very key, primary or subkey.
    pub(super) fn facts(&self) -> &'k KeyFacts {
        self.subkey
            .map_or(&self.certificate.facts, |subkey| &subkey.facts)
    }
}

#[cfg(test)]
mod tests;
