// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::Cursor;

use proptest::prelude::*;
use testbed::distribution::{self, Sdist, Wheel};

use super::*;
use crate::rules::Rule;

#[test]
fn honest_distributions_agree_with_their_names() {
    for (file, bytes) in [
        distribution::wheel("Apache.Foo", "1.0rc1"),
        distribution::sdist("Apache.Foo", "1.0rc1"),
    ] {
        let name = DistributionName::parse(&file).unwrap();
        let metadata = Metadata::read(Cursor::new(bytes), &name).unwrap();
        assert_eq!(metadata.name(), "Apache.Foo");
        assert_eq!(metadata.version(), "1.0rc1");
        assert_eq!(metadata.metadata_version(), "2.4");
        assert!(
            metadata
                .description()
                .unwrap()
                .starts_with("# Apache.Foo\n")
        );
        assert_eq!(agree(&metadata, &name), Ok(()));
    }
}

#[test]
fn another_name_or_version_inside_is_a_mismatch() {
    let cases = [
        (
            "evil",
            "1.0",
            Err("the project foo-bar, as in the file name, found evil"),
        ),
        (
            "foo-bar",
            "1.1",
            Err("the version 1.0, as in the file name, found 1.1"),
        ),
        ("foo-bar", "1.0-incubating", Err("found 1.0-incubating")),
        ("föö", "1.0", Err("found föö")),
        ("Foo.Bar", "v1.0", Ok(())),
    ];
    for (project, version, expected) in cases {
        for (file, bytes) in [
            Wheel::new("foo-bar", "1.0")
                .claiming(project, version)
                .build(),
            Sdist::new("foo-bar", "1.0")
                .claiming(project, version)
                .build(),
        ] {
            let name = DistributionName::parse(&file).unwrap();
            let metadata = Metadata::read(Cursor::new(bytes), &name).unwrap();
            match (agree(&metadata, &name), expected) {
                (Ok(()), Ok(())) => {}
                (Err(error), Err(message)) => {
                    assert!(error.to_string().contains(message), "{error}");
                    assert_eq!(error.finding("x").rule, Rule::MetadataMismatch);
                }
                (result, _) => panic!("{project} {version}: {result:?}"),
            }
        }
    }
}

#[test]
fn zeros_at_the_end_of_a_version_matter_in_an_sdist_alone() {
    let judge = |(file, bytes): (String, Vec<u8>)| {
        let name = DistributionName::parse(&file).unwrap();
        agree(&Metadata::read(Cursor::new(bytes), &name).unwrap(), &name)
    };
    let wheel = Wheel::new("foo", "1.0").claiming("foo", "1.0.0").build();
    assert_eq!(judge(wheel), Ok(()));
    let sdist = Sdist::new("foo", "1.0").claiming("foo", "1.0.0").build();
    let error = judge(sdist).unwrap_err();
    assert!(error.to_string().ends_with("found 1.0.0"), "{error}");
    assert_eq!(error.finding("x").rule, Rule::MetadataMismatch);
}

#[test]
fn metadata_versions_are_those_of_the_index() {
    for minor in 0..=9 {
        for major in 0..=3 {
            let text = format!("Metadata-Version: {major}.{minor}\nName: foo\nVersion: 1\n");
            let taken = matches!((major, minor), (1, 0..=2) | (2, 1..=5));
            assert_eq!(Metadata::parse(text.as_bytes()).is_ok(), taken, "{text}");
        }
    }
}

#[test]
fn text_that_is_no_metadata_is_refused() {
    let cases: [(&str, &[u8]); 12] = [
        ("field Metadata-Version, found none", b""),
        (
            "field Name, found none",
            b"Metadata-Version: 2.1\nVersion: 1\n",
        ),
        (
            "field Version, found none",
            b"Metadata-Version: 2.1\nName: foo\n\nVersion: 1\n",
        ),
        (
            "field name once",
            b"Metadata-Version: 2.1\nName: foo\nname: bar\nVersion: 1\n",
        ),
        (
            "Description once",
            b"Metadata-Version: 2.1\nName: a\nVersion: 1\nDescription: a\n\nb",
        ),
        (
            "like 2.4, found 2.0",
            b"Metadata-Version: 2.0\nName: foo\nVersion: 1\n",
        ),
        (
            "like 2.4, found 3.0",
            b"Metadata-Version: 3.0\nName: foo\nVersion: 1\n",
        ),
        (
            "like 2.4, found new",
            b"Metadata-Version: new\nName: foo\nVersion: 1\n",
        ),
        ("in line 1", b" folded: 2.1\n"),
        ("in line 2", b"Metadata-Version: 2.1\nno field\n"),
        ("in line 1", b"Metadata-Version: 2.1\rName: foo\r\n"),
        ("UTF-8", b"Metadata-Version: 2.1\nName: f\xF6\n"),
    ];
    for (message, text) in cases {
        let error = Metadata::parse(text).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
        let rule = match error {
            MetadataError::MetadataVersion(_) => Rule::MetadataVersionUnknown,
            _ => Rule::MetadataUnreadable,
        };
        assert_eq!(error.finding("x").rule, rule);
    }
}

#[test]
fn metadata_of_more_fields_than_any_project_has_are_refused() {
    let head = "Metadata-Version: 2.4\nName: foo\nVersion: 1.0\n";
    let text = |more: usize| head.to_owned() + &"Classifier: x\n".repeat(more);
    assert!(Metadata::parse(text(20_000 - 3).as_bytes()).is_ok());
    let error = Metadata::parse(text(20_001 - 3).as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected at most 20000 metadata fields, found more"
    );
}

#[test]
fn folded_and_unknown_fields_are_kept() {
    let text = "Metadata-Version: 1.2\r\nName:foo\r\nVersion:\t1.0 \r\nLicense: Apache\r\n        2.0\r\n\
                X-New: yes\r\nDescription: One\r\n               two\r\n              |three\r\n       |four\r\n";
    let metadata = Metadata::parse(text.as_bytes()).unwrap();
    assert_eq!((metadata.name(), metadata.version()), ("foo", "1.0"));
    let fields: Vec<_> = metadata.fields().skip(3).collect();
    assert_eq!(
        fields,
        [("License", "Apache\n        2.0"), ("X-New", "yes")]
    );
    assert_eq!(
        metadata.description(),
        Some("One\n       two\n      |three\nfour")
    );
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([A-Za-z-]{0,12}:? ?[ -~é\r\n\t]{0,20}\n?){0,8}") {
        let _ = Metadata::parse(text.as_bytes());
    }
}
