// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One upload, checked in the order of the real server: a form that fails
//! anywhere leaves nothing behind.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::ext::ReasonPhrase;

use super::filename::Limits;
use super::form::{Content, Form};
use super::permission::{identify, permit};
use super::refusal::{Refusal, Reply};
use super::release::Release;
use super::state::{Known, Shared, StoredFile, wheel_metadata};
use super::{Publisher, archive, attestations, checks, filename};
use crate::host::Connection;

/// A release takes no new files when it is older than this, in seconds.
const RELEASE_OPEN: i64 = 14 * 86_400;

/// What the checks came to.
enum Checked {
    /// The very file is there already: the answer is that of a success.
    Same,
    /// To be stored; whether its version had files when the work on it began.
    New {
        version_existed: bool,
        /// On whose behalf it is uploaded; none for a user.
        publisher: Option<Publisher>,
        provenance: Option<serde_json::Value>,
    },
}

/// The body is read first: a client whose connection closes
/// while it still sends might never see the answer.
pub(super) async fn redirect(uri: Uri, _body: Bytes) -> Response {
    let query = uri.query().map(|query| format!("?{query}"));
    let target = format!("/legacy/{}", query.unwrap_or_default());
    let message = "An upload was attempted to /legacy but the expected upload URL is /legacy/ \
                   (with a trailing slash)";
    let mut response = (
        StatusCode::PERMANENT_REDIRECT,
        [(header::LOCATION, target)],
        message,
    )
        .into_response();
    response
        .extensions_mut()
        .insert(ReasonPhrase::from_static(message.as_bytes()));
    response
}

/// A page for people who follow the upload address.
pub(super) async fn nothing_here() -> Response {
    let html = [(header::CONTENT_TYPE, "text/html; charset=UTF-8")];
    (html, "<html><body>Uploads are sent here.</body></html>").into_response()
}

/// The old address of uploads.
pub(super) async fn moved_away(_body: Bytes) -> StatusCode {
    StatusCode::GONE
}

pub(super) async fn upload(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let silent = shared.lock().faults.silent_reasons;
    let reply = Reply::of(request.headers(), silent);
    let headers = request.headers().clone();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let form = match Form::read(request).await {
        Ok(Ok(form)) => form,
        Ok(Err(refusal)) | Err(refusal) => return reply.refuse(&refusal),
    };
    if let Some(content) = &form.content {
        let sent = (content.filename.clone(), form.sent.clone());
        shared.lock().forms.push(sent);
    }
    if let Some(response) = next_fault(&shared, &connection, reply) {
        return response;
    }
    let _working = Working::begin(&shared);
    let checked = {
        let state = shared.lock();
        check(&state, &shared, &headers, &query, &form)
    };
    // Archives are read without the lock, as the real server's workers do.
    let checked = checked.and_then(|checked| look_inside(&shared, &form, checked));
    // The work is done on the state of its beginning, as in a transaction.
    tokio::time::sleep(shared.options.latency).await;
    let committed = checked.and_then(|checked| {
        let mut state = shared.lock();
        commit(&mut state, form, checked)?;
        if state.faults.cut_after_commit > 0 {
            state.faults.cut_after_commit -= 1;
            connection.cut();
        }
        Ok(())
    });
    match committed {
        Ok(()) => reply.ok(),
        // A race that was lost: bare words in HTML, and the connection is closed.
        Err(refusal) if refusal.status == 500 => (
            StatusCode::INTERNAL_SERVER_ERROR,
            [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONNECTION, "close"),
            ],
            "<html><head><title>Internal Server Error</title></head>\
             <body><h1><p>Internal Server Error</p></h1></body></html>",
        )
            .into_response(),
        Err(refusal) => {
            let mut response = reply.refuse(&refusal);
            if refusal.status == 429 {
                let headers = response.headers_mut();
                let policy = "\"project.create.user\";q=20;w=3600";
                let left = "\"project.create.user\";r=0;t=3600";
                headers.insert("ratelimit-policy", HeaderValue::from_static(policy));
                headers.insert("ratelimit", HeaderValue::from_static(left));
            }
            response
        }
    }
}

/// What only the file itself shows: its archive, its name, its members, its
/// attestations.
fn look_inside(shared: &Shared, form: &Form, checked: Checked) -> Result<Checked, Refusal> {
    let (
        Checked::New {
            version_existed,
            publisher,
            ..
        },
        Some(content),
    ) = (&checked, &form.content)
    else {
        return Ok(checked);
    };
    tokio::task::block_in_place(|| {
        if !shared.options.reads_archives {
            return filename::check_filename(form, &content.filename);
        }
        archive::check_frame(content)?;
        filename::check_filename(form, &content.filename)?;
        archive::check_members(content, form.all("license_file"))
    })?;
    let given = form.get("attestations");
    let (disabled, anchors) = {
        let state = shared.lock();
        (state.faults.attestations_disabled, state.anchors.clone())
    };
    let given = given.filter(|_| !disabled);
    let provenance = attestations::check(given, publisher.as_ref(), content, anchors.as_ref())?;
    Ok(Checked::New {
        version_existed: *version_existed,
        publisher: publisher.clone(),
        provenance,
    })
}

/// Counts the uploads that are worked on, also when the client gives up.
struct Working(Arc<Shared>);

