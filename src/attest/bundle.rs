// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A Sigstore bundle, version 0.3: a signed statement with its certificate and
//! its log entry, in one JSON file. Pure.

use super::AttestError;
use super::statement::Statement;

/// A signed statement and what proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The certificate, DER.
    pub(super) certificate: Vec<u8>,
    /// The log entries as JSON, the first of which counts.
    pub(super) entries: Vec<serde_json::Value>,
    /// The signed bytes.
    pub(super) payload: Vec<u8>,
    /// The signature over them, DER.
    pub(super) signature: Vec<u8>,
}

impl Bundle {
    /// Reads a bundle from JSON text.
    ///
    /// # Errors
    /// When it is none of version 0.3 with a statement, or too long.
    pub fn parse(text: &str) -> Result<Self, AttestError> {
        let _ = text;
        Err(AttestError::Malformed {
            expected: "a Sigstore bundle",
            problem: "this version cannot read one".to_owned(),
        })
    }

    /// The bundle as JSON text.
    pub fn to_text(&self) -> String {
        String::new()
    }

    /// What it says, unverified.
    ///
    /// # Errors
    /// When the signed bytes are no statement.
    pub fn statement(&self) -> Result<Statement, AttestError> {
        Statement::parse(&self.payload)
    }
}
