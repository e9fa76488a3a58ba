// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The records of a zip file, one after the other from its first byte to its
//! last: what stands in no record is refused, and so is what two records say
//! in two ways.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR64: u32 = 0x0706_4b50;
/// The extra field that holds sizes of 64 bits.
const EXTRA64: u16 = 1;

/// One member, as its local header tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) method: usize,
    /// Bytes, unpacked.
    pub(super) size: u64,
    packed: u64,
    offset: u64,
}

/// The numbers of the directory that a closing record states.
struct End {
    records: u64,
    size: u64,
    offset: u64,
}

/// Whether Python's `zipfile` takes it for one: there is a whole closing record
/// near its end.
pub(super) fn is_zip(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(length.saturating_sub(65_557)))?;
    let mut tail = Vec::new();
    source.read_to_end(&mut tail)?;
    source.rewind()?;
    Ok(tail
        .windows(22)
        .any(|record| record[..4] == END.to_le_bytes()))
}

/// All members, or what is wrong in the index's words.
pub(super) fn read(source: &mut (impl Read + Seek)) -> Result<Vec<Member>, String> {
    let mut scan = Scan {
        source,
        at: 0,
        locals: Vec::new(),
        centrals: Vec::new(),
        central_begins: None,
        central_ends: 0,
        end64: None,
    };
    scan.source.rewind().map_err(malformed)?;
    loop {
        match scan.signature()? {
            LOCAL => scan.local()?,
            CENTRAL => scan.central()?,
            END64 => scan.end64()?,
            LOCATOR64 => drop(scan.bytes(16)?),
            END => {
                scan.end()?;
                break;
            }
            _ => return Err("Unknown record signature".to_owned()),
        }
    }
    compare(&scan.locals, &scan.centrals)?;
    Ok(scan.locals)
}

struct Scan<'a, R> {
    source: &'a mut R,
    at: u64,
    locals: Vec<Member>,
    centrals: Vec<Member>,
    central_begins: Option<u64>,
    central_ends: u64,
    end64: Option<End>,
}

