// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a GitHub runner gives and takes: identity tokens, what GitHub's API
//! says of the run and its approval, and the places where a run tells its story.

pub mod api;
pub mod approval;
pub mod claims;
pub mod environment;
pub mod log;
pub mod oidc;
pub mod pinning;
pub mod releases;
#[expect(clippy::disallowed_methods, reason = "the one that prints")]
pub mod runner;
