// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads a file out of an svndiff of version 0 that begins from nothing, as
//! Subversion sends new files (`notes/svndiff` in its source). Pure; what is
//! malformed gives nothing, and whether the bytes are the right ones is
//! decided by their digest elsewhere.

/// What every svndiff of version 0 begins with.
const MAGIC: &[u8] = b"SVN\0";

/// The bytes that `diff` makes out of an empty file, at most `limit` of them.
pub(super) fn decode(diff: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut input = Input(diff.strip_prefix(MAGIC)?);
    let mut file = Vec::new();
    while !input.0.is_empty() {
        // Offset and length of the source view: there is no source.
        let (_, 0) = (input.number()?, input.number()?) else {
            return None;
        };
        let target = input.number()?;
        let (instructions, fresh) = (input.number()?, input.number()?);
        let instructions = Input(input.take(instructions)?);
        let fresh = Input(input.take(fresh)?);
        if target > limit.checked_sub(file.len())? {
            return None;
        }
        file.extend(read_window(instructions, fresh, target)?);
    }
    Some(file)
}

/// One window of exactly `size` bytes.
fn read_window(mut instructions: Input<'_>, mut fresh: Input<'_>, size: usize) -> Option<Vec<u8>> {
    let mut window = Vec::new();
    while !instructions.0.is_empty() {
        let selector = instructions.byte()?;
        let length = match selector & 0x3f {
            0 => instructions.number()?,
            short => usize::from(short),
        };
        if length > size.checked_sub(window.len())? {
            return None;
        }
        match selector >> 6 {
            // The two ranges may overlap: then the copy repeats itself.
            1 => {
                let from = instructions.number()?;
                for place in from..from.checked_add(length)? {
                    window.push(*window.get(place)?);
                }
            }
            2 => window.extend_from_slice(fresh.take(length)?),
            _ => return None,
        }
    }
    (window.len() == size && fresh.0.is_empty()).then_some(window)
}

/// What is not read yet.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Seven bits a byte, the highest first; all but the last have bit 7 set.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0_usize;
        loop {
            let byte = self.byte()?;
            number = number
                .checked_mul(128)?
                .checked_add(usize::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(windows: &[&[u8]]) -> Vec<u8> {
        [MAGIC, &windows.concat()].concat()
    }

    #[test]
    fn a_new_file_comes_out_as_subversion_put_it_in() {
        // As mod_dav_svn sent "sig\n" and an empty file.
        let sent = diff(&[b"\0\0\x04\x01\x04\x84sig\n"]);
        assert_eq!(decode(&sent, 4).unwrap(), b"sig\n");
        assert_eq!(decode(MAGIC, 0).unwrap(), b"");
    }

    #[test]
    fn windows_follow_each_other_and_copies_repeat_what_is_there() {
        let first: &[u8] = b"\0\0\x08\x03\x02\x82\x46\0ab";
        let second: &[u8] = b"\0\0\x01\x01\x01\x81z";
        assert_eq!(decode(&diff(&[first, second]), 99).unwrap(), b"ababababz");
        // A length of more than 63 follows its instruction: 130 is 0x81 0x02.
        let mut long = b"\0\0\x81\x02\x03\x81\x02\x80\x81\x02".to_vec();
        long.extend([7; 130]);
        assert_eq!(decode(&diff(&[&long]), 130).unwrap(), [7; 130]);
    }

    #[test]
    fn what_is_malformed_gives_nothing() {
        let cases: [(&str, Vec<u8>); 10] = [
            ("nothing", Vec::new()),
            ("another version", b"SVN\x01".to_vec()),
            ("a window cut short", diff(&[b"\0\0\x04\x01\x04\x84si"])),
            ("a number cut short", diff(&[b"\0\0\x84"])),
            ("a number without end", diff(&[&[0xff; 12]])),
            ("a source", diff(&[b"\0\x04\x04\x02\0\x04\0"])),
            ("more than it says", diff(&[b"\0\0\x03\x01\x04\x84sig\n"])),
            ("less than it says", diff(&[b"\0\0\x05\x01\x04\x84sig\n"])),
            ("data to spare", diff(&[b"\0\0\x03\x01\x04\x83sig\n"])),
            (
                "a copy of what is not there",
                diff(&[b"\0\0\x04\x02\0\x44\x09"]),
            ),
        ];
        for (what, bytes) in cases {
            assert_eq!(decode(&bytes, 1000), None, "{what}");
        }
        let sent = diff(&[b"\0\0\x04\x01\x04\x84sig\n"]);
        assert_eq!(decode(&sent, 3), None, "beyond the limit");
    }
}
