// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What an identity token says about the job, and whether any trusted
//! publisher could ever match it.
//!
//! Decides, by the rules that PyPI compares claims with, which jobs need not
//! ask at all, and what the form of a publisher must hold for the others.
//! Checks no signature, and proves nothing: it can only stop a run early.

use std::fmt;

use serde::Deserialize;

use crate::http::sanitise;

/// Claims read without checking the signature. **Only for messages, and to
/// stop early**: nothing may be permitted because of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct UnverifiedClaims {
    /// `owner/name`.
    pub repository: Option<String>,
    /// The file in which the job is written: what an index compares.
    pub job_workflow_ref: Option<String>,
    /// The file that was started.
    pub workflow_ref: Option<String>,
    /// The environment of the job.
    pub environment: Option<String>,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// What started the run.
    pub event_name: Option<String>,
    /// The run, in digits.
    pub run_id: Option<String>,
    /// Which attempt of the run, in digits.
    pub run_attempt: Option<String>,
    /// `true` where the branch or tag is protected.
    pub ref_protected: Option<String>,
    /// The commit of the file in which the job is written.
    pub job_workflow_sha: Option<String>,
    /// The commit of the file that was started.
    pub workflow_sha: Option<String>,
}

/// What the form of a trusted publisher must hold for this job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherForm {
    /// The owner of the repository.
    pub owner: String,
    /// The repository, without its owner.
    pub repository: String,
    /// The file name of the workflow, without its folder.
    pub workflow: String,
    /// The environment; empty where the job has none.
    pub environment: String,
}

/// Why no trusted publisher can match the job, whatever is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The claim.
    pub claim: &'static str,
    /// What it would have to be.
    pub expected: String,
    /// What it is, made safe to show.
    pub found: String,
    /// What to do.
    pub advice: &'static str,
    /// What the publisher's form must hold once that is done: the workflow that
    /// was started.
    pub publisher: Option<PublisherForm>,
}

impl UnverifiedClaims {
    /// What the publisher's form must hold; none where a claim is missing.
    pub fn publisher(&self) -> Option<PublisherForm> {
        self.form_with(self.job_workflow_ref.as_deref()?)
    }

    /// The form for the job in this workflow of the run's own repository.
    fn form_with(&self, workflow: &str) -> Option<PublisherForm> {
        let (owner, repository) = self.repository.as_deref()?.split_once('/')?;
        let (place, _) = workflow.split_once('@')?;
        Some(PublisherForm {
            owner: owner.to_owned(),
            repository: repository.to_owned(),
            workflow: place.rsplit('/').next()?.to_owned(),
            environment: self.environment.clone().unwrap_or_default(),
        })
    }

    /// The path of the file in which the job is written, within its
    /// repository; none where a claim is missing.
    pub fn workflow_path(&self) -> Option<&str> {
        let (place, _) = self.job_workflow_ref.as_deref()?.split_once('@')?;
        place.splitn(3, '/').nth(2)
    }

    /// The commit of the file in which the job is written, where a claim says it.
    pub fn workflow_commit(&self) -> Option<&str> {
        let is_caller = self.job_workflow_ref == self.workflow_ref;
        let caller = || self.workflow_sha.as_deref().filter(|_| is_caller);
        self.job_workflow_sha.as_deref().or_else(caller)
    }

    /// What rules the job out; none where it may work, or where too little is
    /// said to know.
    pub fn impossible(&self) -> Option<Impossible> {
        let started = self.workflow_ref.as_deref();
        let publisher = || started.and_then(|started| self.form_with(started));
        if self.event_name.as_deref() == Some("pull_request_target") {
            return Some(Impossible {
                claim: "event_name",
                expected: "another event: no index takes `pull_request_target`".to_owned(),
                found: "pull_request_target".to_owned(),
                advice: "Start the publishing workflow by `workflow_dispatch`, a tag or a release.",
                publisher: publisher(),
            });
        }
        let repository = self.repository.as_deref()?;
        let job = self.job_workflow_ref.as_deref()?;
        let ruled_out = |expected: String, advice| {
            Some(Impossible {
                claim: "job_workflow_ref",
                expected,
                found: sanitise(job, 256),
                advice,
                publisher: publisher(),
            })
        };
        let folder = format!("{repository}/.github/workflows/");
        let shown = sanitise(&folder, 256);
        let (place, at) = job.split_once('@')?;
        let inside = place
            .get(..folder.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&folder));
        if !inside {
            return ruled_out(
                format!("a workflow file in `{shown}`, the repository that is registered"),
                "The job runs in a reusable workflow of another repository: write the publishing \
                 job into a workflow file of the project's own repository.",
            );
        }
        let commits = [self.git_ref.as_deref(), self.sha.as_deref()];
        if commits.iter().all(Option::is_some) && !commits.contains(&Some(at)) {
            return ruled_out(
                format!(
                    "a workflow file in `{shown}` at `{}`, as the run itself",
                    sanitise(self.git_ref.as_deref().unwrap_or_default(), 128)
                ),
                "The job runs in a reusable workflow at another branch, tag or commit than the \
                 run: call it by its path (`./.github/workflows/…`).",
            );
        }
        None
    }
}

