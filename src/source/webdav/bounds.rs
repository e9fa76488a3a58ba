// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Whether a document is one that can be parsed without regret.
//!
//! `roxmltree` compares each attribute of an element with all others, and
//! copies the namespaces in scope to each element that declares one: a few
//! megabytes of a hostile answer would keep it busy for hours. Looks at tags
//! alone, in one pass, before it gets to see them; what is malformed is left
//! for it to refuse.

/// The most tags and the most attributes: the parser makes room for as many as
/// there are `<` and `=`. A listing of 20,000 files has about 800,000 and 120,000.
const MOST: [(char, usize); 2] = [('<', 1_200_000), ('=', 400_000)];
/// The longest tag, in bytes: names are texts in listings, not attributes.
const LONGEST_TAG: usize = 8 << 10;
/// The most attributes of a tag.
const MOST_ATTRIBUTES: usize = 32;
/// The most namespaces in scope; `mod_dav_svn` declares about ten.
const MOST_NAMESPACES: usize = 64;
/// The most elements inside each other: six in a listing.
const DEEPEST: usize = 128;

/// What no honest answer has, if there is any of it.
pub(super) fn beyond(mut text: &str) -> Option<&'static str> {
    for (mark, most) in MOST {
        if text.matches(mark).nth(most).is_some() {
            return Some("more tags or attributes than any listing");
        }
    }
    // The namespaces that each open element declares.
    let mut open: Vec<usize> = Vec::new();
    let mut in_scope = 0;
    while let Some((_, behind)) = text.split_once('<') {
        text = if let Some(comment) = behind.strip_prefix("!--") {
            comment.split_once("-->")?.1
        } else if let Some(data) = behind.strip_prefix("![CDATA[") {
            data.split_once("]]>")?.1
        } else if let Some(instruction) = behind.strip_prefix('?') {
            instruction.split_once("?>")?.1
        } else if behind.starts_with('!') {
            // A document type: refused where it stands.
            return None;
        } else {
            let Some(tag) = Tag::read(behind) else {
                return (behind.len() > LONGEST_TAG).then_some("a tag without end");
            };
            if tag.len > LONGEST_TAG || tag.attributes > MOST_ATTRIBUTES {
                return Some("a tag of very many attributes");
            }
            if behind.starts_with('/') {
                in_scope -= open.pop()?;
            } else if !tag.is_empty {
                open.push(tag.namespaces);
                in_scope += tag.namespaces;
            }
            if open.len() > DEEPEST {
                return Some("elements inside each other without end");
            }
            if in_scope > MOST_NAMESPACES {
                return Some("very many namespaces");
            }
            behind.get(tag.len + 1..)?
        };
    }
    None
}

/// What stands between `<` and `>`.
#[derive(Debug, Default)]
struct Tag {
    /// Without both.
    len: usize,
    attributes: usize,
    namespaces: usize,
    is_empty: bool,
}

impl Tag {
    /// Reads a tag behind its `<`; none where it does not end soon.
    fn read(text: &str) -> Option<Self> {
        let mut tag = Self::default();
        let mut quote = None;
        let mut key = 0;
        for (at, &byte) in text.as_bytes().iter().enumerate().take(LONGEST_TAG + 1) {
            match (quote, byte) {
                (Some(open), _) if byte == open => {
                    quote = None;
                    key = at + 1;
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => {
                    tag.attributes += 1;
                    let name = text.get(key..at).unwrap_or_default();
                    let name = name.split_ascii_whitespace().next_back();
                    let declares = name.is_some_and(|name| name.starts_with("xmlns"));
                    tag.namespaces += usize::from(declares);
                }
                (None, b'>') => {
                    tag.len = at;
                    tag.is_empty = text.as_bytes().get(..at)?.ends_with(b"/");
                    return Some(tag);
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_send_is_within_the_bounds() {
        for text in [
            "",
            "no xml",
            "<a/>",
            "<?xml version=\"1.0\"?><D:a xmlns:D='DAV:'>\n<!-- <b <b --><![CDATA[<<<]]></D:a>",
            "<a b='>' c=\"/>\"><d/></a>",
            "<a",
            "<a b='",
            "<!-- ",
            "<![CDATA[",
            "<!DOCTYPE a>",
            "</a></a>",
        ] {
            assert_eq!(beyond(text), None, "{text}");
        }
        let rows = "<r xmlns:a='1' xmlns:b='2'><p/>x</r>".repeat(1000);
        assert_eq!(beyond(&format!("<m xmlns='DAV:'>{rows}</m>")), None);
    }

    #[test]
    fn what_would_keep_the_parser_busy_is_not() {
        let attributes = |count: usize| {
            let all: Vec<String> = (0..count).map(|n| format!(" a{n}=''")).collect();
            format!("<a{}/>", all.concat())
        };
        let nested = |count: usize| {
            let all: Vec<String> = (0..count)
                .map(|n| format!("<a xmlns:a{n}='{n}'>"))
                .collect();
            all.concat()
        };
        assert_eq!(beyond(&attributes(MOST_ATTRIBUTES)), None);
        assert!(beyond(&attributes(MOST_ATTRIBUTES + 1)).is_some());
        assert_eq!(beyond(&nested(MOST_NAMESPACES)), None);
        assert!(beyond(&nested(MOST_NAMESPACES + 1)).is_some());
        let closed = nested(MOST_NAMESPACES) + &"</a>".repeat(MOST_NAMESPACES);
        assert_eq!(beyond(&closed.repeat(3)), None, "out of scope again");
        assert_eq!(beyond(&"<a>".repeat(DEEPEST)), None);
        assert!(beyond(&"<a>".repeat(DEEPEST + 1)).is_some());
        assert!(beyond(&format!("<a b='{}'/>", "x".repeat(LONGEST_TAG))).is_some());
        assert!(beyond(&"=".repeat(400_001)).is_some());
        assert!(beyond(&"<a/>".repeat(1_200_001)).is_some());
        assert!(beyond(&format!("<{}", "x".repeat(LONGEST_TAG + 9))).is_some());
    }
}
