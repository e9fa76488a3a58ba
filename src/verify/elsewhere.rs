// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The distributions of a release that another shard verifies: what is known
//! of them without their bytes.
//!
//! Nobody signs a checksum file. So what it says is good for one thing alone:
//! for a line of the release digest, which must then be the expected one.

use super::enclosed;
use crate::checksum::{self, Algorithm};
use crate::dist::filename::DistributionName;
use crate::rules::{Finding, Rule};
use crate::snapshot::{Artifact, basename};
use crate::source::Entry;

/// A distribution of another shard.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    pub(super) path: String,
    pub(super) name: DistributionName,
    pub(super) sha512: [u8; 64],
}

impl Elsewhere {
    /// The file that names the SHA-512 of a distribution, if it has one.
    pub fn checksum_of(artifact: &Artifact) -> Option<&Entry> {
        // Only what is published has a line in the release digest.
        artifact.name.as_ref()?;
        let mut checksums = artifact.checksums.iter();
        let (_, entry) = checksums.find(|(algorithm, _)| *algorithm == Algorithm::Sha512)?;
        Some(entry)
    }

    /// What the listing alone says against it: every shard refuses a release
    /// that one of them would refuse for that.
    pub fn missing(artifact: &Artifact) -> Vec<Finding> {
        let path = artifact.entry.path.as_str();
        let mut findings = Vec::new();
        if artifact.signature.is_none() {
            findings.push(super::signature_missing(path));
        }
        if artifact.checksums.is_empty() {
            findings.push(super::checksum_missing(path));
        } else if artifact.name.is_some() && Self::checksum_of(artifact).is_none() {
            findings.push(Finding::new(
                Rule::ShardWithoutSha512,
                Some(path),
                format!("`{}.sha512`", basename(path)),
                "`.sha256` alone",
            ));
        }
        if artifact.name.is_none() {
            let attestations = artifact.attestations.iter();
            findings.extend(attestations.map(|entry| enclosed::of_unpublished(&entry.path)));
        }
        findings
    }

    /// Reads its checksum file. None for what is no distribution.
    ///
    /// # Errors
    /// The finding on a file that names no SHA-512 for it.
    pub fn read(
        artifact: &Artifact,
        checksum: &Entry,
        bytes: &[u8],
    ) -> Result<Option<Self>, Finding> {
        let Some(name) = &artifact.name else {
            return Ok(None);
        };
        let path = artifact.entry.path.as_str();
        let named = checksum::read(bytes, Algorithm::Sha512, basename(path))
            .map_err(|why| why.finding(&checksum.path))?;
        let sha512 = named.as_slice().try_into().map_err(|_| {
            let found = format!("{} bytes", named.len());
            Finding::new(
                Rule::ChecksumUnreadable,
                Some(&checksum.path),
                "64 bytes",
                found,
            )
        })?;
        Ok(Some(Self {
            path: path.to_owned(),
            name: name.clone(),
            sha512,
        }))
    }
}
