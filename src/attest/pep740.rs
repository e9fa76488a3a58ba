// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The object of PEP 740: what an index takes beside a file and serves again.
//! Pure.
//!
//! Decides the form only: one certificate, at least one log entry, a statement
//! and its signature, and how many a file may have. Whether they hold is
//! decided in `verify`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AttestError;
use super::bundle::{Bundle, LONGEST, malformed, parse_bounded};
use super::statement::Statement;
use crate::http::sanitise;

/// How many attestations of one file an index takes.
pub const MOST_PER_FILE: usize = 2;
/// The only version there is.
const VERSION: u64 = 1;
/// What messages call it.
const ATTESTATION: &str = "an attestation (PEP 740)";
const LIST: &str = "a list of attestations (PEP 740)";

/// One attestation of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    bundle: Bundle,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    version: u64,
    verification_material: WireMaterial,
    envelope: WireEnvelope,
}

#[derive(Serialize, Deserialize)]
struct WireMaterial {
    certificate: String,
    transparency_entries: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
struct WireEnvelope {
    statement: String,
    signature: String,
}

impl Attestation {
    /// Reads one object from JSON text.
    ///
    /// # Errors
    /// When it is none, or too long.
    pub fn parse(text: &str) -> Result<Self, AttestError> {
        Self::of(&parse_bounded(text, LONGEST, ATTESTATION)?)
    }

    /// Reads one object from JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_json(value: &Value) -> Result<Self, AttestError> {
        let wire = Wire::deserialize(value);
        Self::of(&wire.map_err(|why| malformed(ATTESTATION, sanitise(&why.to_string(), 256)))?)
    }

    /// Reads the list that goes with a file, from JSON text: at least one and
    /// at most two objects, each with a predicate type of its own.
    ///
    /// # Errors
    /// When it is none, empty, too long, or says one thing twice.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, AttestError> {
        let wires: Vec<Wire> = parse_bounded(text, MOST_PER_FILE * LONGEST, LIST)?;
        if wires.is_empty() || wires.len() > MOST_PER_FILE {
            let found = wires.len();
            let problem = format!("it holds {found}, and a file has 1 to {MOST_PER_FILE}");
            return Err(malformed(LIST, problem));
        }
        let list: Vec<Self> = wires.iter().map(Self::of).collect::<Result<_, _>>()?;
        let mut types: Vec<String> = Vec::new();
        for attestation in &list {
            let kind = attestation.statement()?.predicate_type().to_owned();
            if types.contains(&kind) {
                let kind = sanitise(&kind, 128);
                return Err(malformed(LIST, format!("it says {kind} twice")));
            }
            types.push(kind);
        }
        Ok(list)
    }

    fn of(wire: &Wire) -> Result<Self, AttestError> {
        if wire.version != VERSION {
            let found = wire.version;
            return Err(malformed(ATTESTATION, format!("its version is {found}")));
        }
        let material = &wire.verification_material;
        let envelope = &wire.envelope;
        let bundle = Bundle::of_parts(
            ATTESTATION,
            [
                &material.certificate,
                &envelope.statement,
                &envelope.signature,
            ],
            material.transparency_entries.clone(),
        )?;
        Ok(Self { bundle })
    }

    /// The object as JSON.
    pub fn to_json(&self) -> Value {
        // Strings and JSON values: nothing that could fail.
        serde_json::to_value(self.wire()).unwrap_or_default()
    }

    /// The object as JSON text.
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.wire()).unwrap_or_default()
    }

    /// The JSON text of the form's field `attestations`.
    pub fn list_to_text(attestations: &[Self]) -> String {
        let wires: Vec<Wire> = attestations.iter().map(Self::wire).collect();
        serde_json::to_string(&wires).unwrap_or_default()
    }

    fn wire(&self) -> Wire {
        Wire {
            version: VERSION,
            verification_material: WireMaterial {
                certificate: BASE64.encode(&self.bundle.certificate),
                transparency_entries: self.bundle.entries.clone(),
            },
            envelope: WireEnvelope {
                statement: BASE64.encode(&self.bundle.payload),
                signature: BASE64.encode(&self.bundle.signature),
            },
        }
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
    fn from(bundle: Bundle) -> Self {
        Self { bundle }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testbed::attestation::{Attester, PUBLISH, SLSA};

    use super::*;

    fn made(kind: &str) -> Value {
        Attester::github("apache/example", "release.yml").attest(kind, "a-1.tar.gz", b"bytes")
    }

    #[test]
    fn what_is_read_is_written_again_field_for_field() {
        let one = made(PUBLISH);
        let read = Attestation::parse(&one.to_string()).unwrap();
        assert_eq!(read.to_json(), one);
        assert_eq!(Attestation::parse(&read.to_text()).unwrap(), read);
        assert_eq!(Attestation::from(read.bundle().clone()), read);
        assert_eq!(read.predicate_type().as_deref(), Some(PUBLISH));
        let list = json!([one, made(SLSA)]).to_string();
        let list = Attestation::parse_list(&list).unwrap();
        let text = Attestation::list_to_text(&list);
        assert_eq!(Attestation::parse_list(&text).unwrap(), list);
        let start = r#"[{"version":1,"verification_material":{"certificate":""#;
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn a_list_is_short_and_says_nothing_twice() {
        let (publish, slsa) = (made(PUBLISH), made(SLSA));
        for (list, words) in [
            (json!([]), "it holds 0, and a file has 1 to 2"),
            (json!([publish, slsa, publish]), "it holds 3"),
            (json!([publish, publish]), "publish/v1 twice"),
            (json!([slsa, slsa]), "provenance/v1 twice"),
            (json!(publish), "not a list"),
            (json!([null]), "not a list"),
        ] {
            let error = Attestation::parse_list(&list.to_string()).unwrap_err();
            assert!(error.to_string().contains(words), "{error} for {words}");
        }
    }

    #[test]
    fn what_a_foreign_object_holds_never_makes_an_error_long() {
        let object = json!({"version": "long".repeat(100_000)});
        let error = Attestation::from_json(&object).unwrap_err().to_string();
        assert!(error.len() < 400, "{} bytes", error.len());
    }

    #[test]
    fn what_is_no_attestation_is_refused() {
        let with = |place: &str, value: Value| {
            let mut changed = made(PUBLISH);
            *changed.pointer_mut(place).unwrap() = value;
            changed.to_string()
        };
        for text in [
            String::new(),
            "{}".to_owned(),
            "[".repeat(100_000),
            " ".repeat(LONGEST + 1),
            with("/version", json!(2)),
            with("/version", json!("1")),
            with("/verification_material/certificate", json!("!")),
            with("/verification_material/certificate", json!("")),
            with("/verification_material/transparency_entries", json!([])),
            with("/verification_material/transparency_entries", json!({})),
            with("/envelope/statement", json!(null)),
            with("/envelope/signature", json!("A")),
        ] {
            let error = Attestation::parse(&text).unwrap_err();
            let expected = matches!(
                error,
                AttestError::Malformed {
                    expected: ATTESTATION,
                    ..
                }
            );
            assert!(expected, "{error}");
        }
    }
}
