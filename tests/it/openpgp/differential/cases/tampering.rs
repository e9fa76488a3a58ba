// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What somebody may change afterwards: the file, the signature, the parts of
//! it that the signature does not protect.

use testbed::openpgp::{Kind, Signing, TestKey};

use super::super::class::Class;
use super::super::maker::{Maker, asc};
use super::super::packets::{
    CREATED, CRITICAL, ISSUER, ISSUER_FINGERPRINT, NOTATION, Parts, UNHEARD_OF, notation,
};
use super::super::{Row, Table};
use super::{DATA, SIGNED};

/// A key, and KEYS with nothing else in it.
struct Owner {
    kind: &'static str,
    key: String,
    keys: Vec<u8>,
}

pub(super) fn add(table: &mut Table, maker: &Maker) {
    let owners = ["rsa2048", "ed25519", "nistp256"].map(|kind| {
        let key = maker.key(kind);
        let keys = maker.export(&key);
        Owner { kind, key, keys }
    });
    the_file(table, maker, &owners);
    protected(table, maker, &owners);
    unprotected(table, maker, &owners);
    hints(table);
}

fn the_file(table: &mut Table, maker: &Maker, owners: &[Owner]) {
    table.section(
        "The file was changed",
        "The signature is a good one of the original.",
    );
    let mut first = DATA.to_vec();
    first[0] ^= 1;
    let mut last = DATA.to_vec();
    *last.last_mut().expect("a byte") ^= 0x80;
    let unix: Vec<u8> = DATA.iter().copied().filter(|byte| *byte != b'\r').collect();
    let changes: [(&str, Vec<u8>); 7] = [
        ("a bit of the first byte", first),
        ("a bit of the last byte", last),
        ("a byte more", [DATA, b"\0"].concat()),
        ("a byte less", DATA[..DATA.len() - 1].to_vec()),
        ("other line ends", unix),
        ("empty", Vec::new()),
        ("another file", b"another file".to_vec()),
    ];
    for Owner { kind, key, keys } in owners {
        let asc = maker.sign(key, &[]);
        for (name, data) in &changes {
            let name = format!("{kind}: {name}");
            table.push(Row::new(name, keys, asc.clone()).of(data.clone()));
        }
        let text = maker.sign(key, &["--textmode"]);
        let name = format!("{kind}, text mode: other line ends");
        let row = Row::new(name, keys, text).of(changes[4].1.clone());
        table.push(row.because([Class::TextMode]));
    }
}

type Change = fn(&mut Parts);

fn protected(table: &mut Table, maker: &Maker, owners: &[Owner]) {
    let changes: [(&str, Change); 9] = [
        ("the numbers", |it| {
            let middle = it.numbers.len() - 8;
            it.numbers[middle] ^= 1;
        }),
        ("the time of signing", |it| it.hashed_mut(CREATED)[3] ^= 1),
        ("the fingerprint of the key", |it| {
            it.hashed_mut(ISSUER_FINGERPRINT)[5] ^= 1;
        }),
        ("the fingerprint dropped", |it| {
            it.hashed.retain(|(typ, _)| *typ != ISSUER_FINGERPRINT);
        }),
        ("a notation added", |it| {
            it.hashed.push(notation(NOTATION, "a@b.c"));
        }),
        ("the kind: text", |it| it.kind = 0x01),
        ("the kind: certification", |it| it.kind = 0x13),
        ("the digest: SHA-256", |it| it.digest = 8),
        ("the algorithm: DSA", |it| it.algorithm = 17),
    ];
    table.section(
        "The signature was changed",
        "Where the signature protects itself.",
    );
    change_each((table, maker, owners), &changes, None);
    let start: [(&str, Change); 1] = [("the start of the digest", |it| it.start[0] ^= 1)];
    change_each((table, maker, owners), &start, Some(Class::DigestStart));
}

