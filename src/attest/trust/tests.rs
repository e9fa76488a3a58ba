// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use serde_json::json;
use sigstore_verify::trust_root::{
    SIGSTORE_PRODUCTION_SIGNING_CONFIG, SIGSTORE_STAGING_SIGNING_CONFIG,
};

use super::*;

/// 29 November 2026.
const NOW: u64 = 1_795_910_400;

fn root() -> Value {
    serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap()
}

fn offer(url: &str, version: u32, from: &str, until: Option<&str>) -> Value {
    let mut span = json!({"start": from});
    if let Some(until) = until {
        span["end"] = until.into();
    }
    json!({"url": url, "majorApiVersion": version, "validFor": span, "operator": "x"})
}

fn configuration(fulcio: &[Value], rekor: &[Value]) -> String {
    json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": root(),
        "signingConfig": {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": fulcio,
            "rekorTlogUrls": rekor,
            "tsaUrls": [],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaConfig": {"selector": "ANY"},
        },
    })
    .to_string()
}

const START: &str = "2022-01-01T00:00:00Z";

fn services(fulcio: &str, rekor: &[Value]) -> Result<Services, AttestError> {
    let text = configuration(&[offer(fulcio, 1, START, None)], rekor);
    Trust::own("trust.json", &text)?.services(NOW)
}

#[test]
fn the_public_instances_are_where_their_own_configurations_say() {
    for (trust, config) in [
        (Trust::public(), SIGSTORE_PRODUCTION_SIGNING_CONFIG),
        (Trust::staging(), SIGSTORE_STAGING_SIGNING_CONFIG),
    ] {
        let own = trust.unwrap().services(NOW).unwrap();
        let theirs = json!({
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": root(),
            "signingConfig": serde_json::from_str::<Value>(config).unwrap(),
        });
        let theirs = Trust::own("theirs", &theirs.to_string()).unwrap();
        assert_eq!(theirs.services(NOW).unwrap(), own);
        assert_eq!(own.audience, "sigstore");
    }
}

#[test]
fn the_age_of_the_program_s_own_copy_is_that_of_the_crate_which_holds_it() {
    let trust = Trust::public().unwrap();
    assert_eq!(trust.age(NOW).map(|age| age.as_secs() / 86_400), Some(37));
    assert_eq!(trust.age(0), Some(Duration::ZERO));
    let text = configuration(&[], &[]);
    assert_eq!(Trust::own("trust.json", &text).unwrap().age(NOW), None);
    // With another version of the crate comes another copy: `TAKEN` is then the
    // day of its release, as its change log has it.
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains("name = \"sigstore-trust-root\"\nversion = \"0.15.1\"\n"));
}

#[test]
fn a_log_of_the_first_kind_is_taken_and_the_newest_that_is_in_force() {
    let second = offer("https://log2.example.org", 2, START, None);
    let old = offer(
        "https://old.example.org",
        1,
        START,
        Some("2026-01-01T00:00:00Z"),
    );
    let first = offer("https://first.example.org", 1, START, None);
    let newer = offer("https://newer.example.org", 1, "2025-01-01T00:00:00Z", None);
    let future = offer(
        "https://future.example.org",
        1,
        "2027-01-01T00:00:00Z",
        None,
    );
    let fulcio = "https://fulcio.example.org";
    for (rekor, expected) in [
        (
            vec![second.clone(), first.clone()],
            "https://first.example.org/",
        ),
        (
            vec![first, newer, future.clone()],
            "https://newer.example.org/",
        ),
    ] {
        assert_eq!(services(fulcio, &rekor).unwrap().rekor.as_str(), expected);
    }
    for rekor in [vec![second], vec![old], vec![future], vec![]] {
        let error = services(fulcio, &rekor).unwrap_err().to_string();
        assert!(error.contains("API version 1"), "{error}");
    }
}

#[test]
fn no_instance_of_one_s_own_gets_a_token_that_is_worth_something_at_sigstore_s() {
    let rekor = [offer("https://rekor.example.org", 1, START, None)];
    for (fulcio, audience) in [
        ("https://fulcio.sigstore.dev", "sigstore"),
        ("https://fulcio.sigstore.dev/", "sigstore"),
        ("https://fulcio.sigstage.dev", "sigstore"),
        ("http://127.0.0.1:8080", "sigstore"),
        (
            "https://fulcio.example.org/x/",
            "https://fulcio.example.org",
        ),
        (
            "https://fulcio.example.org:8443",
            "https://fulcio.example.org:8443",
        ),
        (
            "https://fulcio.sigstore.dev:8443",
            "https://fulcio.sigstore.dev:8443",
        ),
        (
            "https://fulcio.sigstore.dev.example.org",
            "https://fulcio.sigstore.dev.example.org",
        ),
    ] {
        assert_eq!(
            services(fulcio, &rekor).unwrap().audience,
            audience,
            "{fulcio}"
        );
    }
    for fulcio in [
        "http://fulcio.example.org",
        "https://user:secret@fulcio.example.org",
        "https://fulcio.example.org/?a=b",
        "ftp://127.0.0.1/",
        "fulcio",
    ] {
        let error = services(fulcio, &rekor).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_trusted_root_alone_verifies_and_does_not_sign() {
    let trust = Trust::own("root.json", SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
    let error = trust.services(NOW).unwrap_err().to_string();
    assert!(
        error.contains("root.json names no certificate authority"),
        "{error}"
    );
}

#[test]
fn what_is_no_trust_configuration_is_refused() {
    let mut bad_root = root();
    bad_root["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA".into();
    let mut old_signing: Value = serde_json::from_str(&configuration(&[], &[])).unwrap();
    old_signing["signingConfig"]["mediaType"] =
        "application/vnd.dev.sigstore.signingconfig.v0.1+json".into();
    for text in [
        String::new(),
        "{}".to_owned(),
        json!({"mediaType": "text/plain"}).to_string(),
        json!({"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"})
            .to_string(),
        bad_root.to_string(),
        old_signing.to_string(),
        " ".repeat(LONGEST + 1),
    ] {
        let error = Trust::own("trust.json", &text).unwrap_err().to_string();
        assert!(
            error.starts_with("the trust configuration: trust.json: "),
            "{error}"
        );
    }
}
