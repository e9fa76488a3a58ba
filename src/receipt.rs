// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The receipt of a release: what was verified, where, under which rules and
//! by whose keys, as an in-toto statement with SLSA's verification summary.
//!
//! Decides what a receipt says and which statement is one. Who signed it, and
//! whether the signature holds, is `attest`'s to say; whether a source still
//! holds these bytes, `commands`'. Pure.

mod reader;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest::ReleaseDigest;
use crate::endpoints::{PROJECT_PAGE, RULES_PAGE};
use crate::openpgp::Fingerprint;

pub use reader::ReceiptError;
pub use wire::PREDICATE_TYPE;

/// What was found to hold, in the list of levels that the predicate asks for:
/// SLSA's own tracks are not evaluated.
const LEVELS: [&str; 2] = ["SLSA_BUILD_LEVEL_UNEVALUATED", "ASF_RELEASE_VERIFIED"];

/// The name by which the verifier's version is told.
const PROGRAM: &str = "asf-pypi-publish";

/// One file of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path relative to the source; ends in `name`.
    pub path: String,
    /// The name that the index knows it by.
    pub name: String,
    /// Of its bytes.
    pub sha256: [u8; 32],
    /// Of its bytes.
    pub sha512: [u8; 64],
    /// The primary key that signed it.
    pub signer: Fingerprint,
    /// The SHA-256 of the `.asc` that holds its signature.
    pub signature: [u8; 32],
}

/// A KEYS file that the keys came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysFile {
    /// Where it lay.
    pub place: String,
    /// The revision that it was read at, where the server says one.
    pub revision: Option<u64>,
    /// Of its bytes.
    pub sha256: [u8; 32],
}

/// A rule that was softened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The rule's id; may be one that this version does not know.
    pub rule: String,
    /// The path.
    pub path: String,
    /// The reason that was given.
    pub reason: String,
}

/// What GitHub told of the approval of the run that signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The job's environment, where it has one.
    pub environment: Option<String>,
    /// The run's number.
    pub run: Option<String>,
    /// Which attempt of it signed.
    pub attempt: Option<u64>,
    /// When that attempt began, as GitHub writes it. GitHub keeps no time of an
    /// approval: one of a first attempt lies between this and `read_at`.
    pub started: Option<String>,
    /// When the approval was read, as RFC 3339 writes it.
    pub read_at: String,
    /// Those who approved and did not start the run; may be empty where no
    /// approval was required.
    pub by: Vec<Approver>,
}

/// One who approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The login.
    pub user: Option<String>,
    /// The account's number, which stays when the login changes.
    pub user_id: Option<u64>,
    /// In which words.
    pub comment: String,
}

impl Approver {
    /// For people; holds foreign text.
    pub fn shown(&self) -> String {
        let user = self.user.as_deref().unwrap_or("an account without a name");
        let id = self
            .user_id
            .map_or(String::new(), |id| format!(" (user {id})"));
        format!("approved then: by {user}{id}: {}", self.comment)
    }
}

/// What was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The version of the program that verified it.
    pub version: String,
    /// The SHA-256 of that version's docs/rules.md.
    pub rules: [u8; 32],
    /// When, in Unix seconds.
    pub verified_at: u64,
    /// Where the release lay; without user and query.
    pub source: String,
    /// The Subversion revision, where the source has one.
    pub revision: Option<u64>,
    /// `release` or `dev`, where it is known.
    pub area: Option<String>,
    /// The index that it was published on.
    pub index: String,
    /// The KEYS files.
    pub keys: Vec<KeysFile>,
    /// Every distribution; never empty, no name twice.
    pub files: Vec<File>,
    /// Every waiver that was used.
    pub waived: Vec<Waiver>,
    /// Who approved the run; none where nobody was asked, as with
    /// `approval: off`.
    pub approval: Option<Approval>,
}

impl Receipt {
    /// The release digest, from the files.
    pub fn digest(&self) -> ReleaseDigest {
        let files = self.files.iter();
        crate::digest::release_digest(files.map(|file| (file.name.as_str(), &file.sha512)))
    }

    /// The subjects of the statement: name, SHA-256 and SHA-512, both as hex.
    pub fn subjects(&self) -> Vec<(&str, String, String)> {
        let files = self.files.iter();
        files
            .map(|file| {
                let (sha256, sha512) = (hex::encode(file.sha256), hex::encode(file.sha512));
                (file.name.as_str(), sha256, sha512)
            })
            .collect()
    }

    /// The predicate of the statement.
    pub fn predicate(&self) -> Value {
        let predicate = wire::Predicate {
            verifier: wire::Verifier {
                id: PROJECT_PAGE.to_owned(),
                version: BTreeMap::from([(PROGRAM.to_owned(), self.version.clone())]),
            },
            time_verified: shown_time(self.verified_at),
            resource_uri: self.resource(),
            policy: wire::Resource::new(RULES_PAGE, &self.rules),
            input_attestations: self.files.iter().map(|file| self.signature(file)).collect(),
            verification_result: wire::PASSED.to_owned(),
            verified_levels: LEVELS.map(str::to_owned).to_vec(),
            release: wire::Release::of(self),
        };
        // Strings, numbers and lists: there is nothing that JSON cannot hold.
        serde_json::to_value(predicate).unwrap_or_default()
    }

    /// Where the release can be read again: at its revision, where it has one.
    fn resource(&self) -> String {
        match self.revision {
            Some(revision) => format!("{}?p={revision}", self.source),
            None => self.source.clone(),
        }
    }

    fn signature(&self, file: &File) -> wire::Resource {
        let at = self
            .revision
            .map_or(String::new(), |revision| format!("?p={revision}"));
        let folder = self.source.trim_end_matches('/');
        let uri = format!("{folder}/{}.asc{at}", file.path);
        wire::Resource::new(&uri, &file.signature)
    }
}

/// As RFC 3339 writes it, in UTC.
fn shown_time(seconds: u64) -> String {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}
