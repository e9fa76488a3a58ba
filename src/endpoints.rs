// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The public services that the product talks to, each named once.
//!
//! Nothing here is a decision; `plan` decides which of these a run may use.

/// The Subversion server of the ASF's distribution areas.
pub const ASF_DIST_HOST: &str = "dist.apache.org";
/// The path of the distribution repository's root on [`ASF_DIST_HOST`].
pub const ASF_DIST_ROOT: &str = "/repos/dist";
/// The download server: a copy of the release area, plain files.
pub const ASF_DOWNLOADS_HOST: &str = "downloads.apache.org";
/// The archive of all past releases; its files lie below [`ASF_ARCHIVE_ROOT`].
pub const ASF_ARCHIVE_HOST: &str = "archive.apache.org";
/// The path of the archive's root on [`ASF_ARCHIVE_HOST`].
pub const ASF_ARCHIVE_ROOT: &str = "/dist";

/// The base of PyPI: `/simple/`, `/_/oidc/…`, `/integrity/` and the web pages.
pub const PYPI_BASE: &str = "https://pypi.org";
/// Where PyPI takes uploads.
pub const PYPI_UPLOAD: &str = "https://upload.pypi.org/legacy/";
/// The base of TestPyPI, as [`PYPI_BASE`].
pub const TESTPYPI_BASE: &str = "https://test.pypi.org";
/// Where TestPyPI takes uploads.
pub const TESTPYPI_UPLOAD: &str = "https://test.pypi.org/legacy/";
/// Every host of PyPI and TestPyPI: an index of one's own is none of these.
pub const PYPI_HOSTS: [&str; 4] = [
    "pypi.org",
    "upload.pypi.org",
    "test.pypi.org",
    "pypi.python.org",
];

/// The audiences whose tokens are worth something elsewhere: only the public
/// indexes may ask for the first two, and only Sigstore for the third.
pub const GUARDED_AUDIENCES: [&str; 3] = ["pypi", "testpypi", SIGSTORE_AUDIENCE];

/// Sigstore's public instance: gives certificates for identity tokens.
pub const SIGSTORE_FULCIO: &str = "https://fulcio.sigstore.dev";
/// Its transparency log, of the first kind.
pub const SIGSTORE_REKOR: &str = "https://rekor.sigstore.dev";
/// The certificate authority of Sigstore's staging instance.
pub const SIGSTORE_STAGING_FULCIO: &str = "https://fulcio.sigstage.dev";
/// The transparency log of Sigstore's staging instance.
pub const SIGSTORE_STAGING_REKOR: &str = "https://rekor.sigstage.dev";
/// The audience of the identity tokens that Sigstore's instances take.
pub const SIGSTORE_AUDIENCE: &str = "sigstore";
/// Who issues the identity tokens of GitHub's runners.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Where the repositories are whose workflows attest.
pub const GITHUB: &str = "https://github.com";

/// GitHub's API: the only address that a token of GitHub is sent to.
pub const GITHUB_API: &str = "https://api.github.com";

/// What `uses:` names this action by: any other owner's is another action.
pub const ACTION: &str = "apache/asf-pypi-publish";
/// Where this project lives; part of the User-Agent.
pub const PROJECT_PAGE: &str = "https://github.com/apache/asf-pypi-publish";
/// The documentation of the rules; a rule's id is its anchor.
pub const RULES_PAGE: &str = "https://github.com/apache/asf-pypi-publish/blob/main/docs/rules.md";
