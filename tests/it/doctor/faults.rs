// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A workflow that is good, each time with one fault.

use super::{ASF_YAML, GOOD, WORKFLOW, examine, words, world};

/// A change to [`GOOD`], and the rules that refuse and that warn because of it.
pub(super) type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const CASES: &[Case] = &[
    // Permissions.
    ("permissions: {}\n", "", &[], &["permission-excess"]),
    (
        "permissions: {}\n",
        "permissions: write-all\n",
        &[],
        &["permission-excess"],
    ),
    (
        "permissions: {}\n",
        "permissions:\n  contents: read\n",
        &[],
        &["permission-excess"],
    ),
    ("      id-token: write\n", "", &["permission-missing"], &[]),
    (
        "      id-token: write\n",
        "      id-token: read\n",
        &["permission-missing"],
        &[],
    ),
    ("      actions: read\n", "", &["permission-missing"], &[]),
    (
        "      actions: read\n",
        "      actions: write\n",
        &[],
        &["permission-excess"],
    ),
    (
        "jobs:\n",
        "jobs:\n  other:\n    runs-on: ubuntu-latest\n    permissions:\n      id-token: write\n    steps: []\n",
        &[],
        &["permission-excess"],
    ),
    (
        "    steps:\n",
        "    steps:\n      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v6\n",
        &[],
        &["permission-missing"],
    ),
    // The frame of the job.
    ("    environment: pypi\n", "", &["environment-missing"], &[]),
    (
        "    environment: pypi\n",
        "    environment: other\n",
        &[],
        &["asf-yaml-silent"],
    ),
    (
        "    environment: pypi\n",
        "    environment: ''\n",
        &["environment-missing"],
        &[],
    ),
    (
        "    environment: pypi\n",
        "    environment:\n      name: ' '\n      url: https://pypi.org/p/example\n",
        &["environment-missing"],
        &[],
    ),
    (
        "    environment: pypi\n",
        "    environment: ${{ inputs.source }}\n",
        &[],
        &["environment-unknown"],
    ),
    (
        "    environment: pypi\n",
        "    environment:\n      name: ${{ inputs.to || 'pypi' }}\n",
        &[],
        &["environment-unknown"],
    ),
    ("ubuntu-latest", "windows-2025", &["workflow-runner"], &[]),
    ("ubuntu-latest", "ubuntu-24.04-arm", &[], &[]),
    ("ubuntu-latest", "self-hosted", &[], &["workflow-runner"]),
    (
        "ubuntu-latest",
        "[self-hosted, Linux]",
        &[],
        &["workflow-runner"],
    ),
    ("ubuntu-latest", "asf-arm", &[], &["workflow-runner"]),
    ("ubuntu-latest", "{group: ours}", &[], &["workflow-runner"]),
    (
        "ubuntu-latest",
        "{group: ours, labels: ubuntu-24.04}",
        &[],
        &["workflow-runner"],
    ),
    // What else runs in it.
    (
        "    steps:\n",
        "    steps:\n      - run: make\n",
        &[],
        &["job-not-alone"],
    ),
    (
        "    steps:\n",
        "    steps:\n      - uses: actions/cache@0123456789abcdef0123456789abcdef01234567 # v4\n",
        &[],
        &["job-not-alone"],
    ),
    (
        "    steps:\n",
        "    steps:\n      - uses: ./.github/actions/own\n",
        &[],
        &["job-not-alone"],
    ),
    (
        "    steps:\n",
        "    container: debian:13\n    steps:\n",
        &[],
        &["job-not-alone"],
    ),
    (
        "    steps:\n",
        "    services:\n      db:\n        image: postgres\n    steps:\n",
        &[],
        &["job-not-alone"],
    ),
    (
        "ubuntu-latest",
        "[self-hosted, macOS]",
        &["workflow-runner"],
        &[],
    ),
    (
        "cancel-in-progress: false",
        "cancel-in-progress: true",
        &[],
        &["workflow-concurrency"],
    ),
    (
        "concurrency:\n  group: publish\n  cancel-in-progress: false\n",
        "",
        &[],
        &["workflow-concurrency"],
    ),
    // What starts it.
    (
        "on:\n",
        "on:\n  pull_request_target:\n",
        &["workflow-trigger"],
        &[],
    ),
    ("on:\n", "on:\n  push:\n    branches: [main]\n", &[], &[]),
    ("on:\n", "on:\n  some_new_event:\n", &[], &[]),
    (
        "on:\n",
        "on:\n  issue_comment:\n    types: [created]\n",
        &[],
        &["workflow-trigger"],
    ),
    (
        "on:\n",
        "on:\n  pull_request_review:\n",
        &[],
        &["workflow-trigger"],
    ),
    ("on:\n", "on:\n  fork:\n", &[], &["workflow-trigger"]),
    (
        "on:\n",
        "on:\n  workflow_run:\n    workflows: [Tests]\n",
        &[],
        &["workflow-trigger"],
    ),
    (
        "on:\n",
        "on:\n  workflow_call:\n",
        &[],
        &["workflow-reusable"],
    ),
    (
        "  workflow_dispatch:\n",
        "  workflow_call:\n",
        &["workflow-reusable"],
        &[],
    ),
    // How actions are named.
    (
        "@0123456789abcdef0123456789abcdef01234567 # v0.1.0",
        "@v1",
        &[],
        &["action-unpinned"],
    ),
    (
        "0123456789abcdef0123456789abcdef01234567",
        "0000000000000000000000000000000000000000",
        &["action-placeholder"],
        &[],
    ),
    (" # v0.1.0", "", &[], &[]),
    (" # v0.1.0", " # v0.0.1", &[], &["version-old"]),
    (
        "    steps:\n",
        "    steps:\n      - uses: docker://alpine:3\n",
        &[],
        &["action-unpinned", "job-not-alone"],
    ),
    // What is handed over.
    ("${{ inputs.digest }}", "any", &[], &["digest-unbound"]),
    ("${{ inputs.digest }}", "' any '", &[], &["digest-unbound"]),
    (
        "${{ inputs.digest }}",
        "|\n            any",
        &[],
        &["digest-unbound"],
    ),
    (
        "${{ inputs.digest }}",
        "${{ vars.DIGEST }}",
        &[],
        &["digest-unbound"],
    ),
    (
        "      digest:\n        required: true\n",
        "      digest:\n        required: true\n        default: any\n",
        &[],
        &["digest-unbound"],
    ),
    (
        "      digest:\n        required: true\n",
        "      digest:\n        required: true\n        default: sha256:0\n",
        &[],
        &[],
    ),
    (
        "${{ inputs.digest }}",
        "${{ 'any' }}",
        &[],
        &["digest-unbound"],
    ),
    (
        "${{ inputs.digest }}",
        "${{ inputs.digets }}",
        &["handover-broken"],
        &[],
    ),
    (
        "${{ inputs.digest }}",
        "${{ needs.verify.outputs.digest }}",
        &["handover-broken"],
        &[],
    ),
    (
        "${{ inputs.digest }}",
        "${{ steps.no.outputs.digest }}",
        &["handover-broken"],
        &["digest-unbound"],
    ),
    (
        "      digest:\n        required: true\n",
        "      digest:\n        required: false\n",
        &[],
        &["handover-broken"],
    ),
    // Inputs.
    (
        "          expected-digest: ${{ inputs.digest }}\n",
        "",
        &["workflow-input"],
        &[],
    ),
    (
        "          projects: example\n",
        "",
        &["workflow-input"],
        &[],
    ),
    (
        "          projects: example\n",
        "          project: example\n",
        &["workflow-input"],
        &[],
    ),
    (
        "          projects: example\n",
        "          projects: ''\n",
        &["workflow-input"],
        &[],
    ),
    (
        "          projects: example\n",
        "          projects: [example]\n",
        &["workflow-input"],
        &[],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          concurrency: 99\n",
        &["workflow-input"],
        &[],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          concurrency: 8\n",
        &[],
        &[],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          version: 1.10\n",
        &["workflow-input"],
        &[],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          version: '1.10'\n",
        &[],
        &[],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          config: none.yml\n",
        &["workflow-input"],
        &[],
    ),
    (
        "${{ inputs.source }}",
        "https://downloads.apache.org/example/1.0/",
        &[],
        &[],
    ),
    (
        "${{ inputs.source }}",
        "https://example.org/${{ inputs.source }}/",
        &[],
        &[],
    ),
    (
        "${{ inputs.source }}",
        "https://example.org/1.0/",
        &["workflow-input"],
        &[],
    ),
    (
        "mode: publish",
        "mode: verify",
        &["workflow-missing"],
        &["permission-excess"],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          dry-run: true\n",
        &["workflow-missing"],
        &["permission-excess"],
    ),
];

#[test]
fn each_fault_of_a_workflow_is_told_by_its_rule_and_its_line() {
    assert_told(CASES);
}

#[track_caller]
pub(super) fn assert_told(cases: &[Case]) {
    let world = world();
    for (part, by, refuse, warn) in cases {
        assert!(GOOD.contains(part), "{part}");
        let text = GOOD.replacen(part, by, 1);
        let ran = examine(&world, &[(WORKFLOW, &text), (".asf.yaml", ASF_YAML)]);
        let told = (ran.refusals(), ran.rules("warn"));
        assert_eq!(
            told,
            (words(refuse), words(warn)),
            "{part:?} -> {by:?}\n{}",
            ran.stderr
        );
        assert_eq!(ran.status, i32::from(!refuse.is_empty()), "{by:?}");
        assert!(!ran.everything().contains("ghs_0123456789"));
        for finding in ran.report["findings"].as_array().unwrap() {
            let path = finding["path"].as_str().unwrap_or_default();
            let is_beside = path.starts_with(WORKFLOW) && path.matches(':').count() == 2;
            let of_run = ["workflow-missing", "projects-unasked"];
            let rule = finding["rule"].as_str().unwrap();
            assert!(is_beside || of_run.contains(&rule), "{finding}");
        }
    }
}
