// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What an sdist holds, a tar archive in gzip, with PKG-INFO in its one folder.
//!
//! Reads the archive to its end in bounded memory. Refuses what would let two
//! readers see two different files: a second PKG-INFO, two paths for one member,
//! sizes that an extension overrides, sparse members, members behind the end;
//! and what no installer unpacks: links that lead out, devices.

use std::borrow::Cow;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use tar::{Archive, Entry, EntryType, PaxExtensions};

use self::gzip::Gunzip;
use super::{
    Contents, MEMBERS_LIMIT, METADATA_LIMIT, MIB, MetadataError, Names, UNPACKED_LIMIT,
    check_unpacked, encrypted, lossy,
};
use crate::rules::Rule;

mod gzip;
mod link;
#[cfg(test)]
mod tests;

/// Where a header of POSIX has the front of the path; older forms keep other
/// things there, or nothing.
const PREFIX: std::ops::Range<usize> = 345..500;
/// Bytes that headers and padding may add to the members: for most of them two
/// blocks, which shrink to almost nothing.
const HEADERS: u64 = 256 * MIB;
/// Bytes of all long names and pax headers together, each of which is read into
/// memory and taken apart.
const EXTENSIONS_LIMIT: u64 = 64 * MIB;

/// Reads the sdist of `size` bytes.
pub(super) fn read(file: &mut (impl Read + Seek), size: u64) -> Result<Contents, MetadataError> {
    file.seek(SeekFrom::Start(0))?;
    let limit = size.saturating_mul(50).clamp(64 * MIB, UNPACKED_LIMIT) + HEADERS;
    let unpacked = Bounded {
        inner: Gunzip::new(BufReader::with_capacity(64 * 1024, file)),
        left: limit,
        limit,
    };
    let mut archive = Archive::new(unpacked);
    let mut search = Search {
        size,
        ..Search::default()
    };
    // Raw, since tar would read an extension of any size into memory.
    for entry in archive.entries()?.raw(true) {
        search.visit(entry?)?;
    }
    if search.next_path.is_some() || search.next_target.is_some() {
        return Err(ambiguous("a path that belongs to no member"));
    }
    // To the end, where gzip has its checksum.
    check_padding(&mut archive.into_inner())?;
    search.finish()
}

#[derive(Default)]
struct Search {
    /// Bytes of the file.
    size: u64,
    /// Bytes of the members so far, and how many there are.
    unpacked: u64,
    members: usize,
    /// Bytes of the extensions so far.
    extensions: u64,
    top: Option<Vec<u8>>,
    names: Names,
    /// The path, and where a link leads, that extensions give to the member
    /// after them.
    next_path: Option<Vec<u8>>,
    next_target: Option<Vec<u8>>,
    pkg_info: Option<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Search {
    fn finish(self) -> Result<Contents, MetadataError> {
        let metadata = self.pkg_info.ok_or_else(|| MetadataError::Missing {
            rule: Rule::PkgInfoMissing,
            path: "PKG-INFO in the one top folder".into(),
        })?;
        Ok(Contents {
            metadata,
            entry_points: None,
            license_folder: String::new(),
            names: self.names,
        })
    }

    fn visit<R: Read>(&mut self, mut entry: Entry<'_, R>) -> Result<(), MetadataError> {
        self.members += 1;
        // An extension is a member too, and there may be two before each.
        if self.members > 3 * MEMBERS_LIMIT {
            return Err(MetadataError::Members {
                limit: MEMBERS_LIMIT as u64,
            });
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let path = self.read_extension(&mut entry, "a long name")?;
                return expect(&mut self.next_path, until_nul(path));
            }
            EntryType::GNULongLink => {
                let target = self.read_extension(&mut entry, "a long name")?;
                return expect(&mut self.next_target, until_nul(target));
            }
            EntryType::XHeader => {
                let extension = self.read_extension(&mut entry, "a pax header")?;
                let Paths { path, target } = pax_paths(&extension)?;
                if let Some(path) = path {
                    expect(&mut self.next_path, path)?;
                }
                return target.map_or(Ok(()), |target| expect(&mut self.next_target, target));
            }
            EntryType::XGlobalHeader => {
                let extension = self.read_extension(&mut entry, "a pax header")?;
                return match pax_paths(&extension)? {
                    Paths {
                        path: None,
                        target: None,
                    } => Ok(()),
                    _ => Err(ambiguous("one path for all members")),
                };
            }
            EntryType::GNUSparse => return Err(sparse()),
            _ => {}
        }
        check_header(&entry)?;
        let kind = entry.header().entry_type();
        let path = self
            .next_path
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        let target = self
            .next_target
            .take()
            .or_else(|| entry.link_name_bytes().map(Cow::into_owned));
        link::check(kind, &path, target.as_deref().unwrap_or_default())?;
        // Some readers pass over such contents, others take them for members.
        let holds_nothing = path.ends_with(b"/") || !(kind.is_file() || kind.is_contiguous());
        let size = entry.header().entry_size()?;
        if holds_nothing && size != 0 {
            return Err(ambiguous("a folder or link with contents"));
        }
        self.unpacked = self.unpacked.saturating_add(size);
        check_unpacked(self.size, self.unpacked)?;
        self.visit_member(&path, entry)
    }

