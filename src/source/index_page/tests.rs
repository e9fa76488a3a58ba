// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use proptest::prelude::*;

use super::*;

const FOLDER: &str = "/dist/a%20b/1.0/";

/// A page of this body, as httpd frames it.
fn page(body: &str) -> String {
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n\
         <html>\n <head>\n  <title>Index of /dist/a b/1.0</title>\n </head>\n <body>\n\
         <h1>Index of /dist/a b/1.0</h1>\n{body}</body></html>\n"
    )
}

/// The rows of a listing, in the three forms of `mod_autoindex`.
fn forms(hrefs: &[&str]) -> [String; 4] {
    let rows = |row: &dyn Fn(&str) -> String| -> String {
        let parent = ["/dist/a%20b/"];
        parent.iter().chain(hrefs).map(|href| row(href)).collect()
    };
    let sort = "<a href=\"?C=N;O=D\">Name</a> <a href=\"?C=M;O=A\">Last modified</a>";
    let plain = rows(&|href| format!("<li><a href=\"{href}\"> cut..&gt;</a></li>\n"));
    let fancy = rows(&|href| {
        let icon = "<img src=\"/icons/x.gif\" alt=\"[   ]\">";
        format!("{icon} <a href=\"{href}\">averyveryver..&gt;</a> 2026-11-25 21:46  294K  \n")
    });
    let icons = rows(&|href| format!("<a href=\"{href}\">   </a> <a href=\"{href}\">x</a>\n"));
    let table = rows(&|href| {
        format!(
            "<tr><td valign=\"top\">&nbsp;</td><td><a href=\"{href}\">x..&gt;</a></td>\
             <td align=\"right\">2026-11-25 21:46  </td><td align=\"right\">294K</td></tr>\n"
        )
    });
    [
        page(&format!("<ul>{plain}</ul>\n")),
        page(&format!("<pre>      {sort}<hr>{fancy}<hr></pre>\n")),
        page(&format!("<pre>{sort}<hr />{icons}<hr /></pre>\n")),
        page(&format!(
            "  <table>\n   <tr><th>{sort}</th></tr>\n{table}</table>\n"
        )),
    ]
}

#[track_caller]
fn assert_names(page: &str, expected: &[(&str, bool)]) {
    let names = read(page.as_bytes(), FOLDER).unwrap();
    let found: Vec<(&str, bool)> = names
        .iter()
        .map(|(name, is_folder)| (name.as_str(), *is_folder))
        .collect();
    assert_eq!(found, expected, "{page}");
}

#[test]
fn every_form_gives_the_names_of_its_links() {
    for page in forms(&[
        "...",
        "100%2525.whl",
        "./a:b.whl",
        "a+b=c@d,e~f.whl",
        "b%20c.tar.gz",
        "back%5cslash",
        "q%3fx%23y&amp;z%3ct%3e%22u'.whl",
        "semi;x$!*().whl",
        "sub/",
        "%c3%a9.whl",
    ]) {
        assert_names(
            &page,
            &[
                ("...", false),
                ("100%25.whl", false),
                ("a+b=c@d,e~f.whl", false),
                ("a:b.whl", false),
                ("b c.tar.gz", false),
                ("back\\slash", false),
                ("q?x#y&z<t>\"u'.whl", false),
                ("semi;x$!*().whl", false),
                ("sub", true),
                ("é.whl", false),
            ],
        );
    }
    for page in forms(&[]) {
        assert_names(&page, &[]);
    }
}

#[test]
fn links_that_lead_elsewhere_name_nothing_here() {
    for page in forms(&[
        "..",
        "../",
        "../evil.whl",
        ".",
        "./",
        "",
        "/",
        "/dist/",
        "/dist/a%20b/1.0/",
        "/dist/a%20b/1.0",
        "/dist/a%20b/1.0/?C=N;O=D",
        "/elsewhere/x.whl",
        "//example.org/x.whl",
        "https://example.org/x.whl",
        "https://example.org/dist/a%20b/1.0/x.whl",
        "mailto:dev@example.org",
        "javascript:alert(1)",
        "#top",
        "?C=S;O=A",
        "?p=5",
        " a.whl ",
        "a&#46;tar.gz",
        "a&#x2E;zip",
    ]) {
        assert_names(
            &page,
            &[("a.tar.gz", false), ("a.whl", false), ("a.zip", false)],
        );
    }
}

