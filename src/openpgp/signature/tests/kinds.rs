// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which kinds of keys count, and that those which this program cannot check
//! have one steady verdict.

use sha1::{Digest as _, Sha1};
use testbed::openpgp::{Reason, Revoking};

use super::*;

#[test]
fn the_kind_of_the_key_decides() {
    let noted = (true, vec![Rule::KeyKind]);
    let unsupported = (false, vec![Rule::UnsupportedKey]);
    for (kind, shown) in [
        (Kind::Rsa2048, (true, vec![])),
        (Kind::Ed25519, noted.clone()),
        (Kind::P256, noted.clone()),
        (Kind::P384, noted.clone()),
        (Kind::P521, noted.clone()),
        (Kind::Ed25519V6, noted.clone()),
        (Kind::Ed448V6, noted),
        (Kind::Secp256k1, unsupported),
    ] {
        let key = match kind {
            Kind::Rsa2048 => ALICE.clone(),
            _ => TestKey::generate("k", kind),
        };
        // Often enough that some numbers begin with an octet of zeros, which
        // OpenPGP leaves out: a verdict must not depend on the numbers drawn.
        let quick = matches!(kind, Kind::Rsa2048 | Kind::Ed25519 | Kind::P256);
        for second in 0..if quick { 200 } else { 10 } {
            let asc = key.sign_detached_with(DATA, &with(|it| it.at = Some(SIGNED + second)));
            assert_eq!(shape(&judge(&key, &asc)), shown, "{kind:?}, {second}");
        }
    }
}

#[test]
fn a_digest_shorter_than_the_curve_is_weak() {
    for (kind, digest, good) in [
        (Kind::P256, Digest::Sha256, true),
        (Kind::P384, Digest::Sha256, false),
        (Kind::P384, Digest::Sha384, true),
        (Kind::P521, Digest::Sha256, false),
        (Kind::P521, Digest::Sha384, false),
        (Kind::P521, Digest::Sha512, true),
        (Kind::Ed25519, Digest::Sha256, true),
    ] {
        let key = TestKey::generate("k", kind);
        let (asc, rule) = if good {
            let signing = with(|it| it.digest = digest);
            (key.sign_detached_with(DATA, &signing), Rule::KeyKind)
        } else {
            // The crate does not sign so: only the octet of the digest is changed.
            let mut bytes = key.sign_bytes(DATA, &Signing::default());
            assert!(bytes[1] < 192, "a header of two octets");
            bytes[5] = digest.into();
            (armor("PGP SIGNATURE", &bytes), Rule::SignatureWeak)
        };
        assert_eq!(shape(&judge(&key, &asc)), (good, vec![rule]), "{kind:?}");
    }
}

#[test]
fn a_primary_key_that_cannot_be_checked_lends_its_subkeys_nothing() {
    // Several times: its own statements hold or fail as it happens.
    for revoked in [false, true, false, true, false, true] {
        let mut key = TestKey::generate("k", Kind::Secp256k1);
        key.add_subkey(Kind::Ed25519, &Terms::default());
        if revoked {
            key.revoke(SIGNED);
        }
        let asc = key.sign_detached_with(DATA, &with(|it| it.subkey = Some(0)));
        let unsupported = (false, vec![Rule::UnsupportedKey]);
        assert_eq!(shape(&judge(&key, &asc)), unsupported, "revoked: {revoked}");
    }
}

/// A number as OpenPGP writes it, of this many bits, all of them set.
fn number(bits: u16) -> Vec<u8> {
    let mut bytes = bits.to_be_bytes().to_vec();
    let octets = usize::from(bits.div_ceil(8));
    let spare = octets * 8 - usize::from(bits);
    bytes.push(0xFF >> spare);
    bytes.resize(2 + octets, 0xFF);
    bytes
}

fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a short packet");
    [&[0xC0 | tag, 0xFF], &length.to_be_bytes()[..], body].concat()
}

/// A public key of this algorithm and material, and a signature that names it
/// as its maker: no more of either is needed for the verdict on the kind.
fn made_up(algorithm: u8, material: &[u8]) -> (String, String) {
    let key = [&[4], &MADE.to_be_bytes()[..], &[algorithm], material].concat();
    let length = u16::try_from(key.len()).expect("a short key");
    let named = [&[0x99], &length.to_be_bytes()[..], &key].concat();
    let fingerprint = Sha1::digest(named);
    let mut hashed = vec![5, 2];
    hashed.extend(SIGNED.to_be_bytes());
    hashed.extend([22, 33, 4]);
    hashed.extend(fingerprint);
    let count = u16::try_from(hashed.len()).expect("few subpackets");
    let mut signature = vec![4, 0, algorithm, 10];
    signature.extend(count.to_be_bytes());
    signature.extend(hashed);
    signature.extend([0, 0, 0xAB, 0xCD]);
    signature.extend(number(256));
    if !matches!(algorithm, 1 | 3) {
        signature.extend(number(256));
    }
    (
        armor("PGP PUBLIC KEY BLOCK", &packet(6, &key)),
        armor("PGP SIGNATURE", &packet(2, &signature)),
    )
}

