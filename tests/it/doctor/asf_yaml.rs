// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `.asf.yaml` as people write it: what the ASF's own reader takes is not
//! refused, what it refuses is not ready, and what stands open is told.

use std::path::Path;

use super::{ASF_YAML, GOOD, WORKFLOW, assert_ready, examine, words, world};
use crate::run::Ran;
use crate::world::World;

const PROTECTED: &str = "deployment_branch_policy: {protected_branches: true}";
const REVIEWER: &str = "required_reviewers: [{id: example-pmc, type: Team}]";

fn examine_with(world: &World, text: &str) -> Ran {
    examine(world, &[(WORKFLOW, GOOD), (".asf.yaml", text)])
}

/// The file with these lines of the environment.
fn with(lines: &[&str]) -> String {
    let mut text = "github:\n  environments:\n    pypi:\n".to_owned();
    for line in lines {
        text.push_str("      ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The file with one part of the good one put otherwise.
fn otherwise(part: &str, by: &str) -> String {
    assert!(ASF_YAML.contains(part), "{part}");
    ASF_YAML.replace(part, by)
}

/// Rules with the place of each, in the order of the report. Of the workflow
/// nothing but a note is to be told.
fn told(ran: &Ran) -> Vec<String> {
    let findings = ran.report["findings"].as_array().unwrap().iter();
    let findings = findings.filter(|it| it["severity"] != "note");
    let told = findings.map(|it| {
        let path = it["path"].as_str().unwrap();
        format!("{} {path}", it["rule"].as_str().unwrap())
    });
    told.collect()
}

#[test]
fn what_the_asf_s_reader_takes_is_ready() {
    let world = world();
    let id = "        - id: example-pmc\n          type: Team\n";
    let yes = "prevent_self_review: true";
    let wait = "wait_timer: 15";
    let only = "        protected_branches: true\n";
    let six = format!("required_reviewers: [{}]", ["{id: a}"; 6].join(", "));
    for text in [
        ASF_YAML.to_owned(),
        // A reviewer is a person where nothing else is said.
        otherwise(id, "        - id: octocat\n"),
        otherwise(id, "        - id: 1234\n"),
        otherwise(id, "        - id: '1234'\n          type: \"User\"\n"),
        otherwise(id, "        - id: 1e3\n"),
        otherwise(id, "        - id: octocat_acme\n"),
        with(&[&six, PROTECTED]),
        // The reader takes every scalar as text.
        otherwise(yes, "prevent_self_review: yes"),
        otherwise(yes, "prevent_self_review: \"true\""),
        otherwise(yes, "prevent_self_review: 'On'"),
        otherwise(yes, "prevent_self_review: TRUE"),
        otherwise(yes, "prevent_self_review: y"),
        otherwise(yes, "prevent_self_review: 1"),
        otherwise(&format!("      {yes}\n"), ""),
        otherwise(wait, "wait_timer: 0"),
        otherwise(wait, "wait_timer: 43199"),
        otherwise(wait, "wait_timer: '15'"),
        otherwise(wait, "wait_timer: 1_000"),
        otherwise(only, "        protected_branches: 'yes'\n"),
        otherwise(
            only,
            "        protected_branches: true\n        policies: []\n",
        ),
        otherwise(only, "        policies:\n        - name: main\n"),
        otherwise(
            only,
            "        protected_branches: false\n        policies:\n          - {name: main, type: branch}\n          \
            - name: 1.0\n            type: tag\n          - name: \"release/*\"\n",
        ),
        // GitHub does not heed the case of a name, and the last one stays.
        otherwise("pypi:", "PyPI:"),
        format!(
            "{}    PYPI:\n      {REVIEWER}\n      {PROTECTED}\n",
            with(&["{}"])
        ),
        format!("# x\r\n{}", ASF_YAML.replace('\n', "\r\n")),
        format!(
            "meta: {{environment: production}}\nnotifications:\n  jobs: x@example.org\n{ASF_YAML}"
        ),
    ] {
        let ran = examine_with(&world, &text);
        assert_ready(&ran);
        assert_eq!(ran.status, 0, "{text}");
    }
}

#[test]
fn what_the_asf_s_reader_refuses_sets_nothing_up() {
    let world = world();
    let id = "id: example-pmc";
    let kind = "type: Team";
    let yes = "prevent_self_review: true";
    let wait = "wait_timer: 15";
    let only = "protected_branches: true";
    let list = "required_reviewers:\n        - id: example-pmc\n          type: Team\n";
    let policy = "deployment_branch_policy:\n        protected_branches: true\n";
    let policies = |of: &str| otherwise(only, &format!("policies: {of}"));
    let seven = format!("required_reviewers: [{}]", ["{id: a}"; 7].join(", "));
    for (text, place) in [
        // Keys that it does not know, at each level.
        (otherwise("wait_timer", "wait-timer"), "8:7"),
        (
            otherwise("prevent_self_review", "prevent_self_reviews"),
            "7:7",
        ),
        (otherwise(kind, "kind: Team"), "6:11"),
        (otherwise(only, "protected_branch: true"), "10:9"),
        (
            otherwise(
                only,
                "protected_branches: true\n        custom_branch_policies: false",
            ),
            "11:9",
        ),
        (policies("[{name: main, kind: tag}]"), "10:33"),
        // Reviewers.
        (otherwise(list, "required_reviewers:\n"), "4:7"),
        (
            otherwise(list, "required_reviewers: {id: example-pmc}\n"),
            "4:7",
        ),
        (
            otherwise(list, "required_reviewers: [example-pmc]\n"),
            "4:28",
        ),
        (with(&[&seven, PROTECTED]), "4:7"),
        (otherwise(id, "id: ''"), "5:11"),
        (otherwise(id, "id:"), "5:11"),
        (otherwise(id, "id: ~"), "5:11"),
        (otherwise(id, "id: true"), "5:11"),
        (otherwise(id, "id: [a]"), "5:11"),
        (otherwise(id, "id: 'REVIEWERS'"), "5:11"),
        // Of these names GitHub knows nobody.
        (otherwise(id, "id: apache/example-pmc"), "5:11"),
        (otherwise(id, "id: '@octocat'"), "5:11"),
        (otherwise(id, "id: Example PMC"), "5:11"),
        (otherwise(&format!("{id}\n          "), ""), "5:11"),
        (otherwise(kind, "type: team"), "6:11"),
        (otherwise(kind, "type:"), "6:11"),
        // Flags and numbers.
        (otherwise(yes, "prevent_self_review: maybe"), "7:7"),
        (otherwise(yes, "prevent_self_review:"), "7:7"),
        (otherwise(yes, "prevent_self_review: [true]"), "7:7"),
        (otherwise(wait, "wait_timer: 43200"), "8:7"),
        (otherwise(wait, "wait_timer: -1"), "8:7"),
        (otherwise(wait, "wait_timer: 1.5"), "8:7"),
        (otherwise(wait, "wait_timer: 0x10"), "8:7"),
        (otherwise(wait, "wait_timer: 99999999999999999999"), "8:7"),
        (otherwise(wait, "wait_timer: _"), "8:7"),
        (otherwise(wait, "wait_timer:"), "8:7"),
        // Which branches: exactly one of the two.
        (otherwise(policy, "deployment_branch_policy: ~\n"), "9:7"),
        (otherwise(policy, "deployment_branch_policy: []\n"), "9:7"),
        (otherwise(policy, "deployment_branch_policy: {}\n"), "9:7"),
        (otherwise(only, "protected_branches: false"), "9:7"),
        (otherwise(only, "protected_branches: maybe"), "10:9"),
        (
            otherwise(
                only,
                "protected_branches: true\n        policies: [{name: main}]",
            ),
            "11:9",
        ),
        (policies("[]"), "9:7"),
        (policies(""), "10:9"),
        (policies("main"), "10:9"),
        (policies("[main]"), "10:20"),
        (policies("[{type: tag}]"), "10:20"),
        (policies("[{name: ''}]"), "10:21"),
        (policies("[{name: main, type: Branch}]"), "10:33"),
        // What is no mapping, and another environment than the one that is used.
        (with(&[]), "3:5"),
        ("github:\n  environments: [pypi]\n".to_owned(), "2:3"),
        ("github:\n  environments:\n".to_owned(), "2:3"),
        ("github:\n".to_owned(), "1:1"),
        ("- github\n".to_owned(), "1:1"),
        (
            format!("{ASF_YAML}    testpypi:\n      wait_timer: x\n"),
            "12:7",
        ),
        // It reads no anchors and no tags.
        (otherwise("15", "&a 15"), "8:22"),
        (otherwise("15", "!minutes 15"), "8:28"),
        (format!("{ASF_YAML}github: {{}}\n"), "11:1"),
    ] {
        let ran = examine_with(&world, &text);
        let expected = [format!("asf-yaml-illegal .asf.yaml:{place}")];
        assert_eq!(told(&ran), expected, "{text}");
        assert_eq!(ran.status, 1, "{text}");
    }
}

#[test]
fn a_key_that_is_almost_right_is_told_with_the_right_one() {
    let world = world();
    for (right, wrong) in [
        ("required_reviewers", "required_reviewer"),
        ("prevent_self_review", "prevent-self-review"),
        ("wait_timer", "wait_time"),
        ("deployment_branch_policy", "deployment_branch_policies"),
        ("protected_branches", "protected_branch"),
    ] {
        let text = otherwise(right, wrong);
        let ran = examine_with(&world, &text);
        let expected = format!("did you mean `{right}`?");
        let findings = ran.report["findings"].as_array().unwrap();
        let told = findings.iter().any(|it| it["expected"] == expected);
        assert!(told, "{wrong}: {findings:?}");
    }
}

#[test]
fn an_environment_that_admits_every_branch_is_told() {
    let world = world();
    let policies = |names: &str| {
        let policy = format!("deployment_branch_policy: {{policies: [{names}]}}");
        with(&[REVIEWER, &policy])
    };
    for (text, open) in [
        (with(&[REVIEWER]), true),
        (policies("{name: '*'}"), true),
        (policies("{name: main}, {name: '**/*'}"), true),
        (policies("{name: '*/*', type: tag}"), true),
        (policies("{name: 'release/*'}"), false),
        (policies("{name: 'v*', type: tag}"), false),
    ] {
        let ran = examine_with(&world, &text);
        let expected = if open {
            words(&["ref-any .asf.yaml:3:5"])
        } else {
            vec![]
        };
        assert_eq!(told(&ran), expected, "{text}");
        assert_eq!(ran.rules("warn").len(), expected.len(), "{text}");
        assert_eq!(ran.status, 0, "{text}");
    }
}

#[test]
fn a_wait_that_the_file_does_not_say_is_not_made_up() {
    let world = world();
    let text = otherwise("      wait_timer: 15\n", "");
    let ran = examine_with(&world, &text);
    assert_ready(&ran);
    let row = &ran.report["checkup"]["environments"][0];
    assert_eq!(row["wait_minutes"], serde_json::Value::Null);
    assert!(ran.stderr.contains("not said"), "{}", ran.stderr);
}

#[test]
fn an_example_or_a_page_whose_reviewers_nobody_named_is_refused() {
    let world = world();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = std::fs::read_to_string(folder.join("examples/.asf.yaml")).unwrap();
    let page = std::fs::read_to_string(folder.join("docs/approval.md")).unwrap();
    let start = page.find("github:\n  environments:").unwrap();
    let block = page[start..].split("```").next().unwrap();
    for text in [&example, block] {
        let ran = examine_with(&world, text);
        let count = text.matches("id: REVIEWERS").count();
        assert_eq!(ran.refusals(), ["asf-yaml-illegal"], "{text}");
        assert_eq!(told(&ran).len(), count, "{text}");
        let named = text.replace("id: REVIEWERS", "id: example-pmc");
        let ran = examine_with(&world, &named);
        assert_ready(&ran);
    }
}

#[test]
fn lines_for_asf_yaml_are_ready_to_paste() {
    let world = world();
    let ran = examine(&world, &[(WORKFLOW, GOOD)]);
    assert_eq!(ran.rules("warn"), ["asf-yaml-silent"], "{}", ran.stderr);
    let lines = ran.report["checkup"]["asf_yaml"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(lines.contains("required_reviewers"));
    // As they are, the reviewers are still to be named; then nothing is left.
    let ran = examine_with(&world, &lines);
    assert_eq!(ran.refusals(), ["asf-yaml-illegal"], "{}", ran.stderr);
    let named = lines.replace("REVIEWERS", "example-pmc");
    let ran = examine_with(&world, &named);
    assert_ready(&ran);
}

#[test]
fn an_environment_that_nobody_else_must_approve_is_refused() {
    let world = world();
    let yes = "prevent_self_review: true";
    for (text, expected) in [
        (
            otherwise(yes, "prevent_self_review: false"),
            "self-review-allowed .asf.yaml:7:7",
        ),
        (
            otherwise(yes, "prevent_self_review: 'no'"),
            "self-review-allowed .asf.yaml:7:7",
        ),
        (with(&[PROTECTED]), "reviewers-missing .asf.yaml:3:5"),
        (
            with(&["required_reviewers: []", PROTECTED]),
            "reviewers-missing .asf.yaml:4:7",
        ),
        ("github: [".to_owned(), "asf-yaml-illegal .asf.yaml:1:9"),
        (
            "github: {}\n".to_owned(),
            "asf-yaml-silent .github/workflows/release.yml:16:18",
        ),
        (
            String::new(),
            "asf-yaml-silent .github/workflows/release.yml:16:18",
        ),
    ] {
        let ran = examine_with(&world, &text);
        assert_eq!(told(&ran), [expected], "{text}");
    }
}
