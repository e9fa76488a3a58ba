// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Where a release lies, read as it was at one moment.
//!
//! Decides what kind of source an address is (by asking it), lists it and
//! brings its bytes to private disk, digests included. Every path that is
//! listed comes out, whatever its name: what the paths mean, and which bytes
//! are the right ones, is decided elsewhere.

mod arrivals;
mod directory;
mod error;
mod fetched;
mod index_page;
mod keys_file;
mod lanes;
mod list_report;
mod one_file;
mod pages;
mod path;
mod server;
mod space;
mod svn;
mod svndiff;
mod update_report;
mod webdav;
#[doc(hidden)]
pub mod wire;
mod xml;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytesize::ByteSize;
use url::Url;

use crate::http::{Client, display_url};
use crate::plan::{AsfServer, asf_server};
pub use crate::plan::{Limits, Location};
use directory::Directory;
use pages::Pages;
use server::Asked;
use svn::Svn;

pub use arrivals::{Arrival, Arrivals, TOGETHER_FILE_LIMIT, Wanted};
pub use error::SourceError;
pub use fetched::{Fetched, PositionedReader};
pub use keys_file::{KEYS_LIMIT, KeysFile, read_keys};
pub use space::{check_free_space, raise_open_files_limit};

impl Limits {
    fn check_count(&self, found: usize) -> Result<(), SourceError> {
        if found <= self.max_files {
            return Ok(());
        }
        Err(SourceError::Limit {
            expected: format!("at most {} files and folders (`max-files`)", self.max_files),
            found: "more".to_owned(),
        })
    }

    fn check_size(&self, entry: &Entry) -> Result<(), SourceError> {
        if entry.size <= self.max_file_size {
            return Ok(());
        }
        let limit = ByteSize(self.max_file_size);
        Err(SourceError::Limit {
            expected: format!("at most {limit} in one file (`max-file-size`)"),
            found: format!("{} in {}", ByteSize(entry.size), entry.path),
        })
    }
}

/// One path of the listing: a file, or something that no release may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the source, decoded, with `/`; `.` is the source itself,
    /// which is listed only when it has externals. May hold any character but
    /// `/` and NUL in its segments, none of which is empty, `.` or `..`.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// As Subversion lists it.
    pub sha1: Option<[u8; 20]>,
    /// The revision that last changed it, as Subversion lists it.
    pub created_revision: Option<u64>,
    /// When that revision was committed, in Unix seconds, by the server's
    /// clock. Only shown, never compared.
    pub committed: Option<u64>,
    /// When a local file was last changed.
    pub modified: Option<SystemTime>,
    /// What a web server without revisions says of the version: ETag and time.
    pub validator: Option<String>,
    /// `link`, `external` or `device`: it points elsewhere or is no file, and
    /// is never fetched.
    pub special: Option<&'static str>,
}

/// A source, frozen at one revision where it has revisions.
#[derive(Clone, Debug)]
pub struct Source(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Svn(Arc<Svn>),
    Pages(Arc<Pages>),
    Directory(Arc<Directory>),
}

impl Source {
    /// Opens a source: a URL is asked what it is, and its revision is settled
    /// here, once. `revision` none is the youngest. The ASF's own servers are
    /// known: dist.apache.org is Subversion and nothing else, the other two
    /// have index pages.
    ///
    /// # Errors
    /// When it is not there, out of reach, no directory, neither Subversion nor
    /// an index page, or has no such revision. Only Subversion has revisions
    /// to choose from.
    pub async fn open(
        location: &Location,
        revision: Option<u64>,
        client: &Client,
    ) -> Result<Self, SourceError> {
        match (location, revision) {
            (Location::Url(url), revision) => Self::open_url(url, revision, client).await,
            (Location::Path(path), None) => {
                Ok(Self(Kind::Directory(Arc::new(Directory::open(path)?))))
            }
            (Location::Path(_), Some(revision)) => Err(no_revisions("a local directory", revision)),
        }
    }

    async fn open_url(
        url: &Url,
        revision: Option<u64>,
        client: &Client,
    ) -> Result<Self, SourceError> {
        if path::decode(url.path()).is_none() {
            return Err(SourceError::Refused {
                expected: "a path without dots, empty or encoded separators".to_owned(),
                found: display_url(url),
                advice: None,
            });
        }
        // A directory's own address: without the slash a web server redirects.
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let url = &url;
        let known = asf_server(url);
        let otherwise = if known == Some(AsfServer::Pages) {
            None
        } else {
            match svn::introduce(url, client).await? {
                Asked::Plain(found) if known.is_none() => Some(found),
                asked => {
                    let svn = Svn::at(url, asked, revision, client)?;
                    tracing::debug!("{} is at revision {}", display_url(url), svn.revision);
                    return Ok(Self(Kind::Svn(Arc::new(svn))));
                }
            }
        };
        let pages = Pages::open(url, client, otherwise.as_deref()).await?;
        match revision {
            Some(revision) => Err(no_revisions("index pages", revision)),
            None => Ok(Self(Kind::Pages(Arc::new(pages)))),
        }
    }

    /// Whether this is a server that has no revisions: what it held at one
    /// moment cannot be read again.
    pub fn is_without_history(&self) -> bool {
        matches!(self.0, Kind::Pages(_))
    }

    /// The revision at which everything is read; none without revisions.
    pub fn revision(&self) -> Option<u64> {
        match &self.0 {
            Kind::Svn(svn) => Some(svn.revision),
            Kind::Pages(_) | Kind::Directory(_) => None,
        }
    }

