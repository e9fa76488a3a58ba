// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! YAML as a tree of values, each with its line and column. Pure.
//!
//! Decides which YAML is read at all: one document in UTF-8, without anchors,
//! aliases, merge keys, tags of one's own, duplicate keys, deep nesting or
//! characters that nobody sees. Decides nothing about what the values mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::budget::BudgetBreach;
use serde_yaml::{DuplicateKeyPolicy, Error, MergeKeyPolicy, Options, Spanned};

use crate::report::escape::is_hidden;

/// The most bytes that a file may hold.
pub const LIMIT: usize = 256 * 1024;

/// Mappings and lists within each other; our own file needs four.
const MAX_DEPTH: usize = 8;

/// The same for a file of another program; a workflow needs about ten.
const FOREIGN_DEPTH: usize = 24;

/// Far more than a file of [`LIMIT`] needs that people wrote.
const MAX_NODES: usize = 20_000;

/// A value with its place.
pub type Node = Spanned<Value>;

/// A mapping, in the order of the file.
pub type Map = Vec<(Spanned<String>, Node)>;

/// What YAML says a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing after the colon, `~` or `null`.
    Nothing,
    /// `true` or `false`; `yes` and `on` are text.
    Flag(bool),
    /// A number, whose text is in the file: `1.10` is not 1.1 for us.
    Number,
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Map),
}

impl Value {
    /// What it is, for people.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "`true` or `false`",
            Self::Number => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        // A key that stands twice is refused by the reader's own policy.
        while let Some(entry) = entries.next_entry::<Spanned<String>, Node>()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

/// Where something stands: line and column, from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: u64,
    /// From 1.
    pub column: u64,
}

impl Place {
    /// The place of a value.
    pub fn of<T>(node: &Spanned<T>) -> Self {
        Self {
            line: node.referenced.line(),
            column: node.referenced.column(),
        }
    }

    /// The place of a byte.
    fn of_byte(bytes: &[u8], at: usize) -> Self {
        let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or(bytes));
        let last = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() as u64 + 1,
            column: last.chars().count() as u64 + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a file is not read, where, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {found}; expected {expected}")]
pub struct YamlError {
    /// Where.
    pub place: Place,
    /// What would have been right.
    pub expected: String,
    /// What was there instead.
    pub found: String,
}

/// The text of the file, and its tree.
///
/// # Errors
/// The first thing that makes the file unreadable.
pub fn read(bytes: &[u8]) -> Result<(&str, Node), YamlError> {
    let text = text(bytes)?;
    refuse_hidden(text)?;
    parse(text, options())
}

/// The same of a file that is written for another program, such as a workflow:
/// with the anchors and aliases that program takes, deeper, and with every
/// character. What is done with the values decides what is shown of them.
///
/// # Errors
/// The first thing that makes the file unreadable.
pub fn read_foreign(bytes: &[u8]) -> Result<(&str, Node), YamlError> {
    parse(text(bytes)?, foreign_options(100, 200))
}

/// The same, of a program that takes no anchors, aliases or tags either.
///
/// # Errors
/// The first thing that makes the file unreadable.
pub fn read_foreign_plain(bytes: &[u8]) -> Result<(&str, Node), YamlError> {
    let mut options = foreign_options(0, 0);
    options.reject_unsupported_tags = true;
    parse(text(bytes)?, options)
}

fn parse(text: &str, options: Options) -> Result<(&str, Node), YamlError> {
    let node = serde_yaml::from_str_with_options(text, options)
        .map_err(|why| explain(why.without_snippet()))?;
    Ok((text, node))
}

/// The value as it is written in the file; empty for a list or a mapping.
pub fn written<'a>(text: &'a str, node: &Node) -> &'a str {
    let span = node.referenced.span();
    let range = || {
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let len = usize::try_from(span.byte_len()?).ok()?;
        text.get(start..start.checked_add(len)?)
    };
    range().unwrap_or_default()
}

fn options() -> Options {
    serde_yaml::options! {
        // `yes` and `on` are text.
        strict_booleans: true,
        // Text hidden by base64 would be read by nobody.
        ignore_binary_tag_for_string: true,
        reject_unsupported_tags: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_reader_input_bytes: Some(LIMIT),
            max_anchors: 0,
            max_aliases: 0,
            max_merge_keys: 0,
            max_documents: 1,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_total_scalar_bytes: LIMIT,
        },
    }
}

