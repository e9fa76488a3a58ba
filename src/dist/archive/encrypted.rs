// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Python files that a tool has encrypted, which the index takes from nobody.
//!
//! Decides by the marks that the index itself looks for, in files of the size
//! that it looks at. Says nothing about code that is merely hard to read.

use crate::dist::metadata::MetadataError;
use crate::rules::Rule;

/// Bytes of a file that the index looks at; it passes over larger ones.
const SCANNED: u64 = 5 << 20;

/// Any one of these is the mark of `PyArmor`.
const PYARMOR: &[&[u8]] = &[
    b"__pyarmor__(__name__, __file__,",
    b"__pyarmor_enter__",
    b"__pyarmor_exit__",
    b"__pyarmor_assert__",
    b"__pyarmor_bcc__",
];
/// Both together are the mark of `SourceDefender`.
const SOURCE_DEFENDER: &[&[u8]] = &[b"---BEGIN PYE FILE---", b"---END PYE FILE---"];

/// Whether the index looks into a file of this name and size.
pub(super) fn is_scanned(path: &[u8], size: u64) -> bool {
    let extension = path.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let python = [&b"py"[..], b"pye"]
        .iter()
        .any(|python| extension.eq_ignore_ascii_case(python));
    python && extension.len() < path.len() && size <= SCANNED
}

/// Refuses the bytes of such a file if they have one of the marks.
pub(super) fn check(path: &[u8], bytes: &[u8]) -> Result<(), MetadataError> {
    let has = |mark: &&[u8]| memchr::memmem::find(bytes, mark).is_some();
    let tool = if has(&&b"__pyarmor_"[..]) && PYARMOR.iter().any(has) {
        "PyArmor"
    } else if SOURCE_DEFENDER.iter().all(has) {
        "SourceDefender"
    } else {
        return Ok(());
    };
    Err(MetadataError::Refused {
        rule: Rule::ContentEncrypted,
        expected: "Python files in plain text",
        found: format!("{} encrypted by {tool}", super::lossy(path)),
    })
}
