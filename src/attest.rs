// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Attestations (PEP 740) through Sigstore: statements, the objects that an
//! index takes, what is trusted, signing and verifying.
//!
//! Decides what a good attestation is, by the policy of the index that takes
//! it, so that ours is judged before it is sent: one that is refused costs the
//! file, and none can be added later. Decides neither which files are attested
//! nor what follows from a verdict. No type of Sigstore's crates leaves here.

mod bundle;
mod error;
mod pep740;
mod publisher;
mod sign;
mod sigstore;
mod statement;
mod trust;
mod verify;
#[cfg(test)]
mod world;

pub use bundle::Bundle;
pub use error::{AttestError, Service};
pub use pep740::{Attestation, MOST_PER_FILE};
pub use publisher::Publisher;
pub use sign::{Sign, SignedStatement};
pub use sigstore::Sigstore;
pub use statement::{PUBLISH, SLSA_PROVENANCE, Statement, Subject};
pub use trust::Trust;
pub use verify::{Attested, verify, verify_bundle, verify_bundle_by_anyone, verify_by_anyone};
