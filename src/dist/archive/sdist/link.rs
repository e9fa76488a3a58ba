// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Members of an sdist that are no files: where links lead, and devices.
//!
//! The index takes them all; installers that unpack by Python's `data` filter
//! (PEP 706, PEP 721) refuse the whole sdist for one that leads out of it, and
//! others would follow it. By the names alone: nothing is unpacked here.

use tar::EntryType;

use super::super::{MetadataError, lossy};
use crate::rules::Rule;

/// Refuses a link that leads out of the top folder, and a device.
pub(super) fn check(kind: EntryType, path: &[u8], target: &[u8]) -> Result<(), MetadataError> {
    let refused = |found: String| {
        Err(MetadataError::Refused {
            rule: Rule::ArchivePathUnsafe,
            expected: "files, folders and links within the archive",
            found,
        })
    };
    let leads_out = match kind {
        EntryType::Symlink => {
            let end = path.iter().rposition(|byte| *byte == b'/');
            let folder = path.get(..end.unwrap_or(0)).unwrap_or_default();
            !is_within(folder, target)
        }
        // Counted from where the whole archive is unpacked.
        EntryType::Link => !is_within(b"", target),
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            return refused(format!("a device, {}", lossy(path)));
        }
        _ => false,
    };
    if leads_out {
        return refused(format!("the link {} to {}", lossy(path), lossy(target)));
    }
    Ok(())
}

/// Whether a target, seen from this folder, stays below the archive's root and
/// names something in it.
fn is_within(folder: &[u8], target: &[u8]) -> bool {
    let parts = |path| <[u8]>::split(path, |byte: &u8| *byte == b'/');
    let mut depth = 0_usize;
    for part in parts(folder).chain(parts(target)) {
        match part {
            b"" | b"." => {}
            b".." => match depth.checked_sub(1) {
                // Up to what holds the top folder: that is outside already.
                None | Some(0) => return false,
                Some(less) => depth = less,
            },
            _ => depth += 1,
        }
    }
    !target.starts_with(b"/") && depth > 0
}
