// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether somebody else approved a run: what refuses, what warns, and what is
//! told of it.

mod api;
mod guarded;
mod pypi;
mod told;

use serde_json::{Value, json};
use testbed::github_api::{Facts, approver, review, starter, user};

use crate::run::Ran;
use crate::world::World;

const REQUIRED: (&str, &str) = ("approval", "required");

fn rules(rules: &[&str]) -> Vec<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

/// Sets one claim of the job.
type Claim = (&'static str, Value);

/// What is wrong: the claims, what GitHub answers, and the rule that says so.
struct Wrong {
    what: &'static str,
    claims: Vec<Claim>,
    change: fn(&mut Facts),
    rule: &'static str,
}

impl Wrong {
    fn new(what: &'static str, rule: &'static str, change: fn(&mut Facts)) -> Self {
        Self {
            what,
            claims: Vec::new(),
            change,
            rule,
        }
    }

    fn claiming(mut self, name: &'static str, value: Value) -> Self {
        self.claims.push((name, value));
        self
    }
}

fn reviewers_rule(facts: &mut Facts) -> &mut Value {
    &mut facts.environment["protection_rules"][1]
}

/// A person who may approve.
fn reviewer(login: &str, id: u64) -> Value {
    json!({ "type": "User", "reviewer": user(login, id, "User") })
}

fn unlike_required() -> Vec<Wrong> {
    let mut all = guarded::of_something_else();
    all.extend([
        Wrong::new("no rule", "reviewers-missing", |it| {
            it.environment["protection_rules"] = json!([]);
        }),
        Wrong::new("a rule without reviewers", "reviewers-missing", |it| {
            reviewers_rule(it)["reviewers"] = json!([]);
        }),
        Wrong::new("reviewers of another rule", "reviewers-missing", |it| {
            let reviewers = reviewers_rule(it)["reviewers"].take();
            reviewers_rule(it)["reviewers"] = json!([]);
            it.environment["protection_rules"][0]["reviewers"] = reviewers;
        }),
        Wrong::new("self-review", "self-review-allowed", |it| {
            reviewers_rule(it)["prevent_self_review"] = json!(false);
        }),
        Wrong::new("self-review unsaid", "self-review-allowed", |it| {
            reviewers_rule(it)
                .as_object_mut()
                .unwrap()
                .remove("prevent_self_review");
        }),
        Wrong::new("no review", "approval-missing", |it| it.reviews.clear()),
        Wrong::new("a review that is pending", "approval-missing", |it| {
            it.reviews = vec![review("pending", &approver(), "")];
        }),
        Wrong::new("another environment", "approval-missing", |it| {
            it.reviews[0]["environments"][0]["id"] = json!(7);
        }),
        Wrong::new("a bot", "approval-missing", |it| {
            let bot = user("approve[bot]", 33, "Bot");
            it.reviews = vec![review("approved", &bot, "")];
        }),
        Wrong::new("an account of no kind", "approval-missing", |it| {
            it.reviews[0]["user"]
                .as_object_mut()
                .unwrap()
                .remove("type");
        }),
        Wrong::new("an account that is gone", "approval-missing", |it| {
            it.reviews = vec![review("approved", &Value::Null, "")];
        }),
        Wrong::new("the starter", "approval-of-starter", |it| {
            it.reviews = vec![review("approved", &starter(), "Mine.")];
        }),
        Wrong::new("the starter, renamed", "approval-of-starter", |it| {
            let renamed = user("another-name", 11, "User");
            it.reviews = vec![review("approved", &renamed, "")];
        }),
        Wrong::new("the starter of this attempt", "approval-of-starter", |it| {
            it.run["triggering_actor"] = approver();
        }),
        Wrong::new("one who is no reviewer", "approval-of-stranger", |it| {
            reviewers_rule(it)["reviewers"] = json!([reviewer("first-elected", 44)]);
        }),
        Wrong::new("a reviewer's old name", "approval-of-stranger", |it| {
            reviewers_rule(it)["reviewers"] = json!([reviewer("second-person", 44)]);
        }),
        Wrong::new("nobody started it", "approval-unreadable", |it| {
            it.run["triggering_actor"] = Value::Null;
        }),
        Wrong::new("a bot started it", "approval-unreadable", |it| {
            it.run["actor"] = user("schedule[bot]", 41, "Bot");
        }),
        Wrong::new("a bot started this attempt", "approval-unreadable", |it| {
            it.run["triggering_actor"] = user("rerun[bot]", 42, "Bot");
        }),
        Wrong::new("an unprotected ref", "ref-unprotected", |_| ())
            .claiming("ref_protected", json!("false")),
        Wrong::new("a ref of which nothing is said", "ref-unprotected", |_| ())
            .claiming("ref_protected", Value::Null),
        Wrong::new("no such environment", "approval-unreadable", |it| {
            it.environment = Value::Null;
        }),
        Wrong::new(
            "an environment without rights",
            "approval-unreadable",
            |_| (),
        )
        .claiming("environment", json!("elsewhere")),
        Wrong::new("an environment of dots", "approval-unreadable", |_| ())
            .claiming("environment", json!("..")),
        Wrong::new("no environment", "environment-missing", |_| ())
            .claiming("environment", Value::Null),
        Wrong::new("another run", "approval-unreadable", |_| ()).claiming("run_id", json!("2")),
        Wrong::new("no run", "approval-unreadable", |_| ()).claiming("run_id", Value::Null),
    ]);
    all
}

/// Puts a world into the state and publishes.
fn publish(world: &World, wrong: &Wrong, changes: &[(&str, &str)]) -> Ran {
    for (name, value) in &wrong.claims {
        world.issuer.set_claim(name, value.clone());
    }
    world.github.change(wrong.change);
    world.run("publish", changes)
}

#[test]
fn a_run_that_another_person_approved_publishes() {
    let world = World::with_release();
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!((ran.rules("warn"), ran.rules("note")), (vec![], vec![]));
    assert_eq!(ran.report["outcome"], "published");
    let asked = world.github.asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked.iter().all(|it| it.with_token), "{asked:?}");
    world.assert_no_secret(&ran);
}

