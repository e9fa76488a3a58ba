// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A stand-in for GitHub's API, as far as a run asks it about its approval:
//! the environment, the reviews, the run and a file of the repository, in the
//! shape that GitHub documents. All it says is the test's to change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::host::{Bound, Host};
use crate::oidc::random_hex;
use crate::watch::Hears;

/// The API, running until it is dropped.
pub struct GithubApi {
    base: String,
    shared: Arc<Shared>,
    host: Host,
}

struct Shared {
    base: String,
    token: String,
    state: Mutex<Facts>,
}

/// What the API answers for the repository `apache/example`.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The environment `pypi`; null for none.
    pub environment: Value,
    /// Its patterns of branches and tags.
    pub patterns: Value,
    /// All reviews of the run.
    pub reviews: Vec<Value>,
    /// How many reviews are told on a page.
    pub page: usize,
    /// The run 1.
    pub run: Value,
    /// The file `.github/workflows/release.yml`.
    pub workflow: String,
    /// The tag of the newest release of this action; none for no release.
    pub newest: Option<String>,
    /// Answers that come instead, for paths that end so.
    pub faults: Vec<Fault>,
    /// How long every answer takes.
    pub latency: Duration,
    asked: Vec<Asked>,
}

/// An answer that is none.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What the path ends with.
    pub path: &'static str,
    /// The status.
    pub status: u16,
    /// Headers beside those of every answer.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// How often; none for ever.
    pub times: Option<usize>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path, decoded.
    pub path: String,
    /// Whether it carried the token.
    pub with_token: bool,
}

