// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reports made by hand: one as the README shows it, and one in which all
//! foreign text wants to be more than text.

use asf_pypi_publish::attest::PUBLISH;
use asf_pypi_publish::plan::{ExpectedDigest, Waived};
use asf_pypi_publish::report::approval::{ApprovalRow, ReviewRow, RunRow};
use asf_pypi_publish::report::doctor::{
    Checkup, EnvironmentRow, KeyRow, KeyringRow, PublisherRow, WorkflowRow,
};
use asf_pypi_publish::report::{
    AttestationRow, ConfigRow, FileRow, KeysRow, Origin, Outcome, Provenance, Report, SignerRow,
    State,
};
use asf_pypi_publish::rules::{Finding, Rule};
use sha2::{Digest as _, Sha256};

const DIST: &str = "https://dist.apache.org/repos/dist/release";

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn fingerprint(text: &str) -> String {
    hash(text)[..40].to_uppercase()
}

fn file(name: &str, version: &str, sdist: bool, state: State) -> FileRow {
    let base = name.replace('-', "_");
    let path = if sdist {
        format!("{base}-{version}.tar.gz")
    } else {
        format!("{base}-{version}-py3-none-any.whl")
    };
    FileRow {
        size: 20_000 + u64::from(Sha256::digest(&path)[0]) * 200,
        sha256: Some(hash(&path)),
        sha512: Some(hash(&path).repeat(2)),
        path,
        class: "distribution".to_owned(),
        project: Some(name.to_owned()),
        version: Some(version.to_owned()),
        signer: Some(fingerprint("a release manager")),
        state,
        attestations: vec![attestation()],
        provenance: Provenance::Attested,
    }
}

fn attestation() -> AttestationRow {
    let run = "https://github.com/apache/airflow/actions/runs/19700101/attempts/1";
    AttestationRow {
        predicate_type: PUBLISH.to_owned(),
        origin: Origin::Made,
        repository: "apache/airflow".to_owned(),
        workflow: ".github/workflows/publish.yml".to_owned(),
        git_ref: Some("refs/heads/main".to_owned()),
        commit: Some(hash("a commit")[..40].to_owned()),
        run: Some(run.to_owned()),
        log_index: 650_000_000,
        time: 1_763_633_262,
    }
}

/// A wave of projects that was published.
pub(super) fn published() -> Report {
    let mut report = Report::new("publish");
    let projects = ["amazon", "cncf-kubernetes", "google"];
    for (n, project) in projects.into_iter().enumerate() {
        let name = format!("apache-airflow-providers-{project}");
        let version = format!("{}.{n}.0", 10 - n);
        let state = if n == 0 {
            State::AlreadyThere
        } else {
            State::Uploaded
        };
        report.files.push(file(&name, &version, false, state));
        report.files.push(file(&name, &version, true, state));
        report
            .links
            .push(format!("https://pypi.org/project/{name}/{version}/"));
    }
    for class in ["signature", "checksum"] {
        for n in 0..2 * projects.len() {
            report.files.push(FileRow {
                path: format!("{n}.{class}"),
                class: class.to_owned(),
                ..FileRow::default()
            });
        }
    }
    let digest = hash("a wave");
    report.expected_digest = ExpectedDigest::Exactly(digest.parse().unwrap());
    report.digest = Some(digest);
    report.revision = Some(81_234);
    report.source = Some(format!("{DIST}/airflow/providers/2026-11-20/"));
    report.area = Some("release".to_owned());
    "PyPI".clone_into(&mut report.index);
    report.keys = vec![KeysRow {
        place: format!("{DIST}/airflow/KEYS"),
        revision: Some(81_240),
    }];
    report.signers = vec![SignerRow {
        fingerprint: fingerprint("a release manager"),
        user_id: "Rita Manager <rita@apache.org>".to_owned(),
        expires: Some(1_830_000_000),
    }];
    report.approval = Some(approval());
    report.digest_command = Some("sha512sum *.whl | LC_ALL=C sort -k2 | sha256sum".to_owned());
    report.sent = true;
    report.close(Outcome::Published);
    report
}

