// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The list report: a whole tree in one answer, since Subversion 1.10. Pure:
//! writes the question and reads the answer while it comes. It says kind, size
//! and last commit of each path and whether it has properties, but neither
//! which ones nor the SHA-1 of a file.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::path;
use super::update_report::SVN;
use super::xml::{Element, Event, Malformed, Scanner};

/// The longest path that is read, in bytes.
const LONGEST_PATH: usize = 32 << 10;

/// The question for everything below the directory that is asked.
pub(super) fn question(revision: u64) -> String {
    format!(
        "<S:list-report xmlns:S=\"svn:\"><S:path></S:path><S:revision>{revision}</S:revision>\
         <S:depth>infinity</S:depth><S:prop>DAV:resourcetype</S:prop>\
         <S:prop>DAV:getcontentlength</S:prop><S:prop>DAV:version-name</S:prop>\
         <S:prop>DAV:creationdate</S:prop>\
         <S:prop>http://subversion.tigris.org/xmlns/dav/deadprop-count</S:prop></S:list-report>"
    )
}

/// What the server says about one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// In bytes; none of a folder.
    pub(super) size: Option<u64>,
    pub(super) has_properties: bool,
    /// The revision that last changed it.
    pub(super) created_revision: u64,
    /// When that was committed.
    pub(super) committed: SystemTime,
}

impl Item {
    pub(super) fn is_folder(&self) -> bool {
        self.size.is_none()
    }
}

/// Reads an answer, part by part.
#[derive(Debug)]
pub(super) struct Reader {
    scanner: Scanner,
    place: Place,
}

#[derive(Debug)]
struct Place {
    /// The source in the words of the answer: `/` and the decoded path from
    /// the repository's root, without a slash at its end.
    source: String,
    depth: usize,
    item: Option<Item>,
    path: Vec<u8>,
    items: BTreeMap<String, Item>,
}

impl Reader {
    /// A reader of the answer for the directory that these segments lead to
    /// from the repository's root.
    pub(super) fn new(segments: &[String]) -> Self {
        let source = segments
            .iter()
            .fold(String::new(), |source, segment| source + "/" + segment);
        Self {
            scanner: Scanner::default(),
            place: Place {
                source,
                depth: 0,
                item: None,
                path: Vec::new(),
                items: BTreeMap::new(),
            },
        }
    }

    /// Takes the next part of the answer.
    pub(super) fn feed(&mut self, part: &[u8]) -> Result<(), Malformed> {
        let Self { scanner, place } = self;
        scanner.feed(part, |event| match event {
            Event::Start(element) => place.enter(&element),
            Event::Text(text) => place.text(text),
            Event::End => place.leave(),
        })
    }

    /// How many paths were read.
    pub(super) fn count(&self) -> usize {
        self.place.items.len()
    }

    /// What was read, by path relative to the source, which itself is the empty path.
    pub(super) fn finish(self) -> Result<BTreeMap<String, Item>, Malformed> {
        self.scanner.finish()?;
        Ok(self.place.items)
    }
}

impl Place {
    fn enter(&mut self, element: &Element<'_>) -> Result<(), Malformed> {
        self.depth += 1;
        let is = |name| element.namespace == SVN && element.name == name;
        match self.depth {
            1 if is("list-report") => Ok(()),
            2 if is("item") => {
                self.path.clear();
                self.item = Some(read_item(element)?);
                Ok(())
            }
            1 | 2 => Err(Malformed("no list report")),
            // The author, if anything: it is not looked at.
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Malformed> {
        match self.depth {
            2 if self.path.len() + text.len() > LONGEST_PATH => {
                Err(Malformed("a path without end"))
            }
            2 => {
                self.path.extend_from_slice(text);
                Ok(())
            }
            1 if !text.iter().all(u8::is_ascii_whitespace) => {
                Err(Malformed("text between the elements"))
            }
            _ => Ok(()),
        }
    }

    fn leave(&mut self) -> Result<(), Malformed> {
        self.depth -= 1;
        let Some(item) = self.item.take_if(|_| self.depth == 1) else {
            return Ok(());
        };
        let path = std::str::from_utf8(&self.path).map_err(|_| Malformed("a path is not UTF-8"))?;
        let path = self.relative(path).ok_or(Malformed("a path elsewhere"))?;
        match self.items.insert(path.to_owned(), item) {
            None => Ok(()),
            Some(_) => Err(Malformed("a path twice")),
        }
    }

    fn relative<'a>(&self, path: &'a str) -> Option<&'a str> {
        let below = path.strip_prefix(self.source.as_str())?;
        if below.is_empty() || self.source.is_empty() && below == "/" {
            return Some("");
        }
        let below = below.strip_prefix('/')?;
        below.split('/').all(path::is_segment).then_some(below)
    }
}

fn read_item(element: &Element<'_>) -> Result<Item, Malformed> {
    let value = |name| {
        let value = element.attribute(name);
        value.ok_or(Malformed("an item that leaves something out"))
    };
    let odd = Malformed("an item with an odd value");
    let size = match value("node-kind")? {
        "dir" => None,
        "file" => Some(value("size")?.parse().map_err(|_| odd)?),
        _ => return Err(odd),
    };
    let has_properties = match value("has-props")? {
        "true" => true,
        "false" => false,
        _ => return Err(odd),
    };
    Ok(Item {
        size,
        has_properties,
        created_revision: value("created-rev")?.parse().map_err(|_| odd)?,
        committed: humantime::parse_rfc3339(value("date")?).map_err(|_| odd)?,
    })
}

#[cfg(test)]
mod tests;