impl Fault {
    /// An answer with this status, in GitHub's shape.
    pub fn new(path: &'static str, status: u16, message: &str) -> Self {
        let body = json!({
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string(),
        });
        Self {
            path,
            status,
            headers: Vec::new(),
            body: body.to_string(),
            times: None,
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same, so many times only.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }
}

/// An account as GitHub tells it.
pub fn user(login: &str, id: u64, kind: &str) -> Value {
    json!({
        "login": login,
        "id": id,
        "node_id": format!("node-{id}"),
        "type": kind,
        "site_admin": false,
    })
}

/// A review of the environment `pypi`.
pub fn review(state: &str, user: &Value, comment: &str) -> Value {
    json!({
        "state": state,
        "comment": comment,
        "environments": [{
            "id": ENVIRONMENT,
            "node_id": "EN_1",
            "name": "pypi",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }],
        "user": user,
    })
}

/// The one who starts the run.
pub fn starter() -> Value {
    user("release-manager", 11, "User")
}

/// The one who approves it.
pub fn approver() -> Value {
    user("second-person", 22, "User")
}

/// The number of the environment.
const ENVIRONMENT: u64 = 161_088_068;
const REPOSITORY: &str = "/repos/apache/example";

impl GithubApi {
    /// Starts it with a run that was approved as it should be.
    pub fn start() -> Self {
        let bound = Bound::new();
        let base = bound.base();
        let shared = Arc::new(Shared {
            base: base.clone(),
            token: format!("ghs_{}", random_hex(18)),
            state: Mutex::new(approved()),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        Self {
            base,
            shared,
            host: bound.serve(router),
        }
    }

    /// The value of `GITHUB_API_URL`.
    pub fn base(&self) -> String {
        self.base.clone()
    }

    /// The token that it takes.
    pub fn token(&self) -> String {
        self.shared.token.clone()
    }

    /// Changes what it answers.
    pub fn change(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.shared.lock());
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.lock().asked.clone()
    }

    /// Tells `hears` of every request from now on.
    pub fn watch(&self, hears: Arc<Hears>) {
        self.host.watch(hears);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Facts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn approved() -> Facts {
    Facts {
        environment: json!({
            "id": ENVIRONMENT,
            "node_id": "EN_1",
            "name": "pypi",
            "url": "https://api.github.com/repos/apache/example/environments/pypi",
            "html_url": "https://github.com/apache/example/deployments/activity_log?environments_filter=pypi",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "can_admins_bypass": false,
            "protection_rules": [
                { "id": 1, "node_id": "GA_1", "type": "wait_timer", "wait_timer": 15 },
                {
                    "id": 2,
                    "node_id": "GA_2",
                    "type": "required_reviewers",
                    "prevent_self_review": true,
                    "reviewers": [
                        { "type": "User", "reviewer": approver() },
                        {
                            "type": "Team",
                            "reviewer": { "id": 7, "name": "Example PMC", "slug": "example-pmc" },
                        },
                    ],
                },
                { "id": 3, "node_id": "GA_3", "type": "branch_policy" },
            ],
            "deployment_branch_policy": {
                "protected_branches": true,
                "custom_branch_policies": false,
            },
        }),
        patterns: json!({
            "total_count": 1,
            "branch_policies": [{ "id": 1, "node_id": "GA_4", "name": "v*", "type": "tag" }],
        }),
        reviews: vec![review("approved", &approver(), "Digest compared.")],
        page: 30,
        run: json!({
            "id": 1,
            "name": "Release",
            "repository": { "id": 5, "name": "example", "full_name": "apache/example" },
            "head_branch": "v1",
            "head_sha": "0123456789abcdef0123456789abcdef01234567",
            "path": ".github/workflows/release.yml",
            "run_number": 1,
            "event": "workflow_dispatch",
            "status": "in_progress",
            "run_attempt": 1,
            "run_started_at": "2026-01-02T03:04:05Z",
            "actor": starter(),
            "triggering_actor": starter(),
        }),
        workflow: format!(
            "name: Release\non: workflow_dispatch\njobs:\n  publish:\n    \
             runs-on: ubuntu-latest\n    environment: pypi\n    steps:\n      \
             - uses: apache/asf-pypi-publish@{} # v1.0.0\n",
            "ab".repeat(20)
        ),
        newest: None,
        faults: Vec::new(),
        latency: Duration::ZERO,
        asked: Vec::new(),
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let latency = shared.lock().latency;
    tokio::time::sleep(latency).await;
    let path = percent_decode_str(uri.path())
        .decode_utf8_lossy()
        .into_owned();
    let query = uri.query().unwrap_or_default();
    let bearer = format!("Bearer {}", shared.token);
    let with_token = headers
        .get_all("authorization")
        .iter()
        .any(|value| value.as_bytes() == bearer.as_bytes());
    let mut facts = shared.lock();
    facts.asked.push(Asked {
        path: path.clone(),
        with_token,
    });
    if let Some(fault) = fault(&mut facts, &path) {
        return fault;
    }
    // Anybody may read what is public.
    if path == "/repos/apache/asf-pypi-publish/releases/latest" {
        return match &facts.newest {
            Some(tag) => {
                json_answer(&json!({ "id": 1, "tag_name": tag, "name": tag })).into_response()
            }
            None => refusal(404, "Not Found"),
        };
    }
    if !with_token {
        return refusal(401, "Bad credentials");
    }
    let within = path.strip_prefix(REPOSITORY).unwrap_or_default();
    let found = match within {
        "/environments/pypi" => Some(facts.environment.clone()),
        "/environments/pypi/deployment-branch-policies" => Some(facts.patterns.clone()),
        "/actions/runs/1" => Some(facts.run.clone()),
        "/actions/runs/1/approvals" => return page(&facts, &shared.base, query),
        "/contents/.github/workflows/release.yml" => {
            return facts.workflow.clone().into_response();
        }
        _ => None,
    };
    match found {
        Some(value) if !value.is_null() => json_answer(&value).into_response(),
        _ => refusal(404, "Not Found"),
    }
}

fn fault(facts: &mut Facts, path: &str) -> Option<Response> {
    let fits = |fault: &Fault| path.ends_with(fault.path) && fault.times != Some(0);
    let fault = facts.faults.iter_mut().find(|fault| fits(fault))?;
    if let Some(times) = &mut fault.times {
        *times -= 1;
    }
    let status = StatusCode::from_u16(fault.status).expect("a status");
    let mut response = (status, fault.body.clone()).into_response();
    for (name, value) in &fault.headers {
        let value = value.parse().expect("the value of a header");
        response.headers_mut().insert(*name, value);
    }
    Some(response)
}

/// The reviews on the page that the query asks for, and where the next one is.
fn page(facts: &Facts, base: &str, query: &str) -> Response {
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    let number: usize = asked.and_then(|word| word.parse().ok()).unwrap_or(1);
    let start = (number - 1) * facts.page;
    let some: Vec<Value> = facts
        .reviews
        .iter()
        .skip(start)
        .take(facts.page)
        .cloned()
        .collect();
    let mut response = json_answer(&Value::from(some)).into_response();
    if start + facts.page < facts.reviews.len() {
        let next = number + 1;
        let link = format!(
            "<{base}{REPOSITORY}/actions/runs/1/approvals?per_page=100&page={next}>; rel=\"next\""
        );
        let link = link.parse().expect("the value of a header");
        response.headers_mut().insert("link", link);
    }
    response
}

fn json_answer(value: &Value) -> impl IntoResponse {
    let kind = [("content-type", "application/json; charset=utf-8")];
    (kind, value.to_string())
}

fn refusal(status: u16, message: &str) -> Response {
    let body = Fault::new("", status, message).body;
    let status = StatusCode::from_u16(status).expect("a status");
    (status, body).into_response()
}
