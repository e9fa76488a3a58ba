// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The release-configs that `migrate` converts, and what it makes of them.

use asf_pypi_publish::config::Config;
use asf_pypi_publish::migrate;
use asf_pypi_publish::rules::Rule;
use url::Url;

use crate::configs::{LIMIT, NAME, SHOWN, check_settings};
use crate::mutate::fill;
use crate::round::{Outcome, Target, measured};

const RELEASE_CONFIG: &str = r#"
project:
  name: example
  description: "Example's wave"
publisher:
  name: example
  url: "https://dist.apache.org/repos/dist/dev/example"
  path: 1.0/
checks:
  svn:
    - id: extension
      identifiers:
        - type: regex
          pattern: ".*(.whl|.whl.asc|.tar.gz|.tar.gz.sha512)$"
    - id: package_name
      identifiers:
        - type: regex
          pattern: ".*(apache_example.*)$"
  checksum:
    - id: checksum
      algorithm: "sha512"
  signature:
    - id: signature
      method: gpg
      keys: "https://dist.apache.org/repos/dist/release/example/KEYS"
  artifact:
    exclude:
      - type: regex
        pattern: "(apache_example_(old|older)-.*)$"
      - type: regex
        pattern: ".*(-src.tar.gz)$"
  publish:
    id: publish
    release-type: PYPI_VERSION
    exclude_extensions:
      - type: regex
        pattern: ".*(.asc|.sha512)$"
    compare:
      url: "http://dist.apache.org/repos/dist/release/example"
      path: "./2.0"
"#;

pub fn release_config() -> Target {
    let mut seeds: Vec<Vec<u8>> = vec![RELEASE_CONFIG.as_bytes().to_vec()];
    for (from, to) in [
        ("PYPI_VERSION", "RC_VERSION"),
        (".*(apache_example.*)$", "(apache-example-(a|b|c)_.*)$"),
        ("(apache_example_(old|older)-.*)$", ".*(?=x).*"),
        ("gpg", "openpgp"),
        ("https://dist", "http://127.0.0.1:1"),
    ] {
        seeds.push(RELEASE_CONFIG.replace(from, to).into_bytes());
    }
    let words: &'static [&'static [u8]] = &[
        b"pattern: \"",
        b"- type: regex\n",
        b".*",
        b".+?",
        b"(?:",
        b"(?!",
        b"(a|b)(c|d)",
        b"|",
        b"\\\\.",
        b"$",
        b"^",
        b"*",
        b"url: http://127.0.0.1.example.org/\n",
        b"keys: https://dist.apache.org/repos/dist/dev/x/KEYS\n",
        b"../",
        b"@2\n",
        b"release-type: RC_VERSION\n",
        b"{}",
        b"[]",
        b"'",
        b"\n      ",
        b"\xe2\x80\xae",
        b"waive: x\n",
    ];
    Target {
        name: "release-config",
        seeds,
        attacks: release_attacks,
        words,
        layer: None,
        check: check_release_config,
        memory: |len| (12 << 20) + 64 * len.min(2 * LIMIT),
    }
}

fn release_attacks() -> Vec<Vec<u8>> {
    let pattern = |text: &str| {
        let room = LIMIT.saturating_sub(RELEASE_CONFIG.len());
        let text = text.repeat((room / text.len()).max(1));
        RELEASE_CONFIG.replace("(old|older)", &text).into_bytes()
    };
    let list = |each: &str| {
        let room = LIMIT.saturating_sub(RELEASE_CONFIG.len());
        let item = format!("      - type: regex\n        pattern: \"{each}\"\n");
        let all = item.repeat(room / item.len());
        let text = RELEASE_CONFIG.replace("    exclude:\n", &format!("    exclude:\n{all}"));
        text.into_bytes()
    };
    let alternatives = "(a|b|c|d|e|f|g|h)(a|b|c|d|e|f|g|h).*$";
    let mut attacks: Vec<Vec<u8>> = ["(", "(a|", "a|", "(a|b)", ".*", "((a|b)|", ")", "a"]
        .map(pattern)
        .into();
    attacks.extend(["(a)$", alternatives, "(?!a)", ""].map(list));
    attacks.push(fill(
        LIMIT,
        RELEASE_CONFIG,
        |number| format!("k{number}: x\n"),
        "",
    ));
    attacks
}

fn check_release_config(input: &[u8]) -> Outcome {
    let (text, migrated) = match measured(|| migrate::convert(NAME, input)) {
        Ok(converted) => converted,
        Err(problems) => {
            let Some(first) = problems.first() else {
                return Err("refused for nothing".to_owned());
            };
            for problem in &problems {
                // A value that is illegal for the run is shown whole, as of an input.
                if problem.rule == Rule::ConfigIllegal && problem.found.chars().count() > SHOWN {
                    return Err(format!("a text of {} bytes is told", problem.found.len()));
                }
            }
            return Ok(format!("{} {}", first.rule, first.expected));
        }
    };
    let config = Config::read("b.yml", text.as_bytes());
    let config = config.map_err(|why| format!("prints what no run takes: {why:?}"))?;
    let settings = config
        .settings(None)
        .map_err(|why| format!("prints releases: {why:?}"))?;
    check_settings(&settings)?;
    // It stays behind `#` until its own lines begin.
    let own = text.lines().filter(|line| !line.starts_with('#'));
    let keys: Vec<&str> = own
        .filter(|line| !line.is_empty() && !line.starts_with("  - '"))
        .filter_map(|line| line.split_once(':').map(|(key, _)| key))
        .collect();
    if keys.len() != settings.len() {
        return Err(format!("prints {} keys: {keys:?}", keys.len()));
    }
    for setting in &settings {
        for value in setting.value.lines() {
            let is_closed = match setting.row.name {
                "source" | "keys" => is_secure(value),
                "projects" => value.starts_with(|c: char| c.is_ascii_alphanumeric()),
                // `*` as well, if the expression meant it: then nothing is left
                // to publish, which is refused.
                "exclude" => !value.is_empty(),
                _ => false,
            };
            if !is_closed {
                return Err(format!("prints {}: {value}", setting.row.name));
            }
        }
    }
    let notes: Vec<String> = migrated.notes.iter().map(|note| sort(note)).collect();
    Ok(format!("{} {}", keys.join(" "), notes.join(" ")))
}

/// Which of the notes it is, whatever it tells of: by its last words.
fn sort(note: &str) -> String {
    note.chars().rev().take(8).collect()
}

/// Over TLS, or on this machine.
fn is_secure(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    url.scheme() == "https" || url.scheme() == "http" && here
}
