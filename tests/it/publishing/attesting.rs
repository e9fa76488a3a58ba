// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Attestations of what is published: made before the first upload, held
//! against the index's policy, sent with the file, and read back.

mod down;
mod enclosed;
mod shown;

use serde_json::Value;
use testbed::attestation::PUBLISH;
use testbed::sigstore::FakeSigstore;

use super::*;

/// A trial whose index takes nothing that this Sigstore did not make.
pub(super) struct Attested<'a> {
    pub(super) trial: Trial<'a>,
    pub(super) sigstore: FakeSigstore,
}

impl<'a> Attested<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let trial = Trial::new(world, Options::default());
        let sigstore = FakeSigstore::start(world.issuer.trust());
        trial.index.trust_sigstore(sigstore.anchors());
        Self { trial, sigstore }
    }

    pub(super) fn run(&self, mode: &str, changes: &[(&str, &str)]) -> Ran {
        self.run_with(mode, changes, &[])
    }

    pub(super) fn run_with(
        &self,
        mode: &str,
        changes: &[(&str, &str)],
        env: &[(&str, &str)],
    ) -> Ran {
        let trust = self.sigstore.trust_config();
        let own = [
            ("attestations", "true"),
            ("sigstore", trust.to_str().unwrap()),
        ];
        let ran = self.trial.run_with(mode, &[&own, changes].concat(), env);
        crate::world::assert_no_secret(&ran, &self.trial.index, &self.trial.world.issuer);
        ran
    }

    pub(super) fn publish(&self, changes: &[(&str, &str)]) -> Ran {
        self.run("publish", changes)
    }

    /// Every file is there with one attestation, and no other entry was made.
    #[track_caller]
    pub(super) fn assert_whole(&self, what: &str) {
        self.trial.assert_whole(what);
        for (file, provenance) in self.provenance() {
            let bundles = provenance["attestation_bundles"].as_array();
            let bundle = bundles.and_then(|bundles| bundles.first());
            let bundle = bundle.unwrap_or_else(|| panic!("{what}: {file} has no provenance"));
            assert_eq!(
                bundle["attestations"].as_array().unwrap().len(),
                1,
                "{what}: {file}"
            );
            assert_eq!(
                bundle["publisher"]["workflow"], "release.yml",
                "{what}: {file}"
            );
        }
    }

    /// What the index keeps of each file.
    pub(super) fn provenance(&self) -> Vec<(String, Value)> {
        let files = PROJECTS
            .iter()
            .flat_map(|name| self.trial.index.files(name));
        files
            .map(|file| (file.filename, file.provenance.unwrap_or_default()))
            .collect()
    }

    #[track_caller]
    pub(super) fn assert_nothing_sent(&self, what: &str) {
        assert_eq!(self.trial.index.count("POST", "/legacy/"), 0, "{what}");
    }
}

