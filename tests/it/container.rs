// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The image, started as a runner starts a container action: every input of
//! action.yml in its `INPUT_*`, with the defaults of action.yml, and the
//! runner's files. It must do what the binary does.
//!
//! `tests/run container` sets `CONTAINER_TESTS`; without it, nothing is built.

mod act;
mod stopped;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::real::site::{Files, KEYS, Site, project, signed_folder};
use crate::run::{Ran, assert_says_no_token, read_outputs};

const RELEASE: &str = "release/example/1.0";

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/container")
        .join(name)
}

/// The image's name, built once; none, with the reason printed, where the
/// tests of the container were not asked for or this machine can't build it.
#[expect(
    clippy::disallowed_macros,
    clippy::print_stderr,
    reason = "a skipped test says why"
)]
fn image() -> Option<&'static str> {
    static IMAGE: OnceLock<Result<String, String>> = OnceLock::new();
    let image = IMAGE.get_or_init(|| {
        if std::env::var_os("CONTAINER_TESTS").is_none() {
            return Err("CONTAINER_TESTS is unset; `tests/run container` sets it".to_owned());
        }
        let output = Command::new(script("build")).output().unwrap();
        let lines = String::from_utf8_lossy(&output.stdout);
        let value = |name: &str| lines.lines().find_map(|line| line.strip_prefix(name));
        match value("IMAGE=") {
            Some(image) => Ok(image.to_owned()),
            None if output.status.code() == Some(77) => Err(value("SKIPPED=")
                .unwrap_or("no reason was given")
                .to_owned()),
            None => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        }
    });
    match image {
        Ok(image) => Some(image),
        Err(why) => {
            eprintln!("skipped: {why}");
            None
        }
    }
}

/// The inputs of action.yml with their defaults.
fn defaults() -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Action {
        inputs: BTreeMap<String, Input>,
    }
    #[derive(Deserialize)]
    struct Input {
        default: Option<String>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    let action: Action = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let given = |(name, input): (String, Input)| Some((name, input.default?));
    action.inputs.into_iter().filter_map(given).collect()
}

/// A job of a workflow: its folder, and the step's `with:`.
struct Job {
    image: &'static str,
    folder: tempfile::TempDir,
    with: BTreeMap<String, String>,
    env: Vec<(String, String)>,
    /// The container's name, where somebody is to end it.
    name: Option<String>,
}

impl Job {
    fn new(image: &'static str, site: &Site) -> Self {
        let mut job = Self {
            image,
            folder: tempfile::tempdir().unwrap(),
            with: defaults(),
            env: site.env(),
            name: None,
        };
        fs::create_dir(job.workspace()).unwrap();
        job.with("source", &site.httpd.url(RELEASE));
        job.with("keys", &site.httpd.url(KEYS));
        job.with("index", &site.index.base());
        job.with("projects", "example*\nanother");
        job.with("report", "report.json");
        // The runner puts it in the place of `${{ github.token }}`.
        job.with("github-token", &site.github.token());
        job
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    fn with(&mut self, name: &str, value: &str) {
        self.with.insert(name.to_owned(), value.to_owned());
    }

    fn run(&self) -> Ran {
        let mut command = Command::new(script("run-as-runner"));
        if let Some(name) = &self.name {
            command.args(["--name", name]);
        }
        command.arg(self.image).arg(self.folder.path());
        for (name, value) in &self.with {
            // GitHub's runner turns blanks into underscores, and keeps hyphens.
            command.arg(format!("INPUT_{}={value}", name.to_uppercase()));
        }
        for (name, value) in &self.env {
            command.arg(format!("{name}={value}"));
        }
        self.ended(&command.output().unwrap())
    }

    fn ended(&self, output: &Output) -> Ran {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name));
        let ran = Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
            report: read("workspace/report.json")
                .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap()),
            summary: read("summary").unwrap(),
            outputs: read_outputs(&read("output").unwrap()),
        };
        assert_says_no_token(&ran);
        ran
    }
}

