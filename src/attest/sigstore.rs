// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Signing through Sigstore: one key and one certificate for many statements.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::AttestError;
use super::sign::{Sign, SignedStatement};
use super::statement::Statement;
use super::trust::Trust;
use crate::github::oidc::RequestCredentials;
use crate::http::Client;

/// Signs with certificates of Sigstore in the name of this job.
pub struct Sigstore<'a> {
    client: &'a Client,
    credentials: &'a RequestCredentials,
    trust: &'a Trust,
    now: Box<dyn Fn() -> u64 + Send + Sync + 'a>,
    mask: Box<dyn Fn(&str) + Send + Sync + 'a>,
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
        }
    }
}

impl Sign for Sigstore<'_> {
    fn sign<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, Result<Vec<SignedStatement>, AttestError>> {
        let _ = (self.client, self.credentials, (self.now)(), &self.mask);
        let name = self.trust.name();
        let text = format!(
            "{name}: {} statements cannot be signed yet",
            statements.len()
        );
        async move { Err(AttestError::Trust(text)) }.boxed()
    }
}
