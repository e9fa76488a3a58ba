// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What anyone can check again afterwards, with no token: what the index serves
//! against the release (`check`), and a receipt against the source
//! (`check-receipt`).

mod approved;
mod provenance;
mod receipts;
mod served;
mod signing;

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use testbed::sigstore::FakeSigstore;

use crate::run::{Ran, run, run_in};
use crate::world::{Files, RELEASE, World, project};

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";

/// Who publishes in this world.
const REPOSITORY: &str = "apache/example";
const WORKFLOW: &str = "release.yml";
const IDENTITY: [(&str, &str); 2] = [("repository", REPOSITORY), ("workflow", WORKFLOW)];

fn with(mut args: Vec<String>, more: &[(&str, &str)]) -> Vec<String> {
    for (name, value) in more {
        let flag = format!("--{name}");
        match args.iter().position(|arg| *arg == flag) {
            Some(at) => (*value).clone_into(&mut args[at + 1]),
            None => args.extend([flag, (*value).to_owned()]),
        }
    }
    args
}

/// `check`, in an environment that offers no identity token.
fn check(world: &World, more: &[(&str, &str)]) -> Ran {
    run(&with(world.args("check"), more), &[])
}

/// The row of a file that `check` looked at.
fn row(ran: &Ran, file: &str) -> Value {
    let rows = ran.report["checked"].as_array().unwrap();
    let row = rows.iter().find(|row| row["file"] == file);
    row.unwrap_or_else(|| panic!("{file} in {rows:?}")).clone()
}

/// A world with a Sigstore, and a folder in which runs leave their files.
struct Attested {
    world: World,
    sigstore: FakeSigstore,
    /// What is staged.
    files: Files,
    folder: TempDir,
}

/// Where a run leaves the receipt.
const RECEIPT: &str = "report.receipt.sigstore.json";

impl Attested {
    /// A staged release; the index checks attestations in full.
    fn start() -> Self {
        let world = World::start();
        let files = project("example", "1.0");
        world.stage(RELEASE, files.clone());
        let sigstore = FakeSigstore::start(world.issuer.trust());
        world.index.trust_sigstore(sigstore.anchors());
        Self {
            world,
            sigstore,
            files,
            folder: TempDir::new().unwrap(),
        }
    }

    /// The same, published with attestations and a receipt.
    fn published() -> Self {
        let attested = Self::start();
        let ran = attested.publish(&[]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        attested
    }

    fn config(&self) -> String {
        self.sigstore.trust_config().display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn publish(&self, more: &[(&str, &str)]) -> Ran {
        let config = self.config();
        let args = with(
            self.world.args("publish"),
            &[("attestations", "true"), ("sigstore", &config)],
        );
        let own = self.world.env();
        let own: Vec<(&str, &str)> = own
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let workflow = format!("{REPOSITORY}/.github/workflows/{WORKFLOW}@refs/tags/v1");
        let runner = [
            ("GITHUB_REPOSITORY", REPOSITORY),
            ("GITHUB_WORKFLOW_REF", workflow.as_str()),
        ];
        let env = [&own[..], &runner].concat();
        run_in(self.folder.path(), &with(args, more), &env)
    }

    fn check(&self, more: &[(&str, &str)]) -> Ran {
        let config = self.config();
        let args = with(self.world.args("check"), &[("sigstore", &config)]);
        run_in(self.folder.path(), &with(args, more), &[])
    }

    /// `check-receipt` of this file by whoever publishes here.
    fn check_receipt(&self, file: &str, more: &[(&str, &str)]) -> Ran {
        self.check_receipt_of(file, &[&IDENTITY[..], more].concat())
    }

    /// The same without an identity.
    fn check_receipt_of(&self, file: &str, more: &[(&str, &str)]) -> Ran {
        let config = self.config();
        let source = self.world.dist.url(RELEASE);
        let args = ["check-receipt", file].map(str::to_owned).to_vec();
        let own = [
            ("source", source.as_str()),
            ("sigstore", &config),
            ("report", "check.json"),
            ("idle-timeout", "2 s"),
        ];
        let mut ran = run_in(self.folder.path(), &with(with(args, &own), more), &[]);
        let report = std::fs::read_to_string(self.path("check.json")).unwrap_or_default();
        ran.report = serde_json::from_str(&report).unwrap_or(Value::Null);
        let _ = std::fs::remove_file(self.path("check.json"));
        ran
    }

    fn receipt(&self) -> Value {
        let text = std::fs::read_to_string(self.path(RECEIPT)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Leaves a file with this text, and gives its name.
    fn leave(&self, name: &'static str, text: impl AsRef<[u8]>) -> &'static str {
        std::fs::write(self.path(name), text).unwrap();
        name
    }
}
