// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The report as lines of a log.

use super::approval::ApprovalRow;
use super::escape::line;
use super::{Outcome, Report};
use crate::rules::{Finding, Severity};

/// One finding as a block of lines, the first of which names rule and path.
pub fn finding(finding: &Finding) -> Vec<String> {
    let word = match finding.severity {
        Severity::Refuse => "REFUSED",
        Severity::Warn => "warning",
        Severity::Note => "note",
    };
    let place = finding.path.as_deref().unwrap_or("the run");
    vec![
        format!("{word} {}: {}", finding.rule, line(place)),
        format!("  {}", finding.rule.meaning()),
        format!("  expected: {}", line(&finding.expected)),
        format!("  found:    {}", line(&finding.found)),
        format!("  do:       {}", line(&finding.action)),
        format!(
            "  see:      {}{}",
            finding.rule.link(),
            finding
                .code
                .map_or(String::new(), |code| format!(" ({code})"))
        ),
    ]
}

/// One sentence on how the run ended.
pub fn outcome(report: &Report) -> String {
    let distributions = report
        .files
        .iter()
        .filter(|row| row.class == "distribution")
        .count();
    let refusals = report
        .findings
        .iter()
        .filter(|finding| finding.refuses())
        .count();
    match report.outcome {
        Outcome::Verified => format!(
            "Verified: {} hold{}.",
            counted(distributions, "distribution"),
            if distributions == 1 { "s" } else { "" }
        ),
        Outcome::DryRun => format!(
            "Dry run: {} could be published; nothing was sent.",
            counted(distributions, "distribution")
        ),
        Outcome::Published => {
            let all = counted(distributions, "distribution");
            format!("Published: the index serves {all} as verified.")
        }
        Outcome::Refused => format!(
            "Refused: {}{}.",
            counted(refusals, "finding"),
            nothing_sent(report)
        ),
        Outcome::IllegalInputs => format!("Wrong inputs: {}.", counted(refusals, "problem")),
        Outcome::Failed => format!(
            "Failed: something outside did not work{}. Run it again.",
            nothing_sent(report)
        ),
    }
}

/// `1 file`, `2 files`.
pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// That nothing was published, where it is certain.
fn nothing_sent(report: &Report) -> &'static str {
    if report.mode != "publish" || report.sent {
        ""
    } else {
        "; nothing was sent to the index"
    }
}

/// What the run found out, for the end of the log.
pub fn facts(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(config) = &report.config {
        lines.push(format!("config:  {}", line(&config.shown())));
        lines.push(format!("  gives: {}", config.gave()));
    }
    if let Some(source) = &report.source {
        let at = report
            .revision
            .map_or(String::new(), |revision| format!(" at revision {revision}"));
        lines.push(format!("source:  {}{at}", line(source)));
    }
    for keys in &report.keys {
        lines.push(format!(
            "keys:    {} at {}",
            line(&keys.place),
            keys.revision_word()
        ));
    }
    for signer in &report.signers {
        lines.push(format!(
            "signer:  {} {}",
            signer.fingerprint,
            line(&signer.user_id)
        ));
    }
    for (name, value) in report.approval.iter().flat_map(ApprovalRow::facts) {
        lines.push(format!("{}: {}", name.to_ascii_lowercase(), line(&value)));
    }
    for (by, files) in report.attesters() {
        let count = counted(files, "file");
        lines.push(format!("attests: {} ({count})", line(&by)));
    }
    if let Some(sigstore) = &report.sigstore {
        lines.push(format!("sigstore: {}", line(&sigstore.shown())));
    }
    if let Some(digest) = &report.digest {
        lines.push(format!("digest:  {digest}"));
    }
    if let Some(command) = &report.digest_command {
        lines.push("the same digest with coreutils, in a copy of the source:".to_owned());
        lines.push(format!("  {}", line(command)));
    }
    lines
}
