// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! in-toto statements: what is said about which files. Pure.
//!
//! Decides the bytes that are signed: those that the packaging authority's own
//! tools make, field for field in their order, so that nobody has to guess
//! whether another spelling is taken. Decides nothing about who may say it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AttestError;

/// The predicate type of an index's own attestation: a workflow published this file.
pub const PUBLISH: &str = "https://docs.pypi.org/attestations/publish/v1";
/// The predicate type of SLSA provenance: a build made this file.
pub const SLSA_PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// The type of every statement.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// What a signed envelope says that a statement is.
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// No statement that is read is longer, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// One file that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The file's name.
    pub name: String,
    /// Its SHA-256; none where the statement has none, or not in lower case.
    pub sha256: Option<[u8; 32]>,
}

/// An in-toto statement, version 1, and its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    bytes: Vec<u8>,
    subjects: Vec<Subject>,
    predicate_type: String,
    predicate: Value,
}

/// The fields in the order in which they are written.
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<WireSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Value,
}

#[derive(Serialize, Deserialize)]
struct WireSubject {
    #[serde(default)]
    name: String,
    digest: serde_json::Map<String, Value>,
}

impl WireSubject {
    fn new(name: &str, digests: &[(&str, &[u8])]) -> Self {
        let digests = digests.iter();
        let digest = digests.map(|(kind, bytes)| ((*kind).to_owned(), hex::encode(bytes).into()));
        Self {
            name: name.to_owned(),
            digest: digest.collect(),
        }
    }
}

impl Statement {
    /// That this file is published: the predicate is `null`.
    pub fn publish(file_name: &str, sha256: &[u8; 32]) -> Self {
        Self::new(&[(file_name, sha256)], PUBLISH, Value::Null)
    }

    /// The predicate, said about these files, each a name and a SHA-256.
    pub fn new(subjects: &[(&str, &[u8; 32])], predicate_type: &str, predicate: Value) -> Self {
        let subject =
            |(name, sha256): &(&str, &[u8; 32])| WireSubject::new(name, &[("sha256", *sha256)]);
        let subjects = subjects.iter().map(subject).collect();
        Self::of_wire(subjects, predicate_type, predicate)
    }

    /// As [`Statement::new`], about files of which the SHA-512 is named too.
    pub fn of_files(
        subjects: &[(&str, &[u8; 32], &[u8; 64])],
        predicate_type: &str,
        predicate: Value,
    ) -> Self {
        let subject = |(name, sha256, sha512): &(&str, &[u8; 32], &[u8; 64])| {
            WireSubject::new(name, &[("sha256", *sha256), ("sha512", *sha512)])
        };
        let subjects = subjects.iter().map(subject).collect();
        Self::of_wire(subjects, predicate_type, predicate)
    }

    fn of_wire(subject: Vec<WireSubject>, predicate_type: &str, predicate: Value) -> Self {
        let wire = Wire {
            kind: STATEMENT.to_owned(),
            subject,
            predicate_type: predicate_type.to_owned(),
            predicate,
        };
        Self {
            // Strings, lists and maps with string keys: nothing that could fail.
            bytes: serde_json::to_vec(&wire).unwrap_or_default(),
            subjects: wire.subject.iter().map(Subject::of).collect(),
            predicate_type: wire.predicate_type,
            predicate: wire.predicate,
        }
    }

    /// Reads a statement's bytes and keeps them as they are.
    ///
    /// # Errors
    /// When they are no statement of version 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestError> {
        let malformed = |problem: String| AttestError::Malformed {
            expected: "an in-toto statement",
            problem,
        };
        if bytes.len() > LONGEST {
            return Err(malformed(format!("longer than {LONGEST} bytes")));
        }
        let wire: Wire = serde_json::from_slice(bytes)
            .map_err(|why| malformed(crate::http::sanitise(&why.to_string(), 256)))?;
        if wire.kind != STATEMENT {
            let kind = crate::http::sanitise(&wire.kind, 128);
            return Err(malformed(format!("its type is {kind:?}, not {STATEMENT}")));
        }
        Ok(Self {
            bytes: bytes.to_vec(),
            subjects: wire.subject.iter().map(Subject::of).collect(),
            predicate_type: wire.predicate_type,
            predicate: wire.predicate,
        })
    }

    /// The bytes that are signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The files that it is about.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// What kind of thing is said.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// What is said; `null` where that is all in the type.
    pub fn predicate(&self) -> &Value {
        &self.predicate
    }
}

impl Subject {
    fn of(wire: &WireSubject) -> Self {
        let sha256 = wire.digest.get("sha256").and_then(Value::as_str);
        Self {
            name: wire.name.clone(),
            sha256: sha256.and_then(|text| {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).ok()?;
                // An index compares the digits, not what they stand for.
                (hex::encode(bytes) == text).then_some(bytes)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_packaging_authority_s_own_tools() {
        let statement = Statement::publish("example-1.0.tar.gz", &[0xab; 32]);
        assert_eq!(
            std::str::from_utf8(statement.bytes()).unwrap(),
            format!(
                "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{{\"name\":\
                 \"example-1.0.tar.gz\",\"digest\":{{\"sha256\":\"{}\"}}}}],\"predicateType\":\
                 \"https://docs.pypi.org/attestations/publish/v1\",\"predicate\":null}}",
                "ab".repeat(32)
            )
        );
    }

    #[test]
    fn what_is_written_is_read_and_the_bytes_stay_as_they_are() {
        let predicate = json!({"b": [1, 2], "a": null});
        let one = Statement::new(
            &[("a", &[1; 32]), ("b", &[2; 32])],
            "https://x/y",
            predicate,
        );
        assert_eq!(Statement::parse(one.bytes()).unwrap(), one);
        let spaced = format!(" {} ", std::str::from_utf8(one.bytes()).unwrap());
        assert_eq!(
            Statement::parse(spaced.as_bytes()).unwrap().bytes(),
            spaced.as_bytes()
        );
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"_type":"https://in-toto.io/Statement/v1"}"#,
            r#"{"_type":"https://in-toto.io/Statement/v0.1","subject":[],"predicateType":"x"}"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a"}],"predicateType":"x"}"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":{},"predicateType":"x"}"#,
        ] {
            let error = Statement::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("an in-toto statement"), "{error} for {text}");
        }
    }

    #[test]
    fn what_a_foreign_statement_holds_never_makes_an_error_long() {
        let text = json!({"_type": STATEMENT, "subject": "\u{1b}[2J".repeat(100_000)});
        let error = Statement::parse(text.to_string().as_bytes()).unwrap_err();
        let error = error.to_string();
        assert!(error.len() < 400 && !error.contains('\u{1b}'), "{error}");
    }
}
