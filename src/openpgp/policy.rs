// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The policy: which signatures count, and which statements inside a key.
//!
//! The crate does the mathematics only: it accepts SHA-1, text signatures,
//! signatures without a time. What the ASF and RFC 9580 forbid is refused here.
//!
//! SHA-1 never counts for a release, where an attacker may choose the bytes
//! and so needs a collision only. It counts inside a key, in the statements
//! that its owner made of it: to forge one that lets another key sign takes a
//! second preimage, which SHA-1 still withstands, and many release managers'
//! good RSA keys hold nothing newer. It does not count in what a key on a curve
//! says of itself, Ed25519 too: the crate follows RFC 9580 and takes no digest
//! shorter than the curve. MD5 never counts. docs/openpgp.md has the whole
//! argument.

use std::time::{Duration, UNIX_EPOCH};

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    RevocationCode, Signature, SignatureConfig, SignatureType, SignatureVersion, Subpacket,
    SubpacketData,
};

use crate::rules::{Finding, Rule};

/// How far a signer's clock may run ahead of ours, in seconds.
const LEEWAY: u64 = 300;
/// The last second that a date with four digits for the year can show.
const LAST_DATE: u64 = 253_402_300_799;

/// A verdict that does not yet know which artifact it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) rule: Rule,
    expected: String,
    found: String,
    /// What to do, where the rule's own advice does not fit.
    advice: Option<&'static str>,
}

impl Fault {
    pub(super) fn new(rule: Rule, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            rule,
            expected: expected.into(),
            found: found.into(),
            advice: None,
        }
    }

    /// The same with advice that fits the case better than the rule's own.
    pub(super) const fn advise(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    /// The verdict on the artifact at `path`.
    pub(super) fn at(self, path: &str) -> Finding {
        let finding = Finding::new(self.rule, Some(path), self.expected, self.found);
        match self.advice {
            Some(advice) => finding.advise(advice),
            None => finding,
        }
    }
}

/// Why a document signature does not count whoever made it, or nothing.
/// `now` in Unix seconds.
pub(super) fn refuse_document(signature: &Signature, now: u64) -> Option<Fault> {
    let weak =
        |expected: &str, found: String| Some(Fault::new(Rule::SignatureWeak, expected, found));
    if !matches!(
        signature.version(),
        SignatureVersion::V4 | SignatureVersion::V6
    ) {
        return weak(
            "a signature of version 4 or 6",
            format!("one of version {}", u8::from(signature.version())),
        );
    }
    let binary = "a signature of the file's exact bytes (type 0x00)";
    match signature.typ() {
        Some(SignatureType::Binary) => {}
        Some(SignatureType::Text) => {
            return weak(binary, "a text signature (type 0x01)".to_owned());
        }
        typ => {
            let typ = typ.map_or(0xFF, u8::from);
            return weak(binary, format!("a signature of type {typ:#04x}"));
        }
    }
    let hash = signature.hash_alg().unwrap_or(HashAlgorithm::None);
    if !counts_for_documents(hash) {
        return weak("a digest of SHA-256, SHA-384 or SHA-512", hash.to_string());
    }
    if let Some(demand) = unknown_demand(signature) {
        return weak("a signature without special conditions", demand);
    }
    let Some(made) = made_at(signature) else {
        return weak(
            "one signed time of signing",
            "none, or more than one".to_owned(),
        );
    };
    if made > now.saturating_add(LEEWAY) {
        return weak(
            "a time of signing that has come",
            format!("signed at {}, and it is {}", utc(made), utc(now)),
        );
    }
    match expires_at(signature, made) {
        Some(end) if end <= now => weak(
            "a signature that still holds",
            format!("the signature itself expired at {}", utc(end)),
        ),
        _ => None,
    }
}

/// Whether a statement inside a key counts, its mathematics aside. `key_created`
/// and `now` in Unix seconds.
pub(super) fn counts_in_key(signature: &Signature, key_created: u64, now: u64) -> bool {
    let known_version = matches!(
        signature.version(),
        SignatureVersion::V4 | SignatureVersion::V6
    );
    let hash = signature.hash_alg().unwrap_or(HashAlgorithm::None);
    let known_hash = counts_for_documents(hash)
        || matches!(
            hash,
            HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160 | HashAlgorithm::Sha224
        );
    known_version
        && known_hash
        && unknown_demand(signature).is_none()
        && made_at(signature).is_some_and(|made| {
            made >= key_created
                && made <= now.saturating_add(LEEWAY)
                && expires_at(signature, made).is_none_or(|end| end > now)
        })
}

/// From when on a revocation forbids what the key signs; the stricter is the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Force {
    /// Whatever the date.
    Always,
    /// From this second on, in Unix seconds.
    From(u64),
}

/// The force of a revocation that holds. It has a date only where all that it
/// says under the signature can be believed: its time, and a reason by which
/// nobody but the owner ever held the key. `key_created` and `now` in Unix seconds.
pub(super) fn force(revocation: &Signature, key_created: u64, now: u64) -> Force {
    let soft = |code: &RevocationCode| {
        matches!(
            code,
            RevocationCode::KeySuperseded | RevocationCode::KeyRetired
        )
    };
    let mut reasons = reasons(revocation).peekable();
    let all_soft = reasons.peek().is_some() && reasons.all(soft);
    match made_at(revocation) {
        Some(at) if all_soft && counts_in_key(revocation, key_created, now) => Force::From(at),
        _ => Force::Always,
    }
}

