// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The table of inputs: the action's `with:` and the command line's flags are
//! the same rows.
//!
//! Decides which inputs there are, what each means when it is not given, and
//! how the raw strings are collected. Decides nothing about their values:
//! that is `plan`'s.

mod help;
mod pairs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use crate::context::Context;
use crate::rules::{Finding, Rule};

/// How an input is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Word,
    /// One value a line; on the command line the flag may be repeated.
    Lines,
    /// `true` or `false`; on the command line the bare flag means `true`.
    Flag,
    /// `true`, `false` or one of some words; otherwise as [`Self::Flag`].
    Choice,
    /// A whole number, or the default's word.
    Number,
    /// One value that nobody may see; action.yml gives the job's own token.
    Secret,
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name: `with: name`, `--name`, `INPUT_NAME`.
    pub name: &'static str,
    /// How it is written.
    pub shape: Shape,
    /// The word that stands for "not given", also the default in action.yml
    /// (but see [`Row::action_default`]); none for an input that must be given. Never empty, since an empty
    /// value is always an error.
    pub default: Option<&'static str>,
    /// What it means, one line; also the description in action.yml.
    pub meaning: &'static str,
}

impl Row {
    /// The default in action.yml: the word, but for a secret, which a runner
    /// has and a command line has not.
    pub const fn action_default(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Secret => Some("${{ github.token }}"),
            _ => self.default,
        }
    }
}

macro_rules! table {
    ($( $name:literal $shape:ident $default:expr, $meaning:literal; )+) => {
        /// Every input, in the order of the documentation.
        pub const TABLE: &[Row] = &[ $( Row {
            name: $name, shape: Shape::$shape, default: $default, meaning: $meaning,
        }, )+ ];
    };
}

