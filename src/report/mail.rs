// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a release manager pastes into the mail of a vote or an announcement.
//!
//! Decides what such a mail needs of us: one page a line, sorted, and what
//! anyone can check again. Greeting and subject are the project's own. Pure.

use super::{Outcome, Provenance, Report};

/// The lines of the text, each shorter than most mail programs wrap but for
/// addresses and digests; none where not all is published and read back, or where
/// the run had one shard alone, since half a release is no news. Foreign parts are not escaped.
pub fn lines(report: &Report) -> Vec<String> {
    let is_whole = report.shard.is_none();
    if !is_whole || report.outcome != Outcome::Published || report.links.is_empty() {
        return Vec::new();
    }
    let what = match report.area.as_deref() {
        Some("dev") => "The release candidates",
        _ => "The releases",
    };
    let mut lines = vec![format!("{what} on {}:", report.index), String::new()];
    lines.extend(report.links.iter().cloned());
    lines.push(String::new());
    if let Some(source) = &report.source {
        lines.push("They are byte for byte the distributions in:".to_owned());
        let at = report.revision;
        lines.push(at.map_or_else(
            || source.clone(),
            |revision| format!("{source} (revision {revision})"),
        ));
    }
    for keys in &report.keys {
        lines.push("They are signed by keys of:".to_owned());
        lines.push(keys.place.clone());
    }
    let mut published = report.files.iter().filter(|row| row.is_distribution());
    if published.all(|row| row.provenance == Provenance::Attested) {
        let attesters = report.attesters();
        if !attesters.is_empty() {
            lines.push("Each is attested on the index (PEP 740) by the workflow:".to_owned());
        }
        lines.extend(attesters.into_iter().map(|(by, _)| by));
    }
    if let Some(digest) = &report.digest {
        lines.push("Release digest (SHA-256 of their sorted sha512sum lines):".to_owned());
        lines.push(digest.clone());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{AttestationRow, FileRow, KeysRow, Origin};

    fn report() -> Report {
        let mut report = Report::new("publish");
        report.outcome = Outcome::Published;
        report.index = "PyPI".to_owned();
        report.area = Some("release".to_owned());
        report.source = Some("https://dist.example.org/release/example/1.0/".to_owned());
        report.revision = Some(71);
        report.digest = Some("ab".repeat(32));
        report.keys = vec![KeysRow {
            place: "https://downloads.example.org/example/KEYS".to_owned(),
            revision: Some(72),
        }];
        report.links = vec![
            "https://index.example.org/project/example/1.0/".to_owned(),
            "https://index.example.org/project/example-more/1.0/".to_owned(),
        ];
        report
    }

    #[test]
    fn an_announcement_has_every_page_and_what_anyone_can_check() {
        let expected = [
            "The releases on PyPI:",
            "",
            "https://index.example.org/project/example/1.0/",
            "https://index.example.org/project/example-more/1.0/",
            "",
            "They are byte for byte the distributions in:",
            "https://dist.example.org/release/example/1.0/ (revision 71)",
            "They are signed by keys of:",
            "https://downloads.example.org/example/KEYS",
            "Release digest (SHA-256 of their sorted sha512sum lines):",
            &"ab".repeat(32),
        ];
        assert_eq!(lines(&report()), expected);
    }

    #[test]
    fn it_tells_who_attested_where_the_index_shows_it_of_every_distribution() {
        let row = |class: &str, provenance| FileRow {
            class: class.to_owned(),
            provenance,
            attestations: vec![AttestationRow {
                predicate_type: crate::attest::PUBLISH.to_owned(),
                origin: Origin::Made,
                repository: "apache/example".to_owned(),
                workflow: ".github/workflows/release.yml".to_owned(),
                git_ref: None,
                commit: None,
                run: None,
                log_index: 7,
                time: 0,
            }],
            ..FileRow::default()
        };
        let mut report = report();
        let source = FileRow {
            class: "source archive".to_owned(),
            ..FileRow::default()
        };
        report.files = vec![row("distribution", Provenance::Attested), source];
        let text = lines(&report);
        let at = text.iter().position(|line| line.contains("PEP 740"));
        assert_eq!(
            text[at.unwrap() + 1],
            "apache/example .github/workflows/release.yml"
        );
        for provenance in [
            Provenance::Unattested,
            Provenance::Other,
            Provenance::Unknown,
        ] {
            let mut report = report.clone();
            report.files.push(row("distribution", provenance));
            assert!(!lines(&report).join("\n").contains("PEP 740"));
        }
    }

    #[test]
    fn candidates_are_called_so_and_half_a_release_is_not_announced() {
        let mut report = report();
        report.area = Some("dev".to_owned());
        report.revision = None;
        let text = lines(&report);
        assert_eq!(text[0], "The release candidates on PyPI:");
        assert_eq!(text[6], "https://dist.example.org/release/example/1.0/");
        for outcome in [
            Outcome::Verified,
            Outcome::DryRun,
            Outcome::Refused,
            Outcome::IllegalInputs,
            Outcome::Failed,
        ] {
            report.outcome = outcome;
            assert!(lines(&report).is_empty(), "{outcome:?}");
        }
        report.outcome = Outcome::Published;
        report.links.clear();
        assert!(lines(&report).is_empty());
    }
}
