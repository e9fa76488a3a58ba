// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a file may not hold: each with its line and column, and the schema
//! says the same where a schema can.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a test says why it skips"
)]

use std::path::Path;
use std::process::Command;

use crate::run::run_in;

/// Whether a schema, which sees values and no writing, can see it too.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    BySchema,
    ByUs,
}
use Seen::{BySchema, ByUs};

/// The file, where it is refused, and what the refusal says.
const ILLEGAL: &[(&str, &str, &str, Seen)] = &[
    // Keys.
    (
        "source: ./x\nsauce: y\n",
        "2:1",
        "did you mean `source`?",
        BySchema,
    ),
    ("release: core\n", "1:1", "only an input", BySchema),
    (
        "releases:\n  a:\n    mode: publish\n",
        "3:5",
        "only an input",
        BySchema,
    ),
    ("mode: publish\n", "1:1", "only an input", BySchema),
    ("config: other.yml\n", "1:1", "only an input", BySchema),
    ("expected-digest: any\n", "1:1", "only an input", BySchema),
    (
        "dry_run: true\n",
        "1:1",
        "did you mean `dry-run`?",
        BySchema,
    ),
    ("Source: ./x\n", "1:1", "did you mean `source`?", BySchema),
    (
        "releases:\n  a:\n    releases: {}\n",
        "3:5",
        "`releases`",
        BySchema,
    ),
    (
        "relaeses:\n  a: {}\n",
        "1:1",
        "did you mean `releases`?",
        BySchema,
    ),
    (
        "checksum: SHA512\n",
        "1:1",
        "an input of the table",
        BySchema,
    ),
    (
        "password: hunter2\n",
        "1:1",
        "an input of the table",
        BySchema,
    ),
    (
        "source: ./x\nkeys: k\nsource: ./y\n",
        "3:1",
        "`source` twice",
        ByUs,
    ),
    ("releases:\n  a: {}\n  'a': {}\n", "3:3", "`a` twice", ByUs),
    ("? [a]\n: b\n", "1:3", "", ByUs),
    ("null: x\n", "1:1", "null", ByUs),
    ("1: x\n", "1:1", "`1`", ByUs),
    // Types.
    ("version: 1.10\n", "1:10", "the number 1.10", BySchema),
    ("version: 1.10\n", "1:10", "put quotes around it", BySchema),
    (
        "releases:\n  a:\n    version: 2\n",
        "3:14",
        "the number 2",
        BySchema,
    ),
    ("version: 0x10\n", "1:10", "the number 0x10", BySchema),
    ("version: .inf\n", "1:10", ".inf", ByUs),
    ("source: true\n", "1:9", "put quotes around it", BySchema),
    ("source:\n", "1:7", "nothing", BySchema),
    ("source: ~\n", "1:9", "nothing", BySchema),
    ("source: ''\n", "1:9", "an empty text", BySchema),
    ("source: '  '\n", "1:9", "an empty text", BySchema),
    ("source: [./x]\n", "1:9", "a list", BySchema),
    ("source: {a: b}\n", "1:9", "a mapping", BySchema),
    ("source: |\n  a\n  b\n", "2:3", "one line", BySchema),
    ("source: \"a\\nb\"\n", "1:9", "one line", BySchema),
    ("source: \"a\\u202eb\"\n", "1:9", "hidden", ByUs),
    ("keys: []\n", "1:7", "an empty list", BySchema),
    ("keys: [a, '']\n", "1:11", "an empty text", BySchema),
    ("keys: [a, 1.10]\n", "1:11", "the number 1.10", BySchema),
    ("keys:\n  - a\n  - [b]\n", "3:5", "a list", BySchema),
    ("keys:\n  - \"a\\nb\"\n", "2:5", "one line", BySchema),
    ("keys: \"a\\u0000b\"\n", "1:7", "hidden", ByUs),
    ("keys: 12\n", "1:7", "the number 12", BySchema),
    ("dry-run: yes\n", "1:10", "the text `yes`", BySchema),
    ("dry-run: on\n", "1:10", "without quotes", BySchema),
    ("dry-run: 'true'\n", "1:10", "without quotes", BySchema),
    ("dry-run: TRUE\n", "1:10", "without quotes", ByUs),
    ("dry-run: !!bool 'true'\n", "1:17", "without quotes", ByUs),
    ("dry-run: 1\n", "1:10", "the number 1", BySchema),
    ("concurrency: '8'\n", "1:14", "without quotes", BySchema),
    ("concurrency: 8.0\n", "1:14", "the number 8.0", ByUs),
    ("concurrency: 08\n", "1:14", "the number 08", ByUs),
    ("concurrency: 0x8\n", "1:14", "the number 0x8", ByUs),
    ("concurrency: 1_0\n", "1:14", "the number 1_0", ByUs),
    ("concurrency: -8\n", "1:14", "the number -8", BySchema),
    ("concurrency: many\n", "1:14", "the text `many`", BySchema),
    (
        "revision: newest\n",
        "1:11",
        "a whole number, or `head`",
        BySchema,
    ),
    // Shape.
    ("", "1:1", "nothing", ByUs),
    ("# nothing\n", "2:1", "nothing", ByUs),
    ("- source\n", "1:1", "a list", BySchema),
    ("source\n", "1:1", "text", BySchema),
    ("releases:\n", "1:9", "nothing", BySchema),
    ("releases: {}\n", "1:11", "an empty mapping", BySchema),
    ("releases: [a]\n", "1:11", "a list", BySchema),
    ("releases:\n  a:\n", "2:4", "nothing", BySchema),
    ("releases:\n  a: x\n", "2:6", "text", BySchema),
    ("releases:\n  none: {}\n", "2:3", "`none`", BySchema),
    ("releases:\n  A: {}\n", "2:3", "`A`", BySchema),
    ("releases:\n  1.0: {}\n", "2:3", "`1.0`", ByUs),
    ("releases:\n  'a b': {}\n", "2:3", "`a b`", BySchema),
    // YAML that hides something.
    ("source: &a ./x\n", "1:12", "an anchor", ByUs),
    ("keys: *k\n", "1:7", "an alias", ByUs),
    (
        "include:\n  - *.whl\n",
        "2:5",
        "in quotes, where it begins with `*`",
        ByUs,
    ),
    ("<<: {source: ./x}\n", "1:1", "a merge key", ByUs),
    ("source: !env HOME\n", "1:14", "a tag", ByUs),
    (
        "source: ./x\n---\nsource: ./y\n",
        "2:1",
        "one document",
        ByUs,
    ),
    ("source: ./x\n# \u{202e}x\n", "2:3", "U+202E", ByUs),
    ("source: ./x\u{200b}\n", "1:12", "U+200B", ByUs),
    ("source: ./x\ry: z\n", "1:12", "U+000D", ByUs),
    ("source: ./x\u{0}\n", "1:12", "U+0000", ByUs),
    // YAML that cannot be read.
    ("source: 'x\n", "1:9", "unclosed", ByUs),
    ("keys: [a\n", "1:7", "unclosed", ByUs),
    ("source: a: b\n", "1:10", "", ByUs),
    ("include:\n  - @x\n", "2:5", "", ByUs),
];

