// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One release by several jobs: what a shard takes of it, what it must know of
//! the rest, and the matrix that starts all of them.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::Run;
use super::judging::read_sidecar;
use crate::plan::Mode;
use crate::report::ShardRow;
use crate::rules::{Finding, Rule};
use crate::shard;
use crate::snapshot::{Artifact, Snapshot};
use crate::source::{Arrival, Arrivals, Entry, Source};
use crate::verify::Elsewhere;

/// Checksum files under way at a time. Requests to the source are limited there.
const UNDER_WAY: usize = 16;

/// The places to wait at for the checksum files of other shards, in the order
/// of the snapshot.
pub(super) fn coming(snapshot: &Snapshot, arrivals: &mut Arrivals) -> Vec<Arrival> {
    let checksums = snapshot.elsewhere().iter().map(Elsewhere::checksum_of);
    checksums
        .map(|entry| entry.map(|entry| arrivals.take(&entry.path)))
        .map(Option::unwrap_or_default)
        .collect()
}

impl Run<'_> {
    /// Leaves to this run what its shard has, and tells it.
    pub(super) fn take_share(&mut self, snapshot: &mut Snapshot) {
        let Some(shard) = self.plan.shard else { return };
        snapshot.share(shard);
        let (all_projects, projects) = snapshot.projects();
        let row = ShardRow {
            shard,
            projects,
            all_projects,
        };
        self.runner.log(&row.shown());
        if projects == 0 && all_projects > 0 {
            let expected = format!("at least {} projects", shard.of());
            self.report.note([Finding::new(
                Rule::ShardEmpty,
                Some("shard"),
                expected,
                all_projects.to_string(),
            )]);
        }
        self.report.shard = Some(row);
        for artifact in snapshot.elsewhere() {
            self.report.note(Elsewhere::missing(artifact));
        }
    }

    /// What the checksum files of the other shards say. Those that cannot be
    /// read, or that say nothing, are in the report.
    pub(super) async fn read_elsewhere(
        &mut self,
        source: &Source,
        snapshot: &Snapshot,
        coming: Vec<Arrival>,
    ) -> Vec<Elsewhere> {
        let wanted = snapshot.elsewhere().iter().zip(coming);
        let wanted = wanted.filter_map(|(artifact, coming)| {
            Some((artifact, Elsewhere::checksum_of(artifact)?, coming))
        });
        let read = wanted.map(|(artifact, entry, coming)| read(source, artifact, entry, coming));
        let mut under_way = stream::iter(read).buffer_unordered(UNDER_WAY);
        let mut elsewhere = Vec::new();
        while let Some(outcome) = under_way.next().await {
            match outcome {
                Ok(line) => elsewhere.extend(line),
                Err(finding) => {
                    let outside = finding.rule.exit() == crate::rules::Exit::Outside;
                    self.report.note([finding]);
                    if outside {
                        break;
                    }
                }
            }
        }
        elsewhere
    }

    /// The matrix of a release that was verified as a whole, by a job that
    /// publishes nothing of it. One that shards could not tell the digest of
    /// is left to one job.
    pub(super) fn tell_matrix(&mut self, snapshot: &Snapshot) {
        let plan = self.plan;
        let is_first = match plan.mode {
            Mode::Verify => true,
            Mode::Publish => plan.dry_run,
            Mode::Check | Mode::CheckReceipt => false,
        };
        if !is_first || plan.shard.is_some() || self.report.revision.is_none() {
            return;
        }
        let mut distributions = snapshot.distributions();
        let unlisted = distributions.find(|artifact| Elsewhere::checksum_of(artifact).is_none());
        let most = match unlisted {
            Some(artifact) => {
                let path = &artifact.entry.path;
                self.runner.log(&format!(
                    "one job alone in the matrix: no `.sha512` beside {path}"
                ));
                1
            }
            None => self.plan.shards,
        };
        self.report.matrix = Some(shard::matrix(snapshot.projects().0, most));
    }
}

async fn read(
    source: &Source,
    artifact: &Artifact,
    entry: &Entry,
    coming: Arrival,
) -> Result<Option<Elsewhere>, Finding> {
    let bytes = read_sidecar(source, entry, coming.bytes().await).await?;
    Elsewhere::read(artifact, entry, &bytes)
}
