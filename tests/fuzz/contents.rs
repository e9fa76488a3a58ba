// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a wheel holds, judged as the index would: the fields of METADATA, and
//! `entry_points.txt`. The wheel around them is a good one.

use std::io::Cursor;

use asf_pypi_publish::dist::contents::judge;
use asf_pypi_publish::dist::filename::DistributionName;
use asf_pypi_publish::dist::form::form_fields;
use asf_pypi_publish::rules::{Finding, Rule, Severity};
use testbed::bombs;
use testbed::distribution::Wheel;

use crate::mutate::{fill, repeat};
use crate::round::{Outcome, Target, bytes_of, measured};

const ENTRY_POINTS: &str = "example-1.0.dist-info/entry_points.txt";
/// Verdicts on one file, and bytes of each text in them: more is read by
/// nobody, and fills a log.
const TOLD: usize = 50;
const SHOWN: usize = 1000;
/// What is read of either file at most, in bytes.
const TEXT: usize = 1 << 20;

/// Judges the wheel and holds the verdicts to what is promised of all.
fn verdicts(wheel: &Wheel) -> Result<(bool, Vec<Finding>), String> {
    let (file, bytes) = wheel.build();
    let name = DistributionName::parse(&file).map_err(|it| it.to_string())?;
    let (metadata, findings) = measured(|| judge(Cursor::new(&bytes), &name, &file));
    if findings.len() > TOLD {
        return Err(format!("{} verdicts", findings.len()));
    }
    for finding in &findings {
        if finding.path.as_deref() != Some(&file) {
            return Err(format!("a verdict on {:?}", finding.path));
        }
        for text in [&finding.expected, &finding.found, &finding.action] {
            if text.len() > SHOWN {
                return Err(format!("a text of {} bytes is told", text.len()));
            }
        }
    }
    let refused = findings.iter().any(|it| it.severity == Severity::Refuse);
    if metadata.is_none() && !refused {
        return Err("no metadata, and no refusal".to_owned());
    }
    if let Some(metadata) = metadata
        && !refused
    {
        for (field, value) in form_fields(&metadata) {
            if !is_taken(field, value.trim()) {
                return Err(format!("{field} is taken: {value}"));
            }
        }
    }
    Ok((refused, findings))
}

/// What the index surely takes no other value for.
fn is_taken(field: &str, value: &str) -> bool {
    let is_address = |value: &str| {
        let scheme = value.split(':').next().unwrap_or_default();
        matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
    };
    match field {
        "summary" => !value.contains(['\n', '\r']) && value.chars().count() <= 512,
        "home_page" | "download_url" => is_address(value),
        "project_urls" => value
            .split_once(',')
            .is_some_and(|(_, url)| is_address(url.trim())),
        "requires_dist" => {
            let (before, _) = value.split_once(';').unwrap_or((value, ""));
            !before.contains('@') || before.contains("===")
        }
        "license_file" => !value.starts_with('/') && value.split('/').all(|part| part != ".."),
        _ => true,
    }
}

fn word(findings: &[Finding]) -> String {
    let rules: Vec<String> = findings.iter().map(|it| it.rule.to_string()).collect();
    rules.join(" ").chars().take(80).collect()
}

const HEAD: &str = "Metadata-Version: 2.5\nName: example\nVersion: 1.0\n";

