// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Attestations that come with a release or from an index: read and verified.
//! Nothing that was changed may be taken for another statement.

use std::sync::OnceLock;

use asf_pypi_publish::attest::{Attestation, Publisher, Trust, verify};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sha2::{Digest, Sha256};
use testbed::attestation::{Attester, PUBLISH, SLSA};
use testbed::oidc::FakeIssuer;
use testbed::sigstore::FakeSigstore;

use crate::mutate::{Chance, repeat};
use crate::round::{Outcome, Target, measured};

const FILE: &str = "example-1.0-py3-none-any.whl";
const BYTES: &[u8] = b"a wheel";
/// What stands between the parts of the inside.
const SEPARATOR: &[u8] = b"\n----\n";
/// Base64 inside of an attestation, each a part of the inside.
const PARTS: [&str; 4] = [
    "/verification_material/certificate",
    "/verification_material/transparency_entries/0/canonicalizedBody",
    "/envelope/statement",
    "/envelope/signature",
];

/// Attestations that hold, and what they hold by.
struct World {
    texts: Vec<String>,
    statements: Vec<Vec<u8>>,
    trust: Trust,
    publisher: Publisher,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let sigstore = FakeSigstore::start(FakeIssuer::start().trust());
        let who = Attester::github("apache/example", "release.yml");
        let made = [PUBLISH, SLSA, PUBLISH].map(|kind| sigstore.attest(&who, kind, FILE, BYTES));
        let texts: Vec<String> = made.iter().map(Value::to_string).collect();
        let read = texts.iter().map(|text| Attestation::parse(text).unwrap());
        let root = std::fs::read_to_string(sigstore.trusted_root()).unwrap();
        World {
            statements: read
                .map(|one| one.statement().unwrap().bytes().to_vec())
                .collect(),
            texts,
            trust: Trust::own("stand-in", &root).unwrap(),
            publisher: Publisher::new("apache/example", "release.yml").unwrap(),
        }
    })
}

pub fn attestation() -> Target {
    let texts = world().texts.iter();
    Target {
        name: "attestation",
        seeds: texts.map(|text| text.clone().into_bytes()).collect(),
        attacks,
        words: &[
            b"\"logIndex\":\"0\"",
            b"\"integratedTime\":\"1\"",
            b"\"treeSize\":\"9223372036854775807\"",
            b"\"logIndex\":\"9223372036854775807\"",
            b"\"hashes\":[]",
            b"null",
            b"-1",
            b"0.0.2",
            b"hashedrekord",
            b"\"version\":1",
            b"\xff",
            b"\x30\x84\xff\xff\xff\xff",
        ],
        layer: Some((open, close)),
        check,
        memory: |len| (16 << 20) + 64 * len,
    }
}

fn attacks() -> Vec<Vec<u8>> {
    let good = &world().texts[0];
    let with = |place: &str, value: Value| {
        let mut json: Value = serde_json::from_str(good).unwrap();
        *json.pointer_mut(place).unwrap() = value;
        json.to_string().into_bytes()
    };
    let entries = "/verification_material/transparency_entries";
    let hash = BASE64.encode([0; 32]);
    vec![
        repeat(1 << 20, "", "[", ""),
        repeat(1 << 20, "", "{\"version\":", ""),
        with(entries, vec![Value::Null; 1 << 18].into()),
        with(
            &format!("{entries}/0/inclusionProof/hashes"),
            vec![Value::from(hash); 1 << 16].into(),
        ),
        with(
            &format!("{entries}/0/inclusionProof/checkpoint/envelope"),
            "a\n".repeat(1 << 20).into(),
        ),
        with(
            "/envelope/statement",
            BASE64.encode(vec![b'['; 1 << 20]).into(),
        ),
        with(
            "/verification_material/certificate",
            BASE64.encode([0x30, 0x80].repeat(1 << 19)).into(),
        ),
    ]
}

/// The parts, and the rest of the object behind them.
fn open(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut json: Value = serde_json::from_slice(bytes).ok()?;
    let mut inside = Vec::new();
    for place in PARTS {
        let part = json.pointer_mut(place)?;
        inside.extend(BASE64.decode(part.as_str()?).ok()?);
        inside.extend(SEPARATOR);
        *part = Value::Null;
    }
    inside.extend(json.to_string().into_bytes());
    Some(inside)
}

fn close(inside: &[u8], _: &mut Chance) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut rest = inside;
    for _ in PARTS {
        let end = memchr::memmem::find(rest, SEPARATOR).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest.get(end + SEPARATOR.len()..).unwrap_or_default();
    }
    let Ok(mut json) = serde_json::from_slice::<Value>(rest) else {
        return inside.to_vec();
    };
    for (place, part) in PARTS.into_iter().zip(parts) {
        if let Some(value) = json.pointer_mut(place) {
            *value = BASE64.encode(part).into();
        }
    }
    json.to_string().into_bytes()
}

fn check(input: &[u8]) -> Outcome {
    let world = world();
    let Ok(text) = std::str::from_utf8(input) else {
        return Ok("no text".to_owned());
    };
    let sha256: [u8; 32] = Sha256::digest(BYTES).into();
    let judged = measured(|| {
        let attestation = Attestation::parse(text)?;
        let attested = verify(&attestation, FILE, &sha256, &world.publisher, &world.trust)?;
        attestation.statement().map(|said| (said, attested))
    });
    match judged {
        Ok((said, attested)) if world.statements.iter().any(|one| one == said.bytes()) => {
            Ok(format!("holds: {}", attested.predicate_type))
        }
        Ok((said, _)) => Err(format!("another statement is taken: {said:?}")),
        Err(why) => {
            let why = why.to_string();
            if why.len() > 2000 {
                return Err(format!("a text of {} bytes", why.len()));
            }
            // Without what comes of the bytes themselves.
            Ok(why
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .take(60)
                .collect())
        }
    }
}
