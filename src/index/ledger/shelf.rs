// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The files of one project on an index, laid out so that each look-up takes as
//! long for a project of thousands of files as for one of two. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;

use pep440_rs::Version;

use super::begun::{self, Begun};
use super::{FileState, Wanted};
use crate::index::simple::{File, Project};

/// What an index has of one project; nothing where it does not know it.
#[derive(Default)]
pub(in crate::index) struct Shelf<'a> {
    by_name: HashMap<&'a str, Vec<&'a File>>,
    /// The name of a file by its SHA-256, where bytes have one name only.
    by_sha256: HashMap<&'a str, &'a str>,
    versions: BTreeSet<Version>,
    /// Those of the listed versions that are none by PEP 440.
    other_versions: BTreeSet<&'a str>,
    begun: BTreeMap<Version, Begun>,
}

impl<'a> Shelf<'a> {
    pub(in crate::index) fn of(project: Option<&'a Project>) -> Self {
        let mut shelf = Self::default();
        let Some(project) = project else {
            return shelf;
        };
        for file in &project.files {
            shelf.by_name.entry(&file.filename).or_default().push(file);
        }
        // An index that does not list versions is taken to have none: the first
        // file then goes alone, which is never wrong.
        for version in project.versions.iter().flatten() {
            match Version::from_str(version) {
                Ok(version) => shelf.versions.insert(version),
                Err(_) => shelf.other_versions.insert(version),
            };
        }
        // The rules of PyPI's software; other indexes have others.
        if project.is_warehouse {
            let files = project.files.iter();
            let named = files.filter_map(|file| Some((file.sha256.as_deref()?, &*file.filename)));
            shelf.by_sha256 = named.collect();
            shelf.begun = begun::versions(&project.files);
        }
        shelf
    }

    /// How the index stands to one file. All entries of the name must agree: a
    /// page that shows it twice with different digests shows a conflict.
    pub(in crate::index) fn state_of(&self, wanted: &Wanted<'_>) -> FileState {
        let Some(files) = self.by_name.get(wanted.file) else {
            return FileState::New;
        };
        let ours = hex::encode(wanted.sha256);
        let other = files
            .iter()
            .find(|file| file.sha256.as_deref() != Some(ours.as_str()));
        match other.map(|file| &file.sha256) {
            None => FileState::AlreadyThere,
            Some(Some(theirs)) => FileState::Different {
                found: format!("the SHA-256 {theirs}"),
            },
            Some(None) => FileState::Different {
                found: "a file without a SHA-256".to_owned(),
            },
        }
    }

    /// Another name under which the index has the very bytes.
    pub(super) fn twin_of(&self, wanted: &Wanted<'_>) -> Option<&'a str> {
        let name = self.by_sha256.get(hex::encode(wanted.sha256).as_str())?;
        (*name != wanted.file).then_some(*name)
    }

    /// Whether the index lists this version, in whatever spelling.
    pub(super) fn has_version(&self, wanted: &str) -> bool {
        match Version::from_str(wanted) {
            Ok(version) => self.versions.contains(&version),
            Err(_) => self.other_versions.contains(wanted),
        }
    }

    /// What the index has of this version, where that stops new files.
    pub(super) fn begun(&self, version: &str) -> Option<&Begun> {
        self.begun.get(&Version::from_str(version).ok()?)
    }
}
