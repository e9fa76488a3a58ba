// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Trusted publishing: the audience, and upload tokens for identity tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Publisher;
use super::checks::normalize;
use super::state::{Known, Shared, Token, uuid};
use super::{macaroon, registration};
use crate::clock;
use crate::host::Connection;
use crate::oidc::{BadToken, Claims, Trust, owner_id};

/// The `code` and the `description` of a refusal.
type Refused = (&'static str, String);

fn refused(code: &'static str, description: &str) -> Refused {
    (code, description.to_owned())
}

pub(super) async fn audience(State(shared): State<Arc<Shared>>) -> Response {
    if shared.options.issuer.is_none() {
        let message = json!({"message": "Trusted publishing functionality not enabled"});
        return answer(StatusCode::FORBIDDEN, &message);
    }
    let other = shared.lock().faults.audience.clone();
    let audience = other.unwrap_or_else(|| shared.options.audience.clone());
    answer(StatusCode::OK, &json!({"audience": audience}))
}

pub(super) async fn mint(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    body: Bytes,
) -> Response {
    let Some(trust) = &shared.options.issuer else {
        return refusal(&refused(
            "not-enabled",
            "github trusted publishing functionality not enabled",
        ));
    };
    let mut state = shared.lock();
    if state.faults.publishing_disabled {
        return refusal(&refused(
            "not-enabled",
            "github trusted publishing functionality not enabled",
        ));
    }
    if let Some(status) = state.faults.mint_statuses.pop_front() {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, "try again").into_response();
    }
    let audience = state.faults.audience.clone();
    let audience = audience.unwrap_or_else(|| shared.options.audience.clone());
    let lifetime = i64::try_from(shared.options.token_lifetime.as_secs()).unwrap_or(i64::MAX);
    let now = state.now();
    let minted = claims_of(&body, trust, &audience, now)
        .and_then(|claims| redeem(&mut state, &claims, &shared.base, lifetime));
    match minted {
        Ok((token, expires)) => {
            if state.faults.cut_after_mint > 0 {
                state.faults.cut_after_mint -= 1;
                connection.cut();
            }
            let ahead = state.faults.mint_clock_ahead;
            let expires = expires.saturating_add(ahead);
            let mut answer = answer(
                StatusCode::OK,
                &json!({"success": true, "token": token, "expires": expires}),
            );
            if let Ok(date) = clock::http_date(now.saturating_add(ahead)).parse() {
                answer.headers_mut().insert(header::DATE, date);
            }
            answer
        }
        Err(error) => refusal(&error),
    }
}

/// The claims of the identity token in this body, after every check of the
/// signature, the issuer, the audience and the times.
fn claims_of(body: &[u8], trust: &Trust, audience: &str, now: i64) -> Result<Claims, Refused> {
    let payload: Value = serde_json::from_slice(body)
        .map_err(|error| refused("invalid-payload", &error.to_string()))?;
    let token = payload
        .get("token")
        .and_then(Value::as_str)
        .ok_or_else(|| refused("invalid-payload", "token: Field required"))?;
    trust.claims(token, audience, now).map_err(|bad| match bad {
        BadToken::Malformed => refused("invalid-payload", "malformed JWT"),
        BadToken::UnknownIssuer => refused("invalid-payload", "unknown trusted publishing issuer"),
        BadToken::Invalid => refused("invalid-token", "malformed or invalid token"),
    })
}

/// Finds the publisher, spends the identity token and makes an upload token.
fn redeem(
    state: &mut Known,
    claims: &Claims,
    base: &str,
    lifetime: i64,
) -> Result<(String, i64), Refused> {
    reify_pending(state, claims)?;
    let publisher = find(&state.publishers, claims).map_err(|reason| {
        let description = format!("valid token, but no corresponding publisher ({reason})");
        ("invalid-publisher", description)
    })?;
    let wanted = (
        &publisher.owner,
        &publisher.repository,
        &publisher.workflow,
        &publisher.environment,
    );
    // One publisher may serve many projects, and may be registered once for each.
    let names = state
        .publishers
        .iter()
        .filter(|p| (&p.owner, &p.repository, &p.workflow, &p.environment) == wanted)
        .flat_map(|p| p.projects.iter().map(|name| normalize(name)));
    let names: BTreeSet<String> = names.collect();
    let ids = names.iter().filter_map(|name| state.project(name));
    let ids: Vec<String> = ids.map(|project| project.id.clone()).collect();
    let publisher = publisher.clone();
    let jti = claims.get("jti").and_then(Value::as_str).unwrap_or("");
    if !state.redeemed.insert(jti.to_owned()) {
        return Err(refused(
            "invalid-reuse-token",
            "invalid token: already used",
        ));
    }
    let mut key = vec![0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| refused("internal", "no random bytes"))?;
    let (identifier, now) = (uuid(), state.now());
    let expires = now.saturating_add(lifetime);
    let caveats = vec![
        json!([4, publisher.id()]),
        json!([2, ids]),
        json!([0, expires, now]),
    ];
    let location = base.trim_start_matches("http://");
    let value = macaroon::make(location, &identifier, &key, &caveats);
    state.tokens.push(Token {
        identifier,
        value: value.clone(),
        key,
        caveats,
        publisher,
        expired: false,
    });
    Ok((value, expires))
}

