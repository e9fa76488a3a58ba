// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the name of a distribution says: project, version, kind and tags.
//!
//! Decides which names an index takes today: wheels by PEP 427, sdists by
//! PEP 625, versions by PEP 440, in the form that the index wants, because a name
//! that it refuses must not be found out halfway through a release. Decides
//! neither which projects may be published nor whether the contents agree.

use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;
use serde::{Serialize, Serializer};

mod error;
mod platform;
#[cfg(test)]
mod tests;

pub use error::FilenameError;

/// A project's name, normalised by PEP 503: lower case, each run of `-`, `_`
/// and `.` one `-`. Two spellings of one project are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(String);

impl ProjectName {
    /// The normalised name, with hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that file names hold, with underscores.
    pub fn underscored(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FromStr for ProjectName {
    type Err = FilenameError;

    /// Takes any spelling that PEP 508 allows: ASCII letters, digits, `-`, `_`
    /// and `.`, the first and the last a letter or digit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || FilenameError::Project(text.to_owned());
        let separator = |byte: u8| b"-_.".contains(&byte);
        let bytes = text.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Err(error());
        };
        let legal = bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || separator(*byte));
        if !legal || separator(*first) || separator(*last) {
            return Err(error());
        }
        let mut normalised = String::with_capacity(text.len());
        for part in text.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
            if !normalised.is_empty() {
                normalised.push('-');
            }
            normalised.push_str(&part.to_ascii_lowercase());
        }
        Ok(Self(normalised))
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ProjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Bytes that a name on the index's disk may have. Beside a wheel it keeps the
/// metadata, under a name that is longer by `.metadata`.
const NAME_LIMIT: usize = 255;
const WHEEL_LIMIT: usize = NAME_LIMIT - ".metadata".len();

/// What a distribution is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A wheel and the tags of its name; a compressed set keeps its dots.
    Wheel {
        /// For example `py3`, `cp312`, `py2.py3`.
        python: String,
        /// For example `none`, `cp312`, `abi3`.
        abi: String,
        /// For example `any`, `manylinux_2_28_x86_64`.
        platform: String,
        /// The build tag, which begins with a digit.
        build: Option<String>,
    },
    /// A source distribution.
    Sdist,
}

/// A file name that an index takes, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionName {
    file: String,
    /// Bytes of `file` that are name and version, with the hyphen between them.
    stem: usize,
    project: ProjectName,
    version: Version,
    kind: Kind,
}

impl DistributionName {
    /// Reads a base name.
    ///
    /// # Errors
    /// Whatever the index would refuse: names not in their normal form, local
    /// versions, tags that are malformed or of a platform it does not serve.
    pub fn parse(basename: &str) -> Result<Self, FilenameError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+!".contains(&byte);
        if basename.is_empty() || !basename.bytes().all(legal) {
            return Err(FilenameError::Characters(basename.to_owned()));
        }
        let wheel = basename.strip_suffix(".whl");
        let limit = wheel.map_or(NAME_LIMIT, |_| WHEEL_LIMIT);
        if basename.len() > limit {
            return Err(FilenameError::Length {
                limit,
                found: basename.len(),
            });
        }
        if let Some(stem) = wheel {
            parse_wheel(basename, stem)
        } else if let Some(stem) = basename.strip_suffix(".tar.gz") {
            parse_sdist(basename, stem)
        } else {
            Err(FilenameError::Extension(basename.to_owned()))
        }
    }

    /// The base name itself.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Name and version as they are spelt in the file name, with one hyphen:
    /// the contents of a wheel lie in a folder of this name.
    pub(super) fn stem(&self) -> &str {
        self.file.get(..self.stem).unwrap_or(&self.file)
    }

    /// The project.
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The version; its text is its normal form, never with a local part.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Wheel or sdist.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The value of the upload form's `filetype`.
    pub fn filetype(&self) -> &'static str {
        match self.kind {
            Kind::Wheel { .. } => "bdist_wheel",
            Kind::Sdist => "sdist",
        }
    }

    /// The value of the upload form's `pyversion`.
    pub fn pyversion(&self) -> &str {
        match &self.kind {
            Kind::Wheel { python, .. } => python,
            Kind::Sdist => "source",
        }
    }
}

