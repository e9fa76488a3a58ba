// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads a file out of an svndiff of version 0 that begins from nothing, as
//! Subversion sends new files (`notes/svndiff` in its source), while it comes:
//! at most one window is in memory. Pure; what is malformed is an error, and
//! whether the bytes are the right ones is decided by their digest elsewhere.

use super::xml::Malformed;

/// What every svndiff of version 0 begins with.
const MAGIC: &[u8] = b"SVN\0";
/// The most bytes that a window makes, and the most fresh bytes in it:
/// Subversion itself neither writes nor takes more (`SVN_DELTA_WINDOW_SIZE`).
const LARGEST_WINDOW: usize = 102_400;
/// The longest list of instructions. Each makes one byte or more, and those
/// that make few are short, so that Subversion's own never come near.
const MOST_INSTRUCTIONS: usize = 4 * LARGEST_WINDOW;
/// The longest number, in bytes: more than any window needs.
const LONGEST_NUMBER: usize = 8;

/// Reads one file, part by part.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// What came but is no whole window yet.
    pending: Vec<u8>,
    /// The window that was read last.
    window: Vec<u8>,
    begun: bool,
    /// How many bytes may still come out.
    left: u64,
}

/// The lengths before a window.
struct Header {
    /// What the window makes.
    target: usize,
    instructions: usize,
    fresh: usize,
}

impl Decoder {
    /// A reader of a file of at most `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self {
            left: limit,
            ..Self::default()
        }
    }

    /// Takes the next part of the svndiff and gives the windows that are whole with it.
    pub(super) fn feed(
        &mut self,
        part: &[u8],
        mut give: impl FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.pending.extend_from_slice(part);
        let pending = std::mem::take(&mut self.pending);
        let mut input = Input(&pending);
        if !self.begun {
            if input.0.len() < MAGIC.len() && MAGIC.starts_with(input.0) {
                self.pending = pending;
                return Ok(());
            }
            let rest = input.0.strip_prefix(MAGIC);
            input = Input(rest.ok_or(Malformed("no svndiff of version 0"))?);
            self.begun = true;
        }
        while let Some(rest) = self.next_window(input.0)? {
            input = Input(rest);
            give(&self.window)?;
        }
        let read = pending.len() - input.0.len();
        self.pending = pending;
        self.pending.drain(..read);
        Ok(())
    }

    /// Says whether the svndiff ended where it may.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.begun && self.pending.is_empty() {
            Ok(())
        } else {
            Err(Malformed("an svndiff that is cut short"))
        }
    }

    /// Reads one window and gives what follows it; none when it is not all there.
    fn next_window<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        let mut input = Input(bytes);
        let Some(header) = read_header(&mut input)? else {
            return Ok(None);
        };
        let Some(left) = self.left.checked_sub(header.target as u64) else {
            return Err(Malformed("more bytes than the file has"));
        };
        let Some((sections, rest)) = input.0.split_at_checked(header.instructions + header.fresh)
        else {
            return Ok(None);
        };
        let (instructions, fresh) = sections.split_at(header.instructions);
        self.left = left;
        self.window.clear();
        read_window(
            Input(instructions),
            Input(fresh),
            header.target,
            &mut self.window,
        )
        .ok_or(Malformed("a window that its instructions do not make"))?;
        Ok(Some(rest))
    }
}

/// The lengths of a window, once all are there.
fn read_header(input: &mut Input<'_>) -> Result<Option<Header>, Malformed> {
    let mut numbers = [0; 5];
    for number in &mut numbers {
        if input.0.len() < LONGEST_NUMBER && input.0.iter().all(|byte| byte & 0x80 != 0) {
            return Ok(None);
        }
        *number = input.number().ok_or(Malformed("a number without end"))?;
    }
    // Offset and length of the source view: there is no source.
    let [_, 0, target, instructions, fresh] = numbers else {
        return Err(Malformed("a window that needs another file"));
    };
    if target > LARGEST_WINDOW || fresh > LARGEST_WINDOW || instructions > MOST_INSTRUCTIONS {
        return Err(Malformed("a window that is too large"));
    }
    Ok(Some(Header {
        target,
        instructions,
        fresh,
    }))
}

