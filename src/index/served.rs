// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Fetches what the index serves and holds the bytes themselves against those
//! that were verified: the last word on what a user will get.
//!
//! Only the address of a file is taken from the index's page; no credential
//! goes there, and no redirect is followed.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL};
use sha2::{Digest, Sha256};
use url::Url;

use super::ledger::Wanted;
use super::{Index, IndexError};
use crate::http::{self, HttpError, PacedBody, display_url, error_for_status};
use crate::rules::{Finding, Rule};

/// What the index serves in the place of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// The very bytes.
    Same,
    /// No file of the name is on the index's page.
    Missing,
    /// Other bytes.
    Different {
        /// What they are, in words.
        found: String,
    },
}

impl Served {
    /// The verdict on the file of this path; none where it is the same.
    pub fn finding(&self, path: &str) -> Option<Finding> {
        let expected = "the very bytes that were verified, when fetched";
        match self {
            Self::Same => None,
            Self::Missing => Some(Finding::new(
                Rule::ReadBackLate,
                Some(path),
                expected,
                "the index shows no such file",
            )),
            Self::Different { found } => Some(Finding::new(
                Rule::ReadBackDiffers,
                Some(path),
                expected,
                found.clone(),
            )),
        }
    }
}

/// Fetches every file, `concurrency` at a time, and hashes it; each is named
/// with its size in bytes. What is served, by the name of the file.
///
/// # Errors
/// The first page or file that cannot be had.
pub async fn fetch_served(
    index: &Index,
    files: &[(Wanted<'_>, u64)],
    concurrency: usize,
) -> Result<BTreeMap<String, Served>, IndexError> {
    let mut addresses: BTreeMap<&str, BTreeMap<String, Url>> = BTreeMap::new();
    for (wanted, _) in files {
        if !addresses.contains_key(wanted.project) {
            let of_project = index.addresses(wanted.project).await?;
            addresses.insert(wanted.project, of_project);
        }
    }
    let mut served = BTreeMap::new();
    let mut under_way = stream::iter(files)
        .map(|(wanted, size)| {
            let known = addresses.get(wanted.project);
            let url = known.and_then(|known| known.get(wanted.file)).cloned();
            async move {
                let found = match url {
                    None => Served::Missing,
                    Some(url) => index.fetch_and_compare(&url, wanted, *size).await?,
                };
                Ok::<_, IndexError>((wanted.file.to_owned(), found))
            }
        })
        .buffer_unordered(concurrency.max(1));
    while let Some(one) = under_way.next().await {
        let (file, found) = one?;
        served.insert(file, found);
    }
    Ok(served)
}

impl Index {
    /// Where the files of a project can be had, by name.
    async fn addresses(&self, project: &str) -> Result<BTreeMap<String, Url>, IndexError> {
        let page = self.endpoints.simple.join(&format!("{project}/")).ok();
        let files = self.project(project).await?.map(|project| project.files);
        let address = |file: super::File| {
            let url = page.as_ref()?.join(&file.url).ok()?;
            Some((file.filename, url))
        };
        Ok(files.into_iter().flatten().filter_map(address).collect())
    }

    async fn fetch_and_compare(
        &self,
        url: &Url,
        wanted: &Wanted<'_>,
        size: u64,
    ) -> Result<Served, IndexError> {
        let fetched = http::retry(wanted.file, || self.hash(url, size)).await;
        let sha256 = match fetched {
            Ok(sha256) => sha256,
            Err(HttpError::TooLarge { .. }) => {
                let found = format!("more than its {size} bytes");
                return Ok(Served::Different { found });
            }
            Err(error) => return Err(IndexError::of_look_up(error)),
        };
        Ok(if sha256 == *wanted.sha256 {
            Served::Same
        } else {
            Served::Different {
                found: format!("the SHA-256 {}", hex::encode(sha256)),
            }
        })
    }

    async fn hash(&self, url: &Url, size: u64) -> Result<[u8; 32], HttpError> {
        let request = self
            .client
            .request(Method::GET, url.clone())
            .header(ACCEPT_ENCODING, "identity")
            .header(CACHE_CONTROL, "no-cache, max-age=0");
        let response = error_for_status(self.client.send(request).await?).await?;
        let mut hasher = Sha256::new();
        let mut body = PacedBody::new(response);
        let mut left = size;
        while let Some(part) = body.chunk().await? {
            left = left
                .checked_sub(part.len() as u64)
                .ok_or_else(|| HttpError::TooLarge {
                    url: display_url(url),
                    limit: size,
                })?;
            hasher.update(part);
        }
        Ok(hasher.finalize().into())
    }
}