/// As [`options`], for a file that is not ours.
fn foreign_options(anchors: usize, aliases: usize) -> Options {
    serde_yaml::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
        budget: serde_yaml::budget! {
            max_reader_input_bytes: Some(LIMIT),
            max_anchors: anchors,
            max_aliases: aliases,
            max_merge_keys: 0,
            max_documents: 1,
            max_depth: FOREIGN_DEPTH,
            flow_nesting_limit: FOREIGN_DEPTH,
            max_nodes: MAX_NODES,
            max_total_scalar_bytes: LIMIT,
        },
    }
}

/// The bytes as text, at most so many.
fn text(bytes: &[u8]) -> Result<&str, YamlError> {
    let refuse = |at, expected: &str, found: String| refusal(bytes, at, expected, found);
    if bytes.len() > LIMIT {
        let expected = format!("a file of at most {LIMIT} bytes");
        return Err(refuse(0, &expected, format!("{} bytes", bytes.len())));
    }
    std::str::from_utf8(bytes)
        .map_err(|why| refuse(why.valid_up_to(), "text in UTF-8", "other bytes".to_owned()))
}

fn refusal(bytes: &[u8], at: usize, expected: &str, found: String) -> YamlError {
    YamlError {
        place: Place::of_byte(bytes, at),
        expected: expected.to_owned(),
        found,
    }
}

/// Refuses text in which not everything can be seen.
fn refuse_hidden(text: &str) -> Result<(), YamlError> {
    let hidden = text.char_indices().find(|(at, c)| {
        let is_mark = *at == 0 && *c == '\u{feff}';
        is_hidden(*c) && !matches!(c, '\n' | '\t') && !is_mark && !is_end_of_line(text, *at)
    });
    match hidden {
        Some((at, c)) => Err(refusal(
            text.as_bytes(),
            at,
            "text in which every character can be seen",
            format!("the character U+{:04X}", u32::from(c)),
        )),
        None => Ok(()),
    }
}

/// A carriage return just before its line feed.
fn is_end_of_line(text: &str, at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with("\r\n"))
}

/// What the reader found, in the words of this file.
fn explain(why: &Error) -> YamlError {
    const NO_ALIAS: &str = "no anchors, aliases or merge keys: write the value out";
    let place = why
        .location()
        .map_or(Place { line: 1, column: 1 }, |at| Place {
            line: at.line(),
            column: at.column(),
        });
    let (expected, found) = match why {
        Error::UnknownAnchor { .. } => (
            "a value in quotes, where it begins with `*`",
            "an alias".to_owned(),
        ),
        Error::MergeKeyNotAllowed { .. } => (NO_ALIAS, "a merge key".to_owned()),
        Error::DuplicateMappingKey { key, .. } => (
            "each key once",
            key.as_deref()
                .map_or("a key twice".to_owned(), |key| format!("`{key}` twice")),
        ),
        Error::MultipleDocuments { .. } => ("one document", "a second one".to_owned()),
        Error::UnsupportedTag { .. } => ("no tags", "a tag".to_owned()),
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Anchors { .. } => (NO_ALIAS, "an anchor".to_owned()),
            BudgetBreach::Aliases { .. } => (NO_ALIAS, "an alias".to_owned()),
            BudgetBreach::MergeKeys { .. } => (NO_ALIAS, "a merge key".to_owned()),
            BudgetBreach::Documents { .. } => ("one document", "a second one".to_owned()),
            BudgetBreach::Depth { .. } => ("a shallow file", "too deep a nesting".to_owned()),
            BudgetBreach::Nodes { .. } => ("a short file", "too many values".to_owned()),
            _ => ("a small file", message(why)),
        },
        _ => ("YAML 1.2 that can be read", message(why)),
    };
    YamlError {
        place,
        expected: expected.to_owned(),
        found,
    }
}

/// The reader's own words, without the place, which is told apart.
fn message(why: &Error) -> String {
    let text = why.to_string();
    let text = text.lines().next().unwrap_or_default();
    text.rsplit_once(" at line ")
        .map_or(text, |(text, _)| text)
        .to_owned()
}
