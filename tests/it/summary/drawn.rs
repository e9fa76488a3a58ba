// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Pages as a browser shows them: headless Chromium, the `mermaid` of npm, and
//! what GitHub's sanitiser leaves.

use asf_pypi_publish::report::{Report, escape, markdown};
use serde_json::Value;
use testbed::browser::{Browser, View};

use super::{pages, reports};

/// Says why nothing can be drawn here.
#[expect(
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "a skipped test says why"
)]
fn browser() -> Option<Browser> {
    Browser::find()
        .inspect_err(|why| println!("skipped: {why}"))
        .ok()
}

fn strings(value: &Value) -> Vec<&str> {
    let values = value.as_array().unwrap().iter();
    values.map(|one| one.as_str().unwrap()).collect()
}

/// What the page of a release must be: whole, and with one diagram that Mermaid
/// takes and that leads nowhere.
#[track_caller]
fn assert_whole(shown: &Value, what: &str) {
    assert_sound(shown, what);
    let diagrams = shown["diagrams"].as_array().unwrap();
    assert_eq!(diagrams.len(), 1, "{what}");
    assert_eq!(diagrams[0]["type"], "flowchart-v2", "{what}");
    assert_eq!(diagrams[0]["links"], 0, "{what}");
    // Eight steps in two rows.
    assert_eq!(strings(&diagrams[0]["labels"]).len(), 10, "{what}");
}

/// What any page must be: whole after the sanitiser, with even tables.
#[track_caller]
fn assert_sound(shown: &Value, what: &str) {
    let removed = strings(&shown["removed"]);
    assert!(
        removed.iter().all(|one| *one == "body"),
        "{what}: {removed:?}"
    );
    for table in shown["tables"].as_array().unwrap() {
        let cells: Vec<u64> = table
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_u64)
            .collect();
        assert!(
            cells.iter().all(|count| *count == cells[0]),
            "{what}: {cells:?}"
        );
    }
    for tag in strings(&shown["tags"]) {
        let known = [
            "a", "br", "code", "details", "h2", "h3", "li", "p", "pre", "strong", "summary",
            "table", "tbody", "td", "th", "thead", "tr", "ul",
        ];
        assert!(known.contains(&tag), "{what}: {tag}");
    }
}

#[test]
fn pages_of_the_main_cases_are_drawn_whole() {
    let Some(browser) = browser() else { return };
    for (name, page) in pages() {
        let shown = browser.show(&page, View::default());
        assert_whole(&shown, &name);
        let text = shown["text"].as_str().unwrap();
        assert!(
            text.starts_with("✅ asf") || text.starts_with("❌ asf"),
            "{name}: {text}"
        );
    }
}

/// Text that is Markdown, HTML, Mermaid, a mention, an issue, a link, a command.
const FOREIGN: &[&str] = &[
    "<script>alert(1)</script><img src=x onerror=alert(1)> <b>bold</b> </details></td>",
    "| a | b |\n|---|---|\n# head\n- item\n> quote\n```mermaid\ngraph TD\n```\n***",
    "@apache #12 apache/airflow#12 GH-12 :+1: https://evil.example/ www.evil.example",
    "[a](https://evil.example) ![b](https://evil.example/x.png) <https://evil.example> a@evil.example",
    "`code` ``more`` *em* **strong** _em_ ~~gone~~ [^1] &lt;b&gt; &amp; \\| \\`",
    "\"]:::failed\nclick area \"https://evil.example\" end subgraph x %%{init: {}}%%",
    "#quot; #35; $$x^2$$ $y$ $$$",
    "fa:fa-ban ﬂ°lt¶ß A@{ shape: x } ~~~",
    "1. one",
    "- item",
    "%% a comment",
    "\u{202e}gpj\u{200b}\u{1b}[31m\u{2028}",
];

