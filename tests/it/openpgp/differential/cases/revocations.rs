// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Revocations: of what, for which reason, when, and where in KEYS.

use testbed::openpgp::{Kind, TestKey};

use super::super::class::Class;
use super::super::maker::{Maker, REASONS, keys};
use super::super::packets::{ISSUER, KEY_REVOCATION, SIGNATURE, USER_ID, join, rewrite, split};
use super::super::{Row, Table};
use super::{DATA, DAY, MADE, NOW, SIGNED};

const BEFORE: u64 = MADE + 1800;
const AFTER: u64 = MADE + 2 * DAY;
const TIMES: [(&str, u64); 3] = [
    ("before the signature", BEFORE),
    ("after the signature", AFTER),
    ("from tomorrow", NOW + DAY),
];

const BLOCK_BEFORE: &str = "in a block before";
const BLOCK_APART: &str = "in a block behind another key";

/// A release signed before its key was retired may pass with a warning.
fn soft(reason: &str, at: u64) -> Option<Class> {
    let is_soft = matches!(reason, "superseded" | "no longer used");
    (is_soft && at > SIGNED).then_some(Class::RevokedSince)
}

pub(super) fn add(table: &mut Table, maker: &Maker) {
    of_the_key(table, maker);
    of_a_subkey(table, maker);
    of_a_user_id(table, maker);
    by_another_key(table, maker);
    without_a_reason(table);
    by_a_short_digest(table, maker);
    an_end_by_a_short_digest(table, maker);
    damaged(table, maker);
}

fn of_the_key(table: &mut Table, maker: &Maker) {
    table.section(
        "A revoked key",
        "Revoked for each reason that gpg offers, at each time, and at each place in KEYS.",
    );
    let key = maker.key("rsa2048");
    let asc = maker.sign(&key, &[]);
    let packets = maker.export_packets(&key);
    let good = maker.export(&key);
    let other = maker.export(&maker.key("ed25519"));
    table.push(Row::new("not revoked", &good, asc.clone()));
    for (reason, answer) in REASONS {
        for (when, at) in TIMES {
            let alone = maker.revocation(&key, answer, at);
            let inside = inside(&packets, &alone);
            for (place, text) in [
                ("inside the key", inside.clone()),
                (BLOCK_BEFORE, [alone.as_slice(), &good].concat()),
                ("in a block after", [good.as_slice(), &alone].concat()),
                (BLOCK_APART, [good.as_slice(), &other, &alone].concat()),
                ("inside a second copy", [good.as_slice(), &inside].concat()),
            ] {
                let apart = [BLOCK_BEFORE, BLOCK_APART].contains(&place);
                let apart = apart.then_some(Class::RevocationApart);
                let row = Row::new(format!("{reason}, {when}, {place}"), &text, asc.clone());
                table.push(row.because(soft(reason, at).into_iter().chain(apart)));
            }
        }
    }
}

/// The armored key with an armored revocation of it put right below it.
fn inside(packets: &[u8], revocation: &[u8]) -> Vec<u8> {
    let mut all = split(packets);
    all.splice(1..1, split(&unarmored(revocation)));
    keys(&join(&all))
}

fn unarmored(block: &[u8]) -> Vec<u8> {
    use base64::Engine;
    let text = String::from_utf8_lossy(block);
    let (_, body) = text.split_once("\n\n").expect("a blank line");
    let digits: String = body
        .lines()
        .take_while(|line| !line.starts_with('=') && !line.starts_with('-'))
        .collect();
    let decoded = base64::engine::general_purpose::STANDARD.decode(digits);
    decoded.expect("base64")
}

/// The crate does not do the mathematics of an Ed25519 signature by these.
fn by_a_short_digest(table: &mut Table, maker: &Maker) {
    table.section(
        "A revocation by a short digest",
        "An Ed25519 key was revoked by gpg with a digest of less than 256 bits.",
    );
    let key = maker.key("ed25519");
    let asc = maker.sign(&key, &[]);
    let good = maker.export(&key);
    let packets = maker.export_packets(&key);
    for digest in ["SHA1", "RIPEMD160", "SHA224"] {
        for (reason, answer) in [("compromised", "1"), ("superseded", "2")] {
            let args = ["--cert-digest-algo", digest, "-o", "-", "--gen-revoke"];
            let answers = format!("y\n{answer}\n\ny\n");
            let alone = maker.converse(NOW - 60, &[&args[..], &[&key]].concat(), &answers);
            let inside = inside(&packets, &alone);
            let apart = [good.as_slice(), &alone].concat();
            for (place, text) in [("inside the key", inside), ("in a block after", apart)] {
                let name = format!("{digest}, {reason}, {place}");
                table.push(Row::new(name, &text, asc.clone()));
            }
        }
    }
}

