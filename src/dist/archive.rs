// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a wheel or an sdist holds, read as strictly as the index reads it.
//!
//! Decides that the archive can be read in one way only, that it is of a form
//! that the index takes, and that it costs neither memory nor time without end.
//! An index that refuses one file leaves half a release behind. Reads no
//! metadata, and unpacks nothing to disk.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{Read, Seek, SeekFrom};

use super::filename::{DistributionName, Kind};
use super::metadata::MetadataError;
use crate::rules::Rule;

mod encrypted;
mod polyglot;
mod sdist;
#[cfg(test)]
mod tests;
mod wheel;

/// Bytes that METADATA, PKG-INFO or `entry_points.txt` may have.
const METADATA_LIMIT: u64 = 1 << 20;
/// Members that an archive may have: each costs some forty bytes of memory.
const MEMBERS_LIMIT: usize = 200_000;
const MIB: u64 = 1 << 20;
/// Bytes that an archive may unpack to, however large it is itself. The upper
/// end bounds the time that a hostile archive can cost.
const UNPACKED_LIMIT: u64 = 3072 * MIB;

/// What is read out of a distribution's archive.
#[derive(Debug)]
pub(super) struct Contents {
    /// The bytes of METADATA or PKG-INFO.
    pub(super) metadata: Vec<u8>,
    /// The bytes of a wheel's `entry_points.txt`.
    pub(super) entry_points: Option<Vec<u8>>,
    /// The folder that license files lie in, with a slash at its end.
    license_folder: String,
    names: Names,
}

impl Contents {
    /// Where the license file of this relative path must lie.
    pub(super) fn license_path(&self, file: &str) -> String {
        format!("{}{file}", self.license_folder)
    }

    /// Whether the archive has a member of this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.names.has(path.as_bytes())
    }
}

/// Reads a distribution's archive to its end, in bounded memory.
///
/// # Errors
/// An archive that is damaged, ambiguous, too large, or of a kind that the
/// index refuses.
pub(super) fn read(
    mut file: impl Read + Seek,
    name: &DistributionName,
) -> Result<Contents, MetadataError> {
    let size = file.seek(SeekFrom::End(0))?;
    match name.kind() {
        Kind::Wheel { .. } => {
            polyglot::refuse_tar(&mut file, size)?;
            wheel::read(&mut file, size, name.stem())
        }
        Kind::Sdist => {
            polyglot::refuse_zip(&mut file, size)?;
            sdist::read(&mut file, size)
        }
    }
}

/// Refuses an archive of `compressed` bytes that unpacks to more than it may:
/// to more than fifty times its size and more than 64 MiB, as the index has it,
/// or to more than [`UNPACKED_LIMIT`].
fn check_unpacked(compressed: u64, unpacked: u64) -> Result<(), MetadataError> {
    let limit = compressed.saturating_mul(50).max(64 * MIB);
    let (rule, limit) = if limit < UNPACKED_LIMIT {
        (Rule::CompressionRatio, limit)
    } else {
        (Rule::ArchiveTooLarge, UNPACKED_LIMIT)
    };
    if unpacked <= limit {
        return Ok(());
    }
    Err(MetadataError::TooLarge {
        rule,
        what: "unpacked archive".into(),
        limit,
    })
}

/// The names of an archive's members. Long ones cost no memory, and whoever
/// makes an archive cannot make two names that are taken for one another: the
/// hash is keyed by chance.
#[derive(Debug, Default)]
struct Names {
    keys: RandomState,
    seen: HashSet<u64>,
}

impl Names {
    fn key(&self, name: &[u8]) -> u64 {
        self.keys.hash_one(name)
    }

    /// Whether the name is new.
    fn insert(&mut self, name: &[u8]) -> Result<bool, MetadataError> {
        if self.seen.len() >= MEMBERS_LIMIT {
            return Err(MetadataError::Members {
                limit: MEMBERS_LIMIT as u64,
            });
        }
        let key = self.key(name);
        Ok(self.seen.insert(key))
    }

    fn has(&self, name: &[u8]) -> bool {
        self.seen.contains(&self.key(name))
    }
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
