// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One direction of a link, which all connections share: when the bytes that
//! are given to it have been carried. Reads no clock and waits for nothing.

use std::time::{Duration, Instant};

/// What an idle link has in store, as the buffers on a real one do: so much
/// less does a sleep that ends late cost.
pub(super) const STORE: Duration = Duration::from_millis(10);

/// A link of so many bytes a second.
#[derive(Debug)]
pub(super) struct Link {
    bytes_a_second: u64,
    /// When all that was given to it so far is carried.
    free: Option<Instant>,
}

impl Link {
    /// One that has carried nothing yet.
    ///
    /// # Panics
    /// When it carries nothing at all.
    pub(super) fn new(bytes_a_second: u64) -> Self {
        assert!(bytes_a_second > 0, "a link that carries something");
        Self {
            bytes_a_second,
            free: None,
        }
    }

    /// When so many bytes that are given to it now are carried: behind all that
    /// were given to it before, at its own rate.
    pub(super) fn carry(&mut self, now: Instant, bytes: u64) -> Instant {
        let earliest = now.checked_sub(STORE).unwrap_or(now);
        let begins = self.free.map_or(earliest, |free| free.max(earliest));
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_a_second);
        let carried = begins + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.free = Some(carried);
        carried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KB: u64 = 1000;

    #[test]
    fn a_link_carries_its_rate_and_no_more() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        // At 1 kB a millisecond: when it is given how much, and when that is carried.
        for (what, given) in [
            ("alone", vec![(0, 100, 90)]),
            (
                "behind others",
                vec![(0, 100, 90), (0, 50, 140), (3, 10, 150)],
            ),
            (
                "after a sleep that ended late",
                vec![(0, 100, 90), (95, 100, 190)],
            ),
            ("after a pause", vec![(0, 100, 90), (1000, 100, 1090)]),
            ("nothing", vec![(0, 10, 0), (0, 0, 0)]),
        ] {
            let mut link = Link::new(1000 * KB);
            for (at, kilobytes, carried) in given {
                let found = link.carry(after(at), kilobytes * KB);
                assert_eq!(found, after(carried), "{what}: {kilobytes} kB at {at} ms");
            }
        }
    }

    #[test]
    fn a_link_of_few_bytes_carries_many_late() {
        let start = Instant::now();
        let carried = Link::new(3).carry(start, 10);
        assert_eq!(carried + STORE - start, Duration::from_nanos(3_333_333_333));
    }
}
