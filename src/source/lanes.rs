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
    /// HTTP/2 was heard.
    is_wide: AtomicBool,
    /// The connection that all share failed.
    is_lost: AtomicBool,
    /// Speaks nothing but HTTP/2, and so holds one connection however many
    /// requests there are: a client that speaks both opens one for each
    /// request until it has seen what the server speaks. Made when it is
    /// needed; none where it cannot be made.
    shared: OnceLock<Option<Client>>,
}

impl Lanes {
    /// Few connections, until more is heard.
    pub(super) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            turns: Semaphore::new(CONNECTIONS),
            connections: Semaphore::new(CONNECTIONS),
            is_wide: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
            shared: OnceLock::new(),
        }
    }

    /// Takes note of what the server spoke in its first answer.
    pub(super) fn heard(&self, spoken: Version) {
        if spoken == Version::HTTP_2 && !self.is_wide.swap(true, Ordering::Relaxed) {
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
    ///
    /// # Errors
    /// The try's.
    pub(super) async fn attempt<T, F>(&self, one: impl FnOnce(Client) -> F) -> Result<T, HttpError>
    where
        F: Future<Output = Result<T, HttpError>>,
    {
        if let Some(shared) = self.shared() {
            let outcome = one(shared).await;
            let is_lost = |error: &HttpError| error.is_transient() && error.status().is_none();
            if outcome.as_ref().is_err_and(is_lost) {
                self.is_lost.store(true, Ordering::Relaxed);
            }
            return outcome;
        }
        let _connection = self.connection().await;
        one(self.client.clone()).await
    }

    fn shared(&self) -> Option<Client> {
        if !self.is_wide.load(Ordering::Relaxed) || self.is_lost.load(Ordering::Relaxed) {
            return None;
        }
        let make = || self.client.multiplexing().ok();
        self.shared.get_or_init(make).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;
    use crate::http::ClientOptions;

    fn lanes() -> Lanes {
        let client = Client::new(&ClientOptions {
            user_agent: "test".to_owned(),
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
        });
        Lanes::new(&client.unwrap())
    }

    /// The most of many files that are under way at a time.
    async fn most(lanes: &Lanes) -> usize {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let files = (0..3 * STREAMS).map(|_| async {
            let _turn = lanes.turn().await;
            let under_way = |_| async {
                let running = now.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(running, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            lanes.attempt(under_way).await
        });
        assert!(join_all(files).await.iter().all(Result::is_ok));
        most.into_inner()
    }

    async fn fail(lanes: &Lanes, error: HttpError) {
        let failed: Result<(), _> = lanes.attempt(|_| async { Err(error) }).await;
        assert!(failed.is_err());
    }

    #[tokio::test]
    async fn more_than_connections_are_under_way_by_http_2_only() {
        let lanes = lanes();
        lanes.heard(Version::HTTP_11);
        assert_eq!(most(&lanes).await, CONNECTIONS);
        // Heard again, it allows no more.
        for _ in 0..2 {
            lanes.heard(Version::HTTP_2);
            assert_eq!(most(&lanes).await, STREAMS);
        }
    }

    #[tokio::test]
    async fn few_are_under_way_once_the_shared_connection_failed() {
        let url = String::new;
        for (error, then) in [
            (HttpError::Timeout { url: url() }, CONNECTIONS),
            (
                // The server's answer: the connection itself is sound.
                HttpError::Status {
                    url: url(),
                    code: 503,
                    reason: String::new(),
                    body: String::new(),
                    retry_after: None,
                },
                STREAMS,
            ),
        ] {
            let lanes = lanes();
            lanes.heard(Version::HTTP_2);
            fail(&lanes, error).await;
            assert_eq!(most(&lanes).await, then);
        }
    }

    #[tokio::test]
    async fn what_fails_without_http_2_changes_nothing() {
        let lanes = lanes();
        fail(&lanes, HttpError::Timeout { url: String::new() }).await;
        lanes.heard(Version::HTTP_2);
        assert_eq!(most(&lanes).await, STREAMS);
    }
}
