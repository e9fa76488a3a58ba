// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Walks a release-config, section by section, and collects what of it can be
//! kept and what is to be told.

use super::Migrated;
use super::pattern::{self, Globs};
use crate::config::yaml::{self, Map, Node, Place, Value, YamlError};

/// A mapping of the release-config and where it stands in it.
#[derive(Clone, Copy)]
struct Section<'a> {
    path: &'a str,
    map: &'a Map,
}

impl<'a> Section<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.map
            .iter()
            .find(|(other, _)| other.value == key)
            .map(|(_, node)| node)
    }
}

pub(super) struct Reader<'a> {
    text: &'a str,
    out: Migrated,
    /// Exclusions that no glob can say.
    open_excludes: Vec<String>,
}

impl<'a> Reader<'a> {
    /// What a release-config with these keys becomes.
    pub(super) fn read(text: &'a str, map: &'a Map) -> Result<Migrated, YamlError> {
        let mut reader = Self {
            text,
            out: Migrated::default(),
            open_excludes: Vec::new(),
        };
        reader.root(map)?;
        Ok(reader.out)
    }

    fn note(&mut self, note: impl Into<String>) {
        self.out.notes.push(note.into());
    }

    /// Notes the keys that nobody knows.
    fn note_others(&mut self, section: Section<'_>, known: &[&str]) {
        for (key, _) in section.map {
            if !known.contains(&key.value.as_str()) {
                self.note(format!(
                    "{}{}: not a key of a release-config; it had no effect.",
                    section.path, key.value
                ));
            }
        }
    }

    /// A value as text, as it is written: 2.10 stays 2.10.
    fn string(&self, node: Option<&Node>) -> Option<String> {
        let node = node?;
        match &node.value {
            Value::Text(text) => Some(text.trim().to_owned()),
            Value::Number | Value::Flag(_) => Some(yaml::written(self.text, node).to_owned()),
            _ => None,
        }
        .filter(|text| !text.is_empty())
    }

