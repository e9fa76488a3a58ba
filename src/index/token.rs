// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The upload token: which audience an index may ask for, and exchanging an
//! identity token for it.
//!
//! Decides that an index which is not PyPI cannot get a token that PyPI would
//! take, and that an identity token is sent once only.

use std::fmt;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::Method;
use reqwest::header::{ACCEPT, CACHE_CONTROL};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::error::Job;
use super::{Endpoints, Index, IndexError, macaroon};
use crate::endpoints::GUARDED_AUDIENCES;
use crate::github::claims::{PublisherForm, UnverifiedClaims};
use crate::github::oidc::{IdToken, RequestCredentials, id_token};
use crate::http::{
    self, HttpError, display_url, error_for_status, error_for_status_without, read_limited, redact,
    sanitise,
};

/// No answer of these endpoints is longer, in bytes.
const ANSWER_LIMIT: u64 = 128 * 1024;
/// PyPI's upload servers take no longer header (32760 bytes, in Base64).
const LONGEST_TOKEN: usize = 24_000;
/// A shorter one is none: it could be guessed, and to have the runner replace it
/// in everything that is printed would let an index blot out the log.
const SHORTEST_TOKEN: usize = 16;
const LONGEST_AUDIENCE: usize = 255;

/// An audience that this index may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(String);

impl Audience {
    /// The audience as it is asked for.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes what an index named. No index gets a token that is worth something
    /// elsewhere, since it could pass it on: PyPI and TestPyPI get their own
    /// word, others a plain word that is not guarded or their own address. On
    /// this machine there is nobody to pass it to.
    fn judge(named: &str, endpoints: &Endpoints) -> Result<Self, IndexError> {
        let forbidden = || IndexError::AudienceForbidden {
            audience: sanitise(named, 64),
        };
        let legal = named.len() <= LONGEST_AUDIENCE
            && !named.is_empty()
            && named.bytes().all(|byte| byte.is_ascii_graphic());
        // A space around a guarded word is an attempt, not a mistake, and
        // other characters could look like one.
        if !legal {
            return Err(forbidden());
        }
        let guarded = |word: &&str| named.eq_ignore_ascii_case(word);
        let allowed = match endpoints.own_audience {
            _ if endpoints.on_loopback() => true,
            Some(own) => named == own,
            // Clouds and registries name audiences by addresses.
            None if named.contains(['.', ':', '/', '\\', '@']) => {
                names_host_of(named, &endpoints.audience)
            }
            None => !GUARDED_AUDIENCES.iter().any(guarded),
        };
        if allowed {
            Ok(Self(named.to_owned()))
        } else {
            Err(forbidden())
        }
    }
}

/// Whether an audience is the host of `index`, or a URL of it without tricks.
fn names_host_of(named: &str, index: &Url) -> bool {
    let Some(host) = index.host_str() else {
        return false;
    };
    if named.eq_ignore_ascii_case(host) {
        return true;
    }
    let web = ["https://", "http://"];
    !named.contains(['\\', '@'])
        && web.iter().any(|scheme| named.starts_with(scheme))
        && Url::parse(named).is_ok_and(|url| url.host_str() == Some(host))
}

/// A token that lets its bearer upload. It is shown to nobody but the index.
pub struct UploadToken {
    value: String,
    expires: Option<u64>,
    /// When it was given, by the index's own clock.
    given: Option<u64>,
    publisher: Option<PublisherForm>,
    claims: Option<UnverifiedClaims>,
}

impl UploadToken {
    /// The secret, for the requests that use it and for the one who masks it.
    pub(crate) fn expose(&self) -> &str {
        &self.value
    }

    /// When it expires, in seconds since 1970, if the index said so.
    pub fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// How long it holds from the moment when it was given, in seconds, if the
    /// index said when it ends. Its end is held against the index's own clock;
    /// only for an index that shows none does `now` count, in seconds since 1970.
    pub fn life(&self, now: u64) -> Option<u64> {
        let given = self.given.unwrap_or(now);
        Some(self.expires?.saturating_sub(given))
    }
}

impl UploadToken {
    /// How many projects it covers, if it says so: a hint, not a proof.
    pub fn projects_covered(&self) -> Option<usize> {
        macaroon::projects_covered(&self.value)
    }

    /// The publisher's form, as the job's identity would fill it in.
    pub fn publisher(&self) -> Option<&PublisherForm> {
        self.publisher.as_ref()
    }

    /// What the identity token said that it was given for.
    pub fn claims(&self) -> Option<&UnverifiedClaims> {
        self.claims.as_ref()
    }

    /// Whether both are one token.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl fmt::Debug for UploadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Asks the index which audience its identity tokens must have. No token of any
/// kind is needed or sent.
///
/// # Errors
/// [`IndexError::AudienceForbidden`] when the answer could be relayed; others
/// when there is no answer, or one without an audience.
pub async fn audience(index: &Index) -> Result<Audience, IndexError> {
    #[derive(Deserialize)]
    struct Answer {
        audience: String,
    }
    let url = &index.endpoints.audience;
    let body = http::retry("the index's audience", || async {
        let request = index
            .client
            .request(Method::GET, url.clone())
            .header(ACCEPT, "application/json")
            .header(CACHE_CONTROL, "no-cache");
        let response = error_for_status(index.client.send(request).await?).await?;
        read_limited(response, ANSWER_LIMIT).await
    })
    .await
    .map_err(IndexError::of_look_up)?;
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| IndexError::Unreadable {
        url: display_url(url),
        expected: "answer with an audience",
        found: sanitise(&error.to_string(), 256),
    })?;
    Audience::judge(&answer.audience, &index.endpoints)
}

