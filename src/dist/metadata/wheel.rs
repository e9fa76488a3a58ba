// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! METADATA out of a wheel, a zip archive.
//!
//! Walks the central directory by itself, in constant memory and in one way
//! only: a general reader keeps every entry in memory and forgives much that
//! PyPI does not, such as bytes before or behind the archive, data descriptors
//! and a name that stands twice.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::{METADATA_LIMIT, MetadataError, unpacked_limit};

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: usize = 22;
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_LEN: usize = 46;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: usize = 30;
/// Flags of an entry: encrypted, and sizes that follow the data.
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The bytes of `{stem}.dist-info/METADATA`, where `stem` is `{name}-{version}`
/// of the file name. WHEEL and RECORD must stand beside it.
pub(super) fn read_metadata(
    file: &mut (impl Read + Seek),
    stem: &str,
) -> Result<Vec<u8>, MetadataError> {
    let size = file.seek(SeekFrom::End(0))?;
    let directory = find_directory(file, size)?;
    let entry = find_metadata(file, &directory, stem, unpacked_limit(size))?;
    read_entry(file, &entry, &directory)
}

/// Where the central directory lies.
struct Directory {
    start: u64,
    size: u64,
    entries: u16,
}

/// What the central directory says of one file.
struct Entry {
    name: Vec<u8>,
    method: u16,
    crc: u32,
    compressed: u32,
    unpacked: u32,
    start: u64,
}

fn find_directory(file: &mut (impl Read + Seek), size: u64) -> Result<Directory, MetadataError> {
    let tail_len = size.min(END_LEN as u64 + u64::from(u16::MAX));
    file.seek(SeekFrom::Start(size - tail_len))?;
    let mut tail = Vec::new();
    file.take(tail_len).read_to_end(&mut tail)?;
    // The record ends the file: its own comment is all that may follow it.
    let (at, record) = tail
        .windows(END_LEN)
        .enumerate()
        .rev()
        .find(|(at, record)| {
            record.starts_with(&END)
                && record.last_chunk().is_some_and(|comment: &[u8; 2]| {
                    at + END_LEN + usize::from(u16::from_le_bytes(*comment)) == tail.len()
                })
        })
        .ok_or_else(|| MetadataError::Unreadable("no zip archive, or one cut off".into()))?;
    let mut record = Record(record);
    record.skip::<8>()?;
    let (on_disk, entries) = (record.u16()?, record.u16()?);
    let (length, start) = (u64::from(record.u32()?), u64::from(record.u32()?));
    if entries == u16::MAX || length == u64::from(u32::MAX) || start == u64::from(u32::MAX) {
        return Err(refused("a zip64 archive"));
    }
    let end = size - tail_len + at as u64;
    if on_disk != entries || start + length != end {
        return Err(refused("bytes before or between its parts"));
    }
    Ok(Directory {
        start,
        size: length,
        entries,
    })
}

fn find_metadata(
    file: &mut (impl Read + Seek),
    directory: &Directory,
    stem: &str,
    limit: u64,
) -> Result<Entry, MetadataError> {
    file.seek(SeekFrom::Start(directory.start))?;
    let mut reader = BufReader::new(file.take(directory.size));
    let path = |name: &str| format!("{stem}.dist-info/{name}");
    let mut missing = vec![path("METADATA"), path("WHEEL"), path("RECORD")];
    let mut metadata = None;
    let mut names = HashSet::new();
    let mut unpacked = 0_u64;
    let mut first = directory.start;
    for _ in 0..directory.entries {
        let entry = read_central(&mut reader)?;
        // Hashes of the names, so that long ones cost no memory.
        let mut hasher = DefaultHasher::new();
        entry.name.hash(&mut hasher);
        if !names.insert(hasher.finish()) {
            return Err(MetadataError::Twice(
                String::from_utf8_lossy(&entry.name).into_owned(),
            ));
        }
        unpacked += u64::from(entry.unpacked);
        first = first.min(entry.start);
        missing.retain(|path| path.as_bytes() != entry.name);
        if entry.name == path("METADATA").as_bytes() {
            metadata = Some(entry);
        }
    }
    if unpacked > limit {
        return Err(MetadataError::TooLarge {
            what: "unpacked archive".into(),
            limit,
        });
    }
    if reader.read(&mut [0])? != 0 || first != 0 {
        return Err(refused("bytes before or between its parts"));
    }
    match (metadata, missing.into_iter().next()) {
        (Some(entry), None) => Ok(entry),
        (_, path) => Err(MetadataError::Missing(path.unwrap_or_default())),
    }
}

