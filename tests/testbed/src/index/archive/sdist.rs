// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The members of a source distribution.

use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::{check_ratio, invalid};
use crate::index::refusal::Refusal;

/// One top-level folder with `PKG-INFO`, no sparse member, not packed too well.
pub(super) fn check_frame(source: impl Read, packed: u64) -> Result<(), Refusal> {
    let found = members(source).map_err(|_| invalid("None"))?;
    if found.sparse {
        return Err(invalid(
            "tar archive not accepted: Sparse members are not allowed. See \
             https://docs.pypi.org/archives for more information",
        ));
    }
    check_ratio(found.unpacked, packed)?;
    let tops: BTreeSet<&str> = found
        .names
        .iter()
        .filter_map(|name| {
            name.split('/')
                .find(|part| !part.is_empty() && *part != ".")
        })
        .collect();
    let mut tops = tops.into_iter();
    let (Some(top), None) = (tops.next(), tops.next()) else {
        return Err(invalid(
            "Incorrect number of top-level directories in sdist",
        ));
    };
    let info = format!("{top}/PKG-INFO");
    if !found.has(&info) {
        return Err(invalid(&format!("PKG-INFO not found at {info}")));
    }
    Ok(())
}

pub(super) fn check_members(
    file: &str,
    source: impl Read,
    license_files: &[String],
) -> Result<(), Refusal> {
    if license_files.is_empty() {
        return Ok(());
    }
    let top = file.trim_end_matches(".tar.gz");
    let found = members(source).map_err(|_| invalid("None"))?;
    for license in license_files {
        let path = format!("{top}/{license}");
        if !found.has(&path) {
            return Err(Refusal::bad(format!(
                "License-File {license} does not exist in distribution file {file} at {path}"
            )));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Members {
    names: Vec<String>,
    unpacked: u64,
    sparse: bool,
}

impl Members {
    fn has(&self, path: &str) -> bool {
        self.names
            .iter()
            .any(|name| name.trim_start_matches("./") == path)
    }
}

fn members(source: impl Read) -> io::Result<Members> {
    let mut archive = Archive::new(MultiGzDecoder::new(source));
    let mut found = Members::default();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let extensions = entry.pax_extensions()?.into_iter().flatten();
        let sparse = extensions
            .filter_map(Result::ok)
            .any(|extension| extension.key_bytes().starts_with(b"GNU.sparse"));
        found.sparse |= sparse || entry.header().entry_type() == EntryType::GNUSparse;
        found.unpacked += entry.size();
        let name = entry.path_bytes();
        found
            .names
            .push(String::from_utf8_lossy(&name).into_owned());
    }
    Ok(found)
}
