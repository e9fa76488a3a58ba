// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which names a new project may have, in the index's words: said at the first
//! upload with a user's token, and at the first mint of a pending publisher.

use super::checks::{is_name, normalize};
use super::refusal::Refusal;
use super::state::Known;

/// Some modules of Python's own library; the real list is longer.
const STDLIB: [&str; 12] = [
    "asyncio",
    "collections",
    "datetime",
    "email",
    "http",
    "json",
    "logging",
    "os",
    "pathlib",
    "re",
    "sys",
    "typing",
];

/// Whether a project of this name may be created.
pub(super) fn check(state: &Known, name: &str) -> Result<(), Refusal> {
    let help = "See https://pypi.org/help/#project-name for more information.";
    if state.faults.registration_disabled {
        return Err(Refusal::new(
            403,
            "New project registration temporarily disabled. See \
             https://pypi.org/help/#admin-intervention for more information.",
        ));
    }
    if !is_name(name) {
        return Err(Refusal::bad(format!("The name '{name}' is invalid.")));
    }
    let normalized = normalize(name);
    if state.project(name).is_some() {
        let text = format!("The name '{name}' conflicts with an existing project. {help}");
        return Err(Refusal::new(409, text));
    }
    if state.prohibited.contains(&normalized) {
        return Err(Refusal::bad(format!(
            "The name '{name}' isn't allowed. {help}"
        )));
    }
    let similar = look(&normalized);
    if state.projects().any(|(other, _)| look(other) == similar) {
        return Err(Refusal::bad(format!(
            "The name '{name}' is too similar to an existing project. {help}"
        )));
    }
    if STDLIB.contains(&normalized.as_str()) {
        return Err(Refusal::bad(format!(
            "The name '{name}' isn't allowed (conflict with Python Standard Library module \
             name). {help}"
        )));
    }
    Ok(())
}

/// What a name looks like at a glance: these letters are one.
fn look(normalized: &str) -> String {
    normalized
        .chars()
        .filter(|letter| *letter != '-')
        .map(|letter| match letter {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect()
}
