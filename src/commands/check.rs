// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `check`: what an index serves today, held against the release, file by
//! file. Asks for no token and changes nothing.
//!
//! The release is verified as `verify` does; then each of its files, and each
//! that the index has of its versions, is compared, and so is who attested it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use pep440_rs::Version;

use super::publish::{index_name, wanted};
use super::{Run, cancel};
use crate::attest::Trust;
use crate::index::{self, Held, Index, IndexError, Original, Served, Wanted};
use crate::plan::Projects;
use crate::report::{CheckRow, State, checks};
use crate::rules::{Finding, Rule};
use crate::verify::{Batch, Verified};

/// What is known of one file.
struct Looked {
    row: CheckRow,
    findings: Vec<Finding>,
}

impl Run<'_> {
    /// Checks the release on the index.
    pub(super) async fn check(&mut self) {
        let cancelled = self.cancelled.clone();
        if cancelled.unless(self.hold_against_index()).await.is_none() {
            self.report.note([cancel::finding()]);
        }
    }

    async fn hold_against_index(&mut self) {
        self.report.index = index_name(&self.plan.index);
        let trust = Arc::clone(&self.sigstore);
        let plan = self.plan;
        let Some(index) = self.index(&plan.index) else {
            return;
        };
        let Some(examined) = self.examine_in_time().await else {
            return;
        };
        let batch = &examined.batch;
        let _group = self.runner.group("Index");
        let versions = self.versions(batch);
        let served = match self.ask_served(&index, batch, &versions).await {
            Ok(served) => served,
            Err(why) => return self.report.note([why.finding(None)]),
        };
        self.note_idle_projects(batch, &served);
        let looked: Result<Vec<Looked>, IndexError> = stream::iter(served)
            .map(|(project, served)| self.look_at(&index, &trust, batch, project, served))
            .buffered(self.plan.concurrency)
            .try_collect()
            .await;
        match looked {
            Ok(looked) => self.take_looked(looked, batch),
            Err(why) => return self.report.note([why.finding(None)]),
        }
        if self.plan.compare_downloads && !self.report.refused() {
            self.download_served(&index, batch).await;
        }
    }

    /// The versions to ask about of each project: those that the release
    /// holds, and the one that the inputs name.
    fn versions(&self, batch: &Batch) -> BTreeMap<String, BTreeSet<Version>> {
        let mut versions: BTreeMap<String, BTreeSet<Version>> = BTreeMap::new();
        for file in batch.files() {
            let project = file.name().project().as_str().to_owned();
            let these = versions.entry(project).or_default();
            these.insert(file.name().version().clone());
        }
        let projects = self.plan.projects.as_ref();
        for name in projects.into_iter().flat_map(Projects::named) {
            versions.entry(name.to_owned()).or_default();
        }
        if let Some(version) = &self.plan.version {
            for these in versions.values_mut() {
                these.insert(version.clone());
            }
        }
        versions
    }

    async fn ask_served(
        &self,
        index: &Index,
        batch: &Batch,
        versions: &BTreeMap<String, BTreeSet<Version>>,
    ) -> Result<Vec<(String, Served)>, IndexError> {
        let release: Vec<Wanted<'_>> = batch.files().iter().map(wanted).collect();
        let release = &release;
        let asked: Vec<Vec<(String, Served)>> = stream::iter(versions)
            .map(|(name, versions)| async move {
                let project = index.project(name).await?;
                let ours = release.iter().filter(|wanted| wanted.project == name);
                let ours: Vec<Wanted<'_>> = ours.copied().collect();
                let served = index::compare(&ours, versions, project.as_ref());
                Ok::<_, IndexError>(served.into_iter().map(|one| (name.clone(), one)).collect())
            })
            .buffered(self.plan.concurrency)
            .try_collect()
            .await?;
        Ok(asked.into_iter().flatten().collect())
    }

    /// A project that is named, and that neither side has anything of, may be
    /// misspelt.
    fn note_idle_projects(&mut self, batch: &Batch, served: &[(String, Served)]) {
        let plan = self.plan;
        let projects = plan.projects.as_ref();
        let idle = projects
            .into_iter()
            .flat_map(Projects::named)
            .filter(|name| !served.iter().any(|(project, _)| project == name))
            .filter(|name| {
                let mut files = batch.files().iter();
                !files.any(|file| file.name().project().as_str() == *name)
            });
        let findings: Vec<Finding> = idle
            .map(|name| {
                let expected = "a project of the release, or of which the index has this version";
                let found = format!("`{name}`, of which neither has a file");
                Finding::new(Rule::GlobUnused, Some("projects"), expected, found)
            })
            .collect();
        self.report.note(findings);
    }

    /// What is to be said of one file, with who attested what the index serves.
    async fn look_at(
        &self,
        index: &Index,
        trust: &Trust,
        batch: &Batch,
        project: String,
        served: Served,
    ) -> Result<Looked, IndexError> {
        let verified = find(batch, &served.file);
        let mut findings = verdicts(&served, verified);
        let mut attested = Vec::new();
        if let Some(sha256) = served.sha256.as_deref().and_then(as_digest) {
            let file = Wanted {
                project: &project,
                version: &served.version,
                file: &served.file,
                sha256: &sha256,
            };
            let provenance = index.provenance(&file).await?;
            let identity = self.plan.identity.as_ref();
            let (rows, found) = super::attested::judge(&provenance, &file, identity, trust);
            attested = rows;
            findings.extend(found);
        }
        let row = CheckRow {
            served: (&served.standing).into(),
            yanked: served.yanked,
            sha256: verified.map(|file| hex::encode(file.fetched().sha256())),
            index_sha256: served.sha256,
            signer: verified.map(|file| file.signer().primary.to_string()),
            version: served.version,
            file: served.file,
            project,
            attested,
        };
        Ok(Looked { row, findings })
    }

    fn take_looked(&mut self, looked: Vec<Looked>, batch: &Batch) {
        for Looked { row, findings } in looked {
            for line in checks::row_lines(&row) {
                self.runner.log(&line);
            }
            if let Some(file) = find(batch, &row.file) {
                let state = match row.served {
                    crate::report::Served::Same => State::AlreadyThere,
                    crate::report::Served::Different => State::Different,
                    _ => State::New,
                };
                self.set_state(file.path(), state);
            }
            self.report
                .note(super::publish::with_paths(findings, batch));
            self.report.checked.push(row);
        }
    }

    /// Downloads every file as any user would, and compares it.
    async fn download_served(&mut self, index: &Index, batch: &Batch) {
        let files = batch.files().iter().map(|file| Original {
            wanted: wanted(file),
            size: file.fetched().size(),
        });
        let files: Vec<Original<'_>> = files.collect();
        match index::compare_downloads(index, &files, self.plan.concurrency).await {
            Ok(findings) => {
                let differs = findings.into_iter().map(|finding| {
                    let path = finding.path.as_deref();
                    match finding.rule {
                        Rule::ReadBackDiffers => {
                            Finding::new(Rule::IndexDiffers, path, finding.expected, finding.found)
                        }
                        _ => finding,
                    }
                });
                let differs: Vec<Finding> = differs.collect();
                self.report.note(super::publish::with_paths(differs, batch));
            }
            Err(why) => self.report.note([why.finding(None)]),
        }
    }
}

