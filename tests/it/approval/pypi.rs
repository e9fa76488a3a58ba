// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What PyPI's own name demands, with every real name on this machine.

use testbed::asf_hosts::AsfHosts;
use testbed::index::{FakeIndex, Options, Publisher};

use super::*;
use crate::world::{key, project};

const RELEASE: &str = "release/example/1.0";

struct Public {
    hosts: AsfHosts,
    world: World,
}

impl Public {
    fn start() -> Self {
        let mut world = World::start();
        world.index = FakeIndex::start(Options {
            issuer: Some(world.issuer.trust()),
            audience: "pypi".to_owned(),
            ..Options::default()
        });
        world.index.register(Publisher::example(&["example"]));
        let base = world.index.base();
        let port = base.trim_end_matches('/').rsplit(':').next().unwrap();
        let hosts = AsfHosts::start_before_index(port.parse().unwrap());
        let keys = key().armored_public();
        hosts
            .httpd
            .put("release/example/KEYS", keys.as_bytes(), "Add keys");
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in project("example", "1.0") {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        hosts.httpd.commit_tree(folder.path(), RELEASE, "Release");
        Self { hosts, world }
    }

    fn publish(&self, changes: &[(&str, &str)]) -> Ran {
        let args = self.world.args("publish");
        let source = format!("https://dist.apache.org/repos/dist/{RELEASE}/");
        let pypi = [
            ("source", source.as_str()),
            ("keys", "derived"),
            ("index", "pypi"),
            ("expected-digest", "any"),
            // Nothing on this machine can sign so that PyPI's roots hold.
            ("attestations", "false"),
        ];
        let mut env = self.world.env();
        let hosts = self.hosts.env();
        env.extend(hosts.map(|(name, value)| (name.to_owned(), value)));
        crate::world::run_with(args, &[&pypi[..], changes].concat(), &env)
    }
}

#[test]
fn pypi_takes_nothing_that_nobody_else_approved() {
    let public = Public::start();
    public.world.github.change(|it| it.reviews.clear());
    let ran = public.publish(&[]);
    assert_eq!(ran.refusals(), ["approval-missing"], "{}", ran.stderr);
    assert_eq!(ran.report["approval"]["level"], "required");
    public.world.assert_untouched();
    let asked = public.hosts.asked();
    assert!(asked.contains(&"pypi.org".to_owned()), "{asked:?}");
    assert!(!asked.contains(&"upload.pypi.org".to_owned()), "{asked:?}");

    let approved = review("approved", &approver(), "The digest of the vote.");
    public.world.github.change(|it| it.reviews.push(approved));
    let ran = public.publish(&[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), rules(&[]));
    assert_eq!(public.world.index.files("example").len(), 2);
    public.world.assert_no_secret(&ran);
}

#[test]
fn who_does_not_ask_for_an_approval_toward_pypi_is_warned() {
    let public = Public::start();
    public.world.github.change(|it| it.reviews.clear());
    let ran = public.publish(&[("approval", "off")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.rules("warn"), ["approval-off"]);
    assert_eq!(public.world.github.asked(), []);
}
