// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! How the index words its errors: the body follows the client's `Accept`.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
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

/// The form of answer that the client accepts.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    Json,
    Html,
    Text,
}

impl Reply {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        match accept {
            Some(accept) if accept.contains("application/json") => Self::Json,
            Some(accept) if accept.contains("*/*") || accept.contains("text/html") => Self::Html,
            _ => Self::Text,
        }
    }

    /// The answer to a success; the real one is no more informative.
    pub(super) fn ok(self) -> Response {
        self.answer(200, "OK", "OK")
    }

    pub(super) fn refuse(self, refusal: &Refusal) -> Response {
        let title = StatusCode::from_u16(refusal.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        self.answer(refusal.status, &refusal.message, title)
    }

    fn answer(self, status: u16, message: &str, title: &str) -> Response {
        let explanation = match status {
            200 => "",
            403 => "Access was denied to this resource.",
            _ => "The server could not comply with the request.",
        };
        let (media_type, body) = match self {
            Self::Json => (
                "application/json",
                json!({
                    "message": format!("{explanation}\n\n\n{message}\n\n"),
                    "code": format!("{status} {message}"),
                    "title": title,
                })
                .to_string(),
            ),
            Self::Html => (
                "text/html; charset=UTF-8",
                format!(
                    "<html>\n <head>\n  <title>{status} {message}</title>\n </head>\n <body>\n  \
                     <h1>{status} {title}</h1>\n  {explanation}<br/><br/>\n{}\n </body>\n</html>",
                    escape(message)
                ),
            ),
            Self::Text => (
                "text/plain; charset=UTF-8",
                format!("{status} {message}\n\n{explanation}\n\n{message}\n\n"),
            ),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, media_type)], body).into_response()
    }
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
