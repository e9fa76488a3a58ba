// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads one upload form: text fields as they are, the file hashed while it is
//! received, in memory while it is small and on disk from then on.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, multipart::Field};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use md5::Md5;
use sha2::Sha256;
use tempfile::{NamedTempFile, TempPath};

use super::refusal::Refusal;

/// A file bigger than this is kept on disk.
const MEMORY_LIMIT: usize = 1 << 20;

/// The fields of a form; a field without a value counts as absent.
#[derive(Default)]
pub(super) struct Form {
    fields: BTreeMap<String, Vec<String>>,
    /// Every field but the file as it came, also those that count as absent.
    pub(super) sent: Vec<(String, String)>,
    pub(super) content: Option<Content>,
}

/// The file of a form.
pub(super) struct Content {
    pub(super) filename: String,
    pub(super) media_type: Option<String>,
    pub(super) digests: Digests,
    pub(super) body: Body,
}

/// Digests in lower-case hexadecimal digits, and the size in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) size: u64,
    pub(super) md5: String,
    pub(super) sha256: String,
    pub(super) blake2b: String,
}

/// Where a file's bytes are.
#[derive(Clone)]
pub(super) enum Body {
    Memory(Bytes),
    Disk(Arc<TempPath>),
}

impl Body {
    /// All of it.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes.to_vec()),
            Self::Disk(path) => std::fs::read(path.as_ref()),
        }
    }
}

impl Form {
    /// Reads the whole body. The outer error is a body that broke off or is no
    /// form; the inner one a field that the index refuses before all else.
    pub(super) async fn read(request: Request) -> Result<Result<Self, Refusal>, Refusal> {
        let broken = |_| Refusal::bad("Bad Request");
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|_| Refusal::bad("Bad Request"))?;
        let mut form = Self::default();
        let mut refusal = None;
        while let Some(field) = parts.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "content" {
                form.content = Some(read_content(field).await?);
                continue;
            }
            if field.file_name().is_some() && name != "gpg_signature" {
                refusal.get_or_insert(Refusal::bad(format!("{name}: Should not be a tuple.")));
            }
            let value = field.text().await.map_err(broken)?;
            form.sent.push((name.clone(), value.clone()));
            if !value.is_empty() && value != "UNKNOWN" {
                form.fields.entry(name).or_default().push(value);
            }
        }
        Ok(refusal.map_or(Ok(form), Err))
    }

    /// The first value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// All values of a field.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }
}

async fn read_content(mut field: Field<'_>) -> Result<Content, Refusal> {
    // The real server fails on a file without a name, in just this way.
    let filename = field
        .file_name()
        .map(str::to_owned)
        .ok_or_else(|| Refusal::new(500, "Internal Server Error"))?;
    // A part that does not name its type is text (RFC 7578, 4.4): so it comes from uv.
    let media_type = Some(field.content_type().unwrap_or("text/plain").to_owned());
    let mut receiver = Receiver::default();
    while let Some(chunk) = field
        .chunk()
        .await
        .map_err(|_| Refusal::bad("Bad Request"))?
    {
        receiver
            .take(&chunk)
            .map_err(|_| Refusal::new(503, "No space left"))?;
    }
    let (digests, body) = receiver
        .finish()
        .map_err(|_| Refusal::new(503, "No space left"))?;
    Ok(Content {
        filename,
        media_type,
        digests,
        body,
    })
}

/// Hashes and keeps what comes.
#[derive(Default)]
pub(super) struct Receiver {
    md5: Md5,
    sha256: Sha256,
    blake2b: Blake2b<U32>,
    size: u64,
    memory: Vec<u8>,
    disk: Option<NamedTempFile>,
}

impl Receiver {
    pub(super) fn take(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.md5.update(chunk);
        self.sha256.update(chunk);
        self.blake2b.update(chunk);
        self.size += chunk.len() as u64;
        if let Some(disk) = &mut self.disk {
            return disk.write_all(chunk);
        }
        self.memory.extend_from_slice(chunk);
        if self.memory.len() > MEMORY_LIMIT {
            let mut disk = NamedTempFile::new()?;
            disk.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.disk = Some(disk);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<(Digests, Body)> {
        let digests = Digests {
            size: self.size,
            md5: hex::encode(self.md5.finalize()),
            sha256: hex::encode(self.sha256.finalize()),
            blake2b: hex::encode(self.blake2b.finalize()),
        };
        let body = match self.disk {
            Some(mut disk) => {
                disk.flush()?;
                Body::Disk(Arc::new(disk.into_temp_path()))
            }
            None => Body::Memory(Bytes::from(self.memory)),
        };
        Ok((digests, body))
    }
}
