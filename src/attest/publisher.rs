// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who an index expects to attest a file: a workflow file of a repository.
//! Pure.

use super::AttestError;
use crate::github::claims::UnverifiedClaims;
use crate::http::sanitise;
use crate::report::escape::is_hidden;

/// A workflow of a repository on GitHub, as an index has it registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    repository: String,
    workflow: String,
}

impl Publisher {
    /// `repository` is `OWNER/REPO`, in the case that GitHub shows; `workflow`
    /// is a file name in `.github/workflows`.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn new(repository: &str, workflow: &str) -> Result<Self, AttestError> {
        let legal = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
        };
        let whole = repository
            .split_once('/')
            .is_some_and(|(owner, name)| legal(owner) && legal(name));
        if !whole {
            return Err(AttestError::Mismatch {
                what: "the repository",
                expected: "`OWNER/REPO`".to_owned(),
                found: format!("`{}`", sanitise(repository, 128)),
            });
        }
        let named = [".yml", ".yaml"]
            .iter()
            .any(|ending| workflow.len() > ending.len() && workflow.ends_with(ending));
        if !named || workflow.contains(['/', '@', '\\']) || workflow.chars().any(is_hidden) {
            return Err(AttestError::Mismatch {
                what: "the workflow",
                expected: "the name of a file in `.github/workflows`, such as `publish.yml`"
                    .to_owned(),
                found: format!("`{}`", sanitise(workflow, 128)),
            });
        }
        Ok(Self {
            repository: repository.to_owned(),
            workflow: workflow.to_owned(),
        })
    }

    /// The workflow that was started, as a job's identity token tells. That is
    /// the one that a certificate names, whatever file the job is written in:
    /// `workflow_ref`, not `job_workflow_ref`. None where the claims do not say.
    pub fn of(claims: &UnverifiedClaims) -> Option<Self> {
        let repository = claims.repository.as_deref()?;
        let (place, _) = claims.workflow_ref.as_deref()?.split_once('@')?;
        let (inside, file) = place.rsplit_once('/')?;
        let folder = inside.strip_suffix("/.github/workflows")?;
        (folder == repository)
            .then(|| Self::new(repository, file).ok())
            .flatten()
    }

    /// `OWNER/REPO`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The name of the workflow file.
    pub fn workflow(&self) -> &str {
        &self.workflow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repository_and_a_file_name_make_a_publisher() {
        for (repository, workflow, legal) in [
            ("apache/example", "publish.yml", true),
            ("a-b/c_d.e", "p u.yaml", true),
            ("apache", "publish.yml", false),
            ("apache/", "publish.yml", false),
            ("apache/a/b", "publish.yml", false),
            ("https://github.com/apache/a", "publish.yml", false),
            ("apache/..", "publish.yml", false),
            ("apache/a@b", "publish.yml", false),
            ("", "publish.yml", false),
            ("apache/example", "", false),
            ("apache/example", ".yml", false),
            ("apache/example", "publish", false),
            ("apache/example", ".github/workflows/publish.yml", false),
            ("apache/example", "publish.yml@refs/heads/main.yml", false),
            ("apache/example", "a\nb.yml", false),
            // What looks like the same name is another one.
            ("apache/example", "publish\u{200b}.yml", false),
            ("apache/example", "\u{202e}hsilbup.yml", false),
            ("\u{430}pache/example", "publish.yml", false),
            ("apache/ex\u{e5}mple", "publish.yml", false),
            ("apache/example\u{2060}", "publish.yml", false),
        ] {
            let made = Publisher::new(repository, workflow);
            assert_eq!(made.is_ok(), legal, "{repository} {workflow}: {made:?}");
        }
    }

    #[test]
    fn the_publisher_of_a_job_is_the_workflow_that_was_started() {
        let claims = |repository: &str, workflow: Option<&str>| UnverifiedClaims {
            repository: Some(repository.to_owned()),
            workflow_ref: workflow.map(str::to_owned),
            job_workflow_ref: Some("other/shared/.github/workflows/called.yml@v1".to_owned()),
            ..UnverifiedClaims::default()
        };
        let own = "apache/example/.github/workflows/release.yml@refs/heads/a@b";
        let found = Publisher::of(&claims("apache/example", Some(own)));
        assert_eq!(found, Publisher::new("apache/example", "release.yml").ok());
        for (repository, workflow) in [
            ("apache/example", None),
            ("apache/other", Some(own)),
            ("apache/example", Some("apache/example/release.yml@v1")),
            (
                "apache/example",
                Some("apache/example/.github/workflows/release.yml"),
            ),
            (
                "apache/example",
                Some("apache/example/.github/workflows/x/r.yml@v1"),
            ),
        ] {
            assert_eq!(
                Publisher::of(&claims(repository, workflow)),
                None,
                "{workflow:?}"
            );
        }
    }
}
