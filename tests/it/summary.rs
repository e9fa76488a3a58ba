// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The job summary as a reviewer sees it: whole pages of the main cases,
//! compared with tests/it/summary/*.md (`UPDATE_DOCS=1` writes them anew), and
//! the same pages drawn by a real browser and by Mermaid itself.

mod drawn;
mod reports;

use std::path::Path;

use testbed::distribution::{sdist, wheel};
use testbed::sigstore::FakeSigstore;

use crate::documents::agree;
use crate::run::{Ran, run_as_action};
use crate::world::{RELEASE, World, key, project, signed};

/// Runs as a step of a job does.
fn act(world: &World, mode: &str, changes: &[(&str, &str)]) -> Ran {
    let env = world.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let (source, index) = (world.dist.url(RELEASE), world.index.base());
    let keys = world.dist.url("release/example/KEYS");
    let token = world.github.token();
    let mut inputs = vec![
        ("mode", mode),
        ("source", &source),
        ("keys", &keys),
        ("index", &index),
        ("projects", "example*"),
        ("github-token", &token),
        ("idle-timeout", "2 s"),
    ];
    inputs.extend_from_slice(changes);
    run_as_action(&inputs, &env)
}

/// The page without what is another in every run.
fn page(world: &World, ran: &Ran) -> String {
    let port = |base: &str| {
        let (_, rest) = base.rsplit_once(':').unwrap();
        rest.split('/').next().unwrap().to_owned()
    };
    let mut page = ran.summary.replace(&key().fingerprint(), "FINGERPRINT");
    for (base, name) in [(world.dist.url(""), "DIST"), (world.index.base(), "INDEX")] {
        let port = port(&base);
        // As text, and in the address of a link.
        for (before, after) in [("&#58;", "&#47;"), (":", "/"), ("#58;", "#47;")] {
            let from = format!("{before}{port}{after}");
            page = page.replace(&from, &format!("{before}{name}{after}"));
        }
    }
    // When the approval was read.
    match page
        .split_once("&#44; read 20")
        .map(|(head, tail)| (head, tail.split_once('Z')))
    {
        Some((head, Some((_, tail)))) => format!("{head}&#44; read TIME{tail}"),
        _ => page,
    }
}

#[track_caller]
fn assert_page(world: &World, ran: &Ran, status: i32, name: &str) {
    assert_eq!(ran.status, status, "{}", ran.stderr);
    agree(&format!("tests/it/summary/{name}.md"), &page(world, ran));
}

#[test]
fn documents_the_summary_of_a_release_that_was_verified() {
    let world = World::with_release();
    let archive = ("apache-example-1.0-source.tar.gz".to_owned(), b"x".to_vec());
    world.stage(RELEASE, signed(&[archive]));
    let ran = act(&world, "verify", &[]);
    assert_page(&world, &ran, 0, "verified");
}

#[test]
fn documents_the_summary_of_a_rehearsal_and_of_a_release_that_was_published() {
    let world = World::with_release();
    world.stage(RELEASE, project("example-more", "1.0"));
    let rehearsed = act(&world, "publish", &[("dry-run", "true")]);
    assert_page(&world, &rehearsed, 0, "dry-run");
    let digest = rehearsed.outputs["digest"].as_str();
    let published = act(&world, "publish", &[("expected-digest", digest)]);
    assert_page(&world, &published, 0, "published");
}

#[test]
fn documents_the_summary_of_a_release_that_was_attested() {
    let world = World::with_release();
    let sigstore = FakeSigstore::start(world.issuer.trust());
    world.index.trust_sigstore(sigstore.anchors());
    let trust = sigstore.trust_config();
    let attested = [
        ("attestations", "true"),
        ("sigstore", trust.to_str().unwrap()),
    ];
    let mut ran = act(&world, "publish", &attested);
    let shown = trust.to_str().unwrap().chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_string()
        } else {
            format!("&#{};", u32::from(c))
        }
    });
    let shown: String = shown.collect();
    ran.summary = ran.summary.replace(&shown, "TRUST");
    // Which file the log takes first is another in every run.
    let mut parts = ran.summary.split("log entry ");
    let mut summary = parts.next().unwrap().to_owned();
    for part in parts {
        summary.push_str("log entry N");
        summary.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    ran.summary = summary;
    assert_page(&world, &ran, 0, "attested");
}

