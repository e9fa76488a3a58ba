// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Tables of what inputs mean and of what they may not be.

mod checks;

use super::*;
use crate::context::Context;
use crate::inputs::Request;

const FINGERPRINT: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
const DIST: &str = "https://dist.apache.org/repos/dist";

fn plan(args: &[&str]) -> Result<Plan, Vec<Finding>> {
    let context = Context::with_args(args.iter().copied());
    let Request::Run(inputs, problems) = Inputs::read(&context) else {
        panic!("no run")
    };
    let read = Plan::read(&inputs);
    if problems.is_empty() {
        read
    } else {
        Err(problems)
    }
}

fn problems(args: &[&str]) -> Vec<(Rule, String)> {
    let problems = plan(args).err().unwrap_or_default();
    problems
        .into_iter()
        .map(|one| (one.rule, one.path.unwrap_or_default()))
        .collect()
}

#[test]
fn a_source_alone_is_verified_with_the_projects_own_keys() {
    for (source, keys, area) in [
        (
            "https://dist.apache.org/repos/dist/dev/airflow/2.10.0rc1/",
            "https://dist.apache.org/repos/dist/release/airflow/KEYS",
            Area::Dev,
        ),
        (
            "https://dist.apache.org/repos/dist/release/airflow",
            "https://dist.apache.org/repos/dist/release/airflow/KEYS",
            Area::Release,
        ),
        (
            "https://dist.apache.org/repos/dist/%64ev/airflow",
            "https://dist.apache.org/repos/dist/release/airflow/KEYS",
            Area::Dev,
        ),
        (
            "https://dist.apache.org/repos/dist/dev/incubator/burr/0.40/",
            "https://dist.apache.org/repos/dist/release/incubator/burr/KEYS",
            Area::Dev,
        ),
        (
            "https://downloads.apache.org/iceberg/pyiceberg-0.9.0/",
            "https://downloads.apache.org/iceberg/KEYS",
            Area::Release,
        ),
        (
            "https://archive.apache.org/dist/incubator/burr/0.40/",
            "https://downloads.apache.org/incubator/burr/KEYS",
            Area::Release,
        ),
    ] {
        let plan = plan(&["verify", "--source", source]).unwrap();
        assert_eq!(
            plan.keys.iter().map(Location::shown).collect::<Vec<_>>(),
            [keys]
        );
        assert_eq!(plan.area, Some(area), "{source}");
    }
}

#[test]
fn only_what_left_the_release_area_is_looked_for_in_the_archive() {
    let archived = |source: &str, more: &[&str]| {
        let args = [&["verify", "--source", source, "--keys", "KEYS"], more].concat();
        let plan = plan(&args).unwrap();
        plan.archived.map(|archive| archive.shown())
    };
    for source in [
        "https://downloads.apache.org/iceberg/pyiceberg%200.9",
        "https://downloads.apache.org/iceberg/pyiceberg%200.9/",
        "https://dist.apache.org/repos/dist/release/iceberg/pyiceberg%200.9/",
        "https://dist.apache.org/repos/dist/%72elease/%69ceberg/pyiceberg%200.9",
    ] {
        assert_eq!(
            archived(source, &[]).as_deref(),
            Some("https://archive.apache.org/dist/iceberg/pyiceberg%200.9/"),
            "{source}"
        );
    }
    for source in [
        "https://dist.apache.org/repos/dist/dev/iceberg/1.0rc1/",
        "https://dist.apache.org/repos/dist/release/",
        "https://archive.apache.org/dist/iceberg/1.0/",
        "https://dist.apache.org:8443/repos/dist/release/iceberg/1.0/",
        "https://mirror.example.org/repos/dist/release/iceberg/1.0/",
        "http://127.0.0.1/iceberg/1.0/",
        "/srv/iceberg/1.0",
    ] {
        assert_eq!(archived(source, &[]), None, "{source}");
    }
    // The archive has no revisions: what was asked for is not what it has.
    let release = format!("{DIST}/release/iceberg/1.0/");
    assert_eq!(archived(&release, &["--revision", "7"]), None);
}

