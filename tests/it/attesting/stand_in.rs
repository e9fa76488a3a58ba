// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The stand-in of Sigstore by itself: what is made against it holds before the
//! index's own tools, which also sign against it; and its lies are found out, by
//! those tools and by the stand-in index alike.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use testbed::attestation::{Attester, PUBLISH, SLSA};
use testbed::distribution::wheel;
use testbed::oidc::FakeIssuer;
use testbed::sigstore::{FakeSigstore, Knobs, Lie, Stamp};

use super::judges::{claimed, npm_sigstore, tools};
use crate::contract::form::Form;
use crate::contract::server::Server;

fn attester() -> Attester {
    Attester::github("apache/example", "release.yml")
}

#[test]
fn what_is_made_against_the_stand_in_holds_before_the_index_s_own_tools() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let Some(tools) = tools(&sigstore.trust_config()) else {
        return;
    };
    let (name, bytes) = wheel("example", "1.0");
    // The tree grows, and proofs of every shape come up.
    let made: Vec<_> = (0..20)
        .map(|_| sigstore.attest(&attester(), PUBLISH, &name, &bytes))
        .map(|attestation| claimed(&attestation, &name, &bytes))
        .collect();
    for verdict in tools.judge(&made) {
        assert_eq!(verdict, None);
    }
    assert_eq!(sigstore.counts().entries, 20);
}

#[test]
fn the_index_s_own_tools_sign_against_the_stand_in_and_the_index_takes_it() {
    let server = Server::with(testbed::index::Options::default());
    let sigstore = FakeSigstore::start(server.issuer().trust());
    server.index().trust_sigstore(sigstore.anchors());
    let Some(tools) = tools(&sigstore.trust_config()) else {
        return;
    };
    let forms = ["1.0", "1.1", "1.2"].map(|version| Form::wheel(&server.project, version));
    let files = forms
        .each_ref()
        .map(|form| (form.filename.clone(), form.bytes().to_vec()));
    let token = server.issuer().token("sigstore");
    let signed = tools.sign(&token, &files);
    assert_eq!(signed.len(), 3);
    let counts = sigstore.counts();
    assert_eq!((counts.certificates, counts.entries), (1, 3), "{counts:?}");
    let upload = server.token();
    for (form, attestation) in forms.iter().zip(&signed) {
        let form = form
            .clone()
            .set("attestations", &json!([attestation]).to_string());
        server.takes(&upload, &form);
    }
    let judged: Vec<_> = forms
        .iter()
        .zip(&signed)
        .map(|(form, attestation)| claimed(attestation, &form.filename, form.bytes()))
        .collect();
    assert_eq!(tools.judge(&judged), [None, None, None]);
}

#[test]
fn what_is_made_against_the_sigstore_of_others_holds_before_the_stand_in_index() {
    let server = Server::with(testbed::index::Options::default());
    let Some(sigstore) = npm_sigstore(server.issuer()) else {
        return;
    };
    let Some(tools) = tools(&sigstore.trust_config()) else {
        return;
    };
    let form = Form::wheel(&server.project, "1.0");
    let file = (form.filename.clone(), form.bytes().to_vec());
    let signed = tools.sign(&server.issuer().token("sigstore"), &[file]);
    let form = form.set("attestations", &json!(signed).to_string());
    // Neither knows what the other does not trust.
    let stranger = FakeSigstore::start(server.issuer().trust());
    server.index().trust_sigstore(stranger.anchors());
    let refusal = "Invalid attestations supplied during upload: Could not verify";
    server.refuses(&server.token(), &form, 400, refusal);
    server.index().trust_sigstore(sigstore.anchors());
    server.takes(&server.token(), &form);
}

#[test]
fn sigstore_verifies_the_stand_in_s_bundles() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let Some(tools) = tools(&sigstore.trust_config()) else {
        return;
    };
    let (name, bytes) = wheel("example", "1.0");
    let statement = testbed::attestation::statement(SLSA, &name, &bytes);
    let bundle = sigstore.bundle(&attester(), &statement);
    let identity = "https://github.com/apache/example/.github/workflows/release.yml@refs/tags/v1";
    assert_eq!(
        tools.verify_bundle(&bundle, (&name, &bytes), identity),
        None
    );
    let other = identity.replace("apache/example", "apache/other");
    let refused = tools.verify_bundle(&bundle, (&name, &bytes), &other);
    assert!(
        refused.unwrap_or_default().contains("SAN"),
        "another identity"
    );
    let refused = tools.verify_bundle(&bundle, (&name, b"other bytes"), identity);
    assert!(refused.is_some(), "other bytes");
}

