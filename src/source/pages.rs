// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A folder on a web server that lists it by index pages, as
//! downloads.apache.org and archive.apache.org do.
//!
//! There are no revisions here. A page rounds sizes and times, so that each
//! file is asked about once (HEAD): its size, its ETag and its time are the
//! listing, and bytes that come with others were changed since. What a server
//! keeps off its pages is not seen.

use std::path::Path;

use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::{ACCEPT_ENCODING, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use reqwest::{Method, Response};
use url::Url;

use super::error::SourceError;
use super::fetched::Fetched;
use super::index_page::{self, Names};
use super::lanes::{Lanes, STREAMS};
use super::one_file::{OneFile, Refuse, encoding, get};
use super::{Entry, Limits, path};
use crate::http::{
    Client, HttpError, content_length, display_url, error_for_status, read_limited, retry, sanitise,
};

/// The longest page of one folder, in bytes: about 20,000 files.
const PAGE_LIMIT: u64 = 8 << 20;
/// How deep folders may lie in each other: a link that leads back to where it
/// lies would lead on for ever.
const DEPTH_LIMIT: usize = 16;

/// A folder that a web server lists.
#[derive(Debug)]
pub(super) struct Pages {
    client: Client,
    /// Ends in a slash.
    address: Url,
    /// The page that was read when it was opened.
    top: Names,
    lanes: Lanes,
}

impl Pages {
    /// Reads the folder's own page; its URL ends in a slash. `otherwise` says what the server is not.
    pub(super) async fn open(
        url: &Url,
        client: &Client,
        otherwise: Option<&str>,
    ) -> Result<Self, SourceError> {
        let mut pages = Self {
            client: client.clone(),
            address: url.clone(),
            top: Names::new(),
            lanes: Lanes::new(client),
        };
        match pages.read_page("").await {
            Ok(Ok(names)) => {
                pages.top = names;
                Ok(pages)
            }
            Ok(Err(mut found)) => {
                if let Some(otherwise) = otherwise {
                    found = format!("{found}; {otherwise}");
                }
                Err(SourceError::Refused {
                    expected: format!("an index page at {}", display_url(&pages.address)),
                    found,
                    advice: Some(
                        "Name a directory of the project's distribution area by its plain address, or a local directory.",
                    ),
                })
            }
            Err(error) => Err(SourceError::of_http(
                &error,
                format!("an index page at {}", display_url(&pages.address)),
            )),
        }
    }

    /// Lists all files below the folder. The page that was read at first
    /// counts; a path that a page names must be there.
    pub(super) async fn list(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        self.list_from(self.top.clone(), limits, false).await
    }

    /// Lists all files that are there now.
    pub(super) async fn list_head(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        let now = Self::open(&self.address, &self.client, None).await?;
        now.list_from(now.top.clone(), limits, true).await
    }

    /// With `may_be_gone`, what a page names and the server no longer has is
    /// left out: whoever compares finds that it is gone.
    async fn list_from(
        &self,
        top: Names,
        limits: &Limits,
        may_be_gone: bool,
    ) -> Result<Vec<Entry>, SourceError> {
        let gone = |path: &str| {
            if may_be_gone {
                return Ok(());
            }
            Err(SourceError::NotFound {
                expected: format!("{path}, which an index page names"),
                found: "404 Not Found".to_owned(),
            })
        };
        let mut files = Vec::new();
        let mut folders = 1;
        let mut pending = FuturesUnordered::new();
        let mut read = vec![(String::new(), top)];
        loop {
            for (folder, names) in read.drain(..) {
                for (name, is_folder) in names {
                    let path = format!("{folder}{name}");
                    if !is_folder {
                        files.push(path);
                        continue;
                    }
                    folders += 1;
                    let depth = path.split('/').count();
                    if depth > DEPTH_LIMIT {
                        return Err(too_deep(&path));
                    }
                    pending.push(self.list_folder(format!("{path}/")));
                }
            }
            limits.check_count(files.len().max(folders))?;
            let Some((folder, names)) = pending.next().await.transpose()? else {
                break;
            };
            match names {
                Some(names) => read.push((folder, names)),
                None => gone(&folder)?,
            }
        }
        let asked = stream::iter(files)
            .map(|path| async move {
                let entry = self.ask(&path).await?;
                Ok((path, entry))
            })
            .buffer_unordered(STREAMS);
        let asked: Vec<(String, Option<Entry>)> = asked.try_collect().await?;
        let mut entries = Vec::with_capacity(asked.len());
        for (path, entry) in asked {
            match entry {
                Some(entry) => entries.push(entry),
                None => gone(&path)?,
            }
        }
        super::sort(entries)
    }

    /// The names in a folder below this one, which ends in a slash; none when
    /// it is not there.
    async fn list_folder(&self, folder: String) -> Result<(String, Option<Names>), SourceError> {
        let expected = || format!("an index page of {}", display_url(&self.url_of(&folder)));
        match self.read_page(&folder).await {
            Ok(Ok(names)) => Ok((folder, Some(names))),
            Ok(Err(found)) => Err(SourceError::Refused {
                expected: expected(),
                found,
                advice: None,
            }),
            Err(error) if is_gone(&error) => Ok((folder, None)),
            Err(error) => Err(SourceError::of_http(&error, expected())),
        }
    }

    /// The page of a folder, whose path is relative and ends in a slash; the
    /// inner error says what came instead of a page.
    async fn read_page(&self, folder: &str) -> Result<Result<Names, String>, HttpError> {
        let url = self.url_of(folder);
        let _connection = self.lanes.connection().await;
        let answer = retry(&format!("list {}", display_url(&url)), || async {
            let request = get(&self.client, url.clone());
            let response = error_for_status(self.client.send(request).await?).await?;
            self.lanes.heard(response.version());
            let status = response.status().as_u16();
            match encoding(&response) {
                Some(encoding) => Ok(Err(format!("a page encoded as {encoding}"))),
                None if status != 200 => Ok(Err(format!("the status {status}"))),
                None => Ok(Ok(read_limited(response, PAGE_LIMIT).await?)),
            }
        })
        .await?;
        Ok(answer.and_then(|page| {
            index_page::read(&page, url.path()).map_err(|error| sanitise(&error.to_string(), 512))
        }))
    }

    /// Asks what a file is, without its bytes; none when it is not there.
    async fn ask(&self, path: &str) -> Result<Option<Entry>, SourceError> {
        let url = self.url_of(path);
        let _turn = self.lanes.turn().await;
        let mut answer = self.ask_by(Method::HEAD, &url).await?;
        let has_length = |response: &Response| content_length(response).is_some();
        let is_empty = answer.as_ref().is_some_and(|head| !has_length(head));
        if is_empty {
            // httpd leaves the length of an empty file out of this answer alone.
            answer = self.ask_by(Method::GET, &url).await?;
        }
        let Some(response) = answer else {
            return Ok(None);
        };
        let refused = |found: &str| SourceError::Refused {
            expected: format!(
                "the length, and an ETag or a time, of {}",
                display_url(&url)
            ),
            found: found.to_owned(),
            advice: None,
        };
        if response.status().as_u16() != 200 || encoding(&response).is_some() {
            return Err(refused("an answer that is not the file's own"));
        }
        let size = content_length(&response)
            .filter(|size| !is_empty || *size == 0)
            .ok_or_else(|| refused("no length"))?;
        let validator = validator(response.headers());
        Ok(Some(Entry {
            path: path.to_owned(),
            size,
            validator: Some(validator.ok_or_else(|| refused("neither an ETag nor a time"))?),
            ..Entry::default()
        }))
    }

    /// The head of an answer; none when there is no such file.
    async fn ask_by(&self, method: Method, url: &Url) -> Result<Option<Response>, SourceError> {
        let method = &method;
        let ask = |client: Client| async move {
            let request = client
                .request(method.clone(), url.clone())
                .header(ACCEPT_ENCODING, "identity");
            error_for_status(client.send(request).await?).await
        };
        let what = format!("ask about {}", display_url(url));
        let outcome = retry(&what, || self.lanes.attempt(ask)).await;
        match outcome {
            Ok(response) => Ok(Some(response)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(SourceError::of_http(&error, display_url(url))),
        }
    }

    /// Fetches one file of the listing to private disk.
    pub(super) async fn fetch(&self, entry: &Entry, temp: &Path) -> Result<Fetched, SourceError> {
        let url = self.url_of(&entry.path);
        let refuse = |response: &Response| changed(response, entry);
        let (fetched, _) = self.one(entry, &url, &refuse).fetch(temp).await?;
        Ok(fetched)
    }

    /// Reads one small file of the listing, whose size was checked already.
    pub(super) async fn read_small(&self, entry: &Entry) -> Result<Vec<u8>, SourceError> {
        let url = self.url_of(&entry.path);
        let refuse = |response: &Response| changed(response, entry);
        self.one(entry, &url, &refuse).read().await
    }

    fn one<'a>(&'a self, entry: &'a Entry, url: &'a Url, refuse: &'a Refuse<'a>) -> OneFile<'a> {
        OneFile {
            lanes: &self.lanes,
            entry,
            url,
            refuse,
        }
    }

    /// The URL of a relative path; a folder's ends in a slash.
    fn url_of(&self, relative: &str) -> Url {
        let mut url = self.address.clone();
        let names = relative.split('/').filter(|name| !name.is_empty());
        let path = path::encode(names);
        let slash = if relative.ends_with('/') { "/" } else { "" };
        let below = path.strip_prefix('/').unwrap_or_default();
        url.set_path(&format!("{}{below}{slash}", self.address.path()));
        url
    }
}

