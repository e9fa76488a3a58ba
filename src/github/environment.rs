// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What GitHub's API says of a run: its environment, its reviews and who
//! started it, in the shape that GitHub documents
//! (<https://docs.github.com/en/rest/deployments/environments>,
//! <https://docs.github.com/en/rest/actions/workflow-runs>).
//!
//! Reads; decides nothing. What is not read here may change as it likes.

use serde::Deserialize;

use super::api::{Api, ApiError};

/// An environment and its protection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Environment {
    /// Its number, by which a review names it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Whether an administrator may start a job without a review.
    pub can_admins_bypass: Option<bool>,
    /// What must hold before a job begins.
    #[serde(default)]
    pub protection_rules: Vec<ProtectionRule>,
    /// Which branches and tags may use it; none for every one.
    pub deployment_branch_policy: Option<BranchPolicy>,
}

impl Environment {
    /// Who must approve. What a rule of another kind lists are no reviewers.
    pub fn reviewers(&self) -> impl Iterator<Item = &Reviewer> {
        self.review_rules().flat_map(|rule| rule.reviewers.iter())
    }

    /// Whether the one who started a run cannot approve it.
    pub fn prevents_self_review(&self) -> bool {
        self.review_rules()
            .any(|rule| rule.prevent_self_review == Some(true))
    }

    fn review_rules(&self) -> impl Iterator<Item = &ProtectionRule> {
        let rules = self.protection_rules.iter();
        rules.filter(|rule| rule.kind == "required_reviewers")
    }
}

/// One rule of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProtectionRule {
    /// `required_reviewers`, `wait_timer`, `branch_policy`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the one who started the run cannot approve it.
    pub prevent_self_review: Option<bool>,
    /// One of these must approve.
    #[serde(default)]
    pub reviewers: Vec<Reviewer>,
}

/// A user or a team that may approve.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reviewer {
    /// `User` or `Team`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who.
    pub reviewer: Named,
}

/// A user by its login, or a team by its slug.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// Its number: of a user among users, of a team among teams.
    pub id: Option<u64>,
    /// Of a user.
    pub login: Option<String>,
    /// Of a team.
    pub slug: Option<String>,
}

/// Which branches and tags may use an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BranchPolicy {
    /// Those that are protected.
    pub protected_branches: bool,
    /// Those that fit a pattern.
    pub custom_branch_policies: bool,
}

/// Whether a pattern of branches or tags says nothing of a name but how many
/// slashes it has.
pub fn fits_any(pattern: &str) -> bool {
    pattern.contains('*') && pattern.chars().all(|c| c == '*' || c == '/')
}

/// One review of a run. GitHub keeps it for the run, not for the attempt, and
/// says no time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// `approved` or `rejected`.
    pub state: String,
    /// The reviewer's words.
    #[serde(default)]
    pub comment: Option<String>,
    /// For which environments.
    #[serde(default)]
    pub environments: Vec<Reviewed>,
    /// By whom; none for an account that is gone.
    pub user: Option<User>,
}

/// The environment of a review.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reviewed {
    /// Its number.
    pub id: u64,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Its name, which may be given to another one day.
    pub login: String,
    /// Its number, which never is.
    pub id: u64,
    /// `User`, `Bot`, `Organization`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl User {
    /// Whether it is a person's account.
    pub fn is_person(&self) -> bool {
        self.kind.as_deref() == Some("User")
    }
}

/// A run of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkflowRun {
    /// Its number.
    pub id: u64,
    /// Where it runs.
    pub repository: Option<Home>,
    /// The newest attempt.
    pub run_attempt: Option<u64>,
    /// Who started the first attempt.
    pub actor: Option<User>,
    /// Who started the newest attempt.
    pub triggering_actor: Option<User>,
    /// When the newest attempt began, RFC 3339.
    pub run_started_at: Option<String>,
}

/// The repository of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Home {
    /// `owner/name`.
    pub full_name: String,
}

/// A repository, as owner and name.
pub type Repository<'a> = (&'a str, &'a str);

/// The environment of this name.
///
/// # Errors
/// As [`ApiError`] says.
pub async fn environment(
    api: &Api,
    (owner, name): Repository<'_>,
    environment: &str,
) -> Result<Environment, ApiError> {
    let path = ["repos", owner, name, "environments", environment];
    api.read(&path).await
}

/// The patterns of branches and tags that may use an environment.
///
/// # Errors
/// As [`ApiError`] says.
pub async fn patterns(
    api: &Api,
    (owner, name): Repository<'_>,
    environment: &str,
) -> Result<Vec<String>, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        branch_policies: Vec<Pattern>,
    }
    #[derive(Deserialize)]
    struct Pattern {
        name: String,
    }
    let policies = "deployment-branch-policies";
    let path = ["repos", owner, name, "environments", environment, policies];
    let answer: Answer = api.read(&path).await?;
    let names = answer.branch_policies.into_iter();
    Ok(names.map(|pattern| pattern.name).collect())
}

/// The reviews of a run, of all its attempts.
///
/// # Errors
/// As [`ApiError`] says.
pub async fn reviews(
    api: &Api,
    (owner, name): Repository<'_>,
    run: &str,
) -> Result<Vec<Review>, ApiError> {
    let path = ["repos", owner, name, "actions", "runs", run, "approvals"];
    api.read_all(&path).await
}

/// The run.
///
/// # Errors
/// As [`ApiError`] says.
pub async fn workflow_run(
    api: &Api,
    (owner, name): Repository<'_>,
    run: &str,
) -> Result<WorkflowRun, ApiError> {
    api.read(&["repos", owner, name, "actions", "runs", run])
        .await
}
