// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Releases that must pass, however unusual they look.

use std::io::Write as _;
use std::process::{Command, Stdio};

use testbed::index::Publisher;
use testbed::openpgp::{Reason, Revoking, SIGNED, Terms, armor};

use super::*;

/// What a program prints about the bytes, which it reads from a file of this
/// name; `path` goes where the arguments say `FILE`.
pub(super) fn tool(arguments: &[&str], name: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let [program, arguments @ ..] = arguments else {
        panic!("a program");
    };
    let output = Command::new(program)
        .args(arguments.iter().map(|word| word.replace("FILE", name)))
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} failed");
    output.stdout
}

fn checksum_by(it: &mut Staged, arguments: &[&str]) {
    let printed = tool(arguments, WHEEL, &it.bytes(WHEEL));
    it.write(&format!("{WHEEL}.sha512"), printed);
}

#[test]
fn checksums_in_every_form_of_real_tools_and_of_people() {
    pass_all(&[
        (
            "coreutils",
            |it| checksum_by(it, &["sha512sum", "FILE"]),
            &[],
        ),
        (
            "coreutils, binary",
            |it| checksum_by(it, &["sha512sum", "-b", "FILE"]),
            &[],
        ),
        (
            "BSD tags",
            |it| checksum_by(it, &["sha512sum", "--tag", "FILE"]),
            &[],
        ),
        (
            "a path before the name",
            |it| checksum_by(it, &["sha512sum", "./FILE"]),
            &[],
        ),
        (
            "openssl",
            |it| checksum_by(it, &["openssl", "dgst", "-sha512", "FILE"]),
            &[],
        ),
        (
            "gpg, wrapped",
            |it| checksum_by(it, &["gpg", "--print-md", "SHA512", "FILE"]),
            &[],
        ),
        (
            "a bare digest, without a line break",
            |it| it.write(&format!("{WHEEL}.sha512"), sha512(&it.bytes(WHEEL))),
            &[],
        ),
        (
            "capitals",
            |it| {
                let digits = sha512(&it.bytes(WHEEL)).to_uppercase();
                it.write(&format!("{WHEEL}.sha512"), format!("{digits}  {WHEEL}\n"));
            },
            &[],
        ),
        (
            "CRLF",
            |it| {
                let line = format!("{}  {WHEEL}\r\n", sha512(&it.bytes(WHEEL)));
                it.write(&format!("{WHEEL}.sha512"), line);
            },
            &[],
        ),
        (
            "UTF-16 as PowerShell writes it",
            |it| {
                let line = format!("\u{feff}{}  {WHEEL}\r\n", sha512(&it.bytes(WHEEL)));
                let bytes: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
                it.write(&format!("{WHEEL}.sha512"), bytes);
            },
            &[],
        ),
        (
            ".sha256 alone",
            |it| {
                it.remove(&format!("{WHEEL}.sha512"));
                let line = format!("{} *{WHEEL}\n", sha256(&it.bytes(WHEEL)));
                it.write(&format!("{WHEEL}.sha256"), line);
            },
            &[],
        ),
        (
            "both, and an old one beside them",
            |it| {
                it.write(&format!("{WHEEL}.sha256"), sha256(&it.bytes(WHEEL)));
                it.write(&format!("{WHEEL}.md5"), "whatever");
            },
            &["weak-sidecar"],
        ),
    ]);
}

/// The wheel signed by two keys of KEYS, the armor by `join`.
fn two_signatures(it: &mut Staged, join: fn(&[Vec<u8>; 2]) -> String) {
    let other = new_key("other");
    it.trust(&other.armored_public());
    let bytes = it.bytes(WHEEL);
    let both = [key(), &other].map(|key| key.sign_bytes(&bytes, &Signing::default()));
    it.write(&format!("{WHEEL}.asc"), join(&both));
}