#[test]
fn every_lie_is_found_out_by_the_index_s_own_tools_and_by_the_stand_in_index() {
    let server = Server::with(testbed::index::Options::default());
    let sigstore = FakeSigstore::start(server.issuer().trust());
    server.index().trust_sigstore(sigstore.anchors());
    let form = Form::wheel(&server.project, "1.0");
    let cases = cases(&sigstore, &form.filename, form.bytes());
    let token = server.token();
    for (what, attestation, why) in &cases {
        let form = form
            .clone()
            .set("attestations", &json!([attestation]).to_string());
        let answer = server.upload(&token, &form);
        assert_eq!(answer.status, 400, "{what}");
        let code = answer.code();
        assert!(says(&code, why), "{what}: {code} has not {why}");
    }
    assert_eq!(server.shown(&form.filename), None);
    let Some(tools) = tools(&sigstore.trust_config()) else {
        return;
    };
    let judged: Vec<_> = cases
        .iter()
        .map(|(_, attestation, _)| claimed(attestation, &form.filename, form.bytes()))
        .collect();
    let verdicts = tools.judge(&judged);
    let missed: Vec<_> = cases
        .iter()
        .zip(verdicts)
        .filter(|((_, _, why), verdict)| {
            !verdict.as_ref().is_some_and(|verdict| says(verdict, why))
        })
        .map(|((what, _, why), verdict)| format!("{what}: {verdict:?} has not {why}"))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Whether the text has one of these, between which there are bars.
fn says(text: &str, why: &str) -> bool {
    why.split('|').any(|why| text.contains(why))
}

/// What is wrong, an attestation of which that is wrong alone, and what is said.
pub type Case = (String, Value, &'static str);

pub fn cases(sigstore: &FakeSigstore, name: &str, bytes: &[u8]) -> Vec<Case> {
    let mut cases = lies(sigstore, name, bytes);
    cases.extend(changed(sigstore, name, bytes));
    cases.extend(misattributed(sigstore, name, bytes));
    cases
}

fn lies(sigstore: &FakeSigstore, name: &str, bytes: &[u8]) -> Vec<Case> {
    const CHAIN: &str = "failed to build timestamp certificate chain";
    // The second is what sigstore 4.5 says of the form, before it looks for a time.
    const TIME: &str = "not enough sources of verified time|must contain an inclusion promise";
    const STAMP: &str = "failed to verify SCT on signing certificate";
    type Turn = fn(&mut Knobs);
    let turns: [(&str, Turn, &str); 16] = [
        ("no time stamp", |it| it.stamp = Stamp::Missing, STAMP),
        ("a forged time stamp", |it| it.stamp = Stamp::Forged, STAMP),
        ("another authority", |it| it.other_authority = true, CHAIN),
        (
            "an old certificate",
            |it| it.certificate_age = Duration::from_hours(1),
            CHAIN,
        ),
        (
            "no code signing",
            |it| it.code_signing = false,
            "`code signing`",
        ),
        (
            "a wrong proof",
            |it| it.lie = Some(Lie::Proof),
            "inclusion proof contains invalid root",
        ),
        (
            "a forged checkpoint",
            |it| it.lie = Some(Lie::Checkpoint),
            "checkpoint: invalid signature",
        ),
        (
            "another tree",
            |it| it.lie = Some(Lie::Root),
            "Inclusion proof contains invalid root hash",
        ),
        (
            "a forged promise",
            |it| it.lie = Some(Lie::Promise),
            "inclusion promise",
        ),
        ("no promise", |it| it.lie = Some(Lie::NoPromise), TIME),
        (
            "no proof",
            |it| it.lie = Some(Lie::NoProof),
            "must contain inclusion proof|invalid transparency log entry",
        ),
        (
            "another time",
            |it| it.lie = Some(Lie::Time),
            "inclusion promise",
        ),
        (
            "the entry of another",
            |it| it.lie = Some(Lie::OtherEntry),
            "signatures do not match",
        ),
        (
            "version 2 of the log",
            |it| it.lie = Some(Lie::Version2),
            TIME,
        ),
        (
            "another log",
            |it| it.lie = Some(Lie::OtherLog),
            "invalid log entry",
        ),
        (
            "an expired certificate",
            |it| it.certificate_lifetime = Duration::ZERO,
            CHAIN,
        ),
    ];
    let made = turns.map(|(what, turn, why)| {
        sigstore.set(turn);
        if what == "an expired certificate" {
            // It must have ended before the entry is made.
            sigstore.set(|it| it.certificate_age = Duration::from_secs(5));
        }
        let attestation = sigstore.attest(&attester(), PUBLISH, name, bytes);
        sigstore.set(|knobs| *knobs = Knobs::default());
        (what.to_owned(), attestation, why)
    });
    made.to_vec()
}

/// One character of one part is another.
fn changed(sigstore: &FakeSigstore, name: &str, bytes: &[u8]) -> Vec<Case> {
    let entry = "/verification_material/transparency_entries/0";
    [
        ("/envelope/statement", "DSSE: invalid signature"),
        ("/envelope/signature", "DSSE: invalid signature"),
        (
            "/verification_material/certificate",
            "failed to build timestamp",
        ),
        (&format!("{entry}/canonicalizedBody"), "invalid log entry"),
        (
            &format!("{entry}/inclusionProof/hashes/0"),
            "invalid log entry",
        ),
        (
            &format!("{entry}/inclusionPromise/signedEntryTimestamp"),
            "invalid log entry",
        ),
    ]
    .map(|(path, why)| {
        let mut attestation = sigstore.attest(&attester(), PUBLISH, name, bytes);
        let value = attestation.pointer_mut(path).unwrap();
        let mut decoded = BASE64.decode(value.as_str().unwrap()).unwrap();
        // The last byte: of a signature's number, of a hash, of a text's end.
        let at = if path.ends_with("statement") || path.ends_with("Body") {
            decoded.iter().rposition(u8::is_ascii_hexdigit).unwrap()
        } else {
            decoded.len() - 1
        };
        decoded[at] = if decoded[at] == b'0' { b'1' } else { b'0' };
        *value = BASE64.encode(decoded).into();
        (format!("another character in {path}"), attestation, why)
    })
    .to_vec()
}

/// All holds, but it is by or about something else.
fn misattributed(sigstore: &FakeSigstore, name: &str, bytes: &[u8]) -> Vec<Case> {
    let by = |who: &Attester| sigstore.attest(who, PUBLISH, name, bytes);
    let with = |path: &str, value: Value| {
        let mut statement = testbed::attestation::statement(PUBLISH, name, bytes);
        *statement.pointer_mut(path).unwrap() = value;
        sigstore.attestation(&attester(), &statement)
    };
    let subject = testbed::attestation::statement(PUBLISH, name, bytes)["subject"][0].clone();
    let issuer = Attester {
        issuer: "https://gitlab.com".to_owned(),
        ..attester()
    };
    let (other, _) = wheel("other", "1.0");
    [
        (
            "another repository",
            by(&Attester::github("apache/other", "release.yml")),
            "OIDCSourceRepositoryURI does not match",
        ),
        (
            "another spelling of the repository",
            by(&Attester::github("Apache/example", "release.yml")),
            "OIDCSourceRepositoryURI does not match",
        ),
        (
            "another workflow",
            by(&Attester::github("apache/example", "other.yml")),
            "Build Config URI",
        ),
        ("another issuer", by(&issuer), "OIDCIssuer"),
        (
            "other bytes",
            sigstore.attest(&attester(), PUBLISH, name, b"other"),
            "subject does not match distribution digest",
        ),
        (
            "another file",
            sigstore.attest(&attester(), PUBLISH, &other, bytes),
            "subject does not match distribution name",
        ),
        (
            "two subjects",
            with("/subject", json!([subject, subject])),
            "too many subjects",
        ),
        (
            "another type",
            with("/predicateType", json!("https://example.org/")),
            "unknown attestation type",
        ),
    ]
    .map(|(what, attestation, why)| (what.to_owned(), attestation, why))
    .to_vec()
}
