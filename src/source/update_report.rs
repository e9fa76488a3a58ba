// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Subversion's own way to tell of a whole tree in one answer: the update
//! report (`REPORT` on `!svn/me`), asked by a working copy that has nothing,
//! or every file but the wanted ones. Pure: writes the question and reads the
//! answer while it comes; nothing of it is believed before its digest was held
//! against the listing.

mod base64;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use self::base64::Base64;
use super::svndiff;
use super::xml::{Element, Event, Malformed, Scanner};
use super::{Entry, path};

/// The namespace of Subversion's own elements.
pub(super) const SVN: &str = "svn:";
/// The longest question: httpd takes 1,000,000 bytes of XML
/// (`LimitXMLRequestBody`).
const LONGEST_QUESTION: usize = 900_000;
/// Properties that describe the last commit are none of the path's own.
const OF_COMMIT: &str = "svn:entry:";

/// The question for all names, SHA-1 and properties below the directory at
/// `address` (an absolute, encoded URL path), without the files' contents.
pub(super) fn ask_properties(address: &str, revision: u64) -> Option<String> {
    let mut body = begin(address, revision, "")?;
    body.push_str("<S:include-props>yes</S:include-props></S:update-report>");
    Some(body)
}

/// The question for the contents of the `wanted` paths of a listing of the
/// directory at `address`. None where it would be too long, or where a path
/// cannot be written in XML.
pub(super) fn ask_contents(
    address: &str,
    revision: u64,
    wanted: &BTreeSet<&str>,
    listing: &[Entry],
) -> Option<String> {
    let mut body = begin(address, revision, " send-all=\"true\"")?;
    let mut told = BTreeSet::new();
    for entry in listing {
        let path = entry.path.as_str();
        if wanted.contains(path) || entry.special == Some("external") {
            continue;
        }
        // A file is had only in a folder that is had.
        for (end, _) in path.match_indices('/') {
            let folder = path.get(..end)?;
            if told.insert(folder) {
                let name = escape(folder)?;
                // Writing to a string cannot fail.
                let _ = write!(
                    body,
                    "<S:entry rev=\"{revision}\" start-empty=\"true\">{name}</S:entry>"
                );
            }
        }
        let _ = write!(
            body,
            "<S:entry rev=\"{revision}\">{}</S:entry>",
            escape(path)?
        );
        if body.len() > LONGEST_QUESTION {
            return None;
        }
    }
    body.push_str("</S:update-report>");
    Some(body)
}

fn begin(address: &str, revision: u64, attributes: &str) -> Option<String> {
    Some(format!(
        "<S:update-report xmlns:S=\"svn:\"{attributes}><S:src-path>{}</S:src-path>\
         <S:target-revision>{revision}</S:target-revision><S:depth>infinity</S:depth>\
         <S:entry rev=\"{revision}\" start-empty=\"true\"></S:entry>",
        escape(address)?
    ))
}

/// Who is told what an answer holds, in the order in which it comes. An error
/// ends the reading. Paths are relative to the source, which itself is
/// the empty path.
pub(super) trait Editor {
    /// There is a folder.
    fn folder(&mut self, path: &str) -> Result<(), Malformed>;
    /// There is a file. Its bytes are read only where this gives their number.
    fn file(&mut self, path: &str, sha1: Option<[u8; 20]>) -> Result<Option<u64>, Malformed>;
    /// A folder, or the file that was told last, has a property of its own.
    fn property(&mut self, path: &str, name: &str) -> Result<(), Malformed>;
    /// The next bytes of the file that was told last.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed>;
    /// All bytes of the file that was told last came. The MD5 that Subversion
    /// says of them is not passed on: the listing has their SHA-1.
    fn whole(&mut self) -> Result<(), Malformed>;
}

/// Where in the answer something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Report,
    /// With the length of the path around it.
    Folder(usize),
    File(usize),
    Delta,
    /// What is not looked at.
    Other,
}

/// Reads an answer, part by part.
#[derive(Debug)]
pub(super) struct Reader {
    scanner: Scanner,
    place: Place,
}

#[derive(Debug)]
struct Place {
    revision: u64,
    with_contents: bool,
    levels: Vec<Level>,
    /// The folder or file around.
    path: String,
    /// The source itself was told.
    rooted: bool,
    /// The bytes of the file around that may still come.
    expected: Option<u64>,
    delta: Option<(Base64, svndiff::Decoder)>,
    /// The delta of the file around is over.
    is_whole: bool,
}

impl Reader {
    /// A reader of the answer at a revision: to [`ask_contents`] or to [`ask_properties`].
    pub(super) fn new(revision: u64, with_contents: bool) -> Self {
        Self {
            scanner: Scanner::default(),
            place: Place {
                revision,
                with_contents,
                levels: Vec::new(),
                path: String::new(),
                rooted: false,
                expected: None,
                delta: None,
                is_whole: false,
            },
        }
    }

