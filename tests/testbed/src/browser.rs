// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A real browser that shows Markdown as GitHub does: headless Chromium, with
//! `marked`, `DOMPurify` and `mermaid` as npm has them, and no network.
//!
//! What it cannot show is what GitHub does beyond that: its own style sheets,
//! and links out of mentions and numbers of issues.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The bundles that the page loads, below `node_modules`.
const BUNDLES: [&str; 3] = [
    "marked/lib/marked.umd.js",
    "dompurify/dist/purify.min.js",
    "mermaid/dist/mermaid.min.js",
];

/// Nothing leaves this machine, and nothing of the browser's own goes on.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    // Time goes on as fast as the page can work.
    "--virtual-time-budget=60000",
];

/// As wide as GitHub's page is.
const WIDTH: u32 = 1012;

/// The browser, and what it shows pages with.
pub struct Browser {
    npm: PathBuf,
}

/// How a page is to be shown.
#[derive(Clone, Copy, Default)]
pub struct View<'a> {
    /// White on black.
    pub dark: bool,
    /// Which folded parts are open, counted from 0.
    pub opened: &'a [usize],
}

impl Browser {
    /// The browser of this machine with the packages that the variable
    /// `NPM_TOOLS` names.
    ///
    /// # Errors
    /// Why there is none; what is missing.
    pub fn find() -> Result<Self, String> {
        let npm =
            std::env::var_os("NPM_TOOLS").ok_or("NPM_TOOLS names no folder of npm packages")?;
        let npm = PathBuf::from(npm).join("node_modules");
        for bundle in BUNDLES {
            let bundle = npm.join(bundle);
            assert!(bundle.is_file(), "{} is not there", bundle.display());
        }
        let found = Command::new("chromium").arg("--version").output();
        found.map_err(|why| format!("there is no chromium: {why}"))?;
        Ok(Self { npm })
    }

    /// Shows a page, and says what it came to: `removed`, what GitHub's sanitiser
    /// takes away; `tags`, the elements that stay; `links`, where they lead;
    /// `tables`, for each the cells of each row; `diagrams` with `type`, `labels`,
    /// `links` and `width`; `text`, what a reader sees with everything unfolded;
    /// `height`, the pixels of this view.
    ///
    /// # Panics
    /// The page cannot be shown, or Mermaid refuses a diagram.
    pub fn show(&self, markdown: &str, view: View<'_>) -> Value {
        let page = Page::new(self, markdown, view);
        let dom = page.run(&["--dump-dom"], 800);
        let (_, rest) = dom
            .split_once("id=\"result\">")
            .unwrap_or_else(|| panic!("no result in {dom:.2000}"));
        let (result, _) = rest.split_once('<').expect("the end of the result");
        let json = STANDARD.decode(result).expect("base64");
        let shown: Value = serde_json::from_slice(&json).expect("JSON of the page");
        assert!(shown["error"].is_null(), "{}", shown["error"]);
        shown
    }

    /// A picture (PNG) of a page, so many pixels high.
    ///
    /// # Panics
    /// The page cannot be shown.
    pub fn picture(&self, markdown: &str, view: View<'_>, height: u32) -> Vec<u8> {
        let page = Page::new(self, markdown, view);
        let to = page.folder.path().join("page.png");
        let screenshot = format!("--screenshot={}", to.display());
        page.run(&[&screenshot], height);
        std::fs::read(&to).expect("a picture")
    }
}

/// A page in a folder of its own, with a profile of its own.
struct Page {
    folder: TempDir,
}

impl Page {
    fn new(browser: &Browser, markdown: &str, view: View<'_>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let source = json!({ "markdown": markdown, "dark": view.dark, "opened": view.opened });
        // Inside of a script only this could end it.
        let source = source.to_string().replace('<', "\\u003c");
        let page = include_str!("browser/page.html")
            .replace("@NPM@", browser.npm.to_str().expect("a path in UTF-8"))
            .replace("@SOURCE@", &source);
        std::fs::write(folder.path().join("page.html"), page).expect("a page");
        Self { folder }
    }

    fn run(&self, flags: &[&str], height: u32) -> String {
        let profile = self.folder.path().join("profile");
        let output = Command::new("timeout")
            .arg(LONGEST.as_secs().to_string())
            .arg("chromium")
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--window-size={WIDTH},{height}"))
            .args(flags)
            .arg(file_url(&self.folder.path().join("page.html")))
            .env("HOME", self.folder.path())
            .output()
            .expect("chromium");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "chromium: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// A browser that hangs is ended.
const LONGEST: Duration = Duration::from_secs(120);

fn file_url(path: &Path) -> String {
    format!("file://{}", path.display())
}
