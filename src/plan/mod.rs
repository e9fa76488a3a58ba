// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Inputs -> Plan: every value parsed and legal, all problems reported at once.
//!
//! Decides what each input means and which combinations are legal. Does no
//! I/O: what only a server can say (which area a source lies in, whether a
//! revision exists) is decided where it is asked. Nothing later reads raw
//! inputs or the environment.

mod approval;
mod asf_server;
mod attesting;
mod draft;
mod outline;
mod places;
mod require;
mod select;
mod sharing;
mod values;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use pep440_rs::Version;
use url::Url;

use crate::attest::Publisher;
use crate::digest::ReleaseDigest;
use crate::inputs::{Inputs, TABLE};
use crate::openpgp::Fingerprint;
use crate::rules::{Finding, Rule};
use crate::shard::Shard;

pub use approval::{ApprovalLevel, GithubToken};
pub use asf_server::{AsfServer, asf_server};
pub use attesting::{Attestations, SigstoreChoice};
pub use outline::{Outline, Wanted};
pub use places::{Area, IndexChoice, Location};
pub use require::{Needed, Requirement, Whose};
pub use select::{Patterns, Projects, Selection, Waived, Waiver, Waivers};

/// What the run is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Verify and report.
    Verify,
    /// Verify, publish, read back and report.
    Publish,
    /// Verify, and hold against it what the index serves.
    Check,
    /// Check a receipt, and whether the source still holds what it says.
    CheckReceipt,
}

impl Mode {
    /// The word of the input.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Publish => "publish",
            Self::Check => "check",
            Self::CheckReceipt => "check-receipt",
        }
    }
}

/// What `expected-digest` said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedDigest {
    /// Nothing.
    Unset,
    /// Openly: whatever comes out.
    Any,
    /// This one and no other.
    Exactly(ReleaseDigest),
}

/// How much the source may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files in the listing.
    pub max_files: usize,
    /// Bytes of one file.
    pub max_file_size: u64,
    /// Bytes of all selected files.
    pub max_total_size: u64,
}

/// How long a server may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To accept a connection.
    pub connect: Duration,
    /// Between two bytes.
    pub idle: Duration,
    /// For the source and KEYS in all: silence alone would let a server that
    /// says a byte a minute, or lists folder after folder, hold a run for ever.
    pub source: Duration,
    /// To show every published file.
    pub read_back: Duration,
}

/// A run whose inputs are legal.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What to do.
    pub mode: Mode,
    /// Where the artifacts lie.
    pub source: Location,
    /// Where the release lies when it has left the release area, if it may be
    /// read there: not where one revision of the release area was asked for.
    pub archived: Option<Location>,
    /// The area, where the inputs or a well-known host say it.
    pub area: Option<Area>,
    /// The revision to read at; none for HEAD.
    pub revision: Option<u64>,
    /// Where KEYS lies; at least one, but none in `check-receipt`, which holds
    /// bytes against a receipt and no signature against a key.
    pub keys: Vec<Location>,
    /// Who may sign; empty for every key of KEYS.
    pub signers: Vec<Fingerprint>,
    /// What may be published; none in `verify` where it was not said.
    pub projects: Option<Projects>,
    /// The version that every distribution must have.
    pub version: Option<Version>,
    /// What each version of a project must have; empty where nothing is required.
    pub required: Vec<Requirement>,
    /// Which artifacts are meant.
    pub selection: Selection,
    /// Which rules are softened, where, and why.
    pub waivers: Waivers,
    /// Where to publish.
    pub index: IndexChoice,
    /// What must come out.
    pub expected_digest: ExpectedDigest,
    /// Which part of the projects this run has; none for all.
    pub shard: Option<Shard>,
    /// The most jobs that a matrix starts.
    pub shards: usize,
    /// Whether somebody must have approved the run.
    pub approval: ApprovalLevel,
    /// What may ask GitHub about it.
    pub github_token: Option<GithubToken>,
    /// Whether attestations go with the files.
    pub attestations: Attestations,
    /// Whose certificates and whose log count for attestations.
    pub sigstore: SigstoreChoice,
    /// Stop before the token.
    pub dry_run: bool,
    /// Download everything in the end and compare it.
    pub compare_downloads: bool,
    /// Uploads in flight.
    pub concurrency: usize,
    /// Limits on the source.
    pub limits: Limits,
    /// Time limits.
    pub timeouts: Timeouts,
    /// The workflow that must have signed; always there in `check-receipt`.
    pub identity: Option<Publisher>,
    /// The receipt to check; there in `check-receipt` alone.
    pub receipt: Option<PathBuf>,
    /// Where the JSON report goes.
    pub report: Option<PathBuf>,
}

