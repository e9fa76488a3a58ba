// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads the answer to a PROPFIND (RFC 4918, 9.1 and 13) as `mod_dav_svn`
//! gives it. Pure: knows the form, decides nothing about what the paths may be.

mod bounds;

use std::time::UNIX_EPOCH;

use roxmltree::{Document, Node, ParsingOptions};

/// The body of the one PROPFIND that is ever sent, with `Depth: 1`.
pub(super) const PROPFIND: &str = concat!(
    r#"<?xml version="1.0" encoding="utf-8"?>"#,
    r#"<D:propfind xmlns:D="DAV:" xmlns:V="http://subversion.tigris.org/xmlns/dav/" "#,
    r#"xmlns:S="http://subversion.tigris.org/xmlns/svn/"><D:prop>"#,
    "<D:resourcetype/><D:getcontentlength/><D:version-name/><D:creationdate/>",
    "<V:sha1-checksum/><S:special/><S:externals/>",
    "</D:prop></D:propfind>",
);
/// The body of the OPTIONS request that makes a Subversion server name itself.
pub(super) const OPTIONS: &str = concat!(
    r#"<D:options xmlns:D="DAV:">"#,
    "<D:activity-collection-set/></D:options>",
);

const DAV: &str = "DAV:";
const SVN_DAV: &str = "http://subversion.tigris.org/xmlns/dav/";
/// The properties whose names begin with `svn:`.
const SVN_PROP: &str = "http://subversion.tigris.org/xmlns/svn/";

/// What the server says about one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resource {
    /// As sent: percent-encoded, a path or a whole URL.
    pub(super) href: String,
    pub(super) is_collection: bool,
    /// In bytes.
    pub(super) length: Option<u64>,
    /// The revision that last changed it.
    pub(super) created_revision: Option<u64>,
    /// When that was, in Unix seconds: `svn:date` of the revision. Without one
    /// that can be read, the date is not known; nothing hangs on it.
    pub(super) committed: Option<u64>,
    pub(super) sha1: Option<[u8; 20]>,
    /// It has the property `svn:special`: a link, in practice.
    pub(super) is_special: bool,
    /// It has the property `svn:externals`.
    pub(super) has_externals: bool,
}

/// Why an answer is no multistatus.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WebdavError {
    #[error("the answer is not UTF-8")]
    Encoding,
    #[error("the answer is no XML: {0}")]
    Xml(String),
    #[error("the answer is XML but no WebDAV listing")]
    Form,
    #[error("the listing gives an illegal {property}")]
    Value { property: &'static str },
}

/// Parses an XML document within bounds of memory and time. A document type is
/// refused, so that no entity can grow.
pub(super) fn parse_xml(text: &str) -> Result<Document<'_>, WebdavError> {
    if let Some(what) = bounds::beyond(text) {
        return Err(WebdavError::Xml(what.to_owned()));
    }
    Document::parse_with_options(text, bounded())
        .map_err(|error| WebdavError::Xml(error.to_string()))
}

/// A listing of 20,000 files has about 400,000 nodes; a hostile answer of tiny
/// elements would have millions, each of which costs memory.
fn bounded<'a>() -> ParsingOptions<'a> {
    ParsingOptions {
        nodes_limit: 600_000,
        ..ParsingOptions::default()
    }
}

/// Reads a multistatus body; properties count only where their status is 200.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Resource>, WebdavError> {
    let text = std::str::from_utf8(body).map_err(|_| WebdavError::Encoding)?;
    let document = parse_xml(text)?;
    let root = document.root_element();
    if !root.has_tag_name((DAV, "multistatus")) {
        return Err(WebdavError::Form);
    }
    children(root, "response").map(read_response).collect()
}

fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(move |child| child.has_tag_name((DAV, name)))
}

fn read_response(response: Node<'_, '_>) -> Result<Resource, WebdavError> {
    let href = children(response, "href")
        .next()
        .and_then(|node| node.text())
        .ok_or(WebdavError::Form)?;
    let mut resource = Resource {
        href: href.trim().to_owned(),
        ..Resource::default()
    };
    for propstat in children(response, "propstat") {
        let status = children(propstat, "status")
            .next()
            .and_then(|node| node.text());
        // "HTTP/1.1 200 OK"
        if status.and_then(|status| status.split_whitespace().nth(1)) != Some("200") {
            continue;
        }
        for property in children(propstat, "prop").flat_map(|prop| prop.children()) {
            read_property(&mut resource, property)?;
        }
    }
    Ok(resource)
}

fn read_property(resource: &mut Resource, property: Node<'_, '_>) -> Result<(), WebdavError> {
    let name = property.tag_name();
    let text = property.text().unwrap_or("").trim();
    let number = |property| text.parse().map_err(|_| WebdavError::Value { property });
    match (name.namespace(), name.name()) {
        (Some(DAV), "resourcetype") => {
            resource.is_collection = children(property, "collection").next().is_some();
        }
        (Some(DAV), "getcontentlength") => resource.length = Some(number("getcontentlength")?),
        (Some(DAV), "version-name") => resource.created_revision = Some(number("version-name")?),
        (Some(DAV), "creationdate") => resource.committed = unix_seconds(text),
        (Some(SVN_DAV), "sha1-checksum") => {
            let mut sha1 = [0; 20];
            hex::decode_to_slice(text, &mut sha1).map_err(|_| WebdavError::Value {
                property: "sha1-checksum",
            })?;
            resource.sha1 = Some(sha1);
        }
        (Some(SVN_PROP), "special") => resource.is_special = true,
        (Some(SVN_PROP), "externals") => resource.has_externals = true,
        _ => {}
    }
    Ok(())
}

