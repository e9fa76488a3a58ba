// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A TCP proxy on loopback that makes a network worse: it delays, narrows, cuts
//! and falls silent. Knows nothing of HTTP.

mod link;
#[cfg(test)]
mod tests;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use link::Link;

/// How many pieces may be on their way to one side of a connection: more than
/// any delay here needs, and an end to what is kept for a slow reader.
const ON_THE_WAY: usize = 1024;

/// What the proxy does to connections made from now on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Added to every round trip: half on the way there, half on the way back.
    pub delay: Duration,
    /// Cut a connection after so many bytes of answers.
    pub cut_after: Option<u64>,
    /// How many connections still get the cut; all when none is said.
    pub cuts: Option<u32>,
    /// Take the connection and never say a word.
    pub silent: bool,
}

/// What went through so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Connections that were made.
    pub connections: u64,
    /// Connections that were cut.
    pub cut: u64,
    /// Bytes of requests.
    pub sent: u64,
    /// Bytes of answers.
    pub received: u64,
}

#[derive(Debug, Default)]
struct State {
    faults: Mutex<Faults>,
    counts: Mutex<Counts>,
    stopped: AtomicBool,
    /// Of requests and of answers: each direction has the whole rate.
    there: Option<Mutex<Link>>,
    back: Option<Mutex<Link>>,
}

impl State {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().expect("no thread panics here")
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().expect("no thread panics here")
    }
}

/// A running proxy; takes no new connections once dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Starts a proxy without faults to a port of this machine.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(target_port: u16) -> Self {
        Self::start_with(target_port, State::default())
    }

    /// The same behind a link that carries so many bytes a second each way, for
    /// all connections together.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start_narrow(target_port: u16, bytes_a_second: u64) -> Self {
        let link = || Some(Mutex::new(Link::new(bytes_a_second)));
        let state = State {
            there: link(),
            back: link(),
            ..State::default()
        };
        Self::start_with(target_port, state)
    }

    fn start_with(target_port: u16, state: State) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(state);
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(client) = client {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || serve(client, target_port, &shared));
                }
            }
        });
        Self { port, state }
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same URL by way of the proxy.
    pub fn through(&self, url: &str) -> String {
        let Some((before, rest)) = url.split_once("127.0.0.1:") else {
            return url.to_owned();
        };
        let path = rest.find('/').map_or("", |start| &rest[start..]);
        format!("{before}127.0.0.1:{}{path}", self.port)
    }

    /// What to do to the connections that come.
    pub fn set(&self, faults: Faults) {
        *self.state.faults() = faults;
    }

    /// What went through so far.
    pub fn counts(&self) -> Counts {
        *self.state.counts()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener so that it sees the flag.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut client: TcpStream, target_port: u16, state: &Arc<State>) {
    let (delay, cut, silent) = {
        let mut faults = state.faults();
        let mut cut = faults.cut_after;
        if let (Some(_), Some(left)) = (cut, faults.cuts) {
            faults.cuts = Some(left.saturating_sub(1));
            cut = cut.filter(|_| left > 0);
        }
        (faults.delay / 2, cut, faults.silent)
    };
    state.counts().connections += 1;
    if silent {
        let mut buffer = [0; 4096];
        while matches!(client.read(&mut buffer), Ok(1..)) {}
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", target_port)) else {
        return;
    };
    let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let shared = Arc::clone(state);
    let there = thread::spawn(move || {
        let link = shared.there.as_ref();
        pump(client_too, server_too, link, delay, None, |bytes, _| {
            shared.counts().sent += bytes;
        });
    });
    pump(
        server,
        client,
        state.back.as_ref(),
        delay,
        cut,
        |bytes, cuts| {
            let mut counts = state.counts();
            counts.received += bytes;
            // Before anybody can see it happen.
            counts.cut += u64::from(cuts);
        },
    );
    let _ = there.join();
}

/// Carries bytes one way, each `delay` after the link carried it, in order;
/// `count` hears of them, and whether the connection is cut behind them.
fn pump(
    mut from: TcpStream,
    to: TcpStream,
    link: Option<&Mutex<Link>>,
    delay: Duration,
    cut: Option<u64>,
    count: impl Fn(u64, bool),
) {
    let (queue, due) = sync_channel(ON_THE_WAY);
    let writer = thread::spawn(move || deliver(to, &due));
    let mut left = cut;
    let mut buffer = vec![0; 64 * 1024];
    let mut was_cut = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let allowed = left.map_or(length, |left| {
            length.min(usize::try_from(left).unwrap_or(usize::MAX))
        });
        left = left.map(|left| left - allowed as u64);
        if let Some(link) = link {
            let now = Instant::now();
            let carried = link
                .lock()
                .expect("no thread panics here")
                .carry(now, allowed as u64);
            thread::sleep(carried.saturating_duration_since(now));
        }
        was_cut = left == Some(0);
        count(allowed as u64, was_cut);
        if push(&queue, delay, &buffer[..allowed]).is_err() || was_cut {
            break;
        }
    }
    drop(queue);
    let _ = writer.join();
    if was_cut {
        let _ = from.shutdown(Shutdown::Both);
    }
}

fn push(queue: &SyncSender<(Instant, Vec<u8>)>, delay: Duration, bytes: &[u8]) -> Result<(), ()> {
    queue
        .send((Instant::now() + delay, bytes.to_vec()))
        .map_err(|_| ())
}

fn deliver(mut to: TcpStream, due: &Receiver<(Instant, Vec<u8>)>) {
    while let Ok((when, bytes)) = due.recv() {
        thread::sleep(when.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
