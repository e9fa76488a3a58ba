// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index shows: the Simple API in both forms, the JSON API, the files.

use std::sync::Arc;

use axum::body::Body as ResponseBody;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;

use super::checks::{normalize, same_version};
use super::form::Body;
use super::refusal::{escape, quality};
use super::state::{Known, Project, Shared, StoredFile};
use crate::clock;

const SIMPLE_JSON: &str = "application/vnd.pypi.simple.v1+json";

pub(super) async fn projects(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let state = shared.lock();
    let names = state
        .projects()
        .filter(|(_, project)| project.status != "quarantined");
    if wants_json(&headers) {
        let names = names.map(|(name, _)| json!({"name": name}));
        let page = json!({
            "meta": {"api-version": "1.4", "_last-serial": state.serial},
            "projects": names.collect::<Vec<_>>(),
        });
        return simple(&state, SIMPLE_JSON, format!("{page}\n"));
    }
    let links = names
        .map(|(name, _)| format!("    <a href=\"/simple/{name}/\">{name}</a>\n"))
        .collect::<String>();
    simple(
        &state,
        "text/html; charset=UTF-8",
        html("Simple index", &links),
    )
}

pub(super) async fn project_without_slash(Path(name): Path<String>) -> Response {
    moved(format!("/simple/{}/", normalize(&name)))
}

pub(super) async fn project(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let normalized = normalize(&name);
    if normalized != name {
        return moved(format!("/simple/{normalized}/"));
    }
    let mut state = shared.lock();
    if let Some(status) = state.faults.simple_statuses.pop_front() {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, "try again").into_response();
    }
    let Some(known) = state.project(&name) else {
        let plain = [(header::CONTENT_TYPE, "text/plain; charset=UTF-8")];
        return (StatusCode::NOT_FOUND, plain, "404 Not Found").into_response();
    };
    let shown = known
        .files
        .values()
        .filter(|file| file.hidden_reads == 0 && known.status != "quarantined");
    let response = if wants_json(&headers) && !state.faults.html_only {
        let page = json_page(&shared, &state, &name, known, &shown.collect::<Vec<_>>());
        simple(&state, SIMPLE_JSON, format!("{page}\n"))
    } else {
        let links = shown
            .map(|file| link(&shared.base, known, file))
            .collect::<String>();
        let page = html(&format!("Links for {name}"), &links);
        simple(&state, "text/html; charset=UTF-8", page)
    };
    if let Some(known) = state.project_mut(&name) {
        for file in known.files.values_mut() {
            file.hidden_reads = file.hidden_reads.saturating_sub(1);
        }
    }
    response
}

fn json_page(
    shared: &Shared,
    state: &Known,
    name: &str,
    project: &Project,
    shown: &[&StoredFile],
) -> Value {
    let mut versions = Vec::<&str>::new();
    for file in shown {
        if !versions
            .iter()
            .any(|known| same_version(known, &file.version))
        {
            versions.push(&file.version);
        }
    }
    let files = shown.iter().map(|file| {
        let sha256 = state.faults.false_sha256.get(&file.filename);
        let metadata =
            metadata_digest(file).map_or(json!(false), |sha256| json!({"sha256": sha256}));
        json!({
            "filename": file.filename,
            "url": url(&shared.base, file),
            "hashes": {"sha256": sha256.unwrap_or(&file.digests.sha256)},
            "requires-python": requires_python(project, file),
            "size": file.digests.size,
            "upload-time": clock::iso(file.uploaded),
            "yanked": file.yanked.as_ref().map_or(json!(false), |reason| json!(reason)),
            "core-metadata": metadata,
            "data-dist-info-metadata": metadata,
            "provenance": file.provenance.as_ref().map(|_| provenance_url(&shared.base, name, file)),
        })
    });
    json!({
        "meta": {"api-version": "1.4", "_last-serial": state.serial},
        "name": name,
        "project-status": {"status": project.status},
        "files": files.collect::<Vec<_>>(),
        "versions": versions,
    })
}

