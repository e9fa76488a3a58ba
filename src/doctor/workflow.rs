// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A workflow as far as `doctor` looks at it, each part with its place.
//!
//! `reader` makes it of the text of a file; nothing here judges.

mod reader;

pub(super) use reader::get;

use crate::config::yaml::Place;

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// One event of `on:`.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The event.
    pub event: Word,
    /// The inputs that it declares.
    pub inputs: Vec<Declared>,
}

/// An input that an event declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name, as it is written.
    pub name: String,
    /// Whether a run may begin without a value for it.
    pub may_be_empty: bool,
    /// What it is where nobody says otherwise: of a choice without a default
    /// the first.
    pub default: Option<String>,
}

/// A variable of an `env:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Word,
    /// Its value as text.
    pub value: String,
}

/// What is done whatever came before.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// The `if:`.
    pub condition: Option<Word>,
    /// The `continue-on-error:`.
    pub continues: Option<Word>,
}

/// A `strategy:`.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// Where the key is.
    pub place: Place,
    /// What `fail-fast` says; none where it says nothing.
    pub fail_fast: Option<Word>,
    /// What `max-parallel` says.
    pub max_parallel: Option<Word>,
    /// The matrix where it is one expression.
    pub matrix: Option<Word>,
    /// Else its lists, by name; none of the values where they are an expression.
    pub lists: Vec<(String, Option<Vec<String>>)>,
}

/// What `permissions:` grants.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// Where the key is.
    pub place: Place,
    /// `read-all` or `write-all`, where that is all that is said.
    pub all: Option<String>,
    /// Each scope with its level, where they are listed.
    pub scopes: Vec<(Word, String)>,
}

/// A `concurrency:`.
#[derive(Clone, Debug)]
pub struct Concurrency {
    /// Where the key is.
    pub place: Place,
    /// Its group.
    pub group: Option<String>,
    /// What `cancel-in-progress` says, and where; none where it says nothing.
    pub cancels: Option<Word>,
}

/// A `uses:`.
#[derive(Clone, Debug)]
pub struct Uses {
    /// The action, or the reusable workflow, with its `@`.
    pub text: String,
    /// Where.
    pub place: Place,
    /// The comment behind it, without its `#`.
    pub comment: Option<String>,
}

/// One value of `with:`.
#[derive(Clone, Debug)]
pub struct With {
    /// The input in lower case, as the runner compares names.
    pub name: Word,
    /// Its value as text, with what `env:` says put in where that is known; none
    /// where it is none.
    pub value: Option<String>,
    /// Whether it is a number that GitHub shows in another form: `1.10` is 1.1.
    pub reshaped: bool,
}

/// What a job passes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its value as text; none where it is none.
    pub value: Option<String>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its `id`.
    pub id: Option<String>,
    /// What it uses.
    pub uses: Option<Uses>,
    /// What it is given.
    pub with: Vec<With>,
    /// Its own variables.
    pub env: Vec<Variable>,
    /// When it runs, and whether its failure counts.
    pub conditions: Conditions,
    /// Where it begins.
    pub place: Place,
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its key, and where it is.
    pub id: Word,
    /// What it grants itself; none where it does not say.
    pub permissions: Option<Permissions>,
    /// The name of its environment; never empty, as an empty one is none.
    pub environment: Option<Word>,
    /// Its own concurrency.
    pub concurrency: Option<Concurrency>,
    /// Its own variables.
    pub env: Vec<Variable>,
    /// When it runs, and whether its failure counts.
    pub conditions: Conditions,
    /// How it is multiplied.
    pub strategy: Option<Strategy>,
    /// The jobs that it waits for.
    pub needs: Vec<String>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// The labels of its runner.
    pub runs_on: Vec<Word>,
    /// The group that its runner is taken from.
    pub runner_group: Option<Word>,
    /// Containers that run beside its steps or around them: the key (`container`
    /// or `services`), with its place.
    pub containers: Vec<Word>,
    /// The reusable workflow that it is.
    pub uses: Option<Uses>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A workflow file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Its path in the checkout.
    pub path: String,
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// What it grants every job that does not say for itself.
    pub permissions: Option<Permissions>,
    /// Its concurrency.
    pub concurrency: Option<Concurrency>,
    /// The variables of all its jobs.
    pub env: Vec<Variable>,
    /// Its jobs, in the order of the file.
    pub jobs: Vec<Job>,
}

impl Step {
    /// What an input is given, without blanks around it.
    pub fn given(&self, input: &str) -> Option<&str> {
        let with = self.with.iter().find(|it| it.name.text == input)?;
        with.value.as_deref().map(str::trim)
    }

    /// Whether this is its `id`, of which GitHub minds no case.
    pub fn has_id(&self, id: &str) -> bool {
        let own = self.id.as_deref();
        own.is_some_and(|own| own.eq_ignore_ascii_case(id))
    }
}

impl Permissions {
    /// Whether this scope may be read, and whether it may be written.
    pub fn of(&self, scope: &str) -> (bool, bool) {
        let level = match &self.all {
            // GitHub's identity tokens are written or not there.
            Some(all) if all == "read-all" && scope == "id-token" => "none",
            Some(all) => all.trim_end_matches("-all"),
            None => self
                .scopes
                .iter()
                .find(|(name, _)| name.text == scope)
                .map_or("none", |(_, level)| level),
        };
        (level == "read" || level == "write", level == "write")
    }
}