#[test]
fn two_good_signatures_in_each_of_three_encodings() {
    pass_all(&[
        (
            "two packets in one block",
            |it| two_signatures(it, |both| armor("PGP SIGNATURE", &both.concat())),
            &[],
        ),
        (
            "two blocks",
            |it| {
                two_signatures(it, |[one, two]| {
                    armor("PGP SIGNATURE", one) + &armor("PGP SIGNATURE", two)
                });
            },
            &[],
        ),
        (
            "two blocks with CRLF and a blank line between them",
            |it| {
                two_signatures(it, |[one, two]| {
                    let block = |bytes: &[u8]| armor("PGP SIGNATURE", bytes);
                    format!("{}\n{}", block(one), block(two)).replace('\n', "\r\n")
                });
            },
            &[],
        ),
        (
            "a voter's signature beside it",
            |it| {
                let bytes = it.bytes(WHEEL);
                let voter = new_key("voter").sign_bytes(&bytes, &Signing::default());
                let own = key().sign_bytes(&bytes, &Signing::default());
                let asc = armor("PGP SIGNATURE", &[voter, own].concat());
                it.write(&format!("{WHEEL}.asc"), asc);
            },
            &[],
        ),
    ]);
}

#[test]
fn keys_as_they_really_are() {
    pass_all(&[
        (
            "a key that expired after it signed",
            |it| {
                let terms = Terms {
                    lifetime: Some(30 * 86_400),
                    ..Terms::default()
                };
                let expired = TestKey::generate_with("since", Kind::Ed25519, &terms);
                it.trust(&expired.armored_public());
                it.sign_all(&expired, &Signing::default());
            },
            &["key-expired-since"],
        ),
        (
            "a key that was superseded after it signed",
            |it| {
                let mut superseded = new_key("superseded");
                let since = SIGNED + 30 * 86_400;
                superseded.revoke_as(&Revoking::because(since, Reason::KeySuperseded));
                it.trust(&superseded.armored_public());
                it.sign_all(&superseded, &Signing::default());
            },
            &["key-revoked-since"],
        ),
        (
            "a subkey that is no longer used since it signed",
            |it| {
                let mut owner = new_key("owner");
                owner.add_subkey(Kind::Ed25519, &Terms::default());
                let since = SIGNED + 30 * 86_400;
                owner.revoke_subkey_as(0, &Revoking::because(since, Reason::KeyRetired));
                it.trust(&owner.armored_public());
                it.sign_all(
                    &owner,
                    &Signing {
                        subkey: Some(0),
                        ..Signing::default()
                    },
                );
            },
            &["key-revoked-since"],
        ),
        (
            "prose, Latin-1, CRLF, PGP 2, and revoked keys of others",
            |it| {
                let mut revoked = new_key("left");
                revoked.revoke(SIGNED);
                // A key packet of version 3: time, days, RSA, two tiny numbers.
                let old = [0x98, 14, 3, 0, 0, 0, 1, 0, 0, 1, 0, 8, 0xFF, 0, 2, 3];
                let mut keys =
                    b"The keys of J\xF6rg & others\r\npub  1024D ----------\r\n".to_vec();
                keys.extend(armor("PGP PUBLIC KEY BLOCK", &old).into_bytes());
                keys.extend(revoked.armored_public().into_bytes());
                keys.extend(key().armored_public().replace('\n', "\r\n").into_bytes());
                it.keys = keys;
            },
            &[],
        ),
        (
            "a damaged block of somebody else",
            |it| {
                let lost = new_key("lost").armored_public();
                let cut: Vec<&str> = lost.lines().take(4).collect();
                it.keys = format!("{}\n{}", cut.join("\n"), key().armored_public()).into_bytes();
            },
            &["keys-bad-block"],
        ),
        (
            "a signing subkey",
            |it| {
                let mut manager = new_key("manager");
                manager.add_subkey(Kind::Ed25519, &Terms::default());
                it.trust(&manager.armored_public());
                it.input("signers", manager.fingerprint());
                let by_subkey = Signing {
                    subkey: Some(0),
                    ..Signing::default()
                };
                it.sign_all(&manager, &by_subkey);
            },
            &[],
        ),
    ]);
}

