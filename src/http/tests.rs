// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn a_shown_url_keeps_no_secret() {
    for (text, shown) in [
        ("https://a.org/x/", "https://a.org/x/"),
        ("https://user:secret@a.org/x", "https://a.org/x"),
        ("https://a.org/x?token=secret", "https://a.org/x?…"),
        ("https://a.org/x#secret", "https://a.org/x"),
        ("http://127.0.0.1:80/", "http://127.0.0.1/"),
    ] {
        assert_eq!(display_url(&url(text)), shown);
    }
}

#[test]
fn only_this_machine_is_loopback() {
    for (text, loopback) in [
        ("http://127.0.0.1/", true),
        ("http://127.200.3.4:8080/", true),
        ("http://[::1]/", true),
        ("http://LOCALHOST/", true),
        ("http://0x7f.1/", true),
        ("http://128.0.0.1/", false),
        ("http://localhost.example.org/", false),
        ("http://127.0.0.1.example.org/", false),
        ("http://[::2]/", false),
        ("file:///etc/passwd", false),
    ] {
        assert_eq!(is_loopback(&url(text)), loopback, "{text}");
    }
}

#[test]
fn foreign_text_becomes_one_harmless_line() {
    assert_eq!(sanitise("  a\r\n::error::b\t c ", 99), "a ::error::b c");
    assert_eq!(
        sanitise("a\u{1b}[31mb\u{202e}c", 99),
        "a\u{fffd}[31mb\u{fffd}c"
    );
    assert_eq!(sanitise("ääää", 5), "ää");
    assert_eq!(sanitise("", 5), "");
}

#[test]
fn only_what_may_pass_is_transient() {
    let status = |code| HttpError::Status {
        url: String::new(),
        code,
        reason: String::new(),
        body: String::new(),
        retry_after: None,
    };
    for code in [408, 425, 429, 500, 502, 503, 504, 599] {
        assert!(status(code).is_transient(), "{code}");
    }
    for code in [400, 401, 403, 404, 409, 410, 501, 505] {
        assert!(!status(code).is_transient(), "{code}");
    }
}

#[tokio::test]
async fn plain_http_leaves_this_machine_never() {
    let client = Client::new(&ClientOptions {
        user_agent: "test".to_owned(),
        connect_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
    })
    .unwrap();
    let request = client.request(Method::GET, url("http://dist.example.org/x"));
    let error = client.send(request).await.unwrap_err();
    assert_eq!(
        error,
        HttpError::Insecure {
            url: "http://dist.example.org/x".to_owned()
        }
    );
}
