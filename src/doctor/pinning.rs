// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Every action of the workflow is named by the full hash of a commit, with
//! the version in a comment.

use super::at;
use super::workflow::{Uses, Workflow};
use crate::github::pinning::is_pinned;
use crate::rules::{Finding, Rule, Severity};

/// Judges one `uses:`; `ours` is whether it is this action.
pub(super) fn judge(workflow: &Workflow, uses: &Uses, ours: bool) -> Option<Finding> {
    // A path's code is the run's own commit.
    if uses.text.starts_with("./") {
        return None;
    }
    let path = at(workflow, uses.place);
    let found = format!("`{}`", uses.text);
    if let Some(image) = uses.text.strip_prefix("docker://") {
        let expected = "a container image by its digest (`@sha256:…`)";
        let finding = Finding::new(Rule::ActionUnpinned, Some(&path), expected, found);
        return (!image.contains("@sha256:")).then_some(finding);
    }
    let (action, commit) = uses.text.split_once('@').unwrap_or((&uses.text, ""));
    if !is_pinned(&uses.text) {
        let expected = format!("`{action}@` and the full hash of a commit, `# v1.2.3` behind it");
        return Some(Finding::new(Rule::ActionUnpinned, Some(&path), expected, found).advise(
            "Name it by the full hash of a commit, with the version in a comment: a branch or a tag can be moved to other code.",
        ));
    }
    if ours && commit.bytes().all(|byte| byte == b'0') {
        let expected = "the hash of a commit that you reviewed";
        return Some(Finding::new(
            Rule::ActionPlaceholder,
            Some(&path),
            expected,
            "forty zeros",
        ));
    }
    let says_version = |comment: &String| comment.bytes().any(|byte| byte.is_ascii_digit());
    (!uses.comment.as_ref().is_some_and(says_version)).then(|| {
        let expected = "the version in a comment, such as `# v1.2.3`, which dependabot keeps";
        let found = format!("`{action}` at a commit, with no version beside it");
        let mut finding = Finding::new(Rule::ActionUnpinned, Some(&path), expected, found);
        finding.severity = Severity::Note;
        finding
    })
}

/// The version that the comment of a `uses:` names.
pub(super) fn version(uses: &Uses) -> Option<pep440_rs::Version> {
    let comment = uses.comment.as_deref()?;
    let word = comment.split_whitespace().next()?;
    word.trim_start_matches('v').parse().ok()
}
