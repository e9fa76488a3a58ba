// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Values that come from elsewhere in the workflow: that something is there,
//! and that the digest was seen by somebody before the job that publishes.

use std::collections::BTreeSet;

use super::at;
use super::expression::{is_opaque, references, sole};
use super::pair::{differences, revision, takes_any};
use super::permissions::has_id_token;
use super::printer::{of_digest, prints};
use super::workflow::{Job, Step, With, Workflow};
use crate::rules::{Finding, Rule, Severity};

/// The jobs whose outputs are the `expected-digest` of a step of this action, in
/// lower case.
pub(super) fn jobs(workflow: &Workflow, is_ours: &dyn Fn(&Step) -> bool) -> BTreeSet<String> {
    let steps = workflow.jobs.iter().flat_map(|job| &job.steps);
    let digests = steps
        .filter(|step| is_ours(step))
        .filter_map(|step| sole(step.given("expected-digest")?));
    digests
        .filter(|name| name.len() > 1 && name[0] == "needs")
        .filter_map(|name| name.into_iter().nth(1))
        .collect()
}

/// Values that would be empty on the day.
pub(super) fn broken(workflow: &Workflow, job: &Job, step: &Step) -> Vec<Finding> {
    let mut findings = Vec::new();
    for with in &step.with {
        let value = with.value.as_deref().unwrap_or_default();
        // Then there is another value in its place.
        if value.contains("||") {
            continue;
        }
        for name in references(value) {
            let parts: Vec<&str> = name.iter().map(String::as_str).collect();
            let found = match *parts.as_slice() {
                ["inputs", input] | ["github", "event", "inputs", input] => {
                    of_input(workflow, input)
                }
                ["needs", from, "outputs", output] => of_needs(workflow, job, from, output),
                ["steps", id, ..] => of_step(job, step, id),
                ["env", name] => Some(of_env(job, step, name)),
                _ => None,
            };
            findings.extend(found.map(|(expected, certain)| {
                let path = at(workflow, with.name.place);
                let expected = format!("`{}`: {expected}", with.name.text);
                let found = format!("`{}`", name.join("."));
                let finding = Finding::new(Rule::HandoverBroken, Some(&path), expected, found);
                if certain {
                    finding
                } else {
                    finding.as_warning()
                }
            }));
        }
    }
    findings
}

/// What is missing, and whether the value is empty for certain.
type Missing = Option<(String, bool)>;

fn of_input(workflow: &Workflow, input: &str) -> Missing {
    let mut declared = workflow.triggers.iter().flat_map(|it| &it.inputs);
    match declared.find(|it| it.name.eq_ignore_ascii_case(input)) {
        None => Some((
            format!("`{input}` among the inputs of `workflow_dispatch`"),
            true,
        )),
        Some(it) if it.may_be_empty => Some((
            format!("`required: true` or a default for the input `{input}`"),
            false,
        )),
        Some(_) => None,
    }
}

fn of_needs(workflow: &Workflow, job: &Job, from: &str, output: &str) -> Missing {
    let Some(other) = workflow
        .jobs
        .iter()
        .find(|it| it.id.text.eq_ignore_ascii_case(from))
    else {
        return Some((format!("a job `{from}`"), true));
    };
    if !job.needs.iter().any(|name| name.eq_ignore_ascii_case(from)) {
        return Some((
            format!("`needs: {from}` in the job `{}`", job.id.text),
            true,
        ));
    }
    // Nobody here knows what a reusable workflow gives.
    let is_there = other.uses.is_some()
        || other
            .outputs
            .iter()
            .any(|it| it.name.eq_ignore_ascii_case(output));
    (!is_there).then(|| {
        (
            format!("`{output}` among the `outputs` of the job `{from}`"),
            true,
        )
    })
}

/// What `env:` says is put in before; what is left is said nowhere, unless an
/// earlier step says it.
fn of_env(job: &Job, step: &Step, name: &str) -> (String, bool) {
    let is_first = job.steps.first().is_some_and(|it| it.place == step.place);
    (format!("`{name}` in an `env:` of the workflow"), is_first)
}

fn of_step(job: &Job, step: &Step, id: &str) -> Missing {
    let mut before = job.steps.iter().take_while(|it| it.place != step.place);
    let is_there = before.any(|it| it.has_id(id));
    (!is_there).then(|| (format!("an earlier step with `id: {id}` in the job"), true))
}

