// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Downloads what was published, as any user would, and compares the bytes: a
//! Simple page only says what its index believes to serve.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use reqwest::header::CACHE_CONTROL;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::ledger::Wanted;
use super::simple::Project;
use super::{Index, IndexError};
use crate::http::{self, HttpError, PacedBody, display_url, error_for_status, is_loopback};
use crate::rules::{Finding, Rule};

/// A file to compare, and how many bytes it has.
#[derive(Clone, Copy, Debug)]
pub struct Original<'a> {
    /// Its name and its digest.
    pub wanted: Wanted<'a>,
    /// In bytes.
    pub size: u64,
}

/// What came under a file's address.
enum Came {
    Same,
    /// Other bytes, in words.
    Other(String),
    /// Nothing yet.
    Missing(String),
}

/// Downloads these files and gives a verdict on each that is not the very
/// bytes. Nothing is kept, and nothing beyond a file's own size is read.
///
/// # Errors
/// When a project's page cannot be had, or a download is refused for good.
pub async fn compare_downloads(
    index: &Index,
    files: &[Original<'_>],
    concurrency: usize,
) -> Result<Vec<Finding>, IndexError> {
    let mut findings = Vec::new();
    let names: BTreeSet<&str> = files.iter().map(|file| file.wanted.project).collect();
    for name in names {
        let page = index.project_url(name)?;
        let project = index.project(name).await?;
        let of_project = files.iter().filter(|file| file.wanted.project == name);
        let (page, project) = (&page, project.as_ref());
        let mut came = stream::iter(of_project)
            .map(|file| async move { (file, compare(index, page, project, file).await) })
            .buffer_unordered(concurrency.max(1));
        while let Some((file, came)) = came.next().await {
            findings.extend(verdict(file, came?));
        }
    }
    Ok(findings)
}

fn verdict(file: &Original<'_>, came: Came) -> Option<Finding> {
    let (rule, found) = match came {
        Came::Same => return None,
        Came::Other(found) => (Rule::ReadBackDiffers, found),
        Came::Missing(found) => (Rule::ReadBackLate, found),
    };
    let expected = "a download of the very bytes that were verified";
    Some(Finding::new(
        rule,
        Some(file.wanted.file),
        expected,
        format!("the download gives {found}"),
    ))
}

async fn compare(
    index: &Index,
    page: &Url,
    project: Option<&Project>,
    file: &Original<'_>,
) -> Result<Came, IndexError> {
    let mut shown = project.iter().flat_map(|project| &project.files);
    let Some(shown) = shown.find(|shown| shown.filename == file.wanted.file) else {
        return Ok(Came::Missing("no address yet".to_owned()));
    };
    let url = address(index, page, &shown.url)?;
    let came = http::retry(file.wanted.file, || fetch(index, &url, file)).await;
    match came {
        Ok(came) => Ok(came),
        Err(error) if error.is_transient() || error.status() == Some(404) => {
            Ok(Came::Missing(error.to_string()))
        }
        Err(error) => Err(IndexError::of_look_up(error)),
    }
}

/// The address of a file. An index elsewhere may not point at this machine.
fn address(index: &Index, page: &Url, shown: &str) -> Result<Url, IndexError> {
    match page.join(shown) {
        Ok(url) if !is_loopback(&url) || index.endpoints.on_loopback() => Ok(url),
        _ => Err(IndexError::Unreadable {
            url: display_url(page),
            expected: "page with the addresses of its files",
            found: "an address that no user could follow".to_owned(),
        }),
    }
}

async fn fetch(index: &Index, url: &Url, file: &Original<'_>) -> Result<Came, HttpError> {
    let request = index
        .client
        .request(Method::GET, url.clone())
        .header(CACHE_CONTROL, "no-cache, max-age=0");
    let response = error_for_status(index.client.send(request).await?).await?;
    let mut body = PacedBody::new(response);
    let (mut hasher, mut length) = (Sha256::new(), 0);
    while let Some(chunk) = body.chunk().await? {
        hasher.update(&chunk);
        length += chunk.len() as u64;
        if length > file.size {
            return Ok(Came::Other(format!("more than {} bytes", file.size)));
        }
    }
    let found = <[u8; 32]>::from(hasher.finalize());
    if found == *file.wanted.sha256 {
        Ok(Came::Same)
    } else {
        let found = hex::encode(found);
        Ok(Came::Other(format!(
            "{length} bytes of the SHA-256 {found}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::{Client, ClientOptions};
    use crate::index::Endpoints;

    #[test]
    fn an_index_elsewhere_may_not_point_at_this_machine() {
        let client = Client::new(&ClientOptions {
            user_agent: "test".to_owned(),
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
        })
        .unwrap();
        let at = |base: &str| {
            let base = Url::parse(base).unwrap();
            let index = Index::new(client.clone(), Endpoints::own(&base, None).unwrap());
            let page = index.project_url("example").unwrap();
            (index, page)
        };
        let (abroad, page) = at("https://index.example.org/");
        for (shown, expected) in [
            (
                "https://files.example.org/a.whl",
                Some("https://files.example.org/a.whl"),
            ),
            (
                "../../files/a.whl",
                Some("https://index.example.org/files/a.whl"),
            ),
            ("http://127.0.0.1/a.whl", None),
            ("https://localhost:8000/a.whl", None),
            ("http://[::1]/a.whl", None),
            ("https://", None),
        ] {
            let found = address(&abroad, &page, shown).ok();
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{shown}");
        }
        let (here, page) = at("http://127.0.0.1:8080/");
        assert!(address(&here, &page, "http://127.0.0.1:9090/a.whl").is_ok());
    }
}
