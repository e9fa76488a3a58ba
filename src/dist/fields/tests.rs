// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use proptest::prelude::*;

use super::*;

/// The rules that a file's fields break, all of them in their order.
fn rules_of(version: &str, lines: &str) -> Vec<Rule> {
    let text = format!("Metadata-Version: {version}\nName: foo\nVersion: 1.0\n{lines}\n");
    let metadata = Metadata::parse(text.as_bytes()).unwrap();
    let findings = check(&metadata, "a.whl");
    findings.iter().map(|finding| finding.rule).collect()
}

/// The rule that one field breaks in the newest metadata.
fn rule_of(field: &str, value: &str) -> Option<Rule> {
    let rules = rules_of("2.5", &format!("{field}: {value}"));
    assert!(rules.len() < 2, "{field}: {value}: {rules:?}");
    rules.first().copied()
}

#[test]
fn values_that_the_index_takes_are_taken() {
    for (field, value) in [
        ("Summary", &*"\u{e4}".repeat(512)),
        ("Description-Content-Type", "text/markdown"),
        ("Description-Content-Type", "Text/X-RST; charset=utf-8"),
        (
            "Description-Content-Type",
            "text/markdown; charset=UTF-8; variant=CommonMark",
        ),
        ("Description-Content-Type", "text/markdown;variant=\"GFM\";"),
        ("Description-Content-Type", "text/plain; variant=other"),
        ("Classifier", "Programming Language :: Python :: 3"),
        (
            "Classifier",
            "License :: OSI Approved :: Apache Software License",
        ),
        ("Home-page", "https://example.org/a b?c#d"),
        ("Home-page", "HTTP://example.org"),
        ("Home-page", "UNKNOWN"),
        ("Download-URL", ""),
        ("Project-URL", "Homepage, https://example.org/a,b"),
        ("Project-URL", "Homepage,https://example.org/"),
        ("Author-email", "Apache <dev@example.org>"),
        ("Author-email", "dev@example.org"),
        ("Author-email", "dev@example.org (The (whole) Project, Inc)"),
        ("Author-email", "J. \u{d6}. Doe <j.d+x@example.org>"),
        (
            "Author-email",
            "\"Foundation, The\" <dev@example.org>, x@example.org",
        ),
        ("Maintainer-email", "a@example.org, b@example.org"),
        ("Requires-Dist", "foo"),
        ("Requires-Dist", "foo (>=1.0,<2)"),
        (
            "Requires-Dist",
            "foo[a, b-c]>=1.0,!=1.1.*,~=1.2 ; python_version < \"3.12\" and extra == 'x'",
        ),
        ("Requires-Dist", "foo==1.0+local"),
        ("Requires-Dist", "foo ===anything"),
        ("Requires-Dist", "foo; os_name == \"a @ b\""),
        ("Provides-Dist", "foo"),
        ("Requires-Python", ">=3.10, !=3.13.1"),
        ("Requires-Python", "~=3.10"),
        ("Provides-Extra", "A.b_c-d"),
        ("License-Expression", "Apache-2.0"),
        (
            "License-Expression",
            "(mit OR apache-2.0) and GPL-2.0-or-later WITH Classpath-exception-2.0",
        ),
        ("License-Expression", "LicenseRef-Public-Domain"),
        ("License-File", "licenses/LICENSE-a.txt"),
        ("Dynamic", "requires-dist"),
        ("Import-Name", "foo.bar"),
        ("Import-Name", "_foo ; private"),
        ("Import-Namespace", "foo"),
    ] {
        assert_eq!(rule_of(field, value), None, "{field}: {value}");
    }
}

