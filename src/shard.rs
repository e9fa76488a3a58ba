// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Scale-out: one release by several jobs, each with projects of its own.
//!
//! Decides which projects a shard has and how many jobs a matrix starts. It
//! decides by names alone, so that all shards that read the same listing agree
//! without a word between them. Pure.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::json;
use thiserror::Error;

/// The most jobs of one matrix that the ASF allows at a time, see
/// <https://infra.apache.org/github-actions-policy.html>.
pub const MOST: usize = 20;

/// One of the jobs that share a release. Written as `2/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Counted from 1; never beyond `of`.
    number: usize,
    /// From 1 to [`MOST`].
    of: usize,
}

/// Why a text names no shard.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ShardError {
    /// Not two plain numbers with a slash between them.
    #[error("not of the form `2/5`")]
    Form,
    /// Shards are counted from 1.
    #[error("shards are counted from 1")]
    Zero,
    /// More shards than there may be jobs.
    #[error("more than {MOST} shards")]
    TooMany,
    /// A shard beyond the last.
    #[error("there are only {0} shards")]
    Beyond(usize),
}

impl Shard {
    /// Whether it is the first: what belongs to no project goes with it.
    pub fn is_first(self) -> bool {
        self.number == 1
    }

    /// How many shards there are.
    pub fn of(self) -> usize {
        self.of
    }

    /// `shard 2 of 5`, for people.
    pub fn name(self) -> String {
        format!("shard {} of {}", self.number, self.of)
    }

    /// The projects of a release that it has: every `of`-th name in the order
    /// of the normalised names. Every project is in one shard, and the shares
    /// differ by one project at most.
    pub fn share<'a>(self, projects: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let own = projects.iter().skip(self.number - 1).step_by(self.of);
        own.copied().collect()
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, of) = text.split_once('/').ok_or(ShardError::Form)?;
        let (number, of) = (plain(number)?, plain(of)?);
        match (number, of) {
            (0, _) | (_, 0) => Err(ShardError::Zero),
            (_, of) if of > MOST => Err(ShardError::TooMany),
            (number, of) if number > of => Err(ShardError::Beyond(of)),
            (number, of) => Ok(Self { number, of }),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Digits alone, no leading zero, no sign: one way to write each number.
fn plain(text: &str) -> Result<usize, ShardError> {
    let is_plain = text == "0" || !text.starts_with('0');
    if text.is_empty() || !is_plain || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ShardError::Form);
    }
    // What does not fit is surely too many.
    text.parse().map_err(|_| ShardError::TooMany)
}

/// The value of `strategy.matrix` for a release of so many projects, in at
/// most `most` jobs: never more jobs than projects, and always one.
pub fn matrix(projects: usize, most: usize) -> String {
    let of = projects.min(most).clamp(1, MOST);
    let shards: Vec<Shard> = (1..=of).map(|number| Shard { number, of }).collect();
    json!({ "shard": shards }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_written_in_one_way() {
        for (text, number, of) in [("1/1", 1, 1), ("2/5", 2, 5), ("20/20", 20, 20)] {
            assert_eq!(text.parse(), Ok(Shard { number, of }));
            assert_eq!(Shard { number, of }.to_string(), text);
        }
        for (text, why) in [
            ("", ShardError::Form),
            ("1", ShardError::Form),
            ("1/", ShardError::Form),
            ("/2", ShardError::Form),
            ("+1/2", ShardError::Form),
            ("-1/2", ShardError::Form),
            ("01/2", ShardError::Form),
            ("1/2/3", ShardError::Form),
            ("1 / 2", ShardError::Form),
            ("one/2", ShardError::Form),
            ("0/2", ShardError::Zero),
            ("0/0", ShardError::Zero),
            ("1/0", ShardError::Zero),
            ("3/2", ShardError::Beyond(2)),
            ("1/21", ShardError::TooMany),
            ("99999999999999999999999/5", ShardError::TooMany),
        ] {
            assert_eq!(text.parse::<Shard>(), Err(why), "{text}");
        }
    }

    #[test]
    fn every_project_is_in_one_shard_and_the_shares_are_even() {
        let names: Vec<String> = (0..47).map(|number| format!("project-{number}")).collect();
        for count in [0, 1, 2, 19, 20, 21, 47] {
            let projects: BTreeSet<&str> = names.iter().take(count).map(String::as_str).collect();
            for of in 1..=MOST {
                let shares: Vec<BTreeSet<&str>> = (1..=of)
                    .map(|number| Shard { number, of }.share(&projects))
                    .collect();
                let all: Vec<&str> = shares.iter().flatten().copied().collect();
                assert_eq!(all.len(), count, "{count} by {of}");
                assert_eq!(BTreeSet::from_iter(all), projects, "{count} by {of}");
                let sizes = shares.iter().map(BTreeSet::len);
                let spread = sizes.clone().max().unwrap() - sizes.min().unwrap();
                assert!(spread <= 1, "{count} by {of}");
            }
        }
    }

    #[test]
    fn a_matrix_has_no_more_jobs_than_projects_nor_than_is_allowed() {
        assert_eq!(matrix(3, 2), r#"{"shard":["1/2","2/2"]}"#);
        assert_eq!(matrix(1, 20), r#"{"shard":["1/1"]}"#);
        assert_eq!(matrix(0, 20), r#"{"shard":["1/1"]}"#);
        assert_eq!(matrix(500, 500).matches("/20").count(), MOST);
    }
}
