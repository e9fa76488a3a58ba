// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Items 32 to 36: attestations (PEP 740). Those made here have no authority
//! behind them: a server that checks the certificate's chain or the public log
//! refuses all of them, and is no server for these items.

use serde_json::{Value, json};
use testbed::attestation::{Attester, PUBLISH, SLSA};

use super::form::Form;
use super::server::{Server, USER_TOKEN};

fn attester() -> Attester {
    Attester::github("apache/example", "release.yml")
}

fn attested(form: &Form, attestations: &Value) -> Form {
    form.clone().set("attestations", &attestations.to_string())
}

fn good(form: &Form) -> Value {
    attester().attest(PUBLISH, &form.filename, form.bytes())
}

#[track_caller]
fn refuses(server: &Server, token: &str, form: &Form, text: &str) {
    let begin = format!("Invalid attestations supplied during upload: {text}");
    server.refuses(token, form, 400, &begin);
}

pub fn sets(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let one = good(&form);
    let slsa = attester().attest(SLSA, &form.filename, form.bytes());
    for (text, problem) in [
        ("no json".to_owned(), "Malformed attestations: "),
        ("{}".to_owned(), "Malformed attestations: "),
        ("[{}]".to_owned(), "Malformed attestations: "),
        (
            "[]".to_owned(),
            "Malformed attestations: an empty attestation set is not permitted",
        ),
        (
            json!([one, slsa, one]).to_string(),
            "A maximum of 2 attestations per file are supported",
        ),
        (
            json!([one, good(&form)]).to_string(),
            "Multiple attestations for the same file with the same predicate type (https://",
        ),
    ] {
        refuses(
            server,
            &token,
            &form.clone().set("attestations", &text),
            problem,
        );
    }
    server.takes(&token, &attested(&form, &json!([one, slsa])));
}

pub fn users(server: &Server) {
    let form = Form::wheel(&server.project, &Server::version());
    let attested = attested(&form, &json!([good(&form)]));
    let text = "Attestations are only supported when using Trusted Publishing";
    refuses(server, USER_TOKEN, &attested, text);
    server.takes(USER_TOKEN, &form);
    // Switched off, the field is ignored.
    server.index().faults(|it| it.attestations_disabled = true);
    let form = Form::wheel(&server.project, &Server::version());
    server.takes(
        &server.token(),
        &form.clone().add("attestations", "no json"),
    );
    let version = form.filename.split('-').nth(1).unwrap().to_owned();
    let path = format!(
        "/integrity/{}/{version}/{}/provenance",
        server.project, form.filename
    );
    let answer = server.get(&path, "*/*");
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json(),
        json!({"message": "Attestations temporarily disabled"})
    );
}

const FAILED: &str =
    "Could not verify the uploaded artifact using the included attestation: Verification failed: ";

pub fn structure(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let entry = "/verification_material/transparency_entries/0";
    for (path, value, problem) in [
        ("/version", json!(2), "Malformed attestations: "),
        (
            "/verification_material/certificate",
            json!("?"),
            "Malformed attestations: ",
        ),
        (
            "/verification_material/transparency_entries",
            json!([]),
            "Malformed attestations: ",
        ),
        (
            "/envelope/signature",
            Value::Null,
            "Malformed attestations: ",
        ),
        (
            "/verification_material/certificate",
            json!("AAAA"),
            "Unknown error while trying to verify included attestations: invalid X.509 certificate",
        ),
    ] {
        let mut bent = good(&form);
        *bent.pointer_mut(path).unwrap() = value;
        refuses(server, &token, &attested(&form, &json!([bent])), problem);
    }
    for (name, value, problem) in [
        (
            "integratedTime",
            Value::Null,
            "not enough sources of verified time",
        ),
        (
            "inclusionPromise",
            Value::Null,
            "not enough sources of verified time",
        ),
        (
            "inclusionProof",
            Value::Null,
            "entry must contain inclusion proof",
        ),
        (
            "kindVersion",
            json!({"kind": "intoto", "version": "0.0.2"}),
            "Unsupported DSSE log entry type: intoto/0.0.2",
        ),
    ] {
        let mut bent = good(&form);
        bent.pointer_mut(entry).unwrap()[name] = value;
        let text = format!("{FAILED}{problem}");
        refuses(server, &token, &attested(&form, &json!([bent])), &text);
    }
    let subject = |name: &str, sha256: &str| json!({"name": name, "digest": {"sha256": sha256}});
    let right = subject(&form.filename, &form.sha256());
    for (subjects, kind, problem) in [
        (
            json!([right, right]),
            PUBLISH,
            "too many subjects in statement (must be exactly one)",
        ),
        (
            json!([subject("else-1.0.tar.gz", &form.sha256())]),
            PUBLISH,
            "subject does not match distribution name: else-1.0.tar.gz != ",
        ),
        (
            json!([subject(&form.filename, &"0".repeat(64))]),
            PUBLISH,
            "subject does not match distribution digest",
        ),
        (
            json!([right]),
            "https://x.org/v1",
            "unknown attestation type: https://x.org/v1",
        ),
    ] {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": kind,
            "predicate": null,
        });
        let bent = attester().sign(&statement);
        let text = format!("{FAILED}{problem}");
        refuses(server, &token, &attested(&form, &json!([bent])), &text);
    }
    // What nobody knows is ignored, and not kept.
    let mut more = good(&form);
    more["made_up"] = json!(1);
    server.takes(&token, &attested(&form, &json!([more])));
}