#[test]
fn a_link_into_the_folder_in_disguise_refuses_the_page() {
    let long = "x".repeat(NAME_LIMIT + 1);
    for link in [
        "sub/x.whl",
        "sub//",
        "./../x.whl",
        "././x.whl",
        "/dist/a%20b/1.0/x.whl",
        "/dist/a b/1.0/x.whl",
        "/dist/%61%20b/1.0/x.whl",
        "/dist/a%20b/1.0/../x.whl",
        "%2e%2e",
        "%2e%2e/",
        ".%2E",
        "%2e",
        "sub%2fx.whl",
        "nl%0aname",
        "nul%00",
        "del%7f",
        "c1%c2%85",
        "%ff",
        "x.whl?C=N",
        "x.whl#y",
        "x y.whl",
        "tab\ty",
        "é.whl",
        "x&nbsp;y",
        "x&#10;y",
        "x&y",
        "&#x110000;",
        "&#+46;tar.gz",
        "&#x+2E;zip",
        &long,
    ] {
        for page in forms(&["a.whl", link]) {
            let error = read(page.as_bytes(), FOLDER).unwrap_err();
            assert!(
                matches!(error, IndexPageError::Link(_)),
                "{link:?} gave {error}"
            );
        }
    }
    for page in forms(&["x", "x/"]) {
        let twice = Err(IndexPageError::Twice("x".to_owned()));
        assert_eq!(read(page.as_bytes(), FOLDER), twice);
    }
}

#[test]
fn only_an_index_page_is_one() {
    let listing = "<ul><li><a href=\"a.whl\">a.whl</a></li></ul>";
    for (page, expected) in [
        ("", IndexPageError::NoTitle),
        (
            "-----BEGIN PGP PUBLIC KEY BLOCK-----",
            IndexPageError::NoTitle,
        ),
        (
            "<html><title>Welcome</title><h1>Index of /</h1></html>",
            IndexPageError::Title("Welcome".to_owned()),
        ),
        (
            "<html><title>dist - Revision 7: /dev</title></html>",
            IndexPageError::Title("dist - Revision 7: /dev".to_owned()),
        ),
        (
            "<html><TITLE>index of /</TITLE></html>",
            IndexPageError::Title("index of /".to_owned()),
        ),
        (
            "<html><!-- <title>Index of /</title> --></html>",
            IndexPageError::NoTitle,
        ),
        (
            "<html><script>'<title>Index of /</title>'</script></html>",
            IndexPageError::NoTitle,
        ),
        (
            "<title>Login</title><title>Index of /</title></html>",
            IndexPageError::Title("Login".to_owned()),
        ),
        (
            &format!("<html><title>Index of /</title>{listing}</body>"),
            IndexPageError::Cut,
        ),
        (
            &format!("<html><title>Index of /</title>{listing}<a href=\"</html>"),
            IndexPageError::Cut,
        ),
    ] {
        assert_eq!(read(page.as_bytes(), "/"), Err(expected), "{page}");
    }
    // nginx's and lighttpd's pages have the same title.
    let nginx = "<html>\r\n<head><title>Index of /x/</title></head>\r\n<body>\r\n\
        <h1>Index of /x/</h1><hr><pre><a href=\"../\">../</a>\r\n\
        <a href=\"a.whl\">a.whl</a>   25-Nov-2026 21:46   2\r\n</pre><hr></body>\r\n</html>\r\n";
    assert_names(nginx, &[("a.whl", false)]);
}

