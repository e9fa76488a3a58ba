// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Asks GitHub who approved the run, before anything is sent or signed.

use std::time::{Duration, UNIX_EPOCH};

use super::Run;
use crate::github::api::{Api, ApiError};
use crate::github::approval::{self, Answers};
use crate::github::claims::UnverifiedClaims;
use crate::github::environment;
use crate::github::oidc::{self, RequestCredentials};
use crate::plan::{ApprovalLevel, IndexChoice};
use crate::rules::{Finding, Rule};

/// The audience of the identity token that says which environment the job runs
/// in: nobody takes it, so that it is worth nothing to anybody.
const AUDIENCE: &str = "asf-pypi-publish";

impl Run<'_> {
    /// Whether the run may go on, as `approval` says. What was found out is in
    /// the report.
    pub(super) async fn is_approved(&mut self, credentials: &RequestCredentials) -> bool {
        let level = self.plan.approval;
        if level == ApprovalLevel::Off {
            if matches!(self.plan.index, IndexChoice::Pypi) {
                let expected = "`required`";
                let found = "`off`";
                let finding = Finding::new(Rule::ApprovalOff, Some("approval"), expected, found);
                self.report.note([finding]);
            }
            return true;
        }
        let _group = self.runner.group("Approval");
        let claims = match oidc::id_token(&self.client, credentials, AUDIENCE).await {
            Ok(identity) => {
                self.runner.mask(identity.expose());
                identity.claims().unwrap_or_default()
            }
            Err(why) => {
                self.report.note([why.finding()]);
                return false;
            }
        };
        let address = self.context.env("GITHUB_API_URL");
        let api = Api::new(&self.client, address, self.plan.github_token.as_ref());
        match api {
            Ok(api) => {
                let answers = ask(&api, claims, self.context.now()).await;
                let (row, findings) = approval::judge(level, answers);
                for (name, value) in row.facts() {
                    self.runner.log(&format!("{name}: {value}"));
                }
                self.report.approval = Some(row);
                self.report.note(findings);
            }
            Err(why) => self.report.note([approval::unasked(level, &why)]),
        }
        !self.report.refused()
    }
}

/// Asks all at once. `now` is in seconds since 1970.
async fn ask(api: &Api, claims: UnverifiedClaims, now: u64) -> Answers {
    let repository = claims.repository.as_deref().unwrap_or_default();
    let repository = repository.split_once('/').unwrap_or_default();
    let run_id = claims.run_id.as_deref().unwrap_or_default();
    let protection = async {
        let name = claims.environment.as_deref()?;
        let environment = environment::environment(api, repository, name).await;
        let policy = environment
            .as_ref()
            .ok()
            .and_then(|it| it.deployment_branch_policy);
        let patterns = if policy.is_some_and(|policy| policy.custom_branch_policies) {
            Some(environment::patterns(api, repository, name).await)
        } else {
            None
        };
        Some((environment, patterns))
    };
    let (protection, reviews, run, workflow) = tokio::join!(
        protection,
        environment::reviews(api, repository, run_id),
        environment::workflow_run(api, repository, run_id),
        workflow(api, &claims),
    );
    let (environment, patterns) = match protection {
        None => (None, None),
        Some((environment, patterns)) => (Some(environment), patterns),
    };
    Answers {
        environment,
        patterns,
        reviews,
        run,
        workflow,
        read_at: humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(now))
            .to_string(),
        claims,
    }
}

/// The file in which the job is written, at the commit that is run.
async fn workflow(api: &Api, claims: &UnverifiedClaims) -> Result<String, ApiError> {
    let unknown = || ApiError::Unreadable {
        url: "the workflow".to_owned(),
        why: "the identity token does not name it".to_owned(),
    };
    let place = claims.job_workflow_ref.as_deref().unwrap_or_default();
    let mut parts = place.splitn(3, '/');
    let repository = parts.next().zip(parts.next()).ok_or_else(unknown)?;
    let path = claims.workflow_path().ok_or_else(unknown)?;
    let commit = claims.workflow_commit().ok_or_else(unknown)?;
    api.read_file(repository, path, commit).await
}