/// Whether `basename` is an artifact that ASF releases hold and that is never a
/// distribution: a source or binary archive, a jar, a package of another
/// system. Never true of a name that [`DistributionName::parse`] reads.
pub fn is_other_artifact(basename: &str) -> bool {
    const SUFFIXES: &[&str] = &[
        ".zip", ".tgz", ".tar", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".jar", ".war",
        ".ear", ".nar", ".pom", ".deb", ".rpm", ".dmg", ".pkg", ".msi", ".exe", ".apk", ".nupkg",
        ".gem", ".crate", ".egg",
    ];
    const WORDS: &[&str] = &[
        "src",
        "source",
        "sources",
        "bin",
        "binary",
        "incubating",
        "doc",
        "docs",
        "javadoc",
        "apidocs",
        "site",
    ];
    let lower = basename.to_ascii_lowercase();
    if SUFFIXES
        .iter()
        .any(|suffix| lower.len() > suffix.len() && lower.ends_with(suffix))
    {
        return true;
    }
    // An sdist has one hyphen and a version behind it, so such a word behind a
    // hyphen tells an archive; `avro_src-1.0.tar.gz` is the project avro-src.
    lower
        .strip_suffix(".tar.gz")
        .is_some_and(|stem| stem.split('-').skip(1).any(|word| WORDS.contains(&word)))
}

fn parse_wheel(basename: &str, stem: &str) -> Result<DistributionName, FilenameError> {
    let parts: Vec<&str> = stem.split('-').collect();
    let (name, version, build, [python, abi, platform]) = match *parts.as_slice() {
        [name, version, python, abi, platform] => (name, version, None, [python, abi, platform]),
        [name, version, build, python, abi, platform] => {
            (name, version, Some(build), [python, abi, platform])
        }
        _ => return Err(FilenameError::WheelParts(parts.len())),
    };
    let project: ProjectName = name.parse()?;
    // Any spelling: the index compares the versions of wheels, not their texts.
    let (spelling, version) = (version, parse_version(version)?);
    if let Some(build) = build
        && !build.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(FilenameError::BuildTag(build.to_owned()));
    }
    let identifier = |tag: &str| is_tag(tag) && !tag.starts_with(|c: char| c.is_ascii_digit());
    if !python.split('.').all(identifier) {
        return Err(FilenameError::Tag(python.to_owned()));
    }
    if !abi.split('.').all(is_tag) {
        return Err(FilenameError::Tag(abi.to_owned()));
    }
    let allowed = |tag: &&str| platform::is_allowed(&tag.to_ascii_lowercase());
    if let Some(tag) = platform.split('.').find(|tag| !allowed(tag)) {
        return Err(FilenameError::Platform(tag.to_owned()));
    }
    let build_part = build.map(|build| format!("-{build}")).unwrap_or_default();
    let form = format!(
        "{}-{spelling}{build_part}-{python}-{abi}-{platform}.whl",
        project.underscored()
    );
    let kind = Kind::Wheel {
        python: python.to_owned(),
        abi: abi.to_owned(),
        platform: platform.to_owned(),
        build: build.map(str::to_owned),
    };
    let stem = name.len() + 1 + spelling.len();
    in_form(basename, form, stem, project, version, kind)
}

fn parse_sdist(basename: &str, stem: &str) -> Result<DistributionName, FilenameError> {
    let Some((name, version)) = stem.rsplit_once('-') else {
        return Err(FilenameError::SdistParts(basename.to_owned()));
    };
    let version = parse_version(version)?;
    let project: ProjectName = name.parse()?;
    let form = format!("{}-{version}.tar.gz", project.underscored());
    let stem = stem.len();
    in_form(basename, form, stem, project, version, Kind::Sdist)
}

/// The name, if it is letter for letter the one that its parts give.
fn in_form(
    basename: &str,
    form: String,
    stem: usize,
    project: ProjectName,
    version: Version,
    kind: Kind,
) -> Result<DistributionName, FilenameError> {
    if form != basename {
        return Err(FilenameError::Form {
            expected: form,
            found: basename.to_owned(),
        });
    }
    Ok(DistributionName {
        file: form,
        stem,
        project,
        version,
        kind,
    })
}

fn parse_version(text: &str) -> Result<Version, FilenameError> {
    let version: Version = text
        .parse()
        .map_err(|_| FilenameError::Version(text.to_owned()))?;
    if version.is_local() {
        return Err(FilenameError::LocalVersion(text.to_owned()));
    }
    Ok(version)
}

/// A Python or ABI tag. The index makes lower case of them.
fn is_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
