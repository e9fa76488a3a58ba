// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The verdict on what a distribution holds.
//!
//! Decides whether the index would take the file, as far as that can be known
//! without asking it: what it refuses must be found before anything is sent.
//! Where it is not certain that the index refuses, it warns.

use std::io::{Read, Seek, SeekFrom};

use super::filename::DistributionName;
use super::metadata::{Metadata, MetadataError, agree};
use super::{archive, entry_points, fields};
use crate::checksum::cut;
use crate::rules::{Finding, Rule};

#[cfg(test)]
mod tests;

/// Bytes of a file that the index takes from each project, and from any.
const USUAL_SIZE: u64 = 100 << 20;
const LARGEST_SIZE: u64 = 1 << 30;
/// Characters of a path that are shown; the metadata may name one of a megabyte.
const PATH_LIMIT: usize = 200;
/// Verdicts on one file. Metadata of a megabyte could hold a hundred thousand
/// faults, and nobody reads so many.
const TOLD: usize = 50;

/// Judges the distribution at `path`. Returns its metadata where they are its
/// own, and all that was found, good and bad.
pub fn judge(
    mut file: impl Read + Seek,
    name: &DistributionName,
    path: &str,
) -> (Option<Metadata>, Vec<Finding>) {
    let mut findings = Vec::new();
    let judged = check_size(&mut file, path, &mut findings)
        .and_then(|()| archive::read(file, name))
        .and_then(|contents| {
            let metadata = Metadata::parse(&contents.metadata);
            check_entry_points(&contents, name, path, &mut findings);
            let metadata = metadata?;
            agree(&metadata, name)?;
            Ok((contents, metadata))
        });
    let metadata = match judged {
        Ok((contents, metadata)) => {
            findings.extend(fields::check(&metadata, path));
            check_license_files(&contents, &metadata, path, &mut findings);
            Some(metadata)
        }
        Err(why) => {
            findings.push(why.finding(path));
            None
        }
    };
    if findings.len() > TOLD {
        // A refusal is never dropped for a warning.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings.truncate(TOLD);
    }
    (metadata, findings)
}

fn check_size(
    file: &mut impl Seek,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Result<(), MetadataError> {
    let size = file.seek(SeekFrom::End(0))?;
    if size > LARGEST_SIZE {
        return Err(MetadataError::TooLarge {
            rule: Rule::FileTooLarge,
            what: "file".into(),
            limit: LARGEST_SIZE,
        });
    }
    if size > USUAL_SIZE {
        findings.push(Finding::new(
            Rule::FileLarge,
            Some(path),
            format!("at most {USUAL_SIZE} bytes, or a project whose limit was raised"),
            format!("{size} bytes"),
        ));
    }
    Ok(())
}

fn check_entry_points(
    contents: &archive::Contents,
    name: &DistributionName,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(bytes) = &contents.entry_points else {
        return;
    };
    if let Err(why) = entry_points::check(bytes) {
        findings.push(Finding::new(
            Rule::EntryPointsIllegal,
            Some(path),
            format!("{}.dist-info/entry_points.txt in its own form", name.stem()),
            why,
        ));
    }
}

fn check_license_files(
    contents: &archive::Contents,
    metadata: &Metadata,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    for file in fields::license_files(metadata) {
        let member = contents.license_path(file);
        if !contents.has(&member) {
            findings.push(Finding::new(
                Rule::LicenseFileMissing,
                Some(path),
                format!("{} in the archive", cut(&member, PATH_LIMIT)),
                "none",
            ));
        }
    }
}
