// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A directory on a Subversion server, read by plain HTTP at one revision.
//!
//! The server is asked once for its youngest revision; everything is listed
//! and fetched below `<stub>/<revision>/`, which never changes, whatever is
//! committed meanwhile. What the server says about itself is its word only: a
//! root or a path that does not belong to the address asked for is refused.

mod listing;
mod together;

use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, Response};
use sha1::{Digest, Sha1};
use url::Url;

use super::error::SourceError;
use super::fetched::Fetched;
use super::lanes::Lanes;
use super::one_file::{OneFile, encoding};
use super::server::{Asked, Served, ask};
use super::webdav::{self, Resource};
use super::{Entry, Limits, path};
use crate::http::{
    Client, HttpError, display_url, error_for_status, read_limited, retry, sanitise,
};

/// The longest listing of one folder, in bytes: about 20,000 files.
const LISTING_LIMIT: u64 = 16 << 20;
/// The property on folders that brings in other places.
const EXTERNAL: &str = "external";

/// Asks the server what it is.
pub(super) async fn introduce(url: &Url, client: &Client) -> Result<Asked, SourceError> {
    let asked = ask(client, url).await;
    asked.map_err(|error| SourceError::of_http(&error, expected(url)))
}

fn expected(url: &Url) -> String {
    format!("a Subversion directory at {}", display_url(url))
}

/// A directory of a Subversion repository at one revision.
#[derive(Debug)]
pub(super) struct Svn {
    client: Client,
    address: Url,
    served: Served,
    pub(super) revision: u64,
    lanes: Lanes,
}

/// One child of a folder.
enum Child {
    Folder(String),
    Listed(Entry),
}

impl Svn {
    /// Settles the revision with what the server said of itself.
    pub(super) fn at(
        url: &Url,
        asked: Asked,
        revision: Option<u64>,
        client: &Client,
    ) -> Result<Self, SourceError> {
        let served = match asked {
            Asked::Svn(served) => served,
            Asked::Plain(found) | Asked::Contradicting(found) => {
                return Err(SourceError::Refused {
                    expected: expected(url),
                    found,
                    advice: Some(
                        "Name a directory of the project's Subversion distribution area by its plain address, or a local directory.",
                    ),
                });
            }
        };
        let youngest = served.youngest;
        let revision = revision.unwrap_or(youngest);
        if revision > youngest {
            return Err(SourceError::Refused {
                expected: format!("a revision up to {youngest}, the youngest"),
                found: format!("revision {revision}"),
                advice: Some("Correct `revision`, or leave it out to take the youngest."),
            });
        }
        let lanes = Lanes::new(client);
        lanes.heard(served.spoken);
        Ok(Self {
            client: client.clone(),
            address: url.clone(),
            served,
            revision,
            lanes,
        })
    }

    pub(super) fn first_segment(&self) -> Option<&str> {
        self.served.first_segment()
    }

    /// Lists all files below the directory at the frozen revision.
    pub(super) async fn list(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        self.list_at(&self.served, self.revision, limits).await
    }

    /// Lists all files at the revision that is the youngest now.
    pub(super) async fn list_head(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        let asked = introduce(&self.address, &self.client).await?;
        let now = Self::at(&self.address, asked, None, &self.client)?;
        self.list_at(&now.served, now.revision, limits).await
    }

    async fn list_at(
        &self,
        served: &Served,
        revision: u64,
        limits: &Limits,
    ) -> Result<Vec<Entry>, SourceError> {
        let entries = match self.list_by_reports(served, revision, limits).await? {
            Some(entries) => entries,
            None => self.walk(served, revision, limits).await?,
        };
        super::sort(entries)
    }

