// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A stand-in for PyPI: trusted publishing, the upload form, the Simple and the
//! JSON API and the files, as the real server answers them.
//!
//! It keeps the contract that `tests/it/contract.rs` lists and proves. What it
//! lacks: scanners for encrypted code, a renderer of descriptions, and the list of
//! SPDX licenses. Which Sigstore stands behind attestations, tests say; they set
//! its faults and its clock, and read what it saw.

mod archive;
mod attestations;
mod checks;
mod fields;
mod filename;
mod form;
mod macaroon;
mod mint;
mod permission;
mod provenance;
mod read;
mod refusal;
mod registration;
mod release;
mod state;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

use sha2::Digest as _;

use crate::host::{Bound, Host};
use crate::oidc::Trust;
use crate::sigstore::Anchors;
use crate::watch::Hears;
pub use macaroon::narrowed;
use release::Release;
pub use state::{Faults, FileRecord, Seen};
use state::{Shared, StoredFile};

/// How the index is set up; the tests change the rest while it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The audience it names and demands.
    pub audience: String,
    /// Whose identity tokens it takes; none: trusted publishing is off (403).
    pub issuer: Option<Trust>,
    /// Long-lived tokens that may upload to any project and create projects, for
    /// other clients.
    pub user_tokens: Vec<String>,
    /// How long the index works on one upload after it has read it.
    pub latency: Duration,
    /// The biggest file, in bytes.
    pub file_size_limit: u64,
    /// All files of one project, in bytes.
    pub project_size_limit: u64,
    /// Whether it looks into archives, as the real one does. What measures an
    /// upload of big files may spare the machine that.
    pub reads_archives: bool,
    /// How long a minted token holds.
    pub token_lifetime: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            audience: "stand-in".to_owned(),
            issuer: None,
            user_tokens: Vec::new(),
            latency: Duration::ZERO,
            file_size_limit: 4 << 30,
            project_size_limit: 1 << 40,
            reads_archives: true,
            token_lifetime: Duration::from_secs(900),
        }
    }
}

/// A registered trusted publisher: which workflow may upload to which projects.
#[derive(Clone, Debug, Default)]
pub struct Publisher {
    /// The owner of the repository.
    pub owner: String,
    /// The repository, without its owner.
    pub repository: String,
    /// The file name of the workflow.
    pub workflow: String,
    /// The environment, or none for any.
    pub environment: Option<String>,
    /// The projects, in any spelling.
    pub projects: Vec<String>,
}

impl Publisher {
    /// `apache/example`, `release.yml`, environment `pypi`: the claims that the
    /// stand-in issuer gives when a test sets none.
    pub fn example(projects: &[&str]) -> Self {
        Self {
            owner: "apache".to_owned(),
            repository: "example".to_owned(),
            workflow: "release.yml".to_owned(),
            environment: Some("pypi".to_owned()),
            projects: projects.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// The name under which tokens know it: the same for the same workflow.
    pub(crate) fn id(&self) -> String {
        let environment = self.environment.as_deref().unwrap_or("*");
        let all = format!(
            "{}/{}/{}@{environment}",
            self.owner, self.repository, self.workflow
        );
        hex::encode(&sha2::Sha256::digest(all)[..16])
    }
}

/// The index, running until it is dropped.
pub struct FakeIndex {
    shared: Arc<Shared>,
    host: Host,
}

impl FakeIndex {
    /// Starts it, empty.
    pub fn start(options: Options) -> Self {
        let bound = Bound::new();
        let shared = Arc::new(Shared::new(bound.base(), options));
        let router = router(Arc::clone(&shared));
        Self {
            shared,
            host: bound.serve(router),
        }
    }

    /// Tells `hears` of every request from now on.
    pub fn watch(&self, hears: Arc<Hears>) {
        self.host.watch(hears);
    }

    /// The base URL, with a slash at the end.
    pub fn base(&self) -> String {
        format!("{}/", self.shared.base)
    }

    /// Where the Simple API begins, for `pip --index-url`.
    pub fn simple_url(&self) -> String {
        format!("{}/simple/", self.shared.base)
    }

    /// Where it takes uploads.
    pub fn upload_url(&self) -> String {
        format!("{}/legacy/", self.shared.base)
    }

    /// Registers a publisher; its projects are created.
    pub fn register(&self, publisher: Publisher) {
        self.shared.lock().register(publisher);
    }

    /// Registers a publisher of a project that does not exist yet: the first mint
    /// creates it.
    pub fn register_pending(&self, publisher: Publisher) {
        self.shared.lock().pending.push(publisher);
    }

    /// Creates a project without files.
    pub fn create_project(&self, name: &str) {
        self.shared.lock().create_project(name);
    }

    /// Sets a project's status: `active`, `archived` or `quarantined`.
    pub fn set_status(&self, name: &str, status: &str) {
        let mut state = self.shared.lock();
        state.create_project(name).status = status.to_owned();
    }

    /// Burns a file name, as a file that was uploaded and deleted does.
    pub fn burn(&self, filename: &str) {
        self.shared.lock().burnt.insert(filename.to_owned());
    }

    /// Puts a file there without any check, and its project with it, at the
    /// time of the index's clock.
    pub fn preload(&self, project: &str, filename: &str, bytes: &[u8]) {
        let mut file = StoredFile::preloaded(filename, bytes);
        let mut state = self.shared.lock();
        state.create_project(project);
        let mut release = Release::preloaded(&file.version);
        file.uploaded = state.now();
        release.created = state.now();
        state.store(project, file, release);
    }

    /// Checks attestations in full from now on, against this Sigstore. Before
    /// that, nobody looks at who stands behind a certificate and at the log.
    pub fn trust_sigstore(&self, anchors: Anchors) {
        self.shared.lock().anchors = Some(anchors);
    }

    /// Shows this as the provenance of a file from now on, whatever it is; none
    /// for a file without any.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn set_provenance(&self, filename: &str, provenance: Option<serde_json::Value>) {
        let mut state = self.shared.lock();
        let file = state.file_mut(filename).expect("a file of this name");
        file.provenance = provenance;
    }

    /// Marks a file as yanked.
    pub fn yank(&self, filename: &str, reason: &str) {
        self.shared.lock().yank(filename, reason);
    }

    /// The files of a project, sorted by name.
    pub fn files(&self, project: &str) -> Vec<FileRecord> {
        self.shared.lock().records(project)
    }

    /// The bytes of a file.
    pub fn contents(&self, filename: &str) -> Option<Vec<u8>> {
        let body = self.shared.lock().file(filename)?.body.clone();
        body.read().ok()
    }

    /// Whether the project exists, even without files.
    pub fn has_project(&self, name: &str) -> bool {
        self.shared.lock().project(name).is_some()
    }

    /// Every request, in the order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.lock().seen.clone()
    }

