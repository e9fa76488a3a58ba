// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The variables of a job that decides what is published: none that changes whom this action speaks
//! to or what code it loads, and no secret, of which it has no use.

use super::at;
use super::expression::references;
use super::workflow::{Job, Step, Variable, Workflow};
use crate::rules::{Finding, Rule};

/// Who answers in a server's place, and whose word is taken for it.
const OF_NETWORK: [&str; 6] = [
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];
/// How variables begin that the loader is told by, and who gives identity tokens.
const BEGINNINGS: [&str; 3] = ["ACTIONS_ID_TOKEN_", "GLIBC_", "LD_"];

/// Looks at the variables that these steps of this action see.
pub(super) fn judge(workflow: &Workflow, job: &Job, ours: &[&Step]) -> Vec<Finding> {
    let steps = ours.iter().flat_map(|step| &step.env);
    let all = workflow.env.iter().chain(&job.env).chain(steps);
    all.flat_map(|variable| of(workflow, variable)).collect()
}

fn of(workflow: &Workflow, variable: &Variable) -> Vec<Finding> {
    let path = at(workflow, variable.name.place);
    let name = variable.name.text.to_ascii_uppercase();
    let is_known =
        OF_NETWORK.contains(&name.as_str()) || BEGINNINGS.iter().any(|it| name.starts_with(it));
    let known = is_known.then(|| {
        let expected = "no such variable in a job that publishes, or whose page decides";
        let found = format!("`{}`", variable.name.text);
        Finding::new(Rule::WorkflowVariable, Some(&path), expected, found)
    });
    let names = references(&variable.value);
    let secret = names
        .iter()
        .find(|it| it.first().is_some_and(|it| it == "secrets"));
    let secret = secret.map(|parts| {
        let expected = "no secret in a job that publishes, or whose page decides";
        let found = format!("`{}` is `{}`", variable.name.text, parts.join("."));
        Finding::new(Rule::WorkflowSecret, Some(&path), expected, found).as_warning()
    });
    known.into_iter().chain(secret).collect()
}
