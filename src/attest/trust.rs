// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whom Sigstore's proofs rest on, and where its services are.
//!
//! Decides which keys and authorities count: those of the public instance, of
//! its staging, or of a file. The public ones are part of the program, so that
//! nothing is fetched and nobody can exchange them; their age is shown.

use std::time::Duration;

use super::AttestError;

/// What is trusted, and where one signs.
#[derive(Clone, Debug)]
pub struct Trust {
    name: String,
    made: Option<u64>,
}

impl Trust {
    /// Sigstore's public instance, the one that PyPI trusts.
    ///
    /// # Errors
    /// Never, as long as the program's own copies hold.
    pub fn public() -> Result<Self, AttestError> {
        Err(AttestError::Trust("not there yet".to_owned()))
    }

    /// Sigstore's staging instance, for trials.
    ///
    /// # Errors
    /// As [`Trust::public`].
    pub fn staging() -> Result<Self, AttestError> {
        Err(AttestError::Trust("not there yet".to_owned()))
    }

    /// An instance of one's own: the text of a client trust configuration, or
    /// of a trusted root alone, with which nothing can be signed. `name` is
    /// for messages.
    ///
    /// # Errors
    /// When the text is neither, or names addresses that no token may be sent to.
    pub fn own(name: &str, text: &str) -> Result<Self, AttestError> {
        let _ = text;
        Err(AttestError::Trust(format!("{name}: not there yet")))
    }

    /// `public`, `staging` or the file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How old the program's own copy is at `now`, in seconds since 1970; none
    /// where it came from a file.
    pub fn age(&self, now: u64) -> Option<Duration> {
        Some(Duration::from_secs(now.saturating_sub(self.made?)))
    }
}
