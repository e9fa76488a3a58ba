// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index shows of a file's attestations.

use super::*;
use crate::index::{Provenance, ShownPublisher};
use testbed::attestation::{Attester, PUBLISH, SLSA};

async fn asked(server: &Scripted) -> Result<Provenance, IndexError> {
    let world = World::new();
    let base = Url::parse(&server.url("/")).unwrap();
    let index = Index::new(world.client.clone(), Endpoints::own(&base, None).unwrap());
    index.provenance(&TestFile::wheel().wanted()).await
}

#[tokio::test]
async fn attestations_are_shown_as_they_were_uploaded_with_who_gave_them() {
    let world = World::new();
    let token = world.token().await;
    let (file, bare) = (TestFile::wheel(), TestFile::sdist());
    let attester = Attester::github("apache/example", "release.yml");
    let attest = |kind: &str| attester.attest(kind, file.name, &file.bytes);
    let sent = json!([attest(PUBLISH), attest(SLSA)]);
    let (bytes, text) = (file.bytes.clone(), sent.to_string());
    world
        .upload_attested(&token, &file, bytes, Some(&text))
        .await
        .unwrap();
    world.upload(&token, &bare).await.unwrap();

    let shown = world.index.provenance(&file.wanted()).await.unwrap();
    let Provenance::Attested(bundles) = shown else {
        panic!("{shown:?}")
    };
    let [bundle] = bundles.as_slice() else {
        panic!("{bundles:?}")
    };
    assert_eq!(json!(bundle.attestations), sent);
    let publisher = ShownPublisher {
        kind: "GitHub".to_owned(),
        repository: Some("apache/example".to_owned()),
        workflow: Some("release.yml".to_owned()),
        environment: bundle.publisher.environment.clone(),
    };
    assert_eq!(bundle.publisher, publisher);

    let shown = world.index.provenance(&bare.wanted()).await;
    assert_eq!(shown, Ok(Provenance::Unattested));
    let absent = TestFile::new("example", "9.9", "example-9.9.tar.gz", 1);
    let shown = world.index.provenance(&absent.wanted()).await;
    assert_eq!(shown, Ok(Provenance::Unknown));

    world
        .fake
        .faults(|faults| faults.attestations_disabled = true);
    let refused = world.index.provenance(&file.wanted()).await.unwrap_err();
    assert_eq!(refused.finding(None).rule, Rule::IndexRefused);
    assert!(refused.to_string().contains("temporarily disabled"));
}

#[tokio::test]
async fn only_the_apis_own_answer_says_that_there_is_none() {
    let json = "Content-Type: application/json";
    let html = "Content-Type: text/html; charset=UTF-8";
    for (status, media_type, expected) in [
        ("404 Not Found", json, Ok(Provenance::Unattested)),
        ("404 Not Found", html, Ok(Provenance::Unknown)),
        ("404 Not Found", "X-Nothing: 1", Ok(Provenance::Unknown)),
        ("200 OK", html, Err(Rule::IndexRefused)),
        ("200 OK", json, Err(Rule::IndexRefused)),
        ("301 Moved Permanently", json, Err(Rule::IndexRefused)),
        ("406 Not Acceptable", json, Err(Rule::IndexRefused)),
    ] {
        let answer = Reply::new(status, &[media_type], b"{\"message\":\"No\"}");
        let server = Scripted::start(move |_| answer.clone());
        let found = asked(&server).await.map_err(|why| why.finding(None).rule);
        assert_eq!(found, expected, "{status} {media_type}");
        let seen = server.seen();
        assert_eq!(seen.len(), 1, "{status}");
        let target = format!("/integrity/example/1.0/{WHEEL}/provenance");
        assert_eq!(seen[0].target, target);
        let accept = "application/vnd.pypi.integrity.v1+json, application/json;q=0.5";
        assert!(seen[0].head.contains(accept), "{}", seen[0].head);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[".to_vec();
    let answer = Reply::Endless(head, vec![b' '; 65_536]);
    let server = Scripted::start(move |_| answer.clone());
    let refused = asked(&server).await.unwrap_err();
    assert!(refused.to_string().contains("more than"), "{refused}");
}

#[tokio::test]
async fn an_index_that_fails_is_asked_again() {
    let failures = Mutex::new(2);
    let server = Scripted::start(move |_| {
        let mut left = failures.lock().unwrap();
        if *left == 0 {
            let json = "Content-Type: application/json";
            return Reply::new("404 Not Found", &[json], b"{}");
        }
        *left -= 1;
        Reply::new("503 Service Unavailable", &[], b"")
    });
    assert_eq!(asked(&server).await, Ok(Provenance::Unattested));
    assert_eq!(server.seen().len(), 3);
}
