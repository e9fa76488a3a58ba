// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Documents that Subversion writes, and those that it never would.

use proptest::prelude::*;

use super::*;

/// All events as lines, texts joined, or why there are none; the document
/// comes in parts that end at `cuts`.
fn events(document: &[u8], cuts: &[usize]) -> Result<Vec<String>, Malformed> {
    let mut lines: Vec<String> = Vec::new();
    let mut text = Vec::new();
    let mut scanner = Scanner::default();
    let mut from = 0;
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (document.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(document.len());
    for end in ends {
        scanner.feed(&document[from..end], |event| {
            if let Event::Text(part) = event {
                text.extend_from_slice(part);
                return Ok(());
            }
            if !text.is_empty() {
                lines.push(format!("{:?}", String::from_utf8_lossy(&text)));
                text.clear();
            }
            lines.push(match event {
                Event::Start(element) => {
                    let mut line = format!("{{{}}}{}", element.namespace, element.name);
                    for (name, value) in &element.attributes {
                        line.extend([" ", name, "=", &format!("{value:?}")]);
                    }
                    line
                }
                _ => "end".to_owned(),
            });
            Ok(())
        })?;
        from = end;
    }
    scanner.finish()?;
    Ok(lines)
}

const DOCUMENT: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
    "<S:r xmlns:S=\"svn:\" xmlns:D='DAV:'  a=\"x &amp;&#252;&gt; > '\">\n",
    "<S:item\n kind = \"\"/>",
);

#[test]
fn a_document_is_taken_apart() {
    let document = DOCUMENT.replace(" = ", "=") + "<D:x>a&lt;&#x26;b</D:x ></S:r>\n";
    assert_eq!(
        events(document.as_bytes(), &[]).unwrap(),
        [
            "{svn:}r xmlns:S=\"svn:\" xmlns:D=\"DAV:\" a=\"x &ü> > '\"",
            "\"\\n\"",
            "{svn:}item kind=\"\"",
            "end",
            "{DAV:}x",
            "\"a<&b\"",
            "end",
            "end",
        ]
    );
    assert_eq!(
        events(b"<r xmlns=\"svn:\"><a/></r>", &[]).unwrap()[1],
        "{svn:}a"
    );
}

#[test]
fn an_element_of_more_attributes_than_any_report_has_is_malformed() {
    let document = |count: usize| {
        let attributes: Vec<String> = (0..count).map(|n| format!("a{n}=''")).collect();
        format!("<r {}/>", attributes.join(" "))
    };
    assert!(events(document(MOST_ATTRIBUTES).as_bytes(), &[]).is_ok());
    assert!(events(document(MOST_ATTRIBUTES + 1).as_bytes(), &[]).is_err());
}

#[test]
fn what_no_report_has_is_malformed() {
    for document in [
        "",
        " ",
        "<r>",
        "<r",
        "<r></s>",
        "<r/><r/>",
        "<r/>x",
        "x<r/>",
        "</r>",
        "<>",
        "<!DOCTYPE r><r/>",
        "<!DOCTYPE r [<!ENTITY a \"b\">]><r>&a;</r>",
        "<r><!-- no --></r>",
        "<r><![CDATA[x]]></r>",
        "<r><?php ?></r>",
        "<r/><?xml version=\"1.0\"?>",
        "<r>&a;</r>",
        "<r>&#0;</r>",
        "<r>&#x1;</r>",
        "<r>&#xD800;</r>",
        "<r>&#+65;</r>",
        "<r>&#;</r>",
        "<r>&#99999999999999999999;</r>",
        "<r a/>",
        "<r a=b/>",
        "<r a=\"b\"c=\"d\"/>",
        "<r a=\"b\" a=\"c\"/>",
        "<r a=\"<\"/>",
        "<r a=\"&x;\"/>",
        "<r a=\"&amp\"/>",
        "<r a=\"\u{1}\"/>",
        "<S:r/>",
        "<r><a xmlns=\"svn:\"/></r>",
        "<r><a xmlns:S=\"svn:\"/></r>",
    ] {
        assert!(events(document.as_bytes(), &[]).is_err(), "{document}");
    }
    assert!(events(b"<r a=\"\xff\"/>", &[]).is_err());
}

#[test]
fn no_document_takes_memory() {
    let deep = "<a>".repeat(DEEPEST + 1);
    assert!(events(deep.as_bytes(), &[]).is_err());
    for endless in ["<r a=\"", "<r>&"] {
        let mut scanner = Scanner::default();
        let mut result = scanner.feed(endless.as_bytes(), |_| Ok(()));
        for _ in 0..1000 {
            result = result.and_then(|()| scanner.feed(&[b'x'; 1000], |_| Ok(())));
        }
        assert!(result.is_err(), "{endless}");
        assert!(scanner.pending.capacity() <= 2 * LONGEST_TAG);
    }
}

proptest! {
    #[test]
    fn where_the_parts_end_changes_nothing(
        tail in "[<>/&;aS:=\"' !?#x0]{0,40}",
        cuts in proptest::collection::vec(0_usize..400, 0..8),
        every in 1_usize..9,
    ) {
        let document = DOCUMENT.replace(" = ", "=") + &tail + "</S:r>";
        let whole = events(document.as_bytes(), &[]);
        prop_assert_eq!(&events(document.as_bytes(), &cuts), &whole);
        let small: Vec<usize> = (0..document.len()).step_by(every).collect();
        prop_assert_eq!(&events(document.as_bytes(), &small), &whole);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = events(&bytes, &[7, 20]);
    }
}
