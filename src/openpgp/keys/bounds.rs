// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How much KEYS may hold. A file of a few megabytes made for it could
//! otherwise keep the reader busy for hours: parts of a key are compared with
//! each other, and a revocation goes to every key that it may speak of. The
//! ASF's largest KEYS have some hundreds of keys.

use super::KeysError;
use crate::openpgp::certificate::Certificate;

const MOST_KEYS: usize = 5_000;
/// In packets: keys, user ids, and what anybody says about them.
const MOST_PACKETS: usize = 100_000;
/// User ids, or subkeys, of one key.
const MOST_PARTS: usize = 200;
const MOST_REVOCATIONS: usize = 2_000;
/// Revocations that name no maker, and go to all keys.
const MOST_NAMELESS: usize = 20;

/// What was read so far of all files.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) packets: usize,
    pub(super) revocations: usize,
    pub(super) nameless: usize,
}

impl Counts {
    /// Ends the reading when there is more than any project has.
    pub(super) fn check(&self, certificates: &[Certificate], file: usize) -> Result<(), KeysError> {
        let most = [
            (self.packets, MOST_PACKETS, "packets"),
            (certificates.len(), MOST_KEYS, "keys"),
            (self.revocations, MOST_REVOCATIONS, "revocations"),
            (self.nameless, MOST_NAMELESS, "revocations that name no key"),
        ];
        match most.into_iter().find(|(found, most, _)| found > most) {
            Some((_, most, what)) => Err(KeysError::TooMuch { file, most, what }),
            None => Ok(()),
        }
    }
}

/// The same for the parts of one key.
pub(super) fn check_parts(certificate: &Certificate, file: usize) -> Result<(), KeysError> {
    let parts = certificate.users.len().max(certificate.subkeys.len());
    if parts <= MOST_PARTS {
        return Ok(());
    }
    Err(KeysError::TooMuch {
        file,
        most: MOST_PARTS,
        what: "user ids or subkeys of one key",
    })
}

#[cfg(test)]
mod tests {
    use testbed::openpgp::{Kind, MADE, TestKey, armor};

    use super::*;
    use crate::openpgp::Keyring;
    use crate::rules::Rule;

    /// A packet with a length of one octet.
    fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u8::try_from(body.len()).unwrap();
        [&[0xc0 | tag, length], body].concat()
    }

    /// The public key of an Ed25519 pair, which nobody has.
    fn another(number: u32) -> Vec<u8> {
        let mut body = vec![4];
        body.extend(number.to_be_bytes());
        body.extend(b"\x16\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01\x01\x07\x40");
        body.extend([7; 32]);
        body
    }

    type Each<'a> = &'a dyn Fn(u32) -> Vec<u8>;

    #[test]
    fn keys_made_to_keep_the_reader_busy_are_refused() {
        let key = TestKey::generate("a <a@example.org>", Kind::Ed25519);
        let nameless = |number: u32| {
            let [.., low] = number.to_be_bytes();
            packet(2, &[4, 0x20, 22, 8, 0, 0, 0, 0, low, 0, 0, 1, 1, 0, 1, 1])
        };
        let user = |number: u32| packet(13, number.to_string().as_bytes());
        let cases: [(&str, usize, Each<'_>); 6] = [
            ("packets", MOST_PACKETS - 3, &|_| packet(61, b"")),
            ("keys", MOST_KEYS - 1, &|number| packet(6, &another(number))),
            ("user ids", MOST_PARTS - 1, &user),
            ("subkeys", MOST_PARTS, &|number| {
                packet(14, &another(number))
            }),
            ("revocations", MOST_REVOCATIONS, &|_| {
                key.revocation_bytes(MADE)
            }),
            ("revocations that name no key", MOST_NAMELESS, &nameless),
        ];
        for (what, most, each) in cases {
            for (count, holds) in [(most, true), (most + 1, false)] {
                let mut bytes = key.public_bytes();
                bytes.extend((0..u32::try_from(count).unwrap()).flat_map(each));
                let text = armor("PGP PUBLIC KEY BLOCK", &bytes);
                match Keyring::read([text.as_bytes()]) {
                    Ok(_) => assert!(holds, "{count} {what}"),
                    Err(why) => {
                        assert!(!holds, "{count} {what}: {why}");
                        assert!(why.to_string().contains(what), "{why}");
                        assert_eq!(why.finding("KEYS").rule, Rule::KeysUnusable);
                    }
                }
            }
        }
    }
}
