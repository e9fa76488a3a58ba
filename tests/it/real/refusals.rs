// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a run refuses, on files that gpg signed and `svn` committed.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::site::{KEYS, Site, days_ago, make_key, project, signed_folder};

const RELEASE: &str = "release/example/1.0";
const WHEEL: &str = "example-1.0-py3-none-any.whl";

/// A site with `example` 1.0 staged for release; the revision.
fn released() -> (Site, u64) {
    let site = Site::start(&["example"]);
    let revision = site.stage(RELEASE, &project("example", "1.0"));
    (site, revision)
}

#[test]
fn a_wheel_that_was_changed_after_signing_is_refused() {
    let (site, revision) = released();
    site.httpd.commit("Flip one bit", |copy| {
        let wheel = copy.join(RELEASE).join(WHEEL);
        let mut bytes = fs::read(&wheel).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(wheel, bytes).unwrap();
    });
    let ran = site.publish(RELEASE);
    site.assert_refused(&ran, 1, &["checksum-mismatch", "signature-bad"]);
    assert!(ran.stderr.contains(WHEEL), "{}", ran.stderr);
    // With a checksum to match, the signature alone still tells.
    site.httpd.commit("Another checksum", |copy| {
        let line = "sha512sum \"$1\" > \"$1.sha512\"";
        super::shell(&copy.join(RELEASE), line, WHEEL);
    });
    let ran = site.publish(RELEASE);
    site.assert_refused(&ran, 1, &["signature-bad"]);

    // What was there before still holds, but is no longer what lies there.
    let old = revision.to_string();
    let ran = site.run("verify", RELEASE, &[("revision", &old)]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["revision"], json!(revision));
    let ran = site.run("publish", RELEASE, &[("revision", &old)]);
    site.assert_refused(&ran, 1, &["source-changed"]);
}

#[test]
fn an_old_revision_of_what_still_lies_there_is_published() {
    let (site, revision) = released();
    site.put_keys("release/other/KEYS", b"none");
    let old = revision.to_string();
    let ran = site.run("publish", RELEASE, &[("revision", &old)]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["revision"], json!(revision));
    let ran = site.run("verify", RELEASE, &[("revision", "1")]);
    assert_eq!(ran.refusals(), ["source-not-found"]);
    assert_eq!(ran.status, 1);
}

#[test]
fn the_area_is_what_the_server_says_however_it_is_spelt() {
    let site = Site::start(&["example"]);
    site.stage("dev/example/1.0rc1", &project("example", "1.0rc1"));
    site.stage("dev/example/1.0", &project("example", "1.0"));
    let dev = site.httpd.url("dev/example/1.0");
    for source in [dev.clone(), dev.replace("/dev/", "/%64ev/"), dev + "/"] {
        let ran = site.run("publish", RELEASE, &[("source", &source)]);
        site.assert_refused(&ran, 1, &["final-from-dev"]);
        assert_eq!(ran.report["area"], "dev", "{source}");
    }
    let source = site.httpd.url("dev/example/1.0");
    let ran = site.run(
        "publish",
        RELEASE,
        &[("source", &source), ("area", "release")],
    );
    site.assert_refused(&ran, 2, &["area-contradicted"]);

    // KEYS is read from the release area only, also for a candidate.
    site.put_keys("dev/example/KEYS", &site.gpg.export(&[&site.signer]));
    let keys = site.httpd.url("dev/example/KEYS");
    for keys in [keys.clone(), keys.replace("/dev/", "/d%65v/")] {
        let ran = site.run("publish", "dev/example/1.0rc1", &[("keys", &keys)]);
        site.assert_refused(&ran, 2, &["keys-from-dev"]);
    }
    let ran = site.publish("dev/example/1.0rc1");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(site.index.files("example").len(), 2);
}

