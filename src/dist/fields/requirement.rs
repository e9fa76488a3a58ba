// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Requirements (PEP 508), version specifiers (PEP 440) and extras.
//!
//! Decides whether name, extras and versions can be read. Environment markers
//! are left to the index.

use pep440_rs::VersionSpecifier;

use super::Fault;
use crate::rules::Rule;

const REQUIREMENT: Fault = Fault(
    Rule::RequirementIllegal,
    "a requirement like `name[extra] >=1.0; python_version < \"4\"`",
);
const SPECIFIERS: Fault = Fault(
    Rule::RequirementIllegal,
    "version specifiers like `>=3.10, !=3.13.1`",
);

/// A requirement that names no address.
pub(super) fn requirement(value: &str) -> Result<(), Fault> {
    let (name, rest) = split_name(value.trim_start()).ok_or(REQUIREMENT)?;
    if !is_name(name) {
        return Err(REQUIREMENT);
    }
    let mut rest = rest.trim_start();
    if let Some(behind) = rest.strip_prefix('[') {
        let (extras, behind) = behind.split_once(']').ok_or(REQUIREMENT)?;
        let extras = extras.trim();
        if !extras.is_empty() && !extras.split(',').map(str::trim).all(is_name) {
            return Err(REQUIREMENT);
        }
        rest = behind.trim_start();
    }
    if rest.starts_with('@') {
        return Err(Fault(
            Rule::RequirementDirect,
            "a requirement without an address",
        ));
    }
    let (versions, marker) = match rest.split_once(';') {
        Some((versions, marker)) => (versions.trim(), Some(marker.trim())),
        None => (rest.trim(), None),
    };
    if marker.is_some_and(str::is_empty) {
        return Err(REQUIREMENT);
    }
    let bare = match versions.strip_prefix('(') {
        Some(inner) => inner.strip_suffix(')').ok_or(REQUIREMENT)?,
        None => versions,
    };
    if bare.trim_start().starts_with(',') {
        return Err(REQUIREMENT);
    }
    specifiers(bare)
}

/// The leading characters that a name can have, and what follows.
fn split_name(value: &str) -> Option<(&str, &str)> {
    let end = value
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(value.len());
    value.split_at_checked(end)
}

/// Version specifiers with commas between them; none at all is legal.
pub(super) fn specifiers(value: &str) -> Result<(), Fault> {
    for text in value.split(',').map(str::trim) {
        // `===` compares texts, whatever they are, so long as they are one word.
        let legal = match text.strip_prefix("===") {
            Some(text) => !text.trim().contains(char::is_whitespace),
            None => text.is_empty() || text.parse::<VersionSpecifier>().is_ok(),
        };
        if !legal {
            return Err(SPECIFIERS);
        }
    }
    Ok(())
}

/// The name of an extra.
pub(super) fn extra(value: &str) -> Result<(), Fault> {
    if is_name(value) {
        Ok(())
    } else {
        Err(Fault(
            Rule::RequirementIllegal,
            "an extra of letters, digits, `-`, `_` and `.`",
        ))
    }
}

fn is_name(name: &str) -> bool {
    name.parse::<crate::dist::filename::ProjectName>().is_ok()
}