/// Why the answer is not the file of the listing any more.
fn changed(response: &Response, entry: &Entry) -> Option<SourceError> {
    let validator = validator(response.headers());
    (validator != entry.validator).then(|| SourceError::Changed {
        expected: format!(
            "{} as it was listed: {}",
            entry.path,
            shown(entry.validator.as_deref())
        ),
        found: shown(validator.as_deref()),
    })
}

/// What a server says of a file's version: its ETag and its time, to be
/// compared and no more; none where it says neither. A weak ETag is taken as
/// a strong one: httpd gives a file that is a second old the former, and the
/// same file the latter from then on.
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name: HeaderName| {
        let value = headers.get(name)?;
        Some(sanitise(&String::from_utf8_lossy(value.as_bytes()), 256))
    };
    let etag = text(ETAG).map(|etag| etag.strip_prefix("W/").unwrap_or(&etag).to_owned());
    match (etag, text(LAST_MODIFIED)) {
        (None, None) => None,
        (etag, time) => Some(
            [etag, time]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" of "),
        ),
    }
}

fn shown(validator: Option<&str>) -> String {
    validator.unwrap_or("neither an ETag nor a time").to_owned()
}

fn is_gone(error: &HttpError) -> bool {
    matches!(error.status(), Some(404 | 410))
}

fn too_deep(path: &str) -> SourceError {
    SourceError::Limit {
        expected: format!("folders at most {DEPTH_LIMIT} deep"),
        found: sanitise(path, 512),
    }
}
