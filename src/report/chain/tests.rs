// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;
use crate::report::{FileRow, KeysRow};
use crate::rules::Finding;

fn report(outcome: Outcome, state: State) -> Report {
    let mut report = Report::new("publish");
    report.outcome = outcome;
    report.index = "PyPI".to_owned();
    report.area = Some("release".to_owned());
    report.revision = Some(71);
    report.digest = Some("ab".repeat(32));
    report.expected_digest = ExpectedDigest::Exactly("ab".repeat(32).parse().unwrap());
    report.keys = vec![KeysRow {
        place: "KEYS".to_owned(),
        revision: Some(72),
    }];
    report.files = vec![FileRow {
        class: "distribution".to_owned(),
        project: Some("example".to_owned()),
        state,
        ..FileRow::default()
    }];
    report
}

fn standings(report: &Report) -> String {
    let letter = |step: &Step| match step.standing {
        Standing::Proven => 'P',
        Standing::Pending => '-',
        Standing::Failed => 'F',
        Standing::NotAsked => 'n',
    };
    chain(report).iter().map(letter).collect()
}

#[test]
fn a_chain_is_proven_as_far_as_the_run_came() {
    let mut verified = report(Outcome::Verified, State::Unknown);
    verified.mode = "verify".to_owned();
    assert_eq!(standings(&verified), "PPPP---n");
    let mut dry = report(Outcome::DryRun, State::New);
    dry.dry_run = true;
    assert_eq!(standings(&dry), "PPPPnnnn");
    let published = report(Outcome::Published, State::Uploaded);
    assert_eq!(standings(&published), "PPPPnPPn");
    let again = report(Outcome::Published, State::AlreadyThere);
    assert_eq!(standings(&again), "PPPPnnPn");
    assert_eq!(standings(&Report::new("verify")), "-------n");
    let mut wrong = Report::new("publish");
    wrong.outcome = Outcome::IllegalInputs;
    assert_eq!(chain(&wrong), []);
}

#[test]
fn a_refusal_breaks_the_step_that_it_speaks_of() {
    for (rule, standing) in [
        (Rule::PathUnknown, "FPPP---n"),
        (Rule::SourceChanged, "FPPP---n"),
        (Rule::KeysUnusable, "PFPP---n"),
        (Rule::SignatureBad, "PPFP---n"),
        (Rule::RecordWrong, "PPFP---n"),
        (Rule::DigestMismatch, "PPPF---n"),
        (Rule::TokenRefused, "PPPP-F-n"),
        (Rule::IndexConflict, "PPPP--Fn"),
        (Rule::ApprovalMissing, "PPPPF--n"),
        (Rule::Internal, "PPPP---n"),
    ] {
        let mut report = report(Outcome::Refused, State::New);
        report.findings = vec![Finding::new(rule, None, "x", "y")];
        assert_eq!(standings(&report), standing, "{rule}");
    }
}

#[test]
fn a_digest_that_nobody_named_is_the_reviewers_to_compare() {
    for expected in [ExpectedDigest::Any, ExpectedDigest::Unset] {
        let mut report = report(Outcome::Published, State::Uploaded);
        report.expected_digest = expected;
        assert_eq!(standings(&report), "PPP-nPPn");
    }
}

#[test]
fn half_a_release_on_the_index_is_no_proof() {
    let mut half = report(Outcome::Failed, State::Uploaded);
    half.sent = true;
    half.findings = vec![Finding::new(Rule::UploadUnfinished, None, "x", "y")];
    assert_eq!(standings(&half), "PPPPnPFn");
    half.findings = vec![Finding::new(Rule::Cancelled, None, "x", "y")];
    assert_eq!(standings(&half), "PPPPnP-n");
}
