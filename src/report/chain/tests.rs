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
    assert_eq!(standings(&dry), "PPPP---n");
    let published = report(Outcome::Published, State::Uploaded);
    assert_eq!(standings(&published), "PPPPnPPn");
    let again = report(Outcome::Published, State::AlreadyThere);
    assert_eq!(standings(&again), "PPPPnnPn");
    assert_eq!(standings(&Report::new("verify")), "-------n");
    let mut wrong = Report::new("publish");
    wrong.outcome = Outcome::IllegalInputs;
    assert_eq!(chain(&wrong), []);
}

fn detail(report: &Report, link: Link) -> String {
    let steps = chain(report);
    let step = steps.iter().find(|step| step.link == link);
    step.unwrap().detail.clone()
}

#[test]
fn attestations_that_come_with_the_publication_were_said_not_to_be_asked_for() {
    let mut verified = report(Outcome::Verified, State::Unknown);
    verified.mode = "verify".to_owned();
    let mut dry = report(Outcome::DryRun, State::New);
    dry.dry_run = true;
    let mut stopped = report(Outcome::Failed, State::New);
    stopped.findings = vec![Finding::new(Rule::Cancelled, None, "x", "y")];
    for mut before in [verified, dry, stopped] {
        assert_eq!(standings(&before), "PPPP---n");
        before.attests = true;
        assert_eq!(standings(&before), "PPPP----");
        assert_eq!(detail(&before, Link::Provenance), "when it is published");
    }
    // Where nothing more comes, nothing is promised.
    let mut published = report(Outcome::Published, State::AlreadyThere);
    published.attests = true;
    assert_eq!(standings(&published), "PPPPnnPn");
    let mut half = report(Outcome::Failed, State::Uploaded);
    (half.attests, half.sent) = (true, true);
    half.findings = vec![Finding::new(Rule::Cancelled, None, "x", "y")];
    assert_eq!(standings(&half), "PPPPnP-n");
}

#[test]
fn a_dry_run_shows_what_the_reviewers_run_would_do() {
    let mut dry = report(Outcome::DryRun, State::New);
    dry.dry_run = true;
    assert_eq!(detail(&dry, Link::Approval), "by the reviewers");
    assert_eq!(detail(&dry, Link::Token), "when it is published");
    assert_eq!(detail(&dry, Link::Index), "new: 1 of 1");
    let mut there = dry.files[0].clone();
    there.state = State::AlreadyThere;
    dry.files.push(there);
    assert_eq!(detail(&dry, Link::Index), "new: 1 of 2, there: 1");
    for row in &mut dry.files {
        row.state = State::Unknown;
    }
    assert_eq!(detail(&dry, Link::Index), "when it is published");
    dry.outcome = Outcome::Refused;
    dry.findings = vec![Finding::new(Rule::IndexConflict, None, "x", "y")];
    assert_eq!(standings(&dry), "PPPP--Fn");
}

#[test]
fn a_digest_is_said_to_be_what_it_was_compared_with() {
    let given = report(Outcome::Published, State::Uploaded);
    let said = detail(&given, Link::Digest);
    assert_eq!(said, "abababab…, equals expected-digest");
}

#[test]
fn the_keys_are_those_of_the_files_that_are_counted() {
    let mut report = report(Outcome::Published, State::Uploaded);
    report.files[0].signer = Some("A".repeat(40));
    // The source archive has another signer.
    report.files.push(FileRow {
        class: "artifact".to_owned(),
        signer: Some("B".repeat(40)),
        ..FileRow::default()
    });
    assert_eq!(detail(&report, Link::Signatures), "1 file by 1 key");
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
