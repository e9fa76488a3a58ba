// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What verifying a release costs at least: the digests of each file, its
//! members unpacked and hashed once, the bare check of each signature, and
//! KEYS with the bindings of its keys. No policy, no network, no report.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zip::ZipArchive;

/// Does all of it for the distributions in a folder; says how many there are.
///
/// # Errors
/// Whatever does not hold, as a sentence.
pub fn verify(folder: &Path, keys: &Path) -> Result<usize, String> {
    let text = fs::read_to_string(keys).map_err(|why| why.to_string())?;
    let (keys, _) = SignedPublicKey::from_armor_many(text.as_bytes()).map_err(said)?;
    let keys: Vec<SignedPublicKey> = keys.collect::<Result<_, _>>().map_err(said)?;
    for key in &keys {
        key.verify_bindings().map_err(said)?;
    }
    let mut count = 0;
    for file in fs::read_dir(folder).map_err(said)? {
        let path = file.map_err(said)?.path();
        let name = path.to_string_lossy().into_owned();
        if name.ends_with(".whl") || name.ends_with(".tar.gz") {
            check(&path, &keys)?;
            count += 1;
        }
    }
    Ok(count)
}

fn check(path: &Path, keys: &[SignedPublicKey]) -> Result<(), String> {
    let bytes = fs::read(path).map_err(said)?;
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let sha512 = hex::encode(Sha512::digest(&bytes));
    let others = (Sha1::digest(&bytes), Sha256::digest(&bytes));
    std::hint::black_box(others);
    let sum = fs::read_to_string(beside(".sha512")).map_err(said)?;
    if !sum.starts_with(&sha512) {
        return Err(format!("{}: another checksum", path.display()));
    }
    let asc = fs::read(beside(".asc")).map_err(said)?;
    let (signature, _) = DetachedSignature::from_armor_single(asc.as_slice()).map_err(said)?;
    let holds = |key: &SignedPublicKey| signature.signature.verify(key, bytes.as_slice()).is_ok();
    if !keys.iter().any(holds) {
        return Err(format!("{}: no signature of these bytes", path.display()));
    }
    unpack(path, &bytes).map_err(said)
}

/// A wheel's members each with its digest, as RECORD needs them; an sdist's
/// bytes without, since nothing there asks for any.
fn unpack(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    if path.extension().is_some_and(|it| it == "whl") {
        let mut archive = ZipArchive::new(io::Cursor::new(bytes))?;
        for place in 0..archive.len() {
            let mut member = archive.by_index(place)?;
            let mut hasher = Sha256::new();
            loop {
                let read = member.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                hasher.update(&buffer[..read]);
            }
            std::hint::black_box(hasher.finalize());
        }
    } else {
        let mut unpacked = GzDecoder::new(bytes);
        while unpacked.read(&mut buffer)? > 0 {}
    }
    Ok(())
}

fn said(why: impl std::fmt::Display) -> String {
    why.to_string()
}
