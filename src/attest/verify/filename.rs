// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether two file names name one distribution, for the index. Pure.
//!
//! Decides as the index's verifier does, which compares what the names parse
//! to: project and version in any spelling, and for a wheel its build tag and
//! the set of its tags. This is laxer than the names that are published.

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::Version;

use crate::dist::filename::ProjectName;

#[derive(PartialEq, Eq)]
enum Parsed<'a> {
    Wheel {
        project: ProjectName,
        version: Version,
        build: Option<(u64, &'a str)>,
        tags: [BTreeSet<String>; 3],
    },
    Sdist {
        project: ProjectName,
        version: Version,
    },
}

/// Whether both parse, and to the same.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    parse(one).is_some_and(|one| parse(other) == Some(one))
}

fn parse(name: &str) -> Option<Parsed<'_>> {
    if let Some(stem) = name.strip_suffix(".whl") {
        let parts: Vec<&str> = stem.split('-').collect();
        let (project, version, build, tags) = match parts.as_slice() {
            [project, version, tags @ ..] if tags.len() == 3 => (project, version, None, tags),
            [project, version, build, tags @ ..] if tags.len() == 3 => {
                (project, version, Some(parse_build(build)?), tags)
            }
            _ => return None,
        };
        let set = |tag: &str| tag.to_lowercase().split('.').map(str::to_owned).collect();
        return Some(Parsed::Wheel {
            project: ProjectName::from_str(project).ok()?,
            version: Version::from_str(version).ok()?,
            build,
            tags: [set(tags[0]), set(tags[1]), set(tags[2])],
        });
    }
    let stem = [".tar.gz", ".zip"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))?;
    let (project, version) = stem.rsplit_once('-')?;
    Some(Parsed::Sdist {
        project: ProjectName::from_str(project).ok()?,
        version: Version::from_str(version).ok()?,
    })
}

/// A number and the rest.
fn parse_build(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_what_they_parse_to() {
        let wheel = "example-1.0-py3-none-any.whl";
        for (one, other, same) in [
            (wheel, wheel, true),
            ("example-1.0.tar.gz", "example-1.0.tar.gz", true),
            ("Example-1.0.tar.gz", "example-1.0.tar.gz", true),
            ("ex.ample-1.0.0.tar.gz", "ex_ample-1.0.tar.gz", true),
            ("ex-ample-1.0.tar.gz", "ex_ample-1.0.tar.gz", true),
            ("example-1.0.zip", "example-1.0.tar.gz", true),
            ("example-1.0.0-py3-none-any.whl", wheel, true),
            (
                "example-1.0-py2.py3-none-any.whl",
                "example-1.0-py3.py2-none-any.whl",
                true,
            ),
            (
                "example-1.0-1a-py3-none-any.whl",
                "example-1.0-01a-py3-none-any.whl",
                true,
            ),
            ("example-1.1-py3-none-any.whl", wheel, false),
            ("example-1.0-py2-none-any.whl", wheel, false),
            ("example-1.0-py3-abi3-any.whl", wheel, false),
            ("example-1.0-1-py3-none-any.whl", wheel, false),
            ("examples-1.0-py3-none-any.whl", wheel, false),
            ("example-1.0.tar.gz", wheel, false),
            ("", "", false),
            ("example-1.0.exe", "example-1.0.exe", false),
            (
                "example-x-py3-none-any.whl",
                "example-x-py3-none-any.whl",
                false,
            ),
            ("a-b-c-d-e-f-g.whl", "a-b-c-d-e-f-g.whl", false),
        ] {
            assert_eq!(is_same(one, other), same, "{one} and {other}");
        }
    }
}
