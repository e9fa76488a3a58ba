// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Classifiers, by the list that the index uses.
//!
//! The list grows, so a classifier that this copy does not have may be one by
//! now; one that was withdrawn never comes back.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Fault;
use crate::rules::Rule;

/// One a line; lines that begin with `#` are remarks.
const LIST: &str = include_str!("classifiers.txt");

/// Those that the index had once and refuses now.
const WITHDRAWN: &[&str] = &[
    "Framework :: Django CMS :: 4.2",
    "License :: OSI Approved :: Intel Open Source License",
    "License :: OSI Approved :: Jabber Open Source License",
    "License :: OSI Approved :: MITRE Collaborative Virtual Workspace License (CVW)",
    "License :: OSI Approved :: Sun Industry Standards Source License (SISSL)",
    "License :: OSI Approved :: X.Net License",
    "Natural Language :: Ukranian",
    "Topic :: Communications :: Chat :: AOL Instant Messenger",
];

static KNOWN: LazyLock<HashSet<&str>> =
    LazyLock::new(|| LIST.lines().filter(|line| !line.starts_with('#')).collect());

pub(super) fn check(value: &str) -> Result<(), Fault> {
    if KNOWN.contains(value) {
        return Ok(());
    }
    let illegal = |expected| Err(Fault(Rule::ClassifierIllegal, expected));
    let mut parts = value.split(" :: ");
    let group = parts.next().unwrap_or_default();
    if group.eq_ignore_ascii_case("private") {
        return illegal("no private classifier: it keeps a project off the index");
    }
    if WITHDRAWN.contains(&value) {
        return illegal("a classifier that was not withdrawn");
    }
    let mut names = parts.peekable();
    if names.peek().is_none() || group.is_empty() || names.any(|name| name.trim().is_empty()) {
        return illegal("a classifier of the form `Group :: Name`");
    }
    Err(Fault(
        Rule::ClassifierUnknown,
        "a classifier of the index's list",
    ))
}
