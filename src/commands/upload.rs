// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The uploads: in which order, how many at a time, and with which token.
//!
//! All files of a version lie beside each other. The first file of a version
//! that is new to the index goes alone: an index that makes the release while
//! a second file of it arrives answers that one with an error. Once a file is
//! refused for good, nothing more of its version begins and no other version
//! does; the versions that have begun are finished, so that as few projects as
//! possible are left half published.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, future, stream};
use tokio::sync::Semaphore;

use super::Run;
use super::attest::{Attached, Attesting, publisher};
use super::cancel::{self, Cancellation};
use super::cover::{Projects, cover, without_environment};
use super::tokens::Tokens;
use crate::attest::{Sigstore, Trust};
use crate::channel::Target;
use crate::context::Context;
use crate::github::claims::UnverifiedClaims;
use crate::github::oidc::RequestCredentials;
use crate::github::runner::{Progress, Runner};
use crate::http::Client;
use crate::index::{self, FileState, Index, IndexError, Ledger, UploadToken};
use crate::plan::Attestations;
use crate::report::text::counted;
use crate::rules::{Exit, Finding, Rule};
use crate::verify::{Batch, Publishable, Verified};

/// What the uploads came to.
#[derive(Default)]
pub(super) struct UploadOutcome {
    /// The paths that the index took.
    pub(super) uploaded: Vec<String>,
    /// The paths that were sent without an answer: the index may have them.
    pub(super) uncertain: Vec<String>,
    /// What went with the files, sent or not.
    pub(super) attached: Attached,
    pub(super) findings: Vec<Finding>,
}

/// The uploads of one batch.
pub(super) struct Uploads<'a> {
    index: &'a Index,
    runner: &'a Runner,
    context: &'a Context,
    client: Client,
    cancelled: Cancellation,
    attestations: Attestations,
    sigstore: Arc<Trust>,
    versions: Vec<VersionFiles<'a>>,
    /// The projects that the index did not know.
    unknown: BTreeSet<String>,
    total: u64,
    concurrency: usize,
}

/// The files of one version of one project that are not there yet.
struct VersionFiles<'a> {
    files: Vec<Publishable<'a>>,
    /// Whether the index has no file of this version.
    is_new: bool,
}

impl<'a> Uploads<'a> {
    pub(super) fn new(
        run: &Run<'a>,
        index: &'a Index,
        target: &'a Target,
        batch: &'a Batch,
        ledger: &Ledger,
    ) -> Self {
        let mut versions: Vec<VersionFiles<'a>> = Vec::new();
        let mut total = 0;
        for file in batch.publishable(target) {
            if ledger.state(file.verified().name().file()) != Some(&FileState::New) {
                continue;
            }
            total += 1;
            match versions.last_mut() {
                Some(last)
                    if last
                        .files
                        .first()
                        .is_some_and(|first| first.same_version(&file)) =>
                {
                    last.files.push(file);
                }
                _ => {
                    let verified = file.verified();
                    let project = verified.name().project().as_str();
                    let is_new = ledger.is_new_version(project, verified.version_text());
                    versions.push(VersionFiles {
                        files: vec![file],
                        is_new,
                    });
                }
            }
        }
        Self {
            index,
            runner: run.runner,
            context: run.context,
            client: run.client.clone(),
            cancelled: run.cancelled.clone(),
            attestations: run.plan.attestations,
            sigstore: Arc::clone(&run.sigstore),
            versions,
            unknown: ledger.unknown_projects().map(str::to_owned).collect(),
            total,
            concurrency: run.plan.concurrency,
        }
    }

