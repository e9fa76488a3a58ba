// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Base64 that comes in parts, with or without line breaks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr2, memchr3};

use crate::source::xml::Malformed;

/// Reads one text of base64, part by part.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    /// What is not read yet: at most three characters between two parts.
    pending: Vec<u8>,
    /// What was read last.
    decoded: Vec<u8>,
    /// The padding came.
    ended: bool,
}

impl Base64 {
    /// Takes the next part of the text and gives the bytes that are whole with it.
    pub(super) fn feed(
        &mut self,
        text: &[u8],
        give: impl FnOnce(&[u8]) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        // Subversion sends one long line: then nothing has to be put together.
        let joined;
        let text = if self.pending.is_empty() && !has_blank(text) {
            text
        } else {
            for part in text.split(u8::is_ascii_whitespace) {
                self.pending.extend_from_slice(part);
            }
            joined = std::mem::take(&mut self.pending);
            &joined
        };
        let (whole, rest) = text.split_at(text.len() / 4 * 4);
        self.pending.extend_from_slice(rest);
        if whole.is_empty() {
            return Ok(());
        }
        if self.ended {
            // As where both come in one part: that is no base64 either.
            return Err(Malformed("no base64"));
        }
        self.ended = whole.ends_with(b"=");
        // Kept as long as it was ever needed: it need not be cleared each time.
        if self.decoded.len() < whole.len() / 4 * 3 {
            self.decoded.resize(whole.len() / 4 * 3, 0);
        }
        let length = STANDARD
            .decode_slice(whole, &mut self.decoded)
            .map_err(|_| Malformed("no base64"))?;
        give(self.decoded.get(..length).unwrap_or_default())
    }

    /// Says whether the text ended where it may.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.pending.is_empty() {
            Ok(())
        } else {
            Err(Malformed("base64 that is cut short"))
        }
    }
}

fn has_blank(text: &[u8]) -> bool {
    memchr3(b'\n', b'\r', b' ', text).is_some() || memchr2(b'\t', 0x0c, text).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &[u8], size: usize) -> Result<Vec<u8>, Malformed> {
        let mut reader = Base64::default();
        let mut bytes = Vec::new();
        for part in text.chunks(size) {
            reader.feed(part, |decoded| {
                bytes.extend_from_slice(decoded);
                Ok(())
            })?;
        }
        reader.finish()?;
        Ok(bytes)
    }

    #[test]
    fn what_is_no_base64_is_malformed() {
        for text in [
            "a", "YQ=", "Y===", "YR==", "YQ==YQ==", "=", "Y-==", "YWE=YQ==",
        ] {
            for size in [1, 4, 99] {
                assert!(decode(text.as_bytes(), size).is_err(), "{text}");
            }
        }
        assert_eq!(decode(b"\nYW\r\nE = \n", 99).unwrap(), b"aa");
        assert_eq!(decode(b" \n", 1).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn where_parts_and_lines_end_changes_nothing(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            size in 1_usize..90,
            line in 1_usize..90,
        ) {
            let text = STANDARD.encode(&bytes).into_bytes();
            let text = text.chunks(line).collect::<Vec<_>>().join(&b'\n');
            prop_assert_eq!(decode(&text, size), Ok(bytes));
        }
    }
}
