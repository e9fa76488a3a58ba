// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Checksums and distributions beside the tools that everyone else uses:
//! sha512sum, openssl and gpg; pip and twine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a test panics when something is wrong and says why it skips"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use asf_pypi_publish::checksum::{self, Algorithm};
use asf_pypi_publish::dist::filename::{DistributionName, Kind};
use asf_pypi_publish::dist::form::form_fields;
use asf_pypi_publish::dist::metadata::{Metadata, agree};
use testbed::distribution::{self, Sdist, Wheel};

/// What the command prints, or nothing where the program is not there.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let command = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output();
    let Ok(output) = command else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    Some(output.stdout)
}

#[test]
fn checksums_of_the_real_tools_are_read() {
    let long = format!("{}-1.2.3.tar.gz", "apache_airflow_providers_".repeat(4));
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.tgz", "apache_foo-1.2.3-py3-none-any.whl", &long] {
        fs::write(folder.path().join(name), b"hello\n").unwrap();
        let sum = run(folder.path(), "sha512sum", &[name]).expect("coreutils are there");
        let digest = hex::decode(&sum[..128]).unwrap();
        let path = format!("./{name}");
        for (program, arguments) in [
            ("sha512sum", vec!["--binary", &path]),
            ("sha512sum", vec!["--tag", name]),
            ("shasum", vec!["-a", "512", name]),
            ("openssl", vec!["dgst", "-sha512", name]),
            ("openssl", vec!["dgst", "-sha512", "-r", name]),
            ("gpg", vec!["--print-md", "SHA512", name]),
            ("gpg", vec!["--print-md", "SHA512", &path]),
        ] {
            let Some(text) = run(folder.path(), program, &arguments) else {
                continue;
            };
            let read = checksum::read(&text, Algorithm::Sha512, name);
            assert_eq!(read.as_ref(), Ok(&digest), "{program} {arguments:?}");
            let read = checksum::read(&text, Algorithm::Sha256, name);
            assert!(read.is_err(), "{program} {arguments:?} as a sha256");
        }
        let sidecar = distribution::sha512_sidecar(name, b"hello\n");
        assert_eq!(sidecar.as_bytes(), sum);
    }
}

#[test]
fn made_distributions_install_with_pip_and_are_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    for (file, bytes) in [
        Wheel::new("apache-foo", "1.0").with_payload(5000).build(),
        Sdist::new("apache-bar", "2.0rc1")
            .with_payload(5000)
            .build(),
    ] {
        fs::write(folder.path().join(file), bytes).unwrap();
    }
    assert_eq!(
        distribution::sdist("apache-bar", "2.0"),
        distribution::sdist("apache-bar", "2.0")
    );
    let names = [
        "apache_foo-1.0-py3-none-any.whl",
        "apache_bar-2.0rc1.tar.gz",
    ];
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--target",
        "to",
    ];
    if run(folder.path(), "python3", &[&pip[..], &names].concat()).is_none() {
        return;
    }
    let module = |path: &str| fs::read_to_string(folder.path().join("to").join(path)).unwrap();
    assert_eq!(module("apache_foo/__init__.py"), "__version__ = \"1.0\"\n");
    assert_eq!(
        module("apache_bar/__init__.py"),
        "__version__ = \"2.0rc1\"\n"
    );
}

/// Distributions for the comparison with twine: made ones, and those in the
/// folder that `TWINE_DISTRIBUTIONS` names.
fn distributions(folder: &Path) -> Vec<PathBuf> {
    let old = "Metadata-Version: 2.1\nName: Apache_Foo\nVersion: 1.0\nLicense-File: LICENSE\n\
               Keywords: a,b ,c\nProject-URL: One,https://example.org/1\nSummary: Ünïcode\n\
               License: Apache\n        2.0\nProvides-Extra: x\n\nBody\n";
    for (file, bytes) in [
        distribution::wheel("apache-foo", "1.0"),
        distribution::sdist("apache-foo", "1.0"),
        Wheel::new("apache-foo", "2.0")
            .with_metadata(&old.replace("1.0", "2.0"))
            .build(),
        Sdist::new("apache-foo", "3.0")
            .with_metadata(&old.replace("1.0", "3.0"))
            .build(),
    ] {
        fs::write(folder.join(file), bytes).unwrap();
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told by its environment what to use"
    )]
    let more = std::env::var_os("TWINE_DISTRIBUTIONS").map(PathBuf::from);
    let folders = more.into_iter().chain([folder.to_owned()]);
    folders
        .flat_map(|folder| {
            fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
        })
        .collect()
}

/// Prints the form that twine would send for a file, less the file's own fields.
const TWINE_FORM: &str = r#"
import json, sys
from twine.package import PackageFile
from twine.repository import Repository
form = PackageFile.from_filename(sys.argv[1], None).metadata_dictionary()
form = Repository._convert_metadata_to_list_of_tuples(form)
own = ("sha256_digest", "blake2_256_digest")
print(json.dumps([pair for pair in form if pair[0] not in own]))
"#;

#[test]
fn the_form_is_the_one_that_twine_sends() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told by its environment what to use"
    )]
    let Some(python) = std::env::var_os("TWINE_PYTHON") else {
        println!("skipped: TWINE_PYTHON names no python that has twine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for path in distributions(folder.path()) {
        let file = path.file_name().unwrap().to_str().unwrap();
        let name = DistributionName::parse(file).unwrap();
        let metadata = Metadata::read(File::open(&path).unwrap(), &name).unwrap();
        agree(&metadata, &name).unwrap();
        let output = Command::new(&python)
            .args(["-c", TWINE_FORM])
            .arg(&path)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        let mut twine: Vec<(String, String)> = serde_json::from_slice(&output.stdout).unwrap();
        let mut ours: Vec<(String, String)> = form_fields(&metadata)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        ours.push(("filetype".to_owned(), name.filetype().to_owned()));
        ours.push(("pyversion".to_owned(), name.pyversion().to_owned()));
        assert_eq!(name.kind() == &Kind::Sdist, file.ends_with(".tar.gz"));
        // twine does not know these two yet; the order of the fields says nothing.
        ours.retain(|(key, _)| !key.starts_with("import_name"));
        ours.sort();
        twine.sort();
        assert_eq!(ours, twine, "{file}");
    }
}
