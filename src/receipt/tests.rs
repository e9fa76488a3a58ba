// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use serde_json::{Value, json};

use super::*;

fn receipt() -> Receipt {
    let file = |name: &str, byte: u8| File {
        path: format!("python/{name}"),
        name: name.to_owned(),
        sha256: [byte; 32],
        sha512: [byte; 64],
        signer: "A".repeat(40).parse().unwrap(),
        signature: [byte + 1; 32],
    };
    Receipt {
        version: "1.2.3".to_owned(),
        rules: [7; 32],
        verified_at: 1_767_225_600,
        source: "https://dist.example.org/repos/dist/release/example/1.0/".to_owned(),
        revision: Some(71),
        area: Some("release".to_owned()),
        index: "https://index.example.org/".to_owned(),
        keys: vec![KeysFile {
            place: "https://dist.example.org/KEYS".to_owned(),
            revision: None,
            sha256: [9; 32],
        }],
        files: vec![
            file("example-1.0-py3-none-any.whl", 1),
            file("example-1.0.tar.gz", 3),
        ],
        waived: vec![Waiver {
            rule: "path-unknown".to_owned(),
            path: "odd.txt".to_owned(),
            reason: "it is odd | <b>".to_owned(),
        }],
        approval: Some(Approval {
            environment: Some("pypi".to_owned()),
            run: Some("123".to_owned()),
            attempt: Some(1),
            started: Some("2026-01-01T00:00:00Z".to_owned()),
            read_at: "2026-01-01T00:10:00Z".to_owned(),
            by: vec![Approver {
                user: Some("alice".to_owned()),
                user_id: Some(7),
                comment: "The digest of the vote. | <b>".to_owned(),
            }],
        }),
    }
}

fn statement(receipt: &Receipt) -> Value {
    let subjects = receipt.subjects().into_iter();
    let subjects = subjects.map(|(name, sha256, sha512)| {
        json!({"name": name, "digest": {"sha256": sha256, "sha512": sha512}})
    });
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects.collect::<Vec<_>>(),
        "predicateType": PREDICATE_TYPE,
        "predicate": receipt.predicate(),
    })
}

fn read(statement: &Value) -> Result<Receipt, ReceiptError> {
    Receipt::read(statement.to_string().as_bytes())
}

const OURS: &str = "/predicate/https:~1~1github.com~1apache~1asf-pypi-publish~1receipt~1v1";

#[test]
fn a_receipt_is_read_as_it_was_written() {
    let mut receipt = receipt();
    assert_eq!(read(&statement(&receipt)), Ok(receipt.clone()));
    receipt.revision = None;
    receipt.area = None;
    receipt.waived.clear();
    receipt.approval = None;
    assert_eq!(read(&statement(&receipt)), Ok(receipt));
}

#[test]
fn the_predicate_is_slsas_verification_summary_with_fields_of_ours() {
    let found = receipt().predicate();
    assert_eq!(found["verifier"]["id"], PROJECT_PAGE);
    assert_eq!(found["verifier"]["version"]["asf-pypi-publish"], "1.2.3");
    assert_eq!(found["timeVerified"], "2026-01-01T00:00:00Z");
    let source = "https://dist.example.org/repos/dist/release/example/1.0/";
    assert_eq!(found["resourceUri"], format!("{source}?p=71"));
    assert_eq!(found["policy"]["uri"], RULES_PAGE);
    assert_eq!(found["policy"]["digest"]["sha256"], "07".repeat(32));
    assert_eq!(found["verificationResult"], "PASSED");
    let levels = json!(["SLSA_BUILD_LEVEL_UNEVALUATED", "ASF_RELEASE_VERIFIED"]);
    assert_eq!(found["verifiedLevels"], levels);
    let signature = &found["inputAttestations"][1];
    let uri = format!("{source}python/example-1.0.tar.gz.asc?p=71");
    assert_eq!(signature["uri"], uri);
    assert_eq!(signature["digest"]["sha256"], "04".repeat(32));
    let ours = &found["https://github.com/apache/asf-pypi-publish/receipt/v1"];
    assert_eq!(ours["revision"], 71);
    assert_eq!(ours["releaseDigest"], receipt().digest().to_string());
    assert_eq!(ours["files"][0]["signer"], "A".repeat(40));
    assert_eq!(ours["approval"]["by"][0]["user"], "alice");
    assert_eq!(ours["approval"]["readAt"], "2026-01-01T00:10:00Z");
}

