// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Sigstore is out of reach, refuses, or lies.

use serde_json::json;
use testbed::sigstore::{Fault, Knobs, Lie, Stamp};

use super::*;

type Turn = fn(&mut Knobs);

#[test]
fn nothing_is_uploaded_where_sigstore_is_out_of_reach_at_every_try() {
    let world = ground();
    let cases: [(&str, &str, Turn); 6] = [
        ("authority, 503", "attestation-unmade", |knobs| {
            knobs.authority_down = Some(Fault::Status(503));
        }),
        ("authority, reset", "attestation-unmade", |knobs| {
            knobs.authority_down = Some(Fault::Reset);
        }),
        ("log, 500", "attestation-unmade", |knobs| {
            knobs.log_down = Some(Fault::Status(500));
        }),
        (
            "log, reset when it is kept",
            "attestation-unmade",
            |knobs| {
                knobs.log_down = Some(Fault::ResetAfter);
            },
        ),
        ("log, busy for an hour", "attestation-unmade", |knobs| {
            knobs.log_down = Some(Fault::RetryAfter(429, 3600));
        }),
        ("authority, refuses", "attestation-refused", |knobs| {
            knobs.authority_down = Some(Fault::Status(403));
        }),
    ];
    std::thread::scope(|scope| {
        for (what, rule, knobs) in cases {
            let world = &world;
            scope.spawn(move || {
                let it = Attested::new(world);
                it.sigstore.set(knobs);
                let ran = it.publish(&[]);
                let status = if rule == "attestation-refused" { 1 } else { 3 };
                let found = (ran.status, ran.refusals());
                assert_eq!(
                    found,
                    (status, vec![rule.to_owned()]),
                    "{what}: {}",
                    ran.stderr
                );
                it.assert_nothing_sent(what);
                assert!(
                    ran.stderr.contains("nothing was sent to the index"),
                    "{what}"
                );
                // Once it is there again, the same run does it all.
                it.sigstore.set(|knobs| *knobs = Knobs::default());
                assert_eq!(it.publish(&[]).status, 0, "{what}");
                it.assert_whole(what);
            });
        }
    });
}

#[test]
fn what_fails_once_is_tried_again() {
    let world = ground();
    let it = Attested::new(&world);
    it.sigstore.set(|knobs| {
        knobs.authority_faults = [Fault::Status(503), Fault::Reset].into();
        knobs.log_faults = [
            Fault::Status(502),
            Fault::ResetAfter,
            Fault::BadGatewayAfter,
            Fault::RetryAfter(429, 1),
        ]
        .into();
    });
    let ran = it.publish(&[]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    it.assert_whole("after some failures");
}

#[test]
fn in_best_effort_the_files_go_without_and_every_channel_says_so() {
    let world = ground();
    let it = Attested::new(&world);
    it.sigstore
        .set(|knobs| knobs.log_down = Some(Fault::Status(500)));
    let best = [("attestations", "best-effort")];
    let summary = it.trial.folder.path().join("page.md");
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let ran = it.run_with("publish", &best, &env);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    it.trial.assert_whole("without attestations");
    let warnings = [
        "attestation-missing",
        "attestation-unmade",
        "receipt-unmade",
    ];
    let warnings = warnings.map(str::to_owned);
    assert_eq!(ran.rules("warn"), warnings);
    for (file, provenance) in it.provenance() {
        assert_eq!(provenance, Value::Null);
        assert!(
            ran.stderr.contains(&format!("NOT attested: {file}")),
            "{file}"
        );
        assert_eq!(ran.file(&file)["provenance"], "unattested");
    }
    assert!(
        ran.stderr.contains("::warning title=asf-pypi-publish"),
        "{}",
        ran.stderr
    );
    let page = std::fs::read_to_string(summary).unwrap();
    assert!(page.contains("attestation-missing"), "{page}");

    // They cannot get any later.
    it.sigstore.set(|knobs| *knobs = Knobs::default());
    let again = it.publish(&[]);
    assert_eq!(
        (again.status, again.rules("warn")),
        (0, vec![]),
        "{}",
        again.stderr
    );
    assert!(
        again
            .stderr
            .contains("0 of 5 files are shown with attestations")
    );
}

#[test]
fn what_the_index_would_not_take_is_never_sent() {
    let world = ground();
    let cases: [(&str, Turn); 8] = [
        ("proof", |knobs| knobs.lie = Some(Lie::Proof)),
        ("checkpoint", |knobs| knobs.lie = Some(Lie::Checkpoint)),
        ("promise", |knobs| knobs.lie = Some(Lie::Promise)),
        ("other entry", |knobs| knobs.lie = Some(Lie::OtherEntry)),
        ("other log", |knobs| knobs.lie = Some(Lie::OtherLog)),
        ("no stamp", |knobs| knobs.stamp = Stamp::Missing),
        ("other authority", |knobs| knobs.other_authority = true),
        ("not for code", |knobs| knobs.code_signing = false),
    ];
    std::thread::scope(|scope| {
        for (what, knobs) in cases {
            let world = &world;
            scope.spawn(move || {
                let it = Attested::new(world);
                it.sigstore.set(knobs);
                let ran = it.publish(&[]);
                let told = ran.refusals();
                let known = ["attestation-wrong", "attestation-unmade"];
                assert!(
                    told.len() == 1 && known.contains(&told[0].as_str()),
                    "{what}: {told:?} {}",
                    ran.stderr
                );
                it.assert_nothing_sent(what);
            });
        }
    });
}

#[test]
fn a_job_in_a_reusable_workflow_leaves_nothing_in_the_log() {
    let world = ground();
    let it = Attested::new(&world);
    let started = json!("apache/example/.github/workflows/start.yml@refs/tags/v1");
    world.issuer.set_claim("workflow_ref", started);
    let ran = it.publish(&[]);
    let found = (ran.status, ran.refusals());
    assert_eq!(
        found,
        (1, vec!["attestation-wrong".to_owned()]),
        "{}",
        ran.stderr
    );
    for said in ["`start.yml`", "`release.yml`"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    it.assert_nothing_sent("another workflow");
    assert_eq!(it.sigstore.counts(), testbed::sigstore::Counts::default());

    world.issuer.set_claim("workflow_ref", Value::Null);
    let ran = it.publish(&[]);
    assert_eq!(ran.refusals(), ["attestation-refused"], "{}", ran.stderr);
    let ran = it.publish(&[("attestations", "best-effort")]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    assert_eq!(it.sigstore.counts(), testbed::sigstore::Counts::default());
}
