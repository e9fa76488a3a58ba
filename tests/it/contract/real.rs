// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The stand-in is no stricter than the real index: what that one took, it takes,
//! from a client that is not ours.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use testbed::index::Options;

use super::server::{Server, USER_TOKEN};

/// Wheels and sdists that `tests/run` fetched from the real index.
fn real_files() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(std::env::var_os("REAL_DISTRIBUTIONS")?);
    let folders = [folder.clone(), folder.join("others")];
    let entries = folders.iter().filter_map(|it| fs::read_dir(it).ok());
    let paths = entries.flatten().map(|entry| entry.unwrap().path());
    let distribution = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".whl") || name.ends_with(".tar.gz")
    };
    Some(paths.filter(distribution).collect())
}

/// Prints the files that twine can make a form of: it refuses some old ones itself,
/// whose metadata have fields that are newer than their version.
const READABLE: &str = "
import sys
from twine.exceptions import InvalidDistribution
from twine.package import PackageFile

for path in sys.argv[1:]:
    try:
        PackageFile.from_filename(path, None)
    except InvalidDistribution:
        continue
    print(path)
";

#[test]
fn real_files_are_taken_from_twine() {
    let Some(files) = real_files() else {
        println!("skipped: REAL_DISTRIBUTIONS is unset; `tests/run` fetches the files");
        return;
    };
    let Some(python) = std::env::var_os("TWINE_PYTHON") else {
        println!("skipped: TWINE_PYTHON names no python that has twine");
        return;
    };
    let listed = Command::new(&python)
        .args(["-c", READABLE])
        .args(&files)
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let readable = String::from_utf8(listed.stdout).unwrap();
    let readable: Vec<PathBuf> = readable.lines().map(PathBuf::from).collect();
    println!(
        "{} of {} files are sent, twine reads no others",
        readable.len(),
        files.len()
    );
    let files = readable;
    let server = Server::with(Options::default());
    let mut projects = BTreeSet::new();
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let stem = name.trim_end_matches(".tar.gz");
        let project = if name.ends_with(".whl") {
            stem.split('-').next().unwrap()
        } else {
            stem.rsplit_once('-').unwrap().0
        };
        projects.insert(project.to_lowercase().replace(['_', '.'], "-"));
    }
    for project in &projects {
        server.index().create_project(project);
    }
    let twine = Command::new(&python)
        .args(["-m", "twine", "upload", "--non-interactive"])
        .args([
            "--disable-progress-bar",
            "-u",
            "__token__",
            "-p",
            USER_TOKEN,
        ])
        .args(["--repository-url", &server.index().upload_url()])
        .args(&files)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&twine.stdout);
    let failed = String::from_utf8_lossy(&twine.stderr);
    assert!(twine.status.success(), "{said}\n{failed}");
    let there = projects.iter().map(|it| server.index().files(it).len());
    assert_eq!(there.sum::<usize>(), files.len());
    assert!(files.len() >= 60, "only {} files were fetched", files.len());
}
