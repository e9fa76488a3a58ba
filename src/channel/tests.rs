// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Table of the channel rule.

use std::str::FromStr;

use pep440_rs::Version;
use url::Url;

use super::*;

fn verdict(index: &IndexChoice, area: Option<Area>, version: &str) -> Option<Rule> {
    let version = Version::from_str(version).unwrap();
    let (target, findings, _) =
        Target::permit(index, area, [("a/b.whl", &version)], &Waivers::default());
    assert_eq!(target.is_some(), findings.is_empty());
    findings.first().map(|finding| finding.rule)
}

#[test]
fn each_kind_of_version_goes_where_the_rule_says() {
    let own = IndexChoice::Own {
        base: Url::parse("https://index.example/").unwrap(),
        upload: None,
    };
    let (dev, release) = (Some(Area::Dev), Some(Area::Release));
    for (version, from_dev, from_release) in [
        ("1.0", Some(Rule::FinalFromDev), None),
        ("1.0.post1", Some(Rule::FinalFromDev), None),
        ("2!1.0", Some(Rule::FinalFromDev), None),
        ("1.0a1", None, None),
        ("1.0b2", None, None),
        ("1.0b2.post1", None, None),
        ("1.0rc1", None, Some(Rule::CandidateFromRelease)),
        ("1.0rc1.post1", None, Some(Rule::CandidateFromRelease)),
        ("1.0.dev3", None, Some(Rule::CandidateFromRelease)),
        ("1.0a1.dev3", None, Some(Rule::CandidateFromRelease)),
        ("1.0.post1.dev3", None, Some(Rule::CandidateFromRelease)),
    ] {
        for index in [&IndexChoice::Pypi, &own] {
            assert_eq!(verdict(index, dev, version), from_dev, "{version} from dev");
            assert_eq!(
                verdict(index, release, version),
                from_release,
                "{version} from release"
            );
            assert_eq!(
                verdict(index, None, version),
                Some(Rule::AreaUnknown),
                "{version}"
            );
        }
        for area in [dev, release, None] {
            assert_eq!(
                verdict(&IndexChoice::TestPypi, area, version),
                None,
                "{version}"
            );
        }
    }
}

#[test]
fn a_refusal_names_the_file_the_area_and_the_version() {
    let version = Version::from_str("1.0").unwrap();
    let (_, findings, _) = Target::permit(
        &IndexChoice::Pypi,
        Some(Area::Dev),
        [("x/foo-1.0.tar.gz", &version)],
        &Waivers::default(),
    );
    let finding = &findings[0];
    assert_eq!(finding.path.as_deref(), Some("x/foo-1.0.tar.gz"));
    assert!(finding.expected.contains("`dev`") && finding.found.contains("1.0"));
}
