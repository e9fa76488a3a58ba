// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One file per mode, each the story in its order, and the front door.

mod approval;
mod attest;
mod attested;
mod cancel;
mod check;
mod check_receipt;
mod cover;
mod doctor;
mod examine;
mod find;
mod in_time;
mod judging;
mod lists;
mod migrate;
#[expect(clippy::disallowed_methods, reason = "waits for the index")]
mod provenance;
mod publish;
mod read_back;
mod receipt;
mod shards;
#[expect(clippy::disallowed_methods, reason = "waits for the index")]
mod tokens;
mod told;
mod trust;
mod upload;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::attest::{Publisher, Trust};
use crate::config;
use crate::context::Context;
use crate::endpoints::PROJECT_PAGE;
use crate::github::log;
use crate::github::oidc::RequestCredentials;
use crate::github::runner::{self, Runner, RunnerError};
use crate::http::{Client, ClientOptions};
use crate::inputs::Inputs;
use crate::plan::{self, Attestations, Mode, Plan, Waived};
use crate::report::doctor::Checkup;
use crate::report::{ConfigRow, Outcome, Report, mail, markdown, text};
use crate::rules::{Exit, Finding, Rule};

pub use cancel::Cancellation;
pub use migrate::migrate;

/// What every step of a run needs.
struct Run<'a> {
    context: &'a Context,
    plan: &'a Plan,
    runner: &'a Runner,
    client: Client,
    /// What proves attestations.
    sigstore: Arc<Trust>,
    /// The workflow that publishes, as the job's environment says it; none
    /// where it does not, and where the release is only verified: whoever
    /// verifies it need not be who publishes it.
    publisher: Option<Publisher>,
    cancelled: Cancellation,
    report: Report,
}

impl Run<'_> {
    /// Verifies the release; that is all.
    async fn only_verify(&mut self) {
        let cancelled = self.cancelled.clone();
        if cancelled.unless(self.examine_in_time()).await.is_none() {
            self.report.note([cancel::finding()]);
        }
    }

    /// A waiver that softens nothing is stale or misspelt.
    fn note_unused_waivers(&mut self, used: &[Waived], of: impl Fn(Rule) -> bool) {
        let unused = self.plan.waivers.unused(used, of);
        self.report.note(unused.map(|waiver| {
            Finding::new(
                Rule::GlobUnused,
                Some("waive"),
                "a waiver that softens a refusal",
                format!("`{waiver}`"),
            )
        }));
    }
}

/// Does what the inputs ask and tells the story: log, annotations, outputs,
/// job summary and JSON report. Never panics on anything from outside. A run
/// that is cancelled ends early, and says how far it came.
pub async fn run(
    context: &Context,
    inputs: &Inputs,
    mut problems: Vec<Finding>,
    cancelled: Cancellation,
) -> Report {
    let runner = Runner::new(context);
    log::log_to_stderr(context);
    if inputs
        .value("mode")
        .is_some_and(|mode| mode.trim() == "doctor")
    {
        let report = doctor::doctor(context, inputs, problems, &runner, cancelled).await;
        return finish(&runner, inputs, report, Outcome::Ready);
    }
    let mut inputs = inputs.clone();
    let (config, is_known) = match read_config(context, &mut inputs, &problems) {
        Ok(row) => (row, true),
        Err(found) => {
            problems.extend(found);
            (None, false)
        }
    };
    let inputs = &inputs;
    let mut report = match read_plan(inputs, problems, is_known) {
        Ok(plan) => carry_out(context, &plan, &runner, cancelled).await,
        Err(mut problems) => {
            problems.extend(missing_id_token(context, inputs));
            let mut report = Report::new(inputs.value("mode").unwrap_or_default().trim());
            report.note(problems);
            report
        }
    };
    report.config = config;
    let is = |mode: Mode| report.mode == mode.word();
    let good = match report.dry_run {
        true if is(Mode::Publish) => Outcome::DryRun,
        false if is(Mode::Publish) => Outcome::Published,
        _ if is(Mode::Check) || is(Mode::CheckReceipt) => Outcome::Checked,
        _ => Outcome::Verified,
    };
    finish(&runner, inputs, report, good)
}

