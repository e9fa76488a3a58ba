// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the product signs: it holds before the index's own tools, before the
//! stand-in index and before the product itself, whoever runs Sigstore; and what
//! comes of it when Sigstore fails on the way.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asf_pypi_publish::attest::{
    AttestError, Attestation, Publisher, Service, Sign, SignedStatement, Sigstore, Statement,
    Trust, verify,
};
use asf_pypi_publish::github::oidc::RequestCredentials;
use asf_pypi_publish::http::{Client, ClientOptions};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use testbed::oidc::FakeIssuer;
use testbed::sigstore::{FakeSigstore, Fault};
use testbed::watch::Moment;

use super::judges::{claimed, npm_sigstore, tools};
use crate::contract::form::Form;
use crate::contract::server::Server;

/// The machine's clock, in seconds since 1970.
fn clock() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

pub fn trust(config: &Path) -> Trust {
    Trust::own("the test's", &std::fs::read_to_string(config).unwrap()).unwrap()
}

pub fn publisher() -> Publisher {
    Publisher::new("apache/example", "release.yml").unwrap()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn statement(form: &Form) -> Statement {
    Statement::publish(&form.filename, &sha256(form.bytes()))
}

/// Statements about so many files.
fn statements(count: usize) -> Vec<Statement> {
    let name = |number| format!("example-{number}.0-py3-none-any.whl");
    (0..count)
        .map(|number| Statement::publish(&name(number), &sha256(&number.to_be_bytes())))
        .collect()
}

/// Signs these with this clock; every identity token is masked.
fn sign_by(
    issuer: &FakeIssuer,
    trust: &Trust,
    statements: &[Statement],
    now: impl Fn() -> u64 + Send + Sync,
) -> Result<Vec<SignedStatement>, AttestError> {
    let client = Client::new(&ClientOptions {
        user_agent: "test".to_owned(),
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(10),
    })
    .unwrap();
    let (url, token) = (issuer.request_url(), issuer.request_token());
    let credentials = RequestCredentials::new(Some(&url), Some(&token)).unwrap();
    let masked = Mutex::new(Vec::new());
    let mask = |secret: &str| masked.lock().unwrap().push(secret.to_owned());
    let before = issuer.tokens().len();
    let sigstore = Sigstore::new(&client, &credentials, trust, now, mask);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let signed = runtime.block_on(sigstore.sign(statements));
    drop(sigstore);
    assert_eq!(masked.into_inner().unwrap(), issuer.tokens()[before..]);
    signed
}

fn sign(
    issuer: &FakeIssuer,
    trust: &Trust,
    statements: &[Statement],
) -> Result<Vec<SignedStatement>, AttestError> {
    sign_by(issuer, trust, statements, clock)
}

/// What was signed for a form holds before the product and before the index.
fn holds(server: &Server, trust: &Trust, form: &Form, attestation: &Attestation) {
    let attested = verify(
        attestation,
        &form.filename,
        &sha256(form.bytes()),
        &publisher(),
        trust,
    );
    let attested = attested.unwrap();
    assert_eq!(attested.repository, "apache/example");
    assert_eq!(attested.workflow, ".github/workflows/release.yml");
    assert_eq!(attested.git_ref.as_deref(), Some("refs/tags/v1"));
    let form = form
        .clone()
        .set("attestations", &json!([attestation.to_json()]).to_string());
    server.takes(&server.token(), &form);
}

/// Signs for a wheel and an sdist, and lets everybody judge it.
fn signed_for_all_judges(server: &Server, config: &Path) {
    let trust = trust(config);
    let forms = [
        Form::wheel(&server.project, "1.0"),
        Form::sdist(&server.project, "1.0"),
    ];
    let signed = sign(server.issuer(), &trust, &forms.each_ref().map(statement)).unwrap();
    assert_eq!(server.issuer().audiences(), ["sigstore"]);
    for (form, signed) in forms.iter().zip(&signed) {
        holds(server, &trust, form, &signed.attestation());
    }
    let Some(tools) = tools(config) else {
        return;
    };
    let judged: Vec<_> = forms
        .iter()
        .zip(&signed)
        .map(|(form, signed)| {
            let attestation = signed.attestation().to_json();
            claimed(&attestation, &form.filename, form.bytes())
        })
        .collect();
    assert_eq!(tools.judge(&judged), [None, None]);
    let identity = "https://github.com/apache/example/.github/workflows/release.yml@refs/tags/v1";
    let bundle = serde_json::from_str(&signed[0].bundle().to_text()).unwrap();
    let file = (forms[0].filename.as_str(), forms[0].bytes());
    assert_eq!(tools.verify_bundle(&bundle, file, identity), None);
}

#[test]
fn what_is_signed_with_the_stand_in_holds_before_all_judges() {
    let server = Server::with(testbed::index::Options::default());
    let sigstore = FakeSigstore::start(server.issuer().trust());
    server.index().trust_sigstore(sigstore.anchors());
    signed_for_all_judges(&server, &sigstore.trust_config());
    let counts = sigstore.counts();
    assert_eq!((counts.certificates, counts.entries), (1, 2));
}

#[test]
fn what_is_signed_with_the_sigstore_of_others_holds_before_all_judges() {
    let server = Server::with(testbed::index::Options::default());
    let Some(sigstore) = npm_sigstore(server.issuer()) else {
        return;
    };
    server.index().trust_sigstore(sigstore.anchors());
    signed_for_all_judges(&server, &sigstore.trust_config());
}

#[test]
fn one_certificate_serves_many_files_and_several_entries_are_under_way() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    // Long enough for a second request to come while the first is there.
    sigstore.set(|it| it.latency = Duration::from_millis(20));
    let signed = sign(&issuer, &trust(&sigstore.trust_config()), &statements(100)).unwrap();
    assert_eq!(signed.len(), 100);
    let counts = sigstore.counts();
    assert_eq!(
        (counts.certificates, counts.entries),
        (1, 100),
        "{counts:?}"
    );
    assert!((2..=8).contains(&counts.most_at_once), "{counts:?}");
    assert_eq!(issuer.requests(), 1);
}

