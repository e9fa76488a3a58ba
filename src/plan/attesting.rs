// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether files are attested, and by which instance of Sigstore.

use std::fmt;
use std::path::PathBuf;

use super::{IndexChoice, Reader};

pub(super) const LEGAL: &str = "`true`, `false` or `best-effort`";
pub(super) const SIGSTORE_LEGAL: &str =
    "`public`, `staging`, or the path of a client trust configuration";

/// Whether attestations go with the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attestations {
    /// None is made, and none is sent.
    Off,
    /// Every new file has one, or nothing is sent.
    Required,
    /// As [`Self::Required`], but a release that cannot be attested goes
    /// without, which is told as a warning.
    BestEffort,
}

impl Attestations {
    pub(super) fn read(raw: &str) -> Result<Self, String> {
        match raw {
            "true" => Ok(Self::Required),
            "false" => Ok(Self::Off),
            "best-effort" => Ok(Self::BestEffort),
            other => Err(format!("`{other}`")),
        }
    }

    /// What the word `derived` means: the public indexes take attestations, of
    /// others nobody knows.
    pub(super) const fn derive(index: &IndexChoice) -> Self {
        match index {
            IndexChoice::Pypi | IndexChoice::TestPypi => Self::Required,
            IndexChoice::Own { .. } => Self::Off,
        }
    }
}

/// Whose certificates and whose log count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigstoreChoice {
    /// Sigstore's public instance, the only one that PyPI and TestPyPI know.
    Public,
    /// Its staging, for trials.
    Staging,
    /// One that this file tells of.
    Own(PathBuf),
}

impl SigstoreChoice {
    pub(super) fn read(raw: &str) -> Result<Self, String> {
        match raw {
            "public" => Ok(Self::Public),
            "staging" => Ok(Self::Staging),
            path if path.contains('\0') => Err("a path with a NUL".to_owned()),
            // A web address is no path, however it was meant.
            url if url.contains("://") => Err(format!("`{url}`")),
            path => Ok(Self::Own(PathBuf::from(path))),
        }
    }
}

impl fmt::Display for SigstoreChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Staging => f.write_str("staging"),
            Self::Own(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A file that the index cannot verify would be refused by it, one by one.
pub(super) fn check(
    index: &IndexChoice,
    attestations: Option<Attestations>,
    sigstore: &SigstoreChoice,
    reader: &mut Reader<'_>,
) {
    let is_public = matches!(index, IndexChoice::Pypi | IndexChoice::TestPypi);
    let is_on = attestations.unwrap_or(Attestations::derive(index)) != Attestations::Off;
    if is_public && is_on && *sigstore != SigstoreChoice::Public {
        reader.refuse(
            "sigstore",
            "`public`: PyPI and TestPyPI verify by no other, or `attestations: false`",
            format!("`{sigstore}`"),
        );
    }
}
