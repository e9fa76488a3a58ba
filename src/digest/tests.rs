// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::collections::BTreeMap;
use std::process::Command;

use proptest::prelude::*;
use sha2::Sha512;

use super::*;

fn sha512(bytes: &[u8]) -> [u8; 64] {
    Sha512::digest(bytes).into()
}

/// Writes the files, runs the printed command there, and returns the digest it prints.
fn run_coreutils(files: &BTreeMap<String, Vec<u8>>) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let command = coreutils_command(files.keys().map(String::as_str));
    let output = Command::new("sh")
        .arg("-c")
        .arg(&command)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}

fn digest_of(files: &BTreeMap<String, Vec<u8>>) -> ReleaseDigest {
    let sums: Vec<_> = files.values().map(|bytes| sha512(bytes)).collect();
    let names = files.keys().map(|path| path.rsplit('/').next().unwrap());
    release_digest(names.zip(&sums))
}

#[test]
fn coreutils_give_the_same_digest() {
    let files = [
        "apache_foo-1.0-py3-none-any.whl",
        "apache_foo-1.0.tar.gz",
        "apache_foo-1.0.tar.gz.x",
        "Zeta/B-1.0.whl",
        "sub/folder/a-1.0.whl",
        "sub/a_b-1.0.whl",
        "odd name/it's $(here)-1.0.whl",
        "-dash-1.0.whl",
        "-/dash_folder-1.0.whl",
        "two  blanks/and  two-1.0.whl",
    ];
    let files = files
        .map(|path| (path.to_owned(), path.as_bytes().to_vec()))
        .into();
    assert_eq!(run_coreutils(&files), digest_of(&files).to_string());
}

#[test]
fn no_files_have_the_digest_of_no_text() {
    let none = BTreeMap::new();
    assert_eq!(run_coreutils(&none), digest_of(&none).to_string());
    assert!(digest_of(&none).to_string().starts_with("e3b0c442"));
}

#[test]
fn order_does_not_matter_but_name_and_bytes_do() {
    let (one, two) = (sha512(b"1"), sha512(b"2"));
    let digest = release_digest([("a", &one), ("b", &two)]);
    assert_eq!(digest, release_digest([("b", &two), ("a", &one)]));
    assert_ne!(digest, release_digest([("a", &two), ("b", &one)]));
    assert_ne!(digest, release_digest([("a", &one)]));
}

#[test]
fn the_command_is_readable_for_plain_names() {
    assert_eq!(
        coreutils_command(["py/b-1.0.whl", "a-1.0.tar.gz"]),
        "sha512sum a-1.0.tar.gz py/b-1.0.whl | sed 's|  .*/|  |' | LC_ALL=C sort -k2 | sha256sum"
    );
}

#[test]
fn a_digest_is_read_back_in_either_case_and_nothing_else_is() {
    let digest = release_digest([("a", &sha512(b"1"))]);
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(digest.to_string().to_uppercase().parse(), Ok(digest));
    for text in [
        "",
        "any",
        &format!("{digest} "),
        &format!("0x{digest}"),
        &"g".repeat(64),
        &"é".repeat(32),
    ] {
        assert!(text.parse::<ReleaseDigest>().is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn coreutils_agree_on_any_printable_names(
        names in prop::collection::btree_map("[a-z/]{0,3}/?[ -.0-\\[\\]-~]{1,12}", any::<u8>(), 1..6),
    ) {
        // Unique base names, as the snapshot demands, and no dot segments.
        let mut files = BTreeMap::new();
        for (n, (path, byte)) in names.into_iter().enumerate() {
            files.insert(format!("d{n}/{}-{n}", path.trim_start_matches('/')), vec![byte]);
        }
        prop_assume!(files.keys().all(|path| !path.contains("//") && !path.contains("/./") && !path.contains("/../")));
        prop_assert_eq!(run_coreutils(&files), digest_of(&files).to_string());
    }
}