pub fn fields() -> Target {
    let seeds = [
        "Summary: x\nDescription-Content-Type: text/markdown; charset=UTF-8; variant=GFM\n\n# X\n",
        "Author-email: A B <a@example.org>, \"C, D\" <c.d@example.org>\nMaintainer-email: e@f.org\n",
        "Home-page: https://example.org/a?b#c\nProject-URL: Home, https://example.org/\n",
        "Requires-Dist: a[b,c]>=1.0,!=2.*; python_version < '3.9' and (extra == 'x' or os_name != \"nt\")\n",
        "Requires-Dist: a @ https://example.org/a.whl\nRequires-Python: >=3.8, <4, ~=3.9\n",
        "License-Expression: (Apache-2.0 OR MIT) AND LicenseRef-X WITH LLVM-exception\n",
        "License-File: LICENSE\nLicense-File: a/b\nProvides-Extra: x-y\nDynamic: Summary\n",
        "Import-Name: a.b; private\nImport-Namespace: c\nClassifier: Programming Language :: Python\n",
    ];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    let attacks = || {
        let mut attacks = bytes_of(bombs::metadata());
        let fill = |head: &str, each: &str, tail: &str| {
            let most = TEXT - HEAD.len();
            repeat(most, head, each, &format!("{tail}\n"))
        };
        attacks.extend([
            fill("Requires-Dist: a; ", "(", ""),
            fill("Requires-Dist: a; ", "(", "x"),
            fill("Requires-Dist: a; ", "'x'=='x' or ", "'x'=='x'"),
            fill("Requires-Dist: a[", "b,", "b]"),
            fill("Requires-Dist: a", ">=1,", "<2"),
            fill("Requires-Dist: a==1", ".0", ""),
            fill("Requires-Dist: a==", "9", ""),
            fill("", "Requires-Dist: a (>=1)\n", ""),
            fill("Requires-Python: ", ">=3,", ">=3"),
            fill("Author-email: ", "a@b.c,", "a@b.c"),
            fill("Author-email: ", "<", ""),
            fill("Author-email: ", "\"", ""),
            fill("Author-email: ", "\\", "@b.c"),
            fill("Author-email: ", "(", "a@b.c"),
            fill("Author-email: a@", "b.", "c"),
            fill("License-Expression: ", "(", "MIT"),
            fill("License-Expression: ", "MIT OR ", "MIT"),
            fill("License-Expression: ", "X+ WITH ", "X"),
            fill("License-File: ", "a/", "a"),
            fill("", "License-File: a\n", ""),
            fill("Project-URL: ", "a, ", "https://example.org/"),
            fill("", "Project-URL: a, https://example.org/\n", ""),
            fill("Home-page: https://", "a.", "org/"),
            fill("Home-page: https://", "[", ""),
            fill("Home-page: https://example.org/", "%", ""),
            fill("Description-Content-Type: text/markdown", "; a=b", ""),
            fill("Classifier: ", "a :: ", "b"),
            fill("Import-Name: ", "a.", "b"),
            fill("Provides-Extra: ", "a-", "a"),
            fill("", "Dynamic: Name\n", ""),
        ]);
        attacks
    };
    Target {
        name: "fields",
        seeds: seeds.into(),
        attacks,
        words: &[
            b"Author-email: ",
            b"Home-page: ",
            b"Requires-Dist: ",
            b"Requires-Python: ",
            b"Provides-Extra: ",
            b"License-Expression: ",
            b"License-File: ",
            b"Project-URL: ",
            b"Import-Name: ",
            b"Dynamic: ",
            b"Classifier: Private :: Do Not Upload",
            b"Description-Content-Type: ",
            b"; extra == 'x'",
            b" and ",
            b" not in ",
            b"~=1",
            b"===",
            b"==1.*",
            b"1!2.0a1.post2.dev3+local",
            b" @ ",
            b"file:///etc/passwd",
            b"javascript:x",
            b"http://[::1]:99999/",
            b"<a@b.c>",
            b"\"",
            b"(",
            b")",
            b"\\",
            b"../",
            b"\n ",
            b"\x00",
            b"\x0b",
            b"\xc2\x85",
            b"\xe2\x80\xa8",
            b"\xe2\x80\xae",
            b"\xef\xbc\x91",
            b"\xef\xbf\xbd",
        ],
        layer: None,
        check: check_fields,
        memory: |len| (8 << 20) + 64 * len.min(2 * TEXT),
    }
}

fn check_fields(input: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(input) else {
        return Ok("no text".to_owned());
    };
    let text = if text.starts_with("Metadata-Version") {
        text.to_owned()
    } else {
        [HEAD, text].concat()
    };
    let wheel = Wheel::new("example", "1.0").with_metadata(&text);
    let (refused, findings) = verdicts(&wheel)?;
    let word = word(&findings);
    Ok(if refused {
        word
    } else {
        format!("good {word}")
    })
}

