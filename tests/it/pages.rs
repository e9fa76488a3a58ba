// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Releases on a real httpd that lists them by index pages, through the binary.

mod archive;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use testbed::httpd::{Httpd, Listing};
use testbed::proxy::{Faults, Proxy};

use crate::run::Ran;
use crate::world::{Files, World, key, project, signed};

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";
const RELEASE: &str = "example/1.0/";

/// Writes files below a folder.
fn write(folder: &Path, files: &Files) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A web server with a release, beside an index and an issuer.
struct Site {
    httpd: Httpd,
    world: World,
}

impl Site {
    fn start() -> Self {
        let site = Self {
            httpd: Httpd::start(),
            world: World::start(),
        };
        let keys = key().armored_public().into_bytes();
        site.stage("example/", &Files::from([("KEYS".to_owned(), keys)]));
        site
    }

    /// The same with `example` 1.0.
    fn with_release() -> Self {
        let site = Self::start();
        site.stage(RELEASE, &project("example", "1.0"));
        site
    }

    fn stage(&self, folder: &str, files: &Files) {
        write(&self.httpd.plain().join(folder), files);
    }

    fn run(&self, mode: &str, source: &str, changes: &[(&str, &str)]) -> Ran {
        let keys = self.httpd.plain_url("example/KEYS");
        let mut inputs = vec![("source", source), ("keys", &keys), ("area", "release")];
        inputs.extend_from_slice(changes);
        self.world.run(mode, &inputs)
    }

    #[track_caller]
    fn assert_refused(&self, ran: &Ran, rules: &[&str]) {
        assert_eq!(ran.refusals(), rules, "{}", ran.stderr);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        self.world.assert_untouched();
        self.world.assert_no_secret(ran);
    }
}

#[test]
fn a_release_is_the_same_in_every_form_of_listing() {
    let site = Site::start();
    let long = project("example-more", "1.0.post20261125");
    site.stage(RELEASE, &project("example", "1.0"));
    site.stage(&format!("{RELEASE}python/any/"), &long);
    let source = ("apache-example-1.0-source.tar.gz".to_owned(), vec![7; 9999]);
    site.stage(RELEASE, &signed(&[source]));
    let around = "<p>Read <a href=\"gone.html\">this</a> and <a href=\"old/x.zip\">that</a>.</p>";
    let header = Files::from([("HEADER.html".to_owned(), around.into())]);
    site.stage(&format!("{RELEASE}python/"), &header);

    let local = site.httpd.plain().join(RELEASE);
    let local = local.to_str().unwrap();
    let expected = site.run("verify", local, &[("exclude", "*HEADER.html")]);
    assert_eq!(expected.status, 0, "{}", expected.stderr);
    let digest = expected.output("digest").unwrap();
    for form in [Listing::Fancy, Listing::Table] {
        let source = site.httpd.listed_url(form, RELEASE);
        let ran = site.run("verify", &source, &[]);
        assert_eq!(ran.status, 0, "{form:?}: {}", ran.stderr);
        assert_eq!(ran.output("digest"), Some(digest), "{form:?}");
        assert_eq!(ran.output("revision"), Some(""), "{form:?}");
        assert_eq!(ran.report["revision"], Value::Null, "{form:?}");
        assert_eq!(ran.report["source"], source.as_str());
        assert_eq!(ran.rules("note"), ["revision-unknown"], "{form:?}");
        assert_eq!(ran.rules("warn"), [""; 0], "{form:?}");
        assert_eq!(ran.report["files"].as_array().unwrap().len(), 15);
        assert!(
            ran.stderr.contains("/example/KEYS at an unknown revision"),
            "{form:?}: {}",
            ran.stderr
        );
    }
    // A plain list says nothing of where it begins: what stands around it
    // counts, and is no plain name in the folder.
    let ran = site.run(
        "verify",
        &site.httpd.listed_url(Listing::List, RELEASE),
        &[],
    );
    site.assert_refused(&ran, &["source-refused"]);
    fs::remove_file(site.httpd.plain().join(RELEASE).join("python/HEADER.html")).unwrap();
    for form in Listing::ALL {
        // With and without the slash that ends a folder's address.
        let source = site.httpd.listed_url(form, RELEASE.trim_end_matches('/'));
        let ran = site.run("publish", &source, &[("expected-digest", digest)]);
        assert_eq!(ran.status, 0, "{form:?}: {}", ran.stderr);
        assert_eq!(ran.output("digest"), Some(digest), "{form:?}");
    }
    assert_eq!(site.world.index.count("POST", "/legacy/"), 4);
    for (name, bytes) in project("example", "1.0")
        .iter()
        .filter(|(name, _)| *name == WHEEL)
    {
        assert_eq!(site.world.index.contents(name).as_ref(), Some(bytes));
    }
}

