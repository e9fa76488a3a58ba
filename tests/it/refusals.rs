// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Releases that must be refused, and releases that must pass, through the
//! binary in `publish` mode: a class of trouble, what is staged, and the
//! verdict. A refusal asks for no identity token and sends nothing.

mod archives;
mod contents;
mod hostile;
mod lists;
mod openpgp;
mod passes;
mod places;

use sha2::{Digest, Sha256, Sha512};
use testbed::distribution::wheel;
use testbed::openpgp::{Kind, Signing, TestKey};

use crate::run::Ran;
use crate::world::{Files, RELEASE, World, key, project, signed};

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";

/// What lies where when the run begins: an honest release, until a case
/// changes it.
struct Staged {
    files: Files,
    folder: &'static str,
    keys: Vec<u8>,
    inputs: Vec<(&'static str, String)>,
    /// Files that the index has already: project, name, bytes.
    preloaded: Vec<(&'static str, String, Vec<u8>)>,
}

impl Staged {
    fn honest() -> Self {
        Self {
            files: project("example", "1.0"),
            folder: RELEASE,
            keys: key().armored_public().into_bytes(),
            inputs: Vec::new(),
            preloaded: Vec::new(),
        }
    }

    fn input(&mut self, name: &'static str, value: impl Into<String>) {
        self.inputs.push((name, value.into()));
    }

    fn remove(&mut self, name: &str) {
        assert!(self.files.remove(name).is_some(), "no {name} is staged");
    }

    /// Puts a text in the place of a sidecar, or beside what there is.
    fn write(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.files.insert(name.to_owned(), bytes.into());
    }

    fn add(&mut self, files: Files) {
        self.files.extend(files);
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        self.files[name].clone()
    }

    /// Signs the wheel anew, in a way of the case's own.
    fn sign_wheel(&mut self, by: &TestKey, signing: &Signing) {
        let asc = by.sign_detached_with(&self.bytes(WHEEL), signing);
        self.write(&format!("{WHEEL}.asc"), asc);
    }

    /// Signs everything by another key alone.
    fn sign_all(&mut self, by: &TestKey, signing: &Signing) {
        for name in [WHEEL, SDIST] {
            let asc = by.sign_detached_with(&self.bytes(name), signing);
            self.write(&format!("{name}.asc"), asc);
        }
    }

    /// Adds a key to KEYS.
    fn trust(&mut self, keys: &str) {
        self.keys.push(b'\n');
        self.keys.extend_from_slice(keys.as_bytes());
    }

    fn publish(self) -> (World, Ran) {
        let world = World::start();
        world.dist.commit(vec![(
            "release/example/KEYS".to_owned(),
            Some(self.keys.clone()),
        )]);
        world.stage(self.folder, self.files);
        // The index may know one that this program does not.
        world.index.know_classifier("Framework :: Apache Example");
        for (project, name, bytes) in &self.preloaded {
            world.index.preload(project, name, bytes);
        }
        let source = world.dist.url(self.folder);
        let mut inputs = vec![("source", source.as_str())];
        inputs.extend(
            self.inputs
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        let ran = world.run("publish", &inputs);
        (world, ran)
    }
}

/// A class of trouble, what makes it, the rules that refuse it.
type Refusal = (&'static str, fn(&mut Staged), &'static [&'static str]);

/// Each is refused by these rules and no others, with status 1.
fn refuse_all(cases: &[Refusal]) {
    for (class, change, rules) in cases {
        let mut staged = Staged::honest();
        change(&mut staged);
        let (world, ran) = staged.publish();
        assert_eq!(
            (ran.refusals(), ran.status),
            (rules.iter().map(|&rule| rule.to_owned()).collect(), 1),
            "{class}: {}",
            ran.stderr
        );
        assert_eq!(ran.report["outcome"], "refused", "{class}");
        assert!(!ran.stdout.contains("\"uploaded\""), "{class}");
        for rule in *rules {
            assert!(ran.stderr.contains(&format!("REFUSED {rule}")), "{class}");
        }
        world.assert_untouched();
        world.assert_no_secret(&ran);
    }
}

/// A class of release that must pass, what makes it, the warnings that it brings.
type Pass = (&'static str, fn(&mut Staged), &'static [&'static str]);

/// Each is published, with these warnings and no others.
fn pass_all(cases: &[Pass]) {
    for (class, change, warnings) in cases {
        let mut staged = Staged::honest();
        change(&mut staged);
        let (world, ran) = staged.publish();
        assert_eq!(ran.status, 0, "{class}: {}", ran.stderr);
        assert_eq!(ran.report["outcome"], "published", "{class}");
        assert_eq!(ran.rules("warn"), *warnings, "{class}");
        assert!(!world.index.files("example").is_empty(), "{class}");
        world.assert_no_secret(&ran);
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn sha512(bytes: &[u8]) -> String {
    hex::encode(Sha512::digest(bytes))
}

fn new_key(name: &str) -> TestKey {
    TestKey::generate(&format!("{name} <{name}@example.org>"), Kind::Ed25519)
}

#[test]
fn sidecars_that_are_missing_or_lie() {
    refuse_all(&[
        (
            "no signature",
            |it| it.remove(&format!("{WHEEL}.asc")),
            &["signature-missing"],
        ),
        (
            "tampered, with a fresh checksum and no signature",
            |it| {
                let (_, other) = testbed::distribution::Wheel::new("example", "1.0")
                    .with_seed(7)
                    .build();
                it.write(&format!("{WHEEL}.sha512"), sha512(&other));
                it.write(WHEEL, other);
                it.remove(&format!("{WHEEL}.asc"));
            },
            &["signature-missing"],
        ),
        (
            "no checksum",
            |it| it.remove(&format!("{WHEEL}.sha512")),
            &["checksum-missing"],
        ),
        (
            "every sidecar deleted",
            |it| it.files.retain(|name, _| name == WHEEL || name == SDIST),
            &["checksum-missing", "signature-missing"],
        ),
        (
            "only checksums that no longer count",
            |it| {
                it.remove(&format!("{WHEEL}.sha512"));
                it.write(&format!("{WHEEL}.md5"), "d41d8cd98f00b204e9800998ecf8427e");
                it.write(&format!("{WHEEL}.sha1"), "0".repeat(40));
            },
            &["checksum-missing"],
        ),
        (
            "a checksum of other bytes",
            |it| it.write(&format!("{WHEEL}.sha512"), sha512(b"other")),
            &["checksum-mismatch"],
        ),
        (
            "one of two checksums wrong",
            |it| it.write(&format!("{WHEEL}.sha256"), sha256(b"other")),
            &["checksum-mismatch"],
        ),
        (
            "the checksum of another file",
            |it| {
                let line = format!("{}  {SDIST}\n", sha512(&it.bytes(WHEEL)));
                it.write(&format!("{WHEEL}.sha512"), line);
            },
            &["checksum-unreadable"],
        ),
        (
            "two checksums for one file",
            |it| {
                let right = format!("{}  {WHEEL}\n", sha512(&it.bytes(WHEEL)));
                let wrong = format!("{}  {WHEEL}\n", sha512(b"other"));
                it.write(&format!("{WHEEL}.sha512"), right + &wrong);
            },
            &["checksum-unreadable"],
        ),
        (
            "a SHA-256 in .sha512",
            |it| it.write(&format!("{WHEEL}.sha512"), sha256(&it.bytes(WHEEL))),
            &["checksum-unreadable"],
        ),
        (
            "an empty checksum",
            |it| it.write(&format!("{WHEEL}.sha512"), ""),
            &["checksum-unreadable"],
        ),
        (
            "a web page for a checksum",
            |it| it.write(&format!("{WHEEL}.sha512"), "<!DOCTYPE html><html></html>"),
            &["checksum-unreadable"],
        ),
        (
            "a checksum file of a megabyte",
            |it| it.write(&format!("{WHEEL}.sha512"), vec![b'\n'; 1 << 20]),
            &["limit-exceeded"],
        ),
        (
            "sidecars without their file",
            |it| it.remove(WHEEL),
            &["sidecar-orphan"],
        ),
        (
            "a signature in capitals",
            |it| {
                let asc = it.bytes(&format!("{WHEEL}.asc"));
                it.remove(&format!("{WHEEL}.asc"));
                it.write(&format!("{WHEEL}.ASC"), asc);
            },
            &["path-unknown", "signature-missing"],
        ),
    ]);
}
