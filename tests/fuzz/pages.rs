// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The index pages of download servers, as httpd writes them.

use asf_pypi_publish::source::wire;

use crate::mutate::{fill, repeat};
use crate::round::{Outcome, Target, measured};

const FOLDER: &str = "/dist/a%20b/1.0/";
const HEAD: &str = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<html>\n <head>\n  \
                    <title>Index of /dist/a b/1.0</title>\n </head>\n <body>\n";
const TAIL: &str = "</body></html>\n";
/// A quarter of what is read of a page, in bytes, which is enough to hang.
const PAGE: usize = 2 << 20;
/// The longest name of a file, in bytes.
const NAME: usize = 255;

const SORT: &str = "<a href=\"?C=N;O=D\">Name</a> <a href=\"?C=M;O=A\">Last modified</a>";

pub fn index_page() -> Target {
    let names = ["a-1.0.tar.gz", "b%20c.whl", "./d:e.whl", "f&amp;g", "sub/"];
    let rows = |row: &dyn Fn(&str) -> String| -> String {
        let parent = ["/dist/a%20b/"];
        parent.iter().chain(&names).map(|name| row(name)).collect()
    };
    let plain = rows(&|name| format!("<li><a href=\"{name}\"> {name}</a></li>\n"));
    let fancy = rows(&|name| {
        let icon = "<img src=\"/icons/x.gif\" alt=\"[   ]\">";
        format!("{icon} <a href=\"{name}\">cut..&gt;</a> 2026-11-25 21:46  294K  \n")
    });
    let table = rows(&|name| {
        format!("<tr><td valign=\"top\">&nbsp;</td><td><a href=\"{name}\">x</a></td></tr>\n")
    });
    let seeds = [
        format!("<ul>{plain}</ul>\n"),
        format!("<pre>{SORT}<hr>{fancy}<hr></pre>\n"),
        format!("<table>\n <tr><th>{SORT}</th></tr>\n{table}</table>\n"),
        format!("<!-- <a href='x'> -->\n<p><a href=/other/>x</a>\n<pre>{SORT}{fancy}</pre>\n"),
        format!("<script>'<a href=\"x\">'</script>\n<ul>{plain}</ul><a href=x.txt>"),
    ];
    let mut seeds: Vec<Vec<u8>> = seeds
        .map(|body| format!("{HEAD}{body}{TAIL}").into_bytes())
        .into();
    seeds.push(b"<html><title>404 Not Found</title></html>".to_vec());
    Target {
        name: "index-page",
        seeds,
        attacks,
        words: &[
            b"<a href=\"",
            b"<a href='",
            b"<a href=",
            b"<A HREF=",
            b"<a title='x' href = \"y\" href=\"z\">",
            b"</a>",
            b"<pre>",
            b"</pre>",
            b"<table>",
            b"</ul>",
            b"<title>Index of /",
            b"</title>",
            b"<script>",
            b"</script>",
            b"<!--",
            b"-->",
            b"</html>",
            b"%2e%2e",
            b"%2F",
            b"%5c",
            b"%00",
            b"%0a",
            b"%ff",
            b"%25",
            b"&#46;",
            b"&#x2F;",
            b"&#0;",
            b"&#+46;",
            b"&amp;",
            b"&lt",
            b"../",
            b"./",
            b"//",
            b"?C=N;O=D",
            b"javascript:",
            b"/dist/a%20b/1.0/x",
            b"/dist/a b/1.0/x",
            b"/dist/a%20b/%31.0/x",
            b"\0",
        ],
        layer: None,
        check: check_index_page,
        // A link is kept twice, and there is a most of them.
        memory: |len| (256 << 10) + 16 * len,
    }
}

