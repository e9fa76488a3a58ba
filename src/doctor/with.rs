// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a step gives this action: that a run would take it, as far as anybody
//! can know before, and where the release would go.

use std::collections::BTreeMap;

use super::expression::{is_opaque, references, replaced, sole};
use super::workflow::{Step, With, Workflow};
use super::{Checkout, Planned, at};
use crate::config::{self, Config};
use crate::inputs::{Inputs, row};
use crate::plan::{ApprovalLevel, IndexChoice, Outline, Plan};
use crate::rules::{Finding, Rule};

/// What actions of the old way took, none of which there is here.
const RETIRED: [&str; 6] = [
    "password",
    "user",
    "username",
    "token",
    "api-token",
    "packages-dir",
];

/// A step's values.
pub(super) struct Given<'a> {
    workflow: &'a Workflow,
    step: &'a Step,
    /// What is written out, by input.
    literal: BTreeMap<&'a str, String>,
    /// What is known only on the day.
    opaque: Vec<&'a str>,
}

impl<'a> Given<'a> {
    pub(super) fn read(workflow: &'a Workflow, step: &'a Step) -> Self {
        let mut given = Self {
            workflow,
            step,
            literal: BTreeMap::new(),
            opaque: Vec::new(),
        };
        for with in &step.with {
            let (name, value) = (with.name.text.as_str(), with.value.as_deref());
            match value {
                Some(value) if is_opaque(value) => {
                    if let Some(known) = known_part(name, value) {
                        given.literal.insert(name, known);
                    } else {
                        given.opaque.push(name);
                    }
                }
                // A token is told apart, and never shown.
                Some(_) if name == "github-token" => {}
                Some(value) => drop(given.literal.insert(name, value.to_owned())),
                None => {}
            }
        }
        given
    }

    /// The mode, where it is written out.
    pub(super) fn mode(&self) -> Option<&str> {
        if self.opaque.contains(&"mode") {
            return None;
        }
        Some(
            self.literal
                .get("mode")
                .map_or("verify", |mode| mode.trim()),
        )
    }

    /// Whether the step sends something, as far as anybody knows before.
    pub(super) fn publishes(&self) -> bool {
        let is_dry = self
            .literal
            .get("dry-run")
            .is_some_and(|it| it.trim() == "true");
        self.mode().is_none_or(|mode| mode == "publish") && !is_dry
    }

    /// Whether an input is known only on the day.
    pub(super) fn is_opaque(&self, name: &str) -> bool {
        self.opaque.contains(&name)
    }

    /// Nobody asks whether a release for PyPI was approved, or may not.
    pub(super) fn approval(&self, planned: &[Planned]) -> Option<Finding> {
        let to_pypi = |it: &&Planned| {
            let index = it.said.index.as_ref();
            matches!(index, None | Some(IndexChoice::Pypi)) || self.is_opaque("index")
        };
        let found = planned.iter().filter(to_pypi).find_map(|it| {
            if !it.is_approval_known {
                return Some("an expression, which is known on the day");
            }
            (it.said.approval == Some(ApprovalLevel::Off)).then_some("`off`")
        })?;
        let with = self.step.with.iter().find(|it| it.name.text == "approval");
        let path = at(
            self.workflow,
            with.map_or(self.step.place, |it| it.name.place),
        );
        let expected = "`required`, as it is without a word";
        Some(Finding::new(
            Rule::ApprovalOff,
            Some(&path),
            expected,
            found,
        ))
    }

