// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the index knows: projects, files, publishers, tokens, what it saw and
//! which faults it shall show.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::checks;
use super::form::{Body, Digests, Receiver};
use super::release::Release;
use super::{Options, Publisher};
use crate::clock;
use crate::oidc::random_hex;
use crate::sigstore::Anchors;

/// One request that the index saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A file as tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Its name.
    pub filename: String,
    /// The version that its form or its name said.
    pub version: String,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal digits.
    pub sha256: String,
    /// What it shows of the file's attestations.
    pub provenance: Option<Value>,
}

/// The faults that the index shall show.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Statuses of the next uploads, with the seconds of a `Retry-After`: nothing is stored.
    pub upload_statuses: VecDeque<(u16, Option<u64>)>,
    /// The connection is cut for so many uploads before anything is stored.
    pub cut_before_commit: usize,
    /// The connection is cut for so many uploads after the file was stored.
    pub cut_after_commit: usize,
    /// Statuses of the next mints: no token is made.
    pub mint_statuses: VecDeque<u16>,
    /// By so many seconds the clock that shows in answers to a mint is ahead.
    pub mint_clock_ahead: i64,
    /// The connection is cut for so many mints after the token was made.
    pub cut_after_mint: usize,
    /// Statuses of the next reads of a project's Simple page.
    pub simple_statuses: VecDeque<u16>,
    /// Every file uploaded from now on stays hidden for so many reads of its page.
    pub hidden_reads: usize,
    /// The Simple page shows this SHA-256 for a file name.
    pub false_sha256: BTreeMap<String, String>,
    /// These bytes are served under a file name instead of its own.
    pub false_bytes: BTreeMap<String, Vec<u8>>,
    /// Statuses of the next downloads.
    pub download_statuses: VecDeque<u16>,
    /// The Simple page is HTML whatever the client accepts.
    pub html_only: bool,
    /// The audience to name instead of the configured one.
    pub audience: Option<String>,
    /// 403 to all uploads: the whole index is read-only.
    pub read_only: bool,
    /// 403 to all uploads: new uploads are switched off.
    pub uploads_disabled: bool,
    /// The reason phrase of every answer to an upload is empty, as over HTTP/2.
    pub silent_reasons: bool,
    /// 422 to all mints: trusted publishing is switched off.
    pub publishing_disabled: bool,
    /// 403 to whoever would create a project.
    pub registration_disabled: bool,
    /// 429 to a user's token that would create a project.
    pub too_many_projects: bool,
    /// 400 to every upload with a description: it does not render.
    pub unrendered_descriptions: bool,
    /// Attestations are ignored, and none is shown.
    pub attestations_disabled: bool,
    /// For so many reads, files are said to have no attestations.
    pub hidden_provenance: usize,
    /// What is shown of a file of this name instead of its own attestations.
    pub false_provenance: BTreeMap<String, Value>,
    /// There are no pages on attestations.
    pub integrity_absent: bool,
}

pub(super) struct Shared {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(super) base: String,
    pub(super) options: Options,
    state: Mutex<Known>,
}

