// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What to do about an index's own words: the sentences with which PyPI
//! refuses a file or a token, and our advice on each.
//!
//! Sentences are recognised by the part of them that does not change. An
//! index that says something else is quoted, and the rule's own advice stands.
//! Pure.

mod attestation;

use attestation::ATTESTATION;

/// A part of an index's sentence, and what to do about it.
type Row = (&'static str, &'static str);

/// What the index says of a request, whatever the file: token, project, index.
const REQUEST: &[Row] = &[
    (
        "Invalid or non-existent authentication information",
        "The index does not know the token: check that `upload-url` belongs to `index`, then run the job again.",
    ),
    (
        "Username/Password authentication is no longer supported",
        "Something on the way replaces the credentials: check `upload-url` and any proxy.",
    ),
    (
        "Read-only mode",
        "The index takes no uploads for now: see its status page and run the job again later.",
    ),
    (
        "New uploads are temporarily disabled",
        "The index takes no uploads for now: see its status page and run the job again later.",
    ),
    (
        "New project registration temporarily disabled",
        "The index takes no new projects for now: see its status page and run the job again later.",
    ),
    (
        "OIDC scoped token is not valid for project",
        "The token does not cover this project: register this workflow as its trusted publisher, then run the job again.",
    ),
    (
        "project-scoped token is not valid for project",
        "The token does not cover this project: register this workflow as its trusted publisher, then run the job again.",
    ),
    (
        "signatures do not match",
        "The token was changed on the way: check `upload-url` and any proxy, then run the job again.",
    ),
    (
        "The given token isn't allowed to upload to project",
        "The project is archived or quarantined: an owner looks at its settings page on the index.",
    ),
    (
        "isn't allowed to upload to project",
        "The account has no role in the project: an owner of the project adds it, or registers a trusted publisher.",
    ),
    (
        "Non-user identities cannot create new projects",
        "The project does not exist and the token cannot make it: register a pending publisher under exactly this name, then run the job again.",
    ),
    (
        "does not have a verified primary email address",
        "The account behind the token verifies its address on the index.",
    ),
    (
        "does not have two-factor authentication enabled",
        "The account behind the token turns on two-factor authentication on the index.",
    ),
    (
        "Organization account owning this project is inactive",
        "An owner of the organization on the index settles its account, or writes to the index's support.",
    ),
    (
        "Too many new projects created",
        "The index makes only so many new projects an hour: run the job again in an hour.",
    ),
    ("SSL is required", "Give `upload-url` with https."),
    (
        "Invalid API Token",
        "The token does not allow this: compare the publisher of the project on the index with this workflow, then run the job again.",
    ),
];

/// Why a name cannot become a project, at an upload as at a mint.
const NAME: &[Row] = &[
    (
        "conflicts with an existing project",
        "Choose another name, or ask the owners of the project that has this one.",
    ),
    (
        "is too similar to an existing project",
        "Choose another name: the index takes the two for one. It can be disputed with the index's support.",
    ),
    (
        "conflict with Python Standard Library module name",
        "Choose another name: this one belongs to the standard library.",
    ),
    (
        "isn't allowed",
        "The index keeps this name from everybody: choose another, or ask its support.",
    ),
    (
        "' is invalid.",
        "Choose another name: letters, digits and `.`, `_`, `-` inside, as of PEP 508.",
    ),
];

