// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The Integrity API (PEP 740): what attestations an index shows of a file.
//!
//! Decides how an answer is read, and that only an answer in the API's own form
//! counts: a page for people never says that a file has no attestations.
//! Decides nothing about whether an attestation holds: that is `attest`'s.

use reqwest::Method;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Index, IndexError, Wanted};
use crate::http::{self, HttpError, display_url, error_for_status, read_limited, sanitise};

const MEDIA_TYPE: &str = "application/vnd.pypi.integrity.v1+json";
/// The same in general terms, which mirrors answer with.
const PLAIN_TYPE: &str = "application/json";
/// The biggest answer that is read, in bytes; a real one has some 10 KiB an
/// attestation.
const ANSWER_LIMIT: u64 = 1 << 20;
/// The most bundles of a file, and the most attestations of a bundle. PyPI
/// shows one bundle of at most two.
const MOST: usize = 16;
/// How much of a publisher's words is kept, in bytes.
const WORDS: usize = 256;

/// What an index says of the attestations of one file.
#[derive(Clone, Debug, PartialEq)]
pub enum Provenance {
    /// It shows these.
    Attested(Vec<Bundle>),
    /// It has the file, and shows no attestation of it.
    Unattested,
    /// It has no such file, or does not speak this API at all.
    Unknown,
}

/// The attestations that one publisher gave. Nothing of it is verified: it is
/// the index's word.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// Whom the index had them from.
    pub publisher: ShownPublisher,
    /// Each as a JSON object, as it was uploaded; at least one.
    pub attestations: Vec<Value>,
}

/// A publisher as an index shows it; all texts are made safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownPublisher {
    /// `GitHub`, `GitLab`, `Google` or a newer word.
    pub kind: String,
    /// `OWNER/REPO`, where the kind has one.
    pub repository: Option<String>,
    /// The file name of the workflow, where the kind has one.
    pub workflow: Option<String>,
    /// The environment that was registered; none for any.
    pub environment: Option<String>,
}

/// The answer as it is on the wire; fields that are not known are passed over.
#[derive(Deserialize)]
struct Answer {
    version: Value,
    attestation_bundles: Vec<AnswerBundle>,
}

#[derive(Deserialize)]
struct AnswerBundle {
    publisher: AnswerPublisher,
    attestations: Vec<Value>,
}

#[derive(Deserialize)]
struct AnswerPublisher {
    kind: String,
    repository: Option<String>,
    workflow: Option<String>,
    environment: Option<String>,
}

impl Index {
    /// What the index shows of the attestations of a file. Caches on the way
    /// are asked to look again; PyPI's own may be ten minutes late all the same.
    ///
    /// # Errors
    /// When the index cannot be reached, refuses, redirects, or answers with
    /// anything but the API's JSON of version 1.
    pub async fn provenance(&self, file: &Wanted<'_>) -> Result<Provenance, IndexError> {
        let url = self.provenance_url(file)?;
        let answer = http::retry("the index", || self.fetch_provenance(&url)).await;
        match answer.map_err(IndexError::of_look_up)? {
            Fetched::Unattested => Ok(Provenance::Unattested),
            Fetched::Unknown => Ok(Provenance::Unknown),
            Fetched::Body { media_type, body } => {
                parse(&url, &media_type, &body).map(Provenance::Attested)
            }
        }
    }

    /// Where the index shows the attestations of a file; names are percent-encoded.
    fn provenance_url(&self, file: &Wanted<'_>) -> Result<Url, IndexError> {
        let mut url = self.endpoints.integrity.clone();
        let parts = [file.project, file.version, file.file, "provenance"];
        // Such a segment would name another place.
        let is_illegal = |part: &str| matches!(part, "" | "." | "..") || part.contains(['/', '\\']);
        let extended = match url.path_segments_mut() {
            Ok(mut segments) if !parts.iter().any(|part| is_illegal(part)) => {
                segments.pop_if_empty().extend(parts);
                true
            }
            _ => false,
        };
        extended
            .then_some(url)
            .ok_or_else(|| IndexError::Unreadable {
                url: display_url(&self.endpoints.integrity),
                expected: "provenance of a file",
                found: format!("the name {:?}", sanitise(file.file, 128)),
            })
    }

