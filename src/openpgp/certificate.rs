// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One key of KEYS with all that its owner says about it, and whether it was
//! good for signing at a given time.
//!
//! The owner's statements are verified only when the key is used, the newest
//! first, and each at most once. What others say about the key is ignored.
//! Revocations have a file of their own.

mod revocation;

use std::sync::OnceLock;

use pgp::packet::{PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData, UserId};
use pgp::types::Tag;

use super::kind::Kind;
use super::lapse::Lapse;
use super::packets::KeyFacts;
use super::policy::{Fault, counts_in_key, lifetime, made_at, may_sign, utc};
use super::{Fingerprint, guarded};
use crate::rules::Rule;

/// A signature packet inside a key, and whether its mathematics hold.
pub(super) struct Statement {
    signature: Signature,
    holds: OnceLock<bool>,
}

impl Statement {
    pub(super) const fn new(signature: Signature) -> Self {
        Self {
            signature,
            holds: OnceLock::new(),
        }
    }

    fn holds(&self, verify: impl FnOnce(&Signature) -> pgp::errors::Result<()>) -> bool {
        *self
            .holds
            .get_or_init(|| guarded(|| verify(&self.signature).is_ok()).unwrap_or(false))
    }

    fn is(&self, typ: SignatureType) -> bool {
        self.signature.typ() == Some(typ)
    }
}

/// A user id with the statements that stand below it.
pub(super) struct User {
    pub(super) id: UserId,
    pub(super) statements: Vec<Statement>,
}

/// A subkey with the statements about it.
pub(super) struct Subkey {
    pub(super) facts: KeyFacts,
    pub(super) packet: Option<PublicSubkey>,
    pub(super) bindings: Vec<Statement>,
    pub(super) revocations: Vec<Statement>,
}

/// All copies of one key, merged.
pub(super) struct Certificate {
    pub(super) facts: KeyFacts,
    pub(super) primary: Option<PublicKey>,
    pub(super) direct: Vec<Statement>,
    pub(super) users: Vec<User>,
    pub(super) subkeys: Vec<Subkey>,
    pub(super) revocations: Vec<Statement>,
    /// Revocations out of damaged blocks: one that holds of nothing may have held.
    pub(super) damaged_revocations: Vec<Statement>,
    /// A revocation stands here that cannot be read: the key is not used.
    pub(super) unreadable_revocation: bool,
}

/// What is wrong with a key of which the newest word cannot be checked.
const OVERTAKEN: &str = "its owner's newest word on it is by a digest that cannot be checked";

/// What holds of a key that may sign.
pub(super) struct Standing {
    pub(super) user_id: Option<String>,
    /// When the first of its two halves ends, in Unix seconds.
    pub(super) expires: Option<u64>,
    /// That it expired after it signed; the earlier end of its two halves.
    pub(super) expired: Option<Lapse>,
    /// That it is not of the kind the ASF asks for.
    pub(super) note: Option<Fault>,
}

/// The newest valid statements about the primary key.
struct SelfSignatures<'a> {
    direct: Option<&'a Signature>,
    user: Option<(&'a Signature, &'a UserId)>,
}

impl SelfSignatures<'_> {
    /// The direct key signature speaks first, as in `GnuPG` and RFC 9580.
    fn find<T>(&self, ask: impl Fn(&Signature) -> Option<T>) -> Option<T> {
        let user = self.user.map(|(signature, _)| signature);
        self.direct.and_then(&ask).or_else(|| user.and_then(&ask))
    }
}

impl Certificate {
    pub(super) const fn new(facts: KeyFacts, primary: Option<PublicKey>) -> Self {
        Self {
            facts,
            primary,
            direct: Vec::new(),
            users: Vec::new(),
            subkeys: Vec::new(),
            revocations: Vec::new(),
            damaged_revocations: Vec::new(),
            unreadable_revocation: false,
        }
    }

