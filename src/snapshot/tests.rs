// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Tables of what each path is.

use super::*;
use crate::context::Context;
use crate::inputs::{Inputs, Request};
use crate::plan::Plan;

fn entry(path: &str) -> Entry {
    Entry {
        path: path.to_owned(),
        size: 10,
        ..Entry::default()
    }
}

fn classify(paths: &[&str], args: &[&str]) -> (Snapshot, Vec<Finding>, Vec<Waived>) {
    let base = [
        "verify",
        "--source",
        "https://dist.apache.org/repos/dist/release/x/",
    ];
    let context = Context::with_args([&base[..], args].concat());
    let Request::Run(inputs, _) = Inputs::read(&context) else {
        panic!("no run")
    };
    let plan = Plan::read(&inputs).unwrap();
    Snapshot::classify(
        paths.iter().map(|path| entry(path)).collect(),
        &plan.selection,
        &plan.waivers,
    )
}

fn classes(paths: &[&str], args: &[&str]) -> Vec<&'static str> {
    let (snapshot, _, _) = classify(paths, args);
    snapshot
        .items()
        .iter()
        .map(|item| item.class.word())
        .collect()
}

fn rules(findings: &[Finding]) -> Vec<(Rule, &str)> {
    findings
        .iter()
        .map(|finding| (finding.rule, finding.path.as_deref().unwrap_or_default()))
        .collect()
}

#[test]
fn every_path_has_a_class() {
    for (path, class) in [
        ("apache_foo-1.0-py3-none-any.whl", "distribution"),
        ("sub/apache_foo-1.0.tar.gz", "distribution"),
        ("apache-foo-1.0-source.tar.gz", "artifact"),
        ("apache-foo-1.0-bin.tar.gz", "artifact"),
        ("KEYS", "keys"),
        ("SHA512SUMS", "digest-list"),
        ("sub/SHA256SUM.txt", "digest-list"),
        ("MD5SUM", "weak-sidecar"),
        ("SHA384SUMS", "refused"),
        ("README.html", "refused"),
        ("Apache_Foo-1.0-py3-none-any.whl", "refused"),
        ("apache-foo-1.0.tar.gz", "refused"),
        ("a name.whl", "refused"),
        ("100%.whl", "refused"),
        ("apache_foo-1.0-py3-none-any.whl.asc.asc", "refused"),
        ("ａpache_foo-1.0-py3-none-any.whl", "refused"),
    ] {
        assert_eq!(classes(&[path], &[]), [class], "{path}");
    }
}

#[test]
fn sidecars_follow_their_file_and_orphans_are_refused() {
    let wheel = "foo-1.0-py3-none-any.whl";
    let paths = [
        wheel,
        "foo-1.0-py3-none-any.whl.asc",
        "foo-1.0-py3-none-any.whl.sha512",
        "foo-1.0-py3-none-any.whl.sha256",
        "foo-1.0-py3-none-any.whl.md5",
        "bar-1.0.tar.gz.asc",
    ];
    let (snapshot, findings, _) = classify(&paths, &[]);
    assert_eq!(
        rules(&findings),
        [
            (Rule::WeakSidecar, "foo-1.0-py3-none-any.whl.md5"),
            (Rule::SidecarOrphan, "bar-1.0.tar.gz.asc")
        ]
    );
    let [artifact] = snapshot.artifacts() else {
        panic!("one artifact")
    };
    assert!(artifact.signature.is_some());
    assert_eq!(artifact.checksums.len(), 2);
}

#[test]
fn a_sidecar_of_a_sidecar_is_of_no_class_since_nobody_would_check_it() {
    for sidecar in [".asc.sha512", ".sha512.asc", ".asc.md5"] {
        let first = sidecar.rsplit_once('.').unwrap().0;
        let paths = [
            "foo-1.0.tar.gz".to_owned(),
            format!("foo-1.0.tar.gz{first}"),
            format!("foo-1.0.tar.gz{sidecar}"),
        ];
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (_, findings, _) = classify(&paths, &[]);
        assert_eq!(rules(&findings), [(Rule::PathUnknown, paths[2])]);
    }
}

