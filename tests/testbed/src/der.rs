// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! As much of DER as the certificates of attestations need, both ways.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const SEQUENCE: u8 = 0x30;
/// The extensions of a certificate: an explicit tag of its own.
pub(crate) const EXTENSIONS: u8 = 0xa3;

/// One element of this tag.
pub(crate) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = contents.len().to_be_bytes();
    match u8::try_from(contents.len()) {
        Ok(short @ 0..0x80) => bytes.push(short),
        _ => {
            let leading = length.iter().take_while(|byte| **byte == 0).count();
            let digits = &length[leading..];
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(contents);
    bytes
}

/// A sequence of these elements.
pub(crate) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &elements.concat())
}

/// Takes the first element: its tag and its contents.
pub(crate) fn take<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[tag, first], mut after) = rest.split_first_chunk::<2>()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let (digits, more) = after.split_at_checked(usize::from(first & 0x7f))?;
        after = more;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit))
    };
    let (contents, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((tag, contents))
}

/// Takes the first element whole, with its tag and its length.
pub(crate) fn take_whole<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let before = *rest;
    take(rest)?;
    before.get(..before.len() - rest.len())
}

/// The contents of the first element, which must have this tag.
pub(crate) fn expect<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, contents) = take(rest)?;
    (found == tag).then_some(contents)
}
