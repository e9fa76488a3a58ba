// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The report as lines of a log.

use std::collections::BTreeMap;

use super::approval::ApprovalRow;
use super::escape::line;
use super::{Outcome, Report, ShardRow, State};
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

/// How the run ended, in a sentence; and in one more that a part is not the
/// whole, where it published a part.
pub fn outcome(report: &Report) -> String {
    let part = report.shard.as_ref().filter(|_| report.mode == "publish");
    format!(
        "{}{}",
        ended(report),
        part.map_or(String::new(), ShardRow::others)
    )
}

fn ended(report: &Report) -> String {
    let distributions = report
        .files
        .iter()
        .filter(|row| row.is_distribution())
        .count();
    let refusals = report
        .findings
        .iter()
        .filter(|finding| finding.refuses())
        .count();
    let is_warning = |finding: &&Finding| finding.severity == Severity::Warn;
    let warnings = report.findings.iter().filter(is_warning).count();
    let part = report
        .shard
        .as_ref()
        .map_or(String::new(), |row| format!(" ({})", row.name()));
    match report.outcome {
        Outcome::Verified | Outcome::Published if is_empty_shard(report) => {
            format!("Nothing to do{part}: the release has no project for it.")
        }
        Outcome::Verified => format!(
            "Verified: {} hold{}{part}.",
            counted(distributions, "distribution"),
            if distributions == 1 { "s" } else { "" }
        ),
        Outcome::DryRun => format!(
            "Dry run: this is what would be sent, {} of {}{part}; nothing was sent.",
            number(new(report)),
            counted(distributions, "distribution")
        ),
        Outcome::Published => {
            let all = counted(distributions, "distribution");
            format!("Published: the index serves {all} as verified{part}.")
        }
        Outcome::Checked if report.receipt.is_some() => {
            "Checked: the receipt holds, and the source holds what it says.".to_owned()
        }
        Outcome::Checked => {
            let all = counted(distributions, "distribution");
            format!("Checked: the index serves {all} as the release holds them, and no others.")
        }
        Outcome::Ready => match warnings {
            0 => "Ready: nothing was found that would fail on the day of a release.".to_owned(),
            _ => format!(
                "Ready, but for {}: each says what may fail on the day, or what nothing guards.",
                counted(warnings, "warning")
            ),
        },
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

/// `1 file`, `2 files`, `1,000 files`.
pub fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", number(count))
}

/// With a comma before each three digits.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// At most so many characters, and a sign that there were more.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The findings that say the same of several places, together: of one rule,
/// with one advice. In the order in which the first of each stands.
pub fn grouped<'a>(findings: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let next = groups.len();
        let place = *places
            .entry((finding.rule, finding.action.as_str()))
            .or_insert(next);
        match groups.get_mut(place) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// How many distributions the index does not have yet.
fn new(report: &Report) -> usize {
    let rows = report.files.iter().filter(|row| row.is_distribution());
    rows.filter(|row| row.state == State::New).count()
}

fn is_empty_shard(report: &Report) -> bool {
    report.shard.as_ref().is_some_and(|row| row.projects == 0)
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
    if let Some(row) = &report.shard {
        lines.push(format!("part:    {}", row.shown()));
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
            "signer:  {} {} ({})",
            signer.fingerprint,
            line(&signer.user_id),
            signer.expiry()
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
    if let Some(receipt) = &report.receipt {
        lines.extend(super::checks::receipt_lines(receipt));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rule;

    #[test]
    fn numbers_are_read_in_threes() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (5_000, "5,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(count), text);
        }
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(1_000, "file"), "1,000 files");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("Zürich", 2), "Zü…");
        assert_eq!(cut("Zürich", 6), "Zürich");
    }

    #[test]
    fn findings_of_one_rule_with_one_advice_are_one_group() {
        let at = |rule, path| Finding::new(rule, Some(path), "x", "y");
        let all = [
            at(Rule::SignatureBad, "a"),
            at(Rule::ChecksumMismatch, "a"),
            at(Rule::SignatureBad, "b"),
            at(Rule::SignatureBad, "c").advise("something else"),
        ];
        let groups = grouped(&all.iter().collect::<Vec<_>>());
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1, 1]);
    }
}
