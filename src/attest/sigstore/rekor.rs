// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Sigstore's transparency log: a statement is signed and logged.
//!
//! Decides what is logged (the envelope of kind `dsse`, version 0.0.1) and
//! which answers count. Every try signs anew: the log takes no entry twice.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use sigstore_verify::rekor::LogEntry;
use sigstore_verify::types::dsse::pae;
use sigstore_verify::types::{KindVersion, SignatureBytes};
use url::Url;

use super::failed;
use super::fulcio::below;
use super::identity::{Identity, key_error};
use crate::attest::bundle::{Bundle, WireEnvelope, WireSignature};
use crate::attest::error::{AttestError, Service};
use crate::attest::statement::{PAYLOAD_TYPE, Statement};
use crate::attest::verify::pem;
use crate::http::{self, Client, HttpError, error_for_status, read_limited, sanitise};

/// No answer is longer, in bytes.
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// The log.
pub(super) struct Rekor<'a> {
    pub(super) client: &'a Client,
    pub(super) url: Url,
}

/// A signed statement, and when the log took it, in seconds since 1970.
pub(super) struct Logged {
    pub(super) bundle: Bundle,
    pub(super) time: u64,
}

impl Rekor<'_> {
    /// Signs the statement with this key and logs it.
    pub(super) async fn log(
        &self,
        identity: &Identity,
        statement: &Statement,
    ) -> Result<Logged, AttestError> {
        let signed = pae(PAYLOAD_TYPE, statement.bytes());
        // The inner error ends the tries: a key that fails would fail again.
        let answer = http::retry("the log entry", || async {
            match propose(identity, statement, &signed) {
                Ok((signature, entry)) => {
                    let answer = self.post(&entry).await?;
                    Ok(Ok((signature, answer)))
                }
                Err(why) => Ok(Err(why)),
            }
        });
        let (signature, answer) = answer.await.map_err(|why| failed(Service::Rekor, why))??;
        read(&answer, identity, statement, &signature)
    }

    async fn post(&self, entry: &Value) -> Result<bytes::Bytes, HttpError> {
        let request = self
            .client
            .request(Method::POST, below(&self.url, "/api/v1/log/entries"))
            .header(ACCEPT, "application/json")
            .json(entry);
        let response = error_for_status(self.client.send(request).await?).await?;
        read_limited(response, ANSWER_LIMIT).await
    }
}

/// A signature of the statement, and the entry that tells of it.
fn propose(
    identity: &Identity,
    statement: &Statement,
    signed: &[u8],
) -> Result<(SignatureBytes, Value), AttestError> {
    let signature = identity.key.sign(signed).map_err(|why| key_error(&why))?;
    let envelope = WireEnvelope {
        payload: BASE64.encode(statement.bytes()),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![WireSignature {
            sig: BASE64.encode(signature.as_bytes()),
        }],
    };
    let envelope = serde_json::to_string(&envelope).map_err(|why| key_error(&why))?;
    let entry = json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {"proposedContent": {
            "envelope": envelope,
            "verifiers": [BASE64.encode(pem(&identity.certificate.to_pem()))],
        }},
    });
    Ok((signature, entry))
}

fn read(
    answer: &[u8],
    identity: &Identity,
    statement: &Statement,
    signature: &SignatureBytes,
) -> Result<Logged, AttestError> {
    let wrong = |problem: String| AttestError::Answer {
        service: Service::Rekor,
        problem,
    };
    let unreadable = |why: &dyn std::fmt::Display| {
        wrong(format!("no log entry: {}", sanitise(&why.to_string(), 256)))
    };
    let entries: BTreeMap<String, LogEntry> =
        serde_json::from_slice(answer).map_err(|why| unreadable(&why))?;
    let mut entries = entries.into_values();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err(wrong("another number of log entries than one".to_owned()));
    };
    let time = entry.integrated_time;
    let Some(time) = time.and_then(|time| u64::try_from(time.as_second()).ok()) else {
        return Err(wrong("a log entry without a time".to_owned()));
    };
    let entry = entry
        .to_bundle_entry(KindVersion::DsseV001)
        .map_err(|why| unreadable(&why))?;
    if entry.inclusion_promise.is_none() || entry.inclusion_proof.is_none() {
        let problem = "a log entry without a promise and a proof that it is in the log";
        return Err(wrong(problem.to_owned()));
    }
    let entry = serde_json::to_value(&entry).map_err(|why| unreadable(&why))?;
    Ok(Logged {
        bundle: Bundle {
            certificate: identity.certificate.as_bytes().to_vec(),
            entries: vec![entry],
            payload: statement.bytes().to_vec(),
            signature: signature.as_bytes().to_vec(),
        },
        time,
    })
}
