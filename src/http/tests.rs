// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use testbed::scripted::{Reply, Scripted};

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
    let client = client(Duration::from_secs(1));
    let request = client.request(Method::GET, url("http://dist.example.org/x"));
    let error = client.send(request).await.unwrap_err();
    assert_eq!(
        error,
        HttpError::Insecure {
            url: "http://dist.example.org/x".to_owned()
        }
    );
}

fn client(idle_timeout: Duration) -> Client {
    Client::new(&ClientOptions {
        user_agent: "test".to_owned(),
        connect_timeout: Duration::from_secs(5),
        idle_timeout,
    })
    .unwrap()
}

async fn get(server: &Scripted) -> Result<Response, HttpError> {
    let client = client(Duration::from_secs(10));
    let request = client.request(Method::GET, url(&server.url("x?secret=1")));
    error_for_status(client.send(request).await?).await
}

#[tokio::test]
async fn an_error_answer_is_kept_short_and_harmless() {
    let page = format!("no\u{1b}[2J\n::error::luck{}", "x".repeat(100_000));
    let server = Scripted::start(move |_| {
        Reply::new("418 I'm a teapot", &["Retry-After: 3"], page.as_bytes())
    });
    let error = get(&server).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    let HttpError::Status {
        url, code, body, ..
    } = error
    else {
        panic!("{error}");
    };
    assert!(url.ends_with("/x?…") && code == 418 && body.len() <= EXCERPT);
    assert!(body.starts_with("no\u{fffd}[2J ::error::luckxx"), "{body}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_its_target_shows_no_secret() {
    let server =
        Scripted::start(|_| Reply::new("307 Temporary Redirect", &["Location: /y?token=1"], b""));
    let error = get(&server).await.unwrap_err();
    let HttpError::Redirected {
        code: 307, target, ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(target, format!("{}?…", server.url("y")));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_refused_however_it_is_sent() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n";
    for reply in [
        Reply::new("200 OK", &[], b"abcde"),
        Reply::Raw(chunked.to_vec()),
    ] {
        let server = Scripted::start(move |_| reply.clone());
        let body = read_limited(get(&server).await.unwrap(), 5).await;
        assert_eq!(body.as_deref(), Ok(&b"abcde"[..]));
        let error = read_limited(get(&server).await.unwrap(), 4)
            .await
            .unwrap_err();
        assert!(
            matches!(error, HttpError::TooLarge { limit: 4, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn bytes_come_as_they_were_sent_whatever_their_encoding_is_called() {
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let header = format!("Content-Encoding: {encoding}");
        let server = Scripted::start(move |_| Reply::new("200 OK", &[&header], b"abcde"));
        let body = read_limited(get(&server).await.unwrap(), 99).await;
        assert_eq!(body.as_deref(), Ok(&b"abcde"[..]), "{encoding}");
        let asked = server.seen()[0].head.to_lowercase();
        assert!(!asked.contains("accept-encoding"), "{asked}");
    }
}

#[tokio::test]
async fn an_upload_may_be_slow_but_not_silent() {
    let server = Scripted::start(|request| match request.target.as_str() {
        "/slow" => Reply::new("200 OK", &[], b""),
        _ => Reply::Stall(Vec::new()),
    });
    let client = client(Duration::from_millis(1500));
    let send = async |path: &str, chunks: usize| {
        let progress = Progress::default();
        let counted = progress.clone();
        let body = futures_util::stream::unfold(chunks, move |left| {
            let counted = counted.clone();
            async move {
                let left = left.checked_sub(1)?;
                tokio::time::sleep(Duration::from_millis(300)).await;
                counted.advance(4);
                Some((Ok::<_, std::io::Error>("xxxx"), left))
            }
        });
        let request = client
            .upload(Method::POST, url(&server.url(path)))
            .header(CONTENT_LENGTH, chunks * 4)
            .body(reqwest::Body::wrap_stream(body));
        client.send_upload(request, &progress).await
    };
    // Longer than the idle time-out as a whole.
    assert!(send("slow", 8).await.is_ok());
    let error = send("silent", 1).await.unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn a_secret_that_an_answer_repeats_is_gone_before_the_answer_is_cut() {
    let secret = format!("own-{}", "s".repeat(600));
    let answers = [
        ("500 Internal Server Error", format!("debug: {secret}"), ""),
        ("429 Too Many Requests", secret.clone(), ""),
        ("403 Forbidden", format!("no: {secret}"), "no: ***"),
        (
            "400 Bad Request",
            format!("{}{secret}", "x".repeat(EXCERPT - 100)),
            "xxx",
        ),
        (
            "400 Bad Request",
            format!("{}{secret}", "x".repeat(SECRET_WINDOW - 100)),
            "xxx",
        ),
    ];
    for (status, text, shown) in answers {
        let server = Scripted::start(move |_| Reply::new(status, &[], text.as_bytes()));
        let client = client(Duration::from_secs(10));
        let request = client.request(Method::GET, url(&server.url("x")));
        let response = client.send(request).await.unwrap();
        let error = error_for_status_without(response, &[&secret])
            .await
            .unwrap_err();
        let HttpError::Status { body, .. } = error else {
            panic!("{error}");
        };
        assert!(body.starts_with(shown) && body.len() <= EXCERPT, "{body}");
        assert!(
            !body.contains("own-") && body.is_empty() == shown.is_empty(),
            "{status}: {body}"
        );
    }
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_a_resolver_says() {
    let server = Scripted::start(|_| Reply::new("200 OK", &[], b"here"));
    let client = client(Duration::from_secs(10));
    let named = server.url("x").replace("127.0.0.1", "LocalHost");
    let response = client.send(client.request(Method::GET, url(&named)));
    let response = response.await.unwrap();
    assert_eq!(
        read_limited(response, 99).await.as_deref(),
        Ok(&b"here"[..])
    );
}

#[tokio::test]
async fn a_small_body_that_drips_is_given_up() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let _ = std::io::Read::read(&mut connection, &mut request).unwrap();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
        std::io::Write::write_all(&mut connection, head).unwrap();
        // Never silent for long, and never at an end.
        while std::io::Write::write_all(&mut connection, b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let client = client(Duration::from_secs(10));
    let request = client.request(Method::GET, url(&format!("http://{address}/KEYS")));
    let response = client.send(request).await.unwrap();
    let error = body::read_within(response, 1 << 20, Duration::from_millis(500))
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error}");
}
