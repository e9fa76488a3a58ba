// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The integrity API: what stands behind one file.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::checks::same_version;
use super::refusal::quality;
use super::state::Shared;

const INTEGRITY: &str = "application/vnd.pypi.integrity.v1+json";

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Path((name, version, filename)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let mut state = shared.lock();
    let hidden = state.faults.hidden_provenance > 0;
    state.faults.hidden_provenance = state.faults.hidden_provenance.saturating_sub(1);
    let absent = state.faults.integrity_absent;
    let project = state.project(&name).filter(|_| !absent);
    let file = project.and_then(|project| project.files.get(&filename));
    let Some(file) = file.filter(|file| same_version(&file.version, &version)) else {
        let html = [(header::CONTENT_TYPE, "text/html; charset=UTF-8")];
        let page = "<html><body><h1>404 Not Found</h1></body></html>";
        return (StatusCode::NOT_FOUND, html, page).into_response();
    };
    if state.faults.attestations_disabled {
        let text = "Attestations temporarily disabled";
        return answer(
            StatusCode::FORBIDDEN,
            "application/json",
            &json!({"message": text}),
        );
    }
    let any = !headers.contains_key(header::ACCEPT);
    let own = quality(&headers, INTEGRITY);
    let plain = quality(&headers, "application/json");
    let media_type = match () {
        () if any || (own > 0 && own >= plain) => INTEGRITY,
        () if plain > 0 => "application/json",
        () => {
            let body = json!({"message": "Request not acceptable"});
            return answer(StatusCode::NOT_ACCEPTABLE, "application/json", &body);
        }
    };
    let other = state.faults.false_provenance.get(&filename);
    match other.or(file.provenance.as_ref()).filter(|_| !hidden) {
        Some(provenance) => answer(StatusCode::OK, media_type, provenance),
        None => {
            let message = format!("No provenance available for {filename}");
            let body = json!({"message": message});
            answer(StatusCode::NOT_FOUND, "application/json", &body)
        }
    }
}

fn answer(status: StatusCode, media_type: &'static str, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "max-age=600, public"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (status, headers, body.to_string()).into_response()
}
