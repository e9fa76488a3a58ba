// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads the files of the checkout, never through a link.

use std::path::{Path, PathBuf};

use crate::config::file::{self, FileError};
use crate::context::Context;
use crate::doctor::publishers::repository_of;
use crate::doctor::{File, asf_yaml};
use crate::rules::{Finding, Rule};

/// Where GitHub looks for workflows.
const FOLDER: &str = ".github/workflows";
/// The most files that are read.
const MOST_FILES: usize = 500;

/// Where the checkout is.
pub(super) fn root(context: &Context) -> PathBuf {
    let workspace = context.env("GITHUB_WORKSPACE");
    PathBuf::from(workspace.filter(|path| !path.is_empty()).unwrap_or("."))
}

/// The workflow files that were named, or all of them, sorted; what is not read
/// of too many stands at the end.
pub(super) fn workflows(root: &Path, named: Option<&[String]>) -> Vec<File> {
    let read = |path: String, is_named| {
        let bytes =
            file::read(root, &path).map_err(|why| (why.expected().to_owned(), why.to_string()));
        File {
            path,
            is_named,
            bytes,
        }
    };
    if let Some(named) = named {
        return named.iter().map(|path| read(path.clone(), true)).collect();
    }
    let mut found: Vec<String> = std::fs::read_dir(root.join(FOLDER))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_workflow(name))
        .collect();
    found.sort();
    let count = found.len();
    found.truncate(MOST_FILES);
    let all = found.into_iter().map(|name| format!("{FOLDER}/{name}"));
    let mut files: Vec<File> = all.map(|path| read(path, false)).collect();
    if count > MOST_FILES {
        let expected = format!(
            "at most {MOST_FILES} workflow files, or those that matter in `workflow-files`"
        );
        let found = format!("{count}, of which the others were not read");
        files.push(File {
            path: FOLDER.to_owned(),
            is_named: true,
            bytes: Err((expected, found)),
        });
    }
    files
}

/// What GitHub takes for a workflow, which minds the case.
fn is_workflow(name: &str) -> bool {
    let end = Path::new(name).extension().and_then(|end| end.to_str());
    matches!(end, Some("yml" | "yaml"))
}

/// How action.yml of this action names it.
const NAME_LINE: &str = "name: Publish an Apache release on PyPI";

/// Whether the checkout is this action itself, which its workflows call `./`.
pub(super) fn is_this_action(root: &Path) -> bool {
    file::read(root, "action.yml").is_ok_and(|bytes| is_named(&bytes))
}

/// Whether an action.yml has our name.
fn is_named(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().find(|line| line.starts_with("name:")) == Some(NAME_LINE)
}

/// The bytes of `.asf.yaml`; none where there is none.
pub(super) fn asf_yaml(root: &Path) -> Result<Option<Vec<u8>>, Finding> {
    match file::read(root, asf_yaml::FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FileError::Io(why)) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(Finding::new(
            Rule::AsfYamlIllegal,
            Some(asf_yaml::FILE),
            why.expected(),
            why.to_string(),
        )),
    }
}

/// The bytes of a configuration file that a step names.
pub(super) fn read_config(root: &Path, name: &str) -> Result<Vec<u8>, Vec<Finding>> {
    file::read(root, name).map_err(|why| {
        let (expected, found) = (why.expected(), why.to_string());
        vec![Finding::new(
            Rule::ConfigUnreadable,
            Some(name),
            expected,
            found,
        )]
    })
}

/// Owner and name of the repository: as the runner says, or as the checkout's
/// `origin` does.
pub(super) fn repository(context: &Context, root: &Path) -> Option<(String, String)> {
    if let Some(name) = context.env("GITHUB_REPOSITORY") {
        return repository_of(&format!("https://github.com/{name}"));
    }
    let config = file::read(root, ".git/config").ok()?;
    let config = String::from_utf8_lossy(&config);
    let mut lines = config.lines().map(str::trim);
    lines.find(|line| *line == "[remote \"origin\"]")?;
    let of_origin = lines.take_while(|line| !line.starts_with('['));
    let mut pairs = of_origin.filter_map(|line| line.split_once('='));
    let (_, url) = pairs.find(|(key, _)| key.trim() == "url")?;
    repository_of(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_action_is_known_by_the_name_in_its_own_file() {
        assert!(is_named(include_bytes!("../../../action.yml")));
        assert!(!is_named(b"name: another\n"));
        assert!(!is_named(b"runs: docker\n"));
    }
}
