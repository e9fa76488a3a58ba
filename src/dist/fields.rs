// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The values of the core metadata, as the index looks at them.
//!
//! Decides which values the index refuses, of those that it is told: a field
//! that is left out of the form can harm nothing. Refuses what the index is sure
//! to refuse, and warns where that is not certain. Does not judge name and
//! version, which the file name decides.

use std::collections::HashSet;

use super::form;
use super::metadata::Metadata;
use crate::checksum::shorten;
use crate::rules::{Finding, Rule};

mod address;
mod classifier;
mod license;
mod requirement;
#[cfg(test)]
mod tests;

/// Characters of a summary.
const SUMMARY_LIMIT: usize = 512;
/// Words of Python that name nothing (its `keyword` module).
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// What is wrong with a value: the rule that it breaks, and what would be right.
#[derive(Debug, PartialEq, Eq)]
struct Fault(Rule, &'static str);

/// All that the index would say of the metadata's fields.
pub(super) fn check(metadata: &Metadata, path: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut labels = HashSet::new();
    for (field, value) in form::sent(metadata) {
        let judged = if field.header == "Project-URL" {
            address::project_url(value, &mut labels)
        } else {
            check_value(field.header, value.trim())
        };
        if let Err(Fault(rule, expected)) = judged {
            findings.push(Finding::new(
                rule,
                Some(path),
                expected,
                shorten(&format!("{}: {value}", field.header)),
            ));
        }
    }
    let has = |header| form::sent(metadata).any(|(field, _)| field.header == header);
    if has("License") && has("License-Expression") {
        findings.push(Finding::new(
            Rule::LicenseExpressionIllegal,
            Some(path),
            "License-Expression alone",
            "License beside it",
        ));
    }
    let mut left_out: Vec<&str> = form::left_out(metadata).collect();
    left_out.dedup();
    if !left_out.is_empty() {
        findings.push(Finding::new(
            Rule::MetadataFieldLeftOut,
            Some(path),
            format!("fields of metadata version {}", metadata.metadata_version()),
            shorten(&left_out.join(", ")),
        ));
    }
    findings
}

/// The paths of license files that the index looks for in the archive.
pub(super) fn license_files(metadata: &Metadata) -> impl Iterator<Item = &str> {
    form::sent(metadata)
        .filter(|(field, _)| field.header == "License-File")
        .map(|(_, value)| value.trim())
}

fn check_value(header: &str, value: &str) -> Result<(), Fault> {
    match header {
        "Summary" => summary(value),
        "Description-Content-Type" => content_type(value),
        "Classifier" => classifier::check(value),
        "Home-page" | "Download-URL" => address::url(value),
        "Author-email" | "Maintainer-email" => address::email(value),
        "Requires-Dist" | "Provides-Dist" | "Obsoletes-Dist" => requirement::requirement(value),
        "Requires-Python" => requirement::specifiers(value),
        "Provides-Extra" => requirement::extra(value),
        "License-Expression" => license::expression(value),
        "License-File" => license::path(value),
        "Dynamic" => dynamic(value),
        "Import-Name" | "Import-Namespace" => import_name(value),
        _ => Ok(()),
    }
}

fn summary(value: &str) -> Result<(), Fault> {
    if value.contains(['\n', '\r']) {
        return Err(Fault(Rule::SummaryIllegal, "a summary of one line"));
    }
    if value.chars().count() > SUMMARY_LIMIT {
        return Err(Fault(
            Rule::SummaryIllegal,
            "a summary of at most 512 characters",
        ));
    }
    Ok(())
}

/// A media type that the index renders, and its parameters.
fn content_type(value: &str) -> Result<(), Fault> {
    let fault = |expected| Err(Fault(Rule::DescriptionContentType, expected));
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(
        media_type.as_str(),
        "text/plain" | "text/x-rst" | "text/markdown"
    ) {
        return fault("text/markdown, text/x-rst or text/plain");
    }
    for part in parts.filter(|part| !part.is_empty()) {
        let Some((name, text)) = part.split_once('=') else {
            return Err(Fault(
                Rule::MetadataFieldDoubtful,
                "parameters of the form `name=value`",
            ));
        };
        let text = text.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "charset" if !text.eq_ignore_ascii_case("utf-8") => return fault("charset=UTF-8"),
            "variant" if media_type == "text/markdown" && !matches!(text, "GFM" | "CommonMark") => {
                return fault("variant=GFM or variant=CommonMark");
            }
            _ => {}
        }
    }
    Ok(())
}

fn dynamic(value: &str) -> Result<(), Fault> {
    let fixed = ["Metadata-Version", "Name", "Version"];
    let fixed = fixed.iter().any(|field| value.eq_ignore_ascii_case(field));
    if form::is_known(value) && !fixed {
        return Ok(());
    }
    Err(Fault(
        Rule::MetadataFieldIllegal,
        "the name of a field that may be dynamic",
    ))
}

/// A dotted name, which can be followed by `; private`.
fn import_name(value: &str) -> Result<(), Fault> {
    let (name, option) = match value.split_once(';') {
        Some((name, option)) => (name.trim_end(), Some(option.trim_start())),
        None => (value, None),
    };
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
        first && letters.all(|c| c.is_alphanumeric() || c == '_') && !KEYWORDS.contains(&word)
    };
    if name.split('.').all(word) && option.is_none_or(|option| option == "private") {
        return Ok(());
    }
    // What is a letter differs a little from one version of Unicode to the next.
    if !name.is_ascii() {
        return Err(Fault(
            Rule::MetadataFieldDoubtful,
            "the name of a module or package",
        ));
    }
    Err(Fault(
        Rule::MetadataFieldIllegal,
        "the name of a module or package, which can end in `; private`",
    ))
}
