// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What an approved run is warned of all the same: a rejection, an environment
//! that admits every branch, an action of another owner. And whose answers
//! count.

use super::*;

/// Answers on another run or environment than the job's.
pub(super) fn of_something_else() -> Vec<Wrong> {
    vec![
        Wrong::new("the answer on another run", "approval-unreadable", |it| {
            it.run["id"] = json!(2);
        }),
        Wrong::new("a run of no number", "approval-unreadable", |it| {
            it.run.as_object_mut().unwrap().remove("id");
        }),
        Wrong::new("a run elsewhere", "approval-unreadable", |it| {
            it.run["repository"]["full_name"] = json!("apache/another");
        }),
        Wrong::new("another attempt", "approval-unreadable", |it| {
            it.run["run_attempt"] = json!(2);
        }),
        Wrong::new("an attempt of no number", "approval-unreadable", |it| {
            it.run.as_object_mut().unwrap().remove("run_attempt");
        }),
        Wrong::new("an older attempt", "approval-unreadable", |_| ())
            .claiming("run_attempt", json!("2")),
        Wrong::new(
            "the answer on another environment",
            "approval-unreadable",
            |it| {
                it.environment["name"] = json!("pypi2");
            },
        ),
    ]
}

/// A run of this shape publishes, with these warnings and no more.
#[track_caller]
fn assert_warned(what: &str, changes: &[(&str, &str)], warned: &[&str], change: fn(&mut Facts)) {
    let world = World::with_release();
    world.github.change(change);
    let ran = world.run("publish", changes);
    assert_eq!(ran.status, 0, "{what}: {}", ran.stderr);
    assert_eq!(ran.rules("warn"), rules(warned), "{what}");
    assert_eq!(ran.report["approval"]["approved"], true, "{what}");
}

#[test]
fn a_rejection_before_the_approval_passed_in_silence() {
    let world = World::with_release();
    world.github.change(|it| {
        let first = user("first-elected", 44, "User");
        let elsewhere = json!([{ "id": 7 }]);
        let mut other = review("rejected", &first, "This is staging.");
        other["environments"] = elsewhere;
        it.reviews.insert(0, other);
        it.reviews
            .insert(0, review("rejected", &first, "The digest is another one."));
        it.reviews.push(review("rejected", &Value::Null, ""));
    });
    let ran = told::act(&world, &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-rejected"]);
    for said in [
        "a rejection by `first-elected`, in the words: The digest is another one.",
        "a rejection by `an account that is gone`, without a word",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("This is staging"), "{}", ran.stderr);
    let row = "| Review | <code>rejected by first-elected &#40;user 44&#41;&#58; The digest is";
    assert!(ran.summary.contains(row), "{}", ran.summary);
}

#[test]
fn a_rejection_alone_is_no_approval_and_is_told_with_its_words() {
    let world = World::with_release();
    world.github.change(|it| {
        it.reviews = vec![review("rejected", &approver(), "No.")];
    });
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-missing"], "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-rejected"]);
    world.assert_untouched();
}

#[test]
fn reviewers_are_those_of_the_rule_that_asks_for_a_review() {
    // Whoever another rule lists approves nothing.
    let world = World::with_release();
    world.github.change(|it| {
        let stranger = user("passer-by", 55, "User");
        it.environment["protection_rules"][0]["reviewers"] = json!([reviewer("passer-by", 55)]);
        reviewers_rule(it)["reviewers"] = json!([reviewer("second-person", 22)]);
        it.reviews = vec![review("approved", &stranger, "")];
    });
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-of-stranger"], "{}", ran.stderr);
    let told = &ran.report["approval"]["reviewers"];
    assert_eq!(*told, json!(["user second-person"]));
}

#[test]
fn names_are_compared_as_github_does() {
    assert_warned("capitals", &[REQUIRED], &[], |it| {
        it.environment["name"] = json!("PyPI");
        it.run["repository"]["full_name"] = json!("Apache/Example");
    });
    assert_warned("a run that says no repository", &[REQUIRED], &[], |it| {
        it.run.as_object_mut().unwrap().remove("repository");
    });
}

#[test]
fn an_answer_on_another_run_is_no_approval_where_it_is_only_recorded_either() {
    let world = World::with_release();
    world.github.change(|it| it.run["id"] = json!(2));
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-unreadable"]);
    let told = &ran.report["approval"];
    assert_eq!(told["approved"], false);
    assert_eq!(told["reviews"][0]["counts"], false);
    let said = "an answer on the run `2`, and the job's identity token says `1`";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn an_environment_for_every_branch_passed_in_silence() {
    for level in ["required", "recorded"] {
        let level = [("approval", level)];
        assert_warned("no policy", &level, &["ref-any"], |it| {
            it.environment["deployment_branch_policy"] = Value::Null;
        });
    }
    assert_warned("neither of both", &[REQUIRED], &["ref-any"], |it| {
        it.environment["deployment_branch_policy"] =
            json!({ "protected_branches": false, "custom_branch_policies": false });
    });
    for (pattern, warned) in [
        ("*", &["ref-any"][..]),
        ("**", &["ref-any"]),
        ("*/*", &["ref-any"]),
        ("**/*", &["ref-any"]),
        ("v*", &[]),
        ("release/*", &[]),
        ("main", &[]),
    ] {
        let world = World::with_release();
        world.github.change(|it| {
            it.environment["deployment_branch_policy"] =
                json!({ "protected_branches": false, "custom_branch_policies": true });
            let policies = it.patterns["branch_policies"].as_array_mut().unwrap();
            policies.push(json!({ "id": 2, "name": pattern, "type": "branch" }));
        });
        let ran = world.run("publish", &[REQUIRED]);
        assert_eq!(ran.status, 0, "{pattern}: {}", ran.stderr);
        assert_eq!(ran.rules("warn"), rules(warned), "{pattern}");
        assert_eq!(ran.report["approval"]["refs"], json!(["v*", pattern]));
    }
}

#[test]
fn an_action_of_another_owner_counted_as_this_one() {
    let hash = "ab".repeat(20);
    let ours = format!("apache/asf-pypi-publish@{hash}");
    let theirs = format!("somebody/ASF-PyPI-publish@{hash}");
    for (what, uses) in [
        ("theirs", theirs.clone()),
        ("both", format!("{ours}\n      - uses: {theirs}")),
    ] {
        let world = World::with_release();
        world
            .github
            .change(|it| it.workflow = it.workflow.replace(&ours, &uses));
        let ran = world.run("publish", &[REQUIRED]);
        assert_eq!(ran.status, 0, "{what}: {}", ran.stderr);
        assert_eq!(ran.rules("warn"), ["action-foreign"], "{what}");
        assert!(ran.stderr.contains(&theirs), "{what}: {}", ran.stderr);
        let run = &ran.report["approval"]["run"];
        assert_eq!(run["pinned"], Value::Null, "{what}");
        let named = run["uses"].as_array().unwrap();
        assert!(!named.contains(&json!(theirs)), "{what}: {named:?}");
    }
}
