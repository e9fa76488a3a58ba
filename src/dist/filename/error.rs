// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Why an index would refuse a file name, and which rule each reason breaks.

use thiserror::Error;

use crate::rules::{Finding, Rule};

/// Why an index would refuse a file name. Each holds the part that is wrong.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected {}, found {}", self.expected(), self.found())]
pub enum FilenameError {
    /// Empty, or with characters that no distribution's name has.
    Characters(String),
    /// Longer than the index can store.
    Length {
        /// In bytes.
        limit: usize,
        /// In bytes.
        found: usize,
    },
    /// Neither `.whl` nor `.tar.gz`.
    Extension(String),
    /// No project name.
    Project(String),
    /// No version of PEP 440.
    Version(String),
    /// A version with a local part, which no public index takes.
    LocalVersion(String),
    /// A wheel's name of other than five or six parts.
    WheelParts(usize),
    /// An sdist's name without a hyphen.
    SdistParts(String),
    /// A build tag that does not begin with a digit.
    BuildTag(String),
    /// A malformed Python or ABI tag.
    Tag(String),
    /// A platform tag that the index does not take.
    Platform(String),
    /// Readable, but not in the one form that the index takes.
    Form {
        /// The whole file name as it ought to be.
        expected: String,
        /// The file name.
        found: String,
    },
}

impl FilenameError {
    fn expected(&self) -> String {
        match self {
            Self::Characters(_) => "ASCII letters, digits, `.`, `_` and `-`",
            Self::Extension(_) => "a name that ends in .whl or .tar.gz",
            Self::Project(_) => "a project name that begins and ends with a letter or digit",
            Self::Version(_) => "a version of PEP 440",
            Self::LocalVersion(_) => "a version without a local part (`+…`)",
            Self::WheelParts(_) => "name-version(-build)-python-abi-platform.whl",
            Self::SdistParts(_) => "name-version.tar.gz",
            Self::BuildTag(_) => "a build tag that begins with a digit",
            Self::Tag(_) => "a tag like py3, cp312, abi3 or none",
            Self::Platform(_) => "a platform that PyPI takes, like any or manylinux_2_28_x86_64",
            Self::Length { limit, .. } => {
                return format!("a file name of at most {limit} characters");
            }
            Self::Form { expected, .. } => {
                return format!("{expected} (the normal form, the only one that PyPI takes)");
            }
        }
        .to_owned()
    }

    fn found(&self) -> String {
        match self {
            Self::WheelParts(parts) => format!("{parts} parts"),
            Self::Length { found, .. } => format!("{found}"),
            Self::Characters(found)
            | Self::Extension(found)
            | Self::Project(found)
            | Self::Version(found)
            | Self::LocalVersion(found)
            | Self::SdistParts(found)
            | Self::BuildTag(found)
            | Self::Tag(found)
            | Self::Platform(found)
            | Self::Form { found, .. } => found.clone(),
        }
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> Rule {
        match self {
            Self::Length { .. } => Rule::FilenameTooLong,
            Self::LocalVersion(_) => Rule::VersionLocal,
            Self::Platform(_) => Rule::PlatformTagUnknown,
            _ => Rule::FilenameIllegal,
        }
    }

    /// The verdict on the file at `path`.
    pub fn finding(&self, path: &str) -> Finding {
        Finding::new(self.rule(), Some(path), self.expected(), self.found())
    }
}
