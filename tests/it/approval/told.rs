// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What is told of an approval, and that its words can do no harm.

use super::*;
use crate::run::run_as_action;
use crate::world::RELEASE;

/// What a runner gives, and inputs as it gives them.
pub(super) fn act(world: &World, more: &[(&str, &str)]) -> Ran {
    let env = world.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let (source, index) = (world.dist.url(RELEASE), world.index.base());
    let (keys, token) = (world.dist.url("release/example/KEYS"), world.github.token());
    let inputs = [
        ("mode", "publish"),
        ("projects", "example"),
        ("report", "report.json"),
        ("source", &source),
        ("keys", &keys),
        ("index", &index),
        ("github-token", &token),
    ];
    run_as_action(&[&inputs[..], more].concat(), &env)
}

#[test]
fn who_approved_what_is_in_the_report_the_summary_and_the_log() {
    let world = World::with_release();
    world.github.change(|it| {
        it.environment["can_admins_bypass"] = json!(true);
    });
    let ran = act(&world, &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let told = &ran.report["approval"];
    let read_at = told["read_at"].as_str().unwrap();
    assert!(read_at.ends_with('Z'), "{read_at}");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(
        *told,
        json!({
            "level": "required",
            "approved": true,
            "environment": "pypi",
            "reviewers": ["user second-person", "team example-pmc"],
            "self_review_prevented": true,
            "admins_may_bypass": true,
            "refs": ["protected"],
            "reviews": [{
                "user": "second-person",
                "user_id": 22,
                "state": "approved",
                "comment": "Digest compared.",
                "counts": true,
            }],
            "run": {
                "repository": "apache/example",
                "id": "1",
                "attempt": 1,
                "started": "2026-01-02T03:04:05Z",
                "actor": "release-manager",
                "triggering_actor": "release-manager",
                "event": "workflow_dispatch",
                "ref": "refs/tags/v1",
                "workflow": ".github/workflows/release.yml",
                "workflow_commit": commit,
                "uses": [format!("apache/asf-pypi-publish@{}", "ab".repeat(20))],
                "pinned": true,
            },
            "read_at": read_at,
        })
    );
    let file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::fs::write(file.path(), ran.report.to_string()).unwrap();
    crate::config::illegal::assert_fits("docs/report.schema.json", file.path());
    assert_eq!(ran.rules("note"), ["admins-may-bypass"]);
    for part in [
        "second-person",
        "Digest compared.",
        "administrators may bypass: yes",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    for part in ["Approval", "Digest compared", "attempt 1"] {
        assert!(ran.summary.contains(part), "{part}: {}", ran.summary);
    }
    assert!(ran.stderr.contains("::group::Approval"), "{}", ran.stderr);
    let masked = format!("::add-mask::{}\n", world.github.token());
    assert!(ran.stderr.contains(&masked), "{}", ran.stderr);
    world.assert_no_secret(&ran);
}

#[test]
fn patterns_of_branches_and_tags_are_shown() {
    let world = World::with_release();
    // Whether the ref fits them is for GitHub: it starts no job otherwise.
    world.issuer.set_claim("ref_protected", json!("false"));
    world.github.change(|it| {
        it.environment["deployment_branch_policy"] =
            json!({ "protected_branches": false, "custom_branch_policies": true });
    });
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["approval"]["refs"], json!(["v*"]));
    assert_eq!(ran.rules("warn"), rules(&[]));
}

#[test]
fn a_workflow_that_cannot_be_read_is_pinned_by_nobody_knows_what() {
    let world = World::with_release();
    let gone = testbed::github_api::Fault::new("release.yml", 404, "Not Found");
    world.github.change(|it| it.faults.push(gone));
    let ran = world.run("publish", &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["approval"]["run"]["pinned"], Value::Null);
    for (uses, pinned) in [
        ("./", Value::Null),
        ("Apache/ASF-pypi-publish@main", json!(false)),
    ] {
        let world = World::with_release();
        let pin = format!("apache/asf-pypi-publish@{}", "ab".repeat(20));
        world
            .github
            .change(|it| it.workflow = it.workflow.replace(&pin, uses));
        let ran = world.run("publish", &[REQUIRED]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.report["approval"]["run"]["pinned"], pinned);
        let warned = ran.rules("warn") == ["action-unpinned"];
        assert_eq!(warned, pinned == json!(false), "{uses}");
    }
}

/// What steers a runner, a terminal, Markdown, HTML or a reader's eye.
const HOSTILE: &str = "ok\r\n::error::forged\n::add-mask::x\n##[error]forged\u{1b}[31m\u{202e}\
    </details><img src=x onerror=alert(1)><script>alert(1)</script> | a | b |\n\n# forged\n\
    [click](https://evil.example) @apache/all #1 `code` ```\n%0A::error::forged";

#[test]
fn words_of_others_do_no_harm_wherever_they_are_told() {
    let world = World::with_release();
    world.github.change(|it| {
        it.environment["can_admins_bypass"] = json!(true);
        let who = user(HOSTILE, 22, "User");
        let long = format!("{HOSTILE} {}", "long ".repeat(100_000));
        it.reviews = vec![
            review("approved", &who, &long),
            review("rejected", &who, &long),
        ];
        reviewers_rule(it)["reviewers"][0]["reviewer"]["login"] = json!(HOSTILE);
        it.run["actor"]["login"] = json!(HOSTILE);
        it.workflow = it.workflow.replace(
            &format!("apache/asf-pypi-publish@{}", "ab".repeat(20)),
            "\"x|<b>\\n::error::forged/asf-pypi-publish@::error::\\u001b[31m\"",
        );
    });
    let ran = act(&world, &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["action-foreign", "approval-rejected"]);
    assert_harmless(&world, &ran);

    let world = World::with_release();
    world.github.change(|it| {
        it.environment["name"] = json!(HOSTILE);
        it.run["repository"]["full_name"] = json!(HOSTILE);
    });
    let ran = act(&world, &[REQUIRED]);
    assert_eq!(ran.refusals(), ["approval-unreadable"], "{}", ran.stderr);
    assert_harmless(&world, &ran);

    let world = World::with_release();
    world.github.change(|it| {
        it.patterns["branch_policies"][0]["name"] = json!(HOSTILE);
        it.environment["deployment_branch_policy"] =
            json!({ "protected_branches": false, "custom_branch_policies": true });
    });
    let ran = act(&world, &[REQUIRED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_harmless(&world, &ran);
}

/// Nothing that was said steers anybody.
#[track_caller]
fn assert_harmless(world: &World, ran: &Ran) {
    for line in ran.stderr.lines().chain(ran.stdout.lines()) {
        assert!(!line.contains("##["), "{line}");
        if let Some(command) = line.trim_start().strip_prefix("::") {
            assert!(!command.starts_with("error::"), "{line}");
            assert!(!command.starts_with("add-mask::x"), "{line}");
        }
    }
    let said = format!("{}{}{}{}", ran.stdout, ran.stderr, ran.summary, ran.report);
    for no in ['\u{1b}', '\u{202e}', '\r'] {
        assert!(!said.contains(no), "{no:?}");
    }
    for no in [
        "<img",
        "<script",
        "</details><",
        "\n# forged",
        "[click](",
        "@apache",
        "| a |",
    ] {
        assert!(!ran.summary.contains(no), "{no}: {}", ran.summary);
    }
    assert!(ran.summary.len() < 100_000 && ran.stderr.len() < 100_000);
    world.assert_no_secret(ran);
}
