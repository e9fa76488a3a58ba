// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The keys of the stand-in's services, and the check of a signature by the key
//! of anybody.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA384_ASN1,
    ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair, UnparsedPublicKey,
};

use crate::der::{BIT_STRING, OID, SEQUENCE, element, expect, sequence};

const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: [u8; 5] = [0x2b, 0x81, 0x04, 0x00, 0x22];

/// Which hash a signature is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

/// A key that signs.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    curve: &'static [u8],
}

impl Key {
    /// As logs and signers have them; signs over SHA-256.
    pub(crate) fn p256() -> Self {
        Self::generate(&ECDSA_P256_SHA256_ASN1_SIGNING, &P256)
    }

    /// As authorities have them; signs over SHA-384.
    pub(crate) fn p384() -> Self {
        Self::generate(&ECDSA_P384_SHA384_ASN1_SIGNING, &P384)
    }

    fn generate(scheme: &'static EcdsaSigningAlgorithm, curve: &'static [u8]) -> Self {
        let pair = EcdsaKeyPair::generate_pkcs8(scheme, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(scheme, pair.as_ref()).expect("the key just made");
        Self { pair, curve }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        signature.expect("a signature").as_ref().to_vec()
    }

    /// The public key as certificates and logs write it (SPKI in DER).
    pub(crate) fn public(&self) -> Vec<u8> {
        let kind = sequence(&[&element(OID, &EC_PUBLIC_KEY), &element(OID, self.curve)]);
        let point = [&[0], self.pair.public_key().as_ref()].concat();
        sequence(&[&kind, &element(BIT_STRING, &point)])
    }

    /// The name of the key in Sigstore's logs: SHA-256 of the public key.
    pub(crate) fn id(&self) -> [u8; 32] {
        sha256(&self.public())
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Whether this public key (SPKI in DER) made this signature.
pub(crate) fn verifies(spki: &[u8], hash: Hash, message: &[u8], signature: &[u8]) -> bool {
    let Some((scheme, point)) = scheme_of(spki, hash) else {
        return false;
    };
    let key = UnparsedPublicKey::new(scheme, point);
    key.verify(message, signature).is_ok()
}

/// The hash that goes with the curve of a key, where nothing says another.
pub(crate) fn natural_hash(spki: &[u8]) -> Option<Hash> {
    Some(match curve_and_point(spki)? {
        (curve, _) if curve == P256 => Hash::Sha256,
        (curve, _) if curve == P384 => Hash::Sha384,
        _ => return None,
    })
}

fn scheme_of(spki: &[u8], hash: Hash) -> Option<(&'static EcdsaVerificationAlgorithm, &[u8])> {
    let (curve, point) = curve_and_point(spki)?;
    let scheme = match hash {
        Hash::Sha256 if curve == P256 => &ECDSA_P256_SHA256_ASN1,
        Hash::Sha384 if curve == P256 => &ECDSA_P256_SHA384_ASN1,
        Hash::Sha256 if curve == P384 => &ECDSA_P384_SHA256_ASN1,
        Hash::Sha384 if curve == P384 => &ECDSA_P384_SHA384_ASN1,
        _ => return None,
    };
    Some((scheme, point))
}

fn curve_and_point(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = spki;
    let mut key = expect(&mut rest, SEQUENCE)?;
    let mut kind = expect(&mut key, SEQUENCE)?;
    if expect(&mut kind, OID)? != EC_PUBLIC_KEY {
        return None;
    }
    let curve = expect(&mut kind, OID)?;
    let point = expect(&mut key, BIT_STRING)?.strip_prefix(&[0])?;
    Some((curve, point))
}
