// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The index through the library: the token, the uploads, reading back, and
//! what a bad index or a bad network does to them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use asf_pypi_publish::github::oidc::{IdToken, OidcError, RequestCredentials, id_token};
use asf_pypi_publish::http::{Client, ClientOptions, HttpError};
use asf_pypi_publish::index::{
    Digests, Endpoints, FileState, Index, IndexError, Shown, Standing, Upload, UploadToken,
    Uploaded, Wanted, ask, audience, mint, obtain, read_back, upload,
};
use asf_pypi_publish::rules::Rule;
use blake2::Blake2b;
use blake2::digest::consts::U32;
use md5::Md5;
use serde_json::json;
use sha2::{Digest, Sha256};
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;
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
        let fields = [
            ("metadata_version", "2.1".to_owned()),
            ("name", file.project.to_owned()),
            ("version", file.version.to_owned()),
            ("classifiers", "Topic :: Utilities".to_owned()),
            ("classifiers", "Programming Language :: Python".to_owned()),
            ("summary", "für alle".to_owned()),
        ];
        let wheel = file.name.ends_with(".whl");
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
            open: &open,
        };
        upload(&self.index, token, &form).await
    }

    fn uploads(&self) -> usize {
        self.fake.count("POST", "/legacy/")
    }
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
        let bytes = (0..70_000_u32)
            .map(|at| at.to_le_bytes()[0] ^ seed)
            .collect();
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
    assert_eq!(before.findings(), []);
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
async fn requests_are_such_as_an_index_and_its_caches_want() {
    let world = World::new();
    let token = world.token().await;
    let file = TestFile::wheel();
    ask(&world.index, &[file.wanted()], 1).await.unwrap();
    world.upload(&token, &file).await.unwrap();
    let seen = world.fake.requests();
    let find = |path: &str| seen.iter().find(|seen| seen.path == path).unwrap();

    let page = find("/simple/example/");
    assert_eq!(
        page.header("accept"),
        Some("application/vnd.pypi.simple.v1+json")
    );
    assert!(page.header("cache-control").unwrap().contains("no-cache"));
    assert_eq!(page.header("authorization"), None);

    let upload = find("/legacy/");
    let length: usize = upload.header("content-length").unwrap().parse().unwrap();
    assert!(length > file.bytes.len());
    assert_eq!(upload.header("transfer-encoding"), None);
    assert_eq!(upload.header("accept"), Some("application/json"));
    assert!(
        upload
            .header("authorization")
            .unwrap()
            .starts_with("Basic ")
    );
    for request in &seen {
        let agent = request.header("user-agent").unwrap();
        assert!(agent.contains("apache/example"), "{agent}");
    }
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
async fn other_bytes_under_the_same_name_stop_the_release() {
    let world = World::new();
    let (file, same) = (TestFile::wheel(), TestFile::sdist());
    world.fake.preload("example", WHEEL, b"other bytes");
    world.fake.preload("example", SDIST, &same.bytes);
    let wanted = [file.wanted(), same.wanted()];
    let ledger = ask(&world.index, &wanted, 4).await.unwrap();
    let findings = ledger.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].rule, Rule::IndexConflict);
    assert_eq!(findings[0].path.as_deref(), Some(WHEEL));
    let theirs = hex::encode(Sha256::digest(b"other bytes"));
    assert!(findings[0].found.contains(&theirs));

    // Whoever sends it all the same is told so, once.
    let token = world.token().await;
    let refused = world.upload(&token, &file).await.unwrap_err();
    assert!(
        matches!(refused, IndexError::Conflict { .. }),
        "{refused:?}"
    );
    assert_eq!(refused.finding(None).rule, Rule::IndexConflict);
    assert_eq!(world.uploads(), 1);
}