    /// Whether the primary key, or its subkey `subkey`, was good for signing
    /// at `signed_at`, seen from `now`; both in Unix seconds. Revocations are
    /// [`Self::refuse_revoked`]'s matter, to be asked before.
    pub(super) fn judge(
        &self,
        subkey: Option<&Subkey>,
        signed_at: u64,
        now: u64,
    ) -> Result<Standing, Fault> {
        let Some(primary) = self.primary.as_ref().filter(|_| self.facts.kind.counts()) else {
            return Err(unfit(&self.facts));
        };
        let statements = self.self_signatures(primary, now);
        if statements.direct.is_none() && statements.user.is_none() {
            return Err(self.unusable("nothing in KEYS by which its owner vouches for it"));
        }
        if self.is_overtaken(&statements) {
            return Err(self.unusable(OVERTAKEN));
        }
        let binding = match subkey {
            Some(subkey) => {
                let binding = subkey.bind(primary, now)?;
                if self.may_overtake(&subkey.bindings, Some(binding)) {
                    return Err(unusable(&subkey.facts.fingerprint, OVERTAKEN));
                }
                Some(binding)
            }
            None if statements.find(may_sign) == Some(false) => {
                return Err(self.unusable("its key flags do not let it sign"));
            }
            None => None,
        };
        let of_primary = refuse_time(&self.facts, statements.find(lifetime), signed_at, now)?;
        let of_subkey = match subkey.zip(binding) {
            Some((subkey, binding)) => {
                refuse_time(&subkey.facts, lifetime(binding), signed_at, now)?
            }
            None => None,
        };
        let expired = of_primary.into_iter().chain(of_subkey);
        let end = |facts: &KeyFacts, lifetime: Option<u64>| {
            lifetime.map(|seconds| facts.created.saturating_add(seconds))
        };
        let halves = subkey.zip(binding);
        let end_of_subkey =
            halves.and_then(|(subkey, binding)| end(&subkey.facts, lifetime(binding)));
        let end_of_primary = end(&self.facts, statements.find(lifetime));
        let user_id = statements
            .user
            .map(|(_, id)| String::from_utf8_lossy(id.id()).into_owned());
        Ok(Standing {
            user_id,
            expires: end_of_primary.into_iter().chain(end_of_subkey).min(),
            expired: expired.min_by_key(|lapse| lapse.end),
            note: note_kind(&self.facts, subkey.map(|subkey| &subkey.facts)),
        })
    }

    /// Whether the owner may have said something newer than what holds, which
    /// nobody here can check: it might have ended the key's life.
    fn is_overtaken(&self, holding: &SelfSignatures<'_>) -> bool {
        let user = holding.user.map(|(signature, _)| signature);
        let mut users = self.users.iter().map(|user| &user.statements);
        self.may_overtake(&self.direct, holding.direct)
            || users.any(|statements| self.may_overtake(statements, user))
    }

    fn may_overtake(&self, statements: &[Statement], holding: Option<&Signature>) -> bool {
        let mut unchecked = statements
            .iter()
            .map(|statement| &statement.signature)
            .filter(|signature| self.cannot_check(signature));
        unchecked.any(|signature| made_at(signature) > holding.and_then(made_at))
    }

    fn unusable(&self, found: &str) -> Fault {
        unusable(&self.facts.fingerprint, found)
    }

    fn self_signatures(&self, primary: &PublicKey, now: u64) -> SelfSignatures<'_> {
        let created = self.facts.created;
        let direct = newest(&self.direct, created, now, |statement| {
            statement.is(SignatureType::Key) && statement.holds(|it| it.verify_key(primary))
        });
        let mut users: Vec<_> = self
            .users
            .iter()
            .filter_map(|user| Some((user.certification(primary, created, now)?, &user.id)))
            .collect();
        // The user id that calls itself the primary one is only a name to show.
        users.sort_by_key(|(signature, _)| made_at(signature));
        SelfSignatures {
            direct,
            user: users.pop(),
        }
    }
}

impl Subkey {
    /// The newest valid binding of this subkey, if it is one for signing.
    fn bind(&self, primary: &PublicKey, now: u64) -> Result<&Signature, Fault> {
        let refuse = |found: &str| Err(unusable(&self.facts.fingerprint, found));
        let Some(packet) = self.packet.as_ref().filter(|_| self.facts.kind.counts()) else {
            return Err(unfit(&self.facts));
        };
        let newest = newest(&self.bindings, self.facts.created, now, |statement| {
            statement.is(SignatureType::SubkeyBinding)
                && statement.holds(|it| it.verify_subkey_binding(primary, packet))
        });
        let Some(binding) = newest else {
            return refuse("a subkey that its primary key does not vouch for");
        };
        if may_sign(binding) != Some(true) {
            return refuse("a subkey that is not for signing");
        }
        // Without this signature back, a stranger's subkey could be claimed.
        let vouches = back_signatures(binding).any(|back| {
            counts_in_key(back, self.facts.created, now)
                && guarded(|| back.verify_primary_key_binding(packet, primary).is_ok())
                    == Some(true)
        });
        if vouches {
            Ok(binding)
        } else {
            refuse("a signing subkey that does not vouch for its primary key")
        }
    }
}