#[test]
fn what_is_no_approval_stops_a_run_before_anything_is_sent() {
    for wrong in unlike_required() {
        let world = World::with_release();
        let ran = publish(&world, &wrong, &[REQUIRED]);
        assert_eq!(
            ran.refusals(),
            [wrong.rule],
            "{}: {}",
            wrong.what,
            ran.stderr
        );
        assert_eq!(ran.status, 1, "{}", wrong.what);
        assert_eq!(ran.rules("warn"), rules(&[]), "{}", wrong.what);
        world.assert_untouched();
        world.assert_no_secret(&ran);
    }
}

#[test]
fn what_is_no_approval_is_a_warning_where_it_is_only_recorded() {
    // One is enough for those that differ only in who it was.
    let mut seen = Vec::new();
    for wrong in unlike_required() {
        // The index of the tests knows the publisher of `pypi` alone.
        let is_of_index = wrong.claims.iter().any(|(name, _)| *name == "environment");
        if is_of_index || seen.contains(&wrong.rule) {
            continue;
        }
        seen.push(wrong.rule);
        let world = World::with_release();
        let ran = publish(&world, &wrong, &[]);
        assert_eq!(ran.status, 0, "{}: {}", wrong.what, ran.stderr);
        assert_eq!(ran.rules("warn"), [wrong.rule], "{}", wrong.what);
        assert_eq!(ran.report["approval"]["level"], "recorded");
        assert_eq!(ran.report["outcome"], "published");
    }
    assert!(seen.len() >= 6, "{seen:?}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let world = World::with_release();
    world.issuer.set_claim("ref_protected", json!("false"));
    world.github.change(|it| {
        reviewers_rule(it)["prevent_self_review"] = json!(false);
        it.environment["can_admins_bypass"] = json!(true);
        it.reviews.clear();
        it.workflow = it.workflow.replace(&"ab".repeat(20), "v1");
    });
    let ran = world.run("publish", &[REQUIRED]);
    let expected = ["approval-missing", "ref-unprotected", "self-review-allowed"];
    assert_eq!(ran.refusals(), expected, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["action-unpinned"]);
    assert_eq!(ran.rules("note"), ["admins-may-bypass"]);
    world.assert_untouched();
}

#[test]
fn one_approval_that_counts_is_enough_among_others() {
    let world = World::with_release();
    world.github.change(|it| {
        let bot = user("approve[bot]", 33, "Bot");
        it.reviews.insert(0, review("approved", &bot, "as always"));
        it.reviews.insert(0, review("approved", &starter(), "mine"));
        it.reviews
            .insert(0, review("rejected", &approver(), "not yet"));
        // Told page by page.
        it.page = 1;
    });
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-rejected"]);
    let reviews = ran.report["approval"]["reviews"].as_array().unwrap();
    let counts: Vec<bool> = reviews.iter().map(|it| it["counts"] == true).collect();
    assert_eq!(counts, [false, false, false, true]);
    let asked = world.github.asked();
    let pages = asked.iter().filter(|it| it.path.ends_with("/approvals"));
    assert_eq!(pages.count(), 4);
}

#[test]
fn an_approval_by_no_reviewer_is_told_beside_those_who_are_and_one_by_a_reviewer_counts() {
    let world = World::with_release();
    let two = json!([reviewer("first-elected", 44), reviewer("renamed", 22)]);
    world.github.change(|it| {
        reviewers_rule(it)["reviewers"] = two;
        let stranger = user("passer-by", 55, "User");
        it.reviews = vec![review("approved", &stranger, "Looks fine.")];
    });
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-of-stranger"], "{}", ran.stderr);
    let finding = &ran.report["findings"][0];
    let expected = finding["expected"].as_str().unwrap();
    assert!(expected.contains("user first-elected, user renamed"));
    let found = finding["found"].as_str().unwrap();
    assert!(found.contains("`passer-by`"), "{found}");
    assert_eq!(ran.report["approval"]["reviews"][0]["counts"], false);
    world.assert_untouched();

    // The number is what counts: this reviewer was renamed since.
    let approved = review("approved", &approver(), "Digest compared.");
    world.github.change(|it| it.reviews.push(approved));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), rules(&[]));
    let told = &ran.report["approval"];
    assert_eq!(
        told["reviewers"],
        json!(["user first-elected", "user renamed"])
    );
    let reviews = told["reviews"].as_array().unwrap();
    let counts: Vec<bool> = reviews.iter().map(|it| it["counts"] == true).collect();
    assert_eq!(counts, [false, true]);
}