table! {
    "mode" Word Some("verify"),
        "What to do: `verify`, `publish`, `check` what an index serves, `check-receipt`, or `doctor`, which looks at the workflows, `.asf.yaml`, the index and KEYS, and sends nothing.";
    "config" Word Some("none"),
        "Path of a YAML file in the checkout that holds inputs; `none`: no file.";
    "release" Word Some("none"),
        "Which of the releases that the `config` file names; `none`: it names none.";
    "source" Word Some("none"),
        "URL of the directory that holds the artifacts (it is read recursively), or a local directory; `none`: not given here, so the `config` file must say it.";
    "area" Word Some("derived"),
        "`release` or `dev`, only where the source cannot say it (a local directory); `derived`: the source says it.";
    "revision" Number Some("head"),
        "Subversion revision to read the source at; `head`: the newest one, resolved once.";
    "keys" Lines Some("derived"),
        "URLs or paths of KEYS files, one a line; `derived`: the project's KEYS in the ASF release area.";
    "signers" Lines Some("any"),
        "Fingerprints of the keys that may sign, one a line; `any`: every key of KEYS.";
    "projects" Lines Some("none"),
        "Names or globs of the projects that may be published, one a line; `none`: not named, which `publish` refuses.";
    "version" Word Some("any"),
        "The version that every distribution must have; `any`: whatever it is.";
    "require" Lines Some("none"),
        "What each version of a project must have, one `PROJECT: sdist, wheel` a line; PROJECT is a name, a glob or `every-project`, and `6 wheels` means exactly six; `none`: nothing is required.";
    "include" Lines Some("any"),
        "Globs on paths relative to the source that select artifacts, one a line (`*` crosses `/`); `any`: everything.";
    "exclude" Lines Some("none"),
        "Globs on paths that are left out, one a line; `none`: nothing is.";
    "waive" Lines Some("none"),
        "Rules to soften, one `rule-id glob reason` a line; always printed; `none`: no rule.";
    "index" Word Some("pypi"),
        "`pypi`, `testpypi`, or the base URL of an index of your own.";
    "upload-url" Word Some("derived"),
        "Upload URL of an index of your own; `derived`: `legacy/` below its base.";
    "expected-digest" Word Some("none"),
        "The release digest that must come out, or `any`; `publish` to `pypi` demands one of the two; `none`: not given.";
    "shard" Word Some("whole"),
        "Which part of the projects this job takes, such as `2/5`: the second of five (at most 20); demands `revision` and `expected-digest`, which all shards share; `whole`: all of them.";
    "shards" Number Some("20"),
        "How many jobs the output `matrix` starts at most (1 to 20); never more than there are projects.";
    "approval" Word Some("derived"),
        "Whether somebody else must have approved the run: `required`, `recorded` (told, and a warning where it is not so) or `off`; `derived`: `required` for PyPI, `recorded` for every other index.";
    "github-token" Secret Some("none"),
        "The token that reads the approval from GitHub's API and goes nowhere else; it needs `actions: read`. In a workflow it is the job's own; `none`: nobody is asked.";
    "attestations" Choice Some("derived"),
        "Whether each new file gets an attestation (PEP 740): `true`, `false`, or `best-effort`, which publishes without them where Sigstore fails; `derived`: `true` for PyPI and TestPyPI, otherwise `false`.";
    "sigstore" Word Some("public"),
        "Whose Sigstore makes and proves attestations: `public`, `staging`, or the path of a client trust configuration for an index of your own.";
    "dry-run" Flag Some("false"),
        "Everything but the token and the upload.";
    "compare-downloads" Flag Some("false"),
        "Whether to download every file from the index in the end and compare its bytes.";
    "concurrency" Number Some("4"),
        "Uploads in flight, over all projects (1 to 32).";
    "max-files" Number Some("5000"),
        "The most files and folders that the source may hold.";
    "max-file-size" Word Some("2 GiB"),
        "The most that one file may hold.";
    "max-total-size" Word Some("20 GiB"),
        "The most that all selected files may hold together.";
    "connect-timeout" Word Some("10 s"),
        "How long a server may take to accept a connection.";
    "idle-timeout" Word Some("60 s"),
        "How long a server may be silent.";
    "source-timeout" Word Some("2 h"),
        "How long the source and KEYS may take in all, with the verification.";
    "read-back-timeout" Word Some("300 s"),
        "How long the index may take to show every file after the upload.";
    "repository" Word Some("any"),
        "`OWNER/NAME` on GitHub: whose workflow must have attested each file (`check`) or signed the receipt (`check-receipt` demands it); `any`: whoever did is shown.";
    "workflow" Word Some("any"),
        "File name of that workflow, such as `publish.yml`; given with `repository`, or neither is; `any`: as there.";
    "receipt" Word Some("none"),
        "Path of the receipt that `check-receipt` checks; `none`: no receipt.";
    "workflow-files" Lines Some("all"),
        "For `doctor`: paths of the workflow files to look at, one a line; `all`: those of `.github/workflows` that use this action.";
    "report" Word Some("none"),
        "Path for the JSON report; `none`: no file.";
}

/// The outputs of the action, in the order of the documentation.
pub const OUTPUTS: [(&str, &str); 7] = [
    (
        "digest",
        "The release digest: it names the release wherever it lies.",
    ),
    (
        "revision",
        "The Subversion revision that was read; empty where the source has none.",
    ),
    (
        "matrix",
        "JSON for `strategy.matrix`, from `verify` or a dry run of `publish`: one `shard` for each job; one job where the release cannot be split, and empty where the source has no revisions.",
    ),
    (
        "published",
        "JSON list of what the index holds of this release: project, version, file, sha256, verdict.",
    ),
    (
        "links",
        "The pages of the published versions, sorted, one a line.",
    ),
    (
        "report",
        "The path of the JSON report; empty where none was asked for.",
    ),
    (
        "receipt",
        "The path of the signed receipt of what was published; empty where none was made.",
    ),
];

/// The raw values that were given, by name.
#[derive(Clone, Default)]
pub struct Inputs {
    given: BTreeMap<&'static str, String>,
    /// Where the file says the values that it gave, as `file:line:column`.
    places: BTreeMap<&'static str, String>,
}

