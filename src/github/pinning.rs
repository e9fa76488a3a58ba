// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether a workflow pins this action by a full commit hash: a branch or a
//! tag can be moved to other code after it was reviewed. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What `uses:` of an action ends with, whoever's copy it is.
const ACTION: &str = "/asf-pypi-publish";

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

/// Every `uses:` of this action in a workflow, sorted, without repetition; none
/// where the text is no workflow. A path of the checkout is no `uses:` of it:
/// its code is the run's own commit.
pub fn uses(workflow: &str) -> Option<Vec<String>> {
    let workflow: Workflow = serde_yaml::from_str(workflow).ok()?;
    let steps = workflow.jobs.into_values().flat_map(|job| job.steps);
    let mut uses: Vec<String> = steps
        .filter_map(|step| step.uses)
        .filter(|uses| {
            let (action, _) = uses.split_once('@').unwrap_or((uses, ""));
            action.to_ascii_lowercase().ends_with(ACTION)
        })
        .collect();
    uses.sort();
    uses.dedup();
    Some(uses)
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
        let found = uses(&text).unwrap();
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
            assert!(uses(none).is_none_or(|uses| uses.is_empty()), "{none}");
        }
    }
}