/// Closes the report, and tells it.
fn finish(runner: &Runner, inputs: &Inputs, mut report: Report, good: Outcome) -> Report {
    report.close(good);
    let is_refused = |finding: &Finding| finding.path.as_deref() == Some("report");
    let path = plan::report_path(inputs).filter(|_| {
        let mut inputs = report.findings.iter();
        !inputs.any(|finding| finding.rule == Rule::InputIllegal && is_refused(finding))
    });
    tell(runner, &mut report, path.as_deref());
    report
}

/// What a publishing job lacks is told together with what is wrong with its
/// inputs, not in the next run.
fn missing_id_token(context: &Context, inputs: &Inputs) -> Option<Finding> {
    let is = |name, word| inputs.value(name).is_some_and(|value| value.trim() == word);
    if !is("mode", Mode::Publish.word()) || is("dry-run", "true") {
        return None;
    }
    credentials(context).err()
}

/// What the runner gives to ask for identity tokens.
fn credentials(context: &Context) -> Result<RequestCredentials, Finding> {
    let url = context.env("ACTIONS_ID_TOKEN_REQUEST_URL");
    let token = context.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    RequestCredentials::new(url, token).map_err(|why| why.finding())
}

/// Fills in what the configuration file says; gives what came from it, if
/// there is one.
fn read_config(
    context: &Context,
    inputs: &mut Inputs,
    problems: &[Finding],
) -> Result<Option<ConfigRow>, Vec<Finding>> {
    // Then the file that was meant, or the release, is not known.
    let is_unknown = |problem: &Finding| {
        let path = problem.path.as_deref();
        path == Some("config") || path == Some("release")
    };
    if problems.iter().any(is_unknown) {
        return Err(Vec::new());
    }
    let workspace = context
        .env("GITHUB_WORKSPACE")
        .filter(|path| !path.is_empty())
        .unwrap_or(".");
    config::fill(Path::new(workspace), inputs)
}

/// The plan, or every problem of every input. Where the configuration file
/// could not be read, what it may have said is not held against the inputs.
fn read_plan(
    inputs: &Inputs,
    mut problems: Vec<Finding>,
    config_known: bool,
) -> Result<Plan, Vec<Finding>> {
    let is_known = |problem: &Finding| {
        let name = problem.path.as_deref().unwrap_or_default();
        config_known || inputs.is_given(name) || config::NOT_IN_A_FILE.contains(&name)
    };
    match Plan::read(inputs) {
        Ok(plan) if problems.is_empty() => Ok(plan),
        Ok(_) => Err(problems),
        Err(more) => {
            // An input whose writing was already refused is not refused for
            // its absence too.
            let told: Vec<Option<String>> = problems
                .iter()
                .map(|problem| problem.path.clone())
                .collect();
            let more = more
                .into_iter()
                .filter(|problem| !told.contains(&problem.path) && is_known(problem))
                .map(|problem| with_place(inputs, problem));
            problems.extend(more);
            Err(problems)
        }
    }
}

/// Where the configuration file says what is wrong, if it does.
fn with_place(inputs: &Inputs, mut problem: Finding) -> Finding {
    if let Some(place) = problem.path.as_deref().and_then(|name| inputs.place(name)) {
        problem.found = format!("{}, at {place}", problem.found);
    }
    problem
}

async fn carry_out(
    context: &Context,
    plan: &Plan,
    runner: &Runner,
    cancelled: Cancellation,
) -> Report {
    let mut report = Report::new(plan.mode.word());
    report.source = Some(plan.source.shown());
    report.area = plan.area.map(|area| area.to_string());
    report.dry_run = plan.dry_run;
    report.attests = plan.attestations != Attestations::Off;
    report.expected_digest = plan.expected_digest;
    let written = plan.report.iter().cloned().chain(receipt::path(plan));
    for path in written {
        if let Err(why) = runner::check_report(&path) {
            let (rule, found) = (Rule::InputIllegal, why.to_string());
            let expected = "a file in a folder that is there";
            report.note([Finding::new(rule, Some("report"), expected, found)]);
            return report;
        }
    }
    let attests = plan.mode == Mode::Publish && plan.attestations != Attestations::Off;
    let sigstore = match trust::load(&plan.sigstore, attests.then(|| context.now())) {
        Ok(sigstore) => sigstore,
        Err(refusal) => {
            report.note([refusal]);
            return report;
        }
    };
    if attests {
        report.sigstore = Some(trust::row(&sigstore, context.now()));
    }
    let client = match Client::new(&ClientOptions {
        user_agent: user_agent(context),
        connect_timeout: plan.timeouts.connect,
        idle_timeout: plan.timeouts.idle,
    }) {
        Ok(client) => client,
        Err(why) => {
            let expected = "a working TLS set-up (CA certificates)";
            report.note([Finding::new(
                Rule::Internal,
                None,
                expected,
                why.to_string(),
            )]);
            return report;
        }
    };
    if let Some(token) = &plan.github_token {
        runner.mask(token.expose());
    }
    let mut run = Run {
        context,
        plan,
        runner,
        client,
        sigstore: Arc::new(sigstore),
        publisher: match plan.mode {
            Mode::Verify | Mode::Check | Mode::CheckReceipt => None,
            Mode::Publish => trust::publisher_of_job(context),
        },
        cancelled,
        report,
    };
    match plan.mode {
        Mode::Verify => run.only_verify().await,
        Mode::Publish => run.publish().await,
        Mode::Check => run.check().await,
        Mode::CheckReceipt => run.check_receipt().await,
    }
    run.report
}

