// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The verdict on the `.asc` of one artifact: every signature in it is judged.
//!
//! One good signature by an allowed key of KEYS is needed. A signature by a
//! key of KEYS that is bad, weak, or by a key that may not sign refuses,
//! whatever the others say and in whatever order. Strangers are only noted.

mod asc;
mod data;

use pgp::packet::Signature;
use pgp::types::VerifyingKey;

use super::certificate::unfit;
use super::keys::{Candidate, Keyring};
use super::kind::Kind;
use super::lapse::Commit;
use super::packets::Hints;
use super::policy::{Fault, digest_bits, made_at, refuse_document, utc};
use super::{Fingerprint, guarded};
use crate::rules::{Finding, Rule};

pub use asc::Asc;
use asc::read_asc;
use data::digest_all;
pub use data::{Hashed, SignedData};

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The primary key, as KEYS and people name it.
    pub primary: Fingerprint,
    /// The key that made the signature: the primary one or a subkey.
    pub key: Fingerprint,
    /// The newest user id that the owner vouches for; foreign text.
    pub user_id: Option<String>,
    /// When, in Unix seconds, by the signer's own word.
    pub signed_at: u64,
    /// When the primary key or the subkey that signed ends, whichever is first,
    /// in Unix seconds; none where neither ends.
    pub expires: Option<u64>,
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The first good signer that is allowed.
    pub signer: Signer,
    /// Warnings and notes only.
    pub findings: Vec<Finding>,
}

/// What one signature comes to.
enum Outcome {
    Good(Signer, Vec<Fault>),
    Refused(Fault),
    /// By nobody in KEYS; the text names whoever it claims.
    Stranger(String),
}

/// Judges the `.asc` of the artifact at `path`. `data` are the signed bytes;
/// they are streamed at most once for all signatures. `allowed` are the keys that may
/// sign, primary or subkeys; empty means any key of KEYS. `now` in Unix seconds.
/// When the `.asc` was committed is only shown, beside what the signer says.
///
/// # Errors
/// The findings, of which at least one refuses; all signatures are told of.
pub fn verify<'a, 'd>(
    asc: impl Into<Asc<'a>>,
    path: &str,
    data: impl Into<SignedData<'d>>,
    keyring: &Keyring,
    allowed: &[Fingerprint],
    now: u64,
) -> Result<Judged, Vec<Finding>> {
    let Asc { bytes, commit } = asc.into();
    let signatures = read_asc(bytes).map_err(|found| {
        let expected = "an armored detached OpenPGP signature";
        let fault = Fault::new(Rule::SignatureUnreadable, expected, found);
        vec![fault.at(path)]
    })?;
    let claims: Vec<Claim<'_>> = signatures
        .iter()
        .map(|signature| Claim::of(signature, keyring, now))
        .collect();
    let asking: Vec<_> = claims
        .iter()
        .map(|claim| claim.needs_digest().then_some(claim.signature))
        .collect();
    let digests = digest_all(&asking, data.into()).map_err(|error| {
        let fault = Fault::new(
            Rule::Internal,
            "a private copy of the file that can be read",
            error.to_string(),
        );
        vec![fault.at(path)]
    })?;
    let outcomes = claims
        .into_iter()
        .zip(digests)
        .map(|(claim, digest)| claim.judge(digest.as_deref(), commit, now))
        .collect();
    weigh(outcomes, path, allowed)
}

/// The rule of the house on all signatures together.
fn weigh(
    outcomes: Vec<Outcome>,
    path: &str,
    allowed: &[Fingerprint],
) -> Result<Judged, Vec<Finding>> {
    let mut refusals = Vec::new();
    let mut good = Vec::new();
    let mut notes = Vec::new();
    let mut strangers = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Good(signer, faults) => {
                good.push(signer);
                notes.extend(faults.into_iter().map(|fault| fault.at(path)));
            }
            Outcome::Refused(fault) => refusals.push(fault.at(path)),
            Outcome::Stranger(who) => strangers.push(who),
        }
    }
    notes.extend(strangers.iter().map(|who| {
        let rule = Rule::SignatureOfStranger;
        Finding::new(rule, Some(path), "signatures by keys of KEYS", who)
    }));
    let is_allowed = |signer: &&Signer| {
        allowed.is_empty() || allowed.contains(&signer.primary) || allowed.contains(&signer.key)
    };
    let signer = good.iter().find(is_allowed);
    if refusals.is_empty() {
        if let Some(signer) = signer {
            return Ok(Judged {
                signer: signer.clone(),
                findings: notes,
            });
        }
        refusals.push(if good.is_empty() {
            // The strangers are the refusal itself here, and no side note.
            notes.clear();
            let expected = "a signature by a key of KEYS";
            Finding::new(
                Rule::SignerUnknown,
                Some(path),
                expected,
                strangers.join("; "),
            )
        } else {
            let found: Vec<_> = good.iter().map(|it| it.primary.to_string()).collect();
            let expected = "a signature by one of the keys in `signers`";
            let found = format!("signed by {}", found.join(" and by "));
            Finding::new(Rule::SignerNotAllowed, Some(path), expected, found)
        });
    }
    refusals.extend(notes);
    Err(refusals)
}

/// A signature with the keys of KEYS that it may be by.
struct Claim<'a> {
    signature: &'a Signature,
    hints: Hints,
    /// The keys that may sign releases.
    fit: Vec<Candidate<'a>>,
    /// The verdict that stands without any mathematics.
    refused: Option<Fault>,
}

