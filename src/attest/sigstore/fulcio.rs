// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Sigstore's certificate authority: a certificate for a fresh key and the
//! identity of this job.
//!
//! Decides what is asked and which answers count. Every try takes an identity
//! token of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use serde_json::json;
use sigstore_verify::crypto::KeyPair;
use sigstore_verify::types::DerCertificate;
use url::Url;

use super::failed;
use super::identity::key_error;
use crate::attest::error::{AttestError, Service};
use crate::attest::verify::pem;
use crate::github::oidc::{IdToken, RequestCredentials, id_token};
use crate::http::{self, Client, HttpError, error_for_status_without, read_limited};

/// No answer is longer, in bytes.
const ANSWER_LIMIT: u64 = 256 * 1024;

/// The authority, and for whom its identity tokens are.
pub(super) struct Fulcio<'a> {
    pub(super) client: &'a Client,
    pub(super) url: Url,
    pub(super) audience: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Option<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

impl Fulcio<'_> {
    /// A new key and its certificate. `mask` hears each identity token.
    pub(super) async fn certify(
        &self,
        credentials: &RequestCredentials,
        mask: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<(KeyPair, DerCertificate), AttestError> {
        let key = KeyPair::generate_ecdsa_p256().map_err(|why| key_error(&why))?;
        let public = key.public_key_der().map_err(|why| key_error(&why))?;
        let public = pem(&public.to_pem());
        // The inner error ends the tries: the token's service has tries of its own.
        let answer = http::retry("the signing certificate", || async {
            let token = match id_token(self.client, credentials, &self.audience).await {
                Ok(token) => token,
                Err(why) => return Ok(Err(AttestError::from(why))),
            };
            mask(token.expose());
            match prove_possession(&key, &token) {
                Ok(proof) => self.post(&token, &public, &proof).await.map(Ok),
                Err(why) => Ok(Err(why)),
            }
        });
        let answer = answer.await.map_err(|why| failed(Service::Fulcio, why))??;
        Ok((key, read(&answer)?))
    }

    async fn post(
        &self,
        token: &IdToken,
        public_key: &str,
        proof: &str,
    ) -> Result<bytes::Bytes, HttpError> {
        let body = json!({
            "credentials": {"oidcIdentityToken": token.expose()},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": public_key},
                "proofOfPossession": proof,
            },
        });
        let secrets = [token.expose()];
        let request = self
            .client
            .request(Method::POST, below(&self.url, "/api/v2/signingCert"))
            .header(ACCEPT, "application/json")
            .json(&body);
        let response = self.client.send(request).await;
        let response = response.map_err(|why| why.without(&secrets))?;
        let response = error_for_status_without(response, &secrets).await?;
        read_limited(response, ANSWER_LIMIT).await
    }
}

/// The signature of the token's subject, Base64: that the key is ours.
fn prove_possession(key: &KeyPair, token: &IdToken) -> Result<String, AttestError> {
    let subject = token.subject().ok_or_else(|| AttestError::Malformed {
        expected: "an identity token",
        problem: "it names no subject".to_owned(),
    })?;
    let signature = key
        .sign(subject.as_bytes())
        .map_err(|why| key_error(&why))?;
    Ok(BASE64.encode(signature.as_bytes()))
}

fn read(answer: &[u8]) -> Result<DerCertificate, AttestError> {
    let wrong = |problem: &str| AttestError::Answer {
        service: Service::Fulcio,
        problem: problem.to_owned(),
    };
    let answer: Answer =
        serde_json::from_slice(answer).map_err(|_| wrong("something else than certificates"))?;
    let signed = answer.signed_certificate_embedded_sct.ok_or_else(|| {
        wrong("a certificate that does not hold the proof that it is in the log of certificates")
    })?;
    let leaf = signed.chain.certificates.first();
    let leaf = leaf.ok_or_else(|| wrong("no certificate"))?;
    DerCertificate::from_pem(leaf).map_err(|_| wrong("no certificate"))
}

/// A path below a service's address.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}
