// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The main job on this machine alone: `cargo run --example local_release`.
//!
//! Starts stand-ins for the distribution server, GitHub (identity tokens, and
//! who approved the run), Sigstore and the index on loopback, makes a small
//! signed release of two projects, and runs the library's front door as the
//! action does: verify, publish with attestations, and then once more after one
//! byte has changed.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use asf_pypi_publish::context::Context;
use asf_pypi_publish::inputs::{Inputs, Request};
use asf_pypi_publish::report::Report;
use tempfile::TempDir;
use testbed::dist_server::DistServer;
use testbed::distribution::{sdist, sha512_sidecar, wheel};
use testbed::github_api::GithubApi;
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;
use testbed::openpgp::{Kind, TestKey};
use testbed::sigstore::FakeSigstore;

/// Where the release lies, as on the ASF's server.
const FOLDER: &str = "release/example/1.2.0/";

/// The stand-ins, and the release manager with a key.
struct World {
    dist: DistServer,
    index: FakeIndex,
    issuer: FakeIssuer,
    github: GithubApi,
    sigstore: FakeSigstore,
    manager: TestKey,
    folder: TempDir,
}

impl World {
    fn start() -> Result<Self, Box<dyn Error>> {
        let issuer = FakeIssuer::start();
        let options = Options {
            issuer: Some(issuer.trust()),
            ..Options::default()
        };
        let index = FakeIndex::start(options);
        index.register(Publisher::example(&["example-one", "example-two"]));
        let sigstore = FakeSigstore::start(issuer.trust());
        index.trust_sigstore(sigstore.anchors());
        let manager = TestKey::generate("Rita Manager <rita@example.org>", Kind::Rsa2048);
        Ok(Self {
            dist: DistServer::start(),
            index,
            issuer,
            github: GithubApi::start(),
            sigstore,
            manager,
            folder: TempDir::new()?,
        })
    }

    /// Two projects with a wheel and an sdist each, signed and summed.
    fn stage(&self) {
        let keys = self.manager.armored_public().into_bytes();
        let mut changes = vec![("release/example/KEYS".to_owned(), Some(keys))];
        for project in ["example-one", "example-two"] {
            for (name, bytes) in [wheel(project, "1.2.0"), sdist(project, "1.2.0")] {
                let signature = self.manager.sign_detached(&bytes).into_bytes();
                let checksum = sha512_sidecar(&name, &bytes).into_bytes();
                changes.push((format!("{FOLDER}{name}.asc"), Some(signature)));
                changes.push((format!("{FOLDER}{name}.sha512"), Some(checksum)));
                changes.push((format!("{FOLDER}{name}"), Some(bytes)));
            }
        }
        self.dist.commit(changes);
    }

    /// Changes one byte of a wheel, as somebody might after the vote.
    fn break_a_byte(&self) {
        let (name, mut bytes) = wheel("example-one", "1.2.0");
        if let Some(byte) = bytes.last_mut() {
            *byte ^= 1;
        }
        self.dist
            .commit(vec![(format!("{FOLDER}{name}"), Some(bytes))]);
    }

    /// One run through the front door, with the inputs of an action.
    async fn run(&self, inputs: &[(&str, &str)]) -> Result<Report, Box<dyn Error>> {
        let summary = self.folder.path().join("summary.md");
        let mut env: Vec<(String, String)> = [
            ("source", self.dist.url(FOLDER)),
            ("keys", self.dist.url("release/example/KEYS")),
            ("index", self.index.base()),
            ("attestations", "true".to_owned()),
            (
                "sigstore",
                self.sigstore.trust_config().display().to_string(),
            ),
            ("projects", "example-*".to_owned()),
            ("approval", "required".to_owned()),
            ("github-token", self.github.token()),
        ]
        .into_iter()
        .chain(
            inputs
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        )
        .map(|(name, value)| (format!("INPUT_{}", name.to_uppercase()), value))
        .collect();
        env.extend([
            (
                "GITHUB_STEP_SUMMARY".to_owned(),
                summary.display().to_string(),
            ),
            (
                "ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(),
                self.issuer.request_url(),
            ),
            (
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(),
                self.issuer.request_token(),
            ),
            ("GITHUB_API_URL".to_owned(), self.github.base()),
        ]);
        let context = Context::with_args(Vec::<String>::new()).with_env(env);
        let Request::Run(inputs, problems) = Inputs::read(&context) else {
            return Err("the inputs ask for no run".into());
        };
        Ok(asf_pypi_publish::run(&context, &inputs, problems).await)
    }

    fn show_summary(&self) -> Result<(), Box<dyn Error>> {
        let path: &Path = &self.folder.path().join("summary.md");
        say("\nThe job summary, as GitHub would render it:\n");
        for line in std::fs::read_to_string(path)?.lines() {
            say(&format!("    {}", as_text(line)));
        }
        std::fs::remove_file(path)?;
        Ok(())
    }
}

#[allow(
    clippy::disallowed_macros,
    clippy::print_stderr,
    reason = "an example that is read"
)]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Markdown of the summary without its character references and code tags.
fn as_text(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("&#") {
        text.push_str(before);
        let (number, after) = after.split_once(';').unwrap_or((after, ""));
        text.extend(number.parse().ok().and_then(char::from_u32));
        rest = after;
    }
    text.push_str(rest);
    text.replace("<code>", "").replace("</code>", "")
}

/// A step of the story, and whether it went as it should.
fn check(report: &Report, what: &str, exit: u8) -> Result<(), Box<dyn Error>> {
    if report.exit == exit {
        return Ok(());
    }
    Err(format!("{what} should have ended with {exit}, not {}", report.exit).into())
}

async fn story() -> Result<(), Box<dyn Error>> {
    say("Making a release of two projects, signed with a fresh OpenPGP key …\n");
    let world = World::start()?;
    world.stage();

    say("1. verify: what a voter does\n");
    let verified = world.run(&[("mode", "verify")]).await?;
    check(&verified, "verify", 0)?;
    world.show_summary()?;
    let digest = verified.digest.ok_or("a verified release has a digest")?;

    say("\n2. publish: what the workflow does, with the digest that was voted on\n");
    let published = world
        .run(&[("mode", "publish"), ("expected-digest", &digest)])
        .await?;
    check(&published, "publish", 0)?;
    world.show_summary()?;
    let served = world.index.files("example-one").len() + world.index.files("example-two").len();
    say(&format!(
        "\nThe index serves {served} files; {} token was minted, and Sigstore's log has {} entries.",
        world.index.minted(),
        world.sigstore.counts().entries
    ));

    say("\n3. one byte of a wheel changes, and the workflow runs again\n");
    world.break_a_byte();
    let refused = world
        .run(&[("mode", "publish"), ("expected-digest", &digest)])
        .await?;
    check(&refused, "publishing a changed wheel", 1)?;
    world.show_summary()?;
    say(&format!(
        "\nRefused; still {} token was ever minted. That is all.",
        world.index.minted()
    ));
    Ok(())
}

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(story()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("The example failed: {why}"));
            ExitCode::FAILURE
        }
    }
}
