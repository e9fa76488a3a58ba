// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From the bytes of KEYS to certificates: the walk over its blocks and their
//! packets.
//!
//! Decides which statement belongs to which key, and where a revocation goes.

use std::collections::HashMap;

use pgp::packet::{PacketHeader, Signature, SignatureType, UserId};
use pgp::types::{PacketHeaderVersion, PacketLength, Tag};

use super::{BadBlock, Keyring, KeysError, KeysReport};
use crate::openpgp::armor::{self, Piece};
use crate::openpgp::certificate::{Certificate, Statement, Subkey, User};
use crate::openpgp::packets::{
    Framed, Hints, KeyPacket, frame, read_primary, read_signature, read_subkey, signature_type, tag,
};
use crate::openpgp::{Fingerprint, guarded};

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

/// What is gathered, file by file.
#[derive(Default)]
pub(super) struct Reader {
    certificates: Vec<Certificate>,
    index: HashMap<Fingerprint, usize>,
    revocations: Vec<Revocation>,
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

    /// All that was read, once the last file is in.
    pub(super) fn finish(mut self) -> (Keyring, KeysReport) {
        for revocation in std::mem::take(&mut self.revocations) {
            self.bring_home(&revocation);
        }
        let report = KeysReport {
            usable: self.certificates.len(),
            ..self.report
        };
        (Keyring::index(self.certificates), report)
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
