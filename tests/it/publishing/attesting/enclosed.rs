// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Attestations that lie in the release: verified, and passed on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use testbed::attestation::{Attester, SLSA, statement};

use super::*;

const FILE: &str = "example-1.0.tar.gz";
/// The job, as a runner tells it.
const JOB: [(&str, &str); 2] = [
    ("GITHUB_REPOSITORY", "apache/example"),
    (
        "GITHUB_WORKFLOW_REF",
        "apache/example/.github/workflows/release.yml@refs/tags/v1",
    ),
];

fn ours() -> Attester {
    Attester::github("apache/example", "release.yml")
}

/// Puts a file beside the sdist; none takes it away.
fn put(world: &World, suffix: &str, contents: Option<String>) {
    let name = format!("{RELEASE}{FILE}{suffix}");
    let contents = contents.map(String::into_bytes);
    world.dist.commit(vec![(name, contents)]);
}

fn provenance(attestations: &[Value]) -> String {
    json!({"version": 1, "attestation_bundles": [{
        "publisher": {"kind": "GitHub", "repository": "apache/example", "workflow": "release.yml"},
        "attestations": attestations,
    }]})
    .to_string()
}

/// The predicate types that the index keeps of the sdist, sorted.
fn kept(it: &Attested<'_>) -> Vec<String> {
    let mut files = it.provenance().into_iter();
    let (_, shown) = files.find(|(name, _)| name == FILE).unwrap();
    let all = shown["attestation_bundles"][0]["attestations"].as_array();
    let mut types: Vec<String> = all.into_iter().flatten().map(type_of).collect();
    types.sort();
    types
}

fn type_of(attestation: &Value) -> String {
    let text = attestation["envelope"]["statement"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&BASE64.decode(text).unwrap()).unwrap();
    statement["predicateType"].as_str().unwrap().to_owned()
}

#[test]
fn an_attestation_of_each_form_is_verified_and_passed_on_beside_ours_or_in_its_place() {
    let world = ground();
    let bytes = &release()[FILE];
    for (suffix, types, made) in [
        (".publish.attestation", &[PUBLISH][..], 4),
        (".slsa.attestation", &[SLSA], 5),
        (".attestation", &[SLSA], 5),
        (".provenance", &[PUBLISH, SLSA], 4),
        (".intoto.jsonl", &[SLSA, PUBLISH], 4),
        (".sigstore.json", &[SLSA], 5),
    ] {
        let it = Attested::new(&world);
        let object = |kind: &&str| it.sigstore.attest(&ours(), kind, FILE, bytes);
        let bundle = |kind: &&str| {
            let said = statement(kind, FILE, bytes);
            it.sigstore.bundle(&ours(), &said).to_string()
        };
        let text = match suffix {
            ".provenance" => provenance(&types.iter().map(object).collect::<Vec<_>>()),
            ".intoto.jsonl" => types.iter().map(bundle).collect::<Vec<_>>().join("\n"),
            ".sigstore.json" => bundle(&types[0]),
            _ => object(&types[0]).to_string(),
        };
        put(&world, suffix, Some(text));
        let before = it.sigstore.counts().entries;
        let ran = it.run("verify", &[]);
        assert_eq!(
            (ran.status, ran.refusals()),
            (0, vec![]),
            "{suffix}: {}",
            ran.stderr
        );
        assert_eq!(
            ran.file(FILE)["attestations"][0]["origin"],
            "release",
            "{suffix}"
        );
        let ran = it.run_with("publish", &[], &JOB);
        assert_eq!(
            (ran.status, ran.refusals()),
            (0, vec![]),
            "{suffix}: {}",
            ran.stderr
        );
        let mut expected: Vec<&str> = types.iter().copied().chain([PUBLISH]).collect();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(kept(&it), expected, "{suffix}");
        // And the receipt.
        assert_eq!(it.sigstore.counts().entries - before, made + 1, "{suffix}");
        put(&world, suffix, None);
    }
}

