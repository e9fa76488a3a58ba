// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Lists of digests, held against the files that they speak of. They never
//! stand in a checksum's place, but one that says otherwise refuses the file.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256, Sha512};

use super::{Fetched, Sidecars, Trust, commit_of, compare, differs};
use crate::checksum::{Algorithm, lists};
use crate::openpgp::{self, Asc};
use crate::rules::{Finding, Rule};
use crate::snapshot::{Artifact, FolderList, basename};

/// What a folder's list says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The path of the file: an artifact, or a sidecar of one.
    pub file: String,
    /// The path of the list.
    pub list: String,
    /// What the digest is.
    pub algorithm: Algorithm,
    /// The digest.
    pub digest: Vec<u8>,
}

/// What all lists of folders say, by the path of the file.
#[derive(Debug, Default)]
pub struct FolderLists(BTreeMap<String, Vec<Listed>>);

impl FolderLists {
    /// Takes a list in. A list that cannot be read, that names a file which is
    /// not there, or whose signature, where it has one, does not hold, refuses.
    pub fn take(
        &mut self,
        list: &FolderList,
        bytes: &[u8],
        signature: Option<&[u8]>,
        is_there: impl Fn(&str) -> bool,
        trust: &Trust<'_>,
    ) -> Vec<Finding> {
        let place = list.entry.path.as_str();
        let mut findings = signature.map_or(Vec::new(), |signature| {
            let commit = list.signature.as_ref().and_then(commit_of);
            let asc = Asc {
                bytes: signature,
                commit,
            };
            check_signature(place, bytes, asc, trust)
        });
        let listed = match lists::read_folder(bytes, list.algorithm) {
            Ok(listed) => listed,
            Err(why) => {
                findings.push(why.finding(place));
                return findings;
            }
        };
        let folder = place.strip_suffix(basename(place)).unwrap_or_default();
        for (name, digest) in listed {
            let path = format!("{folder}{name}");
            if !is_there(&path) {
                findings.push(Finding::new(
                    Rule::SidecarOrphan,
                    Some(place),
                    "digests of files that are there",
                    format!("no `{name}`"),
                ));
            }
            self.0.entry(path.clone()).or_default().push(Listed {
                file: path,
                list: place.to_owned(),
                algorithm: list.algorithm,
                digest,
            });
        }
        findings
    }

    /// What they say of an artifact and of what lies beside it.
    pub fn of(&self, artifact: &Artifact) -> Vec<Listed> {
        let checksums = artifact.checksums.iter().map(|(_, entry)| entry);
        let sidecars = artifact.signature.iter().chain(&artifact.digests);
        let all = std::iter::once(&artifact.entry).chain(sidecars.chain(checksums));
        all.filter_map(|entry| self.0.get(&entry.path))
            .flatten()
            .cloned()
            .collect()
    }
}

fn check_signature(place: &str, bytes: &[u8], asc: Asc<'_>, trust: &Trust<'_>) -> Vec<Finding> {
    let mut data = || -> std::io::Result<Box<dyn std::io::Read>> {
        Ok(Box::new(std::io::Cursor::new(bytes.to_vec())))
    };
    let judged = openpgp::verify(
        asc,
        place,
        &mut data,
        trust.keyring,
        trust.signers,
        trust.now,
    );
    match judged {
        Ok(judged) => judged.findings,
        Err(refusals) => refusals,
    }
}

/// Where the lists say otherwise than the file, or than what lies beside it.
pub(super) fn check(path: &str, fetched: &Fetched, sidecars: &Sidecars) -> Vec<Finding> {
    let mut findings: Vec<Finding> = sidecars
        .listed
        .iter()
        .filter_map(|said| {
            let Listed {
                file,
                list,
                algorithm,
                digest,
            } = said;
            if file == path {
                return compare(path, fetched, *algorithm, digest, list);
            }
            let bytes = sidecars.bytes_of(path, file)?;
            let actual = match algorithm {
                Algorithm::Sha256 => Sha256::digest(bytes).to_vec(),
                Algorithm::Sha512 => Sha512::digest(bytes).to_vec(),
            };
            differs(file, &actual, digest, list)
        })
        .collect();
    let Some((mds, bytes)) = &sidecars.digests else {
        return findings;
    };
    match lists::read_mds(bytes, basename(path)) {
        Err(why) => findings.push(why.finding(mds)),
        Ok(counting) if counting.is_empty() => findings.push(Finding::new(
            Rule::WeakSidecar,
            Some(mds),
            "SHA-256 or SHA-512 among the digests",
            "neither",
        )),
        Ok(counting) => findings.extend(
            counting
                .iter()
                .filter_map(|(algorithm, digest)| compare(path, fetched, *algorithm, digest, mds)),
        ),
    }
    findings
}
