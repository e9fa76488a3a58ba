// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Makes attestations (PEP 740) whose structure, signature and certificate
//! extensions are those of real ones. No authority stands behind them: the
//! certificate is signed by its own key, and the log entry is made up.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::der::{
    BIT_STRING, EXTENSIONS, INTEGER, OCTET_STRING, OID, SEQUENCE, UTC_TIME, UTF8_STRING, element,
    sequence,
};
use crate::oidc::COMMIT;

/// The attestation that an index is given by default.
pub const PUBLISH: &str = "https://docs.pypi.org/attestations/publish/v1";
/// The other type that PyPI takes.
pub const SLSA: &str = "https://slsa.dev/provenance/v1";
/// What the envelope says that its statement is.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// `1.3.6.1.4.1.57264.1`: below it, Fulcio says on whose behalf it signed.
pub(crate) const FULCIO: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01];
const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ECDSA_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

/// Who attests: what the certificate says, each part free to be wrong.
#[derive(Clone, Debug)]
pub struct Attester {
    /// Extension 8: the issuer of the identity token.
    pub issuer: String,
    /// Extension 12: the repository's URL.
    pub repository: String,
    /// Extension 18: the workflow file, `@`, and the ref.
    pub build_config: String,
    /// Extension 14: the ref.
    pub reference: String,
    /// Extension 13: the commit.
    pub digest: String,
}

impl Attester {
    /// The workflow `file` of `owner/repository`, run on the tag `v1`.
    pub fn github(repository: &str, file: &str) -> Self {
        let repository = format!("https://github.com/{repository}");
        Self {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            build_config: format!("{repository}/.github/workflows/{file}@refs/tags/v1"),
            repository,
            reference: "refs/tags/v1".to_owned(),
            digest: COMMIT.to_owned(),
        }
    }

    /// An attestation of this type for a file.
    pub fn attest(&self, predicate_type: &str, filename: &str, bytes: &[u8]) -> Value {
        self.sign(&statement(predicate_type, filename, bytes))
    }

    /// An attestation with this statement, whatever it says.
    pub fn sign(&self, statement: &Value) -> Value {
        let random = SystemRandom::new();
        let scheme = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(scheme, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(scheme, key.as_ref()).expect("the key just made");
        let statement = statement.to_string();
        let signed = pae(PAYLOAD_TYPE, statement.as_bytes());
        let signature = key.sign(&random, &signed).expect("a signature");
        let certificate = self.certificate(&key, &random);
        json!({
            "version": 1,
            "verification_material": {
                "certificate": BASE64.encode(certificate),
                "transparency_entries": [log_entry(statement.as_bytes())],
            },
            "envelope": {
                "statement": BASE64.encode(statement),
                "signature": BASE64.encode(signature.as_ref()),
            },
        })
    }

    fn certificate(&self, key: &EcdsaKeyPair, random: &SystemRandom) -> Vec<u8> {
        let algorithm = sequence(&[&element(OID, &ECDSA_SHA256)]);
        let name = element(UTF8_STRING, b"stand-in");
        let name = sequence(&[&element(OID, &COMMON_NAME), &name]);
        let name = sequence(&[&element(0x31, &name)]);
        let time = |text: &str| element(UTC_TIME, text.as_bytes());
        let validity = sequence(&[&time("260101000000Z"), &time("260101001000Z")]);
        let kind = sequence(&[&element(OID, &EC_PUBLIC_KEY), &element(OID, &P256)]);
        let point = [&[0], key.public_key().as_ref()].concat();
        let public_key = sequence(&[&kind, &element(BIT_STRING, &point)]);
        let extensions: Vec<u8> = [
            (8, &self.issuer),
            (12, &self.repository),
            (13, &self.digest),
            (14, &self.reference),
            (18, &self.build_config),
        ]
        .into_iter()
        .flat_map(|(number, value)| {
            let oid = [&FULCIO[..], &[number]].concat();
            let value = element(UTF8_STRING, value.as_bytes());
            sequence(&[&element(OID, &oid), &element(OCTET_STRING, &value)])
        })
        .collect();
        let body = sequence(&[
            &element(0xa0, &element(INTEGER, &[2])),
            &element(INTEGER, &[1]),
            &algorithm,
            &name,
            &validity,
            &name,
            &public_key,
            &element(EXTENSIONS, &element(SEQUENCE, &extensions)),
        ]);
        let signature = key.sign(random, &body).expect("a signature");
        let signature = [&[0], signature.as_ref()].concat();
        sequence(&[&body, &algorithm, &element(BIT_STRING, &signature)])
    }
}

/// The statement of this type about one file.
pub fn statement(predicate_type: &str, filename: &str, bytes: &[u8]) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": filename,
            "digest": {"sha256": hex::encode(Sha256::digest(bytes))},
        }],
        "predicateType": predicate_type,
        "predicate": null,
    })
}

/// The bytes that are signed in an envelope (DSSE, pre-authentication encoding).
pub(crate) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// An entry of the shape that the public log gives.
fn log_entry(statement: &[u8]) -> Value {
    let digest = BASE64.encode(Sha256::digest(statement));
    let body = json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {}}).to_string();
    json!({
        "logIndex": "1",
        "logId": {"keyId": digest},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": "1767225600",
        "inclusionPromise": {"signedEntryTimestamp": digest},
        "inclusionProof": {
            "logIndex": "1",
            "rootHash": digest,
            "treeSize": "2",
            "hashes": [digest],
            "checkpoint": {"envelope": "stand-in\n2\n"},
        },
        "canonicalizedBody": BASE64.encode(body),
    })
}
