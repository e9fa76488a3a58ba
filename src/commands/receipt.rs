// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Signs the receipt of a release that the index serves, and writes it beside
//! the JSON report.
//!
//! It comes last, so that it never speaks of what was not published. Where it
//! cannot be signed the release is published all the same: the run fails, and
//! the next one, which finds every file on the index, signs it. So every run
//! that ends well gives a receipt, of what it verified itself.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Run;
use super::attest::Attached;
use super::examine::Examined;
use crate::attest::{self, AttestError, Attested, Bundle, Publisher, Sign, Sigstore, Statement};
use crate::endpoints::{PYPI_BASE, TESTPYPI_BASE};
use crate::github::oidc::RequestCredentials;
use crate::github::runner;
use crate::plan::{Attestations, IndexChoice, Mode, Plan};
use crate::receipt::{
    Approval, Approver, File, KeysFile, PREDICATE_TYPE, Receipt, ReceiptError, Waiver,
};
use crate::report::approval::ApprovalRow;
use crate::report::{AttestationRow, Origin, ReceiptRow};
use crate::rules::{self, Finding, Rule, Severity};

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
enum Unmade {
    #[error(transparent)]
    Attest(#[from] AttestError),
    #[error("what was signed is not read again: {0}")]
    Read(#[from] ReceiptError),
    #[error("the files of this run could not be attested either")]
    Unattested,
    #[error("the signer gave {0} statements for one")]
    Count(usize),
    #[error("what was signed is not what was said")]
    Other,
    #[error(transparent)]
    Write(#[from] runner::RunnerError),
}

impl Run<'_> {
    /// Signs the receipt and writes it; nothing where no report was asked for,
    /// beside which it would lie, or no attestations.
    pub(super) async fn sign_receipt(
        &mut self,
        credentials: &RequestCredentials,
        examined: &Examined,
        attached: &Attached,
    ) {
        let plan = self.plan;
        let Some(path) = path(plan) else { return };
        let _group = self.runner.group("Receipt");
        let receipt = self.receipt_of(examined);
        let signer = Sigstore::new(
            &self.client,
            credentials,
            &self.sigstore,
            || self.context.now(),
            |secret: &str| self.runner.mask(secret),
        );
        let publisher = attached.publisher().or(self.publisher.as_ref());
        let lacks = |finding: &Finding| finding.rule == Rule::AttestationMissing;
        let made = if self.report.findings.iter().any(lacks) {
            Err(Unmade::Unattested)
        } else {
            self.make(&receipt, &signer, publisher, &path).await
        };
        match made {
            Ok(attested) => {
                let by = AttestationRow::of(&attested, Origin::Made);
                let row = ReceiptRow::of(&path, by, &receipt);
                self.runner.log(&format!("receipt: {}", row.path));
                self.report.receipt = Some(row);
            }
            Err(why) => {
                let expected = "a signed receipt of what was published";
                let mut finding =
                    Finding::new(Rule::ReceiptUnmade, None, expected, why.to_string());
                if plan.attestations == Attestations::BestEffort {
                    finding.severity = Severity::Warn;
                }
                self.report.note([finding]);
            }
        }
    }

    /// Signs it, and reads what was signed as anyone would, before it is kept.
    /// A run that sends nothing may not know its own workflow.
    async fn make(
        &self,
        receipt: &Receipt,
        signer: &dyn Sign,
        publisher: Option<&Publisher>,
        path: &Path,
    ) -> Result<Attested, Unmade> {
        let files = receipt.files.iter();
        let subjects: Vec<_> = files
            .map(|file| (file.name.as_str(), &file.sha256, &file.sha512))
            .collect();
        let statement = Statement::of_files(&subjects, PREDICATE_TYPE, receipt.predicate());
        let made = signer.sign(std::slice::from_ref(&statement)).await?;
        let [made] = made.as_slice() else {
            return Err(Unmade::Count(made.len()));
        };
        let text = made.bundle().to_text();
        let bundle = Bundle::parse(&text)?;
        let trust = &self.sigstore;
        let (attested, statement) = match publisher {
            Some(publisher) => attest::verify_bundle(&bundle, PREDICATE_TYPE, publisher, trust)?,
            None => attest::verify_bundle_by_anyone(&bundle, PREDICATE_TYPE, trust)?,
        };
        if Receipt::read(statement.bytes())? != *receipt {
            return Err(Unmade::Other);
        }
        runner::write_report(path, &text)?;
        Ok(attested)
    }

    fn receipt_of(&self, examined: &Examined) -> Receipt {
        let report = &self.report;
        let keys = report.keys.iter().zip(&examined.keys);
        let files = examined.batch.files().iter();
        let waived = report.waived.iter();
        Receipt {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules: rules::page_digest(),
            verified_at: examined.verified_at,
            source: report.source.clone().unwrap_or_default(),
            revision: report.revision,
            area: examined.area.map(|area| area.to_string()),
            index: index_url(&self.plan.index),
            keys: keys
                .map(|(row, bytes)| KeysFile {
                    place: row.place.clone(),
                    revision: row.revision,
                    sha256: Sha256::digest(bytes).into(),
                })
                .collect(),
            files: files
                .map(|file| File {
                    path: file.path().to_owned(),
                    name: file.name().file().to_owned(),
                    sha256: *file.fetched().sha256(),
                    sha512: *file.fetched().sha512(),
                    signer: file.signer().primary.clone(),
                    signature: *file.signature_sha256(),
                })
                .collect(),
            waived: waived
                .map(|waived| Waiver {
                    rule: waived.rule.id().to_owned(),
                    path: waived.path.clone(),
                    reason: waived.reason.clone(),
                })
                .collect(),
            approval: report.approval.as_ref().map(approval_of),
        }
    }
}

/// Of the reviews only those that count: approvals of another person.
fn approval_of(row: &ApprovalRow) -> Approval {
    let counts = row.reviews.iter().filter(|review| review.counts);
    Approval {
        environment: row.environment.clone(),
        run: row.run.id.clone(),
        attempt: row.run.attempt,
        started: row.run.started.clone(),
        read_at: row.read_at.clone(),
        by: counts
            .map(|review| Approver {
                user: review.user.clone(),
                user_id: review.user_id,
                comment: review.comment.clone(),
            })
            .collect(),
    }
}

fn index_url(index: &IndexChoice) -> String {
    match index {
        IndexChoice::Pypi => PYPI_BASE.to_owned(),
        IndexChoice::TestPypi => TESTPYPI_BASE.to_owned(),
        IndexChoice::Own { base, .. } => base.to_string(),
    }
}

/// Where this run would leave its receipt; none where it signs none. One of
/// several shards does not: a receipt speaks of a whole release.
pub(super) fn path(plan: &Plan) -> Option<PathBuf> {
    let whole = plan.mode == Mode::Publish && plan.shard.is_none();
    let signs = whole && plan.attestations != Attestations::Off;
    let report = plan.report.as_deref().filter(|_| signs && !plan.dry_run);
    report.map(path_beside)
}

/// `release.json` has its receipt in `release.receipt.sigstore.json`.
fn path_beside(report: &Path) -> PathBuf {
    let name = report.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    report.with_file_name(format!("{stem}.receipt.sigstore.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receipt_lies_beside_the_report() {
        for (report, receipt) in [
            ("report.json", "report.receipt.sigstore.json"),
            ("out/r-1.2.json", "out/r-1.2.receipt.sigstore.json"),
            ("/tmp/report", "/tmp/report.receipt.sigstore.json"),
        ] {
            assert_eq!(path_beside(Path::new(report)), Path::new(receipt));
        }
    }
}
