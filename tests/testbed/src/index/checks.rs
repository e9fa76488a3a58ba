// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index demands of a form and of a file name, with its own words.
//! Pure: it looks at the form alone.

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::Version;

use super::form::{Content, Form};
use super::refusal::Refusal;

const CORE_METADATA: &str =
    "See https://packaging.python.org/specifications/core-metadata for more information.";
const LOCAL_VERSIONS: &str = "See https://packaging.python.org/specifications/version-specifiers#local-version-identifiers for more information.";
const METADATA_VERSIONS: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

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

/// The metadata version that brought a field.
const INTRODUCED: [(&str, &str, &str); 8] = [
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
pub(super) fn check_form(form: &Form) -> Result<(), Refusal> {
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
    check_metadata(form)
}

fn check_name(name: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = name else {
        return Err(metadata(
            "'' is an invalid value for Name. Error: This field is required.",
        ));
    };
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let ends = [name.bytes().next(), name.bytes().last()];
    let legal = name.bytes().all(inner)
        && ends
            .into_iter()
            .flatten()
            .all(|byte| byte.is_ascii_alphanumeric());
    if legal {
        return Ok(());
    }
    Err(metadata(&format!(
        "'{name}' is an invalid value for Name. Error: Start and end with a letter or numeral \
         containing only ASCII numeric and '.', '_' and '-'."
    )))
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

fn check_metadata(form: &Form) -> Result<(), Refusal> {
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
    check_texts(form)
}

fn check_texts(form: &Form) -> Result<(), Refusal> {
    let summary = form.get("summary").unwrap_or_default();
    if summary.chars().count() > 512 {
        return Err(metadata("'summary' field must be 512 characters or less."));
    }
    if summary.contains('\n') {
        return Err(metadata("'summary' must be a single line."));
    }
    for classifier in form.all("classifiers") {
        // The list of classifiers is long; their form tells most mistakes.
        if !classifier.contains(" :: ") {
            return Err(metadata(&format!(
                "'{classifier}' is not a valid classifier."
            )));
        }
    }
    for requirement in form.all("requires_dist") {
        if requirement.contains(" @ ") {
            return Err(metadata(&format!(
                "Can't have direct dependency: {requirement}."
            )));
        }
    }
    let mut labels = BTreeSet::new();
    for entry in form.all("project_urls") {
        let Some((label, url)) = entry.split_once(", ") else {
            return Err(metadata("Must have a URL."));
        };
        if label.chars().count() > 32 {
            return Err(metadata(&format!(
                "'{label}' must be 32 characters or less."
            )));
        }
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(metadata(&format!("'{url}' is not a valid url.")));
        }
        if !labels.insert(label) {
            return Err(metadata("'project_urls' has invalid data."));
        }
    }
    Ok(())
}

fn metadata(message: &str) -> Refusal {
    Refusal::bad(format!("{message} {CORE_METADATA}"))
}

/// The name's characters and ending, the part's type, the size, the digests.
pub(super) fn check_content(form: &Form, content: &Content, limit: u64) -> Result<(), Refusal> {
    const PEP_527: &str = "See https://www.python.org/dev/peps/pep-0527 for more information.";
    let name = &content.filename;
    if name.bytes().any(|byte| byte < 32 || byte == 127) {
        return Err(Refusal::bad(
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL \
             character (ordinal 127) in the name.",
        ));
    }
    if name.contains(['/', '\\']) {
        return Err(Refusal::bad(
            "Cannot upload a file with '/' or '\\' in the name.",
        ));
    }
    let filetype = form.get("filetype").unwrap_or_default();
    let extension = [".tar.gz", ".whl", ".zip"]
        .into_iter()
        .find(|extension| name.ends_with(extension));
    match (extension, filetype) {
        (None, _) => {
            return Err(Refusal::bad(format!(
                "Invalid file extension: Use .tar.gz, .whl or .zip extension. {PEP_527}"
            )));
        }
        (Some(".whl"), "bdist_wheel") | (Some(".tar.gz" | ".zip"), "sdist") => {}
        (Some(extension), _) => {
            return Err(Refusal::bad(format!(
                "Invalid file extension: Extension {extension} is invalid for filetype \
                 {filetype}. {PEP_527}"
            )));
        }
    }
    // A part that names no type counts as text/plain, and that is taken.
    let media_type = content.media_type.as_deref().unwrap_or("text/plain");
    if media_type.is_empty() || media_type.starts_with("image/") {
        return Err(Refusal::bad("Invalid distribution file."));
    }
    if content.digests.size > limit {
        let project = form.get("name").unwrap_or_default();
        return Err(Refusal::bad(format!(
            "File too large. Limit for project '{project}' is {} MB. See \
             https://docs.pypi.org/project-management/storage-limits#requesting-a-file-size-limit-increase \
             for more information.",
            limit >> 20
        )));
    }
    let digests = [
        ("md5_digest", &content.digests.md5),
        ("sha256_digest", &content.digests.sha256),
        ("blake2_256_digest", &content.digests.blake2b),
    ];
    for (field, computed) in digests {
        if form
            .get(field)
            .is_some_and(|given| given.to_lowercase() != *computed)
        {
            return Err(Refusal::bad(
                "The digest supplied does not match a digest calculated from the uploaded file.",
            ));
        }
    }
    Ok(())
}

/// The name agrees with project and version: PEP 625 for sdists, PEP 427 for wheels.
pub(super) fn check_filename(form: &Form, filename: &str) -> Result<(), Refusal> {
    let project = normalize(form.get("name").unwrap_or_default()).replace('-', "_");
    let version = form.get("version").unwrap_or_default();
    let Some(stem) = filename.strip_suffix(".whl") else {
        let canonical = Version::from_str(version)
            .map_or_else(|_| version.to_owned(), |version| version.to_string());
        let expected = format!("{project}-{canonical}.tar.gz");
        if filename == expected {
            return Ok(());
        }
        return Err(Refusal::bad(format!(
            "Filename '{filename}' is invalid, should be '{expected}'."
        )));
    };
    let parts = stem.split('-').collect::<Vec<_>>();
    let ([name, found, _, _, _] | [name, found, _, _, _, _]) = parts.as_slice() else {
        return Err(Refusal::bad(format!(
            "Invalid wheel filename (wrong number of parts): '{filename}'"
        )));
    };
    if *name != project {
        return Err(Refusal::bad(format!(
            "Filename '{filename}' should contain the normalized project name '{project}', not \
             '{name}'."
        )));
    }
    if !same_version(found, version) {
        return Err(Refusal::bad(format!(
            "Version in filename should be '{version}' not '{found}'."
        )));
    }
    Ok(())
}
