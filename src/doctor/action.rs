// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which steps of a workflow are of this action, and which only have its name.

use super::workflow::{Job, Step, Uses, Workflow};
use super::{Checkout, at};
use crate::endpoints::ACTION;
use crate::github::pinning::is_namesake;
use crate::rules::{Finding, Rule};

/// Its name, whoever's copy it is.
const NAME: &str = "asf-pypi-publish";
/// The checkout's own action.
const LOCAL: &str = "./";

pub(super) fn names_us(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    text.contains(NAME) || text.contains("uses: ./")
}

/// The steps of a job that use this action, or somebody else's copy of it.
pub(super) fn steps<'a>(
    checkout: &'a Checkout<'_>,
    job: &'a Job,
) -> impl Iterator<Item = (&'a Step, &'a Uses)> {
    job.steps.iter().filter_map(move |step| {
        let uses = step.uses.as_ref()?;
        (is_ours(checkout, uses) || is_foreign(uses)).then_some((step, uses))
    })
}

/// Whether a `uses:` is of this action.
pub(super) fn is_ours(checkout: &Checkout<'_>, uses: &Uses) -> bool {
    is_action(&uses.text, ACTION) || (checkout.is_this_action && uses.text == LOCAL)
}

/// Whether a step is of this action.
pub(super) fn is_of_us(checkout: &Checkout<'_>, step: &Step) -> bool {
    let uses = step.uses.as_ref();
    uses.is_some_and(|uses| is_ours(checkout, uses))
}

/// Whether a `uses:` is of somebody else's action of the same name.
pub(super) fn is_foreign(uses: &Uses) -> bool {
    let (action, _) = uses.text.split_once('@').unwrap_or((&uses.text, ""));
    is_namesake(action) && !is_action(&uses.text, ACTION)
}

/// Whether a `uses:` is of that action, at whatever commit.
pub(super) fn is_action(uses: &str, action: &str) -> bool {
    let (name, _) = uses.split_once('@').unwrap_or((uses, ""));
    name.eq_ignore_ascii_case(action)
}

/// A copy of this action that is somebody else's.
pub(super) fn foreign(workflow: &Workflow, uses: &Uses) -> Option<Finding> {
    is_foreign(uses).then(|| {
        let path = at(workflow, uses.place);
        let found = format!("`{}`", uses.text);
        let expected = format!("`{ACTION}@…`");
        Finding::new(Rule::ActionForeign, Some(&path), expected, found)
    })
}
