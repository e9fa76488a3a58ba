// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What would fail on the day of a release, looked at before: the workflows of
//! the checkout, `.asf.yaml`, the projects on the index, and KEYS.
//!
//! One file a question; each decides which rule is broken and where. Pure:
//! `commands::doctor` reads files and asks servers.

mod action;
pub mod asf_yaml;
mod beside;
mod config_file;
mod expression;
mod handover;
mod jobs;
pub mod keys;
mod outcome;
mod pair;
mod permissions;
mod pinning;
mod printer;
pub mod publishers;
mod shards;
mod shared;
mod source;
mod variables;
mod with;
pub mod workflow;

use std::collections::BTreeSet;

use pep440_rs::Version;

use crate::checksum::cut;
use crate::config::yaml::Place;
use crate::inputs::Inputs;
use crate::plan::{ApprovalLevel, Outline};
use crate::report::doctor::WorkflowRow;
use crate::rules::{Finding, Rule, Severity};
use action::{foreign, is_foreign, is_of_us, is_ours, names_us, steps};
use asf_yaml::Used;
use shared::Resident;
use with::Given;
use workflow::{Job, Step, Uses, Workflow};

/// How much of a foreign text is told, in characters.
const SHOWN: usize = 500;
/// A file of the checkout.
pub struct File {
    /// Its path in the checkout.
    pub path: String,
    /// Whether a person named it.
    pub is_named: bool,
    /// Its bytes, or what was expected and what was there instead.
    pub bytes: Result<Vec<u8>, (String, String)>,
}

/// Gives the bytes of a configuration file, or why it is not read.
pub type ReadConfig<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, Vec<Finding>>;

/// What is looked at.
pub struct Checkout<'a> {
    /// The workflow files.
    pub workflows: Vec<File>,
    /// Whether `./` is this very action.
    pub is_this_action: bool,
    /// Owner and name of the repository, where anything says it.
    pub repository: Option<(String, String)>,
    /// Reads a configuration file that a step names.
    pub read_config: ReadConfig<'a>,
}

/// A release that a step may be for.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What the inputs say of it.
    pub outline: Outline,
    /// What the step says by itself, whatever `doctor` was given.
    pub said: Outline,
    /// Whether the index is known before the day.
    pub index_known: bool,
    /// Whether the projects are.
    pub projects_known: bool,
    /// Whether the level of the approval is.
    pub is_approval_known: bool,
}

/// A publishing step, with the releases that it may be for.
#[derive(Clone, Debug)]
pub struct Target {
    /// The path of the workflow.
    pub workflow: String,
    /// `file:line:column` of the step.
    pub place: String,
    /// The name of its environment: empty for none; none where nobody knows it
    /// before the day.
    pub environment: Option<String>,
    /// One at least.
    pub planned: Vec<Planned>,
}

/// How a workflow names this action, and the version that it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// `file:line:column`.
    pub place: String,
    /// The version of the comment.
    pub version: Version,
}

/// What the workflows say.
#[derive(Default)]
pub struct Diagnosis {
    /// What is wrong, and where.
    pub findings: Vec<Finding>,
    /// The steps that use this action.
    pub rows: Vec<WorkflowRow>,
    /// The publishing ones.
    pub targets: Vec<Target>,
    /// The environments of those.
    pub environments: Vec<Used>,
    /// The versions that are named.
    pub pins: Vec<Pin>,
}

/// Looks at the workflows; `own` are the inputs of this run, which stand before
/// what a step gives.
pub fn diagnose(checkout: &Checkout<'_>, own: &Inputs) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let mut any_unreadable = false;
    let mut others = Vec::new();
    for file in &checkout.workflows {
        match read(file) {
            Ok(workflow) => {
                let uses_us = workflow
                    .jobs
                    .iter()
                    .any(|job| steps(checkout, job).next().is_some());
                let mut publishing = Vec::new();
                if uses_us || file.is_named {
                    publishing = diagnosis.look_at(checkout, own, &workflow);
                }
                let jobs = workflow.jobs.iter();
                let jobs = jobs.filter(|job| !publishing.contains(&job.id.text));
                others.extend(jobs.filter_map(|job| Resident::of(&workflow, job)));
            }
            Err(finding) => {
                any_unreadable |= finding.refuses();
                diagnosis.findings.push(finding);
            }
        }
    }
    if diagnosis.targets.is_empty() && !any_unreadable {
        let found = format!("{} workflows, and none that does", checkout.workflows.len());
        let expected = "a workflow with `mode: publish`";
        let finding = Finding::new(Rule::WorkflowMissing, None, expected, found);
        diagnosis.findings.push(finding);
    }
    let names = diagnosis.environments.iter().map(|it| it.name.as_str());
    let shared = shared::judge(names, &others);
    diagnosis.findings.extend(shared);
    diagnosis.findings.iter_mut().for_each(shorten);
    diagnosis
}

