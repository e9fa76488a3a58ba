// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Noise for every reader of foreign bytes: the seeds of each target, changed
//! by chance in many ways, must never make it panic, hang, take memory out of
//! all proportion or break its promise.
//!
//! `cargo test --test fuzz` does a short round, `tests/run fuzz` a longer one.
//! `-- NAME` takes the targets whose names hold it. The environment:
//! `FUZZ_SECONDS` for all targets together (without it, a count for each),
//! `FUZZ_SEED` to repeat a round, `FUZZ_REPLAY` a file to run again. What
//! breaks a promise is kept in `target/fuzz/`; mended, it belongs into
//! `tests/fuzz/corpus/`, which every round begins with.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test, and a program of its own"
)]

mod answers;
mod archives;
mod armored;
mod attestations;
mod configs;
mod contents;
mod corpus;
mod lists;
mod migrated;
mod mutate;
mod names;
mod pages;
mod receipts;
mod round;
mod servers;
mod sidecars;
mod workflows;

use std::process::ExitCode;

use testbed::memory::Counting;

use round::{Kind, Settings, Target};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Every reader of foreign bytes, but for the small answers in JSON, which
/// serde reads into a few fields: of a token service, and of a mint.
fn targets() -> Vec<Target> {
    vec![
        armored::keys(),
        armored::signature(),
        attestations::attestation(),
        sidecars::checksum(),
        lists::folder(),
        lists::mds(),
        sidecars::metadata(),
        contents::fields(),
        contents::entry_points(),
        archives::wheel(),
        archives::sdist(),
        names::listing(),
        servers::webdav(),
        servers::list_report(),
        servers::update_report(),
        servers::svndiff(),
        pages::index_page(),
        answers::simple_page(),
        receipts::receipt_statement(),
        configs::config(),
        migrated::release_config(),
        workflows::workflow(),
        workflows::asf_yaml(),
    ]
}

fn main() -> ExitCode {
    let settings = match Settings::read() {
        Kind::List => {
            for target in targets() {
                println!("{}: test", target.name);
            }
            return ExitCode::SUCCESS;
        }
        Kind::MakeCorpus => {
            corpus::make();
            return ExitCode::SUCCESS;
        }
        Kind::One(settings) => return round::one(&targets(), &settings),
        Kind::All(settings) => settings,
    };
    round::all(&targets(), &settings)
}
