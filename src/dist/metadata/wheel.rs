// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! METADATA out of a wheel, a zip archive, whose RECORD tells the truth.
//!
//! Walks the archive by itself, in constant memory and in one way only: a general
//! reader forgives much that PyPI does not, such as bytes before, between or
//! behind the parts, data descriptors and a name that stands twice. Each member
//! is unpacked once, for its hash in RECORD.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use self::member::{Unpacked, check_member, read_local};
use self::record::Hash;
use super::{MetadataError, unpacked_limit};

mod member;
mod record;
#[cfg(test)]
mod tests;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: usize = 22;
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_LEN: usize = 46;
/// Flags of an entry: encrypted, sizes that follow the data, a name in UTF-8.
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The bytes of `{stem}.dist-info/METADATA`, where `stem` is `{name}-{version}`
/// of the file name. WHEEL and RECORD must stand beside it, and RECORD must be
/// right about every file.
pub(super) fn read_metadata(
    file: &mut (impl Read + Seek),
    stem: &str,
) -> Result<Vec<u8>, MetadataError> {
    let size = file.seek(SeekFrom::End(0))?;
    let directory = find_directory(file, size)?;
    let mut contents = list_members(file, &directory, stem, unpacked_limit(size))?;
    contents.read_record(file)?;
    contents.check_members(file, &directory)
}

/// Where the central directory lies.
struct Directory {
    start: u64,
    size: u64,
    entries: u16,
}

/// What the central directory says of one file.
struct Member {
    /// Stands for the name, so that long ones cost no memory.
    key: u64,
    method: u16,
    crc: u32,
    compressed: u32,
    unpacked: u32,
    start: u64,
    /// Folders, RECORD and its signatures have no hash in RECORD.
    exempt: bool,
    /// What RECORD says.
    hash: Option<Hash>,
}

/// The members, at most 65534 of them.
struct Contents {
    members: Vec<Member>,
    /// From the key to the place in `members`.
    places: HashMap<u64, usize>,
    /// Keyed by chance: nobody can make two names with one key.
    keys: RandomState,
    folder: String,
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

fn list_members(
    file: &mut (impl Read + Seek),
    directory: &Directory,
    stem: &str,
    limit: u64,
) -> Result<Contents, MetadataError> {
    file.seek(SeekFrom::Start(directory.start))?;
    let mut reader = BufReader::new(file.take(directory.size));
    let mut contents = Contents {
        members: Vec::new(),
        places: HashMap::new(),
        keys: RandomState::new(),
        folder: format!("{stem}.dist-info"),
    };
    let mut unpacked = 0_u64;
    for _ in 0..directory.entries {
        let (name, mut member) = read_central(&mut reader)?;
        unpacked += u64::from(member.unpacked);
        let folder = name.ends_with(b"/");
        if folder && member.unpacked != 0 {
            return Err(refused("a folder with contents"));
        }
        member.exempt = folder || contents.is_exempt(&name);
        member.key = contents.keys.hash_one(&name);
        let place = contents.members.len();
        if contents.places.insert(member.key, place).is_some() {
            return Err(MetadataError::Twice(lossy(&name)));
        }
        contents.members.push(member);
    }
    if unpacked > limit {
        return Err(MetadataError::TooLarge {
            what: "unpacked archive".into(),
            limit,
        });
    }
    if reader.read(&mut [0])? != 0 {
        return Err(refused("bytes before or between its parts"));
    }
    for name in ["METADATA", "WHEEL", "RECORD"] {
        contents.find(name)?;
    }
    Ok(contents)
}

impl Contents {
    fn is_exempt(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.folder.as_bytes())
            .is_some_and(|name| matches!(name, b"/RECORD" | b"/RECORD.jws" | b"/RECORD.p7s"))
    }

    /// A file of the `.dist-info` folder.
    fn find(&self, name: &str) -> Result<&Member, MetadataError> {
        let path = format!("{}/{name}", self.folder);
        let place = self.places.get(&self.keys.hash_one(path.as_bytes()));
        place
            .and_then(|place| self.members.get(*place))
            .ok_or(MetadataError::Missing(path))
    }

    /// Gives each member its hash.
    fn read_record(&mut self, file: &mut (impl Read + Seek)) -> Result<(), MetadataError> {
        let record = self.find("RECORD")?;
        file.seek(SeekFrom::Start(record.start))?;
        let mut reader = BufReader::new(file);
        read_local(&mut reader, record, &self.keys)?;
        let size = u64::from(record.unpacked);
        let unpacked = Unpacked::new(&mut reader, record);
        record::read_lines(BufReader::new(unpacked.take(size)), |path, hash| {
            if path.ends_with(b"/") || self.is_exempt(path) {
                return Ok(());
            }
            let hash = Hash::parse(hash)
                .ok_or_else(|| record::refused(&format!("none for {}", lossy(path))))?;
            let place = self.places.get(&self.keys.hash_one(path));
            let member = place.and_then(|place| self.members.get_mut(*place));
            let Some(member) = member else {
                return Err(record::refused(&format!("no file {}", lossy(path))));
            };
            if *member.hash.get_or_insert_with(|| hash.clone()) != hash {
                return Err(record::refused(&format!("two for {}", lossy(path))));
            }
            Ok(())
        })
    }

    /// Reads the archive from its first byte to the central directory. Returns
    /// the bytes of METADATA.
    fn check_members(
        mut self,
        file: &mut (impl Read + Seek),
        directory: &Directory,
    ) -> Result<Vec<u8>, MetadataError> {
        let wanted = self.find("METADATA")?.key;
        self.members.sort_unstable_by_key(|member| member.start);
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let mut metadata = Vec::new();
        let mut at = 0;
        for member in &self.members {
            // The index reads on from each member's end; what lies between, or
            // in two members at once, it refuses.
            if member.start != at {
                return Err(refused("bytes before or between its parts"));
            }
            let (name, header_len) = read_local(&mut reader, member, &self.keys)?;
            at += header_len + u64::from(member.compressed);
            if at > directory.start {
                return Err(refused(&format!(
                    "two different accounts of {}",
                    lossy(&name)
                )));
            }
            let keep = (member.key == wanted).then_some(&mut metadata);
            check_member(&mut reader, member, &name, keep)?;
        }
        if at == directory.start {
            Ok(metadata)
        } else {
            Err(refused("bytes before or between its parts"))
        }
    }
}

/// The name and the rest of one entry; key and exemption are the caller's.
fn read_central(reader: &mut impl Read) -> Result<(Vec<u8>, Member), MetadataError> {
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
    check_name(&name, flags)?;
    io::copy(&mut reader.take(u64::from(extra_len)), &mut io::sink())?;
    let member = Member {
        key: 0,
        method,
        crc,
        compressed,
        unpacked,
        start,
        exempt: false,
        hash: None,
    };
    Ok((name, member))
}

/// The index refuses names that are unprintable, or that zip's old code page
/// makes other letters of.
fn check_name(name: &[u8], flags: u16) -> Result<(), MetadataError> {
    let utf8 = flags & UTF8 != 0 && std::str::from_utf8(name).is_ok();
    if name.iter().any(u8::is_ascii_control) || !(utf8 || name.is_ascii()) {
        return Err(refused("a name that is no printable UTF-8"));
    }
    Ok(())
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

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
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
