// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How much of an approval a run needs, and the token that may ask about it.

use std::fmt;

use super::IndexChoice;

/// No token of GitHub is longer, in bytes.
const LONGEST_TOKEN: usize = 4096;

/// What the approval of a run comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalLevel {
    /// Without it nothing is sent.
    Required,
    /// What there is of it is told; what there is not, is a warning.
    Recorded,
    /// Nobody asks.
    Off,
}

impl ApprovalLevel {
    /// The word of the input.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recorded => "recorded",
            Self::Off => "off",
        }
    }

    pub(super) fn read(raw: &str) -> Result<Self, String> {
        [Self::Required, Self::Recorded, Self::Off]
            .into_iter()
            .find(|level| level.word() == raw)
            .ok_or_else(|| format!("`{raw}`"))
    }

    /// What an index needs where nobody said it.
    pub(super) const fn for_index(index: &IndexChoice) -> Self {
        match index {
            IndexChoice::Pypi => Self::Required,
            IndexChoice::TestPypi | IndexChoice::Own { .. } => Self::Recorded,
        }
    }
}

/// A token of GitHub. It is shown to nobody but GitHub's API.
#[derive(Clone)]
pub struct GithubToken(String);

impl GithubToken {
    /// What is wrong is said without the value.
    pub(super) fn read(raw: &str) -> Result<Self, String> {
        if raw.len() > LONGEST_TOKEN {
            return Err("more than any token has".to_owned());
        }
        if !raw.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("characters that no token has".to_owned());
        }
        Ok(Self(raw.to_owned()))
    }

    /// The secret, for the requests that use it and for the one who masks it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GithubToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_or_refused_and_never_shown() {
        let token = GithubToken::read("ghs_0123").unwrap();
        assert_eq!(format!("{token:?}"), "***");
        for bad in ["two words", "line\nbreak", "g\u{e9}", &"x".repeat(5000)] {
            let why = GithubToken::read(bad).unwrap_err();
            assert!(!why.contains(bad), "{why}");
        }
    }
}
