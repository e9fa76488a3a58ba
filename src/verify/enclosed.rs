// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Attestations that lie in a release beside its files.
//!
//! Decides which of them are read, and that each is verified before it counts:
//! nothing is passed on to an index unread, and at most one of a type.

use serde::Deserialize;
use serde_json::Value;

use crate::attest::{self, AttestError, Attestation, Attested, Bundle, MOST_PER_FILE, Publisher};
use crate::http::sanitise;
use crate::rules::{Finding, Rule};
use crate::snapshot::basename;

use super::{Fetched, Sidecars};
use crate::dist::filename::DistributionName;

/// By whom attestations must be, and what proves them.
#[derive(Clone, Copy)]
pub struct AttestationPolicy<'a> {
    /// What is trusted.
    pub trust: &'a attest::Trust,
    /// The workflow that publishes; none where nobody can know it, such as
    /// where the release is only verified.
    pub publisher: Option<&'a Publisher>,
}

/// An attestation that lay in the release, and holds.
#[derive(Clone, Debug)]
pub struct Enclosed {
    /// The path of its file.
    pub path: String,
    /// The object.
    pub attestation: Attestation,
    /// What it says.
    pub says: Attested,
}

/// Reads and verifies what lies beside one file.
pub(super) fn read(
    name: Option<&DistributionName>,
    fetched: &Fetched,
    sidecars: &Sidecars,
    policy: &AttestationPolicy<'_>,
) -> Result<Vec<Enclosed>, Vec<Finding>> {
    let mut enclosed: Vec<Enclosed> = Vec::new();
    let mut findings = Vec::new();
    for (path, bytes) in &sidecars.attestations {
        let Some(name) = name else {
            findings.push(of_unpublished(path));
            continue;
        };
        let attestations = match parse(path, bytes) {
            Ok(attestations) => attestations,
            Err(why) => {
                let expected = "attestations of PEP 740, or Sigstore bundles of statements";
                findings.push(unchecked(path, expected, why.to_string()));
                continue;
            }
        };
        for attestation in attestations {
            match verify(&attestation, name.file(), fetched.sha256(), policy) {
                Ok(says) => enclosed.push(Enclosed {
                    path: path.clone(),
                    attestation,
                    says,
                }),
                Err(why) => findings.push(why.wrong(path)),
            }
        }
    }
    for (at, one) in enclosed.iter().enumerate() {
        let mut earlier = enclosed.iter().take(at);
        let is_same = |other: &Enclosed| other.says.predicate_type == one.says.predicate_type;
        if let Some(first) = earlier.find(|other| is_same(other)) {
            let expected = "one attestation of a type for each file";
            let found = format!("a second beside `{}`", basename(&first.path));
            findings.push(unchecked(&one.path, expected, found));
        }
    }
    if findings.is_empty() {
        Ok(enclosed)
    } else {
        Err(findings)
    }
}

fn verify(
    attestation: &Attestation,
    file: &str,
    sha256: &[u8; 32],
    policy: &AttestationPolicy<'_>,
) -> Result<Attested, AttestError> {
    match policy.publisher {
        Some(publisher) => attest::verify(attestation, file, sha256, publisher, policy.trust),
        None => attest::verify_by_anyone(attestation, file, sha256, policy.trust),
    }
}

/// What the file at this path holds, by the form that its name says.
fn parse(path: &str, bytes: &[u8]) -> Result<Vec<Attestation>, AttestError> {
    let text = std::str::from_utf8(bytes).map_err(|_| AttestError::Malformed {
        expected: "text",
        problem: "no UTF-8".to_owned(),
    })?;
    if path.ends_with(".intoto.jsonl") {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        return some(lines.map(bundled).collect::<Result<_, _>>()?);
    }
    if path.ends_with(".sigstore.json") {
        return Ok(vec![bundled(text)?]);
    }
    if path.ends_with(".provenance") {
        return some(parse_provenance(text)?);
    }
    // The object, or the same as a bundle, as other tools write it.
    match Attestation::parse(text) {
        Ok(attestation) => Ok(vec![attestation]),
        Err(why) => bundled(text).map(|one| vec![one]).map_err(|_| why),
    }
}

/// The object that an index shows for a file; only its attestations count.
fn parse_provenance(text: &str) -> Result<Vec<Attestation>, AttestError> {
    #[derive(Deserialize)]
    struct Shown {
        attestation_bundles: Vec<ShownBundle>,
    }
    #[derive(Deserialize)]
    struct ShownBundle {
        attestations: Vec<Value>,
    }
    let shown: Shown = serde_json::from_str(text).map_err(|why| AttestError::Malformed {
        expected: "the provenance of a file (PEP 740)",
        problem: sanitise(&why.to_string(), 256),
    })?;
    let bundles = shown.attestation_bundles.iter();
    let all = bundles.flat_map(|bundle| &bundle.attestations);
    // No more than count, and one to say that there are more.
    let some = all.take(MOST_PER_FILE + 1);
    some.map(|one| Attestation::parse(&one.to_string()))
        .collect()
}

fn bundled(text: &str) -> Result<Attestation, AttestError> {
    Bundle::parse(text).map(Attestation::from)
}

fn some(attestations: Vec<Attestation>) -> Result<Vec<Attestation>, AttestError> {
    if (1..=MOST_PER_FILE).contains(&attestations.len()) {
        return Ok(attestations);
    }
    Err(AttestError::Malformed {
        expected: "one attestation or two",
        problem: format!("{} of them", attestations.len()),
    })
}

/// No index takes such a file, so that nobody would check it again.
pub(super) fn of_unpublished(path: &str) -> Finding {
    let expected = "attestations of what is published alone";
    unchecked(path, expected, "one of another file")
}

fn unchecked(path: &str, expected: &str, found: impl Into<String>) -> Finding {
    Finding::new(Rule::AttestationUnchecked, Some(path), expected, found)
}
