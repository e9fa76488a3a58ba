// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! KEYS and `.asc`. The noise goes on the text and on the packets inside.

use std::io::{self, Read};

use asf_pypi_publish::openpgp::{Judged, Keyring, verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use testbed::openpgp::{SIGNED, armor};

use crate::corpus::{self, DATA};
use crate::round::{Outcome, Target};

const WORDS: &[&[u8]] = &[
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n",
    b"-----END PGP PUBLIC KEY BLOCK-----\n",
    b"-----BEGIN PGP SIGNATURE-----\n\n",
    b"-----END PGP SIGNATURE-----\n",
    b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n",
    b"-----BEGIN PGP SIGNED MESSAGE-----\n",
    b"Comment: x\n",
    b"=AAAA\n",
    // Headers of packets: signature, keys, user id, of old and new form and of
    // lengths that end, do not end, or are far too long.
    b"\xc2\x05",
    b"\xc6\xff\xff\xff\xff\xff",
    b"\xc2\xe1",
    b"\x88\x00",
    b"\x8b",
    b"\xcd\x00",
    b"\x99\xff\xff",
    // Subpackets: created, issuer, flags, embedded, notation; each critical too.
    b"\x05\x02\x7f\xff\xff\xff",
    b"\x09\x10",
    b"\x02\x1b\x02",
    b"\xff\x00\x00\xff\xff\x20",
    b"\x05\x94",
    // The start of a signature: version, type, algorithm, digest.
    b"\x04\x00\x16\x08",
    b"\x04\x20\x16\x08",
    b"\x06\x00\x1b\x0a",
    b"\x03\x05\x00",
];

/// A day after all that the corpus holds, but before [`SIGNED`] is forgotten.
const NOW: u64 = SIGNED as u64 + 30 * 86_400;

pub fn keys() -> Target {
    Target {
        name: "keys",
        seeds: vec![b"no key here\n".to_vec()],
        attacks: key_attacks,
        words: WORDS,
        layer: Some((unarmor, |inside, _| {
            armor("PGP PUBLIC KEY BLOCK", inside).into_bytes()
        })),
        check: check_keys,
        // An empty user id has two bytes, and a place in a list.
        memory: |len| 256 * 1024 + 256 * len,
    }
}

pub fn signature() -> Target {
    Target {
        name: "signature",
        seeds: vec![b"no signature here\n".to_vec()],
        attacks: signature_attacks,
        words: WORDS,
        layer: Some((unarmor, |inside, _| {
            armor("PGP SIGNATURE", inside).into_bytes()
        })),
        check: check_signature,
        // The file that was signed is read in chunks of 256 KiB.
        memory: |len| 640 * 1024 + 64 * len,
    }
}

/// Signatures inside signatures, of version 4 as deep as their lengths allow
/// and of version 6 up to `most` bytes.
fn nested_signatures(most: usize) -> [Vec<u8>; 2] {
    let nest = |most: usize, version: u8| {
        let mut signature = Vec::new();
        loop {
            let mut area = Vec::new();
            if !signature.is_empty() {
                area.push(0xff);
                area.extend(u32::try_from(signature.len() + 1).unwrap().to_be_bytes());
                area.push(32);
                area.extend_from_slice(&signature);
            }
            let mut next = vec![version, 0x19, 22, 8];
            if version == 4 {
                next.extend([0, 0]);
                next.extend(u16::try_from(area.len()).unwrap().to_be_bytes());
            } else {
                next.extend([0; 4]);
                next.extend(u32::try_from(area.len()).unwrap().to_be_bytes());
            }
            next.extend(area);
            next.extend([0, 0]);
            if version == 6 {
                next.push(0);
            }
            next.extend([0, 1, 1, 0, 1, 1]);
            if next.len() + 64 > most {
                return signature;
            }
            signature = next;
        }
    };
    [(60_000, 4), (most, 6)].map(|(most, version)| {
        let body = nest(most, version);
        packet(2, &body)
    })
}

/// A packet with a length of five octets.
fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xc0 | tag, 0xff];
    bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// A twentieth of what is read of KEYS.
const KEYS: usize = 1 << 20;

