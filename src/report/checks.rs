// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What was checked afterwards, as rows of the report, and how they look in the
//! log and in the job summary: file by file for `check`, and the receipt. Pure.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::escape::{line, markdown as shown};
use super::{AttestationRow, Report};
use crate::receipt::Receipt;

/// How the index stands to a file that it, or the release, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Served {
    /// It serves the very bytes.
    Same,
    /// It serves other bytes.
    Different,
    /// It does not serve the file.
    Missing,
    /// The release does not hold the file.
    Extra,
}

impl Served {
    /// The word in the report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Missing => "missing",
            Self::Extra => "extra",
        }
    }
}

/// One file that `check` looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckRow {
    /// The name of the file.
    pub file: String,
    /// The normalised name of its project.
    pub project: String,
    /// Its version.
    pub version: String,
    /// How the index stands to it.
    pub served: Served,
    /// Whether the index shows it as yanked.
    pub yanked: bool,
    /// What the release holds; lower-case hex.
    pub sha256: Option<String>,
    /// What the index says that it serves; lower-case hex.
    pub index_sha256: Option<String>,
    /// The fingerprint of the primary key that signed it.
    pub signer: Option<String>,
    /// Who attested it, where that holds.
    pub attested: Vec<AttestationRow>,
}

/// A receipt that was made, or checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptRow {
    /// The path of the file.
    pub path: String,
    /// Who signed it.
    pub signed: AttestationRow,
    /// When the release was verified, in Unix seconds.
    pub verified_at: u64,
    /// The version of the program that verified it.
    pub version: String,
    /// Where the release lay.
    pub source: String,
    /// At which revision.
    pub revision: Option<u64>,
    /// The SHA-256 of the rules, docs/rules.md, that held then.
    pub rules: String,
}

impl ReceiptRow {
    /// What a receipt in this file says, and who signed it.
    pub fn of(path: &Path, signed: AttestationRow, receipt: &Receipt) -> Self {
        Self {
            path: path.display().to_string(),
            signed,
            verified_at: receipt.verified_at,
            version: receipt.version.clone(),
            source: receipt.source.clone(),
            revision: receipt.revision,
            rules: hex::encode(receipt.rules),
        }
    }
}

/// Seconds since 1970 as RFC 3339 writes them, in UTC.
fn time(seconds: u64) -> String {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    time.map_or_else(
        || format!("{seconds} s"),
        |time| humantime::format_rfc3339_seconds(time).to_string(),
    )
}

fn signed(row: &AttestationRow) -> String {
    let at = row.git_ref.as_deref().or(row.commit.as_deref());
    let at = at.map_or(String::new(), |at| format!("@{at}"));
    format!("{}{at} (log entry {})", row.by(), row.log_index)
}

fn served(row: &CheckRow) -> String {
    let yanked = if row.yanked { ", yanked" } else { "" };
    format!("{}{yanked}", row.served.word())
}

/// The lines of the log for one file.
pub fn row_lines(row: &CheckRow) -> Vec<String> {
    let mut lines = vec![line(&format!("{}: {}", served(row), row.file))];
    if let Some(signer) = &row.signer {
        lines.push(format!("  signed by {}", line(signer)));
    }
    for by in &row.attested {
        lines.push(format!("  attested by {}", line(&signed(by))));
    }
    lines
}

/// What the receipt says, for the log.
pub fn receipt_lines(receipt: &ReceiptRow) -> Vec<String> {
    let by = &receipt.signed;
    let mut lines = vec![
        format!("receipt: {}", line(&receipt.path)),
        format!("  signed by {} at {}", line(&signed(by)), time(by.time)),
        format!(
            "  verified {} by version {} under rules {}",
            time(receipt.verified_at),
            line(&receipt.version),
            line(&receipt.rules)
        ),
    ];
    let at = revision(receipt.revision);
    lines.push(format!("  release: {}{at}", line(&receipt.source)));
    lines
}

fn revision(revision: Option<u64>) -> String {
    revision.map_or(String::new(), |revision| format!(" at revision {revision}"))
}

pub(super) fn checked(page: &mut String, report: &Report, rows: usize) {
    if report.checked.is_empty() {
        return;
    }
    page.push_str(
        "\n### What the index serves\n\n| File | Served | SHA-256 | Signed by | Attested by |\n\
         |---|---|---|---|---|\n",
    );
    for row in report.checked.iter().take(rows) {
        let cell = |text: Option<&String>| text.map_or(String::new(), |text| shown(text));
        let attested: Vec<String> = row.attested.iter().map(|by| shown(&signed(by))).collect();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            shown(&row.file),
            served(row),
            cell(row.index_sha256.as_ref().or(row.sha256.as_ref())),
            cell(row.signer.as_ref()),
            attested.join(" "),
        );
    }
    if let Some(more @ 1..) = report.checked.len().checked_sub(rows) {
        let _ = writeln!(
            page,
            "\n… {more} more; the log and the JSON report have them."
        );
    }
}

pub(super) fn receipt(page: &mut String, report: &Report) {
    let Some(receipt) = &report.receipt else {
        return;
    };
    let by = &receipt.signed;
    let source = shown(&receipt.source) + &revision(receipt.revision);
    let signed_by = format!("{}, {}", shown(&signed(by)), time(by.time));
    page.push_str("\n### Receipt\n\n| | |\n|---|---|\n");
    for (name, value) in [
        ("File", shown(&receipt.path)),
        ("Signed by", signed_by),
        ("Verified", time(receipt.verified_at)),
        ("By version", shown(&receipt.version)),
        ("Under rules", shown(&receipt.rules)),
        ("Release", source),
    ] {
        let _ = writeln!(page, "| {name} | {value} |");
    }
}
