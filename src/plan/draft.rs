// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The values one by one, and then held against each other: which
//! combinations of inputs are legal.

use std::path::PathBuf;

use pep440_rs::Version;

use super::asf_server::{AsfServer, archived, asf_server};
use super::{
    ApprovalLevel, Area, Attestations, ExpectedDigest, GithubToken, IndexChoice, Limits, Location,
    Mode, Patterns, Plan, Projects, Reader, Requirement, Selection, SigstoreChoice, Timeouts,
    Waiver, Waivers, attesting, places, require, select, sharing, values,
};
use crate::attest::Publisher;
use crate::openpgp::Fingerprint;
use crate::rules::{Finding, Rule};
use crate::shard::Shard;

/// The values one by one, before they are held against each other; `None`
/// where a problem was already noted or nothing was given.
pub(super) struct Draft {
    mode: Option<Mode>,
    source: Option<Location>,
    area: Option<Area>,
    revision: Option<u64>,
    keys: Option<Vec<Location>>,
    signers: Vec<Fingerprint>,
    projects: Option<Projects>,
    version: Option<Version>,
    required: Vec<Requirement>,
    selection: Selection,
    waivers: Waivers,
    index: Option<IndexChoice>,
    expected_digest: ExpectedDigest,
    shard: Option<Shard>,
    shards: Option<usize>,
    approval: Option<ApprovalLevel>,
    github_token: Option<GithubToken>,
    attestations: Option<Attestations>,
    sigstore: Option<SigstoreChoice>,
    dry_run: bool,
    compare_downloads: bool,
    concurrency: Option<usize>,
    limits: Option<Limits>,
    timeouts: Option<Timeouts>,
    repository: Option<String>,
    workflow: Option<String>,
    receipt: Option<PathBuf>,
    report: Option<PathBuf>,
}

