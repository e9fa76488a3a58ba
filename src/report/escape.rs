// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Foreign text made harmless, for each place where it may land.
//!
//! File names, user ids and servers' messages are foreign: they may hold line
//! breaks, workflow commands, Markdown, HTML, or characters that no terminal
//! shows.

use std::fmt::Write as _;

use crate::endpoints::{PROJECT_PAGE, PYPI_BASE, TESTPYPI_BASE};

/// Characters that move, hide or reorder text without being control
/// characters by Unicode's own word.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Characters that no reader of a text sees for what they are.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// One line for a log. A runner reads `::command::` at the start of a line and
/// `##[command]` anywhere in it: the caller puts a word before the text, and
/// the second form is broken here.
pub fn line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push(' '),
            c if is_hidden(c) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe.replace("##[", "## [")
}

/// The data of a workflow command.
pub fn command_data(text: &str) -> String {
    line(text).replace('%', "%25")
}

/// A property of a workflow command.
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Inside Markdown, also in a table: shown as code, to the letter. Everything
/// but letters, digits, blanks and `-` becomes a character reference, so
/// that neither Markdown, HTML nor automatic links and mentions see it.
pub fn markdown(text: &str) -> String {
    format!("<code>{}</code>", references(text))
}

/// Lines of Markdown's raw HTML, shown as they are, to be copied.
pub fn preformatted(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| references(line)).collect();
    format!("<pre>{}</pre>", lines.join("\n"))
}

/// A sentence for Markdown, also in a table: nothing in it is active but what
/// stands between two backquotes, which is shown as code, and addresses of the
/// pages that release managers are sent to.
pub fn prose(text: &str) -> String {
    let text = line(text);
    let parts: Vec<&str> = text.split('`').collect();
    // A backquote without its second is one.
    let paired = parts.len() - 1 + parts.len() % 2;
    let mut safe = String::new();
    for (at, part) in parts.iter().enumerate() {
        match at {
            _ if at >= paired => {
                safe.push_str("&#96;");
                safe.push_str(&linked(part));
            }
            _ if at % 2 == 1 => safe.push_str(&markdown(part)),
            _ => safe.push_str(&linked(part)),
        }
    }
    safe
}

