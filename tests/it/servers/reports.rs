// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Subversion's reports, honest and not: what they get wrong is read in another
//! way, and nothing is believed that is not proved.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use testbed::distribution::sdist;

/// Which of the three questions was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    List,
    Properties,
    Contents,
}

fn which(request: &Request) -> Option<Which> {
    let body = String::from_utf8_lossy(&request.body);
    match request.method.as_str() {
        "REPORT" if body.contains("list-report") => Some(Which::List),
        "REPORT" if body.contains("send-all") => Some(Which::Contents),
        "REPORT" => Some(Which::Properties),
        _ => None,
    }
}

const COMMITTED: &str = "created-rev=\"4\" date=\"2026-11-25T21:38:16.221400Z\"";

fn list_item(path: &str, size: usize) -> String {
    format!(
        "<S:item node-kind=\"file\" size=\"{size}\" has-props=\"false\" {COMMITTED}>{path}</S:item>\n"
    )
}

/// An honest list report.
fn list(files: &Files) -> String {
    let folder = RELEASE.trim_end_matches('/');
    let items: String = files
        .iter()
        .map(|(name, bytes)| list_item(&format!("/{folder}/{name}"), bytes.len()))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<S:list-report xmlns:S=\"svn:\" xmlns:D=\"DAV:\">\n\
         <S:item node-kind=\"dir\" size=\"-1\" has-props=\"false\" {COMMITTED}>/{folder}</S:item>\n\
         {items}</S:list-report>\n"
    )
}

/// A number as svndiff has it.
fn number(number: usize) -> Vec<u8> {
    let seven = |shift: usize| u8::try_from(number >> shift & 0x7f).unwrap();
    match number {
        0..0x80 => vec![seven(0)],
        0x80..0x4000 => vec![seven(7) | 0x80, seven(0)],
        _ => vec![seven(14) | 0x80, seven(7) | 0x80, seven(0)],
    }
}

fn svndiff(file: &[u8]) -> Vec<u8> {
    let mut diff = b"SVN\0".to_vec();
    for window in file.chunks(102_400) {
        let instructions = [vec![0x80], number(window.len())].concat();
        diff.extend([0, 0]);
        for length in [window.len(), instructions.len(), window.len()] {
            diff.extend(number(length));
        }
        diff.extend(instructions);
        diff.extend_from_slice(window);
    }
    diff
}

fn add_file(name: &str, bytes: &[u8], with_contents: bool) -> String {
    let (sha1, md5) = (Sha1::digest(bytes), Md5::digest(bytes));
    let delta = if with_contents {
        format!("<S:txdelta>{}</S:txdelta>", STANDARD.encode(svndiff(bytes)))
    } else {
        String::new()
    };
    format!(
        "<S:add-file name=\"{name}\" sha1-checksum=\"{}\">\n\
         <S:set-prop name=\"svn:entry:committed-rev\">4</S:set-prop>\n{delta}\
         <S:prop><V:md5-checksum>{}</V:md5-checksum></S:prop></S:add-file>\n",
        hex::encode(sha1),
        hex::encode(md5)
    )
}

/// An honest update report, of all files whatever was asked for.
fn update(files: &Files, with_contents: bool) -> String {
    let all: String = files
        .iter()
        .map(|(name, bytes)| add_file(name, bytes, with_contents))
        .collect();
    let send_all = if with_contents {
        "send-all=\"true\""
    } else {
        ""
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<S:update-report xmlns:S=\"svn:\" \
         xmlns:V=\"http://subversion.tigris.org/xmlns/dav/\" xmlns:D=\"DAV:\" {send_all} \
         inline-props=\"true\">\n<S:target-revision rev=\"5\"/>\n<S:open-directory rev=\"5\">\n\
         {all}</S:open-directory>\n</S:update-report>\n"
    )
}

/// Makes another answer out of an honest one; none leaves it as it is.
type Twist = fn(Which, &str) -> Option<Reply>;

