// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Projects that the index does not know yet: what has to be registered, and a
//! token that covers every project of the release before its first file goes.
//!
//! A pending publisher makes its project at a mint, one at each. A token names
//! its projects by ids alone, so that their number, and whether each name is
//! there by now, are all that can be held against the release.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Run;
use super::tokens::Tokens;
use crate::context::Context;
use crate::github::claims::{PublisherForm, UnverifiedClaims};
use crate::http::sanitise;
use crate::index::{Index, Ledger, UploadToken};
use crate::rules::{Finding, Rule};

/// How many names a finding shows.
const SHOWN: usize = 10;

impl Run<'_> {
    /// Says which projects are new to the index, and where each is registered.
    pub(super) fn tell_new_projects(&mut self, index: &Index, ledger: &Ledger) {
        let names: Vec<&str> = ledger.unknown_projects().collect();
        if names.is_empty() {
            return;
        }
        let form = form_of_job(self.context);
        for name in &names {
            let page = form
                .as_ref()
                .and_then(|form| index.endpoints().pending_page(name, form));
            let page = page.map_or(String::new(), |page| format!(": {page}"));
            self.runner.log(&format!("new to the index: {name}{page}"));
        }
        let finding = Finding::new(
            Rule::ProjectNew,
            None,
            "projects that the index knows",
            format!("it does not know {}", shown(&names)),
        );
        self.report.note([match form {
            Some(form) => {
                let advice = format!("{} The form for this job: {form}.", finding.action);
                finding.advise(advice)
            }
            None => finding,
        }]);
    }
}

/// The publisher's form as the job's environment says it, without a token.
/// The name of the GitHub environment stands in no variable.
fn form_of_job(context: &Context) -> Option<PublisherForm> {
    let claims = UnverifiedClaims {
        repository: context.env("GITHUB_REPOSITORY").map(str::to_owned),
        job_workflow_ref: context.env("GITHUB_WORKFLOW_REF").map(str::to_owned),
        ..UnverifiedClaims::default()
    };
    claims.publisher()
}

/// Mints until the token covers every project, or another mint brings no more
/// of them. `unknown` are the projects that the index did not know.
pub(super) async fn cover(
    tokens: &Tokens<'_>,
    index: &Index,
    projects: &BTreeSet<&str>,
    unknown: &BTreeSet<String>,
) -> Result<Arc<UploadToken>, Finding> {
    let mut token = tokens.for_upload(0, None).await?;
    let mut gap = Gap::of(&token, index, projects, unknown).await?;
    while let Some(before) = gap {
        token = tokens.for_upload(0, Some(&token)).await?;
        gap = Gap::of(&token, index, projects, &before.absent).await?;
        if let Some(still) = &gap
            && !still.is_less_than(&before)
        {
            return Err(still.finding(index, token.publisher()));
        }
    }
    Ok(token)
}

/// A warning where the job that got the token runs in no environment: then
/// nobody had to approve it, and any workflow run of that file may publish.
pub(super) fn without_environment(token: &UploadToken) -> Option<Finding> {
    let form = token.publisher()?;
    form.environment.is_empty().then(|| {
        Finding::new(
            Rule::EnvironmentMissing,
            None,
            "a job in a GitHub environment with required reviewers",
            format!("a job of `{}` in none", sanitise(&form.workflow, 128)),
        )
    })
}

/// What a token still lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Gap {
    /// The projects of the release.
    wanted: usize,
    /// The projects that the token covers, of whatever name.
    covered: usize,
    /// The names that the index still does not know.
    absent: BTreeSet<String>,
}

impl Gap {
    /// What the token lacks for these projects, of which some were unknown to
    /// the index when it was asked last. None where it may do, and where it
    /// does not say what it covers.
    async fn of(
        token: &UploadToken,
        index: &Index,
        projects: &BTreeSet<&str>,
        unknown: &BTreeSet<String>,
    ) -> Result<Option<Self>, Finding> {
        let Some(covered) = token.projects_covered() else {
            return Ok(None);
        };
        let mut absent = BTreeSet::new();
        for name in unknown {
            let project = index.project(name).await;
            if project.map_err(|why| why.finding(None))?.is_none() {
                absent.insert(name.clone());
            }
        }
        let gap = Self {
            wanted: projects.len(),
            covered,
            absent,
        };
        Ok((covered < gap.wanted || !gap.absent.is_empty()).then_some(gap))
    }

    /// Whether the last mint made a project, or covered more.
    fn is_less_than(&self, before: &Self) -> bool {
        self.covered > before.covered || self.absent.len() < before.absent.len()
    }

    /// The verdict, with what has to be registered.
    fn finding(&self, index: &Index, form: Option<&PublisherForm>) -> Finding {
        let names: Vec<&str> = self.absent.iter().map(String::as_str).collect();
        let found = if names.is_empty() {
            format!("a token for {}, and every project is there", self.covered)
        } else {
            format!(
                "a token for {}, and the index does not know {}",
                self.covered,
                shown(&names)
            )
        };
        let expected = format!("a token for all {} projects of the release", self.wanted);
        let finding = Finding::new(Rule::ProjectNotCovered, None, expected, found);
        let Some(form) = form else { return finding };
        let page = names
            .first()
            .and_then(|name| index.endpoints().pending_page(name, form));
        let mut advice = format!("{} The form for this job: {form}.", finding.action);
        if let Some(page) = page {
            advice.push_str(" The first: ");
            advice.push_str(&page);
        }
        finding.advise(advice)
    }
}

fn shown(names: &[&str]) -> String {
    let first = names.iter().take(SHOWN).copied().collect::<Vec<_>>();
    let first = first.join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}
