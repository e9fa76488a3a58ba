// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Snapshot + bytes -> Verified -> Batch.
//!
//! Decides whether the bytes of one artifact are what the project signed, and
//! whether all of them together are a release that may be published. The only
//! maker of [`Verified`] and [`Batch`]: no token is minted and nothing is
//! uploaded without one.

mod batch;
mod elsewhere;
mod enclosed;
mod lists;
mod together;

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::checksum::{self, Algorithm};
use crate::dist::contents;
use crate::dist::filename::DistributionName;
use crate::dist::metadata::Metadata;
use crate::openpgp::{self, Asc, Commit, Fingerprint, Hashed, Judged, Keyring, SignedData, Signer};
use crate::rules::{Finding, Rule};
use crate::snapshot::{Artifact, basename};
use crate::source::{Entry, Fetched};

pub use batch::{Batch, Publishable};
pub use elsewhere::Elsewhere;
pub use enclosed::{AttestationPolicy, Enclosed};
pub use lists::{FolderLists, Listed};

/// The bytes of the sidecars of one artifact, with their paths.
#[derive(Debug, Default)]
pub struct Sidecars {
    /// The `.asc`, if there is one.
    pub signature: Option<Vec<u8>>,
    /// Every checksum that counts.
    pub checksums: Vec<(Algorithm, String, Vec<u8>)>,
    /// The `.mds`, if there is one.
    pub digests: Option<(String, Vec<u8>)>,
    /// What the lists of its folder, and of those above, say of it and of
    /// these sidecars.
    pub listed: Vec<Listed>,
    /// Attestations of it, with their paths.
    pub attestations: Vec<(String, Vec<u8>)>,
}

impl Sidecars {
    /// The bytes of the sidecar at `file` of the artifact at `path`.
    fn bytes_of(&self, path: &str, file: &str) -> Option<&[u8]> {
        if file.strip_prefix(path) == Some(".asc") {
            return self.signature.as_deref();
        }
        let checksums = self.checksums.iter().map(|(_, path, bytes)| (path, bytes));
        let digests = self.digests.iter().map(|(path, bytes)| (path, bytes));
        let mut all = checksums.chain(digests);
        all.find(|(path, _)| *path == file)
            .map(|(_, bytes)| bytes.as_slice())
    }
}

/// Who may sign, and when the question is asked.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The keys of KEYS.
    pub keyring: &'a Keyring,
    /// Those that may sign; empty for all.
    pub signers: &'a [Fingerprint],
    /// Seconds since 1970.
    pub now: u64,
    /// For attestations that lie in the release.
    pub attestations: AttestationPolicy<'a>,
}

/// A distribution whose checksum and signature hold and whose metadata agrees
/// with its name. Carries the open handle: what is sent is read from it.
#[derive(Debug)]
pub struct Verified {
    path: String,
    name: DistributionName,
    version: String,
    metadata: Metadata,
    signer: Signer,
    signature_sha256: [u8; 32],
    fetched: Fetched,
    enclosed: Vec<Enclosed>,
}

impl Verified {
    /// The path relative to the source.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// What the file name says.
    pub fn name(&self) -> &DistributionName {
        &self.name
    }
    /// The version in its normal form.
    pub fn version_text(&self) -> &str {
        &self.version
    }
    /// What the distribution says of itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    /// Who signed it.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }
    /// The SHA-256 of the `.asc` that proves it.
    pub fn signature_sha256(&self) -> &[u8; 32] {
        &self.signature_sha256
    }
    /// The bytes, and their digests.
    pub fn fetched(&self) -> &Fetched {
        &self.fetched
    }
    /// The attestations that lay beside it; at most one of a type.
    pub fn enclosed(&self) -> &[Enclosed] {
        &self.enclosed
    }
    /// Whether one of this type lay beside it.
    pub fn encloses(&self, predicate_type: &str) -> bool {
        let mut enclosed = self.enclosed.iter();
        enclosed.any(|one| one.says.predicate_type == predicate_type)
    }
}

/// What came of one artifact.
#[derive(Debug)]
pub struct Judgement {
    /// Its path.
    pub path: String,
    /// Who signed it, where the signature holds.
    pub signer: Option<Signer>,
    /// The distribution, if it is one and nothing is wrong with it.
    pub verified: Option<Verified>,
    /// What was found, good and bad.
    pub findings: Vec<Finding>,
    /// Bytes, SHA-256 and SHA-512.
    pub digests: (u64, [u8; 32], [u8; 64]),
}

