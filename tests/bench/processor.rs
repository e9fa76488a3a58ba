// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The processor time of verifying the wave beside that of its primitives:
//! what policy, network and report cost on top of the bare mathematics.

use std::ffi::OsStr;

use crate::measure::{Cost, Outcome, Program, summarise};
use crate::wave::Wave;

/// The flag under which this program does the primitives alone.
pub(crate) const PRIMITIVES: &str = "--primitives";

/// What each costs in user time.
pub(crate) struct Processor {
    /// From the server, without an added round trip.
    pub(crate) ours: Cost,
    /// From a folder.
    pub(crate) folder: Cost,
    pub(crate) primitives: Cost,
}

impl Processor {
    /// How many times the primitives.
    pub(crate) fn ratio(&self, cost: Cost) -> f64 {
        cost.user / self.primitives.user
    }
}

/// Runs all in turns. The first turn only warms the caches.
pub(crate) fn wave(wave: &Wave, rounds: usize) -> Outcome<Processor> {
    let mut costs: [Vec<Cost>; 3] = Default::default();
    for round in 0..=rounds {
        let folder = wave.files();
        let keys = wave.keys_file();
        let of = |source: &OsStr, keys: &OsStr| {
            let place = wave.scratch()?;
            Program::new(env!("CARGO_BIN_EXE_asf-pypi-publish"), place.path())?
                .args([OsStr::new("verify"), OsStr::new("--source"), source])
                .args([OsStr::new("--keys"), keys])
                .run()
        };
        let ours = of(wave.direct_url().as_ref(), wave.direct_keys_url().as_ref())?;
        let from_folder = of(folder.as_ref(), keys.as_ref())?;
        let primitives = primitives(wave)?;
        if round > 0 {
            for (list, cost) in costs.iter_mut().zip([ours, from_folder, primitives]) {
                list.push(cost);
            }
        }
    }
    let [ours, folder, primitives] = costs.map(|list| summarise(&list));
    Ok(Processor {
        ours,
        folder,
        primitives,
    })
}

/// This very program again, so that the profile is the same.
fn primitives(wave: &Wave) -> Outcome<Cost> {
    let place = wave.scratch()?;
    let itself = std::env::current_exe().map_err(|why| why.to_string())?;
    Program::new(itself, place.path())?
        .args([
            OsStr::new(PRIMITIVES),
            wave.files().as_ref(),
            wave.keys_file().as_ref(),
        ])
        .run()
}
