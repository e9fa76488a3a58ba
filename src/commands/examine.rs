// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From the source to a batch: the half of the story that verifying and
//! publishing share.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task;

use super::judging::{Coming, Judging, groups};
use super::told::{keys_findings, rows, take_judgement, unknown_signers, verdict};
use super::{Run, shards, trust};
use crate::digest::coreutils_command;
use crate::http::Client;
use crate::openpgp::Keyring;
use crate::plan::{Area, Plan};
use crate::report::KeysRow;
use crate::rules::{Finding, Rule};
use crate::snapshot::Snapshot;
use crate::source::{self, Arrivals, Entry, KeysFile, Source, SourceError, TOGETHER_FILE_LIMIT};
use crate::verify::{AttestationPolicy, Batch, Elsewhere, Judgement, Trust};

/// Artifacts under way at a time. Requests to the source are limited there;
/// the rest keep both the network and the processors busy.
const ARTIFACTS_UNDER_WAY: usize = 6;

/// A release that holds, and where it was read.
pub(super) struct Examined {
    pub(super) batch: Batch,
    pub(super) source: Source,
    pub(super) entries: Vec<Entry>,
    pub(super) area: Option<Area>,
    /// The KEYS files, in the order of the plan.
    pub(super) keys: Vec<Vec<u8>>,
    /// When all of it held, in Unix seconds.
    pub(super) verified_at: u64,
}