impl fmt::Display for PublisherForm {
    /// As the form names its fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| sanitise(text, 128);
        write!(
            f,
            "owner `{}`, repository `{}`, workflow `{}`, environment {}",
            shown(&self.owner),
            shown(&self.repository),
            shown(&self.workflow),
            match self.environment.as_str() {
                "" => "left empty".to_owned(),
                name => format!("`{}`", shown(name)),
            }
        )
    }
}

impl fmt::Display for UnverifiedClaims {
    /// `repository=apache/example job_workflow_ref=… environment=pypi ref=…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims = [
            ("repository", &self.repository),
            ("job_workflow_ref", &self.job_workflow_ref),
            ("workflow_ref", &self.workflow_ref),
            ("environment", &self.environment),
            ("ref", &self.git_ref),
            ("event_name", &self.event_name),
        ];
        for (position, (name, value)) in claims.into_iter().enumerate() {
            let space = if position == 0 { "" } else { " " };
            let value = value.as_deref().unwrap_or("(none)");
            write!(f, "{space}{name}={}", sanitise(value, 256))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(repository: &str, job: &str, event: &str) -> UnverifiedClaims {
        UnverifiedClaims {
            repository: Some(repository.to_owned()),
            job_workflow_ref: Some(job.to_owned()),
            environment: Some("pypi".to_owned()),
            git_ref: Some("refs/tags/v1".to_owned()),
            sha: Some("0123".to_owned()),
            event_name: Some(event.to_owned()),
            ..UnverifiedClaims::default()
        }
    }

    #[test]
    fn what_no_publisher_could_match_is_known_before_it_is_asked() {
        let own = "apache/example/.github/workflows/release.yml@refs/tags/v1";
        for (repository, job, event, claim) in [
            ("apache/example", own, "workflow_dispatch", None),
            // PyPI compares the repository here without regard to case.
            ("Apache/Example", own, "push", None),
            (
                "apache/example",
                "apache/example/.github/workflows/release.yml@0123",
                "push",
                None,
            ),
            (
                "apache/example",
                own,
                "pull_request_target",
                Some("event_name"),
            ),
            (
                "apache/example",
                "apache/shared/.github/workflows/release.yml@refs/tags/v1",
                "push",
                Some("job_workflow_ref"),
            ),
            (
                "apache/example",
                "apache/example-more/.github/workflows/release.yml@refs/tags/v1",
                "push",
                Some("job_workflow_ref"),
            ),
            (
                "apache/example",
                "apache/example/.github/workflows/release.yml@refs/heads/main",
                "push",
                Some("job_workflow_ref"),
            ),
        ] {
            let found = claims(repository, job, event).impossible();
            assert_eq!(found.map(|found| found.claim), claim, "{job}");
        }
        // Who says nothing may still be somebody.
        assert_eq!(UnverifiedClaims::default().impossible(), None);
        let mut unsaid = claims("apache/example", own, "push");
        (unsaid.git_ref, unsaid.sha) = (None, Some("other".to_owned()));
        assert_eq!(unsaid.impossible(), None);
    }

    #[test]
    fn the_file_of_the_job_and_its_commit_are_known_where_claims_say_them() {
        let job = "apache/example/.github/workflows/release.yml@refs/tags/v1";
        let mut claims = claims("apache/example", job, "push");
        let path = claims.workflow_path();
        assert_eq!(path, Some(".github/workflows/release.yml"));
        assert_eq!(claims.workflow_commit(), None);
        // The commit of the caller is not that of a reusable workflow.
        claims.workflow_sha = Some("4567".to_owned());
        assert_eq!(claims.workflow_commit(), None);
        claims.workflow_ref = Some(job.to_owned());
        assert_eq!(claims.workflow_commit(), Some("4567"));
        claims.job_workflow_sha = Some("89ab".to_owned());
        assert_eq!(claims.workflow_commit(), Some("89ab"));
        assert_eq!(UnverifiedClaims::default().workflow_path(), None);
    }

    #[test]
    fn the_form_of_the_publisher_is_made_of_what_the_index_compares() {
        let job = "apache/example/.github/workflows/release.yml@refs/tags/v1";
        assert_eq!(
            claims("apache/example", job, "push").publisher(),
            Some(PublisherForm {
                owner: "apache".to_owned(),
                repository: "example".to_owned(),
                workflow: "release.yml".to_owned(),
                environment: "pypi".to_owned(),
            })
        );
        assert_eq!(UnverifiedClaims::default().publisher(), None);
    }
}
