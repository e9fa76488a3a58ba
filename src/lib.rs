// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Publishes Apache Software Foundation releases on PyPI: exactly the bytes
//! that the project signed and voted on, and no others.
//!
//! The modules stand in the order of the story:
//! `Inputs -> Plan -> Snapshot -> Fetched -> Verified -> Batch -> Published -> Report`.

pub mod context;
pub mod endpoints;
pub mod rules;

pub mod checksum;
pub mod digest;
pub mod dist;
pub mod openpgp;

pub mod http;
pub mod source;

pub mod github;
pub mod index;
