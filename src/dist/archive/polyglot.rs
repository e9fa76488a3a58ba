// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Files that are two archives at once: a tool that looks for the one kind sees
//! other contents than a tool that looks for the other.

use std::io::{Read, Seek, SeekFrom};

use crate::dist::metadata::MetadataError;
use crate::rules::Rule;

/// Bytes of a tar header, and where its sum is.
const BLOCK: usize = 512;
const SUM: std::ops::Range<usize> = 148..156;
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// Bytes of the record that ends a zip archive, and the most that its comment has.
const END_LEN: usize = 22;
const TAIL: u64 = END_LEN as u64 + 65535;

/// Refuses a wheel whose first bytes are the header of a tar archive.
pub(super) fn refuse_tar(file: &mut (impl Read + Seek), size: u64) -> Result<(), MetadataError> {
    let mut block = [0; BLOCK];
    if size < BLOCK as u64 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut block)?;
    let field = block.get(SUM).unwrap_or_default();
    let Some(named) = octal(field) else {
        return Ok(());
    };
    // The sum is of all bytes, those of its own field as blanks; old tools
    // took bytes for signed numbers.
    let (mut unsigned, mut signed) = (0_i64, 0_i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if SUM.contains(&at) { b' ' } else { *byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    if named == unsigned || named == signed {
        return Err(refused("a zip archive", "a file that is a tar archive too"));
    }
    Ok(())
}

/// A number as tar writes it: octal digits, then blanks or zero bytes.
fn octal(field: &[u8]) -> Option<i64> {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(text).ok()?.trim();
    i64::from_str_radix(text, 8).ok()
}

/// Refuses an sdist that ends as a zip archive does. The four bytes that begin
/// its last record alone can stand in any file by chance: what it points at
/// must be there too.
pub(super) fn refuse_zip(file: &mut (impl Read + Seek), size: u64) -> Result<(), MetadataError> {
    let mut magic = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(2).read_to_end(&mut magic)?;
    if magic != GZIP {
        // It is no archive of the right kind, which is another verdict.
        return Ok(());
    }
    let start = size.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let last = tail
        .windows(END_LEN)
        .enumerate()
        .rev()
        .find(|(_, record)| record.starts_with(b"PK\x05\x06"));
    let Some((at, record)) = last else {
        return Ok(());
    };
    let length = record
        .get(12..16)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
    let zip = if length == 0 {
        record.iter().skip(4).all(|byte| *byte == 0)
    } else {
        match (start + at as u64).checked_sub(length) {
            None => false,
            Some(directory) => {
                let mut signature = [0; 4];
                file.seek(SeekFrom::Start(directory))?;
                file.read_exact(&mut signature)?;
                signature == *b"PK\x01\x02"
            }
        }
    };
    if zip {
        return Err(refused(
            "a tar archive in gzip",
            "a file that is a zip archive too",
        ));
    }
    Ok(())
}

fn refused(expected: &'static str, found: &str) -> MetadataError {
    MetadataError::Refused {
        rule: Rule::ArchivePolyglot,
        expected,
        found: found.to_owned(),
    }
}
