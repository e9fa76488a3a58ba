// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use std::time::SystemTime;

use super::*;

fn item(size: Option<u64>, has_properties: bool) -> Item {
    Item {
        size,
        has_properties,
        created_revision: 2,
        committed: SystemTime::UNIX_EPOCH,
    }
}

/// What the two reports say of a folder with a file and a folder in it.
fn told() -> (BTreeMap<String, Item>, Nodes) {
    let items = [
        ("", item(None, false)),
        ("a", item(Some(5), true)),
        ("sub", item(None, true)),
    ];
    let items = items.map(|(path, item)| (path.to_owned(), item)).into();
    let mut nodes = Nodes::default();
    nodes.folder("").unwrap();
    nodes.folder("sub").unwrap();
    nodes.property("sub", "svn:externals").unwrap();
    nodes.file("a", Some([7; 20])).unwrap();
    nodes.property("a", "svn:special").unwrap();
    (items, nodes)
}

#[test]
fn both_reports_together_make_the_listing() {
    let (items, nodes) = told();
    let entries = merge(items, nodes.0).unwrap();
    let [a, sub] = entries.as_slice() else {
        panic!("two entries, not {entries:?}");
    };
    assert_eq!((a.path.as_str(), a.special), ("a", Some("link")));
    assert_eq!((a.size, a.sha1), (5, Some([7; 20])));
    assert_eq!(a.created_revision, Some(2));
    assert_eq!((sub.path.as_str(), sub.special), ("sub", Some("external")));
}

#[test]
fn reports_that_differ_make_none() {
    type Change = fn(&mut BTreeMap<String, Item>, &mut Nodes);
    let changes: [(&str, Change); 9] = [
        ("a file that only one lists", |items, _| {
            items.insert("b".to_owned(), item(Some(1), false));
        }),
        ("a file of which only one has the digest", |_, nodes| {
            nodes.file("b", Some([7; 20])).unwrap();
        }),
        ("a folder for a file", |items, _| {
            items.insert("a".to_owned(), item(None, true));
        }),
        ("a file for a folder", |items, _| {
            items.insert("sub".to_owned(), item(Some(1), true));
        }),
        ("a property that is kept back", |_, nodes| {
            nodes.0.get_mut("a").unwrap().has_properties = false;
        }),
        ("a property that is not there", |_, nodes| {
            nodes.property("", "svn:externals").unwrap();
        }),
        ("no digest", |_, nodes| {
            nodes.0.get_mut("a").unwrap().kind = Kind::File(None);
        }),
        ("no source", |items, _| {
            items.remove("");
        }),
        ("a file for the source", |items, nodes| {
            items.insert(String::new(), item(Some(1), false));
            nodes.0.get_mut("").unwrap().kind = Kind::File(Some([7; 20]));
        }),
    ];
    for (what, change) in changes {
        let (mut items, mut nodes) = told();
        change(&mut items, &mut nodes);
        assert!(merge(items, nodes.0).is_err(), "{what}");
    }
    let (_, mut nodes) = told();
    assert!(nodes.file("a", None).is_err(), "a path twice");
}
