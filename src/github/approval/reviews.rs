// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Which review of a run counts, and what to say where none does.
//!
//! One that counts is an approval for the job's environment by a person who
//! started neither the first attempt nor this one and who is among the
//! environment's reviewers, as far as these are persons. Accounts are compared
//! by number and never by name. Pure.

use super::{Answers, MOST, attempt, name, reviewers};
use crate::github::environment::{Environment, Review, User};
use crate::http::sanitise;
use crate::report::approval::{ApprovalRow, ReviewRow};
use crate::rules::{Finding, Rule};

/// How much of a reviewer's words is kept, in bytes.
const COMMENT: usize = 1024;

/// Who started the run, by number: the first attempt and the newest.
pub(super) struct Starters(Vec<u64>);

impl Starters {
    pub(super) fn of(answers: &Answers) -> Self {
        let run = answers.run.as_ref().ok();
        let users = run.map(|run| [&run.actor, &run.triggering_actor]);
        let users = users.into_iter().flatten().flatten();
        // Behind an account that is no person's stands somebody unknown, who
        // may be the very one who approves.
        let people = users.filter(|user| user.is_person());
        Self(people.map(|user| user.id).collect())
    }

    /// Whether nobody is missing: who is not known might be the one who approved.
    pub(super) fn are_known(&self) -> bool {
        self.0.len() == 2
    }
}

/// The numbers of those who may approve; none where that is not to be known
/// here. Who is in a team the job's token may not read: GitHub alone holds an
/// approval to it. An environment that names nobody is another rule's.
fn listed(environment: &Environment) -> Option<Vec<u64>> {
    let reviewers: Vec<_> = environment.reviewers().collect();
    let are_people = reviewers
        .iter()
        .all(|it| it.kind.eq_ignore_ascii_case("User"));
    // One without a number is nobody's equal.
    let numbers = reviewers.iter().filter_map(|it| it.reviewer.id);
    (are_people && !reviewers.is_empty()).then(|| numbers.collect())
}

/// Who an approval is by, in the order of how near it comes to one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Approver {
    /// An account that is gone, or no person's.
    Nobody,
    /// A person who is not among the reviewers.
    Stranger,
    /// One who started the run.
    Starter,
    /// Another person, whose approval counts.
    Another,
}

fn approver(user: Option<&User>, listed: Option<&[u64]>, starters: &Starters) -> Approver {
    let Some(user) = user else {
        return Approver::Nobody;
    };
    // A starter stays one under whatever kind of account GitHub tells.
    if starters.0.contains(&user.id) {
        Approver::Starter
    } else if !user.is_person() {
        Approver::Nobody
    } else if listed.is_some_and(|ids| !ids.contains(&user.id)) {
        Approver::Stranger
    } else {
        Approver::Another
    }
}

/// The reviews for this environment.
fn of<'a>(environment: &Environment, all: &'a [Review]) -> impl Iterator<Item = &'a Review> {
    let id = environment.id;
    let concerns = move |review: &&Review| review.environments.iter().any(|it| it.id == id);
    all.iter().filter(concerns)
}

/// The reviews for the job's environment, for the report.
pub(super) fn reviews(
    answers: &Answers,
    environment: Option<&Environment>,
    starters: &Starters,
) -> Vec<ReviewRow> {
    let (Some(environment), Ok(all)) = (environment, &answers.reviews) else {
        return Vec::new();
    };
    let listed = listed(environment);
    of(environment, all)
        .map(|review| {
            let user = review.user.as_ref();
            ReviewRow {
                user: user.map(|user| name(&user.login)),
                user_id: user.map(|user| user.id),
                state: name(&review.state),
                comment: sanitise(review.comment.as_deref().unwrap_or_default(), COMMENT),
                counts: review.state == "approved"
                    && starters.are_known()
                    && approver(user, listed.as_deref(), starters) == Approver::Another,
            }
        })
        .collect()
}

/// Whether somebody who counts has approved.
pub(super) fn approval(
    row: &ApprovalRow,
    environment: &Environment,
    answers: &Answers,
    starters: &Starters,
) -> Option<Finding> {
    if row.approved {
        return earlier(answers);
    }
    let all = answers.reviews.as_deref().unwrap_or_default();
    let listed = listed(environment);
    let approvals = of(environment, all).filter(|review| review.state == "approved");
    let approvals = approvals.map(|review| {
        let user = review.user.as_ref();
        (approver(user, listed.as_deref(), starters), user)
    });
    let shown = name(&environment.name);
    let expected = format!("an approval for `{shown}` by somebody who did not start the run");
    // Told is the one that comes nearest.
    let Some((by, user)) = approvals.max_by_key(|(by, _)| *by) else {
        let found = match row.reviews.first() {
            Some(review) => format!("`{}` by {}", review.state, who(review.user.as_deref())),
            None => "none".to_owned(),
        };
        return Some(Finding::new(Rule::ApprovalMissing, None, expected, found));
    };
    let user = who(user.map(|user| name(&user.login)).as_deref());
    let (rule, expected, found) = match by {
        Approver::Starter => (
            Rule::ApprovalOfStarter,
            expected,
            format!("only by {user}, who started it"),
        ),
        Approver::Stranger => (
            Rule::ApprovalOfStranger,
            format!(
                "an approval for `{shown}` by a reviewer of it ({}) who did not start the run",
                reviewers(environment).join(", ")
            ),
            format!("only by {user}, who is none of them"),
        ),
        Approver::Nobody | Approver::Another => (
            Rule::ApprovalMissing,
            expected,
            format!("only by {user}, which is no person's account"),
        ),
    };
    Some(Finding::new(rule, None, expected, found))
}

/// Who said no, and in which words: an approval that came later hides it.
pub(super) fn rejections(row: &ApprovalRow) -> impl Iterator<Item = Finding> {
    let rejected = row
        .reviews
        .iter()
        .filter(|review| review.state == "rejected");
    rejected.take(MOST).map(|review| {
        let by = who(review.user.as_deref());
        let words = match review.comment.as_str() {
            "" => "without a word".to_owned(),
            words => format!("in the words: {words}"),
        };
        let expected = "a run that no reviewer rejected";
        let found = format!("a rejection by {by}, {words}");
        Finding::new(Rule::ApprovalRejected, None, expected, found)
    })
}

fn who(user: Option<&str>) -> String {
    format!("`{}`", user.unwrap_or("an account that is gone"))
}

/// What to know of an approval in an attempt that is not the first; one that
/// nobody can name may be a later one.
fn earlier(answers: &Answers) -> Option<Finding> {
    let attempt = attempt(answers);
    if attempt == Some(1) {
        return None;
    }
    let word = attempt.map_or("an unknown attempt".to_owned(), |number| {
        format!("attempt {number}")
    });
    let found = format!("{word}, with the approvals of all attempts");
    let expected = "a first attempt";
    Some(Finding::new(Rule::ApprovalEarlier, None, expected, found))
}
