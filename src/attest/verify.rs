// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether an attestation is one that the index would take.
//!
//! Decides by the index's own policy: the certificate, its log of certificates,
//! the log entry, the signature, the file and the workflow. What cannot be
//! checked is refused.

use super::AttestError;
use super::bundle::Bundle;
use super::pep740::Attestation;
use super::publisher::Publisher;
use super::statement::Statement;
use super::trust::Trust;

/// What a verified attestation says, and who stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// What kind of thing is said.
    pub predicate_type: String,
    /// `OWNER/REPO`.
    pub repository: String,
    /// The workflow's path in the repository: `.github/workflows/publish.yml`.
    pub workflow: String,
    /// The branch or tag, as `refs/…`, where the certificate says so.
    pub git_ref: Option<String>,
    /// The commit, where the certificate says so.
    pub commit: Option<String>,
    /// The web page of the run, where the certificate says so.
    pub run: Option<String>,
    /// The entry in the transparency log.
    pub log_index: u64,
    /// When the log took it, in seconds since 1970.
    pub time: u64,
}

/// Verifies an attestation of this file by the policy of the index.
///
/// # Errors
/// When the proof does not hold, or the attestation is about another file, by
/// another workflow, or of a type that the index does not take.
pub fn verify(
    attestation: &Attestation,
    file_name: &str,
    sha256: &[u8; 32],
    publisher: &Publisher,
    trust: &Trust,
) -> Result<Attested, AttestError> {
    let _ = (attestation, file_name, sha256, publisher, trust);
    Err(AttestError::Proof("nothing verifies it yet".to_owned()))
}

/// Verifies a bundle with a statement of this predicate type by this workflow;
/// gives the statement, whose subjects are for the caller to compare.
///
/// # Errors
/// As [`verify`].
pub fn verify_bundle(
    bundle: &Bundle,
    predicate_type: &str,
    publisher: &Publisher,
    trust: &Trust,
) -> Result<(Attested, Statement), AttestError> {
    let _ = (bundle, predicate_type, publisher, trust);
    Err(AttestError::Proof("nothing verifies it yet".to_owned()))
}
