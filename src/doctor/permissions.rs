// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a job may do: `id-token: write` in the publishing job and nowhere else.

use super::action::is_action;
use super::at;
use super::workflow::{Job, Permissions, Workflow};
use crate::plan::ApprovalLevel;
use crate::rules::{Finding, Rule};

/// The top of the workflow grants nothing.
pub(super) fn top(workflow: &Workflow) -> Option<Finding> {
    let expected = "`permissions: {}` at the top of the workflow";
    let Some(top) = &workflow.permissions else {
        let found = "none, so that each job has what the repository's settings give";
        let path = format!("{}:1:1", workflow.path);
        let rule = Rule::PermissionExcess;
        return Some(Finding::new(rule, Some(&path), expected, found));
    };
    let scopes = top.scopes.iter().filter(|(_, level)| level != "none");
    let scopes = scopes.map(|(scope, level)| format!("`{}: {level}`", scope.text));
    let all = top.all.iter().map(|all| format!("`{all}`"));
    let granted: Vec<String> = all.chain(scopes).collect();
    (!granted.is_empty()).then(|| {
        let path = at(workflow, top.place);
        let found = granted.join(", ");
        Finding::new(Rule::PermissionExcess, Some(&path), expected, found)
    })
}

/// What holds for a job: its own word, else the top's.
pub(super) fn effective<'a>(workflow: &'a Workflow, job: &'a Job) -> Option<&'a Permissions> {
    job.permissions.as_ref().or(workflow.permissions.as_ref())
}

/// Whether the job may ask for identity tokens.
pub(super) fn has_id_token(workflow: &Workflow, job: &Job) -> bool {
    effective(workflow, job).is_some_and(|granted| granted.of("id-token").1)
}

/// A job that does not publish needs no identity token.
pub(super) fn of_other(workflow: &Workflow, job: &Job) -> Option<Finding> {
    // What the top grants is told there.
    let granted = job.permissions.as_ref()?;
    granted.of("id-token").1.then(|| {
        let expected = "`id-token: write` in the publishing job alone";
        let found = format!("it is in the job `{}` too", job.id.text);
        let path = at(workflow, granted.place);
        Finding::new(Rule::PermissionExcess, Some(&path), expected, found)
    })
}

/// The publishing job has what it needs, and nothing else that writes.
pub(super) fn of_publishing(
    workflow: &Workflow,
    job: &Job,
    level: Option<ApprovalLevel>,
) -> Vec<Finding> {
    let granted = effective(workflow, job);
    let place = granted.map_or(job.id.place, |granted| granted.place);
    let path = at(workflow, place);
    let mut findings = Vec::new();
    let lacks = |permission: &str, why: &str| {
        let expected = format!("`{permission}` {why}");
        let found = format!("the job `{}` without it", job.id.text);
        Finding::new(Rule::PermissionMissing, Some(&path), expected, found).advise(format!(
            "Add `{permission}` to the job's own `permissions`."
        ))
    };
    let of = |scope: &str| granted.map_or((false, false), |granted| granted.of(scope));
    if !of("id-token").1 {
        findings.push(lacks("id-token: write", "for Trusted Publishing"));
    }
    if !of("actions").0 {
        let finding = lacks("actions: read", "to read who approved the run");
        match level {
            Some(ApprovalLevel::Off) => {}
            Some(ApprovalLevel::Recorded) => findings.push(finding.as_warning()),
            Some(ApprovalLevel::Required) | None => findings.push(finding),
        }
    }
    let mut steps = job.steps.iter().filter_map(|step| step.uses.as_ref());
    // A public repository is read without it.
    if steps.any(|uses| is_action(&uses.text, "actions/checkout")) && !of("contents").0 {
        findings.push(lacks("contents: read", "for the checkout").as_warning());
    }
    let Some(granted) = granted else {
        return findings;
    };
    let excess: Vec<String> = match &granted.all {
        Some(all) => vec![all.clone()],
        None => granted
            .scopes
            .iter()
            .filter(|(scope, level)| level == "write" && scope.text != "id-token")
            .map(|(scope, level)| format!("{}: {level}", scope.text))
            .collect(),
    };
    findings.extend(excess.into_iter().map(|excess| {
        let expected = "no permission to write but `id-token: write`";
        Finding::new(
            Rule::PermissionExcess,
            Some(&path),
            expected,
            format!("`{excess}`"),
        )
    }));
    findings
}