    /// Takes the next part of the answer.
    pub(super) fn feed(&mut self, part: &[u8], editor: &mut impl Editor) -> Result<(), Malformed> {
        let Self { scanner, place } = self;
        scanner.feed(part, |event| match event {
            Event::Start(element) => {
                let level = place.enter(&element, editor)?;
                place.levels.push(level);
                Ok(())
            }
            Event::Text(text) => place.text(text, editor),
            Event::End => place.leave(editor),
        })
    }

    /// Says whether the answer ended where it may.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        self.scanner.finish()?;
        if self.place.rooted {
            Ok(())
        } else {
            Err(Malformed("an update report without the source itself"))
        }
    }
}

impl Place {
    fn enter(
        &mut self,
        element: &Element<'_>,
        editor: &mut impl Editor,
    ) -> Result<Level, Malformed> {
        let around = self.levels.last().copied();
        if element.namespace != SVN {
            return match around {
                None | Some(Level::Delta) => Err(Malformed("no update report")),
                _ => Ok(Level::Other),
            };
        }
        match (around, element.name) {
            (None, "update-report") => self.enter_report(element),
            (Some(Level::Report), "target-revision") => {
                let revision = element.attribute("rev").and_then(|rev| rev.parse().ok());
                if revision != Some(self.revision) {
                    return Err(Malformed("an update report of another revision"));
                }
                Ok(Level::Other)
            }
            (Some(Level::Report), "open-directory") if !self.rooted => {
                self.rooted = true;
                editor.folder("")?;
                Ok(Level::Folder(0))
            }
            (Some(Level::Folder(_)), "open-directory" | "add-directory") => {
                let around = self.descend(element)?;
                editor.folder(&self.path)?;
                Ok(Level::Folder(around))
            }
            (Some(Level::Folder(_)), "add-file") => {
                let around = self.descend(element)?;
                let sha1 = element.attribute("sha1-checksum").map(digest).transpose()?;
                self.expected = editor.file(&self.path, sha1)?;
                self.is_whole = false;
                Ok(Level::File(around))
            }
            (Some(Level::Folder(_) | Level::File(_)), "set-prop") => {
                let name = element.attribute("name");
                let name = name.ok_or(Malformed("a property without a name"))?;
                if !name.starts_with(OF_COMMIT) {
                    editor.property(&self.path, name)?;
                }
                Ok(Level::Other)
            }
            (Some(Level::Folder(_) | Level::File(_)), "prop") => Ok(Level::Other),
            (Some(Level::File(_)), "txdelta") if self.delta.is_none() && !self.is_whole => {
                self.delta = self
                    .expected
                    .map(|size| (Base64::default(), svndiff::Decoder::new(size)));
                Ok(Level::Delta)
            }
            // Among them what a server says that will not tell all.
            _ => Err(Malformed("something that was not asked for")),
        }
    }

    fn enter_report(&self, element: &Element<'_>) -> Result<Level, Malformed> {
        let says = |name| element.attribute(name) == Some("true");
        if says("send-all") || !self.with_contents && says("inline-props") {
            Ok(Level::Report)
        } else {
            Err(Malformed("an update report that leaves things out"))
        }
    }

    /// Goes down to a child; gives the length of the path around it.
    fn descend(&mut self, element: &Element<'_>) -> Result<usize, Malformed> {
        let name = element.attribute("name");
        let name = name.filter(|name| path::is_segment(name));
        let name = name.ok_or(Malformed("a name that none can have"))?;
        let around = self.path.len();
        if around > 0 {
            self.path.push('/');
        }
        self.path.push_str(name);
        Ok(around)
    }

    fn text(&mut self, text: &[u8], editor: &mut impl Editor) -> Result<(), Malformed> {
        match self.levels.last() {
            Some(Level::Delta) => match &mut self.delta {
                Some((base64, diff)) => base64.feed(text, |bytes| {
                    diff.feed(bytes, |window| editor.bytes(window))
                }),
                None => Ok(()),
            },
            Some(Level::Other) => Ok(()),
            _ if text.iter().all(u8::is_ascii_whitespace) => Ok(()),
            _ => Err(Malformed("text between the elements")),
        }
    }

    fn leave(&mut self, editor: &mut impl Editor) -> Result<(), Malformed> {
        match self.levels.pop() {
            Some(Level::Folder(around)) => self.path.truncate(around),
            Some(Level::Delta) => {
                if let Some((base64, diff)) = self.delta.take() {
                    base64.finish()?;
                    diff.finish()?;
                    self.is_whole = true;
                }
            }
            Some(Level::File(around)) => {
                self.path.truncate(around);
                if self.is_whole {
                    editor.whole()?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A digest in hexadecimal.
fn digest<const N: usize>(text: &str) -> Result<[u8; N], Malformed> {
    let mut digest = [0; N];
    hex::decode_to_slice(text.trim(), &mut digest)
        .map_err(|_| Malformed("a digest of another length"))?;
    Ok(digest)
}

/// The text as XML holds it; none where XML cannot.
fn escape(text: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => return None,
            c => escaped.push(c),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests;
