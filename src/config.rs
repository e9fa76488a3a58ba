// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The configuration file: inputs at its top that hold for every release, and
//! releases by name, each with inputs of its own.
//!
//! Decides which keys there are, which type each value has, and which value
//! stands where several are given. Decides nothing about what a value means:
//! that is `plan`'s, as it is for the inputs themselves. Pure but for
//! [`fill`], which reads the file.

pub mod file;
mod reader;
pub mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use crate::inputs::{Inputs, Row, TABLE, nearest};
use crate::report::ConfigRow;
use crate::rules::{Finding, Rule};
use reader::Reader;
use yaml::Place;

pub(crate) use reader::{illegal, is_airflow_publish};

/// The key of the releases.
pub const RELEASES: &str = "releases";

/// What is wrong with a file, at most: nobody reads thousands.
const TOLD: usize = 50;

/// What only a run itself can say: what it does, from which file, in which
/// workflow, and the digest that a person approved for it.
pub const NOT_IN_A_FILE: [&str; 7] = [
    "mode",
    "config",
    "release",
    "expected-digest",
    "shard",
    "github-token",
    "workflow-files",
];

/// The inputs that a file may hold, in the order of the table.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE
        .iter()
        .filter(|row| !NOT_IN_A_FILE.contains(&row.name))
}

/// What a release may be called: the bytes of a key that needs no quotes, and
/// no word that means something else.
pub fn is_release_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    name.len() <= 64
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && name.bytes().all(legal)
        && !["none", "null", "true", "false"].contains(&name)
}

/// One value of the file.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The input.
    pub row: &'static Row,
    /// Its raw value, as the input itself would have it.
    pub value: String,
    /// Where it stands.
    pub place: Place,
}

/// A file whose keys and types are legal.
#[derive(Clone, Debug, Default)]
pub struct Config {
    top: Vec<Setting>,
    releases: BTreeMap<String, Vec<Setting>>,
}

impl Config {
    /// Reads the bytes of a file of this name.
    ///
    /// # Errors
    /// What is not legal, each with line and column: the first 50 of it, and
    /// only one where the file is no YAML that is read at all.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Vec<Finding>> {
        let (text, root) = yaml::read(bytes).map_err(|why| vec![illegal(name, &why)])?;
        let mut reader = Reader {
            name,
            text,
            problems: Vec::new(),
        };
        let config = reader.root(&root);
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            reader.problems.truncate(TOLD);
            Err(reader.problems)
        }
    }

    /// The names of the releases, sorted.
    pub fn releases(&self) -> impl Iterator<Item = &str> {
        self.releases.keys().map(String::as_str)
    }

    /// The values that hold for this release: its own, and those of the top
    /// that it does not say itself.
    ///
    /// # Errors
    /// The release is not one of the file's, or none was chosen though the
    /// file has releases.
    pub fn settings(&self, release: Option<&str>) -> Result<Vec<&Setting>, Finding> {
        let refuse = |expected: String, found: String| {
            Finding::new(Rule::InputIllegal, Some("release"), expected, found)
        };
        let names = || {
            let names: Vec<String> = self
                .releases
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            names.join(", ")
        };
        let own: &[Setting] = match release {
            None if self.releases.is_empty() => &[],
            None => {
                let expected = format!("one of the releases of the `config` file: {}", names());
                return Err(refuse(expected, "`none`".to_owned()));
            }
            Some(name) => self.releases.get(name).ok_or_else(|| {
                let expected = match nearest(name, self.releases.keys().map(String::as_str)) {
                    Some(nearest) => format!("did you mean `{nearest}`? The file has {}", names()),
                    None if self.releases.is_empty() => {
                        "`none`: the `config` file names no releases".to_owned()
                    }
                    None => format!("one of the releases of the `config` file: {}", names()),
                };
                refuse(expected, format!("`{name}`"))
            })?,
        };
        let said = |setting: &Setting| own.iter().any(|other| other.row.name == setting.row.name);
        let inherited = self.top.iter().filter(|setting| !said(setting));
        Ok(own.iter().chain(inherited).collect())
    }
}

/// Reads the file that `config` names, if it names one, and fills in what the
/// inputs leave open. Gives what came from where, for the report.
///
/// # Errors
/// The file cannot be read, something in it is not legal, or the release is
/// not one of its own; then nothing is filled in.
pub fn fill(workspace: &Path, inputs: &mut Inputs) -> Result<Option<ConfigRow>, Vec<Finding>> {
    let named = |inputs: &Inputs, name| {
        let value = inputs.value(name).filter(|_| inputs.is_given(name))?;
        Some(value.trim().to_owned())
    };
    let release = named(inputs, "release");
    let Some(name) = named(inputs, "config") else {
        return match release {
            None => Ok(None),
            Some(release) => Err(vec![Finding::new(
                Rule::InputIllegal,
                Some("release"),
                "`none`, since no `config` file is named",
                format!("`{release}`"),
            )]),
        };
    };
    let bytes = file::read(workspace, &name).map_err(|why| {
        let (expected, found) = (why.expected(), why.to_string());
        vec![Finding::new(
            Rule::ConfigUnreadable,
            Some(&name),
            expected,
            found,
        )]
    })?;
    let config = Config::read(&name, &bytes)?;
    let settings = config
        .settings(release.as_deref())
        .map_err(|why| vec![why])?;
    for setting in settings {
        let place = format!("{name}:{}", setting.place);
        inputs.fill(setting.row, &setting.value, place);
    }
    let from_file = rows().filter(|row| inputs.place(row.name).is_some());
    Ok(Some(ConfigRow {
        sha256: file::sha256(&bytes),
        inputs: from_file.map(|row| row.name).collect(),
        path: name,
        release,
    }))
}
