// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The environments of `.asf.yaml`: that the publishing job's is there, with
//! reviewers, and that nobody approves a run of one's own
//! (<https://github.com/apache/infrastructure-asfyaml>).

use std::fmt::Write as _;

use crate::config::yaml::{self, Map, Place, Value, YamlError};
use crate::inputs::nearest;
use crate::plan::ApprovalLevel;
use crate::report::doctor::EnvironmentRow;
use crate::rules::{Finding, Rule};

use super::shorten;
use super::workflow::{get, map_of};

/// The file, in the checkout.
pub const FILE: &str = ".asf.yaml";
/// GitHub takes no more reviewers of one environment.
const MOST_REVIEWERS: usize = 6;
/// The longest time to wait, in minutes: 30 days.
const LONGEST_WAIT: u64 = 43_200;
/// What it is where the file does not say it.
const USUAL_WAIT: u64 = 15;
const KEYS: [&str; 4] = [
    "required_reviewers",
    "prevent_self_review",
    "wait_timer",
    "deployment_branch_policy",
];

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
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    let read = bytes.map(yaml::read_foreign).transpose();
    let root = match &read {
        Ok(root) => root.as_ref(),
        Err(why) => {
            let mut unreadable = illegal(why);
            shorten(&mut unreadable);
            return (rows, vec![unreadable]);
        }
    };
    let top = root.and_then(|(_, node)| match &node.value {
        Value::Map(map) => Some(map),
        _ => None,
    });
    let environments = top
        .and_then(|map| map_of(map, "github"))
        .and_then(|map| map_of(map, "environments"));
    for one in used {
        let found = environments.and_then(|map| {
            let mut entries = map.iter();
            entries.find(|(key, _)| key.value.eq_ignore_ascii_case(&one.name))
        });
        let Some((key, node)) = found else {
            findings.push(silent(one, bytes.is_some()));
            continue;
        };
        let text = root.map_or("", |(text, _)| text);
        let mut reader = Reader {
            text,
            used: one,
            place: Place::of(key),
            findings: Vec::new(),
        };
        let empty = Map::new();
        let map = match &node.value {
            Value::Map(map) => map,
            _ => &empty,
        };
        rows.push(reader.environment(map));
        findings.append(&mut reader.findings);
    }
    findings.iter_mut().for_each(shorten);
    (rows, findings)
}