#[test]
fn a_second_attempt_finishes_with_the_approval_of_an_earlier_one() {
    let world = World::with_release();
    world.issuer.set_claim("run_attempt", json!("2"));
    world.github.change(|it| it.run["run_attempt"] = json!(2));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-earlier"]);
    assert_eq!(ran.report["approval"]["run"]["attempt"], 2);
    // Who approved the first attempt and starts the second is one person again.
    let world = World::with_release();
    world.issuer.set_claim("run_attempt", json!("2"));
    world.github.change(|it| {
        it.run["run_attempt"] = json!(2);
        it.run["triggering_actor"] = approver();
    });
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-of-starter"], "{}", ran.stderr);
    world.assert_untouched();
}

#[test]
fn a_run_that_sends_nothing_needs_no_approval() {
    let world = World::with_release();
    assert_eq!(world.publish().status, 0);
    let asked = world.github.asked().len();
    world.github.change(|it| it.reviews.clear());
    for changes in [&[REQUIRED][..], &[REQUIRED, ("dry-run", "true")]] {
        let ran = world.run("publish", changes);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.report.get("approval"), None);
    }
    let fresh = World::with_release();
    let ran = fresh.run("publish", &[REQUIRED, ("dry-run", "true")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    fresh.assert_untouched();
    assert_eq!(world.github.asked().len() - asked, 0);
    assert_eq!(fresh.github.asked(), []);
}

#[test]
fn an_approval_that_is_off_is_asked_of_nobody() {
    let world = World::with_release();
    world.github.change(|it| it.reviews.clear());
    let ran = world.run("publish", &[("approval", "off")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), rules(&[]));
    assert_eq!(ran.report.get("approval"), None);
    assert_eq!(world.github.asked(), []);
}
