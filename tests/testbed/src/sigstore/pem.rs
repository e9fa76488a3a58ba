// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! PEM (RFC 7468), both ways: one block.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The text of one block, in the lines of 64 signs that everybody writes.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let digits = BASE64.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        text += &String::from_utf8_lossy(line);
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// Label and contents of the first block.
pub(crate) fn decode(text: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (digits, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let digits: String = digits.split_ascii_whitespace().collect();
    Some((label.to_owned(), BASE64.decode(digits).ok()?))
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_block_reads_back_as_it_was_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = encode("PUBLIC KEY", &bytes);
        assert!(text.lines().all(|line| line.len() <= 64), "{text}");
        assert_eq!(decode(&text), Some(("PUBLIC KEY".to_owned(), bytes)));
        assert_eq!(decode("-----BEGIN A-----\nAA==\n-----END B-----\n"), None);
    }
}