#[test]
fn every_new_file_is_attested_before_the_first_upload_and_read_back_with_it() {
    let world = ground();
    let it = Attested::new(&world);
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&order);
    let watcher: Arc<Hears> =
        Arc::new(move |_, _, path| heard.lock().unwrap().push(path.to_owned()));
    it.trial.watch(Arc::clone(&watcher));
    it.sigstore.watch(watcher);
    let ran = it.publish(&[]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    it.assert_whole("the first run");

    let counts = it.sigstore.counts();
    // The files have one certificate, and the receipt that follows has its own.
    assert_eq!((counts.certificates, counts.entries), (2, 6));
    let audiences = world.issuer.audiences();
    assert!(audiences.ends_with(&["stand-in", "sigstore", "sigstore"].map(str::to_owned)));
    let order = order.lock().unwrap();
    let first = |part: &str| order.iter().position(|path| path.contains(part));
    let last = |part: &str| order.iter().rposition(|path| path.contains(part));
    assert!(last("/mint-token") < first("/signingCert"), "{order:?}");
    let before = &order[..first("/legacy/").unwrap()];
    let is_entry = |path: &&String| path.contains("/log/entries");
    // Each request is heard when it comes and when it is answered.
    assert_eq!(before.iter().filter(is_entry).count(), 2 * 5, "{order:?}");
    assert!(last("/integrity/") < last("/log/entries"), "{order:?}");
    assert!(last("/legacy/") < first("/integrity/"), "{order:?}");

    let row = ran.file("example-1.0.tar.gz");
    assert_eq!(row["provenance"], "attested");
    let attestation = &row["attestations"][0];
    assert_eq!(attestation["predicate_type"], PUBLISH);
    assert_eq!(attestation["origin"], "made");
    assert_eq!(attestation["repository"], "apache/example");
    assert_eq!(attestation["workflow"], ".github/workflows/release.yml");
    assert_eq!(ran.report["sigstore"]["trusted_root_age_days"], Value::Null);
    for said in [
        "5 of 5 files are shown with attestations",
        "attests: apache/example .github/workflows/release.yml (5 files)",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn nothing_is_signed_in_a_dry_run_nor_where_the_index_gives_no_token() {
    let world = ground();
    let it = Attested::new(&world);
    let ran = it.publish(&[("dry-run", "true")]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    it.trial
        .index
        .faults(|faults| faults.publishing_disabled = true);
    let ran = it.publish(&[]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (1, vec!["token-refused".to_owned()])
    );
    assert_eq!(it.sigstore.counts(), testbed::sigstore::Counts::default());
    it.assert_nothing_sent("no token");
}

#[test]
fn a_trust_configuration_that_is_none_is_a_wrong_input_even_of_a_dry_run() {
    let world = ground();
    let it = Attested::new(&world);
    // A trusted root alone proves, but nobody can sign by it.
    let root = it.sigstore.trusted_root();
    let root = root.to_str().unwrap();
    let ran = it.run("verify", &[("sigstore", root)]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    let pipe = it.trial.folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let pipe = pipe.to_str().unwrap();
    for path in ["absent.json", "/", root, pipe, "/dev/zero"] {
        let ran = it.publish(&[("dry-run", "true"), ("sigstore", path)]);
        assert_eq!(
            (ran.status, ran.refusals()),
            (2, vec!["input-illegal".to_owned()])
        );
        assert!(
            ran.stderr.contains("input-illegal: sigstore"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(it.trial.index.requests().len(), 0, "nobody is asked before");
}

#[test]
fn a_second_run_attests_nothing_again_and_tells_what_the_index_shows() {
    let world = ground();
    let it = Attested::new(&world);
    // One file is there before anybody attests.
    let (name, bytes) = release().first_key_value().unwrap();
    it.trial.index.preload("example", name, bytes);
    assert_eq!(it.publish(&[]).status, 0);
    // Four files, and the receipt; then a second receipt alone.
    assert_eq!(it.sigstore.counts().entries, 5);
    let ran = it.publish(&[]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    assert_eq!(it.sigstore.counts().entries, 6);
    let bare = ran.file(name);
    assert_eq!(
        (&bare["provenance"], &bare["attestations"]),
        (&"unattested".into(), &Value::Array(vec![]))
    );
    let other = ran.file("example_more-1.0.tar.gz");
    assert_eq!(other["provenance"], "attested");
    assert_eq!(other["attestations"][0]["origin"], "index");
    assert!(
        ran.stderr
            .contains("4 of 5 files are shown with attestations"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_token_that_ends_in_the_middle_costs_no_attestation_and_no_other_entry() {
    let world = ground();
    let it = Attested::new(&world);
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let index = Arc::downgrade(&it.trial.index);
    it.trial.watch(Arc::new(move |moment, _, path| {
        let is_upload = (moment, path) == (testbed::watch::Moment::Asked, "/legacy/");
        if is_upload && seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 2 {
            index.upgrade().unwrap().expire_tokens();
        }
    }));
    let ran = it.publish(&[]);
    assert_eq!((ran.status, ran.refusals()), (0, vec![]), "{}", ran.stderr);
    it.assert_whole("two tokens");
    assert_eq!(it.trial.index.minted(), 2);
    // Five files, and the receipt.
    assert_eq!(it.sigstore.counts().entries, 6);
}

#[test]
fn without_attestations_neither_sigstore_nor_the_integrity_api_is_asked() {
    let world = ground();
    let it = Attested::new(&world);
    for attestations in ["false", "derived"] {
        let ran = it.publish(&[("attestations", attestations)]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.report["sigstore"], Value::Null);
    }
    assert_eq!(it.sigstore.counts(), testbed::sigstore::Counts::default());
    let asked = |path: &str| path.starts_with("/integrity/");
    assert!(
        !it.trial
            .index
            .requests()
            .iter()
            .any(|seen| asked(&seen.path))
    );
}

#[test]
fn a_run_that_ends_at_any_request_is_finished_by_the_next_with_every_attestation() {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let order = std::sync::atomic::Ordering::SeqCst;
    let reached_end = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let world = ground();
                while !reached_end.load(order) {
                    // Every third moment: each is before or behind a request.
                    let moment = next.fetch_add(3, order);
                    let it = Attested::new(&world);
                    let seen = Arc::new(std::sync::atomic::AtomicUsize::new(0));
                    let (count, running) = (Arc::clone(&seen), it.trial.running.clone());
                    let watcher: Arc<Hears> = Arc::new(move |_, _, _| {
                        if count.fetch_add(1, order) == moment {
                            running.send(Signal::KILL);
                            std::thread::sleep(Duration::from_millis(100));
                        }
                    });
                    it.trial.watch(Arc::clone(&watcher));
                    it.sigstore.watch(watcher);
                    let ran = it.publish(&[]);
                    let quiet: Arc<Hears> = Arc::new(|_, _, _| {});
                    it.trial.watch(Arc::clone(&quiet));
                    it.sigstore.watch(quiet);
                    if seen.load(order) <= moment {
                        assert_eq!(ran.status, 0, "{}", ran.stderr);
                        reached_end.store(true, order);
                        return;
                    }
                    let again = it.publish(&[]);
                    assert_eq!(again.status, 0, "moment {moment}: {}", again.stderr);
                    it.assert_whole(&format!("moment {moment}"));
                }
            });
        }
    });
    // Certificate, five entries, five pages of provenance, beside all the rest.
    assert!(next.into_inner() > 60);
}