/// The same of an end that the owner set: without it the key would live on.
fn an_end_by_a_short_digest(table: &mut Table, maker: &Maker) {
    table.section(
        "An end by a short digest",
        "After gpg made an Ed25519 key with one subkey, it set an end for one of them by SHA-1.",
    );
    for (name, commands, by_subkey) in [
        ("the key", "expire\n1d", false),
        ("the subkey", "key 1\nexpire\n1d", true),
    ] {
        let key = maker.key("ed25519");
        let subkey = maker.subkey(&key, "ed25519", "sign");
        let signer = if by_subkey { &subkey } else { &key };
        let asc = maker.sign_at(NOW - 60, signer, &[]);
        table.push(Row::new(
            format!("{name}, without an end"),
            &maker.export(&key),
            asc.clone(),
        ));
        let args = ["--cert-digest-algo", "SHA1", "--edit-key", &key];
        maker.converse(MADE + 3600, &args, &format!("{commands}\nsave\n"));
        let row = Row::new(
            format!("{name}, signed after its end"),
            &maker.export(&key),
            asc,
        );
        table.push(row);
    }
}

fn of_a_subkey(table: &mut Table, maker: &Maker) {
    table.section(
        "A revoked subkey",
        "Each Ed25519 subkey of an RSA key was revoked by gpg for one reason at one time.",
    );
    let primary = maker.key("rsa2048");
    let by_primary = maker.sign(&primary, &[]);
    let mut signed = Vec::new();
    let subkeys = 8;
    for _ in 0..subkeys {
        let subkey = maker.subkey(&primary, "ed25519", "sign");
        signed.push(maker.sign(&subkey, &[]));
    }
    let mut names = Vec::new();
    for (reason, answer) in REASONS {
        for (when, at) in &TIMES[..2] {
            let number = names.len() + 1;
            let commands = format!("key {number}\nrevkey\ny\n{answer}\n\ny");
            maker.edit(*at, &primary, &commands);
            names.push((format!("{reason}, {when}"), soft(reason, *at)));
        }
    }
    let text = maker.export(&primary);
    for ((name, class), asc) in names.into_iter().zip(signed) {
        table.push(Row::new(name, &text, asc).because(class));
    }
    let name = "the primary key beside them";
    table.push(Row::new(name, &text, by_primary));

    let primary = maker.key("ed25519");
    let subkey = maker.subkey(&primary, "rsa2048", "sign");
    let asc = maker.sign(&subkey, &[]);
    let good = maker.export(&primary);
    for (reason, answer) in REASONS {
        for (when, at) in &TIMES[..2] {
            let alone = maker.revocation(&primary, answer, *at);
            let text = [good.as_slice(), &alone].concat();
            let name = format!("its primary key, {reason}, {when}");
            table.push(Row::new(name, &text, asc.clone()).because(soft(reason, *at)));
        }
    }
}

fn of_a_user_id(table: &mut Table, maker: &Maker) {
    table.section("A revoked user id", "The key itself stays good.");
    for kind in ["rsa2048", "ed25519"] {
        let key = maker.key(kind);
        let asc = maker.sign(&key, &[]);
        let one = maker.export_packets(&key);
        maker.run(MADE + 60, &["--quick-add-uid", &key, "second@example.org"]);
        for (name, at, command) in [
            ("the newer of two", BEFORE, "uid 2\nrevuid\ny\n0\n\ny"),
            ("the older of two", AFTER, "uid 1\nrevuid\ny\n0\n\ny"),
        ] {
            if at == AFTER {
                maker.run(MADE + 90, &["--quick-add-uid", &key, "third@example.org"]);
            }
            maker.edit(at, &key, command);
            let name = format!("{kind}: {name}");
            table.push(Row::new(name, &maker.export(&key), asc.clone()));
        }
        // Only the first user id and what was said of it, which is withdrawn now.
        let all = split(&maker.export_packets(&key));
        let first = split(&one)[1].1.clone();
        let start = all.iter().position(|it| *it == (USER_ID, first.clone()));
        let start = start.expect("the first user id");
        let below = all[start + 1..].iter().take_while(|it| it.0 == SIGNATURE);
        let mut alone = vec![all[0].clone(), all[start].clone()];
        alone.extend(below.cloned());
        let row = Row::new(format!("{kind}: the only one"), &keys(&join(&alone)), asc);
        table.push(row.because([Class::NoUserId]));
    }
}

