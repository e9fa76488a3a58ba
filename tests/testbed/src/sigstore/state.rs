// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the stand-in knows and what a test sets: knobs, faults, counts.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::authority::{Authority, Identity, Stamp, Wanted};
use super::log::Log;
use crate::clock;
use crate::oidc::Trust;

/// How one request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, and nothing is done.
    Status(u16),
    /// This status with `Retry-After` in seconds, and nothing is done.
    RetryAfter(u16, u64),
    /// The connection is cut, and nothing is done.
    Reset,
    /// All is done and kept, and then the connection is cut.
    ResetAfter,
    /// All is done and kept, and then the answer is 502.
    BadGatewayAfter,
    /// A page in HTML with status 200, and nothing is done.
    Garbage,
    /// This status with the whole request in the answer, and nothing is done.
    Echo(u16),
}

/// How the log lies about the entries that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A proof of inclusion that leads elsewhere.
    Proof,
    /// A checkpoint that another key signed.
    Checkpoint,
    /// A checkpoint of another tree.
    Root,
    /// A promise that another key signed.
    Promise,
    /// No promise.
    NoPromise,
    /// No proof.
    NoProof,
    /// Another time than the one in the promise.
    Time,
    /// Everything is right, but it is the entry of somebody else.
    OtherEntry,
    /// An entry as version 2 of the log gives it: no time and no promise.
    Version2,
    /// A log that nobody knows, with all its signatures.
    OtherLog,
}

/// What a test may set.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// How long each request takes.
    pub latency: Duration,
    /// How long a certificate holds.
    pub certificate_lifetime: Duration,
    /// How old a certificate is when it is made.
    pub certificate_age: Duration,
    /// What the certificate log says.
    pub stamp: Stamp,
    /// Whether an authority that nobody knows makes the certificates.
    pub other_authority: bool,
    /// Whether certificates are for the signing of code.
    pub code_signing: bool,
    /// How the log lies.
    pub lie: Option<Lie>,
    /// How the next requests to the authority fail, first one first.
    pub authority_faults: VecDeque<Fault>,
    /// How the next requests to the log fail, first one first.
    pub log_faults: VecDeque<Fault>,
    /// How all requests to the authority fail after that.
    pub authority_down: Option<Fault>,
    /// How all requests to the log fail after that.
    pub log_down: Option<Fault>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            certificate_lifetime: Duration::from_secs(600),
            certificate_age: Duration::ZERO,
            stamp: Stamp::Embedded,
            other_authority: false,
            code_signing: true,
            lie: None,
            authority_faults: VecDeque::new(),
            log_faults: VecDeque::new(),
            authority_down: None,
            log_down: None,
        }
    }
}

impl Knobs {
    pub(super) fn next_fault(&mut self, of_log: bool) -> Option<Fault> {
        let (queue, down) = if of_log {
            (&mut self.log_faults, self.log_down)
        } else {
            (&mut self.authority_faults, self.authority_down)
        };
        queue.pop_front().or(down)
    }
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Certificates that were made.
    pub certificates: usize,
    /// Entries of the log.
    pub entries: usize,
    /// Entries that were there already (409).
    pub repeated: usize,
    /// Requests that were refused for what they say (400).
    pub refused: usize,
    /// Requests to the authority, failed ones included.
    pub authority_requests: usize,
    /// Requests to the log, failed ones included.
    pub log_requests: usize,
    /// The most requests to the log that were worked on at once.
    pub most_at_once: usize,
}

/// What changes.
pub(super) struct State {
    pub(super) knobs: Knobs,
    pub(super) counts: Counts,
    pub(super) log: Log,
    pub(super) in_flight: usize,
}

/// The stand-in's inside.
pub(super) struct Shared {
    pub(super) base: String,
    pub(super) issuer: Trust,
    pub(super) authority: Authority,
    other_authority: Authority,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(base: String, issuer: Trust) -> Self {
        let now = clock::now();
        Self {
            base,
            issuer,
            authority: Authority::new(now),
            other_authority: Authority::new(now),
            state: Mutex::new(State {
                knobs: Knobs::default(),
                counts: Counts::default(),
                log: Log::new(),
                in_flight: 0,
            }),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who makes the certificates.
    pub(super) fn authority(&self, knobs: &Knobs) -> &Authority {
        if knobs.other_authority {
            &self.other_authority
        } else {
            &self.authority
        }
    }

    /// A certificate, in DER, for this key (SPKI).
    pub(super) fn certify(&self, state: &mut State, identity: &Identity, key: &[u8]) -> Vec<u8> {
        let knobs = &state.knobs;
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let from = clock::now() - seconds(knobs.certificate_age);
        let certificate = self.authority(knobs).certify(&Wanted {
            identity,
            key,
            validity: (from, from + seconds(knobs.certificate_lifetime)),
            stamp: knobs.stamp,
            code_signing: knobs.code_signing,
        });
        state.counts.certificates += 1;
        certificate
    }
}
