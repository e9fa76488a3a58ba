// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The documents that restate what the code says: action.yml, the README's
//! tables, the rules and the report's schema. Each must say the same as the
//! code. `UPDATE_DOCS=1 cargo test documents` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use asf_pypi_publish::inputs::{OUTPUTS, Shape, TABLE};
use asf_pypi_publish::rules::{Exit, Rule, Severity};
use serde::Deserialize;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares, or writes where the caller asked for it.
fn agree(name: &str, expected: &str) {
    let path = file(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{name} does not say what the code says; `UPDATE_DOCS=1 cargo test documents` writes it anew"
    );
}

/// The page with the text between the two markers replaced.
fn between(page: &str, marker: &str, text: &str) -> String {
    let (begin, end) = (
        format!("<!-- {marker} begin -->\n"),
        format!("<!-- {marker} end -->"),
    );
    let (head, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no {marker}"));
    let (_, tail) = rest.split_once(&end).unwrap();
    format!("{head}{begin}{text}{end}{tail}")
}

#[derive(Deserialize)]
struct Action {
    inputs: BTreeMap<String, ActionInput>,
    outputs: BTreeMap<String, ActionOutput>,
    runs: Runs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionInput {
    description: String,
    required: bool,
    default: Option<String>,
}

#[derive(Deserialize)]
struct ActionOutput {
    description: String,
}

#[derive(Deserialize)]
struct Runs {
    using: String,
    image: String,
}

fn action() -> Action {
    serde_yaml::from_str(&std::fs::read_to_string(file("action.yml")).unwrap()).unwrap()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn action_inputs() -> String {
    let mut text = String::new();
    for row in TABLE {
        let _ = writeln!(
            text,
            "  {}:\n    description: {}",
            row.name,
            quoted(row.meaning)
        );
        let _ = writeln!(text, "    required: {}", row.default.is_none());
        if let Some(word) = row.default {
            let _ = writeln!(text, "    default: {}", quoted(word));
        }
    }
    text
}

fn action_outputs() -> String {
    let mut text = String::new();
    for (name, meaning) in OUTPUTS {
        let _ = writeln!(text, "  {name}:\n    description: {}", quoted(meaning));
    }
    text
}

/// The part of action.yml that the table decides, written anew.
fn action_page() -> String {
    let page = std::fs::read_to_string(file("action.yml")).unwrap();
    let (head, rest) = page.split_once("inputs:\n").unwrap();
    let (_, tail) = rest.split_once("runs:\n").unwrap();
    format!(
        "{head}inputs:\n{}\noutputs:\n{}\nruns:\n{tail}",
        action_inputs(),
        action_outputs()
    )
}

#[test]
fn documents_action_yml_has_the_inputs_of_the_table() {
    agree("action.yml", &action_page());
    let action = action();
    assert_eq!(action.inputs.len(), TABLE.len());
    for row in TABLE {
        let input = &action.inputs[row.name];
        assert_eq!(input.description, row.meaning);
        assert_eq!(input.default.as_deref(), row.default);
        assert_eq!(input.required, row.default.is_none());
        assert_ne!(input.default.as_deref(), Some(""), "empty is never unset");
    }
    assert_eq!(action.outputs.len(), OUTPUTS.len());
    for (name, meaning) in OUTPUTS {
        assert_eq!(action.outputs[name].description, meaning);
    }
    assert_eq!(action.runs.using, "docker");
    assert_eq!(action.runs.image, "Dockerfile");
}

#[test]
fn documents_readme_has_the_inputs_and_outputs_of_the_table() {
    let mut text = String::from("| input | meaning | default |\n|---|---|---|\n");
    for row in TABLE {
        let default = row
            .default
            .map_or("required".to_owned(), |word| format!("`{word}`"));
        let lines = if row.shape == Shape::Lines {
            " ⏎"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| `{}`{lines} | {} | {default} |",
            row.name, row.meaning
        );
    }
    let mut outputs = String::from("| output | meaning |\n|---|---|\n");
    for (name, meaning) in OUTPUTS {
        let _ = writeln!(outputs, "| `{name}` | {meaning} |");
    }
    let page = std::fs::read_to_string(file("README.md")).unwrap();
    agree(
        "README.md",
        &between(&between(&page, "inputs", &text), "outputs", &outputs),
    );
}

#[test]
fn documents_the_flags_are_the_inputs_of_the_table() {
    let help = crate::run::binary(&["--help"]);
    for row in TABLE.iter().skip(1) {
        assert!(
            help.stdout.contains(&format!("  --{} ", row.name)),
            "--{}",
            row.name
        );
    }
    let flags = help
        .stdout
        .lines()
        .filter(|line| line.starts_with("  --"))
        .count();
    assert_eq!(flags, TABLE.len() - 1);
}

#[test]
fn documents_rules_md_has_every_rule() {
    let mut text = String::from(
        "# The rules\n\n\
         Every verdict names one of these rules. A refusal stops the run before anything is sent;\n\
         a warning and a note are told and stop nothing. The exit status of a run is 1 where a rule\n\
         of status 1 refuses, else 2, else 3. Only a rule that may be waived can be softened by the\n\
         input `waive`.\n\n",
    );
    for rule in Rule::ALL {
        let severity = match rule.severity() {
            Severity::Refuse => format!("refuses, exit status {}", rule.exit().code()),
            Severity::Warn => "warns".to_owned(),
            Severity::Note => "is noted".to_owned(),
        };
        let waivable = if rule.waivable() {
            "may be waived"
        } else {
            "never waived"
        };
        let code = rule.asf_code().map_or(String::new(), |code| {
            format!("; the ASF's release checker calls it {code}")
        });
        let _ = write!(
            text,
            "## {rule}\n\n{} ({severity}; {waivable}{code})\n\nWhat to do: {}\n\n",
            rule.meaning(),
            rule.action()
        );
    }
    agree("docs/rules.md", &format!("{}\n", text.trim_end()));
}

#[test]
fn every_rule_has_an_id_of_its_own_and_what_proves_identity_is_never_waived() {
    let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert_eq!(Rule::from_id(rule.id()), Some(*rule));
        assert!(rule.severity() != Severity::Refuse || rule.exit() != Exit::Done);
    }
    let waivable: Vec<&str> = Rule::ALL
        .iter()
        .filter(|rule| rule.waivable())
        .map(|rule| rule.id())
        .collect();
    assert_eq!(
        waivable,
        [
            "path-unknown",
            "sidecar-orphan",
            "attestation-unchecked",
            "candidate-from-release"
        ]
    );
}
