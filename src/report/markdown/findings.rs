// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The findings of a run, grouped by what they say: one rule, what it means,
//! what to do, and all the places, of which the first are shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{FOLD, Room, more};
use crate::report::Report;
use crate::report::escape::prose;
use crate::report::text::{counted, grouped};
use crate::rules::{Finding, Rule, Severity};

pub(super) fn write(page: &mut String, report: &Report, severity: Severity, room: Room) {
    let some: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .collect();
    if some.is_empty() {
        return;
    }
    let (title, word) = match severity {
        Severity::Refuse => ("Refused", "finding"),
        Severity::Warn => ("Warnings", "warning"),
        Severity::Note => ("Notes", "note"),
    };
    let groups = grouped(&some);
    let _ = write!(page, "\n### {title}\n");
    if some.len() > 1 {
        let rules = counted(groups.len(), "kind");
        let _ = write!(page, "\n{} of {rules}.\n", counted(some.len(), word));
    }
    for group in groups.iter().take(room.groups) {
        write_group(page, group, room);
    }
    let rest = groups.iter().skip(room.groups).flatten();
    write_counts(page, rest.map(|finding| finding.rule));
}

/// What has no room of its own is counted, rule by rule.
fn write_counts(page: &mut String, rules: impl Iterator<Item = Rule>) {
    let mut counts = BTreeMap::new();
    for rule in rules {
        *counts.entry(rule).or_insert(0) += 1;
    }
    if counts.is_empty() {
        return;
    }
    page.push_str("\nAnd more, which the log has:\n\n");
    for (rule, count) in counts {
        let count = counted(count, "time");
        let _ = writeln!(page, "- [{rule}]({}): {count}", rule.link());
    }
}

fn write_group(page: &mut String, group: &[&Finding], room: Room) {
    let Some(first) = group.first() else { return };
    let times = if group.len() > 1 {
        format!(" ({})", counted(group.len(), "time"))
    } else {
        String::new()
    };
    let code = first.code.map_or(String::new(), |code| format!(" {code}"));
    let _ = write!(
        page,
        "\n**[{}]({})**{code}{times}: {}<br>**What to do:** {}\n\n",
        first.rule,
        first.rule.link(),
        prose(first.rule.meaning()),
        room.prose(&first.action),
    );
    let folded = group.len() > FOLD;
    if folded {
        let _ = write!(
            page,
            "<details><summary>{}</summary>\n\n",
            counted(group.len(), "place")
        );
    }
    page.push_str("| Where | Expected | Found |\n|---|---|---|\n");
    for finding in group.iter().take(room.places) {
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            finding
                .path
                .as_deref()
                .map_or_else(|| "the run".to_owned(), |path| room.code(path)),
            room.code(&finding.expected),
            room.code(&finding.found),
        );
    }
    if group.len() > room.places {
        page.push('\n');
        more(page, group.len(), room.places, "… ");
    }
    if folded {
        page.push_str("\n</details>\n");
    }
}

pub(super) fn write_waived(page: &mut String, report: &Report, room: Room) {
    if report.waived.is_empty() {
        return;
    }
    page.push_str("\n### Waived\n\n| Rule | Where | Reason |\n|---|---|---|\n");
    for waived in report.waived.iter().take(room.rows) {
        let _ = writeln!(
            page,
            "| [{}]({}) | {} | {} |",
            waived.rule,
            waived.rule.link(),
            room.code(&waived.path),
            room.code(&waived.reason)
        );
    }
    if report.waived.len() > room.rows {
        page.push('\n');
        more(page, report.waived.len(), room.rows, "… ");
    }
}
