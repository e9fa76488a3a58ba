// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The two judges: the real gpg with KEYS in an empty folder, and the
//! library's front door. Both know the same bytes and the same time.

use std::fmt;
use std::fs;
use std::io::{Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use asf_pypi_publish::openpgp::{BadBlock, Keyring, Signer, verify};
use asf_pypi_publish::rules::{Finding, Rule};

use super::super::NOW;
use super::Row;

/// What gpg calls one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Good,
    Bad,
    ExpiredSignature,
    ExpiredKey,
    RevokedKey,
    /// It cannot say: the key is not there.
    NoKey,
    /// It cannot say: an algorithm that it does not know.
    Unsupported,
    /// It cannot say, for another reason.
    Error,
}

impl Word {
    fn of(line: &[&str]) -> Option<Self> {
        match line {
            ["GOODSIG", ..] => Some(Self::Good),
            ["BADSIG", ..] => Some(Self::Bad),
            ["EXPSIG", ..] => Some(Self::ExpiredSignature),
            ["EXPKEYSIG", ..] => Some(Self::ExpiredKey),
            ["REVKEYSIG", ..] => Some(Self::RevokedKey),
            // Key id, algorithm, digest, kind, time, and then the reason.
            ["ERRSIG", _, _, _, _, _, "9", ..] => Some(Self::NoKey),
            ["ERRSIG", _, _, _, _, _, "4", ..] => Some(Self::Unsupported),
            ["ERRSIG", ..] => Some(Self::Error),
            _ => None,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "GOODSIG",
            Self::Bad => "BADSIG",
            Self::ExpiredSignature => "EXPSIG",
            Self::ExpiredKey => "EXPKEYSIG",
            Self::RevokedKey => "REVKEYSIG",
            Self::NoKey => "NO_PUBKEY",
            Self::Unsupported => "ERRSIG (cannot do it)",
            Self::Error => "ERRSIG",
        })
    }
}

/// Who gpg says signed, and when; it says so only where the mathematics hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct By {
    pub(super) key: String,
    pub(super) primary: String,
    pub(super) at: u64,
}

/// gpg's answer.
#[derive(Debug)]
pub(super) struct Said {
    /// One word a signature, in the order of the file.
    pub(super) words: Vec<(Word, Option<By>)>,
    /// Whether it ended with status 0.
    pub(super) exits_0: bool,
}

impl Said {
    fn read(output: &Output) -> Self {
        let mut words: Vec<(Word, Option<By>)> = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Some(line) = line.strip_prefix("[GNUPG:] ") else {
                continue;
            };
            let fields: Vec<_> = line.split(' ').collect();
            if let Some(word) = Word::of(&fields) {
                words.push((word, None));
            }
            if let (["VALIDSIG", key, _, at, .., primary], Some(last)) =
                (fields.as_slice(), words.last_mut())
            {
                last.1 = Some(By {
                    key: (*key).to_owned(),
                    primary: (*primary).to_owned(),
                    at: at.parse().expect("Unix seconds"),
                });
            }
        }
        Self {
            words,
            exits_0: output.status.success(),
        }
    }

    pub(super) fn all_good(&self) -> bool {
        self.words.iter().all(|(word, _)| *word == Word::Good)
    }

    pub(super) fn any_good(&self) -> bool {
        self.words.iter().any(|(word, _)| *word == Word::Good)
    }
}

/// An empty folder of gpg into which KEYS was imported, once for many rows.
pub(super) struct Home(tempfile::TempDir);

impl Home {
    pub(super) fn with(keys: &[u8]) -> Self {
        let home = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .expect("a folder");
        fs::write(home.path().join("KEYS"), keys).expect("a file");
        let home = Self(home);
        // Its status is no matter: KEYS may hold what gpg cannot read.
        home.gpg(&["--import", "KEYS"]);
        home
    }

    /// What gpg says about the signatures of a row.
    pub(super) fn judge(&self, row: &Row) -> Said {
        let folder = self.0.path();
        fs::write(folder.join("asc"), &row.asc).expect("a file");
        fs::write(folder.join("signed"), &row.data).expect("a file");
        Said::read(&self.gpg(&["--status-fd", "1", "--verify", "asc", "signed"]))
    }

    /// Public keys need no agent, and so none is started here.
    fn gpg(&self, args: &[&str]) -> Output {
        let folder: &Path = self.0.path();
        Command::new("gpg")
            .env("GNUPGHOME", folder)
            .env("LC_ALL", "C")
            .current_dir(folder)
            .args(["--batch", "--no-autostart", "--no-auto-check-trustdb"])
            .args(["--faked-system-time", &format!("{NOW}!")])
            .args(args)
            .output()
            .expect("gpg is installed")
    }
}

/// Our answer.
#[derive(Debug)]
pub(super) struct Ours {
    /// Who signed, where the release would pass.
    pub(super) signer: Option<Signer>,
    /// The ids of the rules that were told of, the refusing ones first.
    pub(super) rules: Vec<&'static str>,
    /// How many of them refuse.
    pub(super) refusing: usize,
}

impl Ours {
    pub(super) fn judge(row: &Row) -> Self {
        let (keyring, report) = match Keyring::read([&*row.keys]) {
            Ok(read) => read,
            Err(error) => return Self::of(None, &[error.finding("KEYS")]),
        };
        let warning = |bad: &BadBlock| {
            let rule = Rule::KeysBadBlock;
            Finding::new(rule, Some("KEYS"), "a block that can be read", &*bad.why)
        };
        let told: Vec<_> = report.bad_blocks.iter().map(warning).collect();
        let mut open = || Ok(Box::new(Cursor::new(row.data.clone())) as Box<dyn Read>);
        match verify(row.asc.as_slice(), "a.whl", &mut open, &keyring, &[], NOW) {
            Ok(judged) => Self::of(Some(judged.signer), &[judged.findings, told].concat()),
            Err(findings) => Self::of(None, &[findings, told].concat()),
        }
    }

    fn of(signer: Option<Signer>, findings: &[Finding]) -> Self {
        let (refusing, told): (Vec<_>, Vec<_>) =
            findings.iter().partition(|finding| finding.refuses());
        let id = |finding: &&Finding| finding.rule.id();
        let mut rules: Vec<_> = refusing.iter().chain(&told).map(id).collect();
        rules.dedup();
        Self {
            signer,
            refusing: refusing.len(),
            rules,
        }
    }
}
