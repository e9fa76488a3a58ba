// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Looks the names of hosts up. The ASF's download hosts are several servers
//! under one name, which a run must not mix: their files have other times, and
//! for some minutes other contents. Their addresses are asked for once a run
//! and keep their order; everything else is looked up as ever.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Mutex;

use crate::endpoints::{ASF_ARCHIVE_HOST, ASF_DIST_HOST, ASF_DOWNLOADS_HOST};

const KEPT: [&str; 3] = [ASF_ARCHIVE_HOST, ASF_DIST_HOST, ASF_DOWNLOADS_HOST];

type Known = HashMap<String, Vec<SocketAddr>>;

/// The resolver of one run.
#[derive(Clone, Default)]
pub(super) struct Resolver(Arc<Mutex<Known>>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let known = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str();
            let found = if KEPT.contains(&host) {
                // Held while it is asked: who comes second takes the same answer.
                keep(&mut *known.lock().await, host, look_up(host)).await?
            } else {
                look_up(host).await?
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

async fn look_up(host: &str) -> io::Result<Vec<SocketAddr>> {
    // Port 0 leaves the URL's own.
    Ok(tokio::net::lookup_host((host, 0)).await?.collect())
}

/// The first answer that there was; a failure is no answer.
async fn keep(
    known: &mut Known,
    host: &str,
    asked: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> io::Result<Vec<SocketAddr>> {
    if let Some(found) = known.get(host) {
        return Ok(found.clone());
    }
    let found = asked.await?;
    known.insert(host.to_owned(), found.clone());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(last: &[u8]) -> Vec<SocketAddr> {
        let address = |last: &u8| SocketAddr::from(([192, 0, 2, *last], 0));
        last.iter().map(address).collect()
    }

    #[tokio::test]
    async fn a_run_keeps_to_the_servers_that_it_found_first() {
        let mut known = Known::new();
        let failed = async { Err(io::Error::from(io::ErrorKind::NotFound)) };
        assert!(keep(&mut known, "a", failed).await.is_err());
        for (host, answer, expected) in [
            ("a", [1, 2], [1, 2]),
            ("a", [2, 1], [1, 2]),
            ("b", [2, 1], [2, 1]),
            ("a", [3, 4], [1, 2]),
        ] {
            let asked = async { Ok(addresses(&answer)) };
            let found = keep(&mut known, host, asked).await.unwrap();
            assert_eq!(found, addresses(&expected), "{host}");
        }
    }

    #[tokio::test]
    async fn other_names_are_looked_up_and_not_kept() {
        let resolver = Resolver::default();
        let name = "localhost".parse().unwrap();
        let found: Vec<SocketAddr> = resolver.resolve(name).await.unwrap().collect();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()));
        assert!(resolver.0.lock().await.is_empty());
    }
}
