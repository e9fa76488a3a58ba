// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::sync::Mutex as Lock;
use std::sync::atomic::{AtomicU64, Ordering};

use testbed::sigstore::Fault;

use super::*;
use crate::attest::world::{World, publisher};
use crate::attest::{PUBLISH, verify};
use crate::context::Context;
use crate::http::ClientOptions;

const DIGEST: [u8; 32] = [7; 32];

fn client() -> Client {
    Client::new(&ClientOptions {
        user_agent: "test".to_owned(),
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
    })
    .unwrap()
}

fn clock() -> u64 {
    Context::with_args([""; 0]).now()
}

fn name(number: usize) -> String {
    format!("example-1.{number}-py3-none-any.whl")
}

fn statements(count: usize) -> Vec<Statement> {
    let each = 0..count;
    each.map(|number| Statement::publish(&name(number), &DIGEST))
        .collect()
}

/// What comes of so many statements, and what was masked meanwhile.
async fn sign(
    world: &World,
    count: usize,
) -> (Result<Vec<SignedStatement>, AttestError>, Vec<String>) {
    let (client, credentials) = (client(), world.credentials());
    let masked = Lock::new(Vec::new());
    let mask = |secret: &str| masked.lock().unwrap().push(secret.to_owned());
    let signed = Sigstore::new(&client, &credentials, &world.trust, clock, mask)
        .sign(&statements(count))
        .await;
    (signed, masked.into_inner().unwrap())
}

fn assert_good(world: &World, signed: &[SignedStatement]) {
    for (number, signed) in signed.iter().enumerate() {
        let attestation = signed.attestation();
        let attested = verify(
            &attestation,
            &name(number),
            &DIGEST,
            &publisher(),
            &world.trust,
        );
        assert_eq!(attested.unwrap().predicate_type, PUBLISH);
    }
}

#[tokio::test]
async fn many_statements_share_one_certificate_and_are_signed_side_by_side() {
    let world = World::start();
    world
        .sigstore
        .set(|knobs| knobs.latency = Duration::from_millis(50));
    let (signed, masked) = sign(&world, 20).await;
    let signed = signed.unwrap();
    assert_eq!(signed.len(), 20);
    assert_good(&world, &signed);
    let counts = world.sigstore.counts();
    assert_eq!((counts.certificates, counts.entries), (1, 20));
    assert!((2..=IN_FLIGHT).contains(&counts.most_at_once), "{counts:?}");
    assert_eq!(world.issuer.audiences(), ["sigstore"]);
    assert_eq!(masked, world.issuer.tokens());
}

#[tokio::test]
async fn nothing_to_sign_asks_for_nothing() {
    let world = World::start();
    let (signed, masked) = sign(&world, 0).await;
    assert_eq!((signed.unwrap(), masked), (vec![], vec![]));
    assert_eq!(world.sigstore.counts().authority_requests, 0);
    assert_eq!(world.issuer.requests(), 0);
}

#[tokio::test]
async fn a_certificate_near_its_end_is_replaced_with_a_fresh_token() {
    let world = World::start();
    let (client, credentials) = (client(), world.credentials());
    let later = AtomicU64::new(0);
    let now = || clock() + later.load(Ordering::Relaxed);
    let sigstore = Sigstore::new(&client, &credentials, &world.trust, now, |_| ());
    for (seconds, certificates) in [(0, 1), (400, 1), (490, 2), (900, 2), (980, 3)] {
        later.store(seconds, Ordering::Relaxed);
        let signed = sigstore.sign(&statements(2)).await.unwrap();
        assert_good(&world, &signed);
        assert_eq!(world.sigstore.counts().certificates, certificates);
        assert_eq!(world.issuer.requests(), certificates);
    }
}

