// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The page of a project on an index: the Simple API in JSON.

use asf_pypi_publish::index::read_page;

use crate::mutate::repeat;
use crate::round::{Outcome, Target, measured};

const HEAD: &str = "{\"meta\":{\"api-version\":\"1.4\"},\"name\":\"x\",";
/// An eighth of what is read of a page, in bytes.
const PAGE: usize = 8 << 20;

pub fn simple_page() -> Target {
    let file = |name: &str, more: &str| {
        let hash = "AB".repeat(32);
        format!(
            "{{\"filename\":\"{name}\",\"url\":\"u\",\"hashes\":{{\"sha256\":\"{hash}\"}}{more}}}"
        )
    };
    let seeds = [
        format!("{HEAD}\"files\":[{}]}}", file("a.whl", "")),
        format!(
            "{HEAD}\"files\":[{},{}],\"versions\":[\"1.0\",\"2.0\"]}}",
            file("a.whl", ",\"yanked\":\"bad\""),
            file(
                "b.whl",
                ",\"yanked\":false,\"size\":7,\"core-metadata\":{\"sha256\":\"x\"}"
            )
        ),
        format!("{HEAD}\"project-status\":{{\"status\":\"archived\"}},\"files\":[]}}"),
        "{}".to_owned(),
    ];
    Target {
        name: "simple-page",
        seeds: seeds.map(String::into_bytes).into(),
        attacks,
        words: &[
            b"\"files\":[",
            b"\"versions\":",
            b"\"yanked\":",
            b"\"hashes\":{",
            b"\"sha256\":",
            b"\"api-version\":\"2.0\"",
            b"null",
            b"true",
            b"1e999",
            b"-0",
            b"[[[[[[[[",
            b"{\"a\":",
            b"}",
            b"]",
            b",",
            b"\\u0000",
            b"\\ud800",
            b"\\\"",
            b"\xff",
        ],
        layer: None,
        check: check_simple_page,
        memory: |len| (48 << 20) + 4 * len.min(PAGE),
    }
}

fn attacks() -> Vec<Vec<u8>> {
    let page = |head: &str, each: &str, tail: &str| {
        let head = [HEAD, head].concat();
        repeat(PAGE, &head, each, tail)
    };
    vec![
        page(
            "\"files\":[",
            "{\"filename\":\"\",\"url\":\"\"},",
            "{\"filename\":\"\",\"url\":\"\"}]}",
        ),
        page("\"files\":[],\"versions\":[", "\"\",", "\"\"]}"),
        page(
            "\"files\":[{\"filename\":\"\",\"url\":\"\",\"yanked\":[",
            "0,",
            "0]}]}",
        ),
        page(
            "\"files\":[{\"filename\":\"\",\"url\":\"\",\"yanked\":",
            "[",
            "",
        ),
        page(
            "\"files\":[{\"filename\":\"\",\"url\":\"\",\"yanked\":\"",
            "x",
            "\"}]}",
        ),
        page("\"files\":[],\"alien\":", "[", ""),
        page("\"files\":[],\"alien\":[", "[],", "[]]}"),
        page("\"files\":[],\"alien\":", "{\"a\":", ""),
        page("\"files\":[],\"alien\":\"", "\\u0041", "\"}"),
        page("\"files\":[],\"alien\":", "9", "}"),
        page("\"files\":[],", "\"\":0,", "\"\":0}"),
        page("", " ", "\"files\":[]}"),
    ]
}

fn check_simple_page(input: &[u8]) -> Outcome {
    let project = match measured(|| read_page(input)) {
        Ok(project) => project,
        Err(why) if why.len() > 1000 => return Err(format!("a text of {} bytes", why.len())),
        Err(why) => return Ok(why),
    };
    let named = memchr::memmem::find_iter(input, b"filename").count();
    if project.files.len() > named && !input.contains(&b'\\') {
        return Err(format!("{} files of {named}", project.files.len()));
    }
    for file in &project.files {
        let is_digest = |hash: &String| {
            hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !file.sha256.as_ref().is_none_or(is_digest) {
            return Err(format!("a digest {:?}", file.sha256));
        }
    }
    let yanked = project.files.iter().filter(|file| file.yanked).count();
    Ok(format!(
        "{} {} {} {}",
        project.status,
        "f".repeat(project.files.len().min(20)),
        "y".repeat(yanked.min(9)),
        "v".repeat(project.versions.map_or(0, |all| all.len()).min(20))
    ))
}
