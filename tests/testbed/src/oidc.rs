// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A stand-in for the runner's identity token service: signs tokens with
//! GitHub's claims by a key of its own.
//!
//! Each token is fresh (its own `jti`); the claims are the test's to choose.

mod trust;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::host::{Bound, Host};
use crate::watch::Hears;
pub use trust::Trust;
pub(crate) use trust::{BadToken, Claims};

/// The commit that every job runs.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The issuer, running until it is dropped.
pub struct FakeIssuer {
    base: String,
    shared: Arc<Shared>,
    host: Host,
}

struct Shared {
    key: RsaKeyPair,
    request_token: String,
    trust: Trust,
    state: Mutex<Issued>,
}

#[derive(Default)]
struct Issued {
    claims: Map<String, Value>,
    audiences: Vec<String>,
    tokens: Vec<String>,
    refusals: usize,
    repeated_jti: Option<String>,
    ahead: i64,
}

impl FakeIssuer {
    /// Starts it with the claims of [`github_claims`] for
    /// `apache/example`, `release.yml` and the environment `pypi`.
    pub fn start() -> Self {
        let bound = Bound::new();
        let base = bound.base();
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let trust = Trust {
            issuer: base.clone(),
            kid: random_hex(8),
            public_key: key.public_key().as_ref().to_vec(),
        };
        let shared = Arc::new(Shared {
            key,
            request_token: format!("runner-{}", random_hex(20)),
            trust,
            state: Mutex::new(Issued {
                claims: github_claims("apache", "example", "release.yml", Some("pypi")),
                ..Issued::default()
            }),
        });
        let router = Router::new()
            .route("/token", get(token))
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/jwks", get(jwks))
            .with_state(Arc::clone(&shared));
        Self {
            base,
            shared,
            host: bound.serve(router),
        }
    }

    /// The value of `ACTIONS_ID_TOKEN_REQUEST_URL`; it has a query already, as GitHub's.
    pub fn request_url(&self) -> String {
        format!("{}/token?api-version=2.0", self.base)
    }

    /// The value of `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub fn request_token(&self) -> String {
        self.shared.request_token.clone()
    }

    /// Tells `hears` of every request from now on.
    pub fn watch(&self, hears: Arc<Hears>) {
        self.host.watch(hears);
    }

    /// What an index needs to check the tokens.
    pub fn trust(&self) -> Trust {
        self.shared.trust.clone()
    }

    /// How many tokens were asked for, refused ones included.
    pub fn requests(&self) -> usize {
        self.shared.lock().audiences.len()
    }

    /// The audiences that were asked for, in order.
    pub fn audiences(&self) -> Vec<String> {
        self.shared.lock().audiences.clone()
    }

    /// A token for this audience, as the runner would be given it.
    pub fn token(&self, audience: &str) -> String {
        let mut state = self.shared.lock();
        self.shared.issue(&mut state, audience, Map::new())
    }

    /// Every token given out: none may appear in a log.
    pub fn tokens(&self) -> Vec<String> {
        self.shared.lock().tokens.clone()
    }

    /// Sets one claim of the tokens to come; `null` removes it.
    pub fn set_claim(&self, name: &str, value: Value) {
        let mut state = self.shared.lock();
        if value.is_null() {
            state.claims.remove(name);
        } else {
            state.claims.insert(name.to_owned(), value);
        }
    }

    /// Replaces all claims but the times, `iss`, `aud` and `jti`.
    pub fn set_claims(&self, claims: Map<String, Value>) {
        self.shared.lock().claims = claims;
    }

    /// Gives the tokens to come one and the same `jti`.
    pub fn repeat_jti(&self, jti: &str) {
        self.shared.lock().repeated_jti = Some(jti.to_owned());
    }

    /// Sets its clock ahead of the machine's, by so many days.
    pub fn set_days_ahead(&self, days: i64) {
        self.shared.lock().ahead = days * 86_400;
    }

    /// Answers the next `count` requests with 500.
    pub fn fail(&self, count: usize) {
        self.shared.lock().refusals = count;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Issued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issue(&self, state: &mut Issued, audience: &str, wanted: Map<String, Value>) -> String {
        let now = clock::now().saturating_add(state.ahead);
        let mut claims = state.claims.clone();
        let jti = state.repeated_jti.clone();
        for (name, value) in [
            ("jti", Value::from(jti.unwrap_or_else(|| random_hex(16)))),
            ("iss", Value::from(self.trust.issuer.clone())),
            ("aud", Value::from(audience)),
            ("iat", Value::from(now)),
            ("nbf", Value::from(now - 600)),
            ("exp", Value::from(now + 300)),
        ] {
            // What the test has set stands.
            claims.entry(name).or_insert(value);
        }
        for (name, value) in wanted {
            if value.is_null() {
                claims.remove(&name);
            } else {
                claims.insert(name, value);
            }
        }
        let token = self.sign(&claims);
        state.tokens.push(token.clone());
        token
    }

    fn sign(&self, claims: &Map<String, Value>) -> String {
        let header = json!({"alg": "RS256", "kid": self.trust.kid, "typ": "JWT"});
        let claims = Value::Object(claims.clone());
        let signed = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(claims.to_string())
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .expect("an RSA signature");
        format!("{signed}.{}", BASE64.encode(signature))
    }
}

