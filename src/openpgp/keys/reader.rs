// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From the bytes of KEYS to certificates: the walk over its blocks and their
//! packets.
//!
//! Decides which statement belongs to which key, and where a revocation goes.

mod revocations;

use std::collections::HashMap;

use pgp::packet::{PacketHeader, Signature, UserId};
use pgp::types::{PacketHeaderVersion, PacketLength, Tag};

use super::bounds::{Counts, check_parts};
use super::{BadBlock, Keyring, KeysError, KeysReport};
use crate::openpgp::armor::{self, Piece};
use crate::openpgp::certificate::{Certificate, Statement, Subkey, User};
use crate::openpgp::packets::{
    Framed, Hints, KeyPacket, frame_start, read_primary, read_signature, read_subkey,
    signature_type, tag,
};
use crate::openpgp::{Fingerprint, guarded};
use revocations::Revocation;

/// Below which key a packet stands.
#[derive(Clone)]
enum Home {
    /// Below none: the block did not begin with a key.
    None,
    /// Below a key that never counts.
    Lost,
    /// Below this one.
    Key(Fingerprint),
}

/// Where a block begins.
#[derive(Clone, Copy)]
struct Spot {
    file: usize,
    line: usize,
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

/// What is gathered, file by file.
#[derive(Default)]
pub(super) struct Reader {
    certificates: Vec<Certificate>,
    index: HashMap<Fingerprint, usize>,
    revocations: Vec<Revocation>,
    counts: Counts,
    report: KeysReport,
}

impl Reader {
    /// Takes in one file, which must hold a key of its own.
    pub(super) fn read_file(&mut self, file: usize, bytes: &[u8]) -> Result<(), KeysError> {
        if let Some(line) = find_private_block(bytes) {
            return Err(KeysError::PrivateKey { file, line });
        }
        let (blocks, bad, old) = self.counts();
        let mut read = 0;
        for piece in armor::split(bytes, armor::PUBLIC_KEY) {
            let (line, data, damage) = match piece {
                Piece::Text { .. } => continue,
                Piece::Stray { line } => {
                    let why = "a BEGIN that does not stand alone on its line".to_owned();
                    (line, Vec::new(), Some(why))
                }
                Piece::Broken { line, body } => {
                    let why = "the block has no END line".to_owned();
                    (line, armor::salvage(&body), Some(why))
                }
                Piece::Block { line, body, .. } => match armor::decode(&body) {
                    Ok(data) => (line, data, None),
                    Err(why) => (line, armor::salvage(&body), Some(why)),
                },
            };
            self.report.blocks += 1;
            read += self.read_block(&data, damage, Spot { file, line })?;
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

    /// Takes in the bytes of one block; says how many keys it held.
    fn read_block(
        &mut self,
        data: &[u8],
        damage: Option<String>,
        spot: Spot,
    ) -> Result<usize, KeysError> {
        let Spot { file, line } = spot;
        let (mut packets, end) = frame_start(data);
        self.counts.packets += packets.len();
        self.counts.check(&self.certificates, file)?;
        if end.is_none() && packets.iter().any(is_secret) {
            return Err(KeysError::PrivateKey { file, line });
        }
        let mut odd = Vec::new();
        let mut keys = 0;
        if damage.is_none() && end.is_none() {
            keys = self.read_packets(&packets, spot, &mut odd)?;
        } else {
            let (why, partial) = end.map_or((None, None), |end| (Some(end.why), end.partial));
            odd.extend(damage.or(why));
            packets.extend(partial);
            self.salvage(&packets, spot)?;
        }
        let bad = odd.into_iter().map(|why| BadBlock { file, line, why });
        self.report.bad_blocks.extend(bad);
        Ok(keys)
    }

    /// Takes the revocations, and nothing else, out of a damaged block: damage
    /// may take from what KEYS allows, and never add to it.
    fn salvage(&mut self, packets: &[Framed<'_>], spot: Spot) -> Result<(), KeysError> {
        let mut home = Home::None;
        for packet in packets {
            match (packet.tag, packet.body.first()) {
                (tag::PUBLIC_KEY, _) => {
                    home = match read_primary(packet.body) {
                        Ok(KeyPacket::Read(facts, _)) => Home::Key(facts.fingerprint),
                        _ => Home::Lost,
                    };
                }
                // Bytes out of step can look like a packet, so the version counts.
                (tag::SIGNATURE, None | Some(2..=6)) => {
                    self.note_revocation(packet.body, &home, true, spot)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps a signature that is a revocation, or may be one, until all keys
    /// are read. Hands back any other.
    fn note_revocation(
        &mut self,
        body: &[u8],
        home: &Home,
        damaged: bool,
        Spot { file, line }: Spot,
    ) -> Result<Option<Signature>, KeysError> {
        // Of an unknown version the crate keeps the bytes, without a type.
        let signature = read_signature(body).ok().filter(|it| it.typ().is_some());
        if !matches!(signature_type(body), None | Some(0x20 | 0x28)) {
            return Ok(signature);
        }
        if signature.is_none() && matches!(home, Home::None) {
            return Err(KeysError::UnreadableRevocation { file, line });
        }
        self.counts.revocations += 1;
        let names_none = |it: &Signature| Hints::of(it).is_empty();
        self.counts.nameless += usize::from(signature.as_ref().is_some_and(names_none));
        self.counts.check(&self.certificates, file)?;
        self.revocations.push(Revocation {
            home: home.clone(),
            signature,
            damaged,
        });
        Ok(None)
    }

    /// Takes in one whole block; says how many keys it held, and what was odd.
    fn read_packets(
        &mut self,
        packets: &[Framed<'_>],
        spot: Spot,
        odd: &mut Vec<String>,
    ) -> Result<usize, KeysError> {
        let mut keys = 0;
        let mut place = Home::None;
        let mut home: Option<usize> = None;
        let mut component = Component::Other;
        for packet in packets {
            match packet.tag {
                tag::PUBLIC_KEY => {
                    component = Component::Primary;
                    home = self.add_primary(packet.body, odd);
                    place = home
                        .and_then(|index| self.certificates.get(index))
                        .map_or(Home::Lost, |it| Home::Key(it.facts.fingerprint.clone()));
                    keys += usize::from(home.is_some());
                    self.counts.check(&self.certificates, spot.file)?;
                }
                tag::SIGNATURE => {
                    if let Some(other) = self.note_revocation(packet.body, &place, false, spot)? {
                        self.add_statement(other, home, component);
                    }
                }
                tag => {
                    component = Component::Other;
                    if let Some(it) = home.and_then(|index| self.certificates.get_mut(index)) {
                        component = match tag {
                            tag::USER_ID => add_user(it, packet.body),
                            tag::PUBLIC_SUBKEY => add_subkey(it, packet.body),
                            _ => Component::Other,
                        };
                        check_parts(it, spot.file)?;
                    }
                }
            }
        }
        Ok(keys)
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

    fn add_statement(&mut self, signature: Signature, home: Option<usize>, component: Component) {
        let Some(certificate) = home.and_then(|index| self.certificates.get_mut(index)) else {
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

    /// All that was read, once the last file is in.
    pub(super) fn finish(mut self) -> (Keyring, KeysReport) {
        self.bring_revocations_home();
        let report = KeysReport {
            usable: self.certificates.len(),
            ..self.report
        };
        (Keyring::index(self.certificates), report)
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
        PacketHeader::from_parts(
            PacketHeaderVersion::New,
            Tag::UserId,
            PacketLength::Fixed(length),
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
    let line = bytes
        .split(|&byte| byte == b'\n')
        .position(|line| marks.iter().any(|mark| armor::contains(line, mark)));
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
