// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Many files by few requests, from a real httpd.

use std::fs;
use std::time::Duration;

use testbed::distribution::{sdist, sha512_sidecar, wheel};
use testbed::httpd::Httpd;

use super::{LIMITS, bytes, open};
use crate::run::binary;
use crate::world::key;
use asf_pypi_publish::source::{Arrivals, Entry, Source, Wanted};

/// Sidecars and other files in nested folders with names of every sort.
const FOLDERS: [&str; 3] = ["", "sub dir/", "sub dir/100%25 & <ü>/"];

/// The folder to ask, with other projects beside it.
const RELEASE: &str = "release/foo bar/1.0";

/// Bytes that Subversion cuts into several windows.
fn noise(length: u32) -> Vec<u8> {
    (0..length)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect()
}

fn commit(httpd: &Httpd) {
    let folder = tempfile::tempdir().unwrap();
    for below in FOLDERS {
        let place = folder.path().join(below);
        fs::create_dir_all(&place).unwrap();
        for (name, bytes) in [
            ("a.whl", noise(300_000)),
            ("a.whl.asc", b"signature\n".to_vec()),
            ("a.whl.sha512", vec![b'7'; 130]),
            ("b+c d.whl", vec![1; 250_000]),
            ("b+c d.whl.asc", noise(200_000)),
            ("empty.asc", Vec::new()),
            ("large.whl", noise((1 << 20) + 1)),
        ] {
            fs::write(place.join(name), bytes).unwrap();
        }
    }
    httpd.commit_tree(folder.path(), RELEASE, "stage");
}

/// Each file on its own; what ends in `whl` goes to disk.
fn groups(entries: &[Entry]) -> Vec<Vec<Wanted<'_>>> {
    let group = |entry| {
        vec![Wanted {
            entry,
            in_memory: !entry.path.ends_with("whl"),
        }]
    };
    entries.iter().map(group).collect()
}

fn bring(
    source: &Source,
    wanted: &[Entry],
    listing: &[Entry],
    temp: &tempfile::TempDir,
) -> Arrivals {
    source.bring_together(&groups(wanted), listing, temp.path())
}

/// What arrives of a file.
async fn arrived(arrivals: &mut Arrivals, entry: &Entry) -> Option<Vec<u8>> {
    let arrival = arrivals.take(&entry.path);
    if entry.path.ends_with("whl") {
        arrival.copy().await.map(|copy| bytes(&copy))
    } else {
        arrival.bytes().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_files_come_by_few_requests_as_they_were_listed() {
    let httpd = Httpd::start();
    commit(&httpd);
    let source = open(&httpd.url(&format!("{RELEASE}/"))).await.unwrap();
    let listing = source.list(&LIMITS).await.unwrap();
    assert_eq!(listing.len(), 21);
    // What is committed from here on is not what was listed.
    httpd.put(&format!("{RELEASE}/a.whl.asc"), b"forged!!!\n", "replace");
    httpd.delete(&format!("{RELEASE}/b+c d.whl"));

    let temp = tempfile::tempdir().unwrap();
    let mut arrivals = bring(&source, &listing, &listing, &temp);
    for entry in &listing {
        let together = arrived(&mut arrivals, entry).await;
        if entry.path.ends_with("large.whl") {
            assert!(together.is_none(), "{} is better read alone", entry.path);
            continue;
        }
        let alone = source.read_small(entry, 1 << 20).await.unwrap();
        assert!(together == Some(alone), "{}", entry.path);
    }
    let reports = || {
        let requests = httpd.requests();
        let reports = requests.iter().filter(|line| line.contains("/!svn/me "));
        reports.count()
    };
    // One lists, two bring 2.3 MB; httpd logs a request after it was answered.
    for _ in 0..100 {
        if reports() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(reports(), 3);
    assert_eq!(
        fs::read_dir(temp.path()).unwrap().count(),
        0,
        "copies have no name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_files_and_those_of_an_odd_listing_are_left_to_be_read_alone() {
    let httpd = Httpd::start();
    commit(&httpd);
    let source = open(&httpd.url(&format!("{RELEASE}/"))).await.unwrap();
    let mut listing = source.list(&LIMITS).await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let before = httpd.settled_requests().len();
    let mut arrivals = bring(&source, &listing[..4], &listing, &temp);
    assert!(arrived(&mut arrivals, &listing[0]).await.is_none());
    assert_eq!(
        httpd.settled_requests().len(),
        before,
        "not worth a request"
    );

    // A listing that this server would never give.
    let odd = ["a.whl.asc", "a.whl.sha512", "empty.asc"];
    for entry in &mut listing {
        match entry.path.as_str() {
            "a.whl.asc" => entry.sha1 = None,
            "a.whl.sha512" => entry.special = Some("link"),
            "empty.asc" => entry.sha1 = Some([0; 20]),
            _ => {}
        }
    }
    let wanted: Vec<_> = listing
        .iter()
        .filter(|entry| entry.size < 1000)
        .cloned()
        .collect();
    let mut arrivals = bring(&source, &wanted, &listing, &temp);
    for entry in &wanted {
        let together = arrived(&mut arrivals, entry).await;
        if odd.contains(&entry.path.as_str()) {
            assert!(together.is_none(), "{}", entry.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_reports_are_forbidden_nothing_comes_together() {
    let httpd = Httpd::start();
    commit(&httpd);
    let source = open(&httpd.walked_url(&format!("{RELEASE}/")))
        .await
        .unwrap();
    let listing = source.list(&LIMITS).await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let mut arrivals = bring(&source, &listing, &listing, &temp);
    for entry in &listing {
        assert!(arrived(&mut arrivals, entry).await.is_none());
        source.fetch(entry, &LIMITS, temp.path()).await.unwrap();
    }
}

/// The whole of `verify`, with reports and without.
#[test]
fn a_release_of_many_files_costs_a_handful_of_requests() {
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
    let keys = httpd.url("release/example/KEYS");
    // OPTIONS and GET of KEYS; OPTIONS, two reports that list, one that brings.
    // Without reports: OPTIONS, a listing, and each file by itself.
    for (source, expected) in [
        (httpd.url("release/example/1.0/"), 2 + 4),
        (httpd.walked_url("release/example/1.0/"), 2 + 2 + 30),
    ] {
        let before = httpd.settled_requests().len();
        let ran = binary(&["verify", "--source", &source, "--keys", &keys]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let requests = httpd.settled_requests().split_off(before);
        let given = requests.iter().filter(|line| !line.ends_with(" 403"));
        assert_eq!(given.count(), expected, "{requests:#?}");
    }
}
