// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which step printed what a job hands over.

use super::expression::sole;
use super::workflow::{Job, Step, Workflow};

/// The step of this action whose digest is the output of that job.
pub(super) fn of_digest<'a>(
    workflow: &'a Workflow,
    from: &str,
    output: &str,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Option<&'a Step> {
    let mut jobs = workflow.jobs.iter();
    let other = jobs.find(|it| it.id.text.eq_ignore_ascii_case(from))?;
    printer(other, output, "digest", is_ours)
}

/// The step of this action whose output of the name `what` is the job's output
/// of the name `output`.
pub(super) fn printer<'a>(
    job: &'a Job,
    output: &str,
    what: &str,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Option<&'a Step> {
    let mut outputs = job.outputs.iter();
    let output = outputs.find(|it| it.name.eq_ignore_ascii_case(output))?;
    let name = sole(output.value.as_deref()?)?;
    let parts: Vec<&str> = name.iter().map(String::as_str).collect();
    let ["steps", id, "outputs", last] = *parts.as_slice() else {
        return None;
    };
    let mut steps = job.steps.iter();
    steps.find(|step| last == what && step.has_id(id) && is_ours(step) && prints(step))
}

/// Whether a step of this action looks at a release, prints its digest and
/// sends nothing.
pub(super) fn prints(step: &Step) -> bool {
    match step.given("mode") {
        None | Some("verify") => true,
        Some("publish") => step.given("dry-run") == Some("true"),
        Some(_) => false,
    }
}
