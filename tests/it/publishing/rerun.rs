// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A run that is ended at each of its requests, before and after it is worked
//! on: the next run ends with every file there once.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Trials at a time: most of their time they wait.
const WORKERS: usize = 8;

/// Ends a run by this signal at each moment of its requests in turn, from the
/// first to the one that it no longer reaches; gives the number of moments.
fn end_at_each_moment(signal: Signal, check: impl Fn(&Trial<'_>, &Ran, usize) + Sync) -> usize {
    let next = AtomicUsize::new(0);
    let end = AtomicUsize::new(usize::MAX);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let world = ground();
                loop {
                    let moment = next.fetch_add(1, Ordering::SeqCst);
                    if moment >= end.load(Ordering::SeqCst) {
                        return;
                    }
                    let trial = Trial::new(&world, Options::default());
                    let (ran, reached) = end_at(&trial, signal, moment);
                    if !reached {
                        assert_eq!(ran.status, 0, "{}", ran.stderr);
                        end.fetch_min(moment, Ordering::SeqCst);
                        return;
                    }
                    check(&trial, &ran, moment);
                    let again = trial.publish(&[]);
                    assert_eq!(again.status, 0, "moment {moment}: {}", again.stderr);
                    trial.assert_whole(&format!("moment {moment}"));
                }
            });
        }
    });
    end.into_inner()
}

/// One run that gets this signal at the moment of this number, if it reaches it.
fn end_at(trial: &Trial<'_>, signal: Signal, moment: usize) -> (Ran, bool) {
    let seen = Arc::new(AtomicUsize::new(0));
    let (count, running) = (Arc::clone(&seen), trial.running.clone());
    trial.watch(Arc::new(move |_, _, _| {
        if count.fetch_add(1, Ordering::SeqCst) == moment {
            running.send(signal);
            // The answer must not be faster than the signal.
            std::thread::sleep(Duration::from_millis(100));
        }
    }));
    let ran = trial.publish(&[]);
    // The run is over: whoever comes later is not counted as it.
    trial.watch(Arc::new(|_, _, _| {}));
    (ran, seen.load(Ordering::SeqCst) > moment)
}

#[test]
fn a_run_that_is_killed_at_any_request_is_finished_by_the_next() {
    let moments = end_at_each_moment(Signal::KILL, |_, ran, moment| {
        assert_eq!(ran.status, -1, "moment {moment}: {}", ran.stderr);
    });
    // Five uploads, three look-ups and more, each with two moments.
    assert!(moments > 40, "{moments} moments");
}

#[test]
fn a_run_that_is_cancelled_at_any_request_says_so_and_is_finished_by_the_next() {
    let moments = end_at_each_moment(Signal::TERM, |trial, ran, moment| {
        let what = format!("moment {moment}: {}", ran.stderr);
        assert_eq!(
            (ran.status, ran.report["exit"].as_i64()),
            (3, Some(3)),
            "{what}"
        );
        assert!(ran.refusals().contains(&"cancelled".to_owned()), "{what}");
        assert_eq!(ran.report["outcome"], "failed", "{what}");
        // What the report says of a file is so.
        let there: Vec<String> = PROJECTS
            .iter()
            .flat_map(|project| trial.index.files(project))
            .map(|file| file.filename)
            .collect();
        for row in ran.report["files"].as_array().unwrap() {
            let (path, state) = (row["path"].as_str().unwrap(), &row["state"]);
            let is_there = there.iter().any(|name| name == path);
            if state == "uploaded" || state == "new" {
                assert_eq!(state == "uploaded", is_there, "{path}: {what}");
            }
        }
    });
    assert!(moments > 40, "{moments} moments");
}
