// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How the index words its errors: the body follows the client's `Accept`, and
//! over HTTP/1.1 the reason phrase says the same.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::ext::ReasonPhrase;
use serde_json::json;

/// An upload that is not taken: the status and the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// Most refusals are 400.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }
}

/// The form of answer that the client accepts, and whether the reason phrase
/// vanishes as over HTTP/2.
#[derive(Clone, Copy)]
pub(super) struct Reply {
    form: Form,
    silent: bool,
}

#[derive(Clone, Copy)]
enum Form {
    Json,
    Html,
    Text,
}

impl Reply {
    /// HTML and JSON are on offer, in this order; without `Accept` it is text.
    pub(super) fn of(headers: &HeaderMap, silent: bool) -> Self {
        let html = quality(headers, "text/html");
        let json = quality(headers, "application/json");
        let form = if html > 0 && html >= json {
            Form::Html
        } else if json > 0 {
            Form::Json
        } else {
            Form::Text
        };
        Self { form, silent }
    }

    /// The answer to a success; the real one is no more informative.
    pub(super) fn ok(self) -> Response {
        self.answer(200, "OK", "", "OK")
    }

    pub(super) fn refuse(self, refusal: &Refusal) -> Response {
        let title = StatusCode::from_u16(refusal.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        self.answer(refusal.status, &refusal.message, &refusal.message, title)
    }

    fn answer(self, status: u16, message: &str, detail: &str, title: &str) -> Response {
        let explanation = explanation(status);
        let line = format!("{status} {message}");
        let (media_type, body) = match self.form {
            Form::Json => (
                "application/json",
                json!({
                    "message": format!("{explanation}\n\n\n{detail}\n\n"),
                    "code": line,
                    "title": title,
                })
                .to_string(),
            ),
            Form::Html => (
                "text/html; charset=UTF-8",
                format!(
                    "<html>\n <head>\n  <title>{line}</title>\n </head>\n <body>\n  \
                     <h1>{line}</h1>\n  {explanation}<br/><br/>\n{}\n\n </body>\n</html>",
                    escape(detail)
                ),
            ),
            Form::Text => (
                "text/plain; charset=UTF-8",
                format!("{line}\n\n{explanation}\n\n\n{detail}\n\n"),
            ),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        let reason = if self.silent { "" } else { message };
        if let Ok(reason) = ReasonPhrase::try_from(latin1(reason)) {
            response.extensions_mut().insert(reason);
        }
        response
    }
}

fn explanation(status: u16) -> &'static str {
    match status {
        200 => "",
        403 => "Access was denied to this resource.",
        404 => "The resource could not be found.",
        405 => "The method POST is not allowed for this resource. ",
        410 => "This resource is no longer available.  No forwarding address is given.",
        429 => "The client has sent too many requests in a given amount of time.",
        500..=599 => {
            "The server has either erred or is incapable of performing the requested operation."
        }
        _ => {
            "The server could not comply with the request since it is either malformed or \
             otherwise incorrect."
        }
    }
}

/// A reason phrase holds Latin-1, and no line break.
fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| match u8::try_from(letter) {
            Ok(byte) if byte >= 32 && byte != 127 => byte,
            _ => b'?',
        })
        .collect()
}

/// How much a client wants this media type, in thousandths: the most specific
/// range that covers it counts.
pub(super) fn quality(headers: &HeaderMap, media_type: &str) -> u32 {
    let accept = headers.get_all(header::ACCEPT).iter();
    let ranges = accept
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let family = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specific = if name == media_type {
            3
        } else if name == format!("{family}/*") {
            2
        } else if name == "*/*" {
            1
        } else {
            continue;
        };
        let wanted = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |value| value.parse::<f64>().unwrap_or(0.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        let wanted = (wanted.clamp(0.0, 1.0) * 1000.0) as u32;
        best = best.max((specific, wanted));
    }
    best.1
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}