#[test]
fn servers_without_revisions_take_none() {
    for source in [
        "https://downloads.apache.org/iceberg/1.0/",
        "https://archive.apache.org/dist/iceberg/1.0/",
    ] {
        let found = problems(&["verify", "--source", source, "--revision", "7"]);
        assert_eq!(found, [(Rule::InputIllegal, "revision".to_owned())]);
        let found = problems(&["verify", "--source", source, "--area", "dev"]);
        assert_eq!(found, [(Rule::AreaContradicted, "area".to_owned())]);
    }
}

#[test]
fn sources_that_could_mean_another_place_are_refused() {
    for source in [
        "http://dist.apache.org/repos/dist/dev/x/",
        "https://me@dist.apache.org/repos/dist/dev/x/",
        "https://@dist.apache.org/repos/dist/dev/x/",
        "https://me:pw@dist.apache.org/repos/dist/dev/x/",
        "https://dist.apache.org/repos/dist/dev/x/?p=5",
        "https://dist.apache.org/repos/dist/dev/x/#y",
        "https://dist.apache.org/repos/dist/release/../dev/x/",
        "https://dist.apache.org/repos/dist/release/%2e%2e/dev/x/",
        "https://dist.apache.org/repos/dist/release/.%2E/dev/x/",
        "https://dist.apache.org/repos/dist/release/./x/",
        "https://dist.apache.org/repos/dist/release%2fx/",
        "https://dist.apache.org/repos/dist/release%5Cx/",
        "https://dist.apache.org/repos/dist/release\\x/",
        "https://dist.apache.org/repos/dist//release/x/",
        "https://dist.apache.org/repos/dist/release/x/%zz",
        "https://dist.apache.org/repos/dist/release/x/%00",
        "https://dist.apache.org/repos/dist/!svn/rvr/5/release/x/",
        "https://dist.apache.org/repos/dist/private/x/",
        "https://dist.apache.org/elsewhere/release/x/",
        "https://downloads.apache.org/",
        "https://archive.apache.org/dist/",
        "https://archive.apache.org/foo/1.0/",
        "ftp://dist.apache.org/repos/dist/dev/x/",
        "file:///etc",
        "https:///repos",
        "https:dist.apache.org/repos/dist/dev/x",
    ] {
        let found = problems(&["verify", "--source", source, "--keys", "KEYS"]);
        assert!(
            found.contains(&(Rule::InputIllegal, "source".to_owned())),
            "{source} gave {found:?}"
        );
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    let found = plan(&["verify", "--source", "https://me:hunter2@dist.apache.org/x"]).unwrap_err();
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn loopback_needs_no_https_but_must_name_keys() {
    for host in ["127.0.0.1:8080", "localhost", "[::1]:1", "127.9.9.9"] {
        let source = format!("http://{host}/repos/dist/dev/x");
        assert!(
            plan(&["verify", "--source", &source, "--keys", "KEYS"]).is_ok(),
            "{host}"
        );
        assert_eq!(
            problems(&["verify", "--source", &source]),
            [(Rule::InputIllegal, "keys".to_owned())]
        );
    }
}

#[test]
fn keys_come_from_the_release_area_at_head() {
    let dev = format!("{DIST}/dev/x/KEYS");
    let source = format!("{DIST}/dev/x/1.0/");
    assert_eq!(
        problems(&["verify", "--source", &source, "--keys", &dev]),
        [(Rule::KeysFromDev, "keys".to_owned())]
    );
    for keys in [
        "https://archive.apache.org/dist/x/KEYS",
        "https://dist.apache.org/repos/dist/release/x/KEYS?p=7",
        "https://dist.apache.org/repos/dist/!svn/rvr/7/release/x/KEYS",
    ] {
        let found = problems(&["verify", "--source", &source, "--keys", keys]);
        assert_eq!(found, [(Rule::InputIllegal, "keys".to_owned())], "{keys}");
    }
}

#[test]
fn each_value_is_read_or_refused() {
    let source = format!("{DIST}/release/x/");
    let base = ["verify", "--source", &source];
    let signers = format!(
        "{}\n0x{FINGERPRINT}",
        "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"
    );
    for (name, good, bad) in [
        (
            "area",
            &["release", "derived"][..],
            &["dev", "Release", "archive"][..],
        ),
        (
            "revision",
            &["head", "1", "r18"],
            &["0", "-1", "HEAD~1", "+5"],
        ),
        (
            "signers",
            &["any", FINGERPRINT, &signers],
            &["DEADBEEF", "any\nany", "0123456789ABCDEF"],
        ),
        (
            "projects",
            &["none", "apache-airflow*", "Py_Spark\npyiceberg"],
            &["a b", "pу", "x/y"],
        ),
        (
            "version",
            &["any", "1.0rc1", "2.0"],
            &["1.0-source", "latest"],
        ),
        ("include", &["any", "*.whl\nsub/*"], &["[", "{a"]),
        ("exclude", &["none", "*-source.tar.gz"], &["["]),
        (
            "waive",
            &["none", "path-unknown CHANGES.txt it is a list of changes"],
            &[
                "path-unknown * everything",
                "path-unknown ** all",
                "path-unknown {*,a} all",
                "path-unknown CHANGES.txt",
                "path-unknown",
                "signature-bad x.whl why not",
                "checksum-mismatch x y",
                "final-from-dev *.whl soon",
                "path-unknwon x y",
            ],
        ),
        (
            "index",
            &[
                "pypi",
                "testpypi",
                "https://index.example/base",
                "http://127.0.0.1:1",
            ],
            &[
                "PyPI",
                "https://pypi.org",
                "https://PYPI.org:443/",
                "https://pypi.org./",
                "http://index.example",
                "https://test.pypi.org/legacy/",
                "https://a@index.example",
                "https://upload.pypi.org",
            ],
        ),
        (
            "expected-digest",
            &["any", "none", &"ab".repeat(32)],
            &["abcd", &"zz".repeat(32)],
        ),
        (
            "approval",
            &["derived", "required", "recorded", "off"],
            &["none", "true", "Required"],
        ),
        (
            "github-token",
            &["none", "ghs_0123456789", "github_pat_1.2-3"],
            &["two words", "caf\u{e9}"],
        ),
        (
            "attestations",
            &["true", "false", "best-effort", "derived"],
            &["yes", "best effort", "True"],
        ),
        (
            "sigstore",
            &["public", "staging", "trust.json"],
            &["https://fulcio.example"],
        ),
        ("dry-run", &["true", "false"], &["yes", "1"]),
        ("compare-downloads", &["true", "false"], &["yes", "1"]),
        ("concurrency", &["1", "32"], &["0", "33", "four"]),
        ("max-files", &["1"], &["0", "-1", "many"]),
        ("max-file-size", &["2 GiB", "100MB", "512"], &["0", "big"]),
        ("max-total-size", &["20GiB"], &["0 B"]),
        (
            "connect-timeout",
            &["10", "10 s", "500ms", "2m"],
            &["0", "soon", "2 days"],
        ),
        ("report", &["none", "out/report.json"], &[]),
    ] {
        let flag = format!("--{name}");
        for value in good {
            let args = [&base[..], &[&flag, value]].concat();
            assert_eq!(problems(&args), [], "{name} = {value}");
        }
        for value in bad {
            let args = [&base[..], &[&flag, value]].concat();
            let found = problems(&args);
            assert!(
                found.iter().any(|(_, path)| path == name),
                "{name} = {value}: {found:?}"
            );
        }
    }
}

#[test]
fn publishing_on_the_public_indexes_takes_only_the_asfs_hosts() {
    let dist = format!("{DIST}/release/x/");
    let publish = |more: &[&str]| {
        let base = ["publish", "--projects", "x", "--expected-digest", "any"];
        problems(&[&base[..], more].concat())
    };
    assert_eq!(publish(&["--source", &dist]), []);
    assert_eq!(publish(&["--source", &dist, "--index", "testpypi"]), []);
    let source = (Rule::InputIllegal, "source".to_owned());
    let keys = (Rule::InputIllegal, "keys".to_owned());
    for index in ["pypi", "testpypi"] {
        let asf_keys = "https://downloads.apache.org/x/KEYS";
        for elsewhere in [
            "/srv/release",
            "http://127.0.0.1/x",
            "https://dist.apache.org:8443/repos/dist/release/x",
            "https://dist.apache.org.evil.example/repos/dist/release/x",
        ] {
            let found = publish(&["--index", index, "--source", elsewhere, "--keys", asf_keys]);
            assert_eq!(found, std::slice::from_ref(&source), "{elsewhere}");
            let found = publish(&["--index", index, "--source", &dist, "--keys", elsewhere]);
            assert_eq!(found, std::slice::from_ref(&keys), "{elsewhere}");
        }
    }
    let own = [
        "--index",
        "https://index.example",
        "--source",
        "/srv/release",
        "--keys",
        "KEYS",
    ];
    assert_eq!(publish(&own), [(Rule::AreaUnknown, "area".to_owned())]);
    assert_eq!(publish(&[&own[..], &["--area", "release"]].concat()), []);
}

#[test]
fn publishing_says_what_and_for_pypi_which_bytes() {
    let source = format!("{DIST}/release/x/");
    assert_eq!(
        problems(&["publish", "--source", &source]),
        [
            (Rule::InputIllegal, "projects".to_owned()),
            (Rule::InputIllegal, "expected-digest".to_owned())
        ]
    );
    let args = [
        "publish",
        "--source",
        &source,
        "--projects",
        "x",
        "--index",
        "testpypi",
    ];
    assert_eq!(problems(&args), []);
}

#[test]
fn pypi_needs_an_approval_and_every_other_index_tells_it() {
    let source = format!("{DIST}/release/x/");
    let level = |index: &str, more: &[&str]| {
        let base = ["verify", "--source", &source, "--index", index];
        plan(&[&base[..], more].concat()).unwrap().approval
    };
    for (index, expected) in [
        ("pypi", ApprovalLevel::Required),
        ("testpypi", ApprovalLevel::Recorded),
        ("https://index.example/", ApprovalLevel::Recorded),
    ] {
        assert_eq!(level(index, &[]), expected, "{index}");
        assert_eq!(
            level(index, &["--approval", "derived"]),
            expected,
            "{index}"
        );
        let off = level(index, &["--approval", "off"]);
        assert_eq!(off, ApprovalLevel::Off, "{index}");
    }
}

#[test]
fn no_part_of_a_plan_or_of_inputs_shows_the_token() {
    let source = format!("{DIST}/release/x/");
    let args = ["verify", "--source", &source, "--github-token", "ghs_0123"];
    let context = Context::with_args(args);
    let Request::Run(inputs, _) = Inputs::read(&context) else {
        panic!("no run")
    };
    for shown in [format!("{inputs:?}"), format!("{:?}", plan(&args).unwrap())] {
        assert!(!shown.contains("ghs_0123"), "{shown}");
    }
}

#[test]
fn an_upload_url_belongs_to_an_index_of_ones_own() {
    let source = format!("{DIST}/release/x/");
    let upload = |index: &str, url: &str| {
        problems(&[
            "verify",
            "--source",
            &source,
            "--index",
            index,
            "--upload-url",
            url,
        ])
    };
    let refused = [(Rule::InputIllegal, "upload-url".to_owned())];
    assert_eq!(upload("pypi", "https://elsewhere.example/"), refused);
    assert_eq!(
        upload("https://index.example/", "https://upload.example/legacy/"),
        []
    );
    assert_eq!(
        upload("https://index.example/", "https://upload.pypi.org/legacy/"),
        refused
    );
    assert_eq!(
        upload("http://127.0.0.1:1/", "http://127.0.0.1:1/upload"),
        []
    );
    assert_eq!(
        upload("http://127.0.0.1:1/", "http://127.0.0.1:2/upload"),
        refused
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let args = [
        "publish",
        "--source",
        "ftp://x",
        "--index",
        "nowhere",
        "--concurrency",
        "0",
        "--waive",
        "x",
    ];
    let names: Vec<String> = problems(&args).into_iter().map(|(_, name)| name).collect();
    for name in ["source", "index", "concurrency", "waive", "projects"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
}

#[test]
fn a_waiver_softens_its_rule_on_its_paths_and_no_other() {
    let source = format!("{DIST}/release/x/");
    let plan = plan(&[
        "verify",
        "--source",
        &source,
        "--waive",
        "path-unknown docs/* not code",
    ])
    .unwrap();
    let finding = |rule, path| Finding::new(rule, Some(path), "", "");
    let mut fits = finding(Rule::PathUnknown, "docs/a/b.txt");
    assert!(plan.waivers.apply(&mut fits).is_some() && !fits.refuses());
    for (rule, path) in [
        (Rule::PathUnknown, "a.txt"),
        (Rule::SidecarOrphan, "docs/a.asc"),
    ] {
        let mut other = finding(rule, path);
        assert!(plan.waivers.apply(&mut other).is_none() && other.refuses());
    }
}