/// Words, of which the addresses of known pages are links.
fn linked(text: &str) -> String {
    let is_known = |word: &str| {
        let mut pages = [PYPI_BASE, TESTPYPI_BASE, PROJECT_PAGE].into_iter();
        pages.any(|page| {
            word.strip_prefix(page)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let word = |word: &str| {
        let address = word.trim_end_matches(['.', ',', ';']);
        let rest = word.get(address.len()..).unwrap_or_default();
        if is_known(address) {
            let shown = references(address).replace('-', "&#45;");
            let rest = references(rest);
            format!("<a href=\"{}\">{shown}</a>{rest}", href(address))
        } else {
            references(word).replace('-', "&#45;")
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A link to a page of the web; only the text where the address is none.
pub fn link(text: &str, address: &str) -> String {
    if address.starts_with("https://") || address.starts_with("http://") {
        format!("<a href=\"{}\">{}</a>", href(address), markdown(text))
    } else {
        markdown(text)
    }
}

/// An address as an attribute: whatever could end it, or mean something to
/// Markdown, is percent-encoded.
fn href(address: &str) -> String {
    let mut safe = String::with_capacity(address.len());
    for byte in address.bytes() {
        match byte {
            b'&' => safe.push_str("&amp;"),
            b'_' => safe.push_str("&#95;"),
            b'-' | b'.' | b'~' | b'/' | b':' | b'?' | b'=' | b'%' | b'+' | b',' | b'#' => {
                safe.push(char::from(byte));
            }
            _ if byte.is_ascii_alphanumeric() => safe.push(char::from(byte)),
            _ => {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
    }
    safe
}

/// What Mermaid reads in a label however it is written, and what is written in
/// its place: a formula, the end of a line, an icon, and the two signs by which
/// it marks character references while it works.
const READ_BY_MERMAID: [(&str, &str); 5] = [
    ("$$", "$ $"),
    ("\\n", "\\ n"),
    (":fa-", ": fa-"),
    ("ﬂ°", "ﬂ °"),
    ("¶ß", "¶ ß"),
];

/// Inside a quoted label of a Mermaid diagram: everything but letters, digits,
/// blanks and commas becomes one of Mermaid's own character references, and what
/// it would read in spite of that is taken apart by a blank.
pub fn mermaid(text: &str) -> String {
    let mut apart = line(text);
    for (read, written) in READ_BY_MERMAID {
        while apart.contains(read) {
            apart = apart.replace(read, written);
        }
    }
    let mut safe = String::new();
    for c in apart.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '…') {
            safe.push(c);
        } else {
            let _ = write!(safe, "#{};", u32::from(c));
        }
    }
    safe
}

fn references(text: &str) -> String {
    let mut safe = String::new();
    for c in line(text).chars() {
        if c.is_alphanumeric() || c == ' ' || c == '-' {
            safe.push(c);
        } else {
            let _ = write!(safe, "&#{};", u32::from(c));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_and_holds_no_command() {
        for (foreign, safe) in [
            ("a\nb", "a\\nb"),
            ("a\r::set-output name=x::y", "a\\r::set-output name=x::y"),
            ("x ##[add-mask]y", "x ## [add-mask]y"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{85}next\u{2028}line", "\\u{85}next\\u{2028}line"),
            ("Zürich", "Zürich"),
        ] {
            assert_eq!(line(foreign), safe);
        }
    }

    #[test]
    fn commands_escape_what_ends_data_and_properties() {
        assert_eq!(command_data("50%\n"), "50%25\\n");
        assert_eq!(command_property("a:b,c%"), "a%3Ab%2Cc%25");
    }

    #[test]
    fn markdown_shows_foreign_text_to_the_letter() {
        let safe = markdown("|<img src=x>|[a](http://b) @apache `x` www.evil.example\n# h");
        for active in ["<img", "|", "[", "](", "@", "`", "://", "www.", "\n", "#h"] {
            let inner = safe
                .trim_start_matches("<code>")
                .trim_end_matches("</code>");
            assert!(!inner.contains(active), "{active} in {inner}");
        }
        assert!(safe.contains("apache"));
    }

    #[test]
    fn preformatted_lines_stay_lines_and_end_nothing() {
        let lines = ["a</pre>\nb".to_owned(), String::new(), "@c".to_owned()];
        assert_eq!(
            preformatted(&lines),
            "<pre>a&#60;&#47;pre&#62;&#92;nb\n\n&#64;c</pre>"
        );
    }

    #[test]
    fn prose_shows_code_and_known_pages_and_nothing_else_is_active() {
        for (text, safe) in [
            (
                "Give `id-token: write`.",
                "Give <code>id-token&#58; write</code>&#46;",
            ),
            ("one ` alone", "one &#96; alone"),
            ("`a` and `b", "<code>a</code> and &#96;b"),
            ("GH-1 @x <b>", "GH&#45;1 &#64;x &#60;b&#62;"),
            (
                "See https://pypi.org/manage/?a=b&c=d.",
                "See <a href=\"https://pypi.org/manage/?a=b&amp;c=d\">https&#58;&#47;&#47;pypi&#46;org\
                 &#47;manage&#47;&#63;a&#61;b&#38;c&#61;d</a>&#46;",
            ),
            (
                "https://pypi.org.evil.example/",
                "https&#58;&#47;&#47;pypi&#46;org&#46;evil&#46;example&#47;",
            ),
        ] {
            assert_eq!(prose(text), safe);
        }
    }

    #[test]
    fn links_lead_to_pages_and_end_where_they_should() {
        assert_eq!(
            link("r7", "https://dist.example.org/a_b/?p=7"),
            "<a href=\"https://dist.example.org/a&#95;b/?p=7\"><code>r7</code></a>"
        );
        for address in ["javascript:alert(1)", "/a/folder", "HTTPS://x", "data:x"] {
            assert_eq!(link("x", address), "<code>x</code>", "{address}");
        }
        let evil = link("x", "https://x/\"><img src=x>|`@a\n)](b");
        let inner = evil
            .trim_start_matches("<a href=\"")
            .trim_end_matches("\"><code>x</code></a>");
        for active in ['"', '<', '>', '|', '`', '@', '\n', ')', ']', ' '] {
            assert!(!inner.contains(active), "{active} in {inner}");
        }
    }

    #[test]
    fn a_label_of_a_diagram_holds_no_syntax() {
        assert_eq!(
            mermaid("a\"]; click b \u{202e}`x`"),
            "a#34;#93;#59; click b #92;u#123;202e#125;#96;x#96;"
        );
        assert_eq!(mermaid("\n"), "#92; n");
        assert_eq!(mermaid("$$$x$$"), "#36; #36; #36;x#36; #36;");
    }
}