#[test]
fn foreign_text_is_shown_to_the_letter_and_does_nothing() {
    let Some(browser) = browser() else { return };
    for text in FOREIGN {
        let report = reports::foreign(text);
        let shown = browser.show(&markdown::summary(&report), View::default());
        assert_whole(&shown, text);
        let safe = escape::line(text);
        let letters = shown["text"].as_str().unwrap();
        // Path, class, area, index, links, command, configuration, KEYS, signer,
        // waiver, and each finding: nowhere is it lost.
        let times = letters.matches(&safe).count();
        assert!(times >= 20, "{text}: {times} times in {letters}");
        let own = [
            "https://github.com/apache/asf-pypi-publish/",
            "https://pypi.org/",
        ];
        let theirs = ["https://dist.example.org/", "https://index.example.org/"];
        for link in strings(&shown["links"]) {
            let known = own.iter().chain(&theirs);
            assert!(
                known.clone().any(|start| link.starts_with(start)),
                "{text}: {link}"
            );
            assert!(
                !link.contains(['"', '<', '>', ' ', '`', '|']),
                "{text}: {link}"
            );
        }
        // As much as a box has room for is to the letter, too, but for blanks.
        let labels = strings(&shown["diagrams"][0]["labels"]).concat();
        let start: String = safe.chars().take(30).collect();
        let is_shown = labels.replace(' ', "").contains(&start.replace(' ', ""));
        assert!(is_shown, "{text}: {labels}");
    }
}

#[test]
fn the_page_of_doctor_is_drawn_whole_and_foreign_text_does_nothing() {
    let Some(browser) = browser() else { return };
    for text in FOREIGN {
        let shown = browser.show(
            &markdown::summary(&reports::examined(text)),
            View::default(),
        );
        assert_sound(&shown, text);
        assert!(shown["diagrams"].as_array().unwrap().is_empty(), "{text}");
        let letters = shown["text"].as_str().unwrap();
        let times = letters.matches(&escape::line(text)).count();
        // Steps, environment, publisher, KEYS, key and finding.
        assert!(times >= 12, "{text}: {times} times in {letters}");
        for link in strings(&shown["links"]) {
            let own = [
                "https://github.com/apache/asf-pypi-publish/",
                "https://pypi.org/",
            ];
            assert!(
                own.iter().any(|start| link.starts_with(start)),
                "{text}: {link}"
            );
        }
    }
}

#[test]
fn a_whole_page_of_a_large_wave_is_drawn() {
    let Some(browser) = browser() else { return };
    let mut report: Report = reports::published();
    let rows = report.files.clone();
    for n in 0..150 {
        let mut more = rows[n % 6].clone();
        more.project = Some(format!("project-{n}"));
        report.files.push(more);
    }
    let shown = browser.show(
        &markdown::summary(&report),
        View {
            dark: true,
            opened: &[],
        },
    );
    assert_whole(&shown, "a wave");
    let text = shown["text"].as_str().unwrap();
    assert!(text.contains("153 projects with 156 files"), "{text}");
    // Folded, it is a page to be read.
    assert!(
        shown["height"].as_u64().unwrap() < 2_000,
        "{}",
        shown["height"]
    );
}

/// The most bytes of a picture in the repository.
const LARGEST_PICTURE: usize = 200_000;

#[test]
fn documents_the_readme_has_a_picture_of_a_summary() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/summary.png");
    let Some(browser) = browser() else { return };
    let page = markdown::summary(&reports::published());
    let view = View {
        dark: false,
        opened: &[],
    };
    let height = browser.show(&page, view)["height"].as_u64().unwrap();
    let picture = browser.picture(&page, view, u32::try_from(height).unwrap());
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(picture.len() < LARGEST_PICTURE, "{}", picture.len());
    // Each browser draws a letter in its own way: the picture is looked at, not
    // compared.
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &picture).unwrap();
    }
    assert!(std::fs::read(&path).unwrap().len() < LARGEST_PICTURE);
}
