// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `doctor`: looks at the checkout, the index and KEYS for what would fail on
//! the day of a release. Sends nothing and asks for no token.

mod checkout;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use tokio::task;

use super::publish::{endpoints, index_name};
use super::told::keys_findings;
use super::{Cancellation, cancel, user_agent};
use crate::context::Context;
use crate::doctor::publishers::{self, Publisher, Status};
use crate::doctor::{self, Checkout, Diagnosis, Target, asf_yaml};
use crate::github::releases;
use crate::github::runner::Runner;
use crate::http::{Client, ClientOptions};
use crate::index::{Endpoints, Index};
use crate::inputs::Inputs;
use crate::openpgp::Keyring;
use crate::plan::{GithubToken, IndexChoice, Location, Outline, Timeouts, Wanted};
use crate::report::Report;
use crate::report::doctor::{Checkup, KeyringRow, PublisherRow};
use crate::rules::{Finding, Rule};
use crate::source;

/// Requests to the index under way at a time.
const ASKED_TOGETHER: usize = 4;
/// The most projects that the index is asked for.
const MOST_PROJECTS: usize = 1_000;
/// What runs.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the servers said.
struct Answers {
    publishers: (Vec<PublisherRow>, Vec<Finding>),
    keyrings: (Vec<KeyringRow>, Vec<Finding>),
    newest: Result<pep440_rs::Version, String>,
}

/// Looks at everything. `problems` are those of the inputs so far; where there
/// are any, nothing is looked at.
pub(super) async fn doctor(
    context: &Context,
    inputs: &Inputs,
    mut problems: Vec<Finding>,
    runner: &Runner,
    cancelled: Cancellation,
) -> Report {
    let mut report = Report::new("doctor");
    let (outline, more) = Outline::read(inputs);
    let told: BTreeSet<Option<String>> = problems.iter().map(|it| it.path.clone()).collect();
    problems.extend(more.into_iter().filter(|it| !told.contains(&it.path)));
    let Some(timeouts) = outline.timeouts.filter(|_| problems.is_empty()) else {
        report.note(problems);
        return report;
    };
    if let Some(token) = &outline.github_token {
        runner.mask(token.expose());
    }
    let root = checkout::root(context);
    let (diagnosis, mut checkup) = {
        let _group = runner.group("Checkout");
        let read_config = |name: &str| checkout::read_config(&root, name);
        let checkout = Checkout {
            workflows: checkout::workflows(&root, outline.workflows.as_deref()),
            is_this_action: checkout::is_this_action(&root),
            repository: checkout::repository(context, &root),
            read_config: &read_config,
        };
        let count = checkout.workflows.len();
        runner.log(&format!("{count} workflow files in {}", root.display()));
        look_at_files(&root, &checkout, inputs, &mut report)
    };
    let client = match client(context, timeouts) {
        Ok(client) => client,
        Err(finding) => {
            report.note([finding]);
            return report;
        }
    };
    let repository = checkout::repository(context, &root);
    let asking = ask(context, &client, &outline, &diagnosis, repository);
    let Some(answers) = cancelled.unless(asking).await else {
        report.note([cancel::finding()]);
        return report;
    };
    report.note(answers.publishers.1);
    report.note(answers.keyrings.1);
    checkup.publishers = answers.publishers.0;
    checkup.keyrings = answers.keyrings.0;
    report.note(of_version(&diagnosis, &answers.newest));
    checkup.newest_version = answers.newest.ok().map(|version| version.to_string());
    report.checkup = Some(checkup);
    report
}

/// What the files say.
fn look_at_files(
    root: &std::path::Path,
    checkout: &Checkout<'_>,
    inputs: &Inputs,
    report: &mut Report,
) -> (Diagnosis, Checkup) {
    let diagnosis = doctor::diagnose(checkout, inputs);
    let (environments, unnamed) = match checkout::asf_yaml(root) {
        Ok(bytes) => {
            let (rows, findings) = asf_yaml::judge(bytes.as_deref(), &diagnosis.environments);
            let names = diagnosis.unnamed(&findings);
            let snippet = (!names.is_empty()).then(|| asf_yaml::snippet(&names));
            report.note(findings);
            (rows, snippet)
        }
        Err(finding) => {
            report.note([finding]);
            (Vec::new(), None)
        }
    };
    report.note(diagnosis.findings.iter().cloned());
    let checkup = Checkup {
        workflows: diagnosis.rows.clone(),
        environments,
        version: VERSION.to_owned(),
        asf_yaml: unnamed,
        ..Checkup::default()
    };
    (diagnosis, checkup)
}

