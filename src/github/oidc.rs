// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The runner's identity tokens: who may ask for one, and the asking.
//!
//! Decides which address a request token is sent to, and that neither it nor
//! an identity token is ever shown. Checks no signature: that is the work of
//! whoever takes the token. Its claims are for messages only.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use reqwest::header::{ACCEPT, CACHE_CONTROL};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::claims::UnverifiedClaims;
use crate::http::{self, Client, HttpError, error_for_status_without, read_limited};
use crate::rules::{Finding, Rule};

/// No identity token is longer, in bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// The right of a job to ask for identity tokens: an address and a secret.
#[derive(Clone)]
pub struct RequestCredentials {
    url: Url,
    token: String,
}

/// An identity token. It is shown to nobody but the index that it is for.
pub struct IdToken(String);

/// Why there is no identity token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The job was not given the right to ask.
    #[error("this job may not ask for an identity token: {missing} is not set")]
    NotAllowed {
        /// The variable of the environment that is not there.
        missing: &'static str,
    },
    /// The address is not one that a secret may be sent to.
    #[error("ACTIONS_ID_TOKEN_REQUEST_URL is {problem}")]
    Address {
        /// What is wrong with it; never the address itself.
        problem: &'static str,
    },
    /// The request token is not one.
    #[error("ACTIONS_ID_TOKEN_REQUEST_TOKEN holds characters that no token has")]
    RequestToken,
    /// The token service refused, or could not be reached.
    #[error("the identity token service: {0}")]
    Service(HttpError),
    /// The answer holds no token.
    #[error("the identity token service answered without a token")]
    Answer,
}

impl OidcError {
    /// Whether another try may pass.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Service(error) if error.is_transient())
    }

    /// The verdict on the run.
    pub fn finding(&self) -> Finding {
        let expected = "an identity token of this job from GitHub";
        let refused = matches!(self, Self::Service(error) if !error.is_transient());
        let rule = match self {
            Self::NotAllowed { .. } => Rule::IdTokenMissing,
            Self::Address { .. } | Self::RequestToken => Rule::InputIllegal,
            Self::Service(_) if refused => Rule::TokenRefused,
            Self::Service(_) | Self::Answer => Rule::TokenUnreachable,
        };
        let finding = Finding::new(rule, None, expected, self.to_string());
        if refused {
            finding.advise(
                "The runner's token service refused this job: check `id-token: write` in the \
                 job's permissions, then start a new run.",
            )
        } else {
            finding
        }
    }
}

