// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The rules for what a distribution holds, beside what the index takes: real
//! files that it took, and the libraries that it judges by.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test panics when something is wrong, says why it skips, and is told by its environment"
)]

mod values;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use asf_pypi_publish::dist::contents;
use asf_pypi_publish::dist::filename::{DistributionName, Kind};
use asf_pypi_publish::rules::{Rule, Severity};
use testbed::distribution::Wheel;

use values::{LOOSER, VALUES};

/// The files that `tests/run` fetched: the Apache releases and all others.
fn real_files() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(std::env::var_os("REAL_DISTRIBUTIONS")?);
    let mut files: Vec<PathBuf> = [folder.clone(), folder.join("others")]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "whl" || end == "gz")
        })
        .collect();
    files.sort();
    Some(files)
}

#[test]
fn real_files_of_the_index_pass_every_rule() {
    let Some(files) = real_files() else {
        println!("skipped: REAL_DISTRIBUTIONS is unset; `tests/run` fetches the files");
        return;
    };
    let (mut versions, mut platforms) = (BTreeMap::<String, usize>::new(), 0);
    for path in &files {
        let file = path.file_name().unwrap().to_str().unwrap();
        let name = DistributionName::parse(file).unwrap_or_else(|why| panic!("{file}: {why}"));
        let (metadata, findings) = contents::judge(File::open(path).unwrap(), &name, file);
        let told: Vec<_> = findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note)
            .collect();
        assert!(told.is_empty(), "{file}: {told:?}");
        let version = metadata.unwrap().metadata_version().to_owned();
        *versions.entry(version).or_default() += 1;
        if let Kind::Wheel { platform, .. } = name.kind()
            && platform != "any"
        {
            platforms += 1;
        }
    }
    println!(
        "{} files, {platforms} for platforms: {versions:?}",
        files.len()
    );
    assert!(files.len() >= 60, "only {} files were fetched", files.len());
    assert!(versions.len() >= 5 && platforms >= 20);
}

/// Judges the metadata in the files that it is given, as the index judges the
/// form that is made of them: by the libraries packaging, rfc3986,
/// email-validator and trove-classifiers, and by the index's own limits. Prints true for taken.
const JUDGE: &str = r#"
import email.utils, json, sys
import email_validator
from packaging.metadata import Metadata, parse_email
from packaging.requirements import Requirement
from rfc3986 import uri_reference, exceptions, validators
from trove_classifiers import classifiers, deprecated_classifiers

def is_url(text):
    uri = uri_reference(text).normalize()
    validator = validators.Validator().allow_schemes("http", "https")
    validator = validator.require_presence_of("scheme")
    validator = validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri)
    except exceptions.ValidationError:
        return False
    return True

def is_mail(text):
    _, address = email.utils.parseaddr(text)
    try:
        return not address or bool(
            email_validator.validate_email(address, check_deliverability=False)
        )
    except email_validator.EmailNotValidError:
        return False

def taken(text):
    raw, unparsed = parse_email(text)
    if unparsed:
        return False
    raw = {key: value for key, value in raw.items() if value not in ("", "UNKNOWN")}
    try:
        metadata = Metadata.from_raw(raw)
    except ExceptionGroup:
        return False
    urls = [metadata.home_page] if metadata.home_page else []
    for label, url in (metadata.project_urls or {}).items():
        if not 0 < len(label) < 33 or not url:
            return False
        urls.append(url)
    named = set(metadata.classifiers or [])
    return (
        all(map(is_url, urls))
        and is_mail(metadata.author_email or "")
        and named <= set(classifiers) - set(deprecated_classifiers)
        and not any(requirement.url for requirement in metadata.requires_dist or [])
        and len(metadata.summary or "") <= 512
    )

print(json.dumps([taken(text) for text in json.load(sys.stdin)]))
"#;

fn python() -> Option<std::ffi::OsString> {
    let python = std::env::var_os("TWINE_PYTHON");
    if python.is_none() {
        println!("skipped: TWINE_PYTHON names no python that has twine");
    }
    python
}

/// What the script prints when it reads `input`.
fn run_python(python: &std::ffi::OsStr, script: &str, input: &str) -> String {
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn fields_are_judged_as_the_libraries_of_the_index_judge_them() {
    let Some(python) = python() else { return };
    let mut rows = Vec::new();
    for (field, values) in VALUES {
        for value in *values {
            let text =
                format!("Metadata-Version: 2.5\nName: foo\nVersion: 1.0\n{field}: {value}\n");
            rows.push((*field, *value, text));
        }
    }
    let texts: Vec<&String> = rows.iter().map(|(_, _, text)| text).collect();
    let printed = run_python(&python, JUDGE, &serde_json::to_string(&texts).unwrap());
    let theirs: Vec<bool> = serde_json::from_str(&printed).unwrap();
    assert_eq!(theirs.len(), rows.len());
    let mut wrong = Vec::new();
    for ((field, value, text), taken) in rows.iter().zip(theirs) {
        let (file, bytes) = Wheel::new("foo", "1.0").with_metadata(text).build();
        let name = DistributionName::parse(&file).unwrap();
        let (_, findings) = contents::judge(Cursor::new(bytes), &name, &file);
        // That a license file is not there is another question.
        let refused = findings
            .iter()
            .any(|finding| finding.refuses() && finding.rule != Rule::LicenseFileMissing);
        let warned = findings.iter().any(|one| one.severity == Severity::Warn);
        let looser = LOOSER.contains(&(*field, *value));
        if (refused && taken) || (!refused && !warned && !taken) != looser {
            wrong.push(format!(
                "{field}: {value:?}: refused {refused}, taken {taken}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn classifiers_are_those_of_the_index() {
    let Some(python) = python() else { return };
    let script = "from trove_classifiers import sorted_classifiers, deprecated_classifiers\n\
                  print('\\n'.join(sorted(sorted_classifiers)))\n\
                  print('withdrawn')\n\
                  print('\\n'.join(sorted(deprecated_classifiers)))";
    let printed = run_python(&python, script, "");
    let (known, withdrawn) = printed.split_once("withdrawn\n").unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dist/fields/classifiers.txt");
    let page = fs::read_to_string(&path).unwrap();
    let remarks: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
    let expected = format!("{}\n{known}", remarks.join("\n"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        page == expected,
        "`UPDATE_DOCS=1 cargo test classifiers` writes it anew"
    );
    for classifier in withdrawn.lines() {
        let text =
            format!("Metadata-Version: 2.1\nName: foo\nVersion: 1.0\nClassifier: {classifier}\n");
        let (file, bytes) = Wheel::new("foo", "1.0").with_metadata(&text).build();
        let name = DistributionName::parse(&file).unwrap();
        let (_, findings) = contents::judge(Cursor::new(bytes), &name, &file);
        let rules: Vec<Rule> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [Rule::ClassifierIllegal], "{classifier}");
    }
}
