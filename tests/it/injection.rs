// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Foreign text that wants to be more than text: in file names, user ids,
//! KEYS, sidecars, metadata and servers' answers. On a runner it starts no
//! workflow command, forges no output, and breaks no table of the summary.

use serde_json::json;
use testbed::distribution::Wheel;
use testbed::openpgp::{Kind, TestKey};
use testbed::scripted::{Reply, Scripted};

use crate::run::{Ran, run_as_action};
use crate::world::{RELEASE, World, key, project, signed};

/// Everything at once, but slashes.
const EVIL: &str = "x\n::set-output name=digest::forged\r\n::error::forged\n##[error]forged\
    \ndigest=forged\n\u{2028}::warning::forged \u{85}::stop-commands::x | `code` \
    <img src=x onerror=alert(1)> @apache [a](javascript:b) \u{202e}gpj\u{200b} \u{1b}[2J \
    %0A::error::forged\n\n# forged";

/// The commands that the program gives by itself.
const COMMANDS: [&str; 6] = [
    "group", "endgroup", "error", "warning", "notice", "add-mask",
];

fn act(world: &World, more: &[(&str, &str)]) -> Ran {
    let env = world.env();
    let env: Vec<(&str, &str)> = env.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let (source, index) = (world.dist.url(RELEASE), world.index.base());
    let keys = world.dist.url("release/example/KEYS");
    let mut inputs = Vec::new();
    for pair in [
        ("mode", "publish"),
        ("projects", "example*"),
        ("report", "report.json"),
        ("idle-timeout", "2 s"),
        ("source", &source),
        ("keys", &keys),
        ("index", &index),
    ] {
        if !more.iter().any(|(name, _)| *name == pair.0) {
            inputs.push(pair);
        }
    }
    inputs.extend_from_slice(more);
    run_as_action(&inputs, &env)
}

/// Reads what was said as a runner does.
#[track_caller]
fn assert_harmless(ran: &Ran, what: &str) {
    for line in ran.stderr.lines().chain(ran.stdout.lines()) {
        assert!(!line.contains("##["), "{what}: {line}");
        if let Some(command) = line.trim_start().strip_prefix("::") {
            let name = command.split([' ', ':']).next().unwrap();
            assert!(COMMANDS.contains(&name), "{what}: {line}");
            assert!(!command.starts_with("error::"), "{what}: {line}");
            assert!(!command.starts_with("warning::"), "{what}: {line}");
            assert!(!command.starts_with("notice::"), "{what}: {line}");
        }
    }
    let said = format!("{}{}{}", ran.stderr, ran.stdout, ran.summary);
    for hidden in ['\u{202e}', '\u{200b}', '\u{1b}', '\u{2028}', '\u{85}', '\r'] {
        assert!(!said.contains(hidden), "{what}: {hidden:?}");
    }
    let names: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    let expected = [
        "digest",
        "revision",
        "matrix",
        "published",
        "links",
        "report",
        "receipt",
    ];
    assert_eq!(names, expected, "{what}");
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    assert_eq!(ran.outputs.keys().collect::<Vec<_>>(), sorted, "{what}");
    assert!(!ran.outputs["digest"].contains("forged"), "{what}");
    assert_tables(&ran.summary, what);
}

/// Every row has the cells of its table's head, and nothing in it is active.
#[track_caller]
fn assert_tables(summary: &str, what: &str) {
    let mut cells = 0;
    let mut before = "";
    for line in summary.lines() {
        let is_row = line.starts_with('|');
        if is_row && !before.starts_with('|') {
            cells = line.matches('|').count();
        }
        if is_row {
            assert_eq!(line.matches('|').count(), cells, "{what}: {line}");
        }
        before = line;
        // The fence of the one diagram.
        if line == "```mermaid" || line == "```" {
            continue;
        }
        for active in ["<img", "`", "@", "javascript:", "# forged"] {
            assert!(!line.contains(active), "{what}: {active} in {line}");
        }
    }
    assert!(
        summary.starts_with("## ✅ asf-pypi-publish: ")
            || summary.starts_with("## ❌ asf-pypi-publish: ")
            || summary.starts_with("## ⚠️ asf-pypi-publish: "),
        "{what}: {summary}"
    );
    assert!(summary.matches("```").count() <= 2, "{what}: {summary}");
}

