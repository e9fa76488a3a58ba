// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What one path is, by its name and by the selection.

use std::collections::HashMap;

use super::{Class, Snapshot, basename, sidecar_of};
use crate::checksum::lists;
use crate::dist::filename::{DistributionName, is_other_artifact};
use crate::plan::{Selection, Waived, Waivers};
use crate::rules::{Finding, Rule};
use crate::source::Entry;

/// The characters that paths of releases are made of.
fn is_safe(path: &str) -> bool {
    path.chars()
        .all(|c| c.is_ascii_alphanumeric() || "._+-~!@=,()/".contains(c))
}

/// Gives each entry of a listing its class, and keeps what is wrong.
pub(super) struct Judge<'a> {
    selection: &'a Selection,
    waivers: &'a Waivers,
    listed: HashMap<&'a str, &'a Entry>,
    pub(super) findings: Vec<Finding>,
    pub(super) waived: Vec<Waived>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        entries: &'a [Entry],
        selection: &'a Selection,
        waivers: &'a Waivers,
    ) -> Self {
        Self {
            selection,
            waivers,
            listed: entries
                .iter()
                .map(|entry| (entry.path.as_str(), entry))
                .collect(),
            findings: Vec::new(),
            waived: Vec::new(),
        }
    }

    pub(super) fn classify(&mut self, entry: &Entry) -> Class {
        let path = entry.path.as_str();
        let sidecar = sidecar_of(path);
        let artifact = sidecar.as_ref().map_or(path, |(of, _)| of);
        if !Snapshot::selects(artifact, self.selection) {
            let orphan = sidecar.is_some() && !self.listed.contains_key(artifact);
            if !orphan || !self.selection.selects(path) {
                return Class::Excluded;
            }
        }
        if let Some(kind) = entry.special {
            return self.refuse(Rule::SourceSpecial, path, "a plain file", kind);
        }
        if !is_safe(path) {
            let expected = "letters, digits and ._+-~!@=,() in a name";
            return self.refuse(Rule::NameUnsafe, path, expected, format!("`{path}`"));
        }
        match sidecar {
            Some((of, class)) => self.classify_sidecar(path, of, class),
            None => self.classify_artifact(path),
        }
    }

    fn classify_sidecar(&mut self, path: &str, of: &str, class: Class) -> Class {
        if !self.listed.contains_key(of) {
            let found = format!("no `{}`", basename(of));
            return self.refuse(
                Rule::SidecarOrphan,
                path,
                "the file that it belongs to",
                found,
            );
        }
        // Nobody would check it, and what nobody checks has no class.
        if sidecar_of(of).is_some() {
            let expected = "a sidecar of a file, not of another sidecar";
            let found = format!("`{}`", basename(path));
            return self.refuse(Rule::PathUnknown, path, expected, found);
        }
        if lists::of_folder(basename(of)).is_some() && class != Class::Signature {
            let expected = "nothing but an `.asc` beside a list of digests";
            let found = format!("`{}`", basename(path));
            return self.refuse(Rule::PathUnknown, path, expected, found);
        }
        if class == Class::Attestation && self.leaves_out(path) {
            return Class::Waived;
        }
        if class == Class::WeakSidecar {
            self.warn_of_weak(path);
        }
        class
    }

    /// Whether an attestation is waived: then it is neither read nor passed on.
    fn leaves_out(&mut self, path: &str) -> bool {
        let expected = "an attestation that is verified";
        let found = format!("`{}`, which is left out", basename(path));
        let mut finding = Finding::new(Rule::AttestationUnchecked, Some(path), expected, found);
        let Some(waived) = self.waivers.apply(&mut finding) else {
            return false;
        };
        self.findings.push(finding);
        self.waived.push(waived);
        true
    }

    fn warn_of_weak(&mut self, path: &str) {
        self.findings.push(Finding::new(
            Rule::WeakSidecar,
            Some(path),
            "`.sha512`, `.sha256` or `.asc`",
            format!("`{}`", basename(path)),
        ));
    }

    fn classify_artifact(&mut self, path: &str) -> Class {
        let name = basename(path);
        if name == "KEYS" || name == "KEYS.txt" {
            return Class::Keys;
        }
        if lists::of_folder(name).is_some() {
            return Class::DigestList;
        }
        if lists::is_weak(name) {
            self.warn_of_weak(path);
            return Class::WeakSidecar;
        }
        if is_other_artifact(name) {
            return Class::Artifact;
        }
        match DistributionName::parse(name) {
            Ok(name) => Class::Distribution(name),
            Err(why) => {
                // The index's suffixes are lower case, to the letter.
                let meant = [".whl", ".tar.gz"]
                    .iter()
                    .any(|suffix| name.ends_with(suffix));
                if meant {
                    let finding = why.finding(path);
                    return self.keep(finding);
                }
                let expected = "a wheel, an sdist, a source archive or a sidecar of one";
                self.refuse(Rule::PathUnknown, path, expected, format!("`{name}`"))
            }
        }
    }

    fn refuse(
        &mut self,
        rule: Rule,
        path: &str,
        expected: &str,
        found: impl Into<String>,
    ) -> Class {
        self.keep(Finding::new(rule, Some(path), expected, found))
    }

    fn keep(&mut self, mut finding: Finding) -> Class {
        let waived = self.waivers.apply(&mut finding);
        self.findings.push(finding);
        match waived {
            Some(waived) => {
                self.waived.push(waived);
                Class::Waived
            }
            None => Class::Refused,
        }
    }

    pub(super) fn note_unused_globs(&mut self, entries: &[Entry]) {
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        let lists = [
            ("include", &self.selection.include),
            ("exclude", &self.selection.exclude),
        ];
        for (input, patterns) in lists {
            for glob in patterns.iter().flat_map(|patterns| patterns.unused(&paths)) {
                self.findings.push(Finding::new(
                    Rule::GlobUnused,
                    Some(input),
                    "a glob that matches a path",
                    format!("`{glob}`"),
                ));
            }
        }
    }
}
