// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `migrate`: release-configs of airflow-publish, what they become, and that a
//! run takes it.

use std::path::Path;

use asf_pypi_publish::config::{Config, Setting};

use crate::run::{Ran, run_in};
use crate::world::{RELEASE, World, project, signed};

const OLD: &str = "release-config.yml";

/// Two kinds of rules on names, all checks, and what is left out.
fn old(url: &str, path: &str, keys: &str, more: &str) -> String {
    format!(
        r#"
project:
  name: example
  description: "Example's wave"
publisher:
  name: example
  url: "{url}"
  path: {path}
checks:
  svn:
    - id: extension
      description: "ends"
      identifiers:
        - type: regex
          pattern: ".*(.whl|.whl.asc|.tar.gz|.tar.gz.sha512)$"
    - id: package_name
      description: "names"
      identifiers:
        - type: regex
          pattern: ".*(example.*)$"
  checksum:
    - id: checksum
      description: "sums"
      algorithm: "sha512"
  signature:
    - id: signature
      description: "signatures"
      method: gpg
      keys: "{keys}"
{more}
"#
    )
}

const DEV: &str = "https://dist.apache.org/repos/dist/dev/example";
const KEYS: &str = "https://dist.apache.org/repos/dist/release/example/KEYS";

fn migrate(folder: &Path, text: &str) -> Ran {
    std::fs::write(folder.join(OLD), text).unwrap();
    run_in(folder, &["migrate", OLD], &[])
}

/// What the converted file says, by input.
fn said(ran: &Ran) -> Vec<(String, String)> {
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let config = Config::read("new.yml", ran.stdout.as_bytes()).unwrap();
    let pair = |one: &Setting| (one.row.name.to_owned(), one.value.replace('\n', " "));
    config
        .settings(None)
        .unwrap()
        .into_iter()
        .map(pair)
        .collect()
}

fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    values.iter().map(pair).collect()
}

/// Whether the head of the file tells this.
fn tells(ran: &Ran, what: &str) -> bool {
    let mut notes = ran.stdout.lines().filter(|line| line.starts_with("# - "));
    notes.any(|line| line.contains(what))
}

#[test]
fn what_can_be_kept_is_kept_and_anchored() {
    let folder = tempfile::tempdir().unwrap();
    let exclude = "  artifact:\n    id: artifact\n    exclude:\n      - type: regex\n        pattern: \".*(.asc|.sha512)$\"\n      - type: regex\n        pattern: \"(example-.*?-bin)$\"\n";
    let ran = migrate(folder.path(), &old(DEV, "2.10/", KEYS, exclude));
    let expected = pairs(&[
        ("source", &format!("{DEV}/2.10/")),
        ("keys", KEYS),
        ("projects", "example example-*"),
        ("exclude", "example-*-bin"),
    ]);
    assert_eq!(said(&ran), expected);
    assert!(tells(&ran, "with anything before it"), "{}", ran.stdout);
    assert!(tells(&ran, "neither published nor verified"));
    assert!(ran.stdout.contains("# Example's wave\n"));
    assert!(ran.stderr.contains("Converted release-config.yml"));
}

#[test]
fn a_number_as_path_keeps_its_writing() {
    let folder = tempfile::tempdir().unwrap();
    for (path, source) in [
        ("2.10", "/2.10/"),
        ("2", "/2/"),
        ("./a/b/", "/a/b/"),
        ("\"\"", "/"),
        (".", "/"),
        ("1e3", "/1e3/"),
    ] {
        let ran = migrate(folder.path(), &old(&format!("{DEV}/"), path, KEYS, ""));
        assert_eq!(said(&ran)[0].1, format!("{DEV}{source}"), "{path}");
    }
}

#[test]
fn the_older_form_publishes_from_where_it_published() {
    let folder = tempfile::tempdir().unwrap();
    let publish = |kind: &str| {
        format!(
            "  publish:\n    id: publish\n    release-type: {kind}\n    exclude_extensions:\n      - type: regex\n        pattern: \".*(.asc|.sha512)$\"\n    compare:\n      url: https://dist.apache.org/repos/dist/release/example/\n      path: wave\n      package_names:\n        - type: regex\n          pattern: \"(example.*?)(?=rc)\"\n"
        )
    };
    for (kind, source, note) in [
        (
            "RC_VERSION",
            format!("{DEV}/wave/"),
            "had no effect with RC_VERSION",
        ),
        (
            "PYPI_VERSION",
            "https://dist.apache.org/repos/dist/release/example/wave/".to_owned(),
            "expected-digest",
        ),
        ("FINAL", format!("{DEV}/wave/"), "`FINAL` is not known"),
    ] {
        let ran = migrate(folder.path(), &old(DEV, "wave/", KEYS, &publish(kind)));
        let said = said(&ran);
        assert_eq!(said[0].1, source, "{kind}");
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(tells(&ran, note), "{kind}: {}", ran.stdout);
    }
}

