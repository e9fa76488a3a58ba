// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 11 to 17, 31 and 40: addresses, who signs in, how errors are worded.

use testbed::index::{Options, narrowed};

use super::form::Form;
use super::server::{Answer, Server, USER_TOKEN, basic};

const UNKNOWN: &str = "403 Invalid or non-existent authentication information. See ";

pub fn addresses(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let (media_type, body) = form.encode();
    let authorization = basic("__token__", &token);
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", media_type.as_str()),
        ("Accept", "application/json"),
    ];
    let moved = server.send("POST", "/legacy", &headers, &body);
    assert_eq!(moved.status, 308);
    assert!(moved.header("location").ends_with("/legacy/"), "{moved:?}");
    let begin = "An upload was attempted to /legacy but the expected upload URL is /legacy/";
    assert!(moved.reason.starts_with(begin), "{}", moved.reason);
    let no_action = form.clone().without(":action");
    assert_eq!(server.upload(&token, &no_action).status, 405);
    let unknown = form.clone().set(":action", "dance");
    assert_eq!(server.upload(&token, &unknown).status, 405);
    for action in ["submit", "submit_pkg_info", "doc_upload"] {
        let answer = server.upload(&token, &form.clone().set(":action", action));
        assert_eq!(answer.status, 410, "{action}");
    }
    assert_eq!(server.shown(&form.filename), None);
    let (_, body) = no_action.encode();
    let in_query = server.send("POST", "/legacy/?:action=file_upload", &headers, &body);
    assert_eq!(in_query.status, 200, "{}", in_query.text());
    assert_eq!(server.send("PUT", "/legacy/", &headers, &body).status, 405);
    assert_eq!(
        server
            .send("POST", "/pypi?:action=file_upload", &headers, &body)
            .status,
        410
    );
}

pub fn signing_in(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let form = Form::wheel(&server.project, &version);
    let send = |authorization: Option<&str>| {
        let mut headers = vec![("Accept", "application/json")];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        server.upload_as(&headers, &form)
    };
    let broken = format!("Bearer {}x", &token[..token.len() - 20]);
    for wrong in [
        None,
        Some("Bearer pypi-nothing"),
        Some(broken.as_str()),
        Some("Basic !!!"),
        Some("Digest x"),
        Some(&basic("__token__", "")),
    ] {
        let answer = send(wrong);
        assert_eq!(answer.status, 403, "never 401");
        assert!(answer.code().starts_with(UNKNOWN), "{}", answer.code());
        assert_eq!(answer.header("www-authenticate"), "");
    }
    let answer = send(Some(&basic("somebody", &token)));
    assert_eq!(answer.status, 403);
    let begin = "403 Username/Password authentication is no longer supported.";
    assert!(answer.code().starts_with(begin), "{}", answer.code());
    for right in [
        basic("__token__", &token),
        basic("__token__", &format!(" {token}\n")),
        format!("Bearer {token}"),
        format!("Token {token}"),
        format!("bearer {token}"),
    ] {
        assert_eq!(send(Some(&right)).status, 200, "{}", &right[..6]);
    }
}

/// A refusal whose sentence has characters that HTML escapes.
fn refused(server: &Server, accept: Option<&str>) -> Answer {
    let token = server.token();
    let form = Form::wheel(&server.project, "1.0+<b>");
    let authorization = basic("__token__", &token);
    let mut headers = vec![("Authorization", authorization.as_str())];
    headers.extend(accept.map(|accept| ("Accept", accept)));
    server.upload_as(&headers, &form)
}