/// Judges one artifact. Reads from the private copy only; blocking.
pub fn judge(
    artifact: &Artifact,
    fetched: Fetched,
    sidecars: &Sidecars,
    trust: &Trust<'_>,
) -> Judgement {
    let path = artifact.entry.path.as_str();
    let mut findings = check_checksums(path, &fetched, sidecars);
    findings.extend(lists::check(path, &fetched, sidecars));
    let signer = match check_signature(artifact, &fetched, sidecars, trust) {
        Ok(judged) => {
            findings.extend(judged.findings);
            Some(judged.signer)
        }
        Err(refusals) => {
            findings.extend(refusals);
            None
        }
    };
    // What an archive holds is only asked of bytes that the project signed:
    // nobody else's are unpacked.
    let holds_so_far = !findings.iter().any(Finding::refuses);
    let metadata = artifact
        .name
        .as_ref()
        .filter(|_| holds_so_far)
        .and_then(|name| {
            let (metadata, found) = contents::judge(fetched.reader(), name, path);
            findings.extend(found);
            metadata
        });
    let enclosed = enclosed::read(
        artifact.name.as_ref(),
        &fetched,
        sidecars,
        &trust.attestations,
    );
    let enclosed = enclosed.unwrap_or_else(|found| {
        findings.extend(found);
        Vec::new()
    });
    let digests = (fetched.size(), *fetched.sha256(), *fetched.sha512());
    let holds = !findings.iter().any(Finding::refuses);
    let verified = match (&artifact.name, metadata, &signer) {
        (Some(name), Some(metadata), Some(signer)) if holds => Some(Verified {
            path: path.to_owned(),
            name: name.clone(),
            version: name.version().to_string(),
            metadata,
            signer: signer.clone(),
            signature_sha256: Sha256::digest(sidecars.signature.as_deref().unwrap_or_default())
                .into(),
            fetched,
            enclosed,
        }),
        _ => None,
    };
    Judgement {
        path: path.to_owned(),
        signer,
        verified,
        findings,
        digests,
    }
}

fn check_checksums(path: &str, fetched: &Fetched, sidecars: &Sidecars) -> Vec<Finding> {
    if sidecars.checksums.is_empty() {
        return vec![checksum_missing(path)];
    }
    let mut findings = Vec::new();
    for (algorithm, sidecar, bytes) in &sidecars.checksums {
        match checksum::read(bytes, *algorithm, basename(path)) {
            Ok(named) => findings.extend(compare(path, fetched, *algorithm, &named, sidecar)),
            Err(why) => findings.push(why.finding(sidecar)),
        }
    }
    findings
}

/// A finding where the file's digest is not the one that `sidecar` names.
fn compare(
    path: &str,
    fetched: &Fetched,
    algorithm: Algorithm,
    named: &[u8],
    sidecar: &str,
) -> Option<Finding> {
    let actual: &[u8] = match algorithm {
        Algorithm::Sha256 => fetched.sha256(),
        Algorithm::Sha512 => fetched.sha512(),
    };
    differs(path, actual, named, sidecar)
}

/// A finding where a digest is not the one that `sidecar` names for the path.
fn differs(path: &str, actual: &[u8], named: &[u8], sidecar: &str) -> Option<Finding> {
    (named != actual).then(|| {
        Finding::new(
            Rule::ChecksumMismatch,
            Some(path),
            format!("{} as `{}` says", hex::encode(named), basename(sidecar)),
            hex::encode(actual),
        )
    })
}

fn check_signature(
    artifact: &Artifact,
    fetched: &Fetched,
    sidecars: &Sidecars,
    trust: &Trust<'_>,
) -> Result<Judged, Vec<Finding>> {
    let path = artifact.entry.path.as_str();
    let Some(bytes) = &sidecars.signature else {
        return Err(vec![signature_missing(path)]);
    };
    let mut data = || -> io::Result<Box<dyn Read>> { Ok(Box::new(fetched.reader())) };
    let (sha256, sha512) = fetched.hashers();
    let data = SignedData::hashed(&mut data, Hashed { sha256, sha512 });
    let commit = artifact.signature.as_ref().and_then(commit_of);
    openpgp::verify(
        Asc { bytes, commit },
        path,
        data,
        trust.keyring,
        trust.signers,
        trust.now,
    )
}

fn checksum_missing(path: &str) -> Finding {
    Finding::new(
        Rule::ChecksumMissing,
        Some(path),
        format!("`{}.sha512` or `.sha256`", basename(path)),
        "neither",
    )
}

fn signature_missing(path: &str) -> Finding {
    Finding::new(
        Rule::SignatureMissing,
        Some(path),
        format!("`{}.asc`", basename(path)),
        "no such file",
    )
}

/// When the source says that this path was last changed.
fn commit_of(entry: &Entry) -> Option<Commit> {
    entry.committed.map(|at| Commit {
        at,
        revision: entry.created_revision,
    })
}