    /// Whether the index has every file already.
    pub(super) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// Mints and uploads. Every refusal is in the outcome.
    pub(super) async fn carry_out(&self, credentials: &RequestCredentials) -> UploadOutcome {
        let mut outcome = UploadOutcome::default();
        // Until here nothing was sent: a run that is told to end just ends.
        let before = async {
            let group = self.runner.group("Token");
            let first = self.first_token(credentials).await;
            drop(group);
            let (tokens, token) = first.map_err(|refusal| vec![refusal])?;
            let warning = without_environment(&token);
            let (attached, found) = self.attest(credentials, token.claims()).await?;
            Ok((tokens, attached, found.into_iter().chain(warning)))
        };
        let tokens = match self.cancelled.unless(before).await {
            Some(Ok((tokens, attached, found))) => {
                outcome.attached = attached;
                outcome.findings.extend(found);
                tokens
            }
            Some(Err(refusals)) => {
                outcome.findings.extend::<Vec<Finding>>(refusals);
                return outcome;
            }
            None => {
                outcome.findings.push(cancel::finding());
                return outcome;
            }
        };
        let _group = self.runner.group("Upload");
        let lane = Lane {
            uploads: self,
            tokens: &tokens,
            attached: &outcome.attached,
            places: Semaphore::new(self.concurrency),
            stopped: AtomicBool::new(false),
            progress: self.runner.progress("uploading", self.total),
        };
        let results: Vec<Vec<FileResult>> = stream::iter(&self.versions)
            .map(|version| lane.upload_version(version))
            .buffer_unordered(self.concurrency)
            .collect()
            .await;
        for (path, result) in results.into_iter().flatten() {
            match result {
                Ok(()) => outcome.uploaded.push(path),
                Err(Some(finding)) => {
                    if finding.rule == Rule::UploadUnfinished {
                        outcome.uncertain.push(path);
                    }
                    // One refused token is one finding, however many waited for it.
                    if !outcome.findings.contains(&finding) {
                        outcome.findings.push(finding);
                    }
                }
                Err(None) => {}
            }
        }
        self.note_unfinished(&mut outcome);
        if self.cancelled.is_told() {
            outcome.findings.push(cancel::finding());
        }
        outcome
    }

    /// A token that covers every project, before anything else begins.
    async fn first_token<'b>(
        &'b self,
        credentials: &'b RequestCredentials,
    ) -> Result<(Tokens<'b>, Arc<UploadToken>), Finding> {
        let audience = index::audience(self.index).await;
        let audience = audience.map_err(|why| why.finding(None))?;
        let now = || self.context.now();
        let files = self.versions.iter().flat_map(|version| &version.files);
        let all = files.map(|file| file.verified().name().project().as_str());
        let projects = Projects {
            all: all.collect(),
            unknown: &self.unknown,
        };
        let names = counted(projects.all.len(), "project");
        let tokens = Tokens::new(
            self.index,
            self.runner,
            now,
            credentials,
            audience,
            projects,
        );
        let token = cover(&tokens, self.index).await?;
        self.runner
            .log(&format!("a token to upload files of {names}"));
        Ok((tokens, token))
    }

    /// What goes with the files.
    async fn attest(
        &self,
        credentials: &RequestCredentials,
        claims: Option<&UnverifiedClaims>,
    ) -> Result<(Attached, Vec<Finding>), Vec<Finding>> {
        let signer = Sigstore::new(
            &self.client,
            credentials,
            &self.sigstore,
            || self.context.now(),
            |secret: &str| self.runner.mask(secret),
        );
        let files = self.versions.iter().flat_map(|version| &version.files);
        let files: Vec<&Verified> = files.map(Publishable::verified).collect();
        let attesting = Attesting {
            wanted: self.attestations,
            signer: &signer,
            trust: &self.sigstore,
            publisher: publisher(claims),
            runner: self.runner,
        };
        attesting.attest(&files).await
    }

    fn note_unfinished(&self, outcome: &mut UploadOutcome) {
        let uploaded = outcome.uploaded.len();
        let all = self
            .versions
            .iter()
            .map(|version| version.files.len())
            .sum::<usize>();
        if uploaded >= all {
            return;
        }
        let uncertain = outcome.uncertain.len();
        let sent = match uncertain {
            0 => String::new(),
            some => format!(", {some} sent without an answer"),
        };
        let not_sent = all - uploaded - uncertain;
        let finding = Finding::new(
            Rule::UploadUnfinished,
            None,
            format!("{all} files published"),
            format!("{uploaded} published{sent}, {not_sent} not"),
        );
        let is_final =
            |finding: &Finding| finding.refuses() && finding.rule.exit() == Exit::Verdict;
        outcome
            .findings
            .push(if outcome.findings.iter().any(is_final) {
                finding.advise(
                    "First settle what was refused; the next run then sends what is missing and \
                 repeats nothing.",
                )
            } else {
                finding
            });
    }
}

