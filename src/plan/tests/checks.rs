// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What `check` and `check-receipt` ask for, and what only they know.

use super::*;

const SOURCE: &str = "https://dist.apache.org/repos/dist/release/example/1.0/";

fn with_source<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--source", SOURCE]].concat()
}

fn illegal(name: &str) -> (Rule, String) {
    (Rule::InputIllegal, name.to_owned())
}

#[test]
fn a_check_needs_its_projects_and_takes_an_identity_whole_or_not_at_all() {
    let check = ["check", "--projects", "example"];
    let found = plan(&with_source(&check)).unwrap();
    assert_eq!((found.mode, found.identity), (Mode::Check, None));
    let repository = ["--repository", "apache/example"];
    let workflow = ["--workflow", "publish.yml"];
    let whole = [&check[..], &repository, &workflow].concat();
    let identity = plan(&with_source(&whole)).unwrap().identity.unwrap();
    assert_eq!(identity.repository(), "apache/example");
    assert_eq!(identity.workflow(), "publish.yml");
    for (args, wrong) in [
        (vec!["check"], "projects"),
        ([&check[..], &repository].concat(), "workflow"),
        ([&check[..], &workflow].concat(), "repository"),
        ([&check[..], &["--receipt", "x.json"]].concat(), "receipt"),
    ] {
        assert_eq!(problems(&with_source(&args)), [illegal(wrong)], "{args:?}");
    }
}

#[test]
fn a_receipt_is_checked_only_with_source_and_signer_named() {
    let whole = [
        "check-receipt",
        "x.json",
        "--repository",
        "apache/example",
        "--workflow",
        "publish.yml",
    ];
    let found = plan(&with_source(&whole)).unwrap();
    assert_eq!(found.mode, Mode::CheckReceipt);
    assert_eq!(found.receipt, Some(PathBuf::from("x.json")));
    assert!(found.identity.is_some() && found.keys.is_empty());
    // No KEYS are asked for, wherever the source lies.
    let elsewhere = [&whole[..], &["--source", "copy"]].concat();
    assert!(plan(&elsewhere).unwrap().keys.is_empty());

    let named = ["check-receipt", "--receipt", "x.json"];
    let named = [&named[..], &whole[2..]].concat();
    assert!(plan(&with_source(&named)).is_ok());

    assert_eq!(problems(&whole), [illegal("source")]);
    assert_eq!(problems(&with_source(&whole[..4])), [illegal("workflow")]);
    let without_repository = [&whole[..2], &whole[4..]].concat();
    let found = problems(&with_source(&without_repository));
    assert_eq!(found, [illegal("repository")]);
    let without_file = [&whole[..1], &whole[2..]].concat();
    assert_eq!(problems(&with_source(&without_file)), [illegal("receipt")]);
    let twice = [&["check-receipt", "y.json"], &whole[1..]].concat();
    assert_eq!(problems(&with_source(&twice)), [illegal("receipt")]);
}

#[test]
fn what_only_checks_know_is_refused_elsewhere() {
    for (name, value) in [
        ("repository", "apache/example"),
        ("workflow", "publish.yml"),
        ("receipt", "x.json"),
    ] {
        let flag = format!("--{name}");
        let verify = problems(&with_source(&["verify", &flag, value]));
        assert_eq!(verify, [illegal(name)]);
        let publish = [
            "publish",
            "--projects",
            "example",
            "--expected-digest",
            "any",
            &flag,
            value,
        ];
        assert_eq!(problems(&with_source(&publish)), [illegal(name)]);
    }
}

#[test]
fn an_identity_is_written_as_a_publisher_is_registered() {
    let repository = "--repository";
    let workflow = "--workflow";
    for (repository_value, workflow_value, wrong) in [
        ("example", "publish.yml", "repository"),
        (
            "https://github.com/apache/example",
            "publish.yml",
            "repository",
        ),
        ("apache/..", "publish.yml", "repository"),
        ("apache/example", "publish", "workflow"),
        (
            "apache/example",
            ".github/workflows/publish.yml",
            "workflow",
        ),
        ("apache/example", "publish.yml@refs/heads/main", "workflow"),
    ] {
        let args = [
            "check",
            "--projects",
            "example",
            repository,
            repository_value,
            workflow,
            workflow_value,
        ];
        assert_eq!(problems(&with_source(&args)), [illegal(wrong)], "{args:?}");
    }
}
