// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The frame of a publishing job: what starts it, where it runs, which
//! environment guards it, and what happens when two runs meet.

use super::at;
use super::expression::{is_opaque, references};
use super::permissions::has_id_token;
use super::workflow::{Job, Word, Workflow};
use crate::config::yaml::Place;
use crate::plan::ApprovalLevel;
use crate::rules::{Finding, Rule, Severity};

/// The event by which a person names a release and its digest.
const BY_HAND: &str = "workflow_dispatch";
/// Events that anybody can cause who may read the repository, directly or by
/// a run that such an event starts.
const BY_ANYBODY: [&str; 13] = [
    "check_run",
    "check_suite",
    "discussion",
    "discussion_comment",
    "fork",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "status",
    "watch",
    "workflow_run",
];

/// What starts a publishing workflow.
pub(super) fn triggers(workflow: &Workflow) -> Vec<Finding> {
    let told = |trigger: &super::workflow::Trigger| {
        let event = trigger.event.text.as_str();
        let path = at(workflow, trigger.event.place);
        let found = format!("`{event}`");
        if event == "pull_request_target" {
            let expected = "another event: no index takes `pull_request_target`, and the ASF forbids it where there is a token";
            return Some(Finding::new(
                Rule::WorkflowTrigger,
                Some(&path),
                expected,
                found,
            ));
        }
        if event == "workflow_call" {
            let only = workflow.triggers.len() == 1;
            let expected = "a workflow that is started itself";
            let found = "`workflow_call`, which makes it a part of another one";
            let finding = Finding::new(Rule::WorkflowReusable, Some(&path), expected, found);
            return Some(if only { finding } else { finding.as_warning() });
        }
        (event != BY_HAND).then(|| {
            let expected = "`workflow_dispatch`, where a person names the release and its digest";
            if BY_ANYBODY.contains(&event) {
                let found = format!("{found}, which anybody can cause");
                return Finding::new(Rule::WorkflowTrigger, Some(&path), expected, found)
                    .as_warning();
            }
            let mut finding = Finding::new(Rule::WorkflowTrigger, Some(&path), expected, found);
            finding.severity = Severity::Note;
            finding
        })
    };
    workflow.triggers.iter().filter_map(told).collect()
}

/// A job that hands its identity tokens to a reusable workflow of elsewhere.
pub(super) fn reusable(workflow: &Workflow, job: &Job) -> Option<Finding> {
    let uses = job.uses.as_ref()?;
    let is_local = uses.text.starts_with("./");
    (!is_local && has_id_token(workflow, job)).then(|| {
        let path = at(workflow, uses.place);
        let expected = "a publishing job in this repository's own workflow";
        let found = format!("`id-token: write` for `{}`", uses.text);
        Finding::new(Rule::WorkflowReusable, Some(&path), expected, found).as_warning()
    })
}

/// Container actions run on Linux alone; and what publishes, or decides what
/// is published, runs on a machine of GitHub's, which is new for each job.
pub(super) fn runner(workflow: &Workflow, job: &Job, decides: bool) -> Option<Finding> {
    let other = |label: &str| {
        let label = label.to_ascii_lowercase();
        label.starts_with("windows") || label.starts_with("macos")
    };
    let tell = |word: &Word, expected: &str| {
        let path = at(workflow, word.place);
        let found = format!("`{}`", word.text);
        Finding::new(Rule::WorkflowRunner, Some(&path), expected, found)
    };
    if let Some(label) = job.runs_on.iter().find(|label| other(&label.text)) {
        return Some(tell(label, "a runner with Linux"));
    }
    if !decides {
        return None;
    }
    let own = job.runs_on.iter().find(|label| !is_of_github(&label.text));
    let expected =
        "a runner of GitHub's, such as `ubuntu-latest`, on which nobody else's job ran before";
    let own = own.or(job.runner_group.as_ref());
    own.map(|word| tell(word, expected).as_warning())
}

