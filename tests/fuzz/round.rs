// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A round: each target in a process of its own, so that even an abort or a
//! hang is told with the input that made it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testbed::bombs::Bomb;
use testbed::memory;

use crate::corpus;
use crate::mutate::{Chance, LARGEST, change};

/// Inputs of each target where no time is given.
const SHORT: u64 = 400;
/// A guard against hangs, not a measure: nothing here takes a hundredth of it.
const HANG: Duration = Duration::from_secs(20);
/// Whether a target is at work: a panic elsewhere is this program's own.
static READING: AtomicBool = AtomicBool::new(false);

/// What the product's own work cost, where a target measures it apart from
/// the test's: bytes, and time in nanoseconds.
static PEAK: AtomicUsize = AtomicUsize::new(0);
static TOOK: AtomicU64 = AtomicU64::new(0);

/// Does the product's work of a target that does more than that.
pub fn measured<T>(work: impl FnOnce() -> T) -> T {
    let held = memory::begin();
    let start = Instant::now();
    let done = work();
    TOOK.store(
        u64::try_from(start.elapsed().as_nanos()).unwrap(),
        Ordering::SeqCst,
    );
    PEAK.store(memory::peak().saturating_sub(held).max(1), Ordering::SeqCst);
    done
}

/// Bombs without their names.
pub fn bytes_of(bombs: Vec<Bomb>) -> Vec<Vec<u8>> {
    bombs.into_iter().map(|(_, bytes)| bytes).collect()
}

/// Inputs that led to a new outcome, and are changed further.
const LEADS: usize = 512;

/// What one input came to: a word for the outcome, or the promise it broke.
pub type Outcome = Result<String, String>;

/// Opens a layer of a seed, and closes it again.
pub type Layer = (
    fn(&[u8]) -> Option<Vec<u8>>,
    fn(&[u8], &mut Chance) -> Vec<u8>,
);

/// One reader of foreign bytes.
pub struct Target {
    pub name: &'static str,
    /// Made by our own tools; what lies in the corpus comes on top.
    pub seeds: Vec<Vec<u8>>,
    /// What an attacker would send, as large as may be; run as it is.
    pub attacks: fn() -> Vec<Vec<u8>>,
    /// Words that mean something to it.
    pub words: &'static [&'static [u8]],
    /// What wraps its bytes, such as armor or gzip, so that the inside is
    /// changed as well.
    pub layer: Option<Layer>,
    /// Reads an input and holds it to the promises.
    pub check: fn(&[u8]) -> Outcome,
    /// The most memory for an input of so many bytes, in bytes.
    pub memory: fn(usize) -> usize,
}

/// How a round goes.
#[derive(Clone, Debug)]
pub struct Settings {
    filter: String,
    seed: u64,
    /// For each target.
    time: Option<Duration>,
    replay: Option<PathBuf>,
}

/// What the program was called for.
pub enum Kind {
    All(Settings),
    One(Settings),
    List,
    MakeCorpus,
}

impl Settings {
    /// Reads the arguments, as `cargo test` gives them, and the environment.
    pub fn read() -> Kind {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        // Of the flags that cargo test passes on, these have a value.
        let has_value = |flag: &String| matches!(flag.as_str(), "--skip" | "--test-threads");
        let filter = arguments
            .iter()
            .enumerate()
            .find(|(at, it)| {
                let value = *at > 0 && has_value(&arguments[at - 1]);
                !it.starts_with('-') && !value
            })
            .map(|(_, it)| it);
        let settings = Self {
            filter: filter.cloned().unwrap_or_default(),
            seed: number("FUZZ_SEED").unwrap_or_else(|| u64::from(std::process::id())),
            time: number("FUZZ_SECONDS").map(Duration::from_secs),
            replay: std::env::var_os("FUZZ_REPLAY").map(PathBuf::from),
        };
        let has = |flag: &str| arguments.iter().any(|it| it == flag);
        if has("--list") {
            Kind::List
        } else if has("--make-corpus") {
            Kind::MakeCorpus
        } else if has("--one") {
            Kind::One(settings)
        } else {
            Kind::All(settings)
        }
    }
}