fn link(base: &str, project: &Project, file: &StoredFile) -> String {
    let mut attributes = String::new();
    if let Some(requires) = requires_python(project, file) {
        attributes += &format!(" data-requires-python=\"{}\"", escape(requires));
    }
    if let Some(sha256) = metadata_digest(file) {
        attributes += &format!(" data-core-metadata=\"sha256={sha256}\"");
    }
    if let Some(reason) = &file.yanked {
        attributes += &format!(" data-yanked=\"{}\"", escape(reason));
    }
    format!(
        "    <a href=\"{}#sha256={}\"{attributes}>{}</a><br />\n",
        escape(&url(base, file)),
        file.digests.sha256,
        escape(&file.filename)
    )
}

fn html(title: &str, links: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n  <head>\n    \
         <meta name=\"pypi:repository-version\" content=\"1.4\">\n    <title>{title}</title>\n  \
         </head>\n  <body>\n    <h1>{title}</h1>\n{links}  </body>\n</html>\n"
    )
}

fn simple(state: &Known, media_type: &str, page: String) -> Response {
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&page)[..16]));
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CACHE_CONTROL, "max-age=600, public".to_owned()),
        (header::VARY, "Accept".to_owned()),
        (header::ETAG, etag),
    ];
    let serial = [("x-pypi-last-serial", state.serial.to_string())];
    (headers, serial, page).into_response()
}

pub(super) async fn json_project(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Response {
    json_api(&shared, &name, None)
}

pub(super) async fn json_release(
    State(shared): State<Arc<Shared>>,
    Path((name, version)): Path<(String, String)>,
) -> Response {
    json_api(&shared, &name, Some(&version))
}

fn json_api(shared: &Shared, name: &str, version: Option<&str>) -> Response {
    let normalized = normalize(name);
    if normalized != name {
        let version = version.map(|version| format!("/{version}"));
        return moved(format!(
            "/pypi/{normalized}{}/json",
            version.unwrap_or_default()
        ));
    }
    let state = shared.lock();
    let missing = || {
        let body = json!({"message": "Not Found"}).to_string();
        let json = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::NOT_FOUND, json, body).into_response()
    };
    let Some(project) = state.project(name) else {
        return missing();
    };
    // The last upload's version is taken for the newest: enough for a stand-in.
    let visible = || project.files.values().filter(|file| file.hidden_reads == 0);
    let newest = visible().max_by_key(|file| file.uploaded);
    let whole = version.is_none();
    let Some(version) = version.or(newest.map(|file| file.version.as_str())) else {
        return missing();
    };
    let of = |wanted: &str| {
        visible()
            .filter(|file| same_version(&file.version, wanted))
            .map(|file| json_file(&shared.base, project, file))
            .collect::<Vec<_>>()
    };
    let urls = of(version);
    let Some(release) = project.release(version).filter(|_| !urls.is_empty()) else {
        return missing();
    };
    let shown = project
        .files
        .values()
        .filter(|file| same_version(&file.version, version));
    let yanked: Vec<_> = shown.map(|file| file.yanked.clone()).collect();
    let reason = yanked.iter().flatten().next();
    let mut info = release.info.clone();
    info.insert("name".to_owned(), json!(project.name));
    info.insert(
        "yanked".to_owned(),
        json!(yanked.iter().all(Option::is_some)),
    );
    info.insert("yanked_reason".to_owned(), json!(reason));
    let mut body = json!({
        "info": info,
        "urls": urls,
        "vulnerabilities": [],
        "last_serial": state.serial,
        "ownership": {"roles": [], "organization": null},
    });
    if whole {
        let releases = project.files.values().map(|file| file.version.clone());
        let releases = releases.map(|version| (version.clone(), Value::from(of(&version))));
        body["releases"] = Value::Object(releases.collect());
    }
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "max-age=900, public"),
    ];
    (headers, body.to_string()).into_response()
}

