// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use testbed::openpgp::{Kind, MADE, TestKey, armor};

use super::{Keyring, KeysError, KeysReport};
use crate::openpgp::Fingerprint;
use crate::rules::Rule;

fn key(name: &str) -> TestKey {
    TestKey::generate(&format!("{name} <{name}@example.org>"), Kind::Ed25519)
}

fn fingerprint(key: &TestKey) -> Fingerprint {
    key.fingerprint().parse().expect("a fingerprint")
}

fn read(bytes: &[u8]) -> (Keyring, KeysReport) {
    Keyring::read([bytes]).expect("usable KEYS")
}

fn refuse(bytes: &[u8]) -> KeysError {
    Keyring::read([bytes]).err().expect("KEYS must be refused")
}

#[test]
fn keys_are_found_whatever_stands_around_them() {
    let (a, b) = (key("a"), key("b"));
    let both = [a.public_bytes(), b.public_bytes()].concat();
    let one_block = armor("PGP PUBLIC KEY BLOCK", &both);
    let two_blocks = a.armored_public() + &b.armored_public();
    let blanks = two_blocks.replace('\n', " \t\n");
    let headers = two_blocks.replace("BLOCK-----\n\n", "BLOCK-----\nVersion: x\nComment: y\n\n");
    let listing = "pub  1024D/00000000 2001-01-01 J\u{F6}rg\n  ----------\nType: pgp < KEYS\n";
    let mut latin = listing.chars().map(|it| it as u8).collect::<Vec<_>>();
    latin.extend(two_blocks.bytes());
    latin.extend(b"\ntrailing \xFF prose");
    for (name, bytes) in [
        ("one block", one_block.into_bytes()),
        ("two blocks", two_blocks.clone().into_bytes()),
        ("CRLF", two_blocks.replace('\n', "\r\n").into_bytes()),
        ("trailing blanks", blanks.into_bytes()),
        ("armor headers", headers.into_bytes()),
        ("prose that is not UTF-8", latin),
        (
            "byte order mark",
            format!("\u{FEFF}{two_blocks}").into_bytes(),
        ),
        ("twice the same", two_blocks.repeat(2).into_bytes()),
    ] {
        let (keyring, report) = read(&bytes);
        assert!(keyring.contains(&fingerprint(&a)), "{name}");
        assert!(keyring.contains(&fingerprint(&b)), "{name}");
        assert_eq!((report.usable, report.bad_blocks.len()), (2, 0), "{name}");
    }
}

#[test]
fn a_subkey_is_contained_too() {
    let mut owner = key("owner");
    owner.add_subkey(Kind::Ed25519, &testbed::openpgp::Terms::default());
    let (keyring, _) = read(owner.armored_public().as_bytes());
    let subkey = owner.subkey_fingerprint(0).parse().expect("a fingerprint");
    assert!(keyring.contains(&subkey));
    assert!(!keyring.contains(&fingerprint(&key("other"))));
}

#[test]
fn a_bad_block_costs_only_itself_and_is_named_by_its_line() {
    let (good, lost) = (key("good"), key("lost"));
    let block = lost.armored_public();
    let lines: Vec<_> = block.lines().collect();
    let cut = lines[..4].join("\n") + "\n";
    let scrambled = block.replacen(lines[3], &lines[3].replace(|_| true, "*"), 1);
    let short = lines
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != 3)
        .map(|(_, line)| *line)
        .collect::<Vec<_>>()
        .join("\n")
        + "\n";
    for (name, bad) in [
        ("nested BEGIN", cut),
        ("no base64", scrambled),
        ("a line is missing", short),
        ("no packets", armor("PGP PUBLIC KEY BLOCK", b"hello")),
        (
            "cut off",
            armor("PGP PUBLIC KEY BLOCK", &lost.public_bytes()[..60]),
        ),
    ] {
        let keys = format!("prose\n\n{bad}{}", good.armored_public());
        let (keyring, report) = read(keys.as_bytes());
        assert!(keyring.contains(&fingerprint(&good)), "{name}");
        assert!(!keyring.contains(&fingerprint(&lost)), "{name}");
        let lines: Vec<_> = report.bad_blocks.iter().map(|it| it.line).collect();
        assert_eq!(lines, [3], "{name}: {:?}", report.bad_blocks);
        assert_eq!((report.usable, report.blocks), (1, 2), "{name}");
    }
    let open = good.armored_public() + &lines[..4].join("\n");
    let (_, report) = read(open.as_bytes());
    assert_eq!(report.bad_blocks.len(), 1, "no END line");
}

#[test]
fn old_keys_are_counted_and_dropped() {
    // A key packet of version 3: time, days, RSA, two tiny numbers.
    let old = [0x98, 14, 3, 0, 0, 0, 1, 0, 0, 1, 0, 8, 0xFF, 0, 2, 3];
    let block = armor("PGP PUBLIC KEY BLOCK", &old);
    let good = key("good");
    let (_, report) = read((block.clone() + &good.armored_public()).as_bytes());
    assert_eq!((report.old_keys, report.usable), (1, 1));
    let refused = refuse(block.as_bytes());
    assert!(
        matches!(refused, KeysError::NoKey { old: 1, .. }),
        "{refused:?}"
    );
}

#[test]
fn keys_without_a_key_are_refused_with_the_reason() {
    let page = b"<!DOCTYPE html>\n<html><body>Not found</body></html>";
    let revocation = key("gone").armored_revocation(MADE);
    for (name, bytes, is_page) in [
        ("empty", b"".as_slice(), false),
        ("prose", b"ask the PMC for our keys", false),
        ("a web page", page, true),
        ("only a revocation", revocation.as_bytes(), false),
    ] {
        let error = refuse(bytes);
        assert_eq!(
            matches!(error, KeysError::WebPage { .. }),
            is_page,
            "{name}"
        );
        assert_eq!(error.finding("KEYS").rule, Rule::KeysUnusable, "{name}");
    }
    assert_eq!(Keyring::read([]).err(), Some(KeysError::NoFile));
}

#[test]
fn one_of_several_files_without_a_key_refuses() {
    let good = key("good").armored_public();
    let error = Keyring::read([good.as_bytes(), b"<html></html>"]).err();
    assert_eq!(error, Some(KeysError::WebPage { file: 1 }));
}

#[test]
fn a_private_key_refuses_wherever_it_stands() {
    let good = key("good");
    let mut bytes = Vec::new();
    for line in good.armored_private().lines() {
        bytes.push(line.to_owned());
    }
    let disguised = bytes.join("\n").replace("PRIVATE", "PUBLIC");
    for (name, keys, at) in [
        (
            "in the open",
            good.armored_public() + &good.armored_private(),
            None,
        ),
        (
            "only the BEGIN line",
            good.armored_public() + "> -----BEGIN PGP PRIVATE KEY BLOCK-----",
            None,
        ),
        ("under a public label", disguised, Some(1)),
    ] {
        let error = refuse(keys.as_bytes());
        let KeysError::PrivateKey { line, .. } = error else {
            panic!("{name}: {error:?}");
        };
        let public_lines = good.armored_public().lines().count();
        assert_eq!(line, at.unwrap_or(public_lines + 1), "{name}");
        assert_eq!(error.finding("KEYS").rule, Rule::KeysPrivate, "{name}");
    }
}
