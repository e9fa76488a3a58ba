// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The files that one update report should bring, and the taking apart of it:
//! nothing is handed on but what has size and SHA-1 of the listing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use sha1::{Digest as _, Sha1};
use tokio::sync::{mpsc, oneshot};

use crate::source::arrivals::{Arrived, Wanted};
use crate::source::fetched::PrivateCopy;
use crate::source::update_report::{Editor, Reader};
use crate::source::xml::Malformed;

/// What the server may say of each file and folder beside the contents, in bytes.
const WORDS: u64 = 4 << 10;
/// What it may say of the rest, the folders of the files that were not asked
/// for among them.
const MORE_WORDS: u64 = 4 << 20;

/// How the taking apart went.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many files arrived.
    pub(super) arrived: usize,
    /// Why the rest did not.
    pub(super) broken: Option<String>,
}

/// The files that are expected, until each is handed on.
#[derive(Debug)]
pub(super) struct Load {
    expected: BTreeMap<String, Expected>,
    temp: PathBuf,
    /// Where all copies lie, and where the next one begins.
    disk: Option<Arc<File>>,
    end: u64,
    current: Option<(Expected, Copy)>,
    arrived: usize,
}

#[derive(Debug)]
struct Expected {
    size: u64,
    sha1: Option<[u8; 20]>,
    in_memory: bool,
    waits: oneshot::Sender<Arrived>,
}

/// What came of a file so far.
#[derive(Debug)]
enum Copy {
    Memory(Vec<u8>),
    Disk(Box<PrivateCopy>),
}

impl Load {
    /// Nothing yet; what comes to disk goes to `temp`.
    pub(super) fn new(temp: &Path) -> Self {
        Self {
            expected: BTreeMap::new(),
            temp: temp.to_owned(),
            disk: None,
            end: 0,
            current: None,
            arrived: 0,
        }
    }

    pub(super) fn add(&mut self, wanted: Wanted<'_>, waits: oneshot::Sender<Arrived>) {
        let expected = Expected {
            size: wanted.entry.size,
            sha1: wanted.entry.sha1,
            in_memory: wanted.in_memory,
            waits,
        };
        self.expected.insert(wanted.entry.path.clone(), expected);
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.expected.keys().map(String::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.expected.len()
    }

    /// More bytes than this no answer needs: all files in base64, with line
    /// breaks, and what is said of them.
    pub(super) fn answer_limit(&self) -> u64 {
        let files = self.expected.values();
        let files = files.fold(0, |all: u64, file| {
            all.saturating_add(file.size / 2 * 3 + WORDS)
        });
        files.saturating_add(MORE_WORDS)
    }

    /// Takes an answer apart. Blocks.
    pub(super) fn read(mut self, mut parts: mpsc::Receiver<Bytes>, revision: u64) -> Outcome {
        let mut reader = Reader::new(revision, true);
        let mut read = Ok(());
        while let (Ok(()), Some(part)) = (read, parts.blocking_recv()) {
            read = reader.feed(&part, &mut self);
        }
        let read = read.and_then(|()| reader.finish());
        Outcome {
            arrived: self.arrived,
            broken: read.err().map(|why| why.to_string()),
        }
    }
}

impl Load {
    fn file_for_copies(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.disk {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(tempfile::tempfile_in(&self.temp)?);
        self.disk = Some(Arc::clone(&file));
        Ok(file)
    }
}

impl Editor for Load {
    fn folder(&mut self, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    /// What was not asked for, or comes again, is not even decoded.
    fn file(&mut self, path: &str, sha1: Option<[u8; 20]>) -> Result<Option<u64>, Malformed> {
        self.current = None;
        let Some(expected) = self.expected.remove(path) else {
            return Ok(None);
        };
        if sha1.is_some() && sha1 != expected.sha1 {
            return Err(Malformed("another SHA-1 than the listing's"));
        }
        let copy = if expected.in_memory {
            Copy::Memory(Vec::new())
        } else {
            let file = self.file_for_copies().map_err(|_| UNWRITABLE)?;
            let start = self.end;
            // As much as can come: no other copy reaches into it.
            self.end += expected.size;
            Copy::Disk(Box::new(PrivateCopy::begin_in(file, start)))
        };
        let size = expected.size;
        self.current = Some((expected, copy));
        Ok(Some(size))
    }

    fn property(&mut self, _: &str, name: &str) -> Result<(), Malformed> {
        if name == "svn:special" && self.current.is_some() {
            return Err(Malformed("a link that the listing does not name"));
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        match &mut self.current {
            Some((_, Copy::Memory(memory))) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Some((_, Copy::Disk(copy))) => copy.take(bytes).map_err(|_| UNWRITABLE),
            None => Ok(()),
        }
    }

    fn whole(&mut self) -> Result<(), Malformed> {
        let Some((expected, copy)) = self.current.take() else {
            return Ok(());
        };
        let (arrived, size, sha1): (_, _, [u8; 20]) = match copy {
            Copy::Memory(bytes) => {
                let (size, sha1) = (bytes.len() as u64, Sha1::digest(&bytes).into());
                (Arrived::Bytes(bytes), size, sha1)
            }
            Copy::Disk(copy) => {
                let (fetched, sha1) = copy.finish();
                let size = fetched.size();
                (Arrived::Copy(fetched), size, sha1)
            }
        };
        if Some(sha1) != expected.sha1 || size != expected.size {
            return Err(Malformed("other bytes than the listing names"));
        }
        self.arrived += 1;
        // Whoever no longer waits has given up the run.
        let _ = expected.waits.send(arrived);
        Ok(())
    }
}

/// Whoever reads the file alone will say why.
const UNWRITABLE: Malformed = Malformed("the private copy cannot be written");

#[cfg(test)]
mod tests;
