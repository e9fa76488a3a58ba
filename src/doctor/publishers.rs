// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What must be registered on the index: the form of the trusted publisher for
//! each project, and which projects take no files.

use crate::github::claims::PublisherForm;
use crate::index::Endpoints;
use crate::report::doctor::PublisherRow;
use crate::rules::{Finding, Rule, Severity};

/// Who publishes, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Publisher {
    /// Owner and name of the repository.
    pub repository: Option<(String, String)>,
    /// The path of the workflow.
    pub workflow: String,
    /// The environment; empty where the job has none.
    pub environment: String,
}

impl Publisher {
    /// The file name of the workflow, which is all that an index compares.
    fn file(&self) -> &str {
        self.workflow.rsplit('/').next().unwrap_or_default()
    }

    fn form(&self) -> Option<PublisherForm> {
        let (owner, repository) = self.repository.clone()?;
        Some(PublisherForm {
            owner,
            repository,
            workflow: self.file().to_owned(),
            environment: self.environment.clone(),
        })
    }
}

/// What the index answered of a project: its status, none where it has no such
/// project.
pub type Status = Option<String>;

/// The row of a project, and what is wrong. Without an answer the status is
/// not known, which somebody else tells.
pub fn judge(
    project: &str,
    index: &str,
    endpoints: Option<&Endpoints>,
    publisher: &Publisher,
    answer: Option<&Status>,
) -> (PublisherRow, Option<Finding>) {
    let form = publisher.form();
    let is_new = matches!(answer, Some(None));
    let page = endpoints.zip(form.as_ref()).and_then(|(endpoints, form)| {
        if is_new {
            endpoints.pending_page(project, form)
        } else {
            endpoints.settings_page(project, form)
        }
    });
    let state = match answer {
        None => "unknown",
        Some(None) => "new",
        Some(Some(status)) => status,
    };
    let finding = match answer {
        Some(None) => Some(new(project, index, form.as_ref(), page.as_deref())),
        Some(Some(status)) if status != "active" => {
            let found = format!("it is {status} on {index}");
            let expected = "a project that takes files";
            Some(Finding::new(
                Rule::ProjectClosed,
                Some(project),
                expected,
                found,
            ))
        }
        _ => None,
    };
    let row = PublisherRow {
        project: project.to_owned(),
        index: index.to_owned(),
        state: state.to_owned(),
        owner: form.as_ref().map(|form| form.owner.clone()),
        repository: form.map(|form| form.repository),
        workflow: publisher.file().to_owned(),
        environment: Some(publisher.environment.clone()).filter(|name| !name.is_empty()),
        page,
    };
    (row, finding)
}

/// A project that a pending publisher will make: whether there is one, no index
/// tells anybody else.
fn new(project: &str, index: &str, form: Option<&PublisherForm>, page: Option<&str>) -> Finding {
    let found = format!("{index} does not know it");
    let expected = "a project that is there, or a pending publisher for it";
    let mut finding = Finding::new(Rule::ProjectNew, Some(project), expected, found);
    finding.severity = Severity::Warn;
    if let Some(form) = form {
        finding.action = format!("{} The form: {form}.", finding.action);
    }
    if let Some(page) = page {
        finding.action = format!("{} Filled in: {page}", finding.action);
    }
    finding
}

/// Owner and name in an address of GitHub, as git writes it.
pub fn repository_of(remote: &str) -> Option<(String, String)> {
    let rest = [
        "https://github.com/",
        "git@github.com:",
        "ssh://git@github.com/",
    ]
    .iter()
    .find_map(|start| remote.trim().strip_prefix(start))?;
    let (owner, name) = rest.trim_end_matches('/').split_once('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let legal = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !text.is_empty() && text.bytes().all(plain)
    };
    (legal(owner) && legal(name)).then(|| (owner.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publisher() -> Publisher {
        Publisher {
            repository: repository_of("https://github.com/apache/example.git"),
            workflow: ".github/workflows/release.yml".to_owned(),
            environment: "pypi".to_owned(),
        }
    }

    #[test]
    fn each_state_of_a_project_has_its_form_and_its_verdict() {
        let pypi = Endpoints::pypi().unwrap();
        let status = |text: &str| Some(Some(text.to_owned()));
        let query = "provider=github&owner=apache&repository=example&workflow_filename=release.yml&environment=pypi";
        for (answer, state, page, rule) in [
            (
                status("active"),
                "active",
                format!("/manage/project/foo/settings/publishing/?{query}"),
                None,
            ),
            (
                Some(None),
                "new",
                format!("/manage/account/publishing/?{query}&project_name=foo"),
                Some(Rule::ProjectNew),
            ),
            (
                status("archived"),
                "archived",
                String::new(),
                Some(Rule::ProjectClosed),
            ),
            (None, "unknown", String::new(), None),
        ] {
            let (row, finding) = judge("foo", "PyPI", Some(&pypi), &publisher(), answer.as_ref());
            assert_eq!(row.state, state);
            assert!(row.page.unwrap().contains(&page), "{page}");
            assert_eq!(finding.map(|finding| finding.rule), rule);
        }
        let nobody = Publisher {
            repository: None,
            ..publisher()
        };
        let (row, _) = judge("foo", "PyPI", Some(&pypi), &nobody, Some(&None));
        assert_eq!((row.owner, row.page), (None, None));
    }

    #[test]
    fn the_repository_is_read_out_of_its_address() {
        let some = |owner: &str, name: &str| Some((owner.to_owned(), name.to_owned()));
        for (remote, expected) in [
            ("https://github.com/apache/foo", some("apache", "foo")),
            ("git@github.com:apache/foo.git\n", some("apache", "foo")),
            (
                "ssh://git@github.com/apache/foo.bar.git",
                some("apache", "foo.bar"),
            ),
            ("https://user:secret@github.com/apache/foo", None),
            ("https://gitlab.com/apache/foo", None),
            ("https://github.com/apache/", None),
            ("https://github.com/apache/foo/bar", None),
        ] {
            assert_eq!(repository_of(remote), expected, "{remote}");
        }
    }
}
