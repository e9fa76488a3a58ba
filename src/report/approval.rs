// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The approval of a run, as GitHub told it, for the report.
//!
//! Who approved, for which environment, and what run it was; `github::approval`
//! fills it in and judges it. GitHub keeps no time of an approval: it lies
//! between the start of the attempt and the moment of reading, or, in a later
//! attempt, before that.

use serde::Serialize;

/// What was read about the approval of a run. Texts are foreign, but on one
/// line and of bounded length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApprovalRow {
    /// What was asked: `required` or `recorded`.
    pub level: &'static str,
    /// Whether a review counts.
    pub approved: bool,
    /// The job's environment; none where it has none.
    pub environment: Option<String>,
    /// Who may approve, as `user NAME` or `team NAME`; none where it could
    /// not be read.
    pub reviewers: Option<Vec<String>>,
    /// Whether the one who started a run cannot approve it.
    pub self_review_prevented: Option<bool>,
    /// Whether administrators may do without.
    pub admins_may_bypass: Option<bool>,
    /// Which branches and tags may use the environment: `any`, `protected`, or
    /// patterns.
    pub refs: Option<Vec<String>>,
    /// Every review of the run for this environment, of all its attempts.
    pub reviews: Vec<ReviewRow>,
    /// The run.
    pub run: RunRow,
    /// When all this was read, RFC 3339 in UTC.
    pub read_at: String,
}

/// One review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewRow {
    /// The reviewer's login.
    pub user: Option<String>,
    /// The reviewer's number, which stays when the login changes.
    pub user_id: Option<u64>,
    /// `approved` or `rejected`.
    pub state: String,
    /// The reviewer's words.
    pub comment: String,
    /// Whether it is the approval of a person who did not start the run, and
    /// who is among the reviewers where these are persons alone.
    pub counts: bool,
}

/// The run that was approved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// `owner/name`.
    pub repository: Option<String>,
    /// The run's number.
    pub id: Option<String>,
    /// Which attempt this is.
    pub attempt: Option<u64>,
    /// When the attempt began, RFC 3339.
    pub started: Option<String>,
    /// Who started the first attempt.
    pub actor: Option<String>,
    /// Who started this one.
    pub triggering_actor: Option<String>,
    /// What started it.
    pub event: Option<String>,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// The file that the job is written in.
    pub workflow: Option<String>,
    /// The commit of that file.
    pub workflow_commit: Option<String>,
    /// How it names this action; none where the file could not be read.
    pub uses: Option<Vec<String>>,
    /// Whether each of those is a full commit hash; none where it names this
    /// action nowhere, as by a path or through another action.
    pub pinned: Option<bool>,
}

impl ApprovalRow {
    /// Names and values for people, in the order of their weight.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("Approval", self.verdict())];
        for review in &self.reviews {
            facts.push(("Review", review.shown()));
        }
        facts.push(("Environment", self.protection()));
        facts.push(("Run", self.run.shown()));
        facts
    }

    fn verdict(&self) -> String {
        let counts = self.reviews.iter().filter(|review| review.counts);
        let by: Vec<&str> = counts.filter_map(|review| review.user.as_deref()).collect();
        if self.approved {
            format!("approved by {}, read {}", by.join(", "), self.read_at)
        } else {
            format!("not approved by another person, read {}", self.read_at)
        }
    }

    fn protection(&self) -> String {
        let Some(name) = &self.environment else {
            return "none".to_owned();
        };
        let list = |list: &Option<Vec<String>>, none: &str| match list.as_deref() {
            None => "unknown".to_owned(),
            Some([]) => none.to_owned(),
            Some(some) => some.join(", "),
        };
        let word = |flag: Option<bool>| match flag {
            None => "unknown",
            Some(true) => "yes",
            Some(false) => "no",
        };
        format!(
            "{name}; reviewers: {}; self-review prevented: {}; administrators may bypass: {}; \
             branches and tags: {}",
            list(&self.reviewers, "nobody"),
            word(self.self_review_prevented),
            word(self.admins_may_bypass),
            list(&self.refs, "none"),
        )
    }
}

impl ReviewRow {
    fn shown(&self) -> String {
        let user = self.user.as_deref().unwrap_or("an account that is gone");
        let id = self
            .user_id
            .map_or(String::new(), |id| format!(" (user {id})"));
        let comment = match self.comment.as_str() {
            "" => String::new(),
            words => format!(": {words}"),
        };
        format!("{} by {user}{id}{comment}", self.state)
    }
}

impl RunRow {
    fn shown(&self) -> String {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let attempt = self
            .attempt
            .map_or("unknown".to_owned(), |number| number.to_string());
        let pinned = match self.pinned {
            None => "unknown whether by a full hash",
            Some(true) => "by a full hash",
            Some(false) => "NOT by a full hash",
        };
        format!(
            "{} run {}, attempt {attempt}, {} on {}, started by {}, this attempt by {}; \
             {} at {}, which names this action {pinned}",
            known(&self.repository),
            known(&self.id),
            known(&self.event),
            known(&self.git_ref),
            known(&self.actor),
            known(&self.triggering_actor),
            known(&self.workflow),
            known(&self.workflow_commit),
        )
    }
}
