// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Who signs: a primary key, a signing subkey, or one that may not.

use testbed::openpgp::{Kind, Signing, Terms, TestKey};

use super::super::class::Class;
use super::super::maker::{Maker, keys};
use super::super::packets::{EMBEDDED, rewrite};
use super::super::{Row, Table};
use super::{DATA, MADE};

type Kinds<const N: usize> = [(&'static str, Option<Class>); N];

const PRIMARIES: Kinds<7> = [
    ("rsa2048", None),
    ("rsa4096", None),
    ("rsa1024", Some(Class::ShortRsa)),
    ("dsa1024", Some(Class::Dsa)),
    ("ed25519", None),
    ("nistp384", None),
    ("brainpoolP256r1", Some(Class::OtherCurve)),
];
const SUBKEYS: Kinds<6> = [
    ("rsa2048", None),
    ("rsa1024", Some(Class::ShortRsa)),
    ("ed25519", None),
    // Without the algorithm gpg would make a subkey for encryption.
    ("nistp256/ecdsa", None),
    ("brainpoolP256r1/ecdsa", Some(Class::OtherCurve)),
    ("secp256k1/ecdsa", Some(Class::OtherCurve)),
];

pub(super) fn add(table: &mut Table, maker: &Maker) {
    combinations(table, maker);
    roles(table, maker);
    bindings(table, maker);
    odd_bindings(table);
}

fn combinations(table: &mut Table, maker: &Maker) {
    table.section(
        "Primary keys and their subkeys",
        "Each primary key has all six signing subkeys; some have an ElGamal subkey for encryption too.",
    );
    for (kind, class) in PRIMARIES {
        let primary = maker.key(kind);
        if matches!(kind, "rsa2048" | "dsa1024") {
            maker.subkey(&primary, "elg1024", "encr");
        }
        let subkeys = SUBKEYS.map(|it| (it, maker.subkey(&primary, it.0, "sign")));
        let all = maker.export(&primary);
        let asc = maker.sign(&primary, &[]);
        table.push(Row::new(format!("{kind} itself"), &all, asc).because(class));
        for ((sub_kind, sub_class), subkey) in subkeys {
            let asc = maker.sign(&subkey, &[]);
            let sub_kind = sub_kind.trim_end_matches("/ecdsa");
            let name = format!("{kind}, by a subkey {sub_kind}");
            table.push(Row::new(name, &all, asc).because(class.into_iter().chain(sub_class)));
        }
    }
    let primary = maker.key("rsa2048");
    let subkey = maker.subkey(&primary, "dsa2048", "sign");
    let row = Row::new(
        "rsa2048, by a subkey dsa2048",
        &maker.export(&primary),
        maker.sign(&subkey, &[]),
    );
    table.push(row.because([Class::Dsa]));
}

fn roles(table: &mut Table, maker: &Maker) {
    table.section(
        "Keys that may not sign, or that KEYS lacks",
        "Made by gpg, which took the flag away after the signature.",
    );
    for kind in ["rsa2048", "ed25519"] {
        let primary = maker.key(kind);
        let before = maker.export(&primary);
        let rsa = maker.subkey(&primary, "rsa2048", "sign");
        let curve = maker.subkey(&primary, "ed25519", "sign");
        let signed = [&primary, &rsa, &curve].map(|key| maker.sign(key, &[]));
        let [by_primary, by_rsa, by_curve] = signed;
        let mut push = |name: &str, keys: &[u8], asc: &[u8]| {
            table.push(Row::new(format!("{kind}: {name}"), keys, asc.to_vec()));
        };
        push("a subkey that KEYS does not hold yet", &before, &by_curve);
        maker.edit(MADE + 60, &primary, "change-usage\nS\nQ");
        let certify = maker.export(&primary);
        push(
            "a primary key now for certifying only",
            &certify,
            &by_primary,
        );
        push("a subkey of such a primary key", &certify, &by_curve);
        maker.edit(MADE + 120, &primary, "change-usage\nS\nQ");
        maker.edit(MADE + 180, &primary, "key 1\nchange-usage\nS\nE\nQ");
        maker.edit(MADE + 240, &primary, "key 2\nchange-usage\nS\nA\nQ");
        let no_sign = maker.export(&primary);
        push("a subkey now for encryption only", &no_sign, &by_rsa);
        push("a subkey now for authentication only", &no_sign, &by_curve);
        push("a primary key beside such subkeys", &no_sign, &by_primary);
    }
}

/// gpg keeps the signature back where it is not protected, so it can be lost.
fn bindings(table: &mut Table, maker: &Maker) {
    table.section(
        "The signature back from a subkey to its primary key",
        "Made by gpg, then changed outside of what the binding protects.",
    );
    for kind in ["rsa2048", "ed25519"] {
        let primary = maker.key(kind);
        let subkey = maker.subkey(&primary, "ed25519", "sign");
        let asc = maker.sign(&subkey, &[]);
        let by_primary = maker.sign(&primary, &[]);
        let whole = maker.export_packets(&primary);
        let lost = rewrite(&whole, |mut signature| {
            signature.unhashed.retain(|(typ, _)| *typ != EMBEDDED);
            signature
        });
        let damaged = rewrite(&whole, |mut signature| {
            for (typ, content) in &mut signature.unhashed {
                if *typ == EMBEDDED {
                    let end = content.last_mut().expect("content");
                    *end ^= 1;
                }
            }
            signature
        });
        for (name, packets, asc) in [
            ("there", &whole, &asc),
            ("lost", &lost, &asc),
            ("damaged", &damaged, &asc),
            ("lost, signed by the primary key", &lost, &by_primary),
        ] {
            let name = format!("{kind}: {name}");
            table.push(Row::new(name, &keys(packets), asc.clone()));
        }
    }
}

fn odd_bindings(table: &mut Table) {
    table.section(
        "Subkeys bound as gpg would not bind them",
        "Made by our own maker.",
    );
    let plain = Terms::default();
    let no_flag = Terms {
        may_sign: false,
        ..plain.clone()
    };
    let no_back = Terms {
        back_signature: false,
        ..plain.clone()
    };
    let neither = Terms {
        may_sign: false,
        ..no_back.clone()
    };
    let signing = Signing {
        subkey: Some(0),
        ..Signing::default()
    };
    let kinds = [
        (Kind::Rsa2048, "rsa2048", Kind::Ed25519, "ed25519"),
        (Kind::Ed25519, "ed25519", Kind::Ed25519, "ed25519"),
        (Kind::Ed25519, "ed25519", Kind::P256, "nistp256"),
        (Kind::P256, "nistp256", Kind::Rsa2048, "rsa2048"),
    ];
    for (kind, name, sub_kind, sub_name) in kinds {
        let mut push = |what: &str, key: &TestKey, keys: String, class: Option<Class>| {
            let asc = key.sign_detached_with(DATA, &signing).into_bytes();
            let name = format!("{name}, {sub_name}: {what}");
            table.push(Row::new(name, keys.as_bytes(), asc).because(class));
        };
        let bare = TestKey::generate("owner@example.org", kind);
        let bound = |terms| {
            let mut key = bare.clone();
            key.add_subkey(sub_kind, terms);
            key
        };
        let good = bound(&plain);
        push("bound well", &good, good.armored_public(), None);
        for (what, terms) in [
            ("no flag to sign", &no_flag),
            ("no signature back", &no_back),
            ("neither", &neither),
        ] {
            let key = bound(terms);
            push(what, &key, key.armored_public(), None);
        }
        let mut taken = good.clone();
        let later = u32::try_from(MADE + 60).expect("a time");
        taken.state_subkey(
            0,
            &Terms {
                stated: later,
                ..no_flag.clone()
            },
        );
        push("the flag taken back", &taken, taken.armored_public(), None);
        let mut thief = TestKey::generate("thief@example.org", kind);
        thief.steal_subkey(&good, 0);
        let stolen = thief.armored_public();
        push("stolen, KEYS holds the thief", &good, stolen.clone(), None);
        let both = good.armored_public();
        push(
            "stolen, the owner first",
            &good,
            both.clone() + &stolen,
            None,
        );
        let thief_first = Some(Class::ThiefFirst);
        push(
            "stolen, the thief first",
            &good,
            stolen + &both,
            thief_first,
        );
    }
}
