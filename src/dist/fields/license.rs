// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The license of a distribution: SPDX expressions and the paths of its files.
//!
//! Decides by the grammar alone: which identifiers there are is SPDX's list,
//! which grows, and which the build back ends check.

use super::Fault;
use crate::rules::Rule;

/// What the last token was.
#[derive(Clone, Copy)]
enum Last {
    /// The beginning, `AND`, `OR` or an opening parenthesis.
    Operator,
    License,
    With,
    Exception,
    /// A closing parenthesis.
    Group,
}

/// An SPDX expression, as PEP 639 takes it: operators in any case.
pub(super) fn expression(value: &str) -> Result<(), Fault> {
    let illegal = || {
        Fault(
            Rule::LicenseExpressionIllegal,
            "an SPDX expression like Apache-2.0 or (MIT OR Apache-2.0)",
        )
    };
    let spaced = value.replace('(', " ( ").replace(')', " ) ");
    let (mut last, mut depth) = (Last::Operator, 0_u32);
    for token in spaced.split_whitespace() {
        let lower = token.to_ascii_lowercase();
        last = match (last, lower.as_str()) {
            (Last::Operator, "(") => {
                depth += 1;
                Last::Operator
            }
            (Last::License | Last::Exception | Last::Group, ")") if depth > 0 => {
                depth -= 1;
                Last::Group
            }
            (Last::License | Last::Exception | Last::Group, "and" | "or") => Last::Operator,
            (Last::License, "with") => Last::With,
            (_, "(" | ")" | "and" | "or" | "with") => return Err(illegal()),
            (Last::Operator, license) if is_license(license) => Last::License,
            (Last::With, exception) if is_id(exception) => Last::Exception,
            _ => return Err(illegal()),
        };
    }
    if depth == 0 && matches!(last, Last::License | Last::Exception | Last::Group) {
        Ok(())
    } else {
        Err(illegal())
    }
}

fn is_license(text: &str) -> bool {
    is_id(text.strip_suffix('+').unwrap_or(text))
}

fn is_id(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    !text.is_empty() && text.bytes().all(legal)
}

/// The path of a license file: relative, resolved, with slashes.
pub(super) fn path(value: &str) -> Result<(), Fault> {
    let drive = value.as_bytes().get(1) == Some(&b':');
    let parts = || value.split('/');
    if value.contains("..") || value.contains(['*', '\\']) || value.starts_with('/') || drive {
        return Err(Fault(
            Rule::MetadataFieldIllegal,
            "a relative path with slashes and without `..` or `*`",
        ));
    }
    if parts().any(|part| part.is_empty() || part == ".") {
        return Err(Fault(Rule::MetadataFieldDoubtful, "a plain relative path"));
    }
    Ok(())
}
