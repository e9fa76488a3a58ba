// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A server on loopback that answers what a test says, byte for byte: for
//! answers that no honest server gives. One request for each connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `OPTIONS`, `PROPFIND`.
    pub method: String,
    /// The target as sent, percent-encoded.
    pub target: String,
    /// The whole head, header names in the sender's spelling.
    pub head: String,
    /// The body, of the length that the head names.
    pub body: Vec<u8>,
}

/// What is sent back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// These bytes after a pause.
    Late(Duration, Vec<u8>),
    /// These bytes, then silence until the other side goes.
    Stall(Vec<u8>),
    /// The first bytes, then the second again and again until the other side goes.
    Endless(Vec<u8>, Vec<u8>),
    /// These bytes, then a blank after each pause until the other side goes.
    Drip(Vec<u8>, Duration),
}

impl Reply {
    /// A whole answer: a status with its words, further header lines, a body.
    pub fn new(status: &str, headers: &[&str], body: &[u8]) -> Self {
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for header in headers {
            bytes.push_str(header);
            bytes.push_str("\r\n");
        }
        bytes.push_str("\r\n");
        Self::Raw([bytes.as_bytes(), body].concat())
    }
}

/// A running server; takes no new connections once dropped.
#[derive(Debug)]
pub struct Scripted {
    port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    stopped: Arc<AtomicBool>,
}

impl Scripted {
    /// Starts a server that asks `script` for each answer.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let stopped: Arc<AtomicBool> = Arc::default();
        let script = Arc::new(script);
        let (log, stop) = (Arc::clone(&seen), Arc::clone(&stopped));
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                thread::spawn(move || {
                    serve(connection, &log, |request| script(request));
                });
            }
        });
        Self {
            port,
            seen,
            stopped,
        }
    }

    /// The URL of a path that is percent-encoded already.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// All requests so far.
    ///
    /// # Panics
    /// Never: no thread panics while it holds the list.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("an unbroken list").clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener so that it sees the flag.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(
    mut connection: TcpStream,
    seen: &Mutex<Vec<Request>>,
    script: impl Fn(&Request) -> Reply,
) {
    let Some(request) = read_request(&mut connection) else {
        return;
    };
    if let Ok(mut seen) = seen.lock() {
        seen.push(request.clone());
    }
    let (bytes, stall) = match script(&request) {
        Reply::Drip(start, pause) => {
            let mut sent = connection.write_all(&start);
            while sent.is_ok() {
                thread::sleep(pause);
                sent = connection.write_all(b" ");
            }
            return;
        }
        Reply::Endless(start, more) => {
            let mut sent = connection.write_all(&start);
            while sent.is_ok() {
                sent = connection.write_all(&more);
            }
            return;
        }
        Reply::Raw(bytes) => (bytes, false),
        Reply::Late(pause, bytes) => {
            thread::sleep(pause);
            (bytes, false)
        }
        Reply::Stall(bytes) => (bytes, true),
    };
    let _ = connection.write_all(&bytes);
    if stall {
        while matches!(connection.read(&mut [0; 64]), Ok(1..)) {}
    }
}

/// Reads the head, and the body so that closing resets nothing.
fn read_request(connection: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut buffer = [0; 4096];
        let length @ 1.. = connection.read(&mut buffer).ok()? else {
            return None;
        };
        bytes.extend_from_slice(&buffer[..length]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body_length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = bytes.split_off(end);
    let come = body.len();
    body.resize(body_length.max(come), 0);
    connection.read_exact(&mut body[come..]).ok()?;
    let mut words = head.split(' ');
    Some(Request {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        head,
        body,
    })
}
