// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The report as Markdown, for the job summary.

use std::fmt::Write as _;

use super::approval::ApprovalRow;
use super::escape::{markdown as shown, preformatted};
use super::{AttestationRow, FileRow, Outcome, Provenance, Report, State, mail, text};
use crate::rules::{Finding, Severity};

/// GitHub refuses a summary beyond this many bytes; the rest of the step's
/// summary is left room.
pub const LIMIT: usize = 1_000_000;

/// The whole summary. What does not fit is cut at a row, and said to be cut.
pub fn summary(report: &Report) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "## asf-pypi-publish: {}\n", heading(report));
    let _ = writeln!(page, "{}\n", text::outcome(report));
    facts(&mut page, report);
    findings(&mut page, report, Severity::Refuse, "Refused");
    findings(&mut page, report, Severity::Warn, "Warnings");
    waived(&mut page, report);
    mail_text(&mut page, report);
    files(&mut page, report);
    findings(&mut page, report, Severity::Note, "Notes");
    if !report.links.is_empty() {
        page.push_str("\n### Published\n\n");
        for link in &report.links {
            let _ = writeln!(page, "- <{link}>");
        }
    }
    cut(page)
}

fn heading(report: &Report) -> &'static str {
    match report.outcome {
        Outcome::Verified => "✅ verified",
        Outcome::DryRun => "✅ dry run",
        Outcome::Published => "✅ published",
        Outcome::Refused => "❌ refused",
        Outcome::IllegalInputs => "❌ wrong inputs",
        Outcome::Failed => "⚠️ failed, run it again",
    }
}

fn facts(page: &mut String, report: &Report) {
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(digest) = &report.digest {
        rows.push(("Release digest", shown(digest)));
    }
    let at = |revision: Option<u64>| {
        revision.map_or(String::new(), |revision| format!(" at revision {revision}"))
    };
    if let Some(source) = &report.source {
        rows.push(("Source", shown(source) + &at(report.revision)));
    }
    if let Some(area) = &report.area {
        rows.push(("Area", shown(area)));
    }
    if let Some(config) = &report.config {
        let text = format!("{}; gives {}", config.shown(), config.gave());
        rows.push(("Configuration", shown(&text)));
    }
    for keys in &report.keys {
        let at = format!(" at {}", keys.revision_word());
        rows.push(("KEYS", shown(&keys.place) + &at));
    }
    for signer in &report.signers {
        rows.push((
            "Signer",
            format!("{} {}", shown(&signer.fingerprint), shown(&signer.user_id)),
        ));
    }
    for (name, value) in report.approval.iter().flat_map(ApprovalRow::facts) {
        rows.push((name, shown(&value)));
    }
    if !report.index.is_empty() {
        rows.push(("Index", shown(&report.index)));
    }
    for (by, files) in report.attesters() {
        let count = text::counted(files, "file");
        rows.push(("Attested by", format!("{} ({count})", shown(&by))));
    }
    if let Some(sigstore) = &report.sigstore {
        rows.push(("Sigstore", shown(&sigstore.shown())));
    }
    if rows.is_empty() {
        return;
    }
    page.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    if let Some(command) = &report.digest_command {
        let _ = write!(
            page,
            "\n<details><summary>The same digest with coreutils</summary>\n\n{}\n\n</details>\n",
            shown(command)
        );
    }
}

fn findings(page: &mut String, report: &Report, severity: Severity, title: &str) {
    let some: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .collect();
    if some.is_empty() {
        return;
    }
    let _ = write!(
        page,
        "\n### {title}\n\n| Rule | Where | Expected | Found | What to do |\n|---|---|---|---|---|\n"
    );
    for finding in some {
        let _ = writeln!(
            page,
            "| [{}]({}) | {} | {} | {} | {} |",
            finding.rule,
            finding.rule.link(),
            finding.path.as_deref().map_or(String::new(), shown),
            shown(&finding.expected),
            shown(&finding.found),
            shown(&finding.action),
        );
    }
}

fn waived(page: &mut String, report: &Report) {
    if report.waived.is_empty() {
        return;
    }
    page.push_str("\n### Waived\n\n| Rule | Where | Reason |\n|---|---|---|\n");
    for waived in &report.waived {
        let _ = writeln!(
            page,
            "| [{}]({}) | {} | {} |",
            waived.rule,
            waived.rule.link(),
            shown(&waived.path),
            shown(&waived.reason)
        );
    }
}

fn files(page: &mut String, report: &Report) {
    if report.files.is_empty() {
        return;
    }
    page.push_str(
        "\n### Files\n\n| Path | Class | Project | Version | Bytes | SHA-256 | Signer | Index | Attestations |\n\
         |---|---|---|---|---:|---|---|---|---|\n",
    );
    // Sidecars follow what is published, so that a cut costs the least.
    let (first, rest): (Vec<_>, Vec<_>) = report
        .files
        .iter()
        .partition(|row| row.class == "distribution");
    for row in first.into_iter().chain(rest) {
        let cell = |text: &Option<String>| text.as_deref().map_or(String::new(), shown);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            shown(&row.path),
            row.class,
            cell(&row.project),
            cell(&row.version),
            row.size,
            cell(&row.sha256),
            cell(&row.signer),
            standing(row),
            attestations(row),
        );
    }
}

/// The attestations of a distribution, each with its place in the log; a word
/// where the index was asked and shows none.
fn attestations(row: &FileRow) -> String {
    let one = |one: &AttestationRow| format!("{}, log entry {}", shown(one.kind()), one.log_index);
    let all: Vec<String> = row.attestations.iter().map(one).collect();
    match row.provenance {
        _ if row.class != "distribution" => String::new(),
        Provenance::Unknown | Provenance::Attested => all.join("; "),
        Provenance::Other | Provenance::Unattested if all.is_empty() => {
            row.provenance.word().to_owned()
        }
        other => format!("{}; the index: {}", all.join("; "), other.word()),
    }
}

/// Where a distribution stands on an index that was asked.
fn standing(row: &FileRow) -> &'static str {
    if row.class == "distribution" && row.state != State::Unknown {
        row.state.word()
    } else {
        ""
    }
}

fn mail_text(page: &mut String, report: &Report) {
    let lines = mail::lines(report);
    if !lines.is_empty() {
        let _ = write!(
            page,
            "\n<details><summary>Text for the mail of a vote or an announcement</summary>\n\n\
             {}\n\n</details>\n",
            preformatted(&lines)
        );
    }
}

fn cut(mut page: String) -> String {
    if page.len() <= LIMIT {
        return page;
    }
    let mut end = LIMIT;
    while !page.is_char_boundary(end) {
        end -= 1;
    }
    let end = page
        .get(..end)
        .and_then(|head| head.rfind('\n'))
        .unwrap_or(0);
    page.truncate(end);
    page.push_str("\n\nThe rest does not fit; the log and the JSON report have it.\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_of_thousands_of_files_stays_within_githubs_limit() {
        let mut report = Report::new("verify");
        report.files = (0..20_000)
            .map(|n| FileRow {
                path: format!("some/file-{n}.whl"),
                ..FileRow::default()
            })
            .collect();
        let page = summary(&report);
        assert!(page.len() <= LIMIT + 100);
        assert!(page.ends_with("The rest does not fit; the log and the JSON report have it.\n"));
    }
}
