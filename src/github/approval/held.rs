// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether what GitHub answered is of the job's own run and environment, as
//! its identity token names them.
//!
//! An answer of something else is none: it would say who approved and who
//! started another run. Pure.

use super::{Answers, name};
use crate::github::api::ApiError;
use crate::github::claims::UnverifiedClaims;
use crate::github::environment::{Environment, WorkflowRun};

/// The answers, without those that are of something else.
pub(super) fn held(answers: Answers) -> Answers {
    let claims = &answers.claims;
    Answers {
        environment: answers
            .environment
            .map(|answer| answer.and_then(|it| of_environment(it, claims))),
        run: answers.run.and_then(|it| of_run(it, claims)),
        ..answers
    }
}

fn of_environment(
    environment: Environment,
    claims: &UnverifiedClaims,
) -> Result<Environment, ApiError> {
    let said = claims.environment.as_deref().unwrap_or_default();
    // For GitHub a name is the same in capitals.
    if environment.name.to_lowercase() == said.to_lowercase() {
        Ok(environment)
    } else {
        Err(other("the environment", said, &environment.name))
    }
}

fn of_run(run: WorkflowRun, claims: &UnverifiedClaims) -> Result<WorkflowRun, ApiError> {
    let id = run.id.to_string();
    let said = claims.run_id.as_deref().unwrap_or_default();
    if id != said {
        return Err(other("the run", said, &id));
    }
    if let Some(home) = &run.repository {
        let said = claims.repository.as_deref().unwrap_or_default();
        if !home.full_name.eq_ignore_ascii_case(said) {
            return Err(other("a run of", said, &home.full_name));
        }
    }
    // Who started it is told of the newest attempt, so that it must be this one.
    if let Some(said) = claims.run_attempt.as_deref() {
        let newest = run.run_attempt.map(|number| number.to_string());
        if newest.as_deref() != Some(said) {
            let found = newest.as_deref().unwrap_or("nobody knows which");
            return Err(other("attempt", said, found));
        }
    }
    Ok(run)
}

fn other(what: &str, said: &str, found: &str) -> ApiError {
    ApiError::Other {
        said: format!("`{}`", name(said)),
        found: format!("{what} `{}`", name(found)),
    }
}
