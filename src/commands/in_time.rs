// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The end of all patience with the source: whatever it says, and however
//! slowly, a run does not wait beyond the time of `source-timeout`.

use std::time::Duration;

use tokio::time::timeout;

use super::Run;
use super::examine::Examined;
use crate::rules::{Finding, Rule};

impl Run<'_> {
    /// Reads and verifies the release, if that takes no longer than it may.
    pub(super) async fn examine_in_time(&mut self) -> Option<Examined> {
        let time = self.plan.timeouts.source;
        if let Ok(examined) = timeout(time, self.examine()).await {
            return examined;
        }
        self.report.note([too_late(time)]);
        None
    }

    /// Whether source and KEYS are still what was verified, if they say so in time.
    pub(super) async fn is_unchanged_in_time(&mut self, examined: &Examined) -> bool {
        let time = self.plan.timeouts.source;
        let both = async {
            self.source_is_unchanged(examined).await && self.keys_are_unchanged(examined).await
        };
        if let Ok(unchanged) = timeout(time, both).await {
            return unchanged;
        }
        self.report.note([too_late(time)]);
        false
    }
}

pub(super) fn too_late(time: Duration) -> Finding {
    Finding::new(
        Rule::SourceUnreachable,
        None,
        format!(
            "the source and KEYS within {} (`source-timeout`)",
            humantime::format_duration(time)
        ),
        "not all of them by then",
    )
}