/// A path, and whether the index took it; no finding where it was not tried.
type FileResult = (String, Result<(), Option<Finding>>);

/// How far one version is.
#[derive(Default)]
struct VersionState {
    /// A file of it was sent.
    begun: AtomicBool,
    /// A file of it was not taken.
    failed: AtomicBool,
}

/// What the uploads of one run share.
struct Lane<'a> {
    uploads: &'a Uploads<'a>,
    tokens: &'a Tokens<'a>,
    attached: &'a Attached,
    places: Semaphore,
    stopped: AtomicBool,
    progress: Progress,
}

impl Lane<'_> {
    async fn upload_version(&self, version: &VersionFiles<'_>) -> Vec<FileResult> {
        let skipped = |files: &[Publishable<'_>]| -> Vec<FileResult> {
            files
                .iter()
                .map(|file| (file.verified().path().to_owned(), Err(None)))
                .collect()
        };
        let state = VersionState::default();
        let alone = usize::from(version.is_new).min(version.files.len());
        let (first, rest) = version.files.split_at(alone);
        let mut results = Vec::with_capacity(version.files.len());
        for file in first {
            let result = self.upload(file, &state).await;
            let failed = result.1.is_err();
            results.push(result);
            if failed {
                results.extend(skipped(rest));
                return results;
            }
        }
        results.extend(future::join_all(rest.iter().map(|file| self.upload(file, &state))).await);
        results
    }

    async fn upload(&self, file: &Publishable<'_>, version: &VersionState) -> FileResult {
        let path = file.verified().path().to_owned();
        let Ok(_place) = self.places.acquire().await else {
            return (path, Err(None));
        };
        // Asked only now: much may have been refused while it waited for its place.
        let stopped = self.stopped.load(Ordering::Acquire);
        let begun = version.begun.load(Ordering::Acquire);
        let cancelled = &self.uploads.cancelled;
        if cancelled.is_told() || version.failed.load(Ordering::Acquire) || (stopped && !begun) {
            return (path, Err(None));
        }
        version.begun.store(true, Ordering::Release);
        let result = cancelled.in_grace(self.upload_with_token(file)).await;
        let result = result.unwrap_or_else(|| Err(Some(cancel::overdue(&path))));
        self.progress.step();
        if result.is_ok() {
            self.uploads.runner.log(&format!("uploaded: {path}"));
        } else {
            version.failed.store(true, Ordering::Release);
            self.stopped.store(true, Ordering::Release);
        }
        (path, result)
    }

    /// One file. A token that ran out on the way is renewed once. No finding
    /// where the run was cancelled before it was sent.
    async fn upload_with_token(&self, file: &Publishable<'_>) -> Result<(), Option<Finding>> {
        let Uploads {
            index, cancelled, ..
        } = self.uploads;
        let (path, size) = (file.verified().path(), file.verified().fetched().size());
        let token = self.tokens.for_upload(size, None);
        let token = cancelled.unless(token).await.ok_or(None)?.map_err(Some)?;
        let attestations = self.attached.of(path);
        let first = index::publish(index, &token, file, &attestations);
        let sent = self.tokens.timed(size, first);
        let sent = match sent.await {
            Err(IndexError::TokenExpired) => {
                let fresh = self.tokens.for_upload(size, Some(&token)).await?;
                index::publish(index, &fresh, file, &attestations).await
            }
            sent => sent,
        };
        sent.map(drop).map_err(|why| Some(why.finding(Some(path))))
    }
}
