// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The Simple API in its JSON form (PEP 691): what an index has of a project.
//!
//! Decides that only a fresh JSON page counts: HTML, a redirect or a page that
//! cannot be read is an error, never an empty project.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr as _;

use reqwest::Method;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};
use url::Url;

use super::{Index, IndexError};
use crate::dist::filename::ProjectName;
use crate::http::{self, HttpError, display_url, error_for_status, read_limited, sanitise};

const MEDIA_TYPE: &str = "application/vnd.pypi.simple.v1+json";
/// The most files, and the most versions, of one project; a row of a hostile
/// page takes many times its bytes in memory.
const MOST: usize = 200_000;
/// The biggest page that is read, in bytes; the biggest of PyPI have a few MiB.
const PAGE_LIMIT: u64 = 64 << 20;

/// A project on the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// `active`, `archived`, `quarantined` or a newer word; `active` when the
    /// index does not say.
    pub status: String,
    /// All files of all versions.
    pub files: Vec<File>,
    /// The versions that have files, as the index writes them; none when it does not say.
    pub versions: Option<Vec<String>>,
    /// Whether PyPI's own software answered: its rules then hold.
    pub is_warehouse: bool,
}

/// A file on the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub filename: String,
    /// Lower-case hexadecimal digits; none when the index shows none that is one.
    pub sha256: Option<String>,
    /// Whether it is withdrawn from resolution.
    pub yanked: bool,
    /// Where it can be had, as the index writes it.
    pub url: String,
    /// When it was uploaded, in Unix seconds, where the index says it.
    pub uploaded: Option<u64>,
}

/// The page as it is on the wire.
#[derive(Deserialize)]
struct Page {
    meta: Meta,
    /// The normalised name, which every page must have (PEP 691).
    name: Option<String>,
    #[serde(default, rename = "project-status")]
    status: Status,
    files: Rows<PageFile>,
    versions: Option<Rows<String>>,
}

/// A list of at most [`MOST`].
struct Rows<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor(PhantomData))
    }
}

struct RowsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
    type Value = Rows<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MOST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rows<T>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = items.next_element()? {
            if rows.len() >= MOST {
                return Err(A::Error::invalid_length(MOST + 1, &self));
            }
            rows.push(row);
        }
        Ok(Rows(rows))
    }
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
    /// The count of changes, which only PyPI's own software shows.
    #[serde(rename = "_last-serial")]
    last_serial: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Status {
    status: Option<String>,
}

#[derive(Deserialize)]
struct PageFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Hashes,
    #[serde(default)]
    yanked: Yanked,
    #[serde(default, rename = "upload-time")]
    upload_time: Option<String>,
}

/// PEP 691: false, true, or the reason for true, of which nothing is kept.
#[derive(Default)]
struct Yanked(bool);

impl<'de> Deserialize<'de> for Yanked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YankedVisitor)
    }
}

struct YankedVisitor;

impl Visitor<'_> for YankedVisitor {
    type Value = Yanked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("false, true or a reason")
    }

    fn visit_unit<E>(self) -> Result<Yanked, E> {
        Ok(Yanked(false))
    }

    fn visit_bool<E>(self, yanked: bool) -> Result<Yanked, E> {
        Ok(Yanked(yanked))
    }

    fn visit_str<E>(self, _: &str) -> Result<Yanked, E> {
        Ok(Yanked(true))
    }
}

#[derive(Default, Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

impl Index {
    /// What the index has of the project of this normalised name; none when it
    /// has no such project. Caches on the way are asked to look again.
    ///
    /// # Errors
    /// When the index cannot be reached, refuses, redirects, or answers with
    /// anything but a JSON page of version 1.
    pub async fn project(&self, name: &str) -> Result<Option<Project>, IndexError> {
        let url = self.project_url(name)?;
        let page = http::retry("the index", || self.fetch_page(&url)).await;
        match page.map_err(IndexError::of_look_up)? {
            None => Ok(None),
            Some((media_type, body)) => parse(&url, Some(name), &media_type, &body).map(Some),
        }
    }

    pub(super) fn project_url(&self, name: &str) -> Result<Url, IndexError> {
        let url = self.endpoints.simple.join(&format!("{name}/"));
        // A name that is no normalised one could leave the folder.
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match url {
            Ok(url) if !name.is_empty() && name.bytes().all(legal) => Ok(url),
            _ => Err(IndexError::Unreadable {
                url: display_url(&self.endpoints.simple),
                expected: "page of a project",
                found: format!("the name {:?}", sanitise(name, 128)),
            }),
        }
    }

    /// The media type and the body; none for a 404.
    async fn fetch_page(&self, url: &Url) -> Result<Option<(String, bytes::Bytes)>, HttpError> {
        let request = self
            .client
            .request(Method::GET, url.clone())
            .header(ACCEPT, MEDIA_TYPE)
            .header(CACHE_CONTROL, "no-cache, max-age=0");
        let response = self.client.send(request).await?;
        if response.status().as_u16() == 404 {
            return Ok(None);
        }
        let response = error_for_status(response).await?;
        let media_type = response.headers().get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default().to_owned();
        let body = read_limited(response, PAGE_LIMIT).await?;
        Ok(Some((media_type, body)))
    }
}