fn find<'a>(batch: &'a Batch, file: &str) -> Option<&'a Verified> {
    let mut files = batch.files().iter();
    files.find(|verified| verified.name().file() == file)
}

fn as_digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).ok()?;
    Some(bytes)
}

fn verdicts(served: &Served, verified: Option<&Verified>) -> Vec<Finding> {
    let file = Some(served.file.as_str());
    let ours = || verified.map_or(String::new(), |file| hex::encode(file.fetched().sha256()));
    let refusal = match &served.standing {
        Held::Same => None,
        Held::Missing => {
            let expected = format!("the file with the SHA-256 {}", ours());
            Some(Finding::new(
                Rule::IndexLacks,
                file,
                expected,
                "no such file",
            ))
        }
        Held::Different { found } => {
            let expected = format!("the SHA-256 {}", ours());
            Some(Finding::new(
                Rule::IndexDiffers,
                file,
                expected,
                found.clone(),
            ))
        }
        Held::Extra => {
            let expected = "no file that the release does not hold";
            let found = served.sha256.as_deref().unwrap_or("it has no SHA-256");
            Some(Finding::new(Rule::IndexExtra, file, expected, found))
        }
    };
    let yanked = served.yanked.then(|| {
        let expected = "a file that installers choose";
        Finding::new(Rule::IndexYanked, file, expected, "yanked")
    });
    refusal.into_iter().chain(yanked).collect()
}

impl From<&Held> for crate::report::Served {
    fn from(standing: &Held) -> Self {
        match standing {
            Held::Same => Self::Same,
            Held::Different { .. } => Self::Different,
            Held::Missing => Self::Missing,
            Held::Extra => Self::Extra,
        }
    }
}
