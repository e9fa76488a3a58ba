// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a wheel holds, a zip archive, whose RECORD tells the truth.
//!
//! Walks the archive by itself, in bounded memory and in one way only: a general
//! reader forgives much that PyPI does not, such as bytes before, between or
//! behind the parts, data descriptors and a name that stands twice. Each member
//! is unpacked once, for its hash in RECORD.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek, SeekFrom};

use self::directory::{Directory, read_central};
use self::member::{Unpacked, check_member, read_local};
use self::record::Hash;
use super::{Contents, MEMBERS_LIMIT, MIB, MetadataError, Names, check_unpacked, lossy};
use crate::rules::Rule;

mod directory;
mod member;
mod record;
#[cfg(test)]
mod tests;

/// Flags of an entry: encrypted, sizes that follow the data, a name in UTF-8.
const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Bytes that RECORD may have: some three hundred for each member.
const RECORD_LIMIT: u64 = 64 * MIB;

/// Reads the wheel of `size` bytes whose name begins with `stem`, which is
/// `{name}-{version}` as they are spelt there. METADATA, WHEEL and RECORD must
/// stand in `{stem}.dist-info`, and RECORD must be right about every file.
pub(super) fn read(
    file: &mut (impl Read + Seek),
    size: u64,
    stem: &str,
) -> Result<Contents, MetadataError> {
    let directory = directory::find(file, size)?;
    let mut wheel = list_members(file, &directory, stem, size)?;
    wheel.read_record(file)?;
    wheel.check_members(file, &directory)
}

/// What the central directory says of one file.
struct Member {
    /// Stands for the name, so that long ones cost no memory.
    key: u64,
    method: u16,
    crc: u32,
    compressed: u64,
    unpacked: u64,
    start: u64,
    /// Folders, RECORD and its signatures have no hash in RECORD.
    exempt: bool,
    /// What RECORD says.
    hash: Option<Hash>,
}

/// The members, at most [`MEMBERS_LIMIT`] of them.
struct Wheel {
    members: Vec<Member>,
    /// From the key to the place in `members`.
    places: HashMap<u64, usize>,
    names: Names,
    /// The `.dist-info` folder.
    folder: String,
}

fn list_members(
    file: &mut (impl Read + Seek),
    directory: &Directory,
    stem: &str,
    size: u64,
) -> Result<Wheel, MetadataError> {
    if directory.entries > MEMBERS_LIMIT as u64 {
        return Err(MetadataError::Members {
            limit: MEMBERS_LIMIT as u64,
        });
    }
    file.seek(SeekFrom::Start(directory.start))?;
    let mut reader = BufReader::new(file.take(directory.size));
    let mut wheel = Wheel {
        members: Vec::new(),
        places: HashMap::new(),
        names: Names::default(),
        folder: format!("{stem}.dist-info"),
    };
    let mut unpacked = 0_u64;
    let mut other_folder = None;
    for _ in 0..directory.entries {
        let (name, mut member) = read_central(&mut reader)?;
        unpacked = unpacked.saturating_add(member.unpacked);
        let top = name.split(|byte| *byte == b'/').next().unwrap_or_default();
        if top.ends_with(b".dist-info") && top != wheel.folder.as_bytes() {
            other_folder.get_or_insert_with(|| lossy(top));
        }
        let folder = name.ends_with(b"/");
        if folder && member.unpacked != 0 {
            return Err(framing("a folder with contents"));
        }
        if !wheel.names.insert(&name)? {
            return Err(MetadataError::Twice {
                rule: Rule::ZipDuplicateName,
                path: lossy(&name),
            });
        }
        member.exempt = folder || wheel.is_exempt(&name);
        member.key = wheel.names.key(&name);
        wheel.places.insert(member.key, wheel.members.len());
        wheel.members.push(member);
    }
    check_unpacked(size, unpacked)?;
    if reader.read(&mut [0])? != 0 {
        return Err(framing("bytes before or between its parts"));
    }
    for (name, rule) in [
        ("METADATA", Rule::MetadataMissing),
        ("WHEEL", Rule::WheelFileMissing),
        ("RECORD", Rule::RecordMissing),
    ] {
        wheel.find(name, rule)?;
    }
    // Installers take the one that ends so, whatever its name, and give up
    // where there are two.
    match other_folder {
        None => Ok(wheel),
        Some(other) => Err(MetadataError::Refused {
            rule: Rule::MetadataMismatch,
            expected: "one `.dist-info` folder at the top",
            found: format!("another, {other}"),
        }),
    }
}

