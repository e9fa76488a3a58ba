// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Takes keys and signatures apart and puts them together again, damaged as a
//! row asks for it. Knows version 4 and whole packets only.

/// The packet type of a signature.
pub(super) const SIGNATURE: u8 = 2;
/// The packet type of a user id.
pub(super) const USER_ID: u8 = 13;

/// The kind of signature that revokes a key.
pub(super) const KEY_REVOCATION: u8 = 0x20;

/// The subpacket "time of signing".
pub(super) const CREATED: u8 = 2;
/// The subpacket "key id of the maker".
pub(super) const ISSUER: u8 = 16;
/// The subpacket "notation".
pub(super) const NOTATION: u8 = 20;
/// The subpacket "a signature inside a signature".
pub(super) const EMBEDDED: u8 = 32;
/// The subpacket "fingerprint of the maker".
pub(super) const ISSUER_FINGERPRINT: u8 = 33;
/// A subpacket type that nobody has given a meaning.
pub(super) const UNHEARD_OF: u8 = 99;
/// The bit that makes a subpacket critical.
pub(super) const CRITICAL: u8 = 0x80;

/// One packet: its type and its body.
pub(super) type Packet = (u8, Vec<u8>);

/// Cuts packets apart, in the old and the new format.
pub(super) fn split(mut bytes: &[u8]) -> Vec<Packet> {
    let mut packets = Vec::new();
    while let [first, rest @ ..] = bytes {
        let old = first & 0x40 == 0;
        let (tag, (length, rest)) = if old {
            let width = 1 << (first & 3);
            let (number, rest) = rest.split_at(width);
            ((first >> 2) & 0x0F, (number_of(number), rest))
        } else {
            (first & 0x3F, new_length(rest))
        };
        let (body, rest) = rest.split_at(length);
        packets.push((tag, body.to_vec()));
        bytes = rest;
    }
    packets
}

/// Writes packets one after another.
pub(super) fn join(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (tag, body) in packets {
        bytes.extend([0xC0 | tag, 255]);
        let length = u32::try_from(body.len()).expect("a short packet");
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);
    }
    bytes
}

fn number_of(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
}

/// A length in the new format; subpackets have the same.
fn new_length(bytes: &[u8]) -> (usize, &[u8]) {
    match bytes {
        [255, a, b, c, d, rest @ ..] => (number_of(&[*a, *b, *c, *d]), rest),
        [high @ 192..=254, low, rest @ ..] => (
            ((usize::from(*high) - 192) << 8) + usize::from(*low) + 192,
            rest,
        ),
        [length, rest @ ..] => (usize::from(*length), rest),
        [] => (0, bytes),
    }
}

/// The type (with the critical bit) and the content of a subpacket.
pub(super) type Subpacket = (u8, Vec<u8>);

/// A signature packet of version 4.
#[derive(Clone)]
pub(super) struct Parts {
    /// The kind of signature: 0x00 is of a binary document.
    pub(super) kind: u8,
    pub(super) algorithm: u8,
    pub(super) digest: u8,
    pub(super) hashed: Vec<Subpacket>,
    pub(super) unhashed: Vec<Subpacket>,
    /// The first two octets of the digest.
    pub(super) start: [u8; 2],
    /// The numbers that the mathematics is about.
    pub(super) numbers: Vec<u8>,
}

impl Parts {
    /// Takes the body of a packet apart.
    pub(super) fn of(body: &[u8]) -> Self {
        let [4, kind, algorithm, digest, rest @ ..] = body else {
            panic!("a signature of version 4");
        };
        let (hashed, rest) = area(rest);
        let (unhashed, rest) = area(rest);
        let (start, numbers) = rest.split_at(2);
        Self {
            kind: *kind,
            algorithm: *algorithm,
            digest: *digest,
            hashed,
            unhashed,
            start: [start[0], start[1]],
            numbers: numbers.to_vec(),
        }
    }

    /// The only packet of `bytes`, which is a signature.
    pub(super) fn of_packet(bytes: &[u8]) -> Self {
        let packets = split(bytes);
        assert_eq!(packets.len(), 1, "one signature");
        Self::of(&packets[0].1)
    }

    /// The body of the packet again.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = vec![4, self.kind, self.algorithm, self.digest];
        for area in [&self.hashed, &self.unhashed] {
            let bytes: Vec<u8> = area.iter().flat_map(written).collect();
            let length = u16::try_from(bytes.len()).expect("a short area");
            body.extend(length.to_be_bytes());
            body.extend(bytes);
        }
        body.extend(self.start);
        body.extend(&self.numbers);
        body
    }

    /// The packet again.
    pub(super) fn packet(&self) -> Vec<u8> {
        join(&[(SIGNATURE, self.body())])
    }

    /// The content of a subpacket under the signature, to be changed.
    pub(super) fn hashed_mut(&mut self, wanted: u8) -> &mut Vec<u8> {
        let found = self.hashed.iter_mut().find(|(typ, _)| *typ == wanted);
        &mut found.expect("the subpacket").1
    }
}

fn area(bytes: &[u8]) -> (Vec<Subpacket>, &[u8]) {
    let (length, rest) = bytes.split_at(2);
    let (mut area, rest) = rest.split_at(number_of(length));
    let mut subpackets = Vec::new();
    while !area.is_empty() {
        let (length, after) = new_length(area);
        let (subpacket, after) = after.split_at(length);
        subpackets.push((subpacket[0], subpacket[1..].to_vec()));
        area = after;
    }
    (subpackets, rest)
}

fn written((typ, content): &Subpacket) -> Vec<u8> {
    let length = u32::try_from(content.len() + 1).expect("a short subpacket");
    let mut bytes = vec![255];
    bytes.extend(length.to_be_bytes());
    // The shortest form, since the lengths are under the signature as well.
    match length {
        0..192 => bytes = vec![u8::try_from(length).expect("one octet")],
        192..8384 => {
            let [.., high, low] = (length - 192).to_be_bytes();
            bytes = vec![high + 192, low];
        }
        _ => {}
    }
    bytes.push(*typ);
    bytes.extend(content);
    bytes
}

/// A subpacket that carries a notation of this name, with the value `1`.
pub(super) fn notation(typ: u8, name: &str) -> Subpacket {
    let length = u16::try_from(name.len()).expect("a short name");
    let mut content = vec![0x80, 0, 0, 0];
    content.extend(length.to_be_bytes());
    content.extend([0, 1]);
    content.extend(name.bytes());
    content.push(b'1');
    (typ, content)
}

/// The packets with each signature for which `change` gives another one.
pub(super) fn rewrite(bytes: &[u8], change: impl Fn(Parts) -> Parts) -> Vec<u8> {
    let packets: Vec<Packet> = split(bytes)
        .into_iter()
        .map(|(tag, body)| match tag {
            SIGNATURE => (tag, change(Parts::of(&body)).body()),
            _ => (tag, body),
        })
        .collect();
    join(&packets)
}
