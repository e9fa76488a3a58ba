// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads KEYS, always as it is now: a revocation must count at once. Refuses
//! the dev area, where every committer can write, and web pages. Decides
//! nothing about the keys.

use std::io::Read;
use std::path::Path;

use url::Url;

use super::error::SourceError;
use super::one_file::{encoding, get};
use super::server::{self, Asked};
use super::{Location, path};
use crate::http::{Client, HttpError, display_url, error_for_status, read_limited, retry};
use crate::plan::{AsfServer, asf_server};

/// The largest KEYS, in bytes; the ASF's largest have about 2 MiB.
pub const KEYS_LIMIT: u64 = 20 << 20;

/// The bytes of a KEYS file.
#[derive(Clone, Debug)]
pub struct KeysFile {
    /// As they lie there.
    pub bytes: Vec<u8>,
    /// The youngest revision, at which it was read, where Subversion serves it.
    pub revision: Option<u64>,
}

/// Reads KEYS at its youngest revision.
///
/// # Errors
/// When it is not there, out of reach, larger than [`KEYS_LIMIT`], a web page,
/// or in the dev area of a Subversion server.
pub async fn read_keys(location: &Location, client: &Client) -> Result<KeysFile, SourceError> {
    let keys = match location {
        Location::Url(url) => read_url(url, client).await?,
        Location::Path(path) => read_path(path)?,
    };
    if is_web_page(&keys.bytes) {
        return Err(SourceError::KeysUnusable {
            found: format!("{location} is a web page"),
        });
    }
    Ok(keys)
}

async fn read_url(url: &Url, client: &Client) -> Result<KeysFile, SourceError> {
    let unusable = |found: String| SourceError::KeysUnusable { found };
    // Any spelling that two readers could take for two paths could hide the area.
    if path::decode(url.path()).is_none_or(|segments| segments.iter().any(|name| name == "!svn")) {
        return Err(unusable(format!(
            "{} is not the plain address of a file",
            display_url(url)
        )));
    }
    if url.path().ends_with('/') {
        return Err(unusable(format!(
            "{} is the address of a directory",
            display_url(url)
        )));
    }
    let asked = if asf_server(url) == Some(AsfServer::Pages) {
        Asked::Plain(String::new())
    } else {
        let asked = server::ask(client, url).await;
        asked.map_err(|error| SourceError::of_keys_http(&error))?
    };
    let (target, revision) = match asked {
        Asked::Svn(served) if served.first_segment() == Some("dev") => {
            return Err(SourceError::KeysFromDev {
                found: display_url(url),
            });
        }
        Asked::Svn(served) => (served.pinned(served.youngest), Some(served.youngest)),
        Asked::Contradicting(found) => return Err(unusable(found)),
        Asked::Plain(found) if asf_server(url) == Some(AsfServer::Subversion) => {
            return Err(unusable(found));
        }
        Asked::Plain(_) => (url.clone(), None),
    };
    let outcome = retry("read KEYS", || async {
        let response = client.send(get(client, target.clone())).await?;
        let response = error_for_status(response).await?;
        if let Some(encoding) = encoding(&response) {
            return Ok(Err(unusable(format!("encoded as {encoding} on the way"))));
        }
        Ok(Ok(read_limited(response, KEYS_LIMIT).await?))
    })
    .await;
    let bytes = outcome.map_err(|error: HttpError| SourceError::of_keys_http(&error))??;
    Ok(KeysFile {
        bytes: bytes.to_vec(),
        revision,
    })
}

fn read_path(path: &Path) -> Result<KeysFile, SourceError> {
    let failed = |error: std::io::Error| SourceError::KeysNotFound {
        found: format!("{}: {error}", path.display()),
        advice: None,
    };
    // Asked before it is opened: opening a pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(SourceError::KeysNotFound {
            found: format!("{} is no file", path.display()),
            advice: None,
        });
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(KEYS_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > KEYS_LIMIT {
        return Err(SourceError::KeysUnusable {
            found: format!("{} has more than {KEYS_LIMIT} bytes", path.display()),
        });
    }
    Ok(KeysFile {
        bytes,
        revision: None,
    })
}

/// Whether the bytes begin as HTML or XML does.
fn is_web_page(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = text.trim_ascii_start();
    ["<!doctype", "<html", "<head", "<body", "<?xml"]
        .iter()
        .any(|mark| {
            start
                .get(..mark.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_page_is_told_from_keys() {
        for (bytes, expected) in [
            (&b"<!DOCTYPE html>"[..], true),
            (b"\xef\xbb\xbf \r\n<HTML><head>", true),
            (b"<?xml version=\"1.0\"?>", true),
            (b"<ht", false),
            (
                b"This file contains the PGP keys of <html> developers",
                false,
            ),
            (
                b"<jane@apache.org>\n-----BEGIN PGP PUBLIC KEY BLOCK-----",
                false,
            ),
            (b"", false),
        ] {
            assert_eq!(
                is_web_page(bytes),
                expected,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn a_local_keys_is_a_file_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("KEYS");
        assert!(matches!(
            read_path(&file),
            Err(SourceError::KeysNotFound { .. })
        ));
        assert!(matches!(
            read_path(folder.path()),
            Err(SourceError::KeysNotFound { .. })
        ));
        std::fs::write(&file, "keys").unwrap();
        assert_eq!(read_path(&file).unwrap().bytes, b"keys");
        let large = std::fs::File::create(&file).unwrap();
        large.set_len(KEYS_LIMIT + 1).unwrap();
        assert!(matches!(
            read_path(&file),
            Err(SourceError::KeysUnusable { .. })
        ));
    }
}
