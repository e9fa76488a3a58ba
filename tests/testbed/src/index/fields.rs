// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index demands of the metadata in a form, with its own words. Pure.
//!
//! Left out, for want of the real server's libraries: whether a description
//! renders (a fault says that it does not), and whether a license expression
//! names known licenses (its grammar is checked).

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::Version;

use super::form::Form;
use super::refusal::Refusal;

const CORE_METADATA: &str =
    "See https://packaging.python.org/specifications/core-metadata for more information.";
const LOCAL_VERSIONS: &str = "See https://packaging.python.org/specifications/version-specifiers#local-version-identifiers for more information.";
const METADATA_VERSIONS: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];
const CONTENT_TYPES: [&str; 3] = ["text/plain", "text/x-rst", "text/markdown"];

/// The metadata version that brought a field.
const INTRODUCED: [(&str, &str, &str); 16] = [
    ("license_file", "license-file", "2.4"),
    ("license_expression", "license-expression", "2.4"),
    ("dynamic", "dynamic", "2.2"),
    ("provides_extra", "provides-extra", "2.1"),
    (
        "description_content_type",
        "description-content-type",
        "2.1",
    ),
    ("import_name", "import-name", "2.5"),
    ("import_namespace", "import-namespace", "2.5"),
    ("requires_python", "requires-python", "1.2"),
    ("requires_dist", "requires-dist", "1.2"),
    ("requires_external", "requires-external", "1.2"),
    ("project_urls", "project-url", "1.2"),
    ("provides_dist", "provides-dist", "1.2"),
    ("obsoletes_dist", "obsoletes-dist", "1.2"),
    ("maintainer", "maintainer", "1.2"),
    ("maintainer_email", "maintainer-email", "1.2"),
    ("classifiers", "classifier", "1.1"),
];

/// Classifiers that the index withdrew, and what to use instead.
const WITHDRAWN: [(&str, &str); 8] = [
    (
        "Framework :: Django CMS :: 4.2",
        "['Framework :: Django CMS :: 5.0']",
    ),
    ("License :: OSI Approved :: Intel Open Source License", "[]"),
    (
        "License :: OSI Approved :: Jabber Open Source License",
        "[]",
    ),
    (
        "License :: OSI Approved :: MITRE Collaborative Virtual Workspace License (CVW)",
        "[]",
    ),
    (
        "License :: OSI Approved :: Sun Industry Standards Source License (SISSL)",
        "[]",
    ),
    ("License :: OSI Approved :: X.Net License", "[]"),
    (
        "Natural Language :: Ukranian",
        "['Natural Language :: Ukrainian']",
    ),
    (
        "Topic :: Communications :: Chat :: AOL Instant Messenger",
        "[]",
    ),
];

/// A list, not a rule: the product's copy of the public one.
const CLASSIFIERS: &str = include_str!("../../../../src/dist/fields/classifiers.txt");

pub(super) fn check_metadata(form: &Form, newer_classifiers: &[String]) -> Result<(), Refusal> {
    let level = form.get("metadata_version");
    let Some(level) = level.filter(|level| METADATA_VERSIONS.contains(level)) else {
        let found = level.map_or_else(|| "None".to_owned(), |level| format!("'{level}'"));
        return Err(metadata(&format!(
            "{found} is not a valid metadata version."
        )));
    };
    let Some(version) = form.get("version") else {
        return Err(metadata("'version' is a required field."));
    };
    let Ok(parsed) = Version::from_str(version) else {
        return Err(metadata(&format!("'{version}' is invalid for 'version'.")));
    };
    if parsed.is_local() {
        return Err(Refusal::bad(format!(
            "The use of local versions in '{version}' is not allowed. {LOCAL_VERSIONS}"
        )));
    }
    for (field, name, since) in INTRODUCED {
        // All metadata versions have one digit on each side of the point.
        if form.get(field).is_some() && level < since {
            return Err(metadata(&format!(
                "{name} introduced in metadata version {since}, not {level}."
            )));
        }
    }
    if form.get("license").is_some() && form.get("license_expression").is_some() {
        return Err(metadata(
            "License is deprecated when License-Expression is present. Only License-Expression \
             should be present.",
        ));
    }
    check_texts(form)?;
    check_lists(form, newer_classifiers)?;
    check_project_urls(form)
}