#[tokio::test]
async fn a_signature_dated_after_its_certificate_is_made_again_and_then_given_up() {
    let world = World::start();
    world
        .sigstore
        .set(|knobs| knobs.certificate_age = Duration::from_hours(1));
    let (signed, _) = sign(&world, 1).await;
    let text = signed.unwrap_err().to_string();
    assert!(
        text.contains("outside of the life of its certificate"),
        "{text}"
    );
    let counts = world.sigstore.counts();
    assert_eq!(
        (counts.certificates, counts.entries),
        (CERTIFICATES, CERTIFICATES)
    );
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_no_lost_answer_does_harm() {
    let world = World::start();
    world.sigstore.set(|knobs| {
        knobs.authority_faults = [Fault::Status(503), Fault::ResetAfter].into();
        knobs.log_faults = [
            Fault::Reset,
            Fault::ResetAfter,
            Fault::BadGatewayAfter,
            Fault::RetryAfter(429, 1),
        ]
        .into();
    });
    let (signed, masked) = sign(&world, 3).await;
    let signed = signed.unwrap();
    assert_eq!(signed.len(), 3);
    assert_good(&world, &signed);
    let counts = world.sigstore.counts();
    assert_eq!(counts.repeated, 0, "every try signs anew");
    assert_eq!(counts.entries, 5, "two answers were lost");
    assert_eq!(masked.len(), 3, "every try has a token of its own");
}

#[tokio::test]
async fn errors_say_which_service_and_whether_it_may_pass_and_no_secret() {
    type Set = fn(&mut testbed::sigstore::Knobs);
    let rows: [(Set, Option<Service>, bool); 8] = [
        (
            |knobs| knobs.authority_down = Some(Fault::Status(503)),
            Some(Service::Fulcio),
            true,
        ),
        (
            |knobs| knobs.log_down = Some(Fault::Reset),
            Some(Service::Rekor),
            true,
        ),
        (
            |knobs| knobs.authority_down = Some(Fault::Status(400)),
            Some(Service::Fulcio),
            false,
        ),
        (
            |knobs| knobs.log_down = Some(Fault::Status(409)),
            Some(Service::Rekor),
            false,
        ),
        // One that repeats the identity token.
        (
            |knobs| knobs.authority_down = Some(Fault::Echo(400)),
            Some(Service::Fulcio),
            false,
        ),
        (
            |knobs| knobs.authority_down = Some(Fault::Echo(503)),
            Some(Service::Fulcio),
            true,
        ),
        (
            |knobs| knobs.authority_down = Some(Fault::Garbage),
            None,
            false,
        ),
        (|knobs| knobs.log_down = Some(Fault::Garbage), None, false),
    ];
    for (set, expected, transient) in rows {
        let world = World::start();
        world.sigstore.set(set);
        let (signed, masked) = sign(&world, 1).await;
        let error = signed.unwrap_err();
        let service = match &error {
            AttestError::Unavailable { service, .. } if transient => Some(*service),
            AttestError::Refused { service, .. } if !transient => Some(*service),
            AttestError::Answer { .. } => None,
            other => panic!("{other}"),
        };
        assert_eq!(
            (service, error.is_transient()),
            (expected, transient),
            "{error}"
        );
        assert!(!masked.is_empty());
        for secret in masked {
            // Nor a part of it that is worth something.
            let (signed, signature) = secret.rsplit_once('.').unwrap();
            for part in [signed, signature] {
                assert!(!error.to_string().contains(part), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_job_without_a_token_or_of_another_issuer_gets_no_certificate() {
    let world = World::start();
    world.issuer.fail(usize::MAX);
    let (signed, _) = sign(&world, 1).await;
    assert!(matches!(signed, Err(AttestError::Identity(_))));
    let world = World {
        issuer: testbed::oidc::FakeIssuer::start(),
        ..World::start()
    };
    let (signed, _) = sign(&world, 1).await;
    let refused = signed.unwrap_err();
    assert!(
        matches!(
            refused,
            AttestError::Refused {
                service: Service::Fulcio,
                ..
            }
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn a_clock_that_lags_behind_the_log_is_waited_for() {
    let world = World::start();
    let (client, credentials) = (client(), world.credentials());
    let asked = AtomicU64::new(9);
    let now = || asked.fetch_add(1, Ordering::Relaxed);
    let sigstore = Sigstore::new(&client, &credentials, &world.trust, now, |_| ());
    sigstore.await_clock(None).await;
    assert_eq!(asked.load(Ordering::Relaxed), 9);
    sigstore.await_clock(Some(10)).await;
    assert_eq!(
        asked.load(Ordering::Relaxed),
        11,
        "asked at 9, and again at 10"
    );
}
