// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! OpenPGP packets: where each begins and ends, and which key or signature it
//! is (RFC 9580, section 4).
//!
//! The framing and the fingerprints are done here and not by the crate, so
//! that a packet it cannot read costs only itself and still has a name.

use pgp::packet::{PacketHeader, PublicKey, PublicSubkey, Signature};
use pgp::types::{KeyDetails, Tag};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::kind::{Kind, kind_of};
use super::{Fingerprint, guarded};

/// The packet types that matter here.
pub(super) mod tag {
    pub(in super::super) const SIGNATURE: u8 = 2;
    pub(in super::super) const SECRET_KEY: u8 = 5;
    pub(in super::super) const PUBLIC_KEY: u8 = 6;
    pub(in super::super) const SECRET_SUBKEY: u8 = 7;
    pub(in super::super) const USER_ID: u8 = 13;
    pub(in super::super) const PUBLIC_SUBKEY: u8 = 14;
}

/// One packet: its type and the bytes after its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framed<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
}

/// Where a sequence of packets breaks off.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Break<'a> {
    pub(super) why: String,
    /// The packet that is not whole, with what there is of it.
    pub(super) partial: Option<Framed<'a>>,
}

/// Cuts a sequence of packets apart. Lengths that are partial or left open
/// never occur in keys and signatures and are refused.
pub(super) fn frame(bytes: &[u8]) -> Result<Vec<Framed<'_>>, String> {
    match frame_start(bytes) {
        (packets, None) => Ok(packets),
        (_, Some(end)) => Err(end.why),
    }
}

/// Cuts a sequence of packets apart, as far as it goes.
pub(super) fn frame_start(mut bytes: &[u8]) -> (Vec<Framed<'_>>, Option<Break<'_>>) {
    let mut packets = Vec::new();
    while let Some((&first, rest)) = bytes.split_first() {
        if first & 0x80 == 0 {
            let why = "bytes that are no OpenPGP packet".to_owned();
            return (packets, Some(Break { why, partial: None }));
        }
        let old = first & 0x40 == 0;
        let tag = if old {
            (first >> 2) & 0x0F
        } else {
            first & 0x3F
        };
        let taken = if old {
            take_old_length(first, rest)
        } else {
            take_new_length(rest)
        };
        let (length, rest) = match taken {
            Ok(taken) => taken,
            Err(why) => {
                // The first octets of the body follow one octet of length, or none.
                let after = if old {
                    rest
                } else {
                    rest.get(1..).unwrap_or_default()
                };
                let partial = Some(Framed { tag, body: after });
                return (packets, Some(Break { why, partial }));
            }
        };
        let Some((body, rest)) = rest.split_at_checked(length) else {
            let why = "a packet is cut off".to_owned();
            let partial = Some(Framed { tag, body: rest });
            return (packets, Some(Break { why, partial }));
        };
        packets.push(Framed { tag, body });
        bytes = rest;
    }
    (packets, None)
}

fn take_old_length(first: u8, rest: &[u8]) -> Result<(usize, &[u8]), String> {
    let width = match first & 0x03 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => return Err("a packet of open length".to_owned()),
    };
    Ok(take_number(rest, width).ok_or("a packet is cut off")?)
}

fn take_new_length(bytes: &[u8]) -> Result<(usize, &[u8]), String> {
    let (&first, rest) = bytes.split_first().ok_or("a packet is cut off")?;
    match first {
        0..192 => Ok((usize::from(first), rest)),
        192..224 => {
            let (low, rest) = take_number(rest, 1).ok_or("a packet is cut off")?;
            Ok((((usize::from(first) - 192) << 8) + low + 192, rest))
        }
        255 => Ok(take_number(rest, 4).ok_or("a packet is cut off")?),
        _ => Err("a packet of partial length".to_owned()),
    }
}

fn take_number(bytes: &[u8], width: usize) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_at_checked(width)?;
    let value = number
        .iter()
        .fold(0_usize, |sum, &byte| (sum << 8) | usize::from(byte));
    Some((value, rest))
}

/// Reads a signature packet to its last byte.
pub(super) fn read_signature(body: &[u8]) -> Result<Signature, String> {
    let length = u32::try_from(body.len()).map_err(|error| error.to_string())?;
    let header = PacketHeader::new_fixed(Tag::Signature, length);
    let mut rest = body;
    let signature = guarded(|| Signature::try_from_reader(header, &mut rest))
        .ok_or("the signature packet cannot be read")?
        .map_err(|error| format!("the signature packet cannot be read: {error}"))?;
    if rest.is_empty() {
        Ok(signature)
    } else {
        Err("bytes after the signature inside its packet".to_owned())
    }
}

/// The type octet of a signature packet, even of one that cannot be read.
pub(super) fn signature_type(body: &[u8]) -> Option<u8> {
    match body.first()? {
        2 | 3 => body.get(2).copied(),
        _ => body.get(1).copied(),
    }
}