    fn read_extension(
        &mut self,
        from: &mut impl Read,
        what: &str,
    ) -> Result<Vec<u8>, MetadataError> {
        let bytes = read_bounded(from, what)?;
        self.extensions += bytes.len() as u64;
        if self.extensions <= EXTENSIONS_LIMIT {
            return Ok(bytes);
        }
        Err(MetadataError::TooLarge {
            rule: Rule::ArchiveTooLarge,
            what: "long names and pax headers".into(),
            limit: EXTENSIONS_LIMIT,
        })
    }

    fn visit_member<R: Read>(
        &mut self,
        path: &[u8],
        mut entry: Entry<'_, R>,
    ) -> Result<(), MetadataError> {
        let path = plain(path)?;
        let mut parts = path.split(|byte| *byte == b'/');
        let first = parts.next().unwrap_or_default();
        if self.top.get_or_insert_with(|| first.to_vec()) != first {
            return Err(MetadataError::Refused {
                rule: Rule::TopLevelNotOne,
                expected: "one top folder in the archive",
                found: format!("another, {}", lossy(first)),
            });
        }
        if let Some(inner) = path.get(first.len() + 1..) {
            self.names.insert(inner)?;
        }
        if parts.next() != Some(b"PKG-INFO") || parts.next().is_some() {
            return self.scan(&path, entry);
        }
        if self.pkg_info.is_some() {
            return Err(MetadataError::Twice {
                rule: Rule::TarAmbiguous,
                path: "PKG-INFO".into(),
            });
        }
        if !entry.header().entry_type().is_file() {
            return Err(ambiguous("a PKG-INFO that is no regular file"));
        }
        self.pkg_info = Some(read_bounded(&mut entry, "PKG-INFO")?);
        Ok(())
    }

    /// Looks into a Python file as the index does.
    fn scan<R: Read>(&mut self, path: &[u8], mut entry: Entry<'_, R>) -> Result<(), MetadataError> {
        if entry.header().entry_type().is_file() && encrypted::is_scanned(path, entry.size()) {
            self.buffer.clear();
            entry.read_to_end(&mut self.buffer)?;
            encrypted::check(path, &self.buffer)?;
        }
        Ok(())
    }
}

/// Keeps a path for the next member. Some readers take the first of two,
/// others the last, and only one of them is the one that was checked.
fn expect(next: &mut Option<Vec<u8>>, path: Vec<u8>) -> Result<(), MetadataError> {
    if path.contains(&0) {
        return Err(ambiguous("a path with a NUL byte"));
    }
    match next.replace(path) {
        None => Ok(()),
        Some(_) => Err(ambiguous("two paths for one member")),
    }
}

