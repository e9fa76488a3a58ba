// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The real `gpg`, each time in a folder of its own and at a time of our choice.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{DATA, MADE, NOW, SIGNED};

/// A keyring of `GnuPG` in a folder of its own.
pub(super) struct Gnupg {
    home: tempfile::TempDir,
}

impl Gnupg {
    pub(super) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().expect("a folder");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("mode");
        fs::write(home.path().join("data"), DATA).expect("the data");
        Self { home }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs gpg at a time; its stdout, whatever it thinks of the matter.
    pub(super) fn ask(&self, at: u64, args: &[&str]) -> (bool, Vec<u8>, String) {
        let output = Command::new("gpg")
            .env("GNUPGHOME", self.home.path())
            .env("LC_ALL", "C")
            .args(["--batch", "--yes"])
            .args(["--pinentry-mode", "loopback", "--passphrase", ""])
            .args(["--faked-system-time", &format!("{at}!")])
            .args(args)
            .output()
            .expect("gpg is installed");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), output.stdout, said)
    }

    pub(super) fn run(&self, at: u64, args: &[&str]) -> Vec<u8> {
        let (done, stdout, said) = self.ask(at, args);
        assert!(done, "gpg {args:?}: {said}");
        stdout
    }

    /// Makes a key at [`MADE`]; its fingerprint.
    pub(super) fn key(&self, name: &str, algorithm: &str, expire: &str, extra: &[&str]) -> String {
        let make = ["--quick-gen-key", name, algorithm, "sign", expire];
        self.run(MADE, &[extra, &make].concat());
        self.fingerprints(name).remove(0)
    }

    /// The fingerprints of a key, the primary one first.
    pub(super) fn fingerprints(&self, name: &str) -> Vec<String> {
        let name = format!("={name}");
        let listing = self.run(NOW, &["--with-colons", "--list-keys", &name]);
        fingerprints_in(&listing, &["fpr"])
    }

    pub(super) fn export(&self, key: &str) -> Vec<u8> {
        self.run(NOW, &["--armor", "--export", key])
    }

    pub(super) fn sign(&self, key: &str, extra: &[&str]) -> Vec<u8> {
        self.sign_at(SIGNED, key, extra)
    }

    pub(super) fn sign_at(&self, at: u64, key: &str, extra: &[&str]) -> Vec<u8> {
        let data = self.path("data");
        let base = ["--armor", "-u", key, "-o", "-"];
        let sign = ["--detach-sign", data.to_str().expect("a path")];
        self.run(at, &[&base, extra, &sign].concat())
    }

    /// Runs gpg at a time, its questions answered line by line.
    pub(super) fn answer(&self, at: u64, args: &[&str], answers: &str) -> Vec<u8> {
        let mut child = Command::new("gpg")
            .env("GNUPGHOME", self.home.path())
            .env("LC_ALL", "C")
            .args(["--no-tty", "--yes", "--command-fd", "0"])
            .args(["--pinentry-mode", "loopback", "--passphrase", ""])
            .args(["--faked-system-time", &format!("{at}!")])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("gpg is installed");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(answers.as_bytes()).expect("its answers");
        drop(stdin);
        let output = child.wait_with_output().expect("gpg ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {args:?}: {said}");
        output.stdout
    }

    /// A revocation of the key for a reason of gpg's menu, made at a time:
    /// 0 none, 1 compromised, 2 superseded, 3 no longer used.
    pub(super) fn revoke(&self, key: &str, reason: &str, at: u64) -> Vec<u8> {
        let answers = format!("y\n{reason}\n\ny\n");
        self.answer(at, &["--armor", "--gen-revoke", key], &answers)
    }

    /// Revokes the first subkey of the key, in this keyring, in the same way.
    pub(super) fn revoke_subkey(&self, key: &str, reason: &str, at: u64) {
        let answers = format!("key 1\nrevkey\ny\n{reason}\n\ny\nsave\n");
        self.answer(at, &["--edit-key", key], &answers);
    }

    /// The revocation that gpg keeps ready, made safe by a colon.
    pub(super) fn revocation(&self, fingerprint: &str) -> Vec<u8> {
        let kept = self.path(&format!("openpgp-revocs.d/{fingerprint}.rev"));
        let text = fs::read_to_string(kept).expect("the revocation");
        text.replace(":-----BEGIN", "-----BEGIN").into_bytes()
    }

    /// The status words on the signatures, judged with `keys` alone.
    pub(super) fn judge(keys: &[u8], asc: &[u8], data: &[u8]) -> Vec<String> {
        let gnupg = Self::new();
        for (name, bytes) in [("KEYS", keys), ("asc", asc), ("signed", data)] {
            fs::write(gnupg.path(name), bytes).expect("a file");
        }
        let [keys, asc, data] = ["KEYS", "asc", "signed"].map(|name| gnupg.path(name));
        let text = |path: &Path| path.to_str().expect("a path").to_owned();
        gnupg.ask(NOW, &["--import", &text(&keys)]);
        let args = ["--status-fd", "1", "--verify", &text(&asc), &text(&data)];
        let (_, status, _) = gnupg.ask(NOW, &args);
        String::from_utf8_lossy(&status)
            .lines()
            .filter_map(|line| line.strip_prefix("[GNUPG:] ")?.split(' ').next())
            .filter(|word| word.ends_with("SIG") && *word != "VALIDSIG" && *word != "NEWSIG")
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        // Ends the agent that gpg started for this folder.
        let _ = Command::new("gpgconf")
            .env("GNUPGHOME", self.home.path())
            .args(["--kill", "all"])
            .status();
    }
}

/// The fingerprints in a listing with colons.
pub(super) fn fingerprints_in(listing: &[u8], records: &[&str]) -> Vec<String> {
    String::from_utf8_lossy(listing)
        .lines()
        .filter(|line| records.contains(&line.split(':').next().unwrap_or_default()))
        .filter_map(|line| line.split(':').nth(9).map(str::to_owned))
        .collect()
}
