// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The log's API: what it takes, what it keeps of it (hashes and signatures,
//! never the statement), and what it answers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::key::{natural_hash, sha256, verifies};
use super::log::Log;
use super::pem;
use super::state::{Lie, Shared};
use super::x509::Certificate;
use crate::attestation::pae;
use crate::clock;

/// Takes an entry of version 1: an envelope with its verifiers.
pub(super) async fn create(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let body = match entry(&body) {
        Ok(body) => body,
        Err(why) => return bad(&shared, &format!("error processing entry: {why}")),
    };
    let mut state = shared.lock();
    let lie = state.knobs.lie;
    let version_2 = lie == Some(Lie::Version2);
    match state.log.append(body, clock::now(), version_2) {
        Ok(place) => {
            state.counts.entries += 1;
            let Some(recorded) = state.log.record(place, lie) else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let text = if version_2 {
                recorded.material()
            } else {
                recorded.answer()
            };
            created(StatusCode::CREATED, &recorded.uuid(), &text)
        }
        Err(place) => {
            state.counts.repeated += 1;
            let recorded = state.log.record(place, None);
            let uuid = recorded.map_or_else(String::new, |recorded| recorded.uuid());
            let message = format!(
                "an equivalent entry already exists in the transparency log with UUID {uuid}"
            );
            let text = json!({"code": 409, "message": message});
            created(StatusCode::CONFLICT, &uuid, &text)
        }
    }
}

fn created(status: StatusCode, uuid: &str, text: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::LOCATION, format!("/api/v1/log/entries/{uuid}")),
        (header::ETAG, uuid.to_owned()),
    ];
    (status, headers, text.to_string()).into_response()
}

/// Takes an entry of version 2, which has no time.
pub(super) async fn create_2(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |path: &str| request.pointer(path).and_then(Value::as_str);
    let signature = text("/hashedRekordRequestV002/signature/content");
    let key = text("/hashedRekordRequestV002/signature/verifier/x509Certificate/rawBytes");
    let digest = text("/hashedRekordRequestV002/digest");
    let (Some(signature), Some(key), Some(digest)) = (signature, key, digest) else {
        return bad(&shared, "invalid hashedrekord request");
    };
    let mut state = shared.lock();
    let body = body_2(digest, signature, key);
    let place = state.log.append(body, clock::now(), true);
    let (Ok(place) | Err(place)) = place;
    match state.log.record(place, None) {
        Some(recorded) => created(StatusCode::CREATED, &recorded.uuid(), &recorded.material()),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What version 2 keeps, in the canonical form: all values in base64, the digest
/// that of what was signed.
pub(super) fn body_2(digest: &str, signature: &str, certificate: &str) -> Vec<u8> {
    let body = json!({
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": digest},
            "signature": {
                "content": signature,
                "verifier": {
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "x509Certificate": {"rawBytes": certificate},
                },
            },
        }},
    });
    body.to_string().into_bytes()
}

/// One entry by its name.
pub(super) async fn by_uuid(
    State(shared): State<Arc<Shared>>,
    Path(uuid): Path<String>,
) -> Response {
    let state = shared.lock();
    let place = state.log.find(&uuid);
    show(&shared_answer(&state.log, place, state.knobs.lie))
}

/// One entry by its place.
pub(super) async fn by_index(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let state = shared.lock();
    let index = query.iter().find(|(name, _)| name == "logIndex");
    let index = index.and_then(|(_, value)| value.parse().ok());
    let place = index.and_then(Log::place);
    show(&shared_answer(&state.log, place, state.knobs.lie))
}

fn shared_answer(log: &Log, place: Option<usize>, lie: Option<Lie>) -> Option<Value> {
    log.record(place?, lie).map(|recorded| recorded.answer())
}

fn show(answer: &Option<Value>) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    match answer {
        Some(entry) => (StatusCode::OK, kind, entry.to_string()).into_response(),
        None => {
            let text = json!({"code": 404, "message": "entry not found"});
            (StatusCode::NOT_FOUND, kind, text.to_string()).into_response()
        }
    }
}

/// The tree.
pub(super) async fn tree(State(shared): State<Arc<Shared>>) -> Response {
    show(&Some(shared.lock().log.state()))
}

