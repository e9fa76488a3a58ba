// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Drives the Sigstore of somebody else's making: `@sigstore/mock` from npm, with
//! an adapter. It cannot be told to fail, and its log has trees of one leaf.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::oidc::Trust;
use crate::sigstore::Anchors;

const SCRIPT: &str = include_str!("../npm/sigstore.mjs");
const PACKAGE: &str = "node_modules/@sigstore/mock/package.json";

/// The server, running until it is dropped.
pub struct NpmSigstore {
    child: Child,
    folder: TempDir,
    version: String,
}

impl NpmSigstore {
    /// Starts it from the folder where npm has installed it; it makes certificates
    /// for the tokens of this issuer, as if they were GitHub's.
    ///
    /// # Errors
    /// When the package is not there or does not start; the text says why.
    pub fn start(npm: &OsStr, issuer: &Trust) -> Result<Self, String> {
        let package = PathBuf::from(npm).join(PACKAGE);
        let package = fs::read(&package).map_err(|why| format!("{}: {why}", package.display()))?;
        let package: Value = serde_json::from_slice(&package).unwrap_or_default();
        let version = package.get("version").and_then(Value::as_str);
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("sigstore.mjs");
        fs::write(&script, SCRIPT).expect("a written file");
        let mut child = Command::new("node")
            .arg(script)
            .arg(npm)
            .arg(folder.path())
            .arg(&issuer.issuer)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| format!("node: {why}"))?;
        let stdout = child.stdout.take().expect("its standard output");
        let mut line = String::new();
        // It says nothing else; whether it is still there, the first line tells.
        let read = BufReader::new(stdout).read_line(&mut line);
        let server = Self {
            child,
            folder,
            version: version.unwrap_or("of no version").to_owned(),
        };
        match read {
            Ok(_) if line.starts_with("ready ") => Ok(server),
            _ => Err("it ended before it was ready".to_owned()),
        }
    }

    /// The package and its version.
    pub fn version(&self) -> String {
        format!("@sigstore/mock {}", self.version)
    }

    /// The file with the trust configuration (`ClientTrustConfig` 0.1).
    pub fn trust_config(&self) -> PathBuf {
        self.folder.path().join("trust_config.json")
    }

    /// What the stand-in index needs to check attestations in full.
    ///
    /// # Panics
    /// When the server has not written what it trusts.
    pub fn anchors(&self) -> Anchors {
        let text = fs::read(self.trust_config()).expect("a trust configuration");
        let json = serde_json::from_slice(&text).expect("JSON");
        Anchors::read(&json).expect("a trusted root")
    }
}

impl Drop for NpmSigstore {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
