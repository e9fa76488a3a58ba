// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One file by one request of its own, whatever kind of server has it: its
//! bytes must come as they are, whole, and as many as were listed.

use std::path::Path;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use reqwest::{Method, RequestBuilder, Response};
use url::Url;

use super::Entry;
use super::error::SourceError;
use super::fetched::Fetched;
use super::lanes::Lanes;
use crate::http::{
    Client, HttpError, display_url, error_for_status, read_limited, retry, sanitise,
};

/// Asks for a file, whose bytes must come as they are.
pub(super) fn get(client: &Client, url: Url) -> RequestBuilder {
    client
        .request(Method::GET, url)
        .header(ACCEPT_ENCODING, "identity")
}

/// What encodes the body, if anything does: such a body is not the file.
pub(super) fn encoding(response: &Response) -> Option<String> {
    let value = response.headers().get(CONTENT_ENCODING)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    (!text.eq_ignore_ascii_case("identity")).then(|| sanitise(&text, 64))
}

fn encoded(encoding: &str) -> SourceError {
    SourceError::Refused {
        expected: "the file's own bytes".to_owned(),
        found: format!("bytes that something on the way encoded as {encoding}"),
        advice: Some("Look for a proxy that compresses what passes through it."),
    }
}

/// Why an answer is not the file of the listing, by its head; none where it is.
pub(super) type Refuse<'a> = dyn Fn(&Response) -> Option<SourceError> + Sync + 'a;

/// A file of the listing that is to be asked for.
pub(super) struct OneFile<'a> {
    /// What its server lets be under way.
    pub(super) lanes: &'a Lanes,
    /// The file as it was listed.
    pub(super) entry: &'a Entry,
    /// Where it lies.
    pub(super) url: &'a Url,
    /// Which answers are another one.
    pub(super) refuse: &'a Refuse<'a>,
}

impl OneFile<'_> {
    /// Fetches the file to private disk, with its SHA-1.
    ///
    /// # Errors
    /// The server does not give it, or not as it was listed.
    pub(super) async fn fetch(&self, temp: &Path) -> Result<(Fetched, [u8; 20]), SourceError> {
        let size = self.entry.size;
        let _turn = self.lanes.turn().await;
        let fetch = |client| async move {
            match self.ask(&client).await? {
                Ok(response) => Fetched::receive(response, size, temp).await,
                Err(refused) => Ok(Err(refused)),
            }
        };
        let what = format!("fetch {}", self.entry.path);
        let outcome = retry(&what, || self.lanes.attempt(fetch)).await;
        outcome.map_err(|error| SourceError::of_http(&error, display_url(self.url)))?
    }

    /// Reads a small file, whose size was checked already.
    ///
    /// # Errors
    /// As [`OneFile::fetch`].
    pub(super) async fn read(&self) -> Result<Vec<u8>, SourceError> {
        let size = self.entry.size;
        let _turn = self.lanes.turn().await;
        let read = |client| async move {
            let response = match self.ask(&client).await? {
                Ok(response) => response,
                Err(refused) => return Ok(Err(refused)),
            };
            let body = read_limited(response, size).await?;
            if (body.len() as u64) < size {
                return Err(HttpError::ShortBody {
                    url: display_url(self.url),
                    expected: size,
                    found: body.len() as u64,
                });
            }
            Ok(Ok(body.to_vec()))
        };
        let what = format!("read {}", self.entry.path);
        match retry(&what, || self.lanes.attempt(read)).await {
            Ok(body) => body,
            Err(error @ HttpError::TooLarge { .. }) => Err(SourceError::Bytes {
                expected: format!("{size} bytes, as listed"),
                found: error.to_string(),
            }),
            Err(error) => Err(SourceError::of_http(&error, display_url(self.url))),
        }
    }

    /// One try; the inner error is final.
    async fn ask(&self, client: &Client) -> Result<Result<Response, SourceError>, HttpError> {
        let request = get(client, self.url.clone());
        let response = error_for_status(client.send(request).await?).await?;
        if let Some(encoding) = encoding(&response) {
            return Ok(Err(encoded(&encoding)));
        }
        Ok(match (self.refuse)(&response) {
            Some(refused) => Err(refused),
            None => Ok(response),
        })
    }
}