#[test]
fn one_that_does_not_hold_refuses_the_release_before_a_token_is_asked_for() {
    let world = ground();
    let it = Attested::new(&world);
    let bytes = &release()[FILE];
    let good = it.sigstore.attest(&ours(), SLSA, FILE, bytes);
    let by = |repository: &str, workflow: &str| {
        let who = Attester::github(repository, workflow);
        it.sigstore.attest(&who, SLSA, FILE, bytes).to_string()
    };
    let says = |kind: &str, file: &str, bytes: &[u8]| {
        it.sigstore.attest(&ours(), kind, file, bytes).to_string()
    };
    let mut changed = good.clone();
    let mut signature = BASE64
        .decode(good["envelope"]["signature"].as_str().unwrap())
        .unwrap();
    *signature.last_mut().unwrap() ^= 1;
    changed["envelope"]["signature"] = json!(BASE64.encode(signature));
    let mut two = statement(SLSA, FILE, bytes);
    let subject = two["subject"][0].clone();
    two["subject"].as_array_mut().unwrap().push(subject);
    let two = it.sigstore.attestation(&ours(), &two).to_string();
    let all = |count: usize| provenance(&vec![good.clone(); count]);
    let (wrong, unchecked) = ("attestation-wrong", "attestation-unchecked");
    for (what, suffix, text, rule) in [
        (
            "another repository",
            ".attestation",
            by("apache/other", "release.yml"),
            wrong,
        ),
        (
            "another workflow",
            ".attestation",
            by("apache/example", "build.yml"),
            wrong,
        ),
        (
            "other bytes",
            ".attestation",
            says(SLSA, FILE, b"other"),
            wrong,
        ),
        (
            "another file",
            ".attestation",
            says(SLSA, "example-2.0.tar.gz", bytes),
            wrong,
        ),
        (
            "another type",
            ".attestation",
            says("https://example.org/x", FILE, bytes),
            wrong,
        ),
        (
            "a changed signature",
            ".attestation",
            changed.to_string(),
            wrong,
        ),
        ("two subjects", ".attestation", two, wrong),
        ("nothing", ".attestation", "{}".to_owned(), unchecked),
        (
            "no JSON",
            ".publish.attestation",
            "attested!".to_owned(),
            unchecked,
        ),
        ("no bundle", ".sigstore.json", good.to_string(), unchecked),
        ("no bundles", ".intoto.jsonl", "\n".to_owned(), unchecked),
        ("three", ".provenance", all(3), unchecked),
        ("one type twice", ".provenance", all(2), unchecked),
    ] {
        put(&world, suffix, Some(text));
        let requests = world.issuer.requests();
        let ran = it.run_with("publish", &[], &JOB);
        let found = (ran.status, ran.refusals());
        assert_eq!(found, (1, vec![rule.to_owned()]), "{what}: {}", ran.stderr);
        let path = format!("{FILE}{suffix}");
        assert_eq!(ran.report["findings"][0]["path"], path.as_str(), "{what}");
        assert_eq!(world.issuer.requests(), requests, "{what}");
        it.assert_nothing_sent(what);
        // Waived, it is neither read nor passed on.
        let glob = format!("attestation-unchecked *{suffix} made elsewhere");
        let ran = it.run_with("verify", &[("waive", &glob)], &JOB);
        assert_eq!(
            (ran.status, ran.refusals()),
            (0, vec![]),
            "{what}: {}",
            ran.stderr
        );
        put(&world, suffix, None);
    }
}

#[test]
fn where_nobody_knows_the_workflow_it_is_held_against_the_token_before_anything_is_sent() {
    let world = ground();
    let it = Attested::new(&world);
    let other = Attester::github("apache/example", "build.yml");
    let text = it.sigstore.attest(&other, SLSA, FILE, &release()[FILE]);
    put(&world, ".slsa.attestation", Some(text.to_string()));
    // Whoever verifies need not be who publishes: it is told who attested.
    let ran = it.run_with("verify", &[], &JOB);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    let row = &ran.file(FILE)["attestations"][0];
    assert_eq!(row["workflow"], ".github/workflows/build.yml");
    let entries = it.sigstore.counts().entries;
    for attestations in ["true", "best-effort"] {
        let ran = it.publish(&[("attestations", attestations)]);
        let found = (ran.status, ran.refusals());
        assert_eq!(
            found,
            (1, vec!["attestation-wrong".to_owned()]),
            "{}",
            ran.stderr
        );
        it.assert_nothing_sent(attestations);
    }
    assert_eq!(it.sigstore.counts().entries, entries, "nothing is signed");
}

#[test]
fn an_attestation_of_what_is_not_published_is_refused() {
    let world = ground();
    let archive = "apache-example-1.0-src.tar.gz";
    world.stage(RELEASE, signed(&[(archive.to_owned(), b"source".to_vec())]));
    let it = Attested::new(&world);
    let text = it.sigstore.attest(&ours(), SLSA, archive, b"source");
    let name = format!("{archive}.slsa.attestation");
    world.change(&name, Some(text.to_string().into_bytes()));
    let ran = it.run("verify", &[]);
    assert_eq!(ran.refusals(), ["attestation-unchecked"], "{}", ran.stderr);
}