    /// What a run would refuse, and the releases that the step may be for.
    pub(super) fn judge(
        &self,
        checkout: &Checkout<'_>,
        own: &Inputs,
    ) -> (Vec<Finding>, Vec<Planned>) {
        let mut findings: Vec<Finding> = self
            .step
            .with
            .iter()
            .flat_map(|it| self.shape(it))
            .collect();
        let pairs = || {
            self.literal
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
        };
        let (inputs, mut problems) = Inputs::from_pairs(pairs());
        let names = self.opaque.iter().map(|name| (*name, "x"));
        let unknown = Inputs::from_pairs(names).1.into_iter();
        problems.extend(unknown.filter(|it| it.rule == Rule::InputUnknown));
        let mut planned = Vec::new();
        let mut merged = own.clone();
        for (name, value) in pairs() {
            if let Some(row) = row(name) {
                merged.fill(row, value, String::new());
            }
        }
        let (configs, unreadable) = self.configs(checkout, &inputs);
        findings.extend(unreadable);
        for config in &configs {
            let mut inputs = inputs.clone();
            let mut merged = merged.clone();
            config.fill(&mut inputs);
            config.fill(&mut merged);
            problems.extend(self.illegal(&inputs, config.is_known));
            planned.push(Planned {
                outline: Outline::read(&merged).0,
                said: Outline::read(&inputs).0,
                index_known: own.is_given("index") || !self.is_opaque("index"),
                projects_known: own.is_given("projects") || !self.is_opaque("projects"),
                is_approval_known: !self.is_opaque("approval"),
            });
            findings.extend(
                problems
                    .drain(..)
                    .map(|problem| self.place(problem, &inputs)),
            );
        }
        let mut told: Vec<Finding> = Vec::new();
        for finding in findings {
            if !told.contains(&finding) {
                told.push(finding);
            }
        }
        (told, planned)
    }

    /// What is wrong with how a value is written.
    fn shape(&self, with: &With) -> Vec<Finding> {
        let name = with.name.text.as_str();
        let path = at(self.workflow, with.name.place);
        let mut findings = Vec::new();
        let value = with.value.as_deref();
        if value.is_none() {
            let expected = format!("`{name}`: text");
            findings.push(Finding::new(
                Rule::WorkflowInput,
                Some(&path),
                expected,
                "a list or a mapping, which GitHub takes from no workflow",
            ));
        }
        if with.reshaped {
            let expected = format!("`{name}`: quotes around the number");
            let found = format!(
                "`{}`, which GitHub writes in another form",
                value.unwrap_or_default()
            );
            findings.push(Finding::new(
                Rule::WorkflowInput,
                Some(&path),
                expected,
                found,
            ));
        }
        let value = value.unwrap_or_default();
        let secret = |expected: &str, found: String| {
            Finding::new(Rule::WorkflowSecret, Some(&path), expected, found)
        };
        if name == "github-token" && !is_opaque(value) && value.trim() != "none" {
            let expected = "no `github-token`, or `${{ github.token }}`";
            findings.push(secret(expected, "a value that stands in the file".to_owned()).advise(
                "Treat a token that stands in a file as stolen: revoke it. The job's own token is the default.",
            ));
        }
        let is_secret = |parts: &Vec<String>| parts.first().is_some_and(|it| it == "secrets");
        for parts in references(value).into_iter().filter(is_secret) {
            let own = parts
                .get(1)
                .is_some_and(|it| it.eq_ignore_ascii_case("GITHUB_TOKEN"));
            if !(own && name == "github-token") {
                let expected = format!("`{name}` without a secret");
                let finding = secret(&expected, format!("`{}`", parts.join(".")));
                // A token of one's own reads the approval just as well.
                findings.push(finding.as_warning());
            }
        }
        findings
    }

    /// What a run would say of these inputs.
    fn illegal(&self, inputs: &Inputs, config_known: bool) -> Vec<Finding> {
        let mut problems = match self.mode() {
            Some("doctor") => Outline::read(inputs).1,
            _ => Plan::read(inputs).err().unwrap_or_default(),
        };
        problems.retain(|problem| {
            let name = problem.path.as_deref().unwrap_or_default();
            let in_file = !config::NOT_IN_A_FILE.contains(&name) && !inputs.is_given(name);
            // What the day brings is not held against the file.
            !self.is_opaque(name) && (config_known || !in_file)
        });
        problems
    }