/// Large pages in the shapes that cost most.
fn attacks() -> Vec<Vec<u8>> {
    let head = |head: &str| [HEAD, head].concat();
    let tail = |tail: &str| [tail, TAIL].concat();
    let same = |begin: &str, each: &str, end: &str| repeat(PAGE, &head(begin), each, &tail(end));
    let most = |count: usize, each: &dyn Fn(usize) -> String| {
        let links: Vec<String> = (0..count).map(each).collect();
        [HEAD, &links.concat(), TAIL].concat().into_bytes()
    };
    let long = "x".repeat(NAME - 6);
    vec![
        same("", "<", ""),
        same("", "<a", ""),
        same("", "<a ", ">"),
        same("", "<!--", ""),
        same("", "<!---->", ""),
        same("", "<title>", ""),
        same("", "<title></title>", ""),
        same("", "<script>", ""),
        same("", "<script></script>", ""),
        same("", "<textarea></", ""),
        same("", "<a href=", ""),
        same("", "<a href='", ""),
        same("", "<a '", ""),
        same("<a ", "h ", "href=x>"),
        same("<a ", "h=", "href=x>"),
        same("<a ", "/", "href=x>"),
        same("<a ", "=\"\" ", "href=x>"),
        same("<a href=\"", "&amp;", "\">"),
        same("<a href=\"", "&", "\">"),
        same("<a href=\"", "%25", "\">"),
        same("<a href=\"", "x", "\">"),
        same("<a href=\"/dist/", "a/", "\">"),
        same("<a href=\"", "a:", "\">"),
        same("", "<pre>", ""),
        same("", "</pre>", ""),
        same("", "<pre><a href=?C=N></pre>", ""),
        fill(PAGE, HEAD, |number| format!("<a href={number}>"), TAIL),
        most(49_999, &|number| format!("<a href={number}>")),
        most(49_999, &|number| format!("<a href=a/{number}>")),
        most(24_999, &|number| format!("<a href={long}{number:06}>")),
        most(49_999, &|_| "<a href=a>".to_owned()),
        most(49_999, &|number| format!("<a href={FOLDER}?{number}>")),
    ]
}

fn check_index_page(input: &[u8]) -> Outcome {
    let names = match measured(|| wire::index_page(input, FOLDER)) {
        Ok(names) => names,
        Err(why) => return Ok(why),
    };
    if names.len() > 50_000 {
        return Err(format!("{} names", names.len()));
    }
    let page = decoded(input);
    for (at, name) in names.keys().enumerate() {
        let is_plain = !matches!(name.as_str(), "" | "." | "..")
            && !name.contains('/')
            && !name.chars().any(char::is_control)
            && name.len() <= NAME;
        if !is_plain {
            return Err(format!("a file called {name:?}"));
        }
        // To search for each in a page of each size takes its time.
        if at < 50 && !contains(&page, name.as_bytes()) {
            return Err(format!("{name:?}, which does not stand there"));
        }
    }
    // No name of another folder comes in by the folder's own spelling.
    if let Ok(others) = wire::index_page(input, "/dist/other/")
        && !names.keys().eq(others.keys())
        && !contains(input, b"dist")
    {
        return Err("other names in another folder".to_owned());
    }
    let folders = names.values().filter(|is_folder| **is_folder).count();
    Ok(format!(
        "{} {}",
        "n".repeat(names.len().min(40)),
        "f".repeat(folders.min(10))
    ))
}

/// The page with references and percent signs resolved wherever they stand,
/// once each.
fn decoded(page: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(page);
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let resolved = after
            .split_once(';')
            .and_then(|(name, behind)| Some((reference(name)?, behind)));
        let (character, behind) = resolved.unwrap_or(('&', after));
        plain.push(character);
        rest = behind;
    }
    plain.push_str(rest);
    let plain = plain.into_bytes();
    let digit = |at: usize| char::from(*plain.get(at)?).to_digit(16);
    let (mut bytes, mut at) = (Vec::with_capacity(plain.len()), 0);
    while let Some(byte) = plain.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap());
            at += 3;
        } else {
            bytes.push(*byte);
            at += 1;
        }
    }
    bytes
}

fn reference(name: &str) -> Option<char> {
    let number = |digits: &str, radix| {
        let is_number = digits.chars().all(|c| c.is_digit(radix));
        let code = u32::from_str_radix(digits, radix)
            .ok()
            .filter(|_| is_number);
        char::from_u32(code?)
    };
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}

fn contains(page: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(page, wanted).is_some()
}
