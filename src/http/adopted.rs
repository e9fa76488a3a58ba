// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Answers to requests that a library has made with the one client: from here
//! on they are held to the same rules as all others.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Body, Response, ResponseBuilderExt as _};
use url::Url;

use super::{HttpError, display_url, refuse_redirect, retry};

/// What GitHub's API sends where too much was asked: 403 as often as 429, with
/// `Retry-After` or with the second at which it may be asked again.
const LIMIT_LEFT: &str = "x-ratelimit-remaining";
const LIMIT_RESET: &str = "x-ratelimit-reset";

/// Takes an answer in. A redirect, an address that is neither https nor
/// loopback, and a limit of requests that was reached are errors.
///
/// # Errors
/// As [`super::Client::send`]; a limit is a 429, whatever its code was.
pub(crate) fn adopt(answer: http::Response<Body>, url: &Url) -> Result<Response, HttpError> {
    let (parts, body) = answer.into_parts();
    let built = http::response::Builder::new()
        .status(parts.status)
        .url(url.clone())
        .body(body);
    let mut response = Response::from(built.map_err(|why| HttpError::Broken {
        url: display_url(url),
        cause: why.to_string(),
    })?);
    *response.headers_mut() = parts.headers;
    let code = response.status().as_u16();
    if matches!(code, 403 | 429) && is_limited(response.headers()) {
        return Err(HttpError::Status {
            url: display_url(url),
            code: 429,
            reason: "Too Many Requests".to_owned(),
            body: String::new(),
            retry_after: wait(response.headers()),
        });
    }
    refuse_redirect(response)
}

/// Whether the headers tell of a limit of requests that was reached.
fn is_limited(headers: &HeaderMap) -> bool {
    retry::after(headers).is_some() || word(headers, LIMIT_LEFT) == Some("0")
}

/// How long the server asks to wait: its limit's end is held against its own clock.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let limit = || {
        let reset: u64 = word(headers, LIMIT_RESET)?.parse().ok()?;
        let now = retry::server_time(headers)?;
        Some(Duration::from_secs(reset.saturating_sub(now)))
    };
    retry::after(headers).or_else(limit)
}

fn word<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, headers: &[(&str, &str)]) -> Result<Response, HttpError> {
        let mut built = http::Response::builder().status(code);
        for (name, value) in headers {
            built = built.header(*name, *value);
        }
        let url = Url::parse("https://api.example.org/x?secret").unwrap();
        adopt(built.body(Body::from("{}")).unwrap(), &url)
    }

    #[test]
    fn a_limit_of_requests_is_told_from_a_refusal() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let now = 784_111_777;
        let soon = (now + 7).to_string();
        for (code, headers, expected) in [
            (200, &[][..], None),
            (
                200,
                &[(LIMIT_LEFT, "0"), (LIMIT_RESET, &soon), date][..],
                None,
            ),
            (
                403,
                &[(LIMIT_LEFT, "10"), (LIMIT_RESET, &soon), date][..],
                None,
            ),
            (
                403,
                &[(LIMIT_LEFT, "0"), (LIMIT_RESET, &soon), date][..],
                Some(Some(7)),
            ),
            (403, &[("retry-after", "3")][..], Some(Some(3))),
            (429, &[(LIMIT_LEFT, "0")][..], Some(None)),
        ] {
            let found = match answer(code, headers) {
                Err(why @ HttpError::Status { .. }) => {
                    assert!(why.is_transient() && !why.to_string().contains("secret"));
                    Some(why.retry_after())
                }
                Ok(response) => {
                    assert_eq!(response.status().as_u16(), code);
                    None
                }
                Err(other) => panic!("{other}"),
            };
            let expected = expected.map(|wait: Option<u64>| wait.map(Duration::from_secs));
            assert_eq!(found, expected, "{code} {headers:?}");
        }
    }

    #[test]
    fn an_answer_that_points_elsewhere_is_followed_by_nobody() {
        let moved = answer(301, &[("location", "https://elsewhere.example/")]).unwrap_err();
        assert!(matches!(moved, HttpError::Redirected { .. }), "{moved}");
    }
}
