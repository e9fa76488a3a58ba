// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Drives a real gpg with a home of its own, as a release manager would.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A gpg home; its agent is stopped when it is dropped.
#[derive(Debug)]
pub struct Gpg {
    home: TempDir,
}

impl Default for Gpg {
    fn default() -> Self {
        Self::new()
    }
}

impl Gpg {
    /// An empty home.
    ///
    /// # Panics
    /// When no folder can be made.
    pub fn new() -> Self {
        // A short path: gpg's agent listens on a socket in it.
        let home = tempfile::Builder::new()
            .prefix("gpg-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .expect("a temporary folder");
        Self { home }
    }

    /// The folder of its keys, which other programs find by `GNUPGHOME`.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Makes a primary key that signs, without a passphrase; gives its
    /// fingerprint. `algorithm` as gpg names it (`rsa4096`, `ed25519`);
    /// `made` as `20240101T000000`, now if none; `expires` as `1y` or `never`.
    ///
    /// # Panics
    /// When gpg refuses.
    pub fn make_key(
        &self,
        uid: &str,
        algorithm: &str,
        made: Option<&str>,
        expires: &str,
    ) -> String {
        let mut command = self.command(made);
        command.args(["--quick-gen-key", uid, algorithm, "sign", expires]);
        finish(&mut command, &[]);
        let listed = finish(
            self.command(None)
                .args(["--with-colons", "--list-keys", uid]),
            &[],
        );
        // The last one, should an older key have the same name.
        String::from_utf8_lossy(&listed)
            .lines()
            .filter_map(|line| line.strip_prefix("fpr:"))
            .filter_map(|fields| fields.split(':').nth(8))
            .next_back()
            .expect("a fingerprint")
            .to_owned()
    }

    /// The public keys of these fingerprints, armored, as KEYS holds them.
    pub fn export(&self, fingerprints: &[&str]) -> Vec<u8> {
        finish(
            self.command(None)
                .args(["--armor", "--export"])
                .args(fingerprints),
            &[],
        )
    }

    /// An armored detached signature of the bytes. `options` go before the
    /// command, for example `--digest-algo SHA1`; `when` as in [`Gpg::make_key`].
    pub fn sign(&self, key: &str, bytes: &[u8], when: Option<&str>, options: &[&str]) -> Vec<u8> {
        let mut command = self.command(when);
        command
            .args(["--armor", "--local-user", key])
            .args(options)
            .args(["--output", "-", "--detach-sign"]);
        finish(&mut command, bytes)
    }

    /// Revokes a key, with the certificate that gpg made along with it.
    ///
    /// # Panics
    /// When there is none.
    pub fn revoke(&self, fingerprint: &str) {
        let file = self
            .home
            .path()
            .join(format!("openpgp-revocs.d/{fingerprint}.rev"));
        // gpg puts a colon before the armor so that nobody imports it by mistake.
        let certificate = fs::read_to_string(file)
            .expect("a revocation certificate")
            .replace(":-----BEGIN", "-----BEGIN");
        finish(self.command(None).arg("--import"), certificate.as_bytes());
    }

    /// What `gpg --print-md` says of a file, in the old form of checksum files.
    pub fn print_digest(&self, algorithm: &str, file: &Path) -> Vec<u8> {
        let name = file.file_name().expect("a file name");
        let folder = file.parent().expect("a folder");
        let mut command = self.command(None);
        command
            .args(["--print-md", algorithm])
            .arg(name)
            .current_dir(folder);
        finish(&mut command, &[])
    }

    fn command(&self, when: Option<&str>) -> Command {
        let mut command = Command::new("gpg");
        command
            .env("LC_ALL", "C.UTF-8")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--batch", "--quiet", "--no-tty", "--yes"])
            .args(["--pinentry-mode", "loopback", "--passphrase", ""])
            .args(["--trust-model", "always"]);
        if let Some(when) = when {
            command.args(["--faked-system-time", when]);
        }
        command
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "all"])
            .status();
    }
}

/// Runs a command with this input and gives what it wrote.
fn finish(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = process.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = process.wait_with_output().expect("an end");
    // gpg that does not read its input has its own reason.
    let _ = writer.join();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_is_exported_and_is_revoked() {
        let gpg = Gpg::new();
        let made = Some("20240101T000000");
        let key = gpg.make_key("Jane <jane@apache.org>", "ed25519", made, "1y");
        assert_eq!(key.len(), 40);
        let signature = gpg.sign(&key, b"bytes", Some("20240201T000000"), &[]);
        assert!(signature.starts_with(b"-----BEGIN PGP SIGNATURE-----"));
        let before = gpg.export(&[&key]);
        assert!(before.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        gpg.revoke(&key);
        assert!(
            gpg.export(&[&key]).len() > before.len(),
            "no revocation was added"
        );
    }
}
