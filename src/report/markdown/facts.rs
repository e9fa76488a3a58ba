// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the verdict is about: digest, revision, source, channel; and how
//! anyone finds the same digest.

use std::fmt::Write as _;

use super::{Room, more};
use crate::plan::ExpectedDigest;
use crate::report::Report;
use crate::report::escape::preformatted;
use crate::report::text::counted;

pub(super) fn write(page: &mut String, report: &Report, room: Room) {
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(digest) = &report.digest {
        let word = match report.expected_digest {
            ExpectedDigest::Exactly(_) => {
                "as <code>expected-digest</code> says; compare it with the vote"
            }
            ExpectedDigest::Any => "any was taken; compare it with the vote",
            ExpectedDigest::Unset => "to be compared with the vote",
        };
        rows.push(("Release digest", format!("{}, {word}", room.code(digest))));
    }
    if let Some(revision) = report.revision {
        let revision = revision.to_string();
        let address = report.source.as_deref().map(|source| at(source, &revision));
        let link = room.link(&revision, address.as_deref().unwrap_or_default());
        rows.push(("Revision", link));
    }
    if let Some(source) = &report.source {
        rows.push(("Source", room.link(source, source)));
    }
    if let Some(channel) = channel(report, room) {
        rows.push(("Channel", channel));
    }
    if let Some(row) = &report.shard {
        rows.push(("Part", row.shown()));
    }
    if let Some(config) = &report.config {
        let text = format!("{}; gives {}", config.shown(), config.gave());
        rows.push(("Configuration", room.code(&text)));
    }
    for keys in report.keys.iter().take(room.rows) {
        let link = room.link(&keys.place, &keys.place);
        rows.push(("KEYS", format!("{link} at {}", keys.revision_word())));
    }
    for (by, files) in report.attesters().into_iter().take(room.rows) {
        let count = counted(files, "file");
        rows.push(("Attested by", format!("{} ({count})", room.code(&by))));
    }
    if let Some(sigstore) = &report.sigstore {
        rows.push(("Sigstore", room.code(&sigstore.shown())));
    }
    if rows.is_empty() {
        return;
    }
    page.push_str("| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(page, "| {name} | {value} |");
    }
}

/// A directory as it was at a revision, in a browser: `mod_dav_svn` reads the
/// peg revision from `p`.
fn at(source: &str, revision: &str) -> String {
    format!("{source}?p={revision}")
}

/// From which area to which index.
fn channel(report: &Report, room: Room) -> Option<String> {
    let area = report.area.as_deref().map(|area| room.code(area));
    let index = Some(&report.index)
        .filter(|index| !index.is_empty())
        .map(|index| format!("to {}", room.code(index)));
    let dry = report.dry_run.then(|| "(dry run)".to_owned());
    let words: Vec<String> = [area, index, dry].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Who approved the run, and what its environment asks for.
pub(super) fn write_approval(page: &mut String, report: &Report, room: Room) {
    let Some(approval) = &report.approval else {
        return;
    };
    let facts = approval.facts();
    page.push_str("\n### Approval\n\n| | |\n|---|---|\n");
    for (name, value) in facts.iter().take(room.rows) {
        let _ = writeln!(page, "| {name} | {} |", room.code(value));
    }
    if facts.len() > room.rows {
        page.push('\n');
        more(page, facts.len(), room.rows, "… ");
    }
}

/// The command line of coreutils that gives the digest again.
pub(super) fn write_command(page: &mut String, report: &Report, room: Room) {
    let Some(command) = &report.digest_command else {
        return;
    };
    page.push_str("\n<details><summary>The same digest with coreutils</summary>\n\n");
    if command.chars().count() <= room.command {
        page.push_str("In a copy of the source:\n\n");
        page.push_str(&preformatted(std::slice::from_ref(command)));
    } else {
        page.push_str("The command line names too many files for this page: the log has it.");
    }
    page.push_str("\n\n</details>\n");
}
