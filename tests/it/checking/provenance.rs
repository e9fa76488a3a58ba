// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who attested what the index serves: shown, and refused where it is not who
//! the inputs name or does not hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use testbed::attestation::{Attester, PUBLISH};

use super::{Attested, IDENTITY, SDIST, WHEEL, row};

fn wheel_bytes(attested: &Attested) -> Vec<u8> {
    attested.world.index.contents(WHEEL).unwrap()
}

/// An answer of the Integrity API with these attestations.
fn answer(repository: &str, workflow: &str, attestations: &[Value]) -> Value {
    let publisher = json!({
        "kind": "GitHub", "repository": repository, "workflow": workflow, "environment": null,
    });
    json!({"version": 1, "attestation_bundles": [
        {"publisher": publisher, "attestations": attestations},
    ]})
}

#[test]
fn who_attested_each_file_is_shown_with_run_commit_and_log_entry() {
    let attested = Attested::published();
    for more in [&[][..], &IDENTITY] {
        let ran = attested.check(more);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.rules("note"), Vec::<String>::new());
        for file in [WHEEL, SDIST] {
            let row = row(&ran, file);
            let by = &row["attested"][0];
            assert_eq!(by["repository"], "apache/example");
            assert_eq!(by["workflow"], ".github/workflows/release.yml");
            assert_eq!(by["ref"], "refs/tags/v1");
            assert!(by["commit"].is_string() && by["run"].is_string());
            assert!(by["log_index"].is_u64() && by["time"].is_u64());
        }
        let shown = "attested by apache/example .github/workflows/release.yml@refs/tags/v1";
        assert!(ran.stderr.contains(shown), "{}", ran.stderr);
    }
}

#[test]
fn an_attestation_of_another_workflow_is_refused_where_one_is_named() {
    let attested = Attested::published();
    for (repository, workflow) in [
        ("apache/example", "other.yml"),
        ("apache/other", "release.yml"),
        ("Apache/example", "release.yml"),
    ] {
        let named = [("repository", repository), ("workflow", workflow)];
        let ran = attested.check(&named);
        assert_eq!(ran.status, 1, "{repository} {workflow}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["provenance-identity"]);
    }
}

#[test]
fn provenance_that_does_not_hold_is_refused_whoever_is_named() {
    let attested = Attested::published();
    let bytes = wheel_bytes(&attested);
    let us = Attester::github("apache/example", "release.yml");
    let them = Attester::github("mallory/example", "release.yml");
    let sigstore = &attested.sigstore;
    let good = sigstore.attest(&us, PUBLISH, WHEEL, &bytes);
    let mut changed = good.clone();
    let text = good["envelope"]["statement"].as_str().unwrap();
    let statement = String::from_utf8(BASE64.decode(text).unwrap()).unwrap();
    let other = statement.replace("example-1.0", "example-1.1");
    changed["envelope"]["statement"] = json!(BASE64.encode(other));
    for (what, attestation) in [
        ("a changed statement", changed),
        (
            "other bytes",
            sigstore.attest(&us, PUBLISH, WHEEL, b"other"),
        ),
        ("another file", sigstore.attest(&us, PUBLISH, SDIST, &bytes)),
        ("no authority", us.attest(PUBLISH, WHEEL, &bytes)),
        // The index says that it was us: its word is held against the proof.
        ("another's", sigstore.attest(&them, PUBLISH, WHEEL, &bytes)),
        ("no attestation", json!({"version": 1})),
        ("a number", json!(7)),
    ] {
        let shown = answer("apache/example", "release.yml", &[attestation]);
        attested.world.index.set_provenance(WHEEL, Some(shown));
        for more in [&[][..], &IDENTITY] {
            let ran = attested.check(more);
            assert_eq!(ran.status, 1, "{what}: {}", ran.stderr);
            assert_eq!(ran.refusals(), ["provenance-bad"], "{what}");
            assert_eq!(row(&ran, WHEEL)["attested"], json!([]), "{what}");
        }
    }
    let shown = answer("apache/example", "release.yml", &[good]);
    attested.world.index.set_provenance(WHEEL, Some(shown));
    assert_eq!(attested.check(&IDENTITY).status, 0);
}

#[test]
fn another_s_attestation_is_shown_where_nobody_is_named() {
    let attested = Attested::published();
    let bytes = wheel_bytes(&attested);
    let them = Attester::github("mallory/example", "other.yml");
    let theirs = attested.sigstore.attest(&them, PUBLISH, WHEEL, &bytes);
    let shown = answer("mallory/example", "other.yml", &[theirs]);
    attested.world.index.set_provenance(WHEEL, Some(shown));
    let ran = attested.check(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(
        row(&ran, WHEEL)["attested"][0]["repository"],
        "mallory/example"
    );
    let named = attested.check(&IDENTITY);
    assert_eq!(named.refusals(), ["provenance-identity"]);
}

#[test]
fn a_publisher_of_another_kind_is_nobody_that_can_be_verified() {
    let attested = Attested::published();
    let mut shown = answer("apache/example", "release.yml", &[json!({})]);
    shown["attestation_bundles"][0]["publisher"]["kind"] = json!("GitLab");
    attested.world.index.set_provenance(WHEEL, Some(shown));
    let ran = attested.check(&[]);
    assert_eq!(ran.refusals(), ["provenance-bad"], "{}", ran.stderr);
}

#[test]
fn one_file_without_provenance_is_refused_where_somebody_is_named() {
    let attested = Attested::published();
    attested.world.index.set_provenance(SDIST, None);
    let ran = attested.check(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("note"), ["provenance-missing"]);
    let ran = attested.check(&IDENTITY);
    assert_eq!(ran.refusals(), ["provenance-missing"]);
    assert_eq!(row(&ran, WHEEL)["attested"].as_array().unwrap().len(), 1);
}