/// Runs the targets one after the other; ends as `cargo test` does.
pub fn all(targets: &[Target], settings: &Settings) -> ExitCode {
    let chosen: Vec<&Target> = targets
        .iter()
        .filter(|target| target.name.contains(&settings.filter))
        .collect();
    let seconds = settings.time.map(|time| {
        let share = time.as_secs() / u64::try_from(chosen.len().max(1)).unwrap();
        share.max(1).to_string()
    });
    println!(
        "\nrunning {} targets, FUZZ_SEED={}",
        chosen.len(),
        settings.seed
    );
    let mut failed = 0;
    for target in &chosen {
        let current = place(target, "current");
        let _ = fs::remove_file(&current);
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--one", target.name]);
        child.env("FUZZ_SEED", settings.seed.to_string());
        if let Some(seconds) = &seconds {
            child.env("FUZZ_SECONDS", seconds);
        }
        let status = child.status().unwrap();
        if !status.success() {
            failed += 1;
            // One that ended by itself has kept its input; the others could not.
            if status.code() != Some(1) {
                let input = read_current(&current);
                keep(target, &input, &format!("the process ended with {status}"));
            }
        }
        let _ = fs::remove_file(&current);
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {} passed; {failed} failed; 0 ignored\n",
        chosen.len() - failed
    );
    ExitCode::from(u8::from(failed > 0))
}

/// Runs the one target of this name in this process.
pub fn one(targets: &[Target], settings: &Settings) -> ExitCode {
    let Some(target) = targets.iter().find(|it| it.name == settings.filter) else {
        eprintln!("no target is called {}", settings.filter);
        return ExitCode::from(64);
    };
    let mut runner = Runner::new(target);
    let outcome = match &settings.replay {
        Some(file) => runner.run(&fs::read(file).unwrap()).map(|word| {
            println!("{}: {word}", file.display());
        }),
        None => runner.round(settings),
    };
    match outcome {
        Ok(()) => {
            println!("test {} ... ok ({})", target.name, runner.told());
            ExitCode::SUCCESS
        }
        Err((input, why)) => {
            println!("test {} ... FAILED", target.name);
            keep(target, &input, &why);
            ExitCode::FAILURE
        }
    }
}

/// Keeps an input, and says how to run it again.
fn keep(target: &Target, input: &[u8], why: &str) {
    let file = place(target, &format!("{:016x}", digest(input)));
    fs::write(&file, input).unwrap();
    println!(
        "{}: {why}\n  {} bytes in {}\n  again: FUZZ_REPLAY={} cargo test --locked --test fuzz -- --one {}",
        target.name,
        input.len(),
        file.display(),
        file.display(),
        target.name,
    );
}

/// FNV-1a, for names of files and words of outcomes.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn place(target: &Target, what: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    fs::create_dir_all(&folder).unwrap();
    folder.join(format!("{}-{what}", target.name))
}

/// The input that was under way: its length in eight bytes, then itself.
fn read_current(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap_or_default();
    let Some((len, input)) = bytes.split_first_chunk() else {
        return Vec::new();
    };
    let len = usize::try_from(u64::from_le_bytes(*len)).unwrap();
    input.get(..len).unwrap_or_default().to_vec()
}

type Broken = (Vec<u8>, String);

struct Runner<'a> {
    target: &'a Target,
    current: File,
    /// Inputs begun, so that the guard sees whether it is still the same one.
    begun: Arc<AtomicU64>,
    /// Panics, also those that the product contained.
    panics: Arc<AtomicUsize>,
    words: HashSet<u64>,
    /// The largest share of the memory that was allowed, in parts of 1000.
    share: usize,
    peak: usize,
    slowest: Duration,
}

