// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A release on a real httpd with Subversion, signed by a real gpg, beside the
//! stand-ins of the index and of the issuer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use testbed::distribution::{sdist, wheel};
use testbed::github_api::GithubApi;
use testbed::gpg::Gpg;
use testbed::httpd::Httpd;
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;

use crate::run::Ran;
use crate::world;

/// Where KEYS lies, unless a test puts another one elsewhere.
pub const KEYS: &str = "release/example/KEYS";

/// Files by path, unsigned.
pub type Files = Vec<(String, Vec<u8>)>;

/// A wheel and an sdist of one project.
pub fn project(name: &str, version: &str) -> Files {
    vec![wheel(name, version), sdist(name, version)]
}

/// The time so many days ago, as gpg takes it.
pub fn days_ago(days: u64) -> String {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    let text = humantime::format_rfc3339_seconds(then).to_string();
    text.replace(['-', ':', 'Z'], "")
}

/// Makes a key `made` days ago; gives its fingerprint. RSA, as the ASF asks,
/// but of fewer bits than its 4096, since the tests make many.
pub fn make_key(gpg: &Gpg, name: &str, made: u64, expires: &str) -> String {
    gpg.make_key(name, "rsa3072", Some(&days_ago(made)), expires)
}

/// Signs every distribution of a folder and adds its checksum, with the
/// programs that release managers use.
fn sign(folder: &Path, gpg: &Gpg, signer: &str, when: Option<&str>) {
    for path in files_below(folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let sum = shell(
            path.parent().unwrap(),
            "sha512sum -- \"$1\" > \"$1.sha512\"",
            name,
        );
        assert_eq!(sum, "");
        let asc = gpg.sign(signer, &fs::read(&path).unwrap(), when, &[]);
        fs::write(format!("{}.asc", path.display()), asc).unwrap();
    }
}

/// What a command line prints in a folder; `argument` is its `$1`.
pub fn shell(folder: &Path, line: &str, argument: &str) -> String {
    let output = Command::new("sh")
        .args(["-ec", line, "sh", argument])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A folder with these files, each with a checksum and a signature, made now
/// or `when`.
pub fn signed_folder(
    files: &Files,
    gpg: &Gpg,
    signer: &str,
    when: Option<&str>,
) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    sign(folder.path(), gpg, signer, when);
    folder
}

/// The servers, and the release manager's keyring.
pub struct Site {
    pub httpd: Httpd,
    pub index: FakeIndex,
    pub issuer: FakeIssuer,
    pub github: GithubApi,
    pub gpg: Gpg,
    pub signer: String,
}

impl Site {
    /// All is there but a release; the publisher may upload to `projects`.
    pub fn start(projects: &[&str]) -> Self {
        Self::start_with(projects, Options::default())
    }

    /// The same with an index that is set up so.
    pub fn start_with(projects: &[&str], options: Options) -> Self {
        let gpg = Gpg::new();
        let signer = make_key(&gpg, "Rita Manager <rita@example.org>", 30, "never");
        let issuer = FakeIssuer::start();
        let index = FakeIndex::start(Options {
            issuer: Some(issuer.trust()),
            ..options
        });
        index.register(Publisher::example(projects));
        let site = Self {
            httpd: Httpd::start(),
            index,
            issuer,
            github: GithubApi::start(),
            gpg,
            signer,
        };
        site.put_keys(KEYS, &site.gpg.export(&[&site.signer]));
        site
    }

    /// Commits a KEYS file with the usual words before the keys.
    pub fn put_keys(&self, path: &str, keys: &[u8]) -> u64 {
        let words = b"This file contains the PGP keys of Example's release managers.\n\n";
        self.httpd.put(path, &[words, keys].concat(), "Add keys")
    }

    /// Commits files, signed now by the release manager; gives the revision.
    pub fn stage(&self, path: &str, files: &Files) -> u64 {
        let folder = signed_folder(files, &self.gpg, &self.signer, None);
        self.httpd
            .commit_tree(folder.path(), path, "Stage a release")
    }

    /// What a runner gives: identity tokens, and the address of the API.
    pub fn env(&self) -> Vec<(String, String)> {
        let mut env = world::env(&self.issuer).to_vec();
        env.push(("GITHUB_API_URL".to_owned(), self.github.base()));
        env
    }

    /// Runs on the release at `path`, with some inputs replaced or added.
    pub fn run(&self, mode: &str, path: &str, changes: &[(&str, &str)]) -> Ran {
        let mut args = vec![mode.to_owned()];
        for (name, value) in [
            ("source", self.httpd.url(path)),
            ("keys", self.httpd.url(KEYS)),
            ("index", self.index.base()),
            ("projects", "example*".to_owned()),
            ("report", "report.json".to_owned()),
            ("github-token", self.github.token()),
            ("read-back-timeout", "30 s".to_owned()),
        ] {
            args.extend([format!("--{name}"), value]);
        }
        world::run_with(args, changes, &self.env())
    }

    pub fn verify(&self, path: &str) -> Ran {
        self.run("verify", path, &[])
    }

    pub fn publish(&self, path: &str) -> Ran {
        self.run("publish", path, &[])
    }

    /// A copy of a path at a revision, made by `svn` over HTTP.
    pub fn export_tree(&self, path: &str, revision: u64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("{}@{revision}", self.httpd.url(path.trim_end_matches('/')));
        let line = "svn --non-interactive export -q --force \"$1\" .";
        shell(folder.path(), line, &url);
        folder
    }

    /// No secret stands in what the run said.
    pub fn assert_no_secret(&self, ran: &Ran) {
        world::assert_no_secret(ran, &self.index, &self.issuer);
    }

    /// Nothing was sent, and no token was asked for.
    pub fn assert_untouched(&self) {
        world::assert_untouched(&self.index, &self.issuer);
    }

    /// The run ended as a verdict by these rules, and nothing was sent.
    pub fn assert_refused(&self, ran: &Ran, status: i32, rules: &[&str]) {
        assert_eq!(ran.refusals(), rules, "{}", ran.stderr);
        assert_eq!(ran.status, status, "{}", ran.stderr);
        self.assert_untouched();
    }
}

/// The digest that the coreutils command printed by a run gives in `folder`.
pub fn digest_by_command(ran: &Ran, folder: &Path) -> String {
    let mut lines = ran.stderr.lines().map(str::trim);
    let command = lines
        .find(|line| line.starts_with("sha512sum "))
        .expect("the command is printed");
    shell(folder, command, "")[..64].to_owned()
}
