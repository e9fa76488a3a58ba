// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Wheels and sdists as readers other than the product's own see them.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

/// The members of a zip archive, in the order of its directory; none where one
/// of them cannot be read, or has more than `limit` bytes.
pub fn zip_members(bytes: &[u8], limit: u64) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    (0..archive.len())
        .map(|place| {
            let member = archive.by_index(place).ok()?;
            let name = member.name().ok()?.into_owned();
            let mut content = Vec::new();
            member.take(limit + 1).read_to_end(&mut content).ok()?;
            (content.len() as u64 <= limit).then_some((name, content))
        })
        .collect()
}

/// The regular files of a tar archive in gzip, in their order, as far as it
/// can be read; none where it cannot.
pub fn tar_members(bytes: &[u8], limit: u64) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes));
    let mut members = Vec::new();
    for entry in archive.entries().ok()? {
        let entry = entry.ok()?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path_bytes().into_owned();
        let mut content = Vec::new();
        entry.take(limit + 1).read_to_end(&mut content).ok()?;
        if content.len() as u64 > limit {
            return None;
        }
        members.push((path, content));
    }
    Some(members)
}
