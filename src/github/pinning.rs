// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether a workflow names this action itself, and by a full commit hash: a
//! branch or a tag can be moved to other code after it was reviewed, and the
//! code of another owner was reviewed by nobody here. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::endpoints::ACTION;

/// How a workflow names this action, each sorted and without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Every `uses:` of this action.
    pub ours: Vec<String>,
    /// Every `uses:` of an action of this name that somebody else has.
    pub foreign: Vec<String>,
}

#[derive(Deserialize)]
struct Workflow {
    #[serde(default)]
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
struct Job {
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    uses: Option<String>,
}

/// Every `uses:` of this action in a workflow, and of what is called like it;
/// none where the text is no workflow. A path of the checkout is neither: its
/// code is the run's own commit.
pub fn uses(workflow: &str) -> Option<Uses> {
    let workflow: Workflow = serde_yaml::from_str(workflow).ok()?;
    let steps = workflow.jobs.into_values().flat_map(|job| job.steps);
    let all: BTreeSet<String> = steps.filter_map(|step| step.uses).collect();
    let mut uses = Uses::default();
    for one in all {
        let (action, _) = one.split_once('@').unwrap_or((&one, ""));
        if action.eq_ignore_ascii_case(ACTION) {
            uses.ours.push(one);
        } else if is_namesake(action) {
            uses.foreign.push(one);
        }
    }
    Some(uses)
}

/// Whether an action, without its `@`, is called like this one, whoever's it is.
pub fn is_namesake(action: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().map(str::to_ascii_lowercase);
    let is_path = action.starts_with("./") || action.starts_with("../");
    !is_path && action.contains('/') && name(action) == name(ACTION)
}

/// Whether a `uses:` names a commit by its full hash.
pub fn is_pinned(uses: &str) -> bool {
    let (_, at) = uses.split_once('@').unwrap_or_default();
    at.len() == 40 && at.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_of_this_action_is_found_and_judged() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: make\n    \
             - uses: actions/checkout@v4\n    - uses: apache/asf-pypi-publish@{hash} # v1\n  \
             b:\n    steps:\n    - uses: Apache/ASF-PyPI-Publish@v1\n    - uses: ./\n  \
             c:\n    uses: ./.github/workflows/other.yml\n"
        );
        let found = uses(&text).unwrap().ours;
        let pinned: Vec<bool> = found.iter().map(|uses| is_pinned(uses)).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(pinned, [false, true]);
        for (uses, pinned) in [
            ("a/b@main", false),
            ("a/b", false),
            (&*format!("a/b@{}", &hash[..39]), false),
            (&*format!("a/b@{hash}"), true),
        ] {
            assert_eq!(is_pinned(uses), pinned, "{uses}");
        }
        for none in ["", "jobs: 7", "- a"] {
            let found = uses(none).unwrap_or_default();
            assert_eq!(found, Uses::default(), "{none}");
        }
    }

    #[test]
    fn what_another_owner_calls_by_this_name_is_not_this_action() {
        for (action, is_foreign) in [
            ("Apache/ASF-PyPI-Publish@v1", false),
            ("./.github/actions/asf-pypi-publish", false),
            ("../asf-pypi-publish", false),
            ("apache/asf-pypi-publish-more@v1", false),
            ("somebody/asf-pypi-publish@v1", true),
            ("Somebody/ASF-PyPI-Publish", true),
            ("apachee/asf-pypi-publish@v1", true),
            ("apache/other/asf-pypi-publish@v1", true),
            ("docker://ghcr.io/somebody/asf-pypi-publish@sha256:00", true),
        ] {
            let text = format!("jobs:\n  a:\n    steps:\n    - uses: \"{action}\"\n");
            let found = uses(&text).unwrap();
            let foreign = is_foreign.then(|| action.to_owned());
            assert_eq!(found.foreign, Vec::from_iter(foreign), "{action}");
        }
    }
}
