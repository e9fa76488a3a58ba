// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The `.asc`: every signature packet of every block, in its order.

use pgp::packet::Signature;

use crate::openpgp::armor::{self, Piece};
use crate::openpgp::lapse::Commit;
use crate::openpgp::packets::{frame, read_signature, tag};

/// More signatures than any vote brings; each one costs a digest of the file.
const MOST_SIGNATURES: usize = 64;

/// A signature file as it lies in the source.
#[derive(Clone, Copy, Debug)]
pub struct Asc<'a> {
    /// What it holds.
    pub bytes: &'a [u8],
    /// When it came there, where the source knows.
    pub commit: Option<Commit>,
}

impl<'a> From<&'a [u8]> for Asc<'a> {
    /// A signature file of which nothing is known but its bytes.
    fn from(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            commit: None,
        }
    }
}

/// Every signature of the file, or why it is not a file of signatures.
pub(super) fn read_asc(asc: &[u8]) -> Result<Vec<Signature>, String> {
    if asc.trim_ascii().is_empty() {
        return Err("an empty file".to_owned());
    }
    if asc.starts_with(b"\xEF\xBB\xBF") {
        // gpg finds no signature behind it, and so nobody could check ours.
        return Err("a byte order mark before the armor".to_owned());
    }
    if asc.first().is_some_and(|first| first & 0x80 != 0) && !asc.starts_with(b"\xEF\xBB\xBF") {
        return Err("bytes without armor".to_owned());
    }
    let mut signatures: Vec<Signature> = Vec::new();
    for piece in armor::split(asc, armor::SIGNATURE) {
        match piece {
            Piece::Broken { line, .. } => {
                return Err(format!("the block at line {line} has no END line"));
            }
            Piece::Stray { line }
            | Piece::Block {
                line,
                indented: true,
                ..
            } => {
                return Err(format!(
                    "the BEGIN at line {line} does not stand alone on its line"
                ));
            }
            Piece::Text { line, text } => {
                // Prose may introduce the first block. Whatever else stands
                // beside a signature could be taken for what was signed.
                let text = String::from_utf8_lossy(text);
                if text.starts_with("-----") || !signatures.is_empty() {
                    return Err(format!("`{text}` at line {line}"));
                }
            }
            Piece::Block { line, body, .. } => {
                let at = |why| format!("the block at line {line}: {why}");
                let bytes = armor::decode(&body).map_err(at)?;
                for packet in frame(&bytes).map_err(at)? {
                    if packet.tag != tag::SIGNATURE {
                        return Err(at("a message, not a detached signature".to_owned()));
                    }
                    let signature = read_signature(packet.body).map_err(at)?;
                    if !signatures.contains(&signature) {
                        signatures.push(signature);
                    }
                    if signatures.len() > MOST_SIGNATURES {
                        return Err(format!("more than {MOST_SIGNATURES} signatures"));
                    }
                }
            }
        }
    }
    if signatures.is_empty() {
        return Err("text without a signature block".to_owned());
    }
    Ok(signatures)
}
