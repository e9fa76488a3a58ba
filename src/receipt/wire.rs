// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The receipt as it is written: SLSA's fields, and ours below one key.
//!
//! SLSA: <https://slsa.dev/spec/v1.0/verification_summary>. Its parsing rules
//! let a producer add fields whose names are URIs; whoever does not know them
//! passes over them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Receipt;

/// The type of the predicate: SLSA's verification summary, version 1.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// The only result that a receipt is given for.
pub(super) const PASSED: &str = "PASSED";

/// An in-toto statement, version 1, around a predicate of a receipt.
#[derive(Deserialize)]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    pub(super) kind: String,
    pub(super) subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: String,
    pub(super) predicate: Predicate,
}

#[derive(Deserialize)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) digest: Digests,
}

#[derive(Deserialize)]
pub(super) struct Digests {
    pub(super) sha256: String,
    pub(super) sha512: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Predicate {
    pub(super) verifier: Verifier,
    pub(super) time_verified: String,
    pub(super) resource_uri: String,
    pub(super) policy: Resource,
    pub(super) input_attestations: Vec<Resource>,
    pub(super) verification_result: String,
    pub(super) verified_levels: Vec<String>,
    #[serde(rename = "https://github.com/apache/asf-pypi-publish/receipt/v1")]
    pub(super) release: Release,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Verifier {
    pub(super) id: String,
    pub(super) version: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) uri: String,
    pub(super) digest: Sha256,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Sha256 {
    pub(super) sha256: String,
}

impl Resource {
    pub(super) fn new(uri: &str, sha256: &[u8; 32]) -> Self {
        Self {
            uri: uri.to_owned(),
            digest: Sha256 {
                sha256: hex::encode(sha256),
            },
        }
    }
}

/// What the ASF's rules add.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Release {
    pub(super) source: String,
    pub(super) revision: Option<u64>,
    pub(super) area: Option<String>,
    pub(super) index: String,
    #[serde(rename = "releaseDigest")]
    pub(super) digest: String,
    pub(super) keys: Vec<Keys>,
    pub(super) files: Vec<File>,
    pub(super) waived: Vec<Waiver>,
    pub(super) approval: Option<Approval>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Approval {
    pub(super) environment: Option<String>,
    pub(super) run: Option<String>,
    pub(super) attempt: Option<u64>,
    pub(super) started: Option<String>,
    pub(super) read_at: String,
    pub(super) by: Vec<Approver>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Approver {
    pub(super) user: Option<String>,
    pub(super) user_id: Option<u64>,
    pub(super) comment: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) place: String,
    pub(super) revision: Option<u64>,
    pub(super) sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) sha512: String,
    pub(super) signer: String,
    pub(super) signature_sha256: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Waiver {
    pub(super) rule: String,
    pub(super) path: String,
    pub(super) reason: String,
}

impl Release {
    pub(super) fn of(receipt: &Receipt) -> Self {
        let keys = receipt.keys.iter().map(|keys| Keys {
            place: keys.place.clone(),
            revision: keys.revision,
            sha256: hex::encode(keys.sha256),
        });
        let files = receipt.files.iter().map(|file| File {
            path: file.path.clone(),
            name: file.name.clone(),
            sha256: hex::encode(file.sha256),
            sha512: hex::encode(file.sha512),
            signer: file.signer.to_string(),
            signature_sha256: hex::encode(file.signature),
        });
        let waived = receipt.waived.iter().map(|waiver| Waiver {
            rule: waiver.rule.clone(),
            path: waiver.path.clone(),
            reason: waiver.reason.clone(),
        });
        Self {
            source: receipt.source.clone(),
            revision: receipt.revision,
            area: receipt.area.clone(),
            index: receipt.index.clone(),
            digest: receipt.digest().to_string(),
            keys: keys.collect(),
            files: files.collect(),
            waived: waived.collect(),
            approval: receipt.approval.as_ref().map(Approval::of),
        }
    }
}

impl Approval {
    fn of(approval: &super::Approval) -> Self {
        let by = approval.by.iter().map(|one| Approver {
            user: one.user.clone(),
            user_id: one.user_id,
            comment: one.comment.clone(),
        });
        Self {
            environment: approval.environment.clone(),
            run: approval.run.clone(),
            attempt: approval.attempt,
            started: approval.started.clone(),
            read_at: approval.read_at.clone(),
            by: by.collect(),
        }
    }
}