/// What stands in a file may be as long as the file.
fn shorten(finding: &mut Finding) {
    for text in [
        &mut finding.expected,
        &mut finding.found,
        &mut finding.action,
    ] {
        *text = cut(text, SHOWN);
    }
}

fn read(file: &File) -> Result<Workflow, Finding> {
    let unreadable = |path: &str, expected: &str, found: &str| {
        Finding::new(Rule::WorkflowUnreadable, Some(path), expected, found)
    };
    let bytes = file
        .bytes
        .as_ref()
        .map_err(|(expected, found)| unreadable(&file.path, expected, found))?;
    Workflow::read(&file.path, bytes).map_err(|why| {
        let path = format!("{}:{}", file.path, why.place);
        let mut finding = unreadable(&path, &why.expected, &why.found);
        // What does not name this action is nobody's concern here.
        if !file.is_named && !names_us(bytes) {
            finding.severity = Severity::Note;
        }
        finding
    })
}

/// `file:line:column`.
fn at(workflow: &Workflow, place: Place) -> String {
    format!("{}:{place}", workflow.path)
}

impl Diagnosis {
    /// Looks at a workflow; gives the names of the jobs that publish.
    fn look_at(
        &mut self,
        checkout: &Checkout<'_>,
        own: &Inputs,
        workflow: &Workflow,
    ) -> Vec<String> {
        self.findings.extend(permissions::top(workflow));
        let mut publishing = Vec::new();
        let handing = handover::jobs(workflow, &|step| is_of_us(checkout, step));
        for job in &workflow.jobs {
            let ours: Vec<(&Step, &Uses)> = steps(checkout, job).collect();
            let is_publishing = self.look_at_steps(checkout, own, workflow, job, &ours);
            if is_publishing {
                publishing.push(job.id.text.clone());
            } else {
                self.findings.extend(permissions::of_other(workflow, job));
            }
            let steps: Vec<&Step> = ours.iter().map(|(step, _)| *step).collect();
            if !ours.is_empty() {
                let told = outcome::judge(workflow, job, &steps, is_publishing);
                self.findings.extend(told);
            }
            // Who prints the digest says what is published.
            let hands_over = handing.contains(&job.id.text.to_ascii_lowercase());
            let decides = is_publishing || hands_over;
            if is_publishing && hands_over {
                self.findings.extend(pair::not_dry(workflow, job, &steps));
            }
            if decides {
                self.findings
                    .extend(variables::judge(workflow, job, &steps));
                let is_ours = |step: &Step| is_of_us(checkout, step);
                self.findings.extend(beside::judge(workflow, job, &is_ours));
            }
            self.findings.extend(jobs::reusable(workflow, job));
            if !ours.is_empty() {
                self.findings.extend(jobs::runner(workflow, job, decides));
            }
            let all = job
                .uses
                .iter()
                .chain(job.steps.iter().filter_map(|step| step.uses.as_ref()));
            for uses in all {
                let is_copy = is_ours(checkout, uses) || is_foreign(uses);
                self.findings
                    .extend(pinning::judge(workflow, uses, is_copy));
                self.findings.extend(foreign(workflow, uses));
            }
        }
        if !publishing.is_empty() {
            self.findings.extend(jobs::triggers(workflow));
        }
        publishing
    }