const REFUSED: &[(&str, &str, Rule)] = &[
    ("Summary", "one\n        two", Rule::SummaryIllegal),
    (
        "Description-Content-Type",
        "text/html",
        Rule::DescriptionContentType,
    ),
    (
        "Description-Content-Type",
        "markdown",
        Rule::DescriptionContentType,
    ),
    (
        "Description-Content-Type",
        "text/markdown; charset=latin-1",
        Rule::DescriptionContentType,
    ),
    (
        "Description-Content-Type",
        "text/markdown; variant=pandoc",
        Rule::DescriptionContentType,
    ),
    (
        "Classifier",
        "Private :: Do Not Upload",
        Rule::ClassifierIllegal,
    ),
    (
        "Classifier",
        "Apache Software License",
        Rule::ClassifierIllegal,
    ),
    ("Classifier", "Topic ::", Rule::ClassifierIllegal),
    (
        "Classifier",
        "Natural Language :: Ukranian",
        Rule::ClassifierIllegal,
    ),
    ("Home-page", "ftp://example.org", Rule::UrlIllegal),
    ("Home-page", "example.org", Rule::UrlIllegal),
    ("Download-URL", "mailto:dev@example.org", Rule::UrlIllegal),
    ("Project-URL", "https://example.org", Rule::UrlIllegal),
    ("Project-URL", "Homepage,", Rule::UrlIllegal),
    ("Project-URL", ", https://example.org", Rule::UrlIllegal),
    (
        "Project-URL",
        "A label that has more than thirty-two characters, https://example.org",
        Rule::UrlIllegal,
    ),
    (
        "Project-URL",
        "Source, git@example.org:foo.git",
        Rule::UrlIllegal,
    ),
    ("Author-email", "dev@foo", Rule::EmailIllegal),
    ("Author-email", "dev at example.org", Rule::EmailIllegal),
    ("Maintainer-email", "Apache <dev>", Rule::EmailIllegal),
    (
        "Requires-Dist",
        "foo @ https://example.org/foo.whl",
        Rule::RequirementDirect,
    ),
    (
        "Requires-Dist",
        "foo[a]@ file:///foo.whl ; os_name == 'nt'",
        Rule::RequirementDirect,
    ),
    (
        "Obsoletes-Dist",
        "foo @ https://example.org/foo.whl",
        Rule::RequirementDirect,
    ),
    ("Requires-Dist", "-foo", Rule::RequirementIllegal),
    ("Requires-Dist", "foo bar", Rule::RequirementIllegal),
    ("Requires-Dist", "foo,>=1", Rule::RequirementIllegal),
    ("Requires-Dist", "foo===a b", Rule::RequirementIllegal),
    ("Requires-Dist", "foo (>=1.0", Rule::RequirementIllegal),
    ("Requires-Dist", "foo>=1.0.*", Rule::RequirementIllegal),
    ("Requires-Dist", "foo[a b]", Rule::RequirementIllegal),
    ("Requires-Dist", "foo;", Rule::RequirementIllegal),
    ("Requires-Python", ">=3.10.*", Rule::RequirementIllegal),
    ("Requires-Python", "3.10", Rule::RequirementIllegal),
    ("Provides-Extra", "a b", Rule::RequirementIllegal),
    (
        "License-Expression",
        "Apache License",
        Rule::LicenseExpressionIllegal,
    ),
    (
        "License-Expression",
        "MIT OR",
        Rule::LicenseExpressionIllegal,
    ),
    ("License-Expression", "(MIT", Rule::LicenseExpressionIllegal),
    (
        "License-Expression",
        "MIT/Apache-2.0",
        Rule::LicenseExpressionIllegal,
    ),
    (
        "License-Expression",
        "(MIT) WITH foo",
        Rule::LicenseExpressionIllegal,
    ),
    ("License-File", "../LICENSE", Rule::MetadataFieldIllegal),
    ("License-File", "LICENSE*", Rule::MetadataFieldIllegal),
    ("License-File", "/LICENSE", Rule::MetadataFieldIllegal),
    ("License-File", "C:/LICENSE", Rule::MetadataFieldIllegal),
    ("License-File", "a\\LICENSE", Rule::MetadataFieldIllegal),
    ("Dynamic", "Version", Rule::MetadataFieldIllegal),
    ("Dynamic", "Readme", Rule::MetadataFieldIllegal),
    ("Import-Name", "foo-bar", Rule::MetadataFieldIllegal),
    ("Import-Name", "foo.class", Rule::MetadataFieldIllegal),
    (
        "Import-Namespace",
        "foo; public",
        Rule::MetadataFieldIllegal,
    ),
];

