// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Subversion's own way to send many files in one answer: the update report
//! (`REPORT` on `!svn/me`), asked by a working copy that has every file but
//! the wanted ones. Pure: writes the question and reads the answer; nothing of
//! the answer is believed before its digest was held against the listing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node};

use super::Entry;
use super::{svndiff, webdav};

/// The namespace of Subversion's own elements.
const SVN: &str = "svn:";
/// A file in more folders than these is read alone: walking up from each file
/// of a hostile answer must not take for ever.
const DEEPEST: usize = 64;

/// The question, at one revision, for the `wanted` paths of a listing of the
/// directory at `address` (an absolute, encoded URL path). None where a path
/// cannot be written in XML.
pub(super) fn question(
    address: &str,
    revision: u64,
    wanted: &BTreeSet<&str>,
    listing: &[Entry],
) -> Option<String> {
    let mut body = format!(
        "<S:update-report xmlns:S=\"svn:\" send-all=\"true\"><S:src-path>{}</S:src-path>\
         <S:target-revision>{revision}</S:target-revision><S:depth>infinity</S:depth>\
         <S:entry rev=\"{revision}\" start-empty=\"true\"></S:entry>",
        escape(address)?
    );
    let mut told = BTreeSet::new();
    for entry in listing {
        let path = entry.path.as_str();
        if wanted.contains(path) || entry.special == Some("external") {
            continue;
        }
        // A file is had only in a folder that is had.
        for (end, _) in path.match_indices('/') {
            let folder = path.get(..end)?;
            if told.insert(folder) {
                let name = escape(folder)?;
                // Writing to a string cannot fail.
                let _ = write!(
                    body,
                    "<S:entry rev=\"{revision}\" start-empty=\"true\">{name}</S:entry>"
                );
            }
        }
        let _ = write!(
            body,
            "<S:entry rev=\"{revision}\">{}</S:entry>",
            escape(path)?
        );
    }
    body.push_str("</S:update-report>");
    Some(body)
}

/// The files that an answer holds of those that are `wanted`, which are named
/// with their sizes in bytes; none where it is no answer. What was not asked
/// for is not even decoded, nor is a path that comes again, so that no answer
/// takes more memory than what was listed. A file without its bytes, as servers
/// send that do not want to send all, is left out.
pub(super) fn answer(
    body: &[u8],
    wanted: &BTreeMap<&str, usize>,
) -> Option<BTreeMap<String, Vec<u8>>> {
    let text = std::str::from_utf8(body).ok()?;
    let document = Document::parse_with_options(text, webdav::bounded()).ok()?;
    if !document.root_element().has_tag_name((SVN, "update-report")) {
        return None;
    }
    let added = document
        .descendants()
        .filter(|node| node.has_tag_name((SVN, "add-file")));
    let mut left = wanted.clone();
    Some(
        added
            .filter_map(|file| {
                let path = path_of(file)?;
                let size = left.remove(path.as_str())?;
                Some((path, content(file, size)?))
            })
            .collect(),
    )
}

/// The names of the folders around a file, and its own.
fn path_of(file: Node<'_, '_>) -> Option<String> {
    if file.ancestors().nth(DEEPEST).is_some() {
        return None;
    }
    let mut names = vec![file.attribute("name")?];
    let folders = file.ancestors().filter(|node| {
        node.has_tag_name((SVN, "add-directory")) || node.has_tag_name((SVN, "open-directory"))
    });
    // Only the outermost folder has no name: the source itself.
    names.extend(folders.filter_map(|folder| folder.attribute("name")));
    names.reverse();
    Some(names.join("/"))
}

fn content(file: Node<'_, '_>, limit: usize) -> Option<Vec<u8>> {
    let delta = file
        .children()
        .find(|node| node.has_tag_name((SVN, "txdelta")))?;
    let mut text = delta.text()?.as_bytes().to_vec();
    text.retain(|byte| !byte.is_ascii_whitespace());
    svndiff::decode(&STANDARD.decode(text).ok()?, limit)
}

