// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A small world on loopback: a distribution server, an issuer of identity
//! tokens, an index, and a release manager with a key.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use testbed::dist_server::DistServer;
use testbed::distribution::{sdist, sha512_sidecar, wheel};
use testbed::github_api::GithubApi;
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;
use testbed::openpgp::{Kind, TestKey};

use crate::run::{Ran, run};

/// The release manager's key, made once.
pub fn key() -> &'static TestKey {
    static KEY: OnceLock<TestKey> = OnceLock::new();
    KEY.get_or_init(|| TestKey::generate("Rita Manager <rita@example.org>", Kind::Rsa2048))
}

/// Files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files with a signature and a checksum each.
pub fn signed(files: &[(String, Vec<u8>)]) -> Files {
    let mut all = Files::new();
    for (name, bytes) in files {
        let base = name.rsplit('/').next().unwrap();
        all.insert(
            format!("{name}.asc"),
            key().sign_detached(bytes).into_bytes(),
        );
        all.insert(
            format!("{name}.sha512"),
            sha512_sidecar(base, bytes).into_bytes(),
        );
        all.insert(name.clone(), bytes.clone());
    }
    all
}

/// A wheel and an sdist of one project.
pub fn project(name: &str, version: &str) -> Files {
    signed(&[wheel(name, version), sdist(name, version)])
}

/// The servers, and where the release lies.
pub struct World {
    pub dist: DistServer,
    pub index: FakeIndex,
    pub issuer: FakeIssuer,
    pub github: GithubApi,
}

/// Where [`World::stage`] puts a release.
pub const RELEASE: &str = "release/example/1.0/";

impl World {
    /// Everything is there but a release; the publisher may upload `example`
    /// and `example-more`.
    pub fn start() -> Self {
        let issuer = FakeIssuer::start();
        let index = FakeIndex::start(Options {
            issuer: Some(issuer.trust()),
            ..Options::default()
        });
        index.register(Publisher::example(&["example", "example-more"]));
        let dist = DistServer::start();
        let keys = format!("The keys of Example.\n\n{}", key().armored_public());
        dist.commit(vec![(
            "release/example/KEYS".to_owned(),
            Some(keys.into_bytes()),
        )]);
        Self {
            dist,
            index,
            issuer,
            github: GithubApi::start(),
        }
    }

    /// The same with `example` 1.0 staged for release.
    pub fn with_release() -> Self {
        let world = Self::start();
        world.stage(RELEASE, project("example", "1.0"));
        world
    }

    pub fn stage(&self, folder: &str, files: Files) -> u64 {
        let changes = files
            .into_iter()
            .map(|(name, bytes)| (format!("{folder}{name}"), Some(bytes)))
            .collect();
        self.dist.commit(changes)
    }

    /// Changes one path of the staged release; none deletes it.
    pub fn change(&self, name: &str, bytes: Option<Vec<u8>>) -> u64 {
        self.dist.commit(vec![(format!("{RELEASE}{name}"), bytes)])
    }

    /// What a runner gives: identity tokens, and the address of the API.
    pub fn env(&self) -> Vec<(String, String)> {
        let mut env = env(&self.issuer).to_vec();
        env.push(("GITHUB_API_URL".to_owned(), self.github.base()));
        env
    }

    /// The arguments that name this world.
    pub fn args(&self, mode: &str) -> Vec<String> {
        let mut args = vec![mode.to_owned()];
        for (name, value) in [
            ("source", self.dist.url(RELEASE)),
            ("keys", self.dist.url("release/example/KEYS")),
            ("index", self.index.base()),
            ("projects", "example*".to_owned()),
            ("report", "report.json".to_owned()),
            ("github-token", self.github.token()),
            ("idle-timeout", "2 s".to_owned()),
            ("read-back-timeout", "10 s".to_owned()),
        ] {
            args.extend([format!("--{name}"), value]);
        }
        args
    }

    /// Runs with these variables beside those of a runner.
    pub fn run_beside(&self, mode: &str, variables: &[(&str, &str)]) -> Ran {
        let own = self.env();
        let own = own
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let env: Vec<(&str, &str)> = own.chain(variables.iter().copied()).collect();
        run(&self.args(mode), &env)
    }

    /// Runs with some inputs replaced or added.
    pub fn run(&self, mode: &str, changes: &[(&str, &str)]) -> Ran {
        run_with(self.args(mode), changes, &self.env())
    }

    pub fn verify(&self) -> Ran {
        self.run("verify", &[])
    }

    pub fn publish(&self) -> Ran {
        self.run("publish", &[])
    }

    /// Nothing was sent, and no token was asked for.
    pub fn assert_untouched(&self) {
        assert_untouched(&self.index, &self.issuer);
    }

    /// No secret of this world stands in what a run said.
    pub fn assert_no_secret(&self, ran: &Ran) {
        assert_no_secret(ran, &self.index, &self.issuer);
        let hidden = |line: &&str| !line.starts_with("::add-mask::");
        let said: String = ran.everything().lines().filter(hidden).collect();
        assert!(!said.contains(&self.github.token()), "a secret was printed");
    }
}

/// What the runner gives to ask for identity tokens.
pub fn env(issuer: &FakeIssuer) -> [(String, String); 2] {
    [
        (
            "ACTIONS_ID_TOKEN_REQUEST_URL".to_owned(),
            issuer.request_url(),
        ),
        (
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN".to_owned(),
            issuer.request_token(),
        ),
    ]
}

/// Runs with some inputs replaced or added.
pub fn run_with(mut args: Vec<String>, changes: &[(&str, &str)], env: &[(String, String)]) -> Ran {
    for (name, value) in changes {
        let flag = format!("--{name}");
        match args.iter().position(|arg| *arg == flag) {
            Some(at) => (*value).clone_into(&mut args[at + 1]),
            None => args.extend([flag, (*value).to_owned()]),
        }
    }
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    run(&args, &env)
}

/// The audience of the token that only says which job it is.
pub const NOBODY: &str = "asf-pypi-publish";

/// How many identity tokens were asked for that somebody would take.
pub fn worth_something(issuer: &FakeIssuer) -> usize {
    let audiences = issuer.audiences();
    audiences.iter().filter(|word| *word != NOBODY).count()
}

/// Nothing was sent, and no token was asked for that somebody would take.
pub fn assert_untouched(index: &FakeIndex, issuer: &FakeIssuer) {
    assert_eq!(
        worth_something(issuer),
        0,
        "no identity token may be asked for"
    );
    assert_eq!(index.minted(), 0, "no token may be minted");
    assert_eq!(
        index.count("POST", "/legacy/"),
        0,
        "nothing may be uploaded"
    );
}

/// No token stands in what a run said, but where it asks the runner to mask it.
pub fn assert_no_secret(ran: &Ran, index: &FakeIndex, issuer: &FakeIssuer) {
    let said: String = ran
        .everything()
        .lines()
        .filter(|line| !line.starts_with("::add-mask::"))
        .collect();
    let secrets = index.tokens().into_iter().chain(issuer.tokens());
    for secret in secrets.chain([issuer.request_token()]) {
        assert!(!said.contains(&secret), "a secret was printed");
    }
}
