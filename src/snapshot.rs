// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The closed world: every path of the source has a class, and a path
//! without one is an error.
//!
//! Decides what each path is by its name and by the selection alone, and
//! which sidecars belong to which artifact. Pure: reads no bytes; whether a
//! sidecar tells the truth is `verify`'s to say.

use crate::checksum::{Algorithm, lists};
use crate::dist::filename::DistributionName;
use crate::plan::{Limits, Selection, Waived, Waivers};
use crate::rules::{Finding, Rule};
use crate::source::Entry;
use flat::{check_basenames, check_sdists, gather, gather_lists};
use judge::Judge;

mod flat;
mod judge;
mod share;

#[cfg(test)]
mod tests;

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// A wheel or an sdist: what is published.
    Distribution(DistributionName),
    /// Another artifact of the release, such as the source archive: verified,
    /// never published.
    Artifact,
    /// The OpenPGP signature of another path.
    Signature,
    /// A checksum of another path that counts.
    Checksum(Algorithm),
    /// Several digests of another path (`.mds`), or digests of the files of its
    /// folder (`SHA512SUMS`): held against them, never in a checksum's place.
    DigestList,
    /// An attestation of another path.
    Attestation,
    /// A checksum or signature of a kind that does not count.
    WeakSidecar,
    /// A KEYS file inside the source: listed, never used as trust.
    Keys,
    /// Left out by `include` or `exclude`: listed, not read.
    Excluded,
    /// An artifact that another shard of the release reads.
    OtherShard,
    /// Of no class, but waived: listed, not read.
    Waived,
    /// Of no class.
    Refused,
}

impl Class {
    /// The word for it in reports.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Distribution(_) => "distribution",
            Self::Artifact => "artifact",
            Self::Signature => "signature",
            Self::Checksum(_) => "checksum",
            Self::DigestList => "digest-list",
            Self::Attestation => "attestation",
            Self::WeakSidecar => "weak-sidecar",
            Self::Keys => "keys",
            Self::Excluded => "excluded",
            Self::OtherShard => "other-shard",
            Self::Waived => "waived",
            Self::Refused => "refused",
        }
    }
}

/// A path and what it is.
#[derive(Clone, Debug)]
pub struct Item {
    /// As the source lists it.
    pub entry: Entry,
    /// What it is.
    pub class: Class,
}

/// Something that has to be read and verified, with what lies beside it.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The file.
    pub entry: Entry,
    /// What its name says, where it is a distribution.
    pub name: Option<DistributionName>,
    /// Its `.asc`.
    pub signature: Option<Entry>,
    /// Its checksums that count.
    pub checksums: Vec<(Algorithm, Entry)>,
    /// Its `.mds`.
    pub digests: Option<Entry>,
    /// Its attestations.
    pub attestations: Vec<Entry>,
}

/// The digests of the files of one folder.
#[derive(Clone, Debug)]
pub struct FolderList {
    /// The list.
    pub entry: Entry,
    /// What its digests are.
    pub algorithm: Algorithm,
    /// Its `.asc`, if it has one.
    pub signature: Option<Entry>,
}

/// The frozen listing, classified.
#[derive(Clone, Debug)]
pub struct Snapshot {
    items: Vec<Item>,
    artifacts: Vec<Artifact>,
    lists: Vec<FolderList>,
    elsewhere: Vec<Artifact>,
}

/// The suffixes of sidecars, and what each makes of its file; where one ends
/// with another, the longer comes first.
const SIDECARS: [(&str, Class); 14] = [
    (".asc", Class::Signature),
    (".sha512", Class::Checksum(Algorithm::Sha512)),
    (".sha256", Class::Checksum(Algorithm::Sha256)),
    (".md5", Class::WeakSidecar),
    (".sha1", Class::WeakSidecar),
    (".sha", Class::WeakSidecar),
    (".sig", Class::WeakSidecar),
    (".mds", Class::DigestList),
    (".publish.attestation", Class::Attestation),
    (".slsa.attestation", Class::Attestation),
    (".attestation", Class::Attestation),
    (".provenance", Class::Attestation),
    (".intoto.jsonl", Class::Attestation),
    (".sigstore.json", Class::Attestation),
];

