// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Places: which URLs are legal, which hosts are the ASF's, what an area is,
//! and where a project's KEYS lies.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Reader, shown_url};
use crate::endpoints::{
    ASF_ARCHIVE_HOST, ASF_ARCHIVE_ROOT, ASF_DIST_HOST, ASF_DIST_ROOT, ASF_DOWNLOADS_HOST,
    PYPI_HOSTS,
};
use crate::http::is_loopback;
use crate::rules::{Finding, Rule};

pub(super) const URL_LEGAL: &str = "an https URL (http only on loopback) without user, query, \
                                    fragment, dot segments or encoded separators";
pub(super) const LOCATION_LEGAL: &str = "an https URL (http only on loopback) without user, \
                                         query, fragment, dot segments or encoded separators, or a local path";
pub(super) const INDEX_LEGAL: &str =
    "`pypi`, `testpypi`, or the https base URL of an index of your own";

/// An area of the ASF's distribution repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// What the project released.
    Release,
    /// What the project is voting on.
    Dev,
}

impl Area {
    /// The area of this name.
    pub fn from_segment(segment: &str) -> Option<Self> {
        match segment {
            "release" => Some(Self::Release),
            "dev" => Some(Self::Dev),
            _ => None,
        }
    }

    pub(super) fn read(raw: &str) -> Result<Self, String> {
        Self::from_segment(raw).ok_or_else(|| format!("`{raw}`"))
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release => "release",
            Self::Dev => "dev",
        })
    }
}

/// Where something lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// On a server; https, or http on loopback; no user, no query.
    Url(Url),
    /// On this machine.
    Path(PathBuf),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(&shown_url(url)),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Location {
    /// For people: no user, no query.
    pub fn shown(&self) -> String {
        self.to_string()
    }

    pub(super) fn url(&self) -> Option<&Url> {
        match self {
            Self::Url(url) => Some(url),
            Self::Path(_) => None,
        }
    }
}

/// Which index to publish on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexChoice {
    /// PyPI.
    Pypi,
    /// `TestPyPI`.
    TestPypi,
    /// An index of one's own.
    Own {
        /// The URL that `simple/`, `_/oidc/…` and `integrity/` lie below; ends in `/`.
        base: Url,
        /// Where it takes uploads, if not at `legacy/` below the base.
        upload: Option<Url>,
    },
}

/// A URL that a caller may give. The text is judged before it is parsed,
/// since a parser folds `..` and drops blanks without a word.
pub(super) fn url(raw: &str) -> Result<Url, String> {
    let found = |why: &str| Err(format!("`{}`: {why}", without_user(raw)));
    let parsed = match Url::parse(raw) {
        Ok(parsed) => parsed,
        Err(why) => return found(&why.to_string()),
    };
    let Some((_, rest)) = raw.split_once("://") else {
        return found("not of the form https://host/path");
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return found("a user in the URL");
    }
    if raw
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    {
        return found("blanks, control characters or backslashes");
    }
    if raw.contains(['?', '#']) {
        return found("a query or a fragment; a revision is named by `revision`");
    }
    match parsed.scheme() {
        "https" => {}
        "http" if is_loopback(&parsed) => {}
        "http" => return found("http off loopback"),
        _ => return found("neither https nor http"),
    }
    if authority.is_empty() || parsed.host_str().is_none_or(str::is_empty) {
        return found("no host");
    }
    match check_segments(path) {
        Ok(()) => Ok(parsed),
        Err(why) => found(&why),
    }
}

