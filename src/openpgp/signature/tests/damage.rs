// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A revocation in KEYS refuses, however damaged the block is that holds it.

use super::*;

const KEY: &str = "PGP PUBLIC KEY BLOCK";

/// The block with an armor checksum that is wrong.
pub(super) fn with_wrong_checksum(block: &str) -> String {
    let sum = block
        .lines()
        .find(|line| line.len() == 5 && line.starts_with('='));
    block.replace(sum.expect("a checksum"), "=AAAA")
}

/// A revocation of Eve's key with this octet at `index` of the packet's body.
fn revocation_with(index: usize, octet: u8) -> Vec<u8> {
    let mut packet = EVE.revocation_bytes(SIGNED);
    assert!(packet[1] < 192, "a header of two octets");
    packet[2 + index] = octet;
    packet
}

/// A revocation of Eve's key whose mathematics fail. The key is another one in
/// each run, so the last octet may hold any value and is turned over.
fn revocation_of_other_mathematics() -> Vec<u8> {
    let mut packet = EVE.revocation_bytes(SIGNED);
    let last = packet.last_mut().expect("a packet");
    *last = !*last;
    packet
}

/// Eve's key with this packet where a revocation stands.
fn eve_with(packet: &[u8]) -> Vec<u8> {
    let bytes = EVE.public_bytes();
    let (primary, rest) = bytes.split_at(2 + usize::from(bytes[1]));
    [primary, packet, rest].concat()
}

#[test]
fn a_revocation_in_a_damaged_block_counts() {
    let good = EVE.armored_public();
    let alone = EVE.armored_revocation(SIGNED);
    let revoked = eve_with(&EVE.revocation_bytes(SIGNED));
    let copy = armor(KEY, &revoked);
    let cut = armor(KEY, &revoked[..revoked.len() - 1]);
    let end = format!("-----END {KEY}-----\n");
    let flipped = revocation_of_other_mathematics();
    let last = revoked.len() - EVE.public_bytes().len() - 5;
    let partial = EVE.revocation_bytes(SIGNED)[..last].to_vec();
    let bytes = EVE.public_bytes();
    let primary = &bytes[..2 + usize::from(bytes[1])];
    let (gone, unusable) = (Rule::KeyRevoked, Rule::KeyUnusable);
    for (name, block, rule) in [
        ("checksum, alone", with_wrong_checksum(&alone), gone),
        ("checksum, a copy", with_wrong_checksum(&copy), gone),
        ("the last packet is cut off", cut, gone),
        ("no END line", copy.replace(&end, ""), gone),
        ("foreign letters", alone.replacen("\n\n", "\n\n*", 1), gone),
        (
            "indented",
            alone.replace('\n', "\n  ").replacen("-----", "  -----", 1),
            gone,
        ),
        (
            "the revocation itself is damaged",
            with_wrong_checksum(&armor(KEY, &eve_with(&flipped))),
            unusable,
        ),
        (
            "the revocation itself is cut off",
            armor(KEY, &[primary, &partial].concat()),
            unusable,
        ),
    ] {
        for keys in [format!("{block}\n{good}"), format!("{good}{block}")] {
            let verdict = judge_with(&keys, EVE.sign_detached(DATA).as_bytes(), &[], NOW);
            assert_eq!(shape(&verdict), (false, vec![rule]), "{name}");
        }
    }
}

#[test]
fn a_damaged_block_allows_nobody_to_sign() {
    let keys = with_wrong_checksum(&EVE.armored_public()) + &ALICE.armored_public();
    let verdict = judge_with(&keys, EVE.sign_detached(DATA).as_bytes(), &[], NOW);
    assert_eq!(shape(&verdict), (false, vec![Rule::SignerUnknown]));
}

#[test]
fn a_revocation_of_an_unknown_version_makes_its_key_unusable() {
    let mut of_subkey = revocation_with(0, 5);
    of_subkey[3] = 0x28;
    for packet in [
        revocation_with(0, 5),
        revocation_with(0, 9),
        of_subkey,
        vec![0xC2, 0],
    ] {
        let keys = armor(KEY, &eve_with(&packet)) + &BOB.armored_public();
        let verdict = judge_with(&keys, EVE.sign_detached(DATA).as_bytes(), &[], NOW);
        assert_eq!(shape(&verdict), (false, vec![Rule::KeyUnusable]));
        let other = judge_with(&keys, BOB.sign_detached(DATA).as_bytes(), &[], NOW);
        assert_eq!(shape(&other), (true, vec![]));
    }
}

#[test]
fn an_unreadable_revocation_that_stands_alone_refuses_keys() {
    let good = EVE.armored_public();
    let unknown = armor(KEY, &revocation_with(0, 5));
    let whole = EVE.revocation_bytes(SIGNED);
    for (name, block) in [
        ("unknown version", unknown.clone()),
        ("unknown version, checksum", with_wrong_checksum(&unknown)),
        ("cut off", armor(KEY, &whole[..whole.len() - 1])),
    ] {
        for (keys, at) in [
            (format!("{block}{good}"), 1),
            (format!("{good}{block}"), good.lines().count() + 1),
        ] {
            let error = Keyring::read([keys.as_bytes()]).err().expect(name);
            let expected = KeysError::UnreadableRevocation { file: 0, line: at };
            assert_eq!(error, expected, "{name}");
            assert_eq!(error.finding("KEYS").rule, Rule::KeysUnusable, "{name}");
        }
    }
}

#[test]
fn a_begin_that_does_not_stand_alone_is_told_of() {
    let good = ALICE.armored_public();
    let alone = EVE.armored_revocation(SIGNED);
    for mark in [":", "> ", "Revoked: "] {
        let keys = format!("{good}{mark}{alone}");
        let (_, report) = Keyring::read([keys.as_bytes()]).expect("usable KEYS");
        let lines: Vec<_> = report.bad_blocks.iter().map(|it| it.line).collect();
        assert_eq!(lines, [good.lines().count() + 1], "{mark}");
    }
    let asc = ALICE.sign_detached(DATA);
    for mark in [":", "> ", "  "] {
        let beside = format!("{mark}{asc}\n{asc}");
        let verdict = judge(&ALICE, &beside);
        let unreadable = (false, vec![Rule::SignatureUnreadable]);
        assert_eq!(shape(&verdict), unreadable, "{mark}");
    }
}
