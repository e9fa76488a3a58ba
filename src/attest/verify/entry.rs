// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the log entry says it is about, compared as the index's verifier does
//! it: text by text. Sigstore's crate compares the same by value, which lets
//! through what the index then refuses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sigstore_verify::types::DerCertificate;

use crate::attest::AttestError;
use crate::attest::bundle::Bundle;

#[derive(Deserialize)]
struct Body {
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    payload_hash: PayloadHash,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct PayloadHash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize, PartialEq, Eq)]
struct Signature {
    signature: String,
    verifier: String,
}

/// That the entry which counts names this payload, signature and certificate.
pub(super) fn compare(bundle: &Bundle) -> Result<(), AttestError> {
    let wrong = |problem: &str| AttestError::Proof(format!("the log entry {problem}"));
    let body = bundle
        .entries
        .first()
        .map(|entry| &entry["canonicalizedBody"]);
    let body = body.and_then(|body| BASE64.decode(body.as_str()?).ok());
    let body = body.and_then(|body| serde_json::from_slice::<Body>(&body).ok());
    let spec = body
        .ok_or_else(|| wrong("holds no entry of its kind"))?
        .spec;
    let hash = spec.payload_hash;
    let payload = hex::encode(Sha256::digest(&bundle.payload));
    if hash.algorithm != "sha256" || hash.value != payload {
        return Err(wrong("is about another statement"));
    }
    let certificate = DerCertificate::from_bytes(&bundle.certificate).to_pem();
    let expected = Signature {
        signature: BASE64.encode(&bundle.signature),
        verifier: BASE64.encode(pem(&certificate)),
    };
    if spec.signatures != [expected] {
        return Err(wrong(
            "names another signature or certificate, or writes them in another way",
        ));
    }
    Ok(())
}

/// PEM with the line ends that every other tool writes, since it is compared
/// as text.
pub(in crate::attest) fn pem(text: &str) -> String {
    text.replace("\r\n", "\n")
}
