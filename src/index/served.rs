// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What an index serves of some versions, held against what a release holds.
//!
//! Decides which files of a page belong to a version, however old their names
//! are, and that a file whose name says nothing that can be read does. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep440_rs::Version;

use super::ledger::{FileState, Shelf, Wanted};
use super::simple::{File, Project};
use crate::dist::filename::DistributionName;

/// How an index stands to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It serves the very bytes.
    Same,
    /// It serves other bytes.
    Different {
        /// The SHA-256 that it shows, or words.
        found: String,
    },
    /// It serves no file of this name.
    Missing,
    /// The release holds no file of this name.
    Extra,
}

/// One file of the release, or of the index, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Its name; foreign text where it is extra.
    pub file: String,
    /// The version that it belongs to; that which was asked for where its name
    /// does not say one.
    pub version: String,
    /// How the index stands to it.
    pub standing: Held,
    /// What the index says that it serves, as lower-case hex.
    pub sha256: Option<String>,
    /// Whether the index shows it as yanked.
    pub yanked: bool,
}

/// Compares the files that a release holds of one project with what the index
/// has of these versions; sorted by name, each name once.
pub fn compare(
    wanted: &[Wanted<'_>],
    versions: &BTreeSet<Version>,
    project: Option<&Project>,
) -> Vec<Served> {
    let shelf = Shelf::of(project);
    let mut shown: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in project.iter().flat_map(|project| &project.files) {
        shown.entry(&file.filename).or_default().push(file);
    }
    let mut all = Vec::new();
    for wanted in wanted {
        let same_name = shown.remove(wanted.file).unwrap_or_default();
        let standing = match shelf.state_of(wanted) {
            FileState::AlreadyThere => Held::Same,
            FileState::Different { found } => Held::Different { found },
            FileState::New => Held::Missing,
        };
        all.push(Served::of(
            wanted.file,
            wanted.version,
            standing,
            &same_name,
        ));
    }
    for (name, same_name) in shown {
        if let Some(version) = belongs(name, versions) {
            let version = version.to_string();
            all.push(Served::of(name, &version, Held::Extra, &same_name));
        }
    }
    all.sort_by(|one, other| one.file.cmp(&other.file));
    all
}

impl Served {
    /// With what the index shows of the files of this name.
    fn of(file: &str, version: &str, standing: Held, shown: &[&File]) -> Self {
        Self {
            file: file.to_owned(),
            version: version.to_owned(),
            standing,
            sha256: shown.iter().find_map(|file| file.sha256.clone()),
            yanked: shown.iter().any(|file| file.yanked),
        }
    }
}

/// The one of these versions that a file belongs to, if it does. One whose
/// name says no version at all may belong to any: it is not passed over.
fn belongs<'a>(file: &str, versions: &'a BTreeSet<Version>) -> Option<&'a Version> {
    if let Ok(name) = DistributionName::parse(file) {
        return versions.get(name.version());
    }
    let said = versions_of(file);
    if said.is_empty() {
        return versions.first();
    }
    said.iter().find_map(|version| versions.get(version))
}

/// What may be the version in a name of any age: `Foo-1.0.zip`, `foo-1.0-py2.7.egg`,
/// `foo-1.0.win32-py2.7.exe`, `foo-1.0-1.noarch.rpm`.
fn versions_of(file: &str) -> Vec<Version> {
    const SUFFIXES: [&str; 13] = [
        ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".tar", ".zip", ".whl", ".egg", ".exe",
        ".msi", ".rpm", ".deb",
    ];
    let mut stems = SUFFIXES
        .iter()
        .filter_map(|suffix| file.strip_suffix(suffix));
    let stem = stems.next().unwrap_or(file);
    stem.split('-')
        .skip(1)
        .filter_map(longest_version)
        .collect()
}

