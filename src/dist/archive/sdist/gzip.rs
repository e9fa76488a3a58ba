// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A gzip file of one member or several, as Python reads it.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::super::MetadataError;

/// Members that a file may have. Each costs time, and an empty one has twenty
/// bytes; tools that cut a file into blocks make them of 64 KiB.
const MEMBERS_LIMIT: u32 = 100_000;

/// The unpacked bytes of all members. Zeros may stand behind each.
pub(super) struct Gunzip<R> {
    decoder: Option<GzDecoder<R>>,
    members: u32,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(from)),
            members: 1,
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let len = decoder.read(buffer)?;
            if len != 0 || buffer.is_empty() {
                return Ok(len);
            }
            let Some(mut from) = self.decoder.take().map(GzDecoder::into_inner) else {
                break;
            };
            if !skip_zeros(&mut from)? {
                break;
            }
            self.members += 1;
            if self.members > MEMBERS_LIMIT {
                let limit = u64::from(MEMBERS_LIMIT);
                return Err(io::Error::other(MetadataError::Members { limit }));
            }
            self.decoder = Some(GzDecoder::new(from));
        }
        Ok(0)
    }
}

/// Whether anything but zeros follows.
fn skip_zeros(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = from.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let whole = zeros == bytes.len();
        from.consume(zeros);
        if !whole {
            return Ok(true);
        }
    }
}
