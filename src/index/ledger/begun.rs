// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What an index of PyPI's kind refuses of a version that it has already:
//! any new file after 14 days, and a second sdist. Other indexes have other
//! rules, which only they know.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use pep440_rs::Version;

use crate::http::sanitise;
use crate::index::simple::File;
use crate::rules::{Finding, Rule};

/// How long PyPI takes new files of a release, in seconds.
const OPEN_FOR: u64 = 14 * 24 * 60 * 60;

const WHEEL: &str = ".whl";

/// A version that the index has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Begun {
    /// When its first file came, in Unix seconds.
    since: Option<u64>,
    /// Its sdist.
    sdist: Option<String>,
}

/// Every version of which these files of an index are.
pub(super) fn versions(files: &[File]) -> BTreeMap<Version, Begun> {
    let mut versions: BTreeMap<Version, Begun> = BTreeMap::new();
    for file in files {
        let Some(version) = version_of(&file.filename) else {
            continue;
        };
        let begun = versions.entry(version).or_default();
        begun.since = begun.since.into_iter().chain(file.uploaded).min();
        if is_sdist(&file.filename) {
            begun.sdist = Some(file.filename.clone());
        }
    }
    versions
}

fn is_sdist(name: &str) -> bool {
    !name.ends_with(WHEEL)
}

impl Begun {
    /// Why the index would refuse this new file, if it would.
    pub(super) fn refusal(&self, file: &str, now: u64) -> Option<Finding> {
        if let Some(since) = self.since.filter(|since| since + OPEN_FOR < now) {
            let since = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(since));
            return Some(Finding::new(
                Rule::ReleaseClosed,
                Some(file),
                "a version that the index has for less than 14 days, or not at all",
                format!("its first file came at {since}"),
            ));
        }
        let other = self.sdist.as_ref().filter(|_| is_sdist(file))?;
        Some(Finding::new(
            Rule::SecondSdist,
            Some(file),
            "one sdist of the version",
            format!("`{}` on the index", sanitise(other, 128)),
        ))
    }
}

/// The version in the name of a file, however old; none where it cannot be read.
fn version_of(file: &str) -> Option<Version> {
    let text = if let Some(stem) = file.strip_suffix(WHEEL) {
        stem.split('-').nth(1)?
    } else {
        let stem = [".tar.gz", ".zip", ".tar.bz2", ".tgz"]
            .iter()
            .find_map(|suffix| file.strip_suffix(suffix))?;
        stem.rsplit_once('-')?.1
    };
    Version::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Shelf;
    use super::*;
    use crate::index::simple::Project;

    const DAY: u64 = 24 * 60 * 60;
    const NOW: u64 = 1_800_000_000;

    fn on_index(files: &[(&str, Option<u64>)]) -> Project {
        Project {
            status: "active".to_owned(),
            files: files
                .iter()
                .map(|&(name, uploaded)| File {
                    filename: name.to_owned(),
                    sha256: None,
                    yanked: false,
                    url: String::new(),
                    uploaded,
                })
                .collect(),
            versions: None,
            is_warehouse: true,
        }
    }

    fn rule(file: &str, project: &Project) -> Option<Rule> {
        let shelf = Shelf::of(Some(project));
        let finding = shelf.begun("1.0")?.refusal(file, NOW)?;
        Some(finding.rule)
    }

    #[test]
    fn what_the_index_would_refuse_of_a_version_that_it_has_is_known_before() {
        let wheel = "foo-1.0-py3-none-any.whl";
        let sdist = "foo-1.0.tar.gz";
        let old = Some(NOW - 15 * DAY);
        let young = Some(NOW - 13 * DAY);
        for (files, file, expected) in [
            (vec![], wheel, None),
            (vec![(sdist, young)], wheel, None),
            (vec![(sdist, old)], wheel, Some(Rule::ReleaseClosed)),
            (
                vec![(sdist, young), ("foo-1.0.0-cp310-abi3-any.whl", old)],
                wheel,
                Some(Rule::ReleaseClosed),
            ),
            (
                vec![("foo-0.9.tar.gz", old), ("foo-1.0.post1.tar.gz", old)],
                wheel,
                None,
            ),
            (vec![(sdist, None)], wheel, None),
            (vec![("Foo-1.0.zip", young)], sdist, Some(Rule::SecondSdist)),
            (vec![(wheel, young)], sdist, None),
            (
                vec![("odd", old), ("foo.whl", old), ("-.tar.gz", old)],
                wheel,
                None,
            ),
        ] {
            assert_eq!(rule(file, &on_index(&files)), expected, "{files:?} {file}");
        }
        let other = Project {
            is_warehouse: false,
            ..on_index(&[(sdist, old)])
        };
        assert_eq!(rule(wheel, &other), None, "another index has other rules");
    }
}