/// No segment may mean another place than the one that is written.
fn check_segments(path: &str) -> Result<(), String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(());
    }
    for segment in path.split('/') {
        let mut rest = segment.bytes();
        while let Some(byte) = rest.next() {
            let hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
            if byte == b'%' && !(hex(rest.next()) && hex(rest.next())) {
                return Err(format!("`%` without two hex digits in `{segment}`"));
            }
        }
        let Ok(decoded) = percent_decode_str(segment).decode_utf8() else {
            return Err(format!("`{segment}` is no UTF-8"));
        };
        match decoded.as_ref() {
            "" => return Err("an empty path segment".to_owned()),
            "." | ".." => return Err(format!("the dot segment `{segment}`")),
            "!svn" => return Err("the server's own name space `!svn`".to_owned()),
            text if text.contains(['/', '\\']) => {
                return Err(format!("an encoded separator in `{segment}`"));
            }
            text if text.chars().any(char::is_control) => {
                return Err(format!("a control character in `{segment}`"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The raw text without what may be a password, however it was mistyped.
fn without_user(raw: &str) -> String {
    raw.rsplit_once('@')
        .map_or_else(|| raw.to_owned(), |(_, rest)| format!("***@{rest}"))
}

pub(super) fn location(raw: &str) -> Result<Location, String> {
    if raw.contains("://") || raw.starts_with("http:") || raw.starts_with("https:") {
        return url(raw).map(Location::Url);
    }
    if raw.contains('\0') {
        return Err("a path with a NUL".to_owned());
    }
    Ok(Location::Path(PathBuf::from(raw)))
}

pub(super) fn index(raw: &str) -> Result<IndexChoice, String> {
    match raw {
        "pypi" => return Ok(IndexChoice::Pypi),
        "testpypi" => return Ok(IndexChoice::TestPypi),
        _ if !raw.contains("://") => return Err(format!("`{}`", without_user(raw))),
        _ => {}
    }
    let mut base = url(raw)?;
    if is_public_index(&base) {
        return Err(format!("`{raw}`: write `pypi` or `testpypi`"));
    }
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    Ok(IndexChoice::Own { base, upload: None })
}

fn is_public_index(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_end_matches('.');
        PYPI_HOSTS.contains(&host)
    })
}

/// `upload-url` goes only with an index of one's own.
pub(super) fn with_upload(
    index: IndexChoice,
    upload: Option<Url>,
    reader: &mut Reader<'_>,
) -> Option<IndexChoice> {
    let Some(upload) = upload else {
        return Some(index);
    };
    let IndexChoice::Own { base, .. } = index else {
        reader.refuse(
            "upload-url",
            "`derived`: only an index of your own may have one",
            shown_url(&upload),
        );
        return None;
    };
    if is_public_index(&upload) {
        reader.refuse("upload-url", "a URL of the same index", shown_url(&upload));
        return None;
    }
    if upload.scheme() != "https" && upload.origin() != base.origin() {
        reader.refuse(
            "upload-url",
            "the same origin as `index`, or https",
            shown_url(&upload),
        );
        return None;
    }
    Some(IndexChoice::Own {
        base,
        upload: Some(upload),
    })
}

/// What a well-known host's URL says of the area.
pub(super) enum WellKnown {
    Area(Area),
    /// On a well-known host, but in no area of it.
    NoArea,
    /// The server has to be asked, or `area` has to say it.
    Elsewhere,
}

pub(super) fn well_known_area(source: &Location) -> WellKnown {
    let Some(url) = source.url() else {
        return WellKnown::Elsewhere;
    };
    match asf_host(url) {
        None => WellKnown::Elsewhere,
        Some(ASF_DIST_HOST) => below(url, ASF_DIST_ROOT)
            .and_then(|segments| Area::from_segment(segments.first()?))
            .map_or(WellKnown::NoArea, WellKnown::Area),
        // Copies of the release area; their roots hold all projects at once.
        Some(host) => {
            let root = match host {
                ASF_ARCHIVE_HOST => ASF_ARCHIVE_ROOT,
                _ => "",
            };
            match below(url, root) {
                Some(segments) if !segments.is_empty() => WellKnown::Area(Area::Release),
                _ => WellKnown::NoArea,
            }
        }
    }
}

/// The ASF host of a URL: exactly the host, on the scheme's own port.
pub(super) fn asf_host(url: &Url) -> Option<&'static str> {
    if url.scheme() != "https" || url.port().is_some() {
        return None;
    }
    [ASF_DIST_HOST, ASF_DOWNLOADS_HOST, ASF_ARCHIVE_HOST]
        .into_iter()
        .find(|host| url.host_str() == Some(host))
}

/// The decoded segments of a URL's path below `root`, if it lies below it.
pub(super) fn below(url: &Url, root: &str) -> Option<Vec<String>> {
    let decode = |segment: &str| {
        percent_decode_str(segment)
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    };
    let mut segments: Vec<String> = url
        .path()
        .split('/')
        .filter(|s| !s.is_empty())
        .map(decode)
        .collect::<Option<_>>()?;
    let root: Vec<&str> = root.split('/').filter(|s| !s.is_empty()).collect();
    if segments.len() < root.len() || !root.iter().zip(&segments).all(|(a, b)| a == b) {
        return None;
    }
    Some(segments.split_off(root.len()))
}

pub(super) fn is_asf_source(source: &Location) -> bool {
    source.url().is_some_and(|url| asf_host(url).is_some())
}

/// KEYS that may be trusted for the public indexes: the release area at HEAD.
/// The archive's copy is not, since a revocation need not have reached it.
pub(super) fn is_asf_keys(keys: &Location) -> bool {
    keys.url().is_some_and(|url| match asf_host(url) {
        Some(ASF_DIST_HOST) => in_dist_area(url, "release"),
        Some(ASF_DOWNLOADS_HOST) => true,
        _ => false,
    })
}

fn in_dist_area(url: &Url, area: &str) -> bool {
    below(url, ASF_DIST_ROOT).is_some_and(|segments| segments.first().is_some_and(|s| s == area))
}

/// What can be said of a named KEYS without asking its server.
pub(super) fn check_keys(keys: &Location, reader: &mut Reader<'_>) {
    let Some(url) = keys.url() else { return };
    let expected = "KEYS in the release area, at HEAD";
    match asf_host(url) {
        Some(ASF_DIST_HOST) if in_dist_area(url, "dev") => reader.problems.push(Finding::new(
            Rule::KeysFromDev,
            Some("keys"),
            expected,
            shown_url(url),
        )),
        Some(ASF_ARCHIVE_HOST) => reader.refuse("keys", expected, shown_url(url)),
        _ => {}
    }
}

/// The project's KEYS in the release area, by the ASF's layout: below the
/// project's directory, for a podling below `incubator/<podling>`.
pub(super) fn derive_keys(source: &Location) -> Option<Location> {
    let url = source.url()?;
    let host = asf_host(url)?;
    let (keys_host, keys_root, segments) = match host {
        ASF_DIST_HOST => {
            let segments = below(url, ASF_DIST_ROOT)?;
            (
                host,
                format!("{ASF_DIST_ROOT}/release"),
                segments.get(1..)?.to_vec(),
            )
        }
        ASF_ARCHIVE_HOST => (
            ASF_DOWNLOADS_HOST,
            String::new(),
            below(url, ASF_ARCHIVE_ROOT)?,
        ),
        _ => (ASF_DOWNLOADS_HOST, String::new(), below(url, "")?),
    };
    let depth = if segments.first().is_some_and(|first| first == "incubator") {
        2
    } else {
        1
    };
    let project = segments.get(..depth)?;
    let mut keys = Url::parse(&format!("https://{keys_host}{keys_root}/")).ok()?;
    keys.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(project)
        .push("KEYS");
    Some(Location::Url(keys))
}
