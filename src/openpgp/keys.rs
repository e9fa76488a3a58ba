// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! KEYS: every key of every block, the copies of one key merged, and each
//! revocation brought to the key that it speaks of, wherever it stands.
//!
//! Real files hold prose, `gpg` listings, several keys in a block, damaged
//! blocks and keys of PGP 2. Nothing is verified here: that waits until a key
//! is used.

use std::collections::HashMap;

use pgp::packet::{Signature, SignatureType, UserId};
use pgp::types::PacketHeaderVersion;

use super::armor::{self, Piece};
use super::certificate::{Certificate, Hints, Statement, Subkey, User};
use super::packets::{
    Framed, KeyFacts, KeyPacket, frame, read_primary, read_signature, read_subkey, signature_type,
    tag,
};
use super::{Fingerprint, guarded};
use crate::rules::{Finding, Rule};

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
    #[error("no usable key: {blocks} blocks, {bad} of them damaged, {old} keys of PGP 2")]
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
    /// No file was given.
    #[error("no KEYS file at all")]
    NoFile,
}

impl KeysError {
    /// The verdict on the KEYS at `path`.
    pub fn finding(&self, path: &str) -> Finding {
        let rule = match self {
            Self::PrivateKey { .. } => Rule::KeysPrivate,
            Self::WebPage { .. } | Self::NoKey { .. } | Self::NoFile => Rule::KeysUnusable,
        };
        let expected = match self {
            Self::PrivateKey { .. } => "public keys only",
            _ => "at least one OpenPGP key of version 4 or 6",
        };
        Finding::new(rule, Some(path), expected, self.to_string())
    }

