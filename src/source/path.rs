// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Paths of URLs, segment by segment: decoded once, encoded once, so that no
//! trick of spelling leads elsewhere.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Every byte but RFC 3986's unreserved characters and `!`, which
/// Subversion's own special path begins with.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!');

/// The decoded segments of an absolute path, without the empty ones at its
/// two ends; none when a segment is empty, `.`, `..`, no UTF-8, or holds a
/// separator or NUL after decoding.
pub(super) fn decode(path: &str) -> Option<Vec<String>> {
    decode_each(path)?.collect()
}

/// The same one by one, for a path of any length.
pub(super) fn decode_each(path: &str) -> Option<impl Iterator<Item = Option<String>>> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let segments = (path != "/").then(|| inner.split('/'));
    Some(segments.into_iter().flatten().map(decode_segment))
}

pub(super) fn decode_segment(segment: &str) -> Option<String> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    is_segment(&decoded).then(|| decoded.into_owned())
}

/// Whether a decoded name is one segment of a path and leads nowhere else.
pub(super) fn is_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

/// The absolute path of these segments, percent-encoded, without a slash at its end.
pub(super) fn encode<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_once_and_never_lead_elsewhere() {
        for (path, expected) in [
            ("/", Some(vec![])),
            ("/repos/dist/", Some(vec!["repos", "dist"])),
            ("/a%20b/100%2525/%c3%bc", Some(vec!["a b", "100%25", "ü"])),
            ("/%2e%2e%2e", Some(vec!["..."])),
            ("", None),
            ("a/b", None),
            ("/a//b", None),
            ("//", None),
            ("/a/./b", None),
            ("/a/%2e%2E/b", None),
            ("/a%2fb", None),
            ("/a%00b", None),
            ("/%ff", None),
        ] {
            let found = decode(path);
            let found: Option<Vec<&str>> = found
                .as_ref()
                .map(|all| all.iter().map(String::as_str).collect());
            assert_eq!(found, expected, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(name in "[^/\0]{1,20}") {
            proptest::prop_assume!(name != "." && name != "..");
            proptest::prop_assert_eq!(decode(&encode([name.as_str()])), Some(vec![name]));
        }
    }
}