impl fmt::Debug for Inputs {
    /// The names alone: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

/// What the process was asked.
#[derive(Debug)]
pub enum Request {
    /// `--help`: this text.
    Help(String),
    /// `--version`: this text.
    Version(String),
    /// A run with these inputs and with what was wrong with how they were given.
    Run(Inputs, Vec<Finding>),
    /// `migrate`: convert the file that these arguments name.
    Migrate(Vec<OsString>),
}

impl Inputs {
    /// Reads the command line, or, where there are no arguments, `INPUT_*`.
    pub fn read(context: &Context) -> Request {
        if context.args().is_empty() {
            let (inputs, problems) = Self::from_env(context);
            return Request::Run(inputs, problems);
        }
        // Only as the first word, so that no value can turn a run into none;
        // and `--version VALUE` is an input.
        let first = context.args().first();
        if first.is_some_and(|arg| arg == "--help" || arg == "-h") {
            return Request::Help(help::text());
        }
        if first.is_some_and(|arg| arg == "-V") || context.args() == ["--version"] {
            return Request::Version(format!("asf-pypi-publish {}\n", env!("CARGO_PKG_VERSION")));
        }
        if first.is_some_and(|arg| arg == "migrate") {
            return Request::Migrate(context.args().iter().skip(1).cloned().collect());
        }
        let (inputs, mut problems) = Self::from_args(context.args());
        // Half of the inputs would silently not count.
        if let Some((variable, _)) = context.all_env().find(|(name, _)| is_input(name)) {
            let expected = "arguments or `INPUT_*` variables, not both";
            let found = format!("arguments and `{variable}`");
            problems.push(Finding::new(Rule::InputIllegal, None, expected, found));
        }
        Request::Run(inputs, problems)
    }

    /// The value of an input: the one given, or the word that stands for none.
    /// A missing required input gives none.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.given
            .get(name)
            .map(String::as_str)
            .or_else(|| TABLE.iter().find(|row| row.name == name)?.default)
    }

    /// Whether an input was given here. One whose value is its default word
    /// was not: action.yml gives every input its default, so that a runner
    /// cannot tell the two apart.
    pub fn is_given(&self, name: &str) -> bool {
        let default = row(name).and_then(|row| row.default);
        self.given
            .get(name)
            .is_some_and(|value| Some(value.trim()) != default)
    }

    /// Takes a value of the configuration file, unless the input was given
    /// itself. `place` is `file:line:column`.
    pub fn fill(&mut self, row: &'static Row, value: &str, place: String) {
        if !self.is_given(row.name) {
            self.given.insert(row.name, value.to_owned());
            self.places.insert(row.name, place);
        }
    }

    /// Where the configuration file says the value of an input; none where
    /// the file did not say it or was overridden.
    pub fn place(&self, name: &str) -> Option<&str> {
        self.places.get(name).map(String::as_str)
    }

    fn from_env(context: &Context) -> (Self, Vec<Finding>) {
        let mut inputs = Self::default();
        let mut problems = Vec::new();
        for (variable, value) in context.all_env() {
            let Some(name) = variable.strip_prefix("INPUT_") else {
                continue;
            };
            let name = name.to_ascii_lowercase();
            match (row(&name), value.to_str()) {
                (None, _) => problems.push(unknown(&name)),
                (Some(row), None) => problems.push(not_text(row)),
                (Some(row), Some(value)) => inputs.take(row, value, &mut problems),
            }
        }
        (inputs, problems)
    }

