// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The files that `doctor` looks at: workflows, and `.asf.yaml`.

use std::collections::BTreeSet;

use asf_pypi_publish::doctor::asf_yaml::{self, Used};
use asf_pypi_publish::doctor::{Checkout, Diagnosis, File, diagnose};
use asf_pypi_publish::inputs::Inputs;
use asf_pypi_publish::plan::ApprovalLevel;
use asf_pypi_publish::rules::{Finding, Rule};

use crate::configs::{self, LIMIT, SHOWN, YAML};
use crate::mutate::{fill, repeat};
use crate::round::{Outcome, Target, measured};

const NAME: &str = ".github/workflows/w.yml";

const EXAMPLES: [&str; 3] = [
    include_str!("../../examples/one-project.yml"),
    include_str!("../../examples/named-releases.yml"),
    include_str!("../../examples/sharded-wave.yml"),
];

const ODD: &str = "\
on: [push, {x: y}, pull_request_target]
permissions: write-all
concurrency: {group: x, cancel-in-progress: true}
x: &step
  uses: o/asf-pypi-publish@v1 # v0.0.1
  with: {mode: publish, version: 1.10, password: x, expected-digest: \"${{ needs['a'].outputs.digest }}\"}
jobs:
  a: {uses: ./x.yml, permissions: {id-token: write}}
  b:
    needs: [a]
    environment: {name: \"${{ inputs.x }}\"}
    runs-on: {group: y}
    container: z
    outputs: {digest: \"${{ steps.v.outputs.digest }}\"}
    steps: [*step, {run: x}, {id: v, uses: \"docker://x\"}, 7]
";

const ASF_YAML: &str = include_str!("../../examples/.asf.yaml");

/// What a step of this action begins with.
const STEP: &str = "      - uses: o/asf-pypi-publish@v1\n";
const JOB: &str = "jobs:\n  a:\n    steps:\n";

fn attacks() -> Vec<Vec<u8>> {
    let with = format!("{JOB}{STEP}        with:\n");
    let mut attacks = configs::attacks();
    attacks.extend([
        repeat(LIMIT, JOB, STEP, ""),
        fill(LIMIT, &with, |n| format!("          a{n}: x\n"), ""),
        fill(LIMIT, &with, |n| format!("          a{n}: ${{{{ inputs.b{n} }}}}\n"), ""),
        repeat(LIMIT, &format!("{with}          version: '"), "${{ steps.b.x }}", "'\n"),
        repeat(LIMIT, &format!("{with}          version: '${{{{"), "needs['a']", "}}'\n"),
        repeat(LIMIT, &format!("{with}          source: '"), "${{", "'\n"),
        fill(LIMIT, "jobs:\n", |n| format!("  j{n}: {{steps: [{{uses: o/asf-pypi-publish@v1, with: {{mode: publish}}}}]}}\n"), ""),
        fill(LIMIT, "on:\n", |n| format!("  e{n}:\n"), JOB),
        repeat(LIMIT, "a: &a {uses: o/asf-pypi-publish@v1, with: {mode: publish}}\njobs: {a: {steps: [", "*a,", "]}}\n"),
        repeat(LIMIT, "jobs: {a: {runs-on: [", "x,", "], steps: [{uses: o/asf-pypi-publish@v1}]}}\n"),
        repeat(LIMIT, "jobs: {a: {steps: [{uses: o/asf-pypi-publish@v1 # v", "9", "\n}]}}\n"),
    ]);
    attacks
}

pub fn workflow() -> Target {
    let mut seeds: Vec<Vec<u8>> = EXAMPLES.map(|text| text.as_bytes().to_vec()).into();
    seeds.push(ODD.as_bytes().to_vec());
    Target {
        name: "workflow",
        seeds,
        attacks,
        words: YAML,
        layer: None,
        check: check_workflow,
        // A tree of its values, and what is wrong with each of them.
        memory: |len| (24 << 20) + 96 * len.min(2 * LIMIT),
    }
}

fn diagnosed(input: &[u8], is_named: bool) -> Diagnosis {
    let read_config = |_: &str| Ok(b"releases: {core: {projects: x}, more: {}}\n".to_vec());
    let checkout = Checkout {
        workflows: vec![File {
            path: NAME.to_owned(),
            is_named,
            bytes: Ok(input.to_vec()),
        }],
        is_this_action: true,
        repository: Some(("apache".to_owned(), "example".to_owned())),
        read_config: &read_config,
    };
    diagnose(&checkout, &Inputs::from_pairs([]).0)
}

fn check_workflow(input: &[u8]) -> Outcome {
    let named = measured(|| diagnosed(input, true));
    let again = diagnosed(input, true);
    if format!("{:?}", named.findings) != format!("{:?}", again.findings) {
        return Err("looked at twice, and not the same".to_owned());
    }
    let lines = lines(input);
    for finding in &named.findings {
        // What no workflow does has no place in one.
        if finding.rule != Rule::WorkflowMissing {
            placed(finding, NAME, lines, input.len())?;
        }
    }
    let unread = |it: &Diagnosis| {
        it.findings
            .iter()
            .any(|it| it.rule == Rule::WorkflowUnreadable)
    };
    if unread(&named) && !named.rows.is_empty() {
        return Err("steps of what cannot be read".to_owned());
    }
    if input.len() > LIMIT && !unread(&named) {
        return Err("a file of any size".to_owned());
    }
    let other = diagnosed(input, false);
    if (unread(&other), other.rows.len()) != (unread(&named), named.rows.len()) {
        return Err("a file that was named is read in another way".to_owned());
    }
    let publishing = named.rows.iter().filter(|row| row.publishes).count();
    if named.targets.len() != publishing {
        return Err(format!(
            "{publishing} steps, {} targets",
            named.targets.len()
        ));
    }
    Ok(word(&named.findings))
}

/// Which rules are told of, each once.
fn word(findings: &[Finding]) -> String {
    let rules: BTreeSet<String> = findings.iter().map(|it| it.rule.to_string()).collect();
    rules.into_iter().collect::<Vec<_>>().join(" ")
}

fn lines(input: &[u8]) -> u64 {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    input.split(ends).count() as u64
}

/// Whether a finding is beside a line of the file, and tells little of it.
fn placed(finding: &Finding, name: &str, lines: u64, len: usize) -> Result<(), String> {
    let path = finding.path.as_deref().unwrap_or_default();
    let place = path
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':')?.split_once(':'))
        .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
    let inside = place.is_some_and(|(line, column): (u64, u64)| {
        (1..=lines + 1).contains(&line) && (1..=len as u64 + 2).contains(&column)
    });
    // A configuration file that is named has lines of its own.
    let of_config = finding.rule == Rule::WorkflowInput && !path.starts_with(name);
    if !inside && !of_config {
        return Err(format!("{} at {path}", finding.rule));
    }
    for text in [&finding.expected, &finding.found, &finding.action] {
        if text.chars().count() > SHOWN {
            return Err(format!(
                "{}: a text of {} bytes is told",
                finding.rule,
                text.len()
            ));
        }
    }
    Ok(())
}

pub fn asf_yaml() -> Target {
    // As people have it who named their reviewers.
    let named = ASF_YAML.replace("REVIEWERS", "example-pmc");
    let seeds = [
        ASF_YAML,
        &named,
        "github: {environments: {pypi: {required_reviewers: [{id: a, type: User}], prevent_self_review: true}}}\n",
        "github: {environments: {pypi: {deployment_branch_policy: {protected_branches: 'no', policies: [{name: 'v*', type: tag}]}}}}\n",
        "github:\n  environments:\n    pypi:\n      wait_timer: 0\n      deployment_branch_policy: {protected_branches: true}\n",
    ];
    Target {
        name: "asf-yaml",
        seeds: seeds.map(|text| text.as_bytes().to_vec()).into(),
        attacks: || {
            let environment = "github: {environments: {pypi: {";
            let mut attacks = configs::attacks();
            attacks.extend([
                repeat(
                    LIMIT,
                    &format!("{environment}required_reviewers: ["),
                    "{id: a},",
                    "]}}}\n",
                ),
                repeat(
                    LIMIT,
                    &format!("{environment}required_reviewers: ["),
                    "[],",
                    "]}}}\n",
                ),
                repeat(LIMIT, &format!("{environment}wait_timer: "), "9", "}}}\n"),
                fill(LIMIT, environment, |n| format!("k{n}: x, "), "}}}\n"),
                fill(
                    LIMIT,
                    "github: {environments: {",
                    |n| format!("k{n}: x, "),
                    "}}\n",
                ),
            ]);
            attacks
        },
        words: YAML,
        layer: None,
        check: check_asf_yaml,
        memory: |len| (24 << 20) + 96 * len.min(2 * LIMIT),
    }
}

fn check_asf_yaml(input: &[u8]) -> Outcome {
    let used = ["pypi", "testpypi"].map(|name| Used {
        name: name.to_owned(),
        level: Some(ApprovalLevel::Required),
        place: format!("{NAME}:1:1"),
    });
    let judged = measured(|| asf_yaml::judge(Some(input), &used));
    if judged != asf_yaml::judge(Some(input), &used) {
        return Err("looked at twice, and not the same".to_owned());
    }
    let (rows, findings) = judged;
    let lines = lines(input);
    for finding in &findings {
        // An environment that is not there is told at the workflow that names it.
        if finding.rule == Rule::AsfYamlSilent {
            continue;
        }
        placed(finding, asf_yaml::FILE, lines, input.len())?;
    }
    if rows.len() > used.len() {
        return Err(format!("{} environments", rows.len()));
    }
    // Of what is unprotected nobody is told that it is ready.
    let ready = rows
        .iter()
        .all(|row| row.reviewers > 0 && row.prevents_self_review);
    if findings.is_empty() && !(ready && rows.len() == used.len()) {
        return Err("ready, without reviewers".to_owned());
    }
    Ok(word(&findings))
}
