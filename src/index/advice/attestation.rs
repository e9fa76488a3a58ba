// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What PyPI says of attestations that it does not take. Each was verified by
//! the same policy before it was sent, so that the two disagree: on who the
//! publisher is, on the time, or on what is trusted. Pure.

use super::Row;

pub(super) const ATTESTATION: &[Row] = &[
    (
        "Attestations are only supported when using Trusted Publishing",
        "The index does not take the token for one of a trusted publisher: set `attestations: false` for this index.",
    ),
    (
        "Attestations are not currently supported with",
        "The index takes attestations of no publisher of this kind: register the workflow on GitHub, or set `attestations: false`.",
    ),
    (
        "Malformed attestations",
        "The index reads attestations in another form: please report it; `attestations: false` publishes without them.",
    ),
    (
        "A maximum of",
        "The index takes fewer attestations for a file: remove those that lie in the release.",
    ),
    (
        "Multiple attestations for the same file",
        "The index takes one attestation of a type: remove those that lie in the release.",
    ),
    (
        "does not match expected Trusted Publisher",
        "Another workflow is registered than the one that ran: compare file name and repository of the trusted publisher, to the letter and in their case.",
    ),
    (
        "Certificate's",
        "The certificate names another repository or issuer than the registered publisher: compare its owner and repository, in their case too.",
    ),
    (
        "subject does not match distribution",
        "The attestation is of another file: remove those that lie in the release, and report it where none does.",
    ),
    (
        "not enough sources of verified time",
        "The index wants an entry of Rekor v1: use `sigstore: public`, or remove the attestation that lies in the release.",
    ),
    (
        "Unsupported DSSE log entry type",
        "The index wants an entry of Rekor v1 of the kind `dsse`: remove the attestation that lies in the release.",
    ),
    (
        "unknown attestation type",
        "The index takes publish attestations and SLSA provenance only: remove the attestation that lies in the release.",
    ),
    (
        "Could not verify the uploaded artifact using the included attestation",
        "The index does not trust the Sigstore that made it: PyPI and TestPyPI know `sigstore: public` only.",
    ),
    (
        "Invalid attestations supplied",
        "The attestation is not one that the index takes for this workflow: compare the registered publisher with the workflow that ran.",
    ),
];
