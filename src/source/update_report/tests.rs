// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use roxmltree::Document;
use sha1::{Digest as _, Sha1};

use super::*;
use crate::source::svndiff::tests::encode;

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
    let body = ask_contents("/repos/dist/x%20y", 7, &wanted, &all).unwrap();
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
    let none = BTreeSet::new();
    assert_eq!(ask_contents("/x", 7, &none, &listing(&["a\u{1}b"])), None);
    let long = "x".repeat(LONGEST_QUESTION);
    assert_eq!(ask_contents("/x", 7, &none, &listing(&[&long])), None);
}

/// Notes what it is told, one line for each.
#[derive(Debug, Default, PartialEq)]
struct Notes {
    lines: Vec<String>,
    bytes: Vec<u8>,
    /// The size that is expected of every file.
    size: Option<u64>,
}

impl Editor for Notes {
    fn folder(&mut self, path: &str) -> Result<(), Malformed> {
        self.lines.push(format!("{path}/"));
        Ok(())
    }

    fn file(&mut self, path: &str, sha1: Option<[u8; 20]>) -> Result<Option<u64>, Malformed> {
        let sha1 = sha1.map_or_else(|| "-".to_owned(), hex::encode);
        self.lines.push(format!("{path} {sha1}"));
        self.bytes.clear();
        Ok(self.size)
    }

    fn property(&mut self, path: &str, name: &str) -> Result<(), Malformed> {
        self.lines.push(format!("{path} has {name}"));
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn whole(&mut self) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(&self.bytes);
        self.lines.push(format!("{text:?}"));
        Ok(())
    }
}

fn notes(answer: &[u8], size: Option<u64>, part: usize) -> Result<Vec<String>, Malformed> {
    let mut reader = Reader::new(3, size.is_some());
    let mut notes = Notes {
        size,
        ..Notes::default()
    };
    for part in answer.chunks(part) {
        reader.feed(part, &mut notes)?;
    }
    reader.finish()?;
    Ok(notes.lines)
}

/// As `mod_dav_svn` 1.14 answers.
const ANSWER: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<S:update-report xmlns:S="svn:" xmlns:V="http://subversion.tigris.org/xmlns/dav/" xmlns:D="DAV:" send-all="true" inline-props="true">
<S:target-revision rev="3"/>
<S:open-directory rev="3">
<D:checked-in><D:href>/repos/dist/!svn/rvr/3/release/foo</D:href></D:checked-in>
<S:set-prop name="svn:entry:committed-rev">3</S:set-prop>
<S:set-prop name="svn:externals">^/dev other
</S:set-prop>
<S:open-directory name="sub dir" rev="3"><S:add-directory name="deep &amp; &lt;ü&gt;" bc-url="/repos/dist/!svn/bc/3/x">
<S:add-file name="b &quot;q'.whl" sha1-checksum="2298fa9f7b587b063b5066b54a5281a08d1295b4">
<S:set-prop name="custom:x" encoding="base64">
YSAmIDxiPgEK
</S:set-prop>
<S:txdelta>U1ZOAAAA
BAEEhHNpZwo=</S:txdelta><S:prop><V:md5-checksum>1499e9d1e27b0b873931387d1dadfced</V:md5-checksum></S:prop></S:add-file>
</S:add-directory></S:open-directory>
<S:add-file name="empty.asc"><S:set-prop name="svn:special">*</S:set-prop><S:txdelta>U1ZOAA==</S:txdelta></S:add-file>
</S:open-directory>
</S:update-report>
"#;

#[test]
fn an_answer_tells_of_folders_files_properties_and_bytes() {
    let all = [
        "/",
        " has svn:externals",
        "sub dir/",
        "sub dir/deep & <ü>/",
        "sub dir/deep & <ü>/b \"q'.whl 2298fa9f7b587b063b5066b54a5281a08d1295b4",
        "sub dir/deep & <ü>/b \"q'.whl has custom:x",
        "\"sig\\n\"",
        "empty.asc -",
        "empty.asc has svn:special",
        "\"\"",
    ];
    assert_eq!(notes(ANSWER.as_bytes(), Some(4), 9999).unwrap(), all);
    let without = all.iter().filter(|line| !line.starts_with('"'));
    let without: Vec<_> = without.copied().collect();
    assert_eq!(notes(ANSWER.as_bytes(), None, 9999).unwrap(), without);
    let skelta = ANSWER.replace("send-all=\"true\"", "");
    assert_eq!(notes(skelta.as_bytes(), None, 9999).unwrap(), without);
}

