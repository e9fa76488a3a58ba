// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The stand-in of Sigstore by itself: what is made against it holds before the
//! index's own tools, which also sign against it; and its lies are found out, by
//! those tools and by the stand-in index alike.

use testbed::attestation::{Attester, PUBLISH};
use testbed::distribution::wheel;
use testbed::oidc::FakeIssuer;
use testbed::sigstore::FakeSigstore;

use super::judges::{claimed, tools};

fn attester() -> Attester {
    Attester::github("apache/example", "release.yml")
}

#[test]
fn what_is_made_against_the_stand_in_holds_before_the_index_s_own_tools() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let Some(tools) = tools(&sigstore.trust_config()) else {
        return;
    };
    let (name, bytes) = wheel("example", "1.0");
    let name = name.rsplit('/').next().unwrap();
    // The tree grows, and proofs of every shape come up.
    let made: Vec<_> = (0..20)
        .map(|_| {
            claimed(
                &sigstore.attest(&attester(), PUBLISH, name, &bytes),
                name,
                &bytes,
            )
        })
        .collect();
    for verdict in tools.judge(&made) {
        assert_eq!(verdict, None);
    }
    assert_eq!(sigstore.counts().entries, 20);
}
