// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A Sigstore bundle, version 0.3: a signed statement with its certificate and
//! its log entries, in one JSON file. Pure.
//!
//! Decides the form only; whether it holds is decided in `verify`. Time stamps
//! are not kept: the log's own time is what counts here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AttestError;
use super::statement::{PAYLOAD_TYPE, Statement};
use crate::http::sanitise;

/// The type of what is written, and of what is read.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// An older spelling of the same.
const MEDIA_TYPE_BEFORE: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
/// No text of a bundle or an attestation that is read is longer, in bytes.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;
/// What messages call it.
const BUNDLE: &str = "a Sigstore bundle of version 0.3";

/// A signed statement and what proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The certificate, DER.
    pub(super) certificate: Vec<u8>,
    /// The log entries as JSON, at least one; the first is the one that counts.
    pub(super) entries: Vec<Value>,
    /// The signed bytes.
    pub(super) payload: Vec<u8>,
    /// The signature over them, DER.
    pub(super) signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    media_type: String,
    verification_material: WireMaterial,
    dsse_envelope: WireEnvelope,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMaterial {
    certificate: WireCertificate,
    tlog_entries: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCertificate {
    raw_bytes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireEnvelope {
    pub(super) payload: String,
    pub(super) payload_type: String,
    pub(super) signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireSignature {
    pub(super) sig: String,
}

impl Bundle {
    /// Reads a bundle from JSON text.
    ///
    /// # Errors
    /// When it is none of version 0.3 with a statement, or too long.
    pub fn parse(text: &str) -> Result<Self, AttestError> {
        let wire: Wire = parse_bounded(text, LONGEST, BUNDLE)?;
        if ![MEDIA_TYPE, MEDIA_TYPE_BEFORE].contains(&wire.media_type.as_str()) {
            let found = sanitise(&wire.media_type, 128);
            return Err(malformed(BUNDLE, format!("its media type is {found:?}")));
        }
        let envelope = wire.dsse_envelope;
        if envelope.payload_type != PAYLOAD_TYPE {
            let found = sanitise(&envelope.payload_type, 128);
            return Err(malformed(BUNDLE, format!("its payload is {found:?}")));
        }
        let [signature] = envelope.signatures.as_slice() else {
            let found = envelope.signatures.len();
            return Err(malformed(BUNDLE, format!("it has {found} signatures")));
        };
        let material = wire.verification_material;
        Self::of_parts(
            BUNDLE,
            [
                &material.certificate.raw_bytes,
                &envelope.payload,
                &signature.sig,
            ],
            material.tlog_entries,
        )
    }

    /// The bundle made of Base64: certificate, payload and signature.
    pub(super) fn of_parts(
        expected: &'static str,
        [certificate, payload, signature]: [&str; 3],
        entries: Vec<Value>,
    ) -> Result<Self, AttestError> {
        let decode = |what: &str, text: &str| {
            let bytes = BASE64.decode(text).unwrap_or_default();
            if bytes.is_empty() {
                return Err(malformed(expected, format!("its {what} is no Base64")));
            }
            Ok(bytes)
        };
        if entries.is_empty() {
            return Err(malformed(expected, "it has no log entry".to_owned()));
        }
        Ok(Self {
            certificate: decode("certificate", certificate)?,
            payload: decode("statement", payload)?,
            signature: decode("signature", signature)?,
            entries,
        })
    }

    /// The bundle as JSON text.
    pub fn to_text(&self) -> String {
        // Strings and JSON values: nothing that could fail.
        serde_json::to_string(&self.wire(self.entries.clone())).unwrap_or_default()
    }

    /// The same with the one entry that counts, as Sigstore's own type reads it.
    pub(super) fn with_first_entry(&self) -> Value {
        let entries = self.entries.iter().take(1).cloned().collect();
        serde_json::to_value(self.wire(entries)).unwrap_or_default()
    }

    fn wire(&self, tlog_entries: Vec<Value>) -> Wire {
        Wire {
            media_type: MEDIA_TYPE.to_owned(),
            verification_material: WireMaterial {
                certificate: WireCertificate {
                    raw_bytes: BASE64.encode(&self.certificate),
                },
                tlog_entries,
            },
            dsse_envelope: WireEnvelope {
                payload: BASE64.encode(&self.payload),
                payload_type: PAYLOAD_TYPE.to_owned(),
                signatures: vec![WireSignature {
                    sig: BASE64.encode(&self.signature),
                }],
            },
        }
    }

    /// Kind and version of the entry that counts: `dsse 0.0.1`.
    pub(super) fn entry_kind(&self) -> String {
        let kind = self.entries.first().map(|entry| &entry["kindVersion"]);
        let part = |name: &str| kind.and_then(|kind| kind[name].as_str()).unwrap_or("?");
        sanitise(&format!("{} {}", part("kind"), part("version")), 64)
    }

    /// The number in the log of the entry that counts.
    pub(super) fn log_index(&self) -> Result<u64, AttestError> {
        let index = self.entries.first().map(|entry| &entry["logIndex"]);
        let index = index.and_then(|index| match index {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        index.ok_or_else(|| malformed(BUNDLE, "its log entry has no number".to_owned()))
    }

    /// What it says, unverified.
    ///
    /// # Errors
    /// When the signed bytes are no statement.
    pub fn statement(&self) -> Result<Statement, AttestError> {
        Statement::parse(&self.payload)
    }
}

/// Reads JSON text of at most `limit` bytes.
pub(super) fn parse_bounded<T: serde::de::DeserializeOwned>(
    text: &str,
    limit: usize,
    expected: &'static str,
) -> Result<T, AttestError> {
    if text.len() > limit {
        let problem = format!("{} bytes long, more than {limit}", text.len());
        return Err(malformed(expected, problem));
    }
    serde_json::from_str(text).map_err(|why| malformed(expected, sanitise(&why.to_string(), 256)))
}

pub(super) fn malformed(expected: &'static str, problem: String) -> AttestError {
    AttestError::Malformed { expected, problem }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bundle() -> Bundle {
        Bundle {
            certificate: vec![1, 2],
            entries: vec![
                json!({"logIndex": "5", "kindVersion": {"kind": "dsse", "version": "0.0.1"}}),
            ],
            payload: Statement::publish("a", &[0; 32]).bytes().to_vec(),
            signature: vec![3],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let one = bundle();
        assert_eq!(Bundle::parse(&one.to_text()).unwrap(), one);
        assert_eq!(one.log_index(), Ok(5));
        assert_eq!(one.entry_kind(), "dsse 0.0.1");
        assert!(one.statement().is_ok());
    }

    #[test]
    fn what_is_no_bundle_of_a_statement_is_refused() {
        let with = |place: &str, value: Value| {
            let mut changed: Value = serde_json::from_str(&bundle().to_text()).unwrap();
            *changed.pointer_mut(place).unwrap() = value;
            changed.to_string()
        };
        let old = "application/vnd.dev.sigstore.bundle+json;version=0.2";
        for text in [
            "{}".to_owned(),
            with("/mediaType", json!(old)),
            with("/verificationMaterial", json!({"publicKey": {"hint": "x"}})),
            with("/verificationMaterial/certificate", json!(null)),
            with("/verificationMaterial/tlogEntries", json!([])),
            with("/dsseEnvelope", json!(null)),
            with("/dsseEnvelope/payloadType", json!("text/plain")),
            with("/dsseEnvelope/signatures", json!([])),
            with(
                "/dsseEnvelope/signatures",
                json!([{"sig": "AA=="}, {"sig": "AA=="}]),
            ),
            with("/dsseEnvelope/payload", json!("?")),
        ] {
            let error = Bundle::parse(&text).unwrap_err();
            let expected = matches!(
                error,
                AttestError::Malformed {
                    expected: BUNDLE,
                    ..
                }
            );
            assert!(expected, "{error}");
        }
        let unnumbered = Bundle {
            entries: vec![json!({})],
            ..bundle()
        };
        assert!(unnumbered.log_index().is_err());
        assert_eq!(unnumbered.entry_kind(), "? ?");
    }
}
