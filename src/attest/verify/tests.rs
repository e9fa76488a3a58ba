// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

mod encodings;

use serde_json::{Value, json};
use testbed::attestation::{Attester, PUBLISH, SLSA};
use testbed::sigstore::{Knobs, Lie, Stamp};

use super::*;
use crate::attest::world::{BYTES, FILE, World, attester, publisher, sha256};

const STATEMENT: &str = "/envelope/statement";
const SIGNATURE: &str = "/envelope/signature";
const CERTIFICATE: &str = "/verification_material/certificate";
const ENTRY: &str = "/verification_material/transparency_entries/0";

/// Changes one byte of what a Base64 text at this place stands for.
fn flip(json: &mut Value, place: &str, position: usize) {
    edit(json, place, |bytes| bytes[position] ^= 1);
}

fn edit(json: &mut Value, place: &str, change: impl FnOnce(&mut Vec<u8>)) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD as BASE64;
    let text = json.pointer_mut(place).unwrap();
    let mut bytes = BASE64.decode(text.as_str().unwrap()).unwrap();
    change(&mut bytes);
    *text = BASE64.encode(bytes).into();
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let found = bytes.windows(from.len()).position(|part| part == from);
    let found = found.expect("it is there");
    bytes[found..found + from.len()].copy_from_slice(to);
}

fn refusal(world: &World, attestation: &Value, what: &str) -> String {
    match world.verify(attestation) {
        Ok(attested) => panic!("{what} is taken: {attested:?}"),
        Err(why) => {
            assert!(!why.is_transient(), "{what}");
            why.to_string()
        }
    }
}

#[test]
fn a_good_attestation_says_who_stands_behind_it() {
    let world = World::start();
    // Not the first entry, so that there is a proof with hashes in it.
    world.attestation();
    let attestation = world.attestation();
    let entry = attestation.pointer(ENTRY).unwrap();
    let attested = world.verify(&attestation).unwrap();
    let time = entry["integratedTime"].as_str().unwrap().parse().unwrap();
    let index = entry["logIndex"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        attested,
        Attested {
            predicate_type: PUBLISH.to_owned(),
            repository: "apache/example".to_owned(),
            workflow: ".github/workflows/release.yml".to_owned(),
            git_ref: Some("refs/tags/v1".to_owned()),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            run: Some("https://github.com/apache/example/actions/runs/1/attempts/1".to_owned()),
            log_index: index,
            time,
        }
    );
    // Only the first entry counts, as for the index.
    let mut more = attestation;
    let entries = more.pointer_mut("/verification_material/transparency_entries");
    entries.unwrap().as_array_mut().unwrap().push(json!({}));
    assert_eq!(world.verify(&more).unwrap(), attested);
}

#[test]
fn a_changed_character_is_refused_wherever_it_is() {
    let world = World::start();
    world.attestation();
    let good = world.attestation();
    world.verify(&good).unwrap();
    let entry = |place: &str| format!("{ENTRY}{place}");
    for (place, position) in [
        (STATEMENT.to_owned(), 60),
        (SIGNATURE.to_owned(), 20),
        (CERTIFICATE.to_owned(), 40),
        (CERTIFICATE.to_owned(), 300),
        (entry("/canonicalizedBody"), 100),
        (entry("/inclusionPromise/signedEntryTimestamp"), 30),
        (entry("/inclusionProof/rootHash"), 3),
        (entry("/inclusionProof/hashes/0"), 3),
        (entry("/logId/keyId"), 3),
    ] {
        let mut changed = good.clone();
        flip(&mut changed, &place, position);
        refusal(&world, &changed, &place);
    }
    for (place, value) in [
        ("/integratedTime", json!("1")),
        ("/integratedTime", json!("4102444800")),
        ("/logIndex", json!("77")),
        ("/inclusionProof/logIndex", json!("0")),
        ("/inclusionProof/treeSize", json!("99")),
        ("/inclusionProof/checkpoint/envelope", json!("")),
        ("/inclusionProof/checkpoint/envelope", json!("no note")),
        ("/inclusionProof", json!(null)),
        ("/inclusionPromise", json!(null)),
        ("/kindVersion/version", json!("0.0.2")),
        ("/kindVersion/kind", json!("intoto")),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(&entry(place)).unwrap() = value.clone();
        refusal(&world, &changed, &format!("{place} = {value}"));
    }
}