impl<'a> Runner<'a> {
    fn new(target: &'a Target) -> Self {
        let begun = Arc::new(AtomicU64::new(0));
        let watched = Arc::clone(&begun);
        std::thread::spawn(move || {
            loop {
                let before = watched.load(Ordering::SeqCst);
                std::thread::sleep(HANG);
                // Attacks take their time to be made, which is not the reader's.
                let is_same = before > 0 && watched.load(Ordering::SeqCst) == before;
                if is_same && READING.load(Ordering::SeqCst) {
                    eprintln!("one input takes more than {} s", HANG.as_secs());
                    std::process::abort();
                }
            }
        });
        let panics = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&panics);
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if READING.load(Ordering::SeqCst) {
                counted.fetch_add(1, Ordering::SeqCst);
            } else {
                usual(info);
            }
        }));
        Self {
            target,
            current: File::create(place(target, "current")).unwrap(),
            begun,
            panics,
            words: HashSet::new(),
            share: 0,
            peak: 0,
            slowest: Duration::ZERO,
        }
    }

    fn told(&self) -> String {
        format!(
            "{} inputs, {} outcomes, at most {} KiB or {} % of what is allowed, slowest {:.1} ms, {} panics contained",
            self.begun.load(Ordering::SeqCst),
            self.words.len(),
            self.peak.div_ceil(1024),
            self.share.div_ceil(10),
            self.slowest.as_secs_f64() * 1000.0,
            self.panics.load(Ordering::SeqCst),
        )
    }

    /// The seeds as they are, then changes to them.
    fn round(&mut self, settings: &Settings) -> Result<(), Broken> {
        let mut seeds = self.target.seeds.clone();
        seeds.extend(corpus::read(self.target.name));
        for seed in &seeds {
            self.run(seed)?;
        }
        for attack in (self.target.attacks)() {
            self.run(&attack)?;
        }
        let end = settings.time.map(|time| Instant::now() + time);
        let mut chance = Chance::new(settings.seed ^ digest(self.target.name.as_bytes()));
        let mut left = SHORT;
        while end.map_or(left > 0, |end| Instant::now() < end) {
            left = left.saturating_sub(1);
            let input = self.make(&seeds, &mut chance);
            let before = self.words.len();
            self.run(&input)?;
            // An outcome that was not seen before is a lead worth following.
            if self.words.len() > before && seeds.len() < LEADS {
                seeds.push(input);
            }
        }
        Ok(())
    }

    fn make(&self, seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
        let mut input = seeds[chance.below(seeds.len())].clone();
        if let Some((open, close)) = self.target.layer
            && !chance.one_in(3)
            && let Some(mut inside) = open(&input)
        {
            let other = open(&seeds[chance.below(seeds.len())]).unwrap_or_default();
            change(&mut inside, &[other], self.target.words, chance);
            input = close(&inside, chance);
            input.truncate(2 * LARGEST);
            if !chance.one_in(4) {
                return input;
            }
        }
        change(&mut input, seeds, self.target.words, chance);
        input
    }

    /// Runs one input, and holds it to what is promised of all.
    fn run(&mut self, input: &[u8]) -> Result<String, Broken> {
        let broken = |why: String| (input.to_vec(), why);
        let mut record = (input.len() as u64).to_le_bytes().to_vec();
        record.extend_from_slice(input);
        self.current.write_all_at(&record, 0).unwrap();
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        PEAK.store(0, Ordering::SeqCst);
        READING.store(true, Ordering::SeqCst);
        let held = memory::begin();
        let start = Instant::now();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| (self.target.check)(input)));
        let (took, peak) = match PEAK.load(Ordering::SeqCst) {
            0 => (start.elapsed(), memory::peak() - held),
            peak => (Duration::from_nanos(TOOK.load(Ordering::SeqCst)), peak),
        };
        READING.store(false, Ordering::SeqCst);
        let word = match outcome {
            Ok(outcome) => outcome.map_err(broken)?,
            Err(payload) => {
                let text = payload.downcast_ref::<String>().cloned().or_else(|| {
                    payload
                        .downcast_ref::<&str>()
                        .map(|text| (*text).to_owned())
                });
                return Err(broken(format!("a panic: {}", text.unwrap_or_default())));
            }
        };
        let allowed = (self.target.memory)(input.len());
        if peak > allowed {
            return Err(broken(format!(
                "{peak} bytes of memory, {allowed} are allowed"
            )));
        }
        // The same again, now and then.
        if number.is_multiple_of(16) && (self.target.check)(input).as_ref() != Ok(&word) {
            return Err(broken("another outcome when run again".to_owned()));
        }
        self.share = self.share.max(peak * 1000 / allowed);
        self.peak = self.peak.max(peak);
        self.slowest = self.slowest.max(took);
        let plain = word.bytes().filter(u8::is_ascii_alphabetic).take(80);
        self.words.insert(digest(&plain.collect::<Vec<u8>>()));
        Ok(word)
    }
}
