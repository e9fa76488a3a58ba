// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The signed bytes, and the digests that signatures are made of: those of the
//! bytes with each signature's own words behind them, or around them.

use std::io::{self, Read};

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureConfig, SignatureVersionSpecific};
use sha2::digest::DynDigest;
use sha2::{Sha256, Sha512};

use crate::openpgp::guarded;

/// How much of the signed file is held at a time, in bytes.
const CHUNK: usize = 256 * 1024;

/// Opens the signed bytes from their start.
type Open<'a> = &'a mut dyn FnMut() -> io::Result<Box<dyn Read>>;

/// The bytes that a signature is of.
pub struct SignedData<'a> {
    open: Open<'a>,
    hashed: Option<Hashed<'a>>,
}

/// Hashers that took exactly the signed bytes already, from their start to
/// their end, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Hashed<'a> {
    /// The state behind the bytes.
    pub sha256: &'a Sha256,
    /// The state behind the bytes.
    pub sha512: &'a Sha512,
}

impl<'a> SignedData<'a> {
    /// With hashers whose owner vouches that they took what `open` gives: then
    /// a digest that only goes on behind the bytes is had without reading them.
    pub fn hashed(open: Open<'a>, hashed: Hashed<'a>) -> Self {
        Self {
            open,
            hashed: Some(hashed),
        }
    }
}

impl<'a, F: FnMut() -> io::Result<Box<dyn Read>>> From<&'a mut F> for SignedData<'a> {
    /// Bytes of which nothing is known before they are read.
    fn from(open: &'a mut F) -> Self {
        Self { open, hashed: None }
    }
}

impl Hashed<'_> {
    /// The hasher behind the bytes, where it is what the signature's would be
    /// there. In version 4 the bytes come first (RFC 9580, section 5.2.4); in
    /// version 6 a salt stands before them, and older ones do not count.
    fn behind(&self, config: &SignatureConfig) -> Option<Box<dyn DynDigest + Send>> {
        if !matches!(config.version_specific, SignatureVersionSpecific::V4) {
            return None;
        }
        match config.hash_alg {
            HashAlgorithm::Sha256 => Some(Box::new(self.sha256.clone())),
            HashAlgorithm::Sha512 => Some(Box::new(self.sha512.clone())),
            _ => None,
        }
    }
}

/// A hasher on its way to a signature's digest.
struct Hashing<'a> {
    config: &'a SignatureConfig,
    hasher: Box<dyn DynDigest + Send>,
    /// It took the bytes already.
    is_behind: bool,
}

impl<'a> Hashing<'a> {
    fn begin(signature: &'a Signature, known: Option<Hashed<'_>>) -> Option<Self> {
        let config = signature.config()?;
        if let Some(hasher) = known.and_then(|known| known.behind(config)) {
            return Some(Self {
                config,
                hasher,
                is_behind: true,
            });
        }
        let mut hasher = config.hash_alg.new_hasher().ok()?;
        if let SignatureVersionSpecific::V6 { salt } = &config.version_specific {
            hasher.update(salt);
        }
        Some(Self {
            config,
            hasher,
            is_behind: false,
        })
    }

    /// Hashes the signature's own words behind the bytes.
    fn finish(mut self) -> Option<Vec<u8>> {
        guarded(|| {
            let length = self.config.hash_signature_data(&mut self.hasher).ok()?;
            self.hasher.update(&self.config.trailer(length).ok()?);
            Some(self.hasher.finalize().to_vec())
        })
        .flatten()
    }
}

/// The digest that each signature was made of, all in one pass over the bytes,
/// or in none where they were hashed already. None stands for a signature that
/// needs none, or of which none can be made.
pub(super) fn digest_all(
    signatures: &[Option<&Signature>],
    data: SignedData<'_>,
) -> io::Result<Vec<Option<Vec<u8>>>> {
    let SignedData { open, hashed } = data;
    let mut all: Vec<_> = signatures
        .iter()
        .map(|signature| Hashing::begin((*signature)?, hashed))
        .collect();
    let mut reading: Vec<_> = all
        .iter_mut()
        .flatten()
        .filter(|one| !one.is_behind)
        .collect();
    if !reading.is_empty() {
        let mut reader = open()?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let chunk = buffer.get(..read).unwrap_or_default();
            for one in &mut reading {
                one.hasher.update(chunk);
            }
        }
    }
    Ok(all.into_iter().map(|one| one?.finish()).collect())
}

#[cfg(test)]
mod tests;
