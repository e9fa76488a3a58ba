// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What is wrong with the inputs, through the binary: exit status 2, all
//! problems at once, nothing done.

use crate::run::{binary, run, run_as_action};

#[test]
fn an_empty_input_is_never_unset() {
    for name in [
        "source",
        "signers",
        "expected-digest",
        "version",
        "dry-run",
        "waive",
        "keys",
    ] {
        let mut inputs = vec![
            ("source", "https://dist.apache.org/repos/dist/release/x/"),
            ("report", "report.json"),
        ];
        inputs.retain(|(given, _)| *given != name);
        for empty in ["", "  ", "\n"] {
            let ran = run_as_action(&[&inputs[..], &[(name, empty)]].concat(), &[]);
            assert_eq!(ran.status, 2, "{name}={empty:?}: {}", ran.stderr);
            assert_eq!(ran.refusals(), ["input-empty"], "{name}={empty:?}");
            assert!(ran.stderr.contains(name));
        }
    }
}

#[test]
fn an_unknown_input_is_an_error_with_the_nearest_name() {
    let ran = run_as_action(
        &[
            ("source", "/x"),
            ("keys", "/k"),
            ("dryrun", "true"),
            ("DRY_RUN", "true"),
            ("report", "report.json"),
        ],
        &[],
    );
    assert_eq!(ran.status, 2);
    assert_eq!(ran.refusals(), ["input-unknown"]);
    assert_eq!(
        ran.stderr.matches("did you mean `dry-run`?").count(),
        2 + 2,
        "{}",
        ran.stderr
    );
    let ran = binary(&[
        "verify",
        "--source",
        "/x",
        "--keys",
        "k",
        "--signer",
        "x",
        "--sauce=y",
        "--report",
        "report.json",
    ]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("did you mean `signers`?")
            && ran.stderr.contains("did you mean `source`?")
    );
}

#[test]
fn all_problems_are_reported_at_once_each_with_its_input() {
    let ran = run_as_action(
        &[
            ("mode", "pubish"),
            ("source", "ftp://x"),
            ("index", "PyPI"),
            ("concurrency", "0"),
            ("version", ""),
            ("report", "report.json"),
            ("wave", "x"),
        ],
        &[],
    );
    assert_eq!(ran.status, 2);
    let findings = ran.report["findings"].as_array().unwrap();
    for name in ["mode", "source", "index", "concurrency", "version", "wave"] {
        assert!(
            findings.iter().any(|finding| finding["path"] == name),
            "{name}: {}",
            ran.report
        );
    }
    assert_eq!(ran.report["outcome"], "illegal-inputs");
    assert_eq!(ran.report["exit"], 2);
}

#[test]
fn without_anything_it_says_what_it_needs() {
    let ran = run::<&str>(&[], &[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("source"));
}

#[test]
fn help_and_version_are_not_runs() {
    for flag in ["--help", "--version"] {
        let ran = binary(&[flag]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("asf-pypi-publish"));
    }
}

#[test]
fn publishing_needs_an_identity_token_before_anything_is_read() {
    let args = [
        "publish",
        "--source",
        "http://127.0.0.1:9/repos/dist/release/x/",
        "--keys",
        "http://127.0.0.1:9/KEYS",
        "--index",
        "http://127.0.0.1:9/",
        "--projects",
        "x",
        "--report",
        "report.json",
    ];
    let ran = run(&args, &[]);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["id-token-missing"]);
    assert!(ran.stderr.contains("id-token: write"));
}

#[test]
fn foreign_text_in_inputs_makes_no_workflow_command() {
    let evil = "x\n::set-output name=digest::evil\r\n##[add-mask]y";
    let ran = run_as_action(&[("source", evil), ("index", evil), ("keys", evil)], &[]);
    assert_eq!(ran.status, 2);
    for line in ran.stderr.lines().chain(ran.stdout.lines()) {
        assert!(!line.trim_start().starts_with("::set-output"), "{line}");
        assert!(!line.contains("##["), "{line}");
    }
    assert!(!ran.summary.contains("::set-output"));
}

#[test]
fn inputs_of_a_workflow_beside_arguments_are_not_ignored() {
    let args = [
        "verify",
        "--source",
        "/x",
        "--keys",
        "k",
        "--report",
        "report.json",
    ];
    let ran = run(&args, &[("INPUT_SIGNERS", "any")]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (2, vec!["input-illegal".to_owned()])
    );
    assert!(ran.stderr.contains("INPUT_SIGNERS"));
}

#[test]
fn a_password_in_a_mistyped_url_is_not_repeated() {
    for args in [
        ["--source", "https:me:hunter2@host/x", "--keys", "k"],
        ["--source", "/x", "--keys", "https:/me:hunter2@host/k"],
        ["--index", "me:hunter2@host", "--source", "/x"],
        [
            "--index",
            "https://me:hunter2@a/",
            "--index",
            "https://me:hunter2@b/",
        ],
    ] {
        let ran = run(
            &[&["verify", "--report", "report.json"][..], &args].concat(),
            &[],
        );
        assert_eq!(ran.status, 2, "{args:?}");
        assert!(!ran.everything().contains("hunter2"), "{args:?}");
    }
}

#[test]
fn no_value_turns_a_run_into_help() {
    for value in ["-h", "--help", "-V"] {
        let ran = run(&["publish", "--source", "/x", "--waive", value], &[]);
        assert_eq!(ran.status, 2, "{value}: {}", ran.stdout);
    }
}

#[test]
fn a_variable_of_the_desktop_is_no_input() {
    let args = ["verify", "--source", "/x", "--keys", "k"];
    let ran = run(&args, &[("INPUT_METHOD", "fcitx")]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
}

#[test]
fn a_job_without_a_token_learns_so_together_with_its_other_problems() {
    let args = [
        "publish",
        "--source",
        "/x",
        "--keys",
        "k",
        "--concurrency",
        "0",
        "--projects",
        "x",
        "--index",
        "http://127.0.0.1:9",
        "--report",
        "report.json",
    ];
    let ran = run(&args, &[]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.refusals(),
        ["area-unknown", "id-token-missing", "input-illegal"]
    );
}