    fn from_args(args: &[OsString]) -> (Self, Vec<Finding>) {
        let mut inputs = Self::default();
        let mut problems = Vec::new();
        let mut rest = args.iter().peekable();
        while let Some(arg) = rest.next() {
            let Some(arg) = arg.to_str() else {
                problems.push(Finding::new(
                    Rule::InputIllegal,
                    None,
                    "arguments in UTF-8",
                    format!("{}", arg.display()),
                ));
                continue;
            };
            let Some(flag) = arg.strip_prefix("--") else {
                match arg.strip_prefix('-') {
                    Some(short) => problems.push(unknown(short)),
                    None => inputs.take(inputs.bare_word(), arg, &mut problems),
                }
                continue;
            };
            let (name, attached) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            let Some(row) = row(name) else {
                problems.push(unknown(name));
                rest.next_if(|next| attached.is_none() && !is_flag(next));
                continue;
            };
            let value = match attached {
                Some(value) => Some(value),
                None if matches!(row.shape, Shape::Flag | Shape::Choice) => Some(
                    rest.next_if(|next| !is_flag(next) && !is_mode(next))
                        .map_or_else(|| "true".to_owned(), |next| next.display().to_string()),
                ),
                None => rest
                    .next_if(|next| !is_flag(next) && next.to_str().is_some())
                    .and_then(|next| next.to_str().map(str::to_owned)),
            };
            match value {
                Some(value) => inputs.take(row, &value, &mut problems),
                None => problems.push(Finding::new(
                    Rule::InputIllegal,
                    Some(row.name),
                    format!("--{} VALUE", row.name),
                    "no value",
                )),
            }
        }
        (inputs, problems)
    }

    /// What a word without a flag is: the mode, and after `check-receipt` the
    /// receipt.
    fn bare_word(&self) -> &'static Row {
        let is_check = self
            .given
            .get("mode")
            .is_some_and(|mode| mode == "check-receipt");
        row("receipt").filter(|_| is_check).unwrap_or(&TABLE[0])
    }

    /// Keeps a value. Empty is never unset: a mistyped expression gives an
    /// empty string and must not switch a check off.
    fn take(&mut self, row: &'static Row, value: &str, problems: &mut Vec<Finding>) {
        if value.trim().is_empty() {
            let word = row.default.map_or("a value".to_owned(), |word| {
                format!("a value, or `{word}`, the default")
            });
            problems.push(Finding::new(
                Rule::InputEmpty,
                Some(row.name),
                word,
                "an empty value",
            ));
            return;
        }
        if row.shape != Shape::Lines && value.trim().chars().any(char::is_control) {
            let (expected, found) = ("one line", "line breaks or control characters");
            problems.push(Finding::new(
                Rule::InputIllegal,
                Some(row.name),
                expected,
                found,
            ));
            return;
        }
        match self.given.get_mut(row.name) {
            None => {
                self.given.insert(row.name, value.to_owned());
            }
            Some(earlier) if row.shape == Shape::Lines => {
                earlier.push('\n');
                earlier.push_str(value);
            }
            Some(_) => problems.push(Finding::new(
                Rule::InputIllegal,
                Some(row.name),
                "one value",
                "two values",
            )),
        }
    }
}

/// The input of this name.
pub(crate) fn row(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

fn is_flag(arg: &OsString) -> bool {
    arg.to_str().is_some_and(|arg| arg.starts_with("--"))
}

/// Whether a variable holds an input: others may begin alike, such as a
/// desktop's `INPUT_METHOD`.
fn is_input(variable: &str) -> bool {
    variable
        .strip_prefix("INPUT_")
        .is_some_and(|name| row(&name.to_ascii_lowercase()).is_some())
}

/// A word that can only be the mode: after a bare flag it is no value of it.
fn is_mode(arg: &OsString) -> bool {
    let modes = ["verify", "publish", "check", "check-receipt", "doctor"];
    modes.iter().any(|mode| arg == mode)
}

fn not_text(row: &Row) -> Finding {
    Finding::new(
        Rule::InputIllegal,
        Some(row.name),
        "text in UTF-8",
        "other bytes",
    )
}

fn unknown(name: &str) -> Finding {
    let nearest = nearest(name, TABLE.iter().map(|row| row.name));
    Finding::new(
        Rule::InputUnknown,
        Some(name),
        nearest.map_or_else(
            || "an input of the table".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        ),
        format!("`{name}`"),
    )
}

/// The candidate that is most like the word, if any is like it at all.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