    /// Looks at the steps of a job that use this action; whether it publishes.
    fn look_at_steps(
        &mut self,
        checkout: &Checkout<'_>,
        own: &Inputs,
        workflow: &Workflow,
        job: &Job,
        ours: &[(&Step, &Uses)],
    ) -> bool {
        let is_ours = |step: &Step| is_of_us(checkout, step);
        let mut levels = Vec::new();
        let mut is_publishing = false;
        for (step, uses) in ours {
            let given = Given::read(workflow, step);
            let place = at(workflow, uses.place);
            self.rows.push(WorkflowRow {
                place: place.clone(),
                job: cut(&job.id.text, SHOWN),
                environment: job.environment.as_ref().map(|name| cut(&name.text, SHOWN)),
                mode: given.mode().map(|mode| cut(mode, SHOWN)),
                publishes: given.publishes(),
            });
            if let Some(version) = pinning::version(uses) {
                let place = place.clone();
                self.pins.push(Pin { place, version });
            }
            let (findings, planned) = given.judge(checkout, own);
            let is_digest_refused = findings
                .iter()
                .any(|it| it.expected.starts_with("`expected-digest`"));
            self.findings.extend(findings);
            self.findings.extend(handover::broken(workflow, job, step));
            self.findings
                .extend(config_file::judge(workflow, job, step));
            if !given.publishes() {
                continue;
            }
            is_publishing = true;
            let unseen = handover::digest(workflow, job, step, is_digest_refused, &is_ours);
            self.findings.extend(unseen);
            self.findings.extend(given.approval(&planned));
            let repository = checkout.repository.as_ref();
            self.findings
                .extend(source::judge(workflow, step, &planned, repository));
            self.findings
                .extend(shards::judge(workflow, job, step, &is_ours));
            levels.extend(planned.iter().map(of_approval));
            let environment = match (&job.environment, jobs::environment_name(job)) {
                (None, _) => Some(String::new()),
                (Some(_), name) => name.map(str::to_owned),
            };
            self.targets.push(Target {
                workflow: workflow.path.clone(),
                place,
                environment,
                planned,
            });
        }
        if is_publishing {
            let level = levels.into_iter().max_by_key(|it| weight(*it)).flatten();
            self.findings
                .extend(permissions::of_publishing(workflow, job, level));
            self.findings
                .extend(jobs::environment(workflow, job, level));
            self.findings.extend(jobs::concurrency(workflow, job));
            if let (Some(name), Some(word)) = (jobs::environment_name(job), &job.environment) {
                self.use_environment(name, level, at(workflow, word.place));
            }
        }
        is_publishing
    }

    /// Keeps an environment once, with the strictest that is asked of it.
    fn use_environment(&mut self, name: &str, level: Option<ApprovalLevel>, place: String) {
        let mut known = self.environments.iter_mut();
        match known.find(|it| it.name.eq_ignore_ascii_case(name)) {
            Some(used) if weight(level) > weight(used.level) => used.level = level,
            Some(_) => {}
            None => self.environments.push(Used {
                name: name.to_owned(),
                level,
                place,
            }),
        }
    }

    /// The environments that `.asf.yaml` does not name, of these findings on it.
    pub fn unnamed(&self, findings: &[Finding]) -> Vec<&str> {
        let places: BTreeSet<&str> = findings
            .iter()
            .filter(|it| it.rule == Rule::AsfYamlSilent)
            .filter_map(|it| it.path.as_deref())
            .collect();
        let unnamed = self
            .environments
            .iter()
            .filter(|it| places.contains(it.place.as_str()));
        unnamed.map(|it| it.name.as_str()).collect()
    }

    /// What is newer than this program, or than what a workflow says it uses.
    pub fn versions(&self, running: &Version, newest: &Version) -> Vec<Finding> {
        let old = |path: Option<&str>, version: &Version| {
            (version < newest).then(|| {
                let found = version.to_string();
                Finding::new(Rule::VersionOld, path, newest.to_string(), found)
            })
        };
        let pins = self
            .pins
            .iter()
            .filter_map(|pin| old(Some(&pin.place), &pin.version));
        pins.chain(old(None, running)).collect()
    }
}

/// The level of a release's approval; none where nobody knows it yet.
fn of_approval(planned: &Planned) -> Option<ApprovalLevel> {
    let known = planned.is_approval_known && planned.index_known;
    planned.outline.approval.filter(|_| known)
}

/// What nobody knows may be the strictest.
fn weight(level: Option<ApprovalLevel>) -> u8 {
    match level {
        Some(ApprovalLevel::Off) => 0,
        Some(ApprovalLevel::Recorded) => 1,
        Some(ApprovalLevel::Required) => 2,
        None => 3,
    }
}
