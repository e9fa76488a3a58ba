// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a Subversion server answers: listings, update reports, svndiff.

use std::collections::BTreeMap;

use asf_pypi_publish::source::wire;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::mutate::Chance;
use crate::round::{Outcome, Target};

const XML: &[&[u8]] = &[
    b"<a>",
    b"</a>",
    b"<a/>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a [<!ENTITY b \"c\">]>",
    b"&amp;",
    b"&#x2e;",
    b"&#0;",
    b" xmlns:b=\"c\"",
    b" b=\"c\"",
    b"%2e%2e",
    b"%2F",
    b"../",
    b"/repos/dist/!svn/rvr/5/release/example/1.0/",
    b"<D:response><D:href>",
    b"</D:href></D:response>",
    b"<D:collection/>",
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 404 Not Found",
    b"<S:add-file name=\"x\"><S:txdelta>U1ZOAA==</S:txdelta></S:add-file>",
    b"<S:add-directory name=\"x\">",
    b"</S:add-directory>",
];

const FOLDER: &str = "http://127.0.0.1/repos/dist/!svn/rvr/5/release/example/1.0/";

pub fn webdav() -> Target {
    let row = |href: &str, properties: &str| {
        format!(
            "<D:response xmlns:V=\"http://subversion.tigris.org/xmlns/dav/\" \
             xmlns:S=\"http://subversion.tigris.org/xmlns/svn/\">\n<D:href>{href}</D:href>\n\
             <D:propstat><D:prop>{properties}</D:prop>\n<D:status>HTTP/1.1 200 OK</D:status>\n\
             </D:propstat>\n</D:response>\n"
        )
    };
    let base = "/repos/dist/!svn/rvr/5/release/example/1.0";
    let folder = "<D:resourcetype><D:collection/></D:resourcetype>";
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let file = format!(
        "<D:resourcetype/><D:getcontentlength>12</D:getcontentlength><D:version-name>5\
         </D:version-name><V:sha1-checksum>{sha1}</V:sha1-checksum>"
    );
    let rows = [
        row(&format!("{base}/"), folder),
        row(&format!("{base}/a%20b.whl"), &file),
        row(&format!("http://127.0.0.1{base}/%C3%BC.tar.gz"), &file),
        row(&format!("{base}/sub/"), folder),
        row(
            &format!("{base}/link"),
            &format!("{file}<S:special>*</S:special>"),
        ),
        row(
            &format!("{base}/out/"),
            &format!("{folder}<S:externals>x y</S:externals>"),
        ),
    ];
    let whole = |rows: &[String]| {
        let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n";
        format!("{head}{}</D:multistatus>", rows.concat()).into_bytes()
    };
    Target {
        name: "webdav",
        seeds: vec![
            whole(&rows),
            whole(&rows[..2]),
            whole(&rows[..1]),
            b"<html/>".to_vec(),
        ],
        attacks: || xml_attacks("D:multistatus xmlns:D=\"DAV:\""),
        words: XML,
        layer: None,
        check: check_webdav,
        memory: xml_memory,
    }
}

/// A sixteenth of what is read of a listing, which is enough to hang.
const LISTING: usize = 1 << 20;

/// Documents of the fewest bytes for the most work: attributes and namespaces
/// are compared with each other, elements cost memory, and so does depth.
fn xml_attacks(root: &str) -> Vec<Vec<u8>> {
    let name = root.split(' ').next().unwrap_or_default();
    let fill = |each: &dyn Fn(usize) -> String, behind: &str| {
        let mut text = format!("<{root}>");
        for number in 0.. {
            let next = each(number);
            if text.len() + next.len() + behind.len() + name.len() + 3 > LISTING {
                break;
            }
            text.push_str(&next);
        }
        text.push_str(behind);
        (text + &format!("</{name}>")).into_bytes()
    };
    let attributes = fill(
        &|number| match number {
            0 => "<a ".to_owned(),
            _ => format!("a{number:x}='' "),
        },
        "/>",
    );
    let namespaces = fill(
        &|number| match number {
            0 => "<a ".to_owned(),
            _ => format!("xmlns:a{number:x}='{number:x}' "),
        },
        "/>",
    );
    let nested = fill(&|number| format!("<a xmlns:a{number:x}='{number:x}'>"), "");
    let scoped = fill(
        &|number| match number {
            0..60_000 => format!("<a xmlns:a{number:x}='{number:x}'>"),
            _ => "<b xmlns:z='z'/>".to_owned(),
        },
        "",
    );
    let deep = fill(&|_| "<a>".to_owned(), "");
    let wide = fill(&|_| "<a/>".to_owned(), "");
    let texts = fill(&|_| "a<!---->".to_owned(), "");
    let equals = fill(&|_| "=".to_owned(), "");
    let rows = fill(&|_| "<a b=''/>".to_owned(), "");
    vec![
        attributes, namespaces, nested, scoped, deep, wide, texts, equals, rows,
    ]
}

