// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A release as the JSON API shows it: the first file's form makes it.

use serde_json::{Map, Value, json};

use super::form::Form;
use crate::clock;

/// A release, as its first file made it.
#[derive(Clone)]
pub(super) struct Release {
    pub(super) version: String,
    /// Seconds since 1970.
    pub(super) created: i64,
    /// What the JSON API shows of it.
    pub(super) info: Map<String, Value>,
}

impl Release {
    /// Of a form that was checked.
    pub(super) fn of(form: &Form, now: i64) -> Self {
        const LISTS: [&str; 8] = [
            "classifiers",
            "dynamic",
            "license_file",
            "platform",
            "provides_extra",
            "requires_dist",
            "import_name",
            "import_namespace",
        ];
        const TEXTS: [&str; 15] = [
            "author",
            "author_email",
            "description",
            "description_content_type",
            "download_url",
            "home_page",
            "keywords",
            "license",
            "license_expression",
            "maintainer",
            "maintainer_email",
            "metadata_version",
            "requires_python",
            "summary",
            "version",
        ];
        let mut info = Map::new();
        for name in TEXTS {
            info.insert(name.to_owned(), json!(form.get(name)));
        }
        for name in LISTS {
            info.insert(name.to_owned(), json!(form.all(name)));
        }
        let urls = form.all("project_urls").iter();
        let urls = urls.filter_map(|entry| entry.split_once(','));
        let urls = urls.map(|(label, url)| (label.trim().to_owned(), json!(url.trim())));
        info.insert("project_urls".to_owned(), Value::Object(urls.collect()));
        Self {
            version: form.get("version").unwrap_or_default().to_owned(),
            created: now,
            info,
        }
    }

    /// Of a file that was put there without a form.
    pub(super) fn preloaded(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            created: clock::now(),
            info: Map::from_iter([("version".to_owned(), json!(version))]),
        }
    }

    pub(super) fn requires_python(&self) -> Option<&str> {
        self.info.get("requires_python").and_then(Value::as_str)
    }
}
