// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Uploads over HTTP/2, where the index offers it.

use std::collections::BTreeSet;

use testbed::httpd;
use testbed::https_front::{HttpsFront, Logged};
use url::Url;

use super::*;

#[test]
#[expect(clippy::disallowed_macros, reason = "a skipped test says why")]
fn uploads_share_a_connection_where_the_index_speaks_http_2() {
    if let Err(missing) = httpd::available() {
        eprintln!("skipped: {missing}");
        return;
    }
    let world = ground();
    let trial = Trial::new(
        &world,
        Options {
            latency: SLOW,
            ..Options::default()
        },
    );
    let port = Url::parse(&trial.index.base()).unwrap().port().unwrap();
    let front = HttpsFront::start(port);
    let base = front.base();
    let (name, ca) = front.env();
    let ran = trial.run_with(
        "publish",
        &[
            ("index", &base),
            ("concurrency", "4"),
            ("idle-timeout", "10 s"),
        ],
        &[(name, &ca)],
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    trial.assert_whole(&ran.stderr);
    let logged = front.logged();
    let older: Vec<&Logged> = logged
        .iter()
        .filter(|request| request.protocol != "HTTP/2.0")
        .collect();
    assert!(older.is_empty(), "{older:?}");
    let uploads: Vec<&Logged> = logged
        .iter()
        .filter(|request| request.path == "/legacy/")
        .collect();
    assert_eq!(uploads.len(), 5);
    for upload in &uploads {
        assert!(upload.content_length > Some(1000), "{upload:?}");
    }
    assert!(trial.index.most_uploads_at_once() > 1);
    // The first of each project may both begin before either is connected.
    let ports: BTreeSet<u16> = uploads.iter().map(|upload| upload.client_port).collect();
    assert!(ports.len() <= 2, "{uploads:?}");
    let last = uploads[2].client_port;
    assert!(uploads[2..].iter().all(|upload| upload.client_port == last));
}
