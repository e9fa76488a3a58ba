// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The newest release of this action, as GitHub tells it
//! (<https://docs.github.com/en/rest/releases/releases#get-the-latest-release>).

use pep440_rs::Version;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde::Deserialize;

use super::api::{Api, ApiError, JSON, address, parse};
use crate::endpoints::PROJECT_PAGE;
use crate::http::{self, Client, error_for_status, read_limited, sanitise};
use crate::plan::GithubToken;

/// No answer about one release is longer, in bytes.
const ANSWER_LIMIT: u64 = 2 * 1024 * 1024;

#[derive(Deserialize)]
struct Release {
    tag_name: String,
}

/// The version of the newest release. The token, where there is one, only
/// spares the limit that GitHub sets to requests without one.
///
/// # Errors
/// As [`ApiError`] says; a tag that is no version is unreadable.
pub async fn latest(
    client: &Client,
    given: Option<&str>,
    token: Option<&GithubToken>,
) -> Result<Version, ApiError> {
    let project = PROJECT_PAGE.rsplitn(3, '/').collect::<Vec<_>>();
    let [name, owner, ..] = *project.as_slice() else {
        return Err(ApiError::NoToken);
    };
    let path = ["repos", owner, name, "releases", "latest"];
    let release: Release = match token {
        Some(_) => Api::new(client, given, token)?.read(&path).await?,
        None => without_token(client, given, &path).await?,
    };
    let tag = release.tag_name.trim_start_matches('v');
    tag.parse().map_err(|_| ApiError::Unreadable {
        url: path.join("/"),
        why: format!("the tag `{}`", sanitise(&release.tag_name, 64)),
    })
}

async fn without_token(
    client: &Client,
    given: Option<&str>,
    path: &[&str],
) -> Result<Release, ApiError> {
    let mut url = address(given)?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    let ask = || async {
        let request = client
            .request(Method::GET, url.clone())
            .header(ACCEPT, JSON);
        let response = error_for_status(client.send(request).await?).await?;
        read_limited(response, ANSWER_LIMIT).await
    };
    let body = http::retry("GitHub", ask).await.map_err(ApiError::of)?;
    parse(&body, &url)
}