#[test]
fn releases_of_every_shape() {
    pass_all(&[
        (
            "a dated sub-folder",
            |it| {
                let moved = std::mem::take(&mut it.files);
                it.files = moved
                    .into_iter()
                    .map(|(name, bytes)| (format!("2026-01-01/{name}"), bytes))
                    .collect();
            },
            &[],
        ),
        (
            "platform sub-folders",
            |it| {
                for (folder, name) in [
                    ("linux", "example-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"),
                    ("macos", "example-1.0-cp312-cp312-macosx_11_0_arm64.whl"),
                    ("windows", "example-1.0-cp312-cp312-win_amd64.whl"),
                ] {
                    let bytes = platform_wheel(name);
                    it.add(signed(&[(format!("{folder}/{name}"), bytes)]));
                }
            },
            &[],
        ),
        (
            "KEYS inside the release",
            |it| it.write("KEYS", new_key("nobody").armored_public()),
            &[],
        ),
        (
            "an alpha from release",
            |it| it.files = project("example", "1.0a1"),
            &[],
        ),
        (
            "a post-release from release",
            |it| it.files = project("example", "1.0.post1"),
            &[],
        ),
        (
            "a candidate from dev",
            |it| {
                it.folder = "dev/example/1.0rc1/";
                it.files = project("example", "1.0rc1");
            },
            &[],
        ),
    ]);
}

/// A wheel's bytes do not tell its tags, but no two files of one release may
/// be the same.
fn platform_wheel(name: &str) -> Vec<u8> {
    let seed = name.bytes().map(u64::from).sum();
    let wheel = testbed::distribution::Wheel::new("example", "1.0").with_seed(seed);
    wheel.build().1
}

#[test]
fn a_flat_folder_with_150_projects_is_one_release() {
    let names: Vec<String> = (0..150)
        .map(|number| format!("example-provider-{number}"))
        .collect();
    let world = World::start();
    let projects: Vec<&str> = names.iter().map(String::as_str).collect();
    world.index.register(Publisher::example(&projects));
    let mut files = Files::new();
    for name in &names {
        files.extend(signed(&[wheel(name, "1.0")]));
    }
    world.stage(RELEASE, files);
    let ran = world.publish();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for name in &names {
        assert_eq!(world.index.files(name).len(), 1, "{name}");
    }
    assert_eq!(world.index.minted(), 1);
}

#[test]
fn the_digest_is_the_one_that_the_printed_command_gives() {
    let world = World::with_release();
    world.stage(&format!("{RELEASE}more/"), project("example-more", "1.0"));
    let ran = world.verify();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("more")).unwrap();
    for (name, bytes) in project("example", "1.0") {
        std::fs::write(copy.path().join(name), bytes).unwrap();
    }
    for (name, bytes) in project("example-more", "1.0") {
        std::fs::write(copy.path().join("more").join(name), bytes).unwrap();
    }
    let mut lines = ran.stderr.lines();
    lines.find(|line| line.starts_with("the same digest with coreutils"));
    let command = lines.next().expect("the command");
    let mut shell = Command::new("sh")
        .current_dir(copy.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    writeln!(input, "{command}").unwrap();
    drop(input);
    let printed = shell.wait_with_output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    let digest = ran.output("digest").unwrap();
    assert!(printed.starts_with(digest), "{printed} is not {digest}");
}

#[test]
fn releases_that_hold_all_that_is_required_of_them() {
    pass_all(&[
        (
            "an sdist and a wheel of each project",
            |it| {
                it.input("require", "every-project: sdist, wheel");
                it.input("projects", "example*");
                it.add(project("example-more", "2.0"));
            },
            &[],
        ),
        (
            "a number of wheels, and a project of which nothing is required",
            |it| {
                it.input("require", "Example: 1 wheel");
                it.input("projects", "example*");
                it.add(signed(&[wheel("example-more", "2.0")]));
            },
            &[],
        ),
    ]);
}
