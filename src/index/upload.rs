// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Sends one file by the upload form that PyPI takes (`/legacy/`).
//!
//! Decides which answers are final, and that the bytes which are sent are the
//! bytes which were verified: they are hashed again on their way out, and a
//! difference breaks the request off before the index has a whole file.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use blake2::Blake2b;
use blake2::digest::consts::U32;
use bytes::Bytes;
use futures_util::stream;
use md5::Md5;
use reqwest::header::ACCEPT;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{Index, IndexError, UploadToken};
use crate::attest::Attestation;
use crate::dist::form::form_fields;
use crate::http::{self, HttpError, Progress, error_for_status_without, forms, redact, sanitise};
use crate::verify::Publishable;

/// How much is read and hashed at once, in bytes.
const CHUNK: usize = 128 * 1024;
/// How many chunks may wait for the network.
const WAITING: usize = 2;
/// How much of the index's own words is kept, in bytes.
const WORDS: usize = 512;

/// The digests that the form names, of all bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    /// The one that the bytes are held to while they are sent.
    pub sha256: [u8; 32],
    /// BLAKE2b of 256 bits.
    pub blake2b_256: [u8; 32],
    /// Only for indexes that still ask; it proves nothing.
    pub md5: [u8; 16],
}

/// One file to send.
pub(super) struct Upload<'a> {
    /// Its name, a legal one.
    pub file: &'a str,
    /// The metadata, by the form's names, in order; repeatable ones repeat.
    pub fields: &'a [(&'static str, String)],
    /// `bdist_wheel` or `sdist`.
    pub filetype: &'a str,
    /// The Python tag of a wheel, `source` for an sdist.
    pub pyversion: &'a str,
    /// In bytes.
    pub size: u64,
    /// Of all its bytes.
    pub digests: Digests,
    /// A JSON array of its attestations (PEP 740), as text; none for none.
    pub attestations: Option<&'a str>,
    /// Gives the bytes from their start; asked once for every try.
    pub open: &'a (dyn Fn() -> Box<dyn Read + Send> + Send + Sync),
}

/// The index's word that it has the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// How many times it was sent.
    pub tries: u32,
}

/// Why the bytes could not be sent as they were verified.
enum Fault {
    Changed,
    Unreadable(String),
}

/// Sends one file of a batch, up to four times: the index answers a file that
/// it has already, with the same bytes, as it answers a new one. What is sent
/// is read from the handle that was verified, and hashed again on the way. The
/// attestations go with it; a file that the index has already gets none.
///
/// # Errors
/// [`IndexError::TokenExpired`] when a fresh token helps; a refusal with the
/// index's own words; [`IndexError::UploadUnfinished`] when the last try ended
/// with a server error, too many requests, or no answer.
pub async fn publish(
    index: &Index,
    token: &UploadToken,
    file: &Publishable<'_>,
    attestations: &[Attestation],
) -> Result<Uploaded, IndexError> {
    let file = file.verified();
    let (name, fetched) = (file.name(), file.fetched());
    let open = || -> Box<dyn Read + Send> { Box::new(fetched.reader()) };
    let (reader, size) = (fetched.reader(), fetched.size());
    let (blake2b_256, md5) = tokio::task::spawn_blocking(move || form_digests(reader, size))
        .await
        .map_err(|error| IndexError::ContentUnreadable(error.to_string()))??;
    let fields = form_fields(file.metadata());
    let attestations = (!attestations.is_empty()).then(|| Attestation::list_to_text(attestations));
    let one = Upload {
        file: name.file(),
        fields: &fields,
        filetype: name.filetype(),
        pyversion: name.pyversion(),
        size: fetched.size(),
        digests: Digests {
            sha256: *fetched.sha256(),
            blake2b_256,
            md5,
        },
        attestations: attestations.as_deref(),
        open: &open,
    };
    upload(index, token, &one).await
}