    /// Which of the files it is about, from 0.
    pub const fn file(&self) -> Option<usize> {
        match *self {
            Self::WebPage { file } | Self::NoKey { file, .. } | Self::PrivateKey { file, .. } => {
                Some(file)
            }
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
        let report = KeysReport {
            usable: reader.certificates.len(),
            ..std::mem::take(&mut reader.report)
        };
        Ok((reader.into_keyring(), report))
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

/// A revocation, and the certificate inside which it stood, if any.
struct Revocation {
    home: Option<usize>,
    signature: Signature,
}

/// Where the statements that follow in a block belong.
#[derive(Clone, Copy)]
enum Component {
    Primary,
    User(usize),
    Subkey(usize),
    /// A user attribute, or a packet that could not be read.
    Other,
}

#[derive(Default)]
struct Reader {
    certificates: Vec<Certificate>,
    index: HashMap<Fingerprint, usize>,
    revocations: Vec<Revocation>,
    report: KeysReport,
}

impl Reader {
    fn read_file(&mut self, file: usize, bytes: &[u8]) -> Result<(), KeysError> {
        if let Some(line) = find_private_block(bytes) {
            return Err(KeysError::PrivateKey { file, line });
        }
        let (blocks, bad, old) = self.counts();
        let mut read = 0;
        for piece in armor::split(bytes, armor::PUBLIC_KEY) {
            let (line, done) = match piece {
                Piece::Text { .. } => continue,
                Piece::Broken { line } => (line, Err("the block has no END line".to_owned())),
                Piece::Block { line, body } => (line, armor::decode(&body)),
            };
            self.report.blocks += 1;
            let outcome = match &done {
                Ok(data) => match frame(data) {
                    Ok(packets) if packets.iter().any(is_secret) => {
                        return Err(KeysError::PrivateKey { file, line });
                    }
                    Ok(packets) => {
                        let mut odd = Vec::new();
                        read += self.read_packets(&packets, &mut odd);
                        odd
                    }
                    Err(why) => vec![why],
                },
                Err(why) => vec![why.clone()],
            };
            self.report
                .bad_blocks
                .extend(outcome.into_iter().map(|why| BadBlock { file, line, why }));
        }
        if read > 0 {
            return Ok(());
        }
        let (blocks_now, bad_now, old_now) = self.counts();
        if blocks_now == blocks && looks_like_page(bytes) {
            return Err(KeysError::WebPage { file });
        }
        Err(KeysError::NoKey {
            file,
            blocks: blocks_now - blocks,
            bad: bad_now - bad,
            old: old_now - old,
        })
    }

    fn counts(&self) -> (usize, usize, usize) {
        (
            self.report.blocks,
            self.report.bad_blocks.len(),
            self.report.old_keys,
        )
    }

    /// Takes in one block; says how many keys it held, and what was odd.
    fn read_packets(&mut self, packets: &[Framed<'_>], odd: &mut Vec<String>) -> usize {
        let mut keys = 0;
        let mut home: Option<usize> = None;
        let mut component = Component::Other;
        for packet in packets {
            match packet.tag {
                tag::PUBLIC_KEY => {
                    component = Component::Primary;
                    home = self.add_primary(packet.body, odd);
                    keys += usize::from(home.is_some());
                }
                tag::SIGNATURE => self.add_signature(packet.body, home, component),
                tag => {
                    component = home
                        .and_then(|index| self.certificates.get_mut(index))
                        .map_or(Component::Other, |certificate| match tag {
                            tag::USER_ID => add_user(certificate, packet.body),
                            tag::PUBLIC_SUBKEY => add_subkey(certificate, packet.body),
                            _ => Component::Other,
                        });
                }
            }
        }
        keys
    }

    fn add_primary(&mut self, body: &[u8], odd: &mut Vec<String>) -> Option<usize> {
        let (facts, packet) = match read_primary(body) {
            Ok(KeyPacket::Read(facts, packet)) => (facts, packet),
            Ok(KeyPacket::Old) => {
                self.report.old_keys += 1;
                return None;
            }
            Ok(KeyPacket::Unknown(version)) => {
                odd.push(format!("a key of version {version} cannot be read"));
                return None;
            }
            Err(why) => {
                odd.push(why);
                return None;
            }
        };
        let certificates = &mut self.certificates;
        let index = *self
            .index
            .entry(facts.fingerprint.clone())
            .or_insert_with(|| {
                certificates.push(Certificate::new(facts, packet));
                certificates.len() - 1
            });
        Some(index)
    }

    fn add_signature(&mut self, body: &[u8], home: Option<usize>, component: Component) {
        let certificate = home.and_then(|index| self.certificates.get_mut(index));
        let Ok(signature) = read_signature(body) else {
            // Others' signatures may be odd; a revocation must not get lost.
            if let (Some(certificate), Some(0x20 | 0x28)) = (certificate, signature_type(body)) {
                certificate.unreadable_revocation = true;
            }
            return;
        };
        if matches!(
            signature.typ(),
            Some(SignatureType::KeyRevocation | SignatureType::SubkeyRevocation)
        ) {
            self.revocations.push(Revocation { home, signature });
            return;
        }
        let Some(certificate) = certificate else {
            return;
        };
        let statements = match component {
            Component::Primary => Some(&mut certificate.direct),
            Component::User(index) => certificate
                .users
                .get_mut(index)
                .map(|user| &mut user.statements),
            Component::Subkey(index) => certificate
                .subkeys
                .get_mut(index)
                .map(|subkey| &mut subkey.bindings),
            Component::Other => None,
        };
        if let Some(statements) = statements {
            statements.push(Statement::new(signature));
        }
    }

    fn into_keyring(mut self) -> Keyring {
        for revocation in std::mem::take(&mut self.revocations) {
            self.bring_home(&revocation);
        }
        let mut keyring = Keyring {
            certificates: self.certificates,
            by_fingerprint: HashMap::new(),
            by_key_id: HashMap::new(),
        };
        for (certificate, it) in keyring.certificates.iter().enumerate() {
            let subkeys = it.subkeys.iter().enumerate();
            let all = std::iter::once((None, &it.facts))
                .chain(subkeys.map(|(index, subkey)| (Some(index), &subkey.facts)));
            for (subkey, facts) in all {
                let place = Place {
                    certificate,
                    subkey,
                };
                keyring
                    .by_fingerprint
                    .entry(facts.fingerprint.clone())
                    .or_default()
                    .push(place);
                keyring
                    .by_key_id
                    .entry(facts.key_id)
                    .or_default()
                    .push(place);
            }
        }
        keyring
    }

    /// Hands a revocation to every key it may speak of: the one it stood in,
    /// the one it names as its maker, all of them where it names none.
    fn bring_home(&mut self, revocation: &Revocation) {
        let hints = Hints::of(&revocation.signature);
        let of_subkey = revocation.signature.typ() == Some(SignatureType::SubkeyRevocation);
        for (index, certificate) in self.certificates.iter_mut().enumerate() {
            let maker = (
                certificate.facts.fingerprint.clone(),
                certificate.facts.key_id,
            );
            if revocation.home != Some(index) && !hints.is_empty() && !hints.fits(&maker) {
                continue;
            }
            let statement = || Statement::new(revocation.signature.clone());
            if of_subkey {
                for subkey in &mut certificate.subkeys {
                    subkey.revocations.push(statement());
                }
            } else {
                certificate.revocations.push(statement());
            }
        }
    }
}

fn add_user(certificate: &mut Certificate, body: &[u8]) -> Component {
    let known = certificate
        .users
        .iter()
        .position(|user| user.id.id() == body);
    if let Some(index) = known {
        return Component::User(index);
    }
    let header = u32::try_from(body.len()).ok().and_then(|length| {
        pgp::packet::PacketHeader::from_parts(
            PacketHeaderVersion::New,
            pgp::types::Tag::UserId,
            pgp::types::PacketLength::Fixed(length),
        )
        .ok()
    });
    match header.and_then(|header| guarded(|| UserId::try_from_reader(header, body).ok()).flatten())
    {
        Some(id) => {
            certificate.users.push(User {
                id,
                statements: Vec::new(),
            });
            Component::User(certificate.users.len() - 1)
        }
        None => Component::Other,
    }
}

fn add_subkey(certificate: &mut Certificate, body: &[u8]) -> Component {
    let Ok(KeyPacket::Read(facts, packet)) = read_subkey(body) else {
        return Component::Other;
    };
    let known = certificate
        .subkeys
        .iter()
        .position(|subkey| subkey.facts.fingerprint == facts.fingerprint);
    Component::Subkey(known.unwrap_or_else(|| {
        certificate.subkeys.push(Subkey {
            facts,
            packet,
            bindings: Vec::new(),
            revocations: Vec::new(),
        });
        certificate.subkeys.len() - 1
    }))
}

/// The line of the first private key block, even inside other text.
fn find_private_block(bytes: &[u8]) -> Option<usize> {
    let marks: [&[u8]; 2] = [
        b"-----BEGIN PGP PRIVATE KEY BLOCK",
        b"-----BEGIN PGP SECRET KEY BLOCK",
    ];
    let line = bytes.split(|&byte| byte == b'\n').position(|line| {
        marks
            .iter()
            .any(|mark| line.windows(mark.len()).any(|window| window == *mark))
    });
    line.map(|index| index + 1)
}

const fn is_secret(packet: &Framed<'_>) -> bool {
    matches!(packet.tag, tag::SECRET_KEY | tag::SECRET_SUBKEY)
}

fn looks_like_page(bytes: &[u8]) -> bool {
    let start = bytes
        .split_at_checked(1024)
        .map_or(bytes, |(start, _)| start);
    let start = String::from_utf8_lossy(start).to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<?xml"]
        .iter()
        .any(|mark| start.contains(mark))
}

#[cfg(test)]
mod tests;