/// The claims that GitHub gives a job of `owner/repository` that is written in
/// `workflow` and runs on the tag `v1`.
pub fn github_claims(
    owner: &str,
    repository: &str,
    workflow: &str,
    environment: Option<&str>,
) -> Map<String, Value> {
    let place = format!("{owner}/{repository}");
    let workflow_ref = format!("{place}/.github/workflows/{workflow}@refs/tags/v1");
    let claims = json!({
        "sub": format!("repo:{place}:ref:refs/tags/v1"),
        "repository": place,
        "repository_id": "74",
        "repository_owner": owner,
        "repository_owner_id": owner_id(owner),
        "repository_visibility": "public",
        "ref": "refs/tags/v1",
        "ref_type": "tag",
        "ref_protected": "true",
        "sha": COMMIT,
        "actor": "release-manager",
        "event_name": "workflow_dispatch",
        "run_id": "1",
        "run_number": "1",
        "run_attempt": "1",
        "job_workflow_sha": "0123456789abcdef0123456789abcdef01234567",
        "runner_environment": "github-hosted",
        "workflow": "Release",
        "workflow_ref": workflow_ref,
        "workflow_sha": COMMIT,
        "job_workflow_ref": workflow_ref,
        "job_workflow_sha": COMMIT,
    });
    let mut claims = match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    };
    if let Some(environment) = environment {
        claims.insert("environment".to_owned(), environment.into());
    }
    claims
}

/// The number that GitHub would know an owner by: any, as long as it is always the same.
pub(crate) fn owner_id(owner: &str) -> String {
    let sum = owner
        .bytes()
        .fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003);
    sum.to_string()
}

/// `count` random bytes in hexadecimal digits.
pub(crate) fn random_hex(count: usize) -> String {
    let mut bytes = vec![0; count];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    hex::encode(bytes)
}

async fn token(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let mut state = shared.lock();
    let audiences = query.iter().filter(|(name, _)| name == "audience");
    let audiences: Vec<_> = audiences.map(|(_, value)| value.clone()).collect();
    let audience = match audiences.as_slice() {
        [] => "https://github.com/apache".to_owned(),
        [audience] => audience.clone(),
        _ => return (StatusCode::BAD_REQUEST, "one audience only").into_response(),
    };
    state.audiences.push(audience.clone());
    if state.refusals > 0 {
        state.refusals -= 1;
        return (StatusCode::INTERNAL_SERVER_ERROR, "try again").into_response();
    }
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let given = authorization.and_then(|value| value.split_once(' '));
    let allowed = given.is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer") && token == shared.request_token
    });
    if !allowed || !query.contains(&("api-version".to_owned(), "2.0".to_owned())) {
        return (StatusCode::UNAUTHORIZED, "not this runner").into_response();
    }
    // GitHub has no such thing: a JSON object of claims to set, null to leave out.
    let wanted = query.iter().find(|(name, _)| name == "claims");
    let wanted = wanted.and_then(|(_, value)| serde_json::from_str(value).ok());
    let token = shared.issue(&mut state, &audience, wanted.unwrap_or_else(Map::new));
    json_answer(&json!({"count": token.len(), "value": token}))
}

async fn configuration(State(shared): State<Arc<Shared>>) -> Response {
    let issuer = &shared.trust.issuer;
    json_answer(&json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks"),
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    let (modulus, exponent) = integers(&shared.trust.public_key);
    json_answer(&json!({"keys": [{
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": shared.trust.kid,
        "n": BASE64.encode(modulus),
        "e": BASE64.encode(exponent),
    }]}))
}

/// Modulus and exponent of a PKCS #1 public key: two DER integers in a sequence.
fn integers(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = element(der);
    let (modulus, rest) = element(sequence);
    let (exponent, _) = element(rest);
    (strip_sign(modulus), strip_sign(exponent))
}

/// The contents of the first DER element, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (head, length) = match der.get(1).copied().unwrap_or(0) {
        short @ 0..0x80 => (2, usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            let bytes = der.get(2..2 + count).unwrap_or_default();
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (2 + count, length)
        }
    };
    (
        der.get(head..head + length).unwrap_or_default(),
        der.get(head + length..).unwrap_or_default(),
    )
}

fn strip_sign(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

fn json_answer(value: &Value) -> Response {
    (
        [("content-type", "application/json; charset=utf-8")],
        value.to_string(),
    )
        .into_response()
}