pub fn negotiation(server: &Server) {
    let sentence = "400 '1.0+<b>' is invalid for 'version'. See https://packaging.python.org/";
    for accept in ["application/json", "text/html;q=0.5, application/json"] {
        let answer = refused(server, Some(accept));
        assert_eq!(
            answer.header("content-type").split(';').next(),
            Some("application/json")
        );
        let body = answer.json();
        assert!(answer.code().starts_with(sentence), "{body}");
        assert_eq!(body["title"], "Bad Request");
        let message = body["message"].as_str().unwrap();
        assert!(message.ends_with(&format!("\n\n\n{}\n\n", &answer.code()[4..])));
        assert_eq!(format!("400 {}", answer.reason), answer.code());
    }
    for accept in ["*/*", "text/html", "application/json, text/html"] {
        let answer = refused(server, Some(accept));
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{accept}"
        );
        let text = answer.text();
        assert!(text.contains(&format!("<title>{sentence}")), "{text}");
        assert!(text.contains("1.0+&lt;b&gt;"), "{text}");
    }
    for accept in [None, Some("image/png")] {
        let answer = refused(server, accept);
        assert!(answer.header("content-type").starts_with("text/plain"));
        assert!(answer.text().starts_with(sentence), "{}", answer.text());
    }
    let form = Form::wheel(&server.project, &Server::version());
    let token = server.token();
    for again in [false, true] {
        let answer = server.upload(&token, &form);
        assert_eq!(
            (answer.status, answer.reason.as_str()),
            (200, "OK"),
            "again: {again}"
        );
        let expected = "{\"code\":\"200 OK\",\"message\":\"\\n\\n\\n\\n\\n\",\"title\":\"OK\"}";
        assert_eq!(
            answer.json(),
            serde_json::from_str::<serde_json::Value>(expected).unwrap()
        );
    }
}

pub fn silent_reason(server: &Server) {
    server.index().faults(|it| it.silent_reasons = true);
    let answer = refused(server, Some("application/json"));
    assert_eq!((answer.status, answer.reason.as_str()), (400, ""));
    assert!(answer.code().starts_with("400 '1.0+<b>' is invalid"));
}

pub fn expiry(server: &Server) {
    let token = server.token();
    server.index().expire_tokens();
    let form = Form::wheel(&server.project, &Server::version());
    let sentence = "Invalid API Token: token is expired, token is expired";
    server.refuses(&token, &form, 403, sentence);
    // What is wrong with the form is said first: the body was read.
    let wrong = form.set("metadata_version", "9");
    server.refuses(&token, &wrong, 400, "'9' is not a valid metadata version.");
    let short = Server::with(Options {
        token_lifetime: std::time::Duration::ZERO,
        ..Options::default()
    });
    let form = Form::wheel(&short.project, "1.0");
    short.refuses(&short.token(), &form, 403, sentence);
}

pub fn attenuated(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let past = narrowed(&token, "[0,1,0]");
    server.refuses(&past, &form, 403, "Invalid API Token: token is expired");
    let other = narrowed(&token, "[1,[\"another\"]]");
    server.refuses(&other, &form, 403, "Invalid API Token: ");
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    server.refuses(
        &forged,
        &form,
        403,
        "Invalid API Token: signatures do not match",
    );
    server.takes(&narrowed(&token, "[0,4000000000,0]"), &form);
}

pub fn other_projects(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let other = &server.other;
    let once = format!(
        "OIDC scoped token is not valid for project '{other}', project-scoped token is not \
         valid for project: '{other}'"
    );
    let sentence = format!("Invalid API Token: {once}, {once}");
    let form = Form::wheel(other, &version);
    let answer = server.upload(&token, &form);
    assert_eq!(
        (answer.status, answer.code()),
        (403, format!("403 {sentence}"))
    );
    let unknown = Form::wheel("nobody-has-this-name", &version);
    let answer = server.upload(&token, &unknown);
    assert_eq!(answer.status, 400);
    let begin = "400 Non-user identities cannot create new projects. This was probably caused by";
    assert!(answer.code().starts_with(begin), "{}", answer.code());
    assert_eq!(
        server.get("/simple/nobody-has-this-name/", "*/*").status,
        404
    );
}

