// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

use super::link::STORE;
use super::*;

/// Takes connections for ever, and gives each byte back.
fn echo() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut back = client.try_clone().unwrap();
                let _ = std::io::copy(&mut &client, &mut back);
                let _ = back.shutdown(Shutdown::Write);
            });
        }
    });
    port
}

/// Sends the bytes and reads what comes back.
fn exchange(port: u16, bytes: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            (&stream).write_all(bytes).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        });
        let mut came = Vec::new();
        (&stream).read_to_end(&mut came).unwrap();
        came
    })
}

#[test]
fn all_connections_share_one_link_each_way() {
    const RATE: u64 = 20_000_000;
    const LENGTH: usize = 300_000;
    let proxy = Proxy::start_narrow(echo(), RATE);
    let port = proxy.port();
    let begin = Instant::now();
    thread::scope(|scope| {
        for number in 0..4_u8 {
            scope.spawn(move || {
                let bytes = vec![number; LENGTH];
                assert!(exchange(port, &bytes) == bytes, "connection {number}");
            });
        }
    });
    let counts = proxy.counts();
    assert_eq!(counts.connections, 4);
    assert_eq!([counts.sent, counts.received], [4 * LENGTH as u64; 2]);
    // By its own account, a link was busy for as long as the bytes of all take.
    let needed = Duration::from_secs(4 * LENGTH as u64) / u32::try_from(RATE).unwrap();
    for link in [&proxy.state.there, &proxy.state.back] {
        let mut link = link.as_ref().unwrap().lock().unwrap();
        let free = link.carry(begin, 0);
        assert!(free + STORE >= begin + needed, "{:?}", free - begin);
    }
}

#[test]
fn a_proxy_without_a_link_carries_what_comes() {
    let proxy = Proxy::start(echo());
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    assert!(exchange(proxy.port(), &bytes) == bytes);
}
