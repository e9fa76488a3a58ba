// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether an attestation is one that the index would take.
//!
//! Decides by the index's own policy: the certificate and its place in the log
//! of certificates, the log entry, the signature, the file and the workflow.
//! The proof is checked by Sigstore's crate; what that leaves open and the
//! index's own verifier does not is checked here. What cannot be checked is
//! refused.

mod certificate;
mod entry;
mod filename;
#[cfg(test)]
mod tests;

use sigstore_verify::crypto::KeyAlgorithm;
use sigstore_verify::types::{Artifact, Bundle as SigstoreBundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, VerificationResult};

use self::certificate::Certificate;
pub(super) use self::entry::pem;
use super::AttestError;
use super::bundle::{Bundle, malformed};
use super::pep740::Attestation;
use super::publisher::Publisher;
use super::statement::{PUBLISH, SLSA_PROVENANCE, Statement, Subject};
use super::trust::Trust;
use crate::endpoints::GITHUB_ISSUER;
use crate::http::sanitise;

/// The one kind of log entry that an index can verify: its time is its own.
const ENTRY_KIND: &str = "dsse 0.0.1";

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
    verify_file(attestation, file_name, sha256, Some(publisher), trust)
}

/// As [`verify`], by any workflow of any repository on GitHub: tells who stands
/// behind it, and permits nothing.
///
/// # Errors
/// As [`verify`], but for the workflow.
pub fn verify_by_anyone(
    attestation: &Attestation,
    file_name: &str,
    sha256: &[u8; 32],
    trust: &Trust,
) -> Result<Attested, AttestError> {
    verify_file(attestation, file_name, sha256, None, trust)
}

fn verify_file(
    attestation: &Attestation,
    file_name: &str,
    sha256: &[u8; 32],
    publisher: Option<&Publisher>,
    trust: &Trust,
) -> Result<Attested, AttestError> {
    let (attested, statement) = prove(attestation.bundle(), publisher, trust)?;
    let [subject] = statement.subjects() else {
        return Err(mismatch(
            "the number of files in the statement",
            "1",
            &statement.subjects().len().to_string(),
        ));
    };
    compare_subject(subject, file_name, sha256)?;
    if ![PUBLISH, SLSA_PROVENANCE].contains(&statement.predicate_type()) {
        return Err(mismatch(
            "the predicate type",
            &format!("{PUBLISH} or {SLSA_PROVENANCE}"),
            statement.predicate_type(),
        ));
    }
    Ok(attested)
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
    verify_statement(bundle, predicate_type, Some(publisher), trust)
}

/// As [`verify_bundle`], by any workflow of any repository on GitHub.
///
/// # Errors
/// As [`verify_bundle`], but for the workflow.
pub fn verify_bundle_by_anyone(
    bundle: &Bundle,
    predicate_type: &str,
    trust: &Trust,
) -> Result<(Attested, Statement), AttestError> {
    verify_statement(bundle, predicate_type, None, trust)
}

fn verify_statement(
    bundle: &Bundle,
    predicate_type: &str,
    publisher: Option<&Publisher>,
    trust: &Trust,
) -> Result<(Attested, Statement), AttestError> {
    let (attested, statement) = prove(bundle, publisher, trust)?;
    if statement.predicate_type() != predicate_type {
        let found = statement.predicate_type();
        return Err(mismatch("the predicate type", predicate_type, found));
    }
    Ok((attested, statement))
}

/// That the workflow, or where none is expected the one that the certificate
/// names, signed the statement, when the certificate was valid.
fn prove(
    bundle: &Bundle,
    publisher: Option<&Publisher>,
    trust: &Trust,
) -> Result<(Attested, Statement), AttestError> {
    let kind = bundle.entry_kind();
    if kind != ENTRY_KIND {
        return Err(mismatch("the kind of the log entry", ENTRY_KIND, &kind));
    }
    let statement = bundle.statement()?;
    let proven = prove_signature(bundle, &statement, trust)?;
    entry::compare(bundle)?;
    let certificate = Certificate::parse(&bundle.certificate)?;
    let attested = match publisher {
        Some(publisher) => certificate.attested(&statement, publisher)?,
        None => certificate.attested(&statement, &certificate.publisher()?)?,
    };
    let time = proven.integrated_time();
    let time = time.and_then(|time| u64::try_from(time.as_second()).ok());
    let Some(time) = time else {
        let problem = "the log entry does not tell its time".to_owned();
        return Err(AttestError::Proof(problem));
    };
    let log_index = bundle.log_index()?;
    let attested = Attested {
        log_index,
        time,
        ..attested
    };
    Ok((attested, statement))
}

/// Chain, code signing, log of certificates, log entry with promise, proof and
/// checkpoint, signature, time, and that they belong together.
fn prove_signature(
    bundle: &Bundle,
    statement: &Statement,
    trust: &Trust,
) -> Result<VerificationResult, AttestError> {
    let read: SigstoreBundle = serde_json::from_value(bundle.with_first_entry())
        .map_err(|why| malformed("a Sigstore bundle", sanitise(&why.to_string(), 256)))?;
    // Only that the crate asks for a file: it is compared by who calls.
    let digest = statement.subjects().iter().find_map(|file| file.sha256);
    let Some(digest) = digest else {
        return Err(malformed(
            "a statement about files",
            "no file in it has a SHA-256 of 64 lower-case digits".to_owned(),
        ));
    };
    let policy = VerificationPolicy::any_identity().require_issuer(GITHUB_ISSUER);
    let artifact = Artifact::from(Sha256Hash::new(digest));
    let proven = trust
        .verifier()
        .verify(artifact, &read, &policy)
        .map_err(|why| AttestError::Proof(sanitise(&why.to_string(), 512)))?;
    let whole = proven.certificate_verified() && proven.sct_verified() && proven.tlog_verified();
    let key = proven.certificate().map(|info| info.key_algorithm);
    if !whole || key != Some(KeyAlgorithm::EcdsaP256) {
        return Err(AttestError::Proof(
            "expected an ECDSA key on the curve P-256, in a certificate and an entry that are \
             both in their logs"
                .to_owned(),
        ));
    }
    Ok(proven)
}

fn compare_subject(
    subject: &Subject,
    file_name: &str,
    sha256: &[u8; 32],
) -> Result<(), AttestError> {
    if !filename::is_same(&subject.name, file_name) {
        return Err(mismatch("the file", file_name, &subject.name));
    }
    if subject.sha256.as_ref() != Some(sha256) {
        let found = subject
            .sha256
            .map_or_else(|| "none".to_owned(), hex::encode);
        return Err(mismatch("the SHA-256", &hex::encode(sha256), &found));
    }
    Ok(())
}

fn mismatch(what: &'static str, expected: &str, found: &str) -> AttestError {
    AttestError::Mismatch {
        what,
        expected: expected.to_owned(),
        found: sanitise(found, 256),
    }
}