/// Why a key was revoked, in words to stand in brackets.
pub(super) fn reason_words(revocation: &Signature) -> String {
    let words: Vec<_> = reasons(revocation)
        .map(|code| match code {
            RevocationCode::NoReason => "no reason specified".to_owned(),
            RevocationCode::KeySuperseded => "superseded".to_owned(),
            RevocationCode::KeyCompromised => "compromised".to_owned(),
            RevocationCode::KeyRetired => "no longer used".to_owned(),
            other => format!("reason {}", u8::from(*other)),
        })
        .collect();
    if words.is_empty() {
        "no reason given".to_owned()
    } else {
        words.join(", ")
    }
}

fn reasons(revocation: &Signature) -> impl Iterator<Item = &RevocationCode> {
    hashed(revocation).filter_map(|data| match data {
        SubpacketData::RevocationReason(code, _) => Some(code),
        _ => None,
    })
}

/// The digest's length in bits, 0 where it is unknown.
pub(super) fn digest_bits(signature: &Signature) -> usize {
    signature
        .hash_alg()
        .and_then(HashAlgorithm::digest_size)
        .map_or(0, |octets| octets * 8)
}

const fn counts_for_documents(hash: HashAlgorithm) -> bool {
    matches!(
        hash,
        HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    )
}

/// The subpackets that the signature protects.
fn hashed(signature: &Signature) -> impl Iterator<Item = &SubpacketData> {
    signature
        .config()
        .into_iter()
        .flat_map(SignatureConfig::hashed_subpackets)
        .map(|subpacket| &subpacket.data)
}

/// When it was made, in Unix seconds: said exactly once, under the signature.
pub(super) fn made_at(signature: &Signature) -> Option<u64> {
    let mut times = hashed(signature).filter_map(|data| match data {
        SubpacketData::SignatureCreationTime(time) => Some(u64::from(time.as_secs())),
        _ => None,
    });
    times.next().filter(|_| times.next().is_none())
}

fn expires_at(signature: &Signature, made: u64) -> Option<u64> {
    hashed(signature)
        .filter_map(|data| match data {
            SubpacketData::SignatureExpirationTime(span) if span.as_secs() > 0 => {
                Some(made + u64::from(span.as_secs()))
            }
            _ => None,
        })
        .min()
}

/// The fingerprints of the keys that this statement allows to revoke its own.
pub(super) fn revokers(signature: &Signature) -> impl Iterator<Item = &[u8]> {
    hashed(signature).filter_map(|data| match data {
        SubpacketData::RevocationKey(revoker) => Some(revoker.fingerprint.as_slice()),
        _ => None,
    })
}

/// How many seconds after its creation the key expires by this statement.
pub(super) fn lifetime(signature: &Signature) -> Option<u64> {
    hashed(signature)
        .filter_map(|data| match data {
            SubpacketData::KeyExpirationTime(span) if span.as_secs() > 0 => {
                Some(u64::from(span.as_secs()))
            }
            _ => None,
        })
        .min()
}

/// Whether the key flags let the key sign; nothing where there are no flags.
pub(super) fn may_sign(signature: &Signature) -> Option<bool> {
    hashed(signature)
        .filter_map(|data| match data {
            SubpacketData::KeyFlags(flags) => Some(flags.sign()),
            _ => None,
        })
        .reduce(|all, one| all && one)
}

/// A condition that the signature demands to be understood, and is not.
/// Known is what `GnuPG` knows too, and no notation is.
fn unknown_demand(signature: &Signature) -> Option<String> {
    let config = signature.config()?;
    config
        .hashed_subpackets()
        .chain(config.unhashed_subpackets())
        .filter(|subpacket| subpacket.is_critical)
        .find_map(describe_unknown)
}

fn describe_unknown(subpacket: &Subpacket) -> Option<String> {
    match &subpacket.data {
        SubpacketData::SignatureCreationTime(_)
        | SubpacketData::SignatureExpirationTime(_)
        | SubpacketData::KeyExpirationTime(_)
        | SubpacketData::ExportableCertification(_)
        | SubpacketData::Revocable(_)
        | SubpacketData::PreferredSymmetricAlgorithms(_)
        | SubpacketData::PreferredHashAlgorithms(_)
        | SubpacketData::PreferredCompressionAlgorithms(_)
        | SubpacketData::RevocationKey(_)
        | SubpacketData::IssuerKeyId(_)
        | SubpacketData::IssuerFingerprint(_)
        | SubpacketData::KeyServerPreferences(_)
        | SubpacketData::PreferredKeyServer(_)
        | SubpacketData::IsPrimary(_)
        | SubpacketData::PolicyURI(_)
        | SubpacketData::KeyFlags(_)
        | SubpacketData::SignersUserID(_)
        | SubpacketData::RevocationReason(..)
        | SubpacketData::Features(_)
        | SubpacketData::EmbeddedSignature(_) => None,
        SubpacketData::Notation(notation) => Some(format!(
            "the critical notation `{}`",
            String::from_utf8_lossy(&notation.name)
        )),
        _ => Some(format!(
            "a critical subpacket of type {}",
            subpacket.typ().as_u8(false)
        )),
    }
}

/// A time as people read it, in UTC.
pub(crate) fn utc(seconds: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_DATE));
    humantime::format_rfc3339_seconds(time).to_string()
}
