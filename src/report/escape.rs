// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Foreign text made harmless, for each place where it may land.
//!
//! File names, user ids and servers' messages are foreign: they may hold line
//! breaks, workflow commands, Markdown, HTML, or characters that no terminal
//! shows.

use std::fmt::Write as _;

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
}
