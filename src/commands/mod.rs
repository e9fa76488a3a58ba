// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One file per mode, each the story in its order, and the front door.

mod examine;
mod publish;
mod upload;

use std::path::Path;
use std::time::Duration;

use crate::context::Context;
use crate::endpoints::PROJECT_PAGE;
use crate::github::runner::{self, Runner};
use crate::http::{Client, ClientOptions};
use crate::inputs::Inputs;
use crate::plan::{self, Mode, Plan};
use crate::report::{Outcome, Report, markdown, text};
use crate::rules::{Exit, Finding, Rule};

/// What every step of a run needs.
struct Run<'a> {
    context: &'a Context,
    plan: &'a Plan,
    runner: &'a Runner,
    client: Client,
    report: Report,
}

/// Does what the inputs ask and tells the story: log, annotations, outputs,
/// job summary and JSON report. Never panics on anything from outside.
pub async fn run(context: &Context, inputs: &Inputs, problems: Vec<Finding>) -> Report {
    let runner = Runner::new(context);
    runner::log_to_stderr(context);
    let mode = inputs.value("mode").unwrap_or_default().to_owned();
    let mut report = match read_plan(inputs, problems) {
        Ok(plan) => carry_out(context, &plan, &runner).await,
        Err(problems) => {
            let mut report = Report::new(&mode);
            report.note(problems);
            report
        }
    };
    let good = match (mode.as_str(), report.dry_run) {
        ("publish", false) => Outcome::Published,
        ("publish", true) => Outcome::DryRun,
        _ => Outcome::Verified,
    };
    report.close(good);
    tell(&runner, &mut report, plan::report_path(inputs).as_deref());
    report
}

fn read_plan(inputs: &Inputs, mut problems: Vec<Finding>) -> Result<Plan, Vec<Finding>> {
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
            problems.extend(
                more.into_iter()
                    .filter(|problem| !told.contains(&problem.path)),
            );
            Err(problems)
        }
    }
}

async fn carry_out(context: &Context, plan: &Plan, runner: &Runner) -> Report {
    let mut report = Report::new(plan.mode.word());
    report.source = Some(plan.source.shown());
    report.area = plan.area.map(|area| area.to_string());
    report.dry_run = plan.dry_run;
    if let Some(path) = &plan.report
        && let Err(why) = runner::check_report(path)
    {
        let expected = "a file in a folder that is there";
        report.note([Finding::new(
            Rule::InputIllegal,
            Some("report"),
            expected,
            why.to_string(),
        )]);
        return report;
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
    let mut run = Run {
        context,
        plan,
        runner,
        client,
        report,
    };
    match plan.mode {
        Mode::Verify => drop(run.examine().await),
        Mode::Publish => run.publish().await,
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
    }
    runner.findings(&report.findings);
    let told = report.findings.len();
    write_files(runner, report, path);
    runner.findings(report.findings.get(told..).unwrap_or_default());
    runner.log(&text::outcome(report));
}

fn write_files(runner: &Runner, report: &mut Report, path: Option<&Path>) {
    let mut failures = Vec::new();
    if let Err(why) = runner.summary(&markdown::summary(report)) {
        failures.push(why);
    }
    if let Err(why) = runner.outputs(&outputs(report, path)) {
        failures.push(why);
    }
    if let Some(path) = path
        && let Err(why) = serde_json::to_string_pretty(report)
            .map_err(std::io::Error::from)
            .map_err(|source| runner::RunnerError::Write {
                path: path.display().to_string(),
                source,
            })
            .and_then(|json| runner::write_report(path, &json))
    {
        failures.push(why);
    }
    let outcome = report.outcome;
    report.note(failures.iter().map(|why| {
        Finding::new(
            Rule::ReportUnwritable,
            None,
            "a file that can be written",
            why.to_string(),
        )
    }));
    if !failures.is_empty() {
        report.close(outcome);
    }
}

fn outputs(report: &Report, path: Option<&Path>) -> Vec<(&'static str, String)> {
    let published = serde_json::to_string(&report.published()).unwrap_or_else(|_| "[]".to_owned());
    vec![
        ("digest", report.digest.clone().unwrap_or_default()),
        (
            "revision",
            report
                .revision
                .map_or(String::new(), |revision| revision.to_string()),
        ),
        ("published", published),
        ("links", report.links.join("\n")),
        (
            "report",
            path.map_or(String::new(), |path| path.display().to_string()),
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
