// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Tables of what expressions become as globs and as projects.

use globset::GlobBuilder;
use proptest::prelude::*;

use super::pattern::{Globs, is_never_published, is_sidecar, projects};
use crate::dist::filename::DistributionName;

#[test]
fn an_expression_becomes_globs_of_exactly_its_meaning_or_none() {
    let globs = |pattern| Globs::read(pattern).map(|globs| globs.globs.join(" "));
    for (pattern, expected) in [
        (".*(.asc|.sha512)$", Some("*?asc *?sha512")),
        (r".*(\.asc|\.sha512)$", Some("*.asc *.sha512")),
        ("^(foo-.*?)$", Some("foo-*")),
        ("(foo_.*)", Some("foo_*")),
        ("(foo_.+)$", Some("foo_?*")),
        (
            ".*(-src.tar.gz|-bin.(zip|tgz))$",
            Some("*-src?tar?gz *-bin?zip *-bin?tgz"),
        ),
        ("(?:a|b)(c|d)$", Some("ac ad bc bd")),
        ("foo$", Some("foo")),
        // Without an end, Python takes the beginning of a longer name too.
        ("(foo)", None),
        ("foo.*|bar", None),
        ("foo|bar$", None),
        (".*|(-src.tar.gz)$", Some("* -src?tar?gz")),
        (r"foo\$", None),
        ("(foo", None),
        ("foo)$", None),
        ("a)b(c$", None),
        ("fo?o$", None),
        ("(foo)+$", None),
        ("(foo)?$", None),
        ("fo{2}$", None),
        ("f[ao]o$", None),
        (r"foo-\d$", None),
        (r"foo\*$", None),
        ("(?!foo).*$", None),
        ("(?i:foo)$", None),
        ("(?<name>foo)$", None),
        ("(foo.*?)(?=rc)", None),
        ("^^foo$", None),
        ("foo$bar$", None),
        ("", None),
        ("föö$", None),
        ("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)$", None),
    ] {
        assert_eq!(globs(pattern).as_deref(), expected, "{pattern}");
    }
    assert!(Globs::read(".*(a)$").is_some_and(|globs| globs.grouped));
    assert!(Globs::read(".*a$").is_some_and(|globs| !globs.grouped));
}

#[test]
fn an_expression_of_any_size_is_left_alone_at_little_cost() {
    let nested = |depth: usize| format!("{}a{}$", "(".repeat(depth), ")".repeat(depth));
    assert!(Globs::read(&nested(16)).is_some());
    for pattern in [
        nested(17),
        "(".repeat(250_000),
        "(a|".repeat(80_000),
        format!("{}$", "a".repeat(250_000)),
    ] {
        assert_eq!(Globs::read(&pattern), None);
    }
}

#[test]
fn what_is_no_address_is_never_taken_for_a_folder_of_this_machine() {
    let convert = |url: &str, keys: &str| {
        let text = format!(
            "publisher: {{url: '{url}', path: x}}\n\
             checks: {{signature: [{{method: gpg, keys: '{keys}'}}]}}\n"
        );
        super::convert("old.yml", text.as_bytes())
    };
    let url = "https://dist.apache.org/repos/dist/dev/foo";
    let keys = "https://dist.apache.org/repos/dist/release/foo/KEYS";
    for other in [
        "release",
        "/srv/release",
        "htt",
        "file:///srv",
        "svn://a.org/b",
    ] {
        let problems = convert(other, keys).unwrap_err();
        assert_eq!(
            problems[0].found, "a `url` that is none of https",
            "{other}"
        );
        let (text, migrated) = convert(url, other).unwrap();
        assert!(!text.contains("\nkeys:"), "{text}");
        let is_told = |note: &String| note.contains("is no address");
        assert!(migrated.notes.iter().any(is_told), "{other}");
    }
    let (text, _) = convert(url, keys).unwrap();
    assert!(text.contains(&format!("\nkeys: '{keys}'\n")), "{text}");
}

#[test]
fn a_glob_on_file_names_becomes_whole_project_names_or_none() {
    for (glob, expected) in [
        ("*apache_foo*", Some("apache-foo apache-foo-*")),
        ("apache-foo-*", Some("apache-foo-*")),
        ("Apache_Foo_Bar_*", Some("apache-foo-bar-*")),
        ("*", None),
        ("*.whl", None),
        ("foo", None),
        ("apache_foo-2*", None),
        ("apache_foo-1?0*", None),
        ("foo?*", None),
        ("-foo*", None),
        ("_*", None),
    ] {
        let found = projects(glob).map(|names| names.join(" "));
        assert_eq!(found.as_deref(), expected, "{glob}");
    }
}

#[test]
fn only_sidecars_are_taken_for_sidecars() {
    for (glob, expected) in [
        ("*?asc", true),
        ("*.sha512", true),
        ("foo-*.md5", true),
        ("*asc", true),
        ("foo-asc", false),
        ("*.whl", false),
        ("*-source?tar?gz", false),
        ("*", false),
    ] {
        assert_eq!(is_sidecar(glob), expected, "{glob}");
    }
}

