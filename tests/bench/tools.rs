// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the benchmark needs: says what is missing from Debian, and takes the
//! upload clients from PyPI into a folder below `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::Outcome;
use crate::tell;

/// The versions that are measured, so that two runs compare the same.
const CLIENTS: [&str; 2] = ["twine==7.0.0", "uv==0.13.9"];

/// The upload clients beside which ours is measured.
pub(crate) struct Clients {
    pub(crate) twine: PathBuf,
    pub(crate) uv: PathBuf,
}

/// Whether Debian's packages are there.
pub(crate) fn check() -> Outcome<()> {
    let mut missing = Vec::new();
    if let Err(problem) = testbed::httpd::available() {
        missing.push(problem.trim_start_matches("not installed: ").to_owned());
    }
    for (program, package) in [
        ("gpg", "gnupg"),
        ("python3", "python3-venv"),
        ("sha512sum", "coreutils"),
    ] {
        if Command::new(program).arg("--version").output().is_err() {
            missing.push(package.to_owned());
        }
    }
    if !Path::new("/usr/bin/time").exists() {
        missing.push("time".to_owned());
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "missing: apt-get install --no-install-recommends {}",
        missing.join(" ")
    ))
}

/// Installs the upload clients where that has not been done.
pub(crate) fn upload_clients() -> Outcome<Clients> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/venv");
    let programs = folder.join("bin");
    if !programs.join("python").exists() {
        quiet(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    tell(&format!(
        "installing {} into {}",
        CLIENTS.join(" and "),
        folder.display()
    ));
    quiet(
        Command::new(programs.join("python"))
            .args(["-m", "pip", "install", "-q"])
            .args(CLIENTS),
    )?;
    Ok(Clients {
        twine: programs.join("twine"),
        uv: programs.join("uv"),
    })
}

/// Names and versions of the clients, for the table.
pub(crate) fn client_names() -> [String; 2] {
    CLIENTS.map(|client| client.replace("==", " "))
}

/// Runs a command whose words count only when it fails.
pub(crate) fn quiet(command: &mut Command) -> Outcome<Vec<u8>> {
    let output = command
        .output()
        .map_err(|why| format!("{command:?}: {why}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}
