// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Identity tokens and upload tokens: what is refused, and how it is told.

use super::*;

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
    assert_eq!(refused.finding().rule, Rule::TokenRefused, "no rerun helps");
    assert!(!refused.to_string().contains("api-version"), "{refused}");
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

#[tokio::test]
async fn no_secret_is_shown_of_an_index_that_repeats_it() {
    const FRESH: &str = "pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw";
    let world = World::new();
    let token = world.token().await;
    let identity = world.id_token("stand-in").await;
    let basic = STANDARD.encode(format!("__token__:{}", token.expose()));
    let secrets = [token.expose(), identity.expose(), &basic, FRESH];
    let echo = secrets.join(" and ");
    let json = json!({"code": echo, "message": echo}).to_string();
    let slashed = json.replace('/', "\\/");
    let shifted = format!("{}{echo}", "x".repeat(2000));
    for status in ["500 Internal Server Error", "400 Bad Request"] {
        for body in [&echo, &json, &slashed, &shifted] {
            let reply = Reply::new(status, &["Retry-After: 0"], body.as_bytes());
            let server = Scripted::start(move |_| reply.clone());
            let base = Url::parse(&server.url("")).unwrap();
            let echoing = World {
                index: Index::new(world.client.clone(), Endpoints::own(&base, None).unwrap()),
                ..World::new()
            };
            let minted = mint(&echoing.index, &identity).await.unwrap_err();
            let sent = echoing
                .upload(&token, &TestFile::wheel())
                .await
                .unwrap_err();
            for error in [minted, sent] {
                let shown = format!("{error:?} {error} {:?}", error.finding(None));
                for secret in secrets {
                    let start = &secret[..16];
                    assert!(!shown.contains(start), "{status}: {start} in {shown}");
                }
            }
        }
    }
}
