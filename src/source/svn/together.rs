// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Many files by few requests: a round trip for each would be most of the time
//! that a large release takes. They come by update reports, several at once,
//! and are taken apart while they come: no more of a file than a window is in
//! memory before it lies on the disk, but for sidecars.

mod load;

use std::path::Path;
use std::sync::Arc;

use reqwest::Response;
use tokio::sync::mpsc;

use self::load::{Load, Outcome};
use super::Svn;
use crate::http::PacedBody;
use crate::source::arrivals::{Arrivals, TOGETHER_FILE_LIMIT, Wanted};
use crate::source::lanes::CONNECTIONS;
use crate::source::{Entry, update_report};

/// Not more files are read at once, each by itself, anyway.
const TOGETHER_LEAST: usize = CONNECTIONS + 1;
/// What comes into memory, in bytes: the sidecars of about 1,500 distributions.
const MEMORY_LIMIT: u64 = 2 << 20;
/// What comes together at all, in bytes: it may all lie on the disk at once.
const TOGETHER_LIMIT: u64 = 256 << 20;
/// The least and the most that one report brings, in bytes of files. With less
/// the question costs more than the answer; with more, what breaks off costs
/// too much.
const LOAD_LEAST: u64 = 1 << 20;
const LOAD_MOST: u64 = 16 << 20;
/// How many parts of an answer may wait to be taken apart.
const WAITING: usize = 4;

impl Svn {
    /// Starts to bring files of the listing, each group together.
    pub(in crate::source) fn bring_together(
        self: &Arc<Self>,
        groups: &[Vec<Wanted<'_>>],
        listing: &[Entry],
        temp: &Path,
    ) -> Arrivals {
        let mut arrivals = Arrivals::default();
        let chosen = choose(groups);
        if chosen.iter().map(Vec::len).sum::<usize>() < TOGETHER_LEAST {
            return arrivals;
        }
        let listing: Arc<[Entry]> = listing.into();
        for part in divide(&chosen) {
            let mut load = Load::new(temp);
            for wanted in part.iter().flatten() {
                load.add(*wanted, arrivals.expect(&wanted.entry.path));
            }
            let (svn, listing) = (Arc::clone(self), Arc::clone(&listing));
            arrivals
                .reading
                .spawn(async move { svn.bring(load, &listing).await });
        }
        arrivals
    }

    /// Brings what one report holds.
    async fn bring(&self, load: Load, listing: &[Entry]) {
        let question = self.served.report().and_then(|(url, address)| {
            let wanted = load.paths().collect();
            let body = update_report::ask_contents(&address, self.revision, &wanted, listing)?;
            Some((url, body))
        });
        let Some((url, question)) = question else {
            tracing::debug!("no update report for such names, each file alone");
            return;
        };
        let _connection = self.lanes.connection().await;
        let response = match self.ask_report(&url, question).await {
            Ok(Ok(response)) => response,
            Ok(Err(why)) => return tracing::debug!("no update report, each file alone: {why}"),
            Err(error) => return tracing::debug!("no update report, each file alone: {error}"),
        };
        let wanted = load.len();
        let Outcome { arrived, broken } = receive(response, load, self.revision).await;
        let why = broken.map_or_else(String::new, |why| format!(": {why}"));
        tracing::debug!("{arrived} of {wanted} files came together{why}");
    }
}

/// Takes an answer apart on a thread of its own while it comes.
async fn receive(response: Response, load: Load, revision: u64) -> Outcome {
    let limit = load.answer_limit();
    let (sender, parts) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || load.read(parts, revision));
    let mut found = 0;
    let mut body = PacedBody::new(response);
    let mut broken = None;
    loop {
        match body.chunk().await {
            Ok(Some(part)) => {
                found += part.len() as u64;
                if found > limit {
                    broken = Some("more than all files take".to_owned());
                    break;
                }
                // Whoever takes no more knows why.
                if sender.send(part).await.is_err() {
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    drop(sender);
    let mut outcome = reading.await.unwrap_or_default();
    outcome.broken = broken.or(outcome.broken);
    outcome
}

/// What of each group may come together.
fn choose<'a>(groups: &[Vec<Wanted<'a>>]) -> Vec<Vec<Wanted<'a>>> {
    let (mut total, mut memory) = (0_u64, 0_u64);
    let mut fits = |wanted: &Wanted<'_>| {
        let size = wanted.entry.size;
        let in_memory = if wanted.in_memory { size } else { 0 };
        let fits = wanted.entry.special.is_none()
            && wanted.entry.sha1.is_some()
            && size <= TOGETHER_FILE_LIMIT
            && total.saturating_add(size) <= TOGETHER_LIMIT
            && memory.saturating_add(in_memory) <= MEMORY_LIMIT;
        if fits {
            total += size;
            memory += in_memory;
        }
        fits
    };
    groups
        .iter()
        .map(|group| {
            group
                .iter()
                .copied()
                .filter(|wanted| fits(wanted))
                .collect()
        })
        .filter(|group: &Vec<_>| !group.is_empty())
        .collect()
}

/// The groups in parts of about the same size: as many as may come at once, or
/// fewer where they would be too small, or more where they would be too large.
fn divide<'g, 'a>(groups: &'g [Vec<Wanted<'a>>]) -> Vec<&'g [Vec<Wanted<'a>>]> {
    let size = |group: &Vec<Wanted<'_>>| group.iter().map(|wanted| wanted.entry.size).sum::<u64>();
    let total: u64 = groups.iter().map(size).sum();
    let count = (total / LOAD_LEAST)
        .clamp(1, CONNECTIONS as u64)
        .max(total.div_ceil(LOAD_MOST));
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, group) in groups.iter().enumerate() {
        bytes += size(group);
        let full = bytes * count >= total * (parts.len() as u64 + 1);
        if full && bytes < total || place + 1 == groups.len() {
            parts.extend(groups.get(start..=place));
            start = place + 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests;