/// What the index says of the metadata. The form is made of the file's own
/// metadata, so that the file has to be built again.
const METADATA: &[Row] = &[
    (
        "is an invalid value for Name",
        "Correct the project's name in its build configuration and build again: letters, digits and `.`, `_`, `-` inside.",
    ),
    (
        "Invalid value for filetype",
        "The index takes wheels and sdists alone: leave the file out with `exclude`.",
    ),
    (
        "Python version is required for binary distribution uploads",
        "Build the wheel again with a current back end.",
    ),
    (
        "Use 'source' as Python version for an sdist",
        "Build the sdist again with a current back end.",
    ),
    (
        "Include at least one message digest",
        "Something on the way drops fields of the form: check `upload-url` and any proxy.",
    ),
    (
        "hex-encoded",
        "Something on the way changes fields of the form: check `upload-url` and any proxy.",
    ),
    (
        "is not a valid metadata version",
        "Build again with a back end that writes a core metadata version which the index takes.",
    ),
    (
        "The use of local versions",
        "Build again with a public version: no index takes one with `+`.",
    ),
    (
        "is invalid for 'version'",
        "Build again with a version as of PEP 440.",
    ),
    (
        "'version' is a required field",
        "Build again with a current back end: the metadata has no version.",
    ),
    (
        "is a required field",
        "Build again with a current back end: the metadata lacks a field.",
    ),
    (
        "introduced in metadata version",
        "Build again with a current back end: a field is newer than the metadata version that the file names.",
    ),
    (
        "License is deprecated when License-Expression is present",
        "Build again with one of the two: `license` as an SPDX expression, and no other licence text.",
    ),
    (
        "is invalid for 'license-expression'",
        "Build again with an SPDX expression, such as Apache-2.0.",
    ),
    (
        "' is invalid for '",
        "Correct that field in the build configuration, by the core metadata specification, and build again.",
    ),
    (
        "is not a valid classifier",
        "Build again with classifiers of the index's list.",
    ),
    (
        "has been deprecated, use",
        "Build again with the classifier that the index names.",
    ),
    (
        "Can't have direct dependency",
        "Build again with a dependency by name and version: an index takes none by URL.",
    ),
    (
        "'summary' field must be 512 characters or less",
        "Build again with a shorter description line.",
    ),
    (
        "'summary' must be a single line",
        "Build again with a description of one line.",
    ),
    (
        "is not a valid email address",
        "Build again with a valid mail address of authors and maintainers.",
    ),
    (
        "is not a valid url",
        "Build again with project URLs of http or https.",
    ),
    (
        "Must have a URL",
        "Build again: a label of the project URLs has no URL.",
    ),
    (
        "must be 32 characters or less",
        "Build again with shorter labels of the project URLs.",
    ),
    (
        "'project_urls' has invalid data",
        "Build again: a label of the project URLs stands there twice.",
    ),
    (
        "has invalid data",
        "Build again with a current back end: a field stands there twice.",
    ),
    (
        "Should not be a tuple",
        "Something on the way changes fields of the form: check `upload-url` and any proxy.",
    ),
    (
        "The description failed to render",
        "Correct the README or its content type, check it with `twine check`, and build again.",
    ),
    (
        "Unknown protocol version",
        "The index speaks another protocol: check `upload-url`.",
    ),
];

/// What the index says of the file.
const FILE: &[Row] = &[
    (
        "File already exists",
        "Do not publish. The index has this name with other bytes, or these very bytes under another name, perhaps in another project: make a new version.",
    ),
    (
        "previously used by a file that has since been deleted",
        "The name belonged to a file that was deleted, and can never be used again: make a new version.",
    ),
    (
        "non-printable characters",
        "Build again: the name holds characters that no file name has.",
    ),
    (
        "with '/' or '\\' in the name",
        "Build again: the name holds a separator.",
    ),
    (
        "Invalid file extension",
        "The index takes `.whl` and `.tar.gz` alone: leave the file out with `exclude`.",
    ),
    (
        "Filename is too long",
        "Build again with a shorter project name or fewer platform tags.",
    ),
    (
        "File too large",
        "Ask the index's support for a higher limit of the file size, then run the job again.",
    ),
    (
        "Project size too large",
        "Ask the index's support for a higher limit of the project's size, or delete old releases, then run the job again.",
    ),
    (
        "The digest supplied does not match",
        "Something on the way changed the bytes: check any proxy, then run the job again.",
    ),
    (
        "Upload payload does not have a file",
        "Something on the way drops the file: check `upload-url` and any proxy.",
    ),
    (
        "older than 14 days is not allowed",
        "The release is closed to new files: make a new version.",
    ),
    (
        "Only one sdist may be uploaded per release",
        "The release has an sdist already: leave this one out, or make a new version.",
    ),
    (
        "is invalid, should be",
        "Build again with a current back end: the name is not that of PEP 625.",
    ),
    (
        "Invalid source distribution filename",
        "Build again with a current back end: the name is not that of PEP 625.",
    ),
    (
        "Start filename for",
        "Build again: the file name begins with another project than the metadata name.",
    ),
    (
        "should contain the normalized project name",
        "Build again with a current back end: the name is not in its normal form.",
    ),
    (
        "Version in filename should be",
        "Build again: file name and metadata name two versions.",
    ),
    (
        "Unable to parse name and version from wheel filename",
        "Build again with a current back end: the name is not that of PEP 427.",
    ),
    (
        "has an unsupported platform tag",
        "Build in a manylinux or musllinux container, or repair the wheel with auditwheel or delocate.",
    ),
    (
        "does not contain the required",
        "Build again: the wheel lacks a file of its `.dist-info` folder.",
    ),
    (
        "has invalid entry points",
        "Correct the entry points in the build configuration and build again.",
    ),
    (
        "does not exist in distribution file",
        "Build again: the metadata names a licence file that the archive does not hold.",
    ),
    (
        "Sparse members are not allowed",
        "Build again: pack the sdist without sparse files.",
    ),
    (
        "ZIP archive not accepted",
        "Build again with a current back end: a tool wrote the zip in a way that readers disagree on.",
    ),
    (
        "content is not allowed",
        "Build again without the encrypted code.",
    ),
    (
        "Invalid distribution file",
        "Build again with a current back end: the index cannot read the archive.",
    ),
];

