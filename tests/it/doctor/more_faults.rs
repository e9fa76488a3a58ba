// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What in a workflow takes a guard away, or lets somebody else have the job's
//! rights: each time [`GOOD`] with one fault.

use super::faults::{Case, assert_told};

const CASES: &[Case] = &[
    // Whose code it is.
    (
        "apache/asf-pypi-publish@",
        "attacker/asf-pypi-publish@",
        &["action-foreign"],
        &["job-not-alone"],
    ),
    (
        "    steps:\n",
        "    steps:\n      - uses: docker://ghcr.io/evil/asf-pypi-publish@sha256:0\n",
        &["action-foreign", "workflow-input"],
        &["job-not-alone"],
    ),
    (
        "    steps:\n",
        "    steps:\n      - uses: ./.github/actions/asf-pypi-publish\n",
        &[],
        &["job-not-alone"],
    ),
    // A failure that is none.
    (
        "    environment: pypi\n",
        "    environment: pypi\n    if: always()\n",
        &[],
        &["workflow-outcome"],
    ),
    (
        "    environment: pypi\n",
        "    environment: pypi\n    if: ${{ ! cancelled ( ) && inputs.digest }}\n",
        &[],
        &["workflow-outcome"],
    ),
    (
        "    environment: pypi\n",
        "    environment: pypi\n    if: github.ref == 'refs/heads/main'\n",
        &[],
        &[],
    ),
    (
        "    environment: pypi\n",
        "    environment: pypi\n    continue-on-error: true\n",
        &[],
        &["workflow-outcome"],
    ),
    (
        "        with:\n",
        "        continue-on-error: ${{ true }}\n        with:\n",
        &[],
        &["workflow-outcome"],
    ),
    (
        "        with:\n",
        "        continue-on-error: false\n        with:\n",
        &[],
        &[],
    ),
    // Whom it speaks to, and what it loads.
    (
        "permissions: {}\n",
        "permissions: {}\nenv:\n  https_proxy: http://evil.example:1\n",
        &[],
        &["workflow-variable"],
    ),
    (
        "    environment: pypi\n",
        "    environment: pypi\n    env:\n      SSL_CERT_FILE: ca.pem\n",
        &[],
        &["workflow-variable"],
    ),
    (
        "        with:\n",
        "        env:\n          LD_PRELOAD: x.so\n          TWINE: ${{ secrets.PYPI }}\n        with:\n",
        &[],
        &["workflow-secret", "workflow-variable"],
    ),
    // Where it runs.
    (
        "ubuntu-latest",
        "${{ vars.RUNNER || 'self-hosted' }}",
        &[],
        &["workflow-runner"],
    ),
    (
        "ubuntu-latest",
        "ubuntu-our-build-box",
        &[],
        &["workflow-runner"],
    ),
    ("ubuntu-latest", "ubuntu-slim", &[], &[]),
    // Two runs that meet.
    (
        "  group: publish\n",
        "  group: publish-${{ github.run_id }}\n",
        &[],
        &["workflow-concurrency"],
    ),
    (
        "  group: publish\n",
        "  group: publish-${{ github.ref }}\n",
        &[],
        &[],
    ),
    (
        "    environment: pypi\n",
        "    environment: pypi\n    concurrency: x-${{ github.run_id }}\n",
        &[],
        &[],
    ),
    // The file that `config` names.
    (
        "mode: publish\n",
        "mode: publish\n          config: none\n",
        &[],
        &[],
    ),
    // A typed digest that is `any` unless somebody chooses.
    (
        "      digest:\n        required: true\n",
        "      digest:\n        type: choice\n        options: [any, other]\n",
        &[],
        &["digest-unbound"],
    ),
    (
        "${{ inputs.digest }}",
        "${{ INPUTS.nothing }}",
        &["handover-broken"],
        &[],
    ),
    // Whose release it is.
    (
        "${{ inputs.source }}",
        "https://dist.apache.org/repos/dist/release/iceberg/1.0/",
        &[],
        &["source-elsewhere"],
    ),
    (
        "${{ inputs.source }}",
        "https://dist.apache.org/repos/dist/dev/incubator/example/1.0/",
        &[],
        &[],
    ),
    (
        "${{ inputs.source }}",
        "https://dist.apache.org/repos/dist/release/exam/1.0/",
        &[],
        &["source-elsewhere"],
    ),
    // Who else is in the environment.
    (
        "jobs:\n",
        "jobs:\n  other:\n    runs-on: ubuntu-latest\n    environment: PyPI\n    steps: []\n",
        &[],
        &["environment-shared"],
    ),
    (
        "jobs:\n",
        "jobs:\n  other:\n    runs-on: ubuntu-latest\n    environment: docs\n    steps: []\n",
        &[],
        &[],
    ),
    // Shards that are no release.
    (
        "mode: publish\n",
        "mode: publish\n          revision: '7'\n          shard: ${{ matrix.shard }}\n",
        &["handover-broken"],
        &["shards-unchecked"],
    ),
    // Secrets.
    (
        "mode: publish\n",
        "mode: publish\n          password: ${{ secrets.PYPI }}\n",
        &["workflow-input"],
        &["workflow-secret"],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          github-token: ${{ secrets.MINE }}\n",
        &[],
        &["workflow-secret"],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          github-token: ${{ secrets.GITHUB_TOKEN }}\n",
        &[],
        &[],
    ),
    (
        "mode: publish\n",
        "mode: publish\n          github-token: ghs_0123456789\n",
        &["workflow-secret"],
        &[],
    ),
];

#[test]
fn each_guard_that_is_missing_is_told_by_its_rule_and_its_line() {
    assert_told(CASES);
}
