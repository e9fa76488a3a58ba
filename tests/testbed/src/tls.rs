// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A real httpd that speaks TLS on loopback, with or without HTTP/2, for its
//! own repository or in front of another server; and certificates for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::httpd::{Httpd, MODULES, free_port};

/// What the server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/2, and HTTP/1.1 to whoever does not ask for it.
    Both,
    /// HTTP/1.1 and nothing else.
    Http1,
}

/// The server; stopped when it is dropped.
#[derive(Debug)]
pub struct TlsHttpd {
    /// The same without TLS, on another port.
    pub httpd: Httpd,
    folder: TempDir,
    port: u16,
}

impl TlsHttpd {
    /// Starts it; what `backend` names, `http://127.0.0.1:PORT`, answers below
    /// `/repos` if it is there, and the repository of `httpd` if not.
    ///
    /// # Panics
    /// When something is missing or does not start: the test cannot go on.
    pub fn start(speaks: Speaks, backend: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        certify(folder.path(), "IP:127.0.0.1");
        // The last port that was tried is the one that is served.
        let served = AtomicU16::new(0);
        let httpd = Httpd::start_with(&|root, _| {
            let port = free_port();
            served.store(port, Ordering::SeqCst);
            configuration(root, folder.path(), port, speaks, backend)
        });
        Self {
            httpd,
            folder,
            port: served.into_inner(),
        }
    }

    /// The loopback port with TLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that a client must trust, in PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A URL of this machine, by way of TLS.
    pub fn over_tls(&self, url: &str) -> String {
        let rest = url.split_once("127.0.0.1:").map_or(url, |(_, rest)| rest);
        let path = rest.find('/').map_or("", |start| &rest[start..]);
        format!("https://127.0.0.1:{}{path}", self.port)
    }
}

fn configuration(
    root: &Path,
    secrets: &Path,
    port: u16,
    speaks: Speaks,
    backend: Option<&str>,
) -> String {
    let (root, secrets) = (root.display(), secrets.display());
    let mut modules = vec!["ssl"];
    let mut more = String::new();
    if speaks == Speaks::Both {
        modules.push("http2");
        more += "Protocols h2 http/1.1\n";
    }
    if let Some(backend) = backend {
        modules.extend(["proxy", "proxy_http"]);
        more += "<Location \"/repos\">\nDAV Off\n</Location>\n";
        more += &format!("ProxyPass \"/repos\" \"{backend}/repos\"\n");
    }
    let modules: String = modules
        .iter()
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
        .collect();
    format!(
        "{modules}Listen 127.0.0.1:{port} https\n\
         <VirtualHost 127.0.0.1:{port}>\n\
         SSLEngine on\n\
         SSLCertificateFile \"{secrets}/host.pem\"\n\
         SSLCertificateKeyFile \"{secrets}/host.key\"\n\
         CustomLog \"{root}/access.log\" \"%r %>s\"\n\
         {more}</VirtualHost>\n"
    )
}

/// An authority and a certificate by it, in a folder: `ca.pem`, `host.pem`,
/// `host.key`. The names are OpenSSL's: `DNS:a.example,IP:127.0.0.1`.
pub(crate) fn certify(folder: &Path, names: &str) {
    fs::write(
        folder.join("host.cnf"),
        format!("subjectAltName={names}\nbasicConstraints=CA:FALSE\n"),
    )
    .expect("a written file");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for line in [
        format!("openssl req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Testbed"),
        // Subversion holds an address only against the common name.
        format!("openssl req {key} -keyout host.key -out host.csr -subj /CN=127.0.0.1"),
        "openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
         -extfile host.cnf -days 2 -out host.pem"
            .to_owned(),
    ] {
        let output = Command::new("sh")
            .args(["-ec", &line])
            .current_dir(folder)
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
    }
}
