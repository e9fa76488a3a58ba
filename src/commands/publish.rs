// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From a batch to an index that serves it: everything is asked before
//! anything is sent.

use std::collections::BTreeMap;

use super::attest::Attached;
use super::examine::Examined;
use super::upload::Uploads;
use super::{Run, cancel, receipt};
use crate::channel::Target;
use crate::github::oidc::RequestCredentials;
use crate::index::{self, EndpointError, Endpoints, FileState, Index, Ledger, Wanted};
use crate::plan::IndexChoice;
use crate::report::State;
use crate::rules::{Finding, Rule};
use crate::snapshot::Snapshot;
use crate::source::{self, Entry, SourceError};
use crate::verify::{Batch, Verified};

/// A release that may be sent, and where to.
struct Ready {
    credentials: RequestCredentials,
    examined: Examined,
    target: Target,
    index: Index,
    ledger: Ledger,
}

impl Run<'_> {
    /// Publishes the release, or stops with nothing sent.
    pub(super) async fn publish(&mut self) {
        let cancelled = self.cancelled.clone();
        match cancelled.unless(self.prepare()).await {
            Some(Some(ready)) => self.send(ready).await,
            Some(None) => {}
            None => self.report.note([cancel::finding()]),
        }
    }

    /// All that comes before the token, and none where the run ends there.
    async fn prepare(&mut self) -> Option<Ready> {
        self.report.index = index_name(&self.plan.index);
        // Asked first, since no verdict on the release could change it.
        let credentials = match self.credentials() {
            Ok(credentials) => credentials,
            Err(refusal) => {
                self.report.note([refusal]);
                return None;
            }
        };
        let examined = self.examine_in_time().await?;
        let target = self.permit(&examined)?;
        if examined.batch.files().is_empty() {
            // An empty shard: the others have all there is.
            return None;
        }
        let index = self.index(target.index())?;
        let ledger = self.ask(&index, &examined.batch).await?;
        self.tell_new_projects(&index, &ledger);
        let is_new = ledger.files().any(|(_, state)| *state == FileState::New);
        // A receipt is a signed word on who approved, so that it needs an
        // approval as an upload does. Where nothing is sent and nothing signed,
        // nothing needs one; and a dry run has no identity that could say which
        // one it would need.
        let signs = receipt::path(self.plan).is_some();
        if (is_new || signs)
            && let Some(credentials) = &credentials
            && !self.is_approved(credentials).await
        {
            if !is_new {
                self.runner
                    .log("all is on the index; the receipt alone needs the approval");
            }
            return None;
        }
        if is_new && !self.is_unchanged_in_time(&examined).await {
            return None;
        }
        let Some(credentials) = credentials else {
            // A rehearsal asks all that can be asked without a token.
            let audience = index::audience(&index).await;
            self.report
                .note(audience.err().map(|why| why.finding(None)));
            return None;
        };
        Some(Ready {
            credentials,
            examined,
            target,
            index,
            ledger,
        })
    }

    /// From the token to an index that serves the release.
    async fn send(&mut self, ready: Ready) {
        let (index, batch) = (&ready.index, &ready.examined.batch);
        let mut attached = Attached::default();
        let uploads = Uploads::new(self, index, &ready.target, batch, &ready.ledger);
        if !uploads.is_empty() {
            let outcome = uploads.carry_out(&ready.credentials).await;
            let began = |finding: &Finding| finding.rule == Rule::UploadUnfinished;
            self.report.sent = !outcome.uploaded.is_empty() || outcome.findings.iter().any(began);
            for path in &outcome.uploaded {
                self.set_state(path, State::Uploaded);
            }
            for path in &outcome.uncertain {
                self.set_state(path, State::Unknown);
            }
            self.take_attached(&outcome.attached);
            attached = outcome.attached;
            self.report.note(outcome.findings);
            if self.report.refused() {
                let paths = outcome.uploaded.iter().chain(&outcome.uncertain);
                let sent: Vec<&str> = paths.map(String::as_str).collect();
                self.look_once(index, batch, &sent).await;
            }
        }
        if !self.report.refused() {
            let cancelled = self.cancelled.clone();
            let read = self.read_back_all(index, batch, &attached);
            let read = cancelled.unless(read).await;
            if read.is_none() {
                self.report.note([cancel::finding()]);
            }
            if !self.report.refused() {
                let made = self.sign_receipt(&ready.credentials, &ready.examined, &attached);
                if cancelled.unless(made).await.is_none() {
                    self.report.note([cancel::finding()]);
                }
            }
        }
        self.report.links = links(&self.plan.index, &self.report.published_versions());
    }

    /// What the runner gives to ask for identity tokens; nothing in a dry run,
    /// which asks for none.
    fn credentials(&self) -> Result<Option<RequestCredentials>, Finding> {
        if self.plan.dry_run {
            return Ok(None);
        }
        super::credentials(self.context).map(Some)
    }

    /// The index that is meant.
    pub(super) fn index(&mut self, choice: &IndexChoice) -> Option<Index> {
        match endpoints(choice) {
            Ok(endpoints) => Some(Index::new(self.client.clone(), endpoints)),
            Err(why) => {
                let expected = "the base URL of an index";
                self.report.note([Finding::new(
                    Rule::InputIllegal,
                    Some("index"),
                    expected,
                    why.to_string(),
                )]);
                None
            }
        }
    }

    /// Where the release may go. A shard asks for the whole of it: otherwise
    /// the others would publish their parts of what one of them refuses.
    fn permit(&mut self, examined: &Examined) -> Option<Target> {
        let (target, findings, waived) = Target::permit(
            &self.plan.index,
            examined.area,
            examined.batch.versions(),
            &self.plan.waivers,
        );
        self.report.note(findings);
        let of_channel = |rule| rule == Rule::CandidateFromRelease;
        self.note_unused_waivers(&waived, of_channel);
        self.report.waived.extend(waived);
        target
    }

    /// Asks the index about every file. A conflict in one stops the release.
    async fn ask(&mut self, index: &Index, batch: &Batch) -> Option<Ledger> {
        let _group = self.runner.group("Index");
        let wanted: Vec<Wanted<'_>> = batch.files().iter().map(wanted).collect();
        let ledger = match index::ask(index, &wanted, self.plan.concurrency).await {
            Ok(ledger) => ledger,
            Err(why) => {
                self.report.note([why.finding(None)]);
                return None;
            }
        };
        for file in batch.files() {
            let state = match ledger.state(file.name().file()) {
                Some(FileState::New) => State::New,
                Some(FileState::AlreadyThere) => State::AlreadyThere,
                Some(FileState::Different { .. }) => State::Different,
                None => State::Unknown,
            };
            self.runner
                .log(&format!("{}: {}", state.word(), file.path()));
            self.set_state(file.path(), state);
        }
        self.report
            .note(with_paths(ledger.findings(self.context.now()), batch));
        (!self.report.refused()).then_some(ledger)
    }

    /// Compares the source with its newest state: what was withdrawn or
    /// changed since it was listed is not published.
    pub(super) async fn source_is_unchanged(&mut self, examined: &Examined) -> bool {
        let now = match examined.source.list_head(&self.plan.limits).await {
            Ok(entries) => entries,
            Err(SourceError::NotFound { .. }) => Vec::new(),
            Err(why) => {
                self.report.note([why.finding(None)]);
                return false;
            }
        };
        let changes = self.changes(&examined.entries, &now);
        let unchanged = changes.is_empty();
        self.report.note(changes);
        unchanged
    }

    /// Reads KEYS once more: a key that was revoked while a large release was
    /// fetched must count.
    pub(super) async fn keys_are_unchanged(&mut self, examined: &Examined) -> bool {
        for (location, then) in self.plan.keys.iter().zip(&examined.keys) {
            let shown = location.shown();
            match source::read_keys(location, &self.client).await {
                Ok(now) if now.bytes == *then => {}
                Ok(_) => {
                    let expected = "the KEYS that the release was verified with";
                    let found = "another KEYS, changed since";
                    let path = Some(shown.as_str());
                    self.report
                        .note([Finding::new(Rule::SourceChanged, path, expected, found)]);
                    return false;
                }
                Err(why) => {
                    self.report.note([why.finding(Some(&shown))]);
                    return false;
                }
            }
        }
        true
    }

    /// What differs between two listings, among what is selected.
    fn changes(&self, then: &[Entry], now: &[Entry]) -> Vec<Finding> {
        let selected = |entries: &[Entry]| -> BTreeMap<String, Entry> {
            entries
                .iter()
                .filter(|entry| Snapshot::selects(&entry.path, &self.plan.selection))
                .map(|entry| (entry.path.clone(), entry.clone()))
                .collect()
        };
        let (then, now) = (selected(then), selected(now));
        let changed = |path: &str, found: &str| {
            Finding::new(Rule::SourceChanged, Some(path), "what was verified", found)
        };
        let mut findings = Vec::new();
        for (path, entry) in &then {
            match now.get(path) {
                None => findings.push(changed(path, "it is gone")),
                Some(other) if !same(entry, other) => {
                    findings.push(changed(path, difference(entry, other)));
                }
                Some(_) => {}
            }
        }
        let new = now.keys().filter(|path| !then.contains_key(*path));
        findings.extend(new.map(|path| changed(path, "a path that was not there")));
        findings
    }

    pub(super) fn set_state(&mut self, path: &str, state: State) {
        if let Some(row) = self.report.row(path) {
            row.state = state;
        }
    }
}