/// A server that gives reports, twisted, and is honest otherwise where `lie`
/// gives nothing.
fn reporting(
    files: Files,
    twist: impl Fn(Which, &str) -> Option<Reply> + Send + Sync + 'static,
    lie: impl Fn(&Asked<'_>) -> Option<Reply> + Send + Sync + 'static,
) -> Scripted {
    let answers = files.clone();
    subversion(files, move |asked| {
        let Some(which) = which(asked.request) else {
            return lie(asked);
        };
        let honest = match which {
            Which::List => list(&answers),
            Which::Properties => update(&answers, false),
            Which::Contents => update(&answers, true),
        };
        let twisted = twist(which, &honest);
        Some(twisted.unwrap_or_else(|| ok(&honest)))
    })
}

fn ok(body: &str) -> Reply {
    Reply::new("200 OK", &["Content-Type: text/xml"], body.as_bytes())
}

/// The answer with one text put for another, which must be there.
fn replaced(honest: &str, from: &str, to: &str) -> Option<Reply> {
    assert!(honest.contains(from), "{from}");
    let (before, after) = honest.split_once(from)?;
    Some(ok(&[before, to, after].concat()))
}

/// How many files were asked for alone, and how many folders.
fn alone(server: &Scripted) -> (usize, usize) {
    let seen = server.seen();
    let count = |method: &str| {
        seen.iter()
            .filter(|request| request.method == method)
            .count()
    };
    (count("GET"), count("PROPFIND"))
}

#[test]
fn honest_reports_bring_a_whole_release_and_its_proof() {
    let world = World::start();
    let server = reporting(project("example", "1.0"), |_, _| None, |_| None);
    let ran = publish_from(&world, &server, &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(world.index.files("example").len(), 2);
    assert_eq!(alone(&server), (0, 0));
}

/// With these answers for contents the release is published all the same, out
/// of files that were asked for alone.
fn read_alone(cases: &[(&str, Twist)]) {
    for (class, twist) in cases {
        let world = World::start();
        let twist = *twist;
        let server = reporting(
            project("example", "1.0"),
            move |which, honest| match which {
                Which::Contents => twist(which, honest),
                _ => None,
            },
            |_| None,
        );
        let ran = publish_from(&world, &server, &[]);
        assert_eq!(ran.status, 0, "{class}: {}", ran.stderr);
        assert_eq!(world.index.files("example").len(), 2, "{class}");
        let (files, folders) = alone(&server);
        assert!(files > 0 && folders == 0, "{class}: {files}");
    }
}

#[test]
fn contents_that_are_not_proved_are_read_file_by_file() {
    let cases: &[(&str, Twist)] = &[
        ("no base64", |_, honest| {
            replaced(honest, "<S:txdelta>U1ZO", "<S:txdelta>U1Z*")
        }),
        ("no svndiff", |_, honest| {
            replaced(honest, "<S:txdelta>U1ZOAA", "<S:txdelta>U1ZOAQ")
        }),
        ("no contents", |_, honest| {
            replaced(honest, "<S:txdelta>", "<S:fetch-file/><S:txdelta>")
        }),
        ("another SHA-1", |_, honest| {
            let at = honest.find("sha1-checksum=\"")? + 15;
            replaced(honest, &honest[at..at + 40], &"0".repeat(40))
        }),
        ("a link", |_, honest| {
            let link = "<S:set-prop name=\"svn:special\">*</S:set-prop><S:txdelta>";
            replaced(honest, "<S:txdelta>", link)
        }),
        ("another revision", |_, honest| {
            replaced(
                honest,
                "target-revision rev=\"5\"",
                "target-revision rev=\"4\"",
            )
        }),
        ("names that lead elsewhere", |_, honest| {
            replaced(honest, "name=\"example-", "name=\"../example-")
        }),
        ("one file missing", |_, honest| {
            replaced(honest, "name=\"example-1.0.tar.gz\"", "name=\"other\"")
        }),
        ("other bytes", |_, honest| {
            let (name, mut bytes) = sdist("example", "1.0");
            let from = add_file(&name, &bytes, true);
            bytes[100] ^= 1;
            replaced(honest, &from, &add_file(&name, &bytes, true))
        }),
        ("other bytes under the right SHA-1", |_, honest| {
            let (_, mut bytes) = sdist("example", "1.0");
            let from = STANDARD.encode(svndiff(&bytes));
            bytes[100] ^= 1;
            replaced(honest, &from, &STANDARD.encode(svndiff(&bytes)))
        }),
        ("more bytes", |_, honest| {
            let (_, mut bytes) = sdist("example", "1.0");
            let from = STANDARD.encode(svndiff(&bytes));
            bytes.push(0);
            replaced(honest, &from, &STANDARD.encode(svndiff(&bytes)))
        }),
    ];
    read_alone(cases);
}

#[test]
fn answers_that_are_no_report_cost_nothing_but_the_short_cut() {
    let cases: &[(&str, Twist)] = &[
        ("cut short", |_, honest| {
            Some(ok(&honest[..honest.len() / 2]))
        }),
        ("cut off", |_, honest| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                honest.len()
            );
            let half = &honest.as_bytes()[..honest.len() / 2];
            Some(Reply::Raw([head.as_bytes(), half].concat()))
        }),
        ("never the rest", |_, honest| {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                honest.len()
            );
            let half = &honest.as_bytes()[..honest.len() / 2];
            Some(Reply::Stall([head.as_bytes(), half].concat()))
        }),
        ("compressed on the way", |_, honest| {
            let headers = ["Content-Encoding: gzip"];
            Some(Reply::new("200 OK", &headers, honest.as_bytes()))
        }),
        ("without end", |_, honest| {
            let endless = " ".repeat(6 << 20);
            replaced(
                honest,
                "<S:open-directory",
                &format!("{endless}<S:open-directory"),
            )
        }),
        ("refused", |_, _| {
            Some(Reply::new("500 Internal Server Error", &[], PAGE))
        }),
        ("a redirect", |_, _| {
            let headers = ["Location: https://example.org/login"];
            Some(Reply::new("302 Found", &headers, b""))
        }),
        ("a web page", |_, _| Some(Reply::new("200 OK", &[], PAGE))),
    ];
    read_alone(cases);
}