    /// The mapping below a key; notes one that is something else.
    fn section(&mut self, of: Section<'a>, key: &str, path: &'a str) -> Option<Section<'a>> {
        match &of.get(key)?.value {
            Value::Map(map) => Some(Section { path, map }),
            other => {
                let name = path.trim_end_matches('.');
                self.note(format!("{name} is {}: not kept.", other.word()));
                None
            }
        }
    }

    /// The mappings of the list below a key; notes what is something else.
    fn list(&mut self, of: Section<'a>, key: &str, path: &'a str) -> Vec<Section<'a>> {
        let items = match of.get(key).map(|node| &node.value) {
            Some(Value::List(items)) => items,
            None => return Vec::new(),
            Some(other) => {
                self.note(format!(
                    "{path}{key} is {}, not a list: it checked nothing.",
                    other.word()
                ));
                return Vec::new();
            }
        };
        let mut sections = Vec::new();
        for item in items {
            match &item.value {
                Value::Map(map) => sections.push(Section { path, map }),
                other => self.note(format!(
                    "{path}{key} holds {}: it checked nothing.",
                    other.word()
                )),
            }
        }
        sections
    }

    fn root(&mut self, map: &'a Map) -> Result<(), YamlError> {
        let root = Section { path: "", map };
        self.note_others(root, &["project", "publisher", "checks"]);
        if let Some(project) = self.section(root, "project", "project.") {
            self.out.description = self.string(project.get("description"));
            self.note_others(project, &["name", "description"]);
        }
        let checks = self.section(root, "checks", "checks.");
        let source = self.source(root, checks)?;
        self.out.values.push(("source", vec![source]));
        let Some(checks) = checks else { return Ok(()) };
        let known = ["svn", "checksum", "signature", "artifact", "publish"];
        self.note_others(checks, &known);
        self.signature(checks);
        let projects = self.svn(checks);
        self.checksum(checks);
        let exclude = self.exclude(checks);
        self.projects(projects);
        if !exclude.is_empty() {
            self.note("exclude: what it names is listed, but neither published nor verified.");
            self.out.values.push(("exclude", exclude));
        }
        self.note("The source is read with all its folders, and every file must be of a known kind, with a checksum and a signature by a key of KEYS.");
        Ok(())
    }

    /// The folder that was published from.
    fn source(
        &mut self,
        root: Section<'a>,
        checks: Option<Section<'a>>,
    ) -> Result<String, YamlError> {
        let publisher = self.section(root, "publisher", "publisher.");
        let mut from = publisher;
        if let Some(publisher) = publisher {
            self.note_others(publisher, &["name", "url", "path"]);
        }
        let publish = checks.and_then(|checks| self.section(checks, "publish", "checks.publish."));
        if let Some(publish) = publish {
            let compare = self.section(publish, "compare", "checks.publish.compare.");
            match self.string(publish.get("release-type")).as_deref() {
                Some("PYPI_VERSION") => {
                    from = compare;
                    self.note("checks.publish.compare: files are taken from there, and no longer chosen by the names in dev: give `expected-digest` of the vote as an input, or `version`.");
                }
                Some("RC_VERSION") if compare.is_some() => {
                    self.note("checks.publish.compare: had no effect with RC_VERSION; not kept.");
                }
                Some("RC_VERSION") => {}
                other => self.note(format!(
                    "checks.publish.release-type: {}; the folder of `publisher` is taken.",
                    other.map_or("nothing".to_owned(), |word| format!(
                        "`{word}` is not known"
                    ))
                )),
            }
        }
        let place = || {
            let (key, _) = root.map.iter().find(|(key, _)| key.value == "publisher")?;
            Some(Place::of(key))
        };
        let refuse = |found: &str| YamlError {
            place: place().unwrap_or(Place { line: 1, column: 1 }),
            expected: "the `url` and `path` of the folder that is published".to_owned(),
            found: found.to_owned(),
        };
        let from = from.ok_or_else(|| refuse("none"))?;
        let url = self
            .string(from.get("url"))
            .ok_or_else(|| refuse("no `url`"))?;
        let url = self.secure(&url);
        // A source may be a folder of this machine, but no release-config means one.
        if !has_scheme(&url) {
            return Err(refuse("a `url` that is none of https"));
        }
        let url = url.trim_end_matches('/');
        let path = self.string(from.get("path")).unwrap_or_default();
        let path = path.trim_start_matches("./").trim_matches('/');
        Ok(if path.is_empty() || path == "." {
            format!("{url}/")
        } else {
            format!("{url}/{path}/")
        })
    }

    /// `https` for `http`: bytes and keys come over TLS only.
    fn secure(&mut self, url: &str) -> String {
        match url.strip_prefix("http://") {
            Some(rest) if !rest.starts_with("127.0.0.1") && !rest.starts_with("localhost") => {
                self.note(format!("http://{rest}: taken over https now."));
                format!("https://{rest}")
            }
            _ => url.to_owned(),
        }
    }

    fn signature(&mut self, checks: Section<'a>) {
        let mut keys: Vec<String> = Vec::new();
        for check in self.list(checks, "signature", "checks.") {
            let method = self.string(check.get("method")).unwrap_or_default();
            if method != "gpg" {
                self.note(format!("checks.signature: the method `{method}` checked nothing; every signature is checked now."));
            }
            match self.string(check.get("keys")) {
                Some(url) if !has_scheme(&url) => self.note(format!(
                    "checks.signature: `{url}` is no address; the project's own KEYS of the release area is used."
                )),
                Some(url) => {
                    let url = self.secure(&url);
                    if !keys.contains(&url) {
                        keys.push(url);
                    }
                }
                None => self.note("checks.signature: names no KEYS; the project's own of the release area is used."),
            }
        }
        if !keys.is_empty() {
            self.out.values.push(("keys", keys));
        }
    }

    fn checksum(&mut self, checks: Section<'a>) {
        for check in self.list(checks, "checksum", "checks.") {
            let algorithm = self.string(check.get("algorithm")).unwrap_or_default();
            if algorithm != "sha512" && algorithm != "sha256" {
                self.note(format!("checks.checksum: `{algorithm}` is not kept, and may have checked nothing; every file needs a .sha512 or .sha256 now."));
            }
        }
    }

    /// The projects that the rules on names mean.
    fn svn(&mut self, checks: Section<'a>) -> Vec<String> {
        let mut projects: Vec<String> = Vec::new();
        for check in self.list(checks, "svn", "checks.") {
            match self.string(check.get("id")).unwrap_or_default().as_str() {
                "extension" => self
                    .note("checks.svn extension: not needed; a path of no known kind is refused."),
                "package_name" => {
                    for pattern in self.patterns(check, "identifiers", "checks.svn package_name.") {
                        self.project(&pattern, &mut projects);
                    }
                }
                id => self.note(format!(
                    "checks.svn: the rule `{id}` checked nothing; not kept."
                )),
            }
        }
        projects
    }

    fn project(&mut self, pattern: &str, projects: &mut Vec<String>) {
        let globs = Globs::read(pattern).map_or(Vec::new(), |globs| globs.globs);
        let named: Option<Vec<Vec<String>>> =
            globs.iter().map(|glob| pattern::projects(glob)).collect();
        let Some(named) = named.filter(|named| !named.is_empty()) else {
            self.note(format!(
                "checks.svn package_name: `{pattern}` is not kept; name its projects in `projects`."
            ));
            return;
        };
        if globs.iter().any(|glob| glob.starts_with('*')) {
            self.note(format!("checks.svn package_name: `{pattern}` took names with anything before it; only whole project names now."));
        }
        for project in named.into_iter().flatten() {
            if !projects.contains(&project) {
                projects.push(project);
            }
        }
    }

    /// The expressions of a list of identifiers.
    fn patterns(&mut self, of: Section<'a>, key: &str, path: &'a str) -> Vec<String> {
        let mut patterns = Vec::new();
        for identifier in self.list(of, key, path) {
            let kind = self.string(identifier.get("type")).unwrap_or_default();
            match self.string(identifier.get("pattern")) {
                Some(pattern) if kind == "regex" => patterns.push(pattern),
                _ => self.note(format!(
                    "{path}{key}: an entry of type `{kind}` had no effect; not kept."
                )),
            }
        }
        patterns
    }

    fn exclude(&mut self, checks: Section<'a>) -> Vec<String> {
        let mut patterns = Vec::new();
        if let Some(artifact) = self.section(checks, "artifact", "checks.artifact.") {
            patterns.extend(self.patterns(artifact, "exclude", artifact.path));
        }
        if let Some(Value::Map(map)) = checks.get("publish").map(|node| &node.value) {
            let publish = Section {
                path: "checks.publish.",
                map,
            };
            patterns.extend(self.patterns(publish, "exclude_extensions", publish.path));
        }
        let mut exclude: Vec<String> = Vec::new();
        for pattern in patterns {
            match Globs::read(&pattern).filter(|globs| globs.grouped) {
                Some(globs) => self.keep_exclude(&pattern, globs.globs, &mut exclude),
                None => self.open_excludes.push(pattern),
            }
        }
        exclude
    }

    /// Keeps the globs of an exclusion that are needed: signatures, checksums
    /// and source archives are never published, and here they are verified.
    fn keep_exclude(&mut self, pattern: &str, globs: Vec<String>, exclude: &mut Vec<String>) {
        for glob in globs {
            if pattern::is_sidecar(&glob) {
                continue;
            }
            if pattern::is_never_published(&glob) {
                self.note(format!("exclude: `{pattern}` names only what is never published; it is not excluded, so that it is verified."));
            } else if !exclude.contains(&glob) {
                exclude.push(glob);
            }
        }
    }

    /// The projects, unless an exclusion got lost: what it named would then be
    /// published.
    fn projects(&mut self, projects: Vec<String>) {
        let open = std::mem::take(&mut self.open_excludes);
        for pattern in &open {
            self.note(format!(
                "exclude: `{pattern}` is not kept, as no glob says the same."
            ));
        }
        if projects.is_empty() {
            self.note("projects: not said, and `publish` refuses without: name them.");
        } else if open.is_empty() {
            self.out.values.push(("projects", projects));
        } else {
            self.note(format!(
                "projects: left out until you have written `exclude`, since `publish` refuses without; they would be {}.",
                projects.join(", ")
            ));
        }
    }
}

fn has_scheme(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}
