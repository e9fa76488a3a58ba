// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Files that come by few requests, and those who wait for them. A help and no
//! need: whatever does not arrive is read file by file, and whoever reads it
//! says what is wrong with it.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::Entry;
use super::fetched::Fetched;

/// A larger file is read alone: a report holds it in base64, and that third
/// more on the wire would cost more time than its own request.
pub const TOGETHER_FILE_LIMIT: u64 = 1 << 20;

/// A file of a listing that may come together with others.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the listing says of it.
    pub entry: &'a Entry,
    /// Whether it is small and comes into memory, not to private disk.
    pub in_memory: bool,
}

/// What came, with size and SHA-1 of the listing.
#[derive(Debug)]
pub(super) enum Arrived {
    Bytes(Vec<u8>),
    Copy(Fetched),
}

/// Files on their way; nothing is read any more once this is dropped.
#[derive(Debug, Default)]
pub struct Arrivals {
    waiting: BTreeMap<String, oneshot::Receiver<Arrived>>,
    /// Those who read. Dropped, they end.
    pub(super) reading: JoinSet<()>,
}

impl Arrivals {
    /// Takes the one place of a path to wait at.
    pub fn take(&mut self, path: &str) -> Arrival {
        Arrival(self.waiting.remove(path))
    }

    /// A path that will arrive: the sender is dropped where it does not.
    pub(super) fn expect(&mut self, path: &str) -> oneshot::Sender<Arrived> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.insert(path.to_owned(), receiver);
        sender
    }
}

/// One file on its way, or none.
#[derive(Debug, Default)]
pub struct Arrival(Option<oneshot::Receiver<Arrived>>);

impl Arrival {
    /// Waits for a file that was wanted in memory; none where it does not come.
    pub async fn bytes(self) -> Option<Vec<u8>> {
        match self.0?.await {
            Ok(Arrived::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Waits for a file that was wanted on disk; none where it does not come.
    pub async fn copy(self) -> Option<Fetched> {
        match self.0?.await {
            Ok(Arrived::Copy(copy)) => Some(copy),
            _ => None,
        }
    }
}
