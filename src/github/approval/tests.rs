// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whose approval counts, for each kind of list of reviewers.

use serde_json::{Value, json};

use super::*;

const STARTER: u64 = 11;
const LISTED: u64 = 22;
const STRANGER: u64 = 33;

fn account(id: u64) -> Value {
    json!({ "login": format!("person-{id}"), "id": id, "type": "User" })
}

fn person(id: u64) -> Value {
    json!({ "type": "User", "reviewer": account(id) })
}

fn team() -> Value {
    // The number of a team is not that of a user.
    let team = json!({ "id": STRANGER, "slug": "pmc", "name": "PMC" });
    json!({ "type": "Team", "reviewer": team })
}

/// A run of person 11 in `pypi` with these reviewers, approved by these.
fn answers(reviewers: &[Value], approvals: &[Value]) -> Answers {
    let rule = json!({
        "type": "required_reviewers",
        "prevent_self_review": true,
        "reviewers": reviewers,
    });
    let environment = json!({
        "id": 1,
        "name": "pypi",
        "protection_rules": [rule],
        "deployment_branch_policy": {
            "protected_branches": false,
            "custom_branch_policies": true,
        },
    });
    let review = |user: &Value| {
        let review = json!({ "state": "approved", "environments": [{ "id": 1 }], "user": user });
        serde_json::from_value(review).unwrap()
    };
    let started = json!({
        "id": 1,
        "run_attempt": 1,
        "actor": account(STARTER),
        "triggering_actor": account(STARTER),
    });
    Answers {
        claims: UnverifiedClaims {
            environment: Some("pypi".to_owned()),
            run_id: Some("1".to_owned()),
            ..UnverifiedClaims::default()
        },
        environment: Some(Ok(serde_json::from_value(environment).unwrap())),
        patterns: None,
        reviews: Ok(approvals.iter().map(review).collect()),
        run: Ok(serde_json::from_value(started).unwrap()),
        workflow: Err(ApiError::NoToken),
        read_at: "2026-01-01T00:00:00Z".to_owned(),
    }
}

#[test]
fn who_is_not_among_the_persons_that_are_listed_approves_nothing() {
    let anonymous = || json!({ "type": "User", "reviewer": { "login": "person-33" } });
    let lower = || json!({ "type": "user", "reviewer": account(LISTED) });
    let (persons, mixed) = (vec![person(LISTED)], vec![person(LISTED), team()]);
    let renamed = json!({ "login": "person-22", "id": STRANGER, "type": "User" });
    let bot = json!({ "login": "person-22", "id": LISTED, "type": "Bot" });
    let stranger = Some(Rule::ApprovalOfStranger);
    for (what, reviewers, approvals, refusal) in [
        ("listed", persons.clone(), vec![account(LISTED)], None),
        (
            "no one",
            persons.clone(),
            vec![],
            Some(Rule::ApprovalMissing),
        ),
        (
            "not listed",
            persons.clone(),
            vec![account(STRANGER)],
            stranger,
        ),
        (
            "a name taken over",
            persons.clone(),
            vec![renamed],
            stranger,
        ),
        (
            "one of two",
            vec![person(44), person(LISTED)],
            vec![account(STRANGER), account(LISTED)],
            None,
        ),
        (
            "a listed starter",
            vec![person(STARTER), person(LISTED)],
            vec![account(STARTER)],
            Some(Rule::ApprovalOfStarter),
        ),
        (
            "a starter beside a stranger",
            persons.clone(),
            vec![account(STARTER), account(STRANGER)],
            Some(Rule::ApprovalOfStarter),
        ),
        (
            "an account that is gone beside a stranger",
            persons.clone(),
            vec![account(STRANGER), Value::Null],
            stranger,
        ),
        (
            "a listed bot",
            persons,
            vec![bot],
            Some(Rule::ApprovalMissing),
        ),
        // Who is in the team GitHub alone knows.
        ("a team", vec![team()], vec![account(STRANGER)], None),
        ("a team and a person", mixed, vec![account(STRANGER)], None),
        // A number that is not told is nobody's.
        (
            "no number",
            vec![anonymous()],
            vec![account(STRANGER)],
            stranger,
        ),
        (
            "another spelling",
            vec![lower()],
            vec![account(STRANGER)],
            stranger,
        ),
    ] {
        let answers = answers(&reviewers, &approvals);
        let (row, findings) = judge(ApprovalLevel::Required, answers);
        let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, Vec::from_iter(refusal), "{what}");
        assert_eq!(row.approved, refusal.is_none(), "{what}");
    }
}

#[test]
fn a_stranger_is_told_beside_those_who_were_expected() {
    let reviewers = [person(LISTED), person(44)];
    let answers = answers(&reviewers, &[account(STRANGER)]);
    let (row, findings) = judge(ApprovalLevel::Recorded, answers);
    let [finding] = findings.as_slice() else {
        panic!("{findings:?}")
    };
    assert_eq!(finding.severity, crate::rules::Severity::Warn);
    assert!(finding.expected.contains("user person-22, user person-44"));
    assert!(finding.found.contains("`person-33`"), "{}", finding.found);
    // It is told, and counts for nothing.
    assert_eq!(row.reviews.len(), 1);
    assert!(!row.reviews[0].counts);
}

#[test]
fn where_nobody_is_listed_that_alone_is_told() {
    let answers = answers(&[], &[account(STRANGER)]);
    let (_, findings) = judge(ApprovalLevel::Required, answers);
    let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, [Rule::ReviewersMissing]);
}
