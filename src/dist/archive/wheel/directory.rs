// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The end of a zip archive and its central directory, in the old form and in
//! that of zip64.
//!
//! Decides where the directory lies and what each entry says. Decides nothing
//! about the members themselves.

use std::io::{Read, Seek, SeekFrom};

use super::super::MetadataError;
use super::{DESCRIPTOR, Member, Record, check_flags, check_name, framing, mismatch};

pub(super) const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: usize = 22;
const END_64: [u8; 4] = *b"PK\x06\x06";
const END_64_LEN: u64 = 56;
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LEN: u64 = 20;
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_LEN: usize = 46;
/// Extra fields: sizes of zip64, and a name in UTF-8.
pub(super) const ZIP64: u16 = 1;
pub(super) const UNICODE_PATH: u16 = 0x7075;
/// Stands where zip64 has the number.
pub(super) const ELSEWHERE: u64 = u32::MAX as u64;

/// Where the central directory lies.
pub(super) struct Directory {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) entries: u64,
}

/// Finds it from the file's end.
pub(super) fn find(file: &mut (impl Read + Seek), size: u64) -> Result<Directory, MetadataError> {
    let tail_len = size.min(END_LEN as u64 + u64::from(u16::MAX));
    file.seek(SeekFrom::Start(size - tail_len))?;
    let mut tail = Vec::new();
    file.by_ref().take(tail_len).read_to_end(&mut tail)?;
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
    // Some readers, that of the index among them, look for its last signature
    // and for nothing else: there they would take the comment for the record.
    let mut later = tail.windows(END.len()).skip(at + 1);
    if later.any(|bytes| bytes == END) {
        return Err(framing("a second end of its directory"));
    }
    let mut record = Record(record);
    record.skip::<8>()?;
    let (on_disk, entries) = (record.u16()?, record.u16()?);
    let old = Directory {
        size: u64::from(record.u32()?),
        start: u64::from(record.u32()?),
        entries: u64::from(entries),
    };
    let end = size - tail_len + at as u64;
    let (directory, end) = match find_64(file, end)? {
        None => (old, end),
        Some((directory, end)) => {
            let same = |old: u64, new: u64, elsewhere: u64| old == new || old == elsewhere;
            if !same(old.entries, directory.entries, u64::from(u16::MAX))
                || !same(old.size, directory.size, ELSEWHERE)
                || !same(old.start, directory.start, ELSEWHERE)
            {
                return Err(framing("two different accounts of its directory"));
            }
            (directory, end)
        }
    };
    if on_disk != entries || directory.start.checked_add(directory.size) != Some(end) {
        return Err(framing("bytes before or between its parts"));
    }
    Ok(directory)
}

/// The directory by the two records that zip64 has before the last one, and
/// where the first of them begins.
fn find_64(
    file: &mut (impl Read + Seek),
    end: u64,
) -> Result<Option<(Directory, u64)>, MetadataError> {
    let Some(start) = end.checked_sub(END_64_LEN + LOCATOR_LEN) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.by_ref()
        .take(END_64_LEN + LOCATOR_LEN)
        .read_to_end(&mut bytes)?;
    let mut record = Record(&bytes);
    let first = record.take()?;
    let length = record.u64()?;
    record.skip::<12>()?;
    let (on_disk, entries) = (record.u64()?, record.u64()?);
    let (size, from) = (record.u64()?, record.u64()?);
    if record.take()? != LOCATOR {
        return Ok(None);
    }
    record.skip::<4>()?;
    let named = record.u64()?;
    // A record that says 44 has none of the data that could follow it.
    if first != END_64 || length != END_64_LEN - 12 || named != start || on_disk != entries {
        return Err(framing("an end of zip64 that is not plain"));
    }
    let directory = Directory {
        start: from,
        size,
        entries,
    };
    Ok(Some((directory, start)))
}

/// The name and the rest of one entry; key and exemption are the caller's.
pub(super) fn read_central(reader: &mut impl Read) -> Result<(Vec<u8>, Member), MetadataError> {
    let mut bytes = [0; CENTRAL_LEN];
    reader.read_exact(&mut bytes)?;
    let mut record = Record(&bytes);
    record.expect(CENTRAL)?;
    record.skip::<4>()?;
    let (flags, method) = (record.u16()?, record.u16()?);
    record.skip::<4>()?;
    let crc = record.u32()?;
    let (compressed, unpacked) = (u64::from(record.u32()?), u64::from(record.u32()?));
    let (name_len, extra_len, comment_len) = (record.u16()?, record.u16()?, record.u16()?);
    record.skip::<8>()?;
    let start = u64::from(record.u32()?);
    // The index asks a member's own header whether its sizes follow the data.
    check_flags(flags & !DESCRIPTOR, method)?;
    if comment_len != 0 {
        return Err(framing("a comment on an entry"));
    }
    let mut name = vec![0; usize::from(name_len)];
    reader.read_exact(&mut name)?;
    check_name(&name, flags)?;
    let mut extra = vec![0; usize::from(extra_len)];
    reader.read_exact(&mut extra)?;
    let mut member = Member {
        key: 0,
        method,
        crc,
        compressed,
        unpacked,
        start,
        exempt: false,
        hash: None,
    };
    read_extra(&extra, &name, &mut member)?;
    Ok((name, member))
}

/// The numbers that zip64 has in an extra field, in this order, for those alone
/// that are [`ELSEWHERE`].
fn read_extra(extra: &[u8], name: &[u8], member: &mut Member) -> Result<(), MetadataError> {
    let mut fields = Fields(Record(extra));
    // What is shorter than a field's head is passed over by all.
    while fields.0.0.len() >= 4
        && let Some((id, field)) = fields.next()?
    {
        let mut field = Record(field);
        if id == UNICODE_PATH {
            check_unicode_path(field, name)?;
        } else if id == ZIP64 {
            for number in [
                &mut member.unpacked,
                &mut member.compressed,
                &mut member.start,
            ] {
                if *number == ELSEWHERE {
                    *number = field.u64()?;
                }
            }
        }
    }
    Ok(())
}

/// Some readers take the name of this extra field, and others do not.
pub(super) fn check_unicode_path(mut field: Record<'_>, name: &[u8]) -> Result<(), MetadataError> {
    field.skip::<5>()?;
    if field.0 == name {
        Ok(())
    } else {
        Err(mismatch(name))
    }
}

/// The extra fields of an entry.
pub(super) struct Fields<'a>(pub(super) Record<'a>);

impl<'a> Fields<'a> {
    pub(super) fn next(&mut self) -> Result<Option<(u16, &'a [u8])>, MetadataError> {
        if self.0.0.is_empty() {
            return Ok(None);
        }
        let (id, len) = (self.0.u16()?, usize::from(self.0.u16()?));
        let (field, rest) = self
            .0
            .0
            .split_at_checked(len)
            .ok_or_else(|| MetadataError::Unreadable("a record cut off".into()))?;
        self.0 = Record(rest);
        Ok(Some((id, field)))
    }
}
