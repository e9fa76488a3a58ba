// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The policy on keys: which kinds may sign releases, which may not, and which
//! this program cannot check.

use pgp::types::{EcdsaPublicParams, EddsaLegacyPublicParams, PublicParams};

/// The ASF's least size of an RSA key, in bits: <https://infra.apache.org/release-signing.html>.
const RSA_BITS: usize = 2048;
/// The largest RSA key that the crate reads, in bits.
const MOST_RSA_BITS: usize = 8192;

/// What a key is made of, as far as that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// RSA of enough bits: what the ASF asks for.
    Rsa,
    /// Holds as well, and is noted.
    Other {
        /// The name to show.
        name: &'static str,
        /// The shortest digest that it may sign, in bits (RFC 9580, section 5.2.3).
        digest_bits: usize,
    },
    /// May not sign releases; the text says what it is.
    Unfit(String),
    /// The crate cannot check it, or not reliably; the text says what it is.
    Unsupported(String),
}

impl Kind {
    /// Whether a key of this kind may sign releases.
    pub(super) const fn counts(&self) -> bool {
        matches!(self, Self::Rsa | Self::Other { .. })
    }
}

/// The kind of a key, by its algorithm number and its material. `params` is
/// what the crate made of it, or nothing where it cannot use the key.
pub(super) fn kind_of(algorithm: u8, material: &[u8], params: Option<&PublicParams>) -> Kind {
    let other = |name, digest_bits| Kind::Other { name, digest_bits };
    match (algorithm, params) {
        (1 | 3, params) => {
            let bits = material
                .first_chunk()
                .map_or(0, |size| usize::from(u16::from_be_bytes(*size)));
            if bits < RSA_BITS {
                Kind::Unfit(format!("an RSA key of {bits} bits"))
            } else if bits > MOST_RSA_BITS || params.is_none() {
                Kind::Unsupported(format!("an RSA key of {bits} bits"))
            } else {
                Kind::Rsa
            }
        }
        (16 | 20, _) => Kind::Unfit("an ElGamal key".to_owned()),
        (2 | 18 | 21 | 25 | 26, _) => Kind::Unfit("a key for encryption".to_owned()),
        (17, _) => Kind::Unfit("a DSA key".to_owned()),
        (_, Some(PublicParams::ECDSA(EcdsaPublicParams::P256 { .. }))) => {
            other("ECDSA on NIST P-256", 256)
        }
        (_, Some(PublicParams::ECDSA(EcdsaPublicParams::P384 { .. }))) => {
            other("ECDSA on NIST P-384", 384)
        }
        (_, Some(PublicParams::ECDSA(EcdsaPublicParams::P521 { .. }))) => {
            other("ECDSA on NIST P-521", 512)
        }
        (
            _,
            Some(
                PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. })
                | PublicParams::Ed25519(_),
            ),
        ) => other("Ed25519", 256),
        (_, Some(PublicParams::Ed448(_))) => other("Ed448", 512),
        // secp256k1 lands here on purpose: the crate's answer on it is not steady.
        (19, _) => Kind::Unsupported(format!("an ECDSA key on {}", curve_name(material))),
        (22, _) => Kind::Unsupported(format!("an EdDSA key on {}", curve_name(material))),
        _ => Kind::Unsupported(format!("a key of algorithm {algorithm}")),
    }
}

/// The curve that the material begins with, by its object identifier.
fn curve_name(material: &[u8]) -> &'static str {
    let oid = material
        .split_first()
        .and_then(|(&length, rest)| rest.get(..usize::from(length)));
    match oid {
        Some([0x2B, 0x81, 0x04, 0x00, 0x0A]) => "secp256k1",
        Some([0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, number]) => match number {
            0x07 => "brainpoolP256r1",
            0x0B => "brainpoolP384r1",
            0x0D => "brainpoolP512r1",
            _ => "another Brainpool curve",
        },
        _ => "an unknown curve, or with a point that is none",
    }
}