#[test]
fn what_could_be_published_is_never_taken_for_what_never_is() {
    for (glob, expected) in [
        ("apache-foo-*", true),
        ("*-source?tar?gz", true),
        ("*-src.tar.gz", true),
        ("*-bin?zip", true),
        ("*?zip", true),
        ("apache_foo-*", false),
        ("apache_foo-1*", false),
        ("apache_foo*-src*", false),
        ("*-source", false),
        ("*source?tar?gz", false),
        ("apache?foo-bar*", false),
        ("*", false),
        ("foo-bar", true),
    ] {
        assert_eq!(is_never_published(glob), expected, "{glob}");
    }
    for name in [
        "apache_foo-1.0.tar.gz",
        "src-1.0.tar.gz",
        "a-1!2.0.post3.tar.gz",
        "apache_foo-1.0-py3-none-any.whl",
        "foo-1.0-7b-py3-none-any.whl",
        "source-1.0-cp39-abi3-macosx_10_12_x86_64.whl",
    ] {
        assert!(DistributionName::parse(name).is_ok(), "{name}");
        // Every glob that begins or ends as the name does.
        for at in 0..=name.len() {
            for glob in [
                format!("{}*", &name[..at]),
                format!("*{}", &name[at..]),
                format!("*{}", name[at..].replace('.', "?")),
            ] {
                assert!(!is_never_published(&glob), "{glob} and {name}");
            }
        }
    }
}

/// A part of an expression, whose meaning is known without reading it.
#[derive(Clone, Debug)]
enum Part {
    Letter(char),
    Any,
    /// Any number of characters, of so many at least; whether as few as can be.
    Many(usize, bool),
    /// Alternatives; whether it counts for a group.
    Group(Vec<Vec<Self>>, bool),
}

impl Part {
    fn write(&self) -> String {
        match self {
            Self::Letter('.') => r"\.".to_owned(),
            Self::Letter(letter) => letter.to_string(),
            Self::Any => ".".to_owned(),
            Self::Many(least, lazy) => {
                let often = if *least == 0 { "*" } else { "+" };
                format!(".{often}{}", if *lazy { "?" } else { "" })
            }
            Self::Group(all, counts) => {
                let all: Vec<String> = all.iter().map(|parts| write(parts)).collect();
                format!("({}{})", if *counts { "" } else { "?:" }, all.join("|"))
            }
        }
    }

    /// Where it can end in the name when it begins there.
    fn ends(&self, name: &[char], at: usize) -> Vec<usize> {
        let is_letter = |letter| name.get(at) == Some(letter);
        match self {
            Self::Letter(letter) if is_letter(letter) => vec![at + 1],
            Self::Any if at < name.len() => vec![at + 1],
            Self::Letter(_) | Self::Any => Vec::new(),
            Self::Many(least, _) => (at + least..=name.len()).collect(),
            Self::Group(all, _) => all.iter().flat_map(|parts| ends(parts, name, at)).collect(),
        }
    }
}

fn write(parts: &[Part]) -> String {
    parts.iter().map(Part::write).collect()
}

fn ends(parts: &[Part], name: &[char], at: usize) -> Vec<usize> {
    parts.iter().fold(vec![at], |starts, part| {
        let mut ends: Vec<usize> = starts.iter().flat_map(|at| part.ends(name, *at)).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    })
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!['a', 'b', '-', '.']).prop_map(Part::Letter),
        1 => Just(Part::Any),
        1 => (0..2_usize, any::<bool>()).prop_map(|(least, lazy)| Part::Many(least, lazy)),
    ];
    let part = leaf.prop_recursive(3, 12, 3, |part| {
        let parts = prop::collection::vec(part, 0..3);
        (prop::collection::vec(parts, 1..3), any::<bool>())
            .prop_map(|(all, counts)| Part::Group(all, counts))
    });
    prop::collection::vec(part, 1..5)
}

proptest! {
    #[test]
    fn globs_match_what_the_expression_matches_and_nothing_else(
        all in prop::collection::vec(parts(), 1..4),
        anchored in any::<bool>(),
        names in prop::collection::vec("[ab.-]{0,7}", 20),
    ) {
        let written: Vec<String> = all.iter().map(|parts| write(parts)).collect();
        let pattern = written.join("|") + if anchored { "$" } else { "" };
        // One that globs cannot say has none.
        let Some(globs) = Globs::read(&pattern) else { return Ok(()) };
        let matchers: Vec<_> = globs
            .globs
            .iter()
            .map(|glob| GlobBuilder::new(glob).literal_separator(false).build().unwrap().compile_matcher())
            .collect();
        for name in names {
            let letters: Vec<char> = name.chars().collect();
            // Python's `re.match`: from the beginning, and to the end where the
            // last alternative says so.
            let expected = all.iter().enumerate().any(|(nth, parts)| {
                let found = ends(parts, &letters, 0);
                if anchored && nth + 1 == all.len() {
                    found.contains(&letters.len())
                } else {
                    !found.is_empty()
                }
            });
            let matched = matchers.iter().any(|glob| glob.is_match(&name));
            prop_assert_eq!(matched, expected, "{} and {}", pattern, name);
        }
    }
}