impl<R: Read + Seek> Scan<'_, R> {
    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; count];
        self.source.read_exact(&mut bytes).map_err(malformed)?;
        self.at += count as u64;
        Ok(bytes)
    }

    fn signature(&mut self) -> Result<u32, String> {
        let bytes = self.bytes(4)?;
        let fold = |sum, byte: &u8| sum << 8 | u32::from(*byte);
        Ok(bytes.iter().rev().fold(0, fold))
    }

    fn local(&mut self) -> Result<(), String> {
        let offset = self.at - 4;
        let head = self.bytes(26)?;
        if number(&head, 2, 2) & 8 != 0 {
            return Err("ZIP contains a data descriptor".to_owned());
        }
        let name = self.bytes(small(&head, 22))?;
        let extra = self.bytes(small(&head, 24))?;
        let (packed, size) = (number(&head, 14, 4), number(&head, 18, 4));
        let [size, packed, _] = wide(&extra, [size, packed, 0])?;
        let member = Member {
            name: text(name)?,
            method: small(&head, 4),
            size,
            packed,
            offset,
        };
        let skip = i64::try_from(packed).map_err(|_| "Malformed zip file")?;
        self.source.seek_relative(skip).map_err(malformed)?;
        self.at += packed;
        if self.locals.iter().any(|other| other.name == member.name) {
            return Err("Duplicate filename in local headers".to_owned());
        }
        self.locals.push(member);
        Ok(())
    }

    fn central(&mut self) -> Result<(), String> {
        self.central_begins.get_or_insert(self.at - 4);
        let head = self.bytes(42)?;
        let name = self.bytes(small(&head, 24))?;
        let extra = self.bytes(small(&head, 26))?;
        if small(&head, 28) > 0 {
            return Err("Comment in central directory".to_owned());
        }
        let (packed, size) = (number(&head, 16, 4), number(&head, 20, 4));
        let [size, packed, offset] = wide(&extra, [size, packed, number(&head, 38, 4)])?;
        let member = Member {
            name: text(name)?,
            method: 0,
            size,
            packed,
            offset,
        };
        if self.centrals.iter().any(|other| other.name == member.name) {
            return Err("Duplicate filename in central directory".to_owned());
        }
        self.centrals.push(member);
        self.central_ends = self.at;
        Ok(())
    }

    fn end64(&mut self) -> Result<(), String> {
        let head = self.bytes(52)?;
        if number(&head, 0, 8) != 44 {
            return Err("ZIP64 extensible data not allowed".to_owned());
        }
        self.end64 = Some(End {
            records: number(&head, 28, 8),
            size: number(&head, 36, 8),
            offset: number(&head, 44, 8),
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let head = self.bytes(18)?;
        self.bytes(small(&head, 16))?;
        let mut more = [0];
        if self.source.read(&mut more).map_err(malformed)? > 0 {
            return Err("Trailing data".to_owned());
        }
        let stated = End {
            records: number(&head, 6, 2),
            size: number(&head, 8, 4),
            offset: number(&head, 12, 4),
        };
        let stated = self.end64.take().unwrap_or(stated);
        let begins = self.central_begins.unwrap_or(stated.offset);
        let found = [
            ("records", self.centrals.len() as u64, stated.records),
            ("offset", begins, stated.offset),
            (
                "size",
                self.central_ends.saturating_sub(begins),
                stated.size,
            ),
        ];
        for (what, found, stated) in found {
            if found != stated {
                return Err(format!("Mismatched central directory {what}"));
            }
        }
        Ok(())
    }
}

fn compare(locals: &[Member], centrals: &[Member]) -> Result<(), String> {
    for local in locals {
        let Some(central) = centrals.iter().find(|other| other.name == local.name) else {
            return Err("Filename not in central directory".to_owned());
        };
        for (what, one, other) in [
            ("Mis-matched data size", local.packed, central.packed),
            ("Mis-matched file size", local.size, central.size),
            (
                "Mismatched central directory offset",
                local.offset,
                central.offset,
            ),
        ] {
            if one != other {
                return Err(what.to_owned());
            }
        }
    }
    let names: BTreeSet<&str> = locals.iter().map(|member| member.name.as_str()).collect();
    if centrals
        .iter()
        .any(|member| !names.contains(member.name.as_str()))
    {
        return Err("Missing filename in local headers".to_owned());
    }
    Ok(())
}

/// Sizes and offset, those that are all ones taken from the extra field.
fn wide(mut extra: &[u8], values: [u64; 3]) -> Result<[u64; 3], String> {
    let mut found = None;
    while extra.len() >= 4 {
        let (kind, length) = (number(extra, 0, 2), small(extra, 2));
        let body = extra.get(4..4 + length).ok_or("Malformed zip file")?;
        if kind == u64::from(EXTRA64) && found.replace(body).is_some() {
            return Err("Invalid duplicate extra in local file".to_owned());
        }
        extra = &extra[4 + length..];
    }
    let mut rest = found.unwrap_or_default();
    let mut wide = values;
    for value in &mut wide {
        if *value == u64::from(u32::MAX) {
            let (bytes, after) = rest.split_at_checked(8).ok_or("Malformed zip file")?;
            *value = number(bytes, 0, 8);
            rest = after;
        }
    }
    Ok(wide)
}

fn text(name: Vec<u8>) -> Result<String, String> {
    let name = String::from_utf8(name).map_err(|_| "Filename not valid UTF-8")?;
    if name.chars().any(|letter| letter.is_control()) {
        return Err("Invalid character in filename".to_owned());
    }
    Ok(name)
}

/// The little-endian number of `count` bytes; nothing beyond the end.
fn number(bytes: &[u8], at: usize, count: usize) -> u64 {
    let bytes = bytes.get(at..at + count).unwrap_or_default();
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn small(bytes: &[u8], at: usize) -> usize {
    usize::try_from(number(bytes, at, 2)).unwrap_or(0)
}

fn malformed(_: io::Error) -> String {
    "Malformed zip file".to_owned()
}
