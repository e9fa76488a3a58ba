// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The jobs of `examples/sharded-wave.yml` one after the other, each with the
//! inputs that stand there: one rehearses, the shards of its matrix publish at
//! the same time, and the last proves the union.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use serde_json::Value;

use super::{PROJECTS, Wave, rows};
use crate::run::{Ran, run_as_action};
use crate::world::{RELEASE, World};

/// The example, and what its jobs gave to those that need them.
struct Workflow {
    jobs: Value,
    /// What an expression stands for.
    known: BTreeMap<String, String>,
}

impl Workflow {
    /// Started with this in its form.
    fn started(include: &str, digest: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sharded-wave.yml");
        let text = std::fs::read_to_string(path).unwrap();
        let workflow: Value = serde_yaml::from_str(&text).unwrap();
        let form = [("inputs.include", include), ("inputs.digest", digest)];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let env = workflow["env"].as_object().unwrap().iter();
        let env = env.map(|(name, value)| {
            let value = value.as_str().unwrap();
            (format!("env.{name}"), value.to_owned())
        });
        Self {
            jobs: workflow["jobs"].clone(),
            known: env.chain(form).collect(),
        }
    }

    fn filled(&self, value: &Value, shard: &str) -> String {
        let mut text = match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        for (name, value) in &self.known {
            text = text.replace(&format!("${{{{ {name} }}}}"), value);
        }
        text = text.replace("${{ matrix.shard }}", shard);
        assert!(!text.contains("${{"), "nobody knows {text}");
        text
    }

    /// The one step of a job, as the runner starts it. Changed is what a user
    /// of the example changes; an identity there is only for a job that may
    /// have one.
    fn run(&self, world: &World, job: &str, shard: &str) -> Ran {
        let job = &self.jobs[job];
        let steps = job["steps"].as_array().unwrap();
        let [step] = steps.as_slice() else {
            panic!("{steps:?}")
        };
        let with = step["with"].as_object().unwrap();
        let with = with
            .iter()
            .map(|(name, value)| (name.clone(), self.filled(value, shard)));
        let mut inputs: BTreeMap<String, String> = with.collect();
        for (name, value) in [
            ("source", world.dist.url(RELEASE)),
            ("keys", world.dist.url("release/example/KEYS")),
            ("index", world.index.base()),
            ("projects", "example-*".to_owned()),
            ("github-token", world.github.token()),
            ("report", "report.json".to_owned()),
        ] {
            inputs.insert(name.to_owned(), value);
        }
        let env = match job["permissions"]["id-token"].as_str() {
            Some("write") => world.env(),
            _ => Vec::new(),
        };
        run_as_action(&pairs(&inputs), &pairs(&env.into_iter().collect()))
    }

    /// Runs the first job, and gives the shards of its matrix. What the example
    /// names as the job's outputs is what later jobs know.
    fn verify(&mut self, world: &World) -> (Ran, Vec<String>) {
        let ran = self.run(world, "verify", "");
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let outputs = self.jobs["verify"]["outputs"].as_object().unwrap();
        let step = self.jobs["verify"]["steps"][0]["id"].as_str().unwrap();
        for (name, expression) in outputs.clone() {
            let own = format!("${{{{ steps.{step}.outputs.{name} }}}}");
            assert_eq!(expression, own);
            let value = ran.outputs[&name].clone();
            self.known
                .insert(format!("needs.verify.outputs.{name}"), value);
        }
        let matrix = &self.jobs["publish"]["strategy"]["matrix"];
        let matrix = matrix.as_str().unwrap();
        assert_eq!(matrix, "${{ fromJSON(needs.verify.outputs.matrix) }}");
        let matrix: Value = serde_json::from_str(&ran.outputs["matrix"]).unwrap();
        let shards = matrix["shard"].as_array().unwrap().iter();
        let shards = shards.map(|shard| shard.as_str().unwrap().to_owned());
        (ran, shards.collect())
    }

    /// Publishes these shards, begun together.
    fn publish(&self, world: &World, shards: &[String]) -> Vec<Ran> {
        thread::scope(|scope| {
            let mut jobs = Vec::new();
            for shard in shards {
                jobs.push(scope.spawn(|| self.run(world, "publish", shard)));
            }
            jobs.into_iter().map(|job| job.join().unwrap()).collect()
        })
    }
}

fn pairs(map: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    let pairs = map.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// Every row of what `check` looked at: how it is served, and the file.
fn served(ran: &Ran) -> BTreeSet<(String, String)> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = ran.report["checked"].as_array().unwrap().iter();
    rows.map(|row| (word(row, "served"), word(row, "file")))
        .collect()
}

/// These files, all served so.
fn all(served: &str, files: &BTreeSet<String>) -> BTreeSet<(String, String)> {
    let files = files.iter();
    files
        .map(|file| (served.to_owned(), file.clone()))
        .collect()
}

