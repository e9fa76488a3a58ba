// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A source on a real httpd with Subversion, through the library.
#![expect(clippy::unwrap_used, reason = "a test may end so anywhere")]

mod faults;
mod keys;
mod pages;
mod together;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use asf_pypi_publish::http::{Client, ClientOptions};
use asf_pypi_publish::rules::{Exit, Rule};
use asf_pypi_publish::source::{
    Entry, Fetched, Limits, Location, Source, SourceError, check_free_space,
};
use sha2::{Digest, Sha256, Sha512};
use testbed::httpd::Httpd;
use url::Url;

const LIMITS: Limits = Limits {
    max_files: 100,
    max_file_size: 1 << 30,
    max_total_size: 1 << 30,
};

fn client() -> Client {
    client_with_idle_timeout(Duration::from_secs(20))
}

fn client_with_idle_timeout(idle_timeout: Duration) -> Client {
    Client::new(&ClientOptions {
        user_agent: "asf-pypi-publish/test (apache/example)".to_owned(),
        connect_timeout: Duration::from_secs(5),
        idle_timeout,
    })
    .unwrap()
}

fn at(url: &str) -> Location {
    Location::Url(Url::parse(url).unwrap())
}

async fn open(url: &str) -> Result<Source, SourceError> {
    Source::open(&at(url), None, &client()).await
}

fn paths(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}

fn bytes(fetched: &Fetched) -> Vec<u8> {
    let mut bytes = Vec::new();
    fetched.reader().read_to_end(&mut bytes).unwrap();
    bytes
}