/// The lines that set these environments up, to paste into `.asf.yaml`.
pub fn snippet(names: &[&str]) -> String {
    let mut text = "github:\n  environments:\n".to_owned();
    for name in names {
        let name = serde_json::to_string(name).unwrap_or_default();
        let _ = write!(
            text,
            "    {name}:\n      required_reviewers:\n        - id: REVIEWERS # a visible team, or the login of a person\n          \
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

struct Reader<'a> {
    text: &'a str,
    used: &'a Used,
    place: Place,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn refuse(&mut self, place: Place, expected: &str, found: &str) {
        self.findings.push(illegal(&YamlError {
            place,
            expected: expected.to_owned(),
            found: found.to_owned(),
        }));
    }

    /// A verdict that weighs as much as an approval does.
    fn weigh(&mut self, rule: Rule, place: Place, expected: &str, found: &str) {
        let path = format!("{FILE}:{place}");
        let finding = Finding::new(rule, Some(&path), expected, found);
        self.findings.push(match self.used.level {
            Some(ApprovalLevel::Required) | None => finding,
            Some(ApprovalLevel::Recorded | ApprovalLevel::Off) => finding.as_warning(),
        });
    }

    fn environment(&mut self, map: &Map) -> EnvironmentRow {
        for (key, _) in map {
            if !KEYS.contains(&key.value.as_str()) {
                let expected = nearest(&key.value, KEYS).map_or_else(
                    || format!("one of {}", KEYS.join(", ")),
                    |it| format!("did you mean `{it}`?"),
                );
                self.refuse(Place::of(key), &expected, &format!("`{}`", key.value));
            }
        }
        let reviewers = self.reviewers(map);
        let prevents = self.prevents(map);
        let wait = self.wait(map);
        self.branches(map);
        EnvironmentRow {
            name: self.used.name.clone(),
            place: format!("{FILE}:{}", self.place),
            reviewers,
            prevents_self_review: prevents,
            wait_minutes: wait,
        }
    }

    fn reviewers(&mut self, map: &Map) -> usize {
        let expected = "one reviewer at least, who is not the release manager";
        let Some((key, node)) = get(map, "required_reviewers") else {
            self.weigh(
                Rule::ReviewersMissing,
                self.place,
                expected,
                "no `required_reviewers`",
            );
            return 0;
        };
        let Value::List(items) = &node.value else {
            let found = node.value.word();
            self.refuse(Place::of(key), "a list of `id` and `type`", found);
            return 0;
        };
        if items.is_empty() {
            self.weigh(
                Rule::ReviewersMissing,
                Place::of(key),
                expected,
                "an empty list",
            );
        }
        if items.len() > MOST_REVIEWERS {
            let found = format!("{} of them", items.len());
            self.refuse(
                Place::of(key),
                "at most six reviewers, as GitHub takes",
                &found,
            );
        }
        for item in items {
            let place = Place::of(item);
            let Value::Map(reviewer) = &item.value else {
                self.refuse(
                    place,
                    "`id: NAME` and `type: User` or `type: Team`",
                    item.value.word(),
                );
                continue;
            };
            let text = |name: &str| match &get(reviewer, name)?.1.value {
                Value::Text(text) => Some(text.as_str()),
                // A login may be digits alone.
                Value::Number => Some("a number"),
                _ => None,
            };
            let (id, kind) = (text("id"), text("type"));
            if id.is_none_or(|id| id.trim().is_empty()) {
                self.refuse(place, "`id:` with a login or the name of a team", "none");
            } else if id == Some("REVIEWERS") {
                self.refuse(
                    place,
                    "the reviewers' team, or a login",
                    "the word of the example",
                );
            }
            if !matches!(kind, Some("User" | "Team")) {
                let found = kind.unwrap_or("none").to_owned();
                self.refuse(place, "`type: User` or `type: Team`", &format!("`{found}`"));
            }
        }
        items.len()
    }

    fn prevents(&mut self, map: &Map) -> bool {
        let Some((key, node)) = get(map, "prevent_self_review") else {
            // The ASF's default.
            return true;
        };
        match node.value {
            Value::Flag(true) => true,
            Value::Flag(false) => {
                let expected = "`prevent_self_review: true`";
                self.weigh(Rule::SelfReviewAllowed, Place::of(key), expected, "`false`");
                false
            }
            _ => {
                self.refuse(Place::of(key), "`true` or `false`", node.value.word());
                false
            }
        }
    }

    fn wait(&mut self, map: &Map) -> u64 {
        let Some((key, node)) = get(map, "wait_timer") else {
            return USUAL_WAIT;
        };
        let minutes = yaml::written(self.text, node).parse().ok();
        if let Some(minutes) = minutes.filter(|minutes| *minutes <= LONGEST_WAIT) {
            return minutes;
        }
        let found = node.value.word();
        self.refuse(Place::of(key), "minutes, from 0 to 43200", found);
        USUAL_WAIT
    }

    fn branches(&mut self, map: &Map) {
        let Some(policy) = map_of(map, "deployment_branch_policy") else {
            return;
        };
        let protected = get(policy, "protected_branches");
        let is_on = protected.is_some_and(|(_, node)| node.value == Value::Flag(true));
        if let Some((key, _)) = get(policy, "policies").filter(|_| is_on) {
            self.refuse(
                Place::of(key),
                "either `protected_branches: true` or `policies`",
                "both",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str, level: Option<ApprovalLevel>) -> Vec<String> {
        let used = Used {
            name: "pypi".to_owned(),
            level,
            place: "w.yml:1:1".to_owned(),
        };
        let (_, findings) = judge(Some(text.as_bytes()), &[used]);
        let shown = |it: &Finding| {
            let mark = if it.refuses() { "" } else { "~" };
            format!(
                "{mark}{} {}",
                it.rule,
                it.path.as_deref().unwrap_or_default()
            )
        };
        findings.iter().map(shown).collect()
    }

    #[test]
    fn what_the_lines_to_paste_set_up_is_right_but_for_the_reviewers() {
        let text = snippet(&["pypi", "test: pypi"]);
        let required = Some(ApprovalLevel::Required);
        assert_eq!(rules(&text, required), ["asf-yaml-illegal .asf.yaml:5:11"]);
        assert_eq!(rules(&text.replace("REVIEWERS", "pmc"), required), [""; 0]);
    }

    #[test]
    fn an_environment_is_judged_line_by_line() {
        let required = Some(ApprovalLevel::Required);
        let with = |lines: &str| format!("github:\n  environments:\n    PyPI:\n{lines}");
        let reviewers = "      required_reviewers:\n        - id: pmc\n          type: Team\n";
        for (text, level, expected) in [
            (with(reviewers), required, vec![]),
            (
                "github: {}\n".to_owned(),
                required,
                vec!["~asf-yaml-silent w.yml:1:1"],
            ),
            (
                "a: [".to_owned(),
                required,
                vec!["asf-yaml-illegal .asf.yaml:1:4"],
            ),
            (
                with("      wait_timer: 0\n"),
                required,
                vec!["reviewers-missing .asf.yaml:3:5"],
            ),
            (
                with("      required_reviewers: []\n"),
                Some(ApprovalLevel::Recorded),
                vec!["~reviewers-missing .asf.yaml:4:7"],
            ),
            (
                with(&format!("{reviewers}      prevent_self_review: false\n")),
                required,
                vec!["self-review-allowed .asf.yaml:7:7"],
            ),
            (
                with(&reviewers.replace("Team", "team")),
                required,
                vec!["asf-yaml-illegal .asf.yaml:5:11"],
            ),
            (
                with(&format!(
                    "{reviewers}      wait_timer: -1\n      self_review: x\n"
                )),
                required,
                vec![
                    "asf-yaml-illegal .asf.yaml:8:7",
                    "asf-yaml-illegal .asf.yaml:7:7",
                ],
            ),
            (
                with(&format!(
                    "{reviewers}      deployment_branch_policy:\n        protected_branches: true\n        policies: []\n"
                )),
                required,
                vec!["asf-yaml-illegal .asf.yaml:9:9"],
            ),
        ] {
            assert_eq!(rules(&text, level), expected, "{text}");
        }
        let (rows, _) = judge(
            Some(with(reviewers).as_bytes()),
            &[Used {
                name: "pypi".to_owned(),
                level: None,
                place: String::new(),
            }],
        );
        assert_eq!((rows[0].reviewers, rows[0].wait_minutes), (1, 15));
        assert!(rows[0].prevents_self_review);
        assert_eq!(judge(None, &[]), (Vec::new(), Vec::new()));
    }
}
