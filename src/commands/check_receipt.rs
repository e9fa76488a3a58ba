// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `check-receipt`: whether a receipt holds, was signed by the workflow that
//! is named, and whether the source still holds the bytes that it speaks of.
//!
//! The receipt is judged with what the program itself trusts, and asks nobody;
//! with a local directory as the source nothing needs a network.

use std::path::Path;

use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{Run, cancel};
use crate::attest::{AttestError, Attested, Bundle, Publisher, Statement, Trust, verify_bundle};
use crate::config::file;
use crate::plan::ExpectedDigest;
use crate::receipt::{self, PREDICATE_TYPE, Receipt};
use crate::report::{AttestationRow, FileRow, Origin, ReceiptRow, checks};
use crate::rules::{Finding, Rule};
use crate::snapshot::basename;
use crate::source::{self, Entry, Source};

/// The largest file that is read at all, in bytes. A receipt has some 2 KiB a
/// file of the release.
const LARGEST: u64 = 8 << 20;

/// Files under way at a time; the source limits the requests.
const UNDER_WAY: usize = 6;

impl Run<'_> {
    /// Checks the receipt, and the source against it.
    pub(super) async fn check_receipt(&mut self) {
        let cancelled = self.cancelled.clone();
        if cancelled.unless(self.hold_receipt()).await.is_none() {
            self.report.note([cancel::finding()]);
        }
    }

    async fn hold_receipt(&mut self) {
        let plan = self.plan;
        // Both are there in this mode: the plan has seen to it.
        let (Some(path), Some(identity)) = (&plan.receipt, &plan.identity) else {
            return;
        };
        let receipt = match read(path, identity, &self.sigstore) {
            Ok((attested, receipt)) => {
                self.report.receipt = Some(ReceiptRow::of(
                    path,
                    AttestationRow::of(&attested, Origin::File),
                    &receipt,
                ));
                receipt
            }
            Err(refusal) => return self.report.note([*refusal]),
        };
        if let ExpectedDigest::Exactly(expected) = plan.expected_digest
            && expected != receipt.digest()
        {
            let found = receipt.digest().to_string();
            self.report.note([Finding::new(
                Rule::DigestMismatch,
                None,
                expected.to_string(),
                found,
            )]);
        }
        self.tell_receipt(&receipt);
        let time = plan.timeouts.source;
        if timeout(time, self.hold_source(&receipt)).await.is_err() {
            self.report.note([super::in_time::too_late(time)]);
        }
        if !self.report.refused() {
            self.report.digest = Some(receipt.digest().to_string());
        }
    }

    fn tell_receipt(&mut self, receipt: &Receipt) {
        let _group = self.runner.group("Receipt");
        if let Some(row) = &self.report.receipt {
            for line in checks::receipt_lines(row) {
                self.runner.log(&line);
            }
        }
        for waiver in &receipt.waived {
            self.runner.log(&format!(
                "waived then: {} for {}: {}",
                waiver.rule, waiver.path, waiver.reason
            ));
        }
        for approver in receipt.approval.iter().flat_map(|one| &one.by) {
            self.runner.log(&approver.shown());
        }
        self.report.files = receipt.files.iter().map(file_row).collect();
    }

    /// Fetches every file of the receipt, and compares its bytes.
    async fn hold_source(&mut self, receipt: &Receipt) {
        source::raise_open_files_limit();
        let Some(temp) = self.private_folder() else {
            return;
        };
        let group = self.runner.group("Source");
        let Some((source, listed)) = self.find_source().await else {
            return;
        };
        let entries = match listed {
            Ok(entries) => entries,
            Err(why) => return self.report.note([why.finding(None)]),
        };
        let found: Vec<_> = receipt
            .files
            .iter()
            .map(|file| (file, entry_of(file, &entries)))
            .collect();
        let mut sizes: Vec<u64> = found
            .iter()
            .filter_map(|(_, entry)| Some(entry.as_ref().ok()?.size))
            .collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let at_once = sizes.iter().take(UNDER_WAY).sum();
        if let Err(why) = source::check_free_space(temp.path(), at_once) {
            return self.report.note([why.finding(None)]);
        }
        drop(group);
        let _group = self.runner.group("Compare");
        let run = &*self;
        let mut compared = stream::iter(found)
            .map(|(file, entry)| run.compare(&source, file, entry, &temp))
            .buffered(UNDER_WAY);
        let mut findings = Vec::new();
        while let Some((line, finding)) = compared.next().await {
            self.runner.log(&line);
            findings.extend(finding);
        }
        drop(compared);
        self.report.note(findings);
    }

    /// One file: what to say of it, and what is wrong.
    async fn compare(
        &self,
        source: &Source,
        file: &receipt::File,
        entry: Result<&Entry, &'static str>,
        temp: &TempDir,
    ) -> (String, Option<Finding>) {
        let refuse = |found: &str| {
            let expected = format!("the SHA-256 {}", hex::encode(file.sha256));
            let path = Some(file.path.as_str());
            Finding::new(Rule::ReceiptDiffers, path, expected, found)
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(found) => return (format!("REFUSED: {}", file.path), Some(refuse(found))),
        };
        match source.fetch(entry, &self.plan.limits, temp.path()).await {
            Ok(there) if *there.sha256() == file.sha256 && *there.sha512() == file.sha512 => {
                (format!("the very bytes: {}", entry.path), None)
            }
            Ok(there) => {
                let found = format!("the SHA-256 {}", hex::encode(there.sha256()));
                (format!("REFUSED: {}", entry.path), Some(refuse(&found)))
            }
            Err(why) => (
                format!("not read: {}", entry.path),
                Some(why.finding(Some(&entry.path))),
            ),
        }
    }
}

