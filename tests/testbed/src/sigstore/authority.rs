// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The certificate authority: a root, an intermediate, and short-lived
//! certificates with Fulcio's extensions and the time stamp of a certificate log
//! inside (RFC 6962, section 3.3).

use crate::attestation::FULCIO;
use crate::clock::iso;
use crate::der::{
    BIT_STRING, BOOLEAN, EXTENSIONS, INTEGER, OCTET_STRING, OID, SEQUENCE, UTC_TIME, UTF8_STRING,
    element, sequence,
};

use super::key::{Key, sha256};

const ECDSA_SHA384: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x25];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const SUBJECT_KEY: [u8; 3] = [0x55, 0x1d, 0x0e];
const AUTHORITY_KEY: [u8; 3] = [0x55, 0x1d, 0x23];
const ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
const CODE_SIGNING: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
const CLIENT_AUTH: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// `1.3.6.1.4.1.11129.2.4.2`: the log's time stamps.
pub(super) const TIMESTAMPS: [u8; 10] =
    [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];

const DAY: i64 = 86_400;
/// How long the authority has existed when it starts.
pub(super) const PAST: i64 = 30 * DAY;

/// Which time stamp of the certificate log a certificate holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamp {
    /// The log's own.
    #[default]
    Embedded,
    /// None.
    Missing,
    /// One that another key signed, in the log's name.
    Forged,
}

/// On whose behalf a certificate is made.
pub(super) struct Identity {
    /// The subject alternative name, a URI.
    pub(super) name: String,
    /// Fulcio's extensions: number and value.
    pub(super) claims: Vec<(u8, String)>,
}

/// What a certificate is to be like.
pub(super) struct Wanted<'a> {
    pub(super) identity: &'a Identity,
    /// The public key, SPKI in DER.
    pub(super) key: &'a [u8],
    /// From and to, in seconds since 1970.
    pub(super) validity: (i64, i64),
    pub(super) stamp: Stamp,
    pub(super) code_signing: bool,
}

/// The authority with its certificate log.
pub(super) struct Authority {
    key: Key,
    /// The intermediate and the root, in DER.
    pub(super) chain: [Vec<u8>; 2],
    pub(super) log: Key,
}

impl Authority {
    pub(super) fn new(now: i64) -> Self {
        let (root_key, key) = (Key::p384(), Key::p384());
        let validity = (now - PAST, now + 365 * DAY);
        let root = name("stand-in");
        let issuer = Issuer {
            key: &root_key,
            name: &root,
        };
        let certificate = issuer.certify(&root, &root_key.public(), validity, &of_root(&root_key));
        let intermediate = issuer.certify(
            &name("stand-in-intermediate"),
            &key.public(),
            validity,
            &of_intermediate(&key, &root_key),
        );
        Self {
            key,
            chain: [intermediate, certificate],
            log: Key::p256(),
        }
    }

    /// A certificate, in DER.
    pub(super) fn certify(&self, wanted: &Wanted) -> Vec<u8> {
        let usage = if wanted.code_signing {
            CODE_SIGNING
        } else {
            CLIENT_AUTH
        };
        let mut extensions = vec![
            extension(&KEY_USAGE, true, &element(BIT_STRING, &[7, 0x80])),
            extension(
                &EXTENDED_KEY_USAGE,
                false,
                &sequence(&[&element(OID, &usage)]),
            ),
            extension(&SUBJECT_KEY, false, &key_name(wanted.key)),
            extension(&AUTHORITY_KEY, false, &authority_name(&self.key.public())),
            alternative_name(&wanted.identity.name),
        ];
        let claims = wanted.identity.claims.iter();
        extensions.extend(claims.map(|(number, value)| claim(*number, value)));
        let name = name("stand-in-intermediate");
        let issuer = Issuer {
            key: &self.key,
            name: &name,
        };
        let mut body = Body {
            issuer: &issuer,
            subject: &sequence(&[]),
            key: wanted.key,
            validity: wanted.validity,
            serial: serial(),
            extensions,
        };
        if wanted.stamp != Stamp::Missing {
            let stamp = self.stamp(&body.encode(), wanted);
            body.extensions.push(stamp);
        }
        issuer.seal(&body.encode())
    }

    /// The extension with the log's time stamp of a certificate without it.
    fn stamp(&self, precertificate: &[u8], wanted: &Wanted) -> Vec<u8> {
        let milliseconds = u64::try_from(wanted.validity.0).unwrap_or(0) * 1000;
        let issuer = sha256(&self.key.public());
        let signed = stamped(milliseconds, &issuer, precertificate);
        let signature = match wanted.stamp {
            Stamp::Forged => Key::p256().sign(&signed),
            _ => self.log.sign(&signed),
        };
        let mut stamp = vec![0];
        stamp.extend(self.log.id());
        stamp.extend(milliseconds.to_be_bytes());
        // No extensions; SHA-256 with ECDSA.
        stamp.extend([0, 0, 4, 3]);
        stamp.extend(with_length(&signature));
        let list = with_length(&with_length(&stamp));
        extension(&TIMESTAMPS, false, &element(OCTET_STRING, &list))
    }
}