fn json_file(base: &str, project: &Project, file: &StoredFile) -> Value {
    let metadata = metadata_digest(file).map_or(json!(false), |sha256| json!({"sha256": sha256}));
    json!({
        "core-metadata": metadata,
        "upload_time": clock::iso(file.uploaded).trim_end_matches('Z'),
        "filename": file.filename,
        "packagetype": file.filetype,
        "python_version": file.pyversion,
        "has_sig": false,
        "comment_text": null,
        "md5_digest": file.digests.md5,
        "digests": {
            "md5": file.digests.md5,
            "sha256": file.digests.sha256,
            "blake2b_256": file.digests.blake2b,
        },
        "size": file.digests.size,
        "downloads": -1,
        "upload_time_iso_8601": clock::iso(file.uploaded),
        "url": url(base, file),
        "requires_python": requires_python(project, file),
        "yanked": file.yanked.is_some(),
        "yanked_reason": file.yanked,
    })
}

/// That of the release, which its first file made.
fn requires_python<'a>(project: &'a Project, file: &StoredFile) -> Option<&'a str> {
    project.release(&file.version)?.requires_python()
}

fn provenance_url(base: &str, name: &str, file: &StoredFile) -> String {
    let (version, filename) = (&file.version, &file.filename);
    format!("{base}/integrity/{name}/{version}/{filename}/provenance")
}

/// The place of a file follows from its bytes.
fn url(base: &str, file: &StoredFile) -> String {
    let (a, rest) = file.digests.blake2b.split_at(2);
    let (b, rest) = rest.split_at(2);
    format!("{base}/packages/{a}/{b}/{rest}/{}", file.filename)
}

fn metadata_digest(file: &StoredFile) -> Option<String> {
    let metadata = file.metadata.as_ref()?;
    Some(hex::encode(Sha256::digest(metadata)))
}

pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    Path((a, b, rest, filename)): Path<(String, String, String, String)>,
) -> Response {
    let blake2b = format!("{a}{b}{rest}");
    let (name, metadata) = match filename.strip_suffix(".metadata") {
        Some(name) => (name, true),
        None => (filename.as_str(), false),
    };
    let found = {
        let mut state = shared.lock();
        if let Some(status) = state.faults.download_statuses.pop_front() {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "A fault that the test asked for").into_response();
        }
        if let Some(bytes) = state.faults.false_bytes.get(&filename) {
            return bytes.clone().into_response();
        }
        state
            .file(name)
            .filter(|file| file.digests.blake2b == blake2b)
            .map(|file| (file.body.clone(), file.metadata.clone(), file.digests.size))
    };
    let binary = [(header::CONTENT_TYPE, "application/octet-stream".to_owned())];
    match found {
        Some((_, Some(bytes), _)) if metadata => (binary, bytes).into_response(),
        Some((Body::Memory(bytes), _, _)) if !metadata => (binary, bytes).into_response(),
        Some((Body::Disk(path), _, size)) if !metadata => {
            let Ok(file) = tokio::fs::File::open(path.as_ref()).await else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let length = [(header::CONTENT_LENGTH, size.to_string())];
            let body = ResponseBody::from_stream(ReaderStream::new(file));
            (binary, length, body).into_response()
        }
        _ => (StatusCode::NOT_FOUND, "404 Not Found").into_response(),
    }
}

/// HTML, in either of its names, is what the index prefers.
fn wants_json(headers: &HeaderMap) -> bool {
    let html = ["text/html", "application/vnd.pypi.simple.v1+html"];
    let html = html.map(|media_type| quality(headers, media_type));
    quality(headers, SIMPLE_JSON) > html.into_iter().max().unwrap_or(0)
}

fn moved(location: String) -> Response {
    (
        StatusCode::MOVED_PERMANENTLY,
        [(header::LOCATION, location)],
    )
        .into_response()
}
