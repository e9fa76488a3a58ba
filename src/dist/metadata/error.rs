// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Why a distribution cannot be read, and which rule each reason breaks.

use thiserror::Error;

use crate::checksum::{cut, shorten};
use crate::rules::{Finding, Rule};

/// Characters of a path that are shown; one of a zip archive may have 65,535.
const PATH_LIMIT: usize = 200;

/// Why a distribution's own metadata cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected {}, found {}", self.expected(), self.found())]
pub enum MetadataError {
    /// No archive of its kind, cut off, or damaged.
    Unreadable(String),
    /// An archive of a form that PyPI refuses.
    Refused {
        /// The rule that it breaks.
        rule: Rule,
        /// What PyPI takes.
        expected: &'static str,
        /// What the archive has.
        found: String,
    },
    /// A file that the archive must hold.
    Missing {
        /// The rule that it breaks.
        rule: Rule,
        /// Where it must lie.
        path: String,
    },
    /// A file of which the archive must hold one.
    Twice {
        /// The rule that it breaks.
        rule: Rule,
        /// What it is called.
        path: String,
    },
    /// More members than are read of an archive.
    Members {
        /// How many are read.
        limit: u64,
    },
    /// More bytes than are read of such a file.
    TooLarge {
        /// The rule that it breaks.
        rule: Rule,
        /// What is too large.
        what: String,
        /// In bytes.
        limit: u64,
    },
    /// Metadata in another encoding than UTF-8.
    NotUtf8,
    /// A line of the metadata that is no header field.
    Header {
        /// Counted from 1.
        line: usize,
    },
    /// More header fields than any project has.
    Fields {
        /// How many there may be.
        limit: usize,
    },
    /// A field that must be there.
    FieldMissing(&'static str),
    /// A field that may be there once.
    FieldTwice(String),
    /// A metadata version that PyPI does not know.
    MetadataVersion(String),
    /// The name of another project.
    Name {
        /// The project of the file name.
        expected: String,
        /// The name in the metadata.
        found: String,
    },
    /// Another version.
    Version {
        /// The version of the file name.
        expected: String,
        /// The version in the metadata.
        found: String,
    },
}

impl MetadataError {
    fn expected(&self) -> String {
        match self {
            Self::Unreadable(_) => "a whole archive".into(),
            Self::Refused { expected, .. } => (*expected).into(),
            Self::Missing { path, .. } => format!("{} in the archive", cut(path, PATH_LIMIT)),
            Self::Twice { path, .. } => format!("{} once in the archive", cut(path, PATH_LIMIT)),
            Self::Members { limit } => format!("at most {limit} members in the archive"),
            Self::TooLarge { what, limit, .. } => {
                format!("at most {limit} bytes of {}", cut(what, PATH_LIMIT))
            }
            Self::NotUtf8 => "metadata in UTF-8".into(),
            Self::Header { .. } => "metadata of `Field: value` lines".into(),
            Self::Fields { limit } => format!("at most {limit} metadata fields"),
            Self::FieldMissing(field) => format!("the metadata field {field}"),
            Self::FieldTwice(field) => format!("the metadata field {field} once"),
            Self::MetadataVersion(_) => "a metadata version that PyPI takes, like 2.4".into(),
            Self::Name { expected, .. } => format!("the project {expected}, as in the file name"),
            Self::Version { expected, .. } => {
                format!("the version {expected}, as in the file name")
            }
        }
    }

    fn found(&self) -> String {
        match self {
            Self::Unreadable(found)
            | Self::Refused { found, .. }
            | Self::MetadataVersion(found)
            | Self::Name { found, .. }
            | Self::Version { found, .. } => shorten(found),
            Self::Missing { .. } | Self::FieldMissing(_) => "none".into(),
            Self::Twice { .. } | Self::FieldTwice(_) => "several".into(),
            Self::Members { .. } | Self::TooLarge { .. } | Self::Fields { .. } => "more".into(),
            Self::NotUtf8 => "other bytes".into(),
            Self::Header { line } => format!("something else in line {line}"),
        }
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> Rule {
        match self {
            Self::Unreadable(_) => Rule::ArchiveUnreadable,
            Self::Refused { rule, .. }
            | Self::Missing { rule, .. }
            | Self::Twice { rule, .. }
            | Self::TooLarge { rule, .. } => *rule,
            Self::Members { .. } => Rule::ArchiveTooLarge,
            Self::NotUtf8
            | Self::Header { .. }
            | Self::Fields { .. }
            | Self::FieldMissing(_)
            | Self::FieldTwice(_) => Rule::MetadataUnreadable,
            Self::MetadataVersion(_) => Rule::MetadataVersionUnknown,
            Self::Name { .. } | Self::Version { .. } => Rule::MetadataMismatch,
        }
    }

    /// The verdict on the distribution at `path`.
    pub fn finding(&self, path: &str) -> Finding {
        Finding::new(self.rule(), Some(path), self.expected(), self.found())
    }
}

impl From<std::io::Error> for MetadataError {
    fn from(error: std::io::Error) -> Self {
        // A reader that stops at a limit wraps the verdict into its error.
        match error.downcast::<Self>() {
            Ok(verdict) => verdict,
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }
}
