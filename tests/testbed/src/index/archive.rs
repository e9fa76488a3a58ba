// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index demands of the inside of a distribution, with its own words.
//!
//! Written apart from the product's own checks, so that the two can disagree.
//! Kept from the real server are the rules for framing and members; its scan for
//! encrypted code is not.

mod entry_points;
mod framing;
mod sdist;
mod wheel;

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

use super::form::{Body, Content};
use super::refusal::Refusal;

/// More than so much unpacked, a file may not be packed 50 times as small.
const BIG: u64 = 64 << 20;

/// What can be read and sought.
trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// The rules for the archive itself, before those for its name.
pub(super) fn check_frame(content: &Content) -> Result<(), Refusal> {
    let name = content.filename.as_str();
    let zipped = !name.ends_with(".tar.gz");
    let mut source = open(&content.body)?;
    let is_zip = framing::is_zip(&mut source).map_err(unreadable)?;
    let is_tar = is_tar(&mut source).map_err(unreadable)?;
    match (is_zip, is_tar, zipped) {
        (true, true, _) => return Err(invalid("File is both a zip and a tar file")),
        (false, _, true) => return Err(invalid("File is not a zipfile")),
        (_, false, false) => return Err(not_a_tar(&mut source)),
        _ => {}
    }
    if !zipped {
        return sdist::check_frame(source, content.digests.size);
    }
    let frame = framing::read(&mut source).map_err(|problem| {
        invalid(&format!(
            "ZIP archive not accepted: {problem}. See https://docs.pypi.org/archives for more \
             information"
        ))
    })?;
    if frame.iter().any(|member| !matches!(member.method, 0 | 8)) {
        return Err(invalid("File does not use a supported compression type"));
    }
    let unpacked = frame.iter().map(|member| member.size).sum();
    check_ratio(unpacked, content.digests.size)?;
    if name.ends_with(".whl") {
        wheel::check_frame(name, &frame)
    } else {
        Ok(())
    }
}

/// The rules for its members, after those for its name.
pub(super) fn check_members(content: &Content, license_files: &[String]) -> Result<(), Refusal> {
    let source = open(&content.body)?;
    let name = content.filename.as_str();
    if name.ends_with(".whl") {
        wheel::check_members(name, source, license_files)
    } else {
        sdist::check_members(name, source, license_files)
    }
}

fn open(body: &Body) -> Result<Box<dyn Source>, Refusal> {
    match body {
        Body::Memory(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
        Body::Disk(path) => {
            let file = File::open(path.as_ref()).map_err(unreadable)?;
            Ok(Box::new(BufReader::new(file)))
        }
    }
}

/// Python's look at it: the first member's header, packed by gzip or not.
fn is_tar(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    source.rewind()?;
    let mut start = Vec::new();
    source.take(512).read_to_end(&mut start)?;
    if is_tar_header(&start) {
        return Ok(true);
    }
    source.rewind()?;
    let mut start = Vec::new();
    let unpacked = MultiGzDecoder::new(&mut *source)
        .take(512)
        .read_to_end(&mut start);
    source.seek(SeekFrom::Start(0))?;
    Ok(unpacked.is_ok() && is_tar_header(&start))
}

/// Whether the checksum of this header holds.
fn is_tar_header(header: &[u8]) -> bool {
    let Some(digits) = header.get(148..156) else {
        return false;
    };
    let digits = String::from_utf8_lossy(digits);
    let stated = u32::from_str_radix(digits.trim_matches(['\0', ' ']), 8);
    let blank = header.iter().enumerate().map(|(at, byte)| match at {
        148..156 => u32::from(b' '),
        _ => u32::from(*byte),
    });
    header.len() == 512 && stated == Ok(blank.sum())
}

/// A broken gzip stream is told apart from a stream that holds something else.
fn not_a_tar(source: &mut (impl Read + Seek)) -> Refusal {
    let mut start = [0; 2];
    let gzip = source.rewind().is_ok() && source.read_exact(&mut start).is_ok();
    if gzip && start == [0x1f, 0x8b] {
        invalid("None")
    } else {
        invalid("File is not a tarfile")
    }
}

fn check_ratio(unpacked: u64, packed: u64) -> Result<(), Refusal> {
    if unpacked > BIG && unpacked / packed.max(1) >= 50 {
        return Err(invalid("File exceeds compression ratio of 50"));
    }
    Ok(())
}

fn invalid(problem: &str) -> Refusal {
    Refusal::bad(format!("Invalid distribution file. {problem}"))
}

fn unreadable(_: io::Error) -> Refusal {
    Refusal::new(503, "Service Unavailable")
}
