// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! That the configuration file of a step is there, and the reviewed one.

use super::action::is_action;
use super::at;
use super::beside::CHECKOUT;
use super::workflow::{Job, Step, Workflow};
use crate::rules::{Finding, Rule};

/// What makes a checkout one of other files than the run's own commit.
const OF_ELSEWHERE: [&str; 3] = ["path", "ref", "repository"];

/// That a configuration file is there when the step begins, as it is in the
/// commit that is run.
pub(super) fn judge(workflow: &Workflow, job: &Job, step: &Step) -> Option<Finding> {
    let with = step.with.iter().find(|it| it.name.text == "config")?;
    if with.value.as_deref().map(str::trim) == Some("none") {
        return None;
    }
    let tell = |place, found: String| {
        let path = at(workflow, place);
        let expected =
            "`config`: an earlier step with `actions/checkout`, of the commit that is run";
        Finding::new(Rule::WorkflowInput, Some(&path), expected, found).advise(
            "Check out the repository before, with neither `repository` nor `ref` nor `path`.",
        )
    };
    let before = job.steps.iter().take_while(|it| it.place != step.place);
    let checkouts = before.filter(|it| {
        let uses = it.uses.as_ref();
        uses.is_some_and(|uses| is_action(&uses.text, CHECKOUT))
    });
    let is_certain = |it: &&Step| it.conditions.condition.is_none();
    if !checkouts.clone().any(|it| is_certain(&it)) {
        return Some(tell(with.name.place, "no checkout for certain".to_owned()));
    }
    let mut with = checkouts.flat_map(|it| &it.with);
    let other = with.find(|it| OF_ELSEWHERE.contains(&it.name.text.as_str()))?;
    let found = format!("a checkout with `{}`", other.name.text);
    Some(tell(other.name.place, found).as_warning())
}
