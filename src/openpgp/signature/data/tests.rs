// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use pgp::packet::Signature;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256, Sha512};
use testbed::openpgp::{Digest, Kind, Signing, TestKey};

use super::super::asc::read_asc;
use super::{Hashed, SignedData, digest_all};

static V4: LazyLock<TestKey> = LazyLock::new(|| TestKey::generate("k", Kind::Ed25519));
static V6: LazyLock<TestKey> = LazyLock::new(|| TestKey::generate("k", Kind::Ed25519V6));

/// Signatures by a key of each version with each digest, of other bytes than
/// those that are hashed: the digest is the same whether it fits or not.
fn signatures() -> Vec<(Signature, bool)> {
    let mut all = Vec::new();
    for (key, is_v4) in [(&*V4, true), (&*V6, false)] {
        for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            let goes_on = is_v4 && !matches!(digest, Digest::Sha384);
            let signing = Signing {
                digest,
                ..Signing::default()
            };
            let asc = key.sign_detached_with(b"whatever", &signing);
            let read = read_asc(asc.as_bytes()).unwrap();
            all.extend(read.into_iter().map(|one| (one, goes_on)));
        }
    }
    all
}

/// The digests, and how often the bytes were opened.
fn digests(
    signatures: &[Option<&Signature>],
    bytes: &[u8],
    hashed: Option<Hashed<'_>>,
) -> (Vec<Option<Vec<u8>>>, usize) {
    let mut opened = 0;
    let bytes = bytes.to_vec();
    let mut open = || {
        opened += 1;
        Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn Read>)
    };
    let data = match hashed {
        Some(hashed) => SignedData::hashed(&mut open, hashed),
        None => SignedData::from(&mut open),
    };
    (digest_all(signatures, data).unwrap(), opened)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_digest_from_where_the_hasher_stood_is_that_of_all_bytes(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
        for part in bytes.chunks(37) {
            sha256.update(part);
            sha512.update(part);
        }
        let hashed = Hashed { sha256: &sha256, sha512: &sha512 };
        let signatures = signatures();
        let all: Vec<_> = signatures.iter().map(|(one, _)| Some(one)).collect();
        let (read, _) = digests(&all, &bytes, None);
        prop_assert!(read.iter().all(Option::is_some));
        prop_assert_eq!(&digests(&all, &bytes, Some(hashed)).0, &read);
        // Each alone: read only where the hashers do not help.
        for ((signature, goes_on), expected) in signatures.iter().zip(read) {
            let (found, opened) = digests(&[Some(signature)], &bytes, Some(hashed));
            prop_assert_eq!(found, vec![expected]);
            prop_assert_eq!(opened, usize::from(!goes_on));
        }
        // The hashers are as they were: what they gave away were copies.
        prop_assert_eq!(sha256.finalize(), Sha256::digest(&bytes));
        prop_assert_eq!(sha512.finalize(), Sha512::digest(&bytes));
    }
}

#[test]
fn hashers_of_other_bytes_make_another_digest() {
    let (sha256, sha512) = (Sha256::new_with_prefix("x"), Sha512::new_with_prefix("x"));
    let hashed = Hashed {
        sha256: &sha256,
        sha512: &sha512,
    };
    for (signature, goes_on) in &signatures() {
        let (read, _) = digests(&[Some(signature)], b"y", None);
        let (found, _) = digests(&[Some(signature)], b"y", Some(hashed));
        assert_eq!(found != read, *goes_on);
    }
}
