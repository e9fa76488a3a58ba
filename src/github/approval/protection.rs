// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What of an environment lets a single person publish, or a branch that
//! nobody reviewed. Pure.

use super::{Answers, name, names, ok, reviewers};
use crate::github::environment::{Environment, fits_any};
use crate::rules::{Finding, Rule};

/// Which branches and tags the environment admits, for the report.
pub(super) fn refs(environment: &Environment, answers: &Answers) -> Option<Vec<String>> {
    match environment.deployment_branch_policy {
        Some(policy) if policy.protected_branches => Some(vec!["protected".to_owned()]),
        Some(policy) if policy.custom_branch_policies => {
            answers.patterns.as_ref().and_then(ok).map(names)
        }
        _ => Some(vec!["any".to_owned()]),
    }
}

/// What of the environment lets a single person publish.
pub(super) fn protection(environment: &Environment, answers: &Answers) -> Vec<Finding> {
    let shown = name(&environment.name);
    let finding = |rule, expected: &str, found: String| Finding::new(rule, None, expected, found);
    let mut findings = Vec::new();
    if reviewers(environment).is_empty() {
        let expected = "an environment with required reviewers";
        let found = format!("`{shown}` has none");
        findings.push(finding(Rule::ReviewersMissing, expected, found));
    } else if !environment.prevents_self_review() {
        let expected = "an environment that prevents self-review";
        let found = format!("`{shown}` does not");
        findings.push(finding(Rule::SelfReviewAllowed, expected, found));
    }
    if environment.can_admins_bypass == Some(true) {
        let expected = "an environment that nobody can bypass";
        let found = format!("administrators can bypass `{shown}`");
        findings.push(finding(Rule::AdminsMayBypass, expected, found));
    }
    let policy = environment.deployment_branch_policy;
    let claims = &answers.claims;
    if policy.is_some_and(|policy| policy.protected_branches)
        && claims.ref_protected.as_deref() != Some("true")
    {
        let git_ref = name(claims.git_ref.as_deref().unwrap_or("an unknown ref"));
        let expected = format!("a protected branch, as `{shown}` demands");
        let found = format!("`{git_ref}`, which is not protected");
        findings.push(finding(Rule::RefUnprotected, &expected, found));
    }
    if let Some(any) = admits_any(environment, answers) {
        let expected = "an environment for protected branches, or for some branches and tags";
        let found = format!("`{shown}` admits {any}");
        findings.push(finding(Rule::RefAny, expected, found));
    }
    findings
}

/// What makes every branch one that the environment admits; none where some
/// are kept out, or where the patterns could not be read.
fn admits_any(environment: &Environment, answers: &Answers) -> Option<String> {
    match environment.deployment_branch_policy {
        Some(policy) if policy.protected_branches => None,
        Some(policy) if policy.custom_branch_policies => {
            let mut patterns = answers.patterns.as_ref().and_then(ok)?.iter();
            let any = patterns.find(|pattern| fits_any(pattern))?;
            Some(format!("`{}`", name(any)))
        }
        _ => Some("every branch and tag".to_owned()),
    }
}