/// What a page of this body says, as the tests reach it that feed it noise.
///
/// # Errors
/// What is wrong with it, in words.
#[doc(hidden)]
pub fn read_page(body: &[u8]) -> Result<Project, String> {
    let url =
        Url::parse("https://index.example.org/simple/example/").map_err(|it| it.to_string())?;
    parse(&url, None, MEDIA_TYPE, body).map_err(|error| error.to_string())
}

/// Reads a page of the API's version 1; fields that are not known are passed
/// over. A page that says to be of another project than `wanted` is none: what
/// mixes pages up on the way must not make a file look new.
fn parse(
    url: &Url,
    wanted: Option<&str>,
    media_type: &str,
    body: &[u8],
) -> Result<Project, IndexError> {
    let unreadable = |found: String| IndexError::Unreadable {
        url: display_url(url),
        expected: "Simple page in JSON",
        found: sanitise(&found, 256),
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(MEDIA_TYPE) {
        return Err(unreadable(format!("its type is {essence:?}")));
    }
    let page: Page = serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    if page.meta.api_version.split('.').next() != Some("1") {
        return Err(unreadable(format!(
            "its version is {:?}",
            page.meta.api_version
        )));
    }
    if let (Some(wanted), Some(name)) = (wanted, &page.name)
        && ProjectName::from_str(name).is_ok_and(|name| name.as_str() != wanted)
    {
        return Err(unreadable(format!("it is the page of {name:?}")));
    }
    let files = page.files.0.into_iter().map(|file| File {
        filename: file.filename,
        sha256: file.hashes.sha256.and_then(|sha256| as_sha256(&sha256)),
        yanked: file.yanked.0,
        url: file.url,
        uploaded: file.upload_time.and_then(|time| as_seconds(&time)),
    });
    Ok(Project {
        status: page.status.status.unwrap_or_else(|| "active".to_owned()),
        files: files.collect(),
        versions: page.versions.map(|rows| rows.0),
        is_warehouse: page.meta.last_serial.is_some(),
    })
}

fn as_seconds(time: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(time).ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

fn as_sha256(text: &str) -> Option<String> {
    let legal = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    legal.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(media_type: &str, body: &str) -> Result<Project, IndexError> {
        let url = Url::parse("https://index.example.org/simple/example/").unwrap();
        parse(&url, Some("example"), media_type, body.as_bytes())
    }

    #[test]
    fn a_page_is_read_with_and_without_what_later_versions_brought() {
        let hash = "AB".repeat(32);
        let body = format!(
            r#"{{"meta":{{"api-version":"1.4","_last-serial":7}},"name":"example",
            "project-status":{{"status":"archived"}},"versions":["1.0"],"alien":[1],
            "files":[
              {{"filename":"a.whl","url":"u","hashes":{{"sha256":"{hash}","md5":"x"}},"yanked":"bad"}},
              {{"filename":"b.whl","url":"u","hashes":{{"sha256":"zz"}},"yanked":false}},
              {{"filename":"c.whl","url":"u","hashes":{{}}}}]}}"#
        );
        let found = read("application/vnd.pypi.simple.v1+json; charset=UTF-8", &body).unwrap();
        assert_eq!(found.status, "archived");
        assert_eq!(found.versions, Some(vec!["1.0".to_owned()]));
        let files = found.files.iter();
        let files: Vec<_> = files
            .map(|file| (file.filename.as_str(), file.sha256.clone(), file.yanked))
            .collect();
        let lower = Some("ab".repeat(32));
        assert_eq!(
            files,
            [
                ("a.whl", lower, true),
                ("b.whl", None, false),
                ("c.whl", None, false)
            ]
        );
        let old = read(
            MEDIA_TYPE,
            r#"{"meta":{"api-version":"1.0"},"name":"Example","files":[]}"#,
        );
        let old = old.unwrap();
        assert_eq!((old.status.as_str(), old.versions), ("active", None));
    }

    #[test]
    fn a_page_of_very_many_rows_is_refused() {
        let page = |count: usize| {
            let versions = vec!["\"1\""; count].join(",");
            let body =
                format!(r#"{{"meta":{{"api-version":"1.1"}},"files":[],"versions":[{versions}]}}"#);
            read(MEDIA_TYPE, &body).map(|project| project.versions.map(|all| all.len()))
        };
        assert_eq!(page(MOST).unwrap(), Some(MOST));
        let error = page(MOST + 1).unwrap_err().to_string();
        assert!(error.contains("a list of at most 200000"), "{error}");
    }

    #[test]
    fn whatever_is_no_page_is_an_error_and_never_an_empty_project() {
        let empty = r#"{"meta":{"api-version":"1.4"},"name":"example","files":[]}"#;
        for (media_type, body) in [
            ("text/html", empty),
            ("application/json", empty),
            ("", empty),
            (MEDIA_TYPE, ""),
            (MEDIA_TYPE, "{}"),
            (MEDIA_TYPE, "<html></html>"),
            // Of a cache that mixes pages up.
            (
                MEDIA_TYPE,
                r#"{"meta":{"api-version":"1.4"},"name":"example-more","files":[]}"#,
            ),
            (MEDIA_TYPE, r#"{"meta":{"api-version":"2.0"},"files":[]}"#),
            (MEDIA_TYPE, r#"{"meta":{"api-version":"1.4"}}"#),
        ] {
            let found = read(media_type, body);
            assert!(
                matches!(found, Err(IndexError::Unreadable { .. })),
                "{media_type} {body}: {found:?}"
            );
        }
    }
}