impl Shared {
    pub(super) fn new(base: String, options: Options) -> Self {
        Self {
            base,
            options,
            state: Mutex::default(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
pub(super) struct Known {
    /// By normalised name.
    projects: BTreeMap<String, Project>,
    pub(super) burnt: BTreeSet<String>,
    pub(super) publishers: Vec<Publisher>,
    pub(super) pending: Vec<Publisher>,
    pub(super) tokens: Vec<Token>,
    /// The `jti` of every identity token that was redeemed.
    pub(super) redeemed: BTreeSet<String>,
    pub(super) seen: Vec<Seen>,
    /// By the file's name: the other fields of every form that came whole.
    pub(super) forms: Vec<(String, Vec<(String, String)>)>,
    pub(super) faults: Faults,
    pub(super) in_flight: usize,
    pub(super) most_in_flight: usize,
    pub(super) serial: u64,
    /// Normalised names that no project may have.
    pub(super) prohibited: BTreeSet<String>,
    /// Classifiers that are newer than the product's list.
    pub(super) newer_classifiers: Vec<String>,
    /// Seconds by which the index is ahead of the machine.
    pub(super) ahead: i64,
    /// Which Sigstore is behind attestations; none: nobody looks.
    pub(super) anchors: Option<Anchors>,
}

pub(super) struct Project {
    /// As the last upload spelt it.
    pub(super) name: String,
    /// The UUID by which tokens name it.
    pub(super) id: String,
    releases: Vec<Release>,
    pub(super) status: String,
    pub(super) files: BTreeMap<String, StoredFile>,
}

/// A minted token.
pub(super) struct Token {
    /// What names it inside.
    pub(super) identifier: String,
    pub(super) value: String,
    pub(super) key: Vec<u8>,
    pub(super) caveats: Vec<Value>,
    pub(super) publisher: Publisher,
    /// Whether a test let it expire before its time.
    pub(super) expired: bool,
}

#[derive(Clone)]
pub(super) struct StoredFile {
    pub(super) filename: String,
    pub(super) version: String,
    pub(super) filetype: String,
    pub(super) pyversion: String,
    pub(super) digests: Digests,
    pub(super) body: Body,
    /// A wheel's `METADATA`, when the wheel could be read.
    pub(super) metadata: Option<Vec<u8>>,
    /// The answer of the integrity API.
    pub(super) provenance: Option<Value>,
    pub(super) uploaded: i64,
    pub(super) yanked: Option<String>,
    /// For so many reads of its page it is not shown yet.
    pub(super) hidden_reads: usize,
}

impl StoredFile {
    /// A file that was always there.
    pub(super) fn preloaded(filename: &str, bytes: &[u8]) -> Self {
        let mut receiver = Receiver::default();
        receiver.take(bytes).expect("room for a test file");
        let (digests, body) = receiver.finish().expect("room for a test file");
        let wheel = filename.ends_with(".whl");
        Self {
            version: checks::version_of(filename).unwrap_or_default(),
            filename: filename.to_owned(),
            filetype: if wheel { "bdist_wheel" } else { "sdist" }.to_owned(),
            pyversion: if wheel { "py3" } else { "source" }.to_owned(),
            metadata: wheel_metadata(filename, &body),
            digests,
            body,
            provenance: None,
            uploaded: clock::now(),
            yanked: None,
            hidden_reads: 0,
        }
    }
}

impl Known {
    pub(super) fn project(&self, name: &str) -> Option<&Project> {
        self.projects.get(&checks::normalize(name))
    }

    pub(super) fn project_mut(&mut self, name: &str) -> Option<&mut Project> {
        self.projects.get_mut(&checks::normalize(name))
    }

    pub(super) fn projects(&self) -> impl Iterator<Item = (&String, &Project)> {
        self.projects.iter()
    }

    /// The project of this name, created when it is new.
    pub(super) fn create_project(&mut self, name: &str) -> &mut Project {
        self.projects
            .entry(checks::normalize(name))
            .or_insert_with(|| Project {
                name: name.to_owned(),
                id: uuid(),
                status: "active".to_owned(),
                releases: Vec::new(),
                files: BTreeMap::new(),
            })
    }

    pub(super) fn register(&mut self, publisher: Publisher) {
        for name in &publisher.projects {
            self.create_project(name);
        }
        self.publishers.push(publisher);
    }

    /// Seconds since 1970, by the index's clock.
    pub(super) fn now(&self) -> i64 {
        clock::now().saturating_add(self.ahead)
    }

    /// The release is made of its first file's form: a later one changes nothing.
    pub(super) fn store(&mut self, project: &str, file: StoredFile, release: Release) {
        self.serial += 1;
        let known = self.create_project(project);
        project.clone_into(&mut known.name);
        if known.release(&release.version).is_none() {
            known.releases.push(release);
        }
        known.files.insert(file.filename.clone(), file);
    }

    pub(super) fn release(&self, project: &str, version: &str) -> Option<&Release> {
        self.project(project)?.release(version)
    }

    /// Bytes of all files of a project.
    pub(super) fn size(&self, project: &str) -> u64 {
        let files = self.project(project).into_iter();
        files
            .flat_map(|project| project.files.values())
            .map(|file| file.digests.size)
            .sum()
    }

    pub(super) fn all_files(&self) -> impl Iterator<Item = &StoredFile> {
        self.projects
            .values()
            .flat_map(|project| project.files.values())
    }

    pub(super) fn file(&self, filename: &str) -> Option<&StoredFile> {
        self.all_files().find(|file| file.filename == filename)
    }

    pub(super) fn file_mut(&mut self, filename: &str) -> Option<&mut StoredFile> {
        let mut projects = self.projects.values_mut();
        projects.find_map(|project| project.files.get_mut(filename))
    }

    pub(super) fn yank(&mut self, filename: &str, reason: &str) {
        if let Some(file) = self.file_mut(filename) {
            file.yanked = Some(reason.to_owned());
        }
    }

    pub(super) fn records(&self, project: &str) -> Vec<FileRecord> {
        let files = self.project(project).into_iter();
        files
            .flat_map(|project| project.files.values())
            .map(|file| FileRecord {
                filename: file.filename.clone(),
                version: file.version.clone(),
                size: file.digests.size,
                sha256: file.digests.sha256.clone(),
                provenance: file.provenance.clone(),
            })
            .collect()
    }

    /// Whether the project has files of this version.
    pub(super) fn has_version(&self, project: &str, version: &str) -> bool {
        self.project(project).is_some_and(|project| {
            let mut files = project.files.values();
            files.any(|file| checks::same_version(&file.version, version))
        })
    }
}

impl Project {
    pub(super) fn release(&self, version: &str) -> Option<&Release> {
        let mut releases = self.releases.iter();
        releases.find(|release| checks::same_version(&release.version, version))
    }
}

/// A random UUID (version 4).
pub(super) fn uuid() -> String {
    let hex = random_hex(16);
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// The `METADATA` of a wheel, if it is one and can be read.
pub(super) fn wheel_metadata(filename: &str, body: &Body) -> Option<Vec<u8>> {
    let stem = filename.strip_suffix(".whl")?;
    let mut parts = stem.split('-');
    let path = format!("{}-{}.dist-info/METADATA", parts.next()?, parts.next()?);
    let mut metadata = Vec::new();
    match body {
        Body::Memory(bytes) => {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).ok()?;
            archive
                .by_name(&path)
                .ok()?
                .read_to_end(&mut metadata)
                .ok()?;
        }
        Body::Disk(file) => {
            let file = std::fs::File::open(file.as_ref()).ok()?;
            let mut archive = zip::ZipArchive::new(file).ok()?;
            archive
                .by_name(&path)
                .ok()?
                .read_to_end(&mut metadata)
                .ok()?;
        }
    }
    Some(metadata)
}
