// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! ASCII armor, line by line, on bytes: where a block begins and ends, and
//! what it holds (RFC 9580, section 6).
//!
//! Says nothing about the packets inside. Text between the blocks is handed
//! back to the caller, who knows whether it may stand there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The label of a block of keys.
pub(super) const PUBLIC_KEY: &str = "PGP PUBLIC KEY BLOCK";
/// The label of a block of detached signatures.
pub(super) const SIGNATURE: &str = "PGP SIGNATURE";

/// One thing found in a text, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A whole block with the label that was asked for.
    Block {
        /// Where its BEGIN line stands, from 1.
        line: usize,
        /// Whether blanks stand before its BEGIN.
        indented: bool,
        /// The lines between BEGIN and END, without the blanks around them.
        body: Vec<&'a [u8]>,
    },
    /// A block that never ends, or that another BEGIN cuts off.
    Broken {
        /// Where its BEGIN line stands, from 1.
        line: usize,
        /// The lines after BEGIN, without the blanks around them.
        body: Vec<&'a [u8]>,
    },
    /// A line outside all blocks that holds BEGIN and the label, and more.
    Stray {
        /// Where it stands, from 1.
        line: usize,
    },
    /// A line outside all blocks that is not blank.
    Text {
        /// Where it stands, from 1.
        line: usize,
        /// The line without its trailing blanks.
        text: &'a [u8],
    },
}

/// Splits a text into the blocks labelled `label` and the rest.
pub(super) fn split<'a>(bytes: &'a [u8], label: &str) -> Vec<Piece<'a>> {
    let mark = format!("-----BEGIN {label}");
    let begin = format!("{mark}-----");
    let end = format!("-----END {label}-----");
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut pieces = Vec::new();
    let mut open: Option<(usize, bool, Vec<&[u8]>)> = None;
    for (index, raw) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = index + 1;
        let text = raw.trim_ascii_end();
        let inner = text.trim_ascii_start();
        if inner == begin.as_bytes() {
            // A nested BEGIN: the block before lost its END, this one may be whole.
            let indented = inner.len() < text.len();
            if let Some((line, _, body)) = open.replace((line, indented, Vec::new())) {
                pieces.push(Piece::Broken { line, body });
            }
        } else if let Some((_, _, body)) = &mut open {
            if inner == end.as_bytes() {
                pieces.extend(open.take().map(|(line, indented, body)| Piece::Block {
                    line,
                    indented,
                    body,
                }));
            } else {
                body.push(inner);
            }
        } else if contains(text, mark.as_bytes()) {
            pieces.push(Piece::Stray { line });
        } else if !text.is_empty() {
            pieces.push(Piece::Text { line, text });
        }
    }
    pieces.extend(open.map(|(line, _, body)| Piece::Broken { line, body }));
    pieces
}

/// Whether `mark` stands anywhere in `line`.
pub(super) fn contains(line: &[u8], mark: &[u8]) -> bool {
    line.windows(mark.len()).any(|window| window == mark)
}

/// The bytes that the body of a block stands for, or why it is damaged.
///
/// The checksum line is optional, but one that is wrong is damage: RFC 9580
/// would have it ignored, `GnuPG` does not. [`salvage`] reads on regardless.
pub(super) fn decode(body: &[&[u8]]) -> Result<Vec<u8>, String> {
    let blank = body
        .iter()
        .position(|line| line.is_empty())
        .ok_or("no blank line after the armor headers")?;
    let (headers, rest) = body.split_at(blank);
    if let Some(odd) = headers.iter().find(|line| !line.contains(&b':')) {
        return Err(format!(
            "`{}` is no armor header",
            String::from_utf8_lossy(odd)
        ));
    }
    let mut digits = Vec::new();
    let mut sum: Option<&[u8]> = None;
    for line in rest.iter().filter(|line| !line.is_empty()) {
        if sum.is_some() {
            return Err("text after the armor checksum".to_owned());
        }
        match line.strip_prefix(b"=") {
            Some(four) if four.len() == 4 => sum = Some(four),
            _ => digits.extend_from_slice(line),
        }
    }
    let data = STANDARD
        .decode(&digits)
        .map_err(|error| format!("the base64 is damaged: {error}"))?;
    if let Some(four) = sum {
        let expected = STANDARD.decode(four).unwrap_or_default();
        if expected != crc24(&data).to_be_bytes().split_at(1).1 {
            return Err("the armor checksum does not match: the block is damaged".to_owned());
        }
    }
    if data.is_empty() {
        return Err("the block is empty".to_owned());
    }
    Ok(data)
}

/// What can still be read out of the body of a damaged block. Letters that are
/// no base64 are skipped, as `GnuPG` does.
pub(super) fn salvage(body: &[&[u8]]) -> Vec<u8> {
    let mut digits: Vec<u8> = body
        .iter()
        .filter(|line| !line.contains(&b':') && !line.starts_with(b"="))
        .flat_map(|line| line.iter().copied())
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    let whole = digits.len() * 3 / 4;
    digits.resize(digits.len().next_multiple_of(4), b'A');
    let mut bytes = STANDARD.decode(&digits).unwrap_or_default();
    bytes.truncate(whole);
    bytes
}

/// CRC-24 of RFC 9580, section 6.1.1; the upper 8 bits are zero.
fn crc24(data: &[u8]) -> u32 {
    data.iter().fold(0x00B7_04CE, |crc, &byte| {
        let start = crc ^ (u32::from(byte) << 16);
        let next = (0..8).fold(start, |crc, _| {
            let shifted = crc << 1;
            if shifted & 0x0100_0000 == 0 {
                shifted
            } else {
                shifted ^ 0x0186_4CFB
            }
        });
        next & 0x00FF_FFFF
    })
}
