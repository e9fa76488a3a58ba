// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What can go wrong with a request, told apart by what to do about it.

use std::error::Error;
use std::io;
use std::time::Duration;

use url::Url;

use super::{display_url, redact, sanitise};

/// Why a request has no usable answer. All URLs are as [`display_url`] shows them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The answer is a 4xx or 5xx.
    #[error("{url} answered {code} {reason}{}{}", asked(*.retry_after), said(.body))]
    Status {
        /// What was asked for.
        url: String,
        /// The status code.
        code: u16,
        /// Its usual words.
        reason: String,
        /// The start of the body, one line, at most 2 KiB.
        body: String,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer points elsewhere; nothing is followed.
    #[error("{url} answered {code} and points to {target}: redirects are not followed")]
    Redirected {
        /// What was asked for.
        url: String,
        /// The status code.
        code: u16,
        /// Where it points.
        target: String,
    },
    /// The other side stayed silent for too long.
    #[error("{url} stayed silent for too long")]
    Timeout {
        /// What was asked for.
        url: String,
    },
    /// No connection could be made.
    #[error("no connection for {url}: {cause}")]
    Connect {
        /// What was asked for.
        url: String,
        /// What the system said.
        cause: String,
    },
    /// The connection broke, or spoke no HTTP, before the answer was complete.
    #[error("the connection for {url} broke: {cause}")]
    Broken {
        /// What was asked for.
        url: String,
        /// What the system said.
        cause: String,
    },
    /// The body ended cleanly but too early.
    #[error("{url} sent {found} of {expected} bytes")]
    ShortBody {
        /// What was asked for.
        url: String,
        /// The bytes that were promised.
        expected: u64,
        /// The bytes that came.
        found: u64,
    },
    /// The body is longer than it may be.
    #[error("{url} sent more than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The bytes that it may have.
        limit: u64,
    },
    /// The URL is neither https nor loopback.
    #[error("{url} is neither https nor on this machine")]
    Insecure {
        /// What was to be asked for.
        url: String,
    },
    /// The request, or the client itself, could not be made at all.
    #[error("the request for {url} could not be made: {cause}")]
    Unsendable {
        /// What was to be asked for.
        url: String,
        /// Why.
        cause: String,
    },
}

impl HttpError {
    /// The error behind one of reqwest's, whose own text says too little.
    pub(crate) fn of(error: &reqwest::Error, url: &Url) -> Self {
        let url = display_url(url);
        let cause = chain(error);
        if error.is_timeout() || timed_out(error) {
            Self::Timeout { url }
        } else if error.is_connect() {
            Self::Connect { url, cause }
        } else if error.is_builder() {
            Self::Unsendable { url, cause }
        } else {
            Self::Broken { url, cause }
        }
    }

    /// The same error of a status with this body.
    pub(super) fn with_body(self, body: String) -> Self {
        match self {
            Self::Status {
                url,
                code,
                reason,
                retry_after,
                ..
            } => Self::Status {
                url,
                code,
                reason,
                body,
                retry_after,
            },
            other => other,
        }
    }

    /// The same error, where the other side pointed elsewhere, without the
    /// secrets that the address may repeat.
    pub(crate) fn without<S: AsRef<str>>(self, secrets: &[S]) -> Self {
        match self {
            Self::Redirected { url, code, target } => Self::Redirected {
                url,
                code,
                target: redact(&target, secrets),
            },
            other => other,
        }
    }

    /// Whether another try may pass. 501 and 505 are 5xx that never change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status { code, .. } => {
                matches!(code, 408 | 425 | 429 | 500..=599) && !matches!(code, 501 | 505)
            }
            Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::Broken { .. }
            | Self::ShortBody { .. } => true,
            Self::Redirected { .. }
            | Self::TooLarge { .. }
            | Self::Insecure { .. }
            | Self::Unsendable { .. } => false,
        }
    }

    /// How long the server asks to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The status code, where the server answered with one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { code, .. } | Self::Redirected { code, .. } => Some(*code),
            _ => None,
        }
    }
}

fn asked(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!(" and asks to wait {} s", wait.as_secs())
    })
}

fn said(body: &str) -> String {
    if body.is_empty() {
        String::new()
    } else {
        format!(": {body}")
    }
}

/// An error and all its causes on one line, without saying anything twice and
/// without URLs, which may hold secrets.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        cause = error.source();
    }
    if parts.is_empty() {
        parts.push("no cause given".to_owned());
    }
    sanitise(&parts.join(": "), 512)
}

/// Whether a time-out of the system hides in the causes.
fn timed_out(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        {
            return true;
        }
        cause = error.source();
    }
    false
}
