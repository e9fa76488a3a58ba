// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A whole tree by two requests that go at once: the list report says sizes,
//! the update report digests and properties, both at the same revision. Both
//! must tell of the same paths; where a server offers neither, or they differ,
//! the tree is walked folder by folder instead.

use std::collections::BTreeMap;
use std::time::SystemTime;

use reqwest::Response;
use url::Url;

use super::{Svn, external};
use crate::http::{HttpError, display_url, pass_limited};
use crate::source::list_report::{self, Item};
use crate::source::server::Served;
use crate::source::update_report::{self, Editor};
use crate::source::xml::Malformed;
use crate::source::{Entry, Limits, SourceError};

/// The longest answer, in bytes: 20,000 files take about 5 MB of the one and
/// 15 MB of the other, and neither is kept.
const ANSWER_LIMIT: u64 = 64 << 20;

/// Why the reports give no listing.
enum Untold {
    /// They refuse, or are none: another way may give it.
    Unusable(String),
    /// No other way would give it.
    Final(SourceError),
}

impl From<Malformed> for Untold {
    fn from(why: Malformed) -> Self {
        Self::Unusable(why.to_string())
    }
}

impl From<HttpError> for Untold {
    /// An answer that breaks off.
    fn from(why: HttpError) -> Self {
        Self::Unusable(why.to_string())
    }
}

impl Svn {
    /// Lists everything at a revision; none where the reports do not tell.
    pub(super) async fn list_by_reports(
        &self,
        served: &Served,
        revision: u64,
        limits: &Limits,
    ) -> Result<Option<Vec<Entry>>, SourceError> {
        let told = tokio::try_join!(
            self.items(served, revision, limits),
            self.properties(served, revision, limits),
        );
        let listed = told.and_then(|(items, nodes)| {
            let folders = items.values().filter(|item| item.is_folder()).count();
            limits
                .check_count(folders.max(items.len() - folders))
                .map_err(Untold::Final)?;
            Ok(merge(items, nodes)?)
        });
        match listed {
            Ok(entries) => Ok(Some(entries)),
            Err(Untold::Final(error)) => Err(error),
            Err(Untold::Unusable(why)) => {
                tracing::debug!("no listing by reports, each folder alone: {why}");
                Ok(None)
            }
        }
    }

    /// Kinds, sizes and commits.
    async fn items(
        &self,
        served: &Served,
        revision: u64,
        limits: &Limits,
    ) -> Result<BTreeMap<String, Item>, Untold> {
        let _connection = self.lanes.connection().await;
        let question = list_report::question(revision);
        let response = self.told(&served.pinned(revision), question).await?;
        let mut reader = list_report::Reader::new(served.below());
        pass_limited(response, ANSWER_LIMIT, |part| {
            reader.feed(part)?;
            bound(reader.count(), limits)
        })
        .await??;
        Ok(reader.finish()?)
    }

    /// Digests and properties.
    async fn properties(
        &self,
        served: &Served,
        revision: u64,
        limits: &Limits,
    ) -> Result<BTreeMap<String, Node>, Untold> {
        let _connection = self.lanes.connection().await;
        let question = served.report().and_then(|(url, address)| {
            let question = update_report::ask_properties(&address, revision)?;
            Some((url, question))
        });
        let (url, question) = question.ok_or(Malformed("no question for this address"))?;
        let response = self.told(&url, question).await?;
        let mut reader = update_report::Reader::new(revision, false);
        let mut nodes = Nodes::default();
        pass_limited(response, ANSWER_LIMIT, |part| {
            reader.feed(part, &mut nodes)?;
            bound(nodes.0.len(), limits)
        })
        .await??;
        reader.finish()?;
        Ok(nodes.0)
    }

    async fn told(&self, url: &Url, question: String) -> Result<Response, Untold> {
        match self.ask_report(url, question).await {
            Ok(answer) => answer.map_err(Untold::Unusable),
            Err(error) => {
                let expected = display_url(&self.address);
                Err(Untold::Final(SourceError::of_http(&error, expected)))
            }
        }
    }
}

/// Ends an answer that goes on for ever. Files and folders count on their own.
fn bound(found: usize, limits: &Limits) -> Result<(), Untold> {
    limits.check_count(found / 2).map_err(Untold::Final)
}

/// What the update report says about a path.
#[derive(Debug)]
struct Node {
    kind: Kind,
    has_properties: bool,
    is_special: bool,
    has_externals: bool,
}

#[derive(Debug)]
enum Kind {
    Folder,
    /// With its SHA-1.
    File(Option<[u8; 20]>),
}

#[derive(Debug, Default)]
struct Nodes(BTreeMap<String, Node>);

impl Nodes {
    fn add(&mut self, path: &str, kind: Kind) -> Result<(), Malformed> {
        let node = Node {
            kind,
            has_properties: false,
            is_special: false,
            has_externals: false,
        };
        match self.0.insert(path.to_owned(), node) {
            None => Ok(()),
            Some(_) => Err(Malformed("a path twice")),
        }
    }
}

impl Editor for Nodes {
    fn folder(&mut self, path: &str) -> Result<(), Malformed> {
        self.add(path, Kind::Folder)
    }

    fn file(&mut self, path: &str, sha1: Option<[u8; 20]>) -> Result<Option<u64>, Malformed> {
        self.add(path, Kind::File(sha1))?;
        Ok(None)
    }

    fn property(&mut self, path: &str, name: &str) -> Result<(), Malformed> {
        if let Some(node) = self.0.get_mut(path) {
            node.has_properties = true;
            node.is_special |= name == "svn:special";
            node.has_externals |= name == "svn:externals";
        }
        Ok(())
    }

    fn bytes(&mut self, _: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }

    fn whole(&mut self) -> Result<(), Malformed> {
        Ok(())
    }
}

fn seconds(time: SystemTime) -> Option<u64> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

/// The entries of which both reports tell the same.
fn merge(
    items: BTreeMap<String, Item>,
    mut nodes: BTreeMap<String, Node>,
) -> Result<Vec<Entry>, Malformed> {
    let mut entries = Vec::new();
    for (path, item) in items {
        let node = nodes
            .remove(&path)
            .ok_or(Malformed("a path that only the list report names"))?;
        if node.has_properties != item.has_properties {
            return Err(Malformed("a path of which the two reports differ"));
        }
        match (item.size, node.kind) {
            (None, Kind::Folder) if node.has_externals => entries.push(external(&path)),
            (None, Kind::Folder) => {}
            (Some(size), Kind::File(Some(sha1))) if !path.is_empty() => entries.push(Entry {
                path,
                size,
                sha1: Some(sha1),
                created_revision: Some(item.created_revision),
                committed: seconds(item.committed),
                modified: None,
                validator: None,
                special: node.is_special.then_some("link"),
            }),
            _ => return Err(Malformed("a path of which the two reports differ")),
        }
    }
    if nodes.is_empty() {
        Ok(entries)
    } else {
        Err(Malformed("a path that only the update report names"))
    }
}

#[cfg(test)]
mod tests;
