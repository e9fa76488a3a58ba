// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who judges attestations beside the stand-in index: the index's own tools.

use std::path::Path;

use serde_json::Value;
use testbed::npm_sigstore::NpmSigstore;
use testbed::oidc::FakeIssuer;
use testbed::pypi_attestations::{Claimed, PypiAttestations};

/// The index's own tools, with this trust configuration; none where no Python is
/// named, which is said.
#[expect(
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a test says why it skips, and by what it was judged"
)]
pub fn tools(trust_config: &Path) -> Option<PypiAttestations> {
    let Some(python) = std::env::var_os("TWINE_PYTHON") else {
        println!("skipped: TWINE_PYTHON names no python that has pypi-attestations");
        return None;
    };
    // Whoever names a Python has run `tests/run setup`: it must have them.
    let tools = PypiAttestations::find(&python, trust_config)
        .unwrap_or_else(|why| panic!("run `tests/run setup`: {why}"));
    println!("judged by {}", tools.versions());
    Some(tools)
}

/// Sigstore by the hand of others; none where no folder of npm is named, which is
/// said.
#[expect(
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a test says why it skips, and by what it was judged"
)]
pub fn npm_sigstore(issuer: &FakeIssuer) -> Option<NpmSigstore> {
    let Some(npm) = std::env::var_os("NPM_TOOLS") else {
        println!("skipped: NPM_TOOLS names no folder that has @sigstore/mock");
        return None;
    };
    // Whoever names a folder has run `tests/run setup`: it must be there.
    let server = NpmSigstore::start(&npm, &issuer.trust())
        .unwrap_or_else(|why| panic!("run `tests/run setup`: {why}"));
    println!("signed by {}", server.version());
    Some(server)
}

/// An attestation of the example project's workflow for a file.
pub fn claimed(attestation: &Value, filename: &str, bytes: &[u8]) -> Claimed {
    Claimed {
        attestation: attestation.clone(),
        filename: filename.to_owned(),
        bytes: bytes.to_vec(),
        repository: "apache/example".to_owned(),
        workflow: "release.yml".to_owned(),
    }
}
