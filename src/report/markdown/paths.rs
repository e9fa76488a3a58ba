// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Everything else that lies in the source: counted by what it is, and listed
//! where it is no sidecar.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytesize::ByteSize;

use super::{Room, more};
use crate::report::text::counted;
use crate::report::{FileRow, Report};

/// What accompanies a file and says nothing by itself.
const SIDECARS: [&str; 2] = ["signature", "checksum"];

pub(super) fn write(page: &mut String, report: &Report, room: Room) {
    let is_shown = |row: &&FileRow| row.project.is_none();
    let others: Vec<&FileRow> = report.files.iter().filter(is_shown).collect();
    if others.is_empty() {
        return;
    }
    let mut classes = BTreeMap::new();
    for row in &others {
        *classes.entry(row.class.as_str()).or_insert(0) += 1;
    }
    let classes: Vec<String> = classes
        .into_iter()
        .map(|(class, count): (&str, usize)| match class {
            "excluded" | "waived" | "refused" => format!("{count} {class}"),
            "keys" => format!("{count} KEYS"),
            class => counted(count, class),
        })
        .collect();
    let _ = write!(
        page,
        "\n<details><summary>Beside the distributions: {}</summary>\n\n",
        classes.join(", ")
    );
    let listed: Vec<&&FileRow> = others
        .iter()
        .filter(|row| !SIDECARS.contains(&row.class.as_str()))
        .collect();
    if listed.is_empty() {
        page.push_str("Each belongs to a file that is listed.\n");
    } else {
        page.push_str("| Path | Class | Size | Signer |\n|---|---|--:|---|\n");
    }
    for row in listed.iter().take(room.rows) {
        let signer = row.signer.as_deref().map(|signer| room.code(signer));
        let size = ByteSize(row.size).display().iec();
        let _ = writeln!(
            page,
            "| {} | {} | {size} | {} |",
            room.code(&row.path),
            row.class,
            signer.unwrap_or_default(),
        );
    }
    if listed.len() > room.rows {
        page.push('\n');
        more(page, listed.len(), room.rows, "… ");
    }
    page.push_str("\n</details>\n");
}
