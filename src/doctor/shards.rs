// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A release that several jobs share: that each gets its part, that together
//! they are the whole, and that somebody looks at it in the end.

use super::at;
use super::expression::{is_opaque, references};
use super::pair::differing;
use super::printer::printer;
use super::workflow::{Job, Step, Strategy, With, Workflow};
use crate::rules::{Finding, Rule};

/// Looks at a publishing step that is given a shard; `is_ours` knows the steps
/// of this action.
pub(super) fn judge(
    workflow: &Workflow,
    job: &Job,
    step: &Step,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Vec<Finding> {
    let with = step.with.iter().find(|it| it.name.text == "shard");
    let Some(with) = with.filter(|_| step.given("shard") != Some("whole")) else {
        return Vec::new();
    };
    let value = with.value.as_deref().unwrap_or_default();
    let names = references(value).into_iter();
    let mut of_matrix = names.filter(|it| it.first().is_some_and(|it| it == "matrix"));
    let mut findings = Vec::new();
    if let Some(name) = of_matrix.next() {
        let name = name.get(1).map_or("", String::as_str);
        findings.extend(matrix(workflow, job, with, name, is_ours));
    } else {
        let expected = "`${{ matrix.shard }}`, of the matrix of the job that verified";
        let found = format!("`{}`", value.trim());
        findings.push(unchecked(workflow, with, expected, found));
    }
    let strategy = job.strategy.as_ref();
    findings.extend(strategy.and_then(|it| fail_fast(workflow, it)));
    findings.extend(strategy.and_then(|it| max_parallel(workflow, it)));
    let is_whole = |other: &Step| {
        let checks = other.given("mode") == Some("check");
        checks && is_ours(other) && differing(step, other).next().is_none()
    };
    let is_checked = |other: &Job| {
        let waits = other
            .needs
            .iter()
            .any(|it| it.eq_ignore_ascii_case(&job.id.text));
        waits && other.steps.iter().any(is_whole)
    };
    if !workflow.jobs.iter().any(is_checked) {
        let expected = format!(
            "a last job with `needs` of `{}`, and `mode: check` for the same release and index",
            job.id.text
        );
        findings.push(unchecked(workflow, with, &expected, "none".to_owned()));
    }
    findings
}

fn unchecked(workflow: &Workflow, with: &With, expected: &str, found: String) -> Finding {
    let path = at(workflow, with.name.place);
    Finding::new(Rule::ShardsUnchecked, Some(&path), expected, found)
}

/// Where `matrix.NAME` comes from.
fn matrix(
    workflow: &Workflow,
    job: &Job,
    with: &With,
    name: &str,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Option<Finding> {
    let expected = "`matrix: ${{ fromJSON(needs.….outputs.matrix) }}`, from the job that verified";
    let broken = |found: String| {
        let path = at(workflow, with.name.place);
        Some(Finding::new(
            Rule::HandoverBroken,
            Some(&path),
            expected,
            found,
        ))
    };
    let Some(strategy) = &job.strategy else {
        return broken(format!("`matrix.{name}` in a job without `strategy`"));
    };
    if let Some(whole) = &strategy.matrix {
        return match references(&whole.text).iter().find(|it| it.len() > 1) {
            Some(from) if is_printed(workflow, job, from, is_ours) && name == "shard" => None,
            Some(_) if name != "shard" => {
                broken(format!("`matrix.{name}`, which it does not hold"))
            }
            Some(name) => broken(format!("`{}`, which is no such output", name.join("."))),
            None => broken(format!("`{}`", whole.text.trim())),
        };
    }
    let list = strategy
        .lists
        .iter()
        .find(|(it, _)| it.eq_ignore_ascii_case(name));
    match list {
        // Values of `include` are not read: what they are is not held against it.
        None if strategy.lists.iter().any(|(it, _)| it == "include") => None,
        None => broken(format!("a matrix without `{name}`")),
        // An expression.
        Some((_, None)) => None,
        Some((_, Some(values))) => {
            let count = values.len();
            let whole = (1..=count).all(|n| values.contains(&format!("{n}/{count}")));
            let found = format!("`{}`", values.join(", "));
            (!whole || count == 0).then(|| unchecked(workflow, with, expected, found))
        }
    }
}

/// Whether a name is the output `matrix` of a step of this action, in a job
/// that this one waits for.
fn is_printed(
    workflow: &Workflow,
    job: &Job,
    name: &[String],
    is_ours: &dyn Fn(&Step) -> bool,
) -> bool {
    let [needs, from, outputs, output] = name else {
        return false;
    };
    let waits = job.needs.iter().any(|it| it.eq_ignore_ascii_case(from));
    let mut jobs = workflow.jobs.iter();
    let other = jobs.find(|it| it.id.text.eq_ignore_ascii_case(from));
    let Some(other) = other.filter(|_| waits && needs == "needs" && outputs == "outputs") else {
        return false;
    };
    printer(other, output, "matrix", is_ours).is_some()
}

/// Shards that wait for others are asked about again.
fn max_parallel(workflow: &Workflow, strategy: &Strategy) -> Option<Finding> {
    let word = strategy.max_parallel.as_ref()?;
    let path = at(workflow, word.place);
    let expected = "no `max-parallel`, so that one approval is for all shards";
    let found = format!("`max-parallel: {}`", word.text);
    Some(Finding::new(
        Rule::ShardsUnchecked,
        Some(&path),
        expected,
        found,
    ))
}

/// A shard that fails leaves the others to finish what they began.
fn fail_fast(workflow: &Workflow, strategy: &Strategy) -> Option<Finding> {
    let word = strategy.fail_fast.as_ref();
    let is_off = word.is_some_and(|it| it.text == "false" || is_opaque(&it.text));
    (!is_off).then(|| {
        let path = at(workflow, word.map_or(strategy.place, |it| it.place));
        let expected = "`fail-fast: false`, so that the other shards finish what they began";
        let found = word.map_or("none, which is `true`".to_owned(), |it| {
            format!("`fail-fast: {}`", it.text)
        });
        Finding::new(Rule::ShardsUnchecked, Some(&path), expected, found)
    })
}