fn same(a: &Entry, b: &Entry) -> bool {
    // Without a digest to compare, only an untouched path counts as the same.
    let untouched = a.sha1.is_some() || a.created_revision == b.created_revision;
    untouched
        && a.validator == b.validator
        && (a.size, a.sha1, a.modified, a.special) == (b.size, b.sha1, b.modified, b.special)
}

fn difference(then: &Entry, now: &Entry) -> &'static str {
    if then.validator == now.validator {
        "other bytes, committed since"
    } else {
        "another ETag or another time, written since"
    }
}

/// The index speaks of file names; the report of paths.
pub(super) fn with_paths(mut findings: Vec<Finding>, batch: &Batch) -> Vec<Finding> {
    for finding in &mut findings {
        let file = batch
            .files()
            .iter()
            .find(|file| finding.path.as_deref() == Some(file.name().file()));
        if let Some(file) = file {
            finding.path = Some(file.path().to_owned());
        }
    }
    findings
}

pub(super) fn wanted(file: &Verified) -> Wanted<'_> {
    Wanted {
        project: file.name().project().as_str(),
        version: file.version_text(),
        file: file.name().file(),
        sha256: file.fetched().sha256(),
    }
}

pub(super) fn endpoints(index: &IndexChoice) -> Result<Endpoints, EndpointError> {
    match index {
        IndexChoice::Pypi => Endpoints::pypi(),
        IndexChoice::TestPypi => Endpoints::testpypi(),
        IndexChoice::Own { base, upload } => Endpoints::own(base, upload.as_ref()),
    }
}

pub(super) fn index_name(index: &IndexChoice) -> String {
    match index {
        IndexChoice::Pypi => "PyPI".to_owned(),
        IndexChoice::TestPypi => "TestPyPI".to_owned(),
        IndexChoice::Own { base, .. } => base.to_string(),
    }
}

/// The page of each published version; for an index of one's own, whose pages
/// nobody knows, the project's Simple page.
fn links(index: &IndexChoice, versions: &[(String, String)]) -> Vec<String> {
    use crate::endpoints::{PYPI_BASE, TESTPYPI_BASE};
    let page = |(project, version): &(String, String)| match index {
        IndexChoice::Pypi => format!("{PYPI_BASE}/project/{project}/{version}/"),
        IndexChoice::TestPypi => format!("{TESTPYPI_BASE}/project/{project}/{version}/"),
        IndexChoice::Own { base, .. } => format!("{base}simple/{project}/"),
    };
    let mut links: Vec<String> = versions.iter().map(page).collect();
    links.sort();
    links.dedup();
    links
}
