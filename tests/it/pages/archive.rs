// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The ASF's own hosts, by their names: where KEYS comes from, and where a
//! release is found that has left the release area.

use std::os::unix::fs::PermissionsExt;

use testbed::asf_hosts::AsfHosts;

use super::*;
use crate::run;

const DOWNLOADS: &str = "downloads.apache.org";
const ARCHIVE: &str = "archive.apache.org";
const DIST: &str = "dist.apache.org";

/// The hosts with the project's KEYS, beside an index and an issuer.
struct Asf {
    hosts: AsfHosts,
    world: World,
}

impl Asf {
    fn start() -> Self {
        let asf = Self {
            hosts: AsfHosts::start(),
            world: World::start(),
        };
        let keys = key().armored_public().into_bytes();
        asf.hosts
            .httpd
            .put("release/example/KEYS", &keys, "Add keys");
        let keys = Files::from([("example/KEYS".to_owned(), keys)]);
        write(&asf.hosts.downloads(), &keys);
        asf
    }

    fn archive(&self, folder: &str) {
        let folder = self.hosts.archive().join("dist").join(folder);
        write(&folder, &project("example", "1.0"));
    }

    /// Runs with KEYS derived from the source.
    fn run(&self, mode: &str, source: &str, changes: &[(&str, &str)]) -> Ran {
        let mut args = self.world.args(mode);
        for (name, value) in [&[("source", source), ("keys", "derived")], changes].concat() {
            let flag = format!("--{name}");
            match args.iter().position(|arg| *arg == flag) {
                Some(at) => value.clone_into(&mut args[at + 1]),
                None => args.extend([flag, value.to_owned()]),
            }
        }
        let tokens = self.world.env();
        let tokens = tokens.iter().map(|(name, value)| (name.as_str(), value));
        let hosts = self.hosts.env();
        let hosts = hosts.iter().map(|(name, value)| (*name, value));
        let env: Vec<(&str, &str)> = tokens
            .chain(hosts)
            .map(|(name, value)| (name, value.as_str()))
            .collect();
        run::run(&args, &env)
    }

    fn asked(&self, host: &str) -> bool {
        self.hosts.asked().iter().any(|asked| asked == host)
    }
}

#[test]
fn the_download_server_gives_a_release_and_its_keys() {
    let asf = Asf::start();
    let folder = asf.hosts.downloads().join(RELEASE);
    write(&folder, &project("example", "1.0"));
    let source = format!("https://{DOWNLOADS}/{RELEASE}");
    let ran = asf.run("publish", &source, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["area"], "release");
    assert_eq!(ran.report["source"], source.as_str());
    assert_eq!(ran.rules("warn"), [""; 0]);
    assert_eq!(asf.world.index.files("example").len(), 2);
    let keys = format!("https://{DOWNLOADS}/example/KEYS at an unknown revision");
    assert!(ran.stderr.contains(&keys), "{}", ran.stderr);
    assert!(!asf.asked(ARCHIVE) && !asf.asked(DIST));
    // Nobody is asked what is known of these hosts.
    let log = asf.hosts.httpd.requests();
    assert!(!log.iter().any(|line| line.contains("OPTIONS")), "{log:?}");
}

#[test]
fn a_release_that_has_moved_is_found_in_the_archive() {
    let asf = Asf::start();
    asf.archive(RELEASE);
    let archive = format!("https://{ARCHIVE}/dist/{RELEASE}");
    let verified = asf.run("verify", &archive, &[]);
    assert_eq!(verified.status, 0, "{}", verified.stderr);
    assert_eq!(verified.rules("warn"), [""; 0], "{}", verified.stderr);
    let digest = verified.output("digest").unwrap();
    for (source, keys) in [
        (
            format!("https://{DOWNLOADS}/example/1.0"),
            format!("https://{DOWNLOADS}/example/KEYS at an unknown revision"),
        ),
        (
            format!("https://{DIST}/repos/dist/release/{RELEASE}"),
            format!(
                "https://{DIST}/repos/dist/release/example/KEYS at revision {}",
                asf.hosts.httpd.revision()
            ),
        ),
    ] {
        let ran = asf.run("publish", &source, &[("expected-digest", digest)]);
        assert_eq!(ran.status, 0, "{source}: {}", ran.stderr);
        assert_eq!(ran.rules("warn"), ["source-archived"], "{source}");
        assert_eq!(ran.report["source"], archive.as_str(), "{source}");
        assert_eq!(ran.report["revision"], Value::Null, "{source}");
        assert_eq!(ran.report["area"], "release", "{source}");
        assert!(ran.stderr.contains(&keys), "{source}: {}", ran.stderr);
        for text in [&source, &archive] {
            assert!(ran.stderr.contains(text.as_str()), "{source}");
        }
    }
    assert_eq!(asf.world.index.files("example").len(), 2);
}

