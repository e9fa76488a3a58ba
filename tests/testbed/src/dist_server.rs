// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A read-only stand-in for a Subversion distribution server, for the example
//! that runs with nothing installed: what `mod_dav_svn` answers to OPTIONS, to
//! PROPFIND and to GET, over revisions kept in memory.
//!
//! The tests that decide run against the real server; this one only resembles it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest, Sha1};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock;
use crate::host::{Bound, Host};
use crate::watch::Hears;

/// The path of the repository's root, as on the ASF's server.
const ROOT: &str = "/repos/dist";
const REVISION_STUB: &str = "/repos/dist/!svn/rvr";
const UUID: &str = "5a1e0000-0000-4000-8000-000000000001";
/// How long a file is held for others that are not asked for meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);
/// What stands in a path as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'!')
    .remove(b'+')
    .remove(b'=')
    .remove(b'@')
    .remove(b',');

/// The server, running until it is dropped.
pub struct DistServer {
    base: String,
    shared: Arc<Mutex<Repository>>,
    gate: Arc<Gate>,
    host: Host,
}

/// Counts the files that are asked for at a time, and may hold them.
struct Gate {
    wanted: AtomicUsize,
    under_way: AtomicUsize,
    most: AtomicUsize,
    open: watch::Sender<bool>,
}

