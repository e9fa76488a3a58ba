// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;
use crate::plan::Waived;
use crate::report::{FileRow, KeysRow, SignerRow, State};
use crate::rules::{Finding, Rule};

/// What costs the most bytes once it is escaped.
fn foreign(length: usize) -> String {
    "\u{10fffd}".repeat(length)
}

fn wave(projects: usize, name: &str) -> Report {
    let mut report = Report::new("verify");
    for n in 0..projects {
        for suffix in ["-py3-none-any.whl", ".tar.gz"] {
            report.files.push(FileRow {
                path: format!("{name}_{n}-1.0{suffix}"),
                class: "distribution".to_owned(),
                project: Some(format!("{name}-{n}")),
                version: Some("1.0".to_owned()),
                size: 12_345,
                sha256: Some("ab".repeat(32)),
                sha512: Some("cd".repeat(64)),
                signer: Some("AB".repeat(20)),
                state: State::New,
                ..FileRow::default()
            });
        }
    }
    report.digest = Some("cd".repeat(32));
    report
}

fn findings(count: usize, text: &str) -> Vec<Finding> {
    let rules: Vec<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| rule.severity() == Severity::Refuse)
        .collect();
    (0..count)
        .map(|n| {
            let path = format!("{n}{text}");
            Finding::new(rules[n % rules.len()], Some(&path), text, text)
        })
        .collect()
}

#[test]
fn a_wave_of_150_projects_with_5000_findings_is_within_the_limit_and_counts_all() {
    let mut report = wave(150, "apache-airflow-providers-example");
    report.findings = findings(5_000, "a text of the usual length, as a finding has it");
    report.close(Outcome::Verified);
    let page = summary(&report);
    assert!(page.len() <= LIMIT, "{}", page.len());
    assert!(page.starts_with("## ❌ asf-pypi-publish: refused, 5,000 findings\n"));
    assert!(page.contains(&"cd".repeat(32)));
    assert!(page.contains("\n5,000 findings of "));
    assert!(page.contains("150 projects"));
    for rule in Rule::ALL {
        let is_broken = report.findings.iter().any(|finding| finding.rule == *rule);
        let link = format!("[{rule}](");
        assert_eq!(page.contains(&link), is_broken, "{rule}");
    }
}

#[test]
fn no_report_whatever_it_holds_is_beyond_the_limit_or_loses_its_verdict() {
    let mut report = wave(400, &foreign(150));
    let text = foreign(1_200);
    report.findings = findings(600, &text);
    for (n, finding) in report.findings.iter_mut().enumerate() {
        finding.action = format!("{n}{text}");
        finding.severity = match n % 3 {
            0 => Severity::Note,
            1 => Severity::Warn,
            _ => Severity::Refuse,
        };
    }
    report.waived = vec![
        Waived {
            rule: Rule::PathUnknown,
            path: text.clone(),
            reason: text.clone(),
        };
        300
    ];
    report.keys = vec![
        KeysRow {
            place: format!("https://{text}"),
            revision: None,
        };
        100
    ];
    report.signers = (0..300)
        .map(|n| SignerRow {
            fingerprint: format!("{n}{text}"),
            user_id: text.clone(),
            expires: Some(u64::MAX),
        })
        .collect();
    report.source = Some(format!("https://{text}"));
    report.index = text.clone();
    report.area = Some(text.clone());
    report.revision = Some(u64::MAX);
    report.links = vec![format!("https://{text}"); 300];
    report.digest_command = Some(text.repeat(60));
    report.files.extend((0..300).map(|n| FileRow {
        path: format!("{n}{text}"),
        class: "excluded".to_owned(),
        signer: Some(text.clone()),
        ..FileRow::default()
    }));
    report.close(Outcome::Verified);
    let page = page_in(&report, ROOMS[3]);
    assert!(page.len() <= LIMIT, "{}", page.len());
    let page = summary(&report);
    assert!(page.len() <= LIMIT, "{}", page.len());
    assert!(page.starts_with("## ❌ asf-pypi-publish: refused, 200 findings\n"));
    assert!(page.contains(&"cd".repeat(32)));
    report.outcome = Outcome::Published;
    assert!(summary(&report).len() <= LIMIT);
}

#[test]
fn a_project_that_does_not_hold_is_never_folded_away() {
    let mut report = wave(150, "example");
    let path = "example_77-1.0.tar.gz.asc";
    report.findings = vec![Finding::new(Rule::SignatureBad, Some(path), "x", "y")];
    report.close(Outcome::Verified);
    let page = summary(&report);
    let (before, folded) = page.split_once("<details><summary>149 projects").unwrap();
    assert!(before.contains("<code>example-77</code>"));
    assert!(!folded.contains("<code>example-77</code>"));
    assert!(folded.contains("<code>example-78</code>"));
}

#[test]
fn what_is_folded_is_closed() {
    for projects in [1, 11, 150] {
        let mut report = wave(projects, "example");
        report.findings = findings(500, "x");
        report.links = vec!["https://example.org/".to_owned(); projects];
        report.digest_command = Some("sha512sum x".to_owned());
        report.close(Outcome::Verified);
        let page = summary(&report);
        let count = |what: &str| page.matches(what).count();
        assert_eq!(count("<details>"), count("</details>"));
        assert_eq!(count("<summary>"), count("</summary>"));
        assert_eq!(count("```"), 2);
    }
}