#[test]
fn fields_that_others_add_are_passed_over() {
    let mut other = statement(&receipt());
    other["predicate"]["slsaVersion"] = json!("1.0");
    other["predicate"]["https://example.org/more"] = json!([1, 2]);
    assert_eq!(read(&other), Ok(receipt()));
}

#[test]
fn what_says_one_thing_in_two_ways_is_refused() {
    let ours = |rest: &str| format!("{OURS}{rest}");
    for (place, value) in [
        (ours("/releaseDigest"), json!("ab".repeat(32))),
        (ours("/files/0/sha512"), json!("ab".repeat(64))),
        (ours("/files/0/sha256"), json!("ab".repeat(32))),
        (ours("/files/0/path"), json!("other-1.0.tar.gz")),
        (ours("/files/0/name"), json!("example-1.0.tar.gz")),
        (ours("/source"), json!("https://elsewhere.example.org/")),
        (ours("/revision"), json!(72)),
        ("/subject/0/name".to_owned(), json!("example-2.0.tar.gz")),
        (
            "/subject/0/digest/sha256".to_owned(),
            json!("ab".repeat(32)),
        ),
        (
            "/subject/1/digest/sha512".to_owned(),
            json!("ab".repeat(64)),
        ),
        ("/subject".to_owned(), json!([])),
        (
            "/predicate/resourceUri".to_owned(),
            json!("https://x.example.org/"),
        ),
    ] {
        let mut statement = statement(&receipt());
        *statement.pointer_mut(&place).unwrap() = value;
        let found = read(&statement);
        assert!(
            matches!(found, Err(ReceiptError::Contradiction(_))),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn values_that_no_receipt_has_are_refused() {
    let ours = |rest: &str| format!("{OURS}{rest}");
    let mut both = receipt();
    both.files[1] = both.files[0].clone();
    for (place, value) in [
        (
            "/_type".to_owned(),
            json!("https://in-toto.io/Statement/v0.1"),
        ),
        (
            "/predicateType".to_owned(),
            json!("https://slsa.dev/provenance/v1"),
        ),
        ("/predicate/verificationResult".to_owned(), json!("FAILED")),
        (
            "/predicate/verifier/id".to_owned(),
            json!("https://example.org/"),
        ),
        ("/predicate/timeVerified".to_owned(), json!("yesterday")),
        (
            "/predicate/timeVerified".to_owned(),
            json!("1969-01-01T00:00:00Z"),
        ),
        (
            "/predicate/policy/digest/sha256".to_owned(),
            json!("AB".repeat(32)),
        ),
        (ours("/area"), json!("staging")),
        (ours("/files/0/signer"), json!("ABCD")),
        (ours("/files/0/name"), json!("../../etc/passwd")),
        (ours("/files/0/name"), json!("example\u{202e}.whl")),
        (ours("/source"), json!("x".repeat(5000))),
        (ours("/waived/0/reason"), json!("x".repeat(5000))),
        (ours("/approval/by/0/comment"), json!("x".repeat(5000))),
        (ours("/approval/environment"), json!("x".repeat(5000))),
    ] {
        let mut statement = statement(&receipt());
        *statement.pointer_mut(&place).unwrap() = value;
        let found = read(&statement);
        assert!(
            matches!(found, Err(ReceiptError::Value { .. })),
            "{place}: {found:?}"
        );
        let shown = found.unwrap_err().to_string();
        assert!(shown.len() < 1000 && !shown.contains('\u{202e}'), "{shown}");
    }
    assert!(matches!(
        read(&statement(&both)),
        Err(ReceiptError::Contradiction(_))
    ));
}

#[test]
fn what_lacks_a_part_or_is_too_much_is_refused() {
    for place in ["subject", "predicate", "predicateType", "_type"] {
        let mut statement = statement(&receipt());
        statement.as_object_mut().unwrap().remove(place);
        let found = read(&statement);
        assert!(matches!(found, Err(ReceiptError::Shape(_))), "{found:?}");
    }
    let mut many = receipt();
    let waiver = many.waived[0].clone();
    many.waived = vec![waiver; 20_001];
    let found = read(&statement(&many));
    assert!(matches!(found, Err(ReceiptError::TooMany { .. })));
    for noise in ["", "null", "[]", "{", &"[".repeat(100_000)] {
        let found = Receipt::read(noise.as_bytes());
        assert!(matches!(found, Err(ReceiptError::Shape(_))), "{found:?}");
    }
}
