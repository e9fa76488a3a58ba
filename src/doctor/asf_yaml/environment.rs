// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One environment of `.asf.yaml`, key by key: what the ASF's own reader
//! refuses, so that nothing of the file is set up, and what it makes of the
//! rest.
//!
//! That reader takes every scalar as text and looks only then at what was
//! expected, so that `yes`, `"true"` and `1` are one flag, and `'15'` a number.

use crate::config::yaml::{self, Map, Node, Place, Value, YamlError};
use crate::inputs::nearest;

use super::PLACEHOLDER;
use crate::doctor::workflow::get;
use crate::github::environment::fits_any;

/// GitHub takes no more reviewers of one environment.
const MOST_REVIEWERS: usize = 6;
/// The longest time to wait, in minutes, for the ASF: GitHub takes one more.
const LONGEST_WAIT: u64 = 43_199;
const KEYS: [&str; 4] = [
    "required_reviewers",
    "prevent_self_review",
    "wait_timer",
    "deployment_branch_policy",
];
const BRANCHES: [&str; 2] = ["protected_branches", "policies"];

/// What is set up. Of what is illegal nothing is said here.
#[derive(Default)]
pub(super) struct Environment {
    /// How many reviewers, and where.
    pub reviewers: Option<(usize, Place)>,
    /// Whether nobody may approve a run of one's own, and where.
    pub prevents_self_review: Option<(bool, Place)>,
    /// How long a run waits, in minutes, where it is said.
    pub wait: Option<u64>,
    /// How the environment admits every branch, if it does.
    pub open: Option<String>,
    /// What is refused.
    pub illegal: Vec<YamlError>,
}

/// Reads an environment that stands at this place.
pub(super) fn read(text: &str, place: Place, node: &Node) -> Environment {
    let mut reader = Reader {
        text,
        illegal: Vec::new(),
    };
    let mut found = Environment::default();
    if let Some(map) = reader.map(place, node, &KEYS) {
        found = Environment {
            reviewers: reader.reviewers(map, place),
            prevents_self_review: reader.prevents(map, place),
            wait: reader.wait(map),
            open: reader.branches(map),
            illegal: Vec::new(),
        };
    }
    found.illegal = reader.illegal;
    found
}

struct Reader<'a> {
    text: &'a str,
    illegal: Vec<YamlError>,
}