#[test]
fn the_jobs_of_the_example_publish_a_wave_and_the_last_proves_the_union() {
    let world = Wave::staged().world;
    let mut workflow = Workflow::started("*-1.0*", "any");
    let (verified, shards) = workflow.verify(&world);
    assert_eq!(shards, ["1/5", "2/5", "3/5", "4/5", "5/5"]);
    let whole = rows(&verified, "distribution");
    assert_eq!(whole.len(), 2 * PROJECTS.len());

    // The page to decide by: where it goes, and what is new there.
    assert_eq!(verified.report["outcome"], "dry-run");
    let escaped = [(":", "&#58;"), (".", "&#46;"), ("/", "&#47;")];
    let index = escaped
        .iter()
        .fold(world.index.base(), |it, (a, b)| it.replace(a, b));
    let to = format!(" to <code>{index}</code> (dry run) |\n");
    assert!(verified.summary.contains(&to), "{to}: {}", verified.summary);
    for file in &whole {
        assert_eq!(verified.file(file)["state"], "new", "{file}");
    }
    world.assert_untouched();

    let mut parts = BTreeSet::new();
    for ran in workflow.publish(&world, &shards) {
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(ran.outputs["digest"], verified.outputs["digest"]);
        for file in rows(&ran, "distribution") {
            assert_eq!(ran.file(&file)["state"], "uploaded", "{file}");
            assert!(parts.insert(file.clone()), "{file} is in two shards");
        }
        world.assert_no_secret(&ran);
    }
    assert_eq!(parts, whole);

    let tokens = world.issuer.requests();
    let ran = workflow.run(&world, "check", "");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "checked");
    assert_eq!(ran.outputs["digest"], verified.outputs["digest"]);
    assert_eq!(ran.outputs["revision"], verified.outputs["revision"]);
    assert_eq!(served(&ran), all("same", &whole));
    assert_eq!(world.issuer.requests(), tokens);
}

#[test]
fn a_shard_that_was_left_out_is_named_by_the_last_job() {
    let world = Wave::staged().world;
    let mut workflow = Workflow::started("*-1.0*", "any");
    let (verified, mut shards) = workflow.verify(&world);
    let left_out = shards.remove(2);
    let mut published = BTreeSet::new();
    for ran in workflow.publish(&world, &shards) {
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        published.append(&mut rows(&ran, "distribution"));
    }
    let whole = rows(&verified, "distribution");
    let missing: BTreeSet<String> = whole.difference(&published).cloned().collect();
    assert_eq!(missing.len(), 2);

    let ran = workflow.run(&world, "check", "");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["index-lacks"]);
    let mut expected = all("same", &published);
    expected.append(&mut all("missing", &missing));
    assert_eq!(served(&ran), expected);
    let findings = ran.report["findings"].as_array().unwrap().iter();
    let named = findings
        .filter(|finding| finding["rule"] == "index-lacks")
        .map(|finding| finding["path"].as_str().unwrap().to_owned());
    assert_eq!(named.collect::<BTreeSet<_>>(), missing);
    for file in &missing {
        let said = format!("index-lacks: {file}");
        assert!(ran.stderr.contains(&said), "{said}: {}", ran.stderr);
    }

    // The job of that shard, run again, completes the wave.
    let ran = workflow.publish(&world, &[left_out]);
    assert_eq!(ran[0].status, 0, "{}", ran[0].stderr);
    assert_eq!(rows(&ran[0], "distribution"), missing);
    let ran = workflow.run(&world, "check", "");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(served(&ran), all("same", &whole));
}

#[test]
fn the_first_job_says_of_a_wave_that_is_there_that_it_is_there() {
    let world = Wave::staged().world;
    let mut workflow = Workflow::started("*-1.0*", "any");
    let (verified, shards) = workflow.verify(&world);
    for ran in workflow.publish(&world, &shards) {
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    let uploads = world.index.count("POST", "/legacy/");

    // All of it once more, with the digest of the vote.
    let digest = &verified.outputs["digest"];
    let mut workflow = Workflow::started("*-1.0*", digest);
    let (again, same) = workflow.verify(&world);
    assert_eq!(same, shards);
    assert_eq!(again.outputs["digest"], *digest);
    for file in rows(&again, "distribution") {
        assert_eq!(again.file(&file)["state"], "already-there", "{file}");
    }
    for ran in workflow.publish(&world, &shards) {
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    assert_eq!(world.index.count("POST", "/legacy/"), uploads);
}

#[test]
fn what_the_index_refuses_of_a_wave_was_first_seen_by_its_shards() {
    let world = Wave::staged().world;
    let taken = "example_alpha-1.0-py3-none-any.whl";
    world.index.preload("example-alpha", taken, b"other bytes");
    let ran = Workflow::started("*-1.0*", "any").run(&world, "verify", "");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["index-conflict"]);
    assert_eq!(ran.outputs["matrix"], "");
    world.assert_untouched();
}
