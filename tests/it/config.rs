// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The configuration file, through the binary: what it gives, what stands
//! before it, and that nothing in it is passed over.

pub(crate) mod illegal;

use std::path::Path;

use asf_pypi_publish::inputs::TABLE;
use testbed::distribution::wheel;

use crate::run::{Ran, run_as_action_in, run_in};
use crate::world::{RELEASE, World, project, signed};

const FILE: &str = "asf-pypi-publish.yml";

/// What every file of this world says.
fn top(world: &World) -> String {
    format!(
        "source: {}\nkeys:\n  - {}\nindex: {}\nprojects: |\n  example\n  example-*\nidle-timeout: 2 s\nread-back-timeout: 10 s\n",
        world.dist.url(RELEASE),
        world.dist.url("release/example/KEYS"),
        world.index.base()
    )
}

/// Runs beside a file of this text, which the arguments name already.
fn run_beside(text: &str, mode: &str, further: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), text).unwrap();
    let args = [mode, "--config", FILE, "--report", "report.json"];
    run_in(folder.path(), &[&args[..], further].concat(), &[])
}

/// Runs as a runner does, which gives every input: its default, unless the
/// workflow says another.
fn run_as_workflow(folder: &Path, with: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
    let mut inputs: Vec<(&str, &str)> = TABLE
        .iter()
        .filter_map(|row| Some((row.name, row.default?)))
        .filter(|(name, _)| !with.iter().any(|(given, _)| given == name))
        .collect();
    inputs.extend(with);
    run_as_action_in(folder, &inputs, env)
}

#[test]
fn a_file_gives_a_run_everything_but_what_belongs_to_the_run() {
    let world = World::with_release();
    let text = top(&world);
    let ran = run_beside(&text, "verify", &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["source"], world.dist.url(RELEASE));
    let digest = ran.report["digest"].as_str().unwrap().to_owned();

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".github")).unwrap();
    let name = ".github/release.yml";
    std::fs::write(folder.path().join(name), &text).unwrap();
    let with = [
        ("mode", "publish"),
        ("config", name),
        ("expected-digest", digest.as_str()),
        ("report", "report.json"),
    ];
    let env = world.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let ran = run_as_workflow(folder.path(), &with, &env);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "published");
}

#[test]
fn what_came_from_the_file_is_told() {
    let world = World::with_release();
    let text = format!("{}releases:\n  core:\n    version: '1.0'\n", top(&world));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), &text).unwrap();
    let with = [
        ("config", FILE),
        ("release", "core"),
        ("report", "report.json"),
        ("idle-timeout", "3 s"),
    ];
    let ran = run_as_workflow(folder.path(), &with, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let config = &ran.report["config"];
    let sum = asf_pypi_publish::config::file::sha256(text.as_bytes());
    assert_eq!(config["path"], FILE);
    assert_eq!(config["release"], "core");
    assert_eq!(config["sha256"], sum);
    // In the order of the table, and without what the workflow said itself.
    let gave = serde_json::json!([
        "source",
        "keys",
        "projects",
        "version",
        "index",
        "read-back-timeout"
    ]);
    assert_eq!(config["inputs"], gave);
    for told in [&ran.stderr, &ran.summary.replace("&#46;", ".")] {
        assert!(told.contains(&sum) && told.contains(FILE), "{told}");
    }
    assert!(ran.stderr.contains("read-back-timeout"));
    illegal::assert_fits(
        "docs/report.schema.json",
        &folder.path().join("report.json"),
    );

    let ran = world.verify();
    assert!(ran.report.get("config").is_none());
}

#[test]
fn a_release_stands_before_the_top_and_an_input_before_both() {
    let world = World::with_release();
    let file = |top_version: &str, own: &str| {
        let top = top(&world);
        format!("{top}version: '{top_version}'\nreleases:\n  core:\n    {own}\n  more: {{}}\n")
    };
    let verdict = |text: &str, more: &[&str]| {
        let ran = run_beside(text, "verify", more);
        (ran.status, ran.refusals())
    };
    let refused = (1, vec!["version-not-expected".to_owned()]);
    let passed = (0, Vec::new());
    let core = ["--release", "core"];
    let own = file("9.9", "version: '1.0'");
    assert_eq!(verdict(&own, &core), passed);
    assert_eq!(verdict(&own, &["--release", "more"]), refused);
    let with = |version| [core[0], core[1], "--version", version];
    assert_eq!(verdict(&own, &with("8.8")), refused);
    assert_eq!(
        verdict(&file("9.9", "version: '8.8'"), &with("1.0")),
        passed
    );
    // A word that means "not given" is a value in a release, but not in an
    // input, which a runner always has.
    assert_eq!(verdict(&file("9.9", "version: any"), &core), passed);
    assert_eq!(
        verdict(&file("9.9", "area: derived"), &with("any")),
        refused
    );
}

