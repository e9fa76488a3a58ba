// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What inputs say of a release that is not there yet: where it will go, who
//! may have signed it, and which projects it will hold. For `doctor`, which
//! needs no source.

use std::str::FromStr as _;

use super::{
    ApprovalLevel, GithubToken, IndexChoice, Location, Reader, Timeouts, places, select, values,
};
use crate::dist::filename::ProjectName;
use crate::inputs::Inputs;
use crate::rules::Finding;

/// A line of `projects`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// The normalised name of a project.
    Project(String),
    /// A glob, which no index can be asked for.
    Glob(String),
}

/// What inputs say, as far as it is legal.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Where to publish.
    pub index: Option<IndexChoice>,
    /// Where KEYS lies; none where nothing says it.
    pub keys: Option<Vec<Location>>,
    /// The name of the project's directory on the ASF's servers, where the
    /// source lies in one.
    pub home: Option<String>,
    /// Which projects.
    pub projects: Vec<Wanted>,
    /// Whether somebody must approve.
    pub approval: Option<ApprovalLevel>,
    /// The workflow files that were named; none for all.
    pub workflows: Option<Vec<String>>,
    /// What may ask GitHub.
    pub github_token: Option<GithubToken>,
    /// Time limits.
    pub timeouts: Option<Timeouts>,
}

impl Outline {
    /// Reads what is there; what is not there is no problem, and what is not
    /// legal is.
    pub fn read(inputs: &Inputs) -> (Self, Vec<Finding>) {
        let mut reader = Reader {
            inputs,
            problems: Vec::new(),
        };
        let base = reader.word("index", places::INDEX_LEGAL, places::index);
        let upload = reader.optional("upload-url", places::URL_LEGAL, places::url);
        let index = base.and_then(|base| places::with_upload(base, upload, &mut reader));
        let source = reader.optional("source", places::LOCATION_LEGAL, places::location);
        let keys = reader.lines("keys", places::LOCATION_LEGAL, places::location);
        for keys in keys.iter().flatten() {
            places::check_keys(keys, &mut reader);
        }
        let derived = source.as_ref().and_then(places::derive_keys);
        let approval = reader.optional(
            "approval",
            "`required`, `recorded` or `off`",
            ApprovalLevel::read,
        );
        let outline = Self {
            home: derived.as_ref().and_then(home),
            keys: keys.or_else(|| derived.map(|keys| vec![keys])),
            projects: reader
                .lines("projects", "project names or globs", wanted)
                .unwrap_or_default(),
            approval: approval.or_else(|| index.as_ref().map(ApprovalLevel::for_index)),
            index,
            workflows: reader.lines("workflow-files", "a path below the checkout", |path| {
                Ok(path.to_owned())
            }),
            github_token: reader.optional(
                "github-token",
                "a token: ASCII without blanks",
                GithubToken::read,
            ),
            timeouts: values::timeouts(&mut reader),
        };
        (outline, reader.problems)
    }
}

/// The directory in which KEYS lies.
fn home(keys: &Location) -> Option<String> {
    let mut segments = keys.url()?.path_segments()?.rev();
    segments.nth(1).map(str::to_owned)
}

fn wanted(line: &str) -> Result<Wanted, String> {
    select::project(line)?;
    if line.contains(['*', '?', '[', ']', '{', '}', ',', '!']) {
        return Ok(Wanted::Glob(line.to_owned()));
    }
    let name = ProjectName::from_str(line).map_err(|_| format!("`{line}`"))?;
    Ok(Wanted::Project(name.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_and_what_is_not_is_no_problem() {
        let (outline, problems) = Outline::read(&Inputs::default());
        assert_eq!(problems, []);
        assert_eq!(outline.index, Some(IndexChoice::Pypi));
        assert_eq!(outline.approval, Some(ApprovalLevel::Required));
        assert!(outline.keys.is_none() && outline.projects.is_empty());

        let source = "https://dist.apache.org/repos/dist/release/foo/1.0/";
        let pairs = [
            ("source", source),
            ("index", "testpypi"),
            ("projects", "Foo_Bar\nfoo-*"),
        ];
        let (inputs, problems) = Inputs::from_pairs(pairs);
        assert_eq!(problems, []);
        let (outline, problems) = Outline::read(&inputs);
        assert_eq!(problems, []);
        assert_eq!(outline.approval, Some(ApprovalLevel::Recorded));
        let keys = outline.keys.unwrap();
        let keys: Vec<String> = keys.iter().map(Location::shown).collect();
        assert_eq!(
            keys,
            ["https://dist.apache.org/repos/dist/release/foo/KEYS"]
        );
        let name = Wanted::Project("foo-bar".to_owned());
        assert_eq!(outline.projects, [name, Wanted::Glob("foo-*".to_owned())]);
    }

    #[test]
    fn what_is_not_legal_is_a_problem() {
        for (name, value) in [
            ("index", "nowhere"),
            ("projects", "a b"),
            ("keys", "ftp://x/KEYS"),
        ] {
            let (inputs, _) = Inputs::from_pairs([(name, value)]);
            let (_, problems) = Outline::read(&inputs);
            assert_eq!(problems.len(), 1, "{name}");
            assert_eq!(problems[0].path.as_deref(), Some(name));
        }
    }
}
