// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `compare-downloads`: what users get is what was verified.

use serde_json::json;
use testbed::scripted::{Reply, Scripted};

use super::*;

const SDIST: &str = "example-1.0.tar.gz";
const COMPARED: (&str, &str) = ("compare-downloads", "true");

fn downloads(trial: &Trial<'_>) -> usize {
    let requests = trial.index.requests();
    let is_download = |path: &str| path.starts_with("/packages/");
    requests
        .iter()
        .filter(|seen| is_download(&seen.path))
        .count()
}

#[test]
fn every_file_is_downloaded_and_compared_where_that_is_asked_for() {
    let world = ground();
    let trial = Trial::new(&world, Options::default());
    assert_eq!(trial.publish(&[]).status, 0);
    assert_eq!(downloads(&trial), 0, "only where it is asked for");
    trial.index.faults(|it| it.download_statuses.push_back(503));
    let ran = trial.publish(&[COMPARED]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(downloads(&trial), 6, "five files, one of them twice");
    assert!(
        ran.stderr.contains("5 downloads have the very bytes"),
        "{}",
        ran.stderr
    );
    let requests = trial.index.requests();
    let mut fetched = requests
        .iter()
        .filter(|seen| seen.path.starts_with("/packages/"));
    assert!(fetched.all(|seen| seen.header("authorization").is_none()));
}

#[test]
fn downloads_that_are_not_the_very_bytes_are_told_on() {
    let world = ground();
    let honest = &release()[SDIST];
    let mut flipped = honest.clone();
    flipped[20] ^= 1;
    for (what, served) in [
        ("one bit", flipped),
        ("cut short", honest[..honest.len() - 1].to_vec()),
        ("longer", [&honest[..], b"x"].concat()),
        ("empty", Vec::new()),
    ] {
        let trial = Trial::new(&world, Options::default());
        let bytes = served.clone();
        trial.index.faults(|it| {
            it.false_bytes.insert(SDIST.to_owned(), bytes);
        });
        let ran = trial.publish(&[COMPARED]);
        assert_eq!(
            (ran.status, ran.refusals()),
            (1, vec!["read-back-differs".to_owned()]),
            "{what}: {}",
            ran.stderr
        );
        assert_eq!(ran.file(SDIST)["state"], "different", "{what}");
    }
}

#[test]
fn downloads_that_do_not_come_yet_may_come_later() {
    let world = ground();
    for statuses in [vec![404], vec![503; 4]] {
        let trial = Trial::new(&world, Options::default());
        trial
            .index
            .faults(|it| it.download_statuses.extend(statuses));
        let ran = trial.publish(&[COMPARED, ("concurrency", "1")]);
        assert_eq!(
            (ran.status, ran.refusals()),
            (3, vec!["read-back-late".to_owned()]),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn addresses_that_no_user_could_follow_are_refused() {
    let world = ground();
    for url in [
        "http://example.org/x",
        "file:///etc/passwd",
        "ftp://example.org/x",
    ] {
        let files = |project: &str| -> Vec<serde_json::Value> {
            let files = release().iter().filter(|(name, _)| {
                let own = name.split('-').next().unwrap().replace('_', "-");
                own == project && !is_sidecar(name)
            });
            files
                .map(|(name, bytes)| {
                    let sha256 = hex::encode(Sha256::digest(bytes));
                    json!({"filename": name, "url": url, "hashes": {"sha256": sha256}})
                })
                .collect()
        };
        let pages = PROJECTS.map(|project| {
            let page = json!({"meta": {"api-version": "1.1"}, "files": files(project)});
            (format!("/simple/{project}/"), page.to_string())
        });
        let index = Scripted::start(move |request| {
            let page = pages.iter().find(|(path, _)| *path == request.target);
            let json = "Content-Type: application/vnd.pypi.simple.v1+json";
            match page {
                Some((_, page)) => Reply::new("200 OK", &[json], page.as_bytes()),
                None => Reply::new("404 Not Found", &[], b""),
            }
        });
        let trial = Trial::new(&world, Options::default());
        let ran = trial.publish(&[COMPARED, ("index", &index.url(""))]);
        assert_eq!(
            (ran.status, ran.refusals()),
            (1, vec!["index-refused".to_owned()]),
            "{url}: {}",
            ran.stderr
        );
    }
}
