// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A container that is stopped or killed while it publishes. The binary is its
//! first process there, for which the kernel ignores every signal that it does
//! not handle itself; the next run finishes the release all the same.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use testbed::distribution::Wheel;
use testbed::index::Options;
use testbed::watch::Moment;

use super::*;

/// How long the index works on one upload: longer than it takes to reach the
/// container, and short enough for a file to be finished before a stop kills.
const SLOW: Duration = Duration::from_secs(3);

/// Five wheels of one version: the first goes alone, the others one by one.
fn wheels() -> Files {
    let wheel = |number: u64| {
        let wheel = Wheel::new("example", "1.0").with_seed(number);
        let name = format!("example-1.0-{number}-py3-none-any.whl");
        (name, wheel.build().1)
    };
    (1..=5).map(wheel).collect()
}

/// A job that publishes [`wheels`], in a container of this name.
fn publishing(image: &'static str, site: &Site, name: &str) -> Job {
    let mut job = Job::new(image, site);
    job.with("mode", "publish");
    job.with("expected-digest", "any");
    job.with("concurrency", "1");
    job.name = Some(format!("asf-pypi-publish-{name}-{}", std::process::id()));
    job
}

/// Runs the job and ends its container when the second upload begins. Where
/// `is_waited_for`, the index does nothing before that has happened.
fn run_and_end(job: &Job, site: &Site, how: &'static str, is_waited_for: bool) -> Ran {
    let uploads = AtomicUsize::new(0);
    let name = job.name.clone().unwrap();
    let ending: Arc<Mutex<Option<JoinHandle<Output>>>> = Arc::default();
    let hears = Arc::clone(&ending);
    site.index.watch(Arc::new(move |moment, _, path| {
        let is_upload = (moment, path) == (Moment::Asked, "/legacy/");
        if !is_upload || uploads.fetch_add(1, Ordering::SeqCst) + 1 != 2 {
            return;
        }
        let mut command = Command::new(script("end"));
        command.args([&name, how]);
        let end = thread::spawn(move || command.output().unwrap());
        *hears.lock().unwrap() = Some(end);
        while is_waited_for && !is_over(&hears) {
            thread::sleep(Duration::from_millis(20));
        }
    }));
    let ran = job.run();
    site.index.watch(Arc::new(|_, _, _| {}));
    let ending = ending.lock().unwrap().take();
    let ending = ending.unwrap_or_else(|| panic!("no second upload: {}", ran.stderr));
    let ended = ending.join().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    ran
}

fn is_over(ending: &Mutex<Option<JoinHandle<Output>>>) -> bool {
    let ending = ending.lock().unwrap();
    ending.as_ref().is_none_or(JoinHandle::is_finished)
}

fn there(site: &Site) -> Vec<String> {
    let files = site.index.files("example").into_iter();
    files.map(|file| file.filename).collect()
}

/// The next run of the same job ends well, with every file there once, and
/// sends none that is there already.
fn assert_finished_by_the_next(job: &mut Job, site: &Site, files: &Files) {
    job.name = None;
    let before = there(site).len();
    let sent = site.index.count("POST", "/legacy/");
    let again = job.run();
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(
        site.index.count("POST", "/legacy/") - sent,
        files.len() - before,
        "{}",
        again.stderr
    );
    assert_eq!(there(site).len(), files.len());
    for (name, bytes) in files {
        assert!(site.index.contents(name).as_ref() == Some(bytes), "{name}");
    }
    site.assert_no_secret(&again);
}

#[test]
fn a_container_that_is_stopped_finishes_its_file_and_says_how_far_it_came() {
    let Some(image) = image() else { return };
    let site = Site::start_with(
        &["example"],
        Options {
            latency: SLOW,
            ..Options::default()
        },
    );
    let files = wheels();
    site.stage(RELEASE, &files);
    let mut job = publishing(image, &site, "stopped");
    let ran = run_and_end(&job, &site, "stop", false);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert_eq!(
        ran.refusals(),
        ["cancelled", "upload-unfinished"],
        "{}",
        ran.stderr
    );
    // Each that began is there, the report says which, and no more began.
    let there_then = there(&site);
    let uploads = site.index.count("POST", "/legacy/");
    assert_eq!(there_then.len(), uploads, "{}", ran.stderr);
    assert!((2..files.len()).contains(&uploads), "{uploads} uploads");
    for (name, _) in &files {
        let expected = if there_then.contains(name) {
            "uploaded"
        } else {
            "new"
        };
        assert_eq!(ran.file(name)["state"], expected, "{name}: {}", ran.stderr);
    }
    assert_eq!(ran.report["exit"], 3);
    assert_eq!(ran.report["outcome"], "failed");
    assert!(ran.summary.contains("cancelled"), "{}", ran.summary);
    let told: Vec<Value> = serde_json::from_str(&ran.outputs["published"]).unwrap();
    assert_eq!(told.len(), uploads);
    site.assert_no_secret(&ran);
    assert_finished_by_the_next(&mut job, &site, &files);
}

#[test]
fn a_container_that_is_killed_leaves_a_release_that_the_next_run_finishes() {
    let Some(image) = image() else { return };
    let site = Site::start(&["example"]);
    let files = wheels();
    site.stage(RELEASE, &files);
    let mut job = publishing(image, &site, "killed");
    let ran = run_and_end(&job, &site, "KILL", true);
    assert_eq!(ran.status, 128 + 9, "{}", ran.stderr);
    assert_eq!(ran.report, Value::Null, "it had no time to say anything");
    site.assert_no_secret(&ran);
    let there_then = there(&site).len();
    assert!((1..files.len()).contains(&there_then), "{there_then} files");
    assert_finished_by_the_next(&mut job, &site, &files);
}
