// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which version may go where: the channel rule.
//!
//! Decides it once, for the version of every file. What may not be published
//! has no [`Target`], and nothing is uploaded without one.

use pep440_rs::Version;

use crate::plan::{Area, IndexChoice, Waived, Waivers};
use crate::rules::{Finding, Rule};

#[cfg(test)]
mod tests;

/// An index that every file of a batch may go to.
#[derive(Debug)]
pub struct Target(IndexChoice);

impl Target {
    /// Holds every file against the rule. The area is known wherever the
    /// index is not `TestPyPI`.
    ///
    /// # Errors
    /// What may not go, each with the file, the area and the rule.
    pub fn permit<'a>(
        index: &IndexChoice,
        area: Option<Area>,
        files: impl IntoIterator<Item = (&'a str, &'a Version)>,
        waivers: &Waivers,
    ) -> (Option<Self>, Vec<Finding>, Vec<Waived>) {
        let mut findings = Vec::new();
        let mut waived = Vec::new();
        if area.is_none() && !matches!(index, IndexChoice::TestPypi) {
            findings.push(Finding::new(
                Rule::AreaUnknown,
                Some("area"),
                "`release` or `dev`",
                "a source that lies in neither",
            ));
            return (None, findings, waived);
        }
        for (path, version) in files {
            if let Some(mut finding) = judge(index, area, path, version) {
                waived.extend(waivers.apply(&mut finding));
                findings.push(finding);
            }
        }
        let permitted = !findings.iter().any(Finding::refuses);
        (permitted.then(|| Self(index.clone())), findings, waived)
    }

    /// The index.
    pub fn index(&self) -> &IndexChoice {
        &self.0
    }
}

fn judge(
    index: &IndexChoice,
    area: Option<Area>,
    path: &str,
    version: &Version,
) -> Option<Finding> {
    if matches!(index, IndexChoice::TestPypi) {
        return None;
    }
    match area {
        Some(Area::Dev) if !version.any_prerelease() => Some(Finding::new(
            Rule::FinalFromDev,
            Some(path),
            "a pre-release (a, b, rc or dev) from the area `dev`",
            format!("the final version {version}"),
        )),
        Some(Area::Release) if is_candidate(version) => Some(Finding::new(
            Rule::CandidateFromRelease,
            Some(path),
            "a final, post, alpha or beta version from the area `release`",
            format!("the candidate {version}"),
        )),
        Some(_) | None => None,
    }
}

/// A release candidate or a development version: what a project tries out
/// before it votes, where alphas and betas are voted on too.
fn is_candidate(version: &Version) -> bool {
    let rc = version
        .pre()
        .is_some_and(|pre| pre.kind == pep440_rs::PrereleaseKind::Rc);
    rc || version.is_dev()
}