impl<'a> Claim<'a> {
    fn of(signature: &'a Signature, keyring: &'a Keyring, now: u64) -> Self {
        let hints = Hints::of(signature);
        let candidates: Vec<_> = keyring.candidates(&hints).collect();
        let refused = match candidates.first() {
            None => None,
            Some(first) => refuse_document(signature, now).or_else(|| {
                // Each key must be unfit: an id of 64 bits can be shared.
                candidates
                    .iter()
                    .all(|it| refuse_kind(it, signature).is_some())
                    .then(|| refuse_kind(first, signature))
                    .flatten()
            }),
        };
        let fit = candidates
            .into_iter()
            .filter(|it| refuse_kind(it, signature).is_none())
            .collect();
        Self {
            signature,
            hints,
            fit,
            refused,
        }
    }

    /// Whether the signed bytes are needed to judge it.
    const fn needs_digest(&self) -> bool {
        self.refused.is_none() && !self.fit.is_empty()
    }

    fn judge(self, digest: Option<&[u8]>, commit: Option<Commit>, now: u64) -> Outcome {
        if let Some(fault) = self.refused {
            return Outcome::Refused(fault);
        }
        if self.fit.is_empty() {
            return Outcome::Stranger(self.describe());
        }
        let signed_at = made_at(self.signature).unwrap_or_default();
        let made_by: Vec<_> = self
            .fit
            .iter()
            .filter(|it| digest.is_some_and(|digest| holds(self.signature, it, digest)))
            .collect();
        // Several certificates may bind one subkey. Whichever of them revokes it
        // has the last word, whatever the others say.
        let revoked: Result<Vec<_>, _> = made_by
            .iter()
            .map(|it| it.certificate.refuse_revoked(it.subkey, signed_at, now))
            .collect();
        let revoked = match revoked {
            Ok(since) => since.into_iter().flatten().min_by_key(|lapse| lapse.end),
            Err(fault) => return Outcome::Refused(fault),
        };
        let mut refusal = None;
        for candidate in made_by {
            let certificate = candidate.certificate;
            match certificate.judge(candidate.subkey, signed_at, now) {
                Ok(standing) => {
                    let signer = Signer {
                        primary: certificate.facts.fingerprint.clone(),
                        key: candidate.facts().fingerprint.clone(),
                        user_id: standing.user_id,
                        signed_at,
                        expires: standing.expires,
                    };
                    let lapses = revoked.into_iter().chain(standing.expired);
                    let warnings = lapses.map(|lapse| lapse.warn(signed_at, commit));
                    return Outcome::Good(signer, warnings.chain(standing.note).collect());
                }
                Err(fault) => refusal = refusal.or(Some(fault)),
            }
        }
        Outcome::Refused(refusal.unwrap_or_else(|| {
            Fault::new(
                Rule::SignatureBad,
                "a signature of exactly these bytes",
                format!("{}, and the bytes are others", self.describe()),
            )
        }))
    }

    fn describe(&self) -> String {
        let who = match (self.hints.fingerprints.first(), self.hints.key_ids.first()) {
            (Some(fingerprint), _) => format!("key {fingerprint}"),
            (None, Some(key_id)) => format!("key id {}", hex::encode_upper(key_id)),
            (None, None) => "a key that it does not name".to_owned(),
        };
        match made_at(self.signature) {
            Some(at) => format!("a signature by {who} of {}", utc(at)),
            None => format!("a signature by {who}"),
        }
    }
}

/// Why a key of this kind cannot have made a signature that counts.
fn refuse_kind(candidate: &Candidate<'_>, signature: &Signature) -> Option<Fault> {
    let facts = candidate.facts();
    match &facts.kind {
        Kind::Rsa => None,
        Kind::Unfit(_) | Kind::Unsupported(_) => Some(unfit(facts)),
        Kind::Other {
            name,
            digest_bits: least,
        } => {
            let bits = digest_bits(signature);
            (bits < *least).then(|| {
                Fault::new(
                    Rule::SignatureWeak,
                    format!("a digest of at least {least} bits for {name}"),
                    format!("one of {bits} bits"),
                )
            })
        }
    }
}

/// The mathematics: whether this key made this signature of this digest.
fn holds(signature: &Signature, candidate: &Candidate<'_>, digest: &[u8]) -> bool {
    let Some((config, bytes)) = signature.config().zip(signature.signature()) else {
        return false;
    };
    if signature
        .signed_hash_value()
        .as_ref()
        .map(<[u8; 2]>::as_slice)
        != digest.get(..2)
    {
        return false;
    }
    let check = |key: &dyn VerifyingKey| {
        // RFC 9580, section 5.2: keys and signatures of version 6 keep to themselves.
        let same_version = u8::from(key.version()) == u8::from(config.version());
        same_version
            && key.algorithm() == config.pub_alg
            && guarded(|| key.verify(config.hash_alg, digest, bytes).is_ok()) == Some(true)
    };
    match candidate.subkey {
        Some(subkey) => subkey.packet.as_ref().is_some_and(|key| check(key)),
        None => candidate
            .certificate
            .primary
            .as_ref()
            .is_some_and(|key| check(key)),
    }
}

#[cfg(test)]
mod tests;
