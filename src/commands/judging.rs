// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One artifact: what comes together with others, what is fetched alone, and
//! the verdict on both.

use std::sync::Arc;

use futures_util::future::try_join_all;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task;

use super::examine::internal;
use crate::attest::{self, Publisher};
use crate::openpgp::Keyring;
use crate::plan::Plan;
use crate::rules::Finding;
use crate::snapshot::{Artifact, FolderList, Snapshot};
use crate::source::{Arrival, Arrivals, Entry, Fetched, Source, Wanted};
use crate::verify::{AttestationPolicy, Elsewhere, FolderLists, Judgement, Sidecars, Trust, judge};

/// No sidecar is larger; what is, is something else.
const SIDECAR_LIMIT: u64 = 256 * 1024;

/// What judging one artifact needs.
pub(super) struct Judging<'a> {
    pub(super) source: &'a Source,
    pub(super) plan: &'a Plan,
    pub(super) keyring: Arc<Keyring>,
    pub(super) lists: FolderLists,
    /// Turns to be had at a time.
    pub(super) under_way: Semaphore,
    pub(super) now: u64,
    /// What proves attestations.
    pub(super) sigstore: Arc<attest::Trust>,
    /// By whom they must be, where it is known.
    pub(super) publisher: Option<Publisher>,
    pub(super) temp: &'a TempDir,
}

impl Judging<'_> {
    /// Waits for what comes together, and then for its turn.
    pub(super) async fn fetch_and_judge(
        &self,
        artifact: &Artifact,
        coming: Coming,
    ) -> Result<Judgement, Finding> {
        let here = coming.wait().await;
        // Never closed, so that this is no error.
        let _turn = self.under_way.acquire().await;
        // On the heap only for its turn: thousands may wait.
        Box::pin(self.judge(artifact, here)).await
    }

    /// Judges an artifact, of which some parts are here already.
    async fn judge<'a>(&self, artifact: &'a Artifact, here: Here) -> Result<Judgement, Finding> {
        let path = artifact.entry.path.as_str();
        let source = self.source;
        let optional = |entry: Option<&'a Entry>, here| async move {
            match entry {
                Some(entry) => read_sidecar(source, entry, here).await.map(Some),
                None => Ok(None),
            }
        };
        let checksums = artifact.checksums.iter().zip(here.checksums);
        let checksums = checksums.map(|((algorithm, entry), here)| async move {
            let bytes = read_sidecar(source, entry, here).await?;
            Ok((*algorithm, entry.path.clone(), bytes))
        });
        let file = async {
            match here.file {
                Some(fetched) => Ok(fetched),
                None => source
                    .fetch(&artifact.entry, &self.plan.limits, self.temp.path())
                    .await
                    .map_err(|why| why.finding(Some(path))),
            }
        };
        // What is not here yet is asked for at once: the source keeps to what
        // a server is to be asked at a time.
        let attestations = artifact.attestations.iter().zip(here.attestations);
        let attestations = attestations.map(|(entry, here)| async move {
            let bytes = read_sidecar(source, entry, here).await?;
            Ok((entry.path.clone(), bytes))
        });
        let (signature, checksums, digests, attestations, fetched) = tokio::try_join!(
            optional(artifact.signature.as_ref(), here.signature),
            try_join_all(checksums),
            optional(artifact.digests.as_ref(), here.digests),
            try_join_all(attestations),
            file,
        )?;
        let digests = artifact.digests.as_ref().zip(digests);
        let sidecars = Sidecars {
            signature,
            checksums,
            digests: digests.map(|(entry, bytes)| (entry.path.clone(), bytes)),
            listed: self.lists.of(artifact),
            attestations,
        };
        let (artifact, keyring) = (artifact.clone(), Arc::clone(&self.keyring));
        let (signers, now) = (self.plan.signers.clone(), self.now);
        let (sigstore, publisher) = (Arc::clone(&self.sigstore), self.publisher.clone());
        task::spawn_blocking(move || {
            let trust = Trust {
                keyring: &keyring,
                signers: &signers,
                now,
                attestations: AttestationPolicy {
                    trust: &sigstore,
                    publisher: publisher.as_ref(),
                },
            };
            judge(&artifact, fetched, &sidecars, &trust)
        })
        .await
        .map_err(|why| internal(&why))
    }
}