#[test]
fn what_comes_twice_out_of_order_or_unasked_changes_nothing() {
    let cases: &[(&str, Twist)] = &[
        ("twice, the second with other bytes", |which, honest| {
            let (name, mut bytes) = sdist("example", "1.0");
            bytes[100] ^= 1;
            let again = add_file(&name, &bytes, true);
            let both = format!("{again}</S:open-directory>");
            (which == Which::Contents).then(|| replaced(honest, "</S:open-directory>", &both))?
        }),
        ("out of order", |which, honest| {
            let (name, bytes) = sdist("example", "1.0");
            let file = add_file(&name, &bytes, true);
            let without = honest.replacen(&file, "", 1);
            let later = format!("{file}</S:open-directory>");
            (which == Which::Contents).then(|| replaced(&without, "</S:open-directory>", &later))?
        }),
        ("more than was asked for", |which, honest| {
            let more = add_file("unasked", &vec![7; 3_000_000], true);
            let more = format!("{more}</S:open-directory>");
            (which == Which::Contents).then(|| replaced(honest, "</S:open-directory>", &more))?
        }),
    ];
    for (class, twist) in cases {
        let world = World::start();
        let server = reporting(project("example", "1.0"), *twist, |_| None);
        let ran = publish_from(&world, &server, &[]);
        assert_eq!(ran.status, 0, "{class}: {}", ran.stderr);
        assert_eq!(alone(&server), (0, 0), "{class}");
        assert_eq!(world.index.files("example").len(), 2, "{class}");
    }
}

#[test]
fn a_lie_in_the_report_and_in_the_file_is_refused() {
    let world = World::start();
    let other = || {
        let (name, mut bytes) = sdist("example", "1.0");
        bytes[100] ^= 1;
        (name, bytes)
    };
    let server = reporting(
        project("example", "1.0"),
        move |which, honest| {
            let (name, bytes) = sdist("example", "1.0");
            (which == Which::Contents).then(|| {
                let lie = add_file(&name, &other().1, true);
                replaced(honest, &add_file(&name, &bytes, true), &lie)
            })?
        },
        move |asked| {
            let reply = || Reply::new("200 OK", &[], &other().1);
            asked.gets(SDIST).then(reply)
        },
    );
    let ran = publish_from(&world, &server, &[]);
    assert_refused(&world, &ran, "other bytes", &["source-bytes"], 1);
}