/// Names the action, its version and the repository that calls it, so that
/// the ASF's administrators know whom to ask.
fn user_agent(context: &Context) -> String {
    let caller = context.env("GITHUB_REPOSITORY").unwrap_or("no repository");
    let caller: String = caller
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-/ ".contains(*c))
        .collect();
    format!(
        "asf-pypi-publish/{} ({PROJECT_PAGE}; {caller})",
        env!("CARGO_PKG_VERSION")
    )
}

/// The end of the story. What cannot be written becomes a finding itself.
fn tell(runner: &Runner, report: &mut Report, path: Option<&Path>) {
    {
        let _group = runner.group("Result");
        for line in text::facts(report) {
            runner.log(&line);
        }
        for line in report.checkup.iter().flat_map(Checkup::lines) {
            runner.log(&line);
        }
    }
    let mail = mail::lines(report);
    if !mail.is_empty() {
        let _group = runner.group("Text for a mail");
        for line in &mail {
            runner.log(line);
        }
    }
    runner.findings(&report.findings);
    // The report comes last, so that it holds what went wrong before it.
    let summary = runner.summary(&markdown::summary(report));
    note_unwritable(runner, report, summary);
    let outputs = runner.outputs(&outputs(report, path));
    note_unwritable(runner, report, outputs);
    if let Some(path) = path {
        let written = write_report(path, report);
        note_unwritable(runner, report, written);
    }
    runner.annotate(&report.findings);
    runner.log(&text::outcome(report));
}

fn write_report(path: &Path, report: &Report) -> Result<(), RunnerError> {
    let json = serde_json::to_string_pretty(report).map_err(|why| RunnerError::Write {
        path: path.display().to_string(),
        source: why.into(),
    })?;
    runner::write_report(path, &json)
}

/// What could not be written is told at once, and counts for the exit status.
fn note_unwritable(runner: &Runner, report: &mut Report, written: Result<(), RunnerError>) {
    let Err(why) = written else { return };
    let expected = "a file that can be written";
    let finding = Finding::new(Rule::ReportUnwritable, None, expected, why.to_string());
    runner.findings(std::slice::from_ref(&finding));
    report.note([finding]);
    report.close(report.outcome);
}

fn outputs(report: &Report, path: Option<&Path>) -> Vec<(&'static str, String)> {
    let published = serde_json::to_string(&report.published()).unwrap_or_else(|_| "[]".to_owned());
    // A dry run may refuse after the release was found whole.
    let matrix = report.matrix.clone().filter(|_| !report.refused());
    vec![
        ("digest", report.digest.clone().unwrap_or_default()),
        (
            "revision",
            report
                .revision
                .map_or(String::new(), |revision| revision.to_string()),
        ),
        ("matrix", matrix.unwrap_or_default()),
        ("published", published),
        ("links", report.links.join("\n")),
        (
            "report",
            path.map_or(String::new(), |path| path.display().to_string()),
        ),
        (
            "receipt",
            report
                .receipt
                .as_ref()
                .map_or(String::new(), |receipt| receipt.path.clone()),
        ),
    ]
}

/// The exit status of a closed report.
pub fn exit(report: &Report) -> Exit {
    [Exit::Done, Exit::Verdict, Exit::Inputs]
        .into_iter()
        .find(|exit| exit.code() == report.exit)
        .unwrap_or(Exit::Outside)
}

/// How long to wait between two looks at an index that lags.
const POLL: Duration = Duration::from_secs(2);
