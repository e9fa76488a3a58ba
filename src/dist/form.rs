// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The half of the upload form that a distribution's metadata fill.
//!
//! Decides which fields the index takes, under which key, and since which
//! metadata version: the index refuses a file with a field that its own version
//! does not have, which old build tools write. Fields that no version has stay out.

use super::metadata::Metadata;

#[cfg(test)]
mod tests;

/// One header field and its place in the form.
pub(super) struct Field {
    /// Its name as the specification spells it.
    pub(super) header: &'static str,
    key: &'static str,
    /// The metadata version that brought it.
    since: (u32, u32),
    /// Whether it may stand several times.
    many: bool,
}

const fn one(header: &'static str, key: &'static str, since: (u32, u32)) -> Field {
    Field {
        header,
        key,
        since,
        many: false,
    }
}

const fn many(header: &'static str, key: &'static str, since: (u32, u32)) -> Field {
    Field {
        header,
        key,
        since,
        many: true,
    }
}

/// The core metadata, and the keys of the form as PyPI's upload knows them.
const FIELDS: &[Field] = &[
    one("Metadata-Version", "metadata_version", (1, 0)),
    one("Name", "name", (1, 0)),
    one("Version", "version", (1, 0)),
    many("Platform", "platform", (1, 0)),
    one("Summary", "summary", (1, 0)),
    one("Description", "description", (1, 0)),
    one("Keywords", "keywords", (1, 0)),
    one("Home-page", "home_page", (1, 0)),
    one("Author", "author", (1, 0)),
    one("Author-email", "author_email", (1, 0)),
    one("License", "license", (1, 0)),
    many("Supported-Platform", "supported_platform", (1, 1)),
    one("Download-URL", "download_url", (1, 1)),
    many("Classifier", "classifiers", (1, 1)),
    many("Requires", "requires", (1, 1)),
    many("Provides", "provides", (1, 1)),
    many("Obsoletes", "obsoletes", (1, 1)),
    one("Maintainer", "maintainer", (1, 2)),
    one("Maintainer-email", "maintainer_email", (1, 2)),
    many("Requires-Dist", "requires_dist", (1, 2)),
    many("Provides-Dist", "provides_dist", (1, 2)),
    many("Obsoletes-Dist", "obsoletes_dist", (1, 2)),
    one("Requires-Python", "requires_python", (1, 2)),
    many("Requires-External", "requires_external", (1, 2)),
    many("Project-URL", "project_urls", (1, 2)),
    one(
        "Description-Content-Type",
        "description_content_type",
        (2, 1),
    ),
    many("Provides-Extra", "provides_extra", (2, 1)),
    many("Dynamic", "dynamic", (2, 2)),
    one("License-Expression", "license_expression", (2, 4)),
    many("License-File", "license_file", (2, 4)),
    many("Import-Name", "import_name", (2, 5)),
    many("Import-Namespace", "import_namespace", (2, 5)),
];

fn find(header: &str) -> Option<&'static Field> {
    FIELDS
        .iter()
        .find(|field| field.header.eq_ignore_ascii_case(header))
}

/// Whether a header field is known and may stand once only.
pub(super) fn is_single(header: &str) -> bool {
    find(header).is_some_and(|field| !field.many)
}

/// The form's fields from `metadata`: keys and values, version, name and version
/// of the metadata first, the description last, the others in their own order.
///
/// Empty values and `UNKNOWN`, which old tools write for nothing, are left out.
/// The file's own fields (`:action`, `filetype`, `pyversion`, the digests and
/// `content`) are not here.
pub fn form_fields(metadata: &Metadata) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("metadata_version", metadata.metadata_version().to_owned()),
        ("name", safe_name(metadata.name())),
        ("version", metadata.version().to_owned()),
    ];
    for (field, value) in sent(metadata) {
        if matches!(field.key, "metadata_version" | "name" | "version") {
            continue;
        }
        let value = match field.key {
            "keywords" => split_trimmed(value, usize::MAX),
            "project_urls" => split_trimmed(value, 2),
            _ => value.to_owned(),
        };
        form.push((field.key, value));
    }
    if let Some(description) = metadata.description().filter(|text| !is_nothing(text)) {
        form.push(("description", description.to_owned()));
    }
    form
}

/// The header fields that the index is told of, with their values.
pub(super) fn sent(metadata: &Metadata) -> impl Iterator<Item = (&'static Field, &str)> {
    metadata.fields().filter_map(|(header, value)| {
        let field = find(header)?;
        let told = field.since <= metadata.level() && !is_nothing(value);
        told.then_some((field, value))
    })
}

/// The header fields that have a value of which the index is not told: newer
/// ones than their metadata version has, and unknown ones. In their own spelling.
pub(super) fn left_out(metadata: &Metadata) -> impl Iterator<Item = &str> {
    metadata.fields().filter_map(|(header, value)| {
        let told = find(header).is_some_and(|field| field.since <= metadata.level());
        (!told && !is_nothing(value)).then_some(header)
    })
}

/// Whether the core metadata of any version have a field of this name.
pub(super) fn is_known(header: &str) -> bool {
    find(header).is_some()
}

fn is_nothing(value: &str) -> bool {
    matches!(value.trim(), "" | "UNKNOWN")
}

/// A list by commas, of so many parts at most, with one blank behind each comma.
fn split_trimmed(value: &str, parts: usize) -> String {
    value
        .splitn(parts, ',')
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The name with each run of other characters than letters, digits and dots one
/// hyphen: the spelling that upload tools have always sent.
fn safe_name(name: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let mut safe = String::with_capacity(name.len());
    for c in name.chars() {
        if legal(c) {
            safe.push(c);
        } else if !safe.ends_with('-') {
            safe.push('-');
        }
    }
    safe
}
