// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What of a release the index has already: new, the same, or different.
//!
//! Decides that a name with other bytes stops the release, and which versions
//! and projects are new. The index is the only state: there is no other memory
//! of what was published.

mod begun;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::simple::Project;
use super::{Index, IndexError};
use crate::http::sanitise;
use crate::rules::{Finding, Rule};
use begun::Begun;
pub(super) use shelf::Shelf;

/// One file that is to be on the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The normalised name of its project.
    pub project: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its name.
    pub file: &'a str,
    /// The SHA-256 of its bytes.
    pub sha256: &'a [u8; 32],
}

/// How the index stands to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It has no file of this name.
    New,
    /// It has this very file.
    AlreadyThere,
    /// It has this name with other bytes, or does not say with which.
    Different {
        /// The SHA-256 that it shows, or words.
        found: String,
    },
}

/// How the index stands to one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is none of this name yet.
    Absent,
    /// It takes files.
    Open,
    /// It takes none: `archived`, `quarantined` or a newer word.
    Closed(String),
}

/// The index's answers for a whole release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    files: BTreeMap<String, FileState>,
    /// The project of each file.
    owners: BTreeMap<String, String>,
    projects: BTreeMap<String, Standing>,
    /// Project and version, as wanted, of which the index has no file.
    new_versions: BTreeSet<(String, String)>,
    /// What the index has already of the version of each new file.
    begun: BTreeMap<String, Begun>,
    /// The name under which the index has the bytes of a new file already.
    twins: BTreeMap<String, String>,
}

impl Ledger {
    /// The state of a file; none for one that was not asked for.
    pub fn state(&self, file: &str) -> Option<&FileState> {
        self.files.get(file)
    }

    /// All files with their states, sorted by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileState)> {
        self.files
            .iter()
            .map(|(file, state)| (file.as_str(), state))
    }

    /// The standing of a project; none for one that was not asked for.
    pub fn standing(&self, project: &str) -> Option<&Standing> {
        self.projects.get(project)
    }

    /// Whether the index has no file of this version yet: its first file must
    /// go alone, since an index answers 500 to all but one of several at once.
    pub fn is_new_version(&self, project: &str, version: &str) -> bool {
        let key = (project.to_owned(), version.to_owned());
        self.new_versions.contains(&key)
    }

    /// The projects that the index does not know, sorted.
    pub fn unknown_projects(&self) -> impl Iterator<Item = &str> {
        self.projects
            .iter()
            .filter(|(_, standing)| **standing == Standing::Absent)
            .map(|(name, _)| name.as_str())
    }

    /// What stops the release: conflicts, and new files of closed projects and
    /// releases. `now` is in Unix seconds.
    pub fn findings(&self, now: u64) -> Vec<Finding> {
        let finding = |(file, state): (&String, &FileState)| match state {
            FileState::AlreadyThere => None,
            FileState::Different { found } => Some(Finding::new(
                Rule::IndexConflict,
                Some(file),
                "the very bytes that were verified, or no file of this name",
                found.clone(),
            )),
            FileState::New => {
                let project = self.owners.get(file)?;
                if let Some(twin) = self.twins.get(file) {
                    return Some(under_another_name(file, twin));
                }
                let begun = self.begun.get(file);
                if let Some(refusal) = begun.and_then(|begun| begun.refusal(file, now)) {
                    return Some(refusal);
                }
                let Some(Standing::Closed(status)) = self.projects.get(project) else {
                    return None;
                };
                let finding = Finding::new(
                    Rule::UploadRefused,
                    Some(file),
                    format!("the project {project} open for uploads"),
                    format!("it is {}", sanitise(status, 64)),
                );
                Some(finding.advise("An owner of the project opens it again on the index's pages."))
            }
        };
        self.files.iter().filter_map(finding).collect()
    }

    /// Holds what is wanted of one project against what the index has of it.
    fn enter(&mut self, wanted: &[Wanted<'_>], name: &str, project: Option<&Project>) {
        let standing = match project {
            None => Standing::Absent,
            Some(project) if project.status == "active" => Standing::Open,
            Some(project) => Standing::Closed(project.status.clone()),
        };
        self.projects.insert(name.to_owned(), standing);
        let on_index = Shelf::of(project);
        for wanted in wanted.iter().filter(|wanted| wanted.project == name) {
            let file = wanted.file.to_owned();
            let state = on_index.state_of(wanted);
            if state == FileState::New {
                let begun = on_index.begun(wanted.version).cloned();
                self.begun.extend(begun.map(|begun| (file.clone(), begun)));
                let twin = on_index.twin_of(wanted).map(str::to_owned);
                self.twins.extend(twin.map(|twin| (file.clone(), twin)));
            }
            self.files.insert(file.clone(), state);
            self.owners.insert(file, name.to_owned());
            if !on_index.has_version(wanted.version) {
                let version = (name.to_owned(), wanted.version.to_owned());
                self.new_versions.insert(version);
            }
        }
    }
}

fn under_another_name(file: &str, twin: &str) -> Finding {
    Finding::new(
        Rule::IndexConflict,
        Some(file),
        "bytes that the index has under no other name",
        format!("it has them as `{}`", sanitise(twin, 128)),
    )
    .advise(
        "Do not publish. The index takes the same bytes under one name only: find out which of \
         the two names is wrong, and build that file again.",
    )
}

