// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A release put together: only of what was verified, whole, and as the plan
//! wants it; and the leave to upload it, which nothing else gives.

use pep440_rs::Version;

use super::{Elsewhere, Judgement, Verified, together};
use crate::channel::Target;
use crate::digest::{ReleaseDigest, release_digest};
use crate::expected;
use crate::plan::{ExpectedDigest, Plan};
use crate::rules::{Finding, Rule};
use crate::snapshot::Snapshot;

/// Every selected distribution of the release, or of one shard of it, verified, with names and
/// versions as the plan wants them.
#[derive(Debug)]
pub struct Batch {
    files: Vec<Verified>,
    elsewhere: Vec<Elsewhere>,
    digest: ReleaseDigest,
}

impl Batch {
    /// Puts the release together: what was verified here, and `elsewhere`,
    /// what other shards of it verify.
    ///
    /// # Errors
    /// A distribution that was not verified, a project or a version that the
    /// plan does not name, a distribution that it requires and that is not
    /// there, another digest than the expected one, or nothing at all. The
    /// caller has already reported what each artifact lacks.
    pub fn assemble(
        judgements: Vec<Judgement>,
        elsewhere: Vec<Elsewhere>,
        plan: &Plan,
        snapshot: &Snapshot,
    ) -> Result<Self, Vec<Finding>> {
        let refused = judgements
            .iter()
            .any(|one| one.findings.iter().any(Finding::refuses));
        let all = judgements.len() == snapshot.artifacts().len();
        let mut files: Vec<Verified> = judgements
            .into_iter()
            .filter_map(|one| one.verified)
            .collect();
        let known = files.len() + elsewhere.len();
        let whole = !refused && all && known == snapshot.distributions().count();
        let lines = together::lines(&files, &elsewhere);
        let mut findings: Vec<Finding> = lines
            .iter()
            .flat_map(|line| together::check_plan(line, plan))
            .collect();
        if snapshot.distributions().next().is_none() {
            findings.push(Finding::new(
                Rule::NothingToPublish,
                None,
                "at least one wheel or sdist",
                "none",
            ));
        }
        let names = snapshot.distributions();
        findings.extend(expected::check(
            &plan.required,
            names.filter_map(|artifact| artifact.name.as_ref()),
        ));
        findings.extend(together::check_bytes(&lines));
        let digest = release_digest(lines.iter().map(|line| (line.name.file(), line.sha512)));
        if let ExpectedDigest::Exactly(expected) = plan.expected_digest
            && whole
            && expected != digest
        {
            findings.push(Finding::new(
                Rule::DigestMismatch,
                None,
                expected.to_string(),
                digest.to_string(),
            ));
        }
        if !whole || !findings.is_empty() {
            return Err(findings);
        }
        files.sort_by(|a, b| {
            (a.name.project(), a.name.version(), a.name.file()).cmp(&(
                b.name.project(),
                b.name.version(),
                b.name.file(),
            ))
        });
        Ok(Self {
            files,
            elsewhere,
            digest,
        })
    }

    /// The files, those of one version of one project beside each other.
    pub fn files(&self) -> &[Verified] {
        &self.files
    }

    /// The path and the version of every distribution of the release, also of
    /// those that other shards verify.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &Version)> {
        let here = self.files.iter().map(|file| (&file.path, &file.name));
        let there = self.elsewhere.iter().map(|file| (&file.path, &file.name));
        here.chain(there)
            .map(|(path, name)| (path.as_str(), name.version()))
    }

    /// The release digest, of all shards together.
    pub fn digest(&self) -> ReleaseDigest {
        self.digest
    }

    /// The files, each with leave to be uploaded: the channel rule holds.
    pub fn publishable<'a>(&'a self, _: &'a Target) -> impl Iterator<Item = Publishable<'a>> {
        self.files.iter().map(Publishable)
    }
}

/// A file that may be sent to an index. There is no other way to upload one
/// than to have it verified, in a whole batch, with a permitted target.
#[derive(Clone, Copy, Debug)]
pub struct Publishable<'a>(&'a Verified);

impl<'a> Publishable<'a> {
    /// The file.
    pub fn verified(&self) -> &'a Verified {
        self.0
    }

    /// Whether both belong to one version of one project.
    pub fn same_version(&self, other: &Self) -> bool {
        let key = |file: &Self| (file.0.name.project().clone(), file.0.name.version().clone());
        key(self) == key(other)
    }
}