/// One that is here already, or read now.
pub(super) async fn read_sidecar(
    source: &Source,
    entry: &Entry,
    here: Option<Vec<u8>>,
) -> Result<Vec<u8>, Finding> {
    if let Some(bytes) = here {
        return Ok(bytes);
    }
    source
        .read_small(entry, SIDECAR_LIMIT)
        .await
        .map_err(|why| why.finding(Some(&entry.path)))
}

/// What of an artifact may come together with others.
pub(super) struct Coming {
    file: Arrival,
    signature: Arrival,
    checksums: Vec<Arrival>,
    digests: Arrival,
    attestations: Vec<Arrival>,
}

impl Coming {
    pub(super) fn of(artifact: &Artifact, arrivals: &mut Arrivals) -> Self {
        let mut take = |entry: &Entry| arrivals.take(&entry.path);
        Self {
            file: take(&artifact.entry),
            signature: artifact
                .signature
                .as_ref()
                .map(&mut take)
                .unwrap_or_default(),
            checksums: artifact
                .checksums
                .iter()
                .map(|(_, entry)| take(entry))
                .collect(),
            digests: artifact.digests.as_ref().map(&mut take).unwrap_or_default(),
            attestations: artifact.attestations.iter().map(take).collect(),
        }
    }

    async fn wait(self) -> Here {
        let signature = self.signature.bytes().await;
        let mut checksums = Vec::with_capacity(self.checksums.len());
        for checksum in self.checksums {
            checksums.push(checksum.bytes().await);
        }
        let mut attestations = Vec::with_capacity(self.attestations.len());
        for attestation in self.attestations {
            attestations.push(attestation.bytes().await);
        }
        Here {
            signature,
            checksums,
            digests: self.digests.bytes().await,
            attestations,
            file: self.file.copy().await,
        }
    }
}

/// What of an artifact came together with others.
struct Here {
    file: Option<Fetched>,
    signature: Option<Vec<u8>>,
    checksums: Vec<Option<Vec<u8>>>,
    digests: Option<Vec<u8>>,
    attestations: Vec<Option<Vec<u8>>>,
}

/// Each artifact with its sidecars, which are best read together.
pub(super) fn groups(snapshot: &Snapshot) -> Vec<Vec<Wanted<'_>>> {
    let artifacts = snapshot.artifacts().iter().map(group);
    let elsewhere = snapshot.elsewhere().iter();
    let elsewhere = elsewhere.filter_map(Elsewhere::checksum_of);
    artifacts
        .chain(snapshot.lists().iter().map(list_group))
        .chain(elsewhere.map(|entry| small(entry).into_iter().collect()))
        .collect()
}

fn list_group(list: &FolderList) -> Vec<Wanted<'_>> {
    let entries = list.signature.iter().chain([&list.entry]);
    entries.filter_map(small).collect()
}

fn group(artifact: &Artifact) -> Vec<Wanted<'_>> {
    let checksums = artifact.checksums.iter().map(|(_, entry)| entry);
    let others = artifact.signature.iter().chain(&artifact.digests);
    let others = others.chain(&artifact.attestations);
    let mut group = vec![Wanted {
        entry: &artifact.entry,
        in_memory: false,
    }];
    group.extend(others.chain(checksums).filter_map(small));
    group
}

/// A sidecar, into memory. A larger one is refused by whoever reads it.
fn small(entry: &Entry) -> Option<Wanted<'_>> {
    let in_memory = true;
    (entry.size <= SIDECAR_LIMIT).then_some(Wanted { entry, in_memory })
}