/// The longest start of a part, up to one of its dots, that is a version.
fn longest_version(part: &str) -> Option<Version> {
    let ends = part.rmatch_indices('.').map(|(end, _)| end);
    [part.len()]
        .into_iter()
        .chain(ends)
        .filter_map(|end| part.get(..end))
        .find_map(|start| Version::from_str(start).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [u8; 32] = [0xab; 32];

    fn file(name: &str, byte: Option<u8>, yanked: bool) -> File {
        File {
            filename: name.to_owned(),
            sha256: byte.map(|byte| hex::encode([byte; 32])),
            yanked,
            url: String::new(),
            uploaded: None,
        }
    }

    fn project(files: Vec<File>) -> Project {
        Project {
            status: "active".to_owned(),
            files,
            versions: None,
            is_warehouse: true,
        }
    }

    fn versions(all: &[&str]) -> BTreeSet<Version> {
        let versions = all.iter().map(|text| Version::from_str(text).unwrap());
        versions.collect()
    }

    fn wanted(file: &str) -> Wanted<'_> {
        Wanted {
            project: "foo",
            version: "1.0",
            file,
            sha256: &OURS,
        }
    }

    #[test]
    fn each_file_of_either_side_is_told_once() {
        let page = project(vec![
            file("foo-1.0.tar.gz", Some(0xab), true),
            file("foo-1.0-py3-none-any.whl", Some(0xcd), false),
            file("foo-1.0-cp312-cp312-win32.whl", Some(0xef), false),
            file("foo-1.0-cp312-cp312-win32.whl", Some(0xef), false),
            file("foo-2.0.tar.gz", Some(0xef), false),
        ]);
        let release = [
            wanted("foo-1.0.tar.gz"),
            wanted("foo-1.0-py3-none-any.whl"),
            wanted("foo-1.0-cp311-cp311-win32.whl"),
        ];
        let found = compare(&release, &versions(&["1.0"]), Some(&page));
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.file.as_str(), one.standing.clone(), one.yanked))
            .collect();
        let other = Held::Different {
            found: format!("the SHA-256 {}", "cd".repeat(32)),
        };
        assert_eq!(
            shown,
            [
                ("foo-1.0-cp311-cp311-win32.whl", Held::Missing, false),
                ("foo-1.0-cp312-cp312-win32.whl", Held::Extra, false),
                ("foo-1.0-py3-none-any.whl", other, false),
                ("foo-1.0.tar.gz", Held::Same, true),
            ]
        );
        assert_eq!(found[1].sha256, Some("ef".repeat(32)));
        assert_eq!(found[2].sha256, Some("cd".repeat(32)));
        let nothing = compare(&release, &versions(&["1.0"]), None);
        assert!(nothing.iter().all(|one| one.standing == Held::Missing));
    }

    #[test]
    fn a_file_belongs_to_its_version_however_old_its_name_is() {
        for (name, version) in [
            ("foo-1.0.tar.gz", "1.0"),
            ("foo-1-py3-none-any.whl", "1.0"),
            ("Foo-1.0.zip", "1.0"),
            ("apache-foo-1.0.tar.bz2", "1.0"),
            ("foo-1.0-py2.7.egg", "1.0"),
            ("foo-1.0.win32-py2.7.exe", "1.0"),
            ("foo-1.0.linux-x86_64.tar.gz", "1.0"),
            ("foo-1.0-1.noarch.rpm", "1.0"),
            ("foo-1.0-cp37-cp37m-linux_x86_64.whl", "1.0"),
            ("foo-1.0rc1.zip", "1.0rc1"),
        ] {
            assert!(belongs(name, &versions(&[version])).is_some(), "{name}");
            assert!(belongs(name, &versions(&["3.7"])).is_none(), "{name}");
        }
        // What cannot be read is not passed over.
        for name in ["foo.tar.gz", "foo-latest.zip", "\u{202e}"] {
            assert!(belongs(name, &versions(&["3.7"])).is_some(), "{name}");
        }
    }
}
