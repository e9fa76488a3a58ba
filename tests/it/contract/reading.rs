// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 37 to 39: what the index shows.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::form::Form;
use super::server::Server;

const SIMPLE: &str = "application/vnd.pypi.simple.v1+json";

pub fn simple(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let wheel = Form::wheel(&server.project, &version).add("requires_python", ">=3.8");
    server.takes(&token, &wheel);
    server.takes(&token, &Form::sdist(&server.project, &version));
    let path = format!("/simple/{}/", server.project);
    for accept in [SIMPLE, &format!("text/html;q=0.1, {SIMPLE}")] {
        let answer = server.get(&path, accept);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, SIMPLE)
        );
        assert_eq!(answer.header("vary"), "Accept");
        for header in ["etag", "x-pypi-last-serial", "cache-control"] {
            assert!(!answer.header(header).is_empty(), "{header}");
        }
    }
    for accept in ["*/*", "text/html", &format!("{SIMPLE};q=0.1, text/html")] {
        let answer = server.get(&path, accept);
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{accept}"
        );
    }
    let page = server.page(&server.project);
    assert_eq!(page["meta"]["api-version"], "1.4");
    assert!(page["meta"]["_last-serial"].is_u64());
    assert_eq!(page["name"], server.project.as_str());
    assert_eq!(page["project-status"], json!({"status": "active"}));
    assert!(
        page["versions"]
            .as_array()
            .unwrap()
            .contains(&json!(version))
    );
    let shown = server.shown(&wheel.filename).unwrap();
    let mut keys: Vec<&str> = shown
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    let expected = [
        "core-metadata",
        "data-dist-info-metadata",
        "filename",
        "hashes",
        "provenance",
        "requires-python",
        "size",
        "upload-time",
        "url",
        "yanked",
    ];
    assert_eq!(keys, expected);
    assert_eq!(shown["hashes"], json!({"sha256": wheel.sha256()}));
    assert_eq!(shown["requires-python"], ">=3.8");
    assert_eq!(shown["size"], wheel.bytes().len());
    assert_eq!(
        (&shown["yanked"], &shown["provenance"]),
        (&json!(false), &json!(null))
    );
    assert!(shown["core-metadata"]["sha256"].is_string());
    let sdist = format!("{}-{version}.tar.gz", server.project.replace('-', "_"));
    assert_eq!(server.shown(&sdist).unwrap()["core-metadata"], json!(false));
    let upper = server.project.to_uppercase();
    for moved in [
        format!("/simple/{upper}/"),
        format!("/simple/{}", server.project),
    ] {
        let answer = server.get(&moved, SIMPLE);
        assert_eq!(answer.status, 301, "{moved}");
        assert!(answer.header("location").ends_with(&path), "{answer:?}");
    }
    let missing = server.get("/simple/nobody-has-this-name/", SIMPLE);
    assert_eq!(
        (missing.status, missing.text().trim()),
        (404, "404 Not Found")
    );
    assert!(missing.header("content-type").starts_with("text/plain"));
}

pub fn status(server: &Server) {
    let form = Form::wheel(&server.project, &Server::version());
    server.takes(&server.token(), &form);
    for (status, files) in [("archived", 1), ("quarantined", 0)] {
        server.index().set_status(&server.project, status);
        let page = server.page(&server.project);
        assert_eq!(page["project-status"], json!({"status": status}));
        assert_eq!(page["files"].as_array().unwrap().len(), files);
    }
    server.index().set_status(&server.project, "active");
    server.index().yank(&form.filename, "broken");
    assert_eq!(server.shown(&form.filename).unwrap()["yanked"], "broken");
}

pub fn files(server: &Server) {
    use blake2::Blake2b;
    use blake2::digest::consts::U32;
    let token = server.token();
    let version = Server::version();
    let (wheel, sdist) = (
        Form::wheel(&server.project, &version),
        Form::sdist(&server.project, &version),
    );
    for form in [&wheel, &sdist] {
        server.takes(&token, form);
        let b = hex::encode(Blake2b::<U32>::digest(form.bytes()));
        let path = format!(
            "/packages/{}/{}/{}/{}",
            &b[..2],
            &b[2..4],
            &b[4..],
            form.filename
        );
        let url = server.shown(&form.filename).unwrap()["url"].clone();
        assert!(url.as_str().unwrap().ends_with(&path), "{url}");
        let file = server.get(&path, "*/*");
        assert_eq!(file.status, 200);
        assert!(file.body == form.bytes(), "the very bytes");
        let metadata = server.get(&format!("{path}.metadata"), "*/*");
        let shown = server.shown(&form.filename).unwrap();
        if form.filename.ends_with(".whl") {
            let sha256 = hex::encode(Sha256::digest(&metadata.body));
            assert_eq!(shown["core-metadata"]["sha256"], sha256);
            assert!(metadata.text().starts_with("Metadata-Version: "));
        } else {
            assert_eq!(metadata.status, 404);
        }
    }
}

pub fn json_api(server: &Server) {
    let token = server.token();
    let version = Server::version();
    let form = Form::wheel(&server.project, &version).add("summary", "S");
    server.takes(&token, &form);
    let project = &server.project;
    for path in [
        format!("/pypi/{project}/{version}/json"),
        format!("/pypi/{project}/{version}/json/"),
    ] {
        let answer = server.get(&path, "*/*");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json")
        );
        let body = answer.json();
        assert!(body.get("releases").is_none(), "{body}");
        assert_eq!(body["info"]["summary"], "S");
        let file = &body["urls"][0];
        assert_eq!(file["filename"], form.filename.as_str());
        assert_eq!(file["digests"]["sha256"], form.sha256());
        for name in ["md5", "blake2b_256"] {
            assert!(file["digests"][name].is_string(), "{name}");
        }
        assert_eq!(
            (&file["yanked"], &file["yanked_reason"]),
            (&json!(false), &json!(null))
        );
        assert!(file.get("provenance").is_none() && body.get("project-status").is_none());
        assert_eq!(file["packagetype"], "bdist_wheel");
    }
    let whole = server.get(&format!("/pypi/{project}/json"), "*/*").json();
    assert!(whole["releases"][&version].is_array());
    let moved = server.get(&format!("/pypi/{}/json", project.to_uppercase()), "*/*");
    assert_eq!(moved.status, 301);
    assert!(
        moved
            .header("location")
            .ends_with(&format!("/pypi/{project}/json"))
    );
    for missing in [
        "nobody-has-this-name/json",
        &format!("{project}/0.0.77/json"),
    ] {
        let answer = server.get(&format!("/pypi/{missing}"), "*/*");
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json(), json!({"message": "Not Found"}));
    }
}
