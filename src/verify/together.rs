// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the files of a release must hold to together: the plan's projects and
//! version, and bytes that each has for itself.

use std::collections::BTreeMap;

use super::{Elsewhere, Verified};
use crate::dist::filename::DistributionName;
use crate::plan::Plan;
use crate::rules::{Finding, Rule};
use crate::snapshot::basename;

/// What counts of a distribution of the release, whoever verifies it.
pub(super) struct Line<'a> {
    path: &'a str,
    pub(super) name: &'a DistributionName,
    pub(super) sha512: &'a [u8; 64],
}

/// A line for each distribution.
pub(super) fn lines<'a>(files: &'a [Verified], elsewhere: &'a [Elsewhere]) -> Vec<Line<'a>> {
    let here = files.iter().map(|file| Line {
        path: &file.path,
        name: &file.name,
        sha512: file.fetched.sha512(),
    });
    let there = elsewhere.iter().map(|file| Line {
        path: &file.path,
        name: &file.name,
        sha512: &file.sha512,
    });
    here.chain(there).collect()
}

/// An index takes the same bytes under one name: the second file would be
/// refused when the first is published. One name in two folders is a matter of
/// its own, `basename-twice`.
pub(super) fn check_bytes(lines: &[Line<'_>]) -> Vec<Finding> {
    let mut firsts: BTreeMap<&[u8; 64], &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for line in lines {
        let first = *firsts.entry(line.sha512).or_insert(line.path);
        if basename(first) != basename(line.path) {
            findings.push(Finding::new(
                Rule::BytesTwice,
                Some(line.path),
                "bytes that no other file of the release has",
                format!("those of `{first}`"),
            ));
        }
    }
    findings
}

/// What the plan says of a file's project and version.
pub(super) fn check_plan(line: &Line<'_>, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let project = line.name.project().as_str();
    if let Some(projects) = &plan.projects
        && !projects.allow(project)
    {
        findings.push(Finding::new(
            Rule::ProjectNotAllowed,
            Some(line.path),
            format!("a project of: {}", projects.shown()),
            project,
        ));
    }
    if let Some(version) = &plan.version
        && version != line.name.version()
    {
        findings.push(Finding::new(
            Rule::VersionNotExpected,
            Some(line.path),
            version.to_string(),
            line.name.version().to_string(),
        ));
    }
    findings
}