    async fn fetch_provenance(&self, url: &Url) -> Result<Fetched, HttpError> {
        let request = self
            .client
            .request(Method::GET, url.clone())
            .header(ACCEPT, format!("{MEDIA_TYPE}, {PLAIN_TYPE};q=0.5"))
            .header(CACHE_CONTROL, "no-cache, max-age=0");
        let response = self.client.send(request).await?;
        let media_type = response.headers().get(CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = essence(media_type.unwrap_or_default());
        if response.status().as_u16() == 404 {
            // The API's own 404 is JSON and is said of files that are there.
            return Ok(if is_json(&media_type) {
                Fetched::Unattested
            } else {
                Fetched::Unknown
            });
        }
        let response = error_for_status(response).await?;
        let body = read_limited(response, ANSWER_LIMIT).await?;
        Ok(Fetched::Body { media_type, body })
    }
}

/// What came, before it is read.
enum Fetched {
    Unattested,
    Unknown,
    Body {
        media_type: String,
        body: bytes::Bytes,
    },
}

/// A media type without its parameters, in lower case.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn is_json(essence: &str) -> bool {
    [MEDIA_TYPE, PLAIN_TYPE].contains(&essence)
}

fn parse(url: &Url, media_type: &str, body: &[u8]) -> Result<Vec<Bundle>, IndexError> {
    let unreadable = |found: String| IndexError::Unreadable {
        url: display_url(url),
        expected: "provenance in JSON",
        found: sanitise(&found, WORDS),
    };
    if !is_json(media_type) {
        return Err(unreadable(format!("its type is {media_type:?}")));
    }
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    if answer.version != 1 {
        let version = answer.version;
        return Err(unreadable(format!("its version is {version}")));
    }
    let bundles = answer.attestation_bundles;
    let is_fit = |count: usize| (1..=MOST).contains(&count);
    let counts = bundles.iter().map(|bundle| bundle.attestations.len());
    if !is_fit(bundles.len()) || !counts.into_iter().all(is_fit) {
        let found = format!("not 1 to {MOST} bundles of 1 to {MOST} attestations");
        return Err(unreadable(found));
    }
    Ok(bundles.into_iter().map(Bundle::from).collect())
}

impl From<AnswerBundle> for Bundle {
    fn from(bundle: AnswerBundle) -> Self {
        let AnswerPublisher {
            kind,
            repository,
            workflow,
            environment,
        } = bundle.publisher;
        let clean = |text: Option<String>| text.map(|text| sanitise(&text, WORDS));
        Self {
            publisher: ShownPublisher {
                kind: sanitise(&kind, WORDS),
                repository: clean(repository),
                workflow: clean(workflow),
                // Old answers have an empty word for none.
                environment: clean(environment).filter(|text| !text.is_empty()),
            },
            attestations: bundle.attestations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(media_type: &str, body: &str) -> Result<Vec<Bundle>, IndexError> {
        let url = Url::parse("https://index.example.org/integrity/x/1/x/provenance").unwrap();
        parse(&url, media_type, body.as_bytes())
    }

    #[test]
    fn an_answer_is_read_with_what_is_not_known_beside() {
        let body = r#"{"attestation_bundles":[{"attestations":[{"version":1},{}],"alien":1,
            "publisher":{"claims":null,"environment":"","kind":"GitHub","repository":"o/r",
            "workflow":"f\u001b.yml"}}],"version":1}"#;
        for media_type in [MEDIA_TYPE, PLAIN_TYPE] {
            let found = read(media_type, body).unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].attestations.len(), 2);
            let expected = ShownPublisher {
                kind: "GitHub".to_owned(),
                repository: Some("o/r".to_owned()),
                workflow: Some("f\u{fffd}.yml".to_owned()),
                environment: None,
            };
            assert_eq!(found[0].publisher, expected);
        }
    }

    #[test]
    fn whatever_is_no_answer_of_the_api_is_an_error_and_never_no_attestation() {
        let bundle = r#"{"attestations":[{}],"publisher":{"kind":"GitHub"}}"#;
        let bundles = |count: usize| vec![bundle; count].join(",");
        let answer = |version: &str, bundles: &str| {
            format!(r#"{{"version":{version},"attestation_bundles":[{bundles}]}}"#)
        };
        assert!(read(MEDIA_TYPE, &answer("1", &bundles(MOST))).is_ok());
        for (media_type, body) in [
            ("text/html", answer("1", bundle)),
            ("", answer("1", bundle)),
            (MEDIA_TYPE, String::new()),
            (MEDIA_TYPE, "{}".to_owned()),
            (MEDIA_TYPE, answer("2", bundle)),
            (MEDIA_TYPE, answer("\"1\"", bundle)),
            (MEDIA_TYPE, answer("1", "")),
            (MEDIA_TYPE, answer("1", &bundles(MOST + 1))),
            (MEDIA_TYPE, answer("1", r#"{"attestations":[{}]}"#)),
            (
                MEDIA_TYPE,
                answer("1", r#"{"attestations":[],"publisher":{"kind":"GitHub"}}"#),
            ),
        ] {
            let found = read(media_type, &body);
            assert!(
                matches!(found, Err(IndexError::Unreadable { .. })),
                "{media_type} {body}: {found:?}"
            );
        }
    }
}