fn rsa(bits: u16) -> Vec<u8> {
    [number(bits), vec![0, 17, 1, 0, 1]].concat()
}

/// A curve by its object identifier, and a point on no curve at all.
fn curve(oid: &[u8]) -> Vec<u8> {
    let length = u8::try_from(oid.len()).expect("a short name");
    [&[length], oid, &number(515)].concat()
}

#[test]
fn what_cannot_be_checked_is_named() {
    let brainpool = |last| curve(&[0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, last]);
    let (unusable, unsupported) = (Rule::KeyUnusable, Rule::UnsupportedKey);
    for (algorithm, material, rule, found) in [
        (1, rsa(1024), unusable, "an RSA key of 1024 bits"),
        (1, rsa(2047), unusable, "an RSA key of 2047 bits"),
        // Kinds that count: what is wrong is only that nobody signed.
        (1, rsa(2048), Rule::SignatureBad, "the bytes are others"),
        (1, rsa(8192), Rule::SignatureBad, "the bytes are others"),
        (1, rsa(8193), unsupported, "an RSA key of 8193 bits"),
        (1, rsa(16384), unsupported, "an RSA key of 16384 bits"),
        (3, rsa(16384), unsupported, "an RSA key of 16384 bits"),
        (17, number(1024).repeat(4), unusable, "a DSA key"),
        (20, number(1024).repeat(3), unusable, "an ElGamal key"),
        (
            19,
            brainpool(0x07),
            unsupported,
            "an ECDSA key on brainpoolP256r1",
        ),
        (
            19,
            brainpool(0x0B),
            unsupported,
            "an ECDSA key on brainpoolP384r1",
        ),
        (
            19,
            brainpool(0x0D),
            unsupported,
            "an ECDSA key on brainpoolP512r1",
        ),
        (
            19,
            curve(&[0x2B, 0x81, 0x04, 0x00, 0x0A]),
            unsupported,
            "an ECDSA key on secp256k1",
        ),
        (
            19,
            curve(&[1, 2, 3]),
            unsupported,
            "an ECDSA key on an unknown curve",
        ),
        (
            22,
            curve(&[1, 2, 3]),
            unsupported,
            "an EdDSA key on an unknown curve",
        ),
        (19, vec![], unsupported, "an ECDSA key on an unknown curve"),
        (99, vec![1, 2, 3], unsupported, "a key of algorithm 99"),
    ] {
        let (keys, asc) = made_up(algorithm, &material);
        let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), (false, vec![rule]), "{found}");
        let findings = verdict.expect_err(found);
        assert!(findings[0].found.contains(found), "{}", findings[0].found);
    }
}

/// The crate takes no digest from a curve that is shorter than the curve, and
/// `gpg` takes SHA-1 from Ed25519: what the owner revoked so must not pass.
#[test]
fn a_revocation_by_a_digest_that_cannot_be_checked_counts() {
    for (kind, digest) in [
        (Kind::Ed25519, Digest::Sha1),
        (Kind::Ed25519, Digest::Sha224),
        (Kind::P256, Digest::Sha1),
        (Kind::P384, Digest::Sha256),
    ] {
        let mut key = TestKey::generate("k", kind);
        key.add_subkey(Kind::Ed25519, &Terms::default());
        let revoking = Revoking {
            digest,
            ..Revoking::because(SIGNED + DAY / 2, Reason::KeySuperseded)
        };
        let asc = key.sign_detached(DATA);
        let mut inside = key.clone();
        inside.revoke_as(&revoking);
        let alone = key.armored_public() + &key.armored_revocation_as(&revoking);
        for keys in [inside.armored_public(), alone] {
            let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
            let gone = (false, vec![Rule::KeyRevoked]);
            assert_eq!(shape(&verdict), gone, "{kind:?} {digest:?}");
        }
        // What another key says of itself is none of this one's business.
        let other = TestKey::generate("other", kind);
        let keys = key.armored_public() + &other.armored_revocation_as(&revoking);
        let verdict = judge_with(&keys, asc.as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), (true, vec![Rule::KeyKind]), "{kind:?}");

        let by_subkey = key.sign_detached_with(DATA, &with(|it| it.subkey = Some(0)));
        key.revoke_subkey_as(0, &revoking);
        let gone = (false, vec![Rule::KeyRevoked]);
        assert_eq!(shape(&judge(&key, &by_subkey)), gone, "{kind:?} subkey");
        assert_eq!(shape(&judge(&key, &asc)), (true, vec![Rule::KeyKind]));
    }
}