#[test]
fn what_was_not_asked_for_is_malformed() {
    let of_file = "<S:txdelta>U1ZOAA==</S:txdelta>";
    for (from, to) in [
        (" send-all=\"true\"", ""),
        (" send-all=\"true\"", " send-all=\"false\""),
        ("xmlns:S=\"svn:\"", "xmlns:S=\"svn\""),
        ("target-revision rev=\"3\"", "target-revision rev=\"4\""),
        ("target-revision rev=\"3\"", "target-revision"),
        ("name=\"empty.asc\"", ""),
        ("name=\"empty.asc\"", "name=\"\""),
        ("name=\"empty.asc\"", "name=\"..\""),
        ("name=\"empty.asc\"", "name=\"a/b\""),
        ("name=\"sub dir\"", "name=\"../sub\""),
        (of_file, "<S:fetch-file/>"),
        (of_file, "<S:fetch-props/>"),
        (of_file, "<S:absent-file name=\"x\"/>"),
        (of_file, "<S:delete-entry name=\"x\"/>"),
        (of_file, "<S:open-file name=\"x\"/>"),
        (
            of_file,
            "<S:txdelta>U1ZOAA==</S:txdelta><S:txdelta>U1ZOAA==</S:txdelta>",
        ),
        (of_file, "<S:txdelta>U1ZOAA==<x/></S:txdelta>"),
        (of_file, "<S:txdelta>U1ZOAA</S:txdelta>"),
        (of_file, "<S:txdelta>U1ZOAA==U1ZOAA==</S:txdelta>"),
        (of_file, "<S:txdelta>U1ZOAQ==</S:txdelta>"),
        (of_file, "<S:txdelta/>"),
        (of_file, "x"),
        (of_file, "<S:add-file name=\"x\"/>"),
        ("2298fa9f", "2298fa9"),
        ("BAEEhHNpZwo=", "BQEEhHNpZwo="),
        (
            "</S:update-report>",
            "<S:open-directory/></S:update-report>",
        ),
        ("</S:update-report>", ""),
        (
            "<S:add-file name=\"empty.asc\">",
            "<S:add-file name=\"empty.asc\"><S:set-prop/>",
        ),
    ] {
        let answer = ANSWER.replacen(from, to, 1);
        assert_ne!(answer, ANSWER, "{from}");
        assert!(notes(answer.as_bytes(), Some(4), 9999).is_err(), "{to}");
    }
    assert!(
        notes(ANSWER.as_bytes(), Some(3), 9999).is_err(),
        "beyond the size"
    );
    for odd in [
        "",
        "<html/>",
        "<update-report/>",
        "<!DOCTYPE a><a/>",
        "<update-report xmlns=\"svn:\" send-all=\"true\"/>",
        "<update-report xmlns=\"DAV:\" send-all=\"true\"/>",
    ] {
        assert!(notes(odd.as_bytes(), Some(4), 99).is_err(), "{odd}");
    }
}

/// Believes a file only by its SHA-1, as every reader of contents does.
struct Proved {
    sha1: [u8; 20],
    bytes: Vec<u8>,
    accepted: Vec<Vec<u8>>,
}

impl Editor for Proved {
    fn folder(&mut self, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    fn file(&mut self, _: &str, _: Option<[u8; 20]>) -> Result<Option<u64>, Malformed> {
        self.bytes.clear();
        Ok(Some(1000))
    }

    fn property(&mut self, _: &str, _: &str) -> Result<(), Malformed> {
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.bytes.extend_from_slice(bytes);
        assert!(self.bytes.len() <= 1000, "more than the file has");
        Ok(())
    }

    fn whole(&mut self) -> Result<(), Malformed> {
        if Sha1::digest(&self.bytes)[..] == self.sha1 {
            self.accepted.push(self.bytes.clone());
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn where_the_parts_end_changes_nothing(
        place in 0_usize..ANSWER.len(),
        byte in any::<u8>(),
        part in 1_usize..60,
    ) {
        let mut answer = ANSWER.as_bytes().to_vec();
        prop_assert_eq!(notes(&answer, Some(4), part), notes(&answer, Some(4), 9999));
        answer[place] = byte;
        prop_assert_eq!(notes(&answer, Some(4), part), notes(&answer, Some(4), 9999));
    }

    #[test]
    fn no_damage_makes_other_bytes_of_a_file(
        file in proptest::collection::vec(any::<u8>(), 0..600),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let delta = STANDARD.encode(encode(&file));
        let answer = ANSWER.replace("U1ZOAA==", &delta);
        let mut answer = answer.into_bytes();
        for (place, byte) in damage {
            let place = place.index(answer.len());
            answer[place] = byte;
        }
        if let Some(cut) = cut {
            answer.truncate(cut.index(answer.len()));
        }
        let mut proved = Proved {
            sha1: Sha1::digest(&file).into(),
            bytes: Vec::new(),
            accepted: Vec::new(),
        };
        let mut reader = Reader::new(3, true);
        let read = answer.chunks(100).try_for_each(|part| reader.feed(part, &mut proved));
        let _ = read.and_then(|()| reader.finish());
        for accepted in proved.accepted {
            prop_assert_eq!(&accepted, &file);
        }
    }
}
