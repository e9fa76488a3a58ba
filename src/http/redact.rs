// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Takes secrets out of foreign text before it is cut, logged or reported.
//!
//! Decides what is shown of an answer to a request that carried a secret: the
//! secrets that are known, their beginning where the text was cut, and all
//! that has the form of a token. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// Less of a secret tells nothing; more at the end of a text may be cut off it.
const LEAST_CUT: usize = 8;
/// Shorter than this is a word and no token, in bytes.
const LEAST_TOKEN: usize = 16;
/// `__token__` in Base64: what the header of every upload begins with.
const USER: &str = "X190b2tlbl9f";

/// The secret, and the form that it has in the header of an upload.
pub(crate) fn forms(token: &str) -> [String; 2] {
    [
        token.to_owned(),
        STANDARD.encode(format!("__token__:{token}")),
    ]
}

/// `text` without the `secrets` and without whatever looks like a token: PyPI's
/// own, a JSON Web Token, the value of an `Authorization` header.
pub(crate) fn redact<S: AsRef<str>>(text: &str, secrets: &[S]) -> String {
    let mut text = text.to_owned();
    let secrets = secrets.iter().map(AsRef::as_ref);
    for secret in secrets.filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, HIDDEN);
        let cut = (LEAST_CUT..secret.len())
            .rev()
            .filter_map(|length| secret.get(..length))
            .find_map(|start| text.strip_suffix(start));
        if let Some(before) = cut {
            text = format!("{before}{HIDDEN}");
        }
    }
    hide_tokens(&text)
}

fn hide_tokens(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, hidden) = token_at(rest).unwrap_or((first.len_utf8(), 0));
        let (before, after) = rest.split_at(kept);
        shown.push_str(before);
        if hidden > 0 {
            shown.push_str(HIDDEN);
        }
        rest = after.get(hidden..).unwrap_or_default();
    }
    shown
}

/// How much of the start of `text` may be shown, and how much behind it is a
/// token; none where no token begins.
fn token_at(text: &str) -> Option<(usize, usize)> {
    let run = |text: &str, others: &[u8]| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
        text.bytes().take_while(|byte| legal(*byte)).count()
    };
    if text.starts_with("pypi-") || text.starts_with("eyJ") {
        let length = run(text, b"-_.");
        return (length >= LEAST_TOKEN).then_some((0, length));
    }
    // With the backslash, since JSON may write a slash as `\/`.
    let value = b"-_.~+/=\\";
    if text.starts_with(USER) {
        return Some((0, run(text, value)));
    }
    ["basic ", "bearer "].iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        if !start.eq_ignore_ascii_case(scheme) {
            return None;
        }
        let length = run(rest, value);
        (length >= LEAST_TOKEN).then_some((start.len(), length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "own-secret-of-this-index/+";

    #[test]
    fn known_secrets_go_in_both_forms_whole_or_cut() {
        let secrets = forms(TOKEN);
        let [_, basic] = &secrets;
        for (text, shown) in [
            (format!("you sent {TOKEN}."), "you sent ***."),
            (format!("you sent {basic}"), "you sent ***"),
            (format!("cut: {}", &TOKEN[..12]), "cut: ***"),
            (format!("cut: {}", &basic[..30]), "cut: ***"),
            ("nothing".to_owned(), "nothing"),
        ] {
            assert_eq!(redact(&text, &secrets), shown, "{text}");
        }
        assert_eq!(redact("as it is", &[""]), "as it is");
    }

    #[test]
    fn what_looks_like_a_token_goes_and_words_stay() {
        for (text, shown) in [
            (
                r#"{"token":"pypi-AgEIcHlwaS5vcmcCJDAw_-x"}"#,
                r#"{"token":"***"}"#,
            ),
            ("jwt=eyJhbGciOiJS.eyJpc3MiOiJo.c2ln, more", "jwt=***, more"),
            ("eyJhbGciOiJSUzI1NiIs", "***"),
            (
                "Authorization: BASIC dTpwYXNzd29yZC4uLg==",
                "Authorization: BASIC ***",
            ),
            ("bearer abcdefghijklmnop\\/qr", "bearer ***"),
            ("X190b2tlbl9fOnB5cGk=", "***"),
            (
                "Basic authentication is needed",
                "Basic authentication is needed",
            ),
            ("pypi-publish", "pypi-publish"),
            ("für ✓ pypi", "für ✓ pypi"),
        ] {
            assert_eq!(redact::<&str>(text, &[]), shown, "{text}");
        }
    }
}
