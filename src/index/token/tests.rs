// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::*;

fn own(base: &str) -> Endpoints {
    Endpoints::own(&Url::parse(base).unwrap(), None).unwrap()
}

#[test]
fn no_index_gets_a_token_that_is_worth_something_elsewhere() {
    let pypi = Endpoints::pypi().unwrap();
    let testpypi = Endpoints::testpypi().unwrap();
    let index = own("https://index.example.org:8443/base/");
    let here = own("http://127.0.0.1:8080/");
    for (named, endpoints, taken) in [
        ("pypi", &pypi, true),
        ("testpypi", &testpypi, true),
        ("pypi", &testpypi, false),
        ("testpypi", &pypi, false),
        ("sigstore", &pypi, false),
        ("PyPI", &pypi, false),
        ("other", &pypi, false),
        ("https://pypi.org/", &pypi, false),
        ("pypi", &index, false),
        ("PYPI", &index, false),
        ("testpypi", &index, false),
        ("Sigstore", &index, false),
        ("pypi2", &index, true),
        ("index", &index, true),
        ("index.example.org", &index, true),
        ("Index.Example.Org", &index, true),
        ("https://index.example.org", &index, true),
        ("https://index.example.org:8443/a?b=c", &index, true),
        ("sts.amazonaws.com", &index, false),
        ("api://AzureADTokenExchange", &index, false),
        ("npm:registry.npmjs.org", &index, false),
        ("https://github.com/owner", &index, false),
        ("//iam.googleapis.com/projects/1/x", &index, false),
        ("example.org", &index, false),
        ("index.example.org.", &index, false),
        ("index.example.org.evil.org", &index, false),
        ("https://index.example.org.evil.org/", &index, false),
        ("https://index.example.org@evil.org/", &index, false),
        ("https://evil.org\\@index.example.org/", &index, false),
        ("https://evil.org/index.example.org", &index, false),
        ("spiffe://index.example.org/x", &index, false),
    ] {
        let found = Audience::judge(named, endpoints);
        assert_eq!(found.is_ok(), taken, "{named} of {}", endpoints.audience);
        assert!(Audience::judge(named, &here).is_ok(), "{named} on loopback");
    }
}

#[test]
fn an_audience_is_plain_text_wherever_the_index_is() {
    let long = "x".repeat(256);
    for named in [
        "",
        " pypi",
        "pypi ",
        "pypi\n",
        "p\u{443}pi",
        "a b",
        &long,
        "pypi\u{0}",
    ] {
        for endpoints in [Endpoints::pypi().unwrap(), own("http://127.0.0.1:8080/")] {
            let found = Audience::judge(named, &endpoints);
            assert!(
                matches!(found, Err(IndexError::AudienceForbidden { .. })),
                "{named:?}"
            );
        }
    }
}

#[test]
fn only_a_success_with_a_token_that_a_header_can_hold_counts() {
    let read = |text: &str| read_token(text.as_bytes());
    let token =
        read(r#"{"success":true,"token":"pypi-0123456789a","expires":1700000900}"#).unwrap();
    assert_eq!(
        (token.expose(), token.expires()),
        ("pypi-0123456789a", Some(1_700_000_900))
    );
    assert_eq!(format!("{token:?}"), "***");
    let endless = read(r#"{"success":true,"token":"0123456789abcdef"}"#).unwrap();
    assert_eq!((endless.expires(), endless.life(0)), (None, None));
    let long = format!(r#"{{"success":true,"token":"{}"}}"#, "x".repeat(24_001));
    for bad in [
        "",
        "{}",
        r#"{"success":false,"token":"0123456789abcdef"}"#,
        r#"{"token":"0123456789abcdef"}"#,
        r#"{"success":true,"token":""}"#,
        r#"{"success":true,"token":"e"}"#,
        r#"{"success":true,"token":"0123456789abcde"}"#,
        r#"{"success":true,"token":"01234567 89abcdef"}"#,
        r#"{"success":true,"token":"01234567\n89abcdef"}"#,
        r#"{"success":true,"token":"01234567\u001b89abcdef"}"#,
        r#"{"success":true,"token":7}"#,
        &long,
    ] {
        assert!(read(bad).is_none(), "{bad}");
    }
}

#[test]
fn the_words_of_a_refusal_are_found() {
    let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
    for (body, expected) in [
        (
            r#"{"message":"m","errors":[{"code":"c","description":"d"},{"code":"e","description":"f"}]}"#,
            pair("c", "d"),
        ),
        (r#"{"message":"m","errors":[]}"#, pair("refused", "m")),
        (r#"{"message":"m"}"#, pair("refused", "m")),
        ("<html>", None),
        ("{}", None),
    ] {
        assert_eq!(words(body), expected, "{body}");
    }
}

#[test]
fn a_token_s_life_is_told_by_the_clock_of_its_index() {
    let token = |expires, given| UploadToken {
        value: String::new(),
        expires,
        given,
        publisher: None,
        claims: None,
    };
    for (expires, given, now, life) in [
        (Some(1900), Some(1000), 1000, Some(900)),
        // The clock of this machine does not count: ahead, behind, at zero.
        (Some(1900), Some(1000), 5000, Some(900)),
        (Some(1900), Some(1000), 0, Some(900)),
        (Some(1900), None, 1000, Some(900)),
        (Some(1900), None, 5000, Some(0)),
        (Some(500), Some(1000), 1000, Some(0)),
        (None, Some(1000), 1000, None),
    ] {
        let found = token(expires, given).life(now);
        assert_eq!(found, life, "{expires:?} {given:?} {now}");
    }
}
