// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The server under test, spoken to in plain HTTP/1.1: every byte of a request is
//! the test's own, and the reason phrase of an answer is seen.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;

use super::form::Form;

/// A long-lived token of the stand-in.
pub const USER_TOKEN: &str = "pypi-a-user-of-the-contract";

pub struct Server {
    /// Without a slash at the end.
    pub base: String,
    issuer: String,
    runner: String,
    /// The workflow may upload to it.
    pub project: String,
    /// It is there, and the workflow may not.
    pub other: String,
    /// The stand-ins, where the server is ours.
    pub inside: Option<(FakeIndex, FakeIssuer)>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The sentence of an answer to an upload, with its status.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// Code and description of a refused mint.
    #[track_caller]
    pub fn mint_error(&self) -> (String, String) {
        assert_eq!(self.status, 422, "{self:?}");
        let body = self.json();
        assert_eq!(body["message"], "Token request failed");
        assert_eq!(body["errors"].as_array().unwrap().len(), 1);
        let text = |name: &str| body["errors"][0][name].as_str().unwrap().to_owned();
        (text("code"), text("description"))
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Server {
    /// The one that the environment names, or a stand-in of its own.
    pub fn open() -> Self {
        let Some(base) = variable("INDEX_URL") else {
            return Self::with(Options::default());
        };
        let needed = |name| variable(name).unwrap_or_else(|| panic!("INDEX_URL needs {name}"));
        Self {
            base: base.trim_end_matches('/').to_owned(),
            issuer: needed("ISSUER_URL"),
            runner: needed("ISSUER_TOKEN"),
            project: variable("INDEX_PROJECT").unwrap_or_else(|| "contract".to_owned()),
            other: variable("INDEX_OTHER_PROJECT").unwrap_or_else(|| "stranger".to_owned()),
            inside: None,
        }
    }

    /// A stand-in with these options.
    pub fn with(options: Options) -> Self {
        let issuer = FakeIssuer::start();
        let index = FakeIndex::start(Options {
            issuer: Some(issuer.trust()),
            user_tokens: vec![USER_TOKEN.to_owned()],
            ..options
        });
        index.register(Publisher::example(&["contract"]));
        index.create_project("stranger");
        Self {
            base: index.base().trim_end_matches('/').to_owned(),
            issuer: issuer.request_url(),
            runner: issuer.request_token(),
            project: "contract".to_owned(),
            other: "stranger".to_owned(),
            inside: Some((index, issuer)),
        }
    }

    pub fn index(&self) -> &FakeIndex {
        &self.inside.as_ref().unwrap().0
    }

    pub fn issuer(&self) -> &FakeIssuer {
        &self.inside.as_ref().unwrap().1
    }

    /// What `ISSUER_URL` and `ISSUER_TOKEN` would say of it.
    pub fn issuer_address(&self) -> (&str, &str) {
        (&self.issuer, &self.runner)
    }

    /// A version that nobody used before.
    pub fn version() -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let next = NEXT.fetch_add(1, Ordering::SeqCst);
        format!("{}.{}.{next}", now.as_secs(), now.subsec_nanos())
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        exchange(&format!("{}{path}", self.base), method, headers, body)
    }

    pub fn get(&self, path: &str, accept: &str) -> Answer {
        self.send("GET", path, &[("Accept", accept)], b"")
    }

    /// The project's page in JSON.
    pub fn page(&self, project: &str) -> Value {
        let path = format!("/simple/{project}/");
        self.get(&path, "application/vnd.pypi.simple.v1+json")
            .json()
    }

    /// What the page says of a file.
    pub fn shown(&self, filename: &str) -> Option<Value> {
        let page = self.page(&self.project);
        let mut files = page["files"].as_array().unwrap().iter();
        files.find(|file| file["filename"] == filename).cloned()
    }

    pub fn audience(&self) -> String {
        let answer = self.get("/_/oidc/audience", "application/json").json();
        answer["audience"].as_str().unwrap().to_owned()
    }

    /// An identity token with these claims set, or left out where they are null.
    pub fn id_token(&self, claims: &Value) -> String {
        let hex = |byte: u8| format!("%{byte:02X}");
        let claims: String = claims.to_string().bytes().map(hex).collect();
        let audience = self.audience();
        let url = format!("{}&audience={audience}&claims={claims}", self.issuer);
        let authorization = format!("bearer {}", self.runner);
        let answer = exchange(&url, "GET", &[("Authorization", &authorization)], b"");
        answer.json()["value"].as_str().unwrap().to_owned()
    }

    pub fn mint(&self, id_token: &str) -> Answer {
        let body = json!({"token": id_token}).to_string();
        self.send("POST", "/_/oidc/mint-token", &[], body.as_bytes())
    }

    /// The error of a mint with these claims.
    #[track_caller]
    pub fn mint_error(&self, claims: &Value) -> (String, String) {
        self.mint(&self.id_token(claims)).mint_error()
    }

    /// A token for what the workflow may do.
    #[track_caller]
    pub fn token(&self) -> String {
        let answer = self.mint(&self.id_token(&json!({})));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub fn upload(&self, token: &str, form: &Form) -> Answer {
        let authorization = basic("__token__", token);
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Accept", "application/json"),
        ];
        self.upload_as(&headers, form)
    }

    pub fn upload_as(&self, headers: &[(&str, &str)], form: &Form) -> Answer {
        let (media_type, body) = form.encode();
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", &media_type));
        self.send("POST", "/legacy/", &headers, &body)
    }

    /// The upload is taken, and the file is shown with its digest.
    #[track_caller]
    pub fn takes(&self, token: &str, form: &Form) {
        let answer = self.upload(token, form);
        assert_eq!(answer.status, 200, "{}: {}", form.filename, answer.text());
        let shown = self.shown(&form.filename);
        let shown = shown.unwrap_or_else(|| panic!("{} is not shown", form.filename));
        assert_eq!(shown["hashes"]["sha256"], form.sha256());
    }

    /// The upload is refused with a sentence that begins so.
    #[track_caller]
    pub fn refuses(&self, token: &str, form: &Form, status: u16, begin: &str) {
        let before = self.shown(&form.filename);
        let answer = self.upload(token, form);
        assert_eq!(answer.status, status, "{begin}: {}", answer.text());
        let code = answer.code();
        let expected = format!("{status} {begin}");
        assert!(code.starts_with(&expected), "{code}\nis not\n{expected}");
        assert_eq!(self.shown(&form.filename), before, "nothing is changed");
    }
}

pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// One request on a connection of its own; status 0 where the connection ends first.
fn exchange(url: &str, method: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let rest = url.strip_prefix("http://").expect("a URL of plain HTTP");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let mut head = vec![
        format!("{method} /{path} HTTP/1.1"),
        format!("Host: {host}"),
        "Connection: close".to_owned(),
        format!("Content-Length: {}", body.len()),
    ];
    head.extend(
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    let head = head.join("\r\n");
    // The server may answer, and close, before it has read all of it.
    let _ = stream.write_all(&[head.as_bytes(), b"\r\n\r\n", body].concat());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.map_or(bytes.len(), |at| at + 4));
    // Reason phrases are Latin-1.
    let head: String = head.iter().copied().map(char::from).collect();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().splitn(3, ' ').skip(1);
    let status = first.next().and_then(|status| status.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    Answer {
        status: status.unwrap_or(0),
        reason: first.next().unwrap_or_default().to_owned(),
        headers,
        body: if chunked { joined(body) } else { body.to_vec() },
    }
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(at) = chunks.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&chunks[..at]).into_owned();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let Some(chunk) = chunks
            .get(at + 2..at + 2 + size)
            .filter(|it| !it.is_empty())
        else {
            break;
        };
        whole.extend_from_slice(chunk);
        chunks = chunks.get(at + 4 + size..).unwrap_or_default();
    }
    whole
}
