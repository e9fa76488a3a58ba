// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What can go wrong with an index, and the verdict that each brings.

use std::fmt::Write as _;

use super::advice;
use crate::github::claims::{Impossible, PublisherForm};
use crate::github::oidc::OidcError;
use crate::http::HttpError;
use crate::rules::{Finding, Rule};

/// The job that got no token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// What the identity token said about it.
    pub claims: Option<String>,
    /// What the form of the publisher must hold.
    pub publisher: Option<PublisherForm>,
    /// Where publishers are registered.
    pub page: Option<String>,
}

/// Why the index was of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// A look-up that may pass later.
    #[error("{0}")]
    Unreachable(HttpError),
    /// A look-up that never passes.
    #[error("{0}")]
    Refused(HttpError),
    /// A page that is not what was asked for.
    #[error("{url} is no {expected}: {found}")]
    Unreadable {
        /// What was asked.
        url: String,
        /// What it should have been.
        expected: &'static str,
        /// What it was.
        found: String,
    },
    /// The index wants a token that is worth something elsewhere.
    #[error("the index asks for a token for {audience:?}")]
    AudienceForbidden {
        /// The audience that it named, made safe to show.
        audience: String,
    },
    /// There is no identity token.
    #[error(transparent)]
    IdToken(#[from] OidcError),
    /// No trusted publisher could match this job: the index was not asked.
    #[error("{}={}", .0.claim, .0.found)]
    Impossible(Box<Impossible>),
    /// The index gives no token, for good.
    #[error("{code}: {description}")]
    TokenRefused {
        /// The index's word for it, or the status code.
        code: String,
        /// The index's sentence.
        description: String,
        /// The job, and the form that would have matched it.
        job: Box<Job>,
    },
    /// Whether the index gave a token is not known, or it may give one later.
    #[error("{0}")]
    TokenUnreachable(HttpError),
    /// The upload token is no longer valid: a fresh one helps.
    #[error("the upload token expired")]
    TokenExpired,
    /// The index has this name, or these bytes under another name.
    #[error("{answer}")]
    Conflict {
        /// The index's own words.
        answer: String,
    },
    /// The index does not take the file, ever.
    #[error("{answer}")]
    UploadRefused {
        /// The status code.
        status: u16,
        /// The index's own words.
        answer: String,
    },
    /// The file could not be sent, or its fate is not known; sending it again is safe.
    #[error("{0}")]
    UploadUnfinished(HttpError),
    /// The bytes on disk are no longer those that were verified.
    #[error("the private copy changed while it was sent")]
    ContentChanged,
    /// The bytes could not be read.
    #[error("the private copy could not be read: {0}")]
    ContentUnreadable(String),
}

impl IndexError {
    /// A failed look-up.
    pub(super) fn of_look_up(error: HttpError) -> Self {
        if error.is_transient() {
            Self::Unreachable(error)
        } else {
            Self::Refused(error)
        }
    }

    /// Whether another try may pass.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(error)
            | Self::TokenUnreachable(error)
            | Self::UploadUnfinished(error) => error.is_transient(),
            Self::IdToken(error) => error.is_transient(),
            _ => false,
        }
    }

    /// The form of the publisher that the refused job needs, where it is known.
    pub fn publisher(&self) -> Option<&PublisherForm> {
        match self {
            Self::TokenRefused { job, .. } => job.publisher.as_ref(),
            Self::Impossible(why) => why.publisher.as_ref(),
            _ => None,
        }
    }

    /// The verdict, on the file of this path or on the run.
    pub fn finding(&self, path: Option<&str>) -> Finding {
        let (rule, expected) = match self {
            Self::Unreachable(_) => (Rule::IndexUnreachable, "an answer of the index"),
            Self::Refused(_) => (Rule::IndexRefused, "a look-up that the index answers"),
            Self::Unreadable { .. } => (Rule::IndexRefused, "an index that speaks PyPI's protocol"),
            Self::AudienceForbidden { .. } => (
                Rule::AudienceForbidden,
                "PyPI's own word of PyPI; of another index a word (not pypi, testpypi, sigstore) \
                 or its own host",
            ),
            Self::IdToken(error) => return error.finding(),
            Self::Impossible(why) => {
                let expected = format!("{}: {}", why.claim, why.expected);
                let mut advice = why.advice.to_owned();
                if let Some(form) = &why.publisher {
                    let _ = write!(advice, " Then the form of the publisher says: {form}.");
                }
                return Finding::new(Rule::TokenRefused, None, expected, self.to_string())
                    .advise(advice);
            }
            Self::TokenRefused { .. } => return self.token_refused(),
            Self::TokenUnreachable(_) => (Rule::TokenUnreachable, "an upload token of the index"),
            Self::TokenExpired => (
                Rule::UploadUnfinished,
                "an upload token that lasts until the file is sent",
            ),
            Self::Conflict { .. } => (
                Rule::IndexConflict,
                "a file name and bytes that are new to the index, or both the same",
            ),
            Self::UploadRefused { .. } => (Rule::UploadRefused, "a file that the index takes"),
            Self::UploadUnfinished(_) => {
                (Rule::UploadUnfinished, "the index's word that it has it")
            }
            Self::ContentChanged => (Rule::SourceChanged, "the bytes that were verified"),
            Self::ContentUnreadable(_) => (Rule::UploadUnfinished, "the bytes that were verified"),
        };
        let finding = Finding::new(rule, path, expected, self.to_string());
        match self {
            Self::ContentChanged => finding.advise(
                "Something on this machine changed a file in the middle of the run: use another \
                 machine, then run the job again.",
            ),
            Self::UploadRefused { status: 413, .. } => {
                finding.advise("Ask the index for a higher limit of the file size.")
            }
            Self::Conflict { answer } | Self::UploadRefused { answer, .. } => {
                match advice::on_upload(answer) {
                    Some(advice) => finding.advise(advice),
                    None => finding,
                }
            }
            _ => finding,
        }
    }

    fn token_refused(&self) -> Finding {
        let Self::TokenRefused {
            code,
            description,
            job,
        } = self
        else {
            return Finding::new(
                Rule::TokenRefused,
                None,
                "an upload token",
                self.to_string(),
            );
        };
        let expected = match &job.claims {
            Some(claims) => format!("a trusted publisher for {claims}"),
            None => "a trusted publisher for this workflow".to_owned(),
        };
        let finding = Finding::new(Rule::TokenRefused, None, expected, self.to_string());
        let mut advice = match advice::on_mint(code, description) {
            Some(advice) => advice.to_owned(),
            None => finding.action.clone(),
        };
        if let Some(publisher) = &job.publisher {
            let _ = write!(advice, " The form for this job: {publisher}.");
        }
        if let Some(page) = &job.page {
            let _ = write!(advice, " It is at {page}");
        }
        finding.advise(advice)
    }
}