#[test]
fn digest_lists_and_attestations_belong_to_their_file() {
    let wheel = "foo-1.0-py3-none-any.whl";
    let with = |suffix: &str| [wheel.to_owned(), format!("{wheel}{suffix}")];
    for (suffix, class) in [
        (".mds", "digest-list"),
        (".publish.attestation", "attestation"),
        (".slsa.attestation", "attestation"),
        (".attestation", "attestation"),
        (".provenance", "attestation"),
        (".intoto.jsonl", "attestation"),
        (".sigstore.json", "attestation"),
    ] {
        let paths = with(suffix);
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(classes(&paths, &[]), ["distribution", class], "{suffix}");
        let (_, findings, _) = classify(&paths[1..], &[]);
        assert_eq!(
            rules(&findings),
            [(Rule::SidecarOrphan, paths[1])],
            "{suffix}"
        );
    }
    let attested = [wheel, "foo-1.0-py3-none-any.whl.publish.attestation"];
    let waiver = "attestation-unchecked *.attestation made by the builder";
    for (waivers, attestations) in [(&[][..], 1), (&["--waive", waiver], 0)] {
        let (snapshot, findings, softened) = classify(&attested, waivers);
        assert_eq!(snapshot.artifacts()[0].attestations.len(), attestations);
        assert!(!findings.iter().any(Finding::refuses), "{findings:?}");
        assert_eq!(softened.len(), 1 - attestations);
    }
    let (snapshot, findings, _) = classify(
        &[wheel, "SHA512SUMS", "SHA512SUMS.asc", "SHA512SUMS.sha512"],
        &["--include", "*.whl"],
    );
    assert_eq!(rules(&findings), [(Rule::PathUnknown, "SHA512SUMS.sha512")]);
    let [list] = snapshot.lists() else {
        panic!("one list")
    };
    assert!(list.signature.is_some());
    assert_eq!(
        classes(&[wheel, "SHA512SUMS"], &["--exclude", "SHA*"])[1],
        "excluded"
    );
}

#[test]
fn what_is_left_out_takes_its_sidecars_along() {
    let paths = [
        "a/foo-1.0.tar.gz",
        "a/foo-1.0.tar.gz.asc",
        "a/notes.txt",
        "b/bar-1.0.tar.gz",
        "b/bar-1.0.tar.gz.sha512",
        "b/gone.whl.asc",
    ];
    assert_eq!(
        classes(&paths, &["--exclude", "b/*", "--exclude", "*.txt"]),
        [
            "distribution",
            "signature",
            "excluded",
            "excluded",
            "excluded",
            "excluded"
        ]
    );
    assert_eq!(
        classes(&paths, &["--include", "b/bar*"]),
        [
            "excluded",
            "excluded",
            "excluded",
            "distribution",
            "checksum",
            "excluded"
        ]
    );
    let (_, findings, _) = classify(&paths, &["--include", "*", "--exclude", "nothing*"]);
    assert!(rules(&findings).contains(&(Rule::GlobUnused, "exclude")));
}

#[test]
fn an_unknown_path_may_be_waived_and_is_then_told() {
    let (snapshot, findings, waived) = classify(
        &["CHANGES"],
        &["--waive", "path-unknown CHANGES a list of changes"],
    );
    assert_eq!(snapshot.items()[0].class, Class::Waived);
    assert!(!findings.iter().any(Finding::refuses));
    assert_eq!(waived.len(), 1);
    assert_eq!(waived[0].reason, "a list of changes");
}

#[test]
fn one_name_in_two_folders_is_refused() {
    let (_, findings, _) = classify(&["a/foo-1.0.tar.gz", "b/foo-1.0.tar.gz"], &[]);
    assert_eq!(
        rules(&findings),
        [(Rule::BasenameTwice, "a/foo-1.0.tar.gz")]
    );
}

#[test]
fn two_sdists_of_one_version_are_refused() {
    let (_, findings, _) = classify(
        &[
            "a/foo-1.0.0.tar.gz",
            "foo-1.0.tar.gz",
            "foo-1.0.0-py3-none-any.whl",
            "foo-1.0.1.tar.gz",
            "bar-1.0.tar.gz",
        ],
        &[],
    );
    assert_eq!(rules(&findings), [(Rule::SecondSdist, "foo-1.0.tar.gz")]);
}

#[test]
fn links_and_externals_are_refused() {
    let link = Entry {
        special: Some("a link"),
        ..entry("foo-1.0.tar.gz")
    };
    let (snapshot, findings, _) =
        Snapshot::classify(vec![link], &Selection::default(), &Waivers::default());
    assert_eq!(rules(&findings), [(Rule::SourceSpecial, "foo-1.0.tar.gz")]);
    assert!(snapshot.artifacts().is_empty());
}

#[test]
fn limits_hold_for_one_file_and_for_all() {
    let (snapshot, _, _) = classify(&["foo-1.0.tar.gz", "bar-1.0.tar.gz"], &[]);
    let check = |max_file_size, max_total_size| {
        snapshot
            .check_limits(&Limits {
                max_files: 9,
                max_file_size,
                max_total_size,
            })
            .len()
    };
    assert_eq!(check(10, 20), 0);
    assert_eq!(check(9, 20), 2);
    assert_eq!(check(10, 19), 1);
}
