// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The configuration file.

use asf_pypi_publish::config::{Config, NOT_IN_A_FILE, Setting, is_release_name, rows};
use asf_pypi_publish::inputs::{Row, Shape};
use asf_pypi_publish::rules::{Finding, Rule};

use crate::mutate::{fill, repeat};
use crate::round::{Outcome, Target, measured};

pub const NAME: &str = "a.yml";
/// What is read at most, in bytes.
pub const LIMIT: usize = 256 * 1024;
/// Verdicts on one file, and characters of the foreign text in each: more is
/// read by nobody, and fills a log.
const TOLD: usize = 60;
pub const SHOWN: usize = 1000;

const CONFIG: &str = "\
source: https://dist.apache.org/repos/dist/release/x/
keys: [a, 'b']
concurrency: 8
dry-run: false
exclude: |
  *.txt
releases:
  core: {version: '1.0', require: \"every-project: sdist\"}
  more:
    include:
      - \"*.whl\"
";

pub const YAML: &[&[u8]] = &[
    b": ",
    b"\n  ",
    b"\n- ",
    b"- ",
    b"&a ",
    b"*a",
    b"<<: *a\n",
    b"<<: {mode: publish}\n",
    b"? ",
    b"!!str ",
    b"!!binary ",
    b"!!int ",
    b"!x ",
    b"|\n  ",
    b">-\n  ",
    b"---\n",
    b"...\n",
    b"%YAML 1.2\n---\n",
    b"%TAG ! tag:x,2026:\n---\n",
    b"'",
    b"\"",
    b"\\u202e",
    b"\\n",
    b"\\0",
    b"\\x6dode",
    b"#",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"~",
    b"null",
    b"yes",
    b"true",
    b"0x10",
    b"0o10",
    b"1_000",
    b".inf",
    b"mode: publish\n",
    b"config: x\n",
    b"release: x\n",
    b"expected-digest: any\n",
    b"releases:\n",
    b"concurrency: ",
    b"waive: ",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\xe2\x80\xa8",
    b"\xc2\x85",
    b"\xc2\xa0",
    b"\r\n",
    b"\r",
    b"\t",
];

/// Files of the most bytes that are read, in the shapes that cost most, and
/// bombs of few.
pub fn attacks() -> Vec<Vec<u8>> {
    let same = |head: &str, each: &str, tail: &str| repeat(LIMIT, head, each, tail);
    let laughs = |levels: usize| {
        let level = |number: usize| {
            let inner = vec![format!("*a{}", number.saturating_sub(1)); 9].join(", ");
            match number {
                0 => "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
                _ => format!("a{number}: &a{number} [{inner}]\n"),
            }
        };
        (0..levels)
            .map(level)
            .collect::<Vec<_>>()
            .concat()
            .into_bytes()
    };
    let merges = |number: usize| match number {
        0 => "a0: &a0 {x: y}\n".to_owned(),
        _ => format!("a{number}: &a{number} {{<<: [*a{0}, *a{0}]}}\n", number - 1),
    };
    vec![
        laughs(10),
        fill(LIMIT, "", merges, ""),
        b"a: &a [*a]\n".to_vec(),
        b"&a a: *a\n".to_vec(),
        same("a: ", "[", ""),
        same("a: ", "{a: ", ""),
        same("", "- ", "x"),
        same("", "? ", "x"),
        fill(LIMIT, "", |depth| format!("{}a:\n", " ".repeat(depth)), ""),
        fill(LIMIT, "", |number| format!("k{number}: x\n"), ""),
        fill(LIMIT, "", |number| format!("source{number}: x\n"), ""),
        same("", "source: x\n", ""),
        same("", "k", ": x\n"),
        same("\"", "\\u0061", "\": x\n"),
        same("? |\n  ", "k\n  ", "\n: x\n"),
        fill(
            LIMIT,
            "releases:\n",
            |number| format!("  r{number}: {{}}\n"),
            "",
        ),
        fill(
            LIMIT,
            "releases:\n",
            |number| format!("  R{number}: x\n"),
            "",
        ),
        same("keys: [", "a,", "a]\n"),
        same("keys: [", "1,", "1]\n"),
        same("keys: [", "'',", "a]\n"),
        same("exclude: |\n", "  a\n", ""),
        same("exclude: >\n", "\n", "  a\n"),
        same("exclude: \"", "\\\n", "a\"\n"),
        same("source: 'x", "''", "'\n"),
        same("source: ", "1", "\n"),
        same("concurrency: ", "9", "\n"),
        same("concurrency: 1", "_0", "\n"),
        same("# ", "#", "\n"),
        same("", "#\n", "source: x\n"),
        same("", "---\n", ""),
        same("%TAG ! ", "x", "\n---\nsource: x\n"),
        same("", "%X\n", "---\nsource: x\n"),
        same("source: ", "!!str ", "x\n"),
        same("source: ", "&a ", "x\n"),
        same("source: ", " ", "x\n"),
        same("source: ", "\n", " x\n"),
        same("source: \"", "\u{e9}", "\"\n"),
        same("", "\u{feff}", ""),
        vec![0; LIMIT],
        vec![b'\xff'; LIMIT],
        vec![b' '; LIMIT + 1],
    ]
}

pub fn config() -> Target {
    let mut seeds: Vec<Vec<u8>> = [
        CONFIG,
        "source: x\n",
        "{source: x, keys: [y]}",
        "---\n\"source\": >-\n  folded\n  text\n...\n",
        "? source\n: x\n",
        "\u{feff}source: x\r\nkeys:\r\n- y\r\n",
        "max-file-size: 1 GiB\nconcurrency: 4\nversion: \"1.10\"\n",
        "a: &a {source: x}\nreleases: {core: *a}\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    // Every input once.
    let value = |row: &Row| match row.shape {
        Shape::Flag | Shape::Choice => "true",
        Shape::Number => "7",
        Shape::Word | Shape::Secret | Shape::Lines => "'x'",
    };
    let all = rows().map(|row| format!("{}: {}\n", row.name, value(row)));
    seeds.push(all.collect::<Vec<_>>().concat().into_bytes());
    Target {
        name: "config",
        seeds,
        attacks,
        words: YAML,
        layer: None,
        check: check_config,
        // A tree of 20,000 values at most, and what is wrong with them.
        memory: |len| (12 << 20) + 48 * len.min(2 * LIMIT),
    }
}

fn check_config(input: &[u8]) -> Outcome {
    let read = measured(|| Config::read(NAME, input));
    if format!("{read:?}") != format!("{:?}", Config::read(NAME, input)) {
        return Err("read twice, and not the same".to_owned());
    }
    let config = match read {
        Ok(config) => config,
        Err(problems) => return told(&problems, input),
    };
    if input.len() > LIMIT {
        return Err("a file of any size".to_owned());
    }
    let releases = match config.settings(None) {
        Ok(settings) => {
            check_settings(&settings)?;
            Vec::new()
        }
        Err(why) => why
            .expected
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .filter(|name| name != "config")
            .collect(),
    };
    for name in &releases {
        if !is_release_name(name) {
            return Err(format!("a release called {name}"));
        }
        let settings = config.settings(Some(name));
        check_settings(&settings.map_err(|why| format!("the file's own {name}: {why:?}"))?)?;
    }
    for name in ["none", "", "x\n"] {
        if config.settings(Some(name)).is_ok() {
            return Err(format!("a release called {name:?}"));
        }
    }
    Ok(format!("good, {}", "r".repeat(releases.len().min(20))))
}

/// Whether these are values that an input could have, of inputs that a file
/// may hold.
pub fn check_settings(settings: &[&Setting]) -> Result<(), String> {
    for setting in settings {
        let Setting { row, value, place } = setting;
        if NOT_IN_A_FILE.contains(&row.name) || !rows().any(|known| known.name == row.name) {
            return Err(format!("{} out of a file", row.name));
        }
        if settings.iter().filter(|it| it.row.name == row.name).count() > 1 {
            return Err(format!("{} twice", row.name));
        }
        let seen = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
        let is_legal = match row.shape {
            Shape::Flag => matches!(value.as_str(), "true" | "false"),
            Shape::Number => {
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                Some(value.as_str()) == row.default
                    || digits && (value == "0" || !value.starts_with('0')) && !value.is_empty()
            }
            Shape::Word | Shape::Secret | Shape::Choice => seen(value),
            Shape::Lines => {
                !value.trim().is_empty()
                    && value
                        .lines()
                        .all(|line| !line.chars().any(char::is_control))
            }
        };
        if !is_legal || value.contains(['\u{202e}', '\u{200b}', '\u{feff}']) {
            return Err(format!("{}: {value:?} at {place}", row.name));
        }
    }
    Ok(())
}

/// Whether what is wrong is told as it should be: in the file, and shortly.
fn told(problems: &[Finding], input: &[u8]) -> Outcome {
    let lines = input.split(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
    let Some(first) = problems.first() else {
        return Err("refused for nothing".to_owned());
    };
    if problems.len() > TOLD {
        return Err(format!("{} problems", problems.len()));
    }
    for problem in problems {
        let path = problem.path.as_deref().unwrap_or_default();
        let place = path
            .strip_prefix(NAME)
            .and_then(|rest| rest.strip_prefix(':')?.split_once(':'))
            .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
        let inside = place.is_some_and(|(line, column): (u64, u64)| {
            (1..=lines + 1).contains(&line) && (1..=input.len() as u64 + 2).contains(&column)
        });
        if problem.rule != Rule::ConfigIllegal || !inside {
            return Err(format!("refused by {} at {path}", problem.rule));
        }
        for text in [&problem.expected, &problem.found, &problem.action] {
            if text.chars().count() > SHOWN {
                return Err(format!("a text of {} bytes is told", text.len()));
            }
        }
    }
    Ok(format!("{} {}", first.expected, first.found))
}
