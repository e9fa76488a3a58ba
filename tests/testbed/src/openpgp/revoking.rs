// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Revocations of keys and subkeys, those that say why and when, and those
//! that say it where nothing protects it.

use pgp::packet::{PacketHeader, Signature, SignatureConfig, SignatureType, SubpacketData};
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails, KeyVersion, RevocationKey, RevocationKeyClass, Tag, Timestamp};

pub use pgp::packet::RevocationCode as Reason;

use super::{Digest, MADE, TestKey, armor, bytes_of, configure, critical_notation, none, regular};

/// How a key is revoked.
#[derive(Clone, Debug)]
pub struct Revoking {
    /// When, in Unix seconds; none leaves the time out.
    pub at: Option<u32>,
    /// Why, under the signature. Real ones give at most one reason.
    pub reasons: Vec<Reason>,
    /// The same, where anybody can write it.
    pub unhashed_reasons: Vec<Reason>,
    /// With which digest.
    pub digest: Digest,
    /// Seconds until the revocation itself expires.
    pub lifetime: Option<u32>,
    /// A critical notation of this name.
    pub critical_notation: Option<&'static str>,
}

impl Revoking {
    /// A revocation with a date and no reason.
    pub fn at(at: u32) -> Self {
        Self {
            at: Some(at),
            ..Self::default()
        }
    }

    /// A revocation with a date and a reason.
    pub fn because(at: u32, reason: Reason) -> Self {
        Self {
            reasons: vec![reason],
            ..Self::at(at)
        }
    }
}

impl Default for Revoking {
    fn default() -> Self {
        Self {
            at: Some(MADE),
            reasons: Vec::new(),
            unhashed_reasons: Vec::new(),
            digest: Digest::Sha512,
            lifetime: None,
            critical_notation: None,
        }
    }
}

impl TestKey {
    /// Revokes the key inside its own public copy, without a reason.
    pub fn revoke(&mut self, at: u32) {
        self.revoke_as(&Revoking::at(at));
    }

    /// Revokes the key inside its own public copy.
    pub fn revoke_as(&mut self, revoking: &Revoking) {
        let revocation = self.revocation(revoking);
        self.revocations.push(revocation);
    }

    /// Revokes a subkey without a reason.
    pub fn revoke_subkey(&mut self, number: usize, at: u32) {
        self.revoke_subkey_as(number, &Revoking::at(at));
    }

    /// Revokes a subkey.
    pub fn revoke_subkey_as(&mut self, number: usize, revoking: &Revoking) {
        let (subkey, _) = &self.subkeys[number];
        let revocation = marked(revoking, |revoking| {
            self.withdrawal(SignatureType::SubkeyRevocation, revoking)
                .sign_subkey_binding(
                    &self.primary,
                    self.primary.public_key(),
                    &none(),
                    subkey.public_key(),
                )
        });
        self.subkeys[number].1.push(revocation);
    }

    /// A revocation of the key that stands alone, as `gpg --gen-revoke` makes
    /// it, without a reason.
    pub fn armored_revocation(&self, at: u32) -> String {
        self.armored_revocation_as(&Revoking::at(at))
    }

    /// A revocation of the key that stands alone.
    pub fn armored_revocation_as(&self, revoking: &Revoking) -> String {
        let revocation = self.revocation(revoking);
        armor("PGP PUBLIC KEY BLOCK", &bytes_of([&revocation]))
    }

    /// The packet of a revocation without a reason, and without armor.
    pub fn revocation_bytes(&self, at: u32) -> Vec<u8> {
        bytes_of([&self.revocation(&Revoking::at(at))])
    }

    /// Allows these keys to revoke this one, all by one statement.
    pub fn appoint(&mut self, revokers: &[&Self]) {
        let mut config = configure(&self.primary, SignatureType::Key, Digest::Sha512);
        let time = Timestamp::from_secs(MADE);
        let revokers = revokers.iter().map(|revoker| {
            let key = &revoker.primary;
            let fingerprint = key.fingerprint();
            let class = RevocationKeyClass::Default;
            let revoker = RevocationKey::new(class, key.algorithm(), fingerprint.as_bytes());
            regular(SubpacketData::RevocationKey(revoker))
        });
        config.hashed_subpackets = [
            regular(SubpacketData::SignatureCreationTime(time)),
            regular(SubpacketData::IssuerFingerprint(self.primary.fingerprint())),
        ]
        .into_iter()
        .chain(revokers)
        .collect();
        let appointment = config.sign_key(&self.primary, &none(), self.primary.public_key());
        self.direct.push(appointment.expect("an appointment"));
    }

    /// A revocation of another's key by this one, which stands alone.
    pub fn armored_revocation_of(&self, other: &Self, revoking: &Revoking) -> String {
        let revocation = self
            .withdrawal(SignatureType::KeyRevocation, revoking)
            .sign_key(&self.primary, &none(), other.primary.public_key())
            .expect("a revocation");
        armor("PGP PUBLIC KEY BLOCK", &bytes_of([&revocation]))
    }

    fn revocation(&self, revoking: &Revoking) -> Signature {
        marked(revoking, |revoking| {
            self.withdrawal(SignatureType::KeyRevocation, revoking)
                .sign_key(&self.primary, &none(), self.primary.public_key())
        })
    }

    fn withdrawal(&self, typ: SignatureType, revoking: &Revoking) -> SignatureConfig {
        let said = |reason: &Reason| {
            let text = "in the test's own words";
            regular(SubpacketData::RevocationReason(*reason, text.into()))
        };
        let mut config = configure(&self.primary, typ, revoking.digest);
        let mut hashed = vec![regular(SubpacketData::IssuerFingerprint(
            self.primary.fingerprint(),
        ))];
        if let Some(at) = revoking.at {
            let time = Timestamp::from_secs(at);
            hashed.push(regular(SubpacketData::SignatureCreationTime(time)));
        }
        if let Some(lifetime) = revoking.lifetime {
            let lifetime = pgp::types::Duration::from_secs(lifetime);
            hashed.push(regular(SubpacketData::SignatureExpirationTime(lifetime)));
        }
        if let Some(name) = revoking.critical_notation {
            hashed.push(critical_notation(name));
        }
        hashed.extend(revoking.reasons.iter().map(said));
        config.hashed_subpackets = hashed;
        config.unhashed_subpackets = revoking.unhashed_reasons.iter().map(said).collect();
        if self.primary.version() == KeyVersion::V4 {
            // Without it gpg does not look for the key that made the revocation.
            let id = SubpacketData::IssuerKeyId(self.primary.legacy_key_id());
            config.unhashed_subpackets.push(regular(id));
        }
        config
    }
}

/// The signature, with the digest asked for. One that the crate does not make,
/// since it is shorter than the key's curve, is made by SHA-512 and marked as
/// the other: whoever does not take such a digest cannot tell.
fn marked(
    revoking: &Revoking,
    sign: impl Fn(&Revoking) -> pgp::errors::Result<Signature>,
) -> Signature {
    if let Ok(signature) = sign(revoking) {
        return signature;
    }
    let strong = Revoking {
        digest: Digest::Sha512,
        ..revoking.clone()
    };
    let mut body = Vec::new();
    let signature = sign(&strong).expect("a revocation");
    signature.to_writer(&mut body).expect("a signature packet");
    // After version, type and algorithm of the key.
    body[3] = u8::from(revoking.digest);
    let length = u32::try_from(body.len()).expect("a short packet");
    let header = PacketHeader::new_fixed(Tag::Signature, length);
    Signature::try_from_reader(header, body.as_slice()).expect("a signature packet")
}
