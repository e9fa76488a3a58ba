// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Takes the XML of Subversion's reports apart while it comes, in bounded
//! memory. Pure. Knows only what `mod_dav_svn` writes: namespaces are declared
//! at the root, and there is no document type, comment or CDATA section. All
//! else is malformed, which costs nothing but the short cut that a report is.

use memchr::memchr2;

/// The longest tag, in bytes: a name of 255 bytes and the address of a whole
/// path, both escaped, fit many times.
const LONGEST_TAG: usize = 64 << 10;
/// The most attributes of an element, which are compared with each other;
/// Subversion writes seven at most.
const MOST_ATTRIBUTES: usize = 32;
/// The longest reference: `&#x10FFFF;`.
const LONGEST_REFERENCE: usize = 10;
/// The most elements inside each other: folders, in practice.
const DEEPEST: usize = 128;

/// Why an answer is not read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed: {0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// What comes next in a document.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// An element begins.
    Start(Element<'a>),
    /// The innermost element ends.
    End,
    /// Some of the text between two tags, references resolved. One text may
    /// come in several parts, cut anywhere.
    Text(&'a [u8]),
}

/// Names as they are written, and values.
type Attributes<'a> = Vec<(&'a str, String)>;

/// The begin of an element.
#[derive(Debug)]
pub(super) struct Element<'a> {
    /// Empty when it is in no namespace.
    pub(super) namespace: &'a str,
    /// Without its prefix.
    pub(super) name: &'a str,
    attributes: Attributes<'a>,
}

impl Element<'_> {
    /// An attribute without a namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(found, _)| *found == name)
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Text,
    /// Behind `<`; with the quote that an attribute's value began with.
    Tag(Option<u8>),
    /// Behind `&`.
    Reference,
}

/// The scanner: takes the document in parts of any size.
#[derive(Debug)]
pub(super) struct Scanner {
    place: Place,
    /// What came of an unfinished tag or reference.
    pending: Vec<u8>,
    /// The open elements, as they are written.
    open: Vec<String>,
    /// Prefixes and what they stand for.
    namespaces: Vec<(String, String)>,
    /// A tag was read.
    begun: bool,
    /// An element was read.
    rooted: bool,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            place: Place::Text,
            pending: Vec::new(),
            open: Vec::new(),
            namespaces: Vec::new(),
            begun: false,
            rooted: false,
        }
    }
}

