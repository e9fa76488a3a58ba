// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The index through the library: the token, the uploads, reading back, and
//! what a bad index or a bad network does to them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod integrity;
mod pypiserver;
mod reading;
mod token;
mod uploading;

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use super::upload::{Digests, Upload, upload};
use crate::github::oidc::{IdToken, OidcError, RequestCredentials, id_token};
use crate::http::{Client, ClientOptions, HttpError};
use crate::index::{
    Endpoints, FileState, Index, IndexError, Shown, Standing, UploadToken, Uploaded, Wanted, ask,
    audience, mint, obtain, read_back,
};
use crate::rules::Rule;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::Blake2b;
use blake2::digest::consts::U32;
use md5::Md5;
use serde_json::json;
use sha2::{Digest, Sha256};
use testbed::distribution::{Sdist, Wheel};
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;
use testbed::scripted::{Reply, Scripted};
use url::Url;

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";

/// An index, an issuer that it trusts, and a client for both.
struct World {
    issuer: FakeIssuer,
    fake: FakeIndex,
    index: Index,
    client: Client,
}

impl World {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let issuer = FakeIssuer::start();
        let fake = FakeIndex::start(Options {
            issuer: Some(issuer.trust()),
            ..options
        });
        fake.register(Publisher::example(&["example", "Other.Project"]));
        let client = Client::new(&ClientOptions {
            user_agent: "asf-pypi-publish/test (apache/example)".to_owned(),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(20),
        })
        .unwrap();
        let base = Url::parse(&fake.base()).unwrap();
        let endpoints = Endpoints::own(&base, None).unwrap();
        let index = Index::new(client.clone(), endpoints);
        Self {
            issuer,
            fake,
            index,
            client,
        }
    }

    fn credentials(&self) -> RequestCredentials {
        let (url, token) = (self.issuer.request_url(), self.issuer.request_token());
        RequestCredentials::new(Some(&url), Some(&token)).unwrap()
    }

    async fn id_token(&self, audience: &str) -> IdToken {
        id_token(&self.client, &self.credentials(), audience)
            .await
            .unwrap()
    }

    async fn token(&self) -> UploadToken {
        let audience = audience(&self.index).await.unwrap();
        obtain(&self.index, &self.credentials(), &audience, |_| ())
            .await
            .unwrap()
    }

    async fn upload(&self, token: &UploadToken, file: &TestFile) -> Result<Uploaded, IndexError> {
        self.upload_as(token, file, file.bytes.clone()).await
    }

    /// Sends other bytes than those that were verified.
    async fn upload_as(
        &self,
        token: &UploadToken,
        file: &TestFile,
        bytes: Vec<u8>,
    ) -> Result<Uploaded, IndexError> {
        send_to(&self.index, token, file, bytes, None).await
    }

    async fn upload_attested(
        &self,
        token: &UploadToken,
        file: &TestFile,
        bytes: Vec<u8>,
        attestations: Option<&str>,
    ) -> Result<Uploaded, IndexError> {
        send_to(&self.index, token, file, bytes, attestations).await
    }

    fn uploads(&self) -> usize {
        self.fake.count("POST", "/legacy/")
    }
}

/// Sends these bytes as the file.
async fn send_to(
    index: &Index,
    token: &UploadToken,
    file: &TestFile,
    bytes: Vec<u8>,
    attestations: Option<&str>,
) -> Result<Uploaded, IndexError> {
    let fields = [
        ("metadata_version", "2.1".to_owned()),
        ("name", file.project.to_owned()),
        ("version", file.version.to_owned()),
        ("classifiers", "Topic :: Utilities".to_owned()),
        ("classifiers", "Programming Language :: Python".to_owned()),
        ("summary", "für alle".to_owned()),
    ];
    let wheel = file.name == WHEEL;
    let open = move || -> Box<dyn Read + Send> { Box::new(Cursor::new(bytes.clone())) };
    let form = Upload {
        file: file.name,
        fields: &fields,
        filetype: if wheel { "bdist_wheel" } else { "sdist" },
        pyversion: if wheel { "py3" } else { "source" },
        size: file.bytes.len() as u64,
        digests: Digests {
            sha256: file.sha256,
            blake2b_256: Blake2b::<U32>::digest(&file.bytes).into(),
            md5: Md5::digest(&file.bytes).into(),
        },
        attestations,
        open: &open,
    };
    upload(index, token, &form).await
}

struct TestFile {
    project: &'static str,
    version: &'static str,
    name: &'static str,
    bytes: Vec<u8>,
    sha256: [u8; 32],
}

