// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What `doctor` looked at: the lines to paste, and a table for each part.

use std::fmt::Write as _;

use super::{Room, more};
use crate::endpoints::{PYPI_BASE, TESTPYPI_BASE};
use crate::report::doctor::Checkup;
use crate::report::escape::{markdown as shown, preformatted};
use crate::report::text;

pub(super) fn write(page: &mut String, checkup: &Checkup, room: Room) {
    if let Some(lines) = &checkup.asf_yaml {
        let lines: Vec<String> = lines
            .lines()
            .map(|line| text::cut(line, room.text))
            .collect();
        let _ = write!(
            page,
            "\n### Lines for `.asf.yaml`\n\n{}\n",
            preformatted(&lines)
        );
    }
    for (title, columns, rows) in checkup.tables() {
        if rows.is_empty() {
            continue;
        }
        let _ = write!(page, "\n### {title}\n\n| {} |\n", columns.join(" | "));
        let _ = writeln!(page, "|{}", "---|".repeat(columns.len()));
        for row in rows.iter().take(room.rows) {
            let cells: Vec<String> = row.iter().map(|text| cell(text, room)).collect();
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
        more(page, rows.len(), room.rows, "\n");
    }
    let _ = write!(page, "\n{}\n", shown(&checkup.version_line()));
}

/// A form of the index is a link; everything else is shown to the letter.
fn cell(text: &str, room: Room) -> String {
    let is_form = [PYPI_BASE, TESTPYPI_BASE].iter().any(|base| {
        let rest = text.strip_prefix(base);
        rest.is_some_and(|rest| rest.starts_with("/manage/"))
    });
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?&=%+".contains(c);
    if is_form && text.chars().all(plain) {
        format!("[the form]({text})")
    } else {
        shown(&text::cut(text, room.text))
    }
}
