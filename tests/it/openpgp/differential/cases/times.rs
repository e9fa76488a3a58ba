// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! When it was signed, and how long the key, the subkey and the signature live.

use super::super::class::Class;
use super::super::maker::Maker;
use super::super::{Row, Table};
use super::{DAY, MADE, NOW, SIGNED};

/// Times of signing.
const TIMES: [(&str, u64); 7] = [
    ("signed before the key was made", MADE - DAY),
    ("signed in the second of the key", MADE),
    ("signed early", SIGNED),
    ("signed late", MADE + 3 * DAY),
    ("signed now", NOW),
    ("signed 4 minutes from now", NOW + 240),
    ("signed tomorrow", NOW + DAY),
];

/// What KEYS says about the life of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Endless,
    /// Until after all times but tomorrow.
    Long,
    /// Until between "early" and "late".
    Short,
}

impl Life {
    fn date(self) -> &'static str {
        match self {
            Self::Endless => "never",
            Self::Long => "20240111T120000",
            Self::Short => "20240103T000000",
        }
    }

    fn end(self) -> u64 {
        match self {
            Self::Endless => u64::MAX,
            Self::Long => NOW + DAY / 2,
            Self::Short => MADE + 2 * DAY,
        }
    }
}

/// What the row is to be judged by.
fn classes(signed_at: u64, life: Life) -> Vec<Class> {
    let mut classes = Vec::new();
    if signed_at > NOW + 300 {
        classes.push(Class::Future);
    }
    if signed_at < life.end() && life.end() <= NOW {
        classes.push(Class::ExpiredSince);
    }
    classes
}

pub(super) fn add(table: &mut Table, maker: &Maker) {
    primary(table, maker);
    subkey(table, maker);
    signature(table, maker);
}

fn primary(table: &mut Table, maker: &Maker) {
    table.section(
        "Times of signing and the life of the key",
        "Short lives end between the early and the late signature, long ones half a day after now.",
    );
    for kind in ["rsa2048", "ed25519"] {
        let key = maker.key(kind);
        let signed = TIMES.map(|(when, at)| (when, at, maker.sign_at(at, &key, &[])));
        let endless = maker.export(&key);
        let life = |hour: u64, life: Life| {
            let at = MADE + hour * 60;
            maker.run(at, &["--quick-set-expire", &key, life.date()]);
            maker.export(&key)
        };
        let short = life(1, Life::Short);
        let long = life(2, Life::Long);
        let extended = [short.as_slice(), &long].concat();
        let reversed = [long.as_slice(), &short].concat();
        let shortened = life(3, Life::Short);
        let shortened = [long.as_slice(), &shortened].concat();
        for (name, keys, life) in [
            ("an endless key", &endless, Life::Endless),
            ("a key of long life", &long, Life::Long),
            ("a key of short life", &short, Life::Short),
            (
                "the life extended, the old copy first",
                &extended,
                Life::Long,
            ),
            (
                "the life extended, the new copy first",
                &reversed,
                Life::Long,
            ),
            ("the life shortened later", &shortened, Life::Short),
        ] {
            for (when, at, asc) in &signed {
                let row = Row::new(format!("{kind}: {name}, {when}"), keys, asc.clone());
                table.push(row.because(classes(*at, life)));
            }
        }
    }
}

fn subkey(table: &mut Table, maker: &Maker) {
    table.section(
        "Times of signing and the life of a subkey",
        "An Ed25519 subkey of an RSA key signed; its own life ends, or that of its primary key.",
    );
    let primary = maker.key("rsa2048");
    let subkey = maker.subkey(&primary, "ed25519", "sign");
    let signed = TIMES.map(|(when, at)| (when, at, maker.sign_at(at, &subkey, &[])));
    let endless = maker.export(&primary);
    let set = |minute: u64, args: &[&str]| {
        let command = ["--quick-set-expire", primary.as_str()];
        maker.run(MADE + minute * 60, &[&command, args].concat());
        maker.export(&primary)
    };
    let (short, never) = (Life::Short.date(), Life::Endless.date());
    let short_sub = set(1, &[short, &subkey]);
    let short_both = set(2, &[short]);
    let short_primary = set(3, &[never, &subkey]);
    for (name, keys, life) in [
        ("both endless", &endless, Life::Endless),
        ("a short subkey", &short_sub, Life::Short),
        ("both short", &short_both, Life::Short),
        ("a short primary key", &short_primary, Life::Short),
    ] {
        for (when, at, asc) in &signed {
            let row = Row::new(format!("{name}, {when}"), keys, asc.clone());
            table.push(row.because(classes(*at, life)));
        }
    }
}

fn signature(table: &mut Table, maker: &Maker) {
    table.section(
        "Signatures that expire themselves",
        "gpg's option --default-sig-expire; the key is endless, or its life is short.",
    );
    let key = maker.key("rsa2048");
    let mut signed = Vec::new();
    for (when, at) in [("early", SIGNED), ("late", MADE + 3 * DAY)] {
        for (how_long, span) in [("for a day", "1d"), ("for a month", "30d")] {
            let asc = maker.sign_at(at, &key, &["--default-sig-expire", span]);
            signed.push((format!("signed {when} {how_long}"), at, asc));
        }
    }
    let endless = maker.export(&key);
    maker.run(MADE + 60, &["--quick-set-expire", &key, Life::Short.date()]);
    let short = maker.export(&key);
    for (name, keys, life) in [
        ("an endless key", &endless, Life::Endless),
        ("a key of short life", &short, Life::Short),
    ] {
        for (how, at, asc) in &signed {
            let row = Row::new(format!("{name}, {how}"), keys, asc.clone());
            table.push(row.because(classes(*at, life)));
        }
    }
}
