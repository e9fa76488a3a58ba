// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Each sentence of the index, and a word of the advice that must follow.

use super::*;

pub(crate) const UPLOADS: &[(&str, &str)] = &[
    (
        "403 Invalid or non-existent authentication information. See https://index/help/#invalid-auth for more information.",
        "upload-url",
    ),
    (
        "403 Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers instead.",
        "proxy",
    ),
    (
        "403 Read-only mode: Uploads are temporarily disabled.",
        "later",
    ),
    (
        "403 New uploads are temporarily disabled. See https://index/help/#admin-intervention for more information.",
        "later",
    ),
    (
        "403 New project registration temporarily disabled. See https://index/help/#admin-intervention",
        "later",
    ),
    (
        "403 Invalid API Token: OIDC scoped token is not valid for project 'x', project-scoped token is not valid for project: 'x'",
        "register this workflow",
    ),
    (
        "403 Invalid API Token: signatures do not match, signatures do not match",
        "proxy",
    ),
    (
        "403 The given token isn't allowed to upload to project 'x'. See https://index/help/#project-name for more information.",
        "archived or quarantined",
    ),
    (
        "403 The user 'u' isn't allowed to upload to project 'x'. See https://index/help/#project-name",
        "no role",
    ),
    (
        "403 User 'u', associated with the API token used, does not have a verified primary email address.",
        "address",
    ),
    (
        "403 User 'u', associated with the API token used, does not have two-factor authentication enabled.",
        "two-factor",
    ),
    ("403 SSL is required", "https"),
    (
        "403 Invalid API Token: a caveat that nobody knows, a caveat that nobody knows",
        "publisher of the project",
    ),
    ("400 The name '-' is invalid.", "another name"),
    (
        "400 File already exists ('x-1.0.tar.gz', with blake2_256 hash 'ab'). See https://index/help/#file-name-reuse for more information.",
        "under another name",
    ),
    (
        "400 This filename was previously used by a file that has since been deleted. Use a different version. See https://index/help/#file-name-reuse for more information.",
        "new version",
    ),
    (
        "400 Non-user identities cannot create new projects. This was probably caused by successfully using a pending publisher but specifying the project name incorrectly",
        "pending publisher",
    ),
    (
        "400 Organization account owning this project is inactive. This may be due to inactive billing",
        "owner",
    ),
    ("429 Too many new projects created", "hour"),
    (
        "409 The name 'x' conflicts with an existing project.",
        "another name",
    ),
    (
        "400 The name 'x' is too similar to an existing project.",
        "another name",
    ),
    (
        "400 The name 'x' isn't allowed (conflict with Python Standard Library module name).",
        "standard library",
    ),
    (
        "400 The name 'x' isn't allowed. See https://index/help/#project-name",
        "another",
    ),
    (
        "400 '' is an invalid value for Name. Error: This field is required.",
        "name",
    ),
    (
        "400 '-foo' is an invalid value for Name. Error: Start and end with a letter or numeral",
        "name",
    ),
    (
        "400 Invalid value for filetype. Error: Use a known file type.",
        "exclude",
    ),
    (
        "400 Invalid value for filetype. Error: This field is required.",
        "exclude",
    ),
    (
        "400 Invalid value for pyversion. Error: Python version is required for binary distribution uploads.",
        "Build",
    ),
    (
        "400 Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.",
        "sdist",
    ),
    ("400 Error: Include at least one message digest.", "proxy"),
    (
        "400 Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
        "proxy",
    ),
    ("400 'version' is a required field.", "version"),
    ("400 'name' is a required field.", "lacks a field"),
    (
        "400 '>=3,' is invalid for 'requires-python'.",
        "Correct that field",
    ),
    (
        "400 None is not a valid metadata version.",
        "metadata version",
    ),
    ("400 '1.0-incubating' is invalid for 'version'.", "PEP 440"),
    (
        "400 The use of local versions in '1.0+incubating' is not allowed.",
        "public version",
    ),
    (
        "400 license-file introduced in metadata version 2.4, not 2.1.",
        "newer",
    ),
    (
        "400 License is deprecated when License-Expression is present. Only License-Expression should be present.",
        "SPDX",
    ),
    (
        "400 'Apache License' is invalid for 'license-expression'.",
        "Apache-2.0",
    ),
    ("400 'X' is not a valid classifier.", "classifiers"),
    (
        "400 The classifier 'X' has been deprecated, use one of ['Y'] instead.",
        "classifier",
    ),
    (
        "400 Can't have direct dependency: foo @ https://x/y.whl.",
        "by URL",
    ),
    (
        "400 'summary' field must be 512 characters or less.",
        "shorter",
    ),
    ("400 'summary' must be a single line.", "one line"),
    ("400 'dev@foo' is not a valid email address: no dot", "mail"),
    ("400 'ftp://x' is not a valid url.", "http"),
    ("400 Must have a URL.", "no URL"),
    (
        "400 'a long label' must be 32 characters or less.",
        "labels",
    ),
    ("400 'project_urls' has invalid data.", "twice"),
    (
        "400 'summary' has invalid data. See https://packaging",
        "twice",
    ),
    ("400 name: Should not be a tuple.", "proxy"),
    (
        "400 The description failed to render for 'text/markdown'.",
        "twine check",
    ),
    (
        "400 The description failed to render in the default format of reStructuredText.",
        "twine check",
    ),
    ("400 Unknown protocol version.", "upload-url"),
    (
        "400 Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) in the name.",
        "characters",
    ),
    (
        "400 Cannot upload a file with '/' or '\\' in the name.",
        "separator",
    ),
    (
        "400 Invalid file extension: Extension .zip is invalid for filetype bdist_wheel.",
        "exclude",
    ),
    ("400 Filename is too long: 'x'", "shorter"),
    (
        "400 File too large. Limit for project 'x' is 100 MB.",
        "limit of the file size",
    ),
    (
        "400 Project size too large. Limit for project 'x' total size is 10 GB.",
        "limit of the project's size",
    ),
    (
        "400 The digest supplied does not match a digest calculated from the uploaded file.",
        "proxy",
    ),
    ("400 Upload payload does not have a file.", "proxy"),
    (
        "400 Uploading new files to releases older than 14 days is not allowed.",
        "new version",
    ),
    (
        "400 Only one sdist may be uploaded per release.",
        "new version",
    ),
    (
        "400 Invalid distribution file. File is both a zip and a tar file",
        "cannot read",
    ),
    (
        "400 Invalid distribution file. File exceeds compression ratio of 50",
        "cannot read",
    ),
    (
        "400 Invalid distribution file. PKG-INFO not found at x/PKG-INFO",
        "cannot read",
    ),
    (
        "400 Invalid distribution file. tar archive not accepted: Sparse members are not allowed.",
        "sparse",
    ),
    (
        "400 Invalid distribution file. ZIP archive not accepted: ZIP contains a data descriptor.",
        "readers disagree",
    ),
    (
        "400 Invalid distribution file. PyArmor-encrypted content is not allowed.",
        "encrypted",
    ),
    (
        "400 Filename 'Foo-1.0.tar.gz' is invalid, should be 'foo-1.0.tar.gz'.",
        "PEP 625",
    ),
    ("400 Invalid source distribution filename: x", "PEP 625"),
    (
        "400 Start filename for 'foo-bar' with 'foo_bar'.",
        "another project",
    ),
    (
        "400 Binary wheel 'f' has an unsupported platform tag 'linux_x86_64'.",
        "manylinux",
    ),
    (
        "400 Filename 'f' should contain the normalized project name 'foo_bar', not 'Foo_Bar'.",
        "normal form",
    ),
    (
        "400 Version in filename should be '1.0' not '1.1'.",
        "two versions",
    ),
    (
        "400 Invalid distribution file. Unable to parse name and version from wheel filename",
        "PEP 427",
    ),
    (
        "400 Wheel 'f' does not contain the required RECORD file: x",
        "dist-info",
    ),
    (
        "400 Wheel 'f' has invalid entry points defined in the entry_points.txt file",
        "entry points",
    ),
    (
        "400 License-File L does not exist in distribution file F at x/L",
        "licence file",
    ),
    (
        "400 Invalid attestations supplied during upload: Something new",
        "registered publisher",
    ),
    (
        "400 Invalid attestations supplied during upload: Attestations are only supported when using Trusted Publishing",
        "attestations: false",
    ),
    (
        "400 Invalid attestations supplied during upload: Attestations are not currently supported with ActiveState publishers",
        "GitHub",
    ),
    (
        "400 Invalid attestations supplied during upload: Malformed attestations: an empty attestation set is not permitted",
        "report it",
    ),
    (
        "400 Invalid attestations supplied during upload: A maximum of 2 attestations per file are supported",
        "fewer",
    ),
    (
        "400 Invalid attestations supplied during upload: Multiple attestations for the same file with the same predicate type (x) are not supported",
        "one attestation of a type",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: Certificate's Build Config URI (x) does not match expected Trusted Publisher (f.yml @ o/r)",
        "file name and repository",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: Certificate's OIDCSourceRepositoryURI does not match (got 'a', expected 'b')",
        "owner and repository",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: subject does not match distribution digest",
        "another file",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: not enough sources of verified time",
        "Rekor v1",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: Unsupported DSSE log entry type: intoto/0.0.2",
        "`dsse`",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: unknown attestation type: x",
        "SLSA",
    ),
    (
        "400 Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included attestation: Verification failed: too many subjects in statement (must be exactly one)",
        "sigstore: public",
    ),
];

