// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index shows in the end, and what it should.

use serde_json::json;
use testbed::attestation::Attester;

use super::*;

const FILE: &str = "example-1.0.tar.gz";
const SHORT: [(&str, &str); 1] = [("read-back-timeout", "3 s")];

#[test]
fn an_index_that_is_late_is_asked_again() {
    let world = ground();
    let it = Attested::new(&world);
    it.trial.index.faults(|faults| faults.hidden_provenance = 6);
    let ran = it.publish(&[]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    let asked = it.trial.index.requests();
    let asked = asked
        .iter()
        .filter(|seen| seen.path.starts_with("/integrity/"));
    assert_eq!(asked.count(), 11, "five, five again, and one more");
    assert_eq!(ran.file(FILE)["provenance"], "attested");
}

#[test]
fn an_index_that_shows_another_attestation_fails_the_run_and_says_of_which_file() {
    let world = ground();
    let shown = |attestation: Value| {
        json!({"version": 1, "attestation_bundles": [{
            "publisher": {"kind": "GitHub", "repository": "apache/example",
                "workflow": "release.yml", "environment": null},
            "attestations": [attestation],
        }]})
    };
    let bytes = &release()[FILE];
    for (what, workflow, other_bytes) in [
        ("another workflow", "other.yml", false),
        ("another file", "release.yml", true),
    ] {
        let it = Attested::new(&world);
        let attester = Attester::github("apache/example", workflow);
        let bytes = if other_bytes { b"other" } else { &bytes[..] };
        let other = shown(it.sigstore.attest(&attester, PUBLISH, FILE, bytes));
        let file = FILE.to_owned();
        it.trial.index.faults(|faults| {
            faults.false_provenance.insert(file, other);
        });
        let ran = it.publish(&SHORT);
        let found = (ran.status, ran.refusals());
        assert_eq!(
            found,
            (3, vec!["attestation-not-shown".to_owned()]),
            "{what}: {}",
            ran.stderr
        );
        assert_eq!(ran.file(FILE)["provenance"], "other", "{what}");
        assert_eq!(
            ran.file("example_more-1.0.tar.gz")["provenance"],
            "attested"
        );
        let findings = ran.report["findings"].as_array().unwrap().iter();
        let refused = findings.filter(|one| one["severity"] == "refuse");
        let paths: Vec<_> = refused.map(|one| one["path"].clone()).collect();
        assert_eq!(paths, [FILE], "{what}");
    }
}

#[test]
fn an_index_that_keeps_no_attestations_is_found_out() {
    let world = ground();
    for (what, provenance) in [
        ("disabled", "unknown"),
        ("absent", "unknown"),
        ("late", "unattested"),
    ] {
        let it = Attested::new(&world);
        it.trial.index.faults(|faults| match what {
            "disabled" => faults.attestations_disabled = true,
            "absent" => faults.integrity_absent = true,
            _ => faults.hidden_provenance = usize::MAX,
        });
        let ran = it.publish(&SHORT);
        let found = (ran.status, ran.refusals());
        assert_eq!(
            found,
            (3, vec!["attestation-not-shown".to_owned()]),
            "{what}: {}",
            ran.stderr
        );
        assert_eq!(ran.file(FILE)["state"], "uploaded", "{what}");
        assert_eq!(ran.file(FILE)["provenance"], provenance, "{what}");
        assert!(ran.stderr.contains("`attestations: false`"), "{what}");
    }
}