#[test]
fn what_was_tampered_with_is_refused() {
    let release = |change: &dyn Fn(&mut Files)| {
        let mut files = project("example", "1.0");
        change(&mut files);
        files
    };
    let flip = |bytes: &mut Vec<u8>| bytes[40] ^= 1;
    for (class, files, rules) in [
        (
            "one bit of the wheel",
            release(&|files| flip(files.get_mut(WHEEL).unwrap())),
            &["checksum-mismatch", "signature-bad"][..],
        ),
        (
            "a checksum of other bytes",
            release(&|files| drop(files.insert(format!("{SDIST}.sha512"), vec![b'0'; 128]))),
            &["checksum-mismatch"],
        ),
        (
            "no signature",
            release(&|files| drop(files.remove(&format!("{WHEEL}.asc")))),
            &["signature-missing"],
        ),
        (
            "a path of no class",
            release(&|files| drop(files.insert("notes.odt".to_owned(), Vec::new()))),
            &["path-unknown"],
        ),
        (
            "a name that no release has",
            release(&|files| drop(files.insert("a&b%2f\"<.whl".to_owned(), Vec::new()))),
            &["name-unsafe"],
        ),
        (
            "a name of two lines",
            release(&|files| drop(files.insert("a\n::error::b.whl".to_owned(), Vec::new()))),
            &["source-refused"],
        ),
        (
            "a candidate",
            project("example", "1.0rc1"),
            &["candidate-from-release"],
        ),
    ] {
        let site = Site::start();
        site.stage(RELEASE, &files);
        let form = Listing::ALL[class.len() % 3];
        let ran = site.run("publish", &site.httpd.listed_url(form, RELEASE), &[]);
        assert_eq!(ran.refusals(), rules, "{class}");
        site.assert_refused(&ran, rules);
    }
}

#[test]
fn the_inputs_must_say_what_no_page_says() {
    let site = Site::with_release();
    let source = site.httpd.plain_url(RELEASE);
    let ran = site.run("publish", &source, &[("area", "derived")]);
    assert_eq!(ran.refusals(), ["area-unknown"], "{}", ran.stderr);
    assert_eq!(ran.status, 2);
    site.world.assert_untouched();
    let ran = site.run("publish", &source, &[("area", "dev")]);
    site.assert_refused(&ran, &["final-from-dev"]);
    let ran = site.run("publish", &source, &[("revision", "1")]);
    site.assert_refused(&ran, &["source-refused"]);
    assert!(ran.stderr.contains("only Subversion has revisions"));
    for (path, rule) in [
        ("example/2.0/", "source-not-found"),
        ("example/KEYS", "source-not-found"),
    ] {
        let ran = site.run("publish", &site.httpd.plain_url(path), &[]);
        site.assert_refused(&ran, &[rule]);
    }
}

/// Runs `publish` on a server that is far away, and calls `change` with the
/// release's folder once the server's log is as `when` says.
fn publish_while(when: fn(&[String]) -> bool, change: fn(&Path)) -> (Site, Ran) {
    let site = Site::with_release();
    let proxy = Proxy::start(site.httpd.port());
    proxy.set(Faults {
        delay: Duration::from_millis(400),
        ..Faults::default()
    });
    let source = proxy.through(&site.httpd.plain_url(RELEASE));
    let ran = thread::scope(|scope| {
        let run = scope.spawn(|| site.run("publish", &source, &[("idle-timeout", "20 s")]));
        while !when(&site.httpd.requests()) && !run.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!run.is_finished(), "the run ended before the change");
        change(&site.httpd.plain().join(RELEASE));
        run.join().unwrap()
    });
    (site, ran)
}

/// Every file was asked about; no distribution was fetched.
fn all_listed(log: &[String]) -> bool {
    log.iter().filter(|line| line.starts_with("HEAD ")).count() >= 6
}

/// Both distributions came as they were listed.
fn all_fetched(log: &[String]) -> bool {
    [WHEEL, SDIST].iter().all(|name| {
        let end = format!("/{name} HTTP/1.1 200");
        log.iter()
            .any(|line| line.starts_with("GET ") && line.ends_with(&end))
    })
}

/// Other bytes of the same length.
fn replace_wheel(folder: &Path) {
    let wheel = folder.join(WHEEL);
    let mut bytes = fs::read(&wheel).unwrap();
    bytes[40] ^= 1;
    fs::write(wheel, bytes).unwrap();
}

#[test]
fn what_changes_between_the_listing_and_the_fetching_is_not_published() {
    let (site, ran) = publish_while(all_listed, replace_wheel);
    site.assert_refused(&ran, &["source-changed"]);
    let (site, ran) = publish_while(all_listed, |folder| {
        fs::remove_file(folder.join(WHEEL)).unwrap();
    });
    site.assert_refused(&ran, &["source-not-found"]);
}

#[test]
fn what_changes_between_the_fetching_and_the_token_is_not_published() {
    type Change = fn(&Path);
    let cases: [(Change, &str); 4] = [
        (replace_wheel, "another ETag or another time, written since"),
        (
            |folder| fs::write(folder.join("NEW.md"), "new").unwrap(),
            "a path that was not there",
        ),
        (
            |folder| fs::remove_file(folder.join(format!("{WHEEL}.asc"))).unwrap(),
            "it is gone",
        ),
        (
            |folder| fs::rename(folder, folder.with_file_name("0.9")).unwrap(),
            "it is gone",
        ),
    ];
    for (change, found) in cases {
        let (site, ran) = publish_while(all_fetched, change);
        assert!(ran.stderr.contains(found), "{found}: {}", ran.stderr);
        site.assert_refused(&ran, &["source-changed"]);
    }
}
