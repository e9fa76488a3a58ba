// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Drives the index's own tools, `pypi-attestations` and `sigstore`, as judges of
//! attestations and bundles, and as signers.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const SCRIPT: &str = include_str!("../python/judge.py");
const VERSIONS: &str = "\
import pypi_attestations, sigstore
print(f'pypi-attestations {pypi_attestations.__version__}, sigstore {sigstore.__version__}', end='')";

/// The tools in one Python, for one Sigstore.
pub struct PypiAttestations {
    python: OsString,
    versions: String,
    trust_config: PathBuf,
    folder: TempDir,
}

/// An attestation that is to be judged for a file.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The attestation (PEP 740).
    pub attestation: Value,
    /// The name of the file.
    pub filename: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whose it must be: `OWNER/REPO`.
    pub repository: String,
    /// The workflow's file.
    pub workflow: String,
}

impl PypiAttestations {
    /// The tools of this Python, with the Sigstore of this trust configuration.
    ///
    /// # Errors
    /// When the Python does not have them; the text says what it said.
    pub fn find(python: &OsStr, trust_config: &Path) -> Result<Self, String> {
        let asked = Command::new(python).args(["-c", VERSIONS]).output();
        let output = asked.map_err(|why| why.to_string())?;
        if !output.status.success() {
            let said = said(&output);
            return Err(said.lines().last().unwrap_or_default().to_owned());
        }
        Ok(Self {
            python: python.to_owned(),
            versions: String::from_utf8_lossy(&output.stdout).into_owned(),
            trust_config: trust_config.to_owned(),
            folder: tempfile::tempdir().expect("a folder"),
        })
    }

    /// The versions of the tools.
    pub fn versions(&self) -> &str {
        &self.versions
    }

    /// Why each of these does not hold; none for those that do.
    pub fn judge(&self, claimed: &[Claimed]) -> Vec<Option<String>> {
        let judge: Vec<_> = claimed
            .iter()
            .enumerate()
            .map(|(number, claimed)| {
                let file = self.put(number, &claimed.filename, &claimed.bytes);
                json!({
                    "attestation": claimed.attestation,
                    "file": file,
                    "repository": claimed.repository,
                    "workflow": claimed.workflow,
                })
            })
            .collect();
        let answer = self.ask(&json!({"sign": [], "token": "", "judge": judge}));
        let verdicts = answer.get("verdicts").and_then(Value::as_array);
        let verdicts = verdicts.cloned().unwrap_or_default().into_iter();
        let verdicts: Vec<_> = verdicts
            .map(|why| why.as_str().map(str::to_owned))
            .collect();
        assert_eq!(verdicts.len(), claimed.len(), "one verdict each");
        verdicts
    }

    /// Attestations that `pypi-attestations` makes of these files (name and bytes)
    /// with this identity token, whose audience must be `sigstore`.
    pub fn sign(&self, token: &str, files: &[(String, Vec<u8>)]) -> Vec<Value> {
        let paths: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(number, (name, bytes))| self.put(number, name, bytes))
            .collect();
        let answer = self.ask(&json!({"sign": paths, "token": token, "judge": []}));
        let signed = answer.get("signed").and_then(Value::as_array);
        signed.cloned().unwrap_or_default()
    }

    /// Why `sigstore verify identity` refuses a bundle about a file (name and
    /// bytes) by this identity (the workflow's URI); none if it takes it.
    pub fn verify_bundle(
        &self,
        bundle: &Value,
        (name, bytes): (&str, &[u8]),
        identity: &str,
    ) -> Option<String> {
        let file = self.put(0, name, bytes);
        let path = self.folder.path().join("bundle.sigstore.json");
        fs::write(&path, bundle.to_string()).expect("a written file");
        let output = Command::new(&self.python)
            .args(["-m", "sigstore", "--trust-config"])
            .arg(&self.trust_config)
            .args(["verify", "identity", "--bundle"])
            .arg(path)
            .args([
                "--cert-oidc-issuer",
                "https://token.actions.githubusercontent.com",
            ])
            .args(["--cert-identity", identity])
            .arg(file)
            .output()
            .expect("sigstore runs");
        let said = said(&output);
        (!output.status.success()).then_some(said)
    }

    /// The file, in a folder of its own.
    fn put(&self, number: usize, name: &str, bytes: &[u8]) -> PathBuf {
        let folder = self.folder.path().join(number.to_string());
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(name);
        fs::write(&path, bytes).expect("a written file");
        path
    }

    fn ask(&self, asked: &Value) -> Value {
        let mut asked = asked.clone();
        asked["trust"] = self.trust_config.display().to_string().into();
        let mut child = Command::new(&self.python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut stdin = child.stdin.take().expect("its standard input");
        stdin
            .write_all(asked.to_string().as_bytes())
            .expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

fn said(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{stdout}{stderr}")
}
