// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Why a source, or KEYS, cannot be used, and which rule says so.

use std::io;

use crate::http::HttpError;
use crate::rules::{Finding, Rule};

/// Why a source or KEYS cannot be used. The texts may hold foreign bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The source, or a path of it, is not there.
    #[error("not there: {found}")]
    NotFound {
        /// What was looked for.
        expected: String,
        /// What was found instead.
        found: String,
    },
    /// The source cannot be read as what it should be; another try changes nothing.
    #[error("expected {expected}, found {found}")]
    Refused {
        /// What would have been right.
        expected: String,
        /// What was found instead.
        found: String,
        /// Advice that fits better than the rule's own.
        advice: Option<&'static str>,
    },
    /// The source failed several times in a way that may pass.
    #[error("out of reach: {found}")]
    Unreachable {
        /// What was asked for.
        expected: String,
        /// How the last try failed.
        found: String,
        /// Advice that fits better than the rule's own.
        advice: Option<&'static str>,
    },
    /// Other bytes came than the listing names.
    #[error("expected {expected}, found {found}")]
    Bytes {
        /// What the listing names.
        expected: String,
        /// What came.
        found: String,
    },
    /// The path is not what it was when it was listed.
    #[error("expected {expected}, found {found}")]
    Changed {
        /// What the server said of it then.
        expected: String,
        /// What it says now.
        found: String,
    },
    /// The path is a link, an external, or no file at all.
    #[error("{path} is {found}")]
    Special {
        /// Relative to the source.
        path: String,
        /// What it is, with its article.
        found: String,
    },
    /// A limit is exceeded.
    #[error("expected {expected}, found {found}")]
    Limit {
        /// The limit, with the input that sets it.
        expected: String,
        /// What exceeds it.
        found: String,
    },
    /// A local name is no UTF-8.
    #[error("a name is no UTF-8: {path}")]
    Name {
        /// The path with the bad bytes replaced.
        path: String,
    },
    /// The private copy could not be written.
    #[error("expected {expected}, found {found}")]
    Disk {
        /// What was needed.
        expected: String,
        /// What was there.
        found: String,
    },
    /// KEYS is not there, or the server gives it to nobody.
    #[error("KEYS is not there: {found}")]
    KeysNotFound {
        /// What the server or the system said.
        found: String,
        /// Advice that fits better than the rule's own.
        advice: Option<&'static str>,
    },
    /// KEYS could not be read, but another try may pass.
    #[error("KEYS is out of reach: {found}")]
    KeysUnreachable {
        /// How the last try failed.
        found: String,
        /// Advice that fits better than the rule's own.
        advice: Option<&'static str>,
    },
    /// What lies there cannot be KEYS.
    #[error("no KEYS: {found}")]
    KeysUnusable {
        /// What it is instead.
        found: String,
    },
    /// KEYS was named outside of the release area.
    #[error("KEYS lies in the dev area: {found}")]
    KeysFromDev {
        /// The address.
        found: String,
    },
}

/// What a 403 of the ASF's servers most often means.
const BANNED: &str = "Check the address in a browser. If it answers there, the ASF may have blocked this \
    runner's address, which it shares with other jobs: run the job again later or on another runner. Its limits: \
    50,000 requests a day and 50 GiB in 12 hours; on archive.apache.org 25,000 visits a day and 40 GB a week. \
    See https://infra.apache.org/abc.";
/// What to do about a server that asks for less.
const SLOWED: &str = "Wait before the next run, as long as the server asks: nothing was published. The ASF \
    bans addresses that ignore a 429, and archive.apache.org gives each address 40 GB a week; see \
    https://infra.apache.org/abc.";

/// What to do about an answer that a server's limits explain.
fn advice(error: &HttpError) -> Option<&'static str> {
    match error.status() {
        Some(403) => Some(BANNED),
        Some(429) => Some(SLOWED),
        _ => None,
    }
}

