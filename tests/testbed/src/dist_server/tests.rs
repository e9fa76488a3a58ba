// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::DistServer;

/// Sends one request and gives the whole answer, its header lines in lower case.
fn ask(server: &DistServer, method: &str, path: &str, headers: &str, body: &str) -> String {
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn server() -> DistServer {
    let server = DistServer::start();
    let file = |path: &str, text: &str| (path.to_owned(), Some(text.as_bytes().to_vec()));
    server.commit(vec![
        file("release/a/KEYS", "keys"),
        file("release/a/1.0/a b.txt", "old"),
    ]);
    let gone = ("release/a/KEYS".to_owned(), None);
    let second = server.commit(vec![file("release/a/1.0/a b.txt", "newer"), gone]);
    assert_eq!(second, 2);
    server
}

#[test]
fn the_repository_names_itself_only_when_it_is_asked() {
    let server = server();
    let asked = "<D:options xmlns:D=\"DAV:\"><D:activity-collection-set/></D:options>";
    let answer = ask(&server, "OPTIONS", "/repos/dist/release/", "", asked);
    assert!(answer.contains("svn-youngest-rev: 2\r\n"), "{answer}");
    assert!(answer.contains("svn-rev-root-stub: /repos/dist/!svn/rvr\r\n"));
    let answer = ask(&server, "OPTIONS", "/repos/dist/release/", "", "");
    assert!(!answer.contains("svn-youngest-rev"), "{answer}");
}

#[test]
fn a_revision_stays_what_it_was() {
    let server = server();
    for (path, status, text) in [
        ("/repos/dist/release/a/1.0/a%20b.txt", "200", "newer"),
        (
            "/repos/dist/!svn/rvr/1/release/a/1.0/a%20b.txt",
            "200",
            "old",
        ),
        ("/repos/dist/!svn/rvr/1/release/a/KEYS", "200", "keys"),
        ("/repos/dist/!svn/rvr/2/release/a/KEYS", "404", "Not Found"),
        (
            "/repos/dist/!svn/rvr/3/release/a/1.0/a%20b.txt",
            "404",
            "Not Found",
        ),
        ("/repos/dist/release/a", "301", ""),
        ("/elsewhere/", "404", "Not Found"),
    ] {
        let answer = ask(&server, "GET", path, "", "");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {answer}"
        );
        assert!(answer.contains(text), "{path}: {answer}");
    }
}

#[test]
fn a_folder_is_listed_one_level_deep() {
    let server = server();
    let path = "/repos/dist/!svn/rvr/1/release/a/";
    let answer = ask(&server, "PROPFIND", path, "Depth: 1\r\n", "");
    assert!(answer.starts_with("HTTP/1.1 207"), "{answer}");
    assert_eq!(answer.matches("<D:response ").count(), 3);
    for href in ["", "1.0/", "KEYS"] {
        assert!(
            answer.contains(&format!("<D:href>{path}{href}</D:href>")),
            "{answer}"
        );
    }
    let folder = ask(
        &server,
        "PROPFIND",
        &format!("{path}1.0"),
        "Depth: 1\r\n",
        "",
    );
    // echo -n old | sha1sum
    assert!(folder.contains("a%20b.txt</D:href>"));
    assert!(folder.contains("<lp1:getcontentlength>3</lp1:getcontentlength>"));
    assert!(
        folder.contains(">c00dbbc9dadfbe1e232e93a729dd4752fade0abf<"),
        "{folder}"
    );
    for depth in ["", "Depth: infinity\r\n"] {
        let answer = ask(&server, "PROPFIND", path, depth, "");
        assert!(answer.starts_with("HTTP/1.1 403"), "{depth}: {answer}");
    }
}
