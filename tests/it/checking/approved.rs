// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who approved stands in every receipt, also in one that a later run signs
//! over a release that is complete; and who signs none asks nobody.

use serde_json::{Value, json};
use testbed::github_api::{review, user};

use super::signing::{OURS, statement};
use super::{Attested, RECEIPT, WHEEL};
use crate::world::worth_something;

const REQUIRED: (&str, &str) = ("approval", "required");

/// A release that is on the index, and whose receipt is lost.
fn without_receipt() -> Attested {
    let attested = Attested::published();
    std::fs::remove_file(attested.path(RECEIPT)).unwrap();
    attested
}

fn approval(attested: &Attested) -> Value {
    statement(&attested.receipt())["predicate"][OURS]["approval"].clone()
}

#[test]
fn a_receipt_signed_over_a_complete_release_named_no_approver() {
    let attested = without_receipt();
    // This run has another approver than the one that uploaded.
    let third = user("third-person", 33, "User");
    attested.world.github.change(|it| {
        it.reviews = vec![review("approved", &third, "Only the receipt is missing.")];
    });
    let uploads = attested.world.index.count("POST", "/legacy/");
    let ran = attested.publish(&[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!((ran.rules("warn"), ran.rules("note")), (vec![], vec![]));
    assert_eq!(attested.world.index.count("POST", "/legacy/"), uploads);
    assert_eq!(ran.file(WHEEL)["state"], "already-there");

    let told = &ran.report["approval"];
    assert_eq!(told["approved"], true);
    assert_eq!(told["reviews"][0]["user"], "third-person");
    let signed = approval(&attested);
    let by = json!([{
        "user": "third-person",
        "userId": 33,
        "comment": "Only the receipt is missing.",
    }]);
    assert_eq!(signed["by"], by);
    assert_eq!(signed["readAt"], told["read_at"]);
    assert!(ran.stderr.contains("approved by third-person"));
    let checked = attested.check_receipt(RECEIPT, &[]);
    let said = "approved then: by third-person (user 33)";
    assert!(checked.stderr.contains(said), "{}", checked.stderr);
}

#[test]
fn without_an_approval_no_receipt_is_signed_over_a_complete_release() {
    let attested = without_receipt();
    attested.world.github.change(|it| it.reviews.clear());
    let entries = attested.sigstore.counts().entries;
    let tokens = worth_something(&attested.world.issuer);
    let ran = attested.publish(&[REQUIRED]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["approval-missing"]);
    assert_eq!(ran.report["approval"]["approved"], false);
    // What is published stays so, and is told.
    assert_eq!(ran.file(WHEEL)["state"], "already-there");
    let said = "all is on the index; the receipt alone needs the approval";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(ran.output("receipt"), Some(""));
    assert!(!attested.path(RECEIPT).exists());
    assert_eq!(attested.sigstore.counts().entries, entries);
    assert_eq!(worth_something(&attested.world.issuer), tokens);

    // Where an approval is only recorded, it is signed that there was none.
    let ran = attested.publish(&[("approval", "recorded")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-missing"]);
    assert_eq!(approval(&attested)["by"], json!([]));
}

#[test]
fn a_rerun_that_signs_no_receipt_asks_github_nothing() {
    let attested = without_receipt();
    attested.world.github.change(|it| it.reviews.clear());
    let asked = attested.world.github.asked().len();
    let verified = attested.world.verify();
    let digest = verified.output("digest").unwrap();
    let revision = verified.output("revision").unwrap();
    let shard = [
        ("shard", "1/1"),
        ("revision", revision),
        ("expected-digest", digest),
    ];
    for more in [
        &[("attestations", "false")][..],
        &[("dry-run", "true")],
        &[("report", "none")],
        &shard,
    ] {
        let ran = attested.publish(&[&[REQUIRED][..], more].concat());
        assert_eq!(ran.status, 0, "{more:?}: {}", ran.stderr);
        assert_eq!(ran.report.get("approval"), None, "{more:?}");
        assert!(!attested.path(RECEIPT).exists(), "{more:?}");
        assert_eq!(attested.world.github.asked().len(), asked, "{more:?}");
    }
}
