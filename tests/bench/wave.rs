// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The releases that are measured: made here, signed by a real gpg, committed
//! to a real httpd with `mod_dav_svn` behind a proxy that adds a round trip.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use testbed::distribution::Wheel;
use testbed::httpd::Httpd;
use testbed::proxy::{Faults, Proxy};
use testbed::tls::{Speaks, TlsHttpd};

use crate::measure::Outcome;
use crate::release::write_pair;
use crate::tools::quiet;

/// Projects of the wave; each has a wheel and an sdist.
const PROJECTS: u64 = 100;
/// What the proxy adds to every round trip.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(30);
/// The payload of the large wheel, in bytes: the index takes no file of more
/// than 1 GiB, names and framing included.
const LARGE: u64 = (1 << 30) - (1 << 20);
/// Where the releases lie in the repository.
const WAVE: &str = "release/wave/1.0";
const LARGE_RELEASE: &str = "release/wave/large";
const KEYS: &str = "release/wave/KEYS";

/// The wave on disk and on the server.
pub(crate) struct Wave {
    /// Everything that is on disk; gone with this value.
    folder: TempDir,
    server: TlsHttpd,
    proxy: Proxy,
    /// The same in front of the port with TLS.
    tls_proxy: Proxy,
}

impl Wave {
    /// Makes, signs and commits it.
    pub(crate) fn make() -> Outcome<Self> {
        let folder = TempDir::new().map_err(|why| why.to_string())?;
        let server = TlsHttpd::start(Speaks::Both, None);
        let delayed = |port| {
            let proxy = Proxy::start(port);
            proxy.set(Faults {
                delay: ROUND_TRIP,
                ..Faults::default()
            });
            proxy
        };
        let wave = Self {
            folder,
            proxy: delayed(server.httpd.port()),
            tls_proxy: delayed(server.port()),
            server,
        };
        wave.make_key()?;
        let files = wave.files();
        fs::create_dir(&files).map_err(|why| why.to_string())?;
        for (name, number) in projects().zip(0..) {
            write_pair(&files, &name, number)?;
        }
        wave.sign(&files)?;
        let keys = fs::read(wave.keys_file()).map_err(|why| why.to_string())?;
        wave.httpd().put(KEYS, &keys, "Add KEYS");
        wave.httpd().commit_tree(&files, WAVE, "Add the wave");
        Ok(wave)
    }

    /// A key as release managers have it, and a voter's keyring with KEYS in it.
    fn make_key(&self) -> Outcome<()> {
        for home in [self.signer(), self.voter()] {
            fs::create_dir(&home)
                .and_then(|()| fs::set_permissions(&home, Permissions::from_mode(0o700)))
                .map_err(|why| why.to_string())?;
        }
        quiet(
            gpg(&self.signer())
                .args(["--passphrase", "", "--quick-generate-key"])
                .args([
                    "Rita Manager <rita@example.org>",
                    "rsa4096",
                    "sign",
                    "never",
                ]),
        )?;
        let keys = quiet(gpg(&self.signer()).args(["--armor", "--export"]))?;
        fs::write(self.keys_file(), keys).map_err(|why| why.to_string())?;
        quiet(gpg(&self.voter()).arg("--import").arg(self.keys_file())).map(drop)
    }

    /// Gives each distribution of a folder its signature and its checksum.
    fn sign(&self, files: &Path) -> Outcome<()> {
        let script = "for file in *.whl *.tar.gz; do \
             [ -e \"$file\" ] || continue; \
             gpg --batch -q --armor --detach-sign \"$file\" || exit 1; \
             sha512sum \"$file\" > \"$file.sha512\" || exit 1; done";
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .env("GNUPGHOME", self.signer())
            .current_dir(files);
        quiet(&mut shell).map(drop)
    }

    fn signer(&self) -> PathBuf {
        self.folder.path().join("signer")
    }

    /// The gpg home of somebody who trusts KEYS.
    pub(crate) fn voter(&self) -> PathBuf {
        self.folder.path().join("voter")
    }

    /// A local copy of KEYS.
    pub(crate) fn keys_file(&self) -> PathBuf {
        self.folder.path().join("KEYS")
    }

    /// The wave's 600 files.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.path().join("wave")
    }

    /// An empty folder for one run.
    pub(crate) fn scratch(&self) -> Outcome<TempDir> {
        tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(self.folder.path())
            .map_err(|why| why.to_string())
    }

    /// The server.
    pub(crate) fn httpd(&self) -> &Httpd {
        &self.server.httpd
    }

    /// The authority of the server with TLS.
    pub(crate) fn authority(&self) -> PathBuf {
        self.server.authority()
    }

    /// A URL of the wave's by way of TLS, behind the added round trip.
    pub(crate) fn over_tls(&self, url: &str) -> String {
        self.tls_proxy.through(&self.server.over_tls(url))
    }

    /// The wave on the server, behind the added round trip.
    pub(crate) fn url(&self) -> String {
        self.proxy.through(&self.httpd().url(&format!("{WAVE}/")))
    }

    /// The same where the server gives no reports.
    pub(crate) fn walked_url(&self) -> String {
        let url = self.httpd().walked_url(&format!("{WAVE}/"));
        self.proxy.through(&url)
    }

    /// The wave on the server itself.
    pub(crate) fn direct_url(&self) -> String {
        self.httpd().url(&format!("{WAVE}/"))
    }

    /// KEYS on the server itself.
    pub(crate) fn direct_keys_url(&self) -> String {
        self.httpd().url(KEYS)
    }

    /// KEYS on the server, behind the added round trip.
    pub(crate) fn keys_url(&self) -> String {
        self.proxy.through(&self.httpd().url(KEYS))
    }
}

impl Drop for Wave {
    fn drop(&mut self) {
        for home in [self.signer(), self.voter()] {
            // gpg leaves an agent behind that would look at the folder for ever.
            let mut command = Command::new("gpgconf");
            let _ = quiet(command.arg("--homedir").arg(home).args(["--kill", "all"]));
        }
    }
}

/// The names of all projects.
pub(crate) fn projects() -> impl Iterator<Item = String> {
    (0..PROJECTS).map(|number| format!("apache-wave-{number:03}"))
}

/// A wheel of nearly 1 GiB on the server, without an added round trip: what counts
/// here is what the bytes themselves cost.
pub(crate) struct Large<'a> {
    pub(crate) wave: &'a Wave,
}

impl<'a> Large<'a> {
    /// Makes, signs and commits it.
    pub(crate) fn make(wave: &'a Wave) -> Outcome<Self> {
        let folder = wave.scratch()?;
        let wheel = Wheel::new("apache-wave-large", "1.0").with_payload(LARGE);
        File::create(folder.path().join(wheel.file_name()))
            .and_then(|file| wheel.write_to(file))
            .map_err(|why| why.to_string())?;
        wave.sign(folder.path())?;
        wave.httpd()
            .commit_tree(folder.path(), LARGE_RELEASE, "Add a large wheel");
        Ok(Self { wave })
    }

    pub(crate) fn url(&self) -> String {
        self.wave.httpd().url(&format!("{LARGE_RELEASE}/"))
    }

    pub(crate) fn keys_url(&self) -> String {
        self.wave.httpd().url(KEYS)
    }
}

fn gpg(home: &Path) -> Command {
    let mut command = Command::new("gpg");
    command
        .args(["--batch", "-q", "--pinentry-mode", "loopback", "--homedir"])
        .arg(home);
    command
}