/// KEYS of the shortest packets there are: each costs memory, and whatever is
/// compared with all others costs time.
fn key_attacks() -> Vec<Vec<u8>> {
    let key = unarmor(&corpus::one("keys", "latin")).unwrap();
    let signature = |typ: u8, number: u32| {
        let mut body = vec![4, typ, 22, 8, 0, 6, 5, 2];
        body.extend(number.to_be_bytes());
        body.extend([0, 0, 0, 0, 0, 1, 1, 0, 1, 1]);
        packet(2, &body)
    };
    let another = |number: u32| {
        let mut body = vec![4];
        body.extend(number.to_be_bytes());
        body.extend(b"\x16\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01\x01\x07\x40");
        body.extend([7; 32]);
        body
    };
    let fill = |each: &dyn Fn(u32) -> Vec<u8>| {
        let mut bytes = key.clone();
        for number in 0.. {
            bytes.extend(each(number));
            if bytes.len() > KEYS * 3 / 4 {
                break;
            }
        }
        armor("PGP PUBLIC KEY BLOCK", &bytes).into_bytes()
    };
    let user = |number: u32| packet(13, number.to_string().as_bytes());
    let mut attacks = vec![
        fill(&|_| packet(13, b"")),
        fill(&user),
        fill(&|number| signature(0x1f, number)),
        fill(&|number| signature(0x13, number)),
        fill(&|number| signature(0x20, number)),
        fill(&|number| signature(0x28, number)),
        fill(&|number| packet(6, &another(number))),
        fill(&|number| packet(14, &another(number))),
        fill(&|number| [packet(6, &another(number)), signature(0x20, number)].concat()),
        fill(&|number| [packet(6, &another(number % 2)), user(number)].concat()),
        fill(&|number| [packet(14, &another(number)), signature(0x18, number)].concat()),
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n".repeat(KEYS / 37),
        b"\n".repeat(KEYS),
        armor("PGP PUBLIC KEY BLOCK", &key)
            .repeat(KEYS / 700)
            .into_bytes(),
    ];
    attacks.extend(nested_signatures(100 * 1024).map(|signature| {
        armor("PGP PUBLIC KEY BLOCK", &[key.clone(), signature].concat()).into_bytes()
    }));
    attacks
}

fn signature_attacks() -> Vec<Vec<u8>> {
    nested_signatures(180 * 1024)
        .iter()
        .map(|signature| armor("PGP SIGNATURE", signature).into_bytes())
        .collect()
}

/// The bytes in the first block, whatever its label.
fn unarmor(text: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(str::trim);
    lines.by_ref().find(|line| line.starts_with("-----BEGIN"))?;
    let digits: String = lines
        .skip_while(|line| !line.is_empty())
        .take_while(|line| !line.starts_with("-----"))
        .filter(|line| !line.starts_with('='))
        .collect();
    STANDARD
        .decode(digits)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

fn judge(asc: &[u8], data: &'static [u8], keyring: &Keyring) -> Result<Judged, String> {
    let mut open = || -> io::Result<Box<dyn Read>> { Ok(Box::new(data)) };
    verify(asc, "file", &mut open, keyring, &[], NOW).map_err(|findings| {
        let rules = findings
            .iter()
            .map(|it| format!("{:?}: {}", it.rule, it.found));
        rules.collect::<Vec<_>>().join(" ")
    })
}

fn check_keys(input: &[u8]) -> Outcome {
    let private = input.split(|byte| *byte == b'\n').any(|line| {
        line.trim_ascii()
            .starts_with(b"-----BEGIN PGP PRIVATE KEY BLOCK-----")
    });
    let (keyring, report) = match Keyring::read([input]) {
        Ok(read) => read,
        Err(why) => return Ok(why.to_string()),
    };
    if private {
        return Err("a private key was let through".to_owned());
    }
    if report.usable == 0 {
        return Err("accepted without a key".to_owned());
    }
    // Nothing that happens to KEYS makes a signature hold of other bytes, or
    // lets somebody sign who never stood there.
    for (by, data) in [("ada", b"other bytes\n".as_slice()), ("stranger", DATA)] {
        if judge(&corpus::one("signature", by), data, &keyring).is_ok() {
            return Err(format!("a signature by {by} holds"));
        }
    }
    let held = ["ada", "gone", "six"].map(|by| {
        judge(&corpus::one("signature", by), DATA, &keyring)
            .map_or_else(|why| why, |_| "holds".into())
    });
    Ok(format!("{} {:?}", held.join(" "), report.bad_blocks))
}

fn check_signature(input: &[u8]) -> Outcome {
    let (keyring, _) =
        Keyring::read([corpus::one("keys", "all").as_slice()]).map_err(|it| it.to_string())?;
    if judge(input, b"what was Signed\n", &keyring).is_ok() {
        return Err("it holds of other bytes".to_owned());
    }
    match judge(input, DATA, &keyring) {
        Err(why) => Ok(why),
        Ok(judged) if !keyring.contains(&judged.signer.primary) => {
            Err("a signer who is not in KEYS".to_owned())
        }
        Ok(judged)
            if judged.signer.user_id.as_deref().is_some_and(|id| {
                ["gone", "koblitz", "stranger"]
                    .iter()
                    .any(|no| id.starts_with(no))
            }) =>
        {
            Err("a signer whose key is of no use".to_owned())
        }
        Ok(judged) => Ok(format!("good: {:?}", judged.findings)),
    }
}