/// Whether this is a label of a machine that GitHub lends for one job: what is
/// known only on the day may be any.
fn is_of_github(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let kind = label.strip_prefix("ubuntu-").unwrap_or_default();
    let kind = kind.strip_suffix("-arm").unwrap_or(kind);
    let is_version = |kind: &str| {
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|it| it.is_ascii_digit());
        kind.split_once('.')
            .is_some_and(|(a, b)| digits(a) && digits(b))
    };
    matches!(kind, "latest" | "slim") || is_version(kind)
}

/// What differs from run to run, so that a group with it holds one run.
const OF_ONE_RUN: [&str; 3] = ["run_attempt", "run_id", "run_number"];

/// Two runs follow one another, and none ends another half-way.
pub(super) fn concurrency(workflow: &Workflow, job: &Job) -> Option<Finding> {
    let expected = "`concurrency:` with a `group` and `cancel-in-progress: false`";
    let both = [&job.concurrency, &workflow.concurrency];
    let mut there = both.into_iter().flatten().peekable();
    if there.peek().is_none() {
        let path = at(workflow, job.id.place);
        let found = "no concurrency group";
        return Some(Finding::new(
            Rule::WorkflowConcurrency,
            Some(&path),
            expected,
            found,
        ));
    }
    if let Some((place, found)) = no_group(job, workflow) {
        let path = at(workflow, place);
        let rule = Rule::WorkflowConcurrency;
        return Some(Finding::new(rule, Some(&path), expected, found));
    }
    let cancels = there.find_map(|it| it.cancels.as_ref().filter(|word| word.text != "false"))?;
    let path = at(workflow, cancels.place);
    let found = format!("`cancel-in-progress: {}`", cancels.text);
    Some(Finding::new(
        Rule::WorkflowConcurrency,
        Some(&path),
        expected,
        found,
    ))
}

/// Why the groups that are there keep no two runs apart, or too much: each
/// holds one run alone, or the job's own holds its shards too, of which GitHub
/// lets one wait and cancels the others.
fn no_group(job: &Job, workflow: &Workflow) -> Option<(Place, String)> {
    let has = |group: &str, context: &str, parts: &[&str]| {
        let mut names = references(group).into_iter();
        names.any(|name| {
            let part = name.get(1).map_or("", String::as_str);
            name[0] == context && (parts.is_empty() || parts.contains(&part))
        })
    };
    let both = [&job.concurrency, &workflow.concurrency];
    let there = both.into_iter().flatten();
    let mut groups = there.map(|it| (it.place, it.group.as_deref().unwrap_or_default()));
    let (place, group) = groups.next()?;
    let is_alone = |group: &str| has(group, "github", &OF_ONE_RUN);
    if is_alone(group) && groups.all(|(_, group)| is_alone(group)) {
        return Some((
            place,
            format!("`group: {group}`, in which each run is alone"),
        ));
    }
    let is_own = job.concurrency.is_some() && job.strategy.is_some();
    (is_own && !has(group, "matrix", &[])).then(|| {
        (
            place,
            format!(
                "`group: {group}` for all jobs of the matrix, of which GitHub cancels all but two"
            ),
        )
    })
}

/// The job runs in an environment.
pub(super) fn environment(
    workflow: &Workflow,
    job: &Job,
    level: Option<ApprovalLevel>,
) -> Option<Finding> {
    if let Some(name) = &job.environment {
        return is_opaque(&name.text).then(|| {
            let path = at(workflow, name.place);
            let expected = "the name of the environment, written out";
            let found = format!("`{}`, which is known on the day", name.text.trim());
            Finding::new(Rule::EnvironmentUnknown, Some(&path), expected, found)
        });
    }
    let path = at(workflow, job.id.place);
    let expected = "`environment: pypi`, or another one with required reviewers";
    let found = format!("the job `{}` in none", job.id.text);
    let finding = Finding::new(Rule::EnvironmentMissing, Some(&path), expected, found);
    Some(match level {
        Some(ApprovalLevel::Required) | None => finding,
        Some(ApprovalLevel::Recorded | ApprovalLevel::Off) => finding.as_warning(),
    })
}

/// The name of the environment, where the file says it.
pub(super) fn environment_name(job: &Job) -> Option<&str> {
    let name = job.environment.as_ref()?;
    (!is_opaque(&name.text)).then_some(name.text.as_str())
}