#[test]
fn names_of_files_are_only_text() {
    let world = World::with_release();
    let name = EVIL.replace('/', "");
    world.change(&name, Some(b"evil".to_vec()));
    world.change(&format!("{name}/{name}.whl"), Some(b"evil".to_vec()));
    world.change(&format!("{name}.asc"), Some(b"evil".to_vec()));
    let ran = act(&world, &[]);
    assert_eq!(
        (ran.status, ran.refusals()),
        (1, vec!["name-unsafe".to_owned()])
    );
    assert_harmless(&ran, "refused names");
    world.assert_untouched();
    // What is left out is listed all the same.
    let ran = act(&world, &[("exclude", "x*")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.file(&name)["class"], "excluded");
    assert_harmless(&ran, "excluded names");
}

#[test]
fn user_ids_of_signers_are_only_text() {
    let world = World::start();
    let evil = TestKey::generate(EVIL, Kind::Ed25519);
    world.dist.commit(vec![(
        "release/example/KEYS".to_owned(),
        Some(evil.armored_public().into_bytes()),
    )]);
    let mut files = project("example", "1.0");
    for name in ["example-1.0-py3-none-any.whl", "example-1.0.tar.gz"] {
        let asc = evil.sign_detached(&files[name]);
        files.insert(format!("{name}.asc"), asc.into_bytes());
    }
    world.stage(RELEASE, files);
    let ran = act(&world, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.summary.contains("forged"), "the user id is shown");
    assert_harmless(&ran, "a user id");
}

#[test]
fn what_stands_in_files_is_only_text() {
    let honest = || project("example", "1.0");
    let lying = |field: &str| {
        let metadata = format!("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n{field}\n\n");
        signed(&[Wheel::new("example", "1.0")
            .with_metadata(&metadata)
            .build()])
    };
    let one_line: String = EVIL.chars().filter(|c| !"\r\n".contains(*c)).collect();
    let wheel = "example-1.0-py3-none-any.whl";
    for (what, change, text) in [
        ("a checksum", ".sha512", EVIL.to_owned()),
        (
            "a tagged checksum",
            ".sha512",
            format!("SHA512 ({one_line}) = {}", "0".repeat(128)),
        ),
        (
            "a checksum of another",
            ".sha512",
            format!("{}  {one_line}", "0".repeat(128)),
        ),
        ("a signature", ".asc", EVIL.to_owned()),
        (
            "an armor header",
            ".asc",
            format!("-----BEGIN PGP SIGNATURE-----\n{EVIL}\n"),
        ),
    ] {
        let world = World::start();
        let mut files = honest();
        files.insert(format!("{wheel}{change}"), text.into_bytes());
        world.stage(RELEASE, files);
        let ran = act(&world, &[]);
        assert_eq!(ran.status, 1, "{what}: {}", ran.stderr);
        assert_harmless(&ran, what);
    }
    for (what, files) in [
        ("a name", lying(&format!("Name: {one_line}"))),
        ("a field", lying(&format!("{one_line}: {one_line}"))),
        ("lines of metadata", lying(EVIL)),
        (
            "another name",
            signed(&[Wheel::new("example", "1.0")
                .claiming(&one_line, &one_line)
                .build()]),
        ),
    ] {
        let world = World::start();
        world.stage(RELEASE, files);
        assert_harmless(&act(&world, &[]), what);
    }
}

#[test]
fn keys_are_only_text() {
    let world = World::with_release();
    for (what, keys) in [
        ("prose", format!("{EVIL}\n{}", key().armored_public())),
        (
            "a bad block",
            format!(
                "-----BEGIN PGP PUBLIC KEY BLOCK-----\n{EVIL}\n-----END PGP PUBLIC KEY BLOCK-----\n{}",
                key().armored_public()
            ),
        ),
        ("nothing else", EVIL.to_owned()),
    ] {
        let path = "release/example/KEYS".to_owned();
        world.dist.commit(vec![(path, Some(keys.into_bytes()))]);
        assert_harmless(&act(&world, &[]), what);
    }
}

#[test]
fn answers_of_servers_are_only_text() {
    let world = World::with_release();
    for status in [
        "403 Forbidden",
        "404 Not Found",
        "500 Internal Server Error",
        "200 OK",
    ] {
        let server = Scripted::start(move |_| Reply::new(status, &[], EVIL.as_bytes()));
        for input in ["source", "keys", "index"] {
            let url = server.url("x");
            let ran = act(&world, &[(input, &url)]);
            assert_ne!(ran.status, 0, "{input} {status}");
            assert_harmless(&ran, &format!("{input} {status}"));
        }
    }
    let one_line: String = EVIL
        .chars()
        .filter(|c| !"\r\n\u{2028}\u{85}".contains(*c))
        .collect();
    let location = format!("Location: https://example.org/{one_line}");
    let server = Scripted::start(move |_| Reply::new("302 Found", &[&location], b""));
    assert_harmless(&act(&world, &[("source", &server.url("x"))]), "a redirect");
    // The index repeats a claim in its refusal.
    world.issuer.set_claim("environment", json!(EVIL));
    world
        .issuer
        .set_claim("job_workflow_ref", json!(format!("a/b/{EVIL}.yml@x")));
    let ran = act(&world, &[]);
    assert_eq!(ran.refusals(), ["token-refused"]);
    assert_harmless(&ran, "claims");
    world.assert_no_secret(&ran);
}

#[test]
fn inputs_are_only_text() {
    let world = World::with_release();
    for (name, value) in [
        ("source", EVIL),
        ("keys", EVIL),
        ("projects", EVIL),
        ("version", EVIL),
        ("exclude", EVIL),
        ("waive", EVIL),
        ("index", EVIL),
        ("expected-digest", EVIL),
        ("report", EVIL),
        ("mode", EVIL),
        (
            "waive",
            "path-unknown evil* ::set-output name=x::y ##[error]x | `x` @apache",
        ),
    ] {
        assert_harmless(&act(&world, &[(name, value)]), name);
    }
}