impl Reader<'_> {
    fn refuse(&mut self, place: Place, expected: &str, found: &str) {
        self.illegal.push(YamlError {
            place,
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }

    /// A mapping without any other keys than these.
    fn map<'a>(&mut self, place: Place, node: &'a Node, keys: &[&str]) -> Option<&'a Map> {
        let Value::Map(map) = &node.value else {
            let expected = format!("a mapping of `{}`", keys.join("`, `"));
            self.refuse(place, &expected, node.value.word());
            return None;
        };
        for (key, _) in map {
            if !keys.contains(&key.value.as_str()) {
                let expected = nearest(&key.value, keys.iter().copied()).map_or_else(
                    || format!("one of {}", keys.join(", ")),
                    |it| format!("did you mean `{it}`?"),
                );
                self.refuse(Place::of(key), &expected, &format!("`{}`", key.value));
            }
        }
        Some(map)
    }

    /// A scalar as the ASF's reader sees it.
    fn scalar<'a>(&'a self, node: &'a Node) -> Option<&'a str> {
        match &node.value {
            Value::Text(text) => Some(text),
            Value::Flag(_) | Value::Number => Some(yaml::written(self.text, node)),
            Value::Nothing | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// A name. `true` is one for the ASF's reader and none by its schema, and
    /// hardly meant as one; the `1.0` of a tag is.
    fn name<'a>(&'a self, node: &'a Node) -> Option<&'a str> {
        let text = self.scalar(node).filter(|text| !text.trim().is_empty());
        text.filter(|_| !matches!(node.value, Value::Flag(_)))
    }

    fn flag(&mut self, place: Place, node: &Node) -> Option<bool> {
        let word = self.scalar(node).map(str::to_ascii_lowercase);
        match word.as_deref() {
            Some("yes" | "true" | "on" | "1" | "y") => Some(true),
            Some("no" | "false" | "off" | "0" | "n") => Some(false),
            _ => {
                self.refuse(place, "`true` or `false`", node.value.word());
                None
            }
        }
    }

    fn list<'a>(&mut self, place: Place, node: &'a Node, of: &str) -> Option<&'a [Node]> {
        if let Value::List(items) = &node.value {
            return Some(items);
        }
        self.refuse(place, &format!("a list of {of}"), node.value.word());
        None
    }

    /// One of these words, if the key is there at all.
    fn kind(&mut self, map: &Map, words: [&str; 2]) {
        let Some((key, node)) = get(map, "type") else {
            return;
        };
        let found = self.scalar(node);
        if found.is_none_or(|found| !words.contains(&found)) {
            let found = found.map_or(node.value.word().to_owned(), |it| format!("`{it}`"));
            let expected = format!("`type: {}` or `type: {}`", words[0], words[1]);
            self.refuse(Place::of(key), &expected, &found);
        }
    }

    fn reviewers(&mut self, map: &Map, place: Place) -> Option<(usize, Place)> {
        let Some((key, node)) = get(map, "required_reviewers") else {
            return is_known(map, &KEYS).then_some((0, place));
        };
        let place = Place::of(key);
        let items = self.list(place, node, "`id` and `type`")?;
        if items.len() > MOST_REVIEWERS {
            let found = format!("{} of them", items.len());
            self.refuse(place, "at most six reviewers, as GitHub takes", &found);
        }
        for item in items {
            self.reviewer(item);
        }
        Some((items.len(), place))
    }

    fn reviewer(&mut self, item: &Node) {
        let place = Place::of(item);
        let Some(reviewer) = self.map(place, item, &["id", "type"]) else {
            return;
        };
        self.kind(reviewer, ["User", "Team"]);
        let Some((key, node)) = get(reviewer, "id") else {
            self.refuse(place, "`id:` with a login or the name of a team", "none");
            return;
        };
        let place = Place::of(key);
        let Some(id) = self.name(node).map(str::to_owned) else {
            let expected = "a login or the name of a team";
            self.refuse(place, expected, node.value.word());
            return;
        };
        if id == PLACEHOLDER {
            let expected = "the reviewers' team, or a login";
            self.refuse(place, expected, "the word of the example");
        } else if !is_login_or_slug(&id) {
            let expected = "a login, or the name of a team as it stands in its address: letters, digits, `-` and `_`";
            self.refuse(place, expected, &format!("`{id}`"));
        }
    }

    fn prevents(&mut self, map: &Map, place: Place) -> Option<(bool, Place)> {
        let Some((key, node)) = get(map, "prevent_self_review") else {
            // The ASF's default.
            return Some((true, place));
        };
        let place = Place::of(key);
        self.flag(place, node).map(|flag| (flag, place))
    }

    fn wait(&mut self, map: &Map) -> Option<u64> {
        let (key, node) = get(map, "wait_timer")?;
        let minutes = self.scalar(node).and_then(integer);
        let minutes = minutes.filter(|minutes| *minutes <= LONGEST_WAIT);
        if minutes.is_none() {
            let found = self.scalar(node).map(|it| format!("`{it}`"));
            let found = found.unwrap_or_else(|| node.value.word().to_owned());
            let expected = format!("minutes, from 0 to {LONGEST_WAIT}");
            self.refuse(Place::of(key), &expected, &found);
        }
        minutes
    }

    /// How every branch is admitted, if it is.
    fn branches(&mut self, map: &Map) -> Option<String> {
        let Some((key, node)) = get(map, "deployment_branch_policy") else {
            let open = "no `deployment_branch_policy`".to_owned();
            return is_known(map, &KEYS).then_some(open);
        };
        let place = Place::of(key);
        let policy = self.map(place, node, &BRANCHES)?;
        let protected = get(policy, "protected_branches");
        let protected =
            protected.map_or(Some(false), |(key, node)| self.flag(Place::of(key), node));
        let listed = get(policy, "policies");
        let policies = listed.map_or(Some(&[][..]), |(key, node)| {
            self.list(Place::of(key), node, "`name` and `type`")
        });
        let mut names = Vec::new();
        for item in policies.unwrap_or_default() {
            names.extend(self.policy(item));
        }
        match (protected?, policies?) {
            (true, [_, ..]) => {
                let place = listed.map_or(place, |(key, _)| Place::of(key));
                let expected = "either `protected_branches: true` or `policies`";
                self.refuse(place, expected, "both");
                None
            }
            (false, []) if is_known(policy, &BRANCHES) => {
                let expected = "`protected_branches: true`, or `policies` with one entry at least";
                self.refuse(place, expected, "neither");
                None
            }
            _ => {
                let mut names = names.into_iter();
                let any = names.find(|name| fits_any(name));
                any.map(|name| format!("the policy `{name}`"))
            }
        }
    }

    fn policy(&mut self, item: &Node) -> Option<String> {
        let place = Place::of(item);
        let policy = self.map(place, item, &["name", "type"])?;
        self.kind(policy, ["branch", "tag"]);
        let expected = "`name:` with a branch, a tag or a pattern";
        let Some((key, node)) = get(policy, "name") else {
            self.refuse(place, expected, "none");
            return None;
        };
        let name = self.name(node).map(str::to_owned);
        if name.is_none() {
            self.refuse(Place::of(key), expected, node.value.word());
        }
        name
    }
}

/// Whether every key is known: a key that is missed may be one that is
/// misspelt, and that is told.
fn is_known(map: &Map, keys: &[&str]) -> bool {
    map.iter()
        .all(|(key, _)| keys.contains(&key.value.as_str()))
}

/// What can be a login, the slug of a team or the number of either. Of another
/// name, such as `@login` or `apache/team`, GitHub knows nobody.
fn is_login_or_slug(id: &str) -> bool {
    !id.starts_with('-')
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// An integer that is not negative, as Python writes one.
fn integer(text: &str) -> Option<u64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits.replace('_', "");
    if !plain.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = plain.parse().ok()?;
    (value == 0 || !text.starts_with('-')).then_some(value)
}