pub fn closed_projects(server: &Server) {
    let form = Form::wheel(&server.project, &Server::version());
    for status in ["archived", "quarantined"] {
        server.index().set_status(&server.project, status);
        let text = "The given token isn't allowed to upload to project 'contract'. See https://";
        server.refuses(&server.token(), &form, 403, text);
    }
    server.index().set_status(&server.project, "active");
    server.takes(&server.token(), &form);
}

pub fn odd_parts(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let odd = form.clone().with_file_part("summary");
    server.refuses(&token, &odd, 400, "summary: Should not be a tuple.");
    // It is said before anything else, the token too.
    server.refuses("pypi-none", &odd, 400, "summary: Should not be a tuple.");
    let image = form.clone().with_media_type("image/png");
    server.refuses(&token, &image, 400, "Invalid distribution file.");
    let none = form.clone().without_content();
    server.refuses(&token, &none, 400, "Upload payload does not have a file.");
    server.takes(&token, &form.with_file_part("gpg_signature"));
}

pub fn faults(server: &Server) {
    let index = server.index();
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    index.faults(|it| it.read_only = true);
    let text = "Read-only mode: Uploads are temporarily disabled.";
    server.refuses("pypi-none", &form, 403, text);
    index.faults(|it| (it.read_only, it.uploads_disabled) = (false, true));
    let text = "New uploads are temporarily disabled. See ";
    server.refuses(&token, &form, 403, text);
    index.faults(|it| it.uploads_disabled = false);

    index.faults(|it| it.too_many_projects = true);
    let new = Form::wheel("a-new-one", "1.0");
    let answer = server.upload(USER_TOKEN, &new);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "429 Too many new projects created")
    );
    assert!(!answer.header("ratelimit").is_empty() && answer.header("retry-after").is_empty());
    assert!(!index.has_project("a-new-one"));
    index.faults(|it| (it.too_many_projects, it.registration_disabled) = (false, true));
    let text = "403 New project registration temporarily disabled. See ";
    assert!(server.upload(USER_TOKEN, &new).code().starts_with(text));
    index.faults(|it| it.registration_disabled = false);

    for status in [500, 502, 503] {
        index.faults(|it| it.upload_statuses.push_back((status, Some(1))));
        let answer = server.upload(&token, &form);
        assert_eq!((answer.status, answer.header("retry-after")), (status, "1"));
    }
    assert_eq!(server.shown(&form.filename), None);
    index.faults(|it| it.cut_before_commit = 1);
    assert_eq!(server.upload(&token, &form).status, 0);
    assert_eq!(server.shown(&form.filename), None);
    index.faults(|it| it.cut_after_commit = 1);
    assert_eq!(server.upload(&token, &form).status, 0);
    let shown = server.shown(&form.filename);
    assert!(shown.is_some(), "it was stored all the same");
    server.takes(&token, &form);
    assert_eq!(server.shown(&form.filename), shown);
}

pub fn nothing_else(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    server.takes(&token, &form);
    let shown = server.shown(&form.filename).unwrap();
    let project = &server.project;
    let file = shown["url"].as_str().unwrap();
    let file = file
        .split_once("/packages/")
        .map(|(_, rest)| format!("/packages/{rest}"));
    let authorization = format!("token {token}");
    let headers = [("Authorization", authorization.as_str())];
    for path in [
        format!("/manage/project/{project}/releases/"),
        format!("/manage/project/{project}/release/1.0/"),
        format!("/manage/project/{project}/settings/"),
        "/manage/account/publishing/".to_owned(),
        format!("/simple/{project}/"),
        format!("/pypi/{project}/json"),
        file.unwrap(),
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let body = b"confirm_yank_version=1.0";
            let status = server.send(method, &path, &headers, body).status;
            assert!((300..500).contains(&status), "{method} {path}: {status}");
        }
    }
    assert_eq!(server.shown(&form.filename), Some(shown));
}
