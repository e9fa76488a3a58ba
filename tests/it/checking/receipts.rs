// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Receipts before `check-receipt`: good ones, changed ones, those of others,
//! and hostile ones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use testbed::attestation::{Attester, PUBLISH};
use testbed::sigstore::FakeSigstore;

use super::{Attested, IDENTITY, RECEIPT, SDIST, WHEEL};

const OURS: &str = "/predicate/https:~1~1github.com~1apache~1asf-pypi-publish~1receipt~1v1";

fn us() -> Attester {
    Attester::github("apache/example", "release.yml")
}

fn statement(receipt: &Value) -> Value {
    let payload = receipt["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&BASE64.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_receipt_holds_and_the_source_still_has_the_bytes() {
    let attested = Attested::published();
    let ran = attested.check_receipt(RECEIPT, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "checked");
    assert_eq!(ran.report["mode"], "check-receipt");
    let receipt = &ran.report["receipt"];
    assert_eq!(receipt["path"], RECEIPT);
    assert_eq!(receipt["signed"]["repository"], "apache/example");
    assert_eq!(
        receipt["signed"]["workflow"],
        ".github/workflows/release.yml"
    );
    assert_eq!(receipt["revision"], ran.report["revision"]);
    let digest = &statement(&attested.receipt())["predicate"]["https://github.com/apache/asf-pypi-publish/receipt/v1"]
        ["releaseDigest"];
    assert_eq!(ran.report["digest"], *digest);
    assert!(ran.stderr.contains(&format!("the very bytes: {WHEEL}")));
    let expected = [("expected-digest", digest.as_str().unwrap())];
    assert_eq!(attested.check_receipt(RECEIPT, &expected).status, 0);
    let other = [("expected-digest", &*"ab".repeat(32))];
    let ran = attested.check_receipt(RECEIPT, &other);
    assert_eq!(ran.refusals(), ["digest-mismatch"]);
}

#[test]
fn with_a_local_copy_nothing_is_asked_of_any_server() {
    let attested = Attested::published();
    let copy = attested.path("copy/nested");
    std::fs::create_dir_all(&copy).unwrap();
    for name in [WHEEL, SDIST] {
        let bytes = attested.world.index.contents(name).unwrap();
        std::fs::write(copy.join(name), bytes).unwrap();
    }
    // The trusted root is enough: nothing is to be signed.
    let root = attested.sigstore.trusted_root().display().to_string();
    let (before, requests) = (
        attested.sigstore.counts(),
        attested.world.index.requests().len(),
    );
    let ran = attested.check_receipt(RECEIPT, &[("source", "copy"), ("sigstore", &root)]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(attested.sigstore.counts(), before);
    assert_eq!(attested.world.index.requests().len(), requests);
}

#[test]
fn any_changed_character_is_refused() {
    let attested = Attested::published();
    let good = attested.receipt();
    let entry = "/verificationMaterial/tlogEntries/0";
    for place in [
        "/dsseEnvelope/payload".to_owned(),
        "/dsseEnvelope/signatures/0/sig".to_owned(),
        "/verificationMaterial/certificate/rawBytes".to_owned(),
        format!("{entry}/canonicalizedBody"),
        format!("{entry}/integratedTime"),
        format!("{entry}/inclusionPromise/signedEntryTimestamp"),
        format!("{entry}/inclusionProof/rootHash"),
        format!("{entry}/inclusionProof/checkpoint/envelope"),
        format!("{entry}/logId/keyId"),
    ] {
        let mut changed = good.clone();
        let value = changed.pointer_mut(&place).unwrap();
        let text = value.as_str().unwrap();
        // In the middle, where every Base64 digit counts in full; of a checkpoint
        // in its second line, since the name before its signature is not signed.
        let line = text.find('\n').map(|end| end + 1);
        let at = line.unwrap_or(text.len() / 2);
        let digit = if &text[at..=at] == "1" { "2" } else { "1" };
        *value = json!(format!("{}{digit}{}", &text[..at], &text[at + 1..]));
        let file = attested.leave("changed.json", changed.to_string());
        let ran = attested.check_receipt(file, &[]);
        assert_eq!(ran.status, 1, "{place}: {}", ran.stderr);
        let refusals = ran.refusals();
        let [rule] = refusals.as_slice() else {
            panic!("{place}: {refusals:?}")
        };
        assert!(
            ["receipt-untrusted", "receipt-unreadable"].contains(&rule.as_str()),
            "{place}: {rule}"
        );
        assert!(ran.report["digest"].is_null());
    }
}

#[test]
fn a_receipt_of_another_workflow_is_refused_and_nobody_is_guessed() {
    let attested = Attested::published();
    for (repository, workflow) in [
        ("apache/other", "release.yml"),
        ("apache/example", "other.yml"),
        ("Apache/example", "release.yml"),
    ] {
        let named = [("repository", repository), ("workflow", workflow)];
        let ran = attested.check_receipt_of(RECEIPT, &named);
        assert_eq!(ran.status, 1, "{repository} {workflow}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["receipt-identity"]);
    }
    for named in [&[][..], &IDENTITY[..1], &IDENTITY[1..]] {
        let ran = attested.check_receipt_of(RECEIPT, named);
        assert_eq!(ran.status, 2, "{named:?}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["input-illegal"]);
    }
}

#[test]
fn a_source_that_changed_is_refused_file_by_file() {
    let attested = Attested::published();
    attested
        .world
        .change(SDIST, Some(b"something else".to_vec()));
    let ran = attested.check_receipt(RECEIPT, &[]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["receipt-differs"]);
    let findings = ran.report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["path"], SDIST);

    attested.world.change(SDIST, None);
    let ran = attested.check_receipt(RECEIPT, &[]);
    assert_eq!(ran.refusals(), ["receipt-differs"]);

    // The revision that it names has them still.
    let receipt = statement(&attested.receipt());
    let revision = receipt.pointer(&format!("{OURS}/revision")).unwrap();
    let ran = attested.check_receipt(RECEIPT, &[("revision", &revision.to_string())]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

#[test]
fn a_receipt_of_another_release_is_no_receipt_of_this_one() {
    let attested = Attested::published();
    let folder = "release/example/2.0/";
    let files = crate::world::project("example", "2.0");
    attested.world.stage(folder, files);
    let source = attested.world.dist.url(folder);
    let ran = attested.check_receipt(RECEIPT, &[("source", &source)]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["receipt-differs"]);
}

#[test]
fn a_root_of_another_instance_or_of_another_time_trusts_nothing() {
    let attested = Attested::published();
    let other = FakeSigstore::start(attested.world.issuer.trust());
    let other = other.trusted_root().display().to_string();
    for sigstore in [other.as_str(), "public", "staging"] {
        let ran = attested.check_receipt(RECEIPT, &[("sigstore", sigstore)]);
        assert_eq!(ran.status, 1, "{sigstore}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["receipt-untrusted"]);
    }
}

#[test]
fn what_is_signed_and_no_receipt_is_refused() {
    let attested = Attested::published();
    let good = statement(&attested.receipt());
    let sign = |statement: &Value| attested.sigstore.bundle(&us(), statement).to_string();
    let changed = |place: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(place).unwrap() = value;
        changed
    };
    let ours = |rest: &str| format!("{OURS}{rest}");
    let file = attested.leave("signed.json", sign(&good));
    assert_eq!(attested.check_receipt(file, &[]).status, 0);
    let publish = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": good["subject"],
        "predicateType": PUBLISH,
        "predicate": null,
    });
    for (what, statement) in [
        ("an attestation", publish),
        (
            "a refusal",
            changed("/predicate/verificationResult", json!("FAILED")),
        ),
        (
            "another digest",
            changed(&ours("/releaseDigest"), json!("ab".repeat(32))),
        ),
        (
            "other subjects",
            changed("/subject/0/name", json!("other-1.0.tar.gz")),
        ),
        (
            "a path elsewhere",
            changed(&ours("/files/0/name"), json!("../../x.whl")),
        ),
        ("no files", changed(&ours("/files"), json!([]))),
        (
            "a long text",
            changed(&ours("/index"), json!("x".repeat(10_000))),
        ),
    ] {
        let file = attested.leave("signed.json", sign(&statement));
        let ran = attested.check_receipt(file, &[]);
        assert_eq!(ran.status, 1, "{what}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["receipt-unreadable"], "{what}");
    }
}

#[test]
fn foreign_text_in_a_receipt_reaches_no_terminal_and_no_page() {
    let attested = Attested::published();
    let mut foreign = statement(&attested.receipt());
    let text = "\u{1b}[2J::error::x\n::add-mask::x\u{202e}<script>|`";
    for place in ["/index", "/keys/0/place"] {
        *foreign.pointer_mut(&format!("{OURS}{place}")).unwrap() = json!(text);
    }
    *foreign.pointer_mut(&format!("{OURS}/waived")).unwrap() =
        json!([{"rule": text, "path": text, "reason": text}]);
    *foreign.pointer_mut("/predicate/verifier/version").unwrap() =
        json!({"asf-pypi-publish": text});
    let file = attested.leave(
        "foreign.json",
        attested.sigstore.bundle(&us(), &foreign).to_string(),
    );
    let ran = attested.check_receipt(file, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for bad in ["\u{1b}", "\u{202e}", "\n::error::", "\n::add-mask::"] {
        assert!(!ran.stderr.contains(bad), "{bad:?} in {}", ran.stderr);
        assert!(!ran.stdout.contains(bad), "{bad:?} in {}", ran.stdout);
    }
}

#[test]
fn what_is_no_receipt_at_all_is_refused_within_bounds() {
    let attested = Attested::published();
    let deep = "[".repeat(200_000);
    let many = format!("[{}]", vec!["{}"; 500_000].join(","));
    let huge = " ".repeat(9 << 20);
    for (what, text) in [
        ("nothing", ""),
        ("no JSON", "receipt"),
        ("deep", &deep),
        ("many", &many),
        ("huge", &huge),
        (
            "the report",
            &std::fs::read_to_string(attested.path("report.json")).unwrap(),
        ),
    ] {
        let file = attested.leave("noise.json", text);
        let ran = attested.check_receipt(file, &[]);
        assert_eq!(ran.status, 1, "{what}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["receipt-unreadable"], "{what}");
        assert!(ran.stderr.len() < 10_000, "{what}");
    }
    let file = attested.leave("noise.json", [0xff, 0xfe, 0x00]);
    assert_eq!(
        attested.check_receipt(file, &[]).refusals(),
        ["receipt-unreadable"]
    );
    for missing in ["nowhere.json", "."] {
        let ran = attested.check_receipt(missing, &[]);
        assert_eq!(ran.status, 2, "{missing}: {}", ran.stderr);
    }
}

#[test]
fn a_receipt_of_very_many_files_is_told_to_be_too_much() {
    let attested = Attested::published();
    let mut many = statement(&attested.receipt());
    let waiver = json!({"rule": "r", "path": "p", "reason": "w"});
    *many.pointer_mut(&format!("{OURS}/waived")).unwrap() = json!(vec![waiver; 20_001]);
    let bundle = attested.sigstore.bundle(&us(), &many).to_string();
    let file = attested.leave("many.json", bundle);
    let ran = attested.check_receipt(file, &[]);
    assert_eq!(ran.refusals(), ["receipt-unreadable"], "{}", ran.stderr);
    assert!(
        ran.stderr.contains("more than 20000 waivers"),
        "{}",
        ran.stderr
    );
}