impl Snapshot {
    /// Gives every entry its class.
    ///
    /// The findings may refuse; the snapshot is whole all the same, so that
    /// everything else can still be verified and reported.
    pub fn classify(
        entries: Vec<Entry>,
        selection: &Selection,
        waivers: &Waivers,
    ) -> (Self, Vec<Finding>, Vec<Waived>) {
        let mut judge = Judge::new(&entries, selection, waivers);
        let classes: Vec<Class> = entries.iter().map(|entry| judge.classify(entry)).collect();
        judge.note_unused_globs(&entries);
        let Judge {
            mut findings,
            waived,
            ..
        } = judge;
        let items: Vec<Item> = entries
            .into_iter()
            .zip(classes)
            .map(|(entry, class)| Item { entry, class })
            .collect();
        let artifacts = gather(&items);
        findings.extend(check_basenames(&artifacts));
        findings.extend(check_sdists(&artifacts));
        let lists = gather_lists(&items);
        let snapshot = Self {
            items,
            artifacts,
            lists,
            elsewhere: Vec::new(),
        };
        (snapshot, findings, waived)
    }

    /// Whether a path is selected: by itself, or as a sidecar of what is. A
    /// folder's list of digests belongs to all its files, so that `include`
    /// need not name it.
    pub fn selects(path: &str, selection: &Selection) -> bool {
        let artifact = sidecar_of(path).map_or(path, |(of, _)| of);
        match lists::of_folder(basename(artifact)) {
            Some(_) => !selection.excludes(artifact),
            None => selection.selects(artifact),
        }
    }

    /// Every path with its class, in the listing's order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What has to be read and verified.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }

    /// The lists of digests of whole folders.
    pub fn lists(&self) -> &[FolderList] {
        &self.lists
    }

    /// How many bytes may lie on disk at a time: all distributions, and of the
    /// other artifacts as many as are `under_way` together, and all that have at
    /// most `small` bytes, which may have come early.
    pub fn bytes_on_disk(&self, under_way: usize, small: u64) -> u64 {
        let (kept, passing): (Vec<&Artifact>, Vec<&Artifact>) = self
            .artifacts
            .iter()
            .partition(|artifact| artifact.name.is_some());
        let mut passing: Vec<u64> = passing.iter().map(|artifact| artifact.entry.size).collect();
        passing.sort_unstable_by(|a, b| b.cmp(a));
        kept.iter()
            .map(|artifact| artifact.entry.size)
            .chain(
                passing.into_iter().enumerate().filter_map(|(place, size)| {
                    (place < under_way || size <= small).then_some(size)
                }),
            )
            .fold(0, u64::saturating_add)
    }

    /// Whether the selected files stay within the limits.
    pub fn check_limits(&self, limits: &Limits) -> Vec<Finding> {
        let too_large = |artifact: &&Artifact| artifact.entry.size > limits.max_file_size;
        let mut findings: Vec<Finding> = self
            .artifacts
            .iter()
            .filter(too_large)
            .map(|artifact| {
                Finding::new(
                    Rule::LimitExceeded,
                    Some(&artifact.entry.path),
                    format!(
                        "at most {} bytes a file (max-file-size)",
                        limits.max_file_size
                    ),
                    format!("{} bytes", artifact.entry.size),
                )
            })
            .collect();
        let total = self
            .artifacts
            .iter()
            .fold(0u64, |sum, one| sum.saturating_add(one.entry.size));
        if total > limits.max_total_size {
            findings.push(Finding::new(
                Rule::LimitExceeded,
                None,
                format!(
                    "at most {} bytes together (max-total-size)",
                    limits.max_total_size
                ),
                format!("{total} bytes"),
            ));
        }
        findings
    }
}

/// The artifact's path and the class of a sidecar's path.
fn sidecar_of(path: &str) -> Option<(&str, Class)> {
    SIDECARS
        .iter()
        .find_map(|(suffix, class)| Some((path.strip_suffix(suffix)?, class.clone())))
        .filter(|(of, _)| !of.is_empty() && !of.ends_with('/'))
}

pub(crate) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
