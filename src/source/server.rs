// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Asks a server whether it is Subversion, and where in its repository an
//! address lies. The answer is the server's word only: what does not fit the
//! address is no answer. Nothing is guessed from a host's name.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Version};
use url::Url;

use super::{path, webdav};
use crate::http::{
    Client, HttpError, display_url, error_for_status, read_limited, retry, sanitise,
};

/// What the OPTIONS answer may hold.
const OPTIONS_LIMIT: u64 = 64 << 10;

/// How a server answered when it was asked what it is.
pub(super) enum Asked {
    /// A Subversion server.
    Svn(Served),
    /// Some other server; what it said is there for a message.
    Plain(String),
    /// A Subversion server that is too old, or whose words do not fit the address.
    Contradicting(String),
}

/// Where an address lies in a Subversion repository.
#[derive(Debug)]
pub(super) struct Served {
    /// The server and nothing else.
    origin: Url,
    /// The segments of `SVN-Rev-Root-Stub`.
    stub: Vec<String>,
    /// The segments below the repository's root.
    below: Vec<String>,
    /// The youngest revision when the server was asked.
    pub(super) youngest: u64,
    /// What it spoke when it was asked.
    pub(super) spoken: Version,
}

/// Asks a server what lies at an address.
pub(super) async fn ask(client: &Client, url: &Url) -> Result<Asked, HttpError> {
    retry("ask the server what it is", || async {
        let request = client
            .request(Method::OPTIONS, url.clone())
            .header(CONTENT_TYPE, "text/xml")
            .body(webdav::OPTIONS);
        let response = match error_for_status(client.send(request).await?).await {
            // 405 and 501: a server that does not know the question.
            Err(error) if matches!(error.status(), Some(405 | 501)) => {
                return Ok(Asked::Plain(error.to_string()));
            }
            other => other?,
        };
        let mut asked = introduce(url, response.headers());
        if let Asked::Svn(served) = &mut asked {
            served.spoken = response.version();
            // Read to its end so that the connection serves again.
            read_limited(response, OPTIONS_LIMIT).await?;
        }
        Ok(asked)
    })
    .await
}

/// What the headers of an OPTIONS answer say.
fn introduce(url: &Url, headers: &HeaderMap) -> Asked {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let said = [
        header("SVN-Repository-Root"),
        header("SVN-Rev-Root-Stub"),
        header("SVN-Youngest-Rev"),
    ];
    if let [Some(root), Some(stub), Some(youngest)] = said {
        return place(url, root, stub, youngest).map_or_else(
            || {
                let words = format!(
                    "the server names the root {root}, the stub {stub} and the revision {youngest}"
                );
                Asked::Contradicting(sanitise(&words, 512))
            },
            Asked::Svn,
        );
    }
    let is_svn = headers
        .get_all("DAV")
        .iter()
        .any(|value| String::from_utf8_lossy(value.as_bytes()).contains("subversion.tigris.org"));
    let shown = display_url(url);
    if is_svn || said.iter().any(Option::is_some) {
        Asked::Contradicting(format!("{shown} is served by a Subversion older than 1.7"))
    } else {
        Asked::Plain(format!("{shown} is not served by Subversion"))
    }
}

/// Where `url` lies, if what the server says of itself fits the address.
fn place(url: &Url, root: &str, stub: &str, youngest: &str) -> Option<Served> {
    let asked = path::decode(url.path())?;
    let root = path::decode(root)?;
    let stub = path::decode(stub)?;
    let below = asked.strip_prefix(root.as_slice())?.to_vec();
    let special = stub.strip_prefix(root.as_slice())?;
    // Below `!svn` every revision of every area can be reached: an address
    // there would say nothing about where it really points.
    if special.first().map(String::as_str) != Some("!svn")
        || special.len() < 2
        || below.first().map(String::as_str) == Some("!svn")
    {
        return None;
    }
    let mut origin = url.clone();
    origin.set_path("");
    origin.set_query(None);
    origin.set_fragment(None);
    Some(Served {
        origin,
        stub,
        below,
        youngest: youngest.trim().parse().ok()?,
        spoken: Version::HTTP_11,
    })
}

impl Served {
    /// The first segment below the repository's root.
    pub(super) fn first_segment(&self) -> Option<&str> {
        self.below.first().map(String::as_str)
    }

    /// The segments that lead from the repository's root to the address.
    pub(super) fn below(&self) -> &[String] {
        &self.below
    }

    /// The segments of a path below the address, as of a revision.
    pub(super) fn segments(&self, revision: u64, relative: &str) -> Vec<String> {
        let mut segments = self.stub.clone();
        segments.push(revision.to_string());
        segments.extend(self.below.iter().cloned());
        let names = relative.split('/').filter(|name| !name.is_empty());
        segments.extend(names.map(str::to_owned));
        segments
    }

    /// The URL of these segments on the same server.
    pub(super) fn url(&self, segments: &[String], is_folder: bool) -> Url {
        let mut path = path::encode(segments.iter().map(String::as_str));
        if is_folder {
            path.push('/');
        }
        let mut url = self.origin.clone();
        url.set_path(&path);
        url
    }

    /// Where update reports are asked for, and the address in the words of the
    /// question: its URL path at whatever revision.
    pub(super) fn report(&self) -> Option<(Url, String)> {
        let (_, special) = self.stub.split_last()?;
        let (_, root) = special.split_last()?;
        let me = special.iter().map(String::as_str).chain(["me"]);
        let mut url = self.origin.clone();
        url.set_path(&path::encode(me));
        let address = root.iter().chain(&self.below).map(String::as_str);
        Some((url, path::encode(address)))
    }

    /// The URL of the address itself as of a revision, for a file.
    pub(super) fn pinned(&self, revision: u64) -> Url {
        self.url(&self.segments(revision, ""), false)
    }
}

#[cfg(test)]
mod tests;
