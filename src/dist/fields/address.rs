// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The addresses in the metadata: URLs of the project, e-mail of its people.
//!
//! Decides what the index takes for an address, and not whether anything is
//! there. The forms of e-mail addresses are many: whatever is not plainly
//! wrong is left to the index, with a warning.

use std::collections::HashSet;

use super::Fault;
use crate::rules::Rule;

/// Characters of a label.
const LABEL_LIMIT: usize = 32;
/// Names that no public mail server has, of which the index knows.
const SPECIAL: &[&str] = &["arpa", "invalid", "local", "localhost", "onion", "test"];

const HTTP: Fault = Fault(Rule::UrlIllegal, "an address of http or https");
const EMAIL: Fault = Fault(Rule::EmailIllegal, "an e-mail address");
const DOUBTFUL: Fault = Fault(Rule::MetadataFieldDoubtful, "a plain e-mail address");

/// An address of the web.
pub(super) fn url(value: &str) -> Result<(), Fault> {
    let (scheme, rest) = value.split_once(':').ok_or(HTTP)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(HTTP);
    }
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains(|c: char| !c.is_ascii_graphic() || "<>\"{}|\\^`".contains(c)) {
        return Err(Fault(Rule::MetadataFieldDoubtful, "a plain host name"));
    }
    Ok(())
}

/// A label, a comma, and an address. `labels` are those of the file so far.
pub(super) fn project_url<'a>(value: &'a str, labels: &mut HashSet<&'a str>) -> Result<(), Fault> {
    let fault = |expected| Err(Fault(Rule::UrlIllegal, expected));
    let Some((label, address)) = value.split_once(',') else {
        return fault("`Label, https://…`");
    };
    let label = label.trim();
    if label.is_empty() || address.trim().is_empty() {
        return fault("`Label, https://…`");
    }
    if label.chars().count() > LABEL_LIMIT {
        return fault("a label of at most 32 characters");
    }
    if !labels.insert(label) {
        return fault("each label once");
    }
    url(address.trim())
}

/// The first of one or several e-mail addresses, each with or without a name.
pub(super) fn email(value: &str) -> Result<(), Fault> {
    let (bare, plain) = without_quotes(value);
    let first = bare.split(',').next().unwrap_or_default().trim();
    let address = match first.split_once('<') {
        Some((_, behind)) => behind.split('>').next().unwrap_or_default().trim(),
        None => first,
    };
    let judged = address_of_mail(address);
    // Of several, newer readers take none and look no further.
    if judged == Err(EMAIL) && (!plain || first != bare.trim()) {
        return Err(DOUBTFUL);
    }
    judged
}

/// The text without what stands in quotes, which is part of a name, and without
/// remarks in parentheses; and whether all that is left is simple.
fn without_quotes(value: &str) -> (String, bool) {
    let mut bare = String::with_capacity(value.len());
    let (mut quoted, mut depth) = (false, 0_u32);
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => bare.push(c),
        }
    }
    let plain = !quoted && depth == 0 && !bare.contains(['\\', ':', ';', '[', ']']);
    (bare, plain)
}

fn address_of_mail(address: &str) -> Result<(), Fault> {
    let (local, domain) = address.rsplit_once('@').ok_or(EMAIL)?;
    let blank = |text: &str| text.contains(char::is_whitespace);
    if local.contains('@') {
        // Python finds no address there, and the index then looks at none.
        return Err(DOUBTFUL);
    }
    if local.is_empty() || blank(local) || blank(domain) {
        return Err(EMAIL);
    }
    let mut labels = domain.split('.');
    if !domain.contains('.') || labels.any(str::is_empty) {
        return Err(EMAIL);
    }
    let hyphen = |c: char| c.is_alphanumeric() || c == '-';
    let atom = |c: char| hyphen(c) || "!#$%&'*+/=?^_`{|}~.".contains(c);
    let ends = |label: &str| label.starts_with('-') || label.ends_with('-');
    let top = domain.rsplit('.').next().unwrap_or_default();
    let number = top.bytes().all(|byte| byte.is_ascii_digit());
    if number
        || SPECIAL.contains(&top.to_ascii_lowercase().as_str())
        || !domain.chars().all(|c| hyphen(c) || c == '.')
        || domain.split('.').any(ends)
        || !local.chars().all(atom)
        || local.chars().count() > 64
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
    {
        return Err(DOUBTFUL);
    }
    Ok(())
}
