// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How many requests a server gets at a time: as many as connections, which
//! are few; or more where it was heard to speak HTTP/2, and all on one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Version;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http::{Client, HttpError};

/// The ASF asks for few connections at a time.
pub(super) const CONNECTIONS: usize = 4;
/// Requests at a time on one connection: a quarter of what servers commonly
/// allow (RFC 9113, section 6.5.2, asks them for 100 at least).
pub(super) const STREAMS: usize = 24;

/// The way to one server.
#[derive(Debug)]
pub(super) struct Lanes {
    client: Client,
    /// Turns of files, held while one waits for another try, too: a busy server
    /// gets less, not more.
    turns: Semaphore,
    /// Turns of requests that may open a connection.
    connections: Semaphore,
    /// Speaks nothing but HTTP/2, and so holds one connection however many
    /// requests there are: a client that speaks both opens one for each
    /// request until it has seen what the server speaks.
    shared: OnceLock<Client>,
    is_shared_lost: AtomicBool,
}

impl Lanes {
    /// Few connections, until more is heard.
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            turns: Semaphore::new(CONNECTIONS),
            connections: Semaphore::new(CONNECTIONS),
            shared: OnceLock::new(),
            is_shared_lost: AtomicBool::new(false),
        }
    }

    /// Takes note of what the server spoke in its first answer.
    pub(super) fn heard(&self, spoken: Version) {
        if spoken != Version::HTTP_2 {
            return;
        }
        // Where no such client can be made, what there is does.
        if let Ok(client) = self.client.multiplexing()
            && self.shared.set(client).is_ok()
        {
            self.turns.add_permits(STREAMS - CONNECTIONS);
        }
    }

    /// Waits for the turn of a file, with all its tries.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed, so that there always is one.
        self.turns.acquire().await.ok()
    }

    /// Waits until a request may open a connection; it may while this is held.
    pub(super) async fn connection(&self) -> Option<SemaphorePermit<'_>> {
        self.connections.acquire().await.ok()
    }

    /// Does one try of a file, to the end of its body, by the client that it is
    /// given. Whatever happens to the shared connection, everything after that
    /// goes by few of its own: the server may no longer speak HTTP/2.
    pub(super) async fn attempt<T, F>(&self, one: impl FnOnce(Client) -> F) -> Result<T, HttpError>
    where
        F: Future<Output = Result<T, HttpError>>,
    {
        let is_lost = || self.is_shared_lost.load(Ordering::Relaxed);
        if let Some(shared) = self.shared.get().filter(|_| !is_lost()) {
            let outcome = one(shared.clone()).await;
            if outcome
                .as_ref()
                .is_err_and(|error| error.is_transient() && error.status().is_none())
            {
                self.is_shared_lost.store(true, Ordering::Relaxed);
            }
            return outcome;
        }
        let _connection = self.connection().await;
        one(self.client.clone()).await
    }
}