#[test]
fn links_and_externals_are_refused_and_never_followed() {
    let site = Site::start(&["example"]);
    let folder = signed_folder(&project("example", "1.0"), &site.gpg, &site.signer, None);
    symlink(WHEEL, folder.path().join("example-1.0-py2-none-any.whl")).unwrap();
    let httpd = &site.httpd;
    httpd.commit_tree(folder.path(), "release/example/linked", "A link");
    let ran = site.publish("release/example/linked");
    site.assert_refused(&ran, 1, &["source-special"]);

    site.stage(RELEASE, &project("example", "1.0"));
    httpd.set_property(RELEASE, "svn:externals", "^/dev/example more");
    let ran = site.publish(RELEASE);
    site.assert_refused(&ran, 1, &["source-special"]);
    for line in httpd.requests() {
        assert!(!line.contains("py2-none-any"), "{line}");
        assert!(!line.contains("/dev/example"), "{line}");
    }
}

#[test]
fn names_that_no_artifact_has_are_refused_in_clear_words() {
    let (site, _) = released();
    let mut names = vec![
        "release notes.txt",
        "example 1.0.tar.gz",
        "100%.md",
        "example-1.0%20.tar.gz",
        "sub folder/example-1.0.zip",
    ];
    site.httpd.commit("Odd names", |copy| {
        for name in &names {
            let path = copy.join(RELEASE).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "odd").unwrap();
        }
    });
    let ran = site.publish(RELEASE);
    site.assert_refused(&ran, 1, &["name-unsafe"]);
    let findings = ran.report["findings"].as_array().unwrap();
    let mut refused: Vec<&str> = findings
        .iter()
        .map(|finding| finding["path"].as_str().unwrap())
        .collect();
    refused.sort_unstable();
    names.sort_unstable();
    assert_eq!(refused, names);
    // Left out by name, they harm nobody.
    let ran = site.run("publish", RELEASE, &[("exclude", "* *\n*%*")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

#[test]
fn a_key_that_was_revoked_since_counts_no_longer() {
    let site = Site::start(&["example"]);
    let signer = make_key(&site.gpg, "Rolf Revoked <rolf@example.org>", 10, "never");
    site.put_keys(KEYS, &site.gpg.export(&[&signer]));
    let folder = signed_folder(
        &project("example", "1.0"),
        &site.gpg,
        &signer,
        Some(&days_ago(9)),
    );
    site.httpd.commit_tree(folder.path(), RELEASE, "Stage");
    let staged = site.httpd.revision().to_string();
    let ran = site.verify(RELEASE);
    assert_eq!(ran.status, 0, "{}", ran.stderr);

    site.gpg.revoke(&signer);
    site.put_keys(KEYS, &site.gpg.export(&[&signer]));
    // KEYS is read as it is now, whatever revision of the source is asked for.
    for more in [&[][..], &[("revision", staged.as_str())]] {
        let ran = site.run("publish", RELEASE, more);
        site.assert_refused(&ran, 1, &["key-revoked"]);
    }
}

#[test]
fn a_key_that_expired_after_it_signed_is_a_warning() {
    let site = Site::start(&["example"]);
    let signer = make_key(&site.gpg, "Erna Expired <erna@example.org>", 10, "5d");
    site.put_keys(KEYS, &site.gpg.export(&[&signer]));
    let folder = signed_folder(
        &project("example", "1.0"),
        &site.gpg,
        &signer,
        Some(&days_ago(9)),
    );
    site.httpd.commit_tree(folder.path(), RELEASE, "Stage");
    let ran = site.publish(RELEASE);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["key-expired-since"]);
    // The release lies there since today, and the key expired days ago.
    assert!(ran.stderr.contains("AFTER that"), "{}", ran.stderr);
    assert_eq!(site.index.files("example").len(), 2);
}

#[test]
fn a_signature_of_a_stranger_is_refused() {
    let site = Site::start(&["example"]);
    let stranger = make_key(&site.gpg, "Sam Stranger <sam@example.org>", 1, "never");
    let folder = signed_folder(&project("example", "1.0"), &site.gpg, &stranger, None);
    site.httpd.commit_tree(folder.path(), RELEASE, "Stage");
    let ran = site.publish(RELEASE);
    site.assert_refused(&ran, 1, &["signer-unknown"]);
    // In KEYS by now, but not among those who may sign.
    let both = site.gpg.export(&[&site.signer, &stranger]);
    site.put_keys(KEYS, &both);
    let ran = site.run("publish", RELEASE, &[("signers", &site.signer)]);
    site.assert_refused(&ran, 1, &["signer-not-allowed"]);
}
