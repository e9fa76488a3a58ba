// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A job that is cancelled: what is under way is finished, nothing new begins,
//! and the run says how far it came.

use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::watch::Moment;

use super::*;

/// Sends `signals` to the run at the upload of this number, one after the other.
fn at_upload(trial: &Trial<'_>, number: usize, signals: &'static [Signal]) {
    let (seen, running) = (AtomicUsize::new(0), trial.running.clone());
    trial.watch(Arc::new(move |moment, _, path| {
        let is_upload = (moment, path) == (Moment::Asked, "/legacy/");
        if is_upload && seen.fetch_add(1, Ordering::SeqCst) + 1 == number {
            for signal in signals {
                running.send(*signal);
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }));
}

fn slow() -> Options {
    Options {
        latency: SLOW,
        ..Options::default()
    }
}

#[test]
fn the_file_under_way_is_finished_and_nothing_new_begins() {
    let world = ground();
    for signals in [
        &[Signal::TERM][..],
        &[Signal::INT],
        // As a runner does it; the second changes nothing.
        &[Signal::INT, Signal::TERM],
    ] {
        let trial = Trial::new(&world, slow());
        at_upload(&trial, 2, signals);
        let ran = trial.publish(&[("concurrency", "1")]);
        assert_eq!(ran.status, 3, "{}", ran.stderr);
        assert_eq!(ran.refusals(), ["cancelled", "upload-unfinished"]);
        assert_eq!(trial.index.count("POST", "/legacy/"), 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("2 published, 3 not"), "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains("2 of 2 files are served as they were sent"),
            "{}",
            ran.stderr
        );
        let published = ran.output("published").unwrap();
        assert_eq!(published.matches("\"uploaded\"").count(), 2, "{published}");
        assert_eq!(ran.report["outcome"], "failed");
        trial.watch(Arc::new(|_, _, _| {}));
        let again = trial.publish(&[]);
        assert_eq!(again.status, 0, "{}", again.stderr);
        trial.assert_whole("again");
    }
}

#[test]
fn all_files_under_way_are_finished() {
    let world = ground();
    let trial = Trial::new(&world, slow());
    // The first of each project alone, then two at a time.
    at_upload(&trial, 4, &[Signal::TERM]);
    let ran = trial.publish(&[("concurrency", "4")]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let uploads = trial.index.count("POST", "/legacy/");
    let there: usize = PROJECTS
        .iter()
        .map(|name| trial.index.files(name).len())
        .sum();
    assert_eq!(there, uploads, "each that began: {}", ran.stderr);
    assert!(uploads >= 4);
}

#[test]
fn before_any_upload_a_run_stops_at_once() {
    let world = ground();
    for (when, path) in [
        ("reading the source", "/repos/dist/release/example/KEYS"),
        ("asking the index", "/simple/example/"),
        ("asking for the audience", "/_/oidc/audience"),
        ("asking the runner", "/token"),
    ] {
        let trial = Trial::new(&world, Options::default());
        let running = trial.running.clone();
        trial.watch(Arc::new(move |moment, _, asked| {
            if (moment, asked) == (Moment::Asked, path) {
                running.send(Signal::TERM);
                // The answer comes too late for who would wait for it.
                std::thread::sleep(Duration::from_millis(700));
            }
        }));
        let ran = trial.publish(&[]);
        assert_eq!(
            (ran.status, ran.refusals()),
            (3, vec!["cancelled".to_owned()]),
            "{when}: {}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("nothing was sent to the index"),
            "{when}: {}",
            ran.stderr
        );
        assert_eq!(trial.index.count("POST", "/legacy/"), 0, "{when}");
        let left = std::fs::read_dir(trial.folder.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["report.json"], "{when}: no private file stays");
    }
}

#[test]
fn a_file_that_does_not_end_is_given_up_in_time() {
    let world = ground();
    let trial = Trial::new(&world, Options::default());
    at_upload(&trial, 1, &[Signal::TERM]);
    // The index never has done with it, so that it is sent again and again.
    trial.index.faults(|it| it.cut_after_commit = 100);
    let ran = trial.publish(&[("concurrency", "1")]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let first = "example-1.0-1-py3-none-any.whl";
    // It has the file, and the last look says so.
    assert_eq!(ran.file(first)["state"], "uploaded", "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("0 published, 1 sent without an answer, 4 not"),
        "{}",
        ran.stderr
    );
}

#[test]
fn verifying_stops_at_once_too() {
    let world = ground();
    let trial = Trial::new(&world, Options::default());
    let running = trial.running.clone();
    trial.watch(Arc::new(move |_, _, _| running.send(Signal::INT)));
    let ran = trial.run("verify", &[]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (3, vec!["cancelled".to_owned()]),
        "{}",
        ran.stderr
    );
}