/// Asks the index for every project once, at most `concurrency` at a time.
///
/// # Errors
/// The first look-up that fails: what is not known cannot be published.
pub async fn ask(
    index: &Index,
    files: &[Wanted<'_>],
    concurrency: usize,
) -> Result<Ledger, IndexError> {
    let names: BTreeSet<&str> = files.iter().map(|wanted| wanted.project).collect();
    let projects: Vec<_> = stream::iter(names)
        .map(|name| async move { Ok::<_, IndexError>((name, index.project(name).await?)) })
        .buffer_unordered(concurrency.max(1))
        .try_collect()
        .await?;
    let mut ledger = Ledger::default();
    for (name, project) in projects {
        ledger.enter(files, name, project.as_ref());
    }
    Ok(ledger)
}

#[cfg(test)]
mod tests {
    use super::super::simple::File;
    use super::*;

    const OURS: [u8; 32] = [0xab; 32];

    fn project(status: &str, versions: Option<&[&str]>, files: &[(&str, Option<&str>)]) -> Project {
        Project {
            status: status.to_owned(),
            versions: versions.map(|list| list.iter().map(|&v| v.to_owned()).collect()),
            is_warehouse: false,
            files: files
                .iter()
                .map(|&(name, sha256)| File {
                    filename: name.to_owned(),
                    sha256: sha256.map(str::to_owned),
                    yanked: false,
                    url: String::new(),
                    uploaded: None,
                })
                .collect(),
        }
    }

    fn wanted<'a>(version: &'a str, file: &'a str) -> Wanted<'a> {
        Wanted {
            project: "example",
            version,
            file,
            sha256: &OURS,
        }
    }

    #[test]
    fn a_file_is_new_the_same_or_different() {
        let same = "ab".repeat(32);
        let other = "cd".repeat(32);
        let different = |found: &str| FileState::Different {
            found: found.to_owned(),
        };
        let shown = different(&format!("the SHA-256 {other}"));
        for (files, expected) in [
            (vec![], FileState::New),
            (vec![("b.whl", Some(same.as_str()))], FileState::New),
            (vec![("A.whl", Some(same.as_str()))], FileState::New),
            (
                vec![("a.whl", Some(same.as_str()))],
                FileState::AlreadyThere,
            ),
            (vec![("a.whl", Some(other.as_str()))], shown.clone()),
            (vec![("a.whl", None)], different("a file without a SHA-256")),
            (
                vec![
                    ("a.whl", Some(same.as_str())),
                    ("a.whl", Some(other.as_str())),
                ],
                shown,
            ),
        ] {
            let project = project("active", None, &files);
            let found = Shelf::of(Some(&project)).state_of(&wanted("1.0", "a.whl"));
            assert_eq!(found, expected, "{files:?}");
        }
        let nowhere = Shelf::of(None).state_of(&wanted("1.0", "a.whl"));
        assert_eq!(nowhere, FileState::New);
    }

    #[test]
    fn versions_are_compared_as_versions() {
        for (listed, version, known) in [
            (Some(&["1.0"][..]), "1.0.0", true),
            (Some(&["1.0rc1"][..]), "1.0.RC1", true),
            (Some(&["1.0"][..]), "1.0.1", false),
            (Some(&["legacy-one"][..]), "legacy-one", true),
            (Some(&[][..]), "1.0", false),
            (None, "1.0", false),
        ] {
            let mut ledger = Ledger::default();
            let files = [wanted(version, "a.whl")];
            ledger.enter(&files, "example", Some(&project("active", listed, &[])));
            assert_eq!(
                ledger.is_new_version("example", version),
                !known,
                "{version}"
            );
        }
    }

    #[test]
    fn conflicts_and_closed_projects_stop_the_release() {
        let same = "ab".repeat(32);
        let other = "cd".repeat(32);
        for (status, sha256, rules) in [
            ("active", None, vec![]),
            ("active", Some(&same), vec![]),
            ("active", Some(&other), vec![Rule::IndexConflict]),
            ("archived", None, vec![Rule::UploadRefused]),
            ("quarantined", None, vec![Rule::UploadRefused]),
            // Nothing is left to do there.
            ("archived", Some(&same), vec![]),
        ] {
            let files = sha256.map(|sha256| ("a.whl", Some(sha256.as_str())));
            let files: Vec<_> = files.into_iter().collect();
            let mut ledger = Ledger::default();
            let wanted = [wanted("1.0", "a.whl")];
            ledger.enter(&wanted, "example", Some(&project(status, None, &files)));
            let found: Vec<_> = ledger.findings(0).iter().map(|f| f.rule).collect();
            assert_eq!(found, rules, "{status} {sha256:?}");
        }
    }
    #[test]
    fn bytes_that_an_index_of_pypi_s_kind_has_under_another_name_stop_the_release() {
        let (same, other) = ("ab".repeat(32), "cd".repeat(32));
        for (is_warehouse, files, rules) in [
            (
                true,
                vec![("b.whl", Some(same.as_str()))],
                vec![Rule::IndexConflict],
            ),
            (true, vec![("b.whl", Some(other.as_str()))], vec![]),
            (true, vec![("b.whl", None)], vec![]),
            // Nothing is left to do for a file that is there itself.
            (
                true,
                vec![("a.whl", Some(same.as_str())), ("b.whl", Some(&same))],
                vec![],
            ),
            (false, vec![("b.whl", Some(&same))], vec![]),
        ] {
            let project = Project {
                is_warehouse,
                ..project("active", None, &files)
            };
            let mut ledger = Ledger::default();
            ledger.enter(&[wanted("1.0", "a.whl")], "example", Some(&project));
            let found: Vec<_> = ledger.findings(0).iter().map(|f| f.rule).collect();
            assert_eq!(found, rules, "{files:?}");
        }
    }
}
