// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One upload, checked in the order of the real server: a form that fails
//! anywhere leaves nothing behind.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::checks::{self, normalize};
use super::form::{Content, Form};
use super::refusal::{Refusal, Reply};
use super::state::{Known, Shared, StoredFile, wheel_metadata};
use crate::clock;
use crate::host::Connection;

/// Who uploads.
enum Identity {
    /// A minted token: these projects (normalised) and no other.
    Publisher { projects: Vec<String>, expires: i64 },
    /// A long-lived token: any project, and new ones.
    User,
}

/// What the checks came to.
enum Checked {
    /// The very file is there already: the answer is that of a success.
    Same,
    /// To be stored; whether its version had files when the work on it began.
    New { version_existed: bool },
}

/// The body is read first: a client whose connection closes
/// while it still sends might never see the answer.
pub(super) async fn redirect(uri: Uri, _body: Bytes) -> Response {
    let query = uri.query().map(|query| format!("?{query}"));
    let target = format!("/legacy/{}", query.unwrap_or_default());
    let message = "An upload was attempted to /legacy but the expected upload URL is /legacy/ \
                   (with a trailing slash)";
    (
        StatusCode::PERMANENT_REDIRECT,
        [(header::LOCATION, target)],
        message,
    )
        .into_response()
}

pub(super) async fn upload(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let reply = Reply::of(request.headers());
    let headers = request.headers().clone();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let form = match Form::read(request).await {
        Ok(Ok(form)) => form,
        Ok(Err(refusal)) | Err(refusal) => return reply.refuse(&refusal),
    };
    if let Some(response) = next_fault(&shared, &connection, reply) {
        return response;
    }
    let _working = Working::begin(&shared);
    let checked = {
        let state = shared.lock();
        check(&state, &shared, &headers, &query, &form)
    };
    // The work is done on the state of its beginning, as in a transaction.
    tokio::time::sleep(shared.options.latency).await;
    let committed = checked.and_then(|checked| {
        let mut state = shared.lock();
        commit(&mut state, form, &checked)?;
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
        Err(refusal) => reply.refuse(&refusal),
    }
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
    checks::check_form(form)?;
    let content = form
        .content
        .as_ref()
        .ok_or_else(|| Refusal::bad("Upload payload does not have a file."))?;
    let project = form.get("name").unwrap_or_default();
    permit(state, &identity, project)?;
    let version = form.get("version").unwrap_or_default();
    let version_existed = state.has_version(project, version);
    checks::check_content(form, content, shared.options.file_size_limit)?;
    if is_duplicate(state, content)? {
        return Ok(Checked::Same);
    }
    if state.burnt.contains(&content.filename) {
        return Err(Refusal::bad(
            "This filename was previously used by a file that has since been deleted. Use a \
             different version. See https://pypi.org/help/#file-name-reuse for more information.",
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
    checks::check_filename(form, &content.filename)?;
    Ok(Checked::New { version_existed })
}

/// Stores the file, unless another upload was faster.
fn commit(state: &mut Known, form: Form, checked: &Checked) -> Result<(), Refusal> {
    let Checked::New { version_existed } = checked else {
        return Ok(());
    };
    let project = form.get("name").unwrap_or_default().to_owned();
    let version = form.get("version").unwrap_or_default().to_owned();
    let field = |name: &str| form.get(name).map(str::to_owned);
    let (filetype, pyversion) = (field("filetype"), field("pyversion"));
    let (summary, requires_python) = (field("summary"), field("requires_python"));
    let Some(content) = form.content else {
        return Err(Refusal::bad("Upload payload does not have a file."));
    };
    let overtaken = !version_existed && state.has_version(&project, &version);
    if overtaken || state.file(&content.filename).is_some() {
        return Err(Refusal::new(500, "Internal Server Error"));
    }
    let hidden_reads = state.faults.hidden_reads;
    state.store(
        &project,
        StoredFile {
            metadata: wheel_metadata(&content.filename, &content.body),
            filename: content.filename,
            version,
            filetype: filetype.unwrap_or_default(),
            pyversion: pyversion.unwrap_or_else(|| "source".to_owned()),
            summary: summary.unwrap_or_default(),
            requires_python,
            digests: content.digests,
            body: content.body,
            uploaded: clock::now(),
            yanked: None,
            hidden_reads,
        },
    );
    Ok(())
}

fn identify(
    state: &Known,
    user_tokens: &[String],
    headers: &HeaderMap,
) -> Result<Identity, Refusal> {
    let unknown = || {
        Refusal::new(
            403,
            "Invalid or non-existent authentication information. See \
             https://pypi.org/help/#invalid-auth for more information.",
        )
    };
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let (scheme, value) = authorization
        .and_then(|value| value.split_once(' '))
        .ok_or_else(unknown)?;
    let token = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => value.trim().to_owned(),
        "basic" => {
            let decoded = BASE64.decode(value.trim()).map_err(|_| unknown())?;
            let decoded = String::from_utf8(decoded).map_err(|_| unknown())?;
            let (user, password) = decoded.split_once(':').ok_or_else(unknown)?;
            if user != "__token__" {
                return Err(Refusal::new(
                    403,
                    "Username/Password authentication is no longer supported. Migrate to API \
                     Tokens or Trusted Publishers instead. See https://pypi.org/help/#apitoken \
                     and https://pypi.org/help/#trusted-publishers",
                ));
            }
            password.trim().to_owned()
        }
        _ => return Err(unknown()),
    };
    if user_tokens.contains(&token) {
        return Ok(Identity::User);
    }
    let mut minted = state.tokens.iter();
    minted
        .find(|minted| minted.value == token)
        .map(|minted| Identity::Publisher {
            projects: minted.projects.clone(),
            expires: minted.expires,
        })
        .ok_or_else(unknown)
}

/// Whether this identity may upload to the project.
fn permit(state: &Known, identity: &Identity, project: &str) -> Result<(), Refusal> {
    let known = state.project(project);
    match identity {
        Identity::Publisher { projects, expires } => {
            let Some(known) = known else {
                return Err(Refusal::bad(
                    "Non-user identities cannot create new projects. This was probably caused by \
                     successfully using a pending publisher but specifying the project name \
                     incorrectly (either in the publisher or in your project's metadata). Please \
                     ensure that both match. See: \
                     https://docs.pypi.org/trusted-publishers/troubleshooting/",
                ));
            };
            let mut reasons = Vec::new();
            if clock::now() >= *expires {
                reasons.push("token is expired".to_owned());
            }
            if !projects.contains(&normalize(project)) {
                reasons.push(format!(
                    "OIDC scoped token is not valid for project '{project}'"
                ));
                reasons.push(format!(
                    "project-scoped token is not valid for project: '{project}'"
                ));
            }
            if !reasons.is_empty() {
                // The caveats stand in the token and beside it, so each speaks twice.
                let once = reasons.join(", ");
                return Err(Refusal::new(
                    403,
                    format!("Invalid API Token: {once}, {once}"),
                ));
            }
            if known.status != "active" {
                return Err(Refusal::new(
                    403,
                    format!(
                        "The given token isn't allowed to upload to project '{project}'. See \
                         https://pypi.org/help/#project-name for more information."
                    ),
                ));
            }
        }
        Identity::User => {
            if known.is_some_and(|known| known.status == "archived") {
                return Err(Refusal::new(
                    403,
                    format!("The user 'user' isn't allowed to upload to project '{project}'."),
                ));
            }
        }
    }
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
