// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use proptest::prelude::*;

use super::*;
use crate::rules::Rule;

#[test]
fn names_that_an_index_takes_are_read() {
    // name, project, version, filetype, pyversion
    let cases = [
        (
            "apache_libcloud-3.9.0-py2.py3-none-any.whl",
            "apache-libcloud",
            "3.9.0",
            "py2.py3",
        ),
        (
            "apache_libcloud-3.9.0.tar.gz",
            "apache-libcloud",
            "3.9.0",
            "source",
        ),
        (
            "apache_airflow_providers_amazon-9.1.0rc1-py3-none-any.whl",
            "apache-airflow-providers-amazon",
            "9.1.0rc1",
            "py3",
        ),
        (
            "pyarrow-21.0.0-cp313-cp313t-manylinux_2_28_x86_64.whl",
            "pyarrow",
            "21.0.0",
            "cp313",
        ),
        (
            "pyiceberg-0.10.0-pp310-pypy310_pp73-win_amd64.whl",
            "pyiceberg",
            "0.10.0",
            "pp310",
        ),
        (
            "apache_beam-2.60.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "apache-beam",
            "2.60.0",
            "cp39",
        ),
        (
            "datafusion-40.0.0-1_x-cp38-abi3-macosx_10_12_x86_64.whl",
            "datafusion",
            "40.0.0",
            "cp38",
        ),
        ("avro_src-1.12.0.tar.gz", "avro-src", "1.12.0", "source"),
        ("src-1.0.tar.gz", "src", "1.0", "source"),
        // The index compares a wheel's version, and reads its tags in lower case.
        ("foo-v1.0.RC1-PY3-None-ANY.whl", "foo", "1.0rc1", "PY3"),
        ("foo-2020.01.05-py3-none-any.whl", "foo", "2020.1.5", "py3"),
        ("a-1!2.0.post3.tar.gz", "a", "1!2.0.post3", "source"),
        (
            "pyspark-4.0.0.dev1.tar.gz",
            "pyspark",
            "4.0.0.dev1",
            "source",
        ),
    ];
    for (file, project, version, pyversion) in cases {
        let name = DistributionName::parse(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(name.file(), file);
        assert_eq!(name.project().as_str(), project);
        assert_eq!(name.version().to_string(), version);
        assert_eq!(name.pyversion(), pyversion);
        let sdist = name.kind() == &Kind::Sdist;
        assert_eq!(name.filetype(), if sdist { "sdist" } else { "bdist_wheel" });
        assert_eq!(sdist, file.ends_with(".tar.gz"));
        assert!(!is_other_artifact(file), "{file}");
    }
}

#[test]
fn a_build_tag_and_the_other_tags_are_told_apart() {
    let name = DistributionName::parse("a-1.0-7b-py3-none-any.whl").unwrap();
    let Kind::Wheel {
        python,
        abi,
        platform,
        build,
    } = name.kind()
    else {
        panic!("no wheel")
    };
    assert_eq!([python, abi, platform], ["py3", "none", "any"]);
    assert_eq!(build.as_deref(), Some("7b"));
}

#[test]
fn names_that_an_index_refuses_are_refused_with_the_reason() {
    let cases = [
        ("", "ASCII letters"),
        ("apache_foo 1.0.tar.gz", "ASCII letters"),
        ("sub/apache_foo-1.0.tar.gz", "ASCII letters"),
        ("apache_foo-1.0%20.tar.gz", "ASCII letters"),
        ("apache_fóo-1.0.tar.gz", "ASCII letters"),
        ("apache_foo-1.0.tar.gz\n", "ASCII letters"),
        ("apache_foo-1.0.zip", ".whl or .tar.gz"),
        ("apache_foo-1.0.tgz", ".whl or .tar.gz"),
        ("apache_foo-1.0.WHL", ".whl or .tar.gz"),
        ("apache_foo-1.0-py3-none-any.whl.asc", ".whl or .tar.gz"),
        (".whl", "1 parts"),
        (".tar.gz", "name-version.tar.gz"),
        ("apache_foo.tar.gz", "name-version.tar.gz"),
        ("apache_foo-1.0-py3-none.whl", "4 parts"),
        ("apache-foo-1.0-1-py3-none-any.whl", "7 parts"),
        ("apache-foo-1.0-py3-none-any.whl", "found foo"),
        ("_foo-1.0-py3-none-any.whl", "found _foo"),
        ("-1.0.tar.gz", "project name"),
        ("apache_foo-latest.tar.gz", "PEP 440, found latest"),
        (
            "apache_foo-1.0+local-py3-none-any.whl",
            "without a local part",
        ),
        ("apache_foo-1.0+local.tar.gz", "without a local part"),
        ("apache_foo-1.0-b1-py3-none-any.whl", "build tag"),
        ("apache_foo-1.0--py3-none-any.whl", "build tag"),
        ("apache_foo-1.0-py3..py2-none-any.whl", "a tag like"),
        ("apache_foo-1.0-3-none-any.whl", "a tag like"),
        ("apache_foo-1.0-py3--any.whl", "a tag like"),
        ("apache_foo-1.0-py3-none-.whl", "a platform"),
        (
            "apache_foo-1.0-py3-none-linux_x86_64.whl",
            "found linux_x86_64",
        ),
        (
            "apache_foo-1.0-py3-none-any.linux_x86_64.whl",
            "found linux_x86_64",
        ),
        // Not in their normal form.
        (
            "apache-libcloud-3.8.0.tar.gz",
            "expected apache_libcloud-3.8.0.tar.gz (the normal form",
        ),
        ("Apache_Foo-1.0.tar.gz", "expected apache_foo-1.0.tar.gz"),
        (
            "apache.foo-1.0-py3-none-any.whl",
            "expected apache_foo-1.0-py3-none-any.whl",
        ),
        (
            "Apache_foo-1.0-py3-none-any.whl",
            "expected apache_foo-1.0-py3-none-any.whl",
        ),
        ("apache__foo-1.0.tar.gz", "expected apache_foo-1.0.tar.gz"),
        (
            "apache_foo-1.0RC1.tar.gz",
            "expected apache_foo-1.0rc1.tar.gz",
        ),
        ("apache_foo-01.0.tar.gz", "expected apache_foo-1.0.tar.gz"),
        (
            "apache_foo-1.0.0.rc.1.tar.gz",
            "expected apache_foo-1.0.0rc1.tar.gz",
        ),
    ];
    for (file, reason) in cases {
        let error = DistributionName::parse(file).expect_err(file);
        let text = error.to_string();
        assert!(text.contains(reason), "{file}: {error}");
        let rule = match reason {
            "without a local part" => Rule::VersionLocal,
            "a platform" | "found linux_x86_64" => Rule::PlatformTagUnknown,
            _ => Rule::FilenameIllegal,
        };
        assert_eq!(error.rule(), rule, "{file}");
    }
}

#[test]
fn names_that_the_index_cannot_store_are_refused() {
    let wheel = |len: usize| format!("{}-1.0-py3-none-any.whl", "a".repeat(len - 21));
    let sdist = |len: usize| format!("{}-1.0.tar.gz", "a".repeat(len - 11));
    for (taken, refused) in [(wheel(246), wheel(247)), (sdist(255), sdist(256))] {
        assert!(DistributionName::parse(&taken).is_ok(), "{taken}");
        let error = DistributionName::parse(&refused).unwrap_err();
        assert_eq!(error.rule(), Rule::FilenameTooLong);
    }
}

#[test]
fn a_wheel_has_its_folder_as_its_name_is_spelt() {
    for (file, stem) in [
        ("foo-v1.0-py3-none-any.whl", "foo-v1.0"),
        ("foo_bar-1.0-1-py3-none-any.whl", "foo_bar-1.0"),
        ("foo_bar-1.0.tar.gz", "foo_bar-1.0"),
    ] {
        assert_eq!(DistributionName::parse(file).unwrap().stem(), stem);
    }
}

#[test]
fn other_artifacts_of_a_release_are_no_distributions() {
    for file in [
        "apache-airflow-2.10.4-source.tar.gz",
        "apache_airflow-2.10.4-source.tar.gz",
        "apache_airflow_providers-2024-10-20-source.tar.gz",
        "avro-src-1.12.0.tar.gz",
        "apache_hamilton-1.0-incubating-src.tar.gz",
        "apache-hamilton-1.0-incubating.tar.gz",
        "apache-livy-0.8.0-bin.zip",
        "flink-1.20.0-bin-scala_2.12.tgz",
        "flink-1.20.0-src.tgz",
        "avro-tools-1.12.0.jar",
        "apache_foo-1.0.zip",
        "Apache-Foo-1.0-SRC.TAR.GZ",
    ] {
        assert!(is_other_artifact(file), "{file}");
        assert!(DistributionName::parse(file).is_err(), "{file}");
    }
    for file in [
        "KEYS",
        "apache_foo-1.0.tar.gz",
        "foo.txt",
        ".zip",
        "a.jar.asc",
        "a-src.tar.gz.asc",
    ] {
        assert!(!is_other_artifact(file), "{file}");
    }
}

#[test]
fn platforms_are_those_of_the_index() {
    let wheel = |tag: &str| DistributionName::parse(&format!("a-1.0-cp312-cp312-{tag}.whl"));
    for tag in [
        "any",
        "win_arm64",
        "manylinux1_i686",
        "manylinux_2_28_aarch64",
        "manylinux_2_17_ppc64",
        "musllinux_1_2_riscv64",
        "linux_armv7l",
        "macosx_10_9_universal2",
        "macosx_11_0_arm64",
        "macosx_26_0_arm64",
        "ios_13_0_arm64_iphoneos",
        "android_24_arm64_v8a",
        "pyemscripten_2025_0_wasm32",
    ] {
        assert!(wheel(tag).is_ok(), "{tag}");
    }
    for tag in [
        "linux_x86_64",
        "linux_aarch64",
        "manylinux_2_28",
        "manylinux_2_x_x86_64",
        "manylinux_2_28_sparc",
        "musllinux_1_2_ppc64",
        "macosx_11_1_arm64",
        "macosx_16_0_arm64",
        "macosx_10_9_sparc",
        "ios_13_0_arm64",
        "android_24_mips",
        "pyodide_2024_0_wasm32",
        "freebsd_14_0_amd64",
        "any_",
    ] {
        assert!(wheel(tag).is_err(), "{tag}");
    }
}

#[test]
fn two_spellings_are_one_project() {
    for spelling in ["apache-foo", "Apache_Foo", "apache.foo", "APACHE-._foo"] {
        assert_eq!(
            spelling.parse::<ProjectName>().unwrap().as_str(),
            "apache-foo"
        );
        assert_eq!(
            spelling.parse::<ProjectName>().unwrap().underscored(),
            "apache_foo"
        );
    }
    for no_name in ["", "-", "foo-", ".foo", "a b", "ſoo", "foo*", "a/b", "İ"] {
        assert!(no_name.parse::<ProjectName>().is_err(), "{no_name}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_written_again(
        name in "[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,8}){0,3}",
        numbers in prop::collection::vec(0_u32..3000, 1..4),
        suffix in "(a[1-9]|rc[1-9]|\\.post[1-9]|\\.dev[1-9])?",
    ) {
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let version = format!("{}{suffix}", numbers.join("."));
        for file in [format!("{name}-{version}.tar.gz"), format!("{name}-{version}-py3-none-any.whl")] {
            let parsed = DistributionName::parse(&file).unwrap();
            prop_assert_eq!(parsed.project().underscored(), name.clone());
            prop_assert_eq!(parsed.version().to_string(), version.clone());
            prop_assert!(!is_other_artifact(&file));
        }
    }

    #[test]
    fn no_name_makes_it_panic_or_counts_as_both(file in "[a-zé0-9._+! -]{0,20}(-src|-1\\.0)?(\\.whl|\\.tar\\.gz|\\.zip)?") {
        let parsed = DistributionName::parse(&file);
        prop_assert!(parsed.is_err() || !is_other_artifact(&file));
        if let Ok(name) = parsed {
            prop_assert_eq!(name.file(), file);
        }
    }
}