fn until_nul(mut path: Vec<u8>) -> Vec<u8> {
    let end = path.iter().position(|byte| *byte == 0);
    path.truncate(end.unwrap_or(path.len()));
    path
}

/// The path without the parts that name no folder, `.` and nothing. Refuses one
/// that leads elsewhere, and one that is the folder that the archive is
/// unpacked to.
fn plain(path: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let parts = path.split(|byte| *byte == b'/');
    if path.starts_with(b"/") || parts.clone().any(|part| part == b"..") {
        return Err(MetadataError::Refused {
            rule: Rule::ArchivePathUnsafe,
            expected: "plain relative paths in the archive",
            found: lossy(path),
        });
    }
    let named: Vec<&[u8]> = parts
        .filter(|part| !part.is_empty() && *part != b".")
        .collect();
    if named.is_empty() {
        return Err(MetadataError::Refused {
            rule: Rule::TopLevelNotOne,
            expected: "one top folder in the archive",
            found: "none".into(),
        });
    }
    Ok(named.join(&b'/'))
}

/// Refuses header fields that readers take in several ways.
fn check_header<R: Read>(entry: &Entry<'_, R>) -> Result<(), MetadataError> {
    let header = entry.header();
    let prefix = header.as_bytes().get(PREFIX).unwrap_or_default();
    // Python takes the prefix for the front of the path in every form.
    if header.as_ustar().is_none() && prefix.iter().any(|byte| *byte != 0) {
        return Err(ambiguous("a path prefix in a header of an older form"));
    }
    if header
        .as_old()
        .size
        .first()
        .is_some_and(|byte| *byte >= 0x80)
    {
        return Err(ambiguous("a size in binary"));
    }
    Ok(())
}

/// What a pax extension gives to the member after it.
#[derive(Default)]
struct Paths {
    path: Option<Vec<u8>>,
    /// Where a link leads.
    target: Option<Vec<u8>>,
}

/// The paths that a pax extension gives, if any. One that gives a size is
/// refused: it would move all that follows.
fn pax_paths(extension: &[u8]) -> Result<Paths, MetadataError> {
    // The records end at an empty line for one reader, and not for another.
    if extension.starts_with(b"\n") || extension.windows(2).any(|pair| pair == b"\n\n") {
        return Err(ambiguous("an empty record in a pax header"));
    }
    let mut paths = Paths::default();
    for record in PaxExtensions::new(extension) {
        let record = record?;
        let value = || record.value_bytes().to_vec();
        match record.key_bytes() {
            b"path" => expect(&mut paths.path, value())?,
            b"linkpath" => expect(&mut paths.target, value())?,
            b"size" => return Err(ambiguous("a size in a pax header")),
            key if key.starts_with(b"GNU.sparse") || key == b"SCHILY.realsize" => {
                return Err(sparse());
            }
            _ => {}
        }
    }
    Ok(paths)
}

/// Reads what follows the last member, which can be nothing but zeros.
fn check_padding(rest: &mut impl Read) -> Result<(), MetadataError> {
    let mut buffer = [0; 8192];
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(()),
            read if buffer.iter().take(read).all(|byte| *byte == 0) => {}
            _ => return Err(ambiguous("bytes behind its end")),
        }
    }
}

fn sparse() -> MetadataError {
    MetadataError::Refused {
        rule: Rule::TarSparse,
        expected: "a plain tar archive",
        found: "a sparse member".into(),
    }
}

fn ambiguous(found: &str) -> MetadataError {
    MetadataError::Refused {
        rule: Rule::TarAmbiguous,
        expected: "a plain tar archive",
        found: found.to_owned(),
    }
}

fn read_bounded(from: &mut impl Read, what: &str) -> Result<Vec<u8>, MetadataError> {
    let mut bytes = Vec::new();
    from.take(METADATA_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > METADATA_LIMIT {
        return Err(MetadataError::TooLarge {
            rule: Rule::ArchiveTooLarge,
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
                rule: Rule::ArchiveTooLarge,
                what,
                limit: self.limit,
            })
        })?;
        Ok(read)
    }
}
