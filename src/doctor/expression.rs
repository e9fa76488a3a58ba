// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! GitHub's expressions in the values of a workflow: which names they use.
//!
//! Nothing is evaluated: what a value will be is known only on the day.

/// Whether a value holds an expression, so that nobody knows it before a run.
pub(super) fn is_opaque(text: &str) -> bool {
    text.contains("${{")
}

/// Each dotted name within `${{ }}`, as its parts: `needs.verify.outputs.digest`.
/// `needs['verify']` counts as `needs.verify`; texts in quotes are none. In lower
/// case, as GitHub minds no case.
pub(super) fn references(text: &str) -> Vec<Vec<String>> {
    let all = expressions(text).flat_map(names);
    all.map(lower).collect()
}

/// The parts of the one name that is the whole value, in lower case.
pub(super) fn sole(text: &str) -> Option<Vec<String>> {
    sole_as_written(text).map(lower)
}

fn lower(parts: Vec<String>) -> Vec<String> {
    let parts = parts.into_iter();
    parts.map(|part| part.to_ascii_lowercase()).collect()
}

fn sole_as_written(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?;
    let mut names = names(inner);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.[]'".contains(c);
    let only = names.len() == 1 && inner.trim().chars().all(plain);
    names.pop().filter(|_| only)
}

/// The value with every expression replaced.
pub(super) fn replaced(text: &str, by: &str) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("${{") {
        out.push_str(before);
        out.push_str(by);
        rest = after.split_once("}}").map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The value with each `${{ env.NAME }}` replaced that `of` knows.
pub(super) fn with_env(text: &str, of: &dyn Fn(&str) -> Option<String>) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("${{") {
        out.push_str(before);
        let end = after.find("}}").map_or(after.len(), |at| at + 2);
        let whole = &rest[before.len()..rest.len() - after.len() + end];
        // The names of variables do mind it on Linux.
        let name = sole_as_written(whole)
            .filter(|name| name.len() == 2 && name[0].eq_ignore_ascii_case("env"));
        match name.and_then(|name| of(&name[1])) {
            Some(value) => out.push_str(&value),
            None => out.push_str(whole),
        }
        rest = &after[end..];
    }
    out + rest
}

fn expressions(text: &str) -> impl Iterator<Item = &str> {
    text.split("${{")
        .skip(1)
        .map(|rest| rest.split_once("}}").map_or(rest, |(inner, _)| inner))
}

fn names(inner: &str) -> Vec<Vec<String>> {
    let mut names = Vec::new();
    let mut name: Vec<String> = Vec::new();
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        let word_end = |text: &str| {
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            text.find(|c| !legal(c)).unwrap_or(text.len())
        };
        if let Some((part, after)) = quoted_part(rest).filter(|_| !name.is_empty()) {
            name.push(part.to_owned());
            rest = after;
        } else if c == '.' && !name.is_empty() {
            let (part, after) = rest[1..].split_at(word_end(&rest[1..]));
            name.push(part.to_owned());
            rest = after;
        } else if c == '\'' {
            names.extend((!name.is_empty()).then(|| std::mem::take(&mut name)));
            rest = rest[1..].split_once('\'').map_or("", |(_, rest)| rest);
        } else if c.is_ascii_alphabetic() || c == '_' {
            names.extend((!name.is_empty()).then(|| std::mem::take(&mut name)));
            let (part, after) = rest.split_at(word_end(rest));
            name.push(part.to_owned());
            rest = after;
        } else {
            names.extend((!name.is_empty()).then(|| std::mem::take(&mut name)));
            rest = &rest[c.len_utf8()..];
        }
    }
    names.extend((!name.is_empty()).then_some(name));
    names
}

/// `['part']` at the start, and what comes after it.
fn quoted_part(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("['")?.split_once("']")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_texts_are_not() {
        for (text, expected) in [
            ("plain", vec![]),
            ("${{ inputs.source }}", vec!["inputs.source"]),
            (
                "a/${{inputs.a}}/${{ github.ref }}/b",
                vec!["inputs.a", "github.ref"],
            ),
            (
                "${{ needs['verify'].outputs.digest }}",
                vec!["needs.verify.outputs.digest"],
            ),
            (
                "${{ format('{0} inputs.no', inputs.yes) || 'x' }}",
                vec!["format", "inputs.yes"],
            ),
            ("${{ inputs.é }}", vec!["inputs."]),
            ("${{ inputs.unended", vec!["inputs.unended"]),
            ("${{ Needs.A.outputs['B'] }}", vec!["needs.a.outputs.b"]),
        ] {
            let found: Vec<String> = references(text).iter().map(|it| it.join(".")).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_one_name_is_told_from_others() {
        let found = |text: &str| sole(text).map(|name| name.join("."));
        assert_eq!(found(" ${{ inputs.a }} ").as_deref(), Some("inputs.a"));
        for other in [
            "inputs.a",
            "x${{ inputs.a }}",
            "${{ inputs.a || 'x' }}",
            "${{ f(inputs.a) }}",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
        assert_eq!(replaced("a/${{ x }}/b${{y}}", "x"), "a/x/bx");
        assert_eq!(replaced("a${{", "x"), "ax");
    }

    #[test]
    fn what_env_says_is_put_in_where_it_is_known() {
        let of = |name: &str| (name == "A").then(|| "${{ env.B }}/x".to_owned());
        for (text, expected) in [
            ("${{ env.A }}", "${{ env.B }}/x"),
            ("a ${{env['A']}} b", "a ${{ env.B }}/x b"),
            ("${{ env.a }}${{ env.A }}", "${{ env.a }}${{ env.B }}/x"),
            ("${{ env.A || 'x' }}", "${{ env.A || 'x' }}"),
            ("${{ inputs.A }}", "${{ inputs.A }}"),
            ("${{ env.A", "${{ env.A"),
            ("env.A", "env.A"),
            ("é${{ env.A }}é${{", "é${{ env.B }}/xé${{"),
        ] {
            assert_eq!(with_env(text, &of), expected, "{text}");
        }
    }
}
