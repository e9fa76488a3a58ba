// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads certificates, as far as attestations are about them.

use super::authority::TIMESTAMPS;
use super::key::{Hash, verifies};
use crate::attestation::FULCIO;
use crate::der::{
    BIT_STRING, BOOLEAN, EXTENSIONS, OCTET_STRING, OID, SEQUENCE, UTC_TIME, UTF8_STRING, element,
    expect, take, take_whole,
};

const ECDSA_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_SHA384: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x25];
const CODE_SIGNING: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

/// What a certificate holds.
pub(crate) struct Certificate<'a> {
    /// What the issuer signed.
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    issuer: &'a [u8],
    subject: &'a [u8],
    /// From and to: `YYYYMMDDHHMMSS`, which sorts by time.
    pub(crate) validity: [String; 2],
    /// The public key, SPKI in DER.
    pub(crate) key: &'a [u8],
    /// All elements of the body before the extensions.
    head: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

struct Extension<'a> {
    whole: &'a [u8],
    oid: &'a [u8],
    value: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut rest = der;
        let mut whole = expect(&mut rest, SEQUENCE)?;
        let signed = take_whole(&mut whole)?;
        let mut kind = expect(&mut whole, SEQUENCE)?;
        let algorithm = expect(&mut kind, OID)?;
        let signature = expect(&mut whole, BIT_STRING)?.strip_prefix(&[0])?;
        let mut inside = signed;
        let body = expect(&mut inside, SEQUENCE)?;
        let mut after = body;
        // Version, serial number, algorithm.
        for _ in 0..3 {
            take(&mut after)?;
        }
        let issuer = take_whole(&mut after)?;
        let mut times = expect(&mut after, SEQUENCE)?;
        let validity = [time(&mut times)?, time(&mut times)?];
        let subject = take_whole(&mut after)?;
        let key = take_whole(&mut after)?;
        let head = body.get(..body.len() - after.len())?;
        let mut explicit = expect(&mut after, EXTENSIONS)?;
        let mut list = expect(&mut explicit, SEQUENCE)?;
        let mut extensions = Vec::new();
        while !list.is_empty() {
            extensions.push(Extension::read(take_whole(&mut list)?)?);
        }
        rest.is_empty().then_some(Self {
            signed,
            algorithm,
            signature,
            issuer,
            subject,
            validity,
            key,
            head,
            extensions,
        })
    }

    fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        let mut extensions = self.extensions.iter();
        extensions
            .find(|other| other.oid == oid)
            .map(|found| found.value)
    }

    /// What one of Fulcio's extensions says.
    pub(crate) fn claim(&self, number: u8) -> Option<&'a str> {
        let mut value = self.extension(&[&FULCIO[..], &[number]].concat())?;
        std::str::from_utf8(expect(&mut value, UTF8_STRING)?).ok()
    }

    /// Whether it may sign code.
    pub(crate) fn signs_code(&self) -> bool {
        let Some(mut value) = self.extension(&EXTENDED_KEY_USAGE) else {
            return false;
        };
        let mut list = expect(&mut value, SEQUENCE).unwrap_or_default();
        std::iter::from_fn(|| expect(&mut list, OID)).any(|usage| usage == CODE_SIGNING)
    }

    /// Whether it may sign certificates.
    pub(crate) fn is_authority(&self) -> bool {
        let value = self.extension(&BASIC_CONSTRAINTS);
        let list = value.and_then(|mut value| expect(&mut value, SEQUENCE));
        list.and_then(|mut list| expect(&mut list, BOOLEAN)) == Some(&[0xff])
    }

    /// Whether another certificate's owner signed this one.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let hash = match self.algorithm {
            oid if oid == ECDSA_SHA256 => Hash::Sha256,
            oid if oid == ECDSA_SHA384 => Hash::Sha384,
            _ => return false,
        };
        self.issuer == issuer.subject && verifies(issuer.key, hash, self.signed, self.signature)
    }

    /// Whether it holds at this time, `YYYYMMDDHHMMSS`.
    pub(crate) fn holds_at(&self, time: &str) -> bool {
        let [from, to] = &self.validity;
        from.as_str() <= time && time <= to.as_str()
    }

    /// The time stamps of certificate logs, as one list.
    pub(crate) fn stamps(&self) -> Option<&'a [u8]> {
        let mut value = self.extension(&TIMESTAMPS)?;
        expect(&mut value, OCTET_STRING)
    }

    /// What the certificate log saw: the signed body without the time stamps.
    pub(crate) fn precertificate(&self) -> Vec<u8> {
        let kept = self.extensions.iter();
        let kept = kept.filter(|extension| extension.oid != TIMESTAMPS);
        let kept: Vec<u8> = kept
            .flat_map(|extension| extension.whole.to_vec())
            .collect();
        let kept = element(EXTENSIONS, &element(SEQUENCE, &kept));
        element(SEQUENCE, &[self.head, &kept].concat())
    }
}

impl<'a> Extension<'a> {
    fn read(whole: &'a [u8]) -> Option<Self> {
        let mut rest = whole;
        let mut inside = expect(&mut rest, SEQUENCE)?;
        let oid = expect(&mut inside, OID)?;
        let (mut tag, mut value) = take(&mut inside)?;
        if tag == BOOLEAN {
            // Whether it is critical stood first.
            (tag, value) = take(&mut inside)?;
        }
        (tag == OCTET_STRING).then_some(Self { whole, oid, value })
    }
}

/// UTCTime or GeneralizedTime, the latter's form for both.
fn time(rest: &mut &[u8]) -> Option<String> {
    let (tag, digits) = take(rest)?;
    let digits = std::str::from_utf8(digits).ok()?.strip_suffix('Z')?;
    let century = match tag {
        UTC_TIME if digits < "5" => "20",
        UTC_TIME => "19",
        _ => "",
    };
    Some(format!("{century}{digits}"))
}