#[tokio::test]
async fn an_archived_project_is_known_before_a_token_is_asked_for() {
    let world = World::new();
    world.fake.set_status("example", "archived");
    let file = TestFile::wheel();
    let ledger = ask(&world.index, &[file.wanted()], 1).await.unwrap();
    let standing = Standing::Closed("archived".to_owned());
    assert_eq!(ledger.standing("example"), Some(&standing));
    assert_eq!(ledger.findings()[0].rule, Rule::UploadRefused);
}

#[tokio::test]
async fn an_identity_token_is_taken_once_and_for_its_audience_only() {
    let world = World::new();
    world.issuer.repeat_jti("always-the-same");
    mint(&world.index, &world.id_token("stand-in").await)
        .await
        .unwrap();
    for (audience, expected) in [
        (
            "stand-in",
            "invalid-reuse-token: invalid token: already used",
        ),
        ("elsewhere", "invalid-token: malformed or invalid token"),
    ] {
        let refused = mint(&world.index, &world.id_token(audience).await)
            .await
            .unwrap_err();
        assert_eq!(refused.to_string(), expected);
        assert_eq!(refused.finding(None).rule, Rule::TokenRefused);
    }
    assert_eq!(world.fake.minted(), 1);
}

#[tokio::test]
async fn a_workflow_without_a_publisher_is_shown_what_the_index_saw() {
    for (claim, value, expected) in [
        ("environment", json!("staging"), "environment=staging"),
        ("repository", json!("apache/fork"), "repository=apache/fork"),
        (
            "job_workflow_ref",
            json!("apache/example/.github/workflows/x.yml@refs/tags/v1"),
            "job_workflow_ref=apache/example/.github/workflows/x.yml@refs/tags/v1",
        ),
    ] {
        let world = World::new();
        world.issuer.set_claim(claim, value);
        let refused = mint(&world.index, &world.id_token("stand-in").await)
            .await
            .unwrap_err();
        let finding = refused.finding(None);
        assert_eq!(finding.rule, Rule::TokenRefused);
        assert!(finding.expected.contains(expected), "{}", finding.expected);
        assert!(
            finding
                .found
                .starts_with("invalid-publisher: valid token, but no corresponding"),
            "{}",
            finding.found
        );
        assert_eq!(
            world.fake.count("POST", "/_/oidc/mint-token"),
            1,
            "a refusal is final"
        );
    }
}

#[tokio::test]
async fn a_lost_answer_costs_a_fresh_identity_token_and_not_the_release() {
    for lost in ["cut", "503"] {
        let world = World::new();
        world.fake.faults(|faults| match lost {
            "cut" => faults.cut_after_mint = 1,
            _ => faults.mint_statuses.push_back(503),
        });
        let secrets = Mutex::new(Vec::new());
        let audience = audience(&world.index).await.unwrap();
        let mask = |secret: &str| secrets.lock().unwrap().push(secret.to_owned());
        let token = obtain(&world.index, &world.credentials(), &audience, mask)
            .await
            .unwrap();
        assert_eq!(world.issuer.requests(), 2, "{lost}");
        world.upload(&token, &TestFile::wheel()).await.unwrap();
        // Every secret that the log could meet is masked before it is used.
        let masked = secrets.into_inner().unwrap();
        assert!(
            world
                .issuer
                .tokens()
                .iter()
                .all(|token| masked.contains(token))
        );
        assert_eq!(masked.len(), 3, "{lost}");
    }
}

#[tokio::test]
async fn an_index_without_trusted_publishing_says_so() {
    let fake = FakeIndex::start(Options::default());
    let world = World::new();
    let base = Url::parse(&fake.base()).unwrap();
    let index = Index::new(world.client.clone(), Endpoints::own(&base, None).unwrap());
    let refused = audience(&index).await.unwrap_err();
    assert_eq!(refused.finding(None).rule, Rule::IndexRefused);
    assert!(refused.to_string().contains("not enabled"), "{refused}");
}