    /// The problem at its place in the workflow, or in the configuration file.
    fn place(&self, problem: Finding, inputs: &Inputs) -> Finding {
        let name = problem.path.clone().unwrap_or_default();
        let with = self.step.with.iter().find(|it| it.name.text == name);
        let place = with.map_or(self.step.place, |with| with.name.place);
        let in_file = inputs.place(&name).filter(|_| with.is_none());
        let path = in_file.map_or_else(|| at(self.workflow, place), str::to_owned);
        let mut finding = Finding::new(
            Rule::WorkflowInput,
            Some(&path),
            format!("`{name}`: {}", problem.expected),
            problem.found,
        );
        if problem.rule != Rule::InputIllegal {
            finding.action = problem.action;
        }
        if RETIRED.contains(&name.as_str()) {
            let advice = "Remove it, and the secret: this action has no password. Register the workflow as a trusted publisher of the project.";
            advice.clone_into(&mut finding.action);
        }
        finding
    }

    /// What is wrong with the configuration file, as a fault of the workflow: at
    /// its own line, or at the input that names it.
    fn of_config(&self, problem: Finding) -> Finding {
        let with = self.step.with.iter().find(|it| it.name.text == "config");
        let place = with.map_or(self.step.place, |with| with.name.place);
        let own = problem.path.filter(|_| problem.rule == Rule::ConfigIllegal);
        let path = own.unwrap_or_else(|| at(self.workflow, place));
        let expected = format!("`config`: {}", problem.expected);
        Finding::new(Rule::WorkflowInput, Some(&path), expected, problem.found)
            .advise(problem.action)
    }

    /// What the configuration file adds: once for each release that may be meant.
    fn configs(&self, checkout: &Checkout<'_>, inputs: &Inputs) -> (Vec<Filling>, Vec<Finding>) {
        let none = |is_known| Filling {
            settings: Vec::new(),
            is_known,
        };
        let word = |name: &str| {
            let value = inputs.value(name).map(str::trim);
            value.filter(|_| inputs.is_given(name)).map(str::to_owned)
        };
        if self.is_opaque("config") {
            return (vec![none(false)], Vec::new());
        }
        let Some(name) = word("config") else {
            return (vec![none(true)], Vec::new());
        };
        let read = (checkout.read_config)(&name).and_then(|bytes| Config::read(&name, &bytes));
        let config = match read {
            Ok(config) => config,
            Err(problems) => {
                let told = problems.into_iter().map(|it| self.of_config(it)).collect();
                return (vec![none(false)], told);
            }
        };
        let releases: Vec<Option<String>> = if self.is_opaque("release") {
            config
                .releases()
                .map(|name| Some(name.to_owned()))
                .collect()
        } else {
            vec![word("release")]
        };
        let mut fillings = Vec::new();
        let mut problems = Vec::new();
        for release in releases {
            match config.settings(release.as_deref()) {
                Ok(settings) => fillings.push(Filling {
                    settings: settings
                        .into_iter()
                        .map(|one| {
                            (
                                one.row.name,
                                one.value.clone(),
                                format!("{name}:{}", one.place),
                            )
                        })
                        .collect(),
                    is_known: true,
                }),
                Err(problem) => problems.push(self.place(problem, inputs)),
            }
        }
        if fillings.is_empty() {
            fillings.push(none(false));
        }
        (fillings, problems)
    }
}

/// What one release of the configuration file says: input, value and place.
struct Filling {
    settings: Vec<(&'static str, String, String)>,
    /// Whether the file, and the release, are known.
    is_known: bool,
}

impl Filling {
    fn fill(&self, inputs: &mut Inputs) {
        for (name, value, place) in &self.settings {
            if let Some(row) = row(name) {
                inputs.fill(row, value, place.clone());
            }
        }
    }
}

/// A source whose host and project are written out is known well enough:
/// `https://dist.apache.org/repos/dist/release/foo/${{ inputs.version }}/`.
fn known_part(name: &str, value: &str) -> Option<String> {
    if name != "source" || sole(value).is_some() {
        return None;
    }
    let (before, _) = value.split_once("${{")?;
    let segments = before.trim().strip_prefix("https://")?.matches('/').count();
    // The host, and as many folders as name a project on dist.apache.org.
    (segments >= 5).then(|| replaced(value.trim(), "x"))
}
