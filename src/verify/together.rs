// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the files of a release must hold to together: the plan's projects and
//! version, and bytes that each has for itself.

use std::collections::BTreeMap;

use super::Verified;
use crate::plan::Plan;
use crate::rules::{Finding, Rule};
use crate::snapshot::basename;

/// An index takes the same bytes under one name: the second file would be
/// refused when the first is published. One name in two folders is a matter of
/// its own, `basename-twice`.
pub(super) fn check_bytes(files: &[Verified]) -> Vec<Finding> {
    let mut firsts: BTreeMap<&[u8; 32], &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        let first = *firsts.entry(file.fetched.sha256()).or_insert(&file.path);
        if basename(first) != basename(&file.path) {
            findings.push(Finding::new(
                Rule::BytesTwice,
                Some(&file.path),
                "bytes that no other file of the release has",
                format!("those of `{first}`"),
            ));
        }
    }
    findings
}

/// What the plan says of a file's project and version.
pub(super) fn check_plan(file: &Verified, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let project = file.name.project().as_str();
    if let Some(projects) = &plan.projects
        && !projects.allow(project)
    {
        findings.push(Finding::new(
            Rule::ProjectNotAllowed,
            Some(&file.path),
            format!("a project of: {}", projects.shown()),
            project,
        ));
    }
    if let Some(version) = &plan.version
        && version != file.name.version()
    {
        findings.push(Finding::new(
            Rule::VersionNotExpected,
            Some(&file.path),
            version.to_string(),
            file.name.version().to_string(),
        ));
    }
    findings
}