#[test]
fn the_defaults_that_a_runner_fills_in_do_not_stand_before_the_file() {
    let world = World::with_release();
    let text = format!(
        "{}version: '9.9'\ndry-run: true\nconcurrency: 3\n",
        top(&world)
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), text).unwrap();
    let with = [("config", FILE), ("report", "report.json")];
    let ran = run_as_workflow(folder.path(), &with, &[]);
    assert_eq!(ran.refusals(), ["version-not-expected"], "{}", ran.stderr);
    let with = [&with[..], &[("version", "1.0"), ("mode", "publish")]].concat();
    let ran = run_as_workflow(folder.path(), &with, &[]);
    assert_eq!(ran.report["outcome"], "dry-run", "{}", ran.stderr);
    world.assert_untouched();
}

#[test]
fn lists_are_blocks_or_sequences() {
    let world = World::start();
    let mut files = project("example", "1.0");
    files.extend(signed(&[wheel("other", "2.0")]));
    files.insert("notes.txt".to_owned(), b"x".to_vec());
    world.stage(RELEASE, files);
    for exclude in [
        "exclude:\n  - notes.txt\n  - 'other*'\n",
        "exclude: [notes.txt, 'other*']\n",
        "exclude: |\n  notes.txt\n\n  other*\n",
        "exclude: '{notes.txt,other*}'\n",
    ] {
        let ran = run_beside(&format!("{}{exclude}", top(&world)), "verify", &[]);
        assert_eq!(ran.status, 0, "{exclude}: {}", ran.stderr);
    }
    let ran = run_beside(&top(&world), "verify", &[]);
    assert_eq!(ran.refusals(), ["path-unknown", "project-not-allowed"]);
}

