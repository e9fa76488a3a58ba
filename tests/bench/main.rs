// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The benchmark: a wave of 100 projects on a real Subversion server, verified
//! and published beside the programs that people use for the same today.
//!
//! `cargo bench --profile dev --bench wave` prints a Markdown table; with
//! `-- --write` it also puts it into docs/speed.md. Times are of one run on one
//! machine: the ratios say more than the seconds.

mod cases;
mod machine;
#[expect(clippy::disallowed_methods, reason = "it measures time")]
mod measure;
mod processor;
#[expect(clippy::disallowed_methods, reason = "it measures time")]
mod publish;
mod release;
mod table;
mod tools;
mod verify;
mod wave;

use std::process::ExitCode;

use measure::Outcome;
use wave::{Large, Wave};

const USAGE: &str = "\
usage: cargo bench --profile dev --bench wave -- [--verify | --publish | --processor] [--rounds N] [--machine WORDS] [--write]
  --verify         measure only the verification of the wave
  --publish        measure only the publishing
  --few            with --publish: a tenth of the files, for a look
  --rounds N       how often each program runs; medians are shown (5)
  --machine WORDS  what to call this machine instead of what it says of itself
  --processor      measure only its processor time, beside that of its primitives
  --write          put the table between the benchmark markers of docs/speed.md";

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Verification,
    Publishing,
    Processor,
}

struct Arguments {
    part: Part,
    rounds: usize,
    /// A tenth of the files.
    few: bool,
    machine: Option<String>,
    write: bool,
}

fn main() -> ExitCode {
    let said: Vec<String> = arguments();
    if let [flag, folder, keys] = said.as_slice()
        && flag == processor::PRIMITIVES
    {
        return match testbed::primitives::verify(folder.as_ref(), keys.as_ref()) {
            Ok(_) => ExitCode::SUCCESS,
            Err(problem) => {
                say(&problem);
                ExitCode::FAILURE
            }
        };
    }
    // Cargo says so when a benchmark is asked for; `cargo test` does not.
    if !said.iter().any(|argument| argument == "--bench") {
        say("the benchmark runs with `cargo bench --profile dev --bench wave` only");
        return ExitCode::SUCCESS;
    }
    match parse(&said).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&problem);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    tools::check()?;
    if arguments.part == Part::Verification {
        tell("making and signing the wave");
        let verified = verify::wave(&Wave::make()?, arguments.rounds)?;
        say(&table::verification(&verified));
        return Ok(());
    }
    if arguments.part == Part::Publishing {
        let clients = tools::upload_clients()?;
        let divisor = if arguments.few { 10 } else { 1 };
        let published = cases::all(None, &clients, arguments.rounds, divisor)?;
        say(&table::publishing(&published));
        return Ok(());
    }
    tell("making and signing the wave");
    let wave = Wave::make()?;
    tell("verifying the wave beside its primitives");
    let processor = processor::wave(&wave, arguments.rounds)?;
    if arguments.part == Part::Processor {
        say(&table::render_processor(&processor));
        return Ok(());
    }
    let clients = tools::upload_clients()?;
    tell("verifying the wave");
    let verified = verify::wave(&wave, arguments.rounds)?;
    let published = cases::all(Some(&wave), &clients, arguments.rounds, 1)?;
    tell("making and signing a wheel of 1 GiB");
    let large = Large::make(&wave)?;
    tell("verifying it");
    let large = verify::large(&large, arguments.rounds)?;
    let machine = arguments.machine.clone().unwrap_or_else(machine::describe);
    let text = table::render(&machine, arguments.rounds, &verified, &large, &published)
        + "\n"
        + &table::render_processor(&processor);
    say(&text);
    if arguments.write {
        table::write(&text)?;
    }
    Ok(())
}

fn parse(said: &[String]) -> Outcome<Arguments> {
    let mut parsed = Arguments {
        part: Part::All,
        rounds: 5,
        few: false,
        machine: None,
        write: false,
    };
    let mut said = said.iter();
    while let Some(flag) = said.next() {
        let mut value = || {
            said.next()
                .cloned()
                .ok_or(format!("{flag} needs a value\n{USAGE}"))
        };
        match flag.as_str() {
            "--bench" => {}
            "--verify" => parsed.part = Part::Verification,
            "--publish" => parsed.part = Part::Publishing,
            "--few" => parsed.few = true,
            "--write" => parsed.write = true,
            "--processor" => parsed.part = Part::Processor,
            "--machine" => parsed.machine = Some(value()?),
            "--rounds" => {
                parsed.rounds = value()?
                    .parse()
                    .ok()
                    .filter(|rounds| *rounds > 0)
                    .ok_or("--rounds takes a number from 1")?;
            }
            _ => return Err(format!("no flag is called {flag}\n{USAGE}")),
        }
    }
    Ok(parsed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, with a command line"
)]
fn arguments() -> Vec<String> {
    std::env::args().skip(1).collect()
}

#[expect(
    clippy::disallowed_macros,
    reason = "a program of its own: the table goes here"
)]
#[expect(clippy::print_stdout, reason = "as above")]
fn say(text: &str) {
    println!("{text}");
}

/// What goes on, for the person who waits.
#[expect(
    clippy::disallowed_macros,
    reason = "a program of its own: progress goes here"
)]
#[expect(clippy::print_stderr, reason = "as above")]
fn tell(text: &str) {
    eprintln!("{text} ...");
}
