// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads the index page of a folder as Apache httpd's `mod_autoindex` writes
//! it: a plain list, preformatted text or a table.
//!
//! Only the links count: shown names are cut and sizes are rounded. What comes
//! out lies in the folder itself. Links that lead elsewhere (the parent, the
//! sort order, other hosts) are left out; a link into the folder in any other
//! spelling than one name refuses the page. Pure: fetches nothing.

mod tags;

use std::collections::BTreeMap;

use super::path;
use tags::{Tag, Tags};

/// The longest name of a file, in bytes, as file systems have it.
const NAME_LIMIT: usize = 255;
/// The most links that are looked at in one page: about 20,000 files.
const LINKS_LIMIT: usize = 50_000;
/// How the title of an index page begins.
const TITLE: &str = "Index of /";

/// Why a page cannot be read. The texts may hold foreign bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum IndexPageError {
    #[error("a page that is no index page: its title is `{0}`")]
    Title(String),
    #[error("a page that is no index page: it has no title")]
    NoTitle,
    #[error("the link `{0}`, which is no plain name in this folder")]
    Link(String),
    #[error("`{0}` as a file and as a folder")]
    Twice(String),
    #[error("more than {LINKS_LIMIT} links in one page")]
    TooMany,
    #[error("an index page that breaks off")]
    Cut,
}

/// The names in a folder; whether each is a folder.
pub(super) type Names = BTreeMap<String, bool>;

/// Reads a page. `folder` is the path that was asked for, percent-encoded,
/// with a slash at its end.
pub(super) fn read(page: &[u8], folder: &str) -> Result<Names, IndexPageError> {
    let links = links(page)?;
    let mut names = Names::new();
    for link in links {
        let Some((name, is_folder)) = name_in(&link, folder)? else {
            continue;
        };
        // A row may link twice, with its icon and with its name.
        if *names.entry(name.clone()).or_insert(is_folder) != is_folder {
            return Err(IndexPageError::Twice(name));
        }
    }
    Ok(names)
}

/// The links of the listing, as they stand there. A header or a footer of the
/// project's own has links too: where the listing has sort links, it is the
/// element that holds them, and what is around it does not count.
fn links(page: &[u8]) -> Result<Vec<Vec<u8>>, IndexPageError> {
    let mut title = None;
    let mut links: Vec<(Option<usize>, &[u8])> = Vec::new();
    let (mut opened, mut around, mut listing) = (0_usize, None, None);
    let mut is_whole = false;
    for tag in Tags::new(page) {
        match tag {
            Tag::Title(text) => {
                title.get_or_insert(text);
            }
            Tag::Open(name, _) if is_block(name) => {
                opened += 1;
                around = Some(opened);
            }
            Tag::Close(name) if is_block(name) => around = None,
            Tag::Close(name) => is_whole |= name.eq_ignore_ascii_case(b"html"),
            Tag::Open(name, attributes) if name.eq_ignore_ascii_case(b"a") => {
                let Some(link) = tags::href(attributes) else {
                    continue;
                };
                if links.len() >= LINKS_LIMIT {
                    return Err(IndexPageError::TooMany);
                }
                if link.starts_with(b"?C=") && listing.is_none() {
                    listing = around;
                }
                links.push((around, link));
            }
            Tag::Open(..) => {}
        }
    }
    let title = title.ok_or(IndexPageError::NoTitle)?;
    let title = String::from_utf8_lossy(title.trim_ascii());
    if !title.starts_with(TITLE) {
        return Err(IndexPageError::Title(title.chars().take(200).collect()));
    }
    if !is_whole {
        return Err(IndexPageError::Cut);
    }
    let counts = |around: &Option<usize>| listing.is_none() || *around == listing;
    let counting = links.into_iter().filter(|(around, _)| counts(around));
    Ok(counting.map(|(_, link)| link.to_vec()).collect())
}

/// The elements that a listing may be.
fn is_block(name: &[u8]) -> bool {
    [&b"pre"[..], b"table", b"ul"]
        .iter()
        .any(|block| name.eq_ignore_ascii_case(block))
}

/// The name in `folder` that a link means; none for one that leads elsewhere.
fn name_in(link: &[u8], folder: &str) -> Result<Option<(String, bool)>, IndexPageError> {
    let refused = || IndexPageError::Link(String::from_utf8_lossy(link).into_owned());
    let link = tags::unescape(link.trim_ascii()).ok_or_else(refused)?;
    if !link.chars().all(|c| c.is_ascii_graphic()) {
        return Err(refused());
    }
    if link.starts_with('/') {
        return if is_below(&link, folder) {
            Err(refused())
        } else {
            Ok(None)
        };
    }
    if leads_elsewhere(&link) {
        return Ok(None);
    }
    // A name with a colon is written so, lest it be taken for a scheme.
    let relative = link.strip_prefix("./").unwrap_or(&link);
    let is_folder = relative.ends_with('/');
    let segment = relative.strip_suffix('/').unwrap_or(relative);
    let name = path::decode_segment(segment).ok_or_else(refused)?;
    let is_plain = !segment.contains(['/', '?', '#'])
        && !name.chars().any(char::is_control)
        && name.len() <= NAME_LIMIT;
    is_plain
        .then_some(Some((name, is_folder)))
        .ok_or_else(refused)
}

/// Whether an absolute path lies below the folder: the page would name it
/// by its name alone.
fn is_below(link: &str, folder: &str) -> bool {
    let plain = link.split(['?', '#']).next().unwrap_or_default();
    decoded_below(plain, folder)
        // Another host, or a spelling that no server gives its own paths.
        .unwrap_or_else(|| link.starts_with(folder) && plain.len() > folder.len())
}

/// The same by the decoded segments; none where one of the paths has none.
fn decoded_below(link: &str, folder: &str) -> Option<bool> {
    let folder = path::decode(folder)?;
    let mut above = folder.iter();
    let (mut is_same, mut is_longer) = (true, false);
    for segment in path::decode_each(link)? {
        let segment = segment?;
        match above.next() {
            Some(above) => is_same &= *above == segment,
            None => is_longer = true,
        }
    }
    Some(is_same && is_longer)
}

/// The page itself in another order, its own parts, the parent, another scheme.
fn leads_elsewhere(link: &str) -> bool {
    let has_scheme = link.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let own = link.is_empty() || link.starts_with(['?', '#']) || matches!(link, "." | "./");
    own || has_scheme || link == ".." || link.starts_with("../")
}

#[cfg(test)]
mod tests;
