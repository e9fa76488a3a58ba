// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The table as the page of the documentation, docs/rules.md.
//!
//! A receipt names the rules by the SHA-256 of this page, so that anyone can
//! find the version of the documentation that it speaks of with `sha256sum`.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{Rule, Severity};

/// The text of docs/rules.md, to the byte.
pub fn page() -> String {
    let mut text = String::from(
        "# The rules\n\n\
         Every verdict names one of these rules. A refusal stops the run before anything is sent;\n\
         a warning and a note are told and stop nothing. The exit status of a run is 1 where a rule\n\
         of status 1 refuses, else 2, else 3. Only a rule that may be waived can be softened by the\n\
         input `waive`. With `approval: recorded` no rule from `environment-missing` to\n\
         `approval-unreachable` refuses: each is a warning ([who approved a run](approval.md)).\n\n",
    );
    for rule in Rule::ALL {
        let severity = match rule.severity() {
            Severity::Refuse => format!("refuses, exit status {}", rule.exit().code()),
            Severity::Warn => "warns".to_owned(),
            Severity::Note => "is noted".to_owned(),
        };
        let waivable = if rule.waivable() {
            "may be waived"
        } else {
            "never waived"
        };
        let code = rule.asf_code().map_or(String::new(), |code| {
            format!("; the ASF's release checker calls it {code}")
        });
        let _ = write!(
            text,
            "## {rule}\n\n{} ({severity}; {waivable}{code})\n\nWhat to do: {}\n\n",
            rule.meaning(),
            rule.action()
        );
    }
    format!("{}\n", text.trim_end())
}

/// The SHA-256 of [`page`].
pub fn page_digest() -> [u8; 32] {
    Sha256::digest(page()).into()
}