fn client(context: &Context, timeouts: Timeouts) -> Result<Client, Finding> {
    Client::new(&ClientOptions {
        user_agent: user_agent(context),
        connect_timeout: timeouts.connect,
        idle_timeout: timeouts.idle,
    })
    .map_err(|why| {
        let expected = "a working TLS set-up (CA certificates)";
        Finding::new(Rule::Internal, None, expected, why.to_string())
    })
}

/// Asks all servers at once.
async fn ask(
    context: &Context,
    client: &Client,
    outline: &Outline,
    diagnosis: &Diagnosis,
    repository: Option<(String, String)>,
) -> Answers {
    let (publishers, keyrings, newest) = tokio::join!(
        ask_indexes(client, &diagnosis.targets, outline, repository),
        read_keyrings(client, context.now(), keys_of(outline, &diagnosis.targets)),
        newest(context, client, outline.github_token.as_ref()),
    );
    Answers {
        publishers,
        keyrings,
        newest,
    }
}

async fn newest(
    context: &Context,
    client: &Client,
    token: Option<&GithubToken>,
) -> Result<pep440_rs::Version, String> {
    let address = context.env("GITHUB_API_URL");
    let latest = releases::latest(client, address, token).await;
    latest.map_err(|why| why.to_string())
}

fn of_version(diagnosis: &Diagnosis, newest: &Result<pep440_rs::Version, String>) -> Vec<Finding> {
    match (newest, VERSION.parse()) {
        (Ok(newest), Ok(running)) => diagnosis.versions(&running, newest),
        (Err(why), _) => {
            let expected = "the newest release, from GitHub";
            vec![Finding::new(
                Rule::VersionUnknown,
                None,
                expected,
                why.clone(),
            )]
        }
        (Ok(_), Err(_)) => Vec::new(),
    }
}

/// One project on one index, for one publisher.
struct Asked {
    index: IndexChoice,
    project: String,
    publisher: Publisher,
}

/// What is to be asked, and what cannot be.
fn to_ask(
    targets: &[Target],
    outline: &Outline,
    repository: Option<&(String, String)>,
) -> (Vec<Asked>, Vec<Finding>) {
    let mut asked: BTreeMap<(String, String, Publisher), IndexChoice> = BTreeMap::new();
    let mut findings = Vec::new();
    for target in targets {
        let publisher = Publisher {
            repository: repository.cloned(),
            workflow: target.workflow.clone(),
            environment: target.environment.clone().unwrap_or_default(),
        };
        for planned in &target.planned {
            let unasked = |found: String| {
                let expected = "the names of the projects and the index, written out";
                Finding::new(Rule::ProjectsUnasked, Some(&target.place), expected, found)
            };
            let known = planned
                .index_known
                .then_some(planned.outline.index.as_ref());
            let Some(index) = known.flatten() else {
                findings.push(unasked("an index that is known on the day".to_owned()));
                continue;
            };
            let wanted = &planned.outline.projects;
            if !planned.projects_known || wanted.is_empty() {
                findings.push(unasked("projects that are known on the day".to_owned()));
            }
            for one in wanted {
                match one {
                    Wanted::Glob(glob) => findings.push(unasked(format!("the glob `{glob}`"))),
                    Wanted::Project(name) => {
                        let key = (name.clone(), index_name(index), publisher.clone());
                        asked.insert(key, index.clone());
                    }
                }
            }
        }
    }
    // Without a workflow that publishes, the inputs alone may name them.
    if let (true, Some(index)) = (targets.is_empty(), &outline.index) {
        for one in &outline.projects {
            if let Wanted::Project(name) = one {
                let publisher = Publisher {
                    repository: repository.cloned(),
                    workflow: String::new(),
                    environment: String::new(),
                };
                asked.insert((name.clone(), index_name(index), publisher), index.clone());
            }
        }
    }
    findings.dedup();
    if asked.len() > MOST_PROJECTS {
        let expected =
            format!("at most {MOST_PROJECTS} projects, or those that matter in `projects`");
        let found = format!("{}, of which the others were not asked for", asked.len());
        findings.push(Finding::new(Rule::ProjectsUnasked, None, expected, found));
    }
    let asked = asked.into_iter().take(MOST_PROJECTS);
    let asked = asked.map(|((project, _, publisher), index)| Asked {
        index,
        project,
        publisher,
    });
    (asked.collect(), findings)
}

