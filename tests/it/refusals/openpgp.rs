// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Signatures, signers and KEYS.

use std::process::Command;

use testbed::gpg::Gpg;
use testbed::openpgp::{Digest, MADE, Reason, Revoking, SIGNED, Terms, armor};

use super::*;

const DAY: u32 = 86_400;

/// Signs the wheel by the manager's key, but not as it ought to be.
fn sign_otherwise(it: &mut Staged, change: fn(&mut Signing)) {
    let mut signing = Signing::default();
    change(&mut signing);
    it.sign_wheel(key(), &signing);
}

#[test]
fn signatures_that_do_not_hold() {
    refuse_all(&[
        (
            "the wheel changed after it was signed",
            |it| {
                let (_, other) = testbed::distribution::Wheel::new("example", "1.0")
                    .with_seed(7)
                    .build();
                it.write(&format!("{WHEEL}.sha512"), sha512(&other));
                it.write(WHEEL, other);
            },
            &["signature-bad"],
        ),
        (
            "one bit, and no new checksum",
            |it| {
                let mut bytes = it.bytes(SDIST);
                let last = bytes.len() - 5;
                bytes[last] ^= 1;
                it.write(SDIST, bytes);
            },
            &["checksum-mismatch", "signature-bad"],
        ),
        (
            "the signature of another file",
            |it| it.write(&format!("{WHEEL}.asc"), it.bytes(&format!("{SDIST}.asc"))),
            &["signature-bad"],
        ),
        (
            "a stranger's key",
            |it| it.sign_wheel(&new_key("stranger"), &Signing::default()),
            &["signer-unknown"],
        ),
        (
            "a stranger who claims the manager's user id",
            |it| {
                let twin = TestKey::generate("Rita Manager <rita@example.org>", Kind::Ed25519);
                it.sign_all(&twin, &Signing::default());
            },
            &["signer-unknown"],
        ),
        (
            "SHA-1",
            |it| sign_otherwise(it, |signing| signing.digest = Digest::Sha1),
            &["signature-weak"],
        ),
        (
            "MD5",
            |it| sign_otherwise(it, |signing| signing.digest = Digest::Md5),
            &["signature-weak"],
        ),
        (
            "a certification for a signature of the file",
            |it| sign_otherwise(it, |signing| signing.certification = true),
            &["signature-weak"],
        ),
        (
            "text mode",
            |it| sign_otherwise(it, |signing| signing.text = true),
            &["signature-weak"],
        ),
        (
            "no time of signing",
            |it| sign_otherwise(it, |signing| signing.at = None),
            &["signature-weak"],
        ),
        (
            "a signature that expired",
            |it| sign_otherwise(it, |signing| signing.lifetime = Some(DAY)),
            &["signature-weak"],
        ),
        (
            "a critical notation",
            |it| {
                sign_otherwise(it, |signing| {
                    signing.critical_notation = Some("x@example.org");
                });
            },
            &["signature-weak"],
        ),
        (
            "an empty signature",
            |it| it.write(&format!("{WHEEL}.asc"), ""),
            &["signature-unreadable"],
        ),
        (
            "a web page for a signature",
            |it| it.write(&format!("{WHEEL}.asc"), "<html>404</html>"),
            &["signature-unreadable"],
        ),
        (
            "a public key for a signature",
            |it| it.write(&format!("{WHEEL}.asc"), key().armored_public()),
            &["signature-unreadable"],
        ),
    ]);
}

/// A good and a bad signature by the manager, in this order or the other, in
/// one block or in two.
fn good_and_bad(it: &mut Staged, good_first: bool, one_block: bool) {
    let good = key().sign_bytes(&it.bytes(WHEEL), &Signing::default());
    let bad = key().sign_bytes(b"other bytes", &Signing::default());
    let (first, second) = if good_first { (good, bad) } else { (bad, good) };
    let asc = if one_block {
        armor("PGP SIGNATURE", &[first, second].concat())
    } else {
        armor("PGP SIGNATURE", &first) + &armor("PGP SIGNATURE", &second)
    };
    it.write(&format!("{WHEEL}.asc"), asc);
}

#[test]
fn a_bad_signature_beside_a_good_one_refuses_in_any_order() {
    refuse_all(&[
        (
            "good, bad",
            |it| good_and_bad(it, true, true),
            &["signature-bad"],
        ),
        (
            "bad, good",
            |it| good_and_bad(it, false, true),
            &["signature-bad"],
        ),
        (
            "good, bad, in two blocks",
            |it| good_and_bad(it, true, false),
            &["signature-bad"],
        ),
        (
            "bad, good, in two blocks",
            |it| good_and_bad(it, false, false),
            &["signature-bad"],
        ),
    ]);
}