/// What a file may hold, that looks as if it may not.
const LEGAL: &[&str] = &[
    "source: ./x\nkeys: k\n",
    "---\nsource: ./x\nkeys: k\n...\n",
    "\u{feff}source: ./x\r\nkeys: k\r\n",
    "source: ./x\nkeys: k # a comment\nversion: '1.10'\n",
    "source: ./x\nkeys: k\nversion: \"1.10\"\nrevision: head\n",
    "source: ./x\nkeys: [k]\nconcurrency: 8\nmax-files: 10\ndry-run: false\n",
    "{\"source\": \"./x\", \"keys\": [\"k\"], \"exclude\": [\"*.é\"]}\n",
    "source: ./x\nkeys: |\n\n  k\n",
    "source: ./x\nkeys: k\nmax-file-size: 2 GiB\nsigners:\n  - ABCDEF0123456789ABCDEF0123456789ABCDEF01\n",
];

#[test]
fn everything_illegal_is_refused_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["verify", "--config", "a.yml", "--report", "report.json"];
    let mut wrong = Vec::new();
    for (text, place, says, _) in ILLEGAL {
        std::fs::write(folder.path().join("a.yml"), text).unwrap();
        let ran = run_in(folder.path(), &args, &[]);
        let finding = &ran.report["findings"][0];
        let said = format!("{} {}", finding["expected"], finding["found"]);
        if ran.status != 2
            || ran.refusals() != ["config-illegal"]
            || finding["path"] != format!("a.yml:{place}")
            || !said.contains(says)
        {
            wrong.push(format!("{text:?} gave {} {finding}", ran.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for text in LEGAL {
        std::fs::write(folder.path().join("a.yml"), text).unwrap();
        let ran = run_in(folder.path(), &args, &[]);
        // It was read: the folder `x` is not there.
        assert_eq!(ran.status, 1, "{text:?}: {}", ran.stderr);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "sauce: x\nversion: 1.10\nreleases:\n  a:\n    dry-run: yes\n    keys: []\n  B: {}\n";
    std::fs::write(folder.path().join("a.yml"), text).unwrap();
    let args = ["verify", "--config", "a.yml", "--report", "report.json"];
    let ran = run_in(folder.path(), &args, &[]);
    let findings = ran.report["findings"].as_array().unwrap();
    let mut places: Vec<&str> = findings
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "a.yml:1:1",
            "a.yml:2:10",
            "a.yml:5:14",
            "a.yml:6:11",
            "a.yml:7:3"
        ]
    );
}

#[test]
fn files_that_would_cost_much_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["verify", "--config", "a.yml", "--report", "report.json"];
    let aliases: String = (0..9)
        .map(|i| match i {
            0 => "a0: &a0 [x, x]\n".to_owned(),
            i => format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1),
        })
        .collect();
    let nested: Vec<String> = (0..500)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    for (bytes, place, says) in [
        (
            format!("a: {}", "[".repeat(200_000)).into_bytes(),
            "1:",
            "recursion",
        ),
        (nested.concat().into_bytes(), "9:9", "nesting"),
        (aliases.into_bytes(), "1:9", "an anchor"),
        (
            format!("a:\n{}", "- x\n".repeat(50_000)).into_bytes(),
            "19999:",
            "too many values",
        ),
        (vec![b' '; 262_145], "1:1", "262145 bytes"),
        (b"source: ./x\n# caf\xe9\n".to_vec(), "2:6", "text in UTF-8"),
        (b"\xff\xfes\0o\0".to_vec(), "1:1", "text in UTF-8"),
        (vec![b'?'; 200_000], "1:", ""),
        (b"- ".repeat(100_000), "1:", ""),
        (b"{a: ".repeat(50_000), "1:", ""),
        (b"\"\\U00110000\"".to_vec(), "1:", ""),
    ] {
        std::fs::write(folder.path().join("a.yml"), &bytes).unwrap();
        let ran = run_in(folder.path(), &args, &[]);
        assert_eq!(ran.status, 2, "{says}: {}", ran.stderr);
        assert_eq!(ran.refusals(), ["config-illegal"], "{says}");
        let finding = &ran.report["findings"][0];
        let path = finding["path"].as_str().unwrap();
        assert!(path.starts_with(&format!("a.yml:{place}")), "{finding}");
        let said = format!("{} {}", finding["expected"], finding["found"]);
        assert!(said.contains(says), "{said}");
    }
}

