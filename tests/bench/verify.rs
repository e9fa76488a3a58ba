// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Our `verify` beside what voters type: `svn export`, a loop of
//! `gpg --verify`, and `sha512sum -c`.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::measure::{Cost, Outcome, Program, summarise};
use crate::wave::{Large, Wave};

/// What both ways cost.
pub(crate) struct Verified {
    pub(crate) ours: Cost,
    /// Where the server gives no reports: each file by itself.
    pub(crate) alone: Option<Alone>,
    pub(crate) export: Cost,
    pub(crate) gpg: Cost,
    pub(crate) sha512sum: Cost,
}

/// What it costs file by file.
#[derive(Clone, Copy)]
pub(crate) struct Alone {
    /// Ours by HTTP/1.1.
    pub(crate) plain: Cost,
    /// Ours by HTTP/2 with TLS.
    pub(crate) multiplexed: Cost,
    /// `svn export` by TLS, which gives svn its reports.
    pub(crate) export: Cost,
}

impl Verified {
    /// The three programs one after the other.
    pub(crate) fn theirs(&self) -> Cost {
        self.after(self.export)
    }

    /// The same with TLS, where that was measured.
    pub(crate) fn theirs_over_tls(&self) -> Option<Cost> {
        self.alone.map(|alone| self.after(alone.export))
    }

    fn after(&self, export: Cost) -> Cost {
        export.then(self.gpg).then(self.sha512sum)
    }
}

/// The whole wave, behind the added round trip.
pub(crate) fn wave(wave: &Wave, rounds: usize) -> Outcome<Verified> {
    compare(wave, &wave.url(), &wave.keys_url(), true, rounds)
}

/// The one large wheel.
pub(crate) fn large(large: &Large<'_>, rounds: usize) -> Outcome<Verified> {
    compare(large.wave, &large.url(), &large.keys_url(), false, rounds)
}

/// Runs all ways in turns. The first turn only warms the server's caches.
fn compare(
    wave: &Wave,
    url: &str,
    keys: &str,
    also_alone: bool,
    rounds: usize,
) -> Outcome<Verified> {
    let mut costs: [Vec<Cost>; 4] = Default::default();
    let mut alone: [Vec<Cost>; 3] = Default::default();
    for round in 0..=rounds {
        let ours = verify_ours(wave, url, keys, None)?;
        let [export, gpg, sha512sum] = verify_theirs(wave, url)?;
        let separate = also_alone.then(|| file_by_file(wave, url, keys));
        if round == 0 {
            continue;
        }
        for (list, cost) in costs.iter_mut().zip([ours, export, gpg, sha512sum]) {
            list.push(cost);
        }
        for (list, cost) in alone
            .iter_mut()
            .zip(separate.transpose()?.into_iter().flatten())
        {
            list.push(cost);
        }
    }
    let [ours, export, gpg, sha512sum] = costs.map(|list| summarise(&list));
    let [plain, multiplexed, by_tls] = alone.map(|list| summarise(&list));
    Ok(Verified {
        ours,
        alone: also_alone.then_some(Alone {
            plain,
            multiplexed,
            export: by_tls,
        }),
        export,
        gpg,
        sha512sum,
    })
}

/// Ours by HTTP/1.1 and by HTTP/2 where there are no reports, and `svn export`
/// by TLS, as [`Alone`] has them.
fn file_by_file(wave: &Wave, url: &str, keys: &str) -> Outcome<[Cost; 3]> {
    let walked = wave.walked_url();
    let authority = wave.authority();
    let tls = |url: &str| wave.over_tls(url);
    Ok([
        verify_ours(wave, &walked, keys, None)?,
        verify_ours(wave, &tls(&walked), &tls(keys), Some(&authority))?,
        export(wave, wave.scratch()?.path(), &tls(url), Some(&authority))?,
    ])
}

fn verify_ours(wave: &Wave, url: &str, keys: &str, authority: Option<&Path>) -> Outcome<Cost> {
    let folder = wave.scratch()?;
    let args = ["verify", "--source", url, "--keys", keys];
    counting_requests(wave, || {
        let program = Program::new(env!("CARGO_BIN_EXE_asf-pypi-publish"), folder.path())?;
        match authority {
            Some(authority) => program.env("SSL_CERT_FILE", authority),
            None => program,
        }
        .args(args)
        .run()
    })
}

/// Exports into `copy` in a folder.
fn export(wave: &Wave, folder: &Path, url: &str, authority: Option<&Path>) -> Outcome<Cost> {
    let trusted = authority.map(|path| {
        format!(
            "--config-option=servers:global:ssl-authority-files={}",
            path.display()
        )
    });
    counting_requests(wave, || {
        Program::new("svn", folder)?
            .args(["export", "-q", "--non-interactive", url, "copy"])
            .args(trusted)
            .run()
    })
}

fn verify_theirs(wave: &Wave, url: &str) -> Outcome<[Cost; 3]> {
    let folder = wave.scratch()?;
    let copy = folder.path().join("copy");
    let export = export(wave, folder.path(), url, None)?;
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
    let before = wave.httpd().requests().len();
    let cost = run()?;
    // httpd writes its log when a request is over on its side.
    sleep(Duration::from_millis(200));
    Ok(Cost {
        requests: wave.httpd().requests().len() - before,
        ..cost
    })
}
