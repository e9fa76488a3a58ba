// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The attestations of an upload (PEP 740), checked as the real server does it:
//! structure, subject, the envelope's signature by the certificate's key, and the
//! certificate's claims against the publisher; and where the test has said which
//! Sigstore to trust, the certificate's chain and time stamp, and the log's proofs.
//! The subject's name is compared as text, where the real server compares its parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::Publisher;
use super::form::Content;
use super::refusal::Refusal;
use crate::attestation::{PAYLOAD_TYPE, PUBLISH, SLSA, pae};
use crate::sigstore::verify::Evidence;
use crate::sigstore::{Anchors, Certificate, signed_by};

const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The provenance to show for the file, if it has attestations that hold.
pub(super) fn check(
    text: Option<&str>,
    publisher: Option<&Publisher>,
    content: &Content,
    anchors: Option<&Anchors>,
) -> Result<Option<Value>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let publisher = publisher.ok_or_else(|| {
        refused("Attestations are only supported when using Trusted Publishing".to_owned())
    })?;
    let attestations = parse(text).map_err(refused)?;
    let mut types: Vec<String> = Vec::new();
    for attestation in &attestations {
        let found = verify(attestation, publisher, content, anchors).map_err(refused)?;
        if types.contains(&found) {
            return Err(refused(format!(
                "Multiple attestations for the same file with the same predicate type ({found}) \
                 are not supported"
            )));
        }
        types.push(found);
    }
    Ok(Some(json!({
        "version": 1,
        "attestation_bundles": [{
            "attestations": attestations.iter().map(kept).collect::<Vec<_>>(),
            "publisher": {
                "kind": "GitHub",
                "repository": format!("{}/{}", publisher.owner, publisher.repository),
                "workflow": publisher.workflow,
                "environment": publisher.environment,
            },
        }],
    })))
}

fn refused(problem: String) -> Refusal {
    Refusal::bad(format!(
        "Invalid attestations supplied during upload: {problem}"
    ))
}

fn parse(text: &str) -> Result<Vec<Value>, String> {
    let malformed = |why: &str| format!("Malformed attestations: {why}");
    let value: Value =
        serde_json::from_str(text).map_err(|error| malformed(&format!("Invalid JSON: {error}")))?;
    let Value::Array(attestations) = value else {
        return Err(malformed("Input should be a valid array"));
    };
    if attestations.is_empty() {
        return Err(malformed("an empty attestation set is not permitted"));
    }
    for attestation in &attestations {
        check_structure(attestation).map_err(|path| malformed(&path))?;
    }
    if attestations.len() > 2 {
        return Err("A maximum of 2 attestations per file are supported".to_owned());
    }
    Ok(attestations)
}

/// Every field is there and of its type.
fn check_structure(attestation: &Value) -> Result<(), String> {
    if attestation.get("version") != Some(&json!(1)) {
        return Err("version: Input should be 1".to_owned());
    }
    for path in [
        "/verification_material/certificate",
        "/envelope/statement",
        "/envelope/signature",
    ] {
        decoded(attestation, path).ok_or_else(|| format!("{path}: Input should be base64"))?;
    }
    let entries = attestation
        .pointer("/verification_material/transparency_entries")
        .and_then(Value::as_array);
    let entries = entries.ok_or("transparency_entries: Field required")?;
    if entries.is_empty() || !entries.iter().all(Value::is_object) {
        return Err("transparency_entries: List should have at least 1 item".to_owned());
    }
    Ok(())
}

fn decoded(value: &Value, path: &str) -> Option<Vec<u8>> {
    let text = value.pointer(path)?.as_str()?;
    BASE64.decode(text).ok()
}

/// The fields that the index keeps; it ignores what else is there.
fn kept(attestation: &Value) -> Value {
    let at = |path: &str| attestation.pointer(path).cloned().unwrap_or_default();
    json!({
        "version": 1,
        "verification_material": {
            "certificate": at("/verification_material/certificate"),
            "transparency_entries": at("/verification_material/transparency_entries"),
        },
        "envelope": {
            "statement": at("/envelope/statement"),
            "signature": at("/envelope/signature"),
        },
    })
}

