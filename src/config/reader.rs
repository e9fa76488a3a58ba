// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From the tree of a file to its settings: which keys there are, and which
//! type each value has. Collects everything that is wrong.

use std::collections::BTreeMap;

use serde_yaml::Spanned;

use super::yaml::{self, Map, Node, Place, Value, YamlError};
use super::{Config, NOT_IN_A_FILE, RELEASES, Setting, is_release_name, rows};
use crate::checksum::cut;
use crate::inputs::{Row, Shape, nearest, row};
use crate::report::escape::is_hidden;
use crate::rules::{Finding, Rule};

/// The verdict on what is wrong in the file of this name.
pub(crate) fn illegal(name: &str, why: &YamlError) -> Finding {
    // What stands there may be as long as the file.
    const LIMIT: usize = 300;
    let path = format!("{name}:{}", why.place);
    let (expected, found) = (cut(&why.expected, LIMIT), cut(&why.found, LIMIT));
    Finding::new(Rule::ConfigIllegal, Some(&path), expected, found)
}

/// Reads the tree and collects what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) problems: Vec<Finding>,
}

impl Reader<'_> {
    fn refuse<T>(
        &mut self,
        at: &Spanned<T>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let why = YamlError {
            place: Place::of(at),
            expected: expected.into(),
            found: found.into(),
        };
        self.problems.push(illegal(self.name, &why));
    }

    pub(super) fn root(&mut self, root: &Node) -> Config {
        let mut config = Config::default();
        let Value::Map(map) = &root.value else {
            self.refuse(root, "a mapping of inputs to values", root.value.word());
            return config;
        };
        if is_airflow_publish(map) {
            let expected = "a mapping of inputs to values";
            self.refuse(root, expected, "a release-config of airflow-publish");
            if let Some(problem) = self.problems.last_mut() {
                problem.action = format!(
                    "Convert it: `asf-pypi-publish migrate {} > asf-pypi-publish.yml`.",
                    self.name
                );
            }
            return config;
        }
        for (key, value) in map {
            if key.value == RELEASES {
                config.releases = self.releases(value);
            } else {
                config.top.extend(self.setting(key, value, true));
            }
        }
        config
    }

    fn releases(&mut self, node: &Node) -> BTreeMap<String, Vec<Setting>> {
        let mut releases = BTreeMap::new();
        let expected = "a mapping of names to inputs, one at least";
        let map = match &node.value {
            Value::Map(map) if !map.is_empty() => map,
            other => {
                self.refuse(node, expected, empty_or(other));
                return releases;
            }
        };
        for (key, value) in map {
            if !is_release_name(&key.value) {
                self.refuse(
                    key,
                    "a name of lower-case letters, digits, `-`, `_` and `.` that begins with a letter and is not `none`",
                    format!("`{}`", key.value),
                );
            }
            let Value::Map(inputs) = &value.value else {
                self.refuse(value, "a mapping of inputs to values", value.value.word());
                continue;
            };
            let settings: Vec<Setting> = inputs
                .iter()
                .filter_map(|(key, value)| self.setting(key, value, false))
                .collect();
            releases.insert(key.value.clone(), settings);
        }
        releases
    }

    fn setting(&mut self, key: &Spanned<String>, node: &Node, top: bool) -> Option<Setting> {
        let name = key.value.as_str();
        if NOT_IN_A_FILE.contains(&name) {
            let expected = format!("no `{name}`: it belongs to one run, so it is only an input");
            self.refuse(key, expected, format!("`{name}`"));
            return None;
        }
        let Some(row) = row(name) else {
            let candidates = rows().map(|row| row.name).chain(top.then_some(RELEASES));
            let expected = nearest(name, candidates).map_or_else(
                || "an input of the table".to_owned(),
                |nearest| format!("did you mean `{nearest}`?"),
            );
            self.refuse(key, expected, format!("`{name}`"));
            return None;
        };
        let value = match row.shape {
            // A secret is in no file; the name was refused before.
            Shape::Word | Shape::Secret => self.word(row, node),
            Shape::Lines => self.lines(row, node),
            Shape::Flag => self.flag(row, node),
            Shape::Choice => self.choice(row, node),
            Shape::Number => self.number(row, node),
        }?;
        Some(Setting {
            row,
            value,
            place: Place::of(key),
        })
    }

    fn word(&mut self, row: &Row, node: &Node) -> Option<String> {
        let text = self.text(row, node, "text")?;
        if text.chars().any(is_hidden) {
            self.refuse_value(
                row,
                node,
                "one line of text",
                "line breaks or hidden characters",
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// A block of lines, or a list of lines.
    fn lines(&mut self, row: &Row, node: &Node) -> Option<String> {
        let Value::List(items) = &node.value else {
            let text = self.text(row, node, "text or a list of texts")?;
            if text.lines().any(|line| line.chars().any(is_hidden)) {
                self.refuse_value(row, node, "lines of text", "hidden characters");
                return None;
            }
            return Some(text.to_owned());
        };
        if items.is_empty() {
            self.refuse_value(row, node, "at least one line", "an empty list");
            return None;
        }
        let lines: Vec<Option<String>> = items.iter().map(|item| self.word(row, item)).collect();
        let lines: Option<Vec<String>> = lines.into_iter().collect();
        Some(lines?.join("\n"))
    }

    fn flag(&mut self, row: &Row, node: &Node) -> Option<String> {
        let written = yaml::written(self.text, node);
        match node.value {
            // As it is written: a tag can make a flag of other texts.
            Value::Flag(flag) if written == if flag { "true" } else { "false" } => {
                Some(flag.to_string())
            }
            _ => {
                let found = self.shown(node);
                self.refuse_value(row, node, "`true` or `false`, without quotes", found);
                None
            }
        }
    }

    /// A flag as it is, or a word.
    fn choice(&mut self, row: &Row, node: &Node) -> Option<String> {
        match node.value {
            Value::Flag(_) => self.flag(row, node),
            _ => self.word(row, node),
        }
    }

    fn number(&mut self, row: &Row, node: &Node) -> Option<String> {
        let written = yaml::written(self.text, node);
        let default = row.default.filter(|word| written_number(word).is_none());
        match &node.value {
            Value::Number if written_number(written).is_some() => Some(written.to_owned()),
            Value::Text(word) if Some(word.as_str()) == default => Some(word.clone()),
            _ => {
                let found = self.shown(node);
                let expected = match default {
                    Some(word) => format!("a whole number, or `{word}`"),
                    None => "a whole number, without quotes".to_owned(),
                };
                self.refuse_value(row, node, expected, found);
                None
            }
        }
    }

    /// The text of a value that is text and not empty.
    fn text<'b>(&mut self, row: &Row, node: &'b Node, expected: &str) -> Option<&'b str> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text),
            // A number that becomes text loses its form: 1.10 is 1.1.
            Value::Number | Value::Flag(_) => {
                let found = self.shown(node);
                let expected = format!("{expected}: put quotes around it");
                self.refuse_value(row, node, expected, found);
                None
            }
            _ => {
                let found = self.shown(node);
                self.refuse_value(row, node, expected, found);
                None
            }
        }
    }

    fn refuse_value(
        &mut self,
        row: &Row,
        node: &Node,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let expected = format!("`{}`: {}", row.name, expected.into());
        self.refuse(node, expected, found);
    }

    /// A value as it is written, or what it is.
    fn shown(&self, node: &Node) -> String {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => "an empty text".to_owned(),
            Value::Text(text) => format!("the text `{}`", start(text)),
            Value::Number => format!("the number {}", start(yaml::written(self.text, node))),
            Value::Flag(_) => format!("`{}`", start(yaml::written(self.text, node))),
            other => other.word().to_owned(),
        }
    }
}

/// Whether the keys are those of the incumbent's release-config.
pub(crate) fn is_airflow_publish(map: &Map) -> bool {
    let has = |name: &str| map.iter().any(|(key, _)| key.value == name);
    has("publisher") && has("checks")
}

fn empty_or(value: &Value) -> &'static str {
    match value {
        Value::Map(map) if map.is_empty() => "an empty mapping",
        other => other.word(),
    }
}

/// A whole number as people write it: no sign, no leading zero, no other base.
fn written_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The first line of a value, cut where it is long.
fn start(text: &str) -> String {
    let line = text.trim_start().lines().next().unwrap_or_default();
    let mut start: String = line.chars().take(80).collect();
    if start.len() < text.trim().len() {
        start.push('…');
    }
    start
}
