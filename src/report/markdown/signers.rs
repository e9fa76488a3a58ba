// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who signed, with what key, and how long it lasts.

use std::fmt::Write as _;

use super::{Room, more};
use crate::report::Report;
use crate::report::text::number;

pub(super) fn write(page: &mut String, report: &Report, room: Room) {
    if report.signers.is_empty() {
        return;
    }
    page.push_str("\n### Signers\n\n| Fingerprint | User id | Key | Files |\n|---|---|---|--:|\n");
    for signer in report.signers.iter().take(room.rows) {
        let signed =
            |row: &&crate::report::FileRow| row.signer.as_ref() == Some(&signer.fingerprint);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            room.code(&signer.fingerprint),
            room.code(&signer.user_id),
            signer.expiry(),
            number(report.files.iter().filter(signed).count()),
        );
    }
    if report.signers.len() > room.rows {
        page.push('\n');
        more(page, report.signers.len(), room.rows, "… ");
    }
}