impl Run<'_> {
    /// Reads and verifies the release. What is wrong is in the report; a
    /// release comes out only where nothing refuses.
    pub(super) async fn examine(&mut self) -> Option<Examined> {
        source::raise_open_files_limit();
        let temp = self.private_folder()?;
        let keys = fetch_keys(self.plan, self.client.clone());
        let read = async {
            let group = self.runner.group("Source");
            let (source, listed) = self.find_source().await?;
            let area = self.settle_area(&source);
            let (entries, snapshot) = self.classify(&source, listed, &temp)?;
            drop(group);
            let groups = groups(&snapshot);
            let arrivals = source.bring_together(&groups, &entries, temp.path());
            Some((source, area, entries, snapshot, arrivals))
        };
        // Without the source nobody needs KEYS.
        let both = tokio::try_join!(async { read.await.ok_or(()) }, async { Ok(keys.await) });
        let ((source, area, entries, snapshot, mut arrivals), keys) = both.ok()?;
        let (keyring, keys) = self.read_keys(keys).await?;
        let coming = shards::coming(&snapshot, &mut arrivals);
        let judgements = self
            .verify(&source, &snapshot, keyring, arrivals, &temp)
            .await;
        let elsewhere = self.read_elsewhere(&source, &snapshot, coming).await;
        let batch = self.assemble(judgements, elsewhere, &snapshot)?;
        Some(Examined {
            batch,
            source,
            entries,
            area,
            keys,
            verified_at: self.context.now(),
        })
    }

    pub(super) fn private_folder(&mut self) -> Option<TempDir> {
        match tempfile::Builder::new()
            .prefix("asf-pypi-publish-")
            .tempdir_in(self.context.temp())
        {
            Ok(temp) => Some(temp),
            Err(why) => {
                let place = self.context.temp().display().to_string();
                self.report.note([Finding::new(
                    Rule::DiskFull,
                    None,
                    format!("a private folder in {place}"),
                    why.to_string(),
                )]);
                None
            }
        }
    }

    /// The area: what the server says, or, where it cannot say, the input.
    fn settle_area(&mut self, source: &Source) -> Option<Area> {
        let said = source.first_segment().and_then(Area::from_segment);
        // The root of a repository holds both areas: no word can make it one.
        let holds_both = source.revision().is_some() && source.first_segment().is_none();
        let area = match (said, self.plan.area) {
            (None, Some(given)) if holds_both => {
                self.report.note([Finding::new(
                    Rule::AreaContradicted,
                    Some("area"),
                    "a source below `release` or `dev`, not the repository's root",
                    format!("`{given}`"),
                )]);
                None
            }
            (Some(said), Some(given)) if said != given => {
                self.report.note([Finding::new(
                    Rule::AreaContradicted,
                    Some("area"),
                    format!("`{said}`, as the source says"),
                    format!("`{given}`"),
                )]);
                Some(said)
            }
            (said, given) => said.or(given),
        };
        self.report.area = area.map(|area| area.to_string());
        area
    }

    fn classify(
        &mut self,
        source: &Source,
        listed: Result<Vec<Entry>, SourceError>,
        temp: &TempDir,
    ) -> Option<(Vec<Entry>, Snapshot)> {
        let entries = match listed {
            Ok(entries) => entries,
            Err(why) => {
                self.report.note([why.finding(None)]);
                return None;
            }
        };
        let (mut snapshot, findings, waived) =
            Snapshot::classify(entries.clone(), &self.plan.selection, &self.plan.waivers);
        let limits = snapshot.check_limits(&self.plan.limits);
        self.take_share(&mut snapshot);
        self.report.files = rows(&snapshot);
        let mut artifacts = snapshot.artifacts().iter();
        if artifacts.any(|artifact| !artifact.attestations.is_empty()) {
            self.report.sigstore = Some(trust::row(&self.sigstore, self.context.now()));
        }
        self.report.note(findings);
        // What a version may be is only asked where something is published, and
        // what a list of digests names, when it is read.
        let of_paths = |rule| match rule {
            Rule::CandidateFromRelease => false,
            Rule::SidecarOrphan => snapshot.lists().is_empty(),
            _ => true,
        };
        self.note_unused_waivers(&waived, of_paths);
        self.report.waived.extend(waived);
        let at = source
            .revision()
            .map_or(String::new(), |revision| format!(" at revision {revision}"));
        self.runner.log(&format!(
            "{} paths{at}, {} of them to verify",
            entries.len(),
            snapshot.artifacts().len()
        ));
        if !limits.is_empty() {
            self.report.note(limits);
            return None;
        }
        if let Err(why) = source::check_free_space(
            temp.path(),
            snapshot.bytes_on_disk(ARTIFACTS_UNDER_WAY, TOGETHER_FILE_LIMIT),
        ) {
            self.report.note([why.finding(None)]);
            return None;
        }
        Some((entries, snapshot))
    }

    async fn read_keys(
        &mut self,
        fetched: Vec<Result<KeysFile, SourceError>>,
    ) -> Option<(Keyring, Vec<Vec<u8>>)> {
        let _group = self.runner.group("KEYS");
        let mut files = Vec::new();
        for (location, keys) in self.plan.keys.iter().zip(fetched) {
            match keys {
                Ok(keys) => {
                    self.report.keys.push(KeysRow {
                        place: location.shown(),
                        revision: keys.revision,
                    });
                    files.push(keys.bytes);
                }
                Err(why) => self.report.note([why.finding(Some(&location.shown()))]),
            }
        }
        if files.len() < self.plan.keys.len() {
            return None;
        }
        let place = self
            .report
            .keys
            .iter()
            .map(|keys| keys.place.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let read = task::spawn_blocking(move || {
            Keyring::read(files.iter().map(AsRef::as_ref))
                .map(|(keyring, told)| (keyring, told, files))
        })
        .await;
        match read {
            Err(why) => {
                self.report.note([internal(&why)]);
                None
            }
            Ok(Err(why)) => {
                self.report.note([why.finding(&place)]);
                None
            }
            Ok(Ok((keyring, told, files))) => {
                let word = if told.usable == 1 { "key" } else { "keys" };
                self.runner
                    .log(&format!("{} usable {word} in {place}", told.usable));
                self.report.note(keys_findings(&told, &place));
                let unknown = unknown_signers(self.plan, &keyring);
                let holds = unknown.is_empty();
                self.report.note(unknown);
                holds.then_some((keyring, files))
            }
        }
    }

    /// Fetches and judges every artifact, a few at a time, each dropped from
    /// the disk as soon as it is judged unless it will be published.
    async fn verify(
        &mut self,
        source: &Source,
        snapshot: &Snapshot,
        keyring: Keyring,
        mut arrivals: Arrivals,
        temp: &TempDir,
    ) -> Vec<Judgement> {
        let _group = self.runner.group("Verify");
        let progress = self
            .runner
            .progress("verifying", snapshot.artifacts().len() as u64);
        let plan = self.plan;
        let now = self.context.now();
        let (sigstore, publisher) = (Arc::clone(&self.sigstore), self.publisher.clone());
        let trust = Trust {
            keyring: &keyring,
            signers: &plan.signers,
            now,
            attestations: AttestationPolicy {
                trust: &sigstore,
                publisher: publisher.as_ref(),
            },
        };
        let lists = self
            .read_lists(source, snapshot, &mut arrivals, &trust)
            .await;
        let judging = Judging {
            source,
            plan,
            keyring: Arc::new(keyring),
            lists,
            under_way: Semaphore::new(ARTIFACTS_UNDER_WAY),
            now,
            sigstore: Arc::clone(&self.sigstore),
            publisher: self.publisher.clone(),
            temp,
        };
        let mut under_way: FuturesUnordered<_> = snapshot
            .artifacts()
            .iter()
            .map(|artifact| judging.fetch_and_judge(artifact, Coming::of(artifact, &mut arrivals)))
            .collect();
        let mut judgements = Vec::with_capacity(snapshot.artifacts().len());
        while let Some(outcome) = under_way.next().await {
            progress.step();
            match outcome {
                Ok(judgement) => {
                    take_judgement(&mut self.report, &judgement);
                    self.runner.log(&verdict(&judgement));
                    judgements.push(judgement);
                }
                Err(finding) => {
                    // Without the source there is nothing more to find out.
                    let outside = finding.rule.exit() == crate::rules::Exit::Outside;
                    self.report.note([finding]);
                    if outside {
                        break;
                    }
                }
            }
        }
        judgements
    }

    fn assemble(
        &mut self,
        judgements: Vec<Judgement>,
        elsewhere: Vec<Elsewhere>,
        snapshot: &Snapshot,
    ) -> Option<Batch> {
        let batch = match Batch::assemble(judgements, elsewhere, self.plan, snapshot) {
            Ok(batch) => batch,
            Err(findings) => {
                self.report.note(findings);
                return None;
            }
        };
        if self.report.refused() {
            return None;
        }
        self.report.digest = Some(batch.digest().to_string());
        let distributions = snapshot.distributions();
        self.report.digest_command = Some(coreutils_command(
            distributions.map(|artifact| artifact.entry.path.as_str()),
        ));
        self.tell_matrix(snapshot);
        Some(batch)
    }
}

/// The KEYS files of the plan, in its order.
async fn fetch_keys(plan: &Plan, client: Client) -> Vec<Result<KeysFile, SourceError>> {
    let mut files = Vec::with_capacity(plan.keys.len());
    for location in &plan.keys {
        files.push(source::read_keys(location, &client).await);
    }
    files
}

pub(super) fn internal(why: &dyn std::error::Error) -> Finding {
    Finding::new(Rule::Internal, None, "a step that ends", why.to_string())
}