#[test]
fn only_the_release_area_has_an_archive() {
    let asf = Asf::start();
    // Wherever the path could lead to if the area were forgotten.
    for folder in ["", "dev/", "release/"] {
        asf.archive(&format!("{folder}{RELEASE}"));
    }
    let early = asf.hosts.httpd.revision().to_string();
    for (source, more) in [
        (format!("https://{DIST}/repos/dist/dev/{RELEASE}"), None),
        // The archive cannot say what lay there at that revision.
        (
            format!("https://{DIST}/repos/dist/release/{RELEASE}"),
            Some(("revision", early.as_str())),
        ),
    ] {
        let more: Vec<(&str, &str)> = more.into_iter().collect();
        let ran = asf.run("publish", &source, &more);
        let found = (ran.refusals(), ran.status);
        assert_eq!(found, (vec!["source-not-found".to_owned()], 1), "{source}");
        assert!(!asf.asked(ARCHIVE), "{source}");
        asf.world.assert_untouched();
    }
    // What is nowhere is said of both places.
    let source = format!("https://{DOWNLOADS}/example/3.0/");
    let ran = asf.run("publish", &source, &[]);
    assert_eq!(ran.refusals(), ["source-not-found"], "{}", ran.stderr);
    for place in [&source, &format!("https://{ARCHIVE}/dist/example/3.0/")] {
        assert!(ran.stderr.contains(place.as_str()), "{}", ran.stderr);
    }
    assert_eq!(ran.report["source"], source.as_str());
    asf.world.assert_untouched();
}

#[test]
fn an_archive_that_refuses_is_not_said_to_have_been_read() {
    let asf = Asf::start();
    asf.archive(RELEASE);
    let folder = asf.hosts.archive().join("dist/example");
    let set = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    set(0o000);
    let source = format!("https://{DOWNLOADS}/{RELEASE}");
    let ran = asf.run("publish", &source, &[]);
    set(0o755);
    assert_eq!(ran.refusals(), ["source-refused"], "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), [""; 0]);
    assert_eq!(ran.report["source"], source.as_str());
    for words in ["archive.apache.org", "40 GB a week", "infra.apache.org/abc"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    asf.world.assert_untouched();
}

#[test]
fn keys_come_from_the_release_area_even_for_the_archive() {
    let asf = Asf::start();
    asf.archive(RELEASE);
    // A project that is gone from the release area has no KEYS to trust.
    let keys = Files::from([("KEYS".to_owned(), key().armored_public().into_bytes())]);
    write(&asf.hosts.archive().join("dist/example"), &keys);
    fs::remove_file(asf.hosts.downloads().join("example/KEYS")).unwrap();
    let source = format!("https://{ARCHIVE}/dist/{RELEASE}");
    let ran = asf.run("publish", &source, &[]);
    assert_eq!(ran.refusals(), ["keys-not-found"], "{}", ran.stderr);
    let keys = format!("https://{ARCHIVE}/dist/example/KEYS");
    let ran = asf.run("publish", &source, &[("keys", &keys)]);
    assert_eq!(
        (ran.refusals(), ran.status),
        (vec!["input-illegal".to_owned()], 2)
    );
    // A podling's lies one folder deeper.
    asf.archive(&format!("incubator/{RELEASE}"));
    let keys = Files::from([("KEYS".to_owned(), key().armored_public().into_bytes())]);
    write(&asf.hosts.downloads().join("incubator/example"), &keys);
    let source = format!("https://{ARCHIVE}/dist/incubator/{RELEASE}");
    let ran = asf.run("verify", &source, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    asf.world.assert_untouched();
}
