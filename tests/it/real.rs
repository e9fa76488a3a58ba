// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The main job on real parts: httpd with Subversion, gpg, coreutils, pip, and
//! releases that Apache projects really published.

mod changes;
mod refusals;
pub mod site;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use site::{Files, Site, digest_by_command, project, shell};

/// The releases that `tests/run` fetched, by file name.
fn real_distributions() -> Option<(PathBuf, Files)> {
    let folder = PathBuf::from(std::env::var_os("REAL_DISTRIBUTIONS")?);
    let mut files = Files::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path
            .extension()
            .is_some_and(|end| end == "whl" || end == "gz")
        {
            files.push((name.to_owned(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    Some((folder, files))
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a skipped test says why")]
fn real_apache_releases_are_verified_and_published_and_pip_gets_the_very_bytes() {
    let Some((folder, files)) = real_distributions() else {
        eprintln!("skipped: REAL_DISTRIBUTIONS is unset; `tests/run` fetches the files");
        return;
    };
    let projects = [
        "apache-airflow-providers-http",
        "apache-airflow-providers-sqlite",
        "apache-libcloud",
        "pyiceberg",
    ];
    let site = Site::start(&projects);
    let path = "release/example/2026-11-22";
    let revision = site.stage(path, &files);
    let inputs = [
        (
            "projects",
            "apache-airflow-providers-*\nApache_Libcloud\npyiceberg",
        ),
        ("signers", site.signer.as_str()),
    ];
    let verified = site.run("verify", path, &inputs);
    assert_eq!(verified.status, 0, "{}", verified.stderr);
    assert_eq!(verified.rules("warn"), [""; 0], "{}", verified.stderr);
    assert_eq!(verified.report["revision"], json!(revision));
    let digest = verified.output("digest").unwrap();
    for (name, _) in &files {
        let row = verified.file(name);
        assert_eq!(row["class"], "distribution", "{name}");
        assert_eq!(row["signer"], site.signer, "{name}");
    }
    // What a voter does by hand.
    let copy = site.export_tree(path, revision);
    assert_eq!(digest_by_command(&verified, copy.path()), digest);
    let readme = "sha512sum *.whl *.tar.gz | LC_ALL=C sort -k2 | sha256sum";
    assert_eq!(shell(copy.path(), readme, "")[..64], *digest);
    site.assert_untouched();

    let more = [&inputs[..], &[("expected-digest", digest)]].concat();
    let published = site.run("publish", path, &more);
    assert_eq!(published.status, 0, "{}", published.stderr);
    assert_eq!(site.index.minted(), 1);
    for (name, bytes) in &files {
        assert_eq!(published.file(name)["state"], "uploaded", "{name}");
        assert!(site.index.contents(name).as_ref() == Some(bytes), "{name}");
    }
    let downloaded = download(&site.index.simple_url(), &folder.join("backends"), &files);
    assert_eq!(
        downloaded.keys().collect::<Vec<_>>(),
        files.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    for (name, bytes) in &files {
        assert!(downloaded[name] == *bytes, "{name} came with other bytes");
        let served = |seen: &testbed::index::Seen| seen.path.ends_with(&format!("/{name}"));
        assert!(site.index.requests().iter().any(served), "{name}");
    }
}

/// Downloads every file with pip from this index alone. Of an sdist pip wants
/// the metadata, for which it needs the build back ends in `backends`.
fn download(simple: &str, backends: &Path, files: &Files) -> BTreeMap<String, Vec<u8>> {
    let to = tempfile::tempdir().unwrap();
    for (name, _) in files {
        let mut parts = name.trim_end_matches(".tar.gz").split('-');
        let (project, version) = (parts.next().unwrap(), parts.next().unwrap());
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--isolated", "download", "-q", "--no-deps"])
            .args(["--no-cache-dir", "--disable-pip-version-check"])
            .args(["--index-url", simple, "--dest"])
            .arg(to.path());
        let platform = name.strip_suffix(".whl").and_then(|stem| {
            let tag = stem.rsplit(['-', '.']).next()?;
            (tag != "any").then_some(tag)
        });
        if name.ends_with(".tar.gz") {
            pip.args(["--no-binary", project, "--ignore-requires-python"]);
            pip.arg("--find-links").arg(backends);
        } else {
            pip.args(["--only-binary", ":all:", "--python-version", "3.12"]);
            if let Some(platform) = platform {
                pip.args(["--platform", platform]);
            }
        }
        let output = pip.arg(format!("{project}=={version}")).output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(to.path()).unwrap() {
        let entry = entry.unwrap();
        found.insert(
            entry.file_name().into_string().unwrap(),
            fs::read(entry.path()).unwrap(),
        );
    }
    found
}

#[test]
fn the_digest_of_a_release_in_folders_is_that_of_coreutils() {
    let site = Site::start(&[]);
    let mut files: Files = project("example", "1.0")
        .into_iter()
        .map(|(name, bytes)| (format!("python/{name}"), bytes))
        .collect();
    files.extend(project("example-more", "1.0"));
    files.push((
        "apache-example-1.0-source.tar.gz".to_owned(),
        b"the sources, which no index takes".to_vec(),
    ));
    let revision = site.stage("release/example/1.0", &files);
    let ran = site.verify("release/example/1.0");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let copy = site.export_tree("release/example/1.0", revision);
    let digest = digest_by_command(&ran, copy.path());
    assert_eq!(ran.output("digest"), Some(digest.as_str()));
    // The same files elsewhere, without folders, are the same release.
    site.stage(
        "dev/example/1.0-rc1",
        &[project("example", "1.0"), project("example-more", "1.0")].concat(),
    );
    let flat = site.verify("dev/example/1.0-rc1");
    assert_eq!(flat.output("digest"), Some(digest.as_str()));
    assert_eq!(flat.report["area"], "dev");
}
