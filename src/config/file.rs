// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The configuration file on disk: a regular file inside the checkout, reached
//! without a link, and small.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::yaml::LIMIT;

/// Why the file was not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The path is absolute, or leaves the checkout.
    #[error("`{0}`")]
    Path(String),
    /// A link stands somewhere on the way.
    #[error("a link")]
    Link,
    /// A folder, a pipe or a device.
    #[error("{0}")]
    Kind(&'static str),
    /// The system did not give the file.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl FileError {
    /// What would have been right.
    pub const fn expected(&self) -> &'static str {
        match self {
            Self::Path(_) => "a path below the checkout, such as `.github/asf-pypi-publish.yml`",
            Self::Link => "a path without links, so that nobody can point it elsewhere",
            Self::Kind(_) | Self::Io(_) => "a file",
        }
    }
}

impl From<Errno> for FileError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::LOOP => Self::Link,
            Errno::NOTDIR => Self::Kind("a link, or a file where a folder should be"),
            error => Self::Io(error.into()),
        }
    }
}

/// Reads the file at a path relative to the checkout, at most one byte more
/// than [`LIMIT`].
///
/// # Errors
/// See [`FileError`].
pub fn read(workspace: &Path, path: &str) -> Result<Vec<u8>, FileError> {
    let segments: Vec<&str> = path.split('/').filter(|segment| *segment != ".").collect();
    let is_plain = |segment: &&str| !matches!(*segment, "" | "..") && !segment.contains('\0');
    let Some((name, folders)) = segments.split_last() else {
        return Err(FileError::Path(path.to_owned()));
    };
    if !segments.iter().all(is_plain) {
        return Err(FileError::Path(path.to_owned()));
    }
    // Segment by segment, so that no folder on the way can be a link.
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut handle = open(workspace, folder, Mode::empty())?;
    for name in folders {
        handle = openat(&handle, *name, folder | OFlags::NOFOLLOW, Mode::empty())?;
    }
    // Without NONBLOCK a pipe put in the file's place would hold the run.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(&handle, *name, flags, Mode::empty())?);
    read_regular(file, LIMIT as u64)
}

/// Reads a file that a person named, wherever it lies, at most one byte more
/// than `limit`.
///
/// # Errors
/// See [`FileError`].
pub fn read_anywhere(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    read_regular(File::from(open(path, flags, Mode::empty())?), limit)
}

fn read_regular(file: File, limit: u64) -> Result<Vec<u8>, FileError> {
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(FileError::Kind("a folder"));
    }
    if !kind.is_file() {
        return Err(FileError::Kind("a pipe or a device"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
