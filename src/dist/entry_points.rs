// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The text of a wheel's `entry_points.txt`.
//!
//! Decides that it can be read as Python's `configparser` reads it, with `=` as
//! the one delimiter, and that each script has a name that is no path: the index
//! demands as much. Decides nothing about what the entry points name.

use std::collections::{BTreeSet, HashSet};

use crate::checksum::shorten;

#[cfg(test)]
mod tests;

/// The sections whose names become programs on the path.
const SCRIPTS: &[&str] = &["console_scripts", "gui_scripts"];
/// What stands in this section counts in each of the others.
const DEFAULT: &str = "DEFAULT";

/// What is wrong with it, if anything is.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "no UTF-8".to_owned())?;
    let mut sections: HashSet<&str> = HashSet::new();
    // In their order, so that the same file is always refused for the same name.
    let mut names: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut section: Option<&str> = None;
    // How far the last option is indented, where there is one in the section.
    let mut option: Option<usize> = None;
    for (line, number) in text.split('\n').zip(1_usize..) {
        let value = line.trim();
        if value.is_empty() || value.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if option.is_some_and(|option| indent > option) {
            // A further line of the option's value.
            continue;
        }
        if let Some(name) = header(value) {
            if name != DEFAULT && !sections.insert(name) {
                return Err(format!(
                    "the section {} twice, in line {number}",
                    shorten(name)
                ));
            }
            (section, option) = (Some(name), None);
            continue;
        }
        let Some(section) = section else {
            return Err(format!("no section before line {number}"));
        };
        let name = value.split_once('=').map(|(name, _)| name.trim_end());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(format!("no `name = value` in line {number}"));
        };
        if !names.insert((section, name)) {
            return Err(format!(
                "the name {} twice, in line {number}",
                shorten(name)
            ));
        }
        option = Some(indent);
    }
    let script = |section: &&str| SCRIPTS.contains(section);
    let any_scripts = sections.iter().any(script);
    let illegal = names.iter().find(|(section, name)| {
        (script(section) || (*section == DEFAULT && any_scripts)) && !is_name(name)
    });
    match illegal {
        None => Ok(()),
        Some((section, name)) => Err(format!("the name {} in {section}", shorten(name))),
    }
}

/// The name of a section from its line: all up to the last bracket.
fn header(value: &str) -> Option<&str> {
    let (name, _) = value.strip_prefix('[')?.rsplit_once(']')?;
    Some(name).filter(|name| !name.is_empty())
}

/// Letters, digits, `_`, `.` and `-`, in any script.
fn is_name(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
}