#[test]
fn documents_the_summary_of_a_release_that_is_refused() {
    let world = World::with_release();
    world.change("example-1.0.tar.gz", Some(b"other bytes".to_vec()));
    world.change("notes.txt", Some(b"what is this".to_vec()));
    let ran = act(&world, "publish", &[]);
    assert_page(&world, &ran, 1, "refused");
    world.assert_untouched();
}

/// The boxes of the chain, each as `mark title<br>detail`.
fn boxes(ran: &Ran) -> Vec<&str> {
    let lines = ran.summary.lines();
    lines
        .filter_map(|line| line.split_once("[\"")?.1.split_once("\"]:::"))
        .map(|(shown, _)| shown)
        .collect()
}

#[test]
fn the_pages_before_a_publication_said_that_nothing_more_comes() {
    let world = World::with_release();
    let later = "when it is published";
    let coming = |detail| {
        [
            "… Approval<br>by the reviewers".to_owned(),
            format!("… Upload token<br>{later}"),
            format!("… Index<br>{detail}"),
        ]
    };
    // Toward PyPI files are attested, unless the inputs say no.
    for (inputs, provenance) in [
        (&[("index", "pypi")][..], format!("… Provenance<br>{later}")),
        (
            &[("index", "pypi"), ("attestations", "false")],
            "– Provenance<br>no attestations made".to_owned(),
        ),
    ] {
        let ran = act(&world, "verify", inputs);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(boxes(&ran)[4..7], coming(later), "{}", ran.summary);
        assert_eq!(boxes(&ran)[7], provenance);
    }

    let dry = ("dry-run", "true");
    let ran = act(&world, "publish", &[dry, ("attestations", "true")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(
        boxes(&ran)[4..7],
        coming("new#58; 2 of 2"),
        "{}",
        ran.summary
    );
    assert_eq!(boxes(&ran)[7], format!("… Provenance<br>{later}"));
    let said = "this is what would be sent, 2 of 2 distributions; nothing was sent.";
    assert!(ran.summary.contains(said), "{}", ran.summary);

    // An index that would refuse is no promise.
    let (name, _) = wheel("example", "1.0");
    world.index.preload("example", &name, b"other bytes");
    let ran = act(&world, "publish", &[dry]);
    assert!(
        ran.stderr.contains("REFUSED index-conflict"),
        "{}",
        ran.stderr
    );
    assert_eq!(boxes(&ran)[6], "✗ Index<br>1 finding");
}

#[test]
fn the_page_of_a_shard_looked_like_the_page_of_a_release() {
    let world = World::with_release();
    world.stage(RELEASE, project("example-more", "1.0"));
    let verified = act(&world, "verify", &[]);
    let (digest, revision) = (&verified.outputs["digest"], &verified.outputs["revision"]);
    let shard = [
        ("shard", "1/2"),
        ("expected-digest", digest.as_str()),
        ("revision", revision.as_str()),
    ];
    let ran = act(&world, "publish", &shard);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let top = ran.summary.split("| | |").next().unwrap();
    let said =
        "one of 2 jobs: the release is complete only when all of them and the last `check` are";
    assert!(top.contains(said), "{top}");
}

#[test]
fn documents_the_summary_of_a_wave() {
    let world = World::start();
    let name = |n: usize| format!("example-{n:02}");
    let files: Vec<_> = (0..14)
        .flat_map(|n| [wheel(&name(n), "2.0"), sdist(&name(n), "2.0")])
        .collect();
    let mut files = signed(&files);
    for n in 3..14 {
        files.remove(&format!("example_{n:02}-2.0.tar.gz.sha512"));
    }
    world.stage(RELEASE, files);
    let ran = act(&world, "verify", &[]);
    assert_page(&world, &ran, 1, "wave");
}

/// The titles of the groups in the log, in order.
fn groups(ran: &Ran) -> Vec<&str> {
    let lines = ran.stderr.lines();
    lines
        .filter_map(|line| line.strip_prefix("::group::"))
        .collect()
}

#[test]
fn the_log_has_a_group_for_each_stage() {
    let world = World::with_release();
    let verified = act(&world, "verify", &[]);
    assert_eq!(groups(&verified), ["Source", "KEYS", "Verify", "Result"]);
    let published = act(&world, "publish", &[]);
    assert_eq!(
        groups(&published),
        [
            "Source",
            "KEYS",
            "Verify",
            "Index",
            "Approval",
            "Token",
            "Upload",
            "Read back",
            "Result",
            "Text for a mail"
        ]
    );
    // One ends before the next begins: a log has one level of them.
    let mut open = false;
    for line in published.stderr.lines() {
        let (begins, ends) = (line.starts_with("::group::"), line == "::endgroup::");
        assert!(!begins || !open, "{line}");
        assert!(!ends || open, "{line}");
        open = begins || (open && !ends);
    }
    assert!(!open);
}

/// The annotations of a kind.
fn annotations<'a>(ran: &'a Ran, kind: &str) -> Vec<&'a str> {
    let begin = format!("::{kind} ");
    let lines = ran.stderr.lines();
    lines.filter(|line| line.starts_with(&begin)).collect()
}

