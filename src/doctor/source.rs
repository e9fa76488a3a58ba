// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whose directory the source is: an example that was copied still has the
//! example's.

use super::workflow::{Step, Workflow};
use super::{Planned, at};
use crate::rules::{Finding, Rule};

/// What the names of repositories of podlings begin with.
const PODLING: &str = "incubator-";

/// The source lies in the directory of a project that the repository's name
/// does not name. By ASF custom a repository is called `PROJECT` or
/// `PROJECT-something`.
pub(super) fn judge(
    workflow: &Workflow,
    step: &Step,
    planned: &[Planned],
    repository: Option<&(String, String)>,
) -> Option<Finding> {
    let (_, repository) = repository?;
    let name = repository.to_ascii_lowercase();
    let name = name.strip_prefix(PODLING).unwrap_or(&name);
    let is_other = |home: &&String| {
        let home = home.to_ascii_lowercase();
        let rest = name.strip_prefix(home.as_str());
        !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let mut homes = planned.iter().filter_map(|it| it.outline.home.as_ref());
    let home = homes.find(is_other)?;
    let with = step.with.iter().find(|it| it.name.text == "source");
    let path = at(workflow, with.map_or(step.place, |it| it.name.place));
    let expected = format!("a source of the project whose repository is `{repository}`");
    let found = format!("the directory of `{home}`");
    let rule = Rule::SourceElsewhere;
    Some(Finding::new(rule, Some(&path), expected, found))
}
