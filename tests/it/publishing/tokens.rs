// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How long a token holds, and when a run asks for another.

use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::httpd;
use testbed::https_front::HttpsFront;
use testbed::watch::Moment;
use url::Url;

use super::*;
use crate::world::{assert_no_secret, worth_something};

#[test]
fn files_whose_token_ends_under_way_are_sent_again_with_one_fresh_token() {
    let world = ground();
    let trial = Trial::new(
        &world,
        Options {
            latency: SLOW,
            ..Options::default()
        },
    );
    let before = worth_something(&world.issuer);
    let (seen, index) = (AtomicUsize::new(0), Arc::downgrade(&trial.index));
    trial.watch(Arc::new(move |moment, _, path| {
        // Behind the first of each project two files are sent beside each other.
        let is_upload = (moment, path) == (Moment::Asked, "/legacy/");
        if is_upload && seen.fetch_add(1, Ordering::SeqCst) == 3 {
            index.upgrade().unwrap().expire_tokens();
        }
    }));
    let ran = trial.publish(&[("concurrency", "4")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    trial.assert_whole(&ran.stderr);
    let uploads = trial.index.count("POST", "/legacy/");
    assert!(
        uploads > 5,
        "{uploads} uploads: the index checks the end after the body"
    );
    assert_eq!(
        trial.index.minted(),
        2,
        "one mint, however many waited for it"
    );
    assert_eq!(
        worth_something(&world.issuer) - before,
        2,
        "each with an identity token of its own"
    );
    assert_no_secret(&ran, &trial.index, &world.issuer);
}

#[test]
fn a_file_that_would_outlive_its_token_begins_with_a_fresh_one() {
    let world = World::start();
    let wheel = |number: u64, payload| {
        let wheel = Wheel::new("example", "1.0").with_payload(payload);
        let bytes = wheel.with_seed(number).build().1;
        (format!("example-1.0-{number}-py3-none-any.whl"), bytes)
    };
    // At the pace of the first, the second needs a quarter of an hour.
    let files = [wheel(1, 64), wheel(2, 6_000_000)];
    world.stage(RELEASE, signed(&files));
    for (lifetime, minted) in [(900, 1), (400, 2)] {
        let trial = Trial::new(
            &world,
            Options {
                latency: SLOW,
                token_lifetime: Duration::from_secs(lifetime),
                ..Options::default()
            },
        );
        let ran = trial.publish(&[("concurrency", "1"), ("idle-timeout", "5 s")]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(trial.index.minted(), minted, "{lifetime} s");
        assert_eq!(trial.index.count("POST", "/legacy/"), 2, "{lifetime} s");
    }
}

#[test]
fn a_clock_that_is_wrong_costs_no_mint() {
    let world = ground();
    for ahead in [-3600, 3600] {
        let trial = Trial::new(&world, Options::default());
        trial.index.faults(|it| it.mint_clock_ahead = ahead);
        let ran = trial.publish(&[]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        trial.assert_whole(&ran.stderr);
        assert_eq!(trial.index.minted(), 1, "{ahead} s ahead");
    }
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a skipped test says why")]
fn a_token_for_hundreds_of_projects_is_sent_whole_by_either_version_of_http() {
    let world = ground();
    let trial = Trial::new(&world, Options::default());
    let more: Vec<String> = (0..400).map(|number| format!("other-{number}")).collect();
    let all = PROJECTS
        .iter()
        .copied()
        .chain(more.iter().map(String::as_str));
    let all: Vec<&str> = all.collect();
    trial.index.register(Publisher::example(&all));
    let longest = |trial: &Trial<'_>| {
        let seen = trial.index.requests().into_iter();
        let uploads = seen.filter(|seen| seen.path == "/legacy/");
        let lengths = uploads.map(|seen| seen.header("authorization").map_or(0, str::len));
        lengths.min().unwrap()
    };
    let ran = trial.publish(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    trial.assert_whole("HTTP/1.1");
    // PyPI's own servers of uploads take 32,760 bytes.
    assert!((20_000..=32_760).contains(&longest(&trial)));
    assert_no_secret(&ran, &trial.index, &world.issuer);

    if let Err(missing) = httpd::available() {
        eprintln!("skipped: {missing}");
        return;
    }
    let trial = Trial::new(&world, Options::default());
    trial.index.register(Publisher::example(&all));
    let port = Url::parse(&trial.index.base()).unwrap().port().unwrap();
    let front = HttpsFront::start(port);
    let (base, (name, ca)) = (front.base(), front.env());
    let inputs = [("index", base.as_str()), ("idle-timeout", "10 s")];
    let ran = trial.run_with("publish", &inputs, &[(name, &ca)]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    trial.assert_whole("HTTP/2");
    assert!((20_000..=32_760).contains(&longest(&trial)));
    let logged = front.logged();
    let mut uploads = logged.iter().filter(|seen| seen.path == "/legacy/");
    assert!(
        uploads.all(|seen| seen.protocol == "HTTP/2.0"),
        "{logged:?}"
    );
    assert_no_secret(&ran, &trial.index, &world.issuer);
}