impl User {
    fn holds(&self, statement: &Statement, primary: &PublicKey) -> bool {
        statement.holds(|it| it.verify_certification(primary, Tag::UserId, &self.id))
    }

    /// The owner's newest certification of this user id, unless withdrawn.
    fn certification(&self, primary: &PublicKey, created: u64, now: u64) -> Option<&Signature> {
        let certification = newest(&self.statements, created, now, |statement| {
            !statement.is(SignatureType::CertRevocation) && self.holds(statement, primary)
        })?;
        let withdrawn = newest(&self.statements, created, now, |statement| {
            statement.is(SignatureType::CertRevocation) && self.holds(statement, primary)
        });
        match withdrawn {
            Some(revocation) if made_at(revocation) >= made_at(certification) => None,
            _ => Some(certification),
        }
    }
}

/// The newest statement that counts and holds. The mathematics come last and
/// newest first, so that one signature is usually enough.
fn newest(
    statements: &[Statement],
    key_created: u64,
    now: u64,
    holds: impl Fn(&Statement) -> bool,
) -> Option<&Signature> {
    let mut counting: Vec<_> = statements
        .iter()
        .filter(|statement| counts_in_key(&statement.signature, key_created, now))
        .collect();
    counting.sort_by_key(|statement| std::cmp::Reverse(made_at(&statement.signature)));
    counting
        .into_iter()
        .find(|statement| holds(statement))
        .map(|statement| &statement.signature)
}

fn back_signatures(binding: &Signature) -> impl Iterator<Item = &Signature> {
    binding
        .config()
        .into_iter()
        .flat_map(|config| {
            config
                .hashed_subpackets()
                .chain(config.unhashed_subpackets())
        })
        .filter_map(|subpacket| match &subpacket.data {
            SubpacketData::EmbeddedSignature(back) => Some(&**back),
            _ => None,
        })
}

fn unusable(fingerprint: &Fingerprint, found: &str) -> Fault {
    Fault::new(
        Rule::KeyUnusable,
        "a key that may sign releases",
        format!("key {fingerprint}: {found}"),
    )
}

/// The verdict on a key whose kind does not count.
pub(super) fn unfit(facts: &KeyFacts) -> Fault {
    match &facts.kind {
        Kind::Unfit(found) => unusable(&facts.fingerprint, found),
        Kind::Unsupported(found) => Fault::new(
            Rule::UnsupportedKey,
            "a key that this program can check: RSA of 2048 to 8192 bits",
            format!("key {}: {found}", facts.fingerprint),
        ),
        Kind::Rsa | Kind::Other { .. } => unusable(&facts.fingerprint, "a key that cannot be read"),
    }
}

/// Refuses a time of signing outside of the key's life. Tells of a life that
/// ended only afterwards.
fn refuse_time(
    facts: &KeyFacts,
    lifetime: Option<u64>,
    signed_at: u64,
    now: u64,
) -> Result<Option<Lapse>, Fault> {
    let key = &facts.fingerprint;
    if signed_at < facts.created {
        return Err(Fault::new(
            Rule::SignatureWeak,
            format!("signed after the key was made at {}", utc(facts.created)),
            format!("key {key} signed at {}", utc(signed_at)),
        ));
    }
    let Some(end) = lifetime.map(|seconds| facts.created + seconds) else {
        return Ok(None);
    };
    if signed_at >= end {
        let expected = "a key that was valid when it signed";
        let (signed, end) = (utc(signed_at), utc(end));
        let found = format!("key {key} signed at {signed} and had expired at {end}");
        return Err(Fault::new(Rule::KeyExpired, expected, found));
    }
    Ok((now >= end).then(|| Lapse {
        rule: Rule::KeyExpiredSince,
        key: key.clone(),
        how: "expired".to_owned(),
        end,
    }))
}

/// The note on a key that is not of the kind the ASF asks for.
fn note_kind(primary: &KeyFacts, subkey: Option<&KeyFacts>) -> Option<Fault> {
    [subkey, Some(primary)]
        .into_iter()
        .flatten()
        .find_map(|facts| match facts.kind {
            Kind::Other { name, .. } => Some(Fault::new(
                Rule::KeyKind,
                "an RSA key",
                format!("key {}: {name}", facts.fingerprint),
            )),
            Kind::Rsa | Kind::Unfit(_) | Kind::Unsupported(_) => None,
        })
}
