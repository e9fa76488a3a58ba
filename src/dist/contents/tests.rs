// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::{self, Cursor};

use testbed::distribution::{Sdist, Wheel};

use super::*;

fn judged(file: &str, from: impl Read + Seek) -> (bool, Vec<Rule>) {
    let name = DistributionName::parse(file).unwrap();
    let (metadata, findings) = judge(from, &name, file);
    let rules = findings.iter().map(|finding| finding.rule).collect();
    (metadata.is_some(), rules)
}

fn rules_of((file, bytes): (String, Vec<u8>)) -> Vec<Rule> {
    judged(&file, Cursor::new(bytes)).1
}

/// A file of a size that it never has to show.
struct Huge(u64);

impl Seek for Huge {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(self.0)
    }
}

impl Read for Huge {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

#[test]
fn files_are_of_a_size_that_the_index_takes() {
    let small = Wheel::new("foo", "1.0")
        .with_payload(USUAL_SIZE - 10_000)
        .build();
    assert_eq!(rules_of(small), []);
    let (file, bytes) = Wheel::new("foo", "1.0").with_payload(USUAL_SIZE).build();
    assert_eq!(
        judged(&file, Cursor::new(bytes)),
        (true, vec![Rule::FileLarge])
    );
    let file = "foo-1.0.tar.gz";
    let (_, rules) = judged(file, Huge(LARGEST_SIZE));
    assert_eq!(rules, [Rule::FileLarge, Rule::ArchiveUnreadable]);
    let (_, rules) = judged(file, Huge(LARGEST_SIZE + 1));
    assert_eq!(rules, [Rule::FileTooLarge]);
}

#[test]
fn license_files_lie_where_the_index_looks() {
    let text = "Metadata-Version: 2.4\nName: foo\nVersion: 1.0\n\
                License-File: LICENSE\nLicense-File: a/NOTICE\n";
    let wheel = |folder: &str| {
        let wheel = Wheel::new("foo", "1.0")
            .with_metadata(text)
            .with_file(&format!("{folder}LICENSE"), "a");
        rules_of(wheel.with_file(&format!("{folder}a/NOTICE"), "b").build())
    };
    assert_eq!(wheel("foo-1.0.dist-info/licenses/"), []);
    assert_eq!(wheel("foo-1.0.dist-info/"), [Rule::LicenseFileMissing; 2]);
    let sdist = |folder: &str| {
        let sdist = Sdist::new("foo", "1.0")
            .with_metadata(text)
            .with_file(&format!("{folder}LICENSE"), "a");
        rules_of(sdist.with_file(&format!("{folder}a/NOTICE"), "b").build())
    };
    assert_eq!(sdist("foo-1.0/"), []);
    assert_eq!(sdist("foo-1.0/foo/"), [Rule::LicenseFileMissing; 2]);
    let path = "a/".repeat(100_000);
    let text = format!("Metadata-Version: 2.4\nName: foo\nVersion: 1.0\nLicense-File: {path}a\n");
    let (file, bytes) = Wheel::new("foo", "1.0").with_metadata(&text).build();
    let name = DistributionName::parse(&file).unwrap();
    let (_, findings) = judge(Cursor::new(bytes), &name, &file);
    let [finding] = &findings[..] else {
        panic!("{} findings", findings.len());
    };
    assert_eq!(finding.rule, Rule::LicenseFileMissing);
    assert!(finding.expected.len() < 250, "{}", finding.expected.len());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let wheel = Wheel::new("foo", "1.0")
        .with_metadata(
            "Metadata-Version: 2.4\nName: foo\nVersion: 1.0\nSummary: a\n b\nLicense-File: L\n",
        )
        .with_file(
            "foo-1.0.dist-info/entry_points.txt",
            "[console_scripts]\na/b = c\n",
        );
    assert_eq!(
        rules_of(wheel.build()),
        [
            Rule::EntryPointsIllegal,
            Rule::SummaryIllegal,
            Rule::LicenseFileMissing
        ]
    );
    let lies = Wheel::new("foo", "1.0")
        .claiming("bar", "1.0")
        .with_file("foo-1.0.dist-info/entry_points.txt", "a = b\n");
    let (file, bytes) = lies.build();
    assert_eq!(
        judged(&file, Cursor::new(bytes)),
        (
            false,
            vec![Rule::EntryPointsIllegal, Rule::MetadataMismatch]
        )
    );
}

#[test]
fn of_many_faults_those_that_refuse_are_told() {
    let many = "Classifier: Topic :: Unknown\n".repeat(1000);
    let text = format!("Metadata-Version: 2.4\nName: foo\nVersion: 1.0\n{many}Home-page: x\n");
    let rules = rules_of(Wheel::new("foo", "1.0").with_metadata(&text).build());
    assert_eq!((rules.len(), rules[0]), (TOLD, Rule::UrlIllegal));
}
