// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! For the tests of this module: an issuer, a stand-in of Sigstore, and a file.

use serde_json::Value;
use testbed::attestation::{Attester, PUBLISH};
use testbed::oidc::FakeIssuer;
use testbed::sigstore::FakeSigstore;

use super::{AttestError, Attestation, Attested, Publisher, Trust, verify};
use crate::github::oidc::RequestCredentials;

pub(super) const FILE: &str = "example-1.0-py3-none-any.whl";
pub(super) const BYTES: &[u8] = b"a wheel";

pub(super) struct World {
    pub(super) issuer: FakeIssuer,
    pub(super) sigstore: FakeSigstore,
    pub(super) trust: Trust,
}

impl World {
    pub(super) fn start() -> Self {
        let issuer = FakeIssuer::start();
        let sigstore = FakeSigstore::start(issuer.trust());
        let text = std::fs::read_to_string(sigstore.trust_config()).unwrap();
        Self {
            trust: Trust::own("stand-in", &text).unwrap(),
            issuer,
            sigstore,
        }
    }

    pub(super) fn credentials(&self) -> RequestCredentials {
        let (url, token) = (self.issuer.request_url(), self.issuer.request_token());
        RequestCredentials::new(Some(&url), Some(&token)).unwrap()
    }

    /// An attestation of the file as the stand-in makes one now.
    pub(super) fn attestation(&self) -> Value {
        self.sigstore.attest(&attester(), PUBLISH, FILE, BYTES)
    }

    /// What comes of an attestation of the file.
    pub(super) fn verify(&self, attestation: &Value) -> Result<Attested, AttestError> {
        let attestation = Attestation::from_json(attestation)?;
        verify(
            &attestation,
            FILE,
            &sha256(BYTES),
            &publisher(),
            &self.trust,
        )
    }
}

pub(super) fn attester() -> Attester {
    Attester::github("apache/example", "release.yml")
}

pub(super) fn publisher() -> Publisher {
    Publisher::new("apache/example", "release.yml").unwrap()
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}
