// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether a revocation in KEYS forbids what a key signed.
//!
//! A key that is withdrawn because it is superseded or no longer used was its
//! owner's when it signed before. Any other revocation may mean that somebody
//! else holds the key, who can write any date: it forbids every signature.

use pgp::packet::{PublicKey, Signature};

use super::{Certificate, Statement, Subkey, unfit};
use crate::openpgp::Fingerprint;
use crate::openpgp::kind::Kind;
use crate::openpgp::lapse::Lapse;
use crate::openpgp::packets::Hints;
use crate::openpgp::policy::{
    Fault, Force, counts_in_key, digest_bits, force, made_at, reason_words, revokers, utc,
};
use crate::rules::Rule;

/// A revocation that holds of a key or of its subkey.
struct Revocation<'a> {
    force: Force,
    key: &'a Fingerprint,
    signature: &'a Signature,
}

impl Certificate {
    /// Refuses the primary key, or its subkey `subkey`, where a revocation
    /// forbids what it signed at `signed_at`, seen from `now`; both in Unix
    /// seconds. Of several the strictest counts. Tells of a revocation that
    /// forbids only what is signed later.
    pub(in crate::openpgp) fn refuse_revoked(
        &self,
        subkey: Option<&Subkey>,
        signed_at: u64,
        now: u64,
    ) -> Result<Option<Lapse>, Fault> {
        if self.unreadable_revocation {
            return Err(self.unusable("a revocation in KEYS that cannot be read"));
        }
        // A primary key too weak to sign may still revoke.
        let Some(primary) = &self.primary else {
            return Ok(None);
        };
        if matches!(self.facts.kind, Kind::Unsupported(_)) {
            // Whether its revocations hold would be as unsteady as the rest.
            return Err(unfit(&self.facts));
        }
        let strictest = self
            .valid_revocations(primary, subkey, now)
            .into_iter()
            .min_by_key(|it| it.force);
        let since = match &strictest {
            None => None,
            Some(revocation) => revocation.weigh(signed_at)?,
        };
        if !self
            .damaged_revocations
            .iter()
            .all(|it| self.places(it, primary))
        {
            return Err(self.unusable("a revocation in a damaged block of KEYS"));
        }
        if self.revocations.iter().any(|it| self.misses(it, primary)) {
            return Err(self.unusable("a revocation in KEYS that names it and does not hold"));
        }
        Ok(since)
    }

    /// Whether a revocation says that it is this key's own, and is not as its
    /// owner made it: armor without a checksum does not tell of a bit that was
    /// lost, and the crate asks for two octets that `gpg` does not look at.
    fn misses(&self, revocation: &Statement, primary: &PublicKey) -> bool {
        let maker = (self.facts.fingerprint.clone(), self.facts.key_id);
        Hints::of(&revocation.signature).fits(&maker)
            && !revocation.holds(|it| it.verify_key(primary))
    }

