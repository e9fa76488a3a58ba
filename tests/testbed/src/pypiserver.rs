// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Drives a real `pypiserver`: an index of somebody else's making, that takes the
//! upload form and shows its files in HTML. It has no trusted publishing, and its
//! pages are not JSON (PEP 691).

use std::ffi::OsStr;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server, running until it is dropped.
pub struct PypiServer {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl PypiServer {
    /// Starts it, empty and open to whoever uploads; none where this Python does
    /// not have it.
    pub fn start(python: &OsStr) -> Option<Self> {
        let has = Command::new(python)
            .args(["-c", "import pypiserver"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !has {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on loopback");
        let port = free.local_addr().expect("the port just taken").port();
        drop(free);
        let child = Command::new(python)
            .args(["-m", "pypiserver", "run", "--interface", "127.0.0.1"])
            .args(["--port", &port.to_string(), "--server", "wsgiref"])
            .args(["--backend", "simple-dir", "--disable-fallback"])
            .args(["--authenticate", ".", "--passwords", "."])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self {
            child,
            port,
            folder,
        };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < PATIENCE, "pypiserver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Where it takes uploads.
    pub fn upload_url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Where the Simple API begins, for `pip --index-url`.
    pub fn simple_url(&self) -> String {
        format!("http://127.0.0.1:{}/simple/", self.port)
    }

    /// Where it keeps a file.
    pub fn path(&self, filename: &str) -> PathBuf {
        self.folder.path().join(filename)
    }

    /// The names of the files that it has, sorted.
    pub fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).expect("its folder");
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = names.filter_map(Result::ok).map(name).collect();
        names.sort();
        names
    }
}

impl Drop for PypiServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