#[tokio::test]
async fn the_runner_s_token_service_may_fail_for_a_moment_but_not_for_good() {
    let world = World::new();
    world.issuer.fail(1);
    world.id_token("stand-in").await;
    assert_eq!(world.issuer.requests(), 2);

    let stranger = RequestCredentials::new(Some(&world.issuer.request_url()), Some("stranger"));
    let refused = id_token(&world.client, &stranger.unwrap(), "stand-in")
        .await
        .unwrap_err();
    let OidcError::Service(HttpError::Status { code: 401, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.finding().rule, Rule::TokenUnreachable);
    assert!(!refused.to_string().contains("api-version"), "{refused}");
}

#[tokio::test]
async fn a_refusal_is_final_and_in_the_index_s_own_words() {
    let wrong_name = TestFile::new("example", "1.0", "Example-1.0.tar.gz", 1);
    let local = TestFile::new("example", "1.0+apache", "example-1.0+apache.tar.gz", 1);
    let stranger = TestFile::new("stranger", "1.0", "stranger-1.0.tar.gz", 1);
    for (file, status, expected) in [
        (
            &wrong_name,
            400,
            "400 Filename 'Example-1.0.tar.gz' is invalid, should be 'example-1.0.tar.gz'.",
        ),
        (
            &local,
            400,
            "400 The use of local versions in '1.0+apache' is not allowed.",
        ),
        (
            &stranger,
            400,
            "400 Non-user identities cannot create new projects.",
        ),
    ] {
        let world = World::new();
        let token = world.token().await;
        let refused = world.upload(&token, file).await.unwrap_err();
        let IndexError::UploadRefused {
            status: found,
            answer,
        } = &refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(*found, status);
        assert!(answer.starts_with(expected), "{answer}");
        let finding = refused.finding(Some(file.name));
        assert_eq!(finding.rule, Rule::UploadRefused);
        assert_eq!(finding.path.as_deref(), Some(file.name));
        assert_eq!(world.uploads(), 1);
        assert_eq!(world.fake.files(file.project), []);
    }
}

#[tokio::test]
async fn a_project_of_somebody_else_and_a_closed_one_refuse_the_token() {
    let world = World::new();
    world.fake.create_project("stranger");
    let token = world.token().await;
    let stranger = TestFile::new("stranger", "1.0", "stranger-1.0.tar.gz", 1);
    let refused = world
        .upload(&token, &stranger)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("not valid for project 'stranger'"),
        "{refused}"
    );
    world.fake.set_status("example", "quarantined");
    let refused = world
        .upload(&token, &TestFile::wheel())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("isn't allowed to upload to project 'example'"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_expired_token_is_told_apart_since_a_fresh_one_helps() {
    let world = World::new();
    let token = world.token().await;
    world.fake.expire_tokens();
    let refused = world.upload(&token, &TestFile::wheel()).await;
    assert_eq!(refused, Err(IndexError::TokenExpired));
    let fresh = world.token().await;
    assert_eq!(
        world.upload(&fresh, &TestFile::wheel()).await,
        Ok(Uploaded { tries: 1 })
    );
}

#[tokio::test]
async fn what_may_pass_is_sent_again() {
    for (status, retry_after) in [(500, None), (503, Some(0)), (429, Some(1))] {
        let world = World::new();
        world
            .fake
            .faults(|faults| faults.upload_statuses.push_back((status, retry_after)));
        let token = world.token().await;
        let sent = world.upload(&token, &TestFile::wheel()).await;
        assert_eq!(sent, Ok(Uploaded { tries: 2 }), "{status}");
        assert_eq!(world.fake.contents(WHEEL), Some(TestFile::wheel().bytes));
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_the_file_there_once() {
    for after_commit in [true, false] {
        let world = World::new();
        world.fake.faults(|faults| match after_commit {
            true => faults.cut_after_commit = 1,
            false => faults.cut_before_commit = 1,
        });
        let token = world.token().await;
        let sent = world.upload(&token, &TestFile::wheel()).await;
        assert_eq!(
            sent,
            Ok(Uploaded { tries: 2 }),
            "after commit: {after_commit}"
        );
        assert_eq!(world.fake.files("example").len(), 1);
    }
}

#[tokio::test]
async fn four_tries_are_enough() {
    let world = World::new();
    world
        .fake
        .faults(|faults| faults.upload_statuses.extend([(502, None); 9]));
    let token = world.token().await;
    let failed = world.upload(&token, &TestFile::wheel()).await.unwrap_err();
    assert!(
        matches!(failed, IndexError::UploadUnfinished(_)),
        "{failed:?}"
    );
    assert_eq!(failed.finding(Some(WHEEL)).rule, Rule::UploadUnfinished);
    assert_eq!(world.uploads(), 4);
}

#[tokio::test]
async fn two_first_files_at_once_both_arrive_in_the_end() {
    let world = World::with(Options {
        latency: Duration::from_millis(300),
        ..Options::default()
    });
    let token = world.token().await;
    let (wheel, sdist) = (TestFile::wheel(), TestFile::sdist());
    let (one, other) = tokio::join!(world.upload(&token, &wheel), world.upload(&token, &sdist));
    let tries = one.unwrap().tries + other.unwrap().tries;
    assert_eq!(tries, 3, "one of the two was answered 500");
    assert_eq!(world.fake.files("example").len(), 2);
    assert_eq!(world.fake.most_uploads_at_once(), 2);
}

#[tokio::test]
async fn bytes_that_changed_after_they_were_verified_never_reach_the_index() {
    let file = TestFile::wheel();
    let flipped = {
        let mut bytes = file.bytes.clone();
        bytes[69_999] ^= 1;
        bytes
    };
    let longer = [file.bytes.clone(), vec![0]].concat();
    for (what, bytes) in [
        ("one bit of the last byte", flipped),
        ("cut short", file.bytes[..69_999].to_vec()),
        ("longer", longer),
        ("empty", Vec::new()),
    ] {
        let world = World::new();
        let token = world.token().await;
        let failed = world.upload_as(&token, &file, bytes).await.unwrap_err();
        assert_eq!(failed, IndexError::ContentChanged, "{what}");
        assert_eq!(failed.finding(Some(WHEEL)).rule, Rule::SourceChanged);
        assert_eq!(world.fake.files("example"), [], "{what}");
        assert!(world.uploads() <= 1, "{what}: never sent again");
    }
}

#[tokio::test]
async fn a_big_file_is_streamed_whole() {
    let world = World::new();
    let token = world.token().await;
    let bytes = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = TestFile::of("example", "1.0", WHEEL, bytes);
    assert_eq!(world.upload(&token, &file).await, Ok(Uploaded { tries: 1 }));
    assert!(world.fake.contents(WHEEL) == Some(file.bytes));
}

#[tokio::test]
async fn a_redirected_upload_is_refused_and_the_token_goes_nowhere_else() {
    let world = World::new();
    let base = Url::parse(&world.fake.base()).unwrap();
    let endpoints = Endpoints::own(&base, Some(&base.join("legacy").unwrap())).unwrap();
    let redirected = World {
        index: Index::new(world.client.clone(), endpoints),
        ..world
    };
    let token = redirected.token().await;
    let refused = redirected
        .upload(&token, &TestFile::wheel())
        .await
        .unwrap_err();
    let IndexError::UploadRefused {
        status: 308,
        answer,
    } = &refused
    else {
        panic!("{refused:?}");
    };
    assert!(answer.contains("/legacy/"), "{answer}");
    assert_eq!(redirected.uploads(), 0);
}

#[tokio::test]
async fn reading_back_waits_for_what_is_not_shown_yet() {
    let world = World::new();
    world.fake.faults(|faults| faults.hidden_reads = 3);
    let token = world.token().await;
    let (file, there) = (
        TestFile::wheel(),
        TestFile::new("other-project", "1", "o-1.tar.gz", 9),
    );
    world.upload(&token, &file).await.unwrap();
    world
        .fake
        .preload("other-project", "o-1.tar.gz", &there.bytes);
    let wanted = [file.wanted(), there.wanted()];
    let (wait, pause) = (Duration::from_secs(20), Duration::from_millis(10));
    let shown = read_back(&world.index, &wanted, 4, wait, pause)
        .await
        .unwrap();
    assert!(shown.is_complete() && shown.findings().is_empty());
    assert_eq!(world.fake.count("GET", "/simple/example/"), 4);
    assert_eq!(
        world.fake.count("GET", "/simple/other-project/"),
        1,
        "a project that is complete is not asked again"
    );
}

#[tokio::test]
async fn reading_back_tells_late_from_different() {
    let world = World::new();
    let (late, forged) = (TestFile::wheel(), TestFile::sdist());
    world.fake.preload("example", SDIST, &forged.bytes);
    let other = "cd".repeat(32);
    world.fake.faults(|faults| {
        faults.false_sha256.insert(SDIST.to_owned(), other.clone());
    });
    let wanted = [late.wanted(), forged.wanted()];
    let (wait, pause) = (Duration::from_millis(200), Duration::from_millis(50));
    let shown = read_back(&world.index, &wanted, 4, wait, pause)
        .await
        .unwrap();
    assert_eq!(shown.shown(WHEEL), Some(&Shown::Missing));
    let found = format!("the SHA-256 {other}");
    assert_eq!(shown.shown(SDIST), Some(&Shown::Different { found }));
    let rules: HashMap<_, _> = shown
        .findings()
        .into_iter()
        .map(|finding| (finding.path.unwrap(), finding.rule))
        .collect();
    assert_eq!(rules[WHEEL], Rule::ReadBackLate);
    assert_eq!(rules[SDIST], Rule::ReadBackDiffers);
}

#[tokio::test]
async fn a_look_up_survives_a_bad_moment_but_takes_no_page_in_html() {
    let world = World::new();
    let file = TestFile::wheel();
    world
        .fake
        .faults(|faults| faults.simple_statuses.extend([503, 500]));
    ask(&world.index, &[file.wanted()], 4).await.unwrap();
    world.fake.faults(|faults| faults.html_only = true);
    let refused = ask(&world.index, &[file.wanted()], 4).await.unwrap_err();
    assert!(
        matches!(refused, IndexError::Unreadable { .. }),
        "{refused:?}"
    );
    world
        .fake
        .faults(|faults| faults.simple_statuses.push_back(403));
    let refused = ask(&world.index, &[file.wanted()], 4).await.unwrap_err();
    assert_eq!(refused.finding(None).rule, Rule::IndexRefused);
    assert_eq!(refused.finding(None).rule.exit().code(), 1);
}

#[tokio::test]
async fn no_secret_is_in_what_can_be_printed() {
    let world = World::new();
    let identity = world.id_token("stand-in").await;
    let token = mint(&world.index, &identity).await.unwrap();
    let credentials = world.credentials();
    world
        .fake
        .faults(|faults| faults.upload_statuses.extend([(500, None); 4]));
    let failed = world.upload(&token, &TestFile::wheel()).await.unwrap_err();
    let replayed = mint(&world.index, &identity).await.unwrap_err();
    let printed = format!(
        "{:?} {identity:?} {token:?} {credentials:?} {failed:?} {failed} {replayed:?} {replayed} \
         {:?} {:?}",
        world.index,
        failed.finding(None),
        replayed.finding(None),
    );
    let secrets = [
        world.fake.tokens(),
        world.issuer.tokens(),
        vec![world.issuer.request_token()],
    ];
    for secret in secrets.concat() {
        assert!(!printed.contains(&secret));
    }
}

/// A wheel that pip takes for one.
fn real_wheel() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let metadata = "Metadata-Version: 2.1\nName: example\nVersion: 1.0\n";
    let wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    for (name, text) in [
        ("example.py", "answer = 42\n"),
        ("example-1.0.dist-info/METADATA", metadata),
        ("example-1.0.dist-info/WHEEL", wheel),
        ("example-1.0.dist-info/RECORD", ""),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
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