    /// Asks for one of Subversion's own reports. A server that is busy is asked
    /// again; one that gives no report is better asked in another way: the inner
    /// error says why.
    async fn ask_report(
        &self,
        url: &Url,
        question: String,
    ) -> Result<Result<Response, String>, HttpError> {
        let what = format!("ask {} for a report", display_url(url));
        let asked = retry(&what, || async {
            let method = Method::from_bytes(b"REPORT").unwrap_or_default();
            let request = self
                .client
                .request(method, url.clone())
                .header(ACCEPT_ENCODING, "identity")
                .header(CONTENT_TYPE, "text/xml")
                .body(question.clone());
            let answer = match self.client.send(request).await {
                Ok(response) => error_for_status(response).await,
                Err(error) => Err(error),
            };
            match answer {
                Err(error) if is_busy(&error) => Err(error),
                answer => Ok(answer),
            }
        });
        Ok(match asked.await? {
            Ok(response) => match encoding(&response) {
                Some(encoding) => Err(format!("encoded as {encoding} on the way")),
                None => Ok(response),
            },
            Err(error) => Err(error.to_string()),
        })
    }

    /// Lists everything folder by folder, as any WebDAV server can.
    async fn walk(
        &self,
        served: &Served,
        revision: u64,
        limits: &Limits,
    ) -> Result<Vec<Entry>, SourceError> {
        let mut entries = Vec::new();
        let mut folders = 1;
        let mut pending = FuturesUnordered::new();
        pending.push(self.list_folder(served, revision, String::new()));
        while let Some(children) = pending.next().await {
            for child in children? {
                match child {
                    Child::Folder(folder) => {
                        folders += 1;
                        pending.push(self.list_folder(served, revision, folder));
                    }
                    Child::Listed(entry) => entries.push(entry),
                }
            }
            // Folders count on their own, so that a server cannot lead on for ever.
            limits.check_count(entries.len().max(folders))?;
        }
        Ok(entries)
    }

    /// Lists one folder, whose path is relative to the source.
    async fn list_folder(
        &self,
        served: &Served,
        revision: u64,
        folder: String,
    ) -> Result<Vec<Child>, SourceError> {
        let segments = served.segments(revision, &folder);
        let url = served.url(&segments, true);
        let what = format!("list {}", display_url(&url));
        // Held while waiting for another try, too: a busy server gets less, not more.
        let _connection = self.lanes.connection().await;
        let (status, body) = retry(&what, || async {
            let method = Method::from_bytes(b"PROPFIND").unwrap_or_default();
            let request = self
                .client
                .request(method, url.clone())
                .header("Depth", "1")
                .header(CONTENT_TYPE, "text/xml")
                .body(webdav::PROPFIND);
            let response = error_for_status(self.client.send(request).await?).await?;
            let status = response.status().as_u16();
            Ok((status, read_limited(response, LISTING_LIMIT).await?))
        })
        .await
        .map_err(|error| {
            let address = display_url(&self.address);
            SourceError::of_http(&error, format!("{address} at revision {revision}"))
        })?;
        let refused = |found: String| SourceError::Refused {
            expected: format!("a WebDAV listing from {}", display_url(&url)),
            found,
            advice: None,
        };
        if status != 207 {
            return Err(refused(format!("the status {status}")));
        }
        let resources = webdav::parse(&body).map_err(|error| refused(error.to_string()))?;
        read_folder(&url, &segments, &folder, resources)
    }

    /// Fetches one file of the listing to private disk.
    pub(super) async fn fetch(&self, entry: &Entry, temp: &Path) -> Result<Fetched, SourceError> {
        let url = self.url_of(entry);
        let (fetched, sha1) = self.one(entry, &url).fetch(temp).await?;
        super::compare_sha1(entry, &sha1)?;
        Ok(fetched)
    }

    /// Reads one small file of the listing, whose size was checked already.
    pub(super) async fn read_small(&self, entry: &Entry) -> Result<Vec<u8>, SourceError> {
        let url = self.url_of(entry);
        let body = self.one(entry, &url).read().await?;
        super::compare_sha1(entry, &Sha1::digest(&body).into())?;
        Ok(body)
    }

