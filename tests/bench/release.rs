// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Releases in a folder, for what is measured of publishing: made and signed
//! here, with a key of their own, since who verifies them is no matter.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testbed::distribution::{Sdist, Wheel, sha512_sidecar};
use testbed::openpgp::{Kind, TestKey};

use crate::measure::Outcome;

/// Pythons for which a project has wheels of its own.
const PYTHONS: [&str; 5] = ["cp310", "cp311", "cp312", "cp313", "cp314"];
/// Machines for which it has them.
const PLATFORMS: [&str; 4] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "macosx_11_0_arm64",
    "win_amd64",
];

/// A release on disk, gone with this value.
pub(crate) struct Release {
    folder: TempDir,
    projects: Vec<String>,
    distributions: Vec<PathBuf>,
    bytes: u64,
}

impl Release {
    /// Projects with a wheel and an sdist each, of 10 to 130 KiB, as Airflow's
    /// providers are.
    pub(crate) fn of_providers(projects: usize) -> Outcome<Self> {
        Self::make("apache-provider", projects, |folder, name, number| {
            write_pair(folder, name, number)
        })
    }

    /// Projects with so many wheels each, one for every Python and machine, all
    /// of so many bytes and a little.
    pub(crate) fn of_wheels(projects: usize, wheels: usize, payload: u64) -> Outcome<Self> {
        Self::make("apache-native", projects, |folder, name, number| {
            let tags = PYTHONS.iter().flat_map(|python| {
                PLATFORMS.map(|platform| format!("{python}-{python}-{platform}"))
            });
            for (tag, seed) in tags.take(wheels).zip(number * 100..) {
                let wheel = Wheel::new(name, "1.0")
                    .with_tag(&tag)
                    .with_payload(payload)
                    .with_seed(seed);
                File::create(folder.join(wheel.file_name()))
                    .and_then(|file| wheel.write_to(file))
                    .map_err(|why| why.to_string())?;
            }
            Ok(())
        })
    }

    fn make(
        stem: &str,
        projects: usize,
        write: impl Fn(&Path, &str, u64) -> Outcome<()>,
    ) -> Outcome<Self> {
        let said = |why: std::io::Error| why.to_string();
        let folder = TempDir::new().map_err(said)?;
        let files = folder.path().join("files");
        fs::create_dir(&files).map_err(said)?;
        let projects: Vec<String> = (0..projects)
            .map(|number| format!("{stem}-{number:03}"))
            .collect();
        for (name, number) in projects.iter().zip(0..) {
            write(&files, name, number)?;
        }
        let distributions = distributions(&files)?;
        let key = TestKey::generate("Rita Manager <rita@example.org>", Kind::Ed25519);
        fs::write(folder.path().join("KEYS"), key.armored_public()).map_err(said)?;
        let mut bytes = 0;
        for file in &distributions {
            bytes += sign(&key, file).map_err(said)?;
        }
        Ok(Self {
            folder,
            projects,
            distributions,
            bytes,
        })
    }

    /// The folder of its files.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The keys that signed it.
    pub(crate) fn keys_file(&self) -> PathBuf {
        self.folder.path().join("KEYS")
    }

    /// The names of its projects.
    pub(crate) fn projects(&self) -> &[String] {
        &self.projects
    }

    /// The paths of its distributions, sorted.
    pub(crate) fn distributions(&self) -> &[PathBuf] {
        &self.distributions
    }

    /// The bytes of all its distributions.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// A wheel and an sdist of 10 to 130 KiB in a folder.
pub(crate) fn write_pair(folder: &Path, name: &str, number: u64) -> Outcome<()> {
    let payload = (10 + number * 37 % 120) << 10;
    let wheel = Wheel::new(name, "1.0")
        .with_payload(payload)
        .with_seed(number)
        .build();
    let sdist = Sdist::new(name, "1.0")
        .with_payload(payload)
        .with_seed(number)
        .build();
    for (name, bytes) in [wheel, sdist] {
        fs::write(folder.join(name), bytes).map_err(|why| why.to_string())?;
    }
    Ok(())
}

/// The distributions of a folder, sorted.
pub(crate) fn distributions(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let files = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| why.to_string())?;
    let mut files: Vec<PathBuf> = files.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|end| end == "whl" || end == "gz")
    });
    files.sort();
    Ok(files)
}

/// Gives a file its signature and its checksum; its size in bytes.
fn sign(key: &TestKey, file: &Path) -> std::io::Result<u64> {
    let bytes = fs::read(file)?;
    let beside = |end: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    fs::write(beside(".asc"), key.sign_detached(&bytes))?;
    fs::write(beside(".sha512"), sha512_sidecar(&name, &bytes))?;
    Ok(bytes.len() as u64)
}
