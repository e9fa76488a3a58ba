// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The private copy of a file: written once to a file that has no name, and
//! hashed in the same pass, so that nobody can change what was verified.
//! Decides nothing about whether the digests are the right ones.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use tokio::sync::mpsc;

use super::error::SourceError;
use crate::http::{HttpError, PacedBody, content_length, display_url};

/// How much is hashed and written at once, in bytes.
const CHUNK: usize = 256 * 1024;
/// How many chunks may wait for the disk.
const WAITING: usize = 2;

/// The bytes of one file on private disk, with their digests. They lie in a file
/// that has no name and is gone with the last handle; small ones share one.
#[derive(Clone, Debug)]
pub struct Fetched {
    file: Arc<File>,
    /// Where its bytes begin.
    start: u64,
    size: u64,
    sha256: [u8; 32],
    sha512: [u8; 64],
    hashers: Box<(Sha256, Sha512)>,
}

impl Fetched {
    /// The size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The SHA-256 of the bytes.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The SHA-512 of the bytes.
    pub fn sha512(&self) -> &[u8; 64] {
        &self.sha512
    }

    /// The hashers as they stood behind the last byte, for a signature's digest
    /// that goes on from there. They took the bytes while these were written to
    /// the file, which has no name and is never written again: they are the
    /// hashers of what [`Fetched::reader`] gives. Whatever is sent is read from
    /// there, and held once more to the SHA-256 that came of the same pass.
    pub fn hashers(&self) -> (&Sha256, &Sha512) {
        let (sha256, sha512) = &*self.hashers;
        (sha256, sha512)
    }

    /// Reads the bytes from their start, independent of every other reader.
    pub fn reader(&self) -> PositionedReader {
        PositionedReader {
            file: Arc::clone(&self.file),
            start: self.start,
            position: 0,
            size: self.size,
        }
    }

    /// Copies what `reader` gives, at most `limit` bytes and one more, with
    /// the SHA-1 that Subversion lists. The outer error is the writer's.
    pub(super) fn copy(
        mut reader: impl Read,
        limit: u64,
        temp: &Path,
    ) -> io::Result<io::Result<(Self, [u8; 20])>> {
        let mut copy = PrivateCopy::begin(temp)?;
        let mut chunk = vec![0; CHUNK];
        while copy.size <= limit {
            match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => copy.take(chunk.get(..length).unwrap_or_default())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(copy.finish()))
    }

    /// Copies the body of an answer that must have exactly `size` bytes, with
    /// its SHA-1. Hashing and writing go on a thread of their own, so that
    /// several files use several cores.
    ///
    /// The outer error may pass with another try; the inner one may not.
    pub(super) async fn receive(
        response: Response,
        size: u64,
        temp: &Path,
    ) -> Result<Result<(Self, [u8; 20]), SourceError>, HttpError> {
        let (sender, mut chunks) = mpsc::channel::<Bytes>(WAITING);
        let temp = temp.to_owned();
        let writing = tokio::task::spawn_blocking(move || -> io::Result<_> {
            let mut copy = PrivateCopy::begin(&temp)?;
            while let Some(chunk) = chunks.blocking_recv() {
                copy.take(&chunk)?;
            }
            Ok(copy.finish())
        });
        let received = pass_on(response, size, sender).await;
        // The writer ends before the next try begins: one copy at a time.
        let written = writing.await.map_err(io::Error::other).flatten();
        match (written, received) {
            (Err(error), _) => Ok(Err(SourceError::of_write(&error))),
            (_, Err(error)) => Err(error),
            (_, Ok(Err(error))) => Ok(Err(error)),
            (Ok(copy), Ok(Ok(()))) => Ok(Ok(copy)),
        }
    }
}

/// Passes a body on in chunks that are worth a thread's wake-up. Ends early
/// without an error when nobody takes them any more: the taker knows why.
async fn pass_on(
    response: Response,
    size: u64,
    sender: mpsc::Sender<Bytes>,
) -> Result<Result<(), SourceError>, HttpError> {
    let url = response.url().clone();
    let too_long = |found: u64| SourceError::Bytes {
        expected: format!("{size} bytes, as listed"),
        found: format!("{found} bytes or more"),
    };
    let too_short = |found: u64| HttpError::ShortBody {
        url: display_url(&url),
        expected: size,
        found,
    };
    match content_length(&response) {
        Some(length) if length > size => return Ok(Err(too_long(length))),
        Some(length) if length < size => return Err(too_short(length)),
        _ => {}
    }
    let mut found = 0;
    let mut chunk = BytesMut::with_capacity(CHUNK.min(usize::try_from(size).unwrap_or(CHUNK)));
    let mut body = PacedBody::new(response);
    while let Some(bytes) = body.chunk().await? {
        found += bytes.len() as u64;
        if found > size {
            return Ok(Err(too_long(found)));
        }
        chunk.extend_from_slice(&bytes);
        if chunk.len() >= CHUNK && sender.send(chunk.split().freeze()).await.is_err() {
            return Ok(Ok(()));
        }
    }
    if found < size {
        return Err(too_short(found));
    }
    if !chunk.is_empty() {
        let _ = sender.send(chunk.freeze()).await;
    }
    Ok(Ok(()))
}