#[test]
fn a_step_publishes_a_release_and_tells_its_job() {
    let Some(image) = image() else { return };
    let site = Site::start(&["example"]);
    let files = project("example", "1.0");
    let revision = site.stage(RELEASE, &files);
    let binary = site.verify(RELEASE);
    assert_eq!(binary.status, 0, "{}", binary.stderr);
    let digest = binary.output("digest").unwrap();

    // First the job that shows the digest to voters and reviewers.
    let verified = Job::new(image, &site).run();
    assert_eq!(verified.status, 0, "{}", verified.stderr);
    assert_eq!(verified.outputs["digest"], digest);
    assert_eq!(verified.outputs["revision"], revision.to_string());
    assert_eq!(verified.outputs["published"], "[]");
    assert_eq!(verified.report["files"], binary.report["files"]);
    assert_eq!(verified.report["outcome"], "verified");

    let mut job = Job::new(image, &site);
    job.with("mode", "publish");
    job.with("version", "1.0");
    job.with("expected-digest", digest);
    job.with("dry-run", "true");
    let rehearsed = job.run();
    assert_eq!(rehearsed.status, 0, "{}", rehearsed.stderr);
    assert_eq!(rehearsed.report["outcome"], "dry-run");
    site.assert_untouched();

    job.with("dry-run", "false");
    let published = job.run();
    assert_eq!(published.status, 0, "{}", published.stderr);
    assert_eq!(published.outputs["digest"], digest);
    assert_eq!(published.outputs["report"], "report.json");
    let links = format!("{}simple/example/", site.index.base());
    assert_eq!(published.outputs["links"], links);
    let told: Vec<Value> = serde_json::from_str(&published.outputs["published"]).unwrap();
    assert_eq!(told.len(), files.len());
    for (name, bytes) in &files {
        assert!(site.index.contents(name).as_ref() == Some(bytes), "{name}");
        assert_eq!(published.file(name)["state"], "uploaded", "{name}");
        assert!(told.iter().any(|row| row["file"] == json!(name)), "{name}");
    }
    for part in [digest, "uploaded", &site.signer] {
        assert!(published.summary.contains(part), "{}", published.summary);
    }
    // The log of a container action is whatever it writes, on both streams.
    let log = format!("{}{}", published.stdout, published.stderr);
    assert!(log.contains("::group::"), "{log}");
    for token in site.index.tokens() {
        assert!(log.contains(&format!("::add-mask::{token}\n")), "{log}");
    }
    site.assert_no_secret(&published);
}

#[test]
fn a_step_that_refuses_fails_its_job_with_the_status_of_the_reason() {
    let Some(image) = image() else { return };
    let site = Site::start(&["example"]);
    site.stage(RELEASE, &project("example", "1.0"));
    let (source, keys) = ("source", "keys");
    let gone = site.httpd.url("release/gone/1.0");
    let dev = site.httpd.url("dev/example/KEYS");
    site.put_keys("dev/example/KEYS", &site.gpg.export(&[&site.signer]));
    let rows = [
        // What a mistyped `${{ … }}` gives.
        (("projects", ""), 2, "input-empty"),
        (("expected-digest", ""), 2, "input-empty"),
        (("dry run", "true"), 2, "input-unknown"),
        ((keys, &dev), 2, "keys-from-dev"),
        (("projects", "another"), 1, "project-not-allowed"),
        ((source, &gone), 1, "source-not-found"),
        // Nobody listens there.
        ((keys, "http://127.0.0.1:9/KEYS"), 3, "keys-unreachable"),
    ];
    for (with, status, rule) in rows {
        let mut job = Job::new(image, &site);
        job.with("mode", "publish");
        job.with(&with.0.replace(' ', "_"), with.1);
        let ran = job.run();
        assert_eq!(ran.report["exit"], status, "{with:?}: {}", ran.stderr);
        site.assert_refused(&ran, status, &[rule]);
        assert!(ran.stderr.contains("::error"), "{with:?}: {}", ran.stderr);
        assert!(ran.summary.contains(rule), "{with:?}: {}", ran.summary);
    }
    let mut job = Job::new(image, &site);
    job.with("mode", "publish");
    job.env.clear();
    site.assert_refused(&job.run(), 2, &["id-token-missing"]);
}

#[test]
fn a_step_reads_a_folder_of_its_workspace() {
    let Some(image) = image() else { return };
    let site = Site::start(&["example"]);
    let files: Files = project("example", "1.0");
    let folder = signed_folder(&files, &site.gpg, &site.signer, None);
    let mut job = Job::new(image, &site);
    let to = job.workspace().join("dist");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let keys = site.gpg.export(&[&site.signer]);
    fs::write(job.workspace().join("KEYS"), keys).unwrap();
    job.with("source", "dist");
    job.with("keys", "KEYS");
    job.with("mode", "publish");
    job.with("area", "release");
    let ran = job.run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["revision"], Value::Null);
    assert_eq!(site.index.files("example").len(), 2);
}
