// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What publishing costs, as Markdown.

use std::fmt::Write as _;

use crate::cases::{FEW, LATENCY, LINK, Latency, MANY, Measured, Narrow, PAYLOAD, Published};
use crate::tools::client_names;

/// All tables of publishing, each with its ratios in words.
pub(crate) fn publishing(published: &Published) -> String {
    let mut tables: Vec<String> = published.latencies.iter().map(latency).collect();
    tables.push(narrow(&published.narrow));
    tables.push(growth(&published.growth));
    tables.push(memory(published));
    tables.join("\n")
}

/// A run from the folder, by how many uploads at a time.
fn ours(concurrency: u32) -> String {
    format!("**`asf-pypi-publish publish`**, `concurrency` {concurrency}")
}

fn theirs() -> [String; 2] {
    let [twine, uv] = client_names();
    [
        format!("{twine}: `twine upload`"),
        format!("{uv}: `uv publish`"),
    ]
}

fn latency(measured: &Latency) -> String {
    let millis = measured.each.as_millis();
    let mut text = format!(
        "| publish {} files of 10 to 130 KiB, {millis} ms per upload | runs | wall time | requests | peak memory | twine / it |\n\
         |---|--:|--:|--:|--:|--:|\n",
        measured.files
    );
    let [twine, uv] = theirs();
    let times = |of: Measured| measured.twine.cost.seconds / of.cost.seconds;
    let mut row = |name: &str, of: Measured| {
        let (runs, cost) = (of.runs, of.cost);
        // Writing into a string cannot fail, here and below.
        let _ = writeln!(
            text,
            "| {name} | {runs} | {:.2} s | {} | {} MiB | {:.2} |",
            cost.seconds,
            cost.requests,
            cost.peak_mebibytes(),
            times(of)
        );
    };
    row(
        &format!("{}: verify, ask, upload, read back", ours(FEW)),
        measured.few,
    );
    row(&ours(MANY), measured.many);
    row(
        &format!("{}, each file attested and that read back", ours(FEW)),
        measured.attested,
    );
    if let Some(cost) = measured.from_server {
        let name = "**the whole job** from the server: the wave above";
        row(&format!("{name}, `concurrency` {FEW}"), cost);
    }
    row(&twine, measured.twine);
    row(&uv, measured.uv);
    let uploads = f64::from(u32::try_from(measured.files).unwrap_or(u32::MAX));
    let floor = |lanes: u32| uploads * measured.each.as_secs_f64() / f64::from(lanes);
    let _ = writeln!(
        text,
        "\nOurs is {:.1} times as fast as twine at `concurrency` {FEW} and {:.1} times at {MANY}; uv is {:.2} times \
         as fast as twine.\nWith attestations it takes {:.2} times as long as without.\nThe uploads alone cannot take less than {:.2} s and {:.2} s.",
        times(measured.few),
        times(measured.many),
        times(measured.uv),
        measured.attested.cost.seconds / measured.few.cost.seconds,
        floor(FEW),
        floor(MANY)
    );
    text
}

fn narrow(measured: &Narrow) -> String {
    let alone = measured.link_seconds();
    let mut text = format!(
        "| publish {} files of {} MB over a link of {} Gbit/s, which takes {alone:.2} s for their bytes alone | runs | wall time | of it sending | sending / link | peak memory |\n\
         |---|--:|--:|--:|--:|--:|\n",
        measured.files,
        PAYLOAD / 1_000_000,
        LINK * 8 / 1_000_000_000,
    );
    let [twine, uv] = theirs();
    for (name, of) in [
        (ours(FEW), measured.ours),
        (twine, measured.twine),
        (uv, measured.uv),
    ] {
        let _ = writeln!(
            text,
            "| {name} | {} | {:.2} s | {:.2} s | {:.3} | {} MiB |",
            of.runs,
            of.cost.seconds,
            of.cost.sending,
            of.cost.sending / alone,
            of.cost.peak_mebibytes()
        );
    }
    text.push_str(
        "\nSending is from the first upload's beginning to the last one's end. Before it, ours verifies everything,\n\
         and after it, it reads everything back.\n",
    );
    text
}

fn growth(growth: &[(usize, Measured)]) -> String {
    let mut text = format!(
        "| publish more and more files, {} ms per upload, `concurrency` {FEW} | runs | wall time | a file | requests | peak memory |\n\
         |---|--:|--:|--:|--:|--:|\n",
        LATENCY.as_millis()
    );
    for (files, of) in growth {
        let cost = of.cost;
        let count = f64::from(u32::try_from(*files).unwrap_or(u32::MAX));
        let _ = writeln!(
            text,
            "| {files} | {} | {:.2} s | {:.1} ms | {} | {} MiB |",
            of.runs,
            cost.seconds,
            cost.seconds * 1000.0 / count,
            cost.requests,
            cost.peak_mebibytes()
        );
    }
    let _ = writeln!(
        text,
        "\nEach project has 20 of them, the first of which goes alone. The uploads alone cannot take less than \
         {:.0} ms a file.",
        LATENCY.as_secs_f64() * 1000.0 / f64::from(FEW)
    );
    text
}

/// The most memory that ours held in any of them.
fn memory(published: &Published) -> String {
    let latencies = published.latencies.iter();
    let ours = latencies
        .flat_map(|of| {
            [
                Some(of.few),
                Some(of.many),
                Some(of.attested),
                of.from_server,
            ]
        })
        .flatten()
        .chain([published.narrow.ours])
        .chain(published.growth.iter().map(|(_, of)| *of));
    let most = ours.map(|of| of.cost.peak_mebibytes()).max();
    format!(
        "In all of these ours held {} MiB at its most.\n",
        most.unwrap_or_default()
    )
}