pub fn entry_points() -> Target {
    let seeds = [
        "[console_scripts]\nfoo = foo:main\nfoo-2.0 = foo:main [extra]\n",
        "[console_scripts]\r\nf\u{f6}o_1=foo:main\r\n\r\n[gui_scripts]\r\n",
        "[a]\nx = 1\n    folded\n  # remark\n    again =\ny =\n",
        "  [a]\n  x = 1\n  y = 2\n[DEFAULT]\nz = 1\n",
        "# nothing\n; at all\n",
        "",
    ];
    let attacks = || {
        let same = |head: &str, each: &str, tail: &str| repeat(TEXT, head, each, tail);
        vec![
            same("", "[", ""),
            same("[", "]", ""),
            same("[", "a", "]\nx=1\n[b]\n[b]"),
            same("[console_scripts]\n", "a", " b = c"),
            same("[console_scripts]\n", "a", ""),
            same("[a]\nx = ", "=", ""),
            same("[a]\nx = 1\n", " y\n", ""),
            same("[a]\n", " ", "x = 1"),
            same("[a]\nx = 1\n", "\n", ""),
            same("[a]\nx = 1\n", "#\n", ""),
            same("[a]\n", "\u{2003}", "x = 1"),
            fill(TEXT, "", |number| format!("[{number}]\n"), ""),
            fill(
                TEXT,
                "[console_scripts]\n",
                |number| format!("{number}=\n"),
                "",
            ),
            fill(
                TEXT,
                "[console_scripts]\n",
                |number| format!("/{number}=\n"),
                "",
            ),
        ]
    };
    Target {
        name: "entry-points",
        seeds: seeds.map(|text| text.as_bytes().to_vec()).into(),
        attacks,
        words: &[
            b"[console_scripts]\n",
            b"[gui_scripts]\n",
            b"[DEFAULT]\n",
            b"[",
            b"]",
            b" = ",
            b"=",
            b":",
            b"../",
            b"\\",
            b"#",
            b";",
            b"\n ",
            b"\n\t",
            b"\r\n",
            b"\r",
            b"\x0b",
            b"\x0c",
            b"\x1c",
            b"\xc2\x85",
            b"\xe2\x80\xa8",
            b"\xc3\xb6",
            b"\x00",
        ],
        layer: None,
        check: check_entry_points,
        memory: |len| (8 << 20) + 64 * len.min(2 * TEXT),
    }
}

fn check_entry_points(input: &[u8]) -> Outcome {
    let wheel = Wheel::new("example", "1.0").with_file(ENTRY_POINTS, input);
    let (refused, findings) = verdicts(&wheel)?;
    if let Some(finding) = findings
        .iter()
        .find(|it| it.rule == Rule::EntryPointsIllegal)
    {
        let why = &finding.found;
        return Ok(why
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .take(12)
            .collect());
    }
    if refused {
        return Ok(word(&findings));
    }
    let text = std::str::from_utf8(input).map_err(|_| "accepted, and no text")?;
    // A script whose line begins at the margin, read without a thought of what
    // a folded value is: it is never one there.
    let mut section = "";
    let mut sections: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        if line.starts_with(|c: char| c.is_whitespace()) {
            // It may be a section's, which is not followed here.
            if line.trim_start().starts_with('[') {
                section = "";
            }
            continue;
        }
        let header = line
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'));
        if let Some((name, _)) = header
            && !name.is_empty()
        {
            section = name;
            if section != "DEFAULT" && sections.len() < 100 && sections.contains(&section) {
                return Err(format!("{section:?} twice"));
            }
            sections.push(section);
        } else if let Some((name, _)) = line.split_once('=')
            && !line.starts_with(['#', ';'])
            && matches!(section, "console_scripts" | "gui_scripts")
            && name.trim_end().contains(['/', '\\', ' ', '\0', ':'])
        {
            return Err(format!("a script called {name:?}"));
        }
    }
    Ok(format!("good {}", "s".repeat(sections.len().min(20))))
}