/// The BLAKE2b and the MD5 that the form names. They stand before the content
/// there, so that they take a pass of their own; whoever only verifies is
/// spared it. Nothing is proved by them: the bytes that are sent are held to
/// the SHA-256 that was verified, and the index holds them to all three.
fn form_digests(mut reader: impl Read, size: u64) -> Result<([u8; 32], [u8; 16]), IndexError> {
    let (mut blake2b_256, mut md5) = (Blake2b::<U32>::new(), Md5::new());
    let mut chunk = vec![0; CHUNK];
    let mut found = 0;
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                let bytes = chunk.get(..length).unwrap_or_default();
                found += length as u64;
                blake2b_256.update(bytes);
                md5.update(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(IndexError::ContentUnreadable(error.to_string())),
        }
    }
    if found != size {
        return Err(IndexError::ContentChanged);
    }
    Ok((blake2b_256.finalize().into(), md5.finalize().into()))
}

/// Sends one file, up to four times: the index answers a file that it has
/// already, with the same bytes, as it answers a new one.
///
/// # Errors
/// [`IndexError::TokenExpired`] when a fresh token helps; a refusal with the
/// index's own words; [`IndexError::UploadUnfinished`] when the last try ended
/// with a server error, too many requests, or no answer.
pub(super) async fn upload(
    index: &Index,
    token: &UploadToken,
    upload: &Upload<'_>,
) -> Result<Uploaded, IndexError> {
    let mut tries = 0;
    let sent = http::retry(upload.file, || {
        tries += 1;
        send(index, token, upload)
    })
    .await;
    sent.unwrap_or_else(|error| Err(IndexError::UploadUnfinished(error)))?;
    Ok(Uploaded { tries })
}

/// One try. The outer error may pass with another; the inner one is final.
async fn send(
    index: &Index,
    token: &UploadToken,
    upload: &Upload<'_>,
) -> Result<Result<(), IndexError>, HttpError> {
    let progress = Progress::default();
    let fault = Arc::new(OnceLock::new());
    let body = stream_content(upload, &progress, &fault);
    let request = index
        .client
        .upload(Method::POST, index.endpoints.upload.clone())
        .basic_auth("__token__", Some(token.expose()))
        // The one form of answer whose words survive HTTP/2.
        .header(ACCEPT, "application/json")
        .multipart(form(upload, body)?);
    let secrets = forms(token.expose());
    let answered = match index.client.send_upload(request, &progress).await {
        Ok(response) => error_for_status_without(response, &secrets).await,
        Err(error) => Err(error),
    };
    match (fault.get(), answered) {
        (Some(Fault::Changed), _) => Ok(Err(IndexError::ContentChanged)),
        (Some(Fault::Unreadable(cause)), _) => {
            Ok(Err(IndexError::ContentUnreadable(cause.clone())))
        }
        (None, Ok(_)) => Ok(Ok(())),
        (None, Err(error)) if error.is_transient() => Err(error),
        (None, Err(error)) => Ok(Err(refusal(&error, &secrets))),
    }
}

/// The form of `:action=file_upload`.
fn form(upload: &Upload<'_>, body: Body) -> Result<Form, HttpError> {
    let digests = &upload.digests;
    let mut form = Form::new()
        .text(":action", "file_upload")
        .text("protocol_version", "1");
    for (name, value) in upload.fields {
        form = form.text(*name, value.clone());
    }
    if let Some(attestations) = upload.attestations {
        form = form.text("attestations", attestations.to_owned());
    }
    let content = Part::stream_with_length(body, upload.size)
        .file_name(upload.file.to_owned())
        .mime_str("application/octet-stream")
        .map_err(|error| HttpError::Unsendable {
            url: String::new(),
            cause: error.to_string(),
        })?;
    Ok(form
        .text("filetype", upload.filetype.to_owned())
        .text("pyversion", upload.pyversion.to_owned())
        .text("md5_digest", hex::encode(digests.md5))
        .text("sha256_digest", hex::encode(digests.sha256))
        .text("blake2_256_digest", hex::encode(digests.blake2b_256))
        .part("content", content))
}

