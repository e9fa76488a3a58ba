// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Many small files by one request: a round trip for each signature and each
//! checksum would be most of the time that a large release takes. A help and
//! no need: whatever does not come this way is read file by file.

use std::collections::BTreeMap;

use sha1::{Digest, Sha1};

use super::Svn;
use crate::http::{HttpError, pass_limited};
use crate::source::update_report::{self, Editor};
use crate::source::xml::Malformed;
use crate::source::{Entry, compare_sha1};

/// Fewer small files are read as quickly one by one.
const TOGETHER_LEAST: usize = 8;
/// How much is read by one update report at most, in bytes: the sidecars of
/// about 1,500 distributions.
const TOGETHER_LIMIT: u64 = 2 << 20;
/// What the answer may hold: the files in base64, and what Subversion says of each.
const TOGETHER_ANSWER_LIMIT: u64 = 12 << 20;

impl Svn {
    /// Reads small files of the listing by one request; what it does not give,
    /// or gives otherwise than listed, is left out.
    pub(in crate::source) async fn read_together(
        &self,
        wanted: &[&Entry],
        listing: &[Entry],
    ) -> BTreeMap<String, Vec<u8>> {
        let mut total = 0_u64;
        let chosen: BTreeMap<&str, &Entry> = wanted
            .iter()
            .filter(|entry| entry.special.is_none() && entry.sha1.is_some())
            .take_while(|entry| {
                total = total.saturating_add(entry.size);
                total <= TOGETHER_LIMIT
            })
            .map(|entry| (entry.path.as_str(), *entry))
            .collect();
        if chosen.len() < TOGETHER_LEAST {
            return BTreeMap::new();
        }
        let mut files = match self.report(&chosen, listing).await {
            Ok(files) => files.unwrap_or_default(),
            Err(error) => {
                tracing::debug!("no update report, each file alone: {error}");
                BTreeMap::new()
            }
        };
        files.retain(|path, bytes| {
            chosen.get(path.as_str()).is_some_and(|entry| {
                bytes.len() as u64 == entry.size
                    && compare_sha1(entry, &Sha1::digest(bytes).into()).is_ok()
            })
        });
        tracing::debug!(
            "{} of {} small files read together",
            files.len(),
            chosen.len()
        );
        files
    }

    /// Asks for an update report, once: nothing depends on it.
    async fn report(
        &self,
        chosen: &BTreeMap<&str, &Entry>,
        listing: &[Entry],
    ) -> Result<Option<BTreeMap<String, Vec<u8>>>, HttpError> {
        let wanted = chosen.keys().copied().collect();
        let question = self.served.report().and_then(|(url, address)| {
            let body = update_report::ask_contents(&address, self.revision, &wanted, listing)?;
            Some((url, body))
        });
        let Some((url, body)) = question else {
            return Ok(None);
        };
        let _permit = self.requests.acquire().await;
        let Ok(response) = self.ask_report(&url, body).await? else {
            return Ok(None);
        };
        let mut reader = update_report::Reader::new(self.revision, true);
        let mut files = Files {
            left: chosen
                .iter()
                .map(|(path, entry)| (*path, entry.size))
                .collect(),
            path: String::new(),
            came: BTreeMap::new(),
        };
        let read = pass_limited(response, TOGETHER_ANSWER_LIMIT, |part| {
            reader.feed(part, &mut files)
        });
        let read = read.await?.and_then(|()| reader.finish());
        Ok(read.ok().map(|()| files.came))
    }
}

/// The files that came.
struct Files<'a> {
    left: BTreeMap<&'a str, u64>,
    path: String,
    came: BTreeMap<String, Vec<u8>>,
}

impl Editor for Files<'_> {
    fn folder(&mut self, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    fn file(&mut self, path: &str, _: Option<[u8; 20]>) -> Result<Option<u64>, Malformed> {
        path.clone_into(&mut self.path);
        let size = self.left.remove(path);
        if size.is_some() {
            self.came.insert(path.to_owned(), Vec::new());
        }
        Ok(size)
    }

    fn property(&mut self, _: &str, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if let Some(file) = self.came.get_mut(&self.path) {
            file.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn whole(&mut self, _: Option<[u8; 16]>) -> Result<(), Malformed> {
        Ok(())
    }
}