use draft::Draft;

/// Collects values and what is wrong with them.
struct Reader<'a> {
    inputs: &'a Inputs,
    problems: Vec<Finding>,
}

impl Reader<'_> {
    /// The value of `name` read by `parse`, unless it is one of the words for
    /// "not given"; what is wrong is kept for the end.
    fn word<T>(
        &mut self,
        name: &'static str,
        legal: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let raw = self.inputs.value(name)?.trim().to_owned();
        match parse(&raw) {
            Ok(value) => Some(value),
            Err(found) => {
                self.refuse(name, legal, found);
                None
            }
        }
    }

    /// As [`Self::word`], where the default word means "not given".
    fn optional<T>(
        &mut self,
        name: &'static str,
        legal: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.is_default_word(name) {
            None
        } else {
            self.word(name, legal, parse)
        }
    }

    /// The lines of `name`, blank ones left out; none where the default word
    /// stands there alone.
    fn lines<T>(
        &mut self,
        name: &'static str,
        legal: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        if self.is_default_word(name) {
            return None;
        }
        let default = default_word(name);
        let raw = self.inputs.value(name)?.to_owned();
        let mut values = Vec::new();
        for line in raw.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if Some(line) == default {
                self.refuse(
                    name,
                    format!("`{line}` alone, or no `{line}` at all"),
                    "both",
                );
                continue;
            }
            match parse(line) {
                Ok(value) => values.push(value),
                Err(found) => self.refuse(name, legal, found),
            }
        }
        Some(values)
    }

    fn is_default_word(&self, name: &'static str) -> bool {
        default_word(name).is_some_and(|word| {
            self.inputs
                .value(name)
                .is_some_and(|value| value.trim() == word)
        })
    }

    fn refuse(&mut self, name: &str, expected: impl Into<String>, found: impl Into<String>) {
        self.problems.push(Finding::new(
            Rule::InputIllegal,
            Some(name),
            expected,
            found,
        ));
    }
}

fn default_word(name: &str) -> Option<&'static str> {
    TABLE.iter().find(|row| row.name == name)?.default
}

impl Plan {
    /// Reads the inputs.
    ///
    /// # Errors
    /// Every problem of every input, each naming the input, what was found
    /// and what is legal.
    pub fn read(inputs: &Inputs) -> Result<Self, Vec<Finding>> {
        let mut reader = Reader {
            inputs,
            problems: Vec::new(),
        };
        let draft = Draft::read(&mut reader);
        draft.check_combinations(&mut reader);
        let problems = std::mem::take(&mut reader.problems);
        match draft.finish() {
            Some(plan) if problems.is_empty() => Ok(plan),
            _ => Err(problems),
        }
    }
}

/// Where the report should go even if the other inputs are illegal, so that
/// a refusal of the inputs can be read by a program too.
pub fn report_path(inputs: &Inputs) -> Option<PathBuf> {
    inputs
        .value("report")
        .map(str::trim)
        .filter(|path| *path != "none")
        .map(PathBuf::from)
}

/// The URL as text for people: no user, no query.
pub(crate) fn shown_url(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
