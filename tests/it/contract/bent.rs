// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Bends the bytes of an honest zip file, one record at a time.

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// A zip file, and where its records begin.
pub struct Zip {
    pub bytes: Vec<u8>,
    pub locals: Vec<usize>,
    pub centrals: Vec<usize>,
    pub end: usize,
}

impl Zip {
    pub fn new(bytes: &[u8]) -> Self {
        let at = |mark: &[u8]| {
            let all = bytes.windows(4).enumerate();
            all.filter(|(_, four)| *four == mark)
                .map(|(at, _)| at)
                .collect::<Vec<_>>()
        };
        let (locals, centrals) = (at(LOCAL), at(CENTRAL));
        assert_eq!(
            locals.len(),
            centrals.len(),
            "no record's mark is in the data"
        );
        Self {
            bytes: bytes.to_vec(),
            end: at(END)[0],
            locals,
            centrals,
        }
    }

    /// Adds to one byte.
    pub fn bump(mut self, at: usize, by: u8) -> Vec<u8> {
        self.bytes[at] = self.bytes[at].wrapping_add(by);
        self.bytes
    }

    /// Sets the method of the first member.
    pub fn method(mut self, method: u8) -> Vec<u8> {
        self.bytes[self.locals[0] + 8] = method;
        self.bytes[self.centrals[0] + 10] = method;
        self.bytes
    }

    /// Gives the last central record a comment.
    pub fn central_comment(mut self) -> Vec<u8> {
        let last = *self.centrals.last().unwrap();
        self.bytes[last + 32] = 1;
        self.bytes[self.end + 12] += 1;
        self.bytes.insert(self.end, b'x');
        self.bytes
    }

    /// Gives the central directory a member more, of which there is nothing else.
    pub fn central_more(mut self) -> Vec<u8> {
        let last = *self.centrals.last().unwrap();
        let mut record = self.bytes[last..self.end].to_vec();
        record[46] = b'_';
        let grown = u32::from_le_bytes(self.bytes[self.end + 12..][..4].try_into().unwrap());
        let grown = grown + u32::try_from(record.len()).unwrap();
        self.bytes[self.end + 12..][..4].copy_from_slice(&grown.to_le_bytes());
        self.bytes[self.end + 8] += 1;
        self.bytes[self.end + 10] += 1;
        self.bytes.splice(self.end..self.end, record);
        self.bytes
    }

    /// Gives the archive a comment.
    pub fn comment(mut self) -> Vec<u8> {
        let length = self.bytes.len();
        self.bytes[length - 2] = 2;
        self.bytes.extend_from_slice(b"ok");
        self.bytes
    }

    /// Replaces a name by another of the same length, in local headers or in the
    /// central directory.
    pub fn rename(mut self, central: bool, from: &str, to: &str) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let (records, name) = if central {
            (&self.centrals, 46)
        } else {
            (&self.locals, 30)
        };
        for record in records.clone() {
            let place = record + name..record + name + from.len();
            if self.bytes.get(place.clone()) == Some(from.as_bytes()) {
                self.bytes[place].copy_from_slice(to.as_bytes());
            }
        }
        self.bytes
    }
}
