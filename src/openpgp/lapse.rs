// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A key that expired or was withdrawn after it signed.
//!
//! That it signed before is the signer's own word. What the source says of the
//! day at which the signature came there is shown beside it: only that day is
//! not in the signer's hand. It is shown and decides nothing.

use super::Fingerprint;
use super::policy::{Fault, utc};
use crate::rules::Rule;

/// What to do where only the signer's word says that the signature is older.
const ASK: &str = "Ask the signer whether the file was signed before the key ended: \
    a signature can be dated back. In doubt, have it signed again by a key that is valid.";

/// When the `.asc` was last changed in the source, by the source's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Unix seconds.
    pub at: u64,
    /// The revision that did it, where there are revisions.
    pub revision: Option<u64>,
}

/// The end of a key that had signed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lapse {
    /// `key-expired-since` or `key-revoked-since`.
    pub(super) rule: Rule,
    pub(super) key: Fingerprint,
    /// What happened to it: `expired`, for instance.
    pub(super) how: String,
    /// When, in Unix seconds.
    pub(super) end: u64,
}

impl Lapse {
    /// The warning. `signed_at` in Unix seconds.
    pub(super) fn warn(self, signed_at: u64, commit: Option<Commit>) -> Fault {
        let Self {
            rule,
            key,
            how,
            end,
        } = self;
        let late = commit.is_some_and(|commit| commit.at >= end);
        let beside = match commit {
            None => "the source does not say when the signature was committed".to_owned(),
            Some(Commit { at, revision }) => {
                let revision =
                    revision.map_or_else(String::new, |revision| format!(" in r{revision}"));
                let order = if late {
                    "AFTER that: that it is older is the signer's word alone"
                } else {
                    "before that"
                };
                let at = utc(at);
                format!("the signature was committed at {at}{revision}, {order}")
            }
        };
        let (signed, end) = (utc(signed_at), utc(end));
        let fault = Fault::new(
            rule,
            "a key that is still valid",
            format!("key {key} signed at {signed}, by its own word, and {how} at {end}; {beside}"),
        );
        if late { fault.advise(ASK) } else { fault }
    }
}
