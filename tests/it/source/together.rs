// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Many small files by one request, from a real httpd.

use std::fs;

use testbed::distribution::{sdist, sha512_sidecar, wheel};
use testbed::httpd::Httpd;

use super::{LIMITS, open};
use crate::run::binary;
use crate::world::key;

/// Sidecars and large files in nested folders with names of every sort.
const FOLDERS: [&str; 3] = ["", "sub dir/", "sub dir/100%25 & <ü>/"];

/// The folder to ask, with other projects beside it.
const RELEASE: &str = "release/foo bar/1.0";

fn commit(httpd: &Httpd) {
    let folder = tempfile::tempdir().unwrap();
    for below in FOLDERS {
        let place = folder.path().join(below);
        fs::create_dir_all(&place).unwrap();
        for (name, bytes) in [
            ("a.whl", vec![1; 300_000]),
            ("a.whl.asc", b"signature\n".to_vec()),
            ("a.whl.sha512", vec![b'7'; 130]),
            (
                "b+c d.whl.asc",
                (0..250_000_u32).map(|n| n.to_le_bytes()[1]).collect(),
            ),
            ("empty.asc", Vec::new()),
        ] {
            fs::write(place.join(name), bytes).unwrap();
        }
    }
    httpd.commit_tree(folder.path(), RELEASE, "stage");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files_come_by_one_request_as_they_were_listed() {
    let httpd = Httpd::start();
    commit(&httpd);
    let source = open(&httpd.url(&format!("{RELEASE}/"))).await.unwrap();
    let listing = source.list(&LIMITS).await.unwrap();
    // What is committed from here on is not what was listed.
    httpd.put(&format!("{RELEASE}/a.whl.asc"), b"forged!!!\n", "replace");
    let wanted: Vec<_> = listing
        .iter()
        .filter(|entry| !entry.path.ends_with("whl"))
        .collect();
    assert_eq!(wanted.len(), 12);

    let files = source.read_together(&wanted, &listing).await;
    let requests = httpd.requests();
    let reports = requests.iter().filter(|line| line.contains("/!svn/me "));
    // httpd logs a request after it was answered.
    assert!((1..=2).contains(&reports.count()), "{requests:?}");
    assert_eq!(files.len(), wanted.len());
    for entry in wanted {
        let alone = source.read_small(entry, 1 << 20).await.unwrap();
        assert_eq!(files.get(&entry.path), Some(&alone), "{}", entry.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_small_files_and_those_of_an_odd_listing_are_left_to_be_read_alone() {
    let httpd = Httpd::start();
    commit(&httpd);
    let source = open(&httpd.url(&format!("{RELEASE}/"))).await.unwrap();
    let mut listing = source.list(&LIMITS).await.unwrap();
    let before = httpd.requests().len();
    let few: Vec<_> = listing
        .iter()
        .filter(|entry| entry.path.ends_with("sha512"))
        .collect();
    assert!(source.read_together(&few, &listing).await.is_empty());
    assert_eq!(httpd.requests().len(), before, "not worth a request");

    for entry in &mut listing {
        if entry.path == "a.whl.asc" {
            entry.sha1 = Some([0; 20]);
        } else if entry.path == "a.whl.sha512" {
            entry.size += 1;
        } else if entry.path == "empty.asc" {
            entry.sha1 = None;
        }
    }
    let wanted: Vec<_> = listing
        .iter()
        .filter(|entry| !entry.path.ends_with("whl"))
        .collect();
    let files = source.read_together(&wanted, &listing).await;
    assert_eq!(files.len(), 9);
    assert!(!files.contains_key("a.whl.asc"));
    assert!(!files.contains_key("a.whl.sha512"));
    assert!(!files.contains_key("empty.asc"));
}

/// The whole of `verify`, for a release that is large enough.
#[test]
fn a_release_of_many_files_costs_a_request_for_each_distribution() {
    let httpd = Httpd::start();
    let folder = tempfile::tempdir().unwrap();
    for number in 0..5 {
        let name = format!("example-{number}");
        for (name, bytes) in [wheel(&name, "1.0"), sdist(&name, "1.0")] {
            let write = |end: &str, text: String| {
                fs::write(folder.path().join(format!("{name}{end}")), text).unwrap();
            };
            write(".asc", key().sign_detached(&bytes));
            write(".sha512", sha512_sidecar(&name, &bytes));
            fs::write(folder.path().join(&name), bytes).unwrap();
        }
    }
    httpd.put(
        "release/example/KEYS",
        key().armored_public().as_bytes(),
        "keys",
    );
    httpd.commit_tree(folder.path(), "release/example/1.0", "stage");
    let (source, keys) = (
        httpd.url("release/example/1.0/"),
        httpd.url("release/example/KEYS"),
    );
    let before = httpd.requests().len();
    let ran = binary(&["verify", "--source", &source, "--keys", &keys]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let requests = httpd.requests().split_off(before);
    let reads_of = |end: &str| {
        requests
            .iter()
            .filter(|line| line.starts_with("GET") && line.contains(end))
            .count()
    };
    assert_eq!(reads_of(".asc") + reads_of(".sha512"), 0, "{requests:?}");
    assert_eq!(reads_of(".whl") + reads_of(".tar.gz"), 10, "{requests:?}");
}