async fn ask_indexes(
    client: &Client,
    targets: &[Target],
    outline: &Outline,
    repository: Option<(String, String)>,
) -> (Vec<PublisherRow>, Vec<Finding>) {
    let (asked, mut findings) = to_ask(targets, outline, repository.as_ref());
    // Two publishers of one project need one answer.
    let mut wanted: Vec<(&IndexChoice, &str)> = Vec::new();
    for one in &asked {
        if !wanted.contains(&(&one.index, &one.project)) {
            wanted.push((&one.index, &one.project));
        }
    }
    let answers: Vec<_> = stream::iter(wanted)
        .map(|(index, project)| async move {
            let answer = status(client, index, project).await;
            ((index, project), answer)
        })
        .buffered(ASKED_TOGETHER)
        .collect()
        .await;
    let mut rows = Vec::new();
    for one in &asked {
        let key = (&one.index, one.project.as_str());
        let answer = answers
            .iter()
            .find(|(asked, _)| *asked == key)
            .map(|(_, it)| it);
        let status = match answer {
            Some(Ok(status)) => Some(status),
            Some(Err(finding)) => {
                findings.push(finding.clone());
                None
            }
            None => None,
        };
        let endpoints = endpoints(&one.index).ok();
        let name = index_name(&one.index);
        let (row, finding) = publishers::judge(
            &one.project,
            &name,
            endpoints.as_ref(),
            &one.publisher,
            status,
        );
        rows.push(row);
        findings.extend(finding);
    }
    (rows, findings)
}

async fn status(client: &Client, index: &IndexChoice, project: &str) -> Result<Status, Finding> {
    let endpoints: Endpoints = endpoints(index).map_err(|why| {
        let expected = "the address of an index";
        Finding::new(Rule::IndexRefused, Some("index"), expected, why.to_string())
    })?;
    let index = Index::new(client.clone(), endpoints);
    let project = index.project(project).await;
    project
        .map(|found| found.map(|project| project.status))
        .map_err(|why| why.finding(None))
}

/// The sets of KEYS files that releases are verified with, each once.
fn keys_of(outline: &Outline, targets: &[Target]) -> Vec<Vec<Location>> {
    let planned = targets.iter().flat_map(|target| &target.planned);
    let all = planned
        .map(|planned| &planned.outline)
        .chain([outline])
        .filter_map(|outline| outline.keys.clone());
    let mut sets: Vec<Vec<Location>> = Vec::new();
    for set in all {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    sets
}

async fn read_keyrings(
    client: &Client,
    now: u64,
    sets: Vec<Vec<Location>>,
) -> (Vec<KeyringRow>, Vec<Finding>) {
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for set in sets {
        let mut files = Vec::new();
        for location in &set {
            match source::read_keys(location, client).await {
                Ok(file) => files.push(file.bytes),
                Err(why) => findings.push(why.finding(Some(&location.shown()))),
            }
        }
        if files.len() < set.len() {
            continue;
        }
        let place: Vec<String> = set.iter().map(Location::shown).collect();
        let place = place.join(", ");
        let read = task::spawn_blocking(move || {
            let (keyring, told) = Keyring::read(files.iter().map(AsRef::as_ref))?;
            Ok((keyring.signing_keys(now), told))
        });
        match read.await {
            Ok(Ok((signing, told))) => {
                findings.extend(keys_findings(&told, &place));
                let (row, more) = doctor::keys::judge(&place, &told, &signing, now);
                rows.push(row);
                findings.extend(more);
            }
            Ok(Err(why)) => {
                let why: crate::openpgp::KeysError = why;
                findings.push(why.finding(&place));
            }
            Err(why) => findings.push(super::examine::internal(&why)),
        }
    }
    (rows, findings)
}
