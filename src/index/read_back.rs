// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads back what the index shows after the uploads, until every file is
//! there with the bytes that were sent or a stated time is over.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, warn};

use super::ledger::{FileState, Wanted, ask};
use super::{Index, IndexError};
use crate::rules::{Finding, Rule};

/// Pauses grow to so many times the first.
const LONGEST_PAUSE: u32 = 8;

/// What the index shows of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The very bytes.
    Same,
    /// Nothing, for all the time that was given.
    Missing,
    /// Other bytes.
    Different {
        /// The SHA-256 that it shows, or words.
        found: String,
    },
}

/// What the index shows of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    files: BTreeMap<String, Shown>,
    waited: Duration,
}

impl ReadBack {
    /// What it shows of a file; none for one that was not asked for.
    pub fn shown(&self, file: &str) -> Option<&Shown> {
        self.files.get(file)
    }

    /// Whether it shows every file with the very bytes.
    pub fn is_complete(&self) -> bool {
        self.files.values().all(|shown| *shown == Shown::Same)
    }

    /// A verdict for every file that it does not show as it was sent.
    pub fn findings(&self) -> Vec<Finding> {
        let finding = |(file, shown): (&String, &Shown)| match shown {
            Shown::Same => None,
            Shown::Missing => Some(Finding::new(
                Rule::ReadBackLate,
                Some(file),
                format!("shown by the index within {} s", self.waited.as_secs()),
                "not shown yet",
            )),
            Shown::Different { found } => Some(Finding::new(
                Rule::ReadBackDiffers,
                Some(file),
                "the very bytes that were verified",
                found.clone(),
            )),
        };
        self.files.iter().filter_map(finding).collect()
    }
}

/// Asks until the index shows every file, or `timeout` is over. The first look
/// always ends; then only the projects that are not complete are asked again,
/// after `pause`, which grows to eight times its length.
///
/// # Errors
/// A look-up that the index refuses for good. One that may pass later only
/// counts as "not shown yet".
pub async fn read_back(
    index: &Index,
    files: &[Wanted<'_>],
    concurrency: usize,
    timeout: Duration,
    pause: Duration,
) -> Result<ReadBack, IndexError> {
    let deadline = Instant::now() + timeout;
    let missing = files
        .iter()
        .map(|wanted| (wanted.file.to_owned(), Shown::Missing));
    let mut result = ReadBack {
        files: missing.collect(),
        waited: timeout,
    };
    let mut open = files.to_vec();
    let mut next_pause = pause;
    loop {
        let looking = look(index, &mut open, concurrency, &mut result);
        match timeout_at(deadline.max(Instant::now() + pause), looking).await {
            Ok(looked) => looked?,
            Err(_) => break,
        }
        let rest = deadline.saturating_duration_since(Instant::now());
        if open.is_empty() || rest.is_zero() {
            break;
        }
        debug!("{} files are not shown yet", open.len());
        sleep(next_pause.min(rest)).await;
        next_pause = (next_pause * 2).min(pause * LONGEST_PAUSE);
    }
    Ok(result)
}

/// One look at the projects of the open files; those that are shown are no longer open.
async fn look(
    index: &Index,
    open: &mut Vec<Wanted<'_>>,
    concurrency: usize,
    result: &mut ReadBack,
) -> Result<(), IndexError> {
    let ledger = match ask(index, open, concurrency).await {
        Ok(ledger) => ledger,
        Err(error) if error.is_transient() => {
            warn!("reading back: {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    open.retain(|wanted| {
        let shown = match ledger.state(wanted.file) {
            Some(FileState::AlreadyThere) => Shown::Same,
            Some(FileState::Different { found }) => Shown::Different {
                found: found.clone(),
            },
            Some(FileState::New) | None => return true,
        };
        result.files.insert(wanted.file.to_owned(), shown);
        false
    });
    Ok(())
}
