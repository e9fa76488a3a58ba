// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The members that a wheel must have.

use std::io::{Read, Seek};

use super::framing::Member;
use super::{entry_points, invalid};
use crate::index::refusal::Refusal;

/// `WHEEL` is looked for before the name is compared with the project's.
pub(super) fn check_frame(file: &str, members: &[Member]) -> Result<(), Refusal> {
    let info = info_folder(file)?;
    let wheel = format!("{info}/WHEEL");
    if members.iter().all(|member| member.name != wheel) {
        return Err(invalid(&format!("WHEEL not found at {wheel}")));
    }
    Ok(())
}

pub(super) fn check_members(
    file: &str,
    source: impl Read + Seek,
    license_files: &[String],
) -> Result<(), Refusal> {
    let info = info_folder(file)?;
    let mut archive = zip::ZipArchive::new(source).map_err(|_| malformed())?;
    let names = archive.file_names().filter_map(Result::ok);
    let names: Vec<String> = names.map(|name| name.into_owned()).collect();
    let has = |path: &str| names.iter().any(|name| name == path);
    for license in license_files {
        let path = format!("{info}/licenses/{license}");
        if !has(&path) {
            return Err(Refusal::bad(format!(
                "License-File {license} does not exist in distribution file {file} at {path}"
            )));
        }
    }
    let required = |name: &str| {
        let path = format!("{info}/{name}");
        let text = format!("Wheel '{file}' does not contain the required {name} file: {path}");
        if has(&path) {
            Ok(())
        } else {
            Err(Refusal::bad(text))
        }
    };
    required("RECORD")?;
    let points = format!("{info}/entry_points.txt");
    if has(&points) {
        let mut text = Vec::new();
        let mut member = archive.by_name(&points).map_err(|_| malformed())?;
        member.read_to_end(&mut text).map_err(|_| malformed())?;
        if !entry_points::are_valid(&text) {
            return Err(Refusal::bad(format!(
                "Wheel '{file}' has invalid entry points defined in the entry_points.txt file"
            )));
        }
    }
    required("METADATA")
}

/// `NAME-VERSION.dist-info`, verbatim from the file name.
fn info_folder(file: &str) -> Result<String, Refusal> {
    let mut parts = file.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(version), Some(_)) => Ok(format!("{name}-{version}.dist-info")),
        _ => Err(invalid(
            "Unable to parse name and version from wheel filename",
        )),
    }
}

fn malformed() -> Refusal {
    invalid(
        "ZIP archive not accepted: Malformed zip file. See https://docs.pypi.org/archives for \
         more information",
    )
}