/// The log's key.
pub(super) async fn key(State(shared): State<Arc<Shared>>) -> Response {
    let key = shared.lock().log.key.public();
    let kind = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (kind, pem::encode("PUBLIC KEY", &key)).into_response()
}

fn bad(shared: &Shared, message: &str) -> Response {
    shared.lock().counts.refused += 1;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let text = json!({"code": 400, "message": message});
    (StatusCode::BAD_REQUEST, kind, text.to_string()).into_response()
}

/// What the log keeps of a proposed entry, in the canonical form.
fn entry(body: &[u8]) -> Result<Vec<u8>, &'static str> {
    let proposed: Value = serde_json::from_slice(body).map_err(|_| "invalid JSON")?;
    let text = |path: &str| proposed.pointer(path).and_then(Value::as_str);
    if (text("/kind"), text("/apiVersion")) != (Some("dsse"), Some("0.0.1")) {
        return Err("only dsse 0.0.1 is taken here");
    }
    let envelope = text("/spec/proposedContent/envelope").ok_or("no envelope")?;
    let verifiers = proposed.pointer("/spec/proposedContent/verifiers");
    let verifiers = verifiers.and_then(Value::as_array).ok_or("no verifiers")?;
    let verifiers: Option<Vec<_>> = verifiers.iter().map(Verifier::read).collect();
    let verifiers = verifiers.ok_or("a verifier cannot be read")?;
    keep(envelope, &verifiers)
}

/// Who can check a signature: a certificate or a key, as canonical PEM in base64.
pub(super) struct Verifier {
    text: String,
    key: Vec<u8>,
}

impl Verifier {
    fn read(value: &Value) -> Option<Self> {
        let pem = String::from_utf8(BASE64.decode(value.as_str()?).ok()?).ok()?;
        let (label, der) = pem::decode(&pem)?;
        if label == "CERTIFICATE" {
            return Self::certificate(&der);
        }
        Some(Self {
            text: BASE64.encode(pem::encode(&label, &der)),
            key: der,
        })
    }

    /// The one of a certificate in DER.
    pub(super) fn certificate(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::read(der)?;
        Some(Self {
            text: BASE64.encode(pem::encode("CERTIFICATE", der)),
            key: certificate.key.to_vec(),
        })
    }
}

/// The body of an entry for an envelope whose signatures the verifiers have made.
pub(super) fn keep(envelope: &str, verifiers: &[Verifier]) -> Result<Vec<u8>, &'static str> {
    let parsed: Value = serde_json::from_str(envelope).map_err(|_| "the envelope is not JSON")?;
    let text = |path: &str| parsed.pointer(path).and_then(Value::as_str);
    let payload = text("/payload").and_then(|text| BASE64.decode(text).ok());
    let payload = payload.ok_or("the envelope has no payload")?;
    let kind = text("/payloadType").ok_or("the envelope has no type")?;
    let signed = pae(kind, &payload);
    let signatures = parsed.get("signatures").and_then(Value::as_array);
    let signatures = signatures
        .filter(|list| !list.is_empty())
        .ok_or("no signatures")?;
    let mut kept = Vec::new();
    for signature in signatures {
        let bytes = signature.get("sig").and_then(Value::as_str);
        let bytes = bytes.and_then(|text| BASE64.decode(text).ok());
        let bytes = bytes.ok_or("a signature is not base64")?;
        let made = |verifier: &&Verifier| {
            let hash = natural_hash(&verifier.key);
            hash.is_some_and(|hash| verifies(&verifier.key, hash, &signed, &bytes))
        };
        let verifier = verifiers
            .iter()
            .find(made)
            .ok_or("could not verify envelope")?;
        kept.push(json!({"signature": BASE64.encode(&bytes), "verifier": verifier.text}));
    }
    let digest = |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex::encode(sha256(bytes))});
    // The keys of these values are sorted, as the canonical form wants them.
    let body = json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": digest(envelope.as_bytes()),
            "payloadHash": digest(&payload),
            "signatures": kept,
        },
    });
    Ok(body.to_string().into_bytes())
}
