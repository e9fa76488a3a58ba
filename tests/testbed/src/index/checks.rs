// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index demands of a form's own fields, with its own words. Pure.

use std::str::FromStr;

use pep440_rs::Version;

use super::fields::{check_metadata, metadata};
use super::form::Form;
use super::refusal::Refusal;

/// Fields that may stand once only.
const SINGLE: [&str; 22] = [
    "author",
    "author_email",
    "description",
    "description_content_type",
    "download_url",
    "filetype",
    "home_page",
    "keywords",
    "license",
    "license_expression",
    "maintainer",
    "maintainer_email",
    "md5_digest",
    "metadata_version",
    "name",
    "protocol_version",
    "pyversion",
    "requires_python",
    "sha256_digest",
    "blake2_256_digest",
    "summary",
    "version",
];

/// The normalised name of a project (PEP 503).
pub(super) fn normalize(name: &str) -> String {
    let words = name
        .split(['-', '_', '.'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>();
    words.join("-").to_lowercase()
}

pub(super) fn same_version(one: &str, other: &str) -> bool {
    match (Version::from_str(one), Version::from_str(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The version in a file name, if it has one.
pub(super) fn version_of(filename: &str) -> Option<String> {
    if let Some(stem) = filename.strip_suffix(".whl") {
        return stem.split('-').nth(1).map(str::to_owned);
    }
    let stem = filename.strip_suffix(".tar.gz")?;
    stem.rsplit_once('-').map(|(_, version)| version.to_owned())
}

/// The form's own fields, then the metadata.
pub(super) fn check_form(form: &Form, newer_classifiers: &[String]) -> Result<(), Refusal> {
    for name in SINGLE {
        if form.all(name).len() > 1 {
            return Err(metadata(&format!("'{name}' has invalid data.")));
        }
    }
    if form
        .get("protocol_version")
        .is_some_and(|value| value != "1")
    {
        return Err(Refusal::bad("Unknown protocol version."));
    }
    check_name(form.get("name"))?;
    check_filetype(form)?;
    check_metadata(form, newer_classifiers)
}

fn check_name(name: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = name else {
        return Err(metadata(
            "'' is an invalid value for Name. Error: This field is required.",
        ));
    };
    if is_name(name) {
        return Ok(());
    }
    Err(metadata(&format!(
        "'{name}' is an invalid value for Name. Error: Start and end with a letter or numeral \
         containing only ASCII numeric and '.', '_' and '-'."
    )))
}

/// ASCII letters, digits and `._-`, with a letter or digit at both ends.
pub(super) fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let ends = [name.bytes().next(), name.bytes().last()];
    name.bytes().all(inner)
        && ends
            .into_iter()
            .all(|byte| byte.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

fn check_filetype(form: &Form) -> Result<(), Refusal> {
    let pyversion = form.get("pyversion");
    match form.get("filetype") {
        None => Err(Refusal::bad(
            "Invalid value for filetype. Error: This field is required.",
        )),
        Some("bdist_wheel") if pyversion.is_none() => Err(Refusal::bad(
            "Invalid value for pyversion. Error: Python version is required for binary \
             distribution uploads.",
        )),
        Some("sdist") if !matches!(pyversion, None | Some("source")) => Err(Refusal::bad(
            "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.",
        )),
        Some("bdist_wheel" | "sdist") => check_digest_fields(form),
        Some(_) => Err(Refusal::bad(
            "Invalid value for filetype. Error: Use a known file type.",
        )),
    }
}

fn check_digest_fields(form: &Form) -> Result<(), Refusal> {
    let fields = [("sha256_digest", "SHA256"), ("blake2_256_digest", "BLAKE2")];
    for (field, kind) in fields {
        if let Some(value) = form.get(field)
            && (value.len() != 64 || !value.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Err(Refusal::bad(format!(
                "Invalid value for {field}. Error: Use a valid, hex-encoded, {kind} message digest."
            )));
        }
    }
    let all = ["md5_digest", "sha256_digest", "blake2_256_digest"];
    if all.iter().all(|field| form.get(field).is_none()) {
        return Err(Refusal::bad("Error: Include at least one message digest."));
    }
    Ok(())
}
