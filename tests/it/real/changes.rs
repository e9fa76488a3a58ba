// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Commits that are made while a run is under way.

use std::thread;
use std::time::Duration;

use serde_json::json;
use testbed::proxy::{Faults, Proxy};

use super::site::{Site, digest_by_command, project};
use crate::run::Ran;

/// The round trip to the server: long enough that a commit falls into the run.
const ROUND_TRIP: Duration = Duration::from_millis(400);

/// A release on a server that is far away.
struct Far {
    site: Site,
    proxy: Proxy,
}

impl Far {
    fn start() -> Self {
        let site = Site::start(&["example"]);
        let proxy = Proxy::start(site.httpd.port());
        proxy.set(Faults {
            delay: ROUND_TRIP,
            ..Faults::default()
        });
        Self { site, proxy }
    }

    /// Runs on `path`, and calls `commit` as soon as the server has answered
    /// the listing, before any file has arrived.
    fn run_while(&self, mode: &str, path: &str, commit: impl FnOnce() + Send) -> Ran {
        let listed = format!("/{} HTTP/1.1 200", path.trim_end_matches('/'));
        self.run_until(&listed, mode, path, commit)
    }

    /// Runs on `path`, and calls `commit` once a request was answered whose
    /// line in the log ends with `mark`.
    fn run_until(&self, mark: &str, mode: &str, path: &str, commit: impl FnOnce() + Send) -> Ran {
        let source = self.proxy.through(&self.site.httpd.url(path));
        thread::scope(|scope| {
            let run = scope.spawn(|| self.site.run(mode, path, &[("source", &source)]));
            let begun = || {
                let requests = self.site.httpd.requests();
                requests.iter().any(|line| line.ends_with(mark))
            };
            while !begun() && !run.is_finished() {
                thread::sleep(Duration::from_millis(5));
            }
            assert!(!run.is_finished(), "the run ended before the commit");
            commit();
            run.join().unwrap()
        })
    }

    /// The files asked for were all of this revision.
    fn assert_read_at(&self, path: &str, revision: u64) {
        let pinned = format!("/!svn/rvr/{revision}/{path}/");
        let files: Vec<String> = self.site.httpd.requests();
        let files = files
            .iter()
            .filter(|line| line.starts_with("GET ") && line.contains(&format!("/{path}/")));
        for line in files {
            assert!(line.contains(&pinned), "{line}");
        }
    }
}

#[test]
fn verify_gives_the_old_bytes_and_digest_whatever_is_committed_meanwhile() {
    let far = Far::start();
    let path = "release/example/1.0";
    let revision = far.site.stage(path, &project("example", "1.0"));
    let wheel = format!("{path}/example-1.0-py3-none-any.whl");
    let ran = far.run_while("verify", path, || {
        far.site.httpd.put(&wheel, b"another wheel", "Replace");
        far.site.httpd.delete(&format!("{path}/example-1.0.tar.gz"));
    });
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["revision"], json!(revision));
    assert_eq!(far.site.httpd.revision(), revision + 2);
    far.assert_read_at(path, revision);
    let copy = far.site.export_tree(path, revision);
    let digest = digest_by_command(&ran, copy.path());
    assert_eq!(ran.output("digest"), Some(digest.as_str()));
}

#[test]
fn publish_stops_when_the_source_changes_meanwhile() {
    let far = Far::start();
    let httpd = &far.site.httpd;
    let wheel = "example-1.0-py3-none-any.whl";
    for (path, what) in [
        ("release/example/replaced", "other bytes, committed since"),
        ("release/example/added", "a path that was not there"),
        ("release/example/deleted", "it is gone"),
        ("release/example/withdrawn", "it is gone"),
        ("release/example/moved", "it is gone"),
    ] {
        far.site.stage(path, &project("example", "1.0"));
        let ran = far.run_while("publish", path, || {
            let file = format!("{path}/{wheel}");
            match path.rsplit('/').next().unwrap() {
                "replaced" => httpd.put(&file, b"another wheel", "Replace"),
                "added" => httpd.put(&format!("{path}/NEW.md"), b"more", "Add"),
                "deleted" => httpd.delete(&file),
                "withdrawn" => httpd.delete(path),
                _ => httpd.rename(path, "dev/moved"),
            };
        });
        assert!(ran.stderr.contains(what), "{path}: {}", ran.stderr);
        far.site.assert_refused(&ran, 1, &["source-changed"]);
    }
}

#[test]
fn a_key_that_is_revoked_while_the_files_come_in_stops_the_publication() {
    let far = Far::start();
    let path = "release/example/1.0";
    let revision = far.site.stage(path, &project("example", "1.0"));
    // The files come by a report of which the log tells only when it is over.
    let keys = format!("/rvr/{revision}/{} HTTP/1.1 200", super::site::KEYS);
    let ran = far.run_until(&keys, "publish", path, || {
        far.site.httpd.put(super::site::KEYS, b"revoked", "Revoke");
    });
    far.site.assert_refused(&ran, 1, &["source-changed"]);
}

#[test]
fn a_candidate_that_is_moved_to_release_meanwhile_is_not_published_from_dev() {
    let far = Far::start();
    let path = "dev/example/1.0rc1";
    far.site.stage(path, &project("example", "1.0rc1"));
    let ran = far.run_while("publish", path, || {
        far.site.httpd.rename(path, "release/example/1.0rc1");
    });
    far.site.assert_refused(&ran, 1, &["source-changed"]);
}

#[test]
fn a_commit_elsewhere_hinders_no_publication() {
    let far = Far::start();
    let path = "release/example/1.0";
    far.site.stage(path, &project("example", "1.0"));
    let ran = far.run_while("publish", path, || {
        let other = "release/other/other-2.0-py3-none-any.whl";
        far.site
            .httpd
            .put(other, b"another project's", "Another release");
    });
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(far.site.index.files("example").len(), 2);
}
