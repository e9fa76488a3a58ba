// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The report as Markdown, for the job summary: the page that a reviewer reads
//! before saying yes or no.
//!
//! Decides the order of the page, and how much of each part is shown so that
//! the whole stays within GitHub's limit. What cannot be cut is the verdict, how
//! many findings there are of each rule, and the digest. Pure.

mod chain;
mod checkup;
mod facts;
mod findings;
mod paths;
mod projects;
mod signers;

use std::fmt::Write as _;

use super::checks;
use super::escape::{self, preformatted};
use super::text::{self, counted, number};
use super::{Outcome, Report, mail};
use crate::rules::Severity;

/// The most bytes of a page. GitHub refuses a summary beyond 1 MiB, and all of
/// a step's summary counts.
pub const LIMIT: usize = 1_000_000;

/// How much of each part is shown. Counts are always of everything.
#[derive(Clone, Copy)]
struct Room {
    /// Characters of one foreign text.
    text: usize,
    /// Groups of findings of one severity, and places of each group.
    groups: usize,
    places: usize,
    /// Projects, and files over all of them.
    projects: usize,
    files: usize,
    /// Rows of all other tables and lists.
    rows: usize,
    /// Characters of the command line that gives the digest.
    command: usize,
}

/// From the most readable to the smallest, whose page is never too long: the
/// findings, with at most three kinds and 10 bytes a character, take 400 kB of it.
const ROOMS: [Room; 4] = [
    Room {
        text: 1_000,
        groups: 100,
        places: 50,
        projects: 2_000,
        files: 2_000,
        rows: 200,
        command: 60_000,
    },
    Room {
        text: 400,
        groups: 60,
        places: 20,
        projects: 600,
        files: 600,
        rows: 100,
        command: 20_000,
    },
    Room {
        text: 200,
        groups: 40,
        places: 5,
        projects: 200,
        files: 0,
        rows: 30,
        command: 8_000,
    },
    Room {
        text: 80,
        groups: 40,
        places: 1,
        projects: 60,
        files: 0,
        rows: 10,
        command: 0,
    },
];

impl Room {
    /// Foreign text as code, cut.
    fn code(self, text: &str) -> String {
        escape::markdown(&text::cut(text, self.text))
    }

    /// A sentence, cut.
    fn prose(self, text: &str) -> String {
        escape::prose(&text::cut(text, self.text))
    }

    /// A link, its text cut; an address that is too long is no link.
    fn link(self, shown: &str, address: &str) -> String {
        if address.len() > 2 * self.text {
            return self.code(shown);
        }
        escape::link(&text::cut(shown, self.text), address)
    }
}

/// The whole summary, in the largest form that fits.
pub fn summary(report: &Report) -> String {
    let mut page = String::new();
    for room in ROOMS {
        page = page_in(report, room);
        if page.len() <= LIMIT {
            break;
        }
    }
    page
}

fn page_in(report: &Report, room: Room) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "## {}\n", headline(report));
    let _ = writeln!(page, "{}{}\n", text::outcome(report), next(report));
    facts::write(&mut page, report, room);
    findings::write(&mut page, report, Severity::Refuse, room);
    findings::write(&mut page, report, Severity::Warn, room);
    if let Some(checkup) = &report.checkup {
        checkup::write(&mut page, checkup, room);
        findings::write(&mut page, report, Severity::Note, room);
        return page;
    }
    findings::write_waived(&mut page, report, room);
    checks::checked(&mut page, report, room.rows);
    checks::receipt(&mut page, report);
    links(&mut page, report, room);
    chain::write(&mut page, report);
    facts::write_approval(&mut page, report, room);
    projects::write(&mut page, report, room);
    signers::write(&mut page, report, room);
    facts::write_command(&mut page, report, room);
    paths::write(&mut page, report, room);
    findings::write(&mut page, report, Severity::Note, room);
    page
}

/// The verdict: one mark, one word, and what it is about.
fn headline(report: &Report) -> String {
    let (mark, word) = match report.outcome {
        Outcome::Verified => ("✅", "verified"),
        Outcome::DryRun => ("✅", "dry run"),
        Outcome::Published => ("✅", "published"),
        Outcome::Checked => ("✅", "checked"),
        Outcome::Ready => ("✅", "ready"),
        Outcome::Refused => ("❌", "refused"),
        Outcome::IllegalInputs => ("❌", "wrong inputs"),
        Outcome::Failed => ("⚠️", "failed, run it again"),
    };
    let count = |severity| {
        let findings = report.findings.iter();
        findings.filter(|one| one.severity == severity).count()
    };
    let about = match (count(Severity::Refuse), count(Severity::Warn)) {
        (0, 0) => String::new(),
        (0, warnings) => format!(", with {}", counted(warnings, "warning")),
        (refusals, _) => format!(", {}", counted(refusals, "finding")),
    };
    format!("{mark} asf-pypi-publish: {word}{about}")
}

/// What the reader is to do now.
fn next(report: &Report) -> &'static str {
    match report.outcome {
        Outcome::Verified => " Say yes only if the release digest is the one that was voted on.",
        Outcome::DryRun => {
            " Say yes only if the release digest is the one that was voted on: the same inputs \
             without <code>dry-run</code> publish it."
        }
        Outcome::Refused | Outcome::IllegalInputs => " What to do stands beside each finding.",
        Outcome::Published | Outcome::Checked | Outcome::Ready | Outcome::Failed => "",
    }
}

/// The pages of what was published, and the text for the project's mail.
fn links(page: &mut String, report: &Report, room: Room) {
    if report.links.is_empty() {
        return;
    }
    let pages = counted(report.links.len(), "page");
    let _ = write!(page, "\n### On the index\n\n");
    let folded = report.links.len() > FOLD;
    if folded {
        let _ = write!(page, "<details><summary>{pages}</summary>\n\n");
    }
    for link in report.links.iter().take(room.rows) {
        let _ = writeln!(page, "- {}", room.link(link, link));
    }
    more(page, report.links.len(), room.rows, "- ");
    if folded {
        page.push_str("\n</details>\n");
    }
    let lines = mail::lines(report);
    let lines: Vec<String> = lines
        .iter()
        .take(room.rows)
        .map(|line| text::cut(line, room.text))
        .collect();
    if !lines.is_empty() {
        let _ = write!(
            page,
            "\n<details><summary>Text for the mail of a vote or an announcement</summary>\n\n\
             {}\n\n</details>\n",
            preformatted(&lines)
        );
    }
}

/// A list or table of more rows is folded.
const FOLD: usize = 10;

/// That there are more than are shown.
fn more(page: &mut String, all: usize, shown: usize, before: &str) {
    if all > shown {
        let _ = writeln!(
            page,
            "{before}and {} more: the log and the JSON report have them",
            number(all - shown)
        );
    }
}

#[cfg(test)]
mod tests;
