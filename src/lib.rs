// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Publishes Apache Software Foundation releases on PyPI: exactly the bytes
//! that the project signed and voted on, and no others.
//!
//! The modules stand in the order of the story:
//! `Inputs -> Plan -> Snapshot -> Fetched -> Verified -> Batch -> Published -> Report`.
//! The front door is [`run`]; `main` is all that the binary adds to it.

#[expect(clippy::disallowed_types, reason = "the owner of this border")]
pub mod attest;
pub mod channel;
pub mod checksum;
pub mod commands;
pub mod config;
pub mod context;
pub mod digest;
pub mod dist;
pub mod doctor;
pub mod endpoints;
pub mod expected;
pub mod github;
pub mod http;
pub mod index;
pub mod inputs;
pub mod migrate;
#[expect(clippy::disallowed_types, reason = "the owner of this border")]
pub mod openpgp;
pub mod plan;
pub mod receipt;
pub mod report;
pub mod rules;
pub mod shard;
pub mod snapshot;
pub mod source;
pub mod verify;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use commands::Cancellation;
use context::Context;
use inputs::{Inputs, Request};
use report::Report;
use rules::{Exit, Finding};

/// One run, as its inputs in `context` ask; tells the story on the way.
///
/// The inputs are those of the table in [`inputs`]; the exit status of the
/// run is in the report. Signals are left to the caller.
pub async fn run(context: &Context, inputs: &Inputs, problems: Vec<Finding>) -> Report {
    commands::run(context, inputs, problems, Cancellation::never()).await
}

/// How long work that a cancelled run has left behind may hold the process.
const LEAVING: Duration = Duration::from_secs(1);

/// The process: reads the request, runs it, and gives the exit status. SIGINT
/// and SIGTERM end the run early. A panic is a failure of the program, not a
/// verdict: status 3.
pub fn main(context: &Context) -> ExitCode {
    let (inputs, problems) = match Inputs::read(context) {
        Request::Help(text) | Request::Version(text) => {
            github::runner::say(&text);
            return ExitCode::SUCCESS;
        }
        Request::Migrate(args) => return ExitCode::from(commands::migrate(context, &args).code()),
        Request::Run(inputs, problems) => (inputs, problems),
    };
    github::runner::tell_panics(context);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let report = runtime.block_on(async {
            let cancelled = Cancellation::on_signals()?;
            Ok::<_, io::Error>(commands::run(context, &inputs, problems, cancelled).await)
        });
        runtime.shutdown_timeout(LEAVING);
        report
    }));
    let exit = match outcome {
        Ok(Ok(report)) => commands::exit(&report),
        Ok(Err(why)) => {
            github::runner::say_failure(context, &why.to_string());
            Exit::Outside
        }
        Err(_) => Exit::Outside,
    };
    ExitCode::from(exit.code())
}