#[test]
fn a_proof_that_does_not_hold_is_refused_with_its_reason() {
    let lie = |lie| Knobs {
        lie: Some(lie),
        ..Knobs::default()
    };
    let stamp = |stamp| Knobs {
        stamp,
        ..Knobs::default()
    };
    let world = World::start();
    world.attestation();
    for (knobs, words) in [
        (stamp(Stamp::Missing), "signed certificate timestamp"),
        (stamp(Stamp::Forged), "signed certificate timestamp"),
        (
            Knobs {
                other_authority: true,
                ..Knobs::default()
            },
            "certificate chain",
        ),
        (
            Knobs {
                code_signing: false,
                ..Knobs::default()
            },
            "certificate chain",
        ),
        (
            Knobs {
                certificate_age: std::time::Duration::from_hours(1),
                ..Knobs::default()
            },
            "certificate chain",
        ),
        (lie(Lie::Proof), "inclusion proof"),
        (lie(Lie::Checkpoint), "checkpoint"),
        (lie(Lie::Root), ""),
        (lie(Lie::Promise), "inclusion promise"),
        (lie(Lie::NoPromise), "no verified timestamp"),
        (lie(Lie::NoProof), "inclusion proof"),
        (lie(Lie::Time), "inclusion promise"),
        (lie(Lie::OtherEntry), "log entry"),
        (
            lie(Lie::Version2),
            "the kind of the log entry is hashedrekord 0.0.2",
        ),
        (lie(Lie::OtherLog), "log"),
    ] {
        let what = format!("{knobs:?}");
        world.sigstore.set(|current| *current = knobs);
        let text = refusal(&world, &world.attestation(), &what);
        assert!(text.to_lowercase().contains(words), "{text} for {what}");
    }
}

#[test]
fn only_the_workflow_that_the_index_knows_may_attest() {
    let world = World::start();
    let mut other_issuer = attester();
    other_issuer.issuer = "https://gitlab.com".to_owned();
    let mut other_ref = attester();
    other_ref.build_config = other_ref.build_config.replace("v1", "v2");
    let mut other_folder = attester();
    other_folder.build_config = other_folder
        .build_config
        .replace("workflows/", "workflows/x/");
    let mut other_config = attester();
    other_config.build_config = other_config.build_config.replace("apache/", "other/");
    for (attester, words) in [
        (other_issuer, "issuer"),
        (
            Attester::github("apache/other", "release.yml"),
            "the repository is https://github.com/apache/other, expected \
             https://github.com/apache/example",
        ),
        (
            Attester::github("Apache/Example", "release.yml"),
            "the repository",
        ),
        (
            Attester::github("apache/example", "publish.yml"),
            "the workflow",
        ),
        (
            Attester::github("apache/example", "Release.yml"),
            "the workflow",
        ),
        (other_ref, "the workflow"),
        (other_folder, "the workflow"),
        (other_config, "the workflow"),
    ] {
        let made = world.sigstore.attest(&attester, PUBLISH, FILE, BYTES);
        let text = refusal(&world, &made, words);
        assert!(text.contains(words), "{text} for {words}");
    }
    // The workflow may be named at the commit as well.
    let mut at_commit = attester();
    at_commit.build_config = at_commit
        .build_config
        .replace("refs/tags/v1", &at_commit.digest);
    let made = world.sigstore.attest(&at_commit, PUBLISH, FILE, BYTES);
    assert!(world.verify(&made).is_ok());
}

