// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The environments of `.asf.yaml`: that the publishing job's is there, with
//! reviewers, and that nobody approves a run of one's own
//! (<https://github.com/apache/infrastructure-asfyaml>).

mod environment;

use std::fmt::Write as _;

use crate::config::yaml::{self, Map, Node, Place, Value, YamlError};
use crate::plan::ApprovalLevel;
use crate::report::doctor::EnvironmentRow;
use crate::rules::{Finding, Rule};

use super::shorten;
use super::workflow::get;
use environment::Environment;

/// The file, in the checkout.
pub const FILE: &str = ".asf.yaml";
/// What stands for the reviewers in the lines to paste and in the examples.
const PLACEHOLDER: &str = "REVIEWERS";

/// An environment that a publishing job names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// How much of an approval the job needs; none where nobody knows.
    pub level: Option<ApprovalLevel>,
    /// `file:line:column` of the job.
    pub place: String,
}

/// What the file says of the environments that are used. None of the bytes
/// means that there is no file.
pub fn judge(bytes: Option<&[u8]>, used: &[Used]) -> (Vec<EnvironmentRow>, Vec<Finding>) {
    let (rows, mut findings) = match read(bytes) {
        Ok(environments) => judge_all(&environments, used, bytes.is_some()),
        Err(why) => (Vec::new(), vec![illegal(&why)]),
    };
    findings.iter_mut().for_each(shorten);
    (rows, findings)
}

/// An environment of the file, with its name and the place of it.
type Named = (String, Place, Environment);

fn read(bytes: Option<&[u8]>) -> Result<Vec<Named>, YamlError> {
    let Some(bytes) = bytes else {
        return Ok(Vec::new());
    };
    let (text, root) = yaml::read_foreign_plain(bytes)?;
    let Some(environments) = environments(&root)? else {
        return Ok(Vec::new());
    };
    let read = environments.iter().map(|(key, node)| {
        let place = Place::of(key);
        let found = environment::read(text, place, node);
        (key.value.clone(), place, found)
    });
    Ok(read.collect())
}

/// The mapping of all the environments, if there is one.
fn environments(root: &Node) -> Result<Option<&Map>, YamlError> {
    if root.value == Value::Nothing {
        return Ok(None);
    }
    let mut map = section(root, Place::of(root))?;
    for name in ["github", "environments"] {
        let Some((key, node)) = get(map, name) else {
            return Ok(None);
        };
        map = section(node, Place::of(key))?;
    }
    Ok(Some(map))
}

fn section(node: &Node, place: Place) -> Result<&Map, YamlError> {
    let Value::Map(map) = &node.value else {
        return Err(YamlError {
            place,
            expected: "a mapping".to_owned(),
            found: node.value.word().to_owned(),
        });
    };
    Ok(map)
}

fn judge_all(
    environments: &[Named],
    used: &[Used],
    is_there: bool,
) -> (Vec<EnvironmentRow>, Vec<Finding>) {
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    if used.is_empty() {
        return (rows, findings);
    }
    // The ASF's reader sets up all of them or none.
    for (_, _, found) in environments {
        findings.extend(found.illegal.iter().map(illegal));
    }
    for one in used {
        // GitHub does not heed the case; they are set up one after the other.
        let mut last = environments.iter().rev();
        let Some((_, place, found)) =
            last.find(|(name, _, _)| name.eq_ignore_ascii_case(&one.name))
        else {
            findings.push(silent(one, is_there));
            continue;
        };
        findings.extend(weigh(one, *place, found));
        rows.push(EnvironmentRow {
            name: one.name.clone(),
            place: format!("{FILE}:{place}"),
            reviewers: found.reviewers.map_or(0, |(count, _)| count),
            prevents_self_review: found.prevents_self_review.is_some_and(|(flag, _)| flag),
            wait_minutes: found.wait,
        });
    }
    (rows, findings)
}

/// What is legal, and protects less than it might.
fn weigh(used: &Used, place: Place, found: &Environment) -> Vec<Finding> {
    let told = |rule, place: Place, expected: &str, found: &str| {
        let path = format!("{FILE}:{place}");
        Finding::new(rule, Some(&path), expected, found)
    };
    // These weigh as much as an approval does.
    let mut findings = Vec::new();
    if let Some((0, at)) = found.reviewers {
        let expected = "one reviewer at least, who is not the release manager";
        let found = if at == place {
            "no `required_reviewers`"
        } else {
            "an empty list"
        };
        findings.push(told(Rule::ReviewersMissing, at, expected, found));
    }
    if let Some((false, at)) = found.prevents_self_review {
        let expected = "`prevent_self_review: true`";
        findings.push(told(Rule::SelfReviewAllowed, at, expected, "`false`"));
    }
    if let Some(ApprovalLevel::Recorded | ApprovalLevel::Off) = used.level {
        findings = findings.into_iter().map(Finding::as_warning).collect();
    }
    if let Some(open) = &found.open {
        let expected = "an environment that admits protected branches only";
        findings.push(told(Rule::RefAny, place, expected, open));
    }
    findings
}

/// The lines that set these environments up, to paste into `.asf.yaml`.
pub fn snippet(names: &[&str]) -> String {
    let mut text = "github:\n  environments:\n".to_owned();
    for name in names {
        let name = serde_json::to_string(name).unwrap_or_default();
        let _ = write!(
            text,
            "    {name}:\n      required_reviewers:\n        - id: {PLACEHOLDER} # a visible team, or the login of a person\n          \
             type: Team\n      prevent_self_review: true\n      wait_timer: 0\n      deployment_branch_policy:\n        \
             protected_branches: true\n",
        );
    }
    text
}

fn illegal(why: &YamlError) -> Finding {
    let path = format!("{FILE}:{}", why.place);
    Finding::new(
        Rule::AsfYamlIllegal,
        Some(&path),
        why.expected.clone(),
        why.found.clone(),
    )
}

fn silent(used: &Used, is_there: bool) -> Finding {
    let expected = format!(
        "the environment `{}` under `github: environments:` of `{FILE}`",
        used.name
    );
    let found = if is_there {
        "a file without it"
    } else {
        "no such file in the checkout"
    };
    Finding::new(Rule::AsfYamlSilent, Some(&used.place), expected, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lines_to_paste_set_up_is_right_but_for_the_reviewers() {
        let used = ["pypi", "test: pypi"].map(|name| Used {
            name: name.to_owned(),
            level: Some(ApprovalLevel::Required),
            place: String::new(),
        });
        let text = snippet(&["pypi", "test: pypi"]);
        let (_, findings) = judge(Some(text.as_bytes()), &used);
        let places: Vec<_> = findings.iter().map(|it| it.path.as_deref()).collect();
        assert_eq!(places, [".asf.yaml:5:11", ".asf.yaml:13:11"].map(Some));
        assert!(findings.iter().all(|it| it.rule == Rule::AsfYamlIllegal));
        let text = text.replace(PLACEHOLDER, "pmc");
        let (rows, findings) = judge(Some(text.as_bytes()), &used);
        assert_eq!((rows.len(), findings), (2, Vec::new()));
    }
}
