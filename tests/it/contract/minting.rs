// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 1 to 10: identity tokens for upload tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testbed::index::{FakeIndex, Options, Publisher};

use super::form::Form;
use super::server::Server;

pub fn audience(server: &Server) {
    let answer = server.get("/_/oidc/audience", "*/*");
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json")
    );
    assert!(answer.json()["audience"].is_string());
    for method in ["HEAD", "POST", "PUT", "DELETE"] {
        let answer = server.send(method, "/_/oidc/audience", &[], b"");
        assert_eq!(answer.status, 405, "{method}");
    }
}

pub fn switched_off(server: &Server) {
    let off = FakeIndex::start(Options::default());
    let mut without = Server::open();
    off.base()
        .trim_end_matches('/')
        .clone_into(&mut without.base);
    let answer = without.get("/_/oidc/audience", "*/*");
    assert_eq!(answer.status, 403);
    let text = "Trusted publishing functionality not enabled";
    assert_eq!(answer.json(), json!({"message": text}));
    server.index().faults(|it| it.publishing_disabled = true);
    let (code, text) = server.mint_error(&json!({}));
    assert_eq!(code, "not-enabled");
    assert_eq!(text, "github trusted publishing functionality not enabled");
}

pub fn payloads(server: &Server) {
    let path = "/_/oidc/mint-token";
    for body in [
        "",
        "no json",
        "[]",
        "{}",
        "{\"token\": 1}",
        "{\"token\": null}",
    ] {
        let answer = server.send("POST", path, &[], body.as_bytes());
        assert_eq!(answer.mint_error().0, "invalid-payload", "{body}");
    }
    for media_type in ["text/plain", "application/json", "image/png"] {
        let body = json!({"token": server.id_token(&json!({})), "more": 1}).to_string();
        let headers = [("Content-Type", media_type)];
        let answer = server.send("POST", path, &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{media_type}");
    }
    assert_eq!(server.get(path, "*/*").status, 405);
    let token = json!({"token": server.id_token(&json!({}))}).to_string();
    let alias = server.send("POST", "/_/oidc/github/mint-token", &[], token.as_bytes());
    assert_eq!(alias.status, 200);
}

pub fn garbage(server: &Server) {
    let without = URL_SAFE_NO_PAD.encode("{\"aud\": \"x\"}");
    let head = URL_SAFE_NO_PAD.encode("{\"alg\": \"RS256\", \"kid\": \"x\"}");
    for token in ["", "x", "a.b.c", &format!("{head}.{without}.c2ln")] {
        let (code, text) = server.mint(token).mint_error();
        assert_eq!(
            (code.as_str(), text.as_str()),
            ("invalid-payload", "malformed JWT")
        );
    }
    let (code, text) = server.mint_error(&json!({"iss": "https://issuer.example"}));
    assert_eq!(code, "invalid-payload");
    assert_eq!(text, "unknown trusted publishing issuer");
}

pub fn invalid_tokens(server: &Server) {
    let now = 4_000_000_000_i64;
    for claims in [
        json!({"aud": "another"}),
        json!({"aud": [server.audience()]}),
        json!({"aud": null}),
        json!({"exp": 1_000_000_000}),
        json!({"exp": null}),
        json!({"iat": now}),
        json!({"iat": null}),
        json!({"nbf": now}),
    ] {
        let (code, text) = server.mint_error(&claims);
        assert_eq!(code, "invalid-token", "{claims}");
        assert_eq!(text, "malformed or invalid token");
    }
    // Clocks may differ by 30 seconds.
    let now = claims(server)["iat"].as_i64().unwrap();
    for (claims, status) in [
        (json!({"exp": now - 15}), 200),
        (json!({"exp": now - 60}), 422),
        (json!({"nbf": now + 15}), 200),
        (json!({"nbf": now + 60}), 422),
        (json!({"nbf": null}), 200),
    ] {
        let answer = server.mint(&server.id_token(&claims));
        assert_eq!(answer.status, status, "{claims}");
    }
    let token = server.id_token(&json!({}));
    let parts: Vec<&str> = token.split('.').collect();
    let head = URL_SAFE_NO_PAD.decode(parts[0]).unwrap();
    let mut head: Value = serde_json::from_slice(&head).unwrap();
    head["kid"] = "nobody".into();
    let head = URL_SAFE_NO_PAD.encode(head.to_string());
    let none = URL_SAFE_NO_PAD.encode("{\"alg\":\"none\",\"typ\":\"JWT\"}");
    for forged in [
        format!("{head}.{}.{}", parts[1], parts[2]),
        format!("{none}.{}.", parts[1]),
        format!(
            "{}.{}.{}",
            parts[0],
            parts[1],
            URL_SAFE_NO_PAD.encode([7; 256])
        ),
    ] {
        assert_eq!(server.mint(&forged).mint_error().0, "invalid-token");
    }
    assert_eq!(server.mint(&token).status, 200, "refusals spend nothing");
}

/// The reason that stands in the sentence about a publisher that was not found.
#[track_caller]
fn reason(server: &Server, claims: &Value) -> String {
    let (code, text) = server.mint_error(claims);
    assert_eq!(code, "invalid-publisher", "{claims}: {text}");
    let text = text.strip_prefix("valid token, but no corresponding publisher (");
    text.unwrap().trim_end_matches(')').to_owned()
}

pub fn required_claims(server: &Server) {
    for name in [
        "repository",
        "repository_owner",
        "repository_owner_id",
        "job_workflow_ref",
        "jti",
        "event_name",
    ] {
        let mut claims = json!({});
        claims[name] = Value::Null;
        assert_eq!(reason(server, &claims), format!("Missing claim '{name}'"));
    }
    let empty = json!({"ref": "", "sha": ""});
    assert_eq!(reason(server, &empty), "The ref and sha claims are empty");
    let empty = json!({"job_workflow_ref": ""});
    let text = "Could not job extract workflow filename from OIDC claims";
    assert_eq!(reason(server, &empty), text);
    let text = "Publishing from a workflow invoked via 'pull_request_target' is not supported.";
    assert_eq!(
        reason(server, &json!({"event_name": "pull_request_target"})),
        text
    );
    // What only protects a template of `sub` is not looked at.
    let free = json!({"sub": "anything", "workflow_ref": "else", "made_up": 1, "actor": null});
    assert_eq!(server.mint(&server.id_token(&free)).status, 200);
}

const NOT_FOUND: &str = "Publisher with matching claims was not found";

/// The claims of the workflow as they are.
fn claims(server: &Server) -> Value {
    let token = server.id_token(&json!({}));
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

pub fn matching(server: &Server) {
    let own = claims(server);
    let text = |name: &str| own[name].as_str().unwrap().to_owned();
    let swapped = |text: String| text.replace('a', "A").replace('e', "E");
    let job = text("job_workflow_ref");
    for wrong in [
        json!({"repository": swapped(text("repository"))}),
        json!({"repository": format!("{}-fork", text("repository"))}),
        json!({"repository_owner_id": "1"}),
        json!({"job_workflow_ref": job.replace(".yml@", "-other.yml@")}),
        json!({"job_workflow_ref": job.replace(".yml@", ".YML.yml@")}),
    ] {
        assert_eq!(reason(server, &wrong), NOT_FOUND, "{wrong}");
    }
    let no_file = json!({"job_workflow_ref": "o/r/.github/workflows/file@x"});
    let text = "Could not job extract workflow filename from OIDC claims";
    assert_eq!(reason(server, &no_file), text);
    let owner = json!({"repository_owner": "somebody"});
    let text = "Check failed for required claim 'repository_owner'";
    assert_eq!(reason(server, &owner), text);
}

pub fn environments(server: &Server) {
    assert_eq!(reason(server, &json!({"environment": null})), NOT_FOUND);
    assert_eq!(reason(server, &json!({"environment": "other"})), NOT_FOUND);
    let upper = server.id_token(&json!({"environment": "PyPI"}));
    assert_eq!(server.mint(&upper).status, 200);
    // One without an environment takes what the specific one leaves.
    server.index().register(Publisher {
        environment: None,
        ..Publisher::example(&["general"])
    });
    let token = |environment: Value| {
        let answer = server.mint(&server.id_token(&json!({"environment": environment})));
        answer.json()["token"].as_str().unwrap().to_owned()
    };
    let version = Server::version();
    let (specific, general) = (token("pypi".into()), token("other".into()));
    let form = Form::wheel("general", &version);
    assert_eq!(server.upload(&specific, &form).status, 403);
    assert_eq!(server.upload(&general, &form).status, 200);
}

pub fn reusable_workflow(server: &Server) {
    let own = claims(server);
    let job = own["job_workflow_ref"].as_str().unwrap();
    let (_, file) = job.split_once("/.github/").unwrap();
    let foreign = format!("elsewhere/shared/.github/{file}");
    let found = reason(server, &json!({"job_workflow_ref": foreign}));
    let begin = "The job_workflow_ref claim does not match, expecting one of ['";
    assert!(
        found.starts_with(begin) && found.ends_with(&format!("got '{foreign}'")),
        "{found}"
    );
    let sha = own["sha"].as_str().unwrap();
    let (place, _) = job.split_once('@').unwrap();
    let by_sha = server.id_token(&json!({"job_workflow_ref": format!("{place}@{sha}")}));
    assert_eq!(server.mint(&by_sha).status, 200);
}

pub fn replay(server: &Server) {
    let jti = Server::version();
    let refused = json!({"jti": jti, "event_name": "pull_request_target"});
    reason(server, &refused);
    let token = server.id_token(&json!({"jti": jti}));
    assert_eq!(server.mint(&token).status, 200, "a refusal spends nothing");
    for again in [token, server.id_token(&json!({"jti": jti}))] {
        let (code, text) = server.mint(&again).mint_error();
        assert_eq!(code, "invalid-reuse-token");
        assert_eq!(text, "invalid token: already used");
    }
}

pub fn success(server: &Server) {
    let answer = server.mint(&server.id_token(&json!({})));
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["success"], true);
    let token = body["token"].as_str().unwrap();
    // Sorted keys, no blanks: as it is on the wire.
    let expires = body["expires"].as_i64().unwrap();
    let wire = format!("{{\"expires\":{expires},\"success\":true,\"token\":\"{token}\"}}");
    assert_eq!(answer.text().trim(), wire);
    let iat = claims(server)["iat"].as_i64().unwrap();
    assert!(
        (850..=950).contains(&(expires - iat)),
        "{expires} after {iat}"
    );
    let inner = token.strip_prefix("pypi-").unwrap();
    assert!(inner.len() >= 85 && !inner.contains(['+', '/', '=']));
    let bytes = URL_SAFE_NO_PAD.decode(inner).unwrap();
    assert_eq!(
        bytes[..2],
        [2, 1],
        "a macaroon of version 2, its location first"
    );
    let held = String::from_utf8_lossy(&bytes);
    for caveat in ["[0,", "[2,[\"", "[4,\""] {
        assert!(held.contains(caveat), "{caveat}");
    }
    let version = Server::version();
    server.takes(token, &Form::wheel(&server.project, &version));
    server.takes(token, &Form::sdist(&server.project, &version));
    let other = server.upload(token, &Form::wheel(&server.other, &version));
    assert_eq!(other.status, 403);
}

pub fn pending(server: &Server) {
    let index = server.index();
    let path = "/simple/new-one/";
    let accept = "application/vnd.pypi.simple.v1+json";
    assert_eq!(server.get(path, accept).status, 404);
    index.register_pending(Publisher::example(&["new-one"]));
    let token = server.token();
    let page = server.get(path, accept);
    assert_eq!(
        (page.status, page.json()["files"].clone()),
        (200, json!([]))
    );
    assert_eq!(
        server.upload(&token, &Form::wheel("new-one", "1.0")).status,
        200
    );
    // It is a publisher as any other now: the next token covers both.
    let form = Form::wheel(&server.project, "1.0");
    assert_eq!(server.upload(&server.token(), &form).status, 200);

    index.register_pending(Publisher::example(&["new-one"]));
    let (code, text) = server.mint_error(&json!({}));
    assert_eq!(code, "invalid-pending-publisher");
    assert_eq!(text, "valid token, but project already exists");
    server.token();

    index.prohibit("forbidden");
    for (name, text) in [
        ("forbidden", "The name 'forbidden' isn't allowed."),
        (
            "c0ntract",
            "The name 'c0ntract' is too similar to an existing project.",
        ),
        ("-x", "The name '-x' is invalid."),
        (
            "json",
            "The name 'json' isn't allowed (conflict with Python Standard Library",
        ),
    ] {
        index.register_pending(Publisher::example(&[name]));
        let (code, found) = server.mint_error(&json!({}));
        assert_eq!(code, "invalid-payload");
        assert!(found.starts_with(text), "{found}");
        assert!(!index.has_project(name));
    }
}
