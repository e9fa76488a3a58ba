// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! KEYS before the day: that somebody can sign a release, and who cannot for
//! much longer.

use std::time::Duration;

use crate::openpgp::{KeysReport, SigningKey, utc};
use crate::report::doctor::{KeyRow, KeyringRow};
use crate::rules::{Finding, Rule};

/// How soon is soon.
const SOON: Duration = Duration::from_hours(60 * 24);

/// What is said of the KEYS at `place`, at `now` in Unix seconds.
pub fn judge(
    place: &str,
    told: &KeysReport,
    signing: &[SigningKey],
    now: u64,
) -> (KeyringRow, Vec<Finding>) {
    let mut findings = Vec::new();
    if signing.is_empty() {
        let found = format!("{} keys, of which none may sign now", told.usable);
        let expected = "a key that may sign releases today";
        findings.push(
            Finding::new(Rule::KeysUnusable, Some(place), expected, found).advise(
                "Extend a key, or add the release manager's, and commit KEYS to the release area.",
            ),
        );
    }
    let until = now.saturating_add(SOON.as_secs());
    let mut expiring = Vec::new();
    for key in signing {
        let Some(end) = key.expires.filter(|end| *end <= until) else {
            continue;
        };
        let row = KeyRow {
            fingerprint: key.primary.to_string(),
            user_id: key.user_id.clone(),
            expires: utc(end),
        };
        let who = row.user_id.as_deref().unwrap_or("no user id");
        let found = format!("{} ({who}) until {}", row.fingerprint, row.expires);
        findings.push(Finding::new(
            Rule::KeyExpiring,
            Some(place),
            "keys that outlast the next release",
            found,
        ));
        expiring.push(row);
    }
    let row = KeyringRow {
        place: place.to_owned(),
        keys: told.usable,
        signing: signing.len(),
        expiring,
    };
    (row, findings)
}
