// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The report: everything a run has to say, as data.
//!
//! Decides what is told; `markdown` and `text` decide how it looks, and
//! `github::runner` where it goes. Pure.

pub mod annotations;
pub mod approval;
mod attestation;
pub mod chain;
pub mod checks;
pub mod doctor;
pub mod escape;
pub mod mail;
pub mod markdown;
mod rows;
mod shard;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use approval::ApprovalRow;
use serde::Serialize;

pub use attestation::{AttestationRow, Origin, Provenance, SigstoreRow};
pub use checks::{CheckRow, ReceiptRow, Served};
pub use rows::{ConfigRow, FileRow, KeysRow, SignerRow};
pub use shard::ShardRow;

use crate::plan::{ExpectedDigest, Waived};
use crate::rules::{Exit, Finding, Rule, exit_of};

/// How a run ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything holds; nothing was to be published.
    Verified,
    /// Everything holds and the index would take it; nothing was sent.
    DryRun,
    /// The index serves every file with the bytes that were verified.
    Published,
    /// What was checked afterwards holds.
    Checked,
    /// `doctor` found nothing that would fail on the day of a release.
    Ready,
    /// A verdict against it.
    Refused,
    /// The inputs are wrong; nothing was looked at.
    IllegalInputs,
    /// Something outside failed.
    Failed,
}

impl Outcome {
    /// The word in the report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::DryRun => "dry-run",
            Self::Published => "published",
            Self::Checked => "checked",
            Self::Ready => "ready",
            Self::Refused => "refused",
            Self::IllegalInputs => "illegal-inputs",
            Self::Failed => "failed",
        }
    }
}

/// Where a file stands on the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not there yet.
    New,
    /// Sent in this run, and taken.
    Uploaded,
    /// There before this run, with the same bytes.
    AlreadyThere,
    /// There with other bytes.
    Different,
    /// Not asked, or no answer.
    #[default]
    Unknown,
}

impl State {
    /// The word in the report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Uploaded => "uploaded",
            Self::AlreadyThere => "already-there",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

/// Everything a run has to say. What is serialised is the JSON report,
/// whose schema is docs/report.schema.json.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of the report's form.
    pub schema: u8,
    /// What was asked.
    pub mode: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The exit status.
    pub exit: u8,
    /// The release digest, where the whole release was verified.
    pub digest: Option<String>,
    /// The revision that was read.
    pub revision: Option<u64>,
    /// Where the release was read.
    pub source: Option<String>,
    /// `release` or `dev`.
    pub area: Option<String>,
    /// The configuration file; absent where none was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigRow>,
    /// Who approved the run; absent where nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalRow>,
    /// What proves attestations; absent where the run did not come so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigstore: Option<SigstoreRow>,
    /// What `doctor` looked at; absent in every other mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkup: Option<doctor::Checkup>,
    /// Which part of the release the run had; absent where it had all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardRow>,
    /// Every path of the source.
    pub files: Vec<FileRow>,
    /// Every verdict.
    pub findings: Vec<Finding>,
    /// Every waiver that was used.
    pub waived: Vec<Waived>,
    /// What `check` found, file by file; absent in other modes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checked: Vec<CheckRow>,
    /// The receipt that was signed, or checked; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptRow>,

    /// The KEYS files.
    #[serde(skip)]
    pub keys: Vec<KeysRow>,
    /// Who signed, without repetition.
    #[serde(skip)]
    pub signers: Vec<SignerRow>,
    /// What the inputs said of the digest.
    #[serde(skip)]
    pub expected_digest: ExpectedDigest,
    /// A command line that gives the same digest.
    #[serde(skip)]
    pub digest_command: Option<String>,
    /// The name of the index, for people.
    #[serde(skip)]
    pub index: String,
    /// The jobs that could share the release, for the output `matrix`.
    #[serde(skip)]
    pub matrix: Option<String>,
    /// The pages of what was published, sorted.
    #[serde(skip)]
    pub links: Vec<String>,
    /// Whether the upload of a file was begun: what the index then took is
    /// told by the rows, but never again that nothing was sent.
    #[serde(skip)]
    pub sent: bool,
    /// Whether this was a dry run.
    #[serde(skip)]
    pub dry_run: bool,
    /// Whether attestations go with the files, as far as the inputs say it.
    #[serde(skip)]
    pub attests: bool,
}

impl Report {
    /// A report of a run that has not begun.
    pub fn new(mode: &str) -> Self {
        Self {
            schema: 1,
            mode: mode.to_owned(),
            outcome: Outcome::Failed,
            exit: Exit::Outside.code(),
            digest: None,
            revision: None,
            source: None,
            area: None,
            config: None,
            approval: None,
            checkup: None,
            sigstore: None,
            shard: None,
            files: Vec::new(),
            findings: Vec::new(),
            waived: Vec::new(),
            checked: Vec::new(),
            receipt: None,
            keys: Vec::new(),
            signers: Vec::new(),
            expected_digest: ExpectedDigest::Unset,
            digest_command: None,
            index: String::new(),
            matrix: None,
            links: Vec::new(),
            sent: false,
            dry_run: false,
            attests: false,
        }
    }