pub fn policy(server: &Server) {
    let token = server.token();
    let form = Form::wheel(&server.project, &Server::version());
    let change = |change: fn(&mut Attester)| {
        let mut who = attester();
        change(&mut who);
        who.attest(PUBLISH, &form.filename, form.bytes())
    };
    for (bent, problem) in [
        (
            change(|it| "https://github.com/Apache/example".clone_into(&mut it.repository)),
            "Certificate's OIDCSourceRepositoryURI does not match (got ",
        ),
        (
            change(|it| "https://issuer.example".clone_into(&mut it.issuer)),
            "Certificate's OIDCIssuer",
        ),
        (
            change(|it| it.build_config = it.build_config.replace("release", "other")),
            "Certificate's Build Config URI (https://github.com/apache/example/.github/workflows/\
             other.yml@refs/tags/v1) does not match expected Trusted Publisher (release.yml @ \
             apache/example)",
        ),
        (
            change(|it| "refs/tags/v2".clone_into(&mut it.reference)),
            "Certificate's Build Config URI (",
        ),
    ] {
        let text = format!("{FAILED}{problem}");
        refuses(server, &token, &attested(&form, &json!([bent])), &text);
    }
    // The signature of another envelope.
    let mut swapped = good(&form);
    swapped["envelope"]["signature"] = good(&form)["envelope"]["signature"].clone();
    refuses(server, &token, &attested(&form, &json!([swapped])), FAILED);
    // By the commit instead of the ref.
    let by_commit = change(|it| {
        it.build_config = it.build_config.replace("refs/tags/v1", &it.digest);
    });
    server.takes(&token, &attested(&form, &json!([by_commit])));
}

pub fn later(server: &Server) {
    let token = server.token();
    let plain = Form::wheel(&server.project, &Server::version());
    server.takes(&token, &plain);
    server.takes(&token, &attested(&plain, &json!([good(&plain)])));
    server.takes(&token, &plain.clone().add("attestations", "no json"));
    assert_eq!(
        server.shown(&plain.filename).unwrap()["provenance"],
        Value::Null
    );
    let form = Form::wheel(&server.project, &Server::version());
    server.takes(&token, &attested(&form, &json!([good(&form)])));
    let shown = server.shown(&form.filename);
    server.takes(&token, &attested(&form, &json!([good(&form)])));
    server.takes(&token, &form);
    assert_eq!(server.shown(&form.filename), shown);
}

pub fn provenance(server: &Server) {
    const OWN: &str = "application/vnd.pypi.integrity.v1+json";
    let token = server.token();
    let version = Server::version();
    let project = &server.project;
    let (form, plain) = (
        Form::wheel(project, &version),
        Form::sdist(project, &version),
    );
    let attestation = good(&form);
    server.takes(&token, &attested(&form, &json!([attestation])));
    server.takes(&token, &plain);
    let path = |name: &str| format!("/integrity/{project}/{version}/{name}/provenance");
    let url = server.shown(&form.filename).unwrap()["provenance"].clone();
    assert!(url.as_str().unwrap().starts_with("http"), "{url}");
    assert!(
        url.as_str().unwrap().ends_with(&path(&form.filename)),
        "{url}"
    );
    for (accept, media_type) in [
        ("*/*", OWN),
        (OWN, OWN),
        ("application/json", "application/json"),
    ] {
        let answer = server.get(&path(&form.filename), accept);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, media_type)
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let expected = json!({
            "version": 1,
            "attestation_bundles": [{
                "publisher": {
                    "kind": "GitHub",
                    "repository": "apache/example",
                    "workflow": "release.yml",
                    "environment": "pypi",
                },
                "attestations": [attestation],
            }],
        });
        assert_eq!(answer.json(), expected);
        assert!(!answer.text().ends_with('\n'));
    }
    let upper = path(&form.filename).replacen(project.as_str(), &project.to_uppercase(), 1);
    let longer = path(&form.filename).replacen(&version, &format!("{version}.0"), 1);
    for spelling in [upper, longer] {
        assert_eq!(server.get(&spelling, "*/*").status, 200, "{spelling}");
    }
    let answer = server.get(&path(&form.filename), "text/html");
    assert_eq!(answer.status, 406);
    assert_eq!(answer.json(), json!({"message": "Request not acceptable"}));
    let answer = server.get(&path(&plain.filename), "*/*");
    assert_eq!(answer.status, 404);
    let text = format!("No provenance available for {}", plain.filename);
    assert_eq!(answer.json(), json!({"message": text}));
    let answer = server.get(&path("nothing.whl"), "*/*");
    assert_eq!(answer.status, 404);
    assert!(answer.header("content-type").starts_with("text/html"));
    for method in ["HEAD", "POST"] {
        let answer = server.send(method, &path(&form.filename), &[], b"");
        assert_eq!(answer.status, 405, "{method}");
    }
}
