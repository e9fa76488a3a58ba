// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads the lists of digests of whole folders before the files are judged.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::examine::read_sidecar;
use crate::rules::{Finding, Rule};
use crate::snapshot::{FolderList, Snapshot};
use crate::source::Source;
use crate::verify::{FolderLists, Trust};

impl Run<'_> {
    /// What the lists say; what is wrong with them is in the report.
    pub(super) async fn read_lists(
        &mut self,
        source: &Source,
        snapshot: &Snapshot,
        together: &BTreeMap<String, Vec<u8>>,
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
            match read(source, list, together).await {
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
    together: &BTreeMap<String, Vec<u8>>,
) -> Result<(Vec<u8>, Option<Vec<u8>>), Finding> {
    let bytes = read_sidecar(source, &list.entry, together).await?;
    let signature = match &list.signature {
        Some(entry) => Some(read_sidecar(source, entry, together).await?),
        None => None,
    };
    Ok((bytes, signature))
}