#[test]
fn signers_who_may_not() {
    refuse_all(&[
        (
            "another holder of a key in KEYS than the one named",
            |it| {
                let other = new_key("other");
                it.trust(&other.armored_public());
                it.sign_wheel(&other, &Signing::default());
                it.input("signers", key().fingerprint());
            },
            &["signer-not-allowed"],
        ),
        (
            "a named signer who is not in KEYS",
            |it| it.input("signers", new_key("gone").fingerprint()),
            &["signer-not-in-keys"],
        ),
    ]);
}

#[test]
fn the_keyring_of_the_machine_is_never_asked() {
    let gpg = Gpg::new();
    let stranger = gpg.make_key("Stranger <s@example.org>", "ed25519", None, "never");
    let mut staged = Staged::honest();
    for name in [WHEEL, SDIST] {
        let bytes = staged.bytes(name);
        let asc = gpg.sign(&stranger, &bytes, None, &[]);
        // gpg itself, for which its own keyring counts, finds nothing wrong.
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), &bytes).unwrap();
        std::fs::write(folder.path().join("asc"), &asc).unwrap();
        let verified = Command::new("gpg")
            .args(["--batch", "--quiet", "--verify", "asc", name])
            .current_dir(folder.path())
            .env("GNUPGHOME", gpg.home())
            .output()
            .unwrap();
        assert!(verified.status.success());
        staged.write(&format!("{name}.asc"), asc);
    }
    let world = World::start();
    world.stage(RELEASE, staged.files);
    let home = gpg.home().to_str().unwrap();
    let ran = world.run_beside("publish", &[("GNUPGHOME", home)]);
    assert_eq!(
        (ran.refusals(), ran.status),
        (vec!["signer-unknown".to_owned()], 1)
    );
    world.assert_untouched();
}

#[test]
fn keys_that_are_revoked() {
    refuse_all(&[
        (
            "a revoked key",
            |it| {
                let mut revoked = new_key("revoked");
                revoked.revoke(SIGNED + 30 * DAY);
                it.trust(&revoked.armored_public());
                it.sign_all(&revoked, &Signing::default());
            },
            &["key-revoked"],
        ),
        (
            "a revocation that stands alone elsewhere in KEYS",
            |it| {
                let revoked = new_key("revoked");
                it.trust(&revoked.armored_revocation(SIGNED + 30 * DAY));
                it.trust(&revoked.armored_public());
                it.sign_all(&revoked, &Signing::default());
            },
            &["key-revoked"],
        ),
        (
            "a key that was superseded before it signed",
            |it| {
                let mut revoked = new_key("revoked");
                revoked.revoke_as(&Revoking::because(SIGNED - DAY, Reason::KeySuperseded));
                it.trust(&revoked.armored_public());
                it.sign_all(&revoked, &Signing::default());
            },
            &["key-revoked"],
        ),
        (
            "a key that was compromised after it signed",
            |it| {
                let mut revoked = new_key("revoked");
                revoked.revoke_as(&Revoking::because(SIGNED + DAY, Reason::KeyCompromised));
                it.trust(&revoked.armored_public());
                it.sign_all(&revoked, &Signing::default());
            },
            &["key-revoked"],
        ),
        (
            "a subkey that is revoked without a reason",
            |it| {
                let mut owner = new_key("owner");
                owner.add_subkey(Kind::Ed25519, &Terms::default());
                owner.revoke_subkey(0, SIGNED + DAY);
                it.trust(&owner.armored_public());
                it.sign_all(
                    &owner,
                    &Signing {
                        subkey: Some(0),
                        ..Signing::default()
                    },
                );
            },
            &["key-revoked"],
        ),
    ]);
}

#[test]
fn keys_that_may_not_sign() {
    refuse_all(&[
        (
            "a key on a curve that cannot be checked",
            |it| {
                let unsteady = TestKey::generate("unsteady", Kind::Secp256k1);
                it.trust(&unsteady.armored_public());
                it.sign_all(&unsteady, &Signing::default());
            },
            &["unsupported-key"],
        ),
        (
            "a key that had expired when it signed",
            |it| {
                let terms = Terms {
                    lifetime: Some(30 * DAY),
                    ..Terms::default()
                };
                let expired = TestKey::generate_with("old", Kind::Ed25519, &terms);
                it.trust(&expired.armored_public());
                it.sign_all(
                    &expired,
                    &Signing {
                        at: Some(MADE + 60 * DAY),
                        ..Signing::default()
                    },
                );
            },
            &["key-expired"],
        ),
        (
            "a key that may not sign",
            |it| {
                let terms = Terms {
                    may_sign: false,
                    ..Terms::default()
                };
                let certifier = TestKey::generate_with("certifier", Kind::Ed25519, &terms);
                it.trust(&certifier.armored_public());
                it.sign_all(&certifier, &Signing::default());
            },
            &["key-unusable"],
        ),
        (
            "another's subkey, claimed without its owner",
            |it| {
                let mut owner = new_key("owner");
                owner.add_subkey(Kind::Ed25519, &Terms::default());
                let mut thief = new_key("thief");
                thief.steal_subkey(&owner, 0);
                it.trust(&thief.armored_public());
                it.sign_all(
                    &owner,
                    &Signing {
                        subkey: Some(0),
                        ..Signing::default()
                    },
                );
            },
            &["key-unusable"],
        ),
    ]);
}

