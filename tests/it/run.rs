// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Runs the real binary in a fresh folder, with nothing of this process's
//! environment but what a program needs to run at all.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    /// The JSON report, where one was asked for and written.
    pub report: Value,
    /// What the runner's summary file holds.
    pub summary: String,
    /// What the runner's output file holds, read as the runner reads it.
    pub outputs: BTreeMap<String, String>,
}

impl Ran {
    /// The rules that refused, sorted, without repetition.
    pub fn refusals(&self) -> Vec<String> {
        self.rules("refuse")
    }

    /// The rules of this severity, sorted, without repetition.
    pub fn rules(&self, severity: &str) -> Vec<String> {
        let findings = self.report["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut rules: Vec<String> = findings
            .iter()
            .filter(|finding| finding["severity"] == severity)
            .map(|finding| finding["rule"].as_str().unwrap().to_owned())
            .collect();
        rules.sort();
        rules.dedup();
        rules
    }

    /// The value of an output on standard output.
    pub fn output(&self, name: &str) -> Option<&str> {
        self.stdout
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
    }

    /// The row of a path in the report.
    pub fn file(&self, path: &str) -> Value {
        let files = self.report["files"].as_array().cloned().unwrap_or_default();
        files
            .into_iter()
            .find(|row| row["path"] == path)
            .unwrap_or(Value::Null)
    }

    /// Everything that the run said anywhere.
    pub fn everything(&self) -> String {
        format!(
            "{}{}{}{}{:?}",
            self.stdout, self.stderr, self.report, self.summary, self.outputs
        )
    }
}

/// The binary with these arguments, nothing else.
pub fn binary<A: AsRef<OsStr>>(args: &[A]) -> Ran {
    run(args, &[])
}

/// The binary with these arguments and variables. `report.json` in the fresh
/// working folder is read back if it is there.
pub fn run<A: AsRef<OsStr>>(args: &[A], env: &[(&str, &str)]) -> Ran {
    let folder = TempDir::new().unwrap();
    run_in(folder.path(), args, env)
}

/// The same in a folder that holds something already.
pub fn run_in<A: AsRef<OsStr>>(folder: &Path, args: &[A], env: &[(&str, &str)]) -> Ran {
    let mut command = command(folder, env);
    command.args(args);
    finish(command, folder)
}

/// The binary as a runner starts it: no arguments, inputs as `INPUT_*`,
/// files for outputs and summary.
pub fn run_as_action(inputs: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
    let folder = TempDir::new().unwrap();
    run_as_action_in(folder.path(), inputs, env)
}

/// The same in a folder that holds something already.
pub fn run_as_action_in(folder: &Path, inputs: &[(&str, &str)], env: &[(&str, &str)]) -> Ran {
    let mut command = command(folder, env);
    command.env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_REPOSITORY", "apache/example");
    command.env("GITHUB_OUTPUT", folder.join("output"));
    command.env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
    for (name, value) in inputs {
        command.env(format!("INPUT_{}", name.to_uppercase()), value);
    }
    finish(command, folder)
}

/// The path of the binary.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_asf-pypi-publish"))
}

fn command(folder: &Path, env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(path());
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    for name in ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(env.iter().copied());
    command
}

/// The binary with these arguments and variables in this folder, started and
/// not waited for: [`end`] does.
pub fn start<A: AsRef<OsStr>>(folder: &Path, args: &[A], env: &[(&str, &str)]) -> Child {
    let mut command = command(folder, env);
    command.args(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What a started binary gave in the end; status -1 where a signal ended it.
pub fn end(child: Child, folder: &Path) -> Ran {
    collect(child.wait_with_output().unwrap(), folder)
}

fn finish(mut command: Command, folder: &Path) -> Ran {
    collect(command.output().unwrap(), folder)
}

fn collect(output: Output, folder: &Path) -> Ran {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let ran = Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        report: serde_json::from_str(&read("report.json")).unwrap_or(Value::Null),
        summary: read("summary.md"),
        outputs: read_outputs(&read("output")),
    };
    assert_says_no_token(&ran);
    ran
}

/// No run of any test says anything that looks like a token, but to the
/// runner, which is asked to mask it.
pub fn assert_says_no_token(ran: &Ran) {
    for line in ran.everything().lines() {
        let shown = !line.starts_with("::add-mask::");
        assert!(!(shown && holds_token(line)), "a token is shown: {line}");
    }
}

/// An upload token, or a JSON Web Token.
fn holds_token(line: &str) -> bool {
    let encoded = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let uploads = line.split("pypi-").skip(1);
    let is_long = |rest: &str| rest.chars().take_while(|c| encoded(*c)).count() >= 85;
    let is_jwt = |word: &str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| part.len() > 20) && word.starts_with("eyJ")
    };
    uploads.into_iter().any(is_long) || line.split(|c: char| !(encoded(c) || c == '.')).any(is_jwt)
}

#[test]
fn a_token_is_known_where_it_is_shown() {
    let upload = format!("pypi-{}", "Ag-E_".repeat(20));
    let part = "abcdefghijklmnopqrstuvwxyz";
    let jwt = format!("eyJ{part}.eyJ{part}.{part}");
    for shown in [upload.as_str(), &jwt] {
        assert!(holds_token(&format!("the token is \"{shown}\"")), "{shown}");
        assert!(!holds_token(&shown[..20]), "{shown}");
    }
    assert!(!holds_token(
        "publishing asf-pypi-publish at docs/rules.md#x"
    ));
}

/// `name<<DELIMITER`, the value's lines, `DELIMITER`: as the runner reads it.
pub fn read_outputs(text: &str) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect("name<<DELIMITER");
        let value: Vec<&str> = lines
            .by_ref()
            .take_while(|line| *line != delimiter)
            .collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}
