// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The files of the checkout: examples that people copy, and files that nobody
//! means well with.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{ASF_YAML, GOOD, WORKFLOW, checkout, examine, examine_in, words, world};
use crate::run::run_in;

const ZEROS: &str = "0000000000000000000000000000000000000000";

/// The workflows of examples/: name and text.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "yml"));
    let read = files.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    read.filter(|(_, text)| text.contains("\njobs:\n"))
        .collect()
}

#[test]
fn of_an_example_only_the_commit_is_missing() {
    let world = world();
    let config = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asf-pypi-publish.yml"),
    );
    let config = config.unwrap();
    let examples = examples();
    assert!(examples.len() >= 6, "{}", examples.len());
    for (name, text) in examples {
        let path = format!(".github/workflows/{name}");
        let publishes = text.contains("mode: publish");
        for (text, mut expected) in [
            (text.clone(), vec!["action-placeholder".to_owned()]),
            (text.replace(ZEROS, &"ab".repeat(20)), vec![]),
        ] {
            if !publishes {
                expected.push("workflow-missing".to_owned());
            }
            let files = [
                (path.as_str(), text.as_str()),
                (".github/asf-pypi-publish.yml", &config),
            ];
            let ran = examine(&world, &files);
            assert_eq!(ran.refusals(), expected, "{name}\n{}", ran.stderr);
            // Neither the environments nor the projects are of this world.
            let warned = ran.rules("warn");
            let elsewhere = ["asf-yaml-silent", "project-new", "source-elsewhere"];
            assert!(
                warned.iter().all(|it| elsewhere.contains(&it.as_str())),
                "{name}: {warned:?}"
            );
        }
    }
}

#[test]
fn the_releases_of_a_configuration_file_are_all_looked_at() {
    let world = world();
    let step = "config: .github/p.yml\n          release: ${{ inputs.source }}";
    let checkout = "    steps:\n      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v6.0.0\n";
    let text = GOOD
        .replace("    steps:\n", checkout)
        .replace("      id-token", "      contents: read\n      id-token")
        .replace("source: ${{ inputs.source }}", step)
        .replace("          projects: example\n", "");
    let config = "source: https://dist.apache.org/repos/dist/release/example/\n\
        releases:\n  core:\n    projects: example\n  more:\n    projects: example-more\n";
    let told = |config: &str| {
        let ran = examine(
            &world,
            &[
                (WORKFLOW, &text),
                (".asf.yaml", ASF_YAML),
                (".github/p.yml", config),
            ],
        );
        let findings = ran.report["findings"].as_array().unwrap();
        let paths = findings.iter().filter(|it| it["severity"] == "refuse");
        let paths: Vec<String> = paths
            .map(|it| it["path"].as_str().unwrap().to_owned())
            .collect();
        let publishers = ran.report["checkup"]["publishers"].as_array().unwrap();
        (ran.refusals(), paths, publishers.len())
    };
    assert_eq!(told(config), (vec![], vec![], 2));
    let wrong = config.replace("example-more", "'a b'");
    let place = ".github/p.yml:6:5".to_owned();
    assert_eq!(told(&wrong), (words(&["workflow-input"]), vec![place], 1));
    let (rules, paths, _) = told("sources: x\n");
    assert_eq!(
        (rules, paths),
        (words(&["workflow-input"]), words(&[".github/p.yml:1:1"]))
    );
}

#[test]
fn a_checkout_without_a_publishing_workflow_is_told_what_to_copy() {
    let world = world();
    for files in [
        &[][..],
        &[(".github/workflows/ci.yml", "on: push\njobs: {}\n")],
    ] {
        let ran = examine(&world, files);
        assert_eq!(ran.refusals(), ["workflow-missing"], "{}", ran.stderr);
    }
}

#[test]
fn hostile_files_are_refused_and_never_followed() {
    let world = world();
    let ours = "# asf-pypi-publish\n";
    let deep = format!("{ours}jobs: {}{}", "[".repeat(500), "]".repeat(500));
    let long = format!("{ours}{}", "# x\n".repeat(100_000));
    let bomb: String = std::iter::once("a0: &a0 [x]\n".to_owned())
        .chain((1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)))
        .collect();
    for bad in [
        &deep,
        &long,
        &format!("{ours}{bomb}"),
        &format!("{ours}a: [\n"),
        &format!("{ours}- a\n"),
        &format!("{ours}a: 1\na: 2\n"),
    ] {
        let ran = examine(&world, &[(WORKFLOW, bad), (".asf.yaml", ASF_YAML)]);
        let start: String = bad.chars().take(60).collect();
        assert_eq!(ran.refusals(), ["workflow-unreadable"], "{start}");
        // A file of somebody else is none of our business.
        let other = bad.replace(ours, "");
        let files = [
            (WORKFLOW, GOOD),
            (".github/workflows/b.yml", &other),
            (".asf.yaml", ASF_YAML),
        ];
        let ran = examine(&world, &files);
        assert_eq!(ran.status, 0, "{start}: {}", ran.stderr);
    }
    let folder = checkout(&[(WORKFLOW, GOOD), (".asf.yaml", ASF_YAML)]);
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a secret: asf-pypi-publish").unwrap();
    symlink(
        secret.path(),
        folder.path().join(".github/workflows/link.yml"),
    )
    .unwrap();
    std::fs::write(
        folder.path().join(".github/workflows/b.yml"),
        b"# asf-pypi-publish \xff",
    )
    .unwrap();
    let ran = examine_in(&world, folder.path(), &["--approval", "required"]);
    assert_eq!(ran.refusals(), ["workflow-unreadable"]);
    let findings = ran.report["findings"].as_array().unwrap().iter();
    let unreadable = findings.filter(|it| it["rule"] == "workflow-unreadable");
    assert_eq!(unreadable.count(), 2, "{}", ran.report);
    assert!(!ran.everything().contains("a secret"));
}

