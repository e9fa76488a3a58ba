// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The workflows that users copy: least permissions, two jobs that share a
//! digest, inputs that there are, and environments that `.asf.yaml` has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use asf_pypi_publish::context::Context;
use asf_pypi_publish::inputs::{Inputs, Request, TABLE};
use asf_pypi_publish::plan::Plan;
use serde_json::Value;

/// Files that are no workflows.
const OTHERS: [&str; 1] = ["asf-pypi-publish.yml"];
/// The workflows that publish nothing.
const READERS: [&str; 2] = ["doctor.yml", "scheduled-check.yml"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The workflows by file name.
fn workflows() -> BTreeMap<String, (String, Value)> {
    let mut workflows = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_workflow = path.extension().is_some_and(|ending| ending == "yml");
        if is_workflow && !OTHERS.contains(&name.as_str()) {
            let text = fs::read_to_string(folder().join(&name)).unwrap();
            let value = serde_yaml::from_str(&text).unwrap();
            workflows.insert(name, (text, value));
        }
    }
    workflows
}

/// The steps that use this action, of every job: the job and the step.
fn steps(workflow: &Value) -> Vec<(&String, &Value, &Value)> {
    let jobs = workflow["jobs"].as_object().unwrap();
    let mut all = Vec::new();
    for (name, job) in jobs {
        for step in job["steps"].as_array().unwrap() {
            let uses = step["uses"].as_str().unwrap_or_default();
            if uses.starts_with("apache/asf-pypi-publish@") {
                all.push((name, job, step));
            }
        }
    }
    all
}

/// Whether a step sends something: a rehearsal does not.
fn publishes(step: &Value) -> bool {
    step["with"]["mode"] == "publish" && step["with"]["dry-run"] != true
}

#[test]
fn examples_give_each_job_what_it_needs_and_no_more() {
    let all = workflows();
    assert!(all.len() >= 10, "{:?}", all.keys());
    for (file, (_, workflow)) in &all {
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{file}");
        let concurrency = &workflow["concurrency"];
        assert!(concurrency["group"].is_string(), "{file}");
        let cancels = concurrency["cancel-in-progress"] == true;
        assert!(!cancels || file == "doctor.yml", "{file}");
        for (name, job, step) in steps(workflow) {
            let place = format!("{file}: {name}");
            let publishes = publishes(step);
            let permissions = &job["permissions"];
            let writes = permissions["id-token"] == "write";
            assert_eq!(writes, publishes, "{place}: id-token");
            assert_eq!(permissions["actions"] == "read", publishes, "{place}");
            assert_eq!(job["environment"].is_string(), publishes, "{place}");
            let granted = permissions.as_object().map_or(0, serde_json::Map::len);
            let reads = usize::from(permissions["contents"] == "read");
            assert_eq!(granted, reads + 2 * usize::from(publishes), "{place}");
            assert!(job["timeout-minutes"].is_u64(), "{place}");
        }
    }
}

#[test]
fn examples_pin_what_they_use_and_name_its_version() {
    for (file, (text, _)) in workflows() {
        for line in text.lines().filter(|line| line.contains("uses: ")) {
            let (_, uses) = line.split_once("uses: ").unwrap();
            let (action, comment) = uses.split_once(" # ").unwrap();
            let (_, commit) = action.split_once('@').unwrap();
            let is_hash = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_hash, "{file}: {line}");
            assert!(comment.starts_with('v'), "{file}: {line}");
        }
    }
}

