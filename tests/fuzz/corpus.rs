// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The committed seeds: what only chance could make anew, such as keys and
//! their signatures, and inputs that once broke a promise.

use std::fs;
use std::path::{Path, PathBuf};

use testbed::openpgp::{Kind, MADE, Signing, Terms, TestKey, armor};

/// What the committed signatures are of.
pub const DATA: &[u8] = b"what was signed\n";

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target)
}

/// The committed seeds of a target, in the order of their names.
pub fn read(target: &str) -> Vec<Vec<u8>> {
    let Ok(files) = fs::read_dir(folder(target)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// One committed seed.
pub fn one(target: &str, name: &str) -> Vec<u8> {
    fs::read(folder(target).join(name)).expect("a committed seed")
}

fn write(target: &str, name: &str, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(folder(target)).unwrap();
    fs::write(folder(target).join(name), bytes).unwrap();
}

/// Makes the keys and signatures anew: `cargo test --test fuzz -- --make-corpus`.
pub fn make() {
    let named = |name: &str| format!("{name} <{name}@example.org>");
    let key = |name: &str, kind| TestKey::generate(&named(name), kind);
    let mut ada = key("ada", Kind::Ed25519);
    ada.add_subkey(Kind::Ed25519, &Terms::default());
    let rita = key("rita", Kind::Rsa2048);
    let pat = key("pat", Kind::P256);
    let six = key("six", Kind::Ed25519V6);
    let koblitz = key("koblitz", Kind::Secp256k1);
    let brief = Terms {
        lifetime: Some(2 * 86_400),
        ..Terms::default()
    };
    let ended = TestKey::generate_with(&named("ended"), Kind::Ed25519, &brief);
    let mut gone = key("gone", Kind::Ed25519);
    gone.revoke(MADE + 4 * 86_400);
    let mut thief = key("thief", Kind::Ed25519);
    thief.steal_subkey(&ada, 0);
    let stranger = key("stranger", Kind::Ed25519);

    let prose = "Die Schl\u{fc}ssel von Example\n\npub   ed25519 2024-01-01 [SC]\n\n";
    let all =
        [&ada, &rita, &pat, &six, &koblitz, &ended, &gone, &thief].map(TestKey::armored_public);
    write("keys", "all", format!("{prose}{}", all.join("\nand\n")));
    let block = [ada.public_bytes(), pat.public_bytes()].concat();
    let two = armor("PGP PUBLIC KEY BLOCK", &block);
    write("keys", "two-in-a-block", two.replace('\n', "\r\n"));
    write(
        "keys",
        "revoked-apart",
        ada.armored_public() + &ada.armored_revocation(MADE + 9),
    );
    let start: String = rita.armored_public().chars().take(600).collect();
    write("keys", "cut-off", start + "\n" + &pat.armored_public());
    write(
        "keys",
        "private",
        pat.armored_public() + &armor("PGP PRIVATE KEY BLOCK", b"no key"),
    );
    write(
        "keys",
        "page",
        "<!DOCTYPE html>\n<html><body>Welcome</body></html>\n",
    );
    let mut latin: Vec<u8> = b"Andr\xe9\n\n".to_vec();
    latin.extend(six.armored_public().bytes());
    write("keys", "latin", latin);

    make_signatures(&[
        ("ada", &ada),
        ("rita", &rita),
        ("pat", &pat),
        ("six", &six),
        ("koblitz", &koblitz),
        ("ended", &ended),
        ("gone", &gone),
        ("stranger", &stranger),
    ]);
}

/// One signature by each key, and more sorts by the first.
fn make_signatures(keys: &[(&str, &TestKey)]) {
    let plain = Signing::default();
    for (name, key) in keys {
        write("signature", name, key.sign_detached(DATA));
    }
    let by = |name: &str| keys.iter().find(|(it, _)| *it == name).expect("a key").1;
    let ada = by("ada");
    for (name, signing) in [
        (
            "subkey",
            Signing {
                subkey: Some(0),
                ..plain.clone()
            },
        ),
        (
            "text",
            Signing {
                text: true,
                ..plain.clone()
            },
        ),
        (
            "undated",
            Signing {
                at: None,
                ..plain.clone()
            },
        ),
        (
            "brief",
            Signing {
                lifetime: Some(60),
                ..plain.clone()
            },
        ),
        (
            "notation",
            Signing {
                critical_notation: Some("x@example.org"),
                ..plain.clone()
            },
        ),
        (
            "by-key-id",
            Signing {
                fingerprint: false,
                ..plain.clone()
            },
        ),
        (
            "nameless",
            Signing {
                fingerprint: false,
                key_id: false,
                ..plain.clone()
            },
        ),
    ] {
        write("signature", name, ada.sign_detached_with(DATA, &signing));
    }
    let bytes = |name| by(name).sign_bytes(DATA, &plain);
    let block = [bytes("ada"), bytes("rita"), bytes("stranger")].concat();
    write(
        "signature",
        "three-in-a-block",
        armor("PGP SIGNATURE", &block),
    );
    write(
        "signature",
        "two-blocks",
        ada.sign_detached(DATA) + &by("pat").sign_detached(DATA),
    );
    write(
        "signature",
        "stolen",
        ada.sign_detached_with(b"other", &plain),
    );
}
