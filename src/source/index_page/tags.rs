// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! As much HTML as an index page needs: tags one after the other, the `href`
//! of a tag, character references. Reads each byte once, keeps none.

/// What comes next in a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    /// The name of an element that begins, and the text of its attributes.
    Open(&'a [u8], &'a [u8]),
    /// The name of an element that ends.
    Close(&'a [u8]),
    /// The text of the page's title.
    Title(&'a [u8]),
}

/// The tags of a page in their order, without comments and without what stands
/// in scripts and styles. Ends at a tag that does not end.
pub(super) struct Tags<'a> {
    rest: &'a [u8],
}

impl<'a> Tags<'a> {
    pub(super) fn new(page: &'a [u8]) -> Self {
        Self { rest: page }
    }

    /// The text up to the end tag of this name, which is passed over too;
    /// all of the rest where there is none.
    fn raw_text(&mut self, name: &[u8]) -> &'a [u8] {
        let end = self.rest.windows(name.len() + 2).position(|window| {
            let inner = window.strip_prefix(b"</");
            inner.is_some_and(|inner| inner.eq_ignore_ascii_case(name))
        });
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        text
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.rest.iter().position(|byte| *byte == b'<')?;
            let tag = self.rest.get(start + 1..)?;
            if let Some(comment) = tag.strip_prefix(b"!--") {
                let end = comment.windows(3).position(|window| window == b"-->");
                self.rest = end.and_then(|end| comment.get(end + 3..)).unwrap_or(&[]);
                continue;
            }
            let end = end_of_tag(tag)?;
            let inner = tag.get(..end)?;
            self.rest = tag.get(end + 1..)?;
            if let Some(name) = inner.strip_prefix(b"/") {
                return Some(Tag::Close(split_name(name).0));
            }
            let (name, attributes) = split_name(inner);
            let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
            if is(b"title") {
                return Some(Tag::Title(self.raw_text(name)));
            }
            if is(b"script") || is(b"style") || is(b"textarea") {
                self.raw_text(name);
                continue;
            }
            return Some(Tag::Open(name, attributes));
        }
    }
}

/// Where the `>` stands that ends a tag: not within quotes.
fn end_of_tag(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    tag.iter().position(|byte| match (quote, byte) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(*byte);
            false
        }
        (Some(open), byte) if open == *byte => {
            quote = None;
            false
        }
        _ => false,
    })
}

fn split_name(tag: &[u8]) -> (&[u8], &[u8]) {
    let end = tag
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(tag.len());
    tag.split_at(end)
}

/// The value of the first `href` among attributes, as it is written.
pub(super) fn href(attributes: &[u8]) -> Option<&[u8]> {
    let mut rest = attributes;
    loop {
        rest = trim_start(rest);
        let (&first, after) = rest.split_first()?;
        if matches!(first, b'/' | b'=' | b'"' | b'\'') {
            rest = after;
            continue;
        }
        let end = rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'/'))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = trim_start(after);
        let Some(value) = rest.strip_prefix(b"=") else {
            continue;
        };
        let value = trim_start(value);
        let (value, after) = if let Some((quote @ (b'"' | b'\''), inner)) = value.split_first() {
            let end = inner.iter().position(|byte| byte == quote)?;
            (inner.get(..end)?, inner.get(end + 1..)?)
        } else {
            let end = value.iter().position(u8::is_ascii_whitespace);
            value.split_at(end.unwrap_or(value.len()))
        };
        if name.eq_ignore_ascii_case(b"href") {
            return Some(value);
        }
        rest = after;
    }
}

fn trim_start(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}

/// The text with its character references resolved: the named ones that
/// servers write into links, and the numbered ones. None for any other, and
/// for bytes that are no ASCII.
pub(super) fn unescape(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.is_ascii())?;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        plain.push_str(before);
        let (name, after) = reference.split_once(';')?;
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(name.strip_prefix('#')?)?,
        });
        rest = after;
    }
    plain.push_str(rest);
    Some(plain)
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // A sign is none of a reference.
    let is_number = digits.chars().all(|c| c.is_digit(radix));
    char::from_u32(
        u32::from_str_radix(digits, radix)
            .ok()
            .filter(|_| is_number)?,
    )
}
