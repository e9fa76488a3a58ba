// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One member of a zip archive: its own header, and its data.
//!
//! Decides whether both are what the central directory says, and whether the
//! data have their hash. Decides nothing about where members lie.

use std::io::{self, BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::super::{METADATA_LIMIT, MetadataError, Names, encrypted, lossy};
use super::directory::{ELSEWHERE, Fields, UNICODE_PATH, ZIP64, check_unicode_path};
use super::record::{self, Hash};
use super::{Member, Record, STORED, check_flags, framing, mismatch};
use crate::rules::Rule;

pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// Reads the header before a member's data. Returns the name and the header's
/// length.
pub(super) fn read_local(
    reader: &mut impl Read,
    member: &Member,
    names: &Names,
) -> Result<(Vec<u8>, u64), MetadataError> {
    let mut bytes = [0; LOCAL_LEN];
    reader.read_exact(&mut bytes)?;
    let mut record = Record(&bytes);
    record.expect(LOCAL)?;
    record.skip::<2>()?;
    let (flags, method) = (record.u16()?, record.u16()?);
    record.skip::<4>()?;
    let crc = record.u32()?;
    let sizes = (u64::from(record.u32()?), u64::from(record.u32()?));
    let (name_len, extra_len) = (record.u16()?, record.u16()?);
    check_flags(flags, method)?;
    let mut name = vec![0; usize::from(name_len)];
    reader.read_exact(&mut name)?;
    let mut extra = vec![0; usize::from(extra_len)];
    reader.read_exact(&mut extra)?;
    let sizes = read_extra(&extra, &name, method, sizes)?;
    if names.key(&name) != member.key
        || (method, crc) != (member.method, member.crc)
        || sizes != (member.compressed, member.unpacked)
    {
        return Err(mismatch(&name));
    }
    let length = LOCAL_LEN + name.len() + extra.len();
    Ok((name, length as u64))
}

/// The compressed and the unpacked size, where an extra field of zip64 may give
/// them: tools reserve it for files whose size they do not know in advance.
fn read_extra(
    extra: &[u8],
    name: &[u8],
    method: u16,
    (mut compressed, mut unpacked): (u64, u64),
) -> Result<(u64, u64), MetadataError> {
    let (mut zip64, mut path) = (false, false);
    let mut fields = Fields(Record(extra));
    while let Some((id, field)) = fields.next()? {
        let seen = match id {
            ZIP64 => &mut zip64,
            UNICODE_PATH => &mut path,
            _ => continue,
        };
        if std::mem::replace(seen, true) {
            return Err(framing("an extra field that stands twice"));
        }
        let mut record = Record(field);
        match (id, field.len()) {
            (UNICODE_PATH, _) => check_unicode_path(record, name)?,
            (_, 0) => {}
            // With one size alone the member is stored, and both are the same.
            (_, 8) if method == STORED => {
                let size = record.u64()?;
                compressed = size;
                if unpacked == ELSEWHERE {
                    unpacked = size;
                }
            }
            (_, 16 | 24 | 28) => {
                let size = record.u64()?;
                if unpacked == ELSEWHERE {
                    unpacked = size;
                }
                compressed = record.u64()?;
            }
            _ => return Err(framing("an extra field of zip64 that is not plain")),
        }
    }
    Ok((compressed, unpacked))
}

/// The data of one member.
pub(super) enum Unpacked<R> {
    Stored(io::Take<R>),
    Deflated(DeflateDecoder<io::Take<R>>),
}

impl<R: BufRead> Unpacked<R> {
    pub(super) fn new(from: R, member: &Member) -> Self {
        let data = from.take(member.compressed);
        match member.method {
            STORED => Self::Stored(data),
            _ => Self::Deflated(DeflateDecoder::new(data)),
        }
    }

    /// Compressed bytes that were not needed.
    fn left(&self) -> u64 {
        match self {
            Self::Stored(data) => data.limit(),
            Self::Deflated(data) => data.get_ref().limit(),
        }
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(data) => data.read(buffer),
            Self::Deflated(data) => data.read(buffer),
        }
    }
}

/// Reads a member's data, and keeps them if asked to. `buffer` is for all
/// members, since an archive can have many.
pub(super) fn check_member(
    reader: &mut impl BufRead,
    member: &Member,
    name: &[u8],
    buffer: &mut [u8],
    keep: Option<&mut Vec<u8>>,
) -> Result<(), MetadataError> {
    if keep.is_some() && member.unpacked > METADATA_LIMIT {
        return Err(MetadataError::TooLarge {
            rule: Rule::ArchiveTooLarge,
            what: lossy(name),
            limit: METADATA_LIMIT,
        });
    }
    let mut scanned = Vec::new();
    let is_scanned = encrypted::is_scanned(name, member.unpacked);
    let mut unpack = Unpack {
        member,
        name,
        buffer,
        keep: keep.or_else(|| is_scanned.then_some(&mut scanned)),
    };
    let right = match &member.hash {
        Some(Hash::Sha256(hash)) => unpack.digest::<Sha256>(reader)? == **hash,
        Some(Hash::Sha384(hash)) => unpack.digest::<Sha384>(reader)? == **hash,
        Some(Hash::Sha512(hash)) => unpack.digest::<Sha512>(reader)? == **hash,
        None if member.exempt => {
            unpack.digest::<Sha256>(reader)?;
            true
        }
        None => return Err(record::refused(&format!("none for {}", lossy(name)))),
    };
    if !right {
        return Err(record::refused(&format!("another for {}", lossy(name))));
    }
    encrypted::check(name, &scanned)
}

/// A member that is unpacked.
struct Unpack<'a> {
    member: &'a Member,
    name: &'a [u8],
    buffer: &'a mut [u8],
    keep: Option<&'a mut Vec<u8>>,
}

impl Unpack<'_> {
    /// Reads the data to their end, and returns the hash.
    fn digest<D: Digest>(&mut self, reader: &mut impl BufRead) -> Result<Vec<u8>, MetadataError> {
        let damaged = || MetadataError::Unreadable(format!("{} that is damaged", lossy(self.name)));
        let mut data = Unpacked::new(reader, self.member);
        let mut left = self.member.unpacked;
        let (mut hasher, mut sum) = (D::new(), Crc::new());
        loop {
            let len = data.read(self.buffer)?;
            let Some(bytes) = self.buffer.get(..len).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            // A bomb that lies about its size ends here.
            left = left.checked_sub(len as u64).ok_or_else(damaged)?;
            hasher.update(bytes);
            sum.update(bytes);
            if let Some(keep) = &mut self.keep {
                keep.extend_from_slice(bytes);
            }
        }
        if left != 0 || data.left() != 0 || sum.sum() != self.member.crc {
            return Err(damaged());
        }
        Ok(hasher.finalize().to_vec())
    }
}