#[test]
fn foreign_text_is_shown_to_the_letter() {
    let world = world();
    let hostile =
        "::error::x %0A <img src=x onerror=y> @everyone [a](http://b) | `c` \\u001b[31m \\u202e";
    let text = GOOD
        .replace("environment: pypi", &format!("environment: \"{hostile}\""))
        .replace(
            "mode: publish\n",
            &format!("mode: publish\n          \"{hostile}\": x\n"),
        );
    let folder = checkout(&[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
    let inputs = [
        ("mode", "doctor"),
        ("index", &world.index.base()),
        ("keys", &world.dist.url("release/example/KEYS")),
    ];
    let ran = crate::run::run_as_action_in(
        folder.path(),
        &inputs,
        &[("GITHUB_API_URL", &world.github.base())],
    );
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for text in [&ran.stderr, &ran.summary] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("::error::x")));
    }
    for raw in ["<img", "[a](http://b)", "@everyone"] {
        assert!(!ran.summary.contains(raw), "{raw} in {}", ran.summary);
    }
}

#[test]
fn a_named_file_is_looked_at_alone_wherever_it_lies() {
    let world = world();
    let other = GOOD.replace("ubuntu-latest", "windows-latest");
    let folder = checkout(&[
        (WORKFLOW, &other),
        ("ci/x.yml", GOOD),
        (".asf.yaml", ASF_YAML),
    ]);
    let ran = examine_in(&world, folder.path(), &["--workflow-files", "ci/x.yml"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for path in ["../x.yml", "/etc/passwd", "none.yml"] {
        let ran = examine_in(&world, folder.path(), &["--workflow-files", path]);
        assert_eq!(ran.refusals(), ["workflow-unreadable"], "{path}");
    }
}

#[test]
fn by_hand_the_repository_is_read_from_the_checkout() {
    let world = world();
    let config = "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = git@github.com:apache/of-origin.git\n";
    let folder = checkout(&[(WORKFLOW, GOOD), (".git/config", config)]);
    let (index, keys) = (world.index.base(), world.dist.url("release/example/KEYS"));
    let args = [
        "doctor",
        "--index",
        &index,
        "--keys",
        &keys,
        "--report",
        "report.json",
    ];
    let github = world.github.base();
    let ran = run_in(folder.path(), &args, &[("GITHUB_API_URL", &github)]);
    assert_eq!(
        ran.report["checkup"]["publishers"][0]["repository"], "of-origin",
        "{}",
        ran.stderr
    );
}

#[test]
fn four_lines_make_an_example_a_project_s_own() {
    let world = world();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let example = std::fs::read_to_string(folder.join("one-project.yml")).unwrap();
    let own = |line: &str| {
        let indent = &line[..line.len() - line.trim_start().len()];
        let (name, _) = line.trim_start().split_once(": ").unwrap_or_default();
        let value = match name.trim_start_matches("- ") {
            "uses" => "apache/asf-pypi-publish@0123456789abcdef0123456789abcdef01234567 # v0.1.0",
            "SOURCE" => "https://dist.apache.org/repos/dist/release/example/${{ inputs.version }}/",
            "PROJECTS" => "example",
            _ => return line.to_owned(),
        };
        format!("{indent}{name}: {value}")
    };
    let changed: Vec<String> = example.lines().map(own).collect();
    let differ = example.lines().zip(&changed).filter(|(a, b)| a != b);
    assert_eq!(differ.count(), 4);
    let text = changed.join("\n") + "\n";
    let missing = examine(&world, &[(WORKFLOW, &text)]);
    assert_eq!(missing.rules("warn"), ["asf-yaml-silent"]);
    let ran = examine(&world, &[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
    assert_eq!(ran.report["findings"], serde_json::json!([]));
    assert_eq!(ran.report["checkup"]["publishers"][0]["project"], "example");
}
