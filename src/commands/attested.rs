// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index shows of who attested a file, verified: by the workflow that
//! the inputs name, or, where they name none, by the one that the index shows.

use crate::attest::{self, AttestError, Attestation, Attested, Publisher, Trust};
use crate::index::{Bundle, Provenance, ShownPublisher, Wanted};
use crate::report::{AttestationRow, Origin};
use crate::rules::{Finding, Rule, Severity};

/// Who attested the file, and what is wrong with it.
pub(super) fn judge(
    provenance: &Provenance,
    file: &Wanted<'_>,
    identity: Option<&Publisher>,
    trust: &Trust,
) -> (Vec<AttestationRow>, Vec<Finding>) {
    let bundles = match provenance {
        Provenance::Attested(bundles) => bundles,
        Provenance::Unattested | Provenance::Unknown => {
            return (Vec::new(), vec![missing(file, identity)]);
        }
    };
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    for bundle in bundles {
        for attestation in &bundle.attestations {
            match judge_one(bundle, &attestation.to_string(), file, identity, trust) {
                Ok(attested) => rows.push(AttestationRow::of(&attested, Origin::Index)),
                Err(refusal) => findings.push(*refusal),
            }
        }
    }
    (rows, findings)
}

fn judge_one(
    bundle: &Bundle,
    attestation: &str,
    file: &Wanted<'_>,
    identity: Option<&Publisher>,
    trust: &Trust,
) -> Result<Attested, Box<Finding>> {
    let bad = |why: &AttestError| {
        let expected = "an attestation of this file that holds";
        let finding = Finding::new(
            Rule::ProvenanceBad,
            Some(file.file),
            expected,
            why.to_string(),
        );
        Box::new(finding)
    };
    let attestation = Attestation::parse(attestation).map_err(|why| bad(&why))?;
    let verify = |publisher: &Publisher| {
        attest::verify(&attestation, file.file, file.sha256, publisher, trust)
    };
    let shown = publisher(&bundle.publisher);
    let Some(identity) = identity else {
        return verify(&shown.map_err(|why| bad(&why))?).map_err(|why| bad(&why));
    };
    verify(identity).map_err(|why| {
        // It may hold for all that, and be another's.
        match shown.ok().and_then(|shown| verify(&shown).ok()) {
            Some(other) => Box::new(Finding::new(
                Rule::ProvenanceIdentity,
                Some(file.file),
                format!("{} {}", identity.repository(), identity.workflow()),
                AttestationRow::of(&other, Origin::Index).by(),
            )),
            None => bad(&why),
        }
    })
}

/// The workflow that the index shows; its word, to be held against the proof.
fn publisher(shown: &ShownPublisher) -> Result<Publisher, AttestError> {
    match (&shown.repository, &shown.workflow) {
        (Some(repository), Some(workflow)) if shown.kind == "GitHub" => {
            Publisher::new(repository, workflow)
        }
        _ => Err(AttestError::Mismatch {
            what: "the publisher",
            expected: "a workflow of GitHub".to_owned(),
            found: format!("one of the kind {}", shown.kind),
        }),
    }
}

/// Only where the inputs say who must have attested is it a refusal: many
/// releases are older than attestations.
fn missing(file: &Wanted<'_>, identity: Option<&Publisher>) -> Finding {
    let expected = identity.map_or("an attestation".to_owned(), |identity| {
        format!(
            "attested by {} {}",
            identity.repository(),
            identity.workflow()
        )
    });
    let mut finding = Finding::new(
        Rule::ProvenanceMissing,
        Some(file.file),
        expected,
        "the index shows none",
    );
    if identity.is_none() {
        finding.severity = Severity::Note;
    }
    finding
}
