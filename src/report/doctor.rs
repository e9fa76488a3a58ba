// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What `doctor` found of the set-up, as data, as tables and as lines of a log.
//! Pure.

use serde::Serialize;

use super::escape::line;

/// A step of a workflow that uses this action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkflowRow {
    /// `file:line:column` of the step.
    pub place: String,
    /// The key of its job.
    pub job: String,
    /// The job's environment, as it is written.
    pub environment: Option<String>,
    /// The mode; none where it is known only on the day.
    pub mode: Option<String>,
    /// Whether it publishes, as far as anybody knows before.
    pub publishes: bool,
}

/// An environment of `.asf.yaml` that a publishing job names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvironmentRow {
    /// Its name, as the workflow writes it.
    pub name: String,
    /// `file:line:column`.
    pub place: String,
    /// How many may approve.
    pub reviewers: usize,
    /// Whether nobody may approve a run of one's own.
    pub prevents_self_review: bool,
    /// How long a run waits, in minutes; none where the file does not say it,
    /// since the ASF's documentation and its program differ on that.
    pub wait_minutes: Option<u64>,
}

/// What must be registered on the index for one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublisherRow {
    /// The normalised name.
    pub project: String,
    /// The index.
    pub index: String,
    /// `new`, `active`, or the index's own word; `unknown` without an answer.
    pub state: String,
    /// The owner of the repository; none where nothing says it.
    pub owner: Option<String>,
    /// The repository without its owner.
    pub repository: Option<String>,
    /// The file name of the workflow.
    pub workflow: String,
    /// The environment; none where the job has none or nobody knows it yet.
    pub environment: Option<String>,
    /// The page of the form, filled in; none for an index whose pages nobody knows.
    pub page: Option<String>,
}

/// A key that expires soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// Of the primary key.
    pub fingerprint: String,
    /// Its owner's word.
    pub user_id: Option<String>,
    /// When, RFC 3339 in UTC.
    pub expires: String,
}

/// KEYS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyringRow {
    /// Where it lies; several files are read as one.
    pub place: String,
    /// Keys that can be read.
    pub keys: usize,
    /// Those of them that may sign a release now.
    pub signing: usize,
    /// Those of them that expire within 60 days.
    pub expiring: Vec<KeyRow>,
}

/// Everything that `doctor` looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// The steps that use this action.
    pub workflows: Vec<WorkflowRow>,
    /// The environments of `.asf.yaml` that they name.
    pub environments: Vec<EnvironmentRow>,
    /// What must be registered.
    pub publishers: Vec<PublisherRow>,
    /// The keys.
    pub keyrings: Vec<KeyringRow>,
    /// The version of this action that ran.
    pub version: String,
    /// The newest one; none where nobody said it.
    pub newest_version: Option<String>,
    /// Lines for `.asf.yaml`, where an environment is missing there.
    pub asf_yaml: Option<String>,
}

/// A table: its title, its columns and its rows.
pub(super) type Table = (&'static str, &'static [&'static str], Vec<Vec<String>>);

impl Checkup {
    /// What was looked at.
    pub(super) fn tables(&self) -> [Table; 4] {
        let or_none =
            |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
        let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
        let workflows = self.workflows.iter().map(|row| {
            let mode = or_none(&row.mode, "said on the day");
            let publishes = yes(row.publishes);
            let environment = or_none(&row.environment, "none");
            vec![
                row.place.clone(),
                row.job.clone(),
                mode,
                publishes,
                environment,
            ]
        });
        let environments = self.environments.iter().map(|row| {
            vec![
                row.name.clone(),
                row.place.clone(),
                row.reviewers.to_string(),
                yes(row.prevents_self_review),
                row.wait_minutes
                    .map_or("not said".to_owned(), |minutes| format!("{minutes} min")),
            ]
        });
        let publishers = self.publishers.iter().map(|row| {
            vec![
                row.project.clone(),
                row.index.clone(),
                row.state.clone(),
                or_none(&row.owner, "?"),
                or_none(&row.repository, "?"),
                row.workflow.clone(),
                or_none(&row.environment, "none"),
                or_none(&row.page, ""),
            ]
        });
        let keyrings = self.keyrings.iter().map(|row| {
            vec![
                row.place.clone(),
                row.keys.to_string(),
                row.signing.to_string(),
                row.expiring.len().to_string(),
            ]
        });
        [
            (
                "Workflows",
                &["Step", "Job", "Mode", "Publishes", "Environment"],
                workflows.collect(),
            ),
            (
                "Environments of .asf.yaml",
                &[
                    "Environment",
                    "Where",
                    "Reviewers",
                    "Prevents self-review",
                    "Waits",
                ],
                environments.collect(),
            ),
            (
                "Trusted publishers to be registered on the index",
                &[
                    "Project",
                    "Index",
                    "State",
                    "Owner",
                    "Repository",
                    "Workflow",
                    "Environment",
                    "Form",
                ],
                publishers.collect(),
            ),
            (
                "KEYS",
                &["Where", "Keys", "May sign now", "Expire within 60 days"],
                keyrings.collect(),
            ),
        ]
    }

    /// The version that ran, and the newest one.
    pub(super) fn version_line(&self) -> String {
        match &self.newest_version {
            Some(newest) => format!("asf-pypi-publish {}; the newest is {newest}", self.version),
            None => format!("asf-pypi-publish {}", self.version),
        }
    }

    /// The tables as lines of a log.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (title, columns, rows) in self.tables() {
            if rows.is_empty() {
                continue;
            }
            lines.push(format!("{title}:"));
            for row in rows {
                let mut cells = row.iter();
                let first = cells.next().map_or(String::new(), |cell| line(cell));
                lines.push(format!("  {first}"));
                for (column, cell) in columns
                    .iter()
                    .skip(1)
                    .zip(cells)
                    .filter(|(_, cell)| !cell.is_empty())
                {
                    lines.push(format!("    {}: {}", column.to_lowercase(), line(cell)));
                }
            }
        }
        if let Some(text) = &self.asf_yaml {
            lines.push("lines for .asf.yaml:".to_owned());
            lines.extend(text.lines().map(|text| format!("  {}", line(text))));
        }
        lines.push(self.version_line());
        lines
    }
}
