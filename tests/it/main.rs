// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Behaviour, through the binary and through the library's front door.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod approval;
mod attesting;
mod checking;
mod checksum;
mod config;
mod container;
mod contract;
mod dist;
mod doctor;
mod documents;
mod examples;
mod index_rules;
mod injection;
mod inputs;
mod main_job;
mod migrate;
mod openpgp;
mod pages;
mod publishing;
mod real;
mod refusals;
mod run;
mod servers;
mod sharding;
mod source;
mod summary;
mod world;