const MINTS: &[(&str, &str, &str)] = &[
    ("invalid-payload", "malformed JWT", "proxy"),
    (
        "invalid-payload",
        "unknown trusted publishing issuer",
        "issued",
    ),
    (
        "not-enabled",
        "github trusted publishing functionality not enabled",
        "later",
    ),
    ("invalid-token", "malformed or invalid token", "audience"),
    (
        "invalid-pending-publisher",
        "valid token, but project already exists",
        "meantime",
    ),
    (
        "invalid-payload",
        "The name 'x' is too similar to an existing project.",
        "another name",
    ),
    (
        "invalid-reuse-token",
        "invalid token: already used",
        "again",
    ),
    (
        "invalid-publisher",
        "valid token, but no corresponding publisher (Publisher with matching claims was not found)",
        "each claim",
    ),
    (
        "invalid-publisher",
        "valid token, but no corresponding publisher (Check failed for optional claim 'environment')",
        "another environment",
    ),
    (
        "invalid-publisher",
        "valid token, but no corresponding publisher (Check failed for required claim 'repository_owner')",
        "owner or repository",
    ),
    (
        "invalid-publisher",
        "valid token, but no corresponding publisher (The job_workflow_ref claim does not match, expecting one of ['o/r'], got 'x')",
        "reusable workflow",
    ),
    (
        "invalid-publisher",
        "Publishing from a workflow invoked via 'pull_request_target' is not supported.",
        "workflow_dispatch",
    ),
    (
        "invalid-publisher",
        "valid token, but no corresponding publisher (Could not job extract workflow filename from OIDC claims)",
        "each claim",
    ),
    (
        "invalid-payload",
        "1 validation error for TokenPayload",
        "changed the request",
    ),
    (
        "invalid-payload",
        "The name 'x' is invalid.",
        "another name",
    ),
    (
        "refused",
        "Trusted publishing functionality not enabled",
        "check `index`",
    ),
];

#[test]
fn every_sentence_about_an_upload_has_advice() {
    for (words, advice) in UPLOADS {
        let found = on_upload(words).unwrap_or_else(|| panic!("no advice on {words}"));
        assert!(found.contains(advice), "{words}: {found}");
    }
    assert_eq!(on_upload("400 Something that nobody has heard of"), None);
}

#[test]
fn every_code_of_a_refused_mint_has_advice() {
    for (code, description, advice) in MINTS {
        let found = on_mint(code, description).unwrap_or_else(|| panic!("no advice on {code}"));
        assert!(found.contains(advice), "{code} {description}: {found}");
    }
    assert_eq!(on_mint("invalid-novelty", "nobody knows"), None);
}

#[test]
fn no_row_of_the_tables_is_hidden_behind_another() {
    for tables in [
        &[REQUEST, NAME, METADATA, ATTESTATION, FILE][..],
        &[REQUEST, NAME, MINT],
    ] {
        for (part, advice) in tables.iter().flat_map(|table| table.iter()) {
            assert_eq!(find(tables, part), Some(*advice), "{part}");
        }
    }
}