impl Working {
    fn begin(shared: &Arc<Shared>) -> Self {
        let mut state = shared.lock();
        state.in_flight += 1;
        state.most_in_flight = state.most_in_flight.max(state.in_flight);
        Self(Arc::clone(shared))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

fn next_fault(shared: &Shared, connection: &Connection, reply: Reply) -> Option<Response> {
    let mut state = shared.lock();
    if state.faults.cut_before_commit > 0 {
        state.faults.cut_before_commit -= 1;
        connection.cut();
        return Some(StatusCode::BAD_GATEWAY.into_response());
    }
    let (status, retry_after) = state.faults.upload_statuses.pop_front()?;
    let mut response = reply.refuse(&Refusal::new(status, "A fault that the test asked for"));
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    Some(response)
}

/// Every check; the first that fails is the answer.
fn check(
    state: &Known,
    shared: &Shared,
    headers: &HeaderMap,
    query: &str,
    form: &Form,
) -> Result<Checked, Refusal> {
    let action = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(":action="))
        .or_else(|| form.get(":action"));
    match action {
        Some("file_upload") => {}
        Some("submit" | "submit_pkg_info" | "doc_upload") => {
            return Err(Refusal::new(410, "Gone"));
        }
        _ => return Err(Refusal::new(405, "Method Not Allowed")),
    }
    if state.faults.read_only {
        return Err(Refusal::new(
            403,
            "Read-only mode: Uploads are temporarily disabled.",
        ));
    }
    if state.faults.uploads_disabled {
        return Err(Refusal::new(
            403,
            "New uploads are temporarily disabled. See https://pypi.org/help/#admin-intervention \
             for more information.",
        ));
    }
    let identity = identify(state, &shared.options.user_tokens, headers)?;
    checks::check_form(form, &state.newer_classifiers)?;
    let content = form
        .content
        .as_ref()
        .ok_or_else(|| Refusal::bad("Upload payload does not have a file."))?;
    let project = form.get("name").unwrap_or_default();
    permit(state, &identity, project)?;
    check_description(state, form)?;
    let version = form.get("version").unwrap_or_default();
    let version_existed = state.has_version(project, version);
    let limits = Limits {
        file: shared.options.file_size_limit,
        project: shared.options.project_size_limit,
        used: state.size(project),
    };
    filename::check_content(form, content, &limits)?;
    if is_duplicate(state, content)? {
        return Ok(Checked::Same);
    }
    if state.burnt.contains(&content.filename) {
        return Err(Refusal::bad(
            "This filename was previously used by a file that has since been deleted. Use a \
             different version. See https://pypi.org/help/#file-name-reuse for more information.",
        ));
    }
    let release = state.release(project, version);
    if release.is_some_and(|release| release.created + RELEASE_OPEN < state.now()) {
        return Err(Refusal::bad(
            "Uploading new files to releases older than 14 days is not allowed.",
        ));
    }
    let mut files = state.project(project).into_iter();
    let second = files.any(|project| {
        project
            .files
            .values()
            .any(|file| file.filetype == "sdist" && checks::same_version(&file.version, version))
    });
    if second && form.get("filetype") == Some("sdist") {
        return Err(Refusal::bad("Only one sdist may be uploaded per release."));
    }
    Ok(Checked::New {
        version_existed,
        publisher: identity.publisher().cloned(),
        provenance: None,
    })
}

/// Only a fault says that a description does not render: no renderer is here.
fn check_description(state: &Known, form: &Form) -> Result<(), Refusal> {
    if !state.faults.unrendered_descriptions || form.get("description").is_none() {
        return Ok(());
    }
    let how = form.get("description_content_type").map_or_else(
        || "in the default format of reStructuredText".to_owned(),
        |kind| format!("for '{kind}'"),
    );
    Err(Refusal::bad(format!(
        "The description failed to render {how}. See \
         https://pypi.org/help/#description-content-type for more information."
    )))
}

/// Stores the file, unless another upload was faster.
fn commit(state: &mut Known, form: Form, checked: Checked) -> Result<(), Refusal> {
    let Checked::New {
        version_existed,
        provenance,
        ..
    } = checked
    else {
        return Ok(());
    };
    let project = form.get("name").unwrap_or_default().to_owned();
    let version = form.get("version").unwrap_or_default().to_owned();
    let field = |name: &str| form.get(name).map(str::to_owned);
    let (filetype, pyversion) = (field("filetype"), field("pyversion"));
    let release = Release::of(&form, state.now());
    let Some(content) = form.content else {
        return Err(Refusal::bad("Upload payload does not have a file."));
    };
    let overtaken = !version_existed && state.has_version(&project, &version);
    let same = |file: &StoredFile| {
        file.filename == content.filename || file.digests.blake2b == content.digests.blake2b
    };
    if overtaken || state.all_files().any(same) {
        return Err(Refusal::new(500, "Internal Server Error"));
    }
    let file = StoredFile {
        metadata: wheel_metadata(&content.filename, &content.body),
        filename: content.filename,
        version,
        filetype: filetype.unwrap_or_default(),
        pyversion: pyversion.unwrap_or_else(|| "source".to_owned()),
        digests: content.digests,
        body: content.body,
        provenance,
        uploaded: state.now(),
        yanked: None,
        hidden_reads: state.faults.hidden_reads,
    };
    state.store(&project, file, release);
    Ok(())
}

/// True when the very file is there; an error when its name or its bytes are
/// there without the other.
fn is_duplicate(state: &Known, content: &Content) -> Result<bool, Refusal> {
    let blake2b = &content.digests.blake2b;
    let taken = state
        .all_files()
        .find(|file| file.filename == content.filename || file.digests.blake2b == *blake2b);
    match taken {
        None => Ok(false),
        Some(file) if file.filename == content.filename && file.digests == content.digests => {
            Ok(true)
        }
        Some(_) => Err(Refusal::bad(format!(
            "File already exists ('{}', with blake2_256 hash '{blake2b}'). See \
             https://pypi.org/help/#file-name-reuse for more information.",
            content.filename
        ))),
    }
}
