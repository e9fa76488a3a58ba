// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What publishing large files costs in memory: they are streamed.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::world::key;

/// The bytes of one file.
const LARGE: u64 = 40 << 20;
/// What a whole run may hold at its most, in KiB.
const MOST: u64 = 64 << 10;

#[test]
fn large_files_are_published_within_64_mib_of_memory() {
    let world = World::start();
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for number in 0..4 {
        let wheel = Wheel::new("example", "1.0").with_payload(LARGE);
        let (name, bytes) = wheel.with_seed(number).build();
        let name = name.replace("-py3-", &format!("-{number}-py3-"));
        let put = |end: &str, bytes: &[u8]| {
            fs::write(folder.path().join(format!("{name}{end}")), bytes).unwrap();
        };
        put("", &bytes);
        put(".asc", key().sign_detached(&bytes).as_bytes());
        let sum = testbed::distribution::sha512_sidecar(&name, &bytes);
        put(".sha512", sum.as_bytes());
        names.push(name);
    }
    let trial = Trial::new(&world, Options::default());
    let peak = Arc::new(AtomicU64::new(0));
    let (most, running) = (Arc::clone(&peak), trial.running.clone());
    // The system keeps the peak, so that the last request, which reads back, has all.
    trial.watch(Arc::new(move |_, _, _| {
        let now = running.peak_memory().unwrap_or_default();
        most.fetch_max(now, Ordering::SeqCst);
    }));
    let ran = trial.publish(&[
        ("source", folder.path().to_str().unwrap()),
        ("area", "release"),
        ("concurrency", "4"),
        ("idle-timeout", "30 s"),
    ]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(trial.index.files("example").len(), names.len());
    let peak = peak.load(Ordering::SeqCst);
    assert!(peak > 0, "it was never looked at");
    assert!(peak < MOST, "{peak} KiB at its most");
}
