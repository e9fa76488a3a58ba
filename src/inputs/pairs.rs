// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Inputs as a workflow file writes them, before anything runs.

use super::{Inputs, row, unknown};
use crate::rules::Finding;

impl Inputs {
    /// The inputs of these names and values, and what is wrong with how they
    /// are given: unknown names, empty values, lines where there is one value.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<Finding>) {
        let mut inputs = Self::default();
        let mut problems = Vec::new();
        for (name, value) in pairs {
            match row(name) {
                Some(row) => inputs.take(row, value, &mut problems),
                None => problems.push(unknown(name)),
            }
        }
        (inputs, problems)
    }
}
