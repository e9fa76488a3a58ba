// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! KEYS files, real ones and long ones, beside `gpg`'s own listing of them.

use std::fs;
use std::path::Path;
use std::time::Instant;

use asf_pypi_publish::openpgp::{Fingerprint, Keyring};
use asf_pypi_publish::rules::Rule;
use testbed::openpgp::{Kind, TestKey};

use super::gnupg::{Gnupg, fingerprints_in};
use super::{DATA, NOW, judge};

/// The keys of a file as gpg lists them, each once.
fn gpg_keys(path: &Path) -> Vec<String> {
    let gnupg = Gnupg::new();
    let path = path.to_str().expect("a path");
    // Exit status 2 on keys of PGP 2, which it skips as we do.
    let (_, listing, _) = gnupg.ask(NOW, &["--with-colons", "--show-keys", path]);
    let text = String::from_utf8_lossy(&listing).into_owned();
    let mut keys: Vec<_> = text
        .split("\npub:")
        .map(|key| fingerprints_in(key.as_bytes(), &["fpr"]))
        .filter_map(|prints| prints.into_iter().next())
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

fn compare_keys(path: &Path) {
    let bytes = fs::read(path).expect("a KEYS file");
    let (keyring, report) = Keyring::read([bytes.as_slice()]).expect("usable KEYS");
    let expected = gpg_keys(path);
    let name = path.display();
    assert_eq!(report.usable, expected.len(), "{name}: {report:?}");
    assert_eq!(report.bad_blocks, [], "{name}");
    for key in expected {
        let fingerprint: Fingerprint = key.parse().expect("a fingerprint");
        assert!(keyring.contains(&fingerprint), "{name}: {key}");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the folder of real files is named from outside"
)]
#[expect(clippy::disallowed_macros, reason = "a test that skips says why")]
fn real_keys_files_hold_the_keys_that_gpg_sees() {
    let Some(folder) = std::env::var_os("KEYS_CORPUS") else {
        println!("skipped: KEYS_CORPUS does not name a folder of real KEYS files");
        return;
    };
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("the folder of KEYS_CORPUS") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "KEYS")
        {
            compare_keys(&path);
            files += 1;
        }
    }
    assert!(files > 0, "no *.KEYS in {folder:?}");
}

#[test]
#[expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a measure is printed, and not asserted"
)]
fn a_file_of_400_blocks_holds_the_keys_that_gpg_sees() {
    let folder = tempfile::tempdir().expect("a folder");
    let padding = "The prose that stands around keys in real files. ".repeat(20);
    let mut text = "This file holds the keys of the release managers.\n".to_owned();
    let mut last = None;
    for number in 0..400 {
        let name = format!("Manager {number} <m{number}@example.org>");
        let key = TestKey::generate(&name, Kind::Ed25519);
        text += &[
            "\n\npub   ed25519 2024-01-01\n",
            &name,
            "\n-----\n",
            &padding,
            "\n",
        ]
        .concat();
        text += &key.armored_public();
        last = Some(key);
    }
    assert!(text.len() > 500_000, "{} bytes", text.len());
    let last = last.expect("a key").sign_detached(DATA);
    let started = Instant::now();
    let judged = judge(text.as_bytes(), last.as_bytes(), DATA).expect("good");
    let took = started.elapsed();
    println!("{} bytes, 400 blocks, one signature: {took:?}", text.len());
    assert_eq!(judged.findings[0].rule, Rule::KeyKind);
    let path = folder.path().join("KEYS");
    fs::write(&path, text).expect("a file");
    compare_keys(&path);
}