/// The seconds of a time such as `2026-11-22T18:30:05.000000Z` (RFC 3339).
fn unix_seconds(text: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(text).ok()?;
    let passed = time.duration_since(UNIX_EPOCH).ok()?;
    Some(passed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multistatus(responses: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:">{responses}</D:multistatus>"#
        )
    }

    #[test]
    fn a_listing_of_mod_dav_svn_is_read() {
        let body = multistatus(concat!(
            r#"<D:response xmlns:lp1="DAV:" xmlns:S="http://subversion.tigris.org/xmlns/svn/">"#,
            "<D:href>/repos/dist/!svn/rvr/3/release/foo/</D:href><D:propstat><D:prop>",
            "<lp1:resourcetype><D:collection/></lp1:resourcetype><lp1:version-name>2</lp1:version-name>",
            "<S:externals>https://example.org/x ext\n</S:externals></D:prop>",
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>",
            r#"<D:response xmlns:lp1="DAV:" xmlns:lp2="http://subversion.tigris.org/xmlns/dav/""#,
            r#" xmlns:g0="http://subversion.tigris.org/xmlns/svn/">"#,
            "<D:href>/repos/dist/!svn/rvr/3/release/foo/a%20b.txt</D:href><D:propstat><D:prop>",
            "<lp1:resourcetype/><lp1:getcontentlength>5</lp1:getcontentlength>",
            "<lp1:version-name>2</lp1:version-name>",
            "<lp1:creationdate>2024-01-02T00:00:01.123456Z</lp1:creationdate>",
            "<lp2:sha1-checksum>aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d</lp2:sha1-checksum>",
            "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop>",
            "<g0:special/><g0:externals/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status>",
            "</D:propstat></D:response>",
        ));
        let found = parse(body.as_bytes()).unwrap();
        let [folder, file] = found.as_slice() else {
            panic!("two paths, not {found:?}");
        };
        assert!(folder.is_collection && folder.has_externals && !folder.is_special);
        assert_eq!(folder.length, None);
        assert_eq!(file.href, "/repos/dist/!svn/rvr/3/release/foo/a%20b.txt");
        assert!(!file.is_collection && !file.is_special && !file.has_externals);
        assert_eq!((file.length, file.created_revision), (Some(5), Some(2)));
        assert_eq!(
            (file.committed, folder.committed),
            (Some(1_704_153_601), None)
        );
        assert_eq!(
            file.sha1.map(hex::encode).unwrap(),
            "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
        );
    }

    #[test]
    fn whatever_is_no_listing_is_refused() {
        let value = |prop: &str| {
            multistatus(&format!(
                "<D:response><D:href>/x</D:href><D:propstat><D:prop>{prop}</D:prop>\
                 <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            ))
        };
        for body in [
            String::new(),
            "<html><body>Index of /</body></html>".to_owned(),
            "<!DOCTYPE html><html></html>".to_owned(),
            r#"<!DOCTYPE x [<!ENTITY a "b">]><D:multistatus xmlns:D="DAV:"/>"#.to_owned(),
            r#"<multistatus xmlns="other:"/>"#.to_owned(),
            multistatus("<D:response/>"),
            multistatus("")[..40].to_owned(),
            value("<D:getcontentlength>-1</D:getcontentlength>"),
            value("<D:getcontentlength/>"),
            value("<D:version-name>x</D:version-name>"),
            value(
                r#"<V:sha1-checksum xmlns:V="http://subversion.tigris.org/xmlns/dav/">00</V:sha1-checksum>"#,
            ),
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(parse(b"\xff"), Err(WebdavError::Encoding));
        assert_eq!(parse(multistatus("").as_bytes()), Ok(vec![]));
    }

    #[test]
    fn a_date_that_cannot_be_read_is_not_known() {
        for (text, seconds) in [
            ("2024-01-02T00:00:01.000000Z", Some(1_704_153_601)),
            ("2024-01-02T00:00:01Z", Some(1_704_153_601)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59Z", None),
            ("2024-13-02T00:00:01Z", None),
            ("2024-01-02T00:00:01+02:00", None),
            ("Tue, 02 Jan 2024 00:00:01 GMT", None),
            ("", None),
        ] {
            assert_eq!(unix_seconds(text), seconds, "{text}");
        }
    }

    #[test]
    fn deep_nesting_exhausts_no_stack() {
        let body = format!("{}{}", "<a>".repeat(500_000), "</a>".repeat(500_000));
        assert!(parse(body.as_bytes()).is_err());
    }

    #[test]
    fn an_answer_of_millions_of_elements_costs_no_memory() {
        let many = format!(
            "<multistatus xmlns=\"DAV:\">{}</multistatus>",
            "<a/>".repeat(700_000)
        );
        assert!(matches!(parse(many.as_bytes()), Err(WebdavError::Xml(_))));
    }
}
