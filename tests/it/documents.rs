// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The documents that restate what the code says: action.yml, the README's
//! tables, the rules, and the schema of the configuration file. Each must say the same as the
//! code. `UPDATE_DOCS=1 cargo test documents` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use asf_pypi_publish::config;
use asf_pypi_publish::inputs::{OUTPUTS, Row, Shape, TABLE};
use asf_pypi_publish::rules::{self, Exit, Rule, Severity};
use serde::Deserialize;
use serde_json::{Value, json};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares, or writes where the caller asked for it.
pub(crate) fn agree(name: &str, expected: &str) {
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
        if let Some(word) = row.action_default() {
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
        assert_eq!(input.default.as_deref(), row.action_default());
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
            .action_default()
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

/// What a value of the configuration file may be, as JSON Schema.
fn schema_of(row: &Row) -> Value {
    // No control characters, and something that is no blank.
    let line = json!({ "type": "string", "pattern": r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$" });
    let mut schema = match row.shape {
        Shape::Word | Shape::Secret => line,
        Shape::Lines => json!({ "anyOf": [
            { "type": "string", "pattern": r"\S" },
            { "type": "array", "minItems": 1, "items": line },
        ] }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Choice => json!({ "anyOf": [{ "type": "boolean" }, line] }),
        Shape::Number => {
            let number = json!({ "type": "integer", "minimum": 0 });
            match row.default.filter(|word| word.parse::<u64>().is_err()) {
                Some(word) => json!({ "anyOf": [number, { "const": word }] }),
                None => number,
            }
        }
    };
    schema["description"] = json!(row.meaning);
    schema
}

#[test]
fn documents_the_schema_of_the_configuration_file_has_the_inputs_of_the_table() {
    let mut inputs = serde_json::Map::new();
    let mut values = serde_json::Map::new();
    for row in config::rows() {
        inputs.insert(
            row.name.to_owned(),
            json!({ "$ref": format!("#/$defs/{}", row.name) }),
        );
        values.insert(row.name.to_owned(), schema_of(row));
    }
    let mut top = inputs.clone();
    top.insert(
        config::RELEASES.to_owned(),
        json!({
            "description": "Releases by name, chosen by the input `release`: what one says stands before what the top says.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": {
                "pattern": r"^[a-z][a-z0-9._-]{0,63}$",
                "not": { "enum": ["none", "null", "true", "false"] },
            },
            "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "properties": inputs,
            },
        }),
    );
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration file of asf-pypi-publish",
        "description": "Named by the input `config`. An input that is given to the run itself stands before what the file says.",
        "type": "object",
        "additionalProperties": false,
        "properties": top,
        "$defs": values,
    });
    let text = serde_json::to_string_pretty(&schema).unwrap();
    agree("docs/config.schema.json", &format!("{text}\n"));
}

#[test]
fn documents_rules_md_has_every_rule() {
    let page = rules::page();
    for rule in Rule::ALL {
        assert!(page.contains(&format!("\n## {rule}\n")), "{rule}");
    }
    agree("docs/rules.md", &page);
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
