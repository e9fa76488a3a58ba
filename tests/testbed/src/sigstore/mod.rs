// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A stand-in for Sigstore: the authority (Fulcio), the log of its certificates,
//! and the transparency log (Rekor, version 1), on one port, with the trust
//! configuration that makes clients use it.
//!
//! What is made against it holds before the verifiers of others. Tests set how it
//! fails and lies, and read what it did. It lacks a time-stamp authority and TUF.

mod attest;
mod authority;
mod fulcio;
mod key;
mod log;
mod merkle;
mod pem;
mod rekor;
mod state;
mod trust;
pub(crate) mod verify;
mod x509;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tempfile::TempDir;

use crate::host::{Bound, Connection, Host};
use crate::oidc::Trust;
use crate::watch::Hears;
pub use authority::Stamp;
use state::Shared;
pub use state::{Counts, Fault, Knobs, Lie};
pub use verify::Anchors;
pub(crate) use verify::signed_by;
pub(crate) use x509::Certificate;

/// The services, running until this is dropped.
pub struct FakeSigstore {
    shared: Arc<Shared>,
    host: Host,
    folder: TempDir,
}

impl FakeSigstore {
    /// Starts them; certificates are made for the tokens of this issuer, as if
    /// they were GitHub's.
    ///
    /// # Panics
    /// When the trust configuration cannot be written.
    pub fn start(issuer: Trust) -> Self {
        let bound = Bound::new();
        let shared = Arc::new(Shared::new(bound.base(), issuer));
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, contents) in [
            ("trusted_root.json", trust::root(&shared)),
            ("trust_config.json", trust::configuration(&shared)),
        ] {
            let written = fs::write(folder.path().join(name), format!("{contents:#}\n"));
            written.expect("a written file");
        }
        let host = bound.serve(router(Arc::clone(&shared)));
        Self {
            shared,
            host,
            folder,
        }
    }

    /// The base URL of all its services, without a slash at the end.
    pub fn base(&self) -> String {
        self.shared.base.clone()
    }

    /// The file with the trust configuration (`ClientTrustConfig` 0.1).
    pub fn trust_config(&self) -> PathBuf {
        self.folder.path().join("trust_config.json")
    }

    /// The file with the trusted root alone.
    pub fn trusted_root(&self) -> PathBuf {
        self.folder.path().join("trusted_root.json")
    }

    /// What the stand-in index needs to check attestations in full.
    ///
    /// # Panics
    /// Never: it is its own root.
    pub fn anchors(&self) -> Anchors {
        Anchors::read(&trust::root(&self.shared)).expect("its own trusted root")
    }

    /// Changes how it works from now on.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.shared.lock().knobs);
    }

    /// What it has done so far.
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }

    /// Tells `hears` of every request from now on.
    pub fn watch(&self, hears: Arc<Hears>) {
        self.host.watch(hears);
    }

    /// The last entry of the log, as attestations hold it.
    pub fn last_entry(&self) -> Option<Value> {
        let state = self.shared.lock();
        let recorded = state.log.record(state.log.size().checked_sub(1)?, None)?;
        Some(recorded.material())
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/v2/signingCert", post(fulcio::sign))
        .route("/api/v2/trustBundle", get(fulcio::bundle))
        .route(
            "/api/v1/log/entries",
            post(rekor::create).get(rekor::by_index),
        )
        .route("/api/v1/log/entries/{uuid}", get(rekor::by_uuid))
        .route("/api/v1/log", get(rekor::tree))
        .route("/api/v1/log/publicKey", get(rekor::key))
        .route("/api/v2/log/entries", post(rekor::create_2))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            troubled,
        ))
        .with_state(shared)
}

/// Counts the request, lets it take its time, and lets it fail.
async fn troubled(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let of_log = request.uri().path().contains("/log");
    let (latency, fault) = {
        let mut state = shared.lock();
        let state = &mut *state;
        if of_log {
            state.counts.log_requests += 1;
            state.in_flight += 1;
            state.counts.most_at_once = state.counts.most_at_once.max(state.in_flight);
        } else {
            state.counts.authority_requests += 1;
        }
        (state.knobs.latency, state.knobs.next_fault(of_log))
    };
    tokio::time::sleep(latency).await;
    let response = match fault {
        None => next.run(request).await,
        Some(fault) => fail(fault, &connection, request, next).await,
    };
    if of_log {
        shared.lock().in_flight -= 1;
    }
    response
}

async fn fail(fault: Fault, connection: &Connection, request: Request, next: Next) -> Response {
    let failure = |status: u16| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, "the stand-in is told to fail").into_response()
    };
    match fault {
        Fault::Status(status) => failure(status),
        Fault::RetryAfter(status, seconds) => {
            let mut response = failure(status);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Fault::Echo(status) => {
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            let mut response = failure(status);
            *response.body_mut() = body.unwrap_or_default().into();
            response
        }
        Fault::Garbage => axum::response::Html("<html>welcome</html>").into_response(),
        Fault::Reset => {
            connection.cut();
            failure(500)
        }
        Fault::ResetAfter => {
            let response = next.run(request).await;
            connection.cut();
            response
        }
        Fault::BadGatewayAfter => {
            next.run(request).await;
            failure(502)
        }
    }
}
