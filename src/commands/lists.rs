// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads the lists of digests of whole folders before the files are judged.

use std::collections::BTreeSet;

use super::Run;
use super::judging::read_sidecar;
use crate::rules::{Finding, Rule};
use crate::snapshot::{FolderList, Snapshot};
use crate::source::{Arrivals, Source};
use crate::verify::{FolderLists, Trust};

impl Run<'_> {
    /// What the lists say; what is wrong with them is in the report.
    pub(super) async fn read_lists(
        &mut self,
        source: &Source,
        snapshot: &Snapshot,
        arrivals: &mut Arrivals,
        trust: &Trust<'_>,
    ) -> FolderLists {
        let mut lists = FolderLists::default();
        if snapshot.lists().is_empty() {
            return lists;
        }
        let there: BTreeSet<&str> = snapshot
            .items()
            .iter()
            .map(|item| item.entry.path.as_str())
            .collect();
        for list in snapshot.lists() {
            match read(source, list, arrivals).await {
                Err(finding) => self.report.note([finding]),
                Ok((bytes, signature)) => {
                    let is_there = |path: &str| there.contains(path);
                    let mut findings =
                        lists.take(list, &bytes, signature.as_deref(), is_there, trust);
                    self.waive(&mut findings);
                    self.report.note(findings);
                }
            }
        }
        let waived = self.report.waived.clone();
        self.note_unused_waivers(&waived, |rule| rule == Rule::SidecarOrphan);
        lists
    }

    /// Softens what the waivers name, and tells it.
    fn waive(&mut self, findings: &mut [Finding]) {
        for finding in findings {
            if let Some(waived) = self.plan.waivers.apply(finding) {
                self.report.waived.push(waived);
            }
        }
    }
}

async fn read(
    source: &Source,
    list: &FolderList,
    arrivals: &mut Arrivals,
) -> Result<(Vec<u8>, Option<Vec<u8>>), Finding> {
    let here = arrivals.take(&list.entry.path).bytes().await;
    let bytes = read_sidecar(source, &list.entry, here).await?;
    let signature = match &list.signature {
        Some(entry) => {
            let here = arrivals.take(&entry.path).bytes().await;
            Some(read_sidecar(source, entry, here).await?)
        }
        None => None,
    };
    Ok((bytes, signature))
}