    /// The form of every upload that came whole, by the name of its file: names
    /// and values of all other fields as they were sent.
    pub fn forms(&self) -> Vec<(String, Vec<(String, String)>)> {
        self.shared.lock().forms.clone()
    }

    /// How many requests this method and path (without the query) had.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let state = self.shared.lock();
        let same = |seen: &&Seen| {
            seen.method == method && seen.path.split('?').next().unwrap_or_default() == path
        };
        state.seen.iter().filter(same).count()
    }

    /// How many tokens were minted.
    pub fn minted(&self) -> usize {
        self.shared.lock().tokens.len()
    }

    /// Every token that would let somebody upload: none may appear in a log.
    pub fn tokens(&self) -> Vec<String> {
        let state = self.shared.lock();
        let minted = state.tokens.iter().map(|token| token.value.clone());
        minted
            .chain(self.shared.options.user_tokens.iter().cloned())
            .collect()
    }

    /// Lets all minted tokens expire now.
    pub fn expire_tokens(&self) {
        for token in &mut self.shared.lock().tokens {
            token.expired = true;
        }
    }

    /// Sets the index's clock ahead of the machine's, by so many days.
    pub fn set_days_ahead(&self, days: i64) {
        self.shared.lock().ahead = days * 86_400;
    }

    /// Forbids the name to new projects.
    pub fn prohibit(&self, name: &str) {
        let name = checks::normalize(name);
        self.shared.lock().prohibited.insert(name);
    }

    /// Adds a classifier to those that it knows.
    pub fn know_classifier(&self, classifier: &str) {
        let mut state = self.shared.lock();
        state.newer_classifiers.push(classifier.to_owned());
    }

    /// The most uploads that the index ever worked on at once.
    pub fn most_uploads_at_once(&self) -> usize {
        self.shared.lock().most_in_flight
    }

    /// Changes the faults to come.
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.lock().faults);
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_/oidc/audience", get(mint::audience).head(not_allowed))
        .route("/_/oidc/mint-token", post(mint::mint))
        .route("/_/oidc/github/mint-token", post(mint::mint))
        .route("/legacy", post(upload::redirect))
        .route("/legacy/", post(upload::upload).get(upload::nothing_here))
        .route("/pypi", post(upload::moved_away))
        .route("/simple/", get(read::projects))
        .route("/simple/{name}", get(read::project_without_slash))
        .route("/simple/{name}/", get(read::project))
        .route("/pypi/{name}/json", get(read::json_project))
        .route("/pypi/{name}/json/", get(read::json_project))
        .route("/pypi/{name}/{version}/json", get(read::json_release))
        .route("/pypi/{name}/{version}/json/", get(read::json_release))
        .route(
            "/integrity/{name}/{version}/{filename}/provenance",
            get(provenance::show).head(not_allowed),
        )
        .route("/manage/{*path}", any(sign_in))
        .route("/packages/{a}/{b}/{rest}/{filename}", get(read::file))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 Not Found").into_response() })
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), record))
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

async fn not_allowed() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// The pages of people: a token is no session.
async fn sign_in(request: Request) -> Response {
    if request.method() == Method::GET {
        let to = [(header::LOCATION, "/account/login/")];
        return (StatusCode::SEE_OTHER, to).into_response();
    }
    (StatusCode::BAD_REQUEST, "400 Bad CSRF Token").into_response()
}

async fn record(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let seen = Seen {
        method: request.method().to_string(),
        path: request
            .uri()
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        headers: headers.collect(),
    };
    shared.lock().seen.push(seen);
    next.run(request).await
}
