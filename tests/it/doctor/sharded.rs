// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Workflows by several jobs: the example of a large wave, each time with one
//! fault, and jobs of other files.

use std::path::Path;

use super::{ASF_YAML, GOOD, WORKFLOW, checkout, examine, examine_in, words, world};

/// The example as a project would have it.
fn wave() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/sharded-wave.yml");
    let text = std::fs::read_to_string(path).unwrap();
    text.replace(&"0".repeat(40), &"ab".repeat(20))
        .replace("/airflow/", "/example/")
        .replace("apache-airflow-providers-*", "example")
}

#[test]
fn a_wave_by_shards_is_held_to_be_one_release() {
    let world = world();
    let text = wave();
    let told = |text: &str| {
        let ran = examine(&world, &[(WORKFLOW, text), (".asf.yaml", ASF_YAML)]);
        (ran.refusals(), ran.rules("warn"))
    };
    assert_eq!(told(&text), (vec![], vec![]));
    let matrix = "      matrix: ${{ fromJSON(needs.verify.outputs.matrix) }}\n";
    let check = text.find("  check:\n").unwrap();
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
        (
            "      fail-fast: false",
            "      max-parallel: 5",
            vec![],
            unchecked.clone(),
        ),
        (&text[check..], "", vec![], unchecked.clone()),
        (
            "    strategy:\n",
            "    concurrency: upload\n    strategy:\n",
            vec![],
            words(&["workflow-concurrency"]),
        ),
        (
            "    strategy:\n",
            "    concurrency: upload-${{ matrix.shard }}\n    strategy:\n",
            vec![],
            vec![],
        ),
    ] {
        assert!(text.contains(part), "{part}");
        assert_eq!(
            told(&text.replacen(part, by, 1)),
            (refuse, warn),
            "{part:?} -> {by:?}"
        );
    }
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
