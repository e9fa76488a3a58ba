// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The product judges as the index does: it takes what the index takes, and
//! refuses whatever the index's own tools refuse.

use asf_pypi_publish::attest::{Attestation, Publisher, verify};
use sha2::{Digest as _, Sha256};
use testbed::attestation::{Attester, PUBLISH, SLSA};
use testbed::distribution::wheel;
use testbed::oidc::FakeIssuer;
use testbed::sigstore::FakeSigstore;

use super::signing::{publisher, trust};
use super::stand_in::cases;

#[test]
fn the_product_refuses_whatever_the_index_refuses() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let trust = trust(&sigstore.trust_config());
    let (name, bytes) = wheel("example", "1.0");
    let digest = Sha256::digest(&bytes).into();
    let taken: Vec<_> = cases(&sigstore, &name, &bytes)
        .into_iter()
        .filter(|(_, attestation, _)| {
            let parsed = Attestation::from_json(attestation);
            parsed.is_ok_and(|it| verify(&it, &name, &digest, &publisher(), &trust).is_ok())
        })
        .map(|(what, _, _)| what)
        .collect();
    assert_eq!(taken, Vec::<String>::new());
}

#[test]
fn the_product_takes_both_types_from_a_branch_a_tag_and_a_commit() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let trust = trust(&sigstore.trust_config());
    let (name, bytes) = wheel("example", "1.0");
    let digest = Sha256::digest(&bytes).into();
    let tag = Attester::github("apache/example", "release.yml");
    let place = "https://github.com/apache/example/.github/workflows/release.yml";
    let branch = Attester {
        build_config: format!("{place}@refs/heads/main"),
        reference: "refs/heads/main".to_owned(),
        ..tag.clone()
    };
    let commit = Attester {
        build_config: format!("{place}@{}", tag.digest),
        ..tag.clone()
    };
    for who in [&tag, &branch, &commit] {
        for kind in [PUBLISH, SLSA] {
            let attestation = sigstore.attest(who, kind, &name, &bytes);
            let attestation = Attestation::from_json(&attestation).unwrap();
            let attested = verify(&attestation, &name, &digest, &publisher(), &trust).unwrap();
            assert_eq!(attested.predicate_type, kind);
            assert_eq!(attested.git_ref.as_deref(), Some(who.reference.as_str()));
            assert_eq!(attested.commit.as_deref(), Some(who.digest.as_str()));
        }
    }
    let attestation = sigstore.attest(&tag, PUBLISH, &name, &bytes);
    let attestation = Attestation::from_json(&attestation).unwrap();
    let other = Publisher::new("apache/example", "Release.yml").unwrap();
    assert!(
        verify(&attestation, &name, &digest, &other, &trust).is_err(),
        "another case"
    );
}

#[test]
fn nobody_trusts_the_authority_of_another() {
    let issuer = FakeIssuer::start();
    let [ours, theirs] = [(); 2].map(|()| FakeSigstore::start(issuer.trust()));
    let (name, bytes) = wheel("example", "1.0");
    let digest = Sha256::digest(&bytes).into();
    let who = Attester::github("apache/example", "release.yml");
    let attestation = theirs.attest(&who, PUBLISH, &name, &bytes);
    let attestation = Attestation::from_json(&attestation).unwrap();
    let judged = |sigstore: &FakeSigstore| {
        let trust = trust(&sigstore.trust_config());
        verify(&attestation, &name, &digest, &publisher(), &trust)
    };
    assert!(judged(&theirs).is_ok());
    assert!(judged(&ours).is_err());
}