/// The tree of an XML document takes a hundred bytes for the shortest element,
/// and there is a most of those.
fn xml_memory(len: usize) -> usize {
    256 * 1024 + (96 * len).min(128 << 20)
}

fn check_webdav(input: &[u8]) -> Outcome {
    let url = Url::parse(FOLDER).unwrap();
    let (folders, files) = match wire::listing(&url, "sub", input) {
        Ok(read) => read,
        Err(why) => return Ok(why),
    };
    let paths = folders.iter().chain(files.iter().map(|entry| &entry.path));
    for path in paths {
        if path == "sub" {
            continue;
        }
        let name = path.strip_prefix("sub/").unwrap_or_default();
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
            return Err(format!("`{path}` is not directly below"));
        }
    }
    let plain = files.iter().filter(|entry| entry.special.is_none()).count();
    let digests = files.iter().filter(|entry| entry.sha1.is_some()).count();
    let counts = [("f", folders.len()), ("p", plain), ("d", digests)];
    Ok(counts
        .map(|(word, count)| word.repeat(count.min(5)))
        .concat())
}

/// What is asked for: paths and their sizes.
fn wanted() -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("a.asc", 4),
        ("sub dir/b.asc", 130),
        ("empty", 0),
        ("large", 60_000),
    ])
}

pub fn update_report() -> Target {
    let file = |name: &str, diff: &[u8]| {
        format!(
            "<S:add-file name=\"{name}\" sha1-checksum=\"{}\">\n<S:txdelta>{}\n</S:txdelta>\n\
             <S:prop><V:md5-checksum>{}</V:md5-checksum></S:prop></S:add-file>\n",
            "0".repeat(40),
            STANDARD.encode(diff),
            "0".repeat(32),
        )
    };
    let whole = |inside: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<S:update-report xmlns:S=\"svn:\" \
             xmlns:V=\"http://subversion.tigris.org/xmlns/dav/\" send-all=\"true\">\n\
             <S:open-directory rev=\"5\">\n{inside}</S:open-directory></S:update-report>\n"
        )
        .into_bytes()
    };
    let [sig, runs, literal, nothing] = diffs();
    let below = format!(
        "<S:add-directory name=\"sub dir\">{}</S:add-directory>",
        file("b.asc", &runs)
    );
    Target {
        name: "update-report",
        seeds: vec![
            whole(&(file("a.asc", &sig) + &below)),
            whole(&(file("empty", &nothing) + &file("large", &literal))),
            whole("<S:add-file name=\"a.asc\"><S:fetch-file/></S:add-file>"),
            b"<D:error xmlns:D=\"DAV:\"/>".to_vec(),
        ],
        attacks: || xml_attacks("S:update-report xmlns:S=\"svn:\""),
        words: XML,
        layer: Some((first_delta, with_delta)),
        check: check_update_report,
        memory: xml_memory,
    }
}

/// The svndiff of the first file.
fn first_delta(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<S:txdelta>")?;
    let (digits, _) = rest.split_once("</S:txdelta>")?;
    STANDARD.decode(digits.trim()).ok()
}

fn with_delta(diff: &[u8], chance: &mut Chance) -> Vec<u8> {
    let names: Vec<&str> = wanted().into_keys().collect();
    let (before, after) = match chance.pick(&names).split_once('/') {
        Some((folder, name)) => (
            format!("<S:add-directory name=\"{folder}\"><S:add-file name=\"{name}\">"),
            "</S:add-file></S:add-directory>",
        ),
        None => (
            format!("<S:add-file name=\"{}\">", chance.pick(&names)),
            "</S:add-file>",
        ),
    };
    format!(
        "<S:update-report xmlns:S=\"svn:\" send-all=\"true\"><S:open-directory>{before}<S:txdelta>{}\
         </S:txdelta>{after}</S:open-directory></S:update-report>",
        STANDARD.encode(diff)
    )
    .into_bytes()
}

