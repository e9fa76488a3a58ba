// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What is selected, what may be published, and what is waived: globs.

use globset::{Glob, GlobBuilder, GlobMatcher};

use crate::inputs::nearest;
use crate::rules::{Finding, Rule, Severity};

pub(super) const GLOB_LEGAL: &str =
    "a glob on the path relative to the source, such as `*.whl` or `python/*`";
pub(super) const WAIVER_LEGAL: &str =
    "`rule-id glob reason`, with a rule that may be waived and a glob that names something";

/// Paths that no release holds: a glob that matches one of them names nothing.
const PROBES: [&str; 4] = [
    "\u{1}",
    "\u{1}.\u{1}",
    "\u{1}/\u{1}",
    "\u{1}-\u{1}/\u{1}.\u{1}",
];

/// A list of globs.
#[derive(Clone, Debug)]
pub struct Patterns {
    globs: Vec<GlobMatcher>,
}

impl Patterns {
    pub(super) fn new(globs: Vec<GlobMatcher>) -> Self {
        Self { globs }
    }

    /// Whether one of the globs matches the path.
    pub fn matches(&self, path: &str) -> bool {
        self.globs.iter().any(|glob| glob.is_match(path))
    }

    /// The globs that match none of the paths.
    pub fn unused<'a>(&'a self, paths: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.globs
            .iter()
            .filter(|glob| !paths.iter().any(|path| glob.is_match(path)))
            .map(|glob| glob.glob().glob())
    }
}

/// Which artifacts are meant.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these; none for all.
    pub include: Option<Patterns>,
    /// But not these.
    pub exclude: Option<Patterns>,
}

impl Selection {
    /// Whether the artifact at this path is meant.
    pub fn selects(&self, path: &str) -> bool {
        self.include
            .as_ref()
            .is_none_or(|include| include.matches(path))
            && !self.excludes(path)
    }

    /// Whether `exclude` names the path.
    pub fn excludes(&self, path: &str) -> bool {
        self.exclude
            .as_ref()
            .is_some_and(|exclude| exclude.matches(path))
    }
}

fn glob(raw: &str) -> Result<Glob, String> {
    GlobBuilder::new(raw)
        .literal_separator(false)
        .build()
        .map_err(|why| format!("`{raw}`: {why}"))
}

pub(super) fn pattern(raw: &str) -> Result<GlobMatcher, String> {
    glob(raw).map(|glob| glob.compile_matcher())
}

/// The projects that may be published.
#[derive(Clone, Debug)]
pub struct Projects {
    globs: Vec<GlobMatcher>,
}

impl Projects {
    pub(super) fn new(globs: Vec<GlobMatcher>) -> Self {
        Self { globs }
    }

    /// Whether this normalised name may be published.
    pub fn allow(&self, normalised: &str) -> bool {
        self.globs.iter().any(|glob| glob.is_match(normalised))
    }

    /// The names among the globs: those that can match one project only.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let globs = self.globs.iter().map(|glob| glob.glob().glob());
        globs.filter(|glob| !glob.contains(['*', '?', '[', ']', '{', '}', '!', ',']))
    }

    /// For people.
    pub fn shown(&self) -> String {
        self.globs
            .iter()
            .map(|glob| glob.glob().glob())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A project name or glob, normalised as the index normalises names, so that
/// `Apache_Airflow*` and `apache-airflow*` are one.
pub(super) fn project(raw: &str) -> Result<GlobMatcher, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.*?[]{},!".contains(c);
    if !raw.chars().all(legal) {
        return Err(format!("`{raw}`"));
    }
    let mut normalised = String::with_capacity(raw.len());
    for c in raw.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !normalised.ends_with('-') {
                normalised.push('-');
            }
        } else {
            normalised.push(c.to_ascii_lowercase());
        }
    }
    glob(&normalised).map(|glob| glob.compile_matcher())
}

/// A rule that is softened for some paths, with the reason.
#[derive(Clone, Debug)]
pub struct Waiver {
    rule: Rule,
    glob: GlobMatcher,
    reason: String,
}

impl Waiver {
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let mut words = line.splitn(3, char::is_whitespace).map(str::trim);
        let (id, raw, reason) = (words.next(), words.next(), words.next());
        let id = id.unwrap_or_default();
        let Some(rule) = Rule::from_id(id) else {
            let waivable = Rule::ALL
                .iter()
                .filter(|rule| rule.waivable())
                .map(|rule| rule.id());
            return Err(nearest(id, waivable).map_or_else(
                || format!("`{id}`, which is no rule"),
                |nearest| format!("`{id}` (did you mean `{nearest}`?)"),
            ));
        };
        if !rule.waivable() {
            return Err(format!("`{id}`, which can never be waived"));
        }
        let Some(raw) = raw.filter(|raw| !raw.is_empty()) else {
            return Err(format!("`{line}`: no glob"));
        };
        let Some(reason) = reason.filter(|reason| !reason.is_empty()) else {
            return Err(format!("`{line}`: no reason"));
        };
        let glob = pattern(raw)?;
        if PROBES.iter().any(|probe| glob.is_match(probe)) {
            return Err(format!("`{raw}`, which matches everything"));
        }
        Ok(Self {
            rule,
            glob,
            reason: reason.to_owned(),
        })
    }
}

/// A waiver that was used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Waived {
    /// The rule.
    pub rule: Rule,
    /// The path.
    pub path: String,
    /// The reason that the inputs gave.
    pub reason: String,
}

/// All waivers of the run.
#[derive(Clone, Debug, Default)]
pub struct Waivers {
    all: Vec<Waiver>,
}

impl Waivers {
    pub(super) fn new(all: Vec<Waiver>) -> Self {
        Self { all }
    }

    /// Softens a refusal to a warning if a waiver fits; says which did.
    pub fn apply(&self, finding: &mut Finding) -> Option<Waived> {
        let path = finding.path.as_deref()?;
        let waiver = self.all.iter().find(|waiver| {
            waiver.rule == finding.rule && finding.rule.waivable() && waiver.glob.is_match(path)
        })?;
        finding.severity = Severity::Warn;
        finding.action = format!("Waived: {}", waiver.reason);
        Some(Waived {
            rule: waiver.rule,
            path: path.to_owned(),
            reason: waiver.reason.clone(),
        })
    }

    /// The waivers of these rules that none of these used, as written.
    pub fn unused<'a>(
        &'a self,
        used: &'a [Waived],
        of: impl Fn(Rule) -> bool + 'a,
    ) -> impl Iterator<Item = String> + 'a {
        let is_used = |waiver: &Waiver| {
            let mut used = used.iter();
            used.any(|used| used.rule == waiver.rule && waiver.glob.is_match(&used.path))
        };
        self.all
            .iter()
            .filter(move |waiver| of(waiver.rule) && !is_used(waiver))
            .map(|waiver| format!("{} {}", waiver.rule, waiver.glob.glob().glob()))
    }
}
