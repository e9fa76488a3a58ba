// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One member of a zip archive: its own header, and its data.
//!
//! Decides whether both are what the central directory says, and whether the
//! data have their hash. Decides nothing about where members lie.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::super::{METADATA_LIMIT, MetadataError};
use super::record::{self, Hash};
use super::{Member, Record, STORED, check_flags, lossy, refused};

pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// Reads the header before a member's data. Returns the name and the header's
/// length.
pub(super) fn read_local(
    reader: &mut impl Read,
    member: &Member,
    keys: &RandomState,
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
    let same = keys.hash_one(&name) == member.key
        && (method, crc) == (member.method, member.crc)
        && read_sizes(&extra, sizes)? == (u64::from(member.compressed), u64::from(member.unpacked));
    if !same {
        return Err(refused(&format!(
            "two different accounts of {}",
            lossy(&name)
        )));
    }
    let length = LOCAL_LEN + name.len() + extra.len();
    Ok((name, length as u64))
}

/// The compressed and the unpacked size, where an extra field of zip64 may give
/// them: tools reserve it for files whose size they do not know in advance.
fn read_sizes(extra: &[u8], sizes: (u64, u64)) -> Result<(u64, u64), MetadataError> {
    const ZIP64: u16 = 1;
    let (mut compressed, mut unpacked) = sizes;
    let mut extra = Record(extra);
    while !extra.0.is_empty() {
        let (id, len) = (extra.u16()?, usize::from(extra.u16()?));
        let (field, rest) = extra
            .0
            .split_at_checked(len)
            .ok_or_else(|| MetadataError::Unreadable("a record cut off".into()))?;
        extra = Record(rest);
        if id == ZIP64 && len != 0 {
            let mut field = Record(field);
            let size = u64::from_le_bytes(field.take()?);
            if unpacked == u64::from(u32::MAX) {
                unpacked = size;
            }
            // With one size alone the member is stored, and both are the same.
            compressed = match len {
                8 => size,
                _ => u64::from_le_bytes(field.take()?),
            };
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
        let data = from.take(u64::from(member.compressed));
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

pub(super) fn check_member(
    reader: &mut impl BufRead,
    member: &Member,
    name: &[u8],
    keep: Option<&mut Vec<u8>>,
) -> Result<(), MetadataError> {
    if keep.is_some() && u64::from(member.unpacked) > METADATA_LIMIT {
        return Err(MetadataError::TooLarge {
            what: "METADATA".into(),
            limit: METADATA_LIMIT,
        });
    }
    let right = match &member.hash {
        Some(Hash::Sha256(hash)) => unpack::<Sha256>(reader, member, name, keep)? == **hash,
        Some(Hash::Sha384(hash)) => unpack::<Sha384>(reader, member, name, keep)? == **hash,
        Some(Hash::Sha512(hash)) => unpack::<Sha512>(reader, member, name, keep)? == **hash,
        None if member.exempt => {
            unpack::<Sha256>(reader, member, name, keep)?;
            true
        }
        None => return Err(record::refused(&format!("none for {}", lossy(name)))),
    };
    if right {
        Ok(())
    } else {
        Err(record::refused(&format!("another for {}", lossy(name))))
    }
}

/// Reads a member to its end, keeps its bytes if asked to, and returns the hash.
fn unpack<D: Digest>(
    reader: &mut impl BufRead,
    member: &Member,
    name: &[u8],
    mut keep: Option<&mut Vec<u8>>,
) -> Result<Vec<u8>, MetadataError> {
    let damaged = || MetadataError::Unreadable(format!("{} that is damaged", lossy(name)));
    let mut data = Unpacked::new(reader, member);
    let mut left = u64::from(member.unpacked);
    let (mut hasher, mut sum) = (D::new(), Crc::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let len = data.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..len).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        // A bomb that lies about its size ends here.
        left = left.checked_sub(len as u64).ok_or_else(damaged)?;
        hasher.update(bytes);
        sum.update(bytes);
        if let Some(keep) = &mut keep {
            keep.extend_from_slice(bytes);
        }
    }
    if left != 0 || data.left() != 0 || sum.sum() != member.crc {
        return Err(damaged());
    }
    Ok(hasher.finalize().to_vec())
}