fn check_update_report(input: &[u8]) -> Outcome {
    let wanted = wanted();
    let read = |part| wire::update_report(input, &wanted, part);
    let whole = read(usize::MAX);
    if input.len() < 10_000 && read(7) != whole {
        return Err("another outcome in parts".to_owned());
    }
    let Some(files) = whole else {
        return Ok("no answer".to_owned());
    };
    let mut word = String::new();
    for (path, bytes) in &files {
        match wanted.get(path.as_str()) {
            None => return Err(format!("{path} was not asked for")),
            Some(size) if bytes.len() > *size => {
                return Err(format!("{path} is longer than listed"));
            }
            Some(size) => word += if bytes.len() == *size { path } else { "short" },
        }
    }
    Ok(word)
}

pub fn list_report() -> Target {
    let whole = |inside: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<S:list-report xmlns:S=\"svn:\" \
             xmlns:D=\"DAV:\">\n{inside}</S:list-report>\n"
        )
        .into_bytes()
    };
    let item = |kind: &str, path: &str| {
        format!(
            "<S:item node-kind=\"{kind}\" size=\"12\" has-props=\"false\" created-rev=\"5\" \
             date=\"2024-01-01T00:00:00.000000Z\">/release/example/1.0{path}</S:item>\n"
        )
    };
    let folder = item("dir", "");
    Target {
        name: "list-report",
        seeds: vec![
            whole(&(folder.clone() + &item("file", "/a b.whl") + &item("dir", "/sub"))),
            whole(&(folder + &item("file", "/&#252;&amp;.tar.gz"))),
            whole(""),
        ],
        attacks: || xml_attacks("S:list-report xmlns:S=\"svn:\""),
        words: XML,
        layer: None,
        check: check_list_report,
        memory: xml_memory,
    }
}

fn check_list_report(input: &[u8]) -> Outcome {
    let segments = ["release", "example", "1.0"].map(str::to_owned);
    let read = |part| wire::list_report(&segments, input, part);
    let whole = read(usize::MAX);
    if input.len() < 10_000 && read(7) != whole {
        return Err("another outcome in parts".to_owned());
    }
    let Some(paths) = whole else {
        return Ok("no answer".to_owned());
    };
    for path in &paths {
        let odd = |name: &str| matches!(name, "" | "." | "..") || name.contains('\0');
        if !path.is_empty() && path.split('/').any(odd) {
            return Err(format!("`{path}` leads elsewhere"));
        }
    }
    Ok("p".repeat(paths.len().min(20)))
}

/// Files as Subversion writes them: fresh bytes, a run, a long literal, nothing.
fn diffs() -> [Vec<u8>; 4] {
    let mut literal = b"SVN\0\0\0\x83\xd4\x60\x04\x83\xd4\x60\x80\x83\xd4\x60".to_vec();
    literal.extend(std::iter::repeat_n(b'x', 60_000));
    [
        b"SVN\0\0\0\x04\x01\x04\x84sig\n".to_vec(),
        b"SVN\0\0\0\x81\x02\x05\x01\x81\x40\x81\x01\0y".to_vec(),
        literal,
        b"SVN\0".to_vec(),
    ]
}

pub fn svndiff() -> Target {
    Target {
        name: "svndiff",
        seeds: diffs().into(),
        attacks: Vec::new,
        words: &[
            b"SVN\0",
            b"SVN\x01",
            b"\0\0",
            b"\x40\0",
            b"\x80",
            b"\x84abcd",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\x81\x80\x80\x80\0",
            b"\0\0\x04\x01\x04\x84sig\n",
        ],
        layer: None,
        check: check_svndiff,
        memory: |len| 512 * 1024 + 2 * len,
    }
}

fn check_svndiff(input: &[u8]) -> Outcome {
    const LIMIT: usize = 64 * 1024;
    let Some(file) = wire::svndiff(input, LIMIT) else {
        return Ok("none".to_owned());
    };
    if file.len() > LIMIT {
        return Err("beyond the limit".to_owned());
    }
    // The limit decides nothing but whether.
    if wire::svndiff(input, file.len()).as_ref() != Some(&file) {
        return Err("another file at its own size".to_owned());
    }
    if !file.is_empty() && wire::svndiff(input, file.len() - 1).is_some() {
        return Err("more than the limit".to_owned());
    }
    let doublings = file.len().checked_ilog2().unwrap_or(0);
    Ok("read".repeat(doublings as usize))
}
