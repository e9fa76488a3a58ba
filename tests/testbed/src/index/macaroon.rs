// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Upload tokens as the real index makes them: macaroons, version 2 in binary,
//! in URL-safe base64 without padding behind `pypi-`, with caveats that are
//! JSON lists led by a number.
//!
//! The chain of HMACs is really checked, so that a token to which its holder
//! added a caveat is narrower and one whose caveat was changed is refused.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;

const LOCATION: u64 = 1;
const IDENTIFIER: u64 = 2;
const SIGNATURE: u64 = 6;

/// A macaroon that was read, not yet checked.
pub(super) struct Macaroon {
    signed: Vec<u8>,
    /// Which of the index's tokens it is.
    pub(super) identifier: String,
    caveats: Vec<Vec<u8>>,
}

/// The token of this identifier with these caveats.
pub(super) fn make(location: &str, identifier: &str, key: &[u8], caveats: &[Value]) -> String {
    let caveats: Vec<Vec<u8>> = caveats.iter().map(|it| it.to_string().into()).collect();
    let mut bytes = vec![2];
    field(&mut bytes, LOCATION, location.as_bytes());
    field(&mut bytes, IDENTIFIER, identifier.as_bytes());
    bytes.push(0);
    for caveat in &caveats {
        field(&mut bytes, IDENTIFIER, caveat);
        bytes.push(0);
    }
    bytes.push(0);
    field(&mut bytes, SIGNATURE, &chain(key, identifier, &caveats));
    format!("pypi-{}", BASE64.encode(bytes))
}

/// The token with one more caveat, as its holder may add one without asking
/// anybody.
///
/// # Panics
/// When it is no token of this index.
pub fn narrowed(token: &str, caveat: &str) -> String {
    let inner = token.strip_prefix("pypi-").expect("a token");
    let bytes = BASE64.decode(inner).expect("a token");
    // At the end: the mark of the last section, and a signature of 32 bytes.
    let (rest, signed) = bytes.split_at(bytes.len() - 32);
    let mut bytes = rest[..rest.len() - 3].to_vec();
    field(&mut bytes, IDENTIFIER, caveat.as_bytes());
    bytes.extend_from_slice(&[0, 0]);
    field(&mut bytes, SIGNATURE, &hmac(signed, caveat.as_bytes()));
    format!("pypi-{}", BASE64.encode(bytes))
}

impl Macaroon {
    /// Reads one; none where it is no macaroon at all.
    pub(super) fn read(token: &str) -> Option<Self> {
        let bytes = token.strip_prefix("pypi-")?.trim_end_matches('=');
        let bytes = BASE64.decode(bytes).ok()?;
        let mut rest = bytes.strip_prefix(&[2])?;
        let mut identifier = None;
        while let Some((kind, value)) = next_field(&mut rest)? {
            if kind == IDENTIFIER {
                identifier = String::from_utf8(value.to_vec()).ok();
            }
        }
        let mut caveats = Vec::new();
        loop {
            let mut caveat = None;
            let mut empty = true;
            while let Some((kind, value)) = next_field(&mut rest)? {
                empty = false;
                if kind == IDENTIFIER {
                    caveat = Some(value.to_vec());
                }
            }
            if empty {
                break;
            }
            caveats.push(caveat?);
        }
        let (kind, signed) = next_field(&mut rest)??;
        let whole = kind == SIGNATURE && rest.is_empty();
        whole.then_some(Self {
            signed: signed.to_vec(),
            identifier: identifier?,
            caveats,
        })
    }

    /// Whether the chain of HMACs ends in its signature.
    pub(super) fn is_signed_with(&self, key: &[u8]) -> bool {
        chain(key, &self.identifier, &self.caveats) == self.signed
    }

    /// Its caveats; null for one that is no JSON.
    pub(super) fn caveats(&self) -> Vec<Value> {
        let parse = |caveat: &Vec<u8>| serde_json::from_slice(caveat).unwrap_or(Value::Null);
        self.caveats.iter().map(parse).collect()
    }
}

/// Why this caveat forbids an upload to the project, if it does. The names are
/// normalised, `id` is the project's UUID.
pub(super) fn forbids(caveat: &Value, project: (&str, &str, &str), now: i64) -> Option<String> {
    let (name, normalized, id) = project;
    let holds = |at: usize, text: &str| {
        let list = caveat.get(at).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(text)))
    };
    let number = |at: usize| caveat.get(at).and_then(Value::as_i64);
    match number(0) {
        Some(0) => match (number(1), number(2)) {
            (Some(_), Some(begins)) if now < begins => Some("token is not yet valid".to_owned()),
            (Some(expires), Some(_)) if now < expires => None,
            _ => Some("token is expired".to_owned()),
        },
        Some(1) if holds(1, normalized) => None,
        Some(2) if holds(1, id) => None,
        Some(1 | 2) => Some(format!(
            "OIDC scoped token is not valid for project '{name}', project-scoped token is not \
             valid for project: '{name}'"
        )),
        // Whose publisher minted it; the index looks it up by this.
        Some(4) => None,
        _ => Some("caveat is malformed".to_owned()),
    }
}

fn chain(key: &[u8], identifier: &str, caveats: &[Vec<u8>]) -> Vec<u8> {
    let derived = hmac(b"macaroons-key-generator", key);
    let first = hmac(&derived, identifier.as_bytes());
    caveats
        .iter()
        .fold(first, |signed, caveat| hmac(&signed, caveat))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), message).as_ref().to_vec()
}

fn field(bytes: &mut Vec<u8>, kind: u64, value: &[u8]) {
    varint(bytes, kind);
    varint(bytes, value.len() as u64);
    bytes.extend_from_slice(value);
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// The next field of a section; an inner none is the section's end.
#[expect(
    clippy::option_option,
    reason = "cut off, ended, and a field are three things"
)]
fn next_field<'a>(rest: &mut &'a [u8]) -> Option<Option<(u64, &'a [u8])>> {
    let kind = read_varint(rest)?;
    if kind == 0 {
        return Some(None);
    }
    let length = usize::try_from(read_varint(rest)?).ok()?;
    let (value, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Some((kind, value)))
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