/// The rule that an error gives, and its exit status.
fn verdict(error: &SourceError) -> (Rule, Exit) {
    let rule = error.finding(None).rule;
    (rule, rule.exit())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_the_middle_changes_nothing() {
    let httpd = Httpd::start();
    httpd.put("dev/foo/1.0rc1/a.whl", b"old a", "a");
    httpd.put("dev/foo/1.0rc1/sub/b.whl", b"old b", "b");
    let revision = httpd.revision();
    let source = open(&httpd.url("dev/foo/1.0rc1/")).await.unwrap();
    assert_eq!(source.revision(), Some(revision));
    assert_eq!(source.first_segment(), Some("dev"));
    let listed = source.list(&LIMITS).await.unwrap();
    assert_eq!(source.list_head(&LIMITS).await.unwrap(), listed);

    httpd.put("dev/foo/1.0rc1/a.whl", b"new a", "replace");
    httpd.delete("dev/foo/1.0rc1/sub/b.whl");
    httpd.put("dev/foo/1.0rc1/c.whl", b"new c", "add");
    let head = source.list_head(&LIMITS).await.unwrap();
    assert_eq!(paths(&head), ["a.whl", "c.whl"]);
    assert_ne!(head[0].sha1, listed[0].sha1);
    httpd.rename("dev/foo/1.0rc1", "release/foo");

    assert_eq!(source.list(&LIMITS).await.unwrap(), listed);
    assert_eq!(paths(&listed), ["a.whl", "sub/b.whl"]);
    let temp = tempfile::tempdir().unwrap();
    for (entry, expected) in listed.iter().zip([b"old a", b"old b"]) {
        let fetched = source.fetch(entry, &LIMITS, temp.path()).await.unwrap();
        assert_eq!(bytes(&fetched), expected);
        let small = source.read_small(entry, 100).await.unwrap();
        assert_eq!(small, expected);
    }
    let error = source.list_head(&LIMITS).await.unwrap_err();
    assert_eq!(verdict(&error), (Rule::SourceNotFound, Exit::Verdict));

    let pinned = at(&httpd.url("dev/foo/1.0rc1"));
    let pinned = Source::open(&pinned, Some(revision), &client())
        .await
        .unwrap();
    assert_eq!(pinned.list(&LIMITS).await.unwrap(), listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_has_the_day_of_its_own_commit_even_after_a_move() {
    let httpd = Httpd::start();
    let one = httpd.put("dev/foo/1.0rc1/a.whl.asc", b"a", "a");
    // Subversion counts microseconds; the listing is compared in seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let two = httpd.put("dev/foo/1.0rc1/b.whl.asc", b"b", "b");
    let seconds = |revision| {
        let date = humantime::parse_rfc3339(&httpd.date(revision)).unwrap();
        date.duration_since(UNIX_EPOCH).unwrap().as_secs()
    };
    let expected = [one, two].map(|revision| (Some(revision), Some(seconds(revision))));
    assert_ne!(expected[0].1, expected[1].1);
    httpd.rename("dev/foo/1.0rc1", "release/foo");
    let source = open(&httpd.url("release/foo/")).await.unwrap();
    let listed = source.list(&LIMITS).await.unwrap();
    let dates: Vec<_> = listed
        .iter()
        .map(|entry| (entry.created_revision, entry.committed))
        .collect();
    assert_eq!(dates, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_that_subversion_takes_is_listed_and_fetched() {
    let names = [
        " leading blank",
        "#hash;semi&amp.txt",
        "100% of it",
        "100%25.whl",
        "<tag>.txt",
        "a b.tar.gz",
        "back\\slash",
        "plus+and?question",
        "sub folder%/ü/日本.whl",
        "x@y@2.txt",
        "~tilde'quote\"double",
    ];
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let httpd = Httpd::start();
    httpd.commit_tree(folder.path(), "release/odd 100% ü", "odd names");
    let source = open(&httpd.url("release/odd 100% ü/")).await.unwrap();
    assert_eq!(source.first_segment(), Some("release"));
    let entries = source.list(&LIMITS).await.unwrap();
    assert_eq!(paths(&entries), names);
    let walked = open(&httpd.walked_url("release/odd 100% ü/"))
        .await
        .unwrap();
    assert_eq!(walked.list(&LIMITS).await.unwrap(), entries);
    let temp = tempfile::tempdir().unwrap();
    for entry in &entries {
        let fetched = source.fetch(entry, &LIMITS, temp.path()).await.unwrap();
        assert_eq!(bytes(&fetched), entry.path.as_bytes());
    }
    let local = Location::Path(folder.path().to_owned());
    let local = Source::open(&local, None, &client()).await.unwrap();
    assert_eq!(paths(&local.list(&LIMITS).await.unwrap()), names);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_release_directory_is_a_verdict() {
    let httpd = Httpd::start();
    httpd.put("release/foo/a.whl", b"a", "a");
    fs::write(httpd.plain().join("a.whl"), "a").unwrap();
    let port = httpd.port();
    for (url, rule) in [
        (httpd.url("release/gone/"), Rule::SourceNotFound),
        (httpd.url("gone/"), Rule::SourceNotFound),
        (httpd.url("release/foo/a.whl"), Rule::SourceRefused),
        (httpd.plain_url("a.whl"), Rule::SourceNotFound),
        (httpd.plain_url("gone/"), Rule::SourceNotFound),
        (
            format!("http://127.0.0.1:{port}/nothing/"),
            Rule::SourceNotFound,
        ),
        (
            format!("http://127.0.0.1:{port}/repos/none/x/"),
            Rule::SourceNotFound,
        ),
        // Subversion's own paths would hide the area.
        (
            httpd
                .url("")
                .replace("dist/", "dist/!svn/rvr/2/release/foo/"),
            Rule::SourceRefused,
        ),
        (
            httpd
                .url("")
                .replace("dist/", "dist/%21svn/rvr/2/release/foo/"),
            Rule::SourceRefused,
        ),
        (
            httpd.url("").replace("dist/", "dist/release//foo/"),
            Rule::SourceRefused,
        ),
        (
            httpd.url("").replace("dist/", "dist/release%2ffoo/"),
            Rule::SourceRefused,
        ),
    ] {
        let result = async { open(&url).await?.list(&LIMITS).await }.await;
        let error = result.expect_err(&url);
        let finding = error.finding(None);
        assert_eq!(finding.rule, rule, "{url}: {error}");
        assert_eq!(finding.rule.exit(), Exit::Verdict);
        assert!(!finding.found.is_empty() && !finding.expected.is_empty());
    }
    let location = at(&httpd.url("release/foo/"));
    let error = Source::open(&location, Some(99), &client())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::SourceRefused, Exit::Verdict));
    assert_eq!(
        error.to_string(),
        "expected a revision up to 2, the youngest, found revision 99"
    );
    let root = open(&httpd.url("")).await.unwrap();
    assert_eq!(root.first_segment(), None);
    assert_eq!(
        paths(&root.list(&LIMITS).await.unwrap()),
        ["release/foo/a.whl"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_externals_are_named_and_never_followed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("real.whl"), "real").unwrap();
    std::os::unix::fs::symlink("real.whl", folder.path().join("link.whl")).unwrap();
    let httpd = Httpd::start();
    httpd.commit_tree(folder.path(), "release/foo", "a link");
    httpd.set_property(
        "release/foo/sub",
        "svn:externals",
        "https://example.org/x ext",
    );
    httpd.set_property("release/foo", "svn:externals", "^/dev other");
    let source = open(&httpd.url("release/foo/")).await.unwrap();
    let entries = source.list(&LIMITS).await.unwrap();
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.special))
        .collect();
    let expected = [
        (".", Some("external")),
        ("link.whl", Some("link")),
        ("real.whl", None),
        ("sub", Some("external")),
    ];
    assert_eq!(shown, expected);
    let walked = open(&httpd.walked_url("release/foo/")).await.unwrap();
    assert_eq!(walked.list(&LIMITS).await.unwrap(), entries);
    let temp = tempfile::tempdir().unwrap();
    for entry in entries.iter().filter(|entry| entry.special.is_some()) {
        let error = source.fetch(entry, &LIMITS, temp.path()).await.unwrap_err();
        assert_eq!(verdict(&error), (Rule::SourceSpecial, Exit::Verdict));
        assert_eq!(
            error.finding(None).path.as_deref(),
            Some(entry.path.as_str())
        );
        assert!(source.read_small(entry, 100).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_before_anything_is_fetched() {
    let httpd = Httpd::start();
    httpd.commit("some files", |copy| {
        for number in 0..5 {
            let folder = copy.join(format!("release/foo/{number}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("a.whl"), vec![b'x'; 1000]).unwrap();
        }
    });
    let source = open(&httpd.url("release/foo/")).await.unwrap();
    let few = Limits {
        max_files: 4,
        ..LIMITS
    };
    let error = source.list(&few).await.unwrap_err();
    assert_eq!(verdict(&error), (Rule::LimitExceeded, Exit::Verdict));
    let enough = Limits {
        max_files: 6,
        ..LIMITS
    };
    let entries = source.list(&enough).await.unwrap();
    assert_eq!(entries.len(), 5);
    let walked = open(&httpd.walked_url("release/foo/")).await.unwrap();
    let error = walked.list(&few).await.unwrap_err();
    assert_eq!(verdict(&error), (Rule::LimitExceeded, Exit::Verdict));
    assert_eq!(walked.list(&enough).await.unwrap(), entries);
    let temp = tempfile::tempdir().unwrap();
    let small = Limits {
        max_file_size: 999,
        ..LIMITS
    };
    let error = source
        .fetch(&entries[0], &small, temp.path())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::LimitExceeded, Exit::Verdict));
    let error = source.read_small(&entries[0], 999).await.unwrap_err();
    assert_eq!(verdict(&error), (Rule::LimitExceeded, Exit::Verdict));
    assert_eq!(
        source.read_small(&entries[0], 1000).await.unwrap().len(),
        1000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_has_the_digests_of_its_bytes_and_each_byte_is_asked_for_once() {
    // Not a multiple of any buffer.
    let large: Vec<u8> = (0..(64 << 20) + 7_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let httpd = Httpd::start();
    httpd.put("release/foo/large.tar.gz", &large, "large");
    httpd.put("release/foo/sub/small", b"", "empty");
    let source = open(&httpd.url("release/foo/")).await.unwrap();
    let entries = source.list(&LIMITS).await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let fetched = source
        .fetch(&entries[0], &LIMITS, temp.path())
        .await
        .unwrap();
    assert_eq!(fetched.size(), large.len() as u64);
    assert_eq!(fetched.sha512()[..], Sha512::digest(&large)[..]);
    assert_eq!(fetched.sha256()[..], Sha256::digest(&large)[..]);
    assert!(bytes(&fetched) == large, "the private copy has other bytes");
    let empty = source
        .fetch(&entries[1], &LIMITS, temp.path())
        .await
        .unwrap();
    assert_eq!(bytes(&empty), b"");
    assert_eq!(
        fs::read_dir(temp.path()).unwrap().count(),
        0,
        "copies have no name"
    );

    let expected = [
        "OPTIONS /repos/dist/release/foo/ HTTP/1.1 200",
        "REPORT /repos/dist/!svn/me HTTP/1.1 200",
        "REPORT /repos/dist/!svn/rvr/3/release/foo HTTP/1.1 200",
        "GET /repos/dist/!svn/rvr/3/release/foo/large.tar.gz HTTP/1.1 200",
        "GET /repos/dist/!svn/rvr/3/release/foo/sub/small HTTP/1.1 200",
    ];
    let mut requests = httpd.settled_requests();
    requests.sort_unstable();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort_unstable();
    assert_eq!(requests, expected);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_macros, reason = "a skipped test says why")]
async fn a_full_disk_is_said_and_may_pass_another_time() {
    let disk = tempfile::tempdir().unwrap();
    let Some(_mounted) = mount_small_disk(disk.path()) else {
        eprintln!("skipped: only root may mount the small disk of this test");
        return;
    };
    let httpd = Httpd::start();
    httpd.put(
        "release/foo/a.whl",
        &vec![b'x'; 4 << 20],
        "larger than the disk",
    );
    let source = open(&httpd.url("release/foo/")).await.unwrap();
    let entries = source.list(&LIMITS).await.unwrap();
    let error = source
        .fetch(&entries[0], &LIMITS, disk.path())
        .await
        .unwrap_err();
    assert_eq!(verdict(&error), (Rule::DiskFull, Exit::Outside));
    assert_eq!(error.finding(None).found, "the disk is full");
    let error = check_free_space(disk.path(), 4 << 20).unwrap_err();
    assert_eq!(verdict(&error), (Rule::DiskFull, Exit::Outside));
    check_free_space(disk.path(), 1 << 20).unwrap();
}

/// A disk of 2 MiB, unmounted when dropped.
struct SmallDisk(std::path::PathBuf);

fn mount_small_disk(path: &Path) -> Option<SmallDisk> {
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
        .arg(path)
        .output()
        .is_ok_and(|output| output.status.success());
    mounted.then(|| SmallDisk(path.to_owned()))
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}
