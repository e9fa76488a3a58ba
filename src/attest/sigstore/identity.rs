// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A key that lives for a few minutes, with the certificate that says whose it is.
//!
//! Decides for how long it begins another signature.

use sigstore_verify::crypto::{KeyPair, parse_certificate_info};
use sigstore_verify::types::DerCertificate;

use crate::attest::error::{AttestError, Service};
use crate::http::sanitise;

/// A key whose certificate holds for less than this begins no signature, in
/// seconds; of a certificate that holds for less than ten minutes, a fifth.
const MARGIN: u64 = 120;

/// A key and its certificate.
pub(super) struct Identity {
    pub(super) key: KeyPair,
    pub(super) certificate: DerCertificate,
    from: u64,
    until: u64,
    /// By this machine's clock.
    last_start: u64,
}

impl Identity {
    /// `asked` is when the certificate was asked for, in seconds since 1970 by
    /// this machine's clock, which may differ from the authority's: so it is
    /// the length of the certificate's life that counts here.
    pub(super) fn new(
        (key, certificate): (KeyPair, DerCertificate),
        asked: u64,
    ) -> Result<Self, AttestError> {
        let answer = |problem: String| AttestError::Answer {
            service: Service::Fulcio,
            problem,
        };
        let info = parse_certificate_info(&certificate).map_err(|why| {
            answer(format!(
                "no certificate: {}",
                sanitise(&why.to_string(), 256)
            ))
        })?;
        let own = key.public_key_der().map_err(|why| key_error(&why))?;
        if info.public_key != own {
            return Err(answer("a certificate for another key".to_owned()));
        }
        let [from, until] = [info.not_before, info.not_after]
            .map(|time| u64::try_from(time.as_second()).unwrap_or_default());
        let life = until.saturating_sub(from);
        Ok(Self {
            key,
            certificate,
            from,
            until,
            last_start: asked.saturating_add(life - MARGIN.min(life / 5)),
        })
    }

    /// Whether it begins another signature at `now`.
    pub(super) fn begins_another(&self, now: u64) -> bool {
        now < self.last_start
    }

    /// Whether the certificate was valid at this time of the log.
    pub(super) fn was_valid(&self, time: u64) -> bool {
        (self.from..=self.until).contains(&time)
    }
}

pub(super) fn key_error(why: &dyn std::fmt::Display) -> AttestError {
    AttestError::Key(sanitise(&why.to_string(), 256))
}