#[test]
fn annotations_stay_within_what_github_shows_and_count_the_rest() {
    let world = World::with_release();
    for n in 0..40 {
        world.change(&format!("unknown-{n:02}.txt"), Some(b"x".to_vec()));
    }
    world.change("example-1.0.tar.gz.sha512", None);
    world.change("example-1.0-py3-none-any.whl.asc", None);
    let ran = act(&world, "verify", &[]);
    let errors = annotations(&ran, "error");
    assert_eq!(errors.len(), 3, "{errors:?}");
    let shared = "40 times, the first at unknown-00.txt: ";
    let shared = errors.iter().filter(|line| line.contains(shared));
    assert_eq!(shared.count(), 1, "{errors:?}");
    // The log and the page have each of them.
    for n in 0..40 {
        assert!(
            ran.stderr
                .contains(&format!("REFUSED path-unknown: unknown-{n:02}.txt"))
        );
        assert!(ran.summary.contains(&format!("unknown-{n:02}&#46;txt")));
    }
}

#[test]
fn a_summary_that_cannot_be_written_is_an_annotation_too() {
    let world = World::with_release();
    world.change("unknown.txt", Some(b"x".to_vec()));
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", "/no/such/summary.md"),
    ];
    let ran = world.run_beside("verify", &env);
    let errors = annotations(&ran, "error");
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors.iter().any(|line| line.contains("report-unwritable")));
}

#[test]
fn pages_of_the_main_cases_are_closed_and_have_one_verdict() {
    for (name, page) in pages() {
        assert_eq!(page.matches("\n## ").count(), 0, "{name}");
        assert!(page.starts_with("## "), "{name}");
        for (open, close) in [("<details>", "</details>"), ("<summary>", "</summary>")] {
            let count = page.matches(open).count();
            assert_eq!(count, page.matches(close).count(), "{name}: {open}");
        }
    }
}

/// The pages of the main cases, by name.
fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/summary");
    let names = ["verified", "dry-run", "published", "refused", "wave"];
    names
        .into_iter()
        .map(|name| {
            let path = folder.join(format!("{name}.md"));
            (name.to_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect()
}
