// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The expected set: whether a release holds all that its project says it
//! must hold, so that a wave with a forgotten wheel is not published by half.
//!
//! Decides by names alone; whether what is there is good is `verify`'s to
//! say. Pure.

use std::collections::BTreeMap;

use pep440_rs::Version;

use crate::dist::filename::{DistributionName, Kind};
use crate::plan::{Needed, Requirement};
use crate::rules::{Finding, Rule};

/// What is there of one version of one project.
#[derive(Default)]
struct Held {
    sdists: usize,
    wheels: usize,
}

impl Held {
    fn has(&self, needed: Needed) -> bool {
        match needed {
            Needed::Sdist => self.sdists > 0,
            Needed::Wheel => self.wheels > 0,
            Needed::Wheels(count) => self.wheels == count,
        }
    }

    fn shown(&self) -> String {
        let counted = |count, noun| match count {
            1 => format!("1 {noun}"),
            _ => format!("{count} {noun}s"),
        };
        format!(
            "{} and {}",
            counted(self.sdists, "sdist"),
            counted(self.wheels, "wheel")
        )
    }
}

/// A finding for each version of each project that lacks something, and for
/// each requirement that speaks of no project of the release: a misspelt name
/// must not switch a check off.
pub fn check<'a>(
    required: &[Requirement],
    names: impl IntoIterator<Item = &'a DistributionName>,
) -> Vec<Finding> {
    let mut held: BTreeMap<(&str, &Version), Held> = BTreeMap::new();
    for name in names {
        let held = held
            .entry((name.project().as_str(), name.version()))
            .or_default();
        match name.kind() {
            Kind::Sdist => held.sdists += 1,
            Kind::Wheel { .. } => held.wheels += 1,
        }
    }
    let mut findings = Vec::new();
    for requirement in required {
        let mut of_these = held
            .iter()
            .filter(|((project, _), _)| requirement.whose.is(project))
            .peekable();
        if of_these.peek().is_none() {
            findings.push(lacking(
                format!("a project of `{}`", requirement.line),
                "none in this release".to_owned(),
            ));
        }
        for ((project, version), held) in of_these {
            for needed in &requirement.needed {
                if !held.has(*needed) {
                    let what = match needed {
                        Needed::Sdist => "an sdist".to_owned(),
                        Needed::Wheel => "a wheel".to_owned(),
                        Needed::Wheels(1) => "exactly 1 wheel".to_owned(),
                        Needed::Wheels(count) => format!("exactly {count} wheels"),
                    };
                    findings.push(lacking(
                        format!("{what} of {project} {version}"),
                        held.shown(),
                    ));
                }
            }
        }
    }
    findings
}

fn lacking(expected: String, found: String) -> Finding {
    Finding::new(Rule::SetIncomplete, None, expected, found)
}
