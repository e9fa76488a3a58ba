// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Changes to a seed: some that damage any bytes, some that know text, numbers
//! and layers. Everything follows from one number, so that a round repeats.

/// Numbers by chance: splitmix64.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_le_bytes();
        byte
    }

    /// Below `end`, which may be 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.next() % end).unwrap()
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A range within `len` bytes, mostly short.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        let most = if self.one_in(4) { len } else { 64 };
        let end = start + self.below(most.min(len - start) + 1);
        start..end
    }
}

/// No input grows beyond this, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// A text that goes on and on between a head and a tail, each part by its
/// number, of at most so many bytes.
pub fn fill(most: usize, head: &str, each: impl Fn(usize) -> String, tail: &str) -> Vec<u8> {
    let mut text = head.to_owned();
    for number in 0.. {
        let next = each(number);
        if text.len() + next.len() + tail.len() > most {
            break;
        }
        text.push_str(&next);
    }
    text.push_str(tail);
    text.into_bytes()
}

/// The same where all parts are alike, which is quick to make.
pub fn repeat(most: usize, head: &str, part: &str, tail: &str) -> Vec<u8> {
    let room = most.saturating_sub(head.len() + tail.len());
    [head, &part.repeat(room / part.len()), tail]
        .concat()
        .into_bytes()
}

const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

const NUMBERS: [&str; 9] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "99999999999999999999999999",
];

/// A few changes, one after the other.
pub fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], words: &[&[u8]], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        once(bytes, others, words, chance);
        if chance.one_in(3) {
            break;
        }
    }
    bytes.truncate(LARGEST);
}

fn once(bytes: &mut Vec<u8>, others: &[Vec<u8>], words: &[&[u8]], chance: &mut Chance) {
    let len = bytes.len();
    match chance.below(14) {
        0 | 1 if len > 0 => bytes[chance.below(len)] ^= 1 << chance.below(8),
        2 if len > 0 => {
            let at = chance.below(len);
            bytes[at] = u8::try_from(EDGES[chance.below(6)]).unwrap();
        }
        3 => {
            let range = chance.range(len);
            bytes.drain(range);
        }
        4 => bytes.truncate(chance.below(len + 1)),
        // A block again, next to itself or elsewhere, once or very often.
        5 => {
            let block = bytes[chance.range(len)].to_vec();
            let times = if chance.one_in(8) {
                1 << chance.below(12)
            } else {
                1
            };
            let room = (LARGEST.saturating_sub(len)) / block.len().max(1);
            insert(bytes, chance.below(len + 1), &block.repeat(times.min(room)));
        }
        6 => splice(bytes, &others[chance.below(others.len())], chance),
        7 | 8 if !words.is_empty() => {
            let word = chance.pick(words);
            let at = chance.below(len + 1);
            if chance.one_in(2) {
                insert(bytes, at, word);
            } else {
                let end = (at + word.len()).min(len);
                bytes.splice(at..end, word.iter().copied());
            }
        }
        9 => edge(bytes, chance),
        10 => number(bytes, chance),
        11 | 12 => line(bytes, chance),
        _ => {
            let noise: Vec<u8> = (0..=chance.below(16)).map(|_| chance.byte()).collect();
            insert(bytes, chance.below(len + 1), &noise);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    bytes.splice(at..at, what.iter().copied());
}

/// The start of this and the end of another, or a block of the other inside.
fn splice(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    if chance.one_in(2) {
        bytes.truncate(at);
        bytes.extend_from_slice(&other[chance.below(other.len() + 1)..]);
    } else {
        insert(bytes, at, &other[chance.range(other.len())]);
    }
}

/// An integer at its edges, of any width, in either order of its bytes.
fn edge(bytes: &mut [u8], chance: &mut Chance) {
    let width = 1 << chance.below(4);
    if bytes.len() < width {
        return;
    }
    let at = chance.below(bytes.len() - width + 1);
    let mut value = EDGES[chance.below(EDGES.len())];
    if chance.one_in(4) {
        value = (bytes.len() as u64)
            .wrapping_add(chance.next() % 5)
            .wrapping_sub(2);
    }
    let little = value.to_le_bytes();
    let field = &mut bytes[at..at + width];
    field.copy_from_slice(&little[..width]);
    if chance.one_in(2) {
        field.reverse();
    }
}

/// A number in digits becomes another one.
fn number(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let from = chance.below(bytes.len());
    let Some(start) = bytes.iter().skip(from).position(u8::is_ascii_digit) else {
        return;
    };
    let start = from + start;
    let digits = bytes[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let end = start + digits.count();
    bytes.splice(start..end, chance.pick(&NUMBERS).bytes());
}

/// A line twice, gone, moved, with another end, or with blanks around it.
fn line(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let mut lines: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let at = chance.below(lines.len());
    match chance.below(6) {
        0 => {
            let again = lines[at].clone();
            lines.insert(chance.below(lines.len() + 1), again);
        }
        1 => drop(lines.remove(at)),
        2 => {
            let other = chance.below(lines.len());
            lines.swap(at, other);
        }
        3 => lines[at].push(b'\r'),
        4 => lines[at].insert(0, *b" \t#-\\".get(chance.below(5)).unwrap()),
        _ => lines.iter_mut().for_each(|line| line.push(b'\r')),
    }
    *bytes = lines.join(&b'\n');
}
