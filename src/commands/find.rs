// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Where the release is: at the address that was given, or, where it has left
//! the release area, in the archive.

use super::Run;
use crate::plan::Location;
use crate::rules::{Finding, Rule};
use crate::source::{Entry, Source, SourceError};

impl Run<'_> {
    /// Opens and lists the source; where it has left the release area, its
    /// copy in the archive. A source that opens is returned although it cannot
    /// be listed: it may still say its area.
    pub(super) async fn find_source(
        &mut self,
    ) -> Option<(Source, Result<Vec<Entry>, SourceError>)> {
        let mut found = self.open(&self.plan.source, self.plan.revision).await;
        // A file that an index page names in vain is another matter.
        let is_missing = match &found {
            Err(SourceError::NotFound { .. }) => true,
            Ok((source, Err(SourceError::NotFound { .. }))) => source.revision().is_some(),
            _ => false,
        };
        if is_missing && let Some(archive) = &self.plan.archived {
            let source = self.plan.source.shown();
            match self.open(archive, None).await {
                // It is nowhere: what is said is said of the address that was given.
                Err(SourceError::NotFound { .. }) => {
                    found = Err(SourceError::NotFound {
                        expected: source,
                        found: format!("neither there nor at {}", archive.shown()),
                    });
                }
                Err(why) => found = Err(why),
                archived => {
                    self.report.source = Some(archive.shown());
                    self.report.note([Finding::new(
                        Rule::SourceArchived,
                        Some("source"),
                        source,
                        archive.shown(),
                    )]);
                    found = archived;
                }
            }
        }
        match found {
            Ok((source, listed)) => {
                self.report.revision = source.revision();
                self.note_without_history(&source);
                Some((source, listed))
            }
            Err(why) => {
                self.report.note([why.finding(None)]);
                None
            }
        }
    }

    async fn open(
        &self,
        location: &Location,
        revision: Option<u64>,
    ) -> Result<(Source, Result<Vec<Entry>, SourceError>), SourceError> {
        let source = Source::open(location, revision, &self.client).await?;
        let listed = source.list(&self.plan.limits).await;
        Ok((source, listed))
    }

    fn note_without_history(&mut self, source: &Source) {
        if source.is_without_history() {
            self.report.note([Finding::new(
                Rule::RevisionUnknown,
                Some("source"),
                "a revision of the source",
                "a server that keeps none",
            )]);
        }
    }
}
