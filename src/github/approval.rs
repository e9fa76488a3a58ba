// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether two people stand behind a run: what GitHub said of it, held against
//! what an approval must be.
//!
//! Decides what of the run and its workflow refuses; what of the environment is
//! `protection`'s, which review counts `reviews`', and which answer is of this
//! job at all `held`'s.
//! Can only stop a run: that the job may publish is for the index to say. Pure.

mod held;
mod protection;
mod reviews;

#[cfg(test)]
mod tests;

use protection::{protection, refs};
use reviews::{Starters, approval, rejections, reviews};

use super::api::ApiError;
use super::claims::UnverifiedClaims;
use super::environment::{Environment, Review, Reviewer, User, WorkflowRun};
use super::pinning::{self, Uses};
use crate::endpoints::ACTION;
use crate::http::sanitise;
use crate::plan::ApprovalLevel;
use crate::report::approval::{ApprovalRow, RunRow};
use crate::rules::{Finding, Rule};

/// How much of a foreign name is shown, in bytes.
const NAME: usize = 256;
/// How many of the patterns, reviewers or `uses:` are kept.
const MOST: usize = 50;

/// What was asked, and what GitHub answered.
#[derive(Debug)]
pub struct Answers {
    /// What the identity token says of the job.
    pub claims: UnverifiedClaims,
    /// The job's environment; none where it has none.
    pub environment: Option<Result<Environment, ApiError>>,
    /// Which branches and tags fit, where the environment has patterns.
    pub patterns: Option<Result<Vec<String>, ApiError>>,
    /// The reviews of the run.
    pub reviews: Result<Vec<Review>, ApiError>,
    /// The run.
    pub run: Result<WorkflowRun, ApiError>,
    /// The text of the workflow file.
    pub workflow: Result<String, ApiError>,
    /// When, RFC 3339 in UTC.
    pub read_at: String,
}

/// Judges the answers. Under `recorded` nothing refuses.
pub fn judge(level: ApprovalLevel, answers: Answers) -> (ApprovalRow, Vec<Finding>) {
    let answers = &held::held(answers);
    let environment = answers.environment.as_ref().and_then(ok);
    let starters = Starters::of(answers);
    let reviews = reviews(answers, environment, &starters);
    let uses = answers.workflow.as_deref().ok().and_then(pinning::uses);
    let row = ApprovalRow {
        level: level.word(),
        approved: reviews.iter().any(|review| review.counts),
        environment: answers.claims.environment.as_deref().map(name),
        reviewers: environment.map(reviewers),
        self_review_prevented: environment.map(Environment::prevents_self_review),
        admins_may_bypass: environment.and_then(|it| it.can_admins_bypass),
        refs: environment.and_then(|it| refs(it, answers)),
        reviews,
        run: run(answers, uses.as_ref()),
        read_at: answers.read_at.clone(),
    };
    let mut findings = unread(answers);
    match &answers.environment {
        None => findings.push(no_environment(answers)),
        Some(Err(_)) => {}
        Some(Ok(environment)) => {
            findings.extend(protection(environment, answers));
            findings.extend(rejections(&row));
            if answers.reviews.is_ok() && starters.are_known() {
                findings.extend(approval(&row, environment, answers, &starters));
            }
        }
    }
    findings.extend(uses.iter().flat_map(named));
    if level != ApprovalLevel::Required {
        findings = findings.into_iter().map(Finding::as_warning).collect();
    }
    (row, findings)
}

/// The verdict where nothing could be asked at all.
pub fn unasked(level: ApprovalLevel, why: &ApiError) -> Finding {
    let finding = failed(&[("the approval of this run".to_owned(), why)]);
    match level {
        ApprovalLevel::Required => finding,
        _ => finding.as_warning(),
    }
}

fn ok<T>(answer: &Result<T, ApiError>) -> Option<&T> {
    answer.as_ref().ok()
}

fn name(text: &str) -> String {
    sanitise(text, NAME)
}

fn names<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    texts
        .into_iter()
        .take(MOST)
        .map(|text| name(text))
        .collect()
}

fn reviewers(environment: &Environment) -> Vec<String> {
    let shown = |reviewer: &Reviewer| {
        let who = &reviewer.reviewer;
        let who = who.login.as_ref().or(who.slug.as_ref());
        let kind = reviewer.kind.to_ascii_lowercase();
        name(&format!("{kind} {}", who.map_or("unknown", String::as_str)))
    };
    environment.reviewers().take(MOST).map(shown).collect()
}

