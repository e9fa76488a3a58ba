// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How an `.asc` is written down: armor, none, and several signatures in one.

use testbed::openpgp::armor;

use super::super::class::Class;
use super::super::maker::{Maker, asc};
use super::super::{Row, Table};
use super::{DAY, MADE, NOW, SIGNED};

pub(super) fn add(table: &mut Table, maker: &Maker) {
    one(table, maker);
    two(table, maker);
}

/// A way to write a signature down, and why we may not take it.
type Form = (&'static str, Vec<u8>, Option<Class>);

fn one(table: &mut Table, maker: &Maker) {
    table.section(
        "One signature, written down in many ways",
        "Every signature here is a good one by an RSA key of KEYS.",
    );
    let key = maker.key("rsa2048");
    let keys = maker.export(&key);
    let plain = maker.sign(&key, &[]);
    let packet = maker.sign_packet(SIGNED, &key, &[]);
    let text = String::from_utf8(plain.clone()).expect("armor is ASCII");
    let others = [
        ("twice", [plain.as_slice(), &plain].concat(), None),
        (
            "text mode",
            maker.sign(&key, &["--textmode"]),
            Some(Class::TextMode),
        ),
        ("clear-signed", maker.sign_inline(&key, "--clearsign"), None),
        ("a signed message", maker.sign_inline(&key, "--sign"), None),
        ("KEYS in place of the signature", keys.clone(), None),
    ];
    let forms = lines(&text).into_iter().chain(armors(&text));
    for (name, asc, class) in forms.chain(packets(&packet)).chain(others) {
        table.push(Row::new(name, &keys, asc).because(class));
    }
    for (name, extra) in [
        ("a comment", "--comment=by hand"),
        ("a version line", "--emit-version"),
        ("a notation", "--sig-notation=a@b.c=1"),
        ("a critical notation", "--sig-notation=!a@b.c=1"),
        ("a policy", "--sig-policy-url=https://example.org/"),
        (
            "a critical policy",
            "--sig-policy-url=!https://example.org/",
        ),
        ("a key server", "--sig-keyserver-url=https://example.org/"),
        ("no name of the signer", "--disable-signer-uid"),
    ] {
        table.push(Row::new(name, &keys, maker.sign(&key, &[extra])));
    }
}

/// What editors and mail programs do to a text.
fn lines(text: &str) -> [Form; 10] {
    let armor = Some(Class::Armor);
    let around = |before: &str, after: &str| [before, text, after].concat().into_bytes();
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    [
        ("as gpg writes it", text.into(), None),
        ("CRLF", text.replace('\n', "\r\n").into(), None),
        (
            "blanks at the ends of lines",
            text.replace('\n', " \t\n").into(),
            None,
        ),
        ("blank lines around", around("\n\n", "\n\n"), None),
        ("a byte order mark", around("\u{FEFF}", ""), None),
        (
            "UTF-16",
            [0xFF, 0xFE].into_iter().chain(utf16).collect(),
            None,
        ),
        ("text before", around("Signed by me.\n\n", ""), None),
        ("text after", around("", "Signed by me.\n"), armor),
        ("an indented BEGIN", around("  ", ""), armor),
        (
            "quoted, but for its first line",
            text.replace('\n', "\n> ").into(),
            armor,
        ),
    ]
}

/// Damage to the armor.
fn armors(text: &str) -> [Form; 6] {
    let armor = Some(Class::Armor);
    let sum = text.lines().find(|line| line.starts_with('='));
    let sum = sum.expect("a checksum");
    let label = "PGP SIGNATURE";
    let end = "-----END PGP SIGNATURE-----";
    [
        (
            "no checksum",
            text.replace(&format!("{sum}\n"), "").into(),
            None,
        ),
        ("a wrong checksum", text.replace(sum, "=AAAA").into(), armor),
        ("no END line", text.replace(end, "").into(), armor),
        (
            "no blank line after BEGIN",
            text.replacen("\n\n", "\n", 1).into(),
            armor,
        ),
        (
            "the label of a message",
            text.replace(label, "PGP MESSAGE").into(),
            armor,
        ),
        (
            "the label of a key",
            text.replace(label, "PGP PUBLIC KEY BLOCK").into(),
            armor,
        ),
    ]
}

/// Other packets in place of one signature.
fn packets(packet: &[u8]) -> [Form; 4] {
    let armor = Some(Class::Armor);
    // Both are whole packets: a marker, and a message of the letters "hi".
    let marker = [0xCA, 3, b'P', b'G', b'P'];
    let message = [0xCB, 8, b'b', 0, 0, 0, 0, 0, b'h', b'i'];
    let cut = packet.len() - 1;
    [
        ("no armor", packet.to_vec(), armor),
        (
            "a marker packet before it",
            asc(&[&marker, packet].concat()),
            armor,
        ),
        (
            "a message after it",
            asc(&[packet, &message].concat()),
            armor,
        ),
        ("cut off", asc(&packet[..cut]), None),
    ]
}

/// The ways to put two signature packets into one file.
fn written(one: &[u8], two: &[u8]) -> [(&'static str, Vec<u8>, bool); 3] {
    let together = armor("PGP SIGNATURE", &[one, two].concat());
    let apart = armor("PGP SIGNATURE", one) + &armor("PGP SIGNATURE", two);
    [
        ("one armor", together.into_bytes(), true),
        ("two armors", apart.into_bytes(), true),
        ("no armor", [one, two].concat(), false),
    ]
}

fn two(table: &mut Table, maker: &Maker) {
    table.section(
        "Two signatures in one file",
        "A good one by an RSA key of KEYS, with another one before or after it.",
    );
    let [good, other, expired, since, revoked, stranger] = [(); 6].map(|()| maker.key("rsa2048"));
    let [weak_key, curve] = ["dsa1024", "ed25519"].map(|kind| maker.key(kind));
    let late = MADE + 3 * DAY;
    let by_good = maker.sign_packet(SIGNED, &good, &[]);
    let seconds = [
        ("good", maker.sign_packet(SIGNED, &other, &[]), vec![]),
        ("the same again", by_good.clone(), vec![]),
        ("by Ed25519", maker.sign_packet(SIGNED, &curve, &[]), vec![]),
        (
            "of other bytes",
            maker.sign_other(&other, b"other"),
            vec![Class::OneRefusesAll],
        ),
        (
            "with SHA-1",
            maker.sign_packet(SIGNED, &other, &["--digest-algo", "SHA1"]),
            vec![Class::WeakDigest],
        ),
        (
            "in text mode",
            maker.sign_packet(SIGNED, &other, &["--textmode"]),
            vec![Class::TextMode],
        ),
        (
            "of tomorrow",
            maker.sign_packet(NOW + DAY, &other, &[]),
            vec![Class::Future],
        ),
        (
            "by a DSA key",
            maker.sign_packet(SIGNED, &weak_key, &[]),
            vec![Class::Dsa],
        ),
        (
            "expired itself",
            maker.sign_packet(SIGNED, &other, &["--default-sig-expire", "1d"]),
            vec![Class::OneRefusesAll],
        ),
        (
            "by a key expired before",
            maker.sign_packet(late, &expired, &[]),
            vec![Class::OneRefusesAll],
        ),
        (
            "by a key expired since",
            maker.sign_packet(SIGNED, &since, &[]),
            vec![Class::ExpiredSince],
        ),
        (
            "by a compromised key",
            maker.sign_packet(SIGNED, &revoked, &[]),
            vec![Class::OneRefusesAll],
        ),
        (
            "by a stranger",
            maker.sign_packet(SIGNED, &stranger, &[]),
            vec![Class::Stranger],
        ),
        (
            "by a stranger, of other bytes",
            maker.sign_other(&stranger, b"other"),
            vec![Class::Stranger],
        ),
    ];
    for key in [&expired, &since] {
        maker.run(SIGNED, &["--quick-set-expire", key, "20240103T000000"]);
    }
    let mut keys: Vec<u8> = [&good, &other, &expired, &since, &weak_key, &curve, &revoked]
        .iter()
        .flat_map(|key| maker.export(key))
        .collect();
    // Right behind its key, where gpg understands it.
    keys.extend(maker.revocation(&revoked, "1", late));
    for (what, second, classes) in seconds {
        for (order, one, two) in [("after", &by_good, &second), ("before", &second, &by_good)] {
            if what == "the same again" && order == "before" {
                continue;
            }
            for (form, asc, armored) in written(one, two) {
                let bare = (!armored).then_some(Class::Armor);
                let name = format!("{what}, {order} the good one, {form}");
                table.push(Row::new(name, &keys, asc).because(classes.iter().copied().chain(bare)));
            }
        }
    }
}