/// Exchanges an identity token for an upload token: one request, never
/// repeated, since an index takes an identity token once. A try whose answer
/// was lost needs a fresh identity token; [`obtain`] does that.
///
/// # Errors
/// [`IndexError::TokenRefused`] with the index's words and the token's claims;
/// [`IndexError::TokenUnreachable`] when another try may pass.
pub async fn mint(index: &Index, id_token: &IdToken) -> Result<UploadToken, IndexError> {
    let request = index
        .client
        .request(Method::POST, index.endpoints.mint.clone())
        .header(ACCEPT, "application/json")
        .json(&json!({"token": id_token.expose()}));
    let answered = async {
        let response = index.client.send(request).await?;
        let response = error_for_status_without(response, &[id_token.expose()]).await?;
        let given = http::server_time(response.headers());
        Ok((given, read_limited(response, ANSWER_LIMIT).await?))
    };
    let (given, body) = answered
        .await
        .map_err(|error| refusal(error, id_token, index))?;
    let token = read_token(&body).map(|token| UploadToken {
        given,
        publisher: publisher_of(id_token),
        claims: id_token.claims(),
        ..token
    });
    token.ok_or_else(|| IndexError::Unreadable {
        url: display_url(&index.endpoints.mint),
        expected: "answer with a token",
        found: "its token is missing or is none".to_owned(),
    })
}

/// Asks the runner for an identity token and exchanges it, up to three times,
/// each time with a fresh one. `mask` is told every secret before it is used.
///
/// # Errors
/// As [`mint`] and [`id_token`]; [`IndexError::Impossible`], before the index
/// is asked, where no publisher could match the job.
pub async fn obtain(
    index: &Index,
    credentials: &RequestCredentials,
    audience: &Audience,
    mask: impl Fn(&str),
) -> Result<UploadToken, IndexError> {
    let exchange = || async {
        let identity = id_token(&index.client, credentials, audience.as_str()).await?;
        mask(identity.expose());
        if let Some(why) = identity.claims().and_then(|claims| claims.impossible()) {
            return Err(IndexError::Impossible(Box::new(why)));
        }
        let token = mint(index, &identity).await?;
        mask(token.expose());
        Ok(token)
    };
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_times(2)
        .with_jitter();
    exchange
        .retry(pauses)
        // The runner's service has been tried several times already.
        .when(|error| matches!(error, IndexError::TokenUnreachable(_)))
        .adjust(|error, pause| match error {
            IndexError::TokenUnreachable(error) => http::wait(error, pause),
            _ => pause,
        })
        .notify(|error, _| tracing::warn!("the upload token: {error}; trying again"))
        .await
}

/// What a failed exchange means.
fn refusal(error: HttpError, id_token: &IdToken, index: &Index) -> IndexError {
    if error.is_transient() {
        return IndexError::TokenUnreachable(error);
    }
    let (code, description) = match &error {
        HttpError::Status { code, body, .. } => {
            words(body).unwrap_or_else(|| (code.to_string(), body.clone()))
        }
        other => ("no answer".to_owned(), other.to_string()),
    };
    // Once more, since what JSON escapes is only now as it was sent.
    let shown = |text: &str, limit| sanitise(&redact(text, &[id_token.expose()]), limit);
    IndexError::TokenRefused {
        code: shown(&code, 64),
        description: shown(&description, 1024),
        job: Box::new(Job {
            claims: id_token.claims().map(|claims| claims.to_string()),
            publisher: publisher_of(id_token),
            page: index.endpoints.publishing_page(),
        }),
    }
}

fn publisher_of(id_token: &IdToken) -> Option<PublisherForm> {
    id_token.claims()?.publisher()
}

/// The first error of a refusal in JSON, or its message.
fn words(body: &str) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Answer {
        message: Option<String>,
        #[serde(default)]
        errors: Vec<Problem>,
    }
    #[derive(Deserialize)]
    struct Problem {
        code: String,
        description: String,
    }
    let answer: Answer = serde_json::from_str(body).ok()?;
    match answer.errors.into_iter().next() {
        Some(problem) => Some((problem.code, problem.description)),
        None => answer
            .message
            .map(|message| ("refused".to_owned(), message)),
    }
}

fn read_token(body: &[u8]) -> Option<UploadToken> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        success: bool,
        token: String,
        expires: Option<u64>,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let token = answer.token;
    let legal = answer.success
        && (SHORTEST_TOKEN..=LONGEST_TOKEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    legal.then_some(UploadToken {
        value: token,
        expires: answer.expires,
        given: None,
        publisher: None,
        claims: None,
    })
}

#[cfg(test)]
mod tests;