    /// A revision never changes: whatever is there is the file.
    fn one<'a>(&'a self, entry: &'a Entry, url: &'a Url) -> OneFile<'a> {
        OneFile {
            lanes: &self.lanes,
            entry,
            url,
            refuse: &|_| None,
        }
    }

    fn url_of(&self, entry: &Entry) -> Url {
        let segments = self.served.segments(self.revision, &entry.path);
        self.served.url(&segments, false)
    }
}

/// Whether the server may give a report later. A failure of `mod_dav_svn`
/// itself has the status 500.
fn is_busy(error: &HttpError) -> bool {
    error.is_transient() && error.status().is_some_and(|code| code != 500)
}

/// The children that a listing names, each held against the folder that was asked for.
fn read_folder(
    url: &Url,
    asked: &[String],
    folder: &str,
    resources: Vec<Resource>,
) -> Result<Vec<Child>, SourceError> {
    let refused = |found: String| SourceError::Refused {
        expected: format!("paths directly below {}", display_url(url)),
        found: sanitise(&found, 512),
        advice: None,
    };
    let mut children = Vec::new();
    let mut is_folder = false;
    for resource in resources {
        let segments = href_segments(url, &resource.href)
            .ok_or_else(|| refused(format!("the listing names {}", resource.href)))?;
        match segments.strip_prefix(asked) {
            Some([]) => {
                is_folder = resource.is_collection;
                if resource.has_externals {
                    children.push(Child::Listed(external(folder)));
                }
            }
            Some([name]) => {
                let path = match folder {
                    "" => name.clone(),
                    folder => format!("{folder}/{name}"),
                };
                children.push(child(path, &resource).ok_or_else(|| {
                    refused(format!("the listing gives {} no size", resource.href))
                })?);
            }
            _ => return Err(refused(format!("the listing names {}", resource.href))),
        }
    }
    if is_folder {
        Ok(children)
    } else {
        Err(SourceError::Refused {
            expected: "a directory".to_owned(),
            found: format!("{} is a file", display_url(url)),
            advice: Some("Name the directory that holds the release's files."),
        })
    }
}

/// The same, folders and files apart.
pub(super) fn read_children(
    url: &Url,
    asked: &[String],
    folder: &str,
    resources: Vec<Resource>,
) -> Result<(Vec<String>, Vec<Entry>), SourceError> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for child in read_folder(url, asked, folder, resources)? {
        match child {
            Child::Folder(path) => folders.push(path),
            Child::Listed(entry) => files.push(entry),
        }
    }
    Ok((folders, files))
}

/// The decoded segments of an href on the same server.
fn href_segments(url: &Url, href: &str) -> Option<Vec<String>> {
    if href.starts_with('/') && !href.starts_with("//") && !href.contains(['?', '#']) {
        return path::decode(href);
    }
    // The whole URL is allowed too (RFC 4918, 8.3), but parsing it would
    // resolve dots: only its own text counts.
    let rest = href.strip_prefix(url.origin().ascii_serialization().as_str())?;
    let plain = rest.starts_with('/') && !rest.contains(['?', '#']);
    plain.then(|| path::decode(rest)).flatten()
}

fn child(path: String, resource: &Resource) -> Option<Child> {
    if resource.is_collection {
        return Some(Child::Folder(path));
    }
    Some(Child::Listed(Entry {
        path,
        size: resource.length?,
        sha1: resource.sha1,
        created_revision: resource.created_revision,
        committed: resource.committed,
        modified: None,
        validator: None,
        special: resource.is_special.then_some("link"),
    }))
}

fn external(folder: &str) -> Entry {
    Entry {
        path: if folder.is_empty() { "." } else { folder }.to_owned(),
        size: 0,
        sha1: None,
        created_revision: None,
        committed: None,
        modified: None,
        validator: None,
        special: Some(EXTERNAL),
    }
}

#[cfg(test)]
mod tests;
