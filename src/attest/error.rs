// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What can go wrong with attestations, told apart by what to do about it.

use crate::github::oidc::OidcError;
use crate::http::HttpError;
use crate::rules::{Finding, Rule};

/// The two services that a signature needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Sigstore's certificate authority.
    Fulcio,
    /// Sigstore's transparency log.
    Rekor,
}

/// Why something could not be attested, or an attestation not be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestError {
    /// The trust configuration is none, or lacks what is needed.
    #[error("the trust configuration: {0}")]
    Trust(String),
    /// There is no identity token to sign with.
    #[error(transparent)]
    Identity(#[from] OidcError),
    /// A service did not answer, or asked to come back later, at every try.
    #[error("{service} is not available: {why}")]
    Unavailable {
        /// Which one.
        service: Service,
        /// The last try's error.
        why: HttpError,
    },
    /// A service answered that it will not.
    #[error("{service} refused: {why}")]
    Refused {
        /// Which one.
        service: Service,
        /// What it answered.
        why: HttpError,
    },
    /// A service answered with something else than it should.
    #[error("{service} answered with {problem}")]
    Answer {
        /// Which one.
        service: Service,
        /// What is wrong with the answer.
        problem: String,
    },
    /// The key could not be made or used.
    #[error("the signing key: {0}")]
    Key(String),
    /// No object of the form that is expected.
    #[error("not {expected}: {problem}")]
    Malformed {
        /// What it should be.
        expected: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The attestation is sound, and says something else than it has to.
    #[error("{what} is {found}, expected {expected}")]
    Mismatch {
        /// What was compared.
        what: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is, made safe to show.
        found: String,
    },
    /// The certificate, the log entry or the signature does not hold.
    #[error("the proof does not hold: {0}")]
    Proof(String),
}

impl AttestError {
    /// The verdict on an attestation that does not hold for the file at `path`.
    pub fn wrong(&self, path: &str) -> Finding {
        let expected = "an attestation that the index takes for this file";
        Finding::new(
            Rule::AttestationWrong,
            Some(path),
            expected,
            self.to_string(),
        )
    }

    /// Whether another run may pass, with nothing changed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Identity(why) => why.is_transient(),
            _ => false,
        }
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fulcio => "Fulcio (Sigstore's certificate authority)",
            Self::Rekor => "Rekor (Sigstore's transparency log)",
        })
    }
}
