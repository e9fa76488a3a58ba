// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How long a token holds, and when a run asks for another.

use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::watch::Moment;

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