/// A pending publisher creates its project at the first mint. Whatever is wrong
/// with the claims is said by the look-up of normal publishers.
fn reify_pending(state: &mut Known, claims: &Claims) -> Result<(), Refused> {
    let Ok(publisher) = find(&state.pending, claims).cloned() else {
        return Ok(());
    };
    let same = |other: &Publisher| other.id() == publisher.id();
    if let Some(at) = state.pending.iter().position(same) {
        state.pending.remove(at);
    }
    for name in &publisher.projects {
        if state.project(name).is_some() {
            return Err(refused(
                "invalid-pending-publisher",
                "valid token, but project already exists",
            ));
        }
        registration::check(state, name)
            .map_err(|refusal| refused("invalid-payload", &refusal.message))?;
    }
    state.register(publisher);
    Ok(())
}

/// The publisher that these claims belong to, or why there is none.
fn find<'a>(publishers: &'a [Publisher], claims: &Claims) -> Result<&'a Publisher, String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    for name in [
        "repository",
        "repository_owner",
        "repository_owner_id",
        "job_workflow_ref",
        "jti",
        "event_name",
        "ref",
        "sha",
    ] {
        if text(name).is_none() {
            return Err(format!("Missing claim '{name}'"));
        }
    }
    let text = |name: &str| text(name).unwrap_or_default();
    if text("event_name") == "pull_request_target" {
        return Err(
            "Publishing from a workflow invoked via 'pull_request_target' is not supported."
                .to_owned(),
        );
    }
    let job = text("job_workflow_ref");
    let file = job
        .split('@')
        .next()
        .and_then(|path| path.rsplit('/').next())
        .filter(|file| file.ends_with(".yml") || file.ends_with(".yaml"))
        .ok_or("Could not job extract workflow filename from OIDC claims")?;
    let (owner, repository) = text("repository").split_once('/').unwrap_or_default();
    let environment = claims.get("environment").and_then(Value::as_str);
    let environment = environment.map(str::to_lowercase);
    let mut candidates = publishers.iter().filter(|publisher| {
        publisher.owner == owner
            && publisher.repository == repository
            && publisher.workflow == file
            && owner_id(&publisher.owner) == text("repository_owner_id")
    });
    let wanted = |publisher: &&Publisher| match &publisher.environment {
        Some(own) => Some(own.to_lowercase()) == environment,
        None => false,
    };
    let found = candidates
        .clone()
        .find(wanted)
        .or_else(|| candidates.find(|publisher| publisher.environment.is_none()))
        .ok_or("Publisher with matching claims was not found")?;
    if text("repository_owner") != owner {
        return Err("Check failed for required claim 'repository_owner'".to_owned());
    }
    if text("ref").is_empty() && text("sha").is_empty() {
        return Err("The ref and sha claims are empty".to_owned());
    }
    let place = format!("{}/.github/workflows/{file}", text("repository"));
    let expected = [
        format!("{place}@{}", text("ref")),
        format!("{place}@{}", text("sha")),
    ];
    if !expected.iter().any(|expected| expected == job) {
        return Err(format!(
            "The job_workflow_ref claim does not match, expecting one of ['{}', '{}'], got '{job}'",
            expected[0], expected[1]
        ));
    }
    Ok(found)
}

fn refusal((code, description): &Refused) -> Response {
    answer(
        StatusCode::UNPROCESSABLE_ENTITY,
        &json!({
            "message": "Token request failed",
            "errors": [{"code": code, "description": description}],
        }),
    )
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}
