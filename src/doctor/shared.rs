// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who else is in the environment of a publishing job.

use std::collections::BTreeSet;

use super::at;
use super::expression::is_opaque;
use super::workflow::{Job, Workflow};
use crate::rules::{Finding, Rule};

/// A job in an environment that is written out.
pub(super) struct Resident {
    environment: String,
    path: String,
    job: String,
}

impl Resident {
    pub(super) fn of(workflow: &Workflow, job: &Job) -> Option<Self> {
        let name = job.environment.as_ref()?;
        (!is_opaque(&name.text)).then(|| Self {
            environment: name.text.to_ascii_lowercase(),
            path: at(workflow, name.place),
            job: job.id.text.clone(),
        })
    }
}

/// The others in the environments of the publishing jobs.
pub(super) fn judge<'a>(
    publishing: impl Iterator<Item = &'a str>,
    others: &[Resident],
) -> Vec<Finding> {
    let names: BTreeSet<String> = publishing.map(str::to_ascii_lowercase).collect();
    let inside = others.iter().filter(|it| names.contains(&it.environment));
    inside
        .map(|other| {
            let expected = "an environment that the publishing job has for itself";
            let found = format!("the job `{}` in it too", other.job);
            Finding::new(Rule::EnvironmentShared, Some(&other.path), expected, found)
        })
        .collect()
}
