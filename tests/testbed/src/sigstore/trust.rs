// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What clients are told to trust and where to go: the trusted root and the trust
//! configuration, as sigstore's protobuf specifications write them in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::authority::PAST;
use super::key::Key;
use super::state::Shared;
use crate::clock::{iso, now};

/// The root alone.
pub(super) fn root(shared: &Shared) -> Value {
    let start = iso(now() - PAST);
    let log = |key: &Key, url: &str| {
        json!({
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "logId": {"keyId": BASE64.encode(key.id())},
            "operator": "stand-in",
            "publicKey": {
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "rawBytes": BASE64.encode(key.public()),
                "validFor": {"start": start},
            },
        })
    };
    let chain = shared.authority.chain.iter();
    let chain: Vec<_> = chain
        .map(|der| json!({"rawBytes": BASE64.encode(der)}))
        .collect();
    let base = &shared.base;
    json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "certificateAuthorities": [{
            "certChain": {"certificates": chain},
            "operator": "stand-in",
            "subject": {"commonName": "stand-in", "organization": "stand-in"},
            "uri": base,
            "validFor": {"start": start},
        }],
        "ctlogs": [log(&shared.authority.log, &format!("{base}/ct"))],
        "timestampAuthorities": [],
        "tlogs": [log(&shared.lock().log.key, base)],
    })
}

/// The root with the places of the services.
pub(super) fn configuration(shared: &Shared) -> Value {
    let start = iso(now() - PAST);
    let at = |url: &str| {
        json!([{
            "majorApiVersion": 1,
            "operator": "stand-in",
            "url": url,
            "validFor": {"start": start},
        }])
    };
    json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "signingConfig": {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": at(&shared.base),
            "oidcUrls": at(&shared.issuer.issuer),
            "rekorTlogConfig": {"selector": "ANY"},
            "rekorTlogUrls": at(&shared.base),
            "tsaConfig": {"selector": "ANY"},
            "tsaUrls": [],
        },
        "trustedRoot": root(shared),
    })
}
