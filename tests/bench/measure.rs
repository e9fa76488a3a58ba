// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Runs a program and says how long it took and how much memory it held.
//! GNU time measures the memory: a child of this process would be charged with
//! the memory that this process held when it was forked.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::NamedTempFile;

/// The problem as a sentence: nothing here is handled but shown.
pub(crate) type Outcome<T> = Result<T, String>;

/// What one run cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Time of the processors outside of the kernel.
    pub(crate) user: f64,
    /// The most resident memory of the program, or of the biggest of its children.
    pub(crate) peak_kib: u64,
    /// Requests to the server.
    pub(crate) requests: usize,
    /// From the first upload's beginning to the last one's end, where it uploads.
    pub(crate) sending: f64,
}

impl Cost {
    /// The most resident memory in MiB, rounded up.
    pub(crate) fn peak_mebibytes(self) -> u64 {
        self.peak_kib.div_ceil(1024)
    }

    /// Both, one after the other.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            seconds: self.seconds + next.seconds,
            user: self.user + next.user,
            peak_kib: self.peak_kib.max(next.peak_kib),
            requests: self.requests + next.requests,
            sending: self.sending + next.sending,
        }
    }
}

/// The medians of times and requests, and the worst memory.
pub(crate) fn summarise(costs: &[Cost]) -> Cost {
    let median = |of: fn(&Cost) -> f64| {
        let mut times: Vec<f64> = costs.iter().map(of).collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let mut requests: Vec<usize> = costs.iter().map(|cost| cost.requests).collect();
    requests.sort_unstable();
    Cost {
        seconds: median(|cost| cost.seconds),
        user: median(|cost| cost.user),
        peak_kib: costs
            .iter()
            .map(|cost| cost.peak_kib)
            .max()
            .unwrap_or_default(),
        requests: requests
            .get(requests.len() / 2)
            .copied()
            .unwrap_or_default(),
        sending: median(|cost| cost.sending),
    }
}

/// A program to measure.
pub(crate) struct Program {
    command: Command,
    shown: String,
    memory: NamedTempFile,
}

impl Program {
    /// With nothing of this process's environment but the search path.
    pub(crate) fn new(program: impl AsRef<OsStr>, folder: &Path) -> Outcome<Self> {
        let memory = NamedTempFile::new().map_err(|why| why.to_string())?;
        let mut command = Command::new("/usr/bin/time");
        command
            .args(["-q", "-f", "%M %U", "-o"])
            .arg(memory.path())
            .arg(&program);
        command.current_dir(folder).env_clear().stdin(Stdio::null());
        command.env("LC_ALL", "C.UTF-8").env("HOME", folder);
        command.envs(search_path());
        let shown = program.as_ref().display().to_string();
        Ok(Self {
            command,
            shown,
            memory,
        })
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end, which must be a good one.
    pub(crate) fn run(mut self) -> Outcome<Cost> {
        let start = Instant::now();
        let output = self
            .command
            .output()
            .map_err(|why| format!("{}: {why}", self.shown))?;
        let seconds = start.elapsed().as_secs_f64();
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let from = said.floor_char_boundary(said.len().saturating_sub(2000));
            let end = said.get(from..).unwrap_or_default();
            return Err(format!(
                "{} ended with {}: {end}",
                self.shown, output.status
            ));
        }
        let memory = std::fs::read_to_string(self.memory.path()).map_err(|why| why.to_string())?;
        let read = memory
            .trim()
            .split_once(' ')
            .and_then(|(peak_kib, user)| Some((peak_kib.parse().ok()?, user.parse().ok()?)));
        let (peak_kib, user) = read.ok_or_else(|| format!("GNU time said {memory}"))?;
        Ok(Cost {
            seconds,
            user,
            peak_kib,
            ..Cost::default()
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the programs are found as a person's are"
)]
fn search_path() -> Option<(&'static str, std::ffi::OsString)> {
    std::env::var_os("PATH").map(|path| ("PATH", path))
}