impl Draft {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        if reader.is_default_word("source") {
            reader.refuse(
                "source",
                "the URL of a directory, or a local directory",
                "nothing",
            );
        }
        let flag = "`true` or `false`";
        let base = reader.word("index", places::INDEX_LEGAL, places::index);
        let upload = reader.optional("upload-url", places::URL_LEGAL, places::url);
        Self {
            mode: reader.word(
                "mode",
                "`verify`, `publish`, `check`, `check-receipt` or `doctor`",
                values::mode,
            ),
            source: reader.optional("source", places::LOCATION_LEGAL, places::location),
            area: reader.optional("area", "`release` or `dev`", places::Area::read),
            revision: reader.optional("revision", "a revision number, or `head`", values::revision),
            keys: reader.lines("keys", places::LOCATION_LEGAL, places::location),
            signers: reader
                .lines(
                    "signers",
                    "fingerprints of 40 or 64 hex digits",
                    values::fingerprint,
                )
                .unwrap_or_default(),
            projects: reader
                .lines("projects", "project names or globs", select::project)
                .map(Projects::new),
            version: reader.optional("version", "a version as of PEP 440", values::version),
            required: reader
                .lines("require", require::LEGAL, Requirement::read)
                .unwrap_or_default(),
            selection: Selection {
                include: reader
                    .lines("include", select::GLOB_LEGAL, select::pattern)
                    .map(Patterns::new),
                exclude: reader
                    .lines("exclude", select::GLOB_LEGAL, select::pattern)
                    .map(Patterns::new),
            },
            waivers: Waivers::new(
                reader
                    .lines("waive", select::WAIVER_LEGAL, Waiver::read)
                    .unwrap_or_default(),
            ),
            index: base.and_then(|base| places::with_upload(base, upload, reader)),
            expected_digest: reader
                .optional("expected-digest", "64 hex digits, or `any`", values::digest)
                .unwrap_or(ExpectedDigest::Unset),
            shard: reader.optional(
                "shard",
                "`whole`, or a part such as `2/5`, from `1/1` to `20/20`",
                sharing::shard,
            ),
            shards: reader.word("shards", "a number from 1 to 20", sharing::shards),
            approval: reader.optional(
                "approval",
                "`required`, `recorded` or `off`",
                ApprovalLevel::read,
            ),
            github_token: reader.optional(
                "github-token",
                "a token: ASCII without blanks",
                GithubToken::read,
            ),
            attestations: reader.optional("attestations", attesting::LEGAL, Attestations::read),
            sigstore: reader.word("sigstore", attesting::SIGSTORE_LEGAL, SigstoreChoice::read),
            dry_run: reader.word("dry-run", flag, values::flag).unwrap_or(false),
            compare_downloads: reader
                .word("compare-downloads", flag, values::flag)
                .unwrap_or(false),
            concurrency: reader.word("concurrency", "a number from 1 to 32", values::concurrency),
            limits: values::limits(reader),
            timeouts: values::timeouts(reader),
            repository: reader.optional("repository", values::REPOSITORY_LEGAL, values::repository),
            workflow: reader.optional("workflow", values::WORKFLOW_LEGAL, values::workflow),
            receipt: reader.optional("receipt", "a path", |raw| Ok(PathBuf::from(raw))),
            report: reader.optional("report", "a path", |raw| Ok(PathBuf::from(raw))),
        }
    }

    /// The rules that need more than one input.
    pub(super) fn check_combinations(&self, reader: &mut Reader<'_>) {
        if matches!(self.source, Some(Location::Path(_))) && self.revision.is_some() {
            reader.refuse(
                "revision",
                "`head`: a local directory has no revisions",
                "a revision",
            );
        }
        if let (Some(Location::Url(url)), Some(_)) = (&self.source, self.revision)
            && asf_server(url) == Some(AsfServer::Pages)
        {
            reader.refuse(
                "revision",
                "`head`: this host has no revisions; dist.apache.org has them",
                "a revision",
            );
        }
        if let (Some(said), Some(area)) = (self.area, self.well_known_area(reader))
            && said != area
        {
            reader.problems.push(Finding::new(
                Rule::AreaContradicted,
                Some("area"),
                format!("`{area}`, as the source says"),
                format!("`{said}`"),
            ));
        }
        if self.keys.is_none()
            && self.mode != Some(Mode::CheckReceipt)
            && reader.is_default_word("keys")
            && let Some(source) = &self.source
            && places::derive_keys(source).is_none()
        {
            reader.refuse(
                "keys",
                "the URL or path of KEYS, since the source is not on an ASF host",
                "`derived`",
            );
        }
        for keys in self.keys.iter().flatten() {
            places::check_keys(keys, reader);
        }
        Self::check_identity(self.mode, reader);
        if self.shard.is_some() {
            sharing::check(
                self.mode,
                self.source.as_ref(),
                self.expected_digest,
                reader,
            );
        }
        if self.mode == Some(Mode::Publish) {
            self.check_publish(reader);
        }
    }

    /// Who must have signed is said whole or not at all, is never guessed for
    /// a receipt, and means nothing where nothing is checked.
    fn check_identity(mode: Option<Mode>, reader: &mut Reader<'_>) {
        let names = ["repository", "workflow"];
        let given = names.map(|name| !reader.is_default_word(name));
        let receipt = !reader.is_default_word("receipt");
        let only_checks = "only in `check` and `check-receipt`";
        for (name, given, other) in [
            (names[0], given[0], given[1]),
            (names[1], given[1], given[0]),
        ] {
            match mode {
                Some(Mode::Verify | Mode::Publish) if given => {
                    reader.refuse(name, only_checks, "another mode");
                }
                Some(Mode::CheckReceipt) if !given => {
                    let expected = "who signed the receipt, which is never guessed";
                    reader.refuse(name, expected, "`any`");
                }
                Some(Mode::Check) if !given && other => {
                    reader.refuse(name, "both `repository` and `workflow`, or neither", "one");
                }
                _ => {}
            }
        }
        match mode {
            Some(Mode::CheckReceipt) if !receipt => {
                reader.refuse("receipt", "the path of a receipt", "`none`");
            }
            Some(Mode::Verify | Mode::Publish | Mode::Check) if receipt => {
                reader.refuse("receipt", "only in `check-receipt`", "another mode");
            }
            _ => {}
        }
        if mode == Some(Mode::Check) && reader.is_default_word("projects") {
            reader.refuse("projects", "the projects to check", "`none`");
        }
    }

    fn check_publish(&self, reader: &mut Reader<'_>) {
        if reader.is_default_word("projects") {
            reader.refuse("projects", "the projects that may be published", "`none`");
        }
        let Some(index) = &self.index else { return };
        if let Some(sigstore) = &self.sigstore {
            attesting::check(index, self.attestations, sigstore, reader);
        }
        if matches!(self.source, Some(Location::Path(_)))
            && self.area.is_none()
            && matches!(index, IndexChoice::Own { .. })
        {
            reader.problems.push(Finding::new(
                Rule::AreaUnknown,
                Some("area"),
                "`release` or `dev`, since a local directory cannot say it",
                "`derived`",
            ));
        }
        if matches!(index, IndexChoice::Pypi)
            && self.shard.is_none()
            && reader.is_default_word("expected-digest")
        {
            reader.refuse(
                "expected-digest",
                "for PyPI: the release digest that `verify` printed, or `any` to say openly that none is expected",
                "`none`",
            );
        }
        if matches!(index, IndexChoice::Own { .. }) {
            return;
        }
        let asf = "an ASF host: PyPI and TestPyPI take releases from nowhere else";
        if self
            .source
            .as_ref()
            .is_some_and(|source| !places::is_asf_source(source))
        {
            reader.refuse(
                "source",
                asf,
                self.source.as_ref().map_or(String::new(), Location::shown),
            );
        }
        for keys in self
            .keys
            .iter()
            .flatten()
            .filter(|keys| !places::is_asf_keys(keys))
        {
            reader.refuse("keys", asf, keys.shown());
        }
    }

    /// The area that a well-known host's URL says; notes a source on such a
    /// host that lies in no area.
    fn well_known_area(&self, reader: &mut Reader<'_>) -> Option<Area> {
        match places::well_known_area(self.source.as_ref()?) {
            places::WellKnown::Area(area) => Some(area),
            places::WellKnown::Elsewhere => None,
            places::WellKnown::NoArea => {
                reader.refuse(
                    "source",
                    "a directory below `release` or `dev` on dist.apache.org, or a project's \
                     directory on downloads.apache.org or below `dist` on archive.apache.org",
                    self.source.as_ref().map_or(String::new(), Location::shown),
                );
                None
            }
        }
    }

    pub(super) fn finish(self) -> Option<Plan> {
        let source = self.source?;
        let area = match places::well_known_area(&source) {
            places::WellKnown::Area(area) => Some(area),
            _ => self.area,
        };
        let index = self.index?;
        Some(Plan {
            mode: self.mode?,
            keys: match self.keys {
                Some(keys) => keys,
                None if self.mode == Some(Mode::CheckReceipt) => Vec::new(),
                None => vec![places::derive_keys(&source)?],
            },
            archived: match self.revision {
                None => archived(&source),
                Some(_) => None,
            },
            source,
            area,
            revision: self.revision,
            signers: self.signers,
            projects: self.projects,
            version: self.version,
            required: self.required,
            selection: self.selection,
            waivers: self.waivers,
            attestations: self.attestations.unwrap_or(Attestations::derive(&index)),
            sigstore: self.sigstore?,
            expected_digest: self.expected_digest,
            shard: self.shard,
            shards: self.shards?,
            approval: self
                .approval
                .unwrap_or_else(|| ApprovalLevel::for_index(&index)),
            github_token: self.github_token,
            index,
            dry_run: self.dry_run,
            compare_downloads: self.compare_downloads,
            concurrency: self.concurrency?,
            limits: self.limits?,
            timeouts: self.timeouts?,
            identity: self
                .repository
                .zip(self.workflow)
                .and_then(|(repository, workflow)| Publisher::new(&repository, &workflow).ok()),
            receipt: self.receipt,
            report: self.report,
        })
    }
}