fn run(answers: &Answers, uses: Option<&Uses>) -> RunRow {
    let claims = &answers.claims;
    let run = answers.run.as_ref().ok();
    let login = |user: &Option<User>| user.as_ref().map(|user| name(&user.login));
    // Where somebody else's is named too, nobody knows which of them runs.
    let known = uses.filter(|uses| !uses.ours.is_empty() && uses.foreign.is_empty());
    let are_pinned = |uses: &Uses| uses.ours.iter().all(|one| pinning::is_pinned(one));
    RunRow {
        repository: claims.repository.as_deref().map(name),
        id: claims.run_id.as_deref().map(name),
        attempt: attempt(answers),
        started: run.and_then(|run| run.run_started_at.as_deref().map(name)),
        actor: run.and_then(|run| login(&run.actor)),
        triggering_actor: run.and_then(|run| login(&run.triggering_actor)),
        event: claims.event_name.as_deref().map(name),
        git_ref: claims.git_ref.as_deref().map(name),
        workflow: claims.workflow_path().map(name),
        workflow_commit: claims.workflow_commit().map(name),
        pinned: known.map(are_pinned),
        uses: uses.map(|uses| names(&uses.ours)),
    }
}

/// Which attempt this is: the job's own word, or else the newest.
fn attempt(answers: &Answers) -> Option<u64> {
    let said = answers.claims.run_attempt.as_deref();
    let newest = || answers.run.as_ref().ok()?.run_attempt;
    said.and_then(|word| word.parse().ok()).or_else(newest)
}

fn no_environment(answers: &Answers) -> Finding {
    let workflow = answers.claims.publisher().map(|form| form.workflow);
    let workflow = name(workflow.as_deref().unwrap_or("this workflow"));
    Finding::new(
        Rule::EnvironmentMissing,
        None,
        "a job in a GitHub environment with required reviewers",
        format!("a job of `{workflow}` in none"),
    )
}

/// A verdict on what could not be read: one for all that was refused, and one
/// for all that was not answered.
fn unread(answers: &Answers) -> Vec<Finding> {
    let environment = answers.claims.environment.as_deref().unwrap_or_default();
    let mut all: Vec<(String, &ApiError)> = Vec::new();
    if let Some(Err(why)) = &answers.environment {
        all.push((format!("the environment `{}`", name(environment)), why));
    }
    if let Err(why) = &answers.reviews {
        all.push(("the reviews of the run".to_owned(), why));
    }
    if let Err(why) = &answers.run {
        all.push(("the run".to_owned(), why));
    }
    let (down, refused): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|(_, why)| matches!(why, ApiError::Unreachable(_)));
    let mut findings: Vec<Finding> = [refused, down]
        .into_iter()
        .filter(|some| !some.is_empty())
        .map(|some| failed(&some))
        .collect();
    if answers.run.is_ok() && !Starters::of(answers).are_known() {
        let expected = "a run whose starters are accounts of people, named by GitHub";
        let found = "a run that nobody started, or an account that is no person's";
        findings.push(Finding::new(
            Rule::ApprovalUnreadable,
            None,
            expected,
            found,
        ));
    }
    findings
}

fn failed(all: &[(String, &ApiError)]) -> Finding {
    let list = |texts: Vec<String>, between: &str| texts.join(between);
    let what = list(all.iter().map(|(what, _)| what.clone()).collect(), ", ");
    let mut why: Vec<String> = all.iter().map(|(_, why)| why.to_string()).collect();
    why.dedup();
    let is_down = |(_, why): &(String, &ApiError)| matches!(why, ApiError::Unreachable(_));
    let rule = if all.iter().all(is_down) {
        Rule::ApprovalUnreachable
    } else {
        Rule::ApprovalUnreadable
    };
    let expected = format!("an answer of GitHub's API on {what}");
    let finding = Finding::new(rule, None, expected, list(why, "; "));
    match all.first() {
        Some((_, ApiError::NoToken)) => finding.advise(
            "Leave `github-token` out in a workflow, so that it is the job's own, and give the \
             job `permissions: actions: read`.",
        ),
        Some((_, ApiError::Other { .. })) => finding.advise(
            "Start a new run, and do not start an attempt while another one goes on. Where it \
             stays so, tell the maintainers of this action.",
        ),
        Some((_, ApiError::Address { .. })) => finding.advise(
            "Publish from a repository on github.com: no trusted publisher can be elsewhere.",
        ),
        _ => finding,
    }
}

/// What is wrong with the names by which the workflow uses this action.
fn named(uses: &Uses) -> Vec<Finding> {
    let finding = |rule, expected: &str, uses: &String| {
        Finding::new(rule, None, expected, format!("`{}`", name(uses)))
    };
    let foreign = uses.foreign.first().map(|foreign| {
        let expected = format!("`uses: {ACTION}@` and the full hash of a commit");
        // Whose code runs here is its own word.
        finding(Rule::ActionForeign, &expected, foreign).as_warning()
    });
    let unpinned = uses.ours.iter().find(|uses| !pinning::is_pinned(uses));
    let unpinned = unpinned.map(|unpinned| {
        let expected = "`uses:` with the full hash of a commit";
        finding(Rule::ActionUnpinned, expected, unpinned)
    });
    foreign.into_iter().chain(unpinned).collect()
}