#[test]
fn the_statement_must_be_about_this_file_and_of_a_type_that_is_taken() {
    let world = World::start();
    let digest = hex::encode(sha256(BYTES));
    let subject = |name: &str, digest: &str| json!({"name": name, "digest": {"sha256": digest}});
    let own = subject(FILE, &digest);
    let statement = |subjects: Value, kind: &str, predicate: Value| {
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": kind,
            "predicate": predicate,
        })
    };
    let null = || json!(null);
    for (statement, words) in [
        (statement(json!([own]), PUBLISH, null()), None),
        (statement(json!([own]), PUBLISH, json!({})), None),
        (statement(json!([own]), SLSA, json!({"any": 1})), None),
        (
            statement(
                json!([subject("Example-1.0.0-py3-none-any.whl", &digest)]),
                PUBLISH,
                null(),
            ),
            None,
        ),
        (
            statement(
                json!([subject("example-1.1-py3-none-any.whl", &digest)]),
                PUBLISH,
                null(),
            ),
            Some("the file is example-1.1-py3-none-any.whl"),
        ),
        (
            statement(json!([subject("", &digest)]), PUBLISH, null()),
            Some("the file"),
        ),
        (
            statement(json!([subject(FILE, &"0".repeat(64))]), PUBLISH, null()),
            Some("the SHA-256"),
        ),
        (
            statement(
                json!([subject(FILE, &digest.to_uppercase())]),
                PUBLISH,
                null(),
            ),
            Some("lower-case"),
        ),
        (
            statement(
                json!([{"name": FILE, "digest": {"sha512": "00"}}]),
                PUBLISH,
                null(),
            ),
            Some("SHA-256"),
        ),
        (
            statement(json!([own, own]), PUBLISH, null()),
            Some("the number of files in the statement is 2, expected 1"),
        ),
        (statement(json!([]), PUBLISH, null()), Some("SHA-256")),
        (
            statement(json!([own]), "https://example.org/v1", null()),
            Some("the predicate type is https://example.org/v1"),
        ),
        (
            json!({"_type": "https://in-toto.io/Statement/v0.1", "subject": [own],
                   "predicateType": PUBLISH, "predicate": null}),
            Some("not an in-toto statement"),
        ),
        (json!({"no": "statement"}), Some("not an in-toto statement")),
    ] {
        let made = world.sigstore.attestation(&attester(), &statement);
        match words {
            None => assert!(world.verify(&made).is_ok(), "{statement}"),
            Some(words) => {
                let text = refusal(&world, &made, words);
                assert!(text.contains(words), "{text} for {statement}");
            }
        }
    }
}

#[test]
fn a_bundle_gives_its_statement_to_who_knows_the_workflow() {
    const KIND: &str = "https://slsa.dev/verification_summary/v1";
    let world = World::start();
    let digest = sha256(BYTES);
    let predicate = json!({"verifier": {"id": "example"}});
    let statement = Statement::new(&[(FILE, &digest), ("b", &digest)], KIND, predicate);
    let made: Value = serde_json::from_slice(statement.bytes()).unwrap();
    let made = world.sigstore.bundle(&attester(), &made).to_string();
    let bundle = Bundle::parse(&made).unwrap();
    let (attested, found) = verify_bundle(&bundle, KIND, &publisher(), &world.trust).unwrap();
    assert_eq!(attested.predicate_type, KIND);
    assert_eq!(found.subjects(), statement.subjects());
    assert_eq!(found.predicate(), statement.predicate());
    let other = Publisher::new("apache/example", "publish.yml").unwrap();
    assert!(verify_bundle(&bundle, KIND, &other, &world.trust).is_err());
    assert!(verify_bundle(&bundle, PUBLISH, &publisher(), &world.trust).is_err());
    let elsewhere = World::start();
    assert!(verify_bundle(&bundle, KIND, &publisher(), &elsewhere.trust).is_err());
}