fn unprotected(table: &mut Table, maker: &Maker, owners: &[Owner]) {
    let harmless: [(&str, Change); 7] = [
        ("the fingerprint a second time", |it| {
            let print = it.hashed_mut(ISSUER_FINGERPRINT).clone();
            it.unhashed.push((ISSUER_FINGERPRINT, print));
        }),
        ("the key id dropped", |it| it.unhashed.clear()),
        ("a notation added", |it| {
            it.unhashed.push(notation(NOTATION, "a@b.c"));
        }),
        ("another time added", |it| {
            it.unhashed.push((CREATED, vec![0x65, 0, 0, 0]));
        }),
        ("a long life added", |it| {
            it.unhashed.push((3, vec![0x7F, 0, 0, 0]));
        }),
        ("a life of a second added", |it| {
            it.unhashed.push((3, vec![0, 0, 0, 1]));
        }),
        ("an unknown subpacket added", |it| {
            it.unhashed.push((UNHEARD_OF, vec![1]));
        }),
    ];
    let demands: [(&str, Change); 2] = [
        ("a critical notation added", |it| {
            it.unhashed.push(notation(NOTATION | CRITICAL, "a@b.c"));
        }),
        ("an unknown critical subpacket added", |it| {
            it.unhashed.push((UNHEARD_OF | CRITICAL, vec![1]));
        }),
    ];
    let contradictions: [(&str, Change); 3] = [
        ("the key id is another's", |it| {
            it.unhashed = vec![(ISSUER, vec![7; 8])];
        }),
        ("another's key id added", |it| {
            it.unhashed.push((ISSUER, vec![7; 8]));
        }),
        ("another's fingerprint added", |it| {
            it.unhashed
                .push((ISSUER_FINGERPRINT, [&[4][..], &[7; 20]].concat()));
        }),
    ];
    table.section(
        "What the signature does not protect was changed",
        "The signature still holds; anyone can do this to it.",
    );
    change_each((table, maker, owners), &harmless, None);
    change_each((table, maker, owners), &demands, None);
    change_each(
        (table, maker, owners),
        &contradictions,
        Some(Class::TwoNames),
    );
}

fn change_each(
    (table, maker, owners): (&mut Table, &Maker, &[Owner]),
    changes: &[(&str, Change)],
    class: Option<Class>,
) {
    for Owner { kind, key, keys } in owners {
        let parts = Parts::of_packet(&maker.sign_packet(SIGNED, key, &[]));
        for (name, change) in changes {
            let mut parts = parts.clone();
            change(&mut parts);
            let name = format!("{kind}: {name}");
            table.push(Row::new(name, keys, asc(&parts.packet())).because(class));
        }
    }
}

/// A signature may name its key in several ways or in none.
fn hints(table: &mut Table) {
    table.section(
        "How a signature names its key",
        "Made by our own maker: the names are left out before signing.",
    );
    for (kind, kind_name) in [(Kind::Rsa2048, "rsa2048"), (Kind::Ed25519, "ed25519")] {
        let key = TestKey::generate("named@example.org", kind);
        for (name, fingerprint, key_id) in [
            ("fingerprint and key id", true, true),
            ("the fingerprint only", true, false),
            ("the key id only", false, true),
            ("no name at all", false, false),
        ] {
            let signing = Signing {
                fingerprint,
                key_id,
                ..Signing::default()
            };
            let asc = key.sign_detached_with(DATA, &signing).into_bytes();
            let keys = key.armored_public();
            table.push(Row::new(
                format!("{kind_name}: {name}"),
                keys.as_bytes(),
                asc,
            ));
        }
        let timeless = Signing {
            at: None,
            ..Signing::default()
        };
        let asc = key.sign_detached_with(DATA, &timeless).into_bytes();
        let keys = key.armored_public();
        let name = format!("{kind_name}: no time of signing");
        table.push(Row::new(name, keys.as_bytes(), asc));
    }
}