#[test]
fn keys_that_are_none() {
    refuse_all(&[
        ("empty", |it| it.keys = Vec::new(), &["keys-unusable"]),
        (
            "prose",
            |it| it.keys = b"Ask the PMC for our keys.\n".to_vec(),
            &["keys-unusable"],
        ),
        (
            "a web page",
            |it| it.keys = b"\n<!DOCTYPE html>\n<html><body>KEYS</body></html>".to_vec(),
            &["keys-unusable"],
        ),
        (
            "a web page around the keys",
            |it| {
                let page = format!("<html><pre>\n{}</pre></html>", key().armored_public());
                it.keys = page.into_bytes();
            },
            &["keys-unusable"],
        ),
        (
            "a private key beside the public ones",
            |it| it.trust(&new_key("careless").armored_private()),
            &["keys-private"],
        ),
        (
            "only damaged blocks",
            |it| {
                let block = key().armored_public();
                it.keys = block.as_bytes()[..block.len() / 2].to_vec();
            },
            &["keys-unusable"],
        ),
        (
            "not there",
            |it| it.input("keys", "no/such/KEYS"),
            &["keys-not-found"],
        ),
        (
            "one of two not there",
            |it| it.input("keys", "no/such/KEYS\nneither/KEYS"),
            &["keys-not-found"],
        ),
    ]);
}

#[test]
fn a_key_revoked_later_counts_at_once_although_an_older_revision_is_read() {
    let world = World::start();
    let mut manager = new_key("manager");
    let commit_keys = |text: String| {
        let path = "release/example/KEYS".to_owned();
        world.dist.commit(vec![(path, Some(text.into_bytes()))])
    };
    commit_keys(manager.armored_public());
    let mut staged = Staged::honest();
    staged.sign_all(&manager, &Signing::default());
    let revision = world.stage(RELEASE, staged.files);
    let revision = revision.to_string();
    let before = world.run("verify", &[("revision", &revision)]);
    assert_eq!(before.status, 0, "{}", before.stderr);
    manager.revoke(SIGNED + 30 * DAY);
    commit_keys(manager.armored_public());
    let after = world.run("publish", &[("revision", &revision)]);
    assert_eq!(
        (after.refusals(), after.status),
        (vec!["key-revoked".to_owned()], 1)
    );
    world.assert_untouched();
}

#[test]
fn the_day_of_the_commit_stands_beside_the_signers_word() {
    let withdrawn = SIGNED + 10 * DAY;
    let mut manager = new_key("manager");
    manager.revoke_as(&Revoking::because(withdrawn, Reason::KeySuperseded));
    for (committed, beside) in [
        (
            withdrawn - 1,
            "the signature was committed at 2024-01-11T23:59:59Z in r3, before that",
        ),
        (
            withdrawn + 1,
            "the signature was committed at 2024-01-12T00:00:01Z in r3, AFTER that",
        ),
    ] {
        let world = World::start();
        let keys = manager.armored_public().into_bytes();
        let change = |path: &str, bytes| (path.to_owned(), Some(bytes));
        world
            .dist
            .commit(vec![change("release/example/KEYS", keys)]);
        let mut staged = Staged::honest();
        staged.sign_all(&manager, &Signing::default());
        let files = staged.files.into_iter();
        let release = files.map(|(name, bytes)| change(&format!("{RELEASE}{name}"), bytes));
        world.dist.commit_at(committed.into(), release.collect());
        let ran = world.verify();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.rules("warn"), ["key-revoked-since"]);
        assert!(ran.report.to_string().contains(beside), "{}", ran.report);
        assert!(ran.stderr.contains(beside), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_says_that_the_day_of_the_commit_is_not_known() {
    let world = World::start();
    let mut manager = new_key("manager");
    manager.revoke_as(&Revoking::because(SIGNED + DAY, Reason::KeyRetired));
    let mut staged = Staged::honest();
    staged.sign_all(&manager, &Signing::default());
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &staged.files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), manager.armored_public()).unwrap();
    let [source, keys] = [folder.path(), keys.path()].map(|path| path.to_str().unwrap());
    let ran = world.run(
        "verify",
        &[("source", source), ("keys", keys), ("area", "release")],
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["key-revoked-since"]);
    assert!(ran.stderr.contains("1 usable key in "), "{}", ran.stderr);
    let said = "the source does not say when the signature was committed";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}