fn read_central(reader: &mut impl Read) -> Result<Entry, MetadataError> {
    let mut bytes = [0; CENTRAL_LEN];
    reader.read_exact(&mut bytes)?;
    let mut record = Record(&bytes);
    record.expect(CENTRAL)?;
    record.skip::<4>()?;
    let (flags, method) = (record.u16()?, record.u16()?);
    record.skip::<4>()?;
    let (crc, compressed, unpacked) = (record.u32()?, record.u32()?, record.u32()?);
    let (name_len, extra_len, comment_len) = (record.u16()?, record.u16()?, record.u16()?);
    record.skip::<8>()?;
    let start = u64::from(record.u32()?);
    check_flags(flags, method)?;
    if comment_len != 0 {
        return Err(refused("a comment on an entry"));
    }
    let mut name = vec![0; usize::from(name_len)];
    reader.read_exact(&mut name)?;
    io::copy(&mut reader.take(u64::from(extra_len)), &mut io::sink())?;
    Ok(Entry {
        name,
        method,
        crc,
        compressed,
        unpacked,
        start,
    })
}

fn check_flags(flags: u16, method: u16) -> Result<(), MetadataError> {
    if flags & ENCRYPTED != 0 {
        Err(refused("an encrypted entry"))
    } else if flags & DESCRIPTOR != 0 {
        Err(refused(
            "data descriptors, as a zip has that was written to a pipe",
        ))
    } else if !matches!(method, STORED | DEFLATED) {
        Err(refused("a compression other than deflate"))
    } else {
        Ok(())
    }
}

fn read_entry(
    file: &mut (impl Read + Seek),
    entry: &Entry,
    directory: &Directory,
) -> Result<Vec<u8>, MetadataError> {
    file.seek(SeekFrom::Start(entry.start))?;
    let mut bytes = [0; LOCAL_LEN];
    file.read_exact(&mut bytes)?;
    let mut record = Record(&bytes);
    record.expect(LOCAL)?;
    record.skip::<2>()?;
    let (flags, method) = (record.u16()?, record.u16()?);
    record.skip::<4>()?;
    let (crc, compressed, unpacked) = (record.u32()?, record.u32()?, record.u32()?);
    let (name_len, extra_len) = (record.u16()?, record.u16()?);
    check_flags(flags, method)?;
    let mut name = vec![0; usize::from(name_len)];
    file.read_exact(&mut name)?;
    let same = name == entry.name
        && (method, crc) == (entry.method, entry.crc)
        && (compressed, unpacked) == (entry.compressed, entry.unpacked);
    let data = entry.start + (LOCAL_LEN + name.len()) as u64 + u64::from(extra_len);
    if !same || data + u64::from(compressed) > directory.start {
        return Err(refused("two different accounts of METADATA"));
    }
    file.seek(SeekFrom::Start(data))?;
    let stored = file.take(u64::from(compressed));
    let bytes = if method == STORED {
        read_bounded(stored)?
    } else {
        read_bounded(DeflateDecoder::new(stored))?
    };
    let mut sum = Crc::new();
    sum.update(&bytes);
    if sum.sum() != crc || bytes.len() as u64 != u64::from(unpacked) {
        return Err(MetadataError::Unreadable("METADATA that is damaged".into()));
    }
    Ok(bytes)
}

fn read_bounded(from: impl Read) -> Result<Vec<u8>, MetadataError> {
    let mut bytes = Vec::new();
    from.take(METADATA_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > METADATA_LIMIT {
        return Err(MetadataError::TooLarge {
            what: "METADATA".into(),
            limit: METADATA_LIMIT,
        });
    }
    Ok(bytes)
}

fn refused(found: &str) -> MetadataError {
    MetadataError::Refused {
        expected: "a plain zip archive",
        found: found.to_owned(),
    }
}

/// The fields of one record, taken from the front.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], MetadataError> {
        let (field, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| MetadataError::Unreadable("a record cut off".into()))?;
        self.0 = rest;
        Ok(*field)
    }

    fn skip<const N: usize>(&mut self) -> Result<(), MetadataError> {
        self.take::<N>().map(drop)
    }

    fn u16(&mut self) -> Result<u16, MetadataError> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, MetadataError> {
        self.take().map(u32::from_le_bytes)
    }

    fn expect(&mut self, signature: [u8; 4]) -> Result<(), MetadataError> {
        if self.take()? == signature {
            Ok(())
        } else {
            Err(MetadataError::Unreadable("a record of another kind".into()))
        }
    }
}