/// What a key packet says about itself, known even where the crate cannot use it.
#[derive(Clone, Debug)]
pub(super) struct KeyFacts {
    pub(super) fingerprint: Fingerprint,
    pub(super) key_id: [u8; 8],
    /// Unix seconds.
    pub(super) created: u64,
    pub(super) kind: Kind,
}

/// A key packet, primary or subkey.
pub(super) enum KeyPacket<P> {
    /// Version 4 or 6; without the packet where the crate cannot use it.
    Read(KeyFacts, Option<P>),
    /// Version 2 or 3: the keys of PGP 2, with MD5 fingerprints.
    Old,
    /// Another version.
    Unknown(u8),
}

/// Reads a primary key packet.
pub(super) fn read_primary(body: &[u8]) -> Result<KeyPacket<PublicKey>, String> {
    read_key(body, |length, rest| {
        let header = PacketHeader::new_fixed(Tag::PublicKey, length);
        PublicKey::try_from_reader(header, rest).ok()
    })
}

/// Reads a subkey packet.
pub(super) fn read_subkey(body: &[u8]) -> Result<KeyPacket<PublicSubkey>, String> {
    read_key(body, |length, rest| {
        let header = PacketHeader::new_fixed(Tag::PublicSubkey, length);
        PublicSubkey::try_from_reader(header, rest).ok()
    })
}

fn read_key<P: KeyDetails>(
    body: &[u8],
    parse: impl FnOnce(u32, &mut &[u8]) -> Option<P>,
) -> Result<KeyPacket<P>, String> {
    let version = match body.first() {
        Some(2 | 3) => return Ok(KeyPacket::Old),
        Some(&version @ (4 | 6)) => version,
        Some(&version) => return Ok(KeyPacket::Unknown(version)),
        None => return Err("an empty key packet".to_owned()),
    };
    let length = u32::try_from(body.len()).map_err(|error| error.to_string())?;
    let cut_off = "a key packet is cut off";
    let after_version = body.get(1..).ok_or(cut_off)?;
    let (created, rest) = take_number(after_version, 4).ok_or(cut_off)?;
    let algorithm = *rest.first().ok_or(cut_off)?;
    // Version 6 puts four octets of length before the key material.
    let material = rest
        .get(if version == 6 { 5.. } else { 1.. })
        .ok_or(cut_off)?;
    let (fingerprint, key_id) = name_key(version, length, body).ok_or(cut_off)?;

    let mut rest = body;
    let packet = guarded(|| parse(length, &mut rest))
        .flatten()
        .filter(|packet| packet.fingerprint().as_bytes() == fingerprint && rest.is_empty());
    let kind = kind_of(
        algorithm,
        material,
        packet.as_ref().map(KeyDetails::public_params),
    );
    let facts = KeyFacts {
        fingerprint: Fingerprint::from_bytes(&fingerprint),
        key_id,
        created: u64::try_from(created).map_err(|error| error.to_string())?,
        kind,
    };
    Ok(KeyPacket::Read(facts, packet))
}

/// Fingerprint and key id of RFC 9580, section 5.5.4.
fn name_key(version: u8, length: u32, body: &[u8]) -> Option<(Vec<u8>, [u8; 8])> {
    if version == 4 {
        let mut hasher = Sha1::new();
        hasher.update([0x99]);
        hasher.update(u16::try_from(length).ok()?.to_be_bytes());
        hasher.update(body);
        let fingerprint = hasher.finalize().to_vec();
        let key_id = *fingerprint.last_chunk()?;
        Some((fingerprint, key_id))
    } else {
        let mut hasher = Sha256::new();
        hasher.update([0x9B]);
        hasher.update(length.to_be_bytes());
        hasher.update(body);
        let fingerprint = hasher.finalize().to_vec();
        let key_id = *fingerprint.first_chunk()?;
        Some((fingerprint, key_id))
    }
}

/// Whom a signature names as its maker. Only a hint, until the mathematics hold.
pub(super) struct Hints {
    pub(super) fingerprints: Vec<Fingerprint>,
    pub(super) key_ids: Vec<[u8; 8]>,
}

impl Hints {
    pub(super) fn of(signature: &Signature) -> Self {
        let fingerprints = signature.issuer_fingerprint();
        let key_ids = signature.issuer_key_id();
        Self {
            fingerprints: fingerprints
                .into_iter()
                .map(|it| Fingerprint::from_bytes(it.as_bytes()))
                .collect(),
            key_ids: key_ids
                .into_iter()
                .filter_map(|it| it.as_ref().try_into().ok())
                .collect(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.fingerprints.is_empty() && self.key_ids.is_empty()
    }

    /// Whether all that is named fits this key, and anything is named at all.
    pub(super) fn fits(&self, (fingerprint, key_id): &(Fingerprint, [u8; 8])) -> bool {
        !self.is_empty()
            && self.fingerprints.iter().all(|it| it == fingerprint)
            && self.key_ids.iter().all(|it| it == key_id)
    }
}