fn advised(finding: Finding, advice: Option<&'static str>) -> Finding {
    match advice {
        Some(advice) => finding.advise(advice),
        None => finding,
    }
}

impl SourceError {
    /// The verdict. `path` is relative to the source, or names an input; the
    /// error's own path goes before it.
    pub fn finding(&self, path: Option<&str>) -> Finding {
        let finding = |rule, expected: &str, found: &str| Finding::new(rule, path, expected, found);
        match self {
            Self::NotFound { expected, found } => finding(Rule::SourceNotFound, expected, found),
            Self::Refused {
                expected,
                found,
                advice,
            } => advised(finding(Rule::SourceRefused, expected, found), *advice),
            Self::Unreachable {
                expected,
                found,
                advice,
            } => advised(finding(Rule::SourceUnreachable, expected, found), *advice),
            Self::Bytes { expected, found } => finding(Rule::SourceBytes, expected, found),
            Self::Changed { expected, found } => finding(Rule::SourceChanged, expected, found),
            Self::Special { path, found } => {
                Finding::new(Rule::SourceSpecial, Some(path), "a file", found)
            }
            Self::Limit { expected, found } => finding(Rule::LimitExceeded, expected, found),
            Self::Name { path } => Finding::new(
                Rule::NameUnsafe,
                Some(path),
                "a name in UTF-8",
                "other bytes",
            ),
            Self::Disk { expected, found } => finding(Rule::DiskFull, expected, found),
            Self::KeysNotFound { found, advice } => advised(
                finding(Rule::KeysNotFound, "the project's KEYS", found),
                *advice,
            ),
            Self::KeysUnreachable { found, advice } => advised(
                finding(Rule::KeysUnreachable, "the project's KEYS", found),
                *advice,
            ),
            Self::KeysUnusable { found } => {
                finding(Rule::KeysUnusable, "a file of OpenPGP public keys", found)
            }
            Self::KeysFromDev { found } => {
                finding(Rule::KeysFromDev, "KEYS in the release area", found)
            }
        }
    }

    /// What a failed request means for a source; `expected` says what was asked for.
    pub(super) fn of_http(error: &HttpError, expected: impl Into<String>) -> Self {
        let (expected, found) = (expected.into(), error.to_string());
        match error {
            HttpError::Status {
                code: 404 | 410, ..
            } => Self::NotFound { expected, found },
            // It ended cleanly, every time: not the network's doing.
            HttpError::ShortBody { .. } => Self::Bytes { expected, found },
            error if error.is_transient() => Self::Unreachable {
                expected,
                found,
                advice: advice(error),
            },
            error => Self::Refused {
                expected,
                found,
                advice: advice(error),
            },
        }
    }

    /// The same for KEYS.
    pub(super) fn of_keys_http(error: &HttpError) -> Self {
        let (found, advice) = (error.to_string(), advice(error));
        match error {
            HttpError::TooLarge { .. } => Self::KeysUnusable { found },
            error if error.is_transient() => Self::KeysUnreachable { found, advice },
            _ => Self::KeysNotFound { found, advice },
        }
    }

    /// A failure to write the private copy.
    pub(super) fn of_write(error: &io::Error) -> Self {
        let found = match error.kind() {
            io::ErrorKind::StorageFull => "the disk is full".to_owned(),
            io::ErrorKind::QuotaExceeded => "the quota of this disk is used up".to_owned(),
            _ => format!("the private copy cannot be written: {error}"),
        };
        Self::Disk {
            expected: "room for a private copy".to_owned(),
            found,
        }
    }

    /// A failure to read a local source.
    pub(super) fn of_read(error: &io::Error, expected: impl Into<String>) -> Self {
        let (expected, found) = (expected.into(), error.to_string());
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { expected, found },
            io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory => Self::Refused {
                expected,
                found,
                advice: Some("Check the path and its permissions."),
            },
            _ => Self::Unreachable {
                expected,
                found,
                advice: None,
            },
        }
    }
}
