// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What GitHub shows beside a step: a few findings, the weightiest of each kind.
//!
//! Decides which findings are worth one of the few places, and how many share
//! one. GitHub shows ten annotations of a kind for one step, and drops the rest
//! without a word. Pure.

use std::num::NonZeroUsize;

use super::text::{counted, grouped, number};
use crate::rules::{Finding, Severity};

/// GitHub shows at most this many annotations of a kind for one step.
pub const MOST_OF_A_KIND: usize = 10;

/// How much of a foreign text one annotation shows, in characters.
const MOST_OF_A_TEXT: usize = 500;

/// One annotation; every text may hold foreign bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// `error`, `warning` or `notice`.
    pub command: &'static str,
    /// The title.
    pub title: String,
    /// What it says.
    pub message: String,
    /// File, line and column, where it belongs beside a line of the checkout.
    pub place: Option<(String, String, String)>,
}

/// The annotations of one step, at most [`MOST_OF_A_KIND`] of each kind. While
/// there is room each refusal and warning has its own; then those of one rule
/// share one. Notes always do.
pub fn annotations(findings: &[Finding]) -> Vec<Annotation> {
    let kinds = [
        (Severity::Refuse, "error"),
        (Severity::Warn, "warning"),
        (Severity::Note, "notice"),
    ];
    let mut all = Vec::new();
    for (severity, command) in kinds {
        let some: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect();
        let by_itself = some.len() <= MOST_OF_A_KIND && severity != Severity::Note;
        let shared: Vec<(&Finding, usize)> = if by_itself {
            some.iter().map(|finding| (*finding, 1)).collect()
        } else {
            grouped(&some)
                .into_iter()
                .filter_map(|group| Some((*group.first()?, group.len())))
                .collect()
        };
        let shown = if shared.len() > MOST_OF_A_KIND {
            MOST_OF_A_KIND - 1
        } else {
            shared.len()
        };
        let (first, rest) = shared.split_at(shown);
        all.extend(
            first
                .iter()
                .map(|(one, times)| annotation(command, one, *times)),
        );
        let more = rest.iter().map(|(_, times)| times).sum();
        all.extend(NonZeroUsize::new(more).map(|more| the_rest(command, more.get())));
    }
    all
}

fn the_rest(command: &'static str, more: usize) -> Annotation {
    Annotation {
        command,
        title: "asf-pypi-publish".to_owned(),
        message: format!(
            "{} more: the job summary has them",
            counted(more, "finding")
        ),
        place: None,
    }
}

fn annotation(command: &'static str, finding: &Finding, times: usize) -> Annotation {
    let path = finding.path.as_deref().map(cut);
    let place = match (path, times) {
        (Some(path), 1) => format!("{path}: "),
        (Some(path), _) => format!("{} times, the first at {path}: ", number(times)),
        (None, 1) => String::new(),
        (None, _) => format!("{} times: ", number(times)),
    };
    Annotation {
        command,
        title: format!("asf-pypi-publish: {}", finding.rule),
        message: format!(
            "{place}{} Expected: {}. Found: {}. {} {}",
            finding.rule.meaning(),
            cut(&finding.expected),
            cut(&finding.found),
            cut(&finding.action),
            finding.rule.link()
        ),
        place: beside(finding).filter(|_| times == 1),
    }
}

fn cut(text: &str) -> String {
    super::text::cut(text, MOST_OF_A_TEXT)
}

/// Only the configuration file has lines in the checkout.
fn beside(finding: &Finding) -> Option<(String, String, String)> {
    if !finding.rule.names_a_line() {
        return None;
    }
    let mut parts = finding.path.as_deref()?.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file.to_owned(), line.to_owned(), column.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rule;

    fn many(rule: Rule, count: usize) -> Vec<Finding> {
        (0..count)
            .map(|n| Finding::new(rule, Some(&format!("file-{n}")), "x", "y"))
            .collect()
    }

    fn titles(findings: &[Finding]) -> Vec<(&'static str, String)> {
        annotations(findings)
            .into_iter()
            .map(|one| (one.command, one.title))
            .collect()
    }

    #[test]
    fn few_findings_have_an_annotation_each() {
        let mut findings = many(Rule::SignatureBad, 10);
        findings.extend(many(Rule::KeysBadBlock, 10));
        let shown = annotations(&findings);
        assert_eq!(shown.len(), 20);
        assert!(shown.iter().any(|one| one.message.starts_with("file-9: ")));
    }

    #[test]
    fn many_findings_of_one_rule_share_an_annotation_and_all_are_counted() {
        let mut findings = many(Rule::SignatureBad, 4_990);
        findings.extend(many(Rule::ChecksumMismatch, 10));
        let shown = annotations(&findings);
        assert_eq!(shown.len(), 2);
        let first = "4,990 times, the first at file-0: ";
        assert!(shown[0].message.starts_with(first), "{}", shown[0].message);

        // More rules than places: the last place counts the rest.
        let mut findings = Vec::new();
        for rule in Rule::ALL
            .iter()
            .filter(|rule| rule.severity() == Severity::Refuse)
        {
            findings.extend(many(*rule, 2));
        }
        let shown = annotations(&findings);
        assert_eq!(shown.len(), MOST_OF_A_KIND);
        let rest = findings.len() - 18;
        assert_eq!(
            shown[9].message,
            format!("{rest} findings more: the job summary has them")
        );
    }

    #[test]
    fn notes_share_a_notice() {
        let findings = many(Rule::KeyKind, 2);
        let title = "asf-pypi-publish: key-kind".to_owned();
        assert_eq!(titles(&findings), [("notice", title)]);
    }

    #[test]
    fn a_mistake_of_the_configuration_stands_beside_its_line() {
        let at = Finding::new(Rule::ConfigIllegal, Some("a:b.yml:3:7"), "x", "y");
        let place = ("a:b.yml".to_owned(), "3".to_owned(), "7".to_owned());
        assert_eq!(annotations(&[at])[0].place, Some(place));
        let elsewhere = Finding::new(Rule::SignatureBad, Some("a:3:7"), "x", "y");
        assert_eq!(annotations(&[elsewhere])[0].place, None);
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let finding = Finding::new(Rule::SignatureBad, None, "x".repeat(100_000), "y");
        assert!(annotations(&[finding])[0].message.len() < 2_000);
    }
}
