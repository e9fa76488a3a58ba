// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Our upload form beside that of `twine`, for real distributions of many build
//! back ends, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::world::key;

/// A field's values, in their order.
type Fields = BTreeMap<String, Vec<String>>;

/// A way in which the two forms may differ.
struct Difference {
    /// None for any field.
    field: Option<&'static str>,
    /// Whether our values and theirs differ in this way.
    is: fn(&[String], &[String]) -> bool,
    why: &'static str,
}

/// All of them. No row may be without use.
const DIFFERENCES: [Difference; 5] = [
    Difference {
        field: Some("md5_digest"),
        is: ours_alone,
        why: "twine 7 no longer sends it; PyPI holds the file against it, and other indexes ask for it",
    },
    Difference {
        field: Some("import_name"),
        is: ours_alone,
        why: "twine does not know metadata 2.5 yet, PyPI does",
    },
    Difference {
        field: Some("import_namespace"),
        is: ours_alone,
        why: "twine does not know metadata 2.5 yet, PyPI does",
    },
    Difference {
        field: None,
        is: |ours, theirs| ours.is_empty() && theirs == ["UNKNOWN"],
        why: "the word of old tools for nothing; PyPI drops it",
    },
    Difference {
        field: Some("description"),
        is: |ours, theirs| {
            let lines = theirs.iter().flat_map(|text| text.split('\n'));
            let unfolded: Vec<&str> = lines
                .map(|line| line.strip_prefix("        ").unwrap_or(line))
                .collect();
            ours == [unfolded.join("\n")]
        },
        why: "distutils set each further line of the header in by eight blanks; with them on, \
              reStructuredText is a quotation",
    },
];

/// What twine refuses by itself. We send it without the field in question, and
/// PyPI takes it so.
const REFUSED_BY_TWINE: [(&str, &str); 2] = [
    (
        "ply-3.11.tar.gz",
        "Description-Content-Type, which says UNKNOWN, in metadata 1.1",
    ),
    ("termcolor-1.1.0.tar.gz", "Classifier in metadata 1.0"),
];

fn ours_alone(ours: &[String], theirs: &[String]) -> bool {
    !ours.is_empty() && theirs.is_empty()
}

/// The path of every real distribution.
fn distributions() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(std::env::var_os("REAL_DISTRIBUTIONS")?);
    let mut paths = Vec::new();
    for folder in [folder.join("others"), folder] {
        let files = fs::read_dir(folder).unwrap();
        paths.extend(files.map(|entry| entry.unwrap().path()).filter(|path| {
            path.extension()
                .is_some_and(|end| end == "whl" || end == "gz")
        }));
    }
    paths.sort();
    Some(paths)
}

fn name_of(path: &std::path::Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn project_of(path: &std::path::Path) -> String {
    let name = name_of(path);
    name.split('-').next().unwrap().replace('_', "-")
}

/// What an index was sent, by file name.
fn forms(index: &FakeIndex) -> BTreeMap<String, Fields> {
    let forms = index.forms().into_iter().map(|(file, sent)| {
        let mut fields = Fields::new();
        for (name, value) in sent {
            fields.entry(name).or_default().push(value);
        }
        (file, fields)
    });
    forms.collect()
}

/// Uploads every file by twine, one call for each in one process; gives those
/// that it refuses by itself.
fn twine(python: &OsStr, paths: &[PathBuf], index: &FakeIndex, token: &str) -> BTreeSet<String> {
    const SCRIPT: &str = "
import sys
from twine.commands.upload import main
from twine.exceptions import InvalidDistribution
url, token, *paths = sys.argv[1:]
how = ['--non-interactive', '--disable-progress-bar', '--repository-url', url]
for path in paths:
    try:
        main(how + ['-u', '__token__', '-p', token, path])
    except InvalidDistribution:
        print('refused:' + path.rsplit('/')[-1])
";
    let output = Command::new(python)
        .args(["-c", SCRIPT, &index.upload_url(), token])
        .args(paths)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    let refused = said
        .lines()
        .filter_map(|line| line.strip_prefix("refused:"));
    refused.map(str::to_owned).collect()
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a skipped test says why")]
fn our_form_is_that_of_twine_but_for_what_is_listed() {
    let Some(paths) = distributions() else {
        eprintln!("skipped: REAL_DISTRIBUTIONS is unset; `tests/run` fetches the files");
        return;
    };
    let Some(python) = std::env::var_os("TWINE_PYTHON") else {
        eprintln!("skipped: TWINE_PYTHON names no python that has twine");
        return;
    };
    let token = "pypi-a-token-for-twine";
    let theirs = FakeIndex::start(Options {
        user_tokens: vec![token.to_owned()],
        ..Options::default()
    });
    let mut refused = twine(&python, &paths, &theirs, token);

    let world = World::start();
    let projects: BTreeSet<String> = paths.iter().map(|path| project_of(path)).collect();
    let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
    let ours = Trial::new(&world, Options::default());
    ours.index.register(Publisher::example(&projects));
    let folder = tempfile::tempdir().unwrap();
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        let name = name_of(path);
        let put = |end: &str, bytes: &[u8]| {
            fs::write(folder.path().join(format!("{name}{end}")), bytes).unwrap();
        };
        put("", &bytes);
        put(".asc", key().sign_detached(&bytes).as_bytes());
        let sum = testbed::distribution::sha512_sidecar(name, &bytes);
        put(".sha512", sum.as_bytes());
    }
    let ran = ours.publish(&[
        ("source", folder.path().to_str().unwrap()),
        ("area", "release"),
        ("projects", &projects.join("\n")),
        ("idle-timeout", "30 s"),
        ("concurrency", "8"),
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);

    let (ours, theirs) = (forms(&ours.index), forms(&theirs));
    assert_eq!(ours.len(), paths.len());
    assert!(paths.len() >= 60, "{} files", paths.len());
    let mut used = BTreeSet::new();
    let mut other = Vec::new();
    for (file, our) in &ours {
        let Some(their) = theirs.get(file) else {
            continue;
        };
        let names: BTreeSet<&String> = our.keys().chain(their.keys()).collect();
        for name in names {
            let none = Vec::new();
            let our = our.get(name).unwrap_or(&none);
            let their = their.get(name).unwrap_or(&none);
            let row = DIFFERENCES.iter().position(|row| {
                row.field.is_none_or(|field| field == name) && (row.is)(our, their)
            });
            match row {
                _ if our == their => {}
                Some(row) => drop(used.insert(row)),
                None => other.push(format!("{file}: {name}: {our:?}, twine: {their:?}")),
            }
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
    for (number, row) in DIFFERENCES.iter().enumerate() {
        assert!(used.contains(&number), "no longer so: {}", row.why);
    }
    for (file, why) in REFUSED_BY_TWINE {
        assert!(refused.remove(file), "twine takes {file} now: {why}");
    }
    assert!(refused.is_empty(), "{refused:?}");
}