/// The predicate type of an attestation that holds.
fn verify(
    attestation: &Value,
    publisher: &Publisher,
    content: &Content,
    anchors: Option<&Anchors>,
) -> Result<String, String> {
    let failed = |why: String| {
        format!(
            "Could not verify the uploaded artifact using the included attestation: \
             Verification failed: {why}"
        )
    };
    let der = decoded(attestation, "/verification_material/certificate").unwrap_or_default();
    let certificate = Certificate::read(&der).ok_or(
        "Unknown error while trying to verify included attestations: invalid X.509 certificate",
    )?;
    let statement = decoded(attestation, "/envelope/statement").unwrap_or_default();
    let signature = decoded(attestation, "/envelope/signature").unwrap_or_default();
    let entry = attestation.pointer("/verification_material/transparency_entries/0");
    let evidence = Evidence {
        certificate: &certificate,
        der: &der,
        entry: entry.unwrap_or(&Value::Null),
        statement: &statement,
        signature: &signature,
    };
    check_evidence(&evidence, publisher, anchors).map_err(failed)?;
    check_statement(&statement, content).map_err(failed)
}

/// In the order of the real one, of which the first failure is told.
fn check_evidence(
    evidence: &Evidence,
    publisher: &Publisher,
    anchors: Option<&Anchors>,
) -> Result<(), String> {
    check_form_of_entry(evidence.entry)?;
    if let Some(anchors) = anchors {
        anchors.check_certificate(evidence)?;
    }
    check_policy(evidence.certificate, publisher)?;
    if let Some(anchors) = anchors {
        anchors.check_log(evidence.entry)?;
    }
    let signed = pae(PAYLOAD_TYPE, evidence.statement);
    if !signed_by(evidence.certificate, &signed, evidence.signature) {
        return Err("DSSE: invalid signature".to_owned());
    }
    if let Some(anchors) = anchors {
        anchors.check_body(evidence)?;
    }
    Ok(())
}

/// Only the first entry counts, and only version 1 of the log gives a time.
fn check_form_of_entry(entry: &Value) -> Result<(), String> {
    let text = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or("");
    let (kind, version) = (text("/kindVersion/kind"), text("/kindVersion/version"));
    if (kind, version) == ("hashedrekord", "0.0.2")
        || text("/integratedTime").is_empty()
        || text("/inclusionPromise/signedEntryTimestamp").is_empty()
    {
        return Err("not enough sources of verified time".to_owned());
    }
    if (kind, version) != ("dsse", "0.0.1") {
        return Err(format!("Unsupported DSSE log entry type: {kind}/{version}"));
    }
    if text("/inclusionProof/checkpoint/envelope").is_empty() {
        return Err("entry must contain inclusion proof, with checkpoint".to_owned());
    }
    Ok(())
}

fn check_policy(certificate: &Certificate, publisher: &Publisher) -> Result<(), String> {
    let Publisher {
        owner,
        repository,
        workflow,
        ..
    } = publisher;
    let expected = format!("https://github.com/{owner}/{repository}");
    for (number, name, expected) in [
        (8, "OIDCIssuerV2", ISSUER),
        (12, "OIDCSourceRepositoryURI", expected.as_str()),
    ] {
        let found = certificate.claim(number).unwrap_or_default();
        if found != expected {
            return Err(format!(
                "Certificate's {name} does not match (got '{found}', expected '{expected}')"
            ));
        }
    }
    let place = format!("{expected}/.github/workflows/{workflow}");
    let found = certificate.claim(18).unwrap_or_default();
    let refs = [13, 14].map(|number| certificate.claim(number));
    let mut refs = refs.into_iter().flatten();
    if !refs.any(|reference| found == format!("{place}@{reference}")) {
        return Err(format!(
            "Certificate's Build Config URI ({found}) does not match expected Trusted Publisher \
             ({workflow} @ {owner}/{repository})"
        ));
    }
    Ok(())
}

fn check_statement(statement: &[u8], content: &Content) -> Result<String, String> {
    let statement: Value =
        serde_json::from_slice(statement).map_err(|_| "invalid statement".to_owned())?;
    let subjects = statement.get("subject").and_then(Value::as_array);
    let Some([subject]) = subjects.map(Vec::as_slice) else {
        return Err("too many subjects in statement (must be exactly one)".to_owned());
    };
    let name = subject.get("name").and_then(Value::as_str).unwrap_or("");
    if name != content.filename {
        return Err(format!(
            "subject does not match distribution name: {name} != {}",
            content.filename
        ));
    }
    let sha256 = subject.pointer("/digest/sha256").and_then(Value::as_str);
    if sha256 != Some(content.digests.sha256.as_str()) {
        return Err("subject does not match distribution digest".to_owned());
    }
    let predicate_type = statement.get("predicateType").and_then(Value::as_str);
    let predicate_type = predicate_type.unwrap_or_default();
    if ![PUBLISH, SLSA].contains(&predicate_type) {
        return Err(format!("unknown attestation type: {predicate_type}"));
    }
    Ok(predicate_type.to_owned())
}