#[test]
fn rules_that_checked_nothing_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let text = old(DEV, "wave", KEYS, "  extra: [x]\n")
        .replace("algorithm: \"sha512\"", "algorithm: SHA512")
        .replace("method: gpg", "method: openpgp")
        .replace("id: extension", "id: extensions");
    let ran = migrate(folder.path(), &text);
    for told in [
        "`SHA512` is not kept",
        "the method `openpgp` checked nothing",
        "the rule `extensions` checked nothing",
        "checks.extra: not a key",
    ] {
        assert!(tells(&ran, told), "{told}: {}", ran.stdout);
    }
    // Nothing of our checks can be switched off by it.
    let names: Vec<String> = said(&ran).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["source", "keys", "projects"]);
}

#[test]
fn a_section_of_another_shape_is_told_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let text = "publisher:\n  url: https://dist.apache.org/repos/dist/dev/\n  path: example/\nchecks:\n  - id: checksum\n";
    let ran = migrate(folder.path(), text);
    assert!(tells(&ran, "checks is a list: not kept."), "{}", ran.stdout);
}

#[test]
fn where_in_doubt_the_projects_stay_open_so_that_publishing_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let exclude = |pattern: &str| {
        format!(
            "  artifact:\n    id: artifact\n    exclude:\n      - type: regex\n        pattern: '{pattern}'\n"
        )
    };
    for (text, note) in [
        (
            old(DEV, "w", KEYS, &exclude(r"(example-\d+.*)$")),
            r"`(example-\d+.*)$` is not kept",
        ),
        (
            old(DEV, "w", KEYS, &exclude("example_internal.*")),
            "is not kept",
        ),
        (
            old(DEV, "w", KEYS, "").replace(".*(example.*)$", r"(example-\\d.*)$"),
            "name its projects",
        ),
        (
            old(DEV, "w", KEYS, "").replace(".*(example.*)$", ".*(.*)$"),
            "name its projects",
        ),
        (
            old(DEV, "w", KEYS, "").replace("package_name", "package-name"),
            "checked nothing",
        ),
    ] {
        let ran = migrate(folder.path(), &text);
        let names: Vec<String> = said(&ran).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["source", "keys"], "{}", ran.stdout);
        assert!(
            tells(&ran, note) && tells(&ran, "projects:"),
            "{note}: {}",
            ran.stdout
        );
        std::fs::write(folder.path().join("new.yml"), &ran.stdout).unwrap();
        let publish = [
            "publish",
            "--config",
            "new.yml",
            "--report",
            "report.json",
            "--expected-digest",
            "any",
        ];
        let ran = run_in(folder.path(), &publish, &[]);
        assert_eq!(ran.status, 2);
        let findings = ran.report["findings"].as_array().unwrap();
        assert!(
            findings.iter().any(|one| one["path"] == "projects"),
            "{}",
            ran.report
        );
    }
}

#[test]
fn keys_that_a_run_would_refuse_give_way_to_the_projects_own() {
    let folder = tempfile::tempdir().unwrap();
    let dev_keys = format!("{DEV}/KEYS");
    let ran = migrate(folder.path(), &old(DEV, "w", &dev_keys, ""));
    assert!(!said(&ran).iter().any(|(name, _)| name == "keys"));
    assert!(
        tells(&ran, &format!("{dev_keys} is not taken")),
        "{}",
        ran.stdout
    );
    let plain = KEYS.replace("https", "http");
    let ran = migrate(
        folder.path(),
        &old(&DEV.replace("https", "http"), "w", &plain, ""),
    );
    let said = said(&ran);
    assert_eq!(said[0].1, format!("{DEV}/w/"));
    assert_eq!(said[1].1, KEYS);
    assert!(tells(&ran, "over https now"));
}