/// The bytes as a request body. They are read and hashed on a thread for
/// blocking work, so that a slow disk stops no other upload.
fn stream_content(upload: &Upload<'_>, progress: &Progress, fault: &Arc<OnceLock<Fault>>) -> Body {
    let (sender, receiver) = mpsc::channel(WAITING);
    let reader = (upload.open)();
    let (size, sha256) = (upload.size, upload.digests.sha256);
    let fault = Arc::clone(fault);
    tokio::task::spawn_blocking(move || {
        let Err(found) = read_content(reader, size, &sha256, &sender) else {
            return;
        };
        // Known before the body breaks off, so that whoever sees it break knows why.
        let _ = fault.set(found);
        let broken = io::Error::other("the bytes are not those that were verified");
        let _ = sender.blocking_send(Err(broken));
    });
    let progress = progress.clone();
    Body::wrap_stream(stream::unfold(receiver, move |mut receiver| {
        let progress = progress.clone();
        async move {
            let chunk: io::Result<Bytes> = receiver.recv().await?;
            if let Ok(chunk) = &chunk {
                progress.advance(chunk.len() as u64);
            }
            Some((chunk, receiver))
        }
    }))
}

/// Reads and hashes all bytes and passes them on. The last chunk is held back
/// until the digest holds, so that no index ever has the whole of a wrong file.
fn read_content(
    mut reader: Box<dyn Read + Send>,
    size: u64,
    sha256: &[u8; 32],
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), Fault> {
    let mut hasher = Sha256::new();
    let mut rest = size;
    let mut held = None;
    loop {
        let mut chunk = vec![0; CHUNK];
        let length = match reader.read(&mut chunk) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::Unreadable(error.to_string())),
        };
        if length == 0 {
            break;
        }
        rest = rest.checked_sub(length as u64).ok_or(Fault::Changed)?;
        chunk.truncate(length);
        hasher.update(&chunk);
        if let Some(before) = held.replace(Bytes::from(chunk))
            && sender.blocking_send(Ok(before)).is_err()
        {
            // Nobody takes the bytes any more: the answer came early, or the try is over.
            return Ok(());
        }
    }
    if rest != 0 || <[u8; 32]>::from(hasher.finalize()) != *sha256 {
        return Err(Fault::Changed);
    }
    if let Some(last) = held {
        // As above.
        let _ = sender.blocking_send(Ok(last));
    }
    Ok(())
}

/// What a final refusal means, in the index's own words.
fn refusal(error: &HttpError, secrets: &[String]) -> IndexError {
    let (status, words) = match error {
        HttpError::Status {
            code, body, reason, ..
        } => (*code, words(*code, reason, body)),
        other => (other.status().unwrap_or(0), other.to_string()),
    };
    // Once more, since what JSON escapes is only now as it was sent.
    let answer = sanitise(&redact(&words, secrets), WORDS);
    if status == 403 && answer.contains("token is expired") {
        IndexError::TokenExpired
    } else if answer.contains("File already exists") || answer.contains("previously used by a file")
    {
        IndexError::Conflict { answer }
    } else {
        IndexError::UploadRefused { status, answer }
    }
}

/// PyPI's answer in JSON has its sentence in `code`, behind the status.
fn words(status: u16, reason: &str, body: &str) -> String {
    #[derive(Deserialize)]
    struct Answer {
        code: String,
    }
    match serde_json::from_str::<Answer>(body) {
        Ok(answer) => answer.code,
        Err(_) if body.is_empty() => format!("{status} {reason}"),
        Err(_) => format!("{status} {body}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_names_digests_of_all_bytes_and_of_no_others() {
        // As b2sum -l 256 and md5sum give them for "abc".
        let (blake2b_256, md5) = form_digests(b"abc".as_slice(), 3).unwrap();
        assert_eq!(
            hex::encode(blake2b_256),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        );
        assert_eq!(hex::encode(md5), "900150983cd24fb0d6963f7d28e17f72");
        for size in [2, 4] {
            let refused = form_digests(b"abc".as_slice(), size);
            assert!(matches!(refused, Err(IndexError::ContentChanged)));
        }
    }
}