#[test]
fn what_a_project_writes_around_its_listing_does_not_count() {
    let around = "<ul><li><a href=\"gone.whl\">old</a></li><li><a href=\"sub/old.zip\">x</a></ul>\
        <pre><a href=\"example.txt\">x</a></pre><a href=\"%00\">x</a>\
        <style>a::before{content:'<a href=\"style.whl\">'}</style>\
        <!-- <a href=\"comment.whl\"> <pre> <a href=\"?C=N;O=D\"> -->";
    for listing in &forms(&["a.whl"])[1..] {
        let body = listing.split_once("</h1>\n").unwrap().1;
        let body = body.split_once("</body>").unwrap().0;
        let page = page(&format!("{around}{body}{around}"));
        assert_names(&page, &[("a.whl", false)]);
    }
}

#[test]
fn attributes_are_read_as_browsers_read_them() {
    for (tag, expected) in [
        ("<A HREF='a.whl'>", Some("a.whl")),
        ("<a class=x href=a.whl>", Some("a.whl")),
        ("<a title=\"a>b\" href = \"a.whl\">", Some("a.whl")),
        ("<a href=\"a.whl\" href=\"b.whl\">", Some("a.whl")),
        ("<a data-href=\"b.whl\" href=\"a.whl\">", Some("a.whl")),
        ("<a title=\" href='b.whl'\" href='a.whl'/>", Some("a.whl")),
        ("<a\n\thref=\"a.whl\"\n>", Some("a.whl")),
        ("<a name=\"href\">", None),
        ("<a>", None),
        ("<abbr href=\"a.whl\">", None),
        ("<link href=\"a.whl\">", None),
        ("</a href=\"a.whl\">", None),
    ] {
        let names = read(page(tag).as_bytes(), FOLDER).unwrap();
        let names: Vec<&str> = names.keys().map(String::as_str).collect();
        assert_eq!(names, expected.as_slice(), "{tag}");
    }
}

#[test]
fn a_page_without_end_is_refused() {
    let many = "<a href=\"?x\">".repeat(LINKS_LIMIT + 1);
    let read = read(page(&many).as_bytes(), FOLDER);
    assert_eq!(read, Err(IndexPageError::TooMany));
}

/// Whatever came, what is read can only lie in the folder.
fn assert_confined(page: &[u8]) {
    for (name, _) in read(page, FOLDER).into_iter().flatten() {
        assert!(!name.is_empty() && name != "." && name != "..", "{name:?}");
        assert!(!name.contains('/') && name.len() <= NAME_LIMIT, "{name:?}");
        assert!(!name.chars().any(char::is_control), "{name:?}");
        let url = path::encode(["x", &name]);
        assert_eq!(url.split('/').count(), 3, "{name:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_lead_out_of_the_folder(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        assert_confined(&bytes);
        let body = String::from_utf8_lossy(&bytes);
        assert_confined(page(&body).as_bytes());
    }

    #[test]
    fn no_tags_lead_out_of_the_folder(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("<a href=".to_owned()), Just("\"".to_owned()), Just("'".to_owned()),
                Just(">".to_owned()), Just("<pre>".to_owned()), Just("</pre>".to_owned()),
                Just("<!--".to_owned()), Just("-->".to_owned()), Just("?C=N".to_owned()),
                Just("..".to_owned()), Just("/".to_owned()), Just("%2f".to_owned()),
                Just("%2e".to_owned()), Just("%0a".to_owned()), Just("&#".to_owned()),
                Just("&amp;".to_owned()), Just(";".to_owned()), Just(":".to_owned()),
                Just(FOLDER.to_owned()), "[ -~]{0,4}", any::<char>().prop_map(String::from),
            ],
            0..40,
        )
    ) {
        assert_confined(page(&parts.concat()).as_bytes());
    }

    #[test]
    fn every_name_that_httpd_can_list_comes_back(name in "[^/\\p{C}]{1,60}") {
        prop_assume!(!matches!(&*name, "." | ".." | "sub") && name.len() <= NAME_LIMIT);
        let href = path::encode([name.as_str()]);
        let href = href.strip_prefix('/').unwrap_or_default();
        for page in forms(&[href, "sub/"]) {
            let names = read(page.as_bytes(), FOLDER).unwrap();
            prop_assert_eq!(names.get(&name), Some(&false), "{}", page);
            prop_assert_eq!(names.len(), 2);
        }
    }
}