#[test]
fn a_run_whose_certificate_ends_in_the_middle_gets_a_new_one() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let trust = trust(&sigstore.trust_config());
    // After 20 entries, twenty minutes have passed.
    let ahead = Arc::new(AtomicU64::new(0));
    let heard = Arc::clone(&ahead);
    let entries = AtomicU64::new(0);
    sigstore.watch(Arc::new(move |moment, method, path| {
        let made = moment == Moment::Done && method == "POST" && path.ends_with("/entries");
        if made && entries.fetch_add(1, Ordering::SeqCst) == 20 {
            heard.store(1200, Ordering::SeqCst);
        }
    }));
    let now = || clock() + ahead.load(Ordering::SeqCst);
    let statements = statements(60);
    let signed = sign_by(&issuer, &trust, &statements, now).unwrap();
    let counts = sigstore.counts();
    assert_eq!((counts.certificates, counts.entries), (2, 60), "{counts:?}");
    for (number, signed) in signed.iter().enumerate() {
        let name = format!("example-{number}.0-py3-none-any.whl");
        let digest = sha256(&number.to_be_bytes());
        verify(&signed.attestation(), &name, &digest, &publisher(), &trust).unwrap();
    }
}

#[test]
fn an_entry_that_came_after_the_end_of_its_certificate_is_made_again() {
    let issuer = FakeIssuer::start();
    let sigstore = FakeSigstore::start(issuer.trust());
    let trust = trust(&sigstore.trust_config());
    // The first certificate has ended when the log dates its entries.
    let first = Arc::new(AtomicBool::new(true));
    sigstore.set(|it| it.certificate_age = Duration::from_hours(1));
    let shared = Arc::new(sigstore);
    let turned = Arc::downgrade(&shared);
    shared.watch(Arc::new(move |moment, _, path| {
        let certified = moment == Moment::Done && path.ends_with("/signingCert");
        if certified && first.swap(false, Ordering::SeqCst) {
            turned
                .upgrade()
                .unwrap()
                .set(|it| it.certificate_age = Duration::ZERO);
        }
    }));
    let signed = sign(&issuer, &trust, &statements(1)).unwrap();
    let counts = shared.counts();
    assert_eq!((counts.certificates, counts.entries), (2, 2), "{counts:?}");
    let (name, digest) = (
        "example-0.0-py3-none-any.whl",
        sha256(&0_usize.to_be_bytes()),
    );
    verify(
        &signed[0].attestation(),
        name,
        &digest,
        &publisher(),
        &trust,
    )
    .unwrap();
}

#[test]
fn what_fails_once_is_tried_again_with_a_signature_of_its_own() {
    for (fault, entries) in [
        (Fault::Status(500), 1),
        (Fault::RetryAfter(503, 1), 1),
        (Fault::Status(429), 1),
        (Fault::Reset, 1),
        // The first entry is there, and nobody was told.
        (Fault::ResetAfter, 2),
        (Fault::BadGatewayAfter, 2),
    ] {
        let issuer = FakeIssuer::start();
        let sigstore = FakeSigstore::start(issuer.trust());
        sigstore.set(|it| {
            it.log_faults.push_back(fault);
            it.authority_faults.push_back(fault);
        });
        let trust = trust(&sigstore.trust_config());
        let signed = sign(&issuer, &trust, &statements(1)).unwrap();
        let counts = sigstore.counts();
        assert_eq!(counts.entries, entries, "{fault:?}: {counts:?}");
        assert_eq!((counts.repeated, counts.refused), (0, 0), "{fault:?}");
        let (name, digest) = (
            "example-0.0-py3-none-any.whl",
            sha256(&0_usize.to_be_bytes()),
        );
        verify(
            &signed[0].attestation(),
            name,
            &digest,
            &publisher(),
            &trust,
        )
        .unwrap();
    }
}

#[test]
fn a_service_that_is_down_is_told_from_one_that_refuses() {
    type Down = fn(&FakeSigstore, Fault);
    let authority: Down = |it, fault| it.set(|knobs| knobs.authority_down = Some(fault));
    let log: Down = |it, fault| it.set(|knobs| knobs.log_down = Some(fault));
    for (down, service) in [(authority, Service::Fulcio), (log, Service::Rekor)] {
        // A wait that is too long ends the tries at once.
        for (fault, transient) in [
            (Fault::RetryAfter(503, 3600), true),
            (Fault::Status(403), false),
            (Fault::Garbage, false),
        ] {
            let issuer = FakeIssuer::start();
            let sigstore = FakeSigstore::start(issuer.trust());
            down(&sigstore, fault);
            let trust = trust(&sigstore.trust_config());
            let why = sign(&issuer, &trust, &statements(1)).unwrap_err();
            let found = match &why {
                AttestError::Unavailable { service, .. }
                | AttestError::Refused { service, .. }
                | AttestError::Answer { service, .. } => *service,
                _ => panic!("{why}"),
            };
            assert_eq!(found, service, "{why}");
            assert_eq!(why.is_transient(), transient, "{fault:?}: {why}");
        }
    }
}
