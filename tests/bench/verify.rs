// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Our `verify` beside what voters type: `svn export`, a loop of
//! `gpg --verify`, and `sha512sum -c`.

use std::thread::sleep;
use std::time::Duration;

use crate::measure::{Cost, Outcome, Program, summarise};
use crate::wave::{Large, Wave};

/// What both ways cost.
pub(crate) struct Verified {
    pub(crate) ours: Cost,
    /// Ours where the server gives no reports: each file by itself.
    pub(crate) alone: Option<Cost>,
    pub(crate) export: Cost,
    pub(crate) gpg: Cost,
    pub(crate) sha512sum: Cost,
}

impl Verified {
    /// The three programs one after the other.
    pub(crate) fn theirs(&self) -> Cost {
        self.export.then(self.gpg).then(self.sha512sum)
    }
}

/// The whole wave, behind the added round trip.
pub(crate) fn wave(wave: &Wave, rounds: usize) -> Outcome<Verified> {
    let alone = wave.walked_url();
    compare(wave, &wave.url(), Some(&alone), &wave.keys_url(), rounds)
}

/// The one large wheel.
pub(crate) fn large(large: &Large<'_>, rounds: usize) -> Outcome<Verified> {
    compare(large.wave, &large.url(), None, &large.keys_url(), rounds)
}

/// Runs all ways in turns. The first turn only warms the server's caches.
fn compare(
    wave: &Wave,
    url: &str,
    walked: Option<&str>,
    keys: &str,
    rounds: usize,
) -> Outcome<Verified> {
    let mut costs: [Vec<Cost>; 4] = Default::default();
    let mut alone = Vec::new();
    for round in 0..=rounds {
        let ours = verify_ours(wave, url, keys)?;
        if let Some(walked) = walked {
            let cost = verify_ours(wave, walked, keys)?;
            alone.extend((round > 0).then_some(cost));
        }
        let [export, gpg, sha512sum] = verify_theirs(wave, url)?;
        if round > 0 {
            for (list, cost) in costs.iter_mut().zip([ours, export, gpg, sha512sum]) {
                list.push(cost);
            }
        }
    }
    let [ours, export, gpg, sha512sum] = costs.map(|list| summarise(&list));
    Ok(Verified {
        ours,
        alone: walked.map(|_| summarise(&alone)),
        export,
        gpg,
        sha512sum,
    })
}

fn verify_ours(wave: &Wave, url: &str, keys: &str) -> Outcome<Cost> {
    let folder = wave.scratch()?;
    let args = ["verify", "--source", url, "--keys", keys];
    counting_requests(wave, || {
        Program::new(env!("CARGO_BIN_EXE_asf-pypi-publish"), folder.path())?
            .args(args)
            .run()
    })
}

fn verify_theirs(wave: &Wave, url: &str) -> Outcome<[Cost; 3]> {
    let folder = wave.scratch()?;
    let copy = folder.path().join("copy");
    let export = counting_requests(wave, || {
        let args = ["export", "-q", "--non-interactive", url, "copy"];
        Program::new("svn", folder.path())?.args(args).run()
    })?;
    let each = "for signature in *.asc; do \
                gpg --batch -q --verify \"$signature\" \"${signature%.asc}\" || exit 1; done";
    let gpg = Program::new("sh", &copy)?
        .args(["-c", each])
        .env("GNUPGHOME", wave.voter())
        .run()?;
    let sha512sum = Program::new("sh", &copy)?
        .args(["-c", "sha512sum -c --quiet -- *.sha512"])
        .run()?;
    Ok([export, gpg, sha512sum])
}

fn counting_requests(wave: &Wave, run: impl FnOnce() -> Outcome<Cost>) -> Outcome<Cost> {
    let before = wave.httpd.requests().len();
    let cost = run()?;
    // httpd writes its log when a request is over on its side.
    sleep(Duration::from_millis(200));
    Ok(Cost {
        requests: wave.httpd.requests().len() - before,
        ..cost
    })
}