impl TestFile {
    fn new(project: &'static str, version: &'static str, name: &'static str, seed: u8) -> Self {
        let seed = u64::from(seed);
        let (_, bytes) = if name == WHEEL {
            let wheel = Wheel::new(project, version).with_payload(70_000);
            wheel.with_seed(seed).build()
        } else {
            let sdist = Sdist::new(project, version).with_payload(70_000);
            sdist.with_seed(seed).build()
        };
        Self::of(project, version, name, bytes)
    }

    fn of(
        project: &'static str,
        version: &'static str,
        name: &'static str,
        bytes: Vec<u8>,
    ) -> Self {
        let sha256 = Sha256::digest(&bytes).into();
        Self {
            project,
            version,
            name,
            bytes,
            sha256,
        }
    }

    fn wheel() -> Self {
        Self::new("example", "1.0", WHEEL, 1)
    }

    fn sdist() -> Self {
        Self::new("example", "1.0", SDIST, 2)
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            project: self.project,
            version: self.version,
            file: self.name,
            sha256: &self.sha256,
        }
    }
}

/// A wheel that pip takes for one.
fn real_wheel() -> Vec<u8> {
    testbed::distribution::wheel("example", "1.0").1
}

#[tokio::test]
async fn a_release_is_published_once_and_then_only_looked_at() {
    let world = World::new();
    let other = TestFile::new("other-project", "2.0", "other_project-2.0.tar.gz", 3);
    let files = [TestFile::wheel(), TestFile::sdist(), other];
    let wanted: Vec<_> = files.iter().map(TestFile::wanted).collect();

    let before = ask(&world.index, &wanted, 4).await.unwrap();
    assert!(before.files().all(|(_, state)| *state == FileState::New));
    assert!(before.is_new_version("example", "1.0"));
    assert_eq!(before.standing("example"), Some(&Standing::Open));
    assert_eq!(before.findings(0), []);
    assert_eq!(world.fake.minted(), 0);

    let token = world.token().await;
    for file in &files {
        assert_eq!(world.upload(&token, file).await, Ok(Uploaded { tries: 1 }));
        assert_eq!(world.fake.contents(file.name), Some(file.bytes.clone()));
    }
    let (wait, pause) = (Duration::from_secs(10), Duration::from_millis(20));
    let shown = read_back(&world.index, &wanted, 4, wait, pause)
        .await
        .unwrap();
    assert!(shown.is_complete());
    assert_eq!(world.issuer.audiences(), ["stand-in"]);
    assert_eq!(world.fake.minted(), 1, "one token serves every project");

    let after = ask(&world.index, &wanted, 4).await.unwrap();
    assert!(
        after
            .files()
            .all(|(_, state)| *state == FileState::AlreadyThere)
    );
    assert!(!after.is_new_version("example", "1.0.0"), "1.0.0 is 1.0");
    // The index answers the same file as it answers a new one.
    assert_eq!(
        world.upload(&token, &files[0]).await,
        Ok(Uploaded { tries: 1 })
    );
    assert_eq!(world.fake.files("example").len(), 2);
}

#[tokio::test]
async fn a_project_that_does_not_exist_is_new_and_a_pending_publisher_creates_it() {
    let world = World::new();
    let file = TestFile::new("fresh", "1.0", "fresh-1.0.tar.gz", 1);
    let ledger = ask(&world.index, &[file.wanted()], 1).await.unwrap();
    assert_eq!(ledger.standing("fresh"), Some(&Standing::Absent));
    assert_eq!(ledger.state(file.name), Some(&FileState::New));

    world.fake.register_pending(Publisher::example(&["fresh"]));
    let token = world.token().await;
    assert_eq!(world.upload(&token, &file).await, Ok(Uploaded { tries: 1 }));
}

#[tokio::test]
async fn pip_downloads_the_very_bytes() {
    let world = World::new();
    let token = world.token().await;
    let file = TestFile::of("example", "1.0", WHEEL, real_wheel());
    world.upload(&token, &file).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("python3")
        .args([
            "-m",
            "pip",
            "--isolated",
            "download",
            "--no-deps",
            "--no-cache-dir",
        ])
        .args([
            "--disable-pip-version-check",
            "--index-url",
            &world.fake.simple_url(),
        ])
        .arg("--dest")
        .arg(folder.path())
        .arg("example==1.0")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let found = std::fs::read(folder.path().join(WHEEL)).unwrap();
    assert!(found == file.bytes);
    let asked_metadata = world
        .fake
        .requests()
        .iter()
        .any(|seen| seen.path.ends_with(".metadata"));
    assert!(asked_metadata, "pip reads the metadata beside the wheel");
}