/// The text as XML holds it; none where XML cannot.
fn escape(text: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => return None,
            c => escaped.push(c),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Vec<Entry> {
        let entry = |path: &&str| Entry {
            path: (*path).to_owned(),
            ..Entry::default()
        };
        paths.iter().map(entry).collect()
    }

    #[test]
    fn the_question_names_all_that_is_not_wanted_with_its_folders_first() {
        let all = listing(&[
            "a&b.whl",
            "a&b.whl.asc",
            "sub dir/deep/c.whl",
            "sub dir/deep/c.whl.asc",
        ]);
        let wanted = BTreeSet::from(["a&b.whl.asc", "sub dir/deep/c.whl.asc"]);
        let body = question("/repos/dist/x%20y", 7, &wanted, &all).unwrap();
        let document = Document::parse(&body).unwrap();
        let entries: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name((SVN, "entry")))
            .map(|node| {
                (
                    node.text().unwrap_or(""),
                    node.attribute("start-empty").is_some(),
                )
            })
            .collect();
        assert_eq!(
            entries,
            [
                ("", true),
                ("a&b.whl", false),
                ("sub dir", true),
                ("sub dir/deep", true),
                ("sub dir/deep/c.whl", false),
            ]
        );
        assert!(body.contains("<S:src-path>/repos/dist/x%20y</S:src-path>"));
        assert_eq!(
            question("/x", 7, &BTreeSet::new(), &listing(&["a\u{1}b"])),
            None
        );
    }

    #[test]
    fn files_come_out_under_their_whole_paths() {
        // As mod_dav_svn 1.14 answers, shortened.
        let body = r#"<?xml version="1.0" encoding="utf-8"?>
<S:update-report xmlns:S="svn:" xmlns:V="http://subversion.tigris.org/xmlns/dav/" send-all="true">
<S:target-revision rev="1"/><S:open-directory rev="1">
<S:open-directory name="sub dir" rev="1"><S:add-directory name="deep">
<S:add-file name="o&amp;d.asc" sha1-checksum="00"><S:set-prop name="svn:entry:committed-rev">1</S:set-prop>
<S:txdelta>U1ZOAAAA
BAEEhHNpZwo=</S:txdelta><S:prop><V:md5-checksum>00</V:md5-checksum></S:prop></S:add-file>
<S:add-file name="without.asc"><S:fetch-file/></S:add-file>
</S:add-directory></S:open-directory>
<S:add-file name="empty.asc"><S:txdelta>U1ZOAA==</S:txdelta></S:add-file>
<S:add-file name="broken.asc"><S:txdelta>U1ZOAA</S:txdelta></S:add-file>
</S:open-directory></S:update-report>"#;
        let of_size = |size| {
            BTreeMap::from([
                ("sub dir/deep/o&d.asc", size),
                ("sub dir/deep/without.asc", 9),
                ("empty.asc", 0),
                ("broken.asc", 9),
            ])
        };
        let files = answer(body.as_bytes(), &of_size(4)).unwrap();
        let files: Vec<_> = files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
            .collect();
        assert_eq!(
            files,
            [
                ("empty.asc", b"".as_slice()),
                ("sub dir/deep/o&d.asc", b"sig\n")
            ]
        );
        assert!(
            !answer(body.as_bytes(), &of_size(3))
                .unwrap()
                .contains_key("sub dir/deep/o&d.asc")
        );
        for odd in ["", "<html/>", "<update-report/>", "<!DOCTYPE a><a/>"] {
            assert!(answer(odd.as_bytes(), &of_size(4)).is_none(), "{odd}");
        }
    }

    #[test]
    fn an_answer_takes_no_more_memory_than_what_was_asked_for() {
        // One window of 2 MiB out of a few bytes: one fresh byte that repeats itself.
        let bomb = |size: usize| {
            let number = |number: usize| {
                [14, 7, 0].map(|shift| {
                    let more = if shift == 0 { 0 } else { 0x80 };
                    u8::try_from(number >> shift & 0x7f).unwrap() | more
                })
            };
            let copy = [&[0x81, 0x40][..], &number(size - 1), &[0]].concat();
            let mut diff = b"SVN\0\0\0".to_vec();
            diff.extend(number(size));
            diff.extend([u8::try_from(copy.len()).unwrap(), 1]);
            diff.extend(copy);
            diff.push(b'x');
            STANDARD.encode(diff)
        };
        let large = bomb(2_000_000);
        let small = bomb(5);
        let file = |name: &str, diff: &str| {
            format!("<S:add-file name=\"{name}\"><S:txdelta>{diff}</S:txdelta></S:add-file>")
        };
        let mut body = "<S:update-report xmlns:S=\"svn:\">".to_owned();
        for number in 0..1000 {
            body.push_str(&file(&format!("unasked-{number}"), &large));
        }
        body.push_str(&file("larger-than-listed", &large));
        body.push_str(&file("twice", &small));
        body.push_str(&file("twice", &large));
        body.push_str("</S:update-report>");
        let wanted = BTreeMap::from([("larger-than-listed", 5), ("twice", 5)]);
        let files = answer(body.as_bytes(), &wanted).unwrap();
        let expected = BTreeMap::from([("twice".to_owned(), b"xxxxx".to_vec())]);
        assert!(files == expected, "{:?}", files.keys());
        let all = BTreeMap::from([("unasked-7", 2_000_000)]);
        let files = answer(body.as_bytes(), &all).unwrap();
        assert_eq!(files.len(), 1, "the bomb is one that goes off");
    }
}
