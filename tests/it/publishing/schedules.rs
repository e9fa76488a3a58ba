// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Random schedules of faults: whatever happens to some runs, a few more end
//! with every file there once, and no run is told of a conflict.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use testbed::index::Faults;
use testbed::watch::Moment;

use super::*;
use crate::world::assert_no_secret;

/// How many schedules, one for each seed from 0.
const SCHEDULES: u64 = 200;
/// Trials at a time: most of their time they wait between two tries.
const WORKERS: usize = 16;
/// So many runs are enough for any schedule.
const RUNS: usize = 6;
/// Longer than the idle time-out of the runs.
const STALL: Duration = Duration::from_millis(1200);
/// A run of the release without faults has about so many moments.
const MOMENTS: u64 = 80;

/// Numbers that look random, the same for the same seed (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[usize::try_from(self.below(some.len() as u64)).unwrap()]
    }
}

/// What happens at a moment, counted over all runs of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Kill,
    Cancel,
    /// The answer is late by more than the idle time-out.
    Stall,
    /// Every token that was minted expires.
    Expire,
}

/// What is laid in before the first run.
#[derive(Clone, Copy, Debug)]
enum Trap {
    Uploads(u16, Option<u64>, usize),
    CutBefore(usize),
    CutAfter(usize),
    Mints(u16, usize),
    CutMint(usize),
    LookUps(u16, usize),
    Hidden(usize),
    Issuer(usize),
}

/// Its `Debug` form stands in every failure.
#[derive(Debug)]
struct Schedule {
    seed: u64,
    traps: Vec<Trap>,
    blows: Vec<(u64, Blow)>,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut traps = Vec::new();
        for _ in 0..numbers.below(3) {
            let times = |numbers: &mut Numbers| usize::try_from(numbers.below(3) + 1).unwrap();
            traps.push(match numbers.below(11) {
                0..=3 => Trap::Uploads(
                    numbers.of(&[500, 502, 503, 429, 408]),
                    numbers.of(&[None, Some(0), Some(1)]),
                    times(&mut numbers) * 2 - 1,
                ),
                4 => Trap::CutBefore(times(&mut numbers)),
                5 | 6 => Trap::CutAfter(times(&mut numbers)),
                7 => Trap::Mints(numbers.of(&[500, 503]), times(&mut numbers)),
                8 => Trap::CutMint(times(&mut numbers)),
                9 => numbers.of(&[
                    Trap::LookUps(500, 2),
                    Trap::LookUps(503, 1),
                    Trap::Hidden(1),
                ]),
                _ => Trap::Issuer(times(&mut numbers)),
            });
        }
        let mut blows = Vec::new();
        // A schedule without any fault proves nothing.
        let least = u64::from(traps.is_empty());
        for _ in 0..numbers.below(4) + least {
            let blow = numbers.of(&[
                Blow::Kill,
                Blow::Kill,
                Blow::Cancel,
                Blow::Stall,
                Blow::Expire,
            ]);
            blows.push((numbers.below(MOMENTS * 2), blow));
        }
        Self { seed, traps, blows }
    }

    fn lay(&self, trial: &Trial<'_>) {
        for trap in &self.traps {
            trial.index.faults(|it: &mut Faults| match *trap {
                Trap::Uploads(status, after, times) => {
                    it.upload_statuses.extend(vec![(status, after); times]);
                }
                Trap::CutBefore(times) => it.cut_before_commit += times,
                Trap::CutAfter(times) => it.cut_after_commit += times,
                Trap::Mints(status, times) => it.mint_statuses.extend(vec![status; times]),
                Trap::CutMint(times) => it.cut_after_mint += times,
                Trap::LookUps(status, times) => it.simple_statuses.extend(vec![status; times]),
                Trap::Hidden(reads) => it.hidden_reads = reads,
                Trap::Issuer(times) => trial.world.issuer.fail(times),
            });
        }
        let blows = self.blows.clone();
        let (seen, running) = (AtomicU64::new(0), trial.running.clone());
        let index = Arc::downgrade(&trial.index);
        trial.watch(Arc::new(move |_: Moment, _: &str, _: &str| {
            let now = seen.fetch_add(1, Ordering::SeqCst);
            for (_, blow) in blows.iter().filter(|(moment, _)| *moment == now) {
                match blow {
                    Blow::Kill => running.send(Signal::KILL),
                    Blow::Cancel => running.send(Signal::TERM),
                    Blow::Stall => std::thread::sleep(STALL),
                    Blow::Expire => {
                        if let Some(index) = index.upgrade() {
                            index.expire_tokens();
                        }
                    }
                }
            }
        }));
    }

    /// Runs until one ends well; gives how many it took.
    fn play(&self, world: &World) -> usize {
        let trial = Trial::new(world, Options::default());
        self.lay(&trial);
        let mut said = VecDeque::new();
        for run in 1..=RUNS {
            let ran = trial.publish(&[]);
            let what = format!("seed {}: {self:?}, run {run}: {}", self.seed, ran.stderr);
            // Killed, or something outside failed: never a verdict.
            assert!(matches!(ran.status, -1 | 0 | 3), "{what}");
            assert_no_secret(&ran, &trial.index, &world.issuer);
            if ran.status == 0 {
                trial.assert_whole(&what);
                trial.watch(Arc::new(|_, _, _| {}));
                world.issuer.fail(0);
                return run;
            }
            said.push_back(what);
        }
        panic!("not done after {RUNS} runs: {said:?}");
    }
}

#[test]
fn whatever_happens_a_few_runs_end_with_every_file_there_once() {
    let next = AtomicU64::new(0);
    let runs = AtomicUsize::new(0);
    let again = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let world = ground();
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= SCHEDULES {
                        return;
                    }
                    let taken = Schedule::new(seed).play(&world);
                    runs.fetch_add(taken, Ordering::SeqCst);
                    again.fetch_add(usize::from(taken > 1), Ordering::SeqCst);
                }
            });
        }
    });
    let (runs, again) = (runs.into_inner(), again.into_inner());
    assert!(
        again > 50,
        "{runs} runs of {SCHEDULES} schedules: only {again} schedules did any harm"
    );
}
