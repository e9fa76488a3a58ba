// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The text of METADATA and PKG-INFO: header fields, a blank line, a body.
//!
//! Reads it as `email.parser` of Python does, on which all of packaging rests,
//! and refuses what that parser would repair: text that two readers could take
//! in two ways.

use super::MetadataError;

/// Header fields that metadata may have: each costs a hundred bytes of memory
/// or more. A project of very many extras has a few thousand.
const MOST_FIELDS: usize = 20_000;

/// Header fields in their order, and the body if there is one.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

/// Splits the text. A folded value keeps its line breaks and the blanks behind
/// them; names keep their case.
pub(super) fn parse(bytes: &[u8]) -> Result<Message, MetadataError> {
    let mut rest = str::from_utf8(bytes).map_err(|_| MetadataError::NotUtf8)?;
    let mut fields: Vec<(String, String)> = Vec::new();
    for number in 1.. {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.strip_suffix('\r').unwrap_or(line);
        rest = after;
        if line.is_empty() {
            break;
        }
        let error = MetadataError::Header { line: number };
        if line.contains('\r') {
            return Err(error);
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut().ok_or(error)?;
            value.push('\n');
            value.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(error)?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MetadataError::Header { line: number });
        }
        if fields.len() == MOST_FIELDS {
            return Err(MetadataError::Fields { limit: MOST_FIELDS });
        }
        fields.push((
            name.to_owned(),
            value.trim_start_matches([' ', '\t']).to_owned(),
        ));
    }
    let body = (!rest.is_empty()).then(|| rest.to_owned());
    Ok(Message { fields, body })
}

/// A folded description as it was before: distutils indents each further line
/// by eight blanks, the specification by seven and a `|`.
pub(super) fn unfold(value: &str) -> String {
    let lines = value.split('\n').map(|line| {
        let bare = line
            .strip_prefix("       |")
            .or_else(|| line.strip_prefix("        "));
        bare.unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}
