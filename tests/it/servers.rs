// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Servers that die or lie, through the binary: what ends in a verdict, what
//! may pass another time, and what is simply tried again.

mod disk;
mod endless;
mod index;
mod multiplexed;
mod pages;
mod reports;
mod source;

use std::sync::atomic::{AtomicUsize, Ordering};

use percent_encoding::percent_decode_str;
use sha1::Sha1;
use sha2::Digest;
use testbed::distribution::wheel;
use testbed::scripted::{Reply, Request, Scripted};

use crate::run::{Ran, run};
use crate::world::{Files, RELEASE, World, project, signed};

const WHEEL: &str = "example-1.0-py3-none-any.whl";
const SDIST: &str = "example-1.0.tar.gz";

/// A web page, as proxies and portals send them.
const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><body>Welcome</body></html>";

/// A request of the run, counted from 0 among those of its method.
struct Asked<'a> {
    request: &'a Request,
    count: usize,
}

impl Asked<'_> {
    fn is(&self, method: &str) -> bool {
        self.request.method == method
    }

    /// Whether a file of this name is asked for.
    fn gets(&self, name: &str) -> bool {
        self.is("GET") && self.request.target.ends_with(name)
    }
}

/// A Subversion server that holds these files in [`RELEASE`], knows no reports
/// and is honest where `lie` gives nothing.
fn subversion(
    files: Files,
    lie: impl Fn(&Asked<'_>) -> Option<Reply> + Send + Sync + 'static,
) -> Scripted {
    let counts = [const { AtomicUsize::new(0) }; 4];
    let listing = listing(&files);
    Scripted::start(move |request| {
        let method = match request.method.as_str() {
            "OPTIONS" => 0,
            "PROPFIND" => 1,
            "REPORT" => 2,
            _ => 3,
        };
        let asked = Asked {
            request,
            count: counts[method].fetch_add(1, Ordering::SeqCst),
        };
        lie(&asked).unwrap_or_else(|| match method {
            0 => Reply::new("200 OK", &INTRODUCTION, b""),
            1 => Reply::new("207 Multi-Status", &[], listing.as_bytes()),
            2 => Reply::new("405 Method Not Allowed", &[], b""),
            _ => get(&files, &request.target),
        })
    })
}

const INTRODUCTION: [&str; 3] = [
    "SVN-Repository-Root: /repos/dist",
    "SVN-Rev-Root-Stub: /repos/dist/!svn/rvr",
    "SVN-Youngest-Rev: 5",
];

fn get(files: &Files, target: &str) -> Reply {
    let name = target.rsplit('/').next().unwrap_or_default();
    let name = percent_decode_str(name).decode_utf8().unwrap();
    match files.get(name.as_ref()) {
        Some(bytes) => Reply::new("200 OK", &[], bytes),
        None => Reply::new("404 Not Found", &[], b""),
    }
}

fn listing(files: &Files) -> String {
    let rows: String = files
        .iter()
        .map(|(name, bytes)| row(name, bytes.len(), &hex::encode(Sha1::digest(bytes))))
        .collect();
    multistatus(&rows)
}

fn row(name: &str, size: usize, sha1: &str) -> String {
    format!(
        "<response><href>/repos/dist/!svn/rvr/5/{RELEASE}{name}</href><propstat><prop>\
         <resourcetype/><getcontentlength>{size}</getcontentlength>\
         <sha1-checksum xmlns=\"http://subversion.tigris.org/xmlns/dav/\">{sha1}</sha1-checksum>\
         </prop><status>HTTP/1.1 200 OK</status></propstat></response>"
    )
}

fn multistatus(rows: &str) -> String {
    format!(
        "<multistatus xmlns=\"DAV:\"><response><href>/repos/dist/!svn/rvr/5/{RELEASE}</href>\
         <propstat><prop><resourcetype><collection/></resourcetype></prop>\
         <status>HTTP/1.1 200 OK</status></propstat></response>{rows}</multistatus>"
    )
}

/// Publishes the release that lies on this server.
fn publish_from(world: &World, server: &Scripted, more: &[(&str, &str)]) -> Ran {
    let source = server.url(&format!("repos/dist/{RELEASE}"));
    let mut inputs = vec![("source", source.as_str()), ("idle-timeout", "1 s")];
    inputs.extend_from_slice(more);
    world.run("publish", &inputs)
}

/// Nothing was sent, and this is said: the rules and the status.
#[track_caller]
fn assert_refused(world: &World, ran: &Ran, class: &str, rules: &[&str], status: i32) {
    assert_eq!(
        (ran.refusals(), ran.status),
        (rules.iter().map(|&rule| rule.to_owned()).collect(), status),
        "{class}: {}",
        ran.stderr
    );
    world.assert_untouched();
    world.assert_no_secret(ran);
}

/// What the run said of a rule: the texts of expected, found and action.
fn said(ran: &Ran, rule: &str) -> String {
    let findings = ran.report["findings"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let finding = findings.iter().find(|finding| finding["rule"] == rule);
    finding.map_or_else(String::new, ToString::to_string)
}