#[test]
fn a_run_takes_the_converted_file() {
    let world = World::with_release();
    let folder = tempfile::tempdir().unwrap();
    let keys = world.dist.url("release/example/KEYS");
    let base = world.dist.url("release/example");
    let ran = migrate(folder.path(), &old(&base, "'1.0'", &keys, ""));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    std::fs::write(folder.path().join("new.yml"), &ran.stdout).unwrap();
    let args = ["verify", "--config", "new.yml", "--report", "report.json"];
    let ran = run_in(folder.path(), &args, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    // A name that the old rule took, and a file without a signature.
    world.stage(RELEASE, project("evil_example", "1.0"));
    world.change("example-1.0.tar.gz.asc", None);
    let ran = run_in(folder.path(), &args, &[]);
    assert_eq!(ran.refusals(), ["project-not-allowed", "signature-missing"]);
}

#[test]
fn what_is_no_release_config_is_refused_and_nothing_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    for (text, place, says) in [
        ("source: ./x\n".to_owned(), "1:1", "other keys"),
        ("- a\n".to_owned(), "1:1", "a list"),
        ("publisher: {}\nchecks: {}\n".to_owned(), "1:1", "no `url`"),
        ("checks: {}\npublisher: x\n".to_owned(), "2:1", "none"),
        (
            "publisher: &a {}\nchecks: {}\n".to_owned(),
            "1:15",
            "an anchor",
        ),
        ("publisher: {url: 'a'}\nchecks: [\n".to_owned(), "2:9", ""),
    ] {
        let ran = migrate(folder.path(), &text);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{text}");
        let place = format!("config-illegal: {OLD}:{place}");
        assert!(
            ran.stderr.contains(&place) && ran.stderr.contains(says),
            "{place}: {}",
            ran.stderr
        );
    }
    // A source that no run would take.
    for url in [
        "ftp://dist.apache.org/x",
        "https://me:hunter2@dist.apache.org/repos/dist/dev/x",
        "https://dist.apache.org/repos/dist/dev/../x",
    ] {
        let ran = migrate(folder.path(), &old(url, "w", KEYS, ""));
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{url}");
        assert!(!ran.everything().contains("hunter2"), "{url}");
    }
    for args in [
        &["migrate"][..],
        &["migrate", "a", "b"],
        &["migrate", "missing.yml"],
        &["migrate", "."],
    ] {
        let ran = run_in(folder.path(), args, &[]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn nothing_of_the_old_file_escapes_its_place_in_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let evil = "x\\nsource: 'https://evil.example/'\\nwaive: path-unknown '*' x\\n::error::";
    let text = old(DEV, "w", KEYS, &format!("  \"{evil}\": 1\n"))
        .replace("Example's wave", evil)
        .replace(".*(example.*)$", evil);
    let ran = migrate(folder.path(), &text);
    let names: Vec<String> = said(&ran).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["source", "keys"], "{}", ran.stdout);
    let text = old(DEV, &format!("\"{evil}\""), KEYS, "");
    let ran = migrate(folder.path(), &text);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(!ran.stderr.lines().any(|line| line.starts_with("::error::")));
}

#[test]
fn a_run_that_is_given_the_old_file_says_how_to_convert_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(OLD), old(DEV, "w", KEYS, "")).unwrap();
    let args = ["verify", "--config", OLD, "--report", "report.json"];
    let ran = run_in(folder.path(), &args, &[]);
    assert_eq!(ran.refusals(), ["config-illegal"]);
    assert!(
        ran.stderr
            .contains("asf-pypi-publish migrate release-config.yml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn source_archives_that_were_left_out_are_verified_now() {
    let world = World::with_release();
    let archive = "example-more-1.0-source.tar.gz";
    world.stage(RELEASE, signed(&[(archive.to_owned(), b"source".to_vec())]));
    let folder = tempfile::tempdir().unwrap();
    let exclude = "  artifact:\n    id: artifact\n    exclude:\n      - type: regex\n        pattern: \"(example-more-.*?)$\"\n";
    let keys = world.dist.url("release/example/KEYS");
    let base = world.dist.url("release/example");
    let ran = migrate(folder.path(), &old(&base, "'1.0'", &keys, exclude));
    assert!(tells(&ran, "so that it is verified"), "{}", ran.stdout);
    assert!(!said(&ran).iter().any(|(name, _)| name == "exclude"));
    std::fs::write(folder.path().join("new.yml"), &ran.stdout).unwrap();
    let args = ["verify", "--config", "new.yml", "--report", "report.json"];
    let ran = run_in(folder.path(), &args, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.file(archive)["class"], "artifact");
    world.change(archive, Some(b"sauce!".to_vec()));
    let ran = run_in(folder.path(), &args, &[]);
    assert_eq!(ran.refusals(), ["checksum-mismatch", "signature-bad"]);
}
