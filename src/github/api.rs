// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! GitHub's API, asked through octocrab by the one HTTP client.
//!
//! Decides which address the token is sent to, and what a failed answer means:
//! refused, or to be tried again. Decides nothing about what is read.

use std::error::Error;

use octocrab::Octocrab;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use url::Url;

use crate::endpoints::GITHUB_API;
use crate::http::{
    self, Client, HttpError, adopt, display_url, error_for_status_without, is_loopback,
    read_limited, sanitise,
};
use crate::plan::GithubToken;

/// No answer that is asked for here is longer, in bytes.
const ANSWER_LIMIT: u64 = 2 * 1024 * 1024;
/// How many pages of a list are read at most.
const MOST_PAGES: usize = 20;
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/vnd.github+json");
const RAW: HeaderValue = HeaderValue::from_static("application/vnd.github.raw+json");

/// GitHub's API as one token sees it.
pub struct Api {
    octocrab: Octocrab,
    base: Url,
    token: GithubToken,
}

/// Why the API gave no answer. No error holds the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// There is no token to ask with.
    #[error("no `github-token` was given")]
    NoToken,
    /// The address is not one that the token may be sent to.
    #[error("GITHUB_API_URL is {problem}")]
    Address {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The API refused; asking again changes nothing.
    #[error("{0}")]
    Refused(HttpError),
    /// There was no answer after several tries.
    #[error("{0}")]
    Unreachable(HttpError),
    /// The answer is not what GitHub documents.
    #[error("{url} gave no usable answer: {why}")]
    Unreadable {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The answer is of something else than was asked for.
    #[error("an answer on {found}, and the job's identity token says {said}")]
    Other {
        /// What the identity token says.
        said: String,
        /// What was answered.
        found: String,
    },
}

impl ApiError {
    pub(super) fn of(error: HttpError) -> Self {
        if error.is_transient() {
            Self::Unreachable(error)
        } else {
            Self::Refused(error)
        }
    }
}

impl Api {
    /// Takes the value of `GITHUB_API_URL`, or GitHub's own address where
    /// there is none. The trusted publishers of an index are workflows of
    /// github.com, so that another server's answer would prove nothing.
    ///
    /// # Errors
    /// The address is neither GitHub's own nor on this machine.
    pub fn new(
        client: &Client,
        address: Option<&str>,
        token: Option<&GithubToken>,
    ) -> Result<Self, ApiError> {
        let base = self::address(address)?;
        let token = token.ok_or(ApiError::NoToken)?.clone();
        let unusable = |why: octocrab::Error| ApiError::Unreadable {
            url: display_url(&base),
            why: sanitise(&why.to_string(), 256),
        };
        // octocrab sends its token to both of its addresses.
        let octocrab = Octocrab::builder()
            .base_uri(base.as_str())
            .and_then(|builder| builder.upload_uri(base.as_str()))
            .map_err(unusable)?
            .personal_token(token.expose().to_owned())
            .build_with_reqwest(client.lend(&base))
            .map_err(unusable)?;
        Ok(Self {
            octocrab,
            base,
            token,
        })
    }

    /// The JSON at a path, given as its segments.
    ///
    /// # Errors
    /// As [`ApiError`] says.
    pub async fn read<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ApiError> {
        let url = self.url(path, &[])?;
        let (body, _) = self.get(&url, JSON).await?;
        parse(&body, &url)
    }

    /// All elements of the list at a path, page after page.
    ///
    /// # Errors
    /// As [`ApiError`] says, and where there are more pages than anybody has.
    pub async fn read_all<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Vec<T>, ApiError> {
        let mut url = self.url(path, &[("per_page", "100")])?;
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let (body, next) = self.get(&url, JSON).await?;
            all.extend(parse::<Vec<T>>(&body, &url)?);
            match next {
                None => return Ok(all),
                Some(next) if next.origin() == self.base.origin() => url = next,
                Some(next) => {
                    return Err(ApiError::Unreadable {
                        url: display_url(&url),
                        why: format!("its next page is {}", display_url(&next)),
                    });
                }
            }
        }
        Err(ApiError::Unreadable {
            url: display_url(&url),
            why: format!("more than {MOST_PAGES} pages"),
        })
    }

    /// The text of a file in a repository at a commit.
    ///
    /// # Errors
    /// As [`ApiError`] says; no UTF-8 is unreadable.
    pub async fn read_file(
        &self,
        repository: (&str, &str),
        path: &str,
        commit: &str,
    ) -> Result<String, ApiError> {
        let (owner, name) = repository;
        let mut segments = vec!["repos", owner, name, "contents"];
        segments.extend(path.split('/'));
        let url = self.url(&segments, &[("ref", commit)])?;
        let (body, _) = self.get(&url, RAW).await?;
        String::from_utf8(body).map_err(|_| ApiError::Unreadable {
            url: display_url(&url),
            why: "no text in UTF-8".to_owned(),
        })
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, ApiError> {
        let mut url = self.base.clone();
        // Names come from outside: none may lead to another place.
        let leads_astray = |segment: &&str| matches!(*segment, "" | "." | "..");
        if path.iter().any(leads_astray) {
            return Err(ApiError::Unreadable {
                url: display_url(&url),
                why: "a name that can be part of no address".to_owned(),
            });
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// The body at an address, and the next page where the answer names one.
    async fn get(
        &self,
        url: &Url,
        accept: HeaderValue,
    ) -> Result<(Vec<u8>, Option<Url>), ApiError> {
        let secrets = [self.token.expose()];
        let ask = || async {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.clone())]);
            let asked = self
                .octocrab
                ._get_with_headers(url.as_str(), Some(headers))
                .await;
            let answer = asked.map_err(|why| cause(&why, url))?;
            let response = adopt(answer.map(reqwest::Body::wrap), url)?;
            let response = error_for_status_without(response, &secrets).await?;
            let next = next_page(response.headers());
            let body = read_limited(response, ANSWER_LIMIT).await?;
            Ok((body.to_vec(), next))
        };
        http::retry("GitHub's API", ask)
            .await
            .map_err(|why| ApiError::of(why.without(&secrets)))
    }
}

