// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The artifacts with their sidecars, and what an index, which has no folders
//! and one sdist for a version, asks of them together.

use std::collections::BTreeMap;

use super::{Artifact, Class, FolderList, Item, basename, sidecar_of};
use crate::checksum::lists;
use crate::dist::filename::Kind;
use crate::rules::{Finding, Rule};

/// Puts each selected artifact together with its sidecars.
pub(super) fn gather(items: &[Item]) -> Vec<Artifact> {
    let mut artifacts: BTreeMap<&str, Artifact> = BTreeMap::new();
    for Item { entry, class } in items {
        let name = match class {
            Class::Distribution(name) => Some(name.clone()),
            Class::Artifact => None,
            _ => continue,
        };
        artifacts.insert(
            &entry.path,
            Artifact {
                entry: entry.clone(),
                name,
                signature: None,
                checksums: Vec::new(),
                digests: None,
                attestations: Vec::new(),
            },
        );
    }
    for Item { entry, class } in items {
        let Some((of, _)) = sidecar_of(&entry.path) else {
            continue;
        };
        let Some(artifact) = artifacts.get_mut(of) else {
            continue;
        };
        match class {
            Class::Signature => artifact.signature = Some(entry.clone()),
            Class::Checksum(algorithm) => artifact.checksums.push((*algorithm, entry.clone())),
            Class::DigestList => artifact.digests = Some(entry.clone()),
            Class::Attestation => artifact.attestations.push(entry.clone()),
            _ => {}
        }
    }
    artifacts.into_values().collect()
}

/// Puts each selected list of a folder together with its signature.
pub(super) fn gather_lists(items: &[Item]) -> Vec<FolderList> {
    let signature_of = |path: &str| {
        let mut items = items.iter();
        let signature = |item: &&Item| {
            item.class == Class::Signature && item.entry.path.strip_suffix(".asc") == Some(path)
        };
        items.find(signature).map(|item| item.entry.clone())
    };
    let list = |item: &Item| {
        let algorithm = lists::of_folder(basename(&item.entry.path))?;
        (item.class == Class::DigestList).then(|| FolderList {
            entry: item.entry.clone(),
            algorithm,
            signature: signature_of(&item.entry.path),
        })
    };
    items.iter().filter_map(list).collect()
}

/// An index has no folders: one name in two of them is two contents for one
/// name.
pub(super) fn check_basenames(artifacts: &[Artifact]) -> Vec<Finding> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for artifact in artifacts {
        if let Some(name) = &artifact.name {
            places
                .entry(name.file())
                .or_default()
                .push(&artifact.entry.path);
        }
    }
    let twice = |(name, paths): (&str, Vec<&str>)| match paths.as_slice() {
        [first, _, ..] => Some(Finding::new(
            Rule::BasenameTwice,
            Some(first),
            format!("`{name}` once"),
            paths.join(", "),
        )),
        _ => None,
    };
    places.into_iter().filter_map(twice).collect()
}

/// `1.0` and `1.0.0` are one version with two names, and an index takes one
/// sdist of a version: the second would be refused when the first is published.
pub(super) fn check_sdists(artifacts: &[Artifact]) -> Vec<Finding> {
    let mut sdists = BTreeMap::new();
    let mut findings = Vec::new();
    for artifact in artifacts {
        let path = artifact.entry.path.as_str();
        let name = artifact.name.as_ref();
        let Some(name) = name.filter(|name| name.kind() == &Kind::Sdist) else {
            continue;
        };
        let (first_path, first) = *sdists
            .entry((name.project(), name.version()))
            .or_insert((path, name));
        if first.file() != name.file() {
            findings.push(Finding::new(
                Rule::SecondSdist,
                Some(path),
                format!("one sdist of {} {}", name.project(), name.version()),
                format!("`{first_path}` too"),
            ));
        }
    }
    findings
}
