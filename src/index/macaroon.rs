// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a minted token says of itself: how many projects it covers.
//!
//! PyPI's tokens are macaroons of version 2 behind `pypi-`, in URL-safe
//! Base64. Their caveats are JSON lists whose first element is a tag; tag 2
//! holds the ids of the projects that the token is for. Nothing here is proof
//! of anything: the index alone can check a token. Pure.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// What every token of PyPI begins with.
const PREFIX: &str = "pypi-";

/// The version of the binary form.
const VERSION: u8 = 2;

/// The types of fields.
const END: u64 = 0;
const IDENTIFIER: u64 = 2;

/// The tag of the caveat with the ids of projects.
const PROJECT_IDS: u64 = 2;

/// No token has more fields.
const MOST_FIELDS: usize = 1000;

/// How many projects the token covers; none where it is no such token, or
/// names no projects. Where several caveats name projects, all of them hold,
/// so that the shortest list counts.
pub(super) fn projects_covered(token: &str) -> Option<usize> {
    let encoded = token.strip_prefix(PREFIX)?.trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .or_else(|_| STANDARD_NO_PAD.decode(encoded))
        .ok()?;
    let mut rest = bytes.strip_prefix(&[VERSION])?;
    let mut in_header = true;
    let mut least = None;
    for _ in 0..MOST_FIELDS {
        let kind = read_number(&mut rest)?;
        if kind == END {
            // The list of caveats ends where a section is empty.
            if !in_header && rest.first() == Some(&0) {
                return least;
            }
            in_header = false;
            continue;
        }
        let length = usize::try_from(read_number(&mut rest)?).ok()?;
        let (data, behind) = rest.split_at_checked(length)?;
        rest = behind;
        if !in_header
            && kind == IDENTIFIER
            && let Some(count) = count_ids(data)
        {
            least = Some(least.map_or(count, |least: usize| least.min(count)));
        }
        // The last field is the signature, which has no end behind it.
        if rest.is_empty() {
            return least;
        }
    }
    None
}

/// An unsigned LEB128 number.
fn read_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (first, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn count_ids(caveat: &[u8]) -> Option<usize> {
    match serde_json::from_slice::<Value>(caveat).ok()? {
        Value::Array(list) => match list.as_slice() {
            [tag, Value::Array(ids), ..] if tag.as_u64() == Some(PROJECT_IDS) => Some(ids.len()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(kind: u8, data: &[u8]) -> Vec<u8> {
        let mut field = vec![kind];
        let mut length = data.len();
        while length >= 0x80 {
            field.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        field.push(u8::try_from(length).unwrap());
        field.extend_from_slice(data);
        field
    }

    fn token(caveats: &[&str]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(field(1, b"index.example.org"));
        bytes.extend(field(2, b"one-token"));
        bytes.push(0);
        for caveat in caveats {
            bytes.extend(field(2, caveat.as_bytes()));
            bytes.push(0);
        }
        bytes.push(0);
        bytes.extend(field(6, &[7; 32]));
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    #[test]
    fn a_token_says_how_many_projects_it_covers() {
        let ids = |count: usize| format!("[2,[{}]]", vec!["\"0b1c\""; count].join(","));
        let many = ids(150);
        for (caveats, covered) in [
            (vec![], None),
            (vec!["[0,1700000900,1700000000]"], None),
            (vec!["[4,\"id\"]", "[0,2,1]", many.as_str()], Some(150)),
            (vec![many.as_str(), "[2,[\"0b1c\"]]"], Some(1)),
            (vec!["[2,[]]"], Some(0)),
            (vec!["[1,[\"example\"]]"], None),
            (vec!["no JSON"], None),
        ] {
            assert_eq!(projects_covered(&token(&caveats)), covered, "{caveats:?}");
        }
    }

    #[test]
    fn what_is_no_such_token_says_nothing() {
        for other in [
            "",
            "pypi-",
            "pypi-AgEI",
            "github_pat_x",
            "pypi-!!!!",
            "secret",
        ] {
            assert_eq!(projects_covered(other), None, "{other}");
        }
        let whole = token(&["[2,[\"0b1c\"]]"]);
        for end in 0..whole.len() {
            // A piece may end behind the caveat; then it says the same.
            let said = projects_covered(&whole[..end]);
            assert!(said.is_none_or(|count| count == 1), "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = projects_covered(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes)));
            let mut versioned = vec![VERSION];
            versioned.extend(bytes);
            let _ = projects_covered(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(versioned)));
        }
    }
}
