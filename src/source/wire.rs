// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The pure readers of what servers send, as the tests reach them that feed
//! them noise. Nothing in the product comes this way.

use std::collections::BTreeMap;

use url::Url;

use super::xml::Malformed;
use super::{Entry, index_page, list_report, path, svn, svndiff, update_report, webdav};

/// The files and folders that the answer to a PROPFIND names directly below
/// `url`, whose own path relative to the source is `folder`.
///
/// # Errors
/// What is wrong with the answer, in words.
pub fn listing(url: &Url, folder: &str, body: &[u8]) -> Result<(Vec<String>, Vec<Entry>), String> {
    let asked = path::decode(url.path()).ok_or("no plain address")?;
    let resources = webdav::parse(body).map_err(|error| error.to_string())?;
    svn::read_children(url, &asked, folder, resources).map_err(|error| error.to_string())
}

/// The names that the index page of a folder lists, and whether each is a
/// folder. `folder` is its path, percent-encoded, with a slash at its end.
///
/// # Errors
/// What is wrong with the page, in words.
pub fn index_page(page: &[u8], folder: &str) -> Result<BTreeMap<String, bool>, String> {
    index_page::read(page, folder).map_err(|error| error.to_string())
}

/// The paths that a list report names below the folder of these segments; the
/// report comes in parts of `part` bytes.
pub fn list_report(segments: &[String], body: &[u8], part: usize) -> Option<Vec<String>> {
    let mut reader = list_report::Reader::new(segments);
    for part in body.chunks(part.max(1)) {
        reader.feed(part).ok()?;
    }
    Some(reader.finish().ok()?.into_keys().collect())
}

/// The files that an update report at revision 5 brings of those that are
/// wanted; the report comes in parts of `part` bytes.
pub fn update_report(
    body: &[u8],
    wanted: &BTreeMap<&str, usize>,
    part: usize,
) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut kept = Kept {
        wanted,
        file: None,
        files: BTreeMap::new(),
    };
    let mut reader = update_report::Reader::new(5, true);
    for part in body.chunks(part.max(1)) {
        reader.feed(part, &mut kept).ok()?;
    }
    reader.finish().ok()?;
    Some(kept.files)
}

/// The file that an svndiff makes out of nothing, of at most `limit` bytes.
pub fn svndiff(diff: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut decoder = svndiff::Decoder::new(u64::try_from(limit).ok()?);
    let mut file = Vec::new();
    let mut keep = |bytes: &[u8]| {
        file.extend_from_slice(bytes);
        Ok(())
    };
    for part in diff.chunks(1000) {
        decoder.feed(part, &mut keep).ok()?;
    }
    decoder.finish().ok()?;
    Some(file)
}

/// Keeps the files that are wanted.
struct Kept<'a> {
    wanted: &'a BTreeMap<&'a str, usize>,
    file: Option<(String, Vec<u8>)>,
    files: BTreeMap<String, Vec<u8>>,
}

impl update_report::Editor for Kept<'_> {
    fn folder(&mut self, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    fn file(&mut self, path: &str, _: Option<[u8; 20]>) -> Result<Option<u64>, Malformed> {
        self.file = Some((path.to_owned(), Vec::new()));
        let size = self.wanted.get(path);
        Ok(size.and_then(|size| u64::try_from(*size).ok()))
    }

    fn property(&mut self, _: &str, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if let Some((_, file)) = &mut self.file {
            file.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn whole(&mut self) -> Result<(), Malformed> {
        self.files.extend(self.file.take());
        Ok(())
    }
}
