// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a distribution says of itself: METADATA of a wheel, PKG-INFO of an sdist.
//!
//! Decides that it can be read in one way only, and that its name and version
//! are those of the file name. Judges no other field, and knows no archive.

use std::collections::HashSet;
use std::io::{Read, Seek};

use pep440_rs::Version;

use super::archive;
use super::filename::{DistributionName, Kind, ProjectName};
use super::form;

mod error;
mod headers;
#[cfg(test)]
mod tests;

pub use error::MetadataError;

/// The core metadata of a distribution, as its header fields in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    fields: Vec<(String, String)>,
    description: Option<String>,
    format: String,
    level: (u32, u32),
    name: String,
    version: String,
}

impl Metadata {
    /// Reads it from the distribution's bytes: `{name}-{version}.dist-info/METADATA`
    /// of a wheel, `PKG-INFO` in the one top folder of an sdist. Takes constant
    /// memory, whatever the archive claims to hold.
    ///
    /// # Errors
    /// An archive or a metadata file that is damaged, ambiguous, too large, or
    /// of a kind that PyPI refuses.
    pub fn read(file: impl Read + Seek, name: &DistributionName) -> Result<Self, MetadataError> {
        Self::parse(&archive::read(file, name)?.metadata)
    }

    /// Reads the text of METADATA or PKG-INFO.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let headers::Message { mut fields, body } = headers::parse(bytes)?;
        let mut singles = HashSet::new();
        for (name, _) in &fields {
            if form::is_single(name) && !singles.insert(name.to_ascii_lowercase()) {
                return Err(MetadataError::FieldTwice(name.clone()));
            }
        }
        let is_description =
            |(name, _): &(String, String)| name.eq_ignore_ascii_case("Description");
        let mut description = body;
        if let Some(at) = fields.iter().position(is_description) {
            let (name, value) = fields.remove(at);
            if description.replace(headers::unfold(&value)).is_some() {
                return Err(MetadataError::FieldTwice(name));
            }
        }
        let required = |wanted: &'static str| {
            let mut values = fields
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            let value = values.next().map(|(_, value)| value.trim().to_owned());
            value.ok_or(MetadataError::FieldMissing(wanted))
        };
        let format = required("Metadata-Version")?;
        Ok(Self {
            level: parse_level(&format)?,
            name: required("Name")?,
            version: required("Version")?,
            format,
            fields,
            description,
        })
    }

    /// The field `Name`, as it is spelt there.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The field `Version`, as it is spelt there.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The field `Metadata-Version`, for example `2.4`.
    pub fn metadata_version(&self) -> &str {
        &self.format
    }

    /// The same as numbers that can be compared.
    pub(super) fn level(&self) -> (u32, u32) {
        self.level
    }

    /// All header fields in their order, unknown ones too, without the description.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The description, from the body or from the folded field of old tools.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

/// A metadata version as numbers. The index takes those that are listed here
/// alone: 2.0 was withdrawn, and a later one is not known to it yet.
fn parse_level(text: &str) -> Result<(u32, u32), MetadataError> {
    match text {
        "1.0" => Ok((1, 0)),
        "1.1" => Ok((1, 1)),
        "1.2" => Ok((1, 2)),
        "2.1" => Ok((2, 1)),
        "2.2" => Ok((2, 2)),
        "2.3" => Ok((2, 3)),
        "2.4" => Ok((2, 4)),
        "2.5" => Ok((2, 5)),
        _ => Err(MetadataError::MetadataVersion(text.to_owned())),
    }
}

/// Whether the metadata are those of the file that carries this name.
///
/// # Errors
/// Another project, or another version; spellings that are equal by PEP 503
/// and PEP 440 do not matter, but the index takes no sdist whose version has
/// more or fewer zeros at its end than the file name.
pub fn agree(metadata: &Metadata, name: &DistributionName) -> Result<(), MetadataError> {
    if metadata.name().parse::<ProjectName>().as_ref() != Ok(name.project()) {
        return Err(MetadataError::Name {
            expected: name.project().to_string(),
            found: metadata.name().to_owned(),
        });
    }
    let version = metadata.version().parse::<Version>().ok();
    let same = version.is_some_and(|version| match name.kind() {
        Kind::Wheel { .. } => version == *name.version(),
        Kind::Sdist => version.to_string() == name.version().to_string(),
    });
    if !same {
        return Err(MetadataError::Version {
            expected: name.version().to_string(),
            found: metadata.version().to_owned(),
        });
    }
    Ok(())
}