/// Whether somebody has seen the digest before the job that publishes.
/// `is_refused` is whether a run would refuse the input, which is told already;
/// `is_ours` knows the steps of this action.
pub(super) fn digest(
    workflow: &Workflow,
    job: &Job,
    step: &Step,
    is_refused: bool,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Vec<Finding> {
    let said = |name: &str| step.with.iter().find(|it| it.name.text == name);
    let tell = |with: Option<&With>, expected: &str, found: String| {
        let place = with.map_or(step.place, |with| with.name.place);
        let path = at(workflow, place);
        Finding::new(Rule::DigestUnbound, Some(&path), expected, found)
    };
    let from_other = "`expected-digest` from an input, or from a job without `id-token`";
    let with = said("expected-digest");
    let value = step.given("expected-digest").unwrap_or("none");
    if value == "none" {
        let none = || tell(with, from_other, "none".to_owned());
        return (!is_refused).then(none).into_iter().collect();
    }
    if value == "any" {
        return vec![tell(
            with,
            from_other,
            "`any`: whatever comes out".to_owned(),
        )];
    }
    let name = sole(value).unwrap_or_default();
    let parts: Vec<&str> = name.iter().map(String::as_str).collect();
    match *parts.as_slice() {
        ["inputs", input] | ["github", "event", "inputs", input] => {
            let any = is_any_by_default(workflow, input).then(|| {
                let found =
                    format!("the input `{input}`, which is `any` unless somebody changes it");
                tell(with, from_other, found)
            });
            let unread = (any.is_none() && !is_read_before(workflow, job, is_ours)).then(|| {
                let expected =
                    "a job before it, without rights, whose page shows the reviewer the release";
                let mut finding = tell(
                    with,
                    expected,
                    "a digest as it was typed, and no page".to_owned(),
                );
                finding.severity = Severity::Note;
                finding
            });
            any.into_iter().chain(unread).collect()
        }
        ["needs", from, "outputs", output] => {
            if let Some(found) = unseen(workflow, from, output, is_ours) {
                return vec![tell(with, from_other, found)];
            }
            let printer = of_digest(workflow, from, output, is_ours);
            let differs = printer.and_then(|printer| differences(workflow, step, printer));
            let revision = revision(workflow, step, from, is_ours);
            let typed = printer.and_then(|printer| takes_any(workflow, printer));
            differs.into_iter().chain(revision).chain(typed).collect()
        }
        // A digest in the file was reviewed with it; others are unknown.
        _ if !is_opaque(value) => Vec::new(),
        _ => vec![tell(with, from_other, format!("`{value}`"))],
    }
}

/// Whether a job that this one waits for looks at the release.
fn is_read_before(workflow: &Workflow, job: &Job, is_ours: &dyn Fn(&Step) -> bool) -> bool {
    let waits = |other: &&Job| {
        let mut needs = job.needs.iter();
        needs.any(|name| name.eq_ignore_ascii_case(&other.id.text))
    };
    let before = workflow.jobs.iter().filter(waits);
    let mut steps = before.flat_map(|other| &other.steps);
    steps.any(|step| is_ours(step) && prints(step))
}

/// Whether a run that is started without a word takes whatever comes out.
fn is_any_by_default(workflow: &Workflow, input: &str) -> bool {
    let mut declared = workflow.triggers.iter().flat_map(|it| &it.inputs);
    declared.any(|it| {
        it.name.eq_ignore_ascii_case(input) && it.default.as_deref().map(str::trim) == Some("any")
    })
}

/// Why an output of another job is no digest that this action printed in a job
/// without rights; none where it is one, or where there is no such output,
/// which is told already.
fn unseen(
    workflow: &Workflow,
    from: &str,
    output: &str,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Option<String> {
    let other = workflow
        .jobs
        .iter()
        .find(|it| it.id.text.eq_ignore_ascii_case(from))?;
    if has_id_token(workflow, other) {
        return Some(format!(
            "the job `{from}`, which has `id-token: write` itself"
        ));
    }
    if let Some(uses) = &other.uses {
        return Some(format!("the reusable workflow `{}`", uses.text));
    }
    let value = &other
        .outputs
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case(output))?
        .value;
    let value = value.as_deref().unwrap_or_default();
    let printer = of_digest(workflow, from, output, is_ours);
    printer.is_none().then(|| {
        format!(
            "`{}`, which is not the output `digest` of a step of this action that verifies or rehearses",
            value.trim()
        )
    })
}
