// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The closed world: every path of the source has a class, and a path
//! without one is an error.
//!
//! Decides what each path is by its name and by the selection alone, and
//! which sidecars belong to which artifact. Pure: reads no bytes; whether a
//! sidecar tells the truth is `verify`'s to say.

use std::collections::HashMap;

use crate::checksum::Algorithm;
use crate::dist::filename::{DistributionName, is_other_artifact};
use crate::plan::{Limits, Selection, Waived, Waivers};
use crate::rules::{Finding, Rule};
use crate::source::Entry;
use flat::{check_basenames, check_sdists, gather};

mod flat;

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
    /// A checksum or signature of a kind that does not count.
    WeakSidecar,
    /// A KEYS file inside the source: listed, never used as trust.
    Keys,
    /// Left out by `include` or `exclude`: listed, not read.
    Excluded,
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
            Self::WeakSidecar => "weak-sidecar",
            Self::Keys => "keys",
            Self::Excluded => "excluded",
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
}

/// The frozen listing, classified.
#[derive(Clone, Debug)]
pub struct Snapshot {
    items: Vec<Item>,
    artifacts: Vec<Artifact>,
}

/// The suffixes of sidecars, and what each makes of its file.
const SIDECARS: [(&str, Class); 7] = [
    (".asc", Class::Signature),
    (".sha512", Class::Checksum(Algorithm::Sha512)),
    (".sha256", Class::Checksum(Algorithm::Sha256)),
    (".md5", Class::WeakSidecar),
    (".sha1", Class::WeakSidecar),
    (".sha", Class::WeakSidecar),
    (".sig", Class::WeakSidecar),
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
        (Self { items, artifacts }, findings, waived)
    }

    /// Whether a path is selected: by itself, or as a sidecar of what is.
    pub fn selects(path: &str, selection: &Selection) -> bool {
        selection.selects(sidecar_of(path).map_or(path, |(of, _)| of))
    }

    /// Every path with its class, in the listing's order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What has to be read and verified.
    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }

    /// How many bytes may lie on disk at a time: all distributions, and as
    /// many of the other artifacts as are `under_way` together.
    pub fn bytes_on_disk(&self, under_way: usize) -> u64 {
        let (kept, passing): (Vec<&Artifact>, Vec<&Artifact>) = self
            .artifacts
            .iter()
            .partition(|artifact| artifact.name.is_some());
        let mut passing: Vec<u64> = passing.iter().map(|artifact| artifact.entry.size).collect();
        passing.sort_unstable_by(|a, b| b.cmp(a));
        kept.iter()
            .map(|artifact| artifact.entry.size)
            .chain(passing.into_iter().take(under_way))
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

/// The characters that paths of releases are made of.
fn is_safe(path: &str) -> bool {
    path.chars()
        .all(|c| c.is_ascii_alphanumeric() || "._+-~!@=,()/".contains(c))
}

struct Judge<'a> {
    selection: &'a Selection,
    waivers: &'a Waivers,
    listed: HashMap<&'a str, &'a Entry>,
    findings: Vec<Finding>,
    waived: Vec<Waived>,
}

impl<'a> Judge<'a> {
    fn new(entries: &'a [Entry], selection: &'a Selection, waivers: &'a Waivers) -> Self {
        Self {
            selection,
            waivers,
            listed: entries
                .iter()
                .map(|entry| (entry.path.as_str(), entry))
                .collect(),
            findings: Vec::new(),
            waived: Vec::new(),
        }
    }

    fn classify(&mut self, entry: &Entry) -> Class {
        let path = entry.path.as_str();
        let sidecar = sidecar_of(path);
        let artifact = sidecar.as_ref().map_or(path, |(of, _)| of);
        if !self.selection.selects(artifact) {
            let orphan = sidecar.is_some() && !self.listed.contains_key(artifact);
            if !orphan || !self.selection.selects(path) {
                return Class::Excluded;
            }
        }
        if let Some(kind) = entry.special {
            return self.refuse(Rule::SourceSpecial, path, "a plain file", kind);
        }
        if !is_safe(path) {
            let expected = "letters, digits and ._+-~!@=,() in a name";
            return self.refuse(Rule::NameUnsafe, path, expected, format!("`{path}`"));
        }
        match sidecar {
            Some((of, class)) => self.classify_sidecar(path, of, class),
            None => self.classify_artifact(path),
        }
    }

    fn classify_sidecar(&mut self, path: &str, of: &str, class: Class) -> Class {
        if !self.listed.contains_key(of) {
            let found = format!("no `{}`", basename(of));
            return self.refuse(
                Rule::SidecarOrphan,
                path,
                "the file that it belongs to",
                found,
            );
        }
        // Nobody would check it, and what nobody checks has no class.
        if sidecar_of(of).is_some() {
            let expected = "a sidecar of a file, not of another sidecar";
            let found = format!("`{}`", basename(path));
            return self.refuse(Rule::PathUnknown, path, expected, found);
        }
        if class == Class::WeakSidecar {
            self.findings.push(Finding::new(
                Rule::WeakSidecar,
                Some(path),
                "`.sha512`, `.sha256` or `.asc`",
                format!("`{}`", basename(path)),
            ));
        }
        class
    }

    fn classify_artifact(&mut self, path: &str) -> Class {
        let name = basename(path);
        if name == "KEYS" || name == "KEYS.txt" {
            return Class::Keys;
        }
        if is_other_artifact(name) {
            return Class::Artifact;
        }
        match DistributionName::parse(name) {
            Ok(name) => Class::Distribution(name),
            Err(why) => {
                // The index's suffixes are lower case, to the letter.
                let meant = [".whl", ".tar.gz"]
                    .iter()
                    .any(|suffix| name.ends_with(suffix));
                if meant {
                    let finding = why.finding(path);
                    return self.keep(finding);
                }
                let expected = "a wheel, an sdist, a source archive or a sidecar of one";
                self.refuse(Rule::PathUnknown, path, expected, format!("`{name}`"))
            }
        }
    }

    fn refuse(
        &mut self,
        rule: Rule,
        path: &str,
        expected: &str,
        found: impl Into<String>,
    ) -> Class {
        self.keep(Finding::new(rule, Some(path), expected, found))
    }

    fn keep(&mut self, mut finding: Finding) -> Class {
        let waived = self.waivers.apply(&mut finding);
        self.findings.push(finding);
        match waived {
            Some(waived) => {
                self.waived.push(waived);
                Class::Waived
            }
            None => Class::Refused,
        }
    }

    fn note_unused_globs(&mut self, entries: &[Entry]) {
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        let lists = [
            ("include", &self.selection.include),
            ("exclude", &self.selection.exclude),
        ];
        for (input, patterns) in lists {
            for glob in patterns.iter().flat_map(|patterns| patterns.unused(&paths)) {
                self.findings.push(Finding::new(
                    Rule::GlobUnused,
                    Some(input),
                    "a glob that matches a path",
                    format!("`{glob}`"),
                ));
            }
        }
    }
}
