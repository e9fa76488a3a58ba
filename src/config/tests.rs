// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Properties: what is written comes back to the letter, and no bytes at all
//! bring the reader down or are refused at a place outside of the file.

use proptest::prelude::*;

use super::*;

const WHOLE: &str = "\
source: https://dist.apache.org/repos/dist/release/x/
keys: [a, 'b']
concurrency: 8
dry-run: false
exclude: |
  *.txt
releases:
  core: {version: '1.0'}
  more:
    include:
      - \"*.whl\"
";

/// Reads, and holds every refusal to a place inside of the file.
fn read(bytes: &[u8]) -> Option<Config> {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    match Config::read("a.yml", bytes) {
        Ok(config) => Some(config),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert_eq!(problem.rule, Rule::ConfigIllegal);
                let path = problem.path.unwrap();
                let place: Vec<usize> = path
                    .strip_prefix("a.yml:")
                    .unwrap()
                    .split(':')
                    .map(|number| number.parse().unwrap())
                    .collect();
                assert!((1..=lines + 1).contains(&place[0]), "{path}");
                assert!((1..=bytes.len() + 2).contains(&place[1]), "{path}");
            }
            None
        }
    }
}

#[test]
fn names_of_releases_are_keys_that_need_no_quotes() {
    for name in ["core", "a", "providers-2026.11", "x_y"] {
        assert!(is_release_name(name), "{name}");
    }
    let long = "a".repeat(65);
    for name in [
        "", "none", "null", "true", "1.0", "-a", "A", "a b", "é", "a:", &long,
    ] {
        assert!(!is_release_name(name), "{name}");
    }
}

#[test]
fn every_input_but_those_of_one_run_may_stand_in_a_file() {
    for row in TABLE {
        let value = match row.shape {
            crate::inputs::Shape::Flag | crate::inputs::Shape::Choice => "true",
            crate::inputs::Shape::Number => "7",
            _ => "'x'",
        };
        let text = format!("{}: {value}\n", row.name);
        let config = read(text.as_bytes());
        let is_legal = !NOT_IN_A_FILE.contains(&row.name);
        assert_eq!(config.is_some(), is_legal, "{}", row.name);
    }
}

#[test]
fn what_is_wrong_is_told_in_part_where_it_is_much() {
    let many: Vec<String> = (0..5000).map(|number| format!("k{number}: x\n")).collect();
    let problems = Config::read("a.yml", many.concat().as_bytes()).unwrap_err();
    assert_eq!(problems.len(), 50);
    assert_eq!(problems[49].path.as_deref(), Some("a.yml:50:1"));
    let long = format!("? {}\n: x\n", "k".repeat(100_000));
    let problems = Config::read("a.yml", long.as_bytes()).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].found.chars().count(), 301);
}

proptest! {
    #[test]
    fn text_comes_back_to_the_letter(value in "[ -~é]{0,40}[!-~]", flow in any::<bool>()) {
        let quoted = value.replace('\'', "''");
        let text = if flow {
            format!("source: '{quoted}'\nkeys: ['{quoted}', b]\n")
        } else {
            format!("source: '{quoted}'\nkeys:\n  - '{quoted}'\n  - b\n")
        };
        let config = read(text.as_bytes()).unwrap();
        let settings = config.settings(None).unwrap();
        prop_assert_eq!(&settings[0].value, &value);
        prop_assert_eq!(&settings[1].value, &format!("{value}\nb"));
    }

    #[test]
    fn a_plain_number_is_never_taken_for_text(number in "-?[0-9]{1,20}(\\.[0-9]{1,5})?(e[0-9])?") {
        let text = format!("version: {number}\n");
        prop_assert!(read(text.as_bytes()).is_none());
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }

    #[test]
    fn no_yaml_brings_it_down(text in "[ \n:,'\"{}\\[\\]&*!|>%@#?~a1.-]{0,80}") {
        read(text.as_bytes());
    }

    #[test]
    fn no_damage_brings_it_down(
        at in any::<prop::sample::Index>(),
        piece in "[ \n\t:,'\"{}&*!|>%#?~a1.\u{202e}-]{1,4}",
        keep in any::<bool>(),
    ) {
        let at = at.index(WHOLE.len());
        let rest = if keep { &WHOLE[at..] } else { &WHOLE[at + 1..] };
        read(format!("{}{piece}{rest}", &WHOLE[..at]).as_bytes());
    }
}

#[test]
fn the_whole_file_is_read() {
    let config = read(WHOLE.as_bytes()).unwrap();
    let of = |release| {
        let settings = config.settings(Some(release)).unwrap();
        let value = |name| {
            let setting = settings.iter().find(|one| one.row.name == name)?;
            Some(setting.value.as_str())
        };
        (
            value("version"),
            value("include"),
            value("exclude"),
            value("keys"),
        )
    };
    let (exclude, keys) = (Some("*.txt\n"), Some("a\nb"));
    assert_eq!(of("core"), (Some("1.0"), None, exclude, keys));
    assert_eq!(of("more"), (None, Some("*.whl"), exclude, keys));
}