#[test]
fn values_that_the_index_refuses_are_refused() {
    let text = "\u{e4}".repeat(513);
    let long = ("Summary", text.as_str(), Rule::SummaryIllegal);
    for (field, value, rule) in REFUSED.iter().copied().chain([long]) {
        assert_eq!(rule_of(field, value), Some(rule), "{field}: {value}");
        assert_eq!(rule.severity(), crate::rules::Severity::Refuse);
    }
}

#[test]
fn values_that_the_index_may_refuse_are_warned_of() {
    for (field, value, rule) in [
        (
            "Classifier",
            "Framework :: Apache Something",
            Rule::ClassifierUnknown,
        ),
        (
            "Description-Content-Type",
            "text/markdown; utf-8",
            Rule::MetadataFieldDoubtful,
        ),
        (
            "Home-page",
            "https://ex ample.org/",
            Rule::MetadataFieldDoubtful,
        ),
        (
            "Author-email",
            "a, dev@example.org",
            Rule::MetadataFieldDoubtful,
        ),
        (
            "Author-email",
            "dev@host.local",
            Rule::MetadataFieldDoubtful,
        ),
        ("License-File", "a//LICENSE", Rule::MetadataFieldDoubtful),
        ("Import-Name", "f\u{f6}o-b", Rule::MetadataFieldDoubtful),
    ] {
        assert_eq!(rule_of(field, value), Some(rule), "{field}: {value}");
        assert_eq!(rule.severity(), crate::rules::Severity::Warn);
    }
}

#[test]
fn fields_that_stand_together_are_judged_together() {
    let urls = "Project-URL: A, https://a.org\nProject-URL: A, https://b.org";
    assert_eq!(rules_of("2.4", urls), [Rule::UrlIllegal]);
    let both = "License: Apache\nLicense-Expression: Apache-2.0";
    assert_eq!(rules_of("2.4", both), [Rule::LicenseExpressionIllegal]);
    let several = "Summary: a\n b\nHome-page: x\nClassifier: y";
    assert_eq!(
        rules_of("2.4", several),
        [
            Rule::SummaryIllegal,
            Rule::UrlIllegal,
            Rule::ClassifierIllegal
        ]
    );
}

/// What the index is not told of, it cannot refuse.
#[test]
fn fields_that_are_left_out_of_the_form_harm_nothing() {
    for (version, line) in [
        ("2.1", "License-File: ../LICENSE"),
        ("2.3", "License-Expression: no expression"),
        ("1.0", "Classifier: none"),
        ("1.1", "Requires-Dist: foo @ https://example.org"),
        ("1.2", "Provides-Extra: a b"),
        ("2.1", "Dynamic: nothing"),
        ("2.4", "Import-Name: a-b"),
        ("2.5", "X-New: anything"),
        ("2.5", "Home-Pages: x"),
    ] {
        assert_eq!(
            rules_of(version, line),
            [Rule::MetadataFieldLeftOut],
            "{line}"
        );
    }
    let license = "License: a\nLicense-File: LICENSE\nLicense-Expression: MIT";
    assert_eq!(rules_of("2.3", license), [Rule::MetadataFieldLeftOut]);
    let text = format!("Metadata-Version: 2.3\nName: foo\nVersion: 1.0\n{license}\n");
    let metadata = Metadata::parse(text.as_bytes()).unwrap();
    assert_eq!(license_files(&metadata).count(), 0);
}

proptest! {
    #[test]
    fn no_value_makes_it_panic(
        which in 0..REFUSED.len(),
        value in "[ -~\u{e9}\t]{0,40}",
        cut in any::<prop::sample::Index>(),
    ) {
        let (field, start, _) = REFUSED[which];
        let ends: Vec<usize> = start.char_indices().map(|(at, _)| at).collect();
        let value = format!("{}{value}", &start[..ends[cut.index(ends.len())]]);
        let value = value.replace('\n', " ");
        let text = format!("Metadata-Version: 2.5\nName: a\nVersion: 1\n{field}: {value}\n");
        let metadata = Metadata::parse(text.as_bytes()).unwrap();
        // One value breaks one rule at most.
        prop_assert!(check(&metadata, "a").len() < 2);
    }
}
