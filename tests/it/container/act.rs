// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The two-job example, run by a runner: nektos/act on the engine of the
//! container tests, with `uses: ./` and the image that was built. What passes
//! between the jobs is what GitHub's runner would pass.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{RELEASE, image, script};
use crate::real::site::{KEYS, Site, project};

/// Whether act is there; where it is not, the reason is printed.
#[expect(
    clippy::disallowed_macros,
    clippy::print_stderr,
    reason = "a skipped test says why"
)]
fn act_is_there() -> bool {
    let there = Command::new("act").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: act is not installed; `tests/run setup` does it");
    }
    there
}

/// What the scripts of the engine print under this name.
fn value_of(name: &str, of: &str) -> String {
    let output = Command::new(script(of)).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut lines = lines.lines();
    lines
        .find_map(|line| line.strip_prefix(name).map(str::to_owned))
        .unwrap()
}

/// A repository with this action and the example as its workflow.
struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new(image: &str, site: &Site, before_publishing: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        let repository = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let action = read("action.yml");
        let built = action.replace("image: Dockerfile", &format!("image: docker://{image}"));
        assert_ne!(action, built);
        repository.write("action.yml", &built);
        let example = read("examples/one-project.yml");
        let workflow = adapted(&example, site, before_publishing);
        repository.write(".github/workflows/release.yml", &workflow);
        for args in [&["init", "-q", "."][..], &["add", "-A"], &COMMIT] {
            let mut git = Command::new("git");
            let ended = git
                .args(args)
                .current_dir(repository.folder.path())
                .status();
            assert!(ended.unwrap().success(), "git {args:?}");
        }
        repository
    }

    fn write(&self, name: &str, text: &str) {
        let path: PathBuf = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs the workflow with this version and digest typed by hand. One at a
    /// time: act calls containers after the workflow.
    fn run(&self, site: &Site, digest: &str) -> (bool, String) {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = value_of("ENGINE_ENV=", "engine.sh");
        let base = value_of("BASE_BUILD=", "bases.sh");
        let mut act = Command::new("bash");
        act.args([
            "-c",
            r#". "$0" && exec act "$@""#,
            &engine,
            "workflow_dispatch",
        ])
        .args(["--input", "version=1.0", "--input"])
        .arg(format!("digest={digest}"))
        .args(["-P", &format!("ubuntu-latest={base}"), "--pull=false"])
        .args(["--container-daemon-socket", "-", "--network", "host"])
        // Without it a cache would listen beyond loopback.
        .arg("--no-cache-server")
        .arg("-s")
        .arg(format!("GITHUB_TOKEN={}", site.github.token()))
        .current_dir(self.folder.path());
        for (name, value) in site.env() {
            act.arg("--env").arg(format!("{name}={value}"));
        }
        let Output {
            status,
            stdout,
            stderr,
        } = act.output().unwrap();
        let log = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (status.success(), log.concat())
    }
}

const COMMIT: [&str; 8] = [
    "-c",
    "user.name=Rita",
    "-c",
    "user.email=rita@example.org",
    "commit",
    "-q",
    "-m",
    "Publish by two jobs",
];

/// The example with what a user changes: where the release lies, whose it is
/// and where it goes. `./` is code of the checkout, which must be there.
fn adapted(example: &str, site: &Site, before_publishing: &str) -> String {
    let mut workflow = String::new();
    let mut job = "";
    for line in example.lines() {
        if line == "  verify:" || line == "  publish:" {
            job = line.trim().trim_end_matches(':');
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let (name, _) = line.trim_start().split_once(": ").unwrap_or_default();
        let changed = match name.trim_start_matches("- ") {
            "uses" => line.replace(line.split_once("uses: ").unwrap().1, "./"),
            "SOURCE" => format!("{indent}SOURCE: {}", site.httpd.url(RELEASE)),
            "PROJECTS" => format!("{indent}PROJECTS: example"),
            "source" => [
                line.to_owned(),
                format!("{indent}keys: {}", site.httpd.url(KEYS)),
                format!("{indent}index: {}", site.index.base()),
            ]
            .join("\n"),
            _ => line.to_owned(),
        };
        workflow.push_str(&changed);
        workflow.push('\n');
        if line == "    steps:" {
            workflow.push_str(
                "      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n",
            );
            if job == "publish" {
                workflow.push_str(before_publishing);
            }
        }
    }
    workflow
}

/// The lines of this job, and what belongs to them.
fn of_job<'a>(log: &'a str, job: &str) -> impl Iterator<Item = &'a str> {
    let begins = format!("/{job}] ");
    let mut within = false;
    log.lines().filter(move |line| {
        if line.starts_with('[') {
            within = line.contains(&begins);
        }
        within
    })
}

/// The value of an output of this job's step, as act sets it.
fn output<'a>(log: &'a str, job: &str, name: &str) -> &'a str {
    let set = format!("::set-output:: {name}=");
    let value = of_job(log, job).find_map(|line| line.split_once(&set));
    value
        .unwrap_or_else(|| panic!("{job} sets no {name}: {log}"))
        .1
}

/// The summary of this job's step, as act prints it: what follows the word, up
/// to the next line that act itself begins.
fn summary(log: &str, job: &str) -> String {
    let mut lines = of_job(log, job);
    let first = lines.find_map(|line| line.split_once("  Summary - "));
    let (_, first) = first.unwrap_or_else(|| panic!("{job} has no summary: {log}"));
    let rest = lines.take_while(|line| !line.starts_with('['));
    let mut page = String::new();
    for line in std::iter::once(first).chain(rest) {
        page.push_str(line);
        page.push('\n');
    }
    page
}

