// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Makes attestations and bundles without a client: what a workflow anywhere
//! would have made, with the stand-in's knobs in force.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::FakeSigstore;
use super::authority::Identity;
use super::key::{Key, sha256};
use super::rekor::{Verifier, body_2, keep};
use super::state::Lie;
use crate::attestation::{Attester, PAYLOAD_TYPE, pae, statement};
use crate::clock;

/// A signed statement and its evidence.
struct Signed {
    certificate: Vec<u8>,
    statement: String,
    signature: Vec<u8>,
    entry: Value,
}

impl FakeSigstore {
    /// An attestation (PEP 740) of this type for a file.
    pub fn attest(
        &self,
        who: &Attester,
        predicate_type: &str,
        filename: &str,
        bytes: &[u8],
    ) -> Value {
        self.attestation(who, &statement(predicate_type, filename, bytes))
    }

    /// An attestation (PEP 740) with this statement, whatever it says.
    pub fn attestation(&self, who: &Attester, statement: &Value) -> Value {
        let signed = self.sign(who, statement);
        json!({
            "version": 1,
            "verification_material": {
                "certificate": BASE64.encode(signed.certificate),
                "transparency_entries": [signed.entry],
            },
            "envelope": {
                "statement": BASE64.encode(signed.statement),
                "signature": BASE64.encode(signed.signature),
            },
        })
    }

    /// A bundle (Sigstore's version 0.3) with this statement.
    pub fn bundle(&self, who: &Attester, statement: &Value) -> Value {
        let signed = self.sign(who, statement);
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": BASE64.encode(signed.certificate)},
                "tlogEntries": [signed.entry],
                "timestampVerificationData": {"rfc3161Timestamps": []},
            },
            "dsseEnvelope": {
                "payload": BASE64.encode(signed.statement),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": BASE64.encode(signed.signature)}],
            },
        })
    }

    fn sign(&self, who: &Attester, statement: &Value) -> Signed {
        let key = Key::p256();
        let statement = statement.to_string();
        let signed = pae(PAYLOAD_TYPE, statement.as_bytes());
        let signature = key.sign(&signed);
        let mut state = self.shared.lock();
        let certificate = self
            .shared
            .certify(&mut state, &identity(who), &key.public());
        let lie = state.knobs.lie;
        let version_2 = lie == Some(Lie::Version2);
        let text = BASE64.encode(&signature);
        let body = if version_2 {
            let digest = BASE64.encode(sha256(&signed));
            body_2(&digest, &text, &BASE64.encode(&certificate))
        } else {
            let envelope = json!({
                "payload": BASE64.encode(&statement),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": text}],
            });
            let verifier = Verifier::certificate(&certificate).expect("the certificate just made");
            keep(&envelope.to_string(), &[verifier]).expect("the envelope just made")
        };
        let place = state.log.append(body, clock::now(), version_2);
        let (Ok(place) | Err(place)) = place;
        state.counts.entries += 1;
        let recorded = state.log.record(place, lie).expect("the entry just made");
        Signed {
            certificate,
            statement,
            signature,
            entry: recorded.material(),
        }
    }
}

fn identity(who: &Attester) -> Identity {
    let run = format!("{}/actions/runs/1/attempts/1", who.repository);
    let claims = [
        (1, who.issuer.as_str()),
        (8, &who.issuer),
        (9, &who.build_config),
        (11, "github-hosted"),
        (12, &who.repository),
        (13, &who.digest),
        (14, &who.reference),
        (18, &who.build_config),
        (19, &who.digest),
        (20, "workflow_dispatch"),
        (21, &run),
    ];
    let claims = claims.map(|(number, value)| (number, value.to_owned()));
    Identity {
        name: who.build_config.clone(),
        claims: claims.to_vec(),
    }
}
