// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What each of the ASF's hosts serves, and where a release of one is found
//! in another.

use url::Url;

use super::places::{Area, Location, asf_host, below};
use crate::endpoints::{
    ASF_ARCHIVE_HOST, ASF_ARCHIVE_ROOT, ASF_DIST_HOST, ASF_DIST_ROOT, ASF_DOWNLOADS_HOST,
};

/// What an ASF host serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsfServer {
    /// The distribution repository.
    Subversion,
    /// Plain files with index pages: the download server and the archive.
    Pages,
}

/// What the host of a URL serves, where it is one of the ASF's.
pub fn asf_server(url: &Url) -> Option<AsfServer> {
    asf_host(url).map(|host| match host {
        ASF_DIST_HOST => AsfServer::Subversion,
        _ => AsfServer::Pages,
    })
}

/// Where a release lies once it has left the release area: at the same path
/// in the archive. None for anything that is not below the release area.
pub(super) fn archived(source: &Location) -> Option<Location> {
    let url = source.url()?;
    let segments = match asf_host(url)? {
        ASF_DIST_HOST => {
            let segments = below(url, ASF_DIST_ROOT)?;
            let (area, rest) = segments.split_first()?;
            (Area::from_segment(area)? == Area::Release).then(|| rest.to_vec())?
        }
        ASF_DOWNLOADS_HOST => below(url, "")?,
        _ => return None,
    };
    if segments.is_empty() {
        return None;
    }
    let mut archive = Url::parse(&format!("https://{ASF_ARCHIVE_HOST}{ASF_ARCHIVE_ROOT}/")).ok()?;
    let mut path = archive.path_segments_mut().ok()?;
    path.pop_if_empty().extend(segments).push("");
    drop(path);
    Some(Location::Url(archive))
}