impl Scanner {
    /// Takes the next part of the document and says what is complete with it.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        mut tell: impl FnMut(Event<'_>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            bytes = match self.place {
                Place::Text => self.text(bytes, &mut tell)?,
                Place::Tag(quote) => self.tag(bytes, quote, &mut tell)?,
                Place::Reference => self.reference(bytes, &mut tell)?,
            };
        }
        Ok(())
    }

    /// Says whether the document ended where it may.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.rooted && self.open.is_empty() && self.place == Place::Text {
            Ok(())
        } else {
            Err(Malformed("the document is cut short"))
        }
    }

    fn text<'b>(
        &mut self,
        bytes: &'b [u8],
        tell: &mut impl FnMut(Event<'_>) -> Result<(), Malformed>,
    ) -> Result<&'b [u8], Malformed> {
        let end = memchr2(b'<', b'&', bytes);
        let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        if !self.open.is_empty() {
            if !text.is_empty() {
                tell(Event::Text(text))?;
            }
        } else if !text.iter().all(u8::is_ascii_whitespace) {
            return Err(Malformed("text outside of the document"));
        }
        let Some((first, rest)) = rest.split_first() else {
            return Ok(rest);
        };
        self.place = match first {
            b'<' => Place::Tag(None),
            _ if self.open.is_empty() => return Err(Malformed("text outside of the document")),
            _ => Place::Reference,
        };
        Ok(rest)
    }

    fn tag<'b>(
        &mut self,
        bytes: &'b [u8],
        mut quote: Option<u8>,
        tell: &mut impl FnMut(Event<'_>) -> Result<(), Malformed>,
    ) -> Result<&'b [u8], Malformed> {
        let end = bytes.iter().position(|byte| {
            match (quote, byte) {
                (None, b'>') => return true,
                (None, b'"' | b'\'') => quote = Some(*byte),
                (Some(open), byte) if open == *byte => quote = None,
                _ => {}
            }
            false
        });
        let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        if self.pending.len() + part.len() > LONGEST_TAG {
            return Err(Malformed("a tag without end"));
        }
        self.pending.extend_from_slice(part);
        if end.is_none() {
            self.place = Place::Tag(quote);
            return Ok(rest);
        }
        let tag = std::mem::take(&mut self.pending);
        let tag = std::str::from_utf8(&tag).map_err(|_| Malformed("a tag is not UTF-8"))?;
        self.place = Place::Text;
        self.whole_tag(tag, tell)?;
        Ok(rest.get(1..).unwrap_or_default())
    }

    /// A tag without its angle brackets.
    fn whole_tag(
        &mut self,
        tag: &str,
        tell: &mut impl FnMut(Event<'_>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let first = !std::mem::replace(&mut self.begun, true);
        if tag.starts_with("?xml ") && tag.ends_with('?') && first {
            return Ok(());
        }
        if let Some(name) = tag.strip_prefix('/') {
            if self.open.pop().as_deref() != Some(name.trim_end()) {
                return Err(Malformed("elements that do not match"));
            }
            return tell(Event::End);
        }
        if tag.starts_with(['?', '!']) {
            return Err(Malformed("a tag that no report has"));
        }
        let (tag, is_empty) = tag
            .strip_suffix('/')
            .map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = read_tag(tag)?;
        self.declare(&attributes)?;
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = self.namespaces.iter().find(|(known, _)| known == prefix);
        let namespace = match namespace {
            Some((_, namespace)) => namespace.as_str(),
            None if prefix.is_empty() => "",
            None => return Err(Malformed("a prefix that nothing declares")),
        };
        tell(Event::Start(Element {
            namespace,
            name: local,
            attributes,
        }))?;
        if is_empty {
            return tell(Event::End);
        }
        if self.open.len() == DEEPEST {
            return Err(Malformed("too many elements inside each other"));
        }
        self.open.push(name.to_owned());
        Ok(())
    }

    /// Notes what the root declares; nobody else may.
    fn declare(&mut self, attributes: &[(&str, String)]) -> Result<(), Malformed> {
        let is_root = !self.rooted;
        if !is_root && self.open.is_empty() {
            return Err(Malformed("a second document"));
        }
        self.rooted = true;
        for (name, value) in attributes {
            let prefix = match name.split_once(':') {
                None if *name == "xmlns" => "",
                Some(("xmlns", prefix)) => prefix,
                _ => continue,
            };
            if !is_root {
                return Err(Malformed("a namespace that is not declared at the root"));
            }
            self.namespaces.push((prefix.to_owned(), value.clone()));
        }
        Ok(())
    }

    fn reference<'b>(
        &mut self,
        bytes: &'b [u8],
        tell: &mut impl FnMut(Event<'_>) -> Result<(), Malformed>,
    ) -> Result<&'b [u8], Malformed> {
        let end = bytes.iter().position(|byte| *byte == b';');
        let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        if self.pending.len() + part.len() > LONGEST_REFERENCE {
            return Err(Malformed("a reference without end"));
        }
        self.pending.extend_from_slice(part);
        if end.is_none() {
            return Ok(rest);
        }
        let name = std::mem::take(&mut self.pending);
        let c = std::str::from_utf8(&name).ok().and_then(resolve);
        let c = c.ok_or(Malformed("an unknown reference"))?;
        self.place = Place::Text;
        tell(Event::Text(c.encode_utf8(&mut [0; 4]).as_bytes()))?;
        Ok(rest.get(1..).unwrap_or_default())
    }
}

/// The name and the attributes of a start tag.
fn read_tag(tag: &str) -> Result<(&str, Attributes<'_>), Malformed> {
    const BLANK: [char; 4] = [' ', '\n', '\r', '\t'];
    let odd = Malformed("a tag with odd attributes");
    let (name, mut rest) = tag.split_at(tag.find(BLANK).unwrap_or(tag.len()));
    if name.is_empty() || name.contains(['<', '&', '"', '\'', '=', '/']) {
        return Err(Malformed("an element without a name"));
    }
    let mut attributes = Attributes::new();
    loop {
        let next = rest.trim_start_matches(BLANK);
        if next.is_empty() {
            return Ok((name, attributes));
        }
        if next.len() == rest.len() {
            return Err(odd);
        }
        let (key, value) = next.split_once('=').ok_or(odd)?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or(odd)?;
        let (value, after) = value.get(1..).unwrap_or("").split_once(quote).ok_or(odd)?;
        let known = attributes.iter().any(|(known, _)| *known == key);
        let too_many = attributes.len() == MOST_ATTRIBUTES;
        if known || too_many || key.is_empty() || key.contains(BLANK) {
            return Err(odd);
        }
        attributes.push((key, unescape(value)?));
        rest = after;
    }
}

/// The value of an attribute. A control character in it would have to be
/// normalised: none comes in what Subversion writes.
fn unescape(mut value: &str) -> Result<String, Malformed> {
    if value.contains(|c: char| c == '<' || c.is_control()) {
        return Err(Malformed("an attribute with an odd character"));
    }
    let mut plain = String::with_capacity(value.len());
    while let Some((before, rest)) = value.split_once('&') {
        plain.push_str(before);
        let (name, after) = rest
            .split_once(';')
            .ok_or(Malformed("an unknown reference"))?;
        plain.push(resolve(name).ok_or(Malformed("an unknown reference"))?);
        value = after;
    }
    plain.push_str(value);
    Ok(plain)
}

/// The character that `&name;` stands for, where XML has it (XML 1.0, 2.2, 4.1, 4.6).
fn resolve(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let number = match number.strip_prefix('x') {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(hex, 16).ok()?
        }
        None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().ok()?,
        _ => return None,
    };
    let c = char::from_u32(number)?;
    let legal = matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    legal.then_some(c)
}
#[cfg(test)]
mod tests;
