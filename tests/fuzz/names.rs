// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The paths of a listing: one a line.

use asf_pypi_publish::dist::filename::{DistributionName, Kind, ProjectName, is_other_artifact};
use asf_pypi_publish::plan::{Selection, Waivers};
use asf_pypi_publish::snapshot::{Class, Snapshot};
use asf_pypi_publish::source::Entry;
use pep440_rs::Version;

use crate::round::{Outcome, Target};

const WORDS: &[&[u8]] = &[
    b".whl",
    b".tar.gz",
    b".asc",
    b".sha512",
    b".sha256",
    b".md5",
    b"-py3-none-any",
    b"-1.0",
    b"-src",
    b"-",
    b"_",
    b".",
    b"/",
    b"../",
    b"+local",
    b"1!",
    b"rc1",
    b".post1",
    b".dev0",
    b"manylinux2014_x86_64",
    b"KEYS",
    "\u{ff11}".as_bytes(),
    "\u{212a}".as_bytes(),
    b"\x00",
    b"0",
    b"00",
];

pub fn listing() -> Target {
    let seeds: [&[u8]; 5] = [
        b"example-1.0-py3-none-any.whl\nexample-1.0-py3-none-any.whl.asc\nexample-1.0-py3-none-any.whl.sha512\n",
        b"2024-01-01/example_more-1.0rc1.tar.gz\n2024-01-01/example_more-1.0rc1.tar.gz.asc\n",
        b"a-1!2.0.post1.dev3-1-cp312-abi3-manylinux_2_28_x86_64.whl\nb-1-py2.py3-none-macosx_11_0_arm64.whl\n",
        b"apache-example-1.0-source.tar.gz\navro_src-1.0.tar.gz\nx-bin.zip\nKEYS\ny.jar.md5\n",
        "ex\u{430}mple-1.0.tar.gz\nexample-\u{ff11}.0.tar.gz\nexample-1.0.tar.gz \n".as_bytes(),
    ];
    Target {
        name: "names",
        seeds: seeds.map(<[u8]>::to_vec).into(),
        attacks: Vec::new,
        words: WORDS,
        layer: None,
        check,
        memory: |len| 128 * 1024 + 256 * len,
    }
}

fn check(input: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(input);
    let mut paths: Vec<&str> = text.split('\n').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    let entries = paths.iter().map(|path| Entry {
        path: (*path).to_owned(),
        ..Entry::default()
    });
    let entries: Vec<Entry> = entries.collect();
    let (snapshot, findings, _) =
        Snapshot::classify(entries.clone(), &Selection::default(), &Waivers::default());
    if !snapshot.items().iter().map(|item| &item.entry).eq(&entries) {
        return Err("a path without a class".to_owned());
    }
    let mut word = String::new();
    for item in snapshot.items() {
        let path = item.entry.path.as_str();
        word.push_str(item.class.word());
        match &item.class {
            Class::Distribution(name) => check_name(path, name)?,
            Class::Refused if !findings.iter().any(|it| it.path.as_deref() == Some(path)) => {
                return Err(format!("{path} is refused and nobody says why"));
            }
            Class::Excluded | Class::Waived => {
                return Err(format!("{path} is passed over, unasked"));
            }
            _ => {}
        }
        if word.len() > 80 {
            break;
        }
    }
    for artifact in snapshot.artifacts() {
        let beside = artifact.signature.iter();
        let beside = beside.chain(artifact.checksums.iter().map(|(_, entry)| entry));
        for sidecar in beside {
            if !sidecar.path.starts_with(&artifact.entry.path) {
                return Err(format!("{} belongs to another file", sidecar.path));
            }
        }
    }
    Ok(word)
}

fn check_name(path: &str, name: &DistributionName) -> Result<(), String> {
    let base = path.rsplit('/').next().unwrap_or_default();
    let project = name.project().as_str();
    let again = DistributionName::parse(name.file());
    // A wheel may spell its version in any way; an sdist in the normal one.
    let stem = base.strip_suffix(".tar.gz").unwrap_or(base);
    let (before, spelt) = stem.split_once('-').unwrap_or_default();
    let spelt = spelt.split('-').next().unwrap_or_default();
    let version = match name.kind() {
        Kind::Sdist => spelt == name.version().to_string(),
        Kind::Wheel { .. } => spelt.parse::<Version>().as_ref() == Ok(name.version()),
    };
    let right = name.file() == base
        && base.is_ascii()
        && before == project.replace('-', "_")
        && version
        && again.as_ref() == Ok(name)
        && project.parse::<ProjectName>().as_ref() == Ok(name.project())
        && !is_other_artifact(base);
    if right {
        Ok(())
    } else {
        Err(format!("{base} is taken for {project} {}", name.version()))
    }
}
