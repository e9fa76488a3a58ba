// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index has in the end: whether it serves what was sent.

use super::publish::{wanted, with_paths};
use super::{Run, cancel};
use crate::index::{self, Index, Original, Shown, Wanted};
use crate::report::State;
use crate::rules::{Finding, Rule};
use crate::verify::{Batch, Verified};

impl Run<'_> {
    /// Looks until the index serves every file with the bytes that were sent.
    pub(super) async fn read_back(&mut self, index: &Index, batch: &Batch) {
        let _group = self.runner.group("Read back");
        let wanted: Vec<Wanted<'_>> = batch.files().iter().map(wanted).collect();
        let limit = self.plan.timeouts.read_back;
        let pause = super::POLL;
        match index::read_back(index, &wanted, self.plan.concurrency, limit, pause).await {
            Ok(read) if read.is_complete() => {
                self.runner.log(&format!(
                    "{} files are served as they were sent",
                    wanted.len()
                ));
                if self.plan.compare_downloads {
                    self.compare_downloads(index, batch).await;
                }
            }
            Ok(read) => {
                self.take(with_paths(read.findings(), batch));
            }
            Err(why) => self.report.note([why.finding(None)]),
        }
    }

    /// Downloads every file as any user would, and compares it.
    async fn compare_downloads(&mut self, index: &Index, batch: &Batch) {
        let files = batch.files().iter().map(|file| Original {
            wanted: wanted(file),
            size: file.fetched().size(),
        });
        let files: Vec<Original<'_>> = files.collect();
        let compared = index::compare_downloads(index, &files, self.plan.concurrency).await;
        match compared {
            Ok(findings) => {
                if findings.is_empty() {
                    let files = files.len();
                    self.runner
                        .log(&format!("{files} downloads have the very bytes"));
                }
                self.take(with_paths(findings, batch));
            }
            Err(why) => self.report.note([why.finding(None)]),
        }
    }

    /// Takes verdicts on what the index serves.
    fn take(&mut self, findings: Vec<Finding>) {
        for finding in &findings {
            if finding.rule == Rule::ReadBackDiffers
                && let Some(path) = &finding.path
            {
                self.set_state(path, State::Different);
            }
        }
        self.report.note(findings);
    }

    /// One look, after a run that did not come to its end, at what the index has
    /// of the files that were sent: some it may have taken without saying so.
    pub(super) async fn look_once(&mut self, index: &Index, batch: &Batch, sent: &[&str]) {
        let is_sent = |file: &&Verified| sent.contains(&file.path());
        let files: Vec<&Verified> = batch.files().iter().filter(is_sent).collect();
        if files.is_empty() {
            return;
        }
        let _group = self.runner.group("Read back");
        let wanted: Vec<Wanted<'_>> = files.iter().map(|file| wanted(file)).collect();
        let (time, pause) = (cancel::LAST_LOOK, cancel::LAST_LOOK / 5);
        let read = index::read_back(index, &wanted, self.plan.concurrency, time, pause);
        let Ok(read) = read.await else {
            return self.runner.log("the index does not say what it has");
        };
        let mut served = 0;
        for file in &files {
            match read.shown(file.name().file()) {
                Some(Shown::Same) => {
                    served += 1;
                    self.set_state(file.path(), State::Uploaded);
                }
                Some(Shown::Different { .. }) => self.set_state(file.path(), State::Different),
                Some(Shown::Missing) | None => {}
            }
        }
        let findings = with_paths(read.findings(), batch).into_iter();
        let differs = |finding: &Finding| finding.rule == Rule::ReadBackDiffers;
        self.report.note(findings.filter(differs));
        let sent = files.len();
        self.runner.log(&format!(
            "{served} of {sent} files are served as they were sent"
        ));
    }
}
