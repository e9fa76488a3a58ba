// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The table of projects: what is to be published, one row a version, with the
//! files folded inside. A large wave is folded as a whole, but for what does not
//! hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bytesize::ByteSize;

use super::{FOLD, Room, more};
use crate::report::text::{counted, number};
use crate::report::{FileRow, Provenance, Report, State};
use crate::rules::Finding;
use crate::snapshot::basename;

/// One version of one project.
struct Version<'a> {
    project: &'a str,
    number: &'a str,
    files: Vec<(&'a FileRow, Verdict)>,
}

/// What verification came to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Refused,
    NotJudged,
    Holds,
}

impl Verdict {
    const fn shown(self) -> &'static str {
        match self {
            Self::Refused => "❌ refused",
            Self::NotJudged => "– not judged",
            Self::Holds => "✅ holds",
        }
    }
}

pub(super) fn write(page: &mut String, report: &Report, room: Room) {
    let versions = versions(report);
    if versions.is_empty() {
        return;
    }
    page.push_str("\n### Projects\n\n");
    let mut files = room.files;
    if versions.len() <= FOLD {
        table(page, &versions, room, &mut files);
        return;
    }
    // Sorted: what does not hold comes first, and the first of it is open.
    let holds = versions.partition_point(|version| !version.is_well());
    let (bad, good) = versions.split_at(holds);
    let (open, folded) = bad.split_at(bad.len().min(2 * FOLD));
    if !open.is_empty() {
        table(page, open, room, &mut files);
        page.push('\n');
    }
    if !folded.is_empty() {
        let count = number(folded.len());
        let _ = write!(
            page,
            "<details><summary>{count} more that do not hold</summary>\n\n"
        );
        table(page, folded, room, &mut files);
        page.push_str("\n</details>\n\n");
    }
    if !good.is_empty() {
        let _ = write!(page, "<details><summary>{}</summary>\n\n", in_short(good));
        table(page, good, room, &mut files);
        page.push_str("\n</details>\n");
    }
}

/// Every version, the ones that do not hold first.
fn versions(report: &Report) -> Vec<Version<'_>> {
    let refusals = report.findings.iter().filter(|one| Finding::refuses(one));
    let refused: BTreeSet<&str> = refusals.filter_map(|one| one.path.as_deref()).collect();
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for row in &report.files {
        if let (Some(project), Some(version)) = (&row.project, &row.version) {
            let files = versions.entry((project.as_str(), version.as_str()));
            files.or_default().push((row, verdict(row, &refused)));
        }
    }
    let mut versions: Vec<Version<'_>> = versions
        .into_iter()
        .map(|((project, number), files)| Version {
            project,
            number,
            files,
        })
        .collect();
    versions.sort_by_key(Version::is_well);
    versions
}

/// A refusal of a file's signature or checksum counts for the file.
fn verdict(row: &FileRow, refused: &BTreeSet<&str>) -> Verdict {
    let sidecar = format!("{}.", row.path);
    let next = refused.range(sidecar.as_str()..).next();
    if refused.contains(row.path.as_str()) || next.is_some_and(|path| path.starts_with(&sidecar)) {
        Verdict::Refused
    } else if row.signer.is_some() {
        Verdict::Holds
    } else {
        Verdict::NotJudged
    }
}

impl Version<'_> {
    fn verdict(&self) -> Verdict {
        let verdicts = self.files.iter().map(|(_, verdict)| *verdict);
        verdicts.min().unwrap_or(Verdict::NotJudged)
    }

    fn is_well(&self) -> bool {
        let mut rows = self.files.iter();
        self.verdict() == Verdict::Holds && !rows.any(|(row, _)| row.state == State::Different)
    }
}

fn bytes<'a>(mut versions: impl Iterator<Item = &'a Version<'a>>) -> String {
    let size = versions.try_fold(0u64, |sum, version| {
        let mut files = version.files.iter();
        files.try_fold(sum, |sum, (row, _)| sum.checked_add(row.size))
    });
    size_of(size.unwrap_or(u64::MAX))
}

fn size_of(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

/// `150 projects, 300 files, 12.3 MiB: all hold`.
fn in_short(versions: &[Version<'_>]) -> String {
    let projects: BTreeSet<&str> = versions.iter().map(|version| version.project).collect();
    let files = versions.iter().flat_map(|version| &version.files);
    let states = states(files.clone().map(|(row, _)| *row));
    let states = if states.is_empty() {
        String::new()
    } else {
        format!("; on the index: {states}")
    };
    format!(
        "{} with {}, {}: all hold{states}",
        counted(projects.len(), "project"),
        counted(files.count(), "file"),
        bytes(versions.iter()),
    )
}

/// Where files stand on the index: `uploaded`, or `1 new, 2 already there`.
fn states<'a>(rows: impl Iterator<Item = &'a FileRow>) -> String {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(shown(row.state)).or_insert(0) += 1;
    }
    match counts.len() {
        1 => counts.into_keys().next().unwrap_or_default().to_owned(),
        _ => counts
            .into_iter()
            .map(|(state, count)| match state {
                "" => format!("{count} unknown"),
                state => format!("{count} {state}"),
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Where a file stands on the index, for people; nothing where nobody asked.
const fn shown(state: State) -> &'static str {
    match state {
        State::New => "new",
        State::Uploaded => "uploaded",
        State::AlreadyThere => "already there",
        State::Different => "other bytes",
        State::Unknown => "",
    }
}

fn table(page: &mut String, versions: &[Version<'_>], room: Room, files_left: &mut usize) {
    page.push_str(
        "| Project | Version | Verdict | On the index | Size | Files |\n|---|---|---|---|--:|---|\n",
    );
    for version in versions.iter().take(room.projects) {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} |",
            room.code(version.project),
            room.code(version.number),
            version.verdict().shown(),
            states(version.files.iter().map(|(row, _)| *row)),
            bytes(std::iter::once(version)),
            files(version, room, files_left),
        );
    }
    if versions.len() > room.projects {
        page.push('\n');
        more(page, versions.len(), room.projects, "… ");
    }
}

/// The files of a version in one cell, folded.
fn files(version: &Version<'_>, room: Room, left: &mut usize) -> String {
    let shown = version.files.len().min(*left);
    *left -= shown;
    let count = counted(version.files.len(), "file");
    if shown == 0 {
        return count;
    }
    let lines: Vec<String> = version
        .files
        .iter()
        .take(shown)
        .map(|(row, verdict)| file(row, *verdict, room))
        .collect();
    let more = version.files.len() - shown;
    let rest = if more > 0 {
        format!("<br>and {more} more")
    } else {
        String::new()
    };
    format!(
        "<details><summary>{count}</summary>{}{rest}</details>",
        lines.join("<br>")
    )
}

/// One file; what differs from the row that it stands in is told.
fn file(row: &FileRow, verdict: Verdict, room: Room) -> String {
    let mut parts = vec![room.code(basename(&row.path)), size_of(row.size)];
    if verdict != Verdict::Holds {
        parts.push(verdict.shown().to_owned());
    }
    if row.state != State::Unknown {
        parts.push(shown(row.state).to_owned());
    }
    for one in &row.attestations {
        let kind = room.code(one.kind());
        parts.push(format!("attested: {kind}, log entry {}", one.log_index));
    }
    if matches!(row.provenance, Provenance::Other | Provenance::Unattested) {
        parts.push(format!("on the index {}", row.provenance.word()));
    }
    if let Some(sha256) = &row.sha256 {
        parts.push(format!("SHA-256 {}", room.code(sha256)));
    }
    parts.join(", ")
}