fn check_texts(form: &Form) -> Result<(), Refusal> {
    if let Some(expression) = form.get("license_expression")
        && !is_license_expression(expression)
    {
        return Err(metadata(&format!(
            "'{expression}' is invalid for 'license-expression'."
        )));
    }
    let summary = form.get("summary").unwrap_or_default();
    if summary.chars().count() > 512 {
        return Err(metadata("'summary' field must be 512 characters or less."));
    }
    if summary.contains('\n') {
        return Err(metadata("'summary' must be a single line."));
    }
    if let Some(value) = form.get("description_content_type") {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        if !CONTENT_TYPES.contains(&media_type.to_lowercase().as_str()) {
            return Err(metadata(&format!(
                "'description-content-type' must be one of ['text/plain', 'text/x-rst', \
                 'text/markdown'], not '{value}'"
            )));
        }
    }
    for field in ["author_email", "maintainer_email"] {
        if let Some(text) = form.get(field) {
            check_address(text)?;
        }
    }
    for field in ["home_page", "download_url"] {
        if let Some(url) = form.get(field)
            && !is_url(url)
        {
            return Err(metadata(&format!("'{url}' is not a valid url.")));
        }
    }
    Ok(())
}

fn check_lists(form: &Form, newer_classifiers: &[String]) -> Result<(), Refusal> {
    for classifier in form.all("classifiers") {
        if let Some((_, instead)) = WITHDRAWN.iter().find(|(name, _)| name == classifier) {
            return Err(metadata(&format!(
                "The classifier '{classifier}' has been deprecated, use one of {instead} instead."
            )));
        }
        let private = classifier.starts_with("Private ::");
        let known = CLASSIFIERS
            .lines()
            .any(|line| line == classifier && !line.starts_with('#'));
        if private || !(known || newer_classifiers.contains(classifier)) {
            return Err(metadata(&format!(
                "'{classifier}' is not a valid classifier."
            )));
        }
    }
    for requirement in form.all("requires_dist") {
        let wanted = requirement.split(';').next().unwrap_or_default();
        if wanted.contains('@') {
            return Err(metadata(&format!(
                "Can't have direct dependency: {requirement}."
            )));
        }
    }
    Ok(())
}

fn check_project_urls(form: &Form) -> Result<(), Refusal> {
    let mut labels = BTreeSet::new();
    for entry in form.all("project_urls") {
        let (label, url) = entry.split_once(',').unwrap_or((entry, ""));
        let (label, url) = (label.trim(), url.trim());
        if label.is_empty() {
            return Err(metadata("Must have a label."));
        }
        if label.chars().count() > 32 {
            return Err(metadata(&format!(
                "'{label}' must be 32 characters or less."
            )));
        }
        if url.is_empty() {
            return Err(metadata("Must have a URL."));
        }
        if !is_url(url) {
            return Err(metadata(&format!("'{url}' is not a valid url.")));
        }
        if !labels.insert(label) {
            return Err(metadata("'project_urls' has invalid data."));
        }
    }
    Ok(())
}

fn is_url(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)
    })
}

/// The part in angle brackets, or all of it. The real server's reader sees no
/// address at all in a list of several, and then nothing is wrong.
fn check_address(text: &str) -> Result<(), Refusal> {
    if text.contains(',') {
        return Ok(());
    }
    let text = text.trim();
    let begin = text.find('<').map_or(0, |at| at + 1);
    let address = text[begin..].trim_end_matches('>');
    let problem = match address.split_once('@') {
        None => "An email address must have an @-sign.",
        Some(("", _)) => "There must be something before the @-sign.",
        Some((_, domain)) if !domain.contains('.') => {
            "The part after the @-sign is not valid. It should have a period."
        }
        Some((_, domain)) if domain.starts_with('.') || domain.ends_with('.') => {
            "An email address cannot have a period immediately after the @-sign."
        }
        Some(_) => return Ok(()),
    };
    Err(metadata(&format!(
        "'{address}' is not a valid email address: {problem}"
    )))
}

/// The grammar of SPDX: identifiers between operators, in parentheses or not.
fn is_license_expression(text: &str) -> bool {
    let text = text.replace('(', " ( ").replace(')', " ) ");
    let (mut depth, mut wants_license) = (0_u32, true);
    for word in text.split_whitespace() {
        let operator = ["and", "or", "with"].contains(&word.to_lowercase().as_str());
        match word {
            "(" if wants_license => depth += 1,
            ")" if !wants_license && depth > 0 => depth -= 1,
            "(" | ")" => return false,
            _ if operator == wants_license => return false,
            _ => {
                let legal = |letter: char| letter.is_ascii_alphanumeric() || "-.+".contains(letter);
                if !word.chars().all(legal) {
                    return false;
                }
                wants_license = operator;
            }
        }
    }
    depth == 0 && !wants_license
}

/// A refusal that points to the specification of the metadata.
pub(super) fn metadata(message: &str) -> Refusal {
    Refusal::bad(format!("{message} {CORE_METADATA}"))
}
