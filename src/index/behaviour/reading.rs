// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index has, before the uploads and after them.

use super::*;

#[tokio::test]
async fn other_bytes_under_the_same_name_stop_the_release() {
    let world = World::new();
    let (file, same) = (TestFile::wheel(), TestFile::sdist());
    world.fake.preload("example", WHEEL, b"other bytes");
    world.fake.preload("example", SDIST, &same.bytes);
    let wanted = [file.wanted(), same.wanted()];
    let ledger = ask(&world.index, &wanted, 4).await.unwrap();
    let findings = ledger.findings(0);
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
    assert_eq!(ledger.findings(0)[0].rule, Rule::UploadRefused);
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
