// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What is measured of publishing: where latency rules, where the link does,
//! and how the cost grows with the number of files.
//!
//! What takes long is run once: where every upload waits for the same time, one
//! run says what three do. The table says how often each was run.

use std::time::Duration;

use crate::measure::{Cost, Outcome, summarise};
use crate::publish::{By, Goods, Ground, publish};
use crate::release::{Release, distributions};
use crate::tell;
use crate::tools::Clients;
use crate::wave::{self, Wave};

/// More runs than these would make the whole too long.
const MOST_RUNS: usize = 3;
/// How long the index works on one upload, where its latency rules.
pub(crate) const LATENCY: Duration = Duration::from_millis(100);
/// The same of a slower one.
pub(crate) const SLOW: Duration = Duration::from_millis(300);
/// The link where bandwidth rules, in bytes a second: 1 Gbit/s.
pub(crate) const LINK: u64 = 125_000_000;
/// The payload of each wheel there, in bytes.
pub(crate) const PAYLOAD: u64 = 40_000_000;
/// Uploads at a time, as the inputs have it when nothing is said.
pub(crate) const FEW: u32 = 4;
/// Uploads at a time for whoever asks for more.
pub(crate) const MANY: u32 = 8;

/// A cost, and how often it was measured.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) runs: usize,
    pub(crate) cost: Cost,
}

/// Where every upload takes a time of its own.
pub(crate) struct Latency {
    /// How long the index works on each.
    pub(crate) each: Duration,
    pub(crate) files: usize,
    pub(crate) few: Measured,
    pub(crate) many: Measured,
    /// With attestations, by a Sigstore that takes as long for each request.
    pub(crate) attested: Measured,
    /// The whole job from the server behind the added round trip.
    pub(crate) from_server: Option<Measured>,
    pub(crate) twine: Measured,
    pub(crate) uv: Measured,
}

/// Where the link is what takes time.
pub(crate) struct Narrow {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) ours: Measured,
    pub(crate) twine: Measured,
    pub(crate) uv: Measured,
}

impl Narrow {
    /// What the link takes for the files alone, in seconds.
    pub(crate) fn link_seconds(&self) -> f64 {
        Duration::from_nanos(self.bytes * 1000 / (LINK / 1_000_000)).as_secs_f64()
    }
}

/// Everything that is measured of publishing.
pub(crate) struct Published {
    pub(crate) latencies: Vec<Latency>,
    pub(crate) narrow: Narrow,
    /// Numbers of files, each with what it cost.
    pub(crate) growth: Vec<(usize, Measured)>,
}

/// Measures all of it, with a part of the files where `divisor` is more than 1.
/// Without a wave nothing is published from a server.
pub(crate) fn all(
    wave: Option<&Wave>,
    clients: &Clients,
    rounds: usize,
    divisor: usize,
) -> Outcome<Published> {
    let rounds = rounds.min(MOST_RUNS);
    tell("making and signing 100 projects with a wheel and an sdist each");
    let release = Release::of_providers(100 / divisor)?;
    tell("publishing them, 100 ms an upload");
    let short = latency(&release, wave, clients, LATENCY, rounds)?;
    tell("publishing them, 300 ms an upload");
    let long = latency(&release, None, clients, SLOW, 1)?;
    let growth = growth(rounds, divisor)?;
    Ok(Published {
        latencies: vec![short, long],
        narrow: narrow(clients, rounds, divisor)?,
        growth,
    })
}

/// Small files to an index that works so long on each.
fn latency(
    release: &Release,
    wave: Option<&Wave>,
    clients: &Clients,
    latency: Duration,
    rounds: usize,
) -> Outcome<Latency> {
    let goods = Goods::of(release);
    let ground = Ground {
        latency,
        link: None,
    };
    let mut costs: [Vec<Cost>; 6] = Default::default();
    for _ in 0..rounds {
        let ways = [
            By::Us(FEW),
            By::Us(MANY),
            By::UsAttesting(FEW),
            By::Twine(clients),
            By::Uv(clients),
        ];
        for (list, by) in costs.iter_mut().zip(ways) {
            list.push(publish(&goods, ground, by)?);
        }
        if let Some(wave) = wave {
            costs[5].push(whole_job(wave, ground)?);
        }
    }
    let [few, many, attested, twine, uv, from_server] = costs;
    Ok(Latency {
        each: latency,
        files: release.distributions().len(),
        few: measured(&few),
        many: measured(&many),
        attested: measured(&attested),
        from_server: (!from_server.is_empty()).then(|| measured(&from_server)),
        twine: measured(&twine),
        uv: measured(&uv),
    })
}

/// The wave from the server behind the added round trip.
fn whole_job(wave: &Wave, ground: Ground) -> Outcome<Cost> {
    let projects: Vec<String> = wave::projects().collect();
    let distributions = distributions(&wave.files())?;
    let goods = Goods {
        source: wave.url(),
        keys: wave.keys_file(),
        projects: &projects,
        distributions: &distributions,
    };
    publish(&goods, ground, By::Us(FEW))
}

/// Big files through a link.
fn narrow(clients: &Clients, rounds: usize, divisor: usize) -> Outcome<Narrow> {
    tell("making and signing wheels of 40 MB");
    let release = Release::of_wheels(8, 5_usize.div_ceil(divisor), PAYLOAD)?;
    let goods = Goods::of(&release);
    let ground = Ground {
        link: Some(LINK),
        ..Ground::default()
    };
    tell("publishing them over a link of 1 Gbit/s");
    let mut ours = Vec::new();
    for _ in 0..rounds {
        ours.push(publish(&goods, ground, By::Us(FEW))?);
    }
    let once = |by| Ok::<_, String>(measured(&[publish(&goods, ground, by)?]));
    Ok(Narrow {
        files: release.distributions().len(),
        bytes: release.bytes(),
        ours: measured(&ours),
        twine: once(By::Twine(clients))?,
        uv: once(By::Uv(clients))?,
    })
}

/// More and more of the same: projects with twenty small wheels each.
fn growth(rounds: usize, divisor: usize) -> Outcome<Vec<(usize, Measured)>> {
    let ground = Ground {
        latency: LATENCY,
        link: None,
    };
    let mut growth = Vec::new();
    for (projects, rounds) in [(1, rounds), (10, rounds), (100, 1)] {
        let projects = 1.max(projects / divisor);
        tell(&format!("publishing {} files", projects * 20));
        let release = Release::of_wheels(projects, 20, 20 << 10)?;
        let mut costs = Vec::new();
        for _ in 0..rounds {
            costs.push(publish(&Goods::of(&release), ground, By::Us(FEW))?);
        }
        growth.push((release.distributions().len(), measured(&costs)));
    }
    Ok(growth)
}

fn measured(costs: &[Cost]) -> Measured {
    Measured {
        runs: costs.len(),
        cost: summarise(costs),
    }
}