impl Wheel {
    fn is_exempt(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.folder.as_bytes())
            .is_some_and(|name| matches!(name, b"/RECORD" | b"/RECORD.jws" | b"/RECORD.p7s"))
    }

    fn key(&self, name: &str) -> u64 {
        self.names.key(format!("{}/{name}", self.folder).as_bytes())
    }

    /// A file of the `.dist-info` folder, which must be there by this rule.
    fn find(&self, name: &str, rule: Rule) -> Result<&Member, MetadataError> {
        let place = self.places.get(&self.key(name));
        place
            .and_then(|place| self.members.get(*place))
            .ok_or_else(|| MetadataError::Missing {
                rule,
                path: format!("{}/{name}", self.folder),
            })
    }

    /// Gives each member its hash.
    fn read_record(&mut self, file: &mut (impl Read + Seek)) -> Result<(), MetadataError> {
        let record = self.find("RECORD", Rule::RecordMissing)?;
        if record.unpacked > RECORD_LIMIT {
            return Err(MetadataError::TooLarge {
                rule: Rule::ArchiveTooLarge,
                what: "RECORD".into(),
                limit: RECORD_LIMIT,
            });
        }
        file.seek(SeekFrom::Start(record.start))?;
        let mut reader = BufReader::new(file);
        read_local(&mut reader, record, &self.names)?;
        let size = record.unpacked;
        let unpacked = Unpacked::new(&mut reader, record);
        record::read_lines(BufReader::new(unpacked.take(size)), |path, hash| {
            if path.ends_with(b"/") || self.is_exempt(path) {
                return Ok(());
            }
            let hash = Hash::parse(hash)
                .ok_or_else(|| record::refused(&format!("none for {}", lossy(path))))?;
            let place = self.places.get(&self.names.key(path));
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

    /// Reads the archive from its first byte to the central directory.
    fn check_members(
        mut self,
        file: &mut (impl Read + Seek),
        directory: &Directory,
    ) -> Result<Contents, MetadataError> {
        let (metadata, entry_points) = (self.key("METADATA"), self.key("entry_points.txt"));
        self.members.sort_unstable_by_key(|member| member.start);
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        let mut contents = Contents {
            metadata: Vec::new(),
            entry_points: None,
            license_folder: format!("{}/licenses/", self.folder),
            names: Names::default(),
        };
        let mut buffer = vec![0; 64 * 1024];
        let mut at = 0_u64;
        for member in &self.members {
            // The index reads on from each member's end; what lies between, or
            // in two members at once, it refuses.
            if member.start != at {
                return Err(framing("bytes before or between its parts"));
            }
            let (name, header_len) = read_local(&mut reader, member, &self.names)?;
            at = at
                .saturating_add(header_len)
                .saturating_add(member.compressed);
            if at > directory.start {
                return Err(mismatch(&name));
            }
            let keep = if member.key == metadata {
                Some(&mut contents.metadata)
            } else if member.key == entry_points {
                Some(contents.entry_points.insert(Vec::new()))
            } else {
                None
            };
            check_member(&mut reader, member, &name, &mut buffer, keep)?;
        }
        contents.names = self.names;
        if at == directory.start {
            Ok(contents)
        } else {
            Err(framing("bytes before or between its parts"))
        }
    }
}

/// The index refuses names that are unprintable, or that zip's old code page
/// makes other letters of. Installers refuse those that lead elsewhere.
fn check_name(name: &[u8], flags: u16) -> Result<(), MetadataError> {
    let utf8 = flags & UTF8 != 0 && std::str::from_utf8(name).is_ok();
    if name.iter().any(u8::is_ascii_control) || !(utf8 || name.is_ascii()) {
        return Err(MetadataError::Refused {
            rule: Rule::ZipNameIllegal,
            expected: "members whose names are printable UTF-8",
            found: lossy(name),
        });
    }
    let up = |part: &[u8]| part == b"..";
    if name.starts_with(b"/") || name.split(|byte| matches!(byte, b'/' | b'\\')).any(up) {
        return Err(MetadataError::Refused {
            rule: Rule::ArchivePathUnsafe,
            expected: "plain relative paths in the archive",
            found: lossy(name),
        });
    }
    Ok(())
}

fn check_flags(flags: u16, method: u16) -> Result<(), MetadataError> {
    let compression = |found: &str| MetadataError::Refused {
        rule: Rule::ZipCompression,
        expected: "members that are stored or deflated",
        found: found.to_owned(),
    };
    if flags & ENCRYPTED != 0 {
        Err(compression("an encrypted entry"))
    } else if flags & DESCRIPTOR != 0 {
        Err(MetadataError::Refused {
            rule: Rule::ZipDataDescriptor,
            expected: "a zip archive with the sizes before the data",
            found: "data descriptors, as a zip has that was written to a pipe".into(),
        })
    } else if !matches!(method, STORED | DEFLATED) {
        Err(compression("a compression other than deflate"))
    } else {
        Ok(())
    }
}

fn framing(found: &str) -> MetadataError {
    MetadataError::Refused {
        rule: Rule::ZipFraming,
        expected: "a plain zip archive",
        found: found.to_owned(),
    }
}

fn mismatch(name: &[u8]) -> MetadataError {
    MetadataError::Refused {
        rule: Rule::ZipMemberMismatch,
        expected: "a plain zip archive",
        found: format!("two different accounts of {}", lossy(name)),
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

    fn u64(&mut self) -> Result<u64, MetadataError> {
        self.take().map(u64::from_le_bytes)
    }

    fn expect(&mut self, signature: [u8; 4]) -> Result<(), MetadataError> {
        if self.take()? == signature {
            Ok(())
        } else {
            Err(MetadataError::Unreadable("a record of another kind".into()))
        }
    }
}
