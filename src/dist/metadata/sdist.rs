// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! PKG-INFO out of an sdist, a tar archive in gzip.
//!
//! Reads the archive to its end in constant memory. Refuses what would let two
//! readers see two different files: a second PKG-INFO, two paths for one member,
//! sizes that an extension overrides, sparse members, members behind the end.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType, PaxExtensions};

use super::{METADATA_LIMIT, MetadataError, unpacked_limit};

#[cfg(test)]
mod tests;

/// Where a header of POSIX has the front of the path; older forms keep other
/// things there, or nothing.
const PREFIX: std::ops::Range<usize> = 345..500;

/// The bytes of `{top}/PKG-INFO`, where `top` is the one folder that holds all.
pub(super) fn read_pkg_info(file: &mut (impl Read + Seek)) -> Result<Vec<u8>, MetadataError> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let limit = unpacked_limit(size);
    let unpacked = Bounded {
        inner: MultiGzDecoder::new(BufReader::new(file)),
        left: limit,
        limit,
    };
    let mut archive = Archive::new(unpacked);
    let mut search = Search::default();
    // Raw, since tar would read an extension of any size into memory.
    for entry in archive.entries()?.raw(true) {
        search.visit(entry?)?;
    }
    if search.next_path.is_some() {
        return Err(refused("a path that belongs to no member"));
    }
    // To the end, where gzip has its checksum.
    check_padding(&mut archive.into_inner())?;
    search
        .pkg_info
        .ok_or_else(|| MetadataError::Missing("PKG-INFO in the one top folder".into()))
}

#[derive(Default)]
struct Search {
    top: Option<Vec<u8>>,
    /// The path that an extension gives to the member after it.
    next_path: Option<Vec<u8>>,
    pkg_info: Option<Vec<u8>>,
}

impl Search {
    fn visit<R: Read>(&mut self, mut entry: Entry<'_, R>) -> Result<(), MetadataError> {
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut path = read_bounded(&mut entry, "a long name")?;
                path.truncate(
                    path.iter()
                        .position(|byte| *byte == 0)
                        .unwrap_or(path.len()),
                );
                return self.expect_path(path);
            }
            EntryType::GNULongLink => return Ok(()),
            EntryType::XHeader => {
                let extension = read_bounded(&mut entry, "a pax header")?;
                return match pax_path(&extension)? {
                    Some(path) => self.expect_path(path),
                    None => Ok(()),
                };
            }
            EntryType::XGlobalHeader => {
                let extension = read_bounded(&mut entry, "a pax header")?;
                return match pax_path(&extension)? {
                    None => Ok(()),
                    Some(_) => Err(refused("one path for all members")),
                };
            }
            EntryType::GNUSparse => return Err(refused("a sparse member")),
            _ => {}
        }
        check_header(&entry)?;
        let kind = entry.header().entry_type();
        let path = self
            .next_path
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        // Some readers pass over such contents, others take them for members.
        let holds_nothing = path.ends_with(b"/") || !(kind.is_file() || kind.is_contiguous());
        if holds_nothing && entry.header().entry_size()? != 0 {
            return Err(refused("a folder or link with contents"));
        }
        self.visit_member(&path, entry)
    }

    /// Keeps the path for the next member. Some readers take the first of two,
    /// others the last, and only one of them is the one that was checked.
    fn expect_path(&mut self, path: Vec<u8>) -> Result<(), MetadataError> {
        if path.contains(&0) {
            return Err(refused("a path with a NUL byte"));
        }
        match self.next_path.replace(path) {
            None => Ok(()),
            Some(_) => Err(refused("two paths for one member")),
        }
    }

    fn visit_member<R: Read>(
        &mut self,
        path: &[u8],
        mut entry: Entry<'_, R>,
    ) -> Result<(), MetadataError> {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let mut parts = path.split(|byte| *byte == b'/');
        let first = parts.next().unwrap_or_default();
        let dots = |part: &[u8]| part.is_empty() || part == b"." || part == b"..";
        if path.split(|byte| *byte == b'/').any(dots) {
            return Err(MetadataError::Refused {
                expected: "plain relative paths in the archive",
                found: String::from_utf8_lossy(path).into_owned(),
            });
        }
        if self.top.get_or_insert_with(|| first.to_vec()) != first {
            return Err(MetadataError::Refused {
                expected: "one top folder in the archive",
                found: format!("another, {}", String::from_utf8_lossy(first)),
            });
        }
        if parts.next() != Some(b"PKG-INFO") || parts.next().is_some() {
            return Ok(());
        }
        if self.pkg_info.is_some() {
            return Err(MetadataError::Twice("PKG-INFO".into()));
        }
        if !entry.header().entry_type().is_file() {
            return Err(refused("a PKG-INFO that is no regular file"));
        }
        self.pkg_info = Some(read_bounded(&mut entry, "PKG-INFO")?);
        Ok(())
    }
}

/// Refuses header fields that readers take in several ways.
fn check_header<R: Read>(entry: &Entry<'_, R>) -> Result<(), MetadataError> {
    let header = entry.header();
    let prefix = header.as_bytes().get(PREFIX).unwrap_or_default();
    // Python takes the prefix for the front of the path in every form.
    if header.as_ustar().is_none() && prefix.iter().any(|byte| *byte != 0) {
        return Err(refused("a path prefix in a header of an older form"));
    }
    if header
        .as_old()
        .size
        .first()
        .is_some_and(|byte| *byte >= 0x80)
    {
        return Err(refused("a size in binary"));
    }
    Ok(())
}

/// The path that a pax extension gives, if any. One that gives a size is
/// refused: it would move all that follows.
fn pax_path(extension: &[u8]) -> Result<Option<Vec<u8>>, MetadataError> {
    // The records end at an empty line for one reader, and not for another.
    if extension.starts_with(b"\n") || extension.windows(2).any(|pair| pair == b"\n\n") {
        return Err(refused("an empty record in a pax header"));
    }
    let mut path = None;
    for record in PaxExtensions::new(extension) {
        let record = record?;
        match record.key_bytes() {
            b"path" if path.is_some() => return Err(refused("two paths for one member")),
            b"path" => path = Some(record.value_bytes().to_vec()),
            b"size" => return Err(refused("a size in a pax header")),
            key if key.starts_with(b"GNU.sparse") || key == b"SCHILY.realsize" => {
                return Err(refused("a sparse member"));
            }
            _ => {}
        }
    }
    Ok(path)
}

/// Reads what follows the last member, which can be nothing but zeros.
fn check_padding(rest: &mut impl Read) -> Result<(), MetadataError> {
    let mut buffer = [0; 8192];
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(()),
            read if buffer.iter().take(read).all(|byte| *byte == 0) => {}
            _ => return Err(refused("bytes behind its end")),
        }
    }
}

fn refused(found: &str) -> MetadataError {
    MetadataError::Refused {
        expected: "a plain tar archive",
        found: found.to_owned(),
    }
}

fn read_bounded(from: &mut impl Read, what: &str) -> Result<Vec<u8>, MetadataError> {
    let mut bytes = Vec::new();
    from.take(METADATA_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > METADATA_LIMIT {
        return Err(MetadataError::TooLarge {
            what: what.to_owned(),
            limit: METADATA_LIMIT,
        });
    }
    Ok(bytes)
}

/// A reader that fails, rather than ends, at its limit.
struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let what = "unpacked archive".to_owned();
            io::Error::other(MetadataError::TooLarge {
                what,
                limit: self.limit,
            })
        })?;
        Ok(read)
    }
}
