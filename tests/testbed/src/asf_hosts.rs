// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The ASF's distribution hosts on this machine, under their own names: a real
//! httpd with TLS for dist, downloads and archive, and a proxy to it; PyPI's two
//! names too, where a stand-in of it is named. What
//! [`AsfHosts::env`] gives makes a program's requests end here; no other host
//! can be reached by way of it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::httpd::{Httpd, free_port};
use crate::tls::certify;

const HOSTS: [&str; 3] = [
    "dist.apache.org",
    "downloads.apache.org",
    "archive.apache.org",
];

/// Served only where there is a stand-in to ask.
const PYPI_HOSTS: [&str; 2] = ["pypi.org", "upload.pypi.org"];

/// The hosts, until they are dropped.
#[derive(Debug)]
pub struct AsfHosts {
    /// The server; its repository is that of dist.apache.org.
    pub httpd: Httpd,
    folder: TempDir,
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl AsfHosts {
    /// Makes a certificate for the three names and starts the server.
    ///
    /// # Panics
    /// When something is missing or does not start: the test cannot go on.
    pub fn start() -> Self {
        Self::start_beside(None)
    }

    /// The same with PyPI's names before an index on a port of this machine.
    ///
    /// # Panics
    /// As [`AsfHosts::start`].
    pub fn start_before_index(index_port: u16) -> Self {
        Self::start_beside(Some(index_port))
    }

    fn start_beside(index_port: Option<u16>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut hosts = HOSTS.to_vec();
        if index_port.is_some() {
            hosts.extend(PYPI_HOSTS);
        }
        let names: Vec<String> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
        certify(folder.path(), &names.join(","));
        // The last port that was tried is the one that is served.
        let served = AtomicU16::new(0);
        let httpd = Httpd::start_with(&|root, _| {
            let port = free_port();
            served.store(port, Ordering::SeqCst);
            configuration(root, folder.path(), port, index_port)
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (asked, stopped) = (Arc::default(), Arc::default());
        listen(
            listener,
            hosts,
            served.into_inner(),
            Arc::clone(&asked),
            Arc::clone(&stopped),
        );
        Self {
            httpd,
            folder,
            port,
            asked,
            stopped,
        }
    }

    /// The variables that lead a program here.
    pub fn env(&self) -> [(&'static str, String); 2] {
        let ca = self.folder.path().join("ca.pem");
        [
            ("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.port)),
            ("SSL_CERT_FILE", ca.display().to_string()),
        ]
    }

    /// The folder that downloads.apache.org serves.
    pub fn downloads(&self) -> PathBuf {
        self.httpd.plain().join("downloads.apache.org")
    }

    /// The folder that archive.apache.org serves; releases lie below `dist`.
    pub fn archive(&self) -> PathBuf {
        self.httpd.plain().join("archive.apache.org")
    }

    /// The hosts that were asked for, in their order.
    ///
    /// # Panics
    /// Never: no thread panics while it holds the list.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("an unbroken list").clone()
    }
}

impl Drop for AsfHosts {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener so that it sees the flag.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn configuration(root: &Path, secrets: &Path, port: u16, index_port: Option<u16>) -> String {
    let (root, secrets) = (root.display(), secrets.display());
    let mut text = format!(
        "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n\
         Listen 127.0.0.1:{port} https\n"
    );
    for host in HOSTS {
        // The parent of the folder is there when httpd starts.
        let folder = format!("{root}/plain/{host}");
        fs::create_dir_all(&folder).expect("a folder");
        text += &format!(
            "<VirtualHost 127.0.0.1:{port}>\n\
             ServerName {host}\n\
             SSLEngine on\n\
             SSLCertificateFile \"{secrets}/host.pem\"\n\
             SSLCertificateKeyFile \"{secrets}/host.key\"\n\
             DocumentRoot \"{folder}\"\n\
             CustomLog \"{root}/access.log\" \"{host} %r %>s\"\n\
             <Directory \"{folder}\">\n\
             IndexOptions FancyIndexing\n\
             </Directory>\n\
             </VirtualHost>\n"
        );
    }
    let Some(index_port) = index_port else {
        return text;
    };
    for module in ["proxy", "proxy_http"] {
        text += &format!("LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n");
    }
    for host in PYPI_HOSTS {
        text += &format!(
            "<VirtualHost 127.0.0.1:{port}>\n\
             ServerName {host}\n\
             SSLEngine on\n\
             SSLCertificateFile \"{secrets}/host.pem\"\n\
             SSLCertificateKeyFile \"{secrets}/host.key\"\n\
             ProxyPass \"/\" \"http://127.0.0.1:{index_port}/\"\n\
             </VirtualHost>\n"
        );
    }
    text
}

fn listen(
    listener: TcpListener,
    hosts: Vec<&'static str>,
    target: u16,
    asked: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
) {
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            let (hosts, asked) = (hosts.clone(), Arc::clone(&asked));
            thread::spawn(move || {
                // Whoever broke off knows why.
                let _: io::Result<()> = tunnel(client, &hosts, target, &asked);
            });
        }
    });
}

/// Answers a CONNECT and carries the bytes to the server.
fn tunnel(
    mut client: TcpStream,
    hosts: &[&str],
    target: u16,
    asked: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8_lossy(&head);
    let host = head.strip_prefix("CONNECT ").and_then(|rest| {
        let (address, _) = rest.split_once(' ')?;
        address.strip_suffix(":443")
    });
    if let (Some(host), Ok(mut asked)) = (host, asked.lock()) {
        asked.push(host.to_owned());
    }
    if !host.is_some_and(|host| hosts.contains(&host)) {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    let mut server = TcpStream::connect(("127.0.0.1", target))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let there = thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let back = io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = there.join();
    back.map(drop)
}
