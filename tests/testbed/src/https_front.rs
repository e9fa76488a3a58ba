// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A real httpd with TLS and HTTP/2 in front of a stand-in on this machine, as
//! public indexes have a delivery network in front of them.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::httpd::{Httpd, free_port};
use crate::tls::certify;

/// The server, until it is dropped.
#[derive(Debug)]
pub struct HttpsFront {
    httpd: Httpd,
    folder: TempDir,
    port: u16,
}

/// One request as the server logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// `HTTP/2.0`, `HTTP/1.1`.
    pub protocol: String,
    /// `GET`, `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// What the client's header said, in bytes.
    pub content_length: Option<u64>,
    /// The client's port, which tells connections apart.
    pub client_port: u16,
}

impl HttpsFront {
    /// Starts it in front of a port of this machine.
    ///
    /// # Panics
    /// When something is missing or does not start: the test cannot go on.
    pub fn start(target_port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        certify(folder.path(), "IP:127.0.0.1");
        let served = AtomicU16::new(0);
        let httpd = Httpd::start_with(&|root, _| {
            let port = free_port();
            served.store(port, Ordering::SeqCst);
            configuration(root, folder.path(), port, target_port)
        });
        Self {
            httpd,
            folder,
            port: served.into_inner(),
        }
    }

    /// Its base URL, with a slash at the end.
    pub fn base(&self) -> String {
        format!("https://127.0.0.1:{}/", self.port)
    }

    /// The variable by which a program trusts it.
    pub fn env(&self) -> (&'static str, String) {
        let ca = self.folder.path().join("ca.pem");
        ("SSL_CERT_FILE", ca.display().to_string())
    }

    /// The requests so far, in the order of their ends.
    ///
    /// # Panics
    /// When the log cannot be read.
    pub fn logged(&self) -> Vec<Logged> {
        let log = self.httpd.plain().with_file_name("front.log");
        let text = fs::read_to_string(log).expect("a log");
        text.lines().filter_map(logged).collect()
    }
}

fn logged(line: &str) -> Option<Logged> {
    let mut words = line.split(' ');
    let mut word = || words.next().map(str::to_owned);
    Some(Logged {
        protocol: word()?,
        method: word()?,
        path: word()?,
        content_length: word()?.parse().ok(),
        client_port: word()?.parse().ok()?,
    })
}

fn configuration(root: &Path, secrets: &Path, port: u16, target: u16) -> String {
    let (root, secrets) = (root.display(), secrets.display());
    let modules: String = ["ssl", "http2", "proxy", "proxy_http"]
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    format!(
        "{modules}Listen 127.0.0.1:{port} https\n\
         <VirtualHost 127.0.0.1:{port}>\n\
         SSLEngine on\n\
         SSLCertificateFile \"{secrets}/host.pem\"\n\
         SSLCertificateKeyFile \"{secrets}/host.key\"\n\
         Protocols h2 http/1.1\n\
         LimitRequestFieldSize 32760\n\
         ProxyPass \"/\" \"http://127.0.0.1:{target}/\"\n\
         CustomLog \"{root}/front.log\" \"%H %m %U %{{Content-Length}}i %{{remote}}p\"\n\
         </VirtualHost>\n"
    )
}
