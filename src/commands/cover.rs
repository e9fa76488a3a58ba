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
use crate::index::{Index, IndexError, Ledger, UploadToken};
use crate::rules::{Finding, Rule};

/// How many names a finding shows.
const SHOWN: usize = 10;
/// How many pages to fill in a finding shows: they are long.
const PAGES_SHOWN: usize = 3;
/// How many times an index is asked whether it knows a project that a mint may
/// have made: what stands before it may keep its old answer for a moment.
const LOOKS: u32 = 4;

/// The projects of a release.
pub(super) struct Projects<'a> {
    /// All of them.
    pub(super) all: BTreeSet<&'a str>,
    /// Those that the index did not know when it was asked.
    pub(super) unknown: &'a BTreeSet<String>,
}

impl Projects<'_> {
    /// The finding on a refused token, with the pages where the form of this job
    /// is to be registered, filled in, one for each project.
    pub(super) fn registrable(&self, finding: Finding, why: &IndexError, index: &Index) -> Finding {
        let Some(form) = why.publisher() else {
            return finding;
        };
        let endpoints = index.endpoints();
        let page = |name: &&str| {
            if self.unknown.contains(*name) {
                endpoints.pending_page(name, form)
            } else {
                endpoints.settings_page(name, form)
            }
        };
        let pages: Vec<String> = self.all.iter().take(PAGES_SHOWN).filter_map(page).collect();
        if pages.is_empty() {
            return finding;
        }
        let more = match self.all.len().saturating_sub(PAGES_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more projects alike"),
        };
        let advice = format!(
            "{} The form, filled in: {}{more}.",
            finding.action,
            pages.join(" , ")
        );
        finding.advise(advice)
    }
}

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
/// of them.
pub(super) async fn cover(tokens: &Tokens<'_>, index: &Index) -> Result<Arc<UploadToken>, Finding> {
    let Projects { all, unknown } = tokens.projects();
    let mut token = tokens.for_upload(0, None).await?;
    let mut gap = Gap::when_settled(&token, index, all.len(), unknown).await?;
    while let Some(before) = gap {
        token = tokens.for_upload(0, Some(&token)).await?;
        gap = if token.projects_covered() > Some(before.covered) {
            Gap::when_settled(&token, index, all.len(), &before.absent).await?
        } else {
            Gap::of(&token, index, all.len(), &before.absent).await?
        };
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
        .as_warning()
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
    /// As [`Self::of`]. A token that covers projects enough, of which the index
    /// does not know some yet, may have been the first to cover them: then the
    /// index is asked a few times more.
    async fn when_settled(
        token: &UploadToken,
        index: &Index,
        wanted: usize,
        unknown: &BTreeSet<String>,
    ) -> Result<Option<Self>, Finding> {
        let mut gap = Self::of(token, index, wanted, unknown).await?;
        for _ in 1..LOOKS {
            match &gap {
                Some(lagging) if lagging.covered >= wanted => {
                    tokio::time::sleep(super::POLL).await;
                    gap = Self::of(token, index, wanted, &lagging.absent).await?;
                }
                _ => break,
            }
        }
        Ok(gap)
    }

    /// What the token lacks for so many projects, of which some were unknown to
    /// the index when it was asked last. None where it may do, and where it
    /// does not say what it covers.
    async fn of(
        token: &UploadToken,
        index: &Index,
        wanted: usize,
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
            wanted,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::github::claims::Impossible;
    use crate::http::{Client, ClientOptions};
    use crate::index::Endpoints;

    fn pypi() -> Index {
        let client = Client::new(&ClientOptions {
            user_agent: "test".to_owned(),
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
        });
        Index::new(client.unwrap(), Endpoints::pypi().unwrap())
    }

    fn impossible() -> IndexError {
        let claims = UnverifiedClaims {
            repository: Some("apache/example".to_owned()),
            job_workflow_ref: Some("apache/shared/.github/workflows/x.yml@main".to_owned()),
            workflow_ref: Some("apache/example/.github/workflows/release.yml@main".to_owned()),
            environment: Some("pypi".to_owned()),
            ..UnverifiedClaims::default()
        };
        let why: Impossible = claims.impossible().unwrap();
        IndexError::Impossible(Box::new(why))
    }

    #[test]
    fn a_refused_job_is_shown_the_form_of_each_project_filled_in() {
        let unknown = BTreeSet::from(["b".to_owned()]);
        let query = "provider=github&owner=apache&repository=example\
                     &workflow_filename=release.yml&environment=pypi";
        let (index, why) = (pypi(), impossible());
        let action = |all: &[&'static str]| {
            let projects = Projects {
                all: all.iter().copied().collect(),
                unknown: &unknown,
            };
            let finding = projects.registrable(why.finding(None), &why, &index);
            assert_eq!(finding.rule, Rule::TokenRefused);
            finding.action
        };
        let two = action(&["a", "b"]);
        assert!(
            two.contains("workflow `release.yml`, environment `pypi`"),
            "{two}"
        );
        for page in [
            format!("/manage/project/a/settings/publishing/?{query} "),
            format!("/manage/account/publishing/?{query}&project_name=b."),
        ] {
            assert!(two.contains(&page), "{page} in {two}");
        }
        let many = action(&["a", "b", "c", "d", "e"]);
        assert!(many.ends_with("and 2 more projects alike."), "{many}");
        assert_eq!(many.matches("https://").count(), PAGES_SHOWN);
        // What says nothing of the job, and an index whose pages nobody knows.
        let projects = Projects {
            all: BTreeSet::from(["a"]),
            unknown: &unknown,
        };
        let expired = IndexError::TokenExpired;
        let finding = projects.registrable(expired.finding(None), &expired, &index);
        assert_eq!(finding, expired.finding(None));
    }
}