/// Has a schema of this repository judge a file, where the judge is there.
pub(crate) fn assert_fits(schema: &str, file: &Path) {
    let judge = Command::new("check-jsonschema")
        .arg("--schemafile")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(schema))
        .arg(file)
        .output();
    let Ok(output) = judge else {
        println!("skipped: check-jsonschema is not installed; `tests/run` installs it");
        return;
    };
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
}

#[test]
fn the_schema_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let seen = ILLEGAL
        .iter()
        .filter(|row| row.3 == BySchema)
        .map(|row| row.0);
    let name = |kind: &str, at: usize| format!("{kind}-{at}.yml");
    for (at, text) in seen.clone().enumerate() {
        std::fs::write(folder.path().join(name("illegal", at)), text).unwrap();
    }
    for (at, text) in LEGAL.iter().enumerate() {
        std::fs::write(folder.path().join(name("legal", at)), text).unwrap();
    }
    let judge = |names: Vec<String>| {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.schema.json");
        Command::new("check-jsonschema")
            .args(["--output-format", "json", "--schemafile"])
            .arg(schema)
            .args(names)
            .current_dir(folder.path())
            .output()
    };
    let legal = (0..LEGAL.len()).map(|at| name("legal", at)).collect();
    let Ok(output) = judge(legal) else {
        println!("skipped: check-jsonschema is not installed; `tests/run` installs it");
        return;
    };
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");

    let names: Vec<String> = (0..seen.clone().count())
        .map(|at| name("illegal", at))
        .collect();
    let output = judge(names.clone()).unwrap();
    assert!(!output.status.success());
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["parse_errors"], serde_json::json!([]));
    for (name, text) in names.iter().zip(seen) {
        let errors = told["errors"].as_array().unwrap();
        assert!(
            errors.iter().any(|one| one["filename"] == name.as_str()),
            "{text:?} passes the schema"
        );
    }
}