fn approval() -> ApprovalRow {
    let t = |text: &str| Some(text.to_owned());
    ApprovalRow {
        level: "required",
        approved: true,
        environment: t("pypi"),
        reviewers: Some(vec!["team airflow-committers".to_owned()]),
        self_review_prevented: Some(true),
        admins_may_bypass: Some(false),
        refs: Some(vec!["protected".to_owned()]),
        reviews: vec![ReviewRow {
            user: t("paula"),
            user_id: Some(4_711),
            state: "approved".to_owned(),
            comment: "The digest is the one of the vote.".to_owned(),
            counts: true,
        }],
        run: RunRow {
            repository: t("apache/airflow"),
            id: t("19700101"),
            attempt: Some(1),
            started: t("2026-11-20T10:00:00Z"),
            actor: t("rita"),
            triggering_actor: t("rita"),
            event: t("workflow_dispatch"),
            git_ref: t("refs/heads/main"),
            workflow: t("publish.yml"),
            workflow_commit: Some(hash("a commit")[..40].to_owned()),
            uses: Some(Vec::new()),
            pinned: Some(true),
        },
        read_at: "2026-11-20T10:07:41Z".to_owned(),
    }
}

/// A report in which every foreign text is this one.
pub(super) fn foreign(text: &str) -> Report {
    let mut report = published();
    let t = || text.to_owned();
    report.source = Some(format!("https://dist.example.org/{text}"));
    report.area = Some(t());
    report.index = t();
    report.links = vec![format!("https://index.example.org/{text}"), t()];
    report.digest_command = Some(t());
    report.config = Some(ConfigRow {
        path: t(),
        sha256: hash("x"),
        release: Some(t()),
        inputs: vec!["keys"],
    });
    if let Some(approval) = &mut report.approval {
        approval.environment = Some(t());
        approval.reviewers = Some(vec![t()]);
        approval.refs = Some(vec![t()]);
        approval.reviews[0].user = Some(t());
        approval.reviews[0].comment = t();
        approval.run.git_ref = Some(t());
        approval.run.workflow = Some(t());
    }
    report.keys[0].place = t();
    report.signers[0].user_id = t();
    report.files[0].path = t();
    report.files[1].version = Some(t());
    report.files[2].project = Some(t());
    report.files.push(FileRow {
        path: t(),
        class: "excluded".to_owned(),
        ..FileRow::default()
    });
    report.waived = vec![Waived {
        rule: Rule::PathUnknown,
        path: t(),
        reason: t(),
    }];
    for rule in [Rule::SignatureBad, Rule::KeysBadBlock, Rule::KeyKind] {
        report.note([Finding::new(rule, Some(text), text, text).advise(text)]);
    }
    report.close(Outcome::Published);
    report
}

/// A report of `doctor` in which every foreign text is this one.
pub(super) fn examined(text: &str) -> Report {
    let mut report = Report::new("doctor");
    let t = || text.to_owned();
    let step = |publishes| WorkflowRow {
        place: t(),
        job: t(),
        environment: Some(t()),
        mode: Some(t()),
        publishes,
    };
    report.checkup = Some(Checkup {
        workflows: vec![step(false), step(true)],
        environments: vec![EnvironmentRow {
            name: t(),
            place: t(),
            reviewers: 2,
            prevents_self_review: true,
            wait_minutes: Some(15),
        }],
        publishers: vec![PublisherRow {
            project: t(),
            index: t(),
            state: t(),
            owner: Some(t()),
            repository: Some(t()),
            workflow: t(),
            environment: Some(t()),
            page: Some("https://pypi.org/manage/account/publishing/?owner=apache".to_owned()),
        }],
        keyrings: vec![KeyringRow {
            place: t(),
            keys: 2,
            signing: 1,
            expiring: vec![KeyRow {
                fingerprint: fingerprint("a release manager"),
                user_id: Some(t()),
                expires: "2026-12-24T00:00:00Z".to_owned(),
            }],
        }],
        version: "0.1.0".to_owned(),
        newest_version: Some(t()),
        asf_yaml: Some(t()),
    });
    report.note([Finding::new(Rule::JobNotAlone, Some(text), text, text)]);
    report.close(Outcome::Ready);
    report
}