/// A private copy while it is made.
#[derive(Debug)]
pub(super) struct PrivateCopy {
    file: Arc<File>,
    start: u64,
    size: u64,
    sha1: Sha1,
    sha256: Sha256,
    sha512: Sha512,
}

impl PrivateCopy {
    /// An empty one in a file of its own, without a name in `temp`.
    fn begin(temp: &Path) -> io::Result<Self> {
        Ok(Self::begin_in(Arc::new(tempfile::tempfile_in(temp)?), 0))
    }

    /// An empty one in a file without a name, from `start` on: to make a file
    /// for each small copy would cost more than to write it. Nobody else may
    /// write from there on until this one is finished.
    pub(super) fn begin_in(file: Arc<File>, start: u64) -> Self {
        Self {
            file,
            start,
            size: 0,
            sha1: Sha1::new(),
            sha256: Sha256::new(),
            sha512: Sha512::new(),
        }
    }

    /// Writes and hashes the next bytes.
    pub(super) fn take(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all_at(chunk, self.start + self.size)?;
        self.size += chunk.len() as u64;
        self.sha1.update(chunk);
        self.sha256.update(chunk);
        self.sha512.update(chunk);
        Ok(())
    }

    /// The copy, with the SHA-1 that Subversion lists.
    pub(super) fn finish(self) -> (Fetched, [u8; 20]) {
        let fetched = Fetched {
            file: self.file,
            start: self.start,
            size: self.size,
            sha256: self.sha256.clone().finalize().into(),
            sha512: self.sha512.clone().finalize().into(),
            hashers: Box::new((self.sha256, self.sha512)),
        };
        (fetched, self.sha1.finalize().into())
    }
}

/// Reads a [`Fetched`] at a position of its own; sound to use from several
/// threads, and alive as long as it is needed.
#[derive(Clone, Debug)]
pub struct PositionedReader {
    file: Arc<File>,
    start: u64,
    position: u64,
    size: u64,
}

impl Read for PositionedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(self.position);
        let wanted = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let length = self.file.read_at(
            buffer.get_mut(..wanted).unwrap_or_default(),
            self.start.saturating_add(self.position),
        )?;
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for PositionedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(bytes: &[u8]) -> (Fetched, [u8; 20]) {
        let temp = tempfile::tempdir().unwrap();
        Fetched::copy(bytes, u64::MAX, temp.path())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn all_digests_are_those_of_the_bytes() {
        // As sha1sum, sha256sum and sha512sum give them for "abc".
        let (copy, sha1) = fetched(b"abc");
        assert_eq!(copy.size(), 3);
        assert_eq!(
            hex::encode(sha1),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            hex::encode(copy.sha256()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(hex::encode(copy.sha512()).starts_with("ddaf35a193617abacc417349ae204131"));
    }

    #[test]
    fn readers_do_not_move_each_other_and_outlive_the_copy() {
        let (copy, _) = fetched(b"0123456789");
        let (mut one, mut other) = (copy.reader(), copy.reader());
        drop(copy);
        let mut text = String::new();
        one.seek(SeekFrom::End(-3)).unwrap();
        one.read_to_string(&mut text).unwrap();
        assert_eq!(text, "789");
        assert_eq!(one.read(&mut [0; 4]).unwrap(), 0);
        text.clear();
        other.seek(SeekFrom::Current(5)).unwrap();
        other.read_to_string(&mut text).unwrap();
        assert_eq!(text, "56789");
        assert!(other.seek(SeekFrom::Current(-11)).is_err());
        assert_eq!(other.seek(SeekFrom::Start(99)).unwrap(), 99);
        assert_eq!(other.read(&mut [0; 4]).unwrap(), 0);
    }

    #[test]
    fn copies_in_one_file_keep_apart() {
        let file = Arc::new(tempfile::tempfile().unwrap());
        let mut start = 0;
        let copies = ["one", "", "three"].map(|text| {
            let mut copy = PrivateCopy::begin_in(Arc::clone(&file), start);
            copy.take(text.as_bytes()).unwrap();
            start += text.len() as u64;
            copy.finish().0
        });
        drop(file);
        for (copy, expected) in copies.iter().zip(["one", "", "three"]) {
            let mut reader = copy.reader();
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            assert_eq!(text, expected);
            let end = reader.seek(SeekFrom::End(0)).unwrap();
            assert_eq!(end, expected.len() as u64);
            assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
        }
    }

    #[test]
    fn a_copy_stops_just_beyond_its_limit() {
        let temp = tempfile::tempdir().unwrap();
        let endless = io::repeat(7);
        let (copy, _) = Fetched::copy(endless, 10, temp.path()).unwrap().unwrap();
        assert!(copy.size() > 10 && copy.size() <= CHUNK as u64);
        assert_eq!(
            std::fs::read_dir(temp.path()).unwrap().count(),
            0,
            "it has no name"
        );
    }
}
