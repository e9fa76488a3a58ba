// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index shows of the attestations in the end.
//!
//! What was sent with a file must be shown with it, and hold for it: ours, of
//! its digest. An index may be late, so that it is asked again until the time
//! of reading back is over. Of a file that was there before, or went without,
//! it is only told what the index shows: nothing can be added to it any more.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::Run;
use super::attest::Attached;
use super::publish::wanted;
use crate::attest::{self, Attestation, Publisher, Trust};
use crate::index::{self, Index, IndexError};
use crate::plan::Attestations;
use crate::report::{AttestationRow, Origin, Provenance, State};
use crate::rules::{Finding, Rule};
use crate::verify::{Batch, Verified};

/// Pauses grow to so many times the first.
const LONGEST_PAUSE: u32 = 8;

/// What the index shows of one file.
struct Look {
    provenance: Provenance,
    /// What it shows and what holds.
    rows: Vec<AttestationRow>,
    /// What is missing, in words; none where everything is there that was sent.
    missing: Option<String>,
    /// Whether another look may find more.
    may_come: bool,
}

impl Run<'_> {
    /// Looks for the files and for what was sent with them: one time for both.
    pub(super) async fn read_back_all(
        &mut self,
        index: &Index,
        batch: &Batch,
        attached: &Attached,
    ) {
        let deadline = Instant::now() + self.plan.timeouts.read_back;
        self.read_back(index, batch).await;
        if !self.report.refused() {
            self.read_back_attestations(index, batch, attached, deadline)
                .await;
        }
    }

    /// Looks until the index shows every attestation that was sent, or the time
    /// of reading back is over, which the files themselves have taken from. One
    /// look there is in any case.
    async fn read_back_attestations(
        &mut self,
        index: &Index,
        batch: &Batch,
        attached: &Attached,
        deadline: Instant,
    ) {
        if self.plan.attestations == Attestations::Off {
            return;
        }
        let mut pause = super::POLL;
        let mut open: Vec<&Verified> = batch.files().iter().collect();
        let mut shown = 0;
        loop {
            let looks = self.look(index, &open, attached).await;
            let is_over = Instant::now() >= deadline;
            let mut late = Vec::new();
            for (file, look) in looks {
                if look.missing.is_some() && look.may_come && !is_over {
                    late.push(file);
                    continue;
                }
                shown += usize::from(look.provenance == Provenance::Attested);
                self.take_look(file, look);
            }
            open = late;
            if open.is_empty() {
                break;
            }
            tracing::debug!("the attestations of {} files are not shown yet", open.len());
            let rest = deadline.saturating_duration_since(Instant::now());
            sleep(pause.min(rest)).await;
            pause = (pause * 2).min(super::POLL * LONGEST_PAUSE);
        }
        let all = batch.files().len();
        self.runner.log(&format!(
            "{shown} of {all} files are shown with attestations"
        ));
    }

    async fn look<'b>(
        &self,
        index: &Index,
        files: &[&'b Verified],
        attached: &Attached,
    ) -> Vec<(&'b Verified, Look)> {
        let (trust, publisher) = (&*self.sigstore, attached.publisher());
        let looks = stream::iter(files.iter().copied()).map(|file| async move {
            let sent = attached.types_of(file.path());
            let asked = index.provenance(&wanted(file)).await;
            (file, judge(asked, file, &sent, publisher, trust))
        });
        looks
            .buffer_unordered(self.plan.concurrency)
            .collect()
            .await
    }

    fn take_look(&mut self, file: &Verified, look: Look) {
        let path = file.path();
        let Look {
            provenance,
            rows,
            missing,
            ..
        } = look;
        if let Some(row) = self.report.row(path) {
            row.provenance = provenance;
            // What lay in the release was not sent with a file that was there.
            let is_sent = row.state == State::Uploaded;
            if !is_sent || row.attestations.is_empty() {
                row.attestations = rows;
            }
        }
        if let Some(missing) = missing {
            let time = self.plan.timeouts.read_back;
            self.report.note([not_shown(path, missing, time)]);
        }
    }
}

/// Holds an answer against what was sent with the file.
fn judge(
    asked: Result<index::Provenance, IndexError>,
    file: &Verified,
    sent: &[&str],
    publisher: Option<&Publisher>,
    trust: &Trust,
) -> Look {
    let nothing = |provenance, missing: String, may_come| Look {
        provenance,
        rows: Vec::new(),
        missing: (!sent.is_empty()).then_some(missing),
        may_come,
    };
    let bundles = match asked {
        Ok(index::Provenance::Attested(bundles)) => bundles,
        Ok(index::Provenance::Unattested) => {
            return nothing(Provenance::Unattested, "none".to_owned(), true);
        }
        Ok(index::Provenance::Unknown) => {
            let found = "the index has no page on its attestations";
            return nothing(Provenance::Unknown, found.to_owned(), true);
        }
        Err(why) => return nothing(Provenance::Unknown, why.to_string(), why.is_transient()),
    };
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for shown in bundles.iter().flat_map(|bundle| &bundle.attestations) {
        match verify(&shown.to_string(), file, publisher, trust) {
            Ok(says) => rows.push(AttestationRow::of(&says, Origin::Index)),
            Err(why) => problems.push(why),
        }
    }
    let has = |kind: &&str| rows.iter().any(|row| row.predicate_type == **kind);
    let lacks: Vec<&str> = sent.iter().filter(|kind| !has(kind)).copied().collect();
    let provenance = if rows.is_empty() {
        Provenance::Other
    } else {
        Provenance::Attested
    };
    let missing = (!lacks.is_empty()).then(|| {
        let others = problems.first();
        let others = others.map_or("none of that type".to_owned(), ToString::to_string);
        format!("without {}: {others}", lacks.join(", "))
    });
    Look {
        provenance,
        rows,
        missing,
        // What an index shows of a file does not change any more.
        may_come: false,
    }
}

/// By the policy of the index where the workflow is known; what another run
/// sent is only told of.
fn verify(
    text: &str,
    file: &Verified,
    publisher: Option<&Publisher>,
    trust: &Trust,
) -> Result<attest::Attested, attest::AttestError> {
    let attestation = Attestation::parse(text)?;
    let (name, sha256) = (file.name().file(), file.fetched().sha256());
    match publisher {
        Some(publisher) => attest::verify(&attestation, name, sha256, publisher, trust),
        None => attest::verify_by_anyone(&attestation, name, sha256, trust),
    }
}

fn not_shown(path: &str, found: String, time: Duration) -> Finding {
    let expected = format!(
        "the attestations that went with it, shown by the index within {} s",
        time.as_secs()
    );
    Finding::new(Rule::AttestationNotShown, Some(path), expected, found)
}