impl Gate {
    /// Waits until as many are under way as are wanted at a time, or in vain.
    async fn pass(&self) {
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(under_way, Ordering::SeqCst);
        if under_way >= self.wanted.load(Ordering::SeqCst) {
            self.open.send_replace(true);
        }
        let mut open = self.open.subscribe();
        let _ = timeout(PATIENCE, open.wait_for(|open| *open)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One change of a commit: a path below the root, and its new bytes or none to
/// delete it.
pub type Change = (String, Option<Vec<u8>>);

#[derive(Default)]
struct Repository {
    /// The tree of revision N is at N - 1; revision 0 is empty.
    revisions: Vec<Tree>,
    requests: Vec<String>,
}

/// Files by their path without a slash at the beginning; folders are implied.
type Tree = BTreeMap<String, File>;

#[derive(Clone)]
struct File {
    bytes: Bytes,
    created: usize,
    /// When that was, in Unix seconds.
    committed: i64,
    sha1: String,
    md5: String,
}

/// What a path names in a revision.
enum Node<'a> {
    File(&'a File),
    /// With its created revision.
    Folder(usize),
}

impl DistServer {
    /// Starts it with an empty repository at revision 0.
    pub fn start() -> Self {
        let bound = Bound::new();
        let base = bound.base();
        let shared = Arc::new(Mutex::new(Repository::default()));
        let gate = Arc::new(Gate {
            wanted: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            open: watch::Sender::new(true),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state((Arc::clone(&shared), Arc::clone(&gate)));
        Self {
            base,
            shared,
            gate,
            host: bound.serve(router),
        }
    }

    /// Commits these changes now and gives the new revision.
    pub fn commit(&self, changes: Vec<Change>) -> u64 {
        self.commit_at(clock::now(), changes)
    }

    /// Commits these changes at a time in Unix seconds.
    pub fn commit_at(&self, committed: i64, changes: Vec<Change>) -> u64 {
        let mut repository = lock(&self.shared);
        let mut tree = repository.revisions.last().cloned().unwrap_or_default();
        let revision = repository.revisions.len() + 1;
        for (path, bytes) in changes {
            let path = path.trim_matches('/').to_owned();
            match bytes {
                Some(bytes) => {
                    let file = File {
                        created: revision,
                        committed,
                        sha1: hex::encode(Sha1::digest(&bytes)),
                        md5: hex::encode(Md5::digest(&bytes)),
                        bytes: bytes.into(),
                    };
                    tree.insert(path, file);
                }
                None => {
                    let below = format!("{path}/");
                    tree.retain(|other, _| *other != path && !other.starts_with(&below));
                }
            }
        }
        repository.revisions.push(tree);
        revision as u64
    }

    /// The URL of a path below the root: `release/example/1.0/`, for instance.
    pub fn url(&self, path: &str) -> String {
        let path = path.trim_start_matches('/');
        format!("{}{ROOT}/{}", self.base, utf8_percent_encode(path, PATH))
    }

    /// Holds each file from now on until so many are asked for at a time, or
    /// half a second if they never are.
    pub fn hold(&self, files: usize) {
        self.gate.wanted.store(files, Ordering::SeqCst);
        self.gate.open.send_replace(false);
    }

    /// The most files that were under way at a time.
    pub fn most_at_a_time(&self) -> usize {
        self.gate.most.load(Ordering::SeqCst)
    }

    /// Tells `hears` of every request from now on.
    pub fn watch(&self, hears: Arc<Hears>) {
        self.host.watch(hears);
    }

    /// Every request, as `METHOD path`, in the order of arrival.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shared).requests.clone()
    }
}

fn lock(shared: &Mutex<Repository>) -> MutexGuard<'_, Repository> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State((shared, gate)): State<(Arc<Mutex<Repository>>, Arc<Gate>)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET {
        gate.pass().await;
    }
    let Ok(body) = to_bytes(body, 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut repository = lock(&shared);
    let line = format!("{} {}", parts.method, parts.uri.path());
    repository.requests.push(line);
    let Some((revision, path)) = locate(parts.uri.path(), repository.revisions.len()) else {
        return missing();
    };
    match parts.method.as_str() {
        "OPTIONS" => options(&body, repository.revisions.len()),
        "PROPFIND" => propfind(
            &repository,
            parts.uri.path(),
            revision,
            &path,
            &parts.headers,
        ),
        "GET" | "HEAD" => get(&repository, parts.uri.path(), revision, &path),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The revision and the path below the root that a request's path names.
fn locate(path: &str, youngest: usize) -> Option<(usize, String)> {
    let below = |rest: &str| {
        let decoded = percent_decode_str(rest).decode_utf8().ok()?;
        Some(decoded.trim_matches('/').to_owned())
    };
    if let Some(rest) = path.strip_prefix(REVISION_STUB) {
        let rest = rest.strip_prefix('/')?;
        let (revision, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let revision = revision.parse().ok()?;
        return (revision <= youngest).then_some((revision, below(rest)?));
    }
    let rest = path.strip_prefix(ROOT)?;
    if !rest.is_empty() && !rest.starts_with('/') || rest.starts_with("/!svn") {
        return None;
    }
    Some((youngest, below(rest)?))
}

impl Repository {
    fn tree(&self, revision: usize) -> Option<&Tree> {
        self.revisions.get(revision.checked_sub(1)?)
    }

    fn node(&self, revision: usize, path: &str) -> Option<Node<'_>> {
        if revision == 0 {
            return path.is_empty().then_some(Node::Folder(0));
        }
        let tree = self.tree(revision)?;
        if let Some(file) = tree.get(path) {
            return Some(Node::File(file));
        }
        let files = tree
            .iter()
            .filter(|(other, _)| below(other, path).is_some());
        let created = files.map(|(_, file)| file.created).max();
        let root = path.is_empty().then_some(revision);
        created.or(root).map(Node::Folder)
    }

    /// The names in a folder.
    fn names(&self, revision: usize, folder: &str) -> BTreeSet<String> {
        let paths = self.tree(revision).into_iter().flat_map(BTreeMap::keys);
        paths
            .filter_map(|path| below(path, folder))
            .filter_map(|rest| rest.split('/').next())
            .map(str::to_owned)
            .collect()
    }
}

/// What follows the folder in the path; none when the path is not below it.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn options(body: &[u8], youngest: usize) -> Response {
    let dav = "1,2,3, <http://subversion.tigris.org/xmlns/dav/svn/depth>";
    let mut response = [("dav", dav)].into_response();
    let asked = String::from_utf8_lossy(body).contains("activity-collection-set");
    if asked {
        let headers = response.headers_mut();
        for (name, value) in [
            ("svn-repository-uuid", UUID.to_owned()),
            ("svn-repository-root", ROOT.to_owned()),
            ("svn-me-resource", format!("{ROOT}/!svn/me")),
            ("svn-rev-root-stub", REVISION_STUB.to_owned()),
            ("svn-youngest-rev", youngest.to_string()),
        ] {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        }
    }
    response
}

fn propfind(
    repository: &Repository,
    asked: &str,
    revision: usize,
    path: &str,
    headers: &HeaderMap,
) -> Response {
    let depth = headers.get("depth").and_then(|value| value.to_str().ok());
    let Some(depth @ ("0" | "1")) = depth else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let Some(node) = repository.node(revision, path) else {
        return missing();
    };
    // The answer's hrefs stay below the stub that was asked.
    let root = match asked.starts_with(REVISION_STUB) {
        true => format!("{REVISION_STUB}/{revision}"),
        false => ROOT.to_owned(),
    };
    let mut body = String::from(concat!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\" ",
        "xmlns:ns0=\"DAV:\">\n"
    ));
    let is_folder = matches!(node, Node::Folder(_));
    respond(&mut body, &root, path, &node);
    if depth == "1" && is_folder {
        for name in repository.names(revision, path) {
            let child = match path {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            if let Some(node) = repository.node(revision, &child) {
                respond(&mut body, &root, &child, &node);
            }
        }
    }
    body.push_str("</D:multistatus>\n");
    let xml = [(header::CONTENT_TYPE, "text/xml; charset=\"utf-8\"")];
    (StatusCode::MULTI_STATUS, xml, body).into_response()
}

/// One `response` of a multistatus, as `mod_dav_svn` writes it.
fn respond(body: &mut String, root: &str, path: &str, node: &Node<'_>) {
    let href = match path {
        "" => root.to_owned(),
        path => format!("{root}/{}", utf8_percent_encode(path, PATH)),
    };
    let (slash, properties, absent) = match node {
        Node::File(file) => (
            "",
            format!(
                "<lp1:resourcetype/>\n<lp1:getcontentlength>{}</lp1:getcontentlength>\n\
                 <lp1:version-name>{}</lp1:version-name>\n\
                 <lp1:creationdate>{}</lp1:creationdate>\n\
                 <lp2:md5-checksum>{}</lp2:md5-checksum>\n\
                 <lp2:sha1-checksum>{}</lp2:sha1-checksum>\n",
                file.bytes.len(),
                file.created,
                clock::iso(file.committed).replace('Z', ".000000Z"),
                file.md5,
                file.sha1
            ),
            "",
        ),
        Node::Folder(created) => (
            "/",
            format!(
                "<lp1:resourcetype><D:collection/></lp1:resourcetype>\n\
                 <lp1:version-name>{created}</lp1:version-name>\n"
            ),
            "<lp1:getcontentlength/>\n<lp2:sha1-checksum/>\n",
        ),
    };
    // Writing into a String never fails.
    let _ = write!(
        body,
        "<D:response xmlns:lp1=\"DAV:\" xmlns:lp2=\"http://subversion.tigris.org/xmlns/dav/\" \
         xmlns:S=\"http://subversion.tigris.org/xmlns/svn/\">\n<D:href>{href}{slash}</D:href>\n\
         <D:propstat>\n<D:prop>\n{properties}</D:prop>\n<D:status>HTTP/1.1 200 OK</D:status>\n\
         </D:propstat>\n<D:propstat>\n<D:prop>\n{absent}<S:special/>\n<S:externals/>\n</D:prop>\n\
         <D:status>HTTP/1.1 404 Not Found</D:status>\n</D:propstat>\n</D:response>\n"
    );
}

fn get(repository: &Repository, asked: &str, revision: usize, path: &str) -> Response {
    match repository.node(revision, path) {
        None => missing(),
        Some(Node::File(file)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
                (header::ETAG, format!("\"{}//{path}\"", file.created)),
                (header::ACCEPT_RANGES, "bytes".to_owned()),
            ];
            (headers, Body::from(file.bytes.clone())).into_response()
        }
        Some(Node::Folder(_)) if !asked.ends_with('/') => (
            StatusCode::MOVED_PERMANENTLY,
            [(header::LOCATION, format!("{asked}/"))],
        )
            .into_response(),
        Some(Node::Folder(_)) => {
            let html = [(header::CONTENT_TYPE, "text/html; charset=UTF-8")];
            (html, page(repository, revision, path)).into_response()
        }
    }
}

fn page(repository: &Repository, revision: usize, path: &str) -> String {
    let title = format!("dist - Revision {revision}: /{path}");
    let mut links = String::new();
    for name in repository.names(revision, path) {
        let child = match path {
            "" => name.clone(),
            folder => format!("{folder}/{name}"),
        };
        let slash = match repository.node(revision, &child) {
            Some(Node::Folder(_)) => "/",
            _ => "",
        };
        let href = utf8_percent_encode(&name, PATH);
        let _ = writeln!(
            links,
            "  <li><a href=\"{href}{slash}\">{name}{slash}</a></li>"
        );
    }
    format!(
        "<html><head><title>{title}</title></head>\n<body>\n <h2>{title}</h2>\n <ul>\n\
         {links} </ul>\n</body></html>"
    )
}

fn missing() -> Response {
    let html = [(header::CONTENT_TYPE, "text/html; charset=iso-8859-1")];
    let body = "<html><head><title>404 Not Found</title></head><body>\n<h1>Not Found</h1>\n\
                </body></html>\n";
    (StatusCode::NOT_FOUND, html, body).into_response()
}
