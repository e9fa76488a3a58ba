// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The object of PEP 740: what an index takes beside a file and serves again.
//! Pure.
//!
//! Decides the form only: one certificate, at least one log entry, a statement
//! and its signature. Whether they hold is decided in `verify`.

use serde_json::Value;

use super::AttestError;
use super::bundle::Bundle;
use super::statement::Statement;

/// How many attestations of one file an index takes.
pub const MOST_PER_FILE: usize = 2;

/// One attestation of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    bundle: Bundle,
}

impl Attestation {
    /// Reads one object from JSON text.
    ///
    /// # Errors
    /// When it is none, or too long.
    pub fn parse(text: &str) -> Result<Self, AttestError> {
        let _ = text;
        Err(unfinished())
    }

    /// Reads the list that goes with a file, from JSON text: one object for
    /// each of at most two predicate types.
    ///
    /// # Errors
    /// When it is none, empty, too long, or says one thing twice.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, AttestError> {
        let _ = text;
        Err(unfinished())
    }

    /// The object as JSON.
    pub fn to_json(&self) -> Value {
        Value::Null
    }

    /// The JSON text of the form's field `attestations`.
    pub fn list_to_text(attestations: &[Self]) -> String {
        Value::from_iter(attestations.iter().map(Self::to_json)).to_string()
    }

    /// What it says, unverified.
    ///
    /// # Errors
    /// When the signed bytes are no statement.
    pub fn statement(&self) -> Result<Statement, AttestError> {
        self.bundle.statement()
    }

    /// The statement's predicate type, unverified; none where it is unreadable.
    pub fn predicate_type(&self) -> Option<String> {
        Some(self.statement().ok()?.predicate_type().to_owned())
    }

    /// The same as a Sigstore bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }
}

impl From<Bundle> for Attestation {
    /// Drops what the object has no place for: time stamps.
    fn from(bundle: Bundle) -> Self {
        Self { bundle }
    }
}

fn unfinished() -> AttestError {
    AttestError::Malformed {
        expected: "an attestation",
        problem: "this version cannot read one".to_owned(),
    }
}
