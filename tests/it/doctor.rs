// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `doctor`, through the binary: workflows as people write them, what is told
//! of each, and that nothing is ever sent.

mod asf_yaml;
mod faults;
mod files;
mod more_faults;
mod servers;
mod sharded;

use std::path::Path;

use crate::config::illegal::assert_fits;
use crate::run::{Ran, run_as_action_in, run_in};
use crate::world::{World, key};

/// A workflow of which nothing is to be said.
const GOOD: &str = "\
name: Publish
on:
  workflow_dispatch:
    inputs:
      source:
        required: true
      digest:
        required: true
permissions: {}
concurrency:
  group: publish
  cancel-in-progress: false
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: pypi
    permissions:
      actions: read
      id-token: write
    steps:
      - uses: apache/asf-pypi-publish@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          mode: publish
          source: ${{ inputs.source }}
          projects: example
          expected-digest: ${{ inputs.digest }}
";

/// The environment of [`GOOD`].
const ASF_YAML: &str = "\
github:
  environments:
    pypi:
      required_reviewers:
        - id: example-pmc
          type: Team
      prevent_self_review: true
      wait_timer: 15
      deployment_branch_policy:
        protected_branches: true
";

const WORKFLOW: &str = ".github/workflows/release.yml";

/// A checkout that holds these files.
fn checkout(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// A world in which `example` is a project already.
fn world() -> World {
    let world = World::start();
    world.index.create_project("example");
    let newest = concat!("v", env!("CARGO_PKG_VERSION")).to_owned();
    world.github.change(|facts| facts.newest = Some(newest));
    world
}

/// Runs by hand in this checkout, with the servers of the world.
fn examine_in(world: &World, folder: &Path, further: &[&str]) -> Ran {
    let index = world.index.base();
    let keys = world.dist.url("release/example/KEYS");
    let args = [
        "doctor",
        "--index",
        &index,
        "--keys",
        &keys,
        "--report",
        "report.json",
    ];
    let github = world.github.base();
    let env = [
        ("GITHUB_API_URL", github.as_str()),
        ("GITHUB_REPOSITORY", "apache/example"),
    ];
    let ran = run_in(folder, &[&args[..], further].concat(), &env);
    world.assert_untouched();
    ran
}

/// The same with an approval that is required, as PyPI's is.
fn examine(world: &World, files: &[(&str, &str)]) -> Ran {
    let folder = checkout(files);
    examine_in(world, folder.path(), &["--approval", "required"])
}

/// Nothing is told of [`GOOD`] but that its reviewer has no page to decide by.
#[track_caller]
fn assert_ready(ran: &Ran) {
    let told = ["refuse", "warn", "note"].map(|severity| ran.rules(severity));
    assert_eq!(
        told,
        [vec![], vec![], words(&["digest-unbound"])],
        "{}",
        ran.stderr
    );
}

#[test]
fn a_set_up_that_is_ready_is_told_so_with_the_form_to_register() {
    let world = world();
    let folder = checkout(&[(WORKFLOW, GOOD), (".asf.yaml", ASF_YAML)]);
    let ran = examine_in(&world, folder.path(), &["--approval", "required"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.report["outcome"], "ready");
    assert_ready(&ran);
    let checkup = &ran.report["checkup"];
    assert_eq!(
        checkup["workflows"][0]["place"],
        format!("{WORKFLOW}:21:15")
    );
    assert_eq!(checkup["environments"][0]["reviewers"], 1);
    assert_eq!(checkup["environments"][0]["wait_minutes"], 15);
    let publisher = &checkup["publishers"][0];
    for (field, value) in [
        ("project", "example"),
        ("state", "active"),
        ("owner", "apache"),
        ("repository", "example"),
        ("workflow", "release.yml"),
        ("environment", "pypi"),
    ] {
        assert_eq!(publisher[field], value, "{field}");
    }
    assert_eq!(checkup["keyrings"][0]["signing"], 1);
    assert_eq!(checkup["newest_version"], env!("CARGO_PKG_VERSION"));
    assert_fits(
        "docs/report.schema.json",
        &folder.path().join("report.json"),
    );
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn two_jobs_that_hand_a_digest_over_are_what_is_asked_for() {
    let world = world();
    let verify = "jobs:\n  verify:\n    runs-on: ubuntu-latest\n    outputs:\n      \
        digest: ${{ steps.v.outputs.digest }}\n      revision: ${{ steps.v.outputs.revision }}\n    steps:\n      \
        - id: v\n        uses: apache/asf-pypi-publish@0123456789abcdef0123456789abcdef01234567 # v0.1.0\n        \
        with:\n          source: ${{ inputs.source }}\n          projects: example\n          \
        expected-digest: ${{ github.event.inputs.digest }}\n";
    let text = GOOD
        .replace("jobs:\n", verify)
        .replace("    environment: pypi\n", "    environment: pypi\n    needs: verify\n")
        .replace(
            "${{ inputs.digest }}",
            "${{ needs.verify.outputs.digest }}\n          revision: ${{ needs.verify.outputs.revision }}",
        );
    let told = |text: &str| {
        let ran = examine(&world, &[(WORKFLOW, text), (".asf.yaml", ASF_YAML)]);
        (ran.refusals(), ran.rules("warn"), ran.rules("note"))
    };
    assert_eq!(told(&text), (vec![], vec![], vec![]));
    let alone = text.replace(
        "          revision: ${{ needs.verify.outputs.revision }}\n",
        "",
    );
    assert_eq!(told(&alone), (vec![], vec![], words(&["digest-unbound"])));
    let unlisted = text.replace("    needs: verify\n", "");
    assert_eq!(told(&unlisted).0, words(&["handover-broken"]));
    let undeclared = text.replace("      digest: ${{ steps.v.outputs.digest }}\n", "");
    assert_eq!(told(&undeclared).0, words(&["handover-broken"]));
    let armed = text.replace(
        "  verify:\n",
        "  verify:\n    permissions:\n      id-token: write\n",
    );
    let expected = (
        vec![],
        words(&["digest-unbound", "permission-excess"]),
        vec![],
    );
    assert_eq!(told(&armed), expected);
    let unbound = (vec![], words(&["digest-unbound"]), vec![]);
    for (part, by) in [
        // Whoever starts the run says what comes out of `verify`.
        ("${{ steps.v.outputs.digest }}", "${{ inputs.digest }}"),
        (
            "${{ steps.v.outputs.digest }}",
            "${{ steps.v.outputs.revision }}",
        ),
        (
            "${{ steps.v.outputs.digest }}",
            "${{ steps.w.outputs.digest }}",
        ),
        ("${{ steps.v.outputs.digest }}", "any"),
    ] {
        assert!(text.contains(part));
        assert_eq!(told(&text.replacen(part, by, 1)), unbound, "{by}");
    }
    // So does a step of somebody else's, whatever it is called.
    let other = text.replacen("apache/asf-pypi-publish@", "apache/other@", 1);
    let not_alone = words(&["digest-unbound", "job-not-alone"]);
    assert_eq!(told(&other), (vec![], not_alone, vec![]));
    for (part, by) in [
        ("          projects: example\n", ""),
        ("${{ inputs.source }}", "${{ github.sha }}"),
        (
            "          projects: example\n",
            "          projects: example\n          waive: 'path-unknown x y'\n",
        ),
    ] {
        let (_, warned, _) = told(&text.replacen(part, by, 1));
        assert_eq!(warned, words(&["handover-differs"]), "{by}");
    }
    // Before a default of `any` stands a job that prints what it is.
    let default = "      digest:\n        required: true\n";
    let any = text.replace(default, "      digest:\n        default: any\n");
    assert_eq!(told(&any), (vec![], vec![], vec![]));
    let verify = text.find("    runs-on").unwrap();
    let steps = text.find("  publish:").unwrap();
    let called = format!(
        "{}    uses: ./.github/workflows/v.yml\n{}",
        &text[..verify],
        &text[steps..]
    );
    assert_eq!(told(&called), unbound);
}

#[test]
fn what_stands_in_env_is_read_as_the_run_would_read_it() {
    let world = world();
    let told = |top: &str, with: &str| {
        let text = GOOD
            .replace("permissions: {}\n", &format!("permissions: {{}}\n{top}"))
            .replace("projects: example\n", &format!("projects: {with}\n"));
        let ran = examine(&world, &[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
        let publishers = ran.report["checkup"]["publishers"].as_array().unwrap();
        let asked = publishers
            .iter()
            .map(|it| it["project"].as_str().unwrap().to_owned());
        (asked.collect::<Vec<_>>(), ran.refusals())
    };
    let env = "env:\n  PROJECTS: example\n";
    let ready = (words(&["example"]), vec![]);
    assert_eq!(told(env, "${{ env.PROJECTS }}"), ready);
    let several = "env:\n  PROJECTS: |\n    example\n    example-more\n";
    let both = (words(&["example", "example-more"]), vec![]);
    assert_eq!(told(several, "${{ env.PROJECTS }}"), both);
    let missing = (vec![], words(&["handover-broken"]));
    assert_eq!(told(env, "${{ env.PROJECT }}"), missing);
    let illegal = (vec![], words(&["workflow-input"]));
    assert_eq!(
        told("env:\n  PROJECTS: a b\n", "${{ env.PROJECTS }}"),
        illegal
    );
}

#[test]
fn toward_pypi_an_approval_that_nobody_asks_for_is_told_before_the_day() {
    let world = world();
    for (with, warn) in [
        ("approval: off", true),
        ("approval: 'off'", true),
        ("approval: ${{ inputs.source }}", true),
        ("approval: required", false),
        ("approval: off\n          index: testpypi", false),
        ("approval: off\n          index: ${{ inputs.source }}", true),
    ] {
        let by = format!("mode: publish\n          {with}\n");
        let text = GOOD.replace("mode: publish\n", &by);
        let folder = checkout(&[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
        let report = folder.path().join("report.json");
        let args = ["doctor", "--report", report.to_str().unwrap()];
        // Nothing is asked of an index that is not there.
        let nowhere = [
            ("GITHUB_API_URL", "http://127.0.0.1:9"),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ];
        let ran = run_in(folder.path(), &args, &nowhere);
        let told = ran.rules("warn").contains(&"approval-off".to_owned());
        assert_eq!(told, warn, "{with}: {}", ran.stderr);
    }
    world.assert_untouched();
}

#[test]
fn an_approval_that_is_only_recorded_makes_warnings() {
    let world = world();
    let text = GOOD
        .replace("    environment: pypi\n", "")
        .replace("      actions: read\n", "");
    let folder = checkout(&[(WORKFLOW, &text)]);
    let ran = examine_in(&world, folder.path(), &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(
        ran.rules("warn"),
        ["environment-missing", "permission-missing"]
    );
}

#[test]
fn on_a_runner_what_is_wrong_stands_beside_its_line_and_no_right_is_needed() {
    let world = world();
    let text = GOOD.replace("ubuntu-latest", "windows-latest");
    let folder = checkout(&[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
    let inputs = [
        ("mode", "doctor"),
        ("index", &world.index.base()),
        ("keys", &world.dist.url("release/example/KEYS")),
        ("projects", "none"),
    ];
    let ran = run_as_action_in(
        folder.path(),
        &inputs,
        &[("GITHUB_API_URL", &world.github.base())],
    );
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let beside = format!(
        "::error file={WORKFLOW},line=15,col=14,title=asf-pypi-publish%3A workflow-runner::"
    );
    assert!(ran.stderr.contains(&beside), "{}", ran.stderr);
    assert!(
        ran.summary.contains("❌ asf-pypi-publish: refused"),
        "{}",
        ran.summary
    );
    world.assert_untouched();
}

#[test]
fn inputs_that_are_wrong_are_told_before_anything_is_looked_at() {
    let world = world();
    let folder = checkout(&[(WORKFLOW, GOOD)]);
    let ran = examine_in(
        &world,
        folder.path(),
        &["--projects", "a b", "--connect-timeout", "x"],
    );
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert_eq!(ran.refusals(), ["input-illegal"]);
    assert_eq!(ran.report["findings"].as_array().unwrap().len(), 2);
    assert!(world.index.requests().is_empty());
}

/// The key of the release manager is the one that KEYS holds.
#[test]
fn the_keys_are_counted_by_who_may_sign() {
    let world = world();
    let ran = examine(&world, &[(WORKFLOW, GOOD), (".asf.yaml", ASF_YAML)]);
    let keyring = &ran.report["checkup"]["keyrings"][0];
    assert_eq!(
        (keyring["keys"].as_u64(), keyring["signing"].as_u64()),
        (Some(1), Some(1))
    );
    assert!(!key().fingerprint().is_empty());
}