/// The page begins with the verdict, has this row of the digest, and draws
/// a chain with these steps.
#[track_caller]
fn assert_says(page: &str, verdict: &str, digest: &str, steps: &[&str]) {
    let headline = format!("## ✅ asf-pypi-publish: {verdict}\n");
    assert!(page.starts_with(&headline), "{page}");
    let row = format!("| Release digest | {digest} |\n");
    assert!(page.contains(&row), "{row}: {page}");
    let (_, chain) = page.split_once("\n```mermaid\nflowchart TB\n").unwrap();
    let (chain, _) = chain.split_once("\n```\n").unwrap();
    assert_eq!(chain.matches("\"]:::").count(), 8, "{chain}");
    for step in steps {
        assert!(chain.contains(step), "{step}: {chain}");
    }
}

#[test]
fn two_jobs_hand_a_digest_over_and_the_second_publishes_it() {
    let Some(image) = image().filter(|_| act_is_there()) else {
        return;
    };
    let site = Site::start(&["example"]);
    let files = project("example", "1.0");
    let revision = site.stage(RELEASE, &files);
    let verified = site.verify(RELEASE);
    let digest = verified.output("digest").unwrap();
    let repository = Repository::new(image, &site, "");
    let (done, log) = repository.run(&site, "any");
    assert!(done, "{log}");
    for (name, bytes) in &files {
        assert!(site.index.contents(name).as_ref() == Some(bytes), "{name}");
    }
    // Both jobs said the same digest and revision, the second one as it was given.
    for job in ["Verify", "Publish"] {
        assert_eq!(output(&log, job, "digest"), digest);
        assert_eq!(output(&log, job, "revision"), revision.to_string());
        let page = summary(&log, job);
        assert!(page.contains(&site.signer), "{page}");
        let named = format!("<code>{revision}</code></a> |\n");
        assert!(page.contains(&named), "{page}");
    }
    let short = &digest[..8];
    // The page to decide by: where it goes, and what is new there.
    let rehearsed = summary(&log, "Verify");
    assert_says(
        &rehearsed,
        "dry run",
        &format!("<code>{digest}</code>, any was taken; compare it with the vote"),
        &[
            &format!("… Release digest<br>{short}…, to be compared\"]:::pending"),
            "… Approval<br>by the reviewers\"]:::pending",
        ],
    );
    assert!(rehearsed.contains("(dry run) |\n"), "{rehearsed}");
    for (name, _) in &files {
        let is_new = format!("new: {name}");
        assert!(
            of_job(&log, "Verify").any(|line| line.ends_with(&is_new)),
            "{is_new}: {log}"
        );
    }
    let published = summary(&log, "Publish");
    assert_says(
        &published,
        "published",
        &format!(
            "<code>{digest}</code>, as <code>expected-digest</code> says; compare it with the vote"
        ),
        &[
            &format!("✓ Release digest<br>{short}…, equals expected#45;digest\"]:::proven"),
            "✓ Approval<br>by second#45;person\"]:::proven",
            "✓ Upload token<br>minted for this run\"]:::proven",
            " 2 of 2\"]:::proven",
        ],
    );
    // Who approved, as the stand-in of GitHub says.
    let approved = "approved by second-person &#40;user 22&#41;&#58; Digest compared&#46;";
    assert!(published.contains(approved), "{published}");

    // What a later job would be given.
    let told = output(&log, "Publish", "published");
    let told: Vec<Value> = serde_json::from_str(told).unwrap();
    let told: Vec<[&Value; 2]> = told
        .iter()
        .map(|it| [&it["file"], &it["verdict"]])
        .collect();
    for (name, _) in &files {
        assert!(
            told.contains(&[&json!(name), &json!("uploaded")]),
            "{told:?}"
        );
    }
    assert_eq!(told.len(), files.len());
    let page = format!("{}simple/example/", site.index.base());
    assert_eq!(output(&log, "Publish", "links"), page);
    assert_eq!(output(&log, "Verify", "published"), "[]");
    assert_eq!(output(&log, "Verify", "matrix"), r#"{"shard":["1/1"]}"#);
    for token in site.index.tokens() {
        assert!(!log.contains(&token), "a token was printed");
    }
}

#[test]
fn what_is_committed_between_the_jobs_makes_the_second_refuse() {
    let Some(image) = image().filter(|_| act_is_there()) else {
        return;
    };
    let site = Site::start(&["example"]);
    let files = project("example", "1.0");
    site.stage(RELEASE, &files);
    // The publishing job says when it begins, and waits until it may go on.
    let gate = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    gate.set_nonblocking(true).unwrap();
    let port = gate.local_addr().unwrap().port();
    let wait = format!("      - run: exec 3<>/dev/tcp/127.0.0.1/{port}; cat <&3\n");
    let repository = Repository::new(image, &site, &wait);
    let (done, log) = thread::scope(|scope| {
        let run = scope.spawn(|| repository.run(&site, "any"));
        // A run that ends before it comes so far is told below.
        let mut job = loop {
            match gate.accept() {
                Ok((job, _)) => break job,
                Err(_) if run.is_finished() => return run.join().unwrap(),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        };
        site.httpd.put(
            &format!("{RELEASE}/{}.sha512", files[0].0),
            b"another checksum\n",
            "Change the release between the jobs",
        );
        job.write_all(b"go on\n").unwrap();
        drop(job);
        run.join().unwrap()
    });
    assert!(!done, "{log}");
    assert!(log.contains("REFUSED source-changed"), "{log}");
    let page = summary(&log, "Publish");
    let headline = "## ❌ asf-pypi-publish: refused, 1 finding\n";
    assert!(page.starts_with(headline), "{page}");
    assert!(page.contains("source-changed"), "{page}");
    site.assert_untouched();
}
