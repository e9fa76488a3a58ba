// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a service knows of the issuer, and how it checks the issuer's tokens.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value};

/// What a service needs to check this issuer's tokens.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The claim `iss`.
    pub issuer: String,
    /// The header `kid`.
    pub kid: String,
    /// The public key, PKCS #1 in DER.
    pub public_key: Vec<u8>,
}

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;

/// What a token says.
pub(crate) type Claims = Map<String, Value>;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// It cannot be read.
    Malformed,
    /// Somebody else's.
    UnknownIssuer,
    /// The signature, the audience or the times are wrong.
    Invalid,
}

impl Trust {
    /// The claims of a token, after every check of the signature, the issuer, the
    /// audience and the times.
    pub(crate) fn claims(&self, token: &str, audience: &str, now: i64) -> Result<Claims, BadToken> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, signature] = parts.try_into().map_err(|_| BadToken::Malformed)?;
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        let both = decode(header).zip(decode(claims));
        let (header, claims) = both.ok_or(BadToken::Malformed)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss").ok_or(BadToken::Malformed)? != self.issuer {
            return Err(BadToken::UnknownIssuer);
        }
        let signature = BASE64.decode(signature).map_err(|_| BadToken::Invalid)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        let known = header.get("alg").and_then(Value::as_str) == Some("RS256")
            && header.get("kid").and_then(Value::as_str) == Some(self.kid.as_str());
        if !known || key.verify(signed.as_bytes(), &signature).is_err() {
            return Err(BadToken::Invalid);
        }
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let timely = time("exp").is_some_and(|exp| now < exp + LEEWAY)
            && time("iat").is_some_and(|iat| iat <= now + LEEWAY)
            && time("nbf").is_none_or(|nbf| nbf <= now + LEEWAY);
        if !timely || text("aud") != Some(audience) {
            return Err(BadToken::Invalid);
        }
        Ok(claims)
    }
}

fn decode(part: &str) -> Option<Claims> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}