fn by_another_key(table: &mut Table, maker: &Maker) {
    table.section(
        "A revocation by another key",
        "The owner allowed another key to revoke this one, or nobody did.",
    );
    let owner = maker.key("rsa2048");
    let revoker = maker.key("ed25519");
    let mallory = maker.key("ed25519");
    let asc = maker.sign(&owner, &[]);
    let before = maker.export(&owner);
    maker.edit(MADE + 60, &owner, &format!("addrevoker\n{revoker}\ny"));
    let named = maker.export(&owner);
    let answers = "y\n1\n\ny\n";
    let args = ["-o", "-", "--desig-revoke", owner.as_str()];
    let used = maker.converse(AFTER, &args, answers);
    let revokers = maker.export(&revoker);
    let with = |keys: &[u8]| [keys, revokers.as_slice()].concat();
    for (name, text, class) in [
        ("allowed and not used", named.clone(), None),
        ("allowed and used, its key in KEYS", with(&used), None),
        (
            "allowed and used, its key not in KEYS",
            used.clone(),
            Some(Class::AbsentRevoker),
        ),
    ] {
        table.push(Row::new(name, &text, asc.clone()).because(class));
    }
    // Somebody else's revocation, put below this key.
    let foreign = maker.revocation(&mallory, "1", AFTER);
    let text = inside(&maker.export_packets(&owner), &foreign);
    let text = [text.as_slice(), &before].concat();
    let name = "of a stranger's own key, put inside this one";
    table.push(Row::new(name, &text, asc));
}

fn without_a_reason(table: &mut Table) {
    table.section(
        "A revocation without any word on its reason",
        "Made by our own maker. The fingerprint of the key is in it, its key id not always.",
    );
    for (kind, name) in [(Kind::Rsa2048, "rsa2048"), (Kind::P256, "nistp256")] {
        for (when, at) in TIMES {
            let mut key = TestKey::generate("gone@example.org", kind);
            key.revoke(u32::try_from(at).expect("a time"));
            let asc = key.sign_detached(DATA).into_bytes();
            let print = hex::decode(key.fingerprint()).expect("hex digits");
            let id = (ISSUER, print[print.len() - 8..].to_vec());
            for (how, unhashed, class) in [
                ("key id and fingerprint", vec![id], None),
                ("fingerprint only", vec![], Some(Class::NoKeyId)),
            ] {
                let packets = rewrite(&key.public_bytes(), |mut signature| {
                    if signature.kind == KEY_REVOCATION {
                        signature.unhashed.clone_from(&unhashed);
                    }
                    signature
                });
                let name = format!("{name}, {when}, {how}");
                table.push(Row::new(name, &keys(&packets), asc.clone()).because(class));
            }
        }
    }
}

fn damaged(table: &mut Table, maker: &Maker) {
    table.section(
        "A damaged revocation",
        "An Ed25519 key was revoked as compromised, and the revocation changed afterwards.",
    );
    let key = maker.key("ed25519");
    let asc = maker.sign(&key, &[]);
    let packets = maker.export_packets(&key);
    let good = maker.export(&key);
    let alone = maker.revocation(&key, "1", AFTER);
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut parts = split(&unarmored(&alone));
        change(&mut parts[0].1);
        keys(&join(&parts))
    };
    let flipped = changed(|body| *body.last_mut().expect("a body") ^= 1);
    let start = changed(|body| {
        let at = digest_start(body);
        body[at] ^= 1;
    });
    let version = changed(|body| body[0] = 5);
    let digest = changed(|body| body[3] = 99);
    let text = String::from_utf8(alone.clone()).expect("armor is ASCII");
    let wrong_sum = text.lines().map(|line| match line.strip_prefix('=') {
        Some(_) => "=AAAA\n".to_owned(),
        None => line.to_owned() + "\n",
    });
    let wrong_sum: String = wrong_sum.collect();
    let no_end = text.replace("-----END", "---- END");
    let after = |block: &[u8]| [good.as_slice(), block].concat();
    for (name, keys) in [
        ("not changed", inside(&packets, &alone)),
        (
            "an unknown version, inside the key",
            inside(&packets, &version),
        ),
        ("a wrong armor checksum", after(wrong_sum.as_bytes())),
        ("no END line", after(no_end.as_bytes())),
    ] {
        table.push(Row::new(name, &keys, asc.clone()));
    }
    for (name, keys) in [
        ("a bit flipped, inside the key", inside(&packets, &flipped)),
        ("a bit flipped, in a block after", after(&flipped)),
        (
            "its two octets of the digest changed, inside the key",
            inside(&packets, &start),
        ),
        (
            "an unknown digest, inside the key",
            inside(&packets, &digest),
        ),
    ] {
        let row = Row::new(name, &keys, asc.clone());
        table.push(row.because([Class::UncheckedRevocation]));
    }
}

/// Where a signature of version 4 shows the first octets of its digest: behind
/// its two areas of subpackets.
fn digest_start(body: &[u8]) -> usize {
    let length = |at: usize| usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
    let unprotected = 6 + length(4);
    unprotected + 2 + length(unprotected)
}