/// The file at its path, or, since a release may have moved, the only one of
/// its name.
fn entry_of<'a>(file: &receipt::File, entries: &'a [Entry]) -> Result<&'a Entry, &'static str> {
    if let Some(entry) = entries.iter().find(|entry| entry.path == file.path) {
        return Ok(entry);
    }
    let mut same_name = entries
        .iter()
        .filter(|entry| basename(&entry.path) == file.name);
    match (same_name.next(), same_name.next()) {
        (Some(entry), None) => Ok(entry),
        (None, _) => Err("no file of this name"),
        _ => Err("several files of this name"),
    }
}

/// Reads and judges the receipt: its form, its proof, who signed it.
fn read(
    path: &Path,
    identity: &Publisher,
    trust: &Trust,
) -> Result<(Attested, Receipt), Box<Finding>> {
    let shown = path.display().to_string();
    let refuse = |rule, expected: &str, found: String| {
        Box::new(Finding::new(rule, Some(&shown), expected, found))
    };
    let bytes = file::read_anywhere(path, LARGEST).map_err(|why| {
        refuse(
            Rule::InputIllegal,
            "a file that can be read",
            why.to_string(),
        )
    })?;
    let unreadable = |found: String| refuse(Rule::ReceiptUnreadable, "a signed receipt", found);
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable(format!("more than {LARGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("no text".to_owned()))?;
    let bundle = Bundle::parse(&text).map_err(|why| unreadable(why.to_string()))?;
    let unproven = bundle
        .statement()
        .map_err(|why| unreadable(why.to_string()))?;
    if unproven.predicate_type() != PREDICATE_TYPE {
        let kind = crate::http::sanitise(unproven.predicate_type(), 256);
        return Err(unreadable(format!("a statement of the type {kind}")));
    }
    let (attested, statement) = verify_bundle(&bundle, PREDICATE_TYPE, identity, trust)
        .map_err(|why| refuse(rule_of(&why), &expected(identity, &why), why.to_string()))?;
    let receipt = read_statement(&statement).map_err(|why| unreadable(why.to_string()))?;
    Ok((attested, receipt))
}

fn read_statement(statement: &Statement) -> Result<Receipt, receipt::ReceiptError> {
    Receipt::read(statement.bytes())
}

fn rule_of(why: &AttestError) -> Rule {
    match why {
        AttestError::Mismatch { .. } => Rule::ReceiptIdentity,
        AttestError::Malformed { .. } => Rule::ReceiptUnreadable,
        _ => Rule::ReceiptUntrusted,
    }
}

fn expected(identity: &Publisher, why: &AttestError) -> String {
    match why {
        AttestError::Mismatch { .. } => {
            format!(
                "signed by {} {}",
                identity.repository(),
                identity.workflow()
            )
        }
        _ => "a proof that holds".to_owned(),
    }
}

fn file_row(file: &receipt::File) -> FileRow {
    use crate::dist::filename::DistributionName;
    let name = DistributionName::parse(&file.name).ok();
    FileRow {
        path: file.path.clone(),
        class: "distribution".to_owned(),
        project: name.as_ref().map(|name| name.project().to_string()),
        version: name.as_ref().map(|name| name.version().to_string()),
        sha256: Some(hex::encode(file.sha256)),
        sha512: Some(hex::encode(file.sha512)),
        signer: Some(file.signer.to_string()),
        ..FileRow::default()
    }
}
