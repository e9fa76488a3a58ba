// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Runs the stand-in index and the stand-in issuer, and Sigstore's, for programs that are not
//! Rust tests: containers and benchmarks.
//!
//! Prints `KEY=VALUE` lines and serves until its standard input is closed or it
//! is killed.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::{FakeIssuer, github_claims};
use testbed::sigstore::FakeSigstore;

const USAGE: &str = "\
usage: stand_in [--latency-ms N] [--project NAME]... [--projects FILE]
                [--other-project NAME]...
                [--repository OWNER/NAME] [--workflow FILE.yml] [--environment NAME]
                [--audience NAME] [--user-token TOKEN] [--sigstore] [--forever]";

struct Arguments {
    latency: Duration,
    projects: Vec<String>,
    /// There, and not the workflow's.
    other_projects: Vec<String>,
    repository: (String, String),
    workflow: String,
    environment: Option<String>,
    audience: String,
    user_tokens: Vec<String>,
    /// Whether there is a Sigstore, and the index holds attestations against it.
    sigstore: bool,
    forever: bool,
}

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(problem) => {
            write_line(&format!("ERROR={problem}"));
            write_line(USAGE);
            return ExitCode::FAILURE;
        }
    };
    let issuer = FakeIssuer::start();
    let (owner, repository) = arguments.repository;
    issuer.set_claims(github_claims(
        &owner,
        &repository,
        &arguments.workflow,
        arguments.environment.as_deref(),
    ));
    let index = FakeIndex::start(Options {
        audience: arguments.audience,
        issuer: Some(issuer.trust()),
        user_tokens: arguments.user_tokens,
        latency: arguments.latency,
        ..Options::default()
    });
    index.register(Publisher {
        owner,
        repository,
        workflow: arguments.workflow,
        environment: arguments.environment,
        projects: arguments.projects,
    });
    for name in &arguments.other_projects {
        index.create_project(name);
    }
    let sigstore = arguments.sigstore.then(|| {
        let sigstore = FakeSigstore::start(issuer.trust());
        sigstore.set(|knobs| knobs.latency = arguments.latency);
        index.trust_sigstore(sigstore.anchors());
        sigstore
    });
    if let Some(sigstore) = &sigstore {
        let config = sigstore.trust_config();
        write_line(&format!("SIGSTORE={}", config.display()));
    }
    for (key, value) in [
        ("INDEX", index.base()),
        ("SIMPLE", index.simple_url()),
        ("UPLOAD", index.upload_url()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", issuer.request_url()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", issuer.request_token()),
    ] {
        write_line(&format!("{key}={value}"));
    }
    if arguments.forever {
        loop {
            std::thread::park();
        }
    }
    // The parent holds the other end: when it goes, so do we.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of the tests, with a command line of its own"
)]
fn parse() -> Result<Arguments, String> {
    let mut parsed = Arguments {
        latency: Duration::ZERO,
        projects: Vec::new(),
        other_projects: Vec::new(),
        repository: ("apache".to_owned(), "example".to_owned()),
        workflow: "release.yml".to_owned(),
        environment: Some("pypi".to_owned()),
        audience: "stand-in".to_owned(),
        user_tokens: Vec::new(),
        sigstore: false,
        forever: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        if flag == "--sigstore" {
            parsed.sigstore = true;
            continue;
        }
        if flag == "--forever" {
            parsed.forever = true;
            continue;
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--latency-ms" => {
                let millis = value.parse().map_err(|_| "--latency-ms takes a number")?;
                parsed.latency = Duration::from_millis(millis);
            }
            "--project" => parsed.projects.push(value),
            "--other-project" => parsed.other_projects.push(value),
            "--projects" => {
                let list = std::fs::read_to_string(&value).map_err(|error| error.to_string())?;
                parsed.projects.extend(list.lines().map(str::to_owned));
            }
            "--repository" => {
                let (owner, name) = value
                    .split_once('/')
                    .ok_or("--repository takes OWNER/NAME")?;
                parsed.repository = (owner.to_owned(), name.to_owned());
            }
            "--workflow" => parsed.workflow = value,
            "--environment" => parsed.environment = Some(value).filter(|name| !name.is_empty()),
            "--audience" => parsed.audience = value,
            "--user-token" => parsed.user_tokens.push(value),
            _ => return Err(format!("no flag is called {flag}")),
        }
    }
    Ok(parsed)
}

#[expect(
    clippy::disallowed_macros,
    reason = "its parent reads these lines from standard output"
)]
fn write_line(line: &str) {
    println!("{line}");
}
