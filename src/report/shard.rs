// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which part of a release a run had.

use serde::Serialize;

use crate::shard::Shard;

/// One of several jobs that share a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShardRow {
    /// Which one, of how many.
    pub shard: Shard,
    /// The projects that it has.
    pub projects: usize,
    /// The projects of the whole release.
    pub all_projects: usize,
}

impl ShardRow {
    /// The shard and its projects, for people.
    pub fn shown(&self) -> String {
        format!(
            "{}: {} of {} projects",
            self.name(),
            self.projects,
            self.all_projects
        )
    }

    /// What one job's page must say of the others; nothing where it is alone.
    pub fn others(&self) -> String {
        match self.shard.of() {
            1 => String::new(),
            jobs => format!(
                " This is one of {jobs} jobs: the release is complete only when all of them and \
                 the last `check` are done."
            ),
        }
    }

    /// `shard 2 of 5`.
    pub fn name(&self) -> String {
        self.shard.name()
    }
}
