// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What this machine must have before anything is fetched: disk and handles.

use std::path::Path;

use bytesize::ByteSize;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::error::SourceError;

/// Checks that so many bytes fit where the private copies will lie.
///
/// # Errors
/// When the free space, as this user may use it, is less or cannot be learned.
pub fn check_free_space(temp: &Path, needed: u64) -> Result<(), SourceError> {
    let disk = rustix::fs::statvfs(temp).map_err(|error| SourceError::of_write(&error.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if needed <= free {
        return Ok(());
    }
    Err(SourceError::Disk {
        expected: format!("{} free in {}", ByteSize(needed), temp.display()),
        found: ByteSize(free).to_string(),
    })
}

/// Raises the soft limit of open files to the hard one: each verified
/// distribution keeps its handle until it is sent. A failure is only logged,
/// since the limit may be high enough as it is.
pub fn raise_open_files_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_cannot_fit_is_refused_before_it_is_made() {
        let temp = tempfile::tempdir().unwrap();
        check_free_space(temp.path(), 1).unwrap();
        let error = check_free_space(temp.path(), u64::MAX).unwrap_err();
        assert!(matches!(error, SourceError::Disk { .. }), "{error}");
        assert!(check_free_space(&temp.path().join("gone"), 1).is_err());
    }

    #[test]
    fn as_many_files_as_allowed_can_be_open() {
        raise_open_files_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
