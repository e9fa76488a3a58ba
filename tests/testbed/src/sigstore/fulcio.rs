// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The authority's API (Fulcio's version 2): a certificate for an identity token
//! and the proof that the caller has the key.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::authority::Identity;
use super::key::{natural_hash, verifies};
use super::pem;
use super::state::{Shared, State as Known};
use crate::clock;
use crate::der::{BIT_STRING, SEQUENCE, expect, take, take_whole};
use crate::oidc::Claims;

/// The audience that it demands.
const AUDIENCE: &str = "sigstore";
/// Who issued the tokens, as certificates say it: GitHub, whatever the stand-in
/// issuer is called.
pub(super) const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Certificates for the asking.
pub(super) async fn sign(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = shared.lock();
    match certificate(&shared, &mut state, &headers, &body) {
        Ok(leaf) => {
            let authority = shared.authority(&state.knobs);
            let chain = [&leaf, &authority.chain[0], &authority.chain[1]];
            let chain = chain.map(|der| pem::encode("CERTIFICATE", der));
            let body = json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}});
            answer(StatusCode::OK, &body)
        }
        Err(message) => {
            state.counts.refused += 1;
            let body = json!({"code": 3, "message": message, "details": []});
            answer(StatusCode::BAD_REQUEST, &body)
        }
    }
}

/// The chain that everything ends in.
pub(super) async fn bundle(State(shared): State<Arc<Shared>>) -> Response {
    let chain = shared.authority.chain.iter();
    let chain: Vec<_> = chain.map(|der| pem::encode("CERTIFICATE", der)).collect();
    let body = json!({"chains": [{"certificates": chain}]});
    answer(StatusCode::OK, &body)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}

/// A certificate, in DER; or the message of the real one's refusal.
fn certificate(
    shared: &Shared,
    state: &mut Known,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<u8>, &'static str> {
    let request: Value = serde_json::from_slice(body).map_err(|_| "invalid request")?;
    let text = |path: &str| request.pointer(path).and_then(Value::as_str);
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = text("/credentials/oidcIdentityToken").or(given.map(|(_, token)| token));
    let now = clock::now();
    let claims = token
        .and_then(|token| shared.issuer.claims(token, AUDIENCE, now).ok())
        .ok_or("There was an error processing the identity token")?;
    let identity = identity(&claims).ok_or("There was an error processing the identity token")?;
    let key = match text("/certificateSigningRequest") {
        Some(request) => key_of_request(request)?,
        None => {
            let key = text("/publicKeyRequest/publicKey/content").unwrap_or_default();
            let proof = text("/publicKeyRequest/proofOfPossession").unwrap_or_default();
            let subject = claims
                .get("sub")
                .and_then(Value::as_str)
                .unwrap_or_default();
            key_with_proof(key, proof, subject)?
        }
    };
    Ok(shared.certify(state, &identity, &key))
}

/// The key of a signing request (PKCS #10), which proves itself.
fn key_of_request(text: &str) -> Result<Vec<u8>, &'static str> {
    let unreadable = "The certificate signing request could not be parsed";
    let decoded = BASE64.decode(text).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let (_, der) = decoded
        .and_then(|text| pem::decode(&text))
        .ok_or(unreadable)?;
    let (signed, key, signature) = parts_of_request(&der).ok_or(unreadable)?;
    let hash = natural_hash(key).ok_or("The public key supplied in the request is insecure")?;
    if !verifies(key, hash, signed, signature) {
        return Err("The signature supplied in the request could not be verified");
    }
    Ok(key.to_vec())
}

/// What is signed, the key, and the signature.
fn parts_of_request(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut rest = der;
    let mut whole = expect(&mut rest, SEQUENCE)?;
    let signed = take_whole(&mut whole)?;
    let mut inside = signed;
    let mut body = expect(&mut inside, SEQUENCE)?;
    // Version and subject stand before the key.
    take(&mut body)?;
    take(&mut body)?;
    let key = take_whole(&mut body)?;
    take(&mut whole)?;
    let signature = expect(&mut whole, BIT_STRING)?.strip_prefix(&[0])?;
    Some((signed, key, signature))
}

/// The key, whose owner has signed the subject of the token.
fn key_with_proof(key: &str, proof: &str, subject: &str) -> Result<Vec<u8>, &'static str> {
    let (_, key) =
        pem::decode(key).ok_or("The public key supplied in the request could not be parsed")?;
    let hash = natural_hash(&key).ok_or("The public key supplied in the request is insecure")?;
    let proof = BASE64.decode(proof).unwrap_or_default();
    if !verifies(&key, hash, subject.as_bytes(), &proof) {
        return Err("The signature supplied in the request could not be verified");
    }
    Ok(key)
}

/// What the authority writes of a token of GitHub's; none where a claim that it
/// demands is missing.
fn identity(claims: &Claims) -> Option<Identity> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let url = |name: &str| text(name).map(|value| format!("https://github.com/{value}"));
    let repository = url("repository")?;
    let run = format!(
        "{repository}/actions/runs/{}/attempts/{}",
        text("run_id")?,
        text("run_attempt")?
    );
    let claims = vec![
        (1, ISSUER.to_owned()),
        (2, text("event_name")?),
        (3, text("sha")?),
        (4, text("workflow")?),
        (5, text("repository")?),
        (6, text("ref")?),
        (8, ISSUER.to_owned()),
        (9, url("job_workflow_ref")?),
        (10, text("job_workflow_sha")?),
        (11, text("runner_environment")?),
        (12, repository),
        (13, text("sha")?),
        (14, text("ref")?),
        (15, text("repository_id")?),
        (16, url("repository_owner")?),
        (17, text("repository_owner_id")?),
        (18, url("workflow_ref")?),
        (19, text("workflow_sha")?),
        (20, text("event_name")?),
        (21, run),
        (22, text("repository_visibility")?),
    ];
    let name = url("job_workflow_ref")?;
    Some(Identity { name, claims })
}
