// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! That a failure is one: nothing goes on after it, and no green mark hides it.

use super::at;
use super::workflow::{Conditions, Job, Step, Workflow};
use crate::rules::{Finding, Rule};

/// What lets a job or a step run after something failed.
const AFTER_FAILURE: [&str; 3] = ["always(", "failure(", "cancelled("];

/// Looks at a job with these steps of this action.
pub(super) fn judge(
    workflow: &Workflow,
    job: &Job,
    ours: &[&Step],
    is_publishing: bool,
) -> Vec<Finding> {
    let steps = ours.iter().map(|step| &step.conditions);
    let all = || std::iter::once(&job.conditions).chain(steps.clone());
    let hidden = all().filter_map(|it| hides(workflow, it));
    let late = all().filter_map(|it| runs_late(workflow, it));
    let late = late.filter(|_| is_publishing);
    hidden.chain(late).collect()
}

fn hides(workflow: &Workflow, conditions: &Conditions) -> Option<Finding> {
    let continues = conditions.continues.as_ref()?;
    (continues.text != "false").then(|| {
        let path = at(workflow, continues.place);
        let expected = "a run that fails where this action refuses";
        let found = format!("`continue-on-error: {}`", continues.text);
        Finding::new(Rule::WorkflowOutcome, Some(&path), expected, found)
    })
}

fn runs_late(workflow: &Workflow, conditions: &Conditions) -> Option<Finding> {
    let condition = conditions.condition.as_ref()?;
    let text: String = condition.text.to_ascii_lowercase();
    let text: String = text.split_whitespace().collect();
    AFTER_FAILURE.iter().any(|it| text.contains(it)).then(|| {
        let path = at(workflow, condition.place);
        let expected = "a publishing job that runs only after all before it succeeded";
        let found = format!("`if: {}`", condition.text.trim());
        Finding::new(Rule::WorkflowOutcome, Some(&path), expected, found)
    })
}
