// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The part of a listing that one shard reads. The whole of it is classified
//! first: no shard lives in a smaller world than another.

use std::collections::BTreeSet;

use super::{Artifact, Class, Snapshot};
use crate::shard::Shard;

impl Snapshot {
    /// Leaves to a shard what is its own to read. The rest stays known by name.
    pub fn share(&mut self, shard: Shard) {
        let all = std::mem::take(&mut self.artifacts);
        let projects: BTreeSet<&str> = all.iter().filter_map(project).collect();
        let names: BTreeSet<String> = shard
            .share(&projects)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let (own, others): (Vec<Artifact>, Vec<Artifact>) = all.into_iter().partition(|artifact| {
            project(artifact).map_or(shard.is_first(), |name| names.contains(name))
        });
        let paths: BTreeSet<&str> = others
            .iter()
            .map(|artifact| artifact.entry.path.as_str())
            .collect();
        for item in &mut self.items {
            if paths.contains(item.entry.path.as_str()) {
                item.class = Class::OtherShard;
            }
        }
        self.artifacts = own;
        self.elsewhere = others;
    }

    /// The artifacts that other shards read.
    pub fn elsewhere(&self) -> &[Artifact] {
        &self.elsewhere
    }

    /// The distributions of the whole release, of whatever shard.
    pub fn distributions(&self) -> impl Iterator<Item = &Artifact> {
        let all = self.artifacts.iter().chain(&self.elsewhere);
        all.filter(|artifact| artifact.name.is_some())
    }

    /// How many projects the whole release has, and how many of them are read here.
    pub fn projects(&self) -> (usize, usize) {
        let count = |projects: BTreeSet<&str>| projects.len();
        (
            count(self.distributions().filter_map(project).collect()),
            count(self.artifacts.iter().filter_map(project).collect()),
        )
    }
}

fn project(artifact: &Artifact) -> Option<&str> {
    artifact.name.as_ref().map(|name| name.project().as_str())
}
