// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How much a server is asked at a time where each file comes by itself: on
//! one connection by HTTP/2, or on few without it.

use testbed::proxy::Proxy;
use testbed::tls::{Speaks, TlsHttpd};

use super::*;
use crate::run;
use crate::world::key;

/// A release of several projects, read from a stand-in without reports by way
/// of a real httpd with TLS.
struct Remote {
    world: World,
    front: TlsHttpd,
    proxy: Proxy,
}

impl Remote {
    fn start(speaks: Speaks) -> Self {
        let world = World::start();
        for number in 0..8 {
            world.stage(RELEASE, project(&format!("example-{number}"), "1.0"));
        }
        let backend = world.dist.url("");
        let (backend, _) = backend.split_once("/repos").unwrap();
        let front = TlsHttpd::start(speaks, Some(backend));
        // Elsewhere, so that nothing but the release is counted.
        let keys = key().armored_public().into_bytes();
        front.httpd.put("release/example/KEYS", &keys, "Add keys");
        let proxy = Proxy::start(front.port());
        Self {
            world,
            front,
            proxy,
        }
    }

    fn verify(&self) -> Ran {
        let source = self.front.over_tls(&self.world.dist.url(RELEASE));
        let source = self.proxy.through(&source);
        let keys = self.front.httpd.url("release/example/KEYS");
        let authority = self.front.authority().display().to_string();
        let mut args = self.world.args("verify");
        for (flag, value) in [("--source", source), ("--keys", keys)] {
            let at = args.iter().position(|arg| arg == flag).unwrap();
            args[at + 1] = value;
        }
        run::run(&args, &[("SSL_CERT_FILE", &authority)])
    }

    /// The versions that the files of the release came by.
    fn spoken(&self) -> Vec<String> {
        let requests = self.front.httpd.settled_requests();
        let files = requests
            .iter()
            .filter(|line| line.starts_with("GET ") && line.contains("/1.0/"));
        files
            .filter_map(|line| Some(line.split(' ').nth(2)?.to_owned()))
            .collect()
    }
}

#[test]
fn many_files_are_under_way_on_few_connections_over_http_2() {
    let remote = Remote::start(Speaks::Both);
    remote.world.dist.hold(16);
    let ran = remote.verify();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(remote.spoken(), vec!["HTTP/2.0"; 48]);
    let most = remote.world.dist.most_at_a_time();
    assert!((16..=24).contains(&most), "{most} at a time");
    let connections = remote.proxy.counts().connections;
    assert!(connections <= 4, "{connections} connections");
}

#[test]
fn four_files_are_under_way_without_http_2() {
    let remote = Remote::start(Speaks::Http1);
    remote.world.dist.hold(5);
    let ran = remote.verify();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(remote.spoken(), vec!["HTTP/1.1"; 48]);
    assert_eq!(remote.world.dist.most_at_a_time(), 4);
}