/// The address of the API that may be asked: GitHub's own, or one on this
/// machine.
pub(super) fn address(address: Option<&str>) -> Result<Url, ApiError> {
    let given = address.map(str::trim).filter(|text| !text.is_empty());
    let no_url = |_| ApiError::Address { problem: "no URL" };
    let own = Url::parse(GITHUB_API).map_err(no_url)?;
    let Some(given) = given else { return Ok(own) };
    let url = Url::parse(given).map_err(no_url)?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    if !(is_bare && nobody) {
        return Err(ApiError::Address {
            problem: "more than the address of a server",
        });
    }
    if url.origin() == own.origin() || is_loopback(&url) {
        Ok(url)
    } else {
        Err(ApiError::Address {
            problem: "not that of github.com: no other server's workflows are trusted publishers",
        })
    }
}

/// The error behind one of octocrab's.
fn cause(error: &octocrab::Error, url: &Url) -> HttpError {
    let mut inner: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = inner {
        if let Some(error) = error.downcast_ref::<reqwest::Error>() {
            return HttpError::of(error, url);
        }
        inner = error.source();
    }
    HttpError::Unsendable {
        url: display_url(url),
        cause: sanitise(&error.to_string(), 256),
    }
}

/// `<https://…>; rel="next"` of the header `Link`.
fn next_page(headers: &HeaderMap) -> Option<Url> {
    let value = headers.get("link")?.to_str().ok()?;
    value.split(',').find_map(|link| {
        let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"")
            .then(|| Url::parse(address).ok())
            .flatten()
    })
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8], url: &Url) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|why| ApiError::Unreadable {
        url: display_url(url),
        why: sanitise(&why.to_string(), 256),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_github_or_stays_on_this_machine() {
        for (address, legal) in [
            (None, true),
            (Some(""), true),
            (Some("https://api.github.com"), true),
            (Some("https://api.github.com/"), true),
            (Some("http://127.0.0.1:9"), true),
            (Some("http://api.github.com"), false),
            (Some("https://api.github.com:8443"), false),
            (Some("https://api.github.com.evil.example"), false),
            (Some("https://me@api.github.com"), false),
            (Some("https://api.github.com/elsewhere"), false),
            (Some("https://github.example.org/api/v3"), false),
            (Some("https://api.example.ghe.com"), false),
            (Some("http://192.0.2.1"), false),
            (Some("nowhere"), false),
        ] {
            assert_eq!(super::address(address).is_ok(), legal, "{address:?}");
        }
    }

    #[test]
    fn the_next_page_is_the_one_that_the_header_names() {
        let link = "<https://api.github.com/x?page=1>; rel=\"prev\", \
                    <https://api.github.com/x?page=3>; rel=\"next\"";
        let headers = |link: &'static str| {
            HeaderMap::from_iter([(reqwest::header::LINK, HeaderValue::from_static(link))])
        };
        let next = next_page(&headers(link)).unwrap();
        assert_eq!(next.as_str(), "https://api.github.com/x?page=3");
        for last in ["<https://api.github.com/x>; rel=\"last\"", "nonsense", ""] {
            assert_eq!(next_page(&headers(last)), None, "{last}");
        }
    }
}