    /// The first path segment below the Subversion repository's root, decoded:
    /// `dev` or `release` at the ASF.
    pub fn first_segment(&self) -> Option<&str> {
        match &self.0 {
            Kind::Svn(svn) => svn.first_segment(),
            Kind::Pages(_) | Kind::Directory(_) => None,
        }
    }

    /// Lists everything below the source, sorted by path, at the frozen revision.
    ///
    /// # Errors
    /// As [`Source::open`], or beyond `max_files`.
    pub async fn list(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        match &self.0 {
            Kind::Svn(svn) => svn.list(limits).await,
            Kind::Pages(pages) => pages.list(limits).await,
            Kind::Directory(directory) => {
                let (directory, limits) = (Arc::clone(directory), *limits);
                block(move || directory.list(&limits)).await
            }
        }
    }

    /// Lists the source as it is now, to be compared with [`Source::list`].
    ///
    /// # Errors
    /// As [`Source::list`]; a source that is gone by now is `NotFound`.
    pub async fn list_head(&self, limits: &Limits) -> Result<Vec<Entry>, SourceError> {
        match &self.0 {
            Kind::Svn(svn) => svn.list_head(limits).await,
            Kind::Pages(pages) => pages.list_head(limits).await,
            Kind::Directory(_) => self.list(limits).await,
        }
    }

    /// Brings a file to private disk in `temp`, at most four at a time, or more
    /// on one connection where the server speaks HTTP/2.
    /// What comes has the size and the SHA-1 of the listing.
    ///
    /// # Errors
    /// When it is special, too large, not what the listing names, out of reach
    /// after several tries, or does not fit on the disk.
    pub async fn fetch(
        &self,
        entry: &Entry,
        limits: &Limits,
        temp: &Path,
    ) -> Result<Fetched, SourceError> {
        refuse_special(entry)?;
        limits.check_size(entry)?;
        match &self.0 {
            Kind::Svn(svn) => svn.fetch(entry, temp).await,
            Kind::Pages(pages) => pages.fetch(entry, temp).await,
            Kind::Directory(directory) => {
                let (directory, entry) = (Arc::clone(directory), entry.clone());
                let temp = temp.to_owned();
                block(move || directory.fetch(&entry, &temp)).await
            }
        }
    }

    /// Starts to bring files of a listing by few requests where the source
    /// offers that and it is worth it; a group comes together, as a distribution
    /// and its sidecars. What arrives has size and SHA-1 of the listing; the rest
    /// is left to [`Source::fetch`] and [`Source::read_small`], which say what is
    /// wrong with it. Must be called on a runtime.
    pub fn bring_together(
        &self,
        groups: &[Vec<Wanted<'_>>],
        listing: &[Entry],
        temp: &Path,
    ) -> Arrivals {
        match &self.0 {
            Kind::Svn(svn) => svn.bring_together(groups, listing, temp),
            Kind::Pages(_) | Kind::Directory(_) => Arrivals::default(),
        }
    }

    /// Reads a signature or a checksum of at most `limit` bytes into memory;
    /// it is held against the listing as in [`Source::fetch`].
    ///
    /// # Errors
    /// As [`Source::fetch`].
    pub async fn read_small(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, SourceError> {
        refuse_special(entry)?;
        if entry.size > limit {
            return Err(SourceError::Limit {
                expected: format!("at most {} in a signature or checksum", ByteSize(limit)),
                found: ByteSize(entry.size).to_string(),
            });
        }
        match &self.0 {
            Kind::Svn(svn) => svn.read_small(entry).await,
            Kind::Pages(pages) => pages.read_small(entry).await,
            Kind::Directory(directory) => {
                let (directory, entry) = (Arc::clone(directory), entry.clone());
                block(move || directory.read_small(&entry)).await
            }
        }
    }
}

fn no_revisions(what: &str, revision: u64) -> SourceError {
    SourceError::Refused {
        expected: "a source that has revisions".to_owned(),
        found: format!("{what} and revision {revision}"),
        advice: Some("Leave `revision` out: only Subversion has revisions."),
    }
}

/// Runs what blocks on a thread where that holds nobody up.
async fn block<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(SourceError::Unreachable {
                expected: "the local directory".to_owned(),
                found: error.to_string(),
                advice: None,
            })
        })
}

fn refuse_special(entry: &Entry) -> Result<(), SourceError> {
    match entry.special {
        None => Ok(()),
        Some(kind) => Err(SourceError::Special {
            path: entry.path.clone(),
            found: match kind {
                "external" => "an external".to_owned(),
                kind => format!("a {kind}"),
            },
        }),
    }
}

fn compare_sha1(entry: &Entry, found: &[u8; 20]) -> Result<(), SourceError> {
    match &entry.sha1 {
        Some(listed) if listed != found => Err(SourceError::Bytes {
            expected: format!("the SHA-1 {}, as listed", hex::encode(listed)),
            found: hex::encode(found),
        }),
        _ => Ok(()),
    }
}

/// Sorts a listing by path and refuses one that names a path twice as two files.
fn sort(mut entries: Vec<Entry>) -> Result<Vec<Entry>, SourceError> {
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    let mut pairs = entries.iter().zip(entries.iter().skip(1));
    match pairs.find(|(one, next)| one.path == next.path) {
        None => Ok(entries),
        Some((twice, _)) => Err(SourceError::Refused {
            expected: "a listing that names each path once".to_owned(),
            found: format!("{} twice", twice.path),
            advice: None,
        }),
    }
}
