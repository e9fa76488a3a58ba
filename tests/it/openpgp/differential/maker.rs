// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Makes keys and signatures with the real gpg, in one folder with one agent.

use std::cell::Cell;
use std::fs;

use testbed::openpgp::armor;

use super::super::gnupg::Gnupg;
use super::super::{DATA, MADE, NOW, SIGNED};

/// Reasons for a revocation, by the answer that gpg's menu wants.
pub(super) const REASONS: [(&str, &str); 4] = [
    ("no reason given", "0"),
    ("compromised", "1"),
    ("superseded", "2"),
    ("no longer used", "3"),
];

/// The folder, and all that release managers do in theirs.
pub(super) struct Maker {
    gnupg: Gnupg,
    made: Cell<usize>,
}

impl Maker {
    pub(super) fn new() -> Self {
        Self {
            gnupg: Gnupg::new(),
            made: Cell::new(0),
        }
    }

    /// Makes a key that may sign and never expires; its fingerprint.
    pub(super) fn key(&self, algorithm: &str) -> String {
        self.key_with(algorithm, &[])
    }

    /// The same with options of gpg.
    pub(super) fn key_with(&self, algorithm: &str, extra: &[&str]) -> String {
        let number = self.made.replace(self.made.get() + 1);
        let name = format!("{algorithm}-{number}@example.org");
        self.gnupg.key(&name, algorithm, "never", extra)
    }

    /// Adds a subkey that never expires; its fingerprint.
    pub(super) fn subkey(&self, primary: &str, algorithm: &str, usage: &str) -> String {
        let args = ["--quick-add-key", primary, algorithm, usage, "never"];
        self.run(MADE, &args);
        let listing = self.run(NOW, &["--with-colons", "--list-keys", primary]);
        let prints = super::super::gnupg::fingerprints_in(&listing, &["fpr"]);
        prints.last().expect("a subkey").clone()
    }

    pub(super) fn run(&self, at: u64, args: &[&str]) -> Vec<u8> {
        self.gnupg.run(at, args)
    }

    /// The public key in armor.
    pub(super) fn export(&self, key: &str) -> Vec<u8> {
        self.gnupg.export(key)
    }

    /// The public key without armor.
    pub(super) fn export_packets(&self, key: &str) -> Vec<u8> {
        self.run(NOW, &["--export", key])
    }

    /// An armored detached signature of [`DATA`] at the usual time.
    pub(super) fn sign(&self, key: &str, extra: &[&str]) -> Vec<u8> {
        self.sign_at(SIGNED, key, extra)
    }

    /// The same at another time, even one at which the key is not there yet.
    /// It is by this very key, primary or subkey.
    pub(super) fn sign_at(&self, at: u64, key: &str, extra: &[&str]) -> Vec<u8> {
        let warp = ["--ignore-time-conflict", "--ignore-valid-from"];
        let key = format!("{key}!");
        // The last digest named counts; for DSA gpg would choose SHA-1 by itself.
        let digest = ["--digest-algo", "SHA512"];
        self.gnupg
            .sign_at(at, &key, &[&warp, &digest, extra].concat())
    }

    /// The packet of such a signature.
    pub(super) fn sign_packet(&self, at: u64, key: &str, extra: &[&str]) -> Vec<u8> {
        self.sign_at(at, key, &[&["--no-armor"], extra].concat())
    }

    /// A signature of other bytes.
    pub(super) fn sign_other(&self, key: &str, other: &[u8]) -> Vec<u8> {
        let data = self.gnupg.path("data");
        fs::write(&data, other).expect("a file");
        let packet = self.sign_packet(SIGNED, key, &[]);
        fs::write(&data, DATA).expect("a file");
        packet
    }

    /// What `--clearsign` and `--sign` make of [`DATA`].
    pub(super) fn sign_inline(&self, key: &str, command: &str) -> Vec<u8> {
        let data = self.gnupg.path("data");
        let data = data.to_str().expect("a path");
        self.run(SIGNED, &["--armor", "-u", key, "-o", "-", command, data])
    }

    /// A revocation of a primary key for one of [`REASONS`].
    pub(super) fn revocation(&self, key: &str, answer: &str, at: u64) -> Vec<u8> {
        let answers = format!("y\n{answer}\n\ny\n");
        self.converse(at, &["-o", "-", "--gen-revoke", key], &answers)
    }

    /// Edits a key with the commands of `--edit-key`, one a line.
    pub(super) fn edit(&self, at: u64, key: &str, commands: &str) {
        self.converse(at, &["--edit-key", key], &format!("{commands}\nsave\n"));
    }

    /// Runs a command of gpg that insists on asking.
    pub(super) fn converse(&self, at: u64, args: &[&str], answers: &str) -> Vec<u8> {
        self.gnupg.answer(at, args, answers)
    }
}

/// Armors signature packets as an `.asc`.
pub(super) fn asc(packets: &[u8]) -> Vec<u8> {
    armor("PGP SIGNATURE", packets).into_bytes()
}

/// Armors the packets of keys as KEYS holds them.
pub(super) fn keys(packets: &[u8]) -> Vec<u8> {
    armor("PGP PUBLIC KEY BLOCK", packets).into_bytes()
}
