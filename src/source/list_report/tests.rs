// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use proptest::prelude::*;

use super::*;

const DATE: &str = "2026-11-25T21:38:16.221400Z";

fn item(attributes: &str, path: &str) -> String {
    format!("<S:item {attributes} created-rev=\"3\" date=\"{DATE}\">{path}</S:item>\n")
}

fn file(size: u64, path: &str) -> String {
    item(
        &format!("node-kind=\"file\" size=\"{size}\" has-props=\"false\""),
        path,
    )
}

const FOLDER: &str = "node-kind=\"dir\" size=\"-1\" has-props=\"true\"";

fn answer(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <S:list-report xmlns:S=\"svn:\" xmlns:D=\"DAV:\">\n{items}</S:list-report>\n"
    )
}

fn read(answer: &str, source: &[&str], size: usize) -> Result<BTreeMap<String, Item>, Malformed> {
    let source: Vec<String> = source.iter().map(|&name| name.to_owned()).collect();
    let mut reader = Reader::new(&source);
    for part in answer.as_bytes().chunks(size) {
        reader.feed(part)?;
    }
    reader.finish()
}

#[test]
fn a_tree_of_mod_dav_svn_is_read() {
    let items = [
        item(FOLDER, "/release/foo"),
        file(
            300_000,
            "/release/foo/a.whl<D:creator-displayname>root</D:creator-displayname>",
        ),
        item(FOLDER, "/release/foo/sub dir/100%25 &amp; &lt;ü&gt;"),
    ];
    let found = read(&answer(&items.concat()), &["release", "foo"], 7).unwrap();
    let shown: Vec<_> = found
        .iter()
        .map(|(path, item)| (path.as_str(), item.size, item.has_properties))
        .collect();
    assert_eq!(
        shown,
        [
            ("", None, true),
            ("a.whl", Some(300_000), false),
            ("sub dir/100%25 & <ü>", None, true),
        ]
    );
    let a = &found["a.whl"];
    assert_eq!(a.created_revision, 3);
    assert_eq!(
        humantime::format_rfc3339_micros(a.committed).to_string(),
        DATE
    );
    // The repository's root ends in the slash that it is.
    let root = item(FOLDER, "/") + &file(1, "/KEYS");
    let root = read(&answer(&root), &[], 99).unwrap();
    assert_eq!(root.keys().collect::<Vec<_>>(), ["", "KEYS"]);
}

#[test]
fn what_is_no_tree_of_the_source_is_malformed() {
    let legal = file(1, "/a/b/c");
    assert!(read(&answer(&legal), &["a", "b"], 99).is_ok());
    for path in [
        "",
        "/",
        "/a",
        "/a/",
        "/a/bc",
        "/a/b/",
        "/a/b//c",
        "/a/b/../c",
        "/a/b/./c",
        "/a/b/..",
        "/x/b/c",
        "a/b/c",
        "c",
        "//a/b/c",
    ] {
        let items = file(1, path);
        assert!(read(&answer(&items), &["a", "b"], 99).is_err(), "{path}");
    }
    for (from, to) in [
        ("\"file\"", "\"symlink\""),
        ("\"file\"", "\"unknown\""),
        ("size=\"1\"", ""),
        ("size=\"1\"", "size=\"-1\""),
        ("size=\"1\"", "size=\"18446744073709551616\""),
        ("has-props=\"false\"", ""),
        ("has-props=\"false\"", "has-props=\"no\""),
        ("created-rev=\"3\"", ""),
        (DATE, "yesterday"),
        ("S:item", "D:item"),
        ("S:item", "S:node"),
    ] {
        let items = legal.replace(from, to);
        assert_ne!(items, legal);
        assert!(read(&answer(&items), &["a", "b"], 99).is_err(), "{to}");
    }
    let twice = answer(&(legal.clone() + &legal));
    assert_eq!(
        read(&twice, &["a", "b"], 99),
        Err(Malformed("a path twice"))
    );
    for odd in [
        "",
        "<html/>",
        "<list-report/>",
        "<list-report xmlns=\"DAV:\"/>",
    ] {
        assert!(read(odd, &[], 99).is_err(), "{odd}");
    }
    assert!(read(&answer("a"), &[], 99).is_err());
    let cut = answer(&legal);
    assert!(read(&cut[..cut.len() - 4], &["a", "b"], 99).is_err());
    let endless = file(1, &format!("/a/b/{}", "x".repeat(LONGEST_PATH)));
    assert!(read(&answer(&endless), &["a", "b"], 99).is_err());
}

proptest! {
    #[test]
    fn where_the_parts_end_changes_nothing(names in "[a-c/.&;<>\" é]{0,12}", size in 1_usize..40) {
        let answer = answer(&(file(1, &format!("/a/{names}")) + &item(FOLDER, "/a")));
        prop_assert_eq!(read(&answer, &["a"], size), read(&answer, &["a"], 9999));
    }
}