/// Why a mint was refused, by the index's code and sentence.
const MINT: &[Row] = &[
    (
        "pull_request_target",
        "Start the publishing workflow by `workflow_dispatch`, a tag or a release: no index takes a token of `pull_request_target`.",
    ),
    (
        "job_workflow_ref claim does not match",
        "The job runs in a reusable workflow of another repository: put the publishing job into a workflow file of the repository that is registered.",
    ),
    (
        "optional claim 'environment'",
        "The publisher names another environment: give the job that environment, or correct the publisher.",
    ),
    (
        "required claim",
        "The publisher names another owner or repository: correct the publisher on the index.",
    ),
    (
        "Publisher with matching claims was not found",
        "Compare each claim with the publisher form of the project on the index: owner, repository, workflow file and environment, upper and lower case too.",
    ),
    (
        "invalid-publisher",
        "Compare each claim with the publisher form of the project on the index: owner, repository, workflow file and environment, upper and lower case too.",
    ),
    (
        "invalid-pending-publisher",
        "Somebody made the project in the meantime: an owner of it registers this workflow as a trusted publisher.",
    ),
    (
        "invalid-reuse-token",
        "Run the job again: the index has seen this identity token before.",
    ),
    (
        "not-enabled",
        "The index takes no trusted publishing for now: see its status page and run the job again later.",
    ),
    (
        "unknown trusted publishing issuer",
        "The index does not know who issued the token: publish from a GitHub-hosted workflow, or check `index`.",
    ),
    (
        "invalid-token",
        "The identity token is for another audience or is too old: check the runner's clock and `index`, then run the job again.",
    ),
    (
        "malformed JWT",
        "Something on the way changed the identity token: check any proxy, then run the job again.",
    ),
    (
        "Trusted publishing functionality not enabled",
        "The index has no trusted publishing: check `index`.",
    ),
    (
        "invalid-payload",
        "Something on the way changed the request: check any proxy and `index`, then run the job again.",
    ),
];

fn find(tables: &[&[Row]], words: &str) -> Option<&'static str> {
    tables
        .iter()
        .flat_map(|table| table.iter())
        .find(|(part, _)| words.contains(part))
        .map(|(_, advice)| *advice)
}

/// What to do about a refused upload; none where the index says something new.
pub(super) fn on_upload(words: &str) -> Option<&'static str> {
    find(&[REQUEST, NAME, METADATA, ATTESTATION, FILE], words)
}

/// What to do about a refused mint; none where the index says something new.
pub(super) fn on_mint(code: &str, description: &str) -> Option<&'static str> {
    find(&[REQUEST, NAME, MINT], &format!("{code}: {description}"))
}

#[cfg(test)]
pub(super) mod tests;