    /// Whether anything so far stops the run.
    pub fn refused(&self) -> bool {
        self.findings.iter().any(Finding::refuses)
    }

    /// Takes verdicts in.
    pub fn note(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// The row of a path.
    pub fn row(&mut self, path: &str) -> Option<&mut FileRow> {
        self.files.iter_mut().find(|row| row.path == path)
    }

    /// Closes the report: the exit status of all findings together, and the
    /// word for it, which is `good` where nothing refuses and a whole release
    /// was verified: silence is no verdict.
    pub fn close(&mut self, good: Outcome) -> Exit {
        if !self.refused()
            && let Some(missing) = self.missing(good)
        {
            let expected = format!("{missing}, or a reason why it is not so");
            self.note([Finding::new(Rule::Internal, None, expected, "neither")]);
        }
        self.findings
            .sort_by(|a, b| (b.severity, &a.path, a.rule).cmp(&(a.severity, &b.path, b.rule)));
        self.findings.dedup();
        let exit = exit_of(&self.findings);
        self.exit = exit.code();
        self.outcome = match exit {
            Exit::Done => good,
            Exit::Verdict => Outcome::Refused,
            Exit::Inputs => Outcome::IllegalInputs,
            Exit::Outside => Outcome::Failed,
        };
        exit
    }

    /// What must be known before the run ended well, and is not.
    fn missing(&self, good: Outcome) -> Option<&'static str> {
        let is_there = |row: &FileRow| matches!(row.state, State::Uploaded | State::AlreadyThere);
        let mut distributions = self.files.iter().filter(|row| row.project.is_some());
        if good == Outcome::Ready {
            self.checkup.is_none().then_some("a look at the set-up")
        } else if self.digest.is_none() {
            Some("a release digest")
        } else if good == Outcome::Published && !distributions.all(is_there) {
            Some("every distribution on the index")
        } else if good == Outcome::Checked && self.checked.is_empty() && self.receipt.is_none() {
            Some("something that was checked")
        } else {
            None
        }
    }

    /// What the index holds of this release, for the output `published`.
    pub fn published(&self) -> Vec<PublishedRow<'_>> {
        self.files
            .iter()
            .filter(|row| matches!(row.state, State::Uploaded | State::AlreadyThere))
            .filter_map(|row| {
                Some(PublishedRow {
                    project: row.project.as_deref()?,
                    version: row.version.as_deref()?,
                    file: crate::snapshot::basename(&row.path),
                    sha256: row.sha256.as_deref()?,
                    verdict: row.state,
                })
            })
            .collect()
    }
}

impl Report {
    /// By whom the files are attested, sorted, with the number of files.
    pub fn attesters(&self) -> Vec<(String, usize)> {
        let mut attesters: BTreeMap<String, usize> = BTreeMap::new();
        for row in &self.files {
            let by: BTreeSet<String> = row.attestations.iter().map(AttestationRow::by).collect();
            for name in by {
                *attesters.entry(name).or_default() += 1;
            }
        }
        attesters.into_iter().collect()
    }

    /// The projects and versions of [`Self::published`], sorted.
    pub fn published_versions(&self) -> Vec<(String, String)> {
        let mut versions: Vec<(String, String)> = self
            .published()
            .iter()
            .map(|row| (row.project.to_owned(), row.version.to_owned()))
            .collect();
        versions.sort();
        versions.dedup();
        versions
    }
}

/// One element of the output `published`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PublishedRow<'a> {
    project: &'a str,
    version: &'a str,
    file: &'a str,
    sha256: &'a str,
    verdict: State,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: State) -> FileRow {
        FileRow {
            project: Some("foo".to_owned()),
            state,
            ..FileRow::default()
        }
    }

    #[test]
    fn a_run_that_says_nothing_has_not_ended_well() {
        for good in [Outcome::Verified, Outcome::DryRun, Outcome::Published] {
            let mut report = Report::new("verify");
            assert_eq!(report.close(good), Exit::Outside);
            assert_eq!(report.outcome, Outcome::Failed);
            let rules: Vec<Rule> = report.findings.iter().map(|one| one.rule).collect();
            assert_eq!(rules, [Rule::Internal]);

            report = Report::new("verify");
            report.digest = Some("ab".repeat(32));
            assert_eq!(report.close(good), Exit::Done);
            assert_eq!(report.outcome, good);
        }
    }

    #[test]
    fn nothing_is_published_before_every_file_is_on_the_index() {
        for (state, exit) in [
            (State::Uploaded, Exit::Done),
            (State::New, Exit::Outside),
            (State::Unknown, Exit::Outside),
        ] {
            let mut report = Report::new("publish");
            report.digest = Some("ab".repeat(32));
            report.files = vec![row(State::AlreadyThere), row(state), FileRow::default()];
            assert_eq!(report.close(Outcome::Published), exit, "{state:?}");
        }
    }
}
