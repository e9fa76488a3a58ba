// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Signing through Sigstore: one key and one certificate for many statements.
//!
//! Decides how long a certificate serves, how many statements are under way at
//! once, and that a signature counts only when the log took it while its
//! certificate was valid. Every try signs anew, so that a lost answer never
//! leads to an entry that exists already.

mod fulcio;
mod identity;
mod rekor;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::sync::Mutex;

use self::fulcio::Fulcio;
use self::identity::Identity;
use self::rekor::Rekor;
use super::error::{AttestError, Service};
use super::sign::{Sign, SignedStatement};
use super::statement::Statement;
use super::trust::Trust;
use crate::github::oidc::RequestCredentials;
use crate::http::{Client, HttpError};

/// How many statements are under way at once.
const IN_FLIGHT: usize = 8;
/// How many certificates a statement is tried with: a log that took longer
/// than one holds may be quicker the next time.
const CERTIFICATES: usize = 2;
/// How far this machine's clock may be behind the log's, in seconds.
const CLOCK_LAG: u64 = 30;

/// Signs with certificates of Sigstore in the name of this job.
pub struct Sigstore<'a> {
    client: &'a Client,
    credentials: &'a RequestCredentials,
    trust: &'a Trust,
    now: Box<dyn Fn() -> u64 + Send + Sync + 'a>,
    mask: Box<dyn Fn(&str) + Send + Sync + 'a>,
    held: Mutex<Option<Arc<Identity>>>,
}

impl<'a> Sigstore<'a> {
    /// Nothing is asked for yet. `now` gives seconds since 1970; `mask` hears
    /// every secret before it is used.
    pub fn new(
        client: &'a Client,
        credentials: &'a RequestCredentials,
        trust: &'a Trust,
        now: impl Fn() -> u64 + Send + Sync + 'a,
        mask: impl Fn(&str) + Send + Sync + 'a,
    ) -> Self {
        Self {
            client,
            credentials,
            trust,
            now: Box::new(now),
            mask: Box::new(mask),
            held: Mutex::new(None),
        }
    }

    async fn sign_all(
        &self,
        statements: &[Statement],
    ) -> Result<Vec<SignedStatement>, AttestError> {
        let services = self.trust.services((self.now)())?;
        let fulcio = Fulcio {
            client: self.client,
            url: services.fulcio,
            audience: services.audience,
        };
        let rekor = Rekor {
            client: self.client,
            url: services.rekor,
        };
        let (fulcio, rekor) = (&fulcio, &rekor);
        // Collected, since the compiler can't see through a lazy closure here.
        let each = statements.iter();
        let each: Vec<_> = each.map(|one| self.sign_one(one, fulcio, rekor)).collect();
        let signed: Vec<(SignedStatement, u64)> =
            stream::iter(each).buffered(IN_FLIGHT).try_collect().await?;
        self.await_clock(signed.iter().map(|(_, time)| *time).max())
            .await;
        Ok(signed.into_iter().map(|(signed, _)| signed).collect())
    }

    async fn sign_one(
        &self,
        statement: &Statement,
        fulcio: &Fulcio<'_>,
        rekor: &Rekor<'_>,
    ) -> Result<(SignedStatement, u64), AttestError> {
        let mut outlived = None;
        for _ in 0..CERTIFICATES {
            let identity = self.identity(fulcio, outlived.as_ref()).await?;
            let entry = rekor.log(&identity, statement).await?;
            if identity.was_valid(entry.time) {
                return Ok((SignedStatement::from(entry.bundle), entry.time));
            }
            outlived = Some(identity);
        }
        Err(AttestError::Answer {
            service: Service::Rekor,
            problem: "an entry that is dated outside of the life of its certificate".to_owned(),
        })
    }

    /// A key with a certificate that begins another signature, and is not the
    /// one that was outlived. One is asked for at a time.
    async fn identity(
        &self,
        fulcio: &Fulcio<'_>,
        outlived: Option<&Arc<Identity>>,
    ) -> Result<Arc<Identity>, AttestError> {
        let mut held = self.held.lock().await;
        if let Some(identity) = held.as_ref() {
            let is_outlived = outlived.is_some_and(|other| Arc::ptr_eq(other, identity));
            if !is_outlived && identity.begins_another((self.now)()) {
                return Ok(Arc::clone(identity));
            }
        }
        let asked = (self.now)();
        let certified = fulcio.certify(self.credentials, &self.mask).await?;
        let identity = Arc::new(Identity::new(certified, asked)?);
        *held = Some(Arc::clone(&identity));
        Ok(identity)
    }

    /// Waits until the log's time is past here, too: no verifier takes an entry
    /// from the future, and this run is the first to verify it.
    async fn await_clock(&self, newest: Option<u64>) {
        for _ in 0..CLOCK_LAG {
            if newest.is_none_or(|newest| newest <= (self.now)()) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

impl Sign for Sigstore<'_> {
    fn sign<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, Result<Vec<SignedStatement>, AttestError>> {
        self.sign_all(statements).boxed()
    }
}

/// What a service's error is, when all tries are used up.
fn failed(service: Service, why: HttpError) -> AttestError {
    if why.is_transient() {
        AttestError::Unavailable { service, why }
    } else {
        AttestError::Refused { service, why }
    }
}
