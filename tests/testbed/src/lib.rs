// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Stand-ins and drivers of real servers for the tests and the example of
//! `asf-pypi-publish`. Nothing here is part of the product.
//!
//! Stand-ins panic where a machine cannot give them a port or a thread: there
//! is nothing to test then.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the borders are the product's"
)]

mod clock;
mod der;
mod host;

pub mod asf_hosts;
pub mod attestation;
pub mod bombs;
pub mod browser;
pub mod dist_server;
pub mod distribution;
pub mod github_api;
pub mod gpg;
pub mod httpd;
pub mod https_front;
pub mod index;
pub mod memory;
pub mod npm_sigstore;
pub mod oidc;
pub mod openpgp;
pub mod primitives;
pub mod proxy;
pub mod pypi_attestations;
pub mod pypiserver;
pub mod readers;
pub mod scripted;
pub mod sigstore;
pub mod tls;
pub mod watch;
