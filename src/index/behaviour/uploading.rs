// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One upload: what is sent, what is final, and what is sent again.

use super::*;

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
        world.fake.faults(|faults| {
            faults.cut_after_commit = usize::from(after_commit);
            faults.cut_before_commit = usize::from(!after_commit);
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
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    };
    let longer = [file.bytes.clone(), vec![0]].concat();
    for (what, bytes) in [
        ("one bit of the last byte", flipped),
        ("cut short", file.bytes[..file.bytes.len() - 1].to_vec()),
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
    let wheel = Wheel::new("example", "1.0").with_payload(12_000_000);
    let (_, bytes) = wheel.build();
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
async fn an_error_of_the_server_may_hide_a_conflict_and_the_second_try_tells() {
    let world = World::with(Options {
        latency: Duration::from_millis(300),
        ..Options::default()
    });
    let token = world.token().await;
    let one = TestFile::new("example", "1.0", SDIST, 1);
    let other = TestFile::new("example", "1.0", SDIST, 2);
    let (a, b) = tokio::join!(world.upload(&token, &one), world.upload(&token, &other));
    // Whichever was faster; the other was answered 500, and then what it is.
    let (stored, refused) = if a.is_ok() { (a, b) } else { (b, a) };
    assert_eq!(stored, Ok(Uploaded { tries: 1 }));
    assert!(
        matches!(refused, Err(IndexError::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(world.uploads(), 3);
    assert_eq!(world.fake.files("example").len(), 1);
}

#[tokio::test]
async fn every_sentence_of_the_index_becomes_our_advice_in_whatever_form_it_comes() {
    use crate::index::advice::tests::UPLOADS;
    let world = World::new();
    let token = world.token().await;
    let file = TestFile::wheel();
    // What passes with time is tried again, and its words are not kept.
    for (words, advice) in UPLOADS
        .iter()
        .filter(|(words, _)| !words.starts_with("429"))
    {
        let json = json!({"code": words, "message": "\n\n", "title": "Bad Request"}).to_string();
        let html = format!("<html>\n <head>\n  <title>{words}</title>\n </head>\n</html>");
        let text = format!("{words}\n\nThe server could not comply\n\n");
        for body in [json, html, text] {
            // The reason phrase says nothing, as over HTTP/2.
            let status = format!("{} ", &words[..3]);
            let refusing = Scripted::start(move |_| Reply::new(&status, &[], body.as_bytes()));
            let base = Url::parse(&refusing.url("")).unwrap();
            let index = Index::new(world.client.clone(), Endpoints::own(&base, None).unwrap());
            let refused = send_to(&index, &token, &file, file.bytes.clone(), None).await;
            let finding = refused.unwrap_err().finding(Some(file.name));
            assert!(finding.action.contains(advice), "{words}: {finding:?}");
            assert_eq!(refusing.seen().len(), 1, "{words} is final");
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_file_is_whole_is_heard() {
    let world = World::new();
    let token = world.token().await;
    let (_, bytes) = Wheel::new("example", "1.0")
        .with_payload(12_000_000)
        .build();
    let file = TestFile::of("example", "1.0", WHEEL, bytes);
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // As a proxy does that looks at the length alone, and then reads on for a while.
    std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut connection, _) = listener.accept().unwrap();
        let mut part = vec![0; 8192];
        assert!(connection.read(&mut part).unwrap() > 0);
        let answer =
            b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        connection.write_all(answer).unwrap();
        while let Ok(1..) = connection.read(&mut part) {}
    });
    let base = Url::parse(&format!("http://{address}/")).unwrap();
    let index = Index::new(world.client.clone(), Endpoints::own(&base, None).unwrap());
    let refused = send_to(&index, &token, &file, file.bytes.clone(), None)
        .await
        .unwrap_err();
    let finding = refused.finding(Some(file.name));
    assert!(
        matches!(refused, IndexError::UploadRefused { status: 413, .. }),
        "{refused:?}"
    );
    assert!(
        finding.action.contains("higher limit"),
        "{}",
        finding.action
    );
}