#[test]
fn listings_that_the_two_reports_do_not_agree_on_are_walked() {
    let cases: &[(&str, Twist)] = &[
        ("a list that climbs out", |which, honest| {
            let out = format!("{}</S:list-report>", list_item("/release/../dev/x.whl", 1));
            (which == Which::List).then(|| replaced(honest, "</S:list-report>", &out))?
        }),
        ("a list of another place", |which, honest| {
            let out = format!("{}</S:list-report>", list_item("/dev/example/x.whl", 1));
            (which == Which::List).then(|| replaced(honest, "</S:list-report>", &out))?
        }),
        ("a file that is kept back", |which, honest| {
            let more = format!(
                "{}</S:list-report>",
                list_item(&format!("/{RELEASE}x.whl"), 1)
            );
            (which == Which::List).then(|| replaced(honest, "</S:list-report>", &more))?
        }),
        ("a property that is kept back", |which, honest| {
            (which == Which::List)
                .then(|| replaced(honest, "has-props=\"false\"", "has-props=\"true\""))?
        }),
        ("a digest that is kept back", |which, honest| {
            let at = honest.find(" sha1-checksum=")?;
            (which == Which::Properties).then(|| replaced(honest, &honest[at..at + 57], ""))?
        }),
        ("entities", |which, honest| {
            let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\">]><S:list-report";
            (which == Which::List).then(|| replaced(honest, "<S:list-report", bomb))?
        }),
        ("no list", |which, _| {
            (which == Which::List).then(|| Reply::new("400 Bad Request", &[], PAGE))
        }),
        ("no properties", |which, _| {
            (which == Which::Properties).then(|| Reply::new("403 Forbidden", &[], PAGE))
        }),
        ("an older server", |which, honest| {
            (which == Which::Properties).then(|| replaced(honest, "inline-props=\"true\"", ""))?
        }),
        ("silence", |which, _| {
            (which == Which::List).then(|| Reply::Stall(Vec::new()))
        }),
    ];
    for (class, twist) in cases {
        let world = World::start();
        let server = reporting(project("example", "1.0"), *twist, |_| None);
        let ran = publish_from(&world, &server, &[]);
        assert_eq!(ran.status, 0, "{class}: {}", ran.stderr);
        // Once at the start, once just before the token.
        assert_eq!(alone(&server), (0, 2), "{class}");
    }
}

#[test]
fn reports_of_what_no_release_holds_are_refused() {
    let cases: &[(&str, Twist, &[&str])] = &[
        (
            "a link",
            |which, honest| {
                if which == Which::List {
                    let size = sdist("example", "1.0").1.len();
                    let item = list_item(&format!("/{RELEASE}{SDIST}"), size);
                    return replaced(honest, &item, &item.replace("\"false\"", "\"true\""));
                }
                let at = honest.find(&format!("<S:add-file name=\"{SDIST}\""))?;
                let end = at + honest[at..].find('>')? + 1;
                let link = "<S:set-prop name=\"svn:special\">*</S:set-prop>";
                let linked = format!("{}{link}", &honest[at..end]);
                replaced(honest, &honest[at..end], &linked)
            },
            &["source-special"],
        ),
        (
            "an external",
            |which, honest| {
                if which == Which::List {
                    return replaced(honest, "has-props=\"false\"", "has-props=\"true\"");
                }
                let root = "<S:open-directory rev=\"5\">";
                let external = "<S:set-prop name=\"svn:externals\">^/dev x</S:set-prop>";
                replaced(honest, root, &format!("{root}{external}"))
            },
            &["source-special"],
        ),
        (
            "more files than the limit",
            |which, honest| {
                let many: String = (0..12_000)
                    .map(|number| list_item(&format!("/{RELEASE}f{number}"), 1))
                    .collect();
                let many = format!("{many}</S:list-report>");
                (which == Which::List).then(|| replaced(honest, "</S:list-report>", &many))?
            },
            &["limit-exceeded"],
        ),
        (
            "a server that asks for hours",
            |which, _| {
                let busy = ["Retry-After: 7200"];
                (which == Which::List).then(|| Reply::new("503 Service Unavailable", &busy, b""))
            },
            &["source-unreachable"],
        ),
    ];
    for (class, twist, rules) in cases {
        let world = World::start();
        let server = reporting(project("example", "1.0"), *twist, |_| None);
        let ran = publish_from(&world, &server, &[]);
        let status = if rules.contains(&"source-unreachable") {
            3
        } else {
            1
        };
        assert_refused(&world, &ran, class, rules, status);
    }
}
