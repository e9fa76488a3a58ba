// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who uploads, and whether they may upload to this project.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Publisher;
use super::checks::normalize;
use super::macaroon::{Macaroon, forbids};
use super::refusal::Refusal;
use super::registration;
use super::state::{Known, Token};

/// Who uploads.
pub(super) enum Identity<'a> {
    /// The holder of a minted token: what the index knows of it, and what came.
    Publisher(&'a Token, Macaroon),
    /// The holder of a long-lived token: any project, and new ones.
    User,
}

impl Identity<'_> {
    /// The publisher on whose behalf the token was minted.
    pub(super) fn publisher(&self) -> Option<&Publisher> {
        match self {
            Self::Publisher(token, _) => Some(&token.publisher),
            Self::User => None,
        }
    }
}

/// Whose token the request carries.
pub(super) fn identify<'a>(
    state: &'a Known,
    user_tokens: &[String],
    headers: &HeaderMap,
) -> Result<Identity<'a>, Refusal> {
    let unknown = || {
        Refusal::new(
            403,
            "Invalid or non-existent authentication information. See \
             https://pypi.org/help/#invalid-auth for more information.",
        )
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let (scheme, value) = authorization
        .and_then(|value| value.split_once(' '))
        .ok_or_else(unknown)?;
    let token = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => value.trim().to_owned(),
        "basic" => {
            let decoded = BASE64.decode(value.trim()).map_err(|_| unknown())?;
            let decoded = String::from_utf8(decoded).map_err(|_| unknown())?;
            let (user, password) = decoded.split_once(':').ok_or_else(unknown)?;
            if user != "__token__" {
                return Err(Refusal::new(
                    403,
                    "Username/Password authentication is no longer supported. Migrate to API \
                     Tokens or Trusted Publishers instead. See https://pypi.org/help/#apitoken \
                     and https://pypi.org/help/#trusted-publishers",
                ));
            }
            password.trim().to_owned()
        }
        _ => return Err(unknown()),
    };
    if user_tokens.contains(&token) {
        return Ok(Identity::User);
    }
    let macaroon = Macaroon::read(&token).ok_or_else(unknown)?;
    let mut minted = state.tokens.iter();
    let known = minted.find(|minted| minted.identifier == macaroon.identifier);
    Ok(Identity::Publisher(known.ok_or_else(unknown)?, macaroon))
}

/// Whether this identity may upload to the project.
pub(super) fn permit(state: &Known, identity: &Identity, project: &str) -> Result<(), Refusal> {
    let known = state.project(project);
    match identity {
        Identity::Publisher(token, macaroon) => {
            let Some(known) = known else {
                return Err(Refusal::bad(
                    "Non-user identities cannot create new projects. This was probably caused by \
                     successfully using a pending publisher but specifying the project name \
                     incorrectly (either in the publisher or in your project's metadata). Please \
                     ensure that both match. See: \
                     https://docs.pypi.org/trusted-publishers/troubleshooting/",
                ));
            };
            check_caveats(state, token, macaroon, project, &known.id)?;
            if known.status != "active" {
                return Err(not_allowed("The given token", project));
            }
        }
        Identity::User => match known {
            None if state.faults.too_many_projects => {
                return Err(Refusal::new(429, "Too many new projects created"));
            }
            None => registration::check(state, project)?,
            Some(known) if known.status == "archived" => {
                return Err(not_allowed("The user 'user'", project));
            }
            Some(_) => {}
        },
    }
    Ok(())
}

/// The caveats stand in the token and beside it, so each speaks twice.
fn check_caveats(
    state: &Known,
    token: &Token,
    macaroon: &Macaroon,
    project: &str,
    id: &str,
) -> Result<(), Refusal> {
    let invalid = |why: &str| Refusal::new(403, format!("Invalid API Token: {why}"));
    if !macaroon.is_signed_with(&token.key) {
        return Err(invalid("signatures do not match"));
    }
    let now = if token.expired { i64::MAX } else { state.now() };
    let normalized = normalize(project);
    let caveats = token.caveats.iter().cloned().chain(macaroon.caveats());
    let reasons: Vec<String> = caveats
        .filter_map(|caveat| forbids(&caveat, (project, &normalized, id), now))
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    Err(invalid(&reasons.join(", ")))
}

fn not_allowed(who: &str, project: &str) -> Refusal {
    Refusal::new(
        403,
        format!(
            "{who} isn't allowed to upload to project '{project}'. See \
             https://pypi.org/help/#project-name for more information."
        ),
    )
}
