// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The border behind which signing happens, so that tests sign offline.

use futures_util::future::BoxFuture;

use super::AttestError;
use super::bundle::Bundle;
use super::pep740::Attestation;
use super::statement::Statement;

/// A statement with its signature, its certificate and its log entry.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedStatement(Bundle);

/// Signs statements in the name of this job.
pub trait Sign: Send + Sync {
    /// Signs each of the statements; the answer has their order.
    fn sign<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, Result<Vec<SignedStatement>, AttestError>>;
}

impl SignedStatement {
    /// As the object that an index takes.
    pub fn attestation(&self) -> Attestation {
        Attestation::from(self.0.clone())
    }

    /// As a bundle, for a file.
    pub fn bundle(&self) -> &Bundle {
        &self.0
    }
}

impl From<Bundle> for SignedStatement {
    fn from(bundle: Bundle) -> Self {
        Self(bundle)
    }
}
