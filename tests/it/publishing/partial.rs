// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Runs in which a part fails: what still happens, what is said, and that the
//! next run does the rest.

use std::sync::atomic::{AtomicUsize, Ordering};

use testbed::watch::Moment;

use super::*;

/// Does something to the index when the upload of this number begins.
fn at_upload(trial: &Trial<'_>, number: usize, act: impl Fn(&FakeIndex) + Send + Sync + 'static) {
    let (seen, index) = (AtomicUsize::new(0), Arc::downgrade(&trial.index));
    trial.watch(Arc::new(move |moment, _, path| {
        let is_upload = (moment, path) == (Moment::Asked, "/legacy/");
        if is_upload && seen.fetch_add(1, Ordering::SeqCst) + 1 == number {
            act(&index.upgrade().unwrap());
        }
    }));
}

#[test]
fn a_project_that_is_refused_stops_none_that_has_begun_and_none_begins_after_it() {
    let world = ground();
    world.stage(RELEASE, project("zeta", "1.0"));
    let trial = Trial::new(
        &world,
        Options {
            latency: SLOW,
            ..Options::default()
        },
    );
    trial.index.register(Publisher::example(&["zeta"]));
    // Two projects begin together. The first is closed by somebody meanwhile.
    at_upload(&trial, 1, |index| index.set_status("example", "archived"));
    let projects = [("projects", "example*\nzeta")];
    let ran = trial.publish(&projects);
    assert_eq!(
        (ran.status, ran.refusals()),
        (
            1,
            vec!["upload-refused".to_owned(), "upload-unfinished".to_owned()]
        ),
        "{}",
        ran.stderr
    );
    let there = |name| trial.index.files(name).len();
    assert_eq!(
        (there("example"), there("example-more"), there("zeta")),
        (0, 2, 0),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("2 published, 5 not"), "{}", ran.stderr);
    let state = |file: &str| ran.file(file)["state"].clone();
    assert_eq!(state("example_more-1.0.tar.gz"), "uploaded");
    assert_eq!(state("example-1.0.tar.gz"), "new");
    assert_eq!(state("zeta-1.0.tar.gz"), "new");

    trial.index.set_status("example", "active");
    let again = trial.publish(&projects);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(there("zeta"), 2);
    trial.assert_whole(&again.stderr);
}

#[test]
fn a_network_that_is_cut_in_the_middle_leaves_the_rest_to_the_next_run() {
    let world = ground();
    let trial = Trial::new(&world, Options::default());
    at_upload(&trial, 3, |index| {
        index.faults(|it| {
            it.cut_before_commit = 1000;
            it.simple_statuses.extend([503; 1000]);
        });
    });
    let ran = trial.publish(&[]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (3, vec!["upload-unfinished".to_owned()]),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("Run the job again"), "{}", ran.stderr);
    let there: usize = PROJECTS
        .iter()
        .map(|name| trial.index.files(name).len())
        .sum();
    assert!((1..5).contains(&there), "{there} files");
    trial.index.faults(|it| {
        it.cut_before_commit = 0;
        it.simple_statuses.clear();
    });
    trial.watch(Arc::new(|_, _, _| {}));
    let again = trial.publish(&[]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    trial.assert_whole(&again.stderr);
}
