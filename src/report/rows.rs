// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The rows that any report has: files, KEYS, signers, the configuration file.

use serde::Serialize;

use super::{AttestationRow, Provenance, State};

/// One path of the source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileRow {
    /// Relative to the source.
    pub path: String,
    /// What it is.
    pub class: String,
    /// The normalised project name of a distribution.
    pub project: Option<String>,
    /// The version of a distribution.
    pub version: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex; none where the file was not read.
    pub sha256: Option<String>,
    /// Lower-case hex; none where the file was not read.
    pub sha512: Option<String>,
    /// The fingerprint of the primary key that signed it.
    pub signer: Option<String>,
    /// Where it stands on the index.
    pub state: State,
    /// Its attestations that were verified.
    pub attestations: Vec<AttestationRow>,
    /// Whether the index shows attestations of it.
    pub provenance: Provenance,
}

/// A KEYS file that was read.
#[derive(Clone, Debug)]
pub struct KeysRow {
    /// Where it lies.
    pub place: String,
    /// The revision that it was read at, where the server says one.
    pub revision: Option<u64>,
}

impl FileRow {
    /// Whether the index is to hold it.
    pub fn is_distribution(&self) -> bool {
        self.class == "distribution"
    }
}

impl KeysRow {
    /// The revision in words.
    pub fn revision_word(&self) -> String {
        match self.revision {
            Some(revision) => format!("revision {revision}"),
            None => "an unknown revision".to_owned(),
        }
    }
}

/// The configuration file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigRow {
    /// Relative to the checkout.
    pub path: String,
    /// Of the file's bytes; lower-case hex.
    pub sha256: String,
    /// The release that was chosen.
    pub release: Option<String>,
    /// The inputs whose values the file gave, in the order of the table.
    pub inputs: Vec<&'static str>,
}

/// A signer, for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignerRow {
    /// The primary key's fingerprint.
    pub fingerprint: String,
    /// A user id of the key: its owner's word.
    pub user_id: String,
    /// When the key, or the subkey that signed, ends by its owner's word; Unix
    /// seconds.
    pub expires: Option<u64>,
}

impl SignerRow {
    /// The day on which the key ends, in UTC, for people.
    pub fn expiry(&self) -> String {
        let end = self.expires.map(crate::openpgp::utc);
        match end.as_deref().and_then(|end| end.split('T').next()) {
            Some(day) => format!("ends {day}"),
            None => "never ends".to_owned(),
        }
    }
}

impl ConfigRow {
    /// The file, its hash and its release, for people.
    pub fn shown(&self) -> String {
        let release = self
            .release
            .as_ref()
            .map_or(String::new(), |release| format!(", release {release}"));
        format!("{}{release}, SHA-256 {}", self.path, self.sha256)
    }

    /// The inputs that it gave, for people.
    pub fn gave(&self) -> String {
        if self.inputs.is_empty() {
            "nothing".to_owned()
        } else {
            self.inputs.join(", ")
        }
    }
}
