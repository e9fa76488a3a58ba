// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! When a receipt is signed, what it says, and what follows where it cannot be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use testbed::sigstore::Fault;

use super::{Attested, RECEIPT, SDIST, WHEEL};
use crate::world::RELEASE;

pub(super) const OURS: &str = "https://github.com/apache/asf-pypi-publish/receipt/v1";

pub(super) fn statement(receipt: &Value) -> Value {
    let payload = receipt["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&BASE64.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_receipt_says_what_was_verified_and_lies_beside_the_report() {
    let attested = Attested::start();
    let ran = attested.publish(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.output("receipt"), Some(RECEIPT));
    assert_eq!(ran.report["receipt"]["path"], RECEIPT);
    // One for each file, and one for the receipt.
    assert_eq!(attested.sigstore.counts().entries, 3);

    let statement = statement(&attested.receipt());
    let kind = "https://slsa.dev/verification_summary/v1";
    assert_eq!(statement["predicateType"], kind);
    let subjects = statement["subject"].as_array().unwrap();
    let names: Vec<&Value> = subjects.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [WHEEL, SDIST]);
    for subject in subjects {
        let file = ran.file(subject["name"].as_str().unwrap());
        assert_eq!(subject["digest"]["sha256"], file["sha256"]);
        assert_eq!(subject["digest"]["sha512"], file["sha512"]);
    }
    let predicate = &statement["predicate"];
    let rules = std::fs::read("docs/rules.md").unwrap();
    let rules = Sha256::digest(rules);
    assert_eq!(predicate["policy"]["digest"]["sha256"], hex::encode(rules));
    assert_eq!(predicate["verificationResult"], "PASSED");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        predicate["verifier"]["version"]["asf-pypi-publish"],
        version
    );
    let ours = &predicate[OURS];
    assert_eq!(ours["source"], attested.world.dist.url(RELEASE));
    assert_eq!(ours["revision"], ran.report["revision"]);
    assert_eq!(ours["area"], "release");
    assert_eq!(ours["index"], attested.world.index.base());
    assert_eq!(ours["releaseDigest"], ran.report["digest"]);
    assert_eq!(
        ours["keys"][0]["place"],
        attested.world.dist.url("release/example/KEYS")
    );
    for file in ours["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        assert_eq!(file["signer"], ran.file(path)["signer"]);
        let asc = Sha256::digest(&attested.files[&format!("{path}.asc")]);
        assert_eq!(file["signatureSha256"], hex::encode(asc));
    }
    let review = &ran.report["approval"]["reviews"][0];
    assert!(review["user"].is_string(), "{}", ran.stderr);
    assert_eq!(ours["approval"]["by"][0]["user"], review["user"]);
    assert_eq!(ours["approval"]["by"][0]["comment"], review["comment"]);
    let checked = attested.check_receipt(RECEIPT, &[]);
    assert!(
        checked.stderr.contains("approved then: by "),
        "{}",
        checked.stderr
    );
}

#[test]
fn where_it_cannot_be_signed_the_run_fails_and_the_next_one_signs_it() {
    let attested = Attested::published();
    std::fs::remove_file(attested.path(RECEIPT)).unwrap();
    let uploads = attested.world.index.count("POST", "/legacy/");
    attested
        .sigstore
        .set(|knobs| knobs.authority_down = Some(Fault::Status(503)));
    let ran = attested.publish(&[]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["receipt-unmade"]);
    assert!(!attested.path(RECEIPT).exists());
    assert!(ran.report.get("receipt").is_none());
    // What the index serves is told all the same.
    assert_eq!(ran.file(WHEEL)["state"], "already-there");

    let lenient = attested.publish(&[("attestations", "best-effort")]);
    assert_eq!(lenient.status, 0, "{}", lenient.stderr);
    assert_eq!(lenient.rules("warn"), ["receipt-unmade"]);

    attested.sigstore.set(|knobs| knobs.authority_down = None);
    let ran = attested.publish(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(attested.path(RECEIPT).exists());
    assert_eq!(attested.world.index.count("POST", "/legacy/"), uploads);
    assert_eq!(attested.check_receipt(RECEIPT, &[]).status, 0);
}

#[test]
fn the_index_s_own_tools_take_the_receipt_for_every_file_of_it() {
    let attested = Attested::published();
    let config = attested.sigstore.trust_config();
    let Some(tools) = crate::attesting::judges::tools(&config) else {
        return;
    };
    let receipt = attested.receipt();
    let ours = "https://github.com/apache/example/.github/workflows/release.yml@refs/tags/v1";
    for name in [WHEEL, SDIST] {
        let bytes = attested.files[name].as_slice();
        assert_eq!(tools.verify_bundle(&receipt, (name, bytes), ours), None);
        let other = tools.verify_bundle(&receipt, (name, b"other"), ours);
        assert!(other.is_some(), "{name}");
    }
}

#[test]
fn a_file_that_lies_in_the_way_is_found_before_anything_is_sent() {
    let attested = Attested::start();
    attested.leave(RECEIPT, "my notes");
    let ran = attested.publish(&[]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    attested.world.assert_untouched();
    let kept = std::fs::read_to_string(attested.path(RECEIPT)).unwrap();
    assert_eq!(kept, "my notes");
}

#[test]
fn no_run_signs_a_receipt_of_what_it_did_not_publish_or_was_told_not_to_attest() {
    let attested = Attested::start();
    for more in [&[("dry-run", "true")][..], &[("attestations", "false")]] {
        let ran = attested.publish(more);
        assert_eq!(ran.status, 0, "{more:?}: {}", ran.stderr);
        assert_eq!(ran.output("receipt"), Some(""));
        assert!(!attested.path(RECEIPT).exists(), "{more:?}");
        assert_eq!(attested.sigstore.counts().entries, 0, "{more:?}");
    }
}