impl RequestCredentials {
    /// Takes the values of `ACTIONS_ID_TOKEN_REQUEST_URL` and
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`; an empty value counts as none.
    ///
    /// # Errors
    /// When one is missing, and when the address is not https (or loopback)
    /// or holds a user.
    pub fn new(url: Option<&str>, token: Option<&str>) -> Result<Self, OidcError> {
        let present = |value: Option<&str>, missing| {
            let value = value.map(str::trim).filter(|value| !value.is_empty());
            value
                .map(str::to_owned)
                .ok_or(OidcError::NotAllowed { missing })
        };
        let url = present(url, "ACTIONS_ID_TOKEN_REQUEST_URL")?;
        let token = present(token, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")?;
        let url = Url::parse(&url).map_err(|_| OidcError::Address { problem: "no URL" })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OidcError::Address {
                problem: "a URL with a user in it",
            });
        }
        let allowed = match url.scheme() {
            "https" => url.has_host(),
            "http" => http::is_loopback(&url),
            _ => false,
        };
        if !allowed {
            return Err(OidcError::Address {
                problem: "neither https nor on this machine",
            });
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(OidcError::RequestToken);
        }
        Ok(Self { url, token })
    }

    /// The address for this audience: one more parameter behind those there are.
    fn url_for(&self, audience: &str) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("audience", audience);
        url
    }
}

impl fmt::Debug for RequestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl IdToken {
    /// The secret, for the request that redeems it and for the one who masks it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// What the token says about the job, unchecked; none when it says nothing readable.
    pub fn claims(&self) -> Option<UnverifiedClaims> {
        self.read()
    }

    /// For whom the token speaks, unchecked: what a key's owner signs to prove
    /// that the key is theirs.
    pub(crate) fn subject(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Subject {
            sub: String,
        }
        self.read().map(|Subject { sub }| sub)
    }

    fn read<T: DeserializeOwned>(&self) -> Option<T> {
        let payload = self.0.split('.').nth(1)?;
        let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Asks the runner's service for one identity token for this audience. Each
/// call gives a token of its own.
///
/// # Errors
/// When the service refuses, cannot be reached after several tries, or gives
/// no token. No error holds a secret or the query of the address.
pub async fn id_token(
    client: &Client,
    credentials: &RequestCredentials,
    audience: &str,
) -> Result<IdToken, OidcError> {
    #[derive(Deserialize)]
    struct Answer {
        value: String,
    }
    let body = http::retry("the identity token", || async {
        let request = client
            .request(Method::GET, credentials.url_for(audience))
            .bearer_auth(&credentials.token)
            .header(ACCEPT, "application/json")
            .header(CACHE_CONTROL, "no-store");
        let response = client.send(request).await?;
        let response = error_for_status_without(response, &[&credentials.token]).await?;
        read_limited(response, 2 * LONGEST_TOKEN as u64).await
    })
    .await
    .map_err(|error| OidcError::Service(error.without(&[&credentials.token])))?;
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| OidcError::Answer)?;
    let token = answer.value;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.bytes().all(legal) {
        return Err(OidcError::Answer);
    }
    Ok(IdToken(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://pipelines.example.org/1/idtoken?api-version=2.0";

    #[test]
    fn the_two_values_are_taken_or_refused() {
        for (url, token, expected) in [
            (Some(URL), Some("secret"), None),
            (Some("http://127.0.0.1:9/token"), Some("secret"), None),
            (
                None,
                Some("secret"),
                Some("ACTIONS_ID_TOKEN_REQUEST_URL is not set"),
            ),
            (
                Some(" "),
                Some("secret"),
                Some("ACTIONS_ID_TOKEN_REQUEST_URL is not set"),
            ),
            (
                Some(URL),
                Some(""),
                Some("ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set"),
            ),
            (Some("token"), Some("secret"), Some("no URL")),
            (
                Some("http://example.org/"),
                Some("secret"),
                Some("neither https"),
            ),
            (
                Some("file:///etc/passwd"),
                Some("secret"),
                Some("neither https"),
            ),
            (
                Some("https://me:pw@example.org/"),
                Some("secret"),
                Some("with a user"),
            ),
            (Some(URL), Some("two words"), Some("no token has")),
            (Some(URL), Some("line\r\nX: y"), Some("no token has")),
        ] {
            let found = RequestCredentials::new(url, token).err();
            match expected {
                None => assert_eq!(found, None, "{url:?}"),
                Some(words) => {
                    let text = found.map(|error| error.to_string()).unwrap_or_default();
                    assert!(text.contains(words), "{text:?} for {url:?} {token:?}");
                    assert!(!text.contains("secret") && !text.contains("pw"), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_audience_is_one_more_parameter_and_is_encoded() {
        let credentials = RequestCredentials::new(Some(URL), Some("t")).unwrap();
        assert_eq!(
            credentials.url_for("a&b=c d").as_str(),
            "https://pipelines.example.org/1/idtoken?api-version=2.0&audience=a%26b%3Dc+d"
        );
        let bare = RequestCredentials::new(Some("https://example.org/t"), Some("t")).unwrap();
        assert_eq!(
            bare.url_for("x").as_str(),
            "https://example.org/t?audience=x"
        );
    }

    #[test]
    fn nothing_that_is_secret_can_be_shown() {
        let credentials = RequestCredentials::new(Some(URL), Some("runner-secret")).unwrap();
        assert_eq!(format!("{credentials:?}"), "***");
        assert_eq!(format!("{:?}", IdToken("a.b.c".to_owned())), "***");
    }

    #[test]
    fn claims_are_read_for_messages_and_cannot_steer_a_terminal() {
        let payload = URL_SAFE_NO_PAD.encode(
            r#"{"repository":"apache/example","environment":"py\u001b[31mpi\n::add","ref":"refs/tags/v1"}"#,
        );
        let token = IdToken(format!("e30.{payload}.c2ln"));
        let claims = token.claims().unwrap();
        assert_eq!(
            claims.to_string(),
            "repository=apache/example job_workflow_ref=(none) workflow_ref=(none) \
             environment=py\u{fffd}[31mpi ::add ref=refs/tags/v1 event_name=(none)"
        );
        for unreadable in ["", "a", "a.b", "a.!.c", "a.e30"] {
            let claims = IdToken(unreadable.to_owned()).claims();
            assert!(claims.is_none_or(|claims| claims == UnverifiedClaims::default()));
        }
    }
}