/// Makes one window of exactly `size` bytes.
fn read_window(
    mut instructions: Input<'_>,
    mut fresh: Input<'_>,
    size: usize,
    window: &mut Vec<u8>,
) -> Option<()> {
    while !instructions.0.is_empty() {
        let selector = instructions.byte()?;
        let length = match selector & 0x3f {
            0 => instructions.number()?,
            short => usize::from(short),
        };
        // An instruction that makes nothing would only cost time.
        if length == 0 || length > size.checked_sub(window.len())? {
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
    (window.len() == size && fresh.0.is_empty()).then_some(())
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
        for _ in 0..LONGEST_NUMBER {
            let byte = self.byte()?;
            number = number
                .checked_mul(128)?
                .checked_add(usize::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn diff(windows: &[&[u8]]) -> Vec<u8> {
        [MAGIC, &windows.concat()].concat()
    }

    /// The file in a diff that comes in parts of at most `size` bytes.
    fn decode(diff: &[u8], limit: u64, size: usize) -> Result<Vec<u8>, Malformed> {
        let mut decoder = Decoder::new(limit);
        let mut file = Vec::new();
        for part in diff.chunks(size) {
            decoder.feed(part, |window| {
                file.extend_from_slice(window);
                Ok(())
            })?;
            assert!(decoder.pending.len() <= LARGEST_WINDOW + MOST_INSTRUCTIONS + 64);
        }
        decoder.finish()?;
        Ok(file)
    }

    /// A number as svndiff has it.
    fn number(number: usize) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(number & 0x7f).unwrap()];
        let mut rest = number >> 7;
        while rest > 0 {
            bytes.insert(0, u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes
    }

    /// The svndiff of a file, as Subversion makes it: windows of fresh bytes.
    pub(in crate::source) fn encode(file: &[u8]) -> Vec<u8> {
        let mut diff = MAGIC.to_vec();
        for window in file.chunks(LARGEST_WINDOW) {
            let instructions = [vec![0x80], number(window.len())].concat();
            diff.extend([0, 0]);
            diff.extend(number(window.len()));
            diff.extend(number(instructions.len()));
            diff.extend(number(window.len()));
            diff.extend(instructions);
            diff.extend_from_slice(window);
        }
        diff
    }

    #[test]
    fn a_new_file_comes_out_as_subversion_put_it_in() {
        // As mod_dav_svn sent "sig\n" and an empty file.
        let sent = diff(&[b"\0\0\x04\x01\x04\x84sig\n"]);
        assert_eq!(decode(&sent, 4, 99).unwrap(), b"sig\n");
        assert_eq!(decode(MAGIC, 0, 99).unwrap(), b"");
    }

    #[test]
    fn windows_follow_each_other_and_copies_repeat_what_is_there() {
        let first: &[u8] = b"\0\0\x08\x03\x02\x82\x46\0ab";
        let second: &[u8] = b"\0\0\x01\x01\x01\x81z";
        let both = diff(&[first, second]);
        assert_eq!(decode(&both, 9, 99).unwrap(), b"ababababz");
        // A length of more than 63 follows its instruction: 130 is 0x81 0x02.
        let mut long = b"\0\0\x81\x02\x03\x81\x02\x80\x81\x02".to_vec();
        long.extend([7; 130]);
        assert_eq!(decode(&diff(&[&long]), 130, 99).unwrap(), [7; 130]);
    }

    #[test]
    fn what_is_malformed_gives_nothing() {
        let large = [&b"\0\0"[..], &number(LARGEST_WINDOW + 1), b"\x01\x01"].concat();
        let cases: [(&str, Vec<u8>); 14] = [
            ("nothing", Vec::new()),
            ("half of the magic", b"SV".to_vec()),
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
            ("a copy of nothing", diff(&[b"\0\0\0\x03\0\x40\0\0"])),
            ("a source after all", diff(&[b"\0\0\x04\x02\0\x04\0"])),
            ("a window that is too large", diff(&[&large])),
        ];
        for (what, bytes) in cases {
            for size in [1, 5, 1000] {
                assert!(decode(&bytes, 1 << 20, size).is_err(), "{what}");
            }
        }
        let sent = diff(&[b"\0\0\x04\x01\x04\x84sig\n"]);
        assert!(decode(&sent, 3, 99).is_err(), "beyond the limit");
    }

    #[test]
    fn no_window_repeats_itself_beyond_its_bounds() {
        // One fresh byte that repeats itself: 102,400 bytes out of 13.
        let copy = [vec![0x81, 0x40], number(LARGEST_WINDOW - 1), vec![0]].concat();
        let window = [
            vec![0, 0],
            number(LARGEST_WINDOW),
            number(copy.len()),
            vec![1],
            copy,
            vec![b'x'],
        ]
        .concat();
        let windows = vec![window.as_slice(); 10];
        let bomb = diff(&windows);
        assert_eq!(decode(&bomb, 10 << 20, 64).unwrap().len(), 1_024_000);
        assert!(decode(&bomb, 1_023_999, 64).is_err());
    }

    proptest! {
        #[test]
        fn any_file_comes_out_however_it_is_cut(
            file in proptest::collection::vec(any::<u8>(), 0..2000),
            times in 1_usize..120,
            size in 1_usize..70_000,
        ) {
            let file = file.repeat(times);
            let diff = encode(&file);
            prop_assert_eq!(decode(&diff, file.len() as u64, size), Ok(file));
        }

        #[test]
        fn where_the_parts_end_changes_nothing(
            mut bytes in proptest::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..80),
            size in 1_usize..12,
        ) {
            let whole = decode(&diff(&[&bytes]), 500, 1000);
            prop_assert_eq!(decode(&diff(&[&bytes]), 500, size), whole);
            bytes.reverse();
            let _ = decode(&bytes, 500, size);
        }
    }
}