#[test]
fn a_release_must_be_chosen_and_must_be_there() {
    let text = "keys: k\nreleases:\n  core:\n    source: ./x\n  providers:\n    source: ./y\n";
    for (text, more, says) in [
        (
            text,
            &[][..],
            "one of the releases of the `config` file: `core`, `providers`",
        ),
        (
            text,
            &["--release", "provider"],
            "did you mean `providers`?",
        ),
        (text, &["--release", "Core"], "did you mean `core`?"),
        (text, &["--release", "zzz"], "`core`, `providers`"),
        ("keys: k\n", &["--release", "core"], "names no releases"),
    ] {
        let ran = run_beside(text, "verify", more);
        assert_eq!(ran.status, 2, "{more:?}");
        assert_eq!(ran.refusals(), ["input-illegal"], "{more:?}");
        let finding = &ran.report["findings"][0];
        assert_eq!(finding["path"], "release");
        assert!(
            finding["expected"].as_str().unwrap().contains(says),
            "{finding}"
        );
    }
    let args = ["verify", "--release", "core", "--report", "report.json"];
    let folder = tempfile::tempdir().unwrap();
    let ran = run_in(folder.path(), &args, &[]);
    assert!(
        ran.stderr.contains("since no `config` file is named"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_source_is_still_demanded_where_neither_says_it() {
    let ran = run_beside("keys: k\n", "verify", &[]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (2, vec!["input-illegal".to_owned()])
    );
    let finding = &ran.report["findings"][0];
    assert_eq!(finding["path"], "source");
    assert_eq!(finding["found"], "nothing");
    let folder = tempfile::tempdir().unwrap();
    let ran = run_as_workflow(folder.path(), &[("report", "report.json")], &[]);
    assert_eq!(ran.report["findings"][0]["path"], "source");
}

#[test]
fn an_illegal_value_of_the_file_is_told_with_its_place() {
    let text = "source: ./x\nkeys: k\nreleases:\n  core:\n    concurrency: 99\n    waive:\n      - pathunknown x y\n";
    let ran = run_beside(text, "verify", &["--release", "core"]);
    assert_eq!(ran.status, 2);
    for (name, place) in [("concurrency", "5:5"), ("waive", "6:5")] {
        let findings = ran.report["findings"].as_array().unwrap();
        let finding = findings.iter().find(|one| one["path"] == name).unwrap();
        let found = finding["found"].as_str().unwrap();
        assert!(found.ends_with(&format!(", at {FILE}:{place}")), "{found}");
    }
}

#[test]
fn only_a_regular_file_inside_the_checkout_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let work = at("work");
    std::fs::create_dir_all(work.join("sub")).unwrap();
    std::fs::write(at("outside.yml"), "source: x\n").unwrap();
    std::fs::write(work.join("sub/real.yml"), "source: ./x\nkeys: k\n").unwrap();
    std::os::unix::fs::symlink("sub/real.yml", work.join("link.yml")).unwrap();
    std::os::unix::fs::symlink("sub", work.join("linked")).unwrap();
    std::os::unix::fs::symlink("..", work.join("up")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(work.join("pipe.yml"))
        .status()
        .unwrap();
    assert!(pipe.success());
    let outside = at("outside.yml").display().to_string();
    let workspace = [("GITHUB_WORKSPACE", work.to_str().unwrap())];
    for path in [
        "missing.yml",
        "sub",
        "sub/",
        "/etc/hostname",
        outside.as_str(),
        "../outside.yml",
        "sub/../../outside.yml",
        "sub/../sub/real.yml",
        "link.yml",
        "linked/real.yml",
        "up/outside.yml",
        "pipe.yml",
        "sub/real.yml/x",
        "sub//real.yml",
    ] {
        let args = ["verify", "--config", path, "--report", "report.json"];
        let ran = run_in(folder.path(), &args, &workspace);
        assert_eq!(ran.status, 2, "{path}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["config-unreadable"], "{path}");
        assert_eq!(ran.report["findings"][0]["path"], path);
    }
    for path in ["sub/real.yml", "./sub/real.yml"] {
        let args = ["verify", "--config", path, "--report", "report.json"];
        let ran = run_in(folder.path(), &args, &workspace);
        // It was read: now the folder `x` is missing.
        assert_eq!(
            ran.refusals(),
            ["source-not-found"],
            "{path}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_broken_file_stops_the_run_before_anything_is_asked() {
    let world = World::with_release();
    let env = world.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for broken in [
        "waives: path-unknown x y\n",
        "checksum: SHA512\n",
        "exclude: [\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), format!("{}{broken}", top(&world))).unwrap();
        let args = [
            "publish",
            "--config",
            FILE,
            "--report",
            "report.json",
            "--expected-digest",
            "any",
        ];
        let requests = world.dist.requests().len();
        let ran = run_in(folder.path(), &args, &env);
        assert_eq!(ran.status, 2, "{broken}");
        assert_eq!(ran.refusals(), ["config-illegal"], "{broken}");
        assert_eq!(world.dist.requests().len(), requests);
        world.assert_untouched();
    }
    // A misspelt rule is known only to the plan.
    let text = format!("{}waive: path-unkown x y\n", top(&world));
    let ran = run_beside(&text, "verify", &[]);
    assert_eq!(ran.refusals(), ["input-illegal"]);
    assert!(ran.stderr.contains("path-unknown"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_with_the_inputs_is_told_beside_a_broken_file() {
    let more = [
        "--concurrency",
        "0",
        "--sauce",
        "x",
        "--expected-digest",
        "no",
    ];
    let ran = run_beside("source: ./x\nkeys: [\n", "verify", &more);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.refusals(),
        ["config-illegal", "input-illegal", "input-unknown"]
    );
    let findings = ran.report["findings"].as_array().unwrap();
    let of = |path: &str| findings.iter().filter(|one| one["path"] == path).count();
    // The source may well be in the file.
    assert_eq!((of("source"), of("keys")), (0, 0));
    assert_eq!((of("concurrency"), of("expected-digest")), (1, 1));
    // An empty name of the file is refused alone too.
    let ran = run_beside("source: ./x\n", "verify", &["--release", " "]);
    assert_eq!(ran.refusals(), ["input-empty"]);
}

#[test]
fn an_annotation_stands_beside_the_line_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let name = "a,b.yml";
    std::fs::write(folder.path().join(name), "source: ./x\nsauce: y\n").unwrap();
    let ran = run_as_workflow(folder.path(), &[("config", name)], &[]);
    assert_eq!(ran.status, 2);
    let begin = "::error file=a%2Cb.yml,line=2,col=1,title=";
    assert!(
        ran.stderr.lines().any(|line| line.starts_with(begin)),
        "{}",
        ran.stderr
    );
}
