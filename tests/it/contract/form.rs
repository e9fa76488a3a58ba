// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One upload form, honest until a test bends it.

use sha2::{Digest as _, Sha256};
use testbed::distribution::{sdist, wheel};

const BOUNDARY: &str = "a-boundary-that-no-file-holds";

#[derive(Clone)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// Fields that are sent as files of this name.
    files: Vec<(String, String)>,
    pub filename: String,
    content: Option<Vec<u8>>,
    media_type: String,
}

impl Form {
    /// For a file of this name, its kind told by its ending.
    pub fn of(project: &str, version: &str, (filename, bytes): (String, Vec<u8>)) -> Self {
        let (filetype, pyversion) = if filename.ends_with(".whl") {
            ("bdist_wheel", "py3")
        } else {
            ("sdist", "source")
        };
        let fields = [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("metadata_version", "2.4"),
            ("name", project),
            ("version", version),
            ("filetype", filetype),
            ("pyversion", pyversion),
            ("sha256_digest", &hex::encode(Sha256::digest(&bytes))),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            fields: fields.to_vec(),
            files: Vec::new(),
            filename,
            content: Some(bytes),
            media_type: "application/octet-stream".to_owned(),
        }
    }

    pub fn wheel(project: &str, version: &str) -> Self {
        Self::of(project, version, wheel(project, version))
    }

    pub fn sdist(project: &str, version: &str) -> Self {
        Self::of(project, version, sdist(project, version))
    }

    /// One more field.
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The field with this value alone.
    pub fn set(self, name: &str, value: &str) -> Self {
        self.without(name).add(name, value)
    }

    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self
    }

    /// The field sent as a file.
    pub fn with_file_part(mut self, name: &str) -> Self {
        self.files.push((name.to_owned(), "x.txt".to_owned()));
        self
    }

    pub fn named(mut self, filename: &str) -> Self {
        filename.clone_into(&mut self.filename);
        self
    }

    pub fn with_media_type(mut self, media_type: &str) -> Self {
        media_type.clone_into(&mut self.media_type);
        self
    }

    pub fn without_content(mut self) -> Self {
        self.content = None;
        self
    }

    pub fn bytes(&self) -> &[u8] {
        self.content.as_deref().unwrap_or_default()
    }

    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.bytes()))
    }

    /// The value of `Content-Type`, and the body.
    pub fn encode(&self) -> (String, Vec<u8>) {
        let mut body = Vec::new();
        let mut part = |head: &str, value: &[u8]| {
            body.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
            body.extend_from_slice(b"Content-Disposition: form-data; ");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.fields {
            part(&format!("name=\"{name}\""), value.as_bytes());
        }
        for (name, filename) in &self.files {
            part(&format!("name=\"{name}\"; filename=\"{filename}\""), b"x");
        }
        if let Some(content) = &self.content {
            let head = format!(
                "name=\"content\"; filename=\"{}\"\r\nContent-Type: {}",
                self.filename, self.media_type
            );
            part(&head, content);
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }
}
