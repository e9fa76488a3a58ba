// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Values that come from elsewhere in the workflow: that something is there,
//! and that the digest was seen by somebody before the job that publishes.

use super::at;
use super::expression::{references, sole};
use super::permissions::has_id_token;
use super::workflow::{Job, Step, With, Workflow};
use crate::rules::{Finding, Rule, Severity};

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
    match declared.find(|(name, _)| name.eq_ignore_ascii_case(input)) {
        None => Some((
            format!("`{input}` among the inputs of `workflow_dispatch`"),
            true,
        )),
        Some((_, true)) => Some((
            format!("`required: true` or a default for the input `{input}`"),
            false,
        )),
        Some((_, false)) => None,
    }
}

fn of_needs(workflow: &Workflow, job: &Job, from: &str, output: &str) -> Missing {
    let Some(other) = workflow.jobs.iter().find(|it| it.id.text == from) else {
        return Some((format!("a job `{from}`"), true));
    };
    if !job.needs.iter().any(|name| name == from) {
        return Some((
            format!("`needs: {from}` in the job `{}`", job.id.text),
            true,
        ));
    }
    // Nobody here knows what a reusable workflow gives.
    let is_there = other.uses.is_some() || other.outputs.iter().any(|name| name == output);
    (!is_there).then(|| {
        (
            format!("`{output}` among the `outputs` of the job `{from}`"),
            true,
        )
    })
}

fn of_step(job: &Job, step: &Step, id: &str) -> Missing {
    let mut before = job.steps.iter().take_while(|it| it.place != step.place);
    let is_there = before.any(|it| it.id.as_deref() == Some(id));
    (!is_there).then(|| (format!("an earlier step with `id: {id}` in the job"), true))
}

/// Whether somebody has seen the digest before the job that publishes.
/// `is_refused` is whether a run would refuse the input, which is told already.
pub(super) fn digest(workflow: &Workflow, step: &Step, is_refused: bool) -> Vec<Finding> {
    let said = |name: &str| step.with.iter().find(|it| it.name.text == name);
    let tell = |with: Option<&With>, expected: &str, found: String| {
        let place = with.map_or(step.place, |with| with.name.place);
        let path = at(workflow, place);
        Finding::new(Rule::DigestUnbound, Some(&path), expected, found)
    };
    let from_other = "`expected-digest` from an input, or from a job without `id-token`";
    let with = said("expected-digest");
    let value = with
        .and_then(|with| with.value.as_deref())
        .unwrap_or("none");
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
        ["inputs", _] | ["github", "event", "inputs", _] => Vec::new(),
        ["needs", from, "outputs", _] => {
            let other = workflow.jobs.iter().find(|it| it.id.text == from);
            if other.is_some_and(|other| has_id_token(workflow, other)) {
                let found = format!("the job `{from}`, which has `id-token: write` itself");
                return vec![tell(with, from_other, found)];
            }
            let same = said("revision").and_then(|with| sole(with.value.as_deref()?));
            if same.is_some_and(|name| name.get(1).is_some_and(|it| it == from)) {
                return Vec::new();
            }
            let expected = "`revision` from that job too, so that both jobs read the same tree";
            let mut finding = tell(with, expected, "the digest alone".to_owned());
            finding.severity = Severity::Note;
            vec![finding]
        }
        // A digest in the file was reviewed with it; others are unknown.
        _ if references(value).is_empty() => Vec::new(),
        _ => vec![tell(with, from_other, format!("`{}`", value.trim()))],
    }
}
