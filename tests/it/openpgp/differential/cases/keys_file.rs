// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What else stands in KEYS, and how.

use super::super::class::Class;
use super::super::maker::{Maker, keys};
use super::super::packets::{SIGNATURE, USER_ID, join, rewrite, split};
use super::super::{Row, Table};
use super::MADE;

pub(super) fn add(table: &mut Table, maker: &Maker) {
    files(table, maker);
    certificates(table, maker);
}

fn files(table: &mut Table, maker: &Maker) {
    table.section(
        "KEYS as people write it",
        "The signature is a good one by the first of two RSA keys.",
    );
    let [key, other] = [(); 2].map(|()| maker.key("rsa2048"));
    let asc = maker.sign(&key, &[]);
    let [one, two] = [&key, &other].map(|key| maker.export(key));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("armor is ASCII");
    let both = text(&one) + &text(&two);
    let packets = [&key, &other].map(|key| maker.export_packets(key));
    let whole = text(&two);
    let line = whole.lines().nth(4).expect("a line of base64");
    let broken = whole.replace(line, &"*".repeat(line.len()));
    let cut = text(&two).replace("-----END PGP PUBLIC KEY BLOCK-----", "");
    let listing = "pub   rsa2048 2024-01-01 [SC]\n      J\u{F6}rg <j@example.org>\n-----\n\n";
    let latin: Vec<u8> = listing.chars().map(|it| it as u8).collect();
    let forms: [(&str, Vec<u8>, Option<Class>); 12] = [
        ("two blocks", both.clone().into(), None),
        ("one block with both keys", keys(&packets.concat()), None),
        ("CRLF", both.replace('\n', "\r\n").into(), None),
        (
            "text that is not UTF-8 around",
            [&latin, both.as_bytes(), &latin].concat(),
            None,
        ),
        (
            "a damaged block after",
            (text(&one) + &broken).into(),
            Some(Class::BadBlock),
        ),
        (
            "a damaged block before",
            (broken + &text(&one)).into(),
            Some(Class::BadBlock),
        ),
        (
            "a block without END after",
            (text(&one) + &cut).into(),
            None,
        ),
        (
            "a block without END before",
            (cut + &text(&one)).into(),
            None,
        ),
        ("the same key twice", [one.as_slice(), &one].concat(), None),
        ("only the other key", two.clone(), None),
        (
            "no key at all",
            b"Ask the PMC for our keys.\n".to_vec(),
            None,
        ),
        ("empty", Vec::new(), None),
    ];
    for (name, keys, class) in forms {
        table.push(Row::new(name, &keys, asc.clone()).because(class));
    }
}

fn certificates(table: &mut Table, maker: &Maker) {
    table.section(
        "What a key says and lacks",
        "Each key is an RSA key of 2048 bits or an Ed25519 key, and its signature a good one.",
    );
    for kind in ["rsa2048", "ed25519"] {
        let key = maker.key(kind);
        let friend = maker.key("rsa2048");
        let asc = maker.sign(&key, &[]);
        let plain = maker.export_packets(&key);
        let parts = split(&plain);
        let pick = |wanted: &[u8]| {
            let chosen: Vec<_> = parts
                .iter()
                .filter(|(tag, _)| !wanted.contains(tag))
                .cloned()
                .collect();
            join(&chosen)
        };
        let altered = rewrite(&plain, |mut signature| {
            let last = signature.numbers.last_mut().expect("numbers");
            *last ^= 1;
            signature
        });
        let ends_first = {
            maker.run(MADE + 60, &["--quick-sign-key", "-u", &friend, &key]);
            maker.export_packets(&key)
        };
        let foreign_only = {
            // Of the statements below the user id, only the friend's.
            let mut all = split(&ends_first);
            let own = all.iter().position(|it| it.0 == SIGNATURE);
            all.remove(own.expect("a statement of the owner's own"));
            join(&all)
        };
        for (name, packets) in [
            ("as it is", plain.clone()),
            ("vouched for by another key too", ends_first),
            ("vouched for by another key only", foreign_only),
            ("without what its owner says", pick(&[SIGNATURE])),
            ("without its user id", pick(&[USER_ID, SIGNATURE])),
            ("what its owner says is altered", altered),
        ] {
            let row = Row::new(format!("{kind}: {name}"), &keys(&packets), asc.clone());
            table.push(row);
        }
    }
}
