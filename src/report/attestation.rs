// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the report says of attestations.

use serde::Serialize;

use crate::attest::{Attested, PUBLISH, SLSA_PROVENANCE};

/// Where an attestation came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// This run made it.
    Made,
    /// It lay in the release.
    Release,
    /// The index showed it, for a file that was there before this run.
    Index,
    /// It lay in a file that the inputs name.
    File,
}

/// One attestation that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttestationRow {
    /// What kind of thing is said.
    pub predicate_type: String,
    /// Where it came from.
    pub origin: Origin,
    /// `OWNER/REPO` of the certificate.
    pub repository: String,
    /// The workflow's path in it.
    pub workflow: String,
    /// The branch or tag, as `refs/…`.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The web page of the run.
    pub run: Option<String>,
    /// The entry in the transparency log.
    pub log_index: u64,
    /// When the log took it, in seconds since 1970.
    pub time: u64,
}

impl AttestationRow {
    /// What a verified attestation says.
    pub fn of(says: &Attested, origin: Origin) -> Self {
        Self {
            predicate_type: says.predicate_type.clone(),
            origin,
            repository: says.repository.clone(),
            workflow: says.workflow.clone(),
            git_ref: says.git_ref.clone(),
            commit: says.commit.clone(),
            run: says.run.clone(),
            log_index: says.log_index,
            time: says.time,
        }
    }

    /// Its kind in a word.
    pub fn kind(&self) -> &str {
        match self.predicate_type.as_str() {
            PUBLISH => "publish",
            SLSA_PROVENANCE => "SLSA provenance",
            other => other,
        }
    }

    /// By whom it is, for people.
    pub fn by(&self) -> String {
        format!("{} {}", self.repository, self.workflow)
    }
}

/// Whether the index shows attestations of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// It shows some, and they hold.
    Attested,
    /// It shows some that do not hold, or of another workflow.
    Other,
    /// It has the file and shows none.
    Unattested,
    /// It was not asked, or did not say.
    #[default]
    Unknown,
}

impl Provenance {
    /// The word in the report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Attested => "attested",
            Self::Other => "other",
            Self::Unattested => "unattested",
            Self::Unknown => "unknown",
        }
    }
}

/// The instance of Sigstore that the run trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SigstoreRow {
    /// `public`, `staging` or the name of a file.
    pub instance: String,
    /// How old the program's own copy of its trusted root was, in days; none
    /// where it came from a file.
    pub trusted_root_age_days: Option<u64>,
}

impl SigstoreRow {
    /// For people.
    pub fn shown(&self) -> String {
        match self.trusted_root_age_days {
            Some(days) => format!("{}, trusted root {days} days old", self.instance),
            None => format!("{}, trusted root of that file", self.instance),
        }
    }
}
