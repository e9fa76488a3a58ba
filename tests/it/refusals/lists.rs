// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Lists of digests and attestations that lie beside a release.

use testbed::openpgp::Kind;

use super::passes::tool;
use super::*;

/// The list that `sha512sum` makes of the honest release.
fn sums(it: &Staged) -> String {
    let line = |name| format!("{}  {name}\n", hex::encode(Sha512::digest(it.bytes(name))));
    line(WHEEL) + &line(SDIST)
}

fn mds(it: &mut Staged, of: &str) {
    let printed = tool(&["gpg", "--print-mds", "FILE"], WHEEL, &it.bytes(of));
    it.write(&format!("{WHEEL}.mds"), printed);
}

#[test]
fn lists_of_digests_that_tell_the_truth() {
    pass_all(&[
        ("an .mds by gpg", |it| mds(it, WHEEL), &[]),
        (
            "an .mds without a digest that counts",
            |it| {
                it.write(
                    &format!("{WHEEL}.mds"),
                    format!("{WHEEL}: MD5 = {}\n", "AB ".repeat(16)),
                );
            },
            &["weak-sidecar"],
        ),
        (
            "SHA512SUMS",
            |it| {
                let sums = sums(it);
                it.write("SHA512SUMS", sums);
            },
            &[],
        ),
        (
            "SHA512SUMS with a signature, of more than is asked for",
            |it| {
                let sums = sums(it).replace("  ", " *./");
                it.write(
                    "SHA512SUMS.asc",
                    key().sign_detached_with(sums.as_bytes(), &Signing::default()),
                );
                it.write("SHA512SUMS", sums);
                it.input("include", "*.whl");
            },
            &[],
        ),
        (
            "SHA512SUMS of the sidecars too",
            |it| {
                let mut sums = sums(it);
                for beside in [".asc", ".sha512"] {
                    let name = format!("{WHEEL}{beside}");
                    let digest = hex::encode(Sha512::digest(it.bytes(&name)));
                    sums += &[digest, "  ".to_owned(), name, "\n".to_owned()].concat();
                }
                it.write("SHA512SUMS", sums);
            },
            &[],
        ),
        (
            "MD5SUM",
            |it| it.write("MD5SUM", "nobody reads it"),
            &["weak-sidecar"],
        ),
        (
            "a file that has gone from the list's folder, waived",
            |it| {
                let sums = sums(it) + &format!("{}  gone.zip\n", "0".repeat(128));
                it.write("SHA512SUMS", sums);
                it.input("waive", "sidecar-orphan SHA512SUMS the zip was withdrawn");
            },
            &["sidecar-orphan"],
        ),
        (
            "an attestation, waived",
            |it| {
                it.write(&format!("{WHEEL}.publish.attestation"), "{}");
                it.input(
                    "waive",
                    "attestation-unchecked *.attestation made by the builder",
                );
            },
            &["attestation-unchecked"],
        ),
    ]);
}

#[test]
fn lists_of_digests_that_lie() {
    refuse_all(&[
        (
            "an .mds of another file",
            |it| mds(it, SDIST),
            &["checksum-mismatch"],
        ),
        (
            "an .mds for another name",
            |it| {
                mds(it, WHEEL);
                let text = String::from_utf8(it.bytes(&format!("{WHEEL}.mds"))).unwrap();
                it.write(
                    &format!("{WHEEL}.mds"),
                    text.replace("example-1.0", "example-1.1"),
                );
            },
            &["checksum-unreadable"],
        ),
        (
            "an .mds in the place of a checksum",
            |it| {
                mds(it, WHEEL);
                it.remove(&format!("{WHEEL}.sha512"));
            },
            &["checksum-missing"],
        ),
        (
            "SHA512SUMS in the place of a checksum",
            |it| {
                let sums = sums(it);
                it.write("SHA512SUMS", sums);
                it.remove(&format!("{WHEEL}.sha512"));
            },
            &["checksum-missing"],
        ),
        (
            "SHA512SUMS of other bytes",
            |it| {
                let sums = sums(it).replacen(|c: char| c.is_ascii_digit(), "a", 1);
                it.write("SHA512SUMS", sums);
            },
            &["checksum-mismatch"],
        ),
        (
            "SHA512SUMS of other bytes, where only wheels are asked for",
            |it| {
                let sums = sums(it).replacen(|c: char| c.is_ascii_digit(), "a", 1);
                it.write("SHA512SUMS", sums);
                it.input("include", "*.whl");
            },
            &["checksum-mismatch"],
        ),
        (
            "SHA512SUMS with a file that is not there",
            |it| {
                let sums = sums(it) + &format!("{}  gone.zip\n", "0".repeat(128));
                it.write("SHA512SUMS", sums);
            },
            &["sidecar-orphan"],
        ),
        (
            "SHA512SUMS that points outside",
            |it| {
                let sums = sums(it).replace("  ", "  ../");
                it.write("SHA512SUMS", sums);
            },
            &["checksum-unreadable"],
        ),
        (
            "SHA512SUMS changed after it was signed",
            |it| {
                let sums = sums(it);
                it.write(
                    "SHA512SUMS.asc",
                    key().sign_detached_with(b"other", &Signing::default()),
                );
                it.write("SHA512SUMS", sums);
            },
            &["signature-bad"],
        ),
        (
            "SHA512SUMS signed by a stranger",
            |it| {
                let sums = sums(it);
                let stranger = TestKey::generate("Stranger <stranger@example.org>", Kind::Ed25519);
                it.write(
                    "SHA512SUMS.asc",
                    stranger.sign_detached_with(sums.as_bytes(), &Signing::default()),
                );
                it.write("SHA512SUMS", sums);
            },
            &["signer-unknown"],
        ),
    ]);
}

#[test]
fn lists_that_lie_about_what_lies_beside_a_file() {
    refuse_all(&[(
        "SHA512SUMS of another signature than the one that is there",
        |it| {
            let sums = sums(it) + &format!("{}  {WHEEL}.asc\n", "0".repeat(128));
            it.write("SHA512SUMS", sums);
        },
        &["checksum-mismatch"],
    )]);
}

#[test]
fn attestations_that_cannot_be_verified() {
    refuse_all(&[
        (
            "an attestation that nobody verifies",
            |it| it.write(&format!("{WHEEL}.publish.attestation"), "{}"),
            &["attestation-unchecked"],
        ),
        (
            "an attestation of nothing",
            |it| it.write("gone-1.0-py3-none-any.whl.provenance", "{}"),
            &["sidecar-orphan"],
        ),
    ]);
}