#[test]
fn examples_publish_the_digest_that_a_job_without_permissions_rehearsed() {
    for (file, (_, workflow)) in workflows() {
        if !READERS.contains(&file.as_str()) {
            assert_rehearses(&file, &workflow);
        }
    }
    let readme = folder().with_file_name("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, workflow) = readme
        .split_once("\n## Use it in a workflow\n\n```yaml\n")
        .unwrap();
    let (workflow, _) = workflow.split_once("\n```\n").unwrap();
    assert_rehearses("README.md", &serde_yaml::from_str(workflow).unwrap());
}

/// The first job does what the second will do, but for what needs a right: so
/// the page that the reviewer decides by shows where it goes, what is new there
/// and what would be refused.
fn assert_rehearses(file: &str, workflow: &Value) {
    let outputs = &workflow["jobs"]["verify"]["outputs"];
    for name in ["digest", "revision"] {
        let expected = format!("${{{{ steps.verify.outputs.{name} }}}}");
        assert_eq!(outputs[name], expected, "{file}");
    }
    assert_eq!(workflow["jobs"]["publish"]["needs"], "verify", "{file}");
    let with = |job: &str| {
        let mut steps = steps(workflow).into_iter();
        let step = steps.find(|(name, ..)| *name == job);
        let with = step.unwrap_or_else(|| panic!("{file}: {job}")).2["with"].clone();
        with.as_object().unwrap().clone()
    };
    let (mut first, mut second) = (with("verify"), with("publish"));
    assert_eq!(first["mode"], "publish", "{file}");
    assert_eq!(first.remove("dry-run"), Some(true.into()), "{file}");
    for (input, output) in [("expected-digest", "digest"), ("revision", "revision")] {
        let expected = format!("${{{{ needs.verify.outputs.{output} }}}}");
        assert_eq!(second.remove(input), Some(expected.into()), "{file}");
    }
    // What the vote was about comes from whoever starts it; a candidate and a
    // rehearsal have no vote behind them.
    let digest = first.remove("expected-digest");
    if workflow["on"]["workflow_dispatch"]["inputs"]["digest"].is_object() {
        assert_eq!(digest, Some("${{ inputs.digest }}".into()), "{file}");
    } else {
        assert!(digest.is_none_or(|word| word == "any"), "{file}");
    }
    // Of one job alone: how it is shared, and how much of it goes at a time.
    first.remove("shards");
    second.remove("shard");
    second.remove("concurrency");
    assert_eq!(first, second, "{file}");
}

#[test]
fn examples_took_any_digest_of_whoever_said_nothing() {
    for (file, (_, workflow)) in workflows() {
        let digest = &workflow["on"]["workflow_dispatch"]["inputs"]["digest"];
        if digest.is_object() {
            assert_eq!(digest["required"], true, "{file}");
            assert!(digest["default"].is_null(), "{file}: {digest}");
        }
    }
}

/// What an expression may give in a run of this workflow.
fn filled(workflow: &Value, value: &str) -> String {
    let mut filled = value.to_owned();
    for (name, text) in workflow["env"].as_object().into_iter().flatten() {
        filled = filled.replace(&format!("${{{{ env.{name} }}}}"), text.as_str().unwrap());
    }
    for (expression, text) in [
        ("inputs.version", "1.0.0"),
        ("inputs.digest", "any"),
        ("inputs.include", "*-1.0.0*"),
        ("inputs.wave", "2026-11-29"),
        ("inputs.release", "core"),
        ("needs.verify.outputs.revision", "7"),
        ("matrix.shard", "2/5"),
    ] {
        filled = filled.replace(&format!("${{{{ {expression} }}}}"), text);
    }
    let digest = "ab".repeat(32);
    let filled = filled.replace("${{ needs.verify.outputs.digest }}", &digest);
    let area = "https://dist.apache.org/repos/dist/dev/example/1.0.0/";
    filled.replace("${{ inputs.source }}", area)
}

#[test]
fn examples_have_legal_inputs_only() {
    for (file, (_, workflow)) in workflows() {
        for (name, _, step) in steps(&workflow) {
            let mut args: Vec<String> = Vec::new();
            for (input, value) in step["with"].as_object().unwrap() {
                let known = TABLE.iter().any(|row| row.name == input);
                assert!(known, "{file}: {name}: no input `{input}`");
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                args.push(format!("--{input}={}", filled(&workflow, &value)));
            }
            // The rest stands in the file that `config` names.
            if step["with"]["config"].is_string() {
                args.push("--source=https://dist.apache.org/repos/dist/release/x/1/".to_owned());
                args.push("--projects=x".to_owned());
            }
            let Request::Run(inputs, problems) = Inputs::read(&Context::with_args(args)) else {
                panic!("{file}: no run")
            };
            assert!(problems.is_empty(), "{file}: {name}: {problems:?}");
            // It looks at workflows and has no plan of its own.
            if step["with"]["mode"] == "doctor" {
                continue;
            }
            let plan = Plan::read(&inputs);
            assert!(plan.is_ok(), "{file}: {name}: {plan:?}");
        }
    }
}

#[test]
fn examples_name_environments_that_the_asf_yaml_beside_them_protects() {
    let text = fs::read_to_string(folder().join(".asf.yaml")).unwrap();
    let asf: Value = serde_yaml::from_str(&text).unwrap();
    let environments = asf["github"]["environments"].as_object().unwrap();
    for (name, environment) in environments {
        assert_eq!(environment["prevent_self_review"], true, "{name}");
        let reviewers = environment["required_reviewers"].as_array().unwrap();
        assert!(!reviewers.is_empty(), "{name}");
    }
    let named: BTreeSet<String> = workflows()
        .values()
        .flat_map(|(_, workflow)| workflow["jobs"].as_object().unwrap().values())
        .filter_map(|job| job["environment"].as_str().map(str::to_owned))
        .collect();
    let protected: BTreeSet<String> = environments.keys().cloned().collect();
    assert_eq!(named, protected);
}
