// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One release to one new index, by our `publish`, by `twine upload` and by
//! `uv publish`. Ours verifies the release and reads it back in its time; the
//! others send.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testbed::index::{FakeIndex, Options, Publisher};
use testbed::oidc::FakeIssuer;
use testbed::proxy::Proxy;
use testbed::sigstore::FakeSigstore;
use testbed::watch::Moment;
use url::Url;

use crate::measure::{Cost, Outcome, Program};
use crate::release::Release;
use crate::tools::Clients;

/// What the other programs sign in with.
const TOKEN: &str = "pypi-benchmark";

/// What there is to publish.
pub(crate) struct Goods<'a> {
    /// Where ours takes it from.
    pub(crate) source: String,
    pub(crate) keys: PathBuf,
    pub(crate) projects: &'a [String],
    pub(crate) distributions: &'a [PathBuf],
}

impl<'a> Goods<'a> {
    /// A release from its folder.
    pub(crate) fn of(release: &'a Release) -> Self {
        Self {
            source: release.files().display().to_string(),
            keys: release.keys_file(),
            projects: release.projects(),
            distributions: release.distributions(),
        }
    }
}

/// What the index is like.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ground {
    /// How long it works on one upload.
    pub(crate) latency: Duration,
    /// Bytes a second, each way, of the link before it; none for no link.
    pub(crate) link: Option<u64>,
}

/// Who publishes.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    /// Ours, with so many uploads at a time.
    Us(u32),
    /// The same, with an attestation of each file.
    UsAttesting(u32),
    Twine(&'a Clients),
    Uv(&'a Clients),
}

/// From the first upload's beginning to the last one's end.
#[derive(Clone, Copy, Default)]
struct Span(Option<(Instant, Instant)>);

impl Span {
    fn reach(&mut self, now: Instant) {
        let begin = self.0.map_or(now, |(begin, _)| begin);
        self.0 = Some((begin, now));
    }

    fn seconds(self) -> f64 {
        self.0
            .map_or(0.0, |(begin, end)| (end - begin).as_secs_f64())
    }
}

/// Publishes the goods to a new index, and makes sure that all are there.
pub(crate) fn publish(goods: &Goods<'_>, ground: Ground, by: By<'_>) -> Outcome<Cost> {
    let issuer = FakeIssuer::start();
    let index = FakeIndex::start(Options {
        issuer: Some(issuer.trust()),
        user_tokens: vec![TOKEN.to_owned()],
        latency: ground.latency,
        // Two cores are to carry the bytes, too.
        reads_archives: ground.link.is_none(),
        ..Options::default()
    });
    let sigstore = FakeSigstore::start(issuer.trust());
    sigstore.set(|knobs| knobs.latency = ground.latency);
    let names: Vec<&str> = goods.projects.iter().map(String::as_str).collect();
    index.register(Publisher::example(&names));
    let span = Arc::new(Mutex::new(Span::default()));
    let reached = Arc::clone(&span);
    index.watch(Arc::new(move |_: Moment, method: &str, path: &str| {
        if (method, path) == ("POST", "/legacy/") {
            let mut span = reached.lock().unwrap_or_else(PoisonError::into_inner);
            span.reach(Instant::now());
        }
    }));
    let link = match ground.link {
        Some(rate) => Some(Proxy::start_narrow(port(&index.base())?, rate)),
        None => None,
    };
    let through = |url: String| link.as_ref().map_or(url.clone(), |link| link.through(&url));
    let place = TempDir::new().map_err(|why| why.to_string())?;
    let program = match by {
        By::Us(concurrency) => ours(goods, &through(index.base()), concurrency, place.path())?
            .env("ACTIONS_ID_TOKEN_REQUEST_URL", issuer.request_url())
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", issuer.request_token()),
        By::UsAttesting(concurrency) => {
            let trust = sigstore.trust_config().display().to_string();
            ours(goods, &through(index.base()), concurrency, place.path())?
                .args(["--attestations", "true", "--sigstore", &trust])
                .env("ACTIONS_ID_TOKEN_REQUEST_URL", issuer.request_url())
                .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", issuer.request_token())
        }
        By::Twine(clients) => twine(goods, &through(index.upload_url()), clients, place.path())?,
        By::Uv(clients) => uv(goods, &through(index.upload_url()), clients, place.path())?,
    };
    let cost = program.run()?;
    let stored: usize = names.iter().map(|name| index.files(name).len()).sum();
    let wanted = goods.distributions.len();
    if stored != wanted {
        return Err(format!("{stored} of {wanted} files are in the index"));
    }
    let span = *span.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Cost {
        requests: index.requests().len(),
        sending: span.seconds(),
        ..cost
    })
}

fn port(url: &str) -> Outcome<u16> {
    let port = Url::parse(url).ok().and_then(|url| url.port());
    port.ok_or_else(|| format!("no port in {url}"))
}

fn ours(goods: &Goods<'_>, index: &str, concurrency: u32, place: &Path) -> Outcome<Program> {
    let keys = goods.keys.display().to_string();
    Ok(Program::new(env!("CARGO_BIN_EXE_asf-pypi-publish"), place)?
        .args(["publish", "--source", &goods.source, "--area", "release"])
        .args(["--keys", &keys, "--projects", "apache-*"])
        .args(["--concurrency", &concurrency.to_string()])
        // Three paths for each distribution.
        .args(["--max-files", "10000", "--index", index]))
}

fn twine(goods: &Goods<'_>, url: &str, clients: &Clients, place: &Path) -> Outcome<Program> {
    Ok(Program::new(&clients.twine, place)?
        .args(["upload", "--non-interactive", "--disable-progress-bar"])
        .args(["--repository-url", url, "-u", "__token__", "-p", TOKEN])
        .args(goods.distributions))
}

fn uv(goods: &Goods<'_>, url: &str, clients: &Clients, place: &Path) -> Outcome<Program> {
    Ok(Program::new(&clients.uv, place)?
        .args(["publish", "--quiet", "--trusted-publishing", "never"])
        .args(["--publish-url", url, "--token", TOKEN])
        .args(goods.distributions))
}
