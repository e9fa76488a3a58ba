// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The tables that docs/speed.md shows.

mod publishing;

use std::fmt::Write as _;
use std::path::Path;

use crate::cases::Published;
use crate::measure::{Cost, Outcome};
use crate::processor::Processor;
use crate::verify::Verified;

pub(crate) use publishing::publishing;

const BEGIN: &str = "<!-- benchmark begin -->";
const END: &str = "<!-- benchmark end -->";

/// The table as Markdown, with the command that makes it.
pub(crate) fn render(
    machine: &str,
    rounds: usize,
    verified: &Verified,
    large: &Verified,
    published: &Published,
) -> String {
    let mut text = format!(
        "A wave of 100 projects (200 distributions, 600 files, RSA-4096 signatures by gpg) on Apache httpd with\n\
         `mod_dav_svn`. Machine: {machine}; everything on loopback,\n\
         the server with 30 ms added round trip. Medians of {rounds} runs in turns, memory the worst of them; the last\n\
         column is the time divided by ours. Other machines give other seconds; the command is\n\n\
         ```sh\ncargo bench --profile dev --bench wave\n```\n\n{}",
        verification(verified)
    );
    text.push_str("\n| verify a wheel of just under 1 GiB, no added round trip | wall time | requests | peak memory | / ours |\n");
    text.push_str("|---|--:|--:|--:|--:|\n");
    verify_rows(&mut text, large);
    text.push('\n');
    text.push_str(&publishing(published));
    text
}

/// The rows of the wave's verification.
pub(crate) fn verification(verified: &Verified) -> String {
    let mut text = "| verify the wave | wall time | requests | peak memory | / ours |\n\
                    |---|--:|--:|--:|--:|\n"
        .to_owned();
    verify_rows(&mut text, verified);
    text.push_str(&ratios(verified));
    text
}

/// Our time as a part of theirs, with Subversion's reports and without.
fn ratios(verified: &Verified) -> String {
    let part = |cost: Cost| cost.seconds / verified.theirs().seconds;
    let mut text = format!(
        "\nOurs takes {:.2} of the time of `svn export`, `gpg` and `sha512sum`",
        part(verified.ours)
    );
    if let Some((alone, tls)) = verified.alone.zip(verified.theirs_over_tls()) {
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "; file by file, {:.2} by HTTP/1.1 on\nfour connections, and {:.2} of theirs by TLS where the server speaks HTTP/2",
            part(alone.plain),
            alone.multiplexed.seconds / tls.seconds
        );
    }
    text.push_str(".\n");
    text
}

/// The processor time beside that of the primitives, as Markdown.
pub(crate) fn render_processor(processor: &Processor) -> String {
    let mut text = "| verify the wave, no added round trip | user time | / primitives |\n\
                    |---|--:|--:|\n"
        .to_owned();
    for (name, cost) in [
        (
            "**`asf-pypi-publish verify`** from the server",
            processor.ours,
        ),
        ("**the same** from a folder", processor.folder),
        (
            "the primitives: SHA-1, SHA-256, SHA-512 of each file, members unpacked and hashed, bare signatures, KEYS",
            processor.primitives,
        ),
    ] {
        let ratio = processor.ratio(cost);
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {name} | {:.2} s | {ratio:.2} |", cost.user);
    }
    text
}

fn verify_rows(text: &mut String, verified: &Verified) {
    row(
        text,
        "**`asf-pypi-publish verify`**",
        verified.ours,
        verified.ours,
    );
    if let Some(alone) = verified.alone {
        let name = "**the same** where the server gives no reports: file by file, HTTP/1.1";
        row(text, name, alone.plain, verified.ours);
        let name = "**the same** by HTTP/2 with TLS";
        row(text, name, alone.multiplexed, verified.ours);
    }
    for (name, cost) in [
        ("`svn export`, then both below", verified.theirs()),
        ("– `svn export`", verified.export),
        ("– loop of `gpg --verify`", verified.gpg),
        ("– `sha512sum -c`", verified.sha512sum),
    ] {
        row(text, name, cost, verified.ours);
    }
    if let Some(alone) = verified.alone {
        let name = "`svn export` with TLS, which speaks HTTP/1.1";
        row(text, name, alone.export, verified.ours);
    }
}

fn row(text: &mut String, name: &str, cost: Cost, ours: Cost) {
    let requests = if cost.requests == 0 {
        "–".to_owned()
    } else {
        cost.requests.to_string()
    };
    let ratio = cost.seconds / ours.seconds;
    // Writing into a string cannot fail.
    let _ = writeln!(
        text,
        "| {name} | {:.2} s | {requests} | {} MiB | {ratio:.2} |",
        cost.seconds,
        cost.peak_mebibytes()
    );
}

/// Puts the table between the markers of docs/speed.md.
pub(crate) fn write(text: &str) -> Outcome<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/speed.md");
    let page = std::fs::read_to_string(&path).map_err(|why| why.to_string())?;
    let parts = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or("docs/speed.md has no benchmark markers")?;
    let new = format!("{before}{BEGIN}\n{text}{END}{after}");
    std::fs::write(&path, new).map_err(|why| why.to_string())
}
