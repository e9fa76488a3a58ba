// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What else is there in a publishing job, whose identity tokens are for whatever
//! runs in it, and in the job whose page decides, which could show another one.

use super::action::is_action;
use super::at;
use super::workflow::{Job, Step, Workflow};
use crate::rules::{Finding, Rule};

/// Reads the project's own files for `config`, and runs none of them.
pub(super) const CHECKOUT: &str = "actions/checkout";
/// Keeps the report and the receipt, which are nowhere else.
const KEEPER: &str = "actions/upload-artifact";

/// Other code in a job that publishes, or whose page decides; `is_ours` knows
/// the steps of this action.
pub(super) fn judge(
    workflow: &Workflow,
    job: &Job,
    is_ours: &dyn Fn(&Step) -> bool,
) -> Vec<Finding> {
    let tell = |place, found: String| {
        let path = at(workflow, place);
        let expected =
            "this action alone in the job that publishes, and in the one whose page decides";
        Finding::new(Rule::JobNotAlone, Some(&path), expected, found)
    };
    let steps = job.steps.iter().filter(|step| !is_ours(step));
    let steps = steps.filter_map(|step| match &step.uses {
        Some(uses) if is_action(&uses.text, CHECKOUT) || is_action(&uses.text, KEEPER) => None,
        Some(uses) => Some(tell(uses.place, format!("`{}`", uses.text))),
        None => Some(tell(step.place, "a step that runs commands".to_owned())),
    });
    let containers = job.containers.iter();
    let containers = containers.map(|key| tell(key.place, format!("`{}:`", key.text)));
    steps.chain(containers).collect()
}