    /// Those of the key by itself, and those of the subkey by the key. One by a
    /// designated revoker counts unverified and always, since that key need not
    /// be in KEYS and refusing is the safe side; so does one that only its digest
    /// keeps the crate from checking.
    fn valid_revocations<'a>(
        &'a self,
        primary: &PublicKey,
        subkey: Option<&'a Subkey>,
        now: u64,
    ) -> Vec<Revocation<'a>> {
        let revokers = self.designated_revokers(primary, now);
        let by_revoker = |signature: &Signature| {
            let hints = Hints::of(signature);
            revokers.iter().any(|revoker| hints.fits(revoker))
        };
        let weigh = |key, statement: &'a Statement, holds: bool| {
            let signature = &statement.signature;
            let force = if holds {
                Some(force(signature, self.facts.created, now))
            } else {
                (by_revoker(signature) || self.cannot_check(signature)).then_some(Force::Always)
            };
            force.map(|force| Revocation {
                force,
                key,
                signature,
            })
        };
        let of_key = self.revocations.iter().filter_map(|statement| {
            let holds = statement.holds(|it| it.verify_key(primary));
            weigh(&self.facts.fingerprint, statement, holds)
        });
        let packet = subkey.and_then(|subkey| Some((subkey, subkey.packet.as_ref()?)));
        let of_subkey = packet.into_iter().flat_map(|(subkey, packet)| {
            subkey.revocations.iter().filter_map(move |statement| {
                let holds = statement.holds(|it| it.verify_subkey_binding(primary, packet));
                weigh(&subkey.facts.fingerprint, statement, holds)
            })
        });
        of_key.chain(of_subkey).collect()
    }

    /// Whether a statement that says it is by this key has a digest of which the
    /// crate does not even do the mathematics: an unknown one, or one that is
    /// shorter than the key's curve. `gpg` takes SHA-1 from Ed25519.
    pub(super) fn cannot_check(&self, signature: &Signature) -> bool {
        let least = match self.facts.kind {
            Kind::Other { digest_bits, .. } => digest_bits,
            Kind::Rsa | Kind::Unfit(_) | Kind::Unsupported(_) => 1,
        };
        let hints = Hints::of(signature);
        let maker = (self.facts.fingerprint.clone(), self.facts.key_id);
        digest_bits(signature) < least && (hints.is_empty() || hints.fits(&maker))
    }

    fn places(&self, revocation: &Statement, primary: &PublicKey) -> bool {
        revocation.holds(|it| {
            let subkeys = self.subkeys.iter().filter_map(|it| it.packet.as_ref());
            subkeys
                .map(|packet| it.verify_subkey_binding(primary, packet))
                .fold(it.verify_key(primary), Result::or)
        })
    }

    /// Whether a revocation holds of this key or of any of its subkeys; never
    /// where the mathematics of such a key are not steady.
    pub(in crate::openpgp) fn is_revoked_by(&self, revocation: &Statement) -> bool {
        let steady = !matches!(self.facts.kind, Kind::Unsupported(_));
        let primary = self.primary.as_ref().filter(|_| steady);
        primary.is_some_and(|primary| self.places(revocation, primary))
    }

    /// The keys that may be allowed to revoke this one, nothing verified.
    pub(in crate::openpgp) fn appointed(&self) -> impl Iterator<Item = (Fingerprint, [u8; 8])> {
        let users = self.users.iter().flat_map(|user| &user.statements);
        self.direct.iter().chain(users).flat_map(appointed_by)
    }

    /// The keys that the owner allowed to revoke this one.
    fn designated_revokers(&self, primary: &PublicKey, now: u64) -> Vec<(Fingerprint, [u8; 8])> {
        let named = |statement: &&Statement| {
            revokers(&statement.signature).next().is_some()
                && counts_in_key(&statement.signature, self.facts.created, now)
        };
        let direct = self
            .direct
            .iter()
            .filter(named)
            .filter(|statement| statement.holds(|it| it.verify_key(primary)));
        let users = self.users.iter().flat_map(|user| {
            let below = user.statements.iter().filter(named);
            below.filter(|it| user.holds(it, primary))
        });
        direct.chain(users).flat_map(appointed_by).collect()
    }
}

fn appointed_by(statement: &Statement) -> impl Iterator<Item = (Fingerprint, [u8; 8])> {
    revokers(&statement.signature).filter_map(|fingerprint| {
        let id = *fingerprint.last_chunk()?;
        Some((Fingerprint::from_bytes(fingerprint), id))
    })
}

impl Revocation<'_> {
    /// Refuses what was signed at `signed_at`, or tells that it came later.
    fn weigh(&self, signed_at: u64) -> Result<Option<Lapse>, Fault> {
        let key = self.key;
        let reason = reason_words(self.signature);
        match self.force {
            Force::From(end) if signed_at < end => Ok(Some(Lapse {
                rule: Rule::KeyRevokedSince,
                key: key.clone(),
                how: format!("was revoked ({reason})"),
                end,
            })),
            Force::From(end) => {
                let (signed, end) = (utc(signed_at), utc(end));
                Err(Fault::new(
                    Rule::KeyRevoked,
                    "a key that was not revoked when it signed",
                    format!(
                        "key {key} signed at {signed} and had been revoked at {end} ({reason})"
                    ),
                ))
            }
            Force::Always => {
                let when = made_at(self.signature)
                    .map_or_else(String::new, |at| format!(" at {}", utc(at)));
                Err(Fault::new(
                    Rule::KeyRevoked,
                    "a key that is not revoked",
                    format!(
                        "key {key} was revoked{when} ({reason}), \
                         which undoes whatever it signed before"
                    ),
                ))
            }
        }
    }
}