/// What the certificate log signs: a time stamp of a precertificate.
pub(super) fn stamped(milliseconds: u64, issuer: &[u8; 32], precertificate: &[u8]) -> Vec<u8> {
    let length = u32::try_from(precertificate.len())
        .unwrap_or(0)
        .to_be_bytes();
    let mut signed = vec![0, 0];
    signed.extend(milliseconds.to_be_bytes());
    signed.extend([0, 1]);
    signed.extend(issuer);
    signed.extend(&length[1..]);
    signed.extend(precertificate);
    signed.extend([0, 0]);
    signed
}

/// Bytes after their length in two bytes, as TLS writes them.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
    [&length, bytes].concat()
}

struct Issuer<'a> {
    key: &'a Key,
    name: &'a [u8],
}

impl Issuer<'_> {
    fn certify(
        &self,
        subject: &[u8],
        key: &[u8],
        validity: (i64, i64),
        extensions: &[Vec<u8>],
    ) -> Vec<u8> {
        let body = Body {
            issuer: self,
            subject,
            key,
            validity,
            serial: serial(),
            extensions: extensions.to_vec(),
        };
        self.seal(&body.encode())
    }

    /// The body with the issuer's signature.
    fn seal(&self, body: &[u8]) -> Vec<u8> {
        let signature = [&[0], &self.key.sign(body)[..]].concat();
        sequence(&[body, &algorithm(), &element(BIT_STRING, &signature)])
    }
}

struct Body<'a> {
    issuer: &'a Issuer<'a>,
    subject: &'a [u8],
    key: &'a [u8],
    validity: (i64, i64),
    serial: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

impl Body<'_> {
    fn encode(&self) -> Vec<u8> {
        let (from, to) = self.validity;
        sequence(&[
            &element(0xa0, &element(INTEGER, &[2])),
            &element(INTEGER, &self.serial),
            &algorithm(),
            self.issuer.name,
            &sequence(&[&time(from), &time(to)]),
            self.subject,
            self.key,
            &element(EXTENSIONS, &element(SEQUENCE, &self.extensions.concat())),
        ])
    }
}

fn serial() -> Vec<u8> {
    let mut bytes = vec![0; 20];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    // Neither negative nor with a leading zero.
    bytes[0] = bytes[0] & 0x3f | 0x40;
    bytes
}

fn algorithm() -> Vec<u8> {
    sequence(&[&element(OID, &ECDSA_SHA384)])
}

fn name(common: &str) -> Vec<u8> {
    let part = |oid: &[u8], value: &str| {
        let pair = sequence(&[&element(OID, oid), &element(UTF8_STRING, value.as_bytes())]);
        element(0x31, &pair)
    };
    sequence(&[
        &part(&ORGANIZATION, "stand-in"),
        &part(&COMMON_NAME, common),
    ])
}

/// `YYMMDDHHMMSSZ`, which is right until 2049.
fn time(seconds: i64) -> Vec<u8> {
    let iso = iso(seconds);
    let digits: String = iso.chars().filter(char::is_ascii_digit).collect();
    element(UTC_TIME, format!("{}Z", &digits[2..]).as_bytes())
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let value = element(OCTET_STRING, value);
    let oid = element(OID, oid);
    if critical {
        sequence(&[&oid, &element(BOOLEAN, &[0xff]), &value])
    } else {
        sequence(&[&oid, &value])
    }
}

/// Up to number 6 Fulcio writes the bare text, from 8 on a DER string.
fn claim(number: u8, value: &str) -> Vec<u8> {
    let oid = [&FULCIO[..], &[number]].concat();
    if number < 7 {
        return extension(&oid, false, value.as_bytes());
    }
    extension(&oid, false, &element(UTF8_STRING, value.as_bytes()))
}

fn alternative_name(uri: &str) -> Vec<u8> {
    let names = sequence(&[&element(0x86, uri.as_bytes())]);
    extension(&ALTERNATIVE_NAME, true, &names)
}

fn key_name(key: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, &sha256(key)[..20])
}

fn authority_name(key: &[u8]) -> Vec<u8> {
    sequence(&[&element(0x80, &sha256(key)[..20])])
}

/// A certificate authority's, which may have so many more below it.
fn of_authority(key: &Key, below: u8) -> Vec<Vec<u8>> {
    let limits = sequence(&[&element(BOOLEAN, &[0xff]), &element(INTEGER, &[below])]);
    vec![
        // Signing of certificates and of lists of revoked ones.
        extension(&KEY_USAGE, true, &element(BIT_STRING, &[1, 0x06])),
        extension(&BASIC_CONSTRAINTS, true, &limits),
        extension(&SUBJECT_KEY, false, &key_name(&key.public())),
    ]
}

fn of_root(key: &Key) -> Vec<Vec<u8>> {
    let mut extensions = of_authority(key, 1);
    extensions.push(extension(
        &AUTHORITY_KEY,
        false,
        &authority_name(&key.public()),
    ));
    extensions
}

fn of_intermediate(key: &Key, root: &Key) -> Vec<Vec<u8>> {
    let mut extensions = of_authority(key, 0);
    extensions.push(extension(
        &AUTHORITY_KEY,
        false,
        &authority_name(&root.public()),
    ));
    let usage = sequence(&[&element(OID, &CODE_SIGNING)]);
    extensions.push(extension(&EXTENDED_KEY_USAGE, false, &usage));
    extensions
}
