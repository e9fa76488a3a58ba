// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! From a release-config of airflow-publish to a configuration file of ours.
//!
//! Decides what of it can be kept, and says the rest. What checked nothing
//! there, or let pass what it did not know, is closed here: every check runs,
//! names are anchored, and where in doubt `publish` refuses until a person has
//! decided. Pure.

mod pattern;
mod reader;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::config::yaml::{self, Place, Value, YamlError};
use crate::config::{self, Config, is_airflow_publish};
use crate::inputs::Inputs;
use crate::plan::Plan;
use crate::report::escape;
use crate::rules::Finding;
use reader::Reader;

/// What a release-config becomes.
#[derive(Clone, Debug, Default)]
pub struct Migrated {
    description: Option<String>,
    values: Vec<(&'static str, Vec<String>)>,
    /// What could not be kept, or holds more strictly now, one a line.
    pub notes: Vec<String>,
}

/// Converts the bytes of a file of this name to the text of ours.
///
/// # Errors
/// It is no release-config, or says no source that a run could read.
pub fn convert(name: &str, bytes: &[u8]) -> Result<(String, Migrated), Vec<Finding>> {
    let illegal = |why: YamlError| {
        let action = "Correct the file; `migrate` takes a release-config of airflow-publish.";
        vec![config::illegal(name, &why).advise(action)]
    };
    let (text, root) = yaml::read(bytes).map_err(illegal)?;
    let map = match &root.value {
        Value::Map(map) if is_airflow_publish(map) => map,
        other => {
            return Err(illegal(YamlError {
                place: Place::of(&root),
                expected: "a release-config of airflow-publish: `publisher` and `checks`".into(),
                found: match other {
                    Value::Map(_) => "other keys".to_owned(),
                    other => other.word().to_owned(),
                },
            }));
        }
    };
    let mut migrated = Reader::read(text, map).map_err(illegal)?;
    migrated.close_keys();
    let text = migrated.yaml(name);
    // What it prints must be what a run takes.
    read_plan(&text)?;
    Ok((text, migrated))
}

/// The plan that a file gives with nothing beside it.
fn read_plan(text: &str) -> Result<Plan, Vec<Finding>> {
    let config = Config::read("the converted file", text.as_bytes())?;
    let mut inputs = Inputs::default();
    for setting in config.settings(None).map_err(|why| vec![why])? {
        inputs.fill(setting.row, &setting.value, setting.place.to_string());
    }
    Plan::read(&inputs)
}

impl Migrated {
    /// KEYS that a run would refuse, such as one in the dev area, gives way to
    /// the project's own.
    fn close_keys(&mut self) {
        let Some(at) = self.values.iter().position(|(name, _)| *name == "keys") else {
            return;
        };
        let Err(problems) = read_plan(&self.yaml("")) else {
            return;
        };
        if problems
            .iter()
            .all(|problem| problem.path.as_deref() == Some("keys"))
        {
            let (_, keys) = self.values.remove(at);
            self.notes.push(format!(
                "checks.signature: {} is not taken ({}); the project's KEYS of the release area is used.",
                keys.join(", "),
                problems.first().map_or(String::new(), |problem| problem.found.clone()),
            ));
        }
    }

    /// The file.
    fn yaml(&self, name: &str) -> String {
        let mut text = format!(
            "# Made by `asf-pypi-publish migrate` from {}. Read every line before you use it.\n",
            escape::line(name)
        );
        if let Some(description) = &self.description {
            let _ = writeln!(text, "# {}", escape::line(description));
        }
        if !self.notes.is_empty() {
            text.push_str("#\n# What could not be kept, and what is stricter now:\n");
        }
        for note in &self.notes {
            let _ = writeln!(text, "# - {}", escape::line(note));
        }
        text.push('\n');
        for (name, values) in &self.values {
            match values.as_slice() {
                [value] => {
                    let _ = writeln!(text, "{name}: {}", quoted(value));
                }
                values => {
                    let _ = writeln!(text, "{name}:");
                    for value in values {
                        let _ = writeln!(text, "  - {}", quoted(value));
                    }
                }
            }
        }
        text
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
