// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The world outside the program: arguments, environment, clock, terminal and
//! temporary folder.
//!
//! The only reader of all of these. Everything later takes a [`Context`] or a
//! plain value, so that a test, or another program, can say what the world is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the program may know of the world.
#[derive(Clone)]
pub struct Context {
    args: Vec<OsString>,
    env: BTreeMap<String, OsString>,
    clock: fn() -> SystemTime,
    temp: PathBuf,
    terminal: bool,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment holds secrets.
        f.debug_struct("Context")
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// The real process: its arguments without the program's name, its
    /// environment, the system's clock.
    #[expect(clippy::disallowed_methods, reason = "the owner of this border")]
    pub fn from_process() -> Self {
        Self {
            args: std::env::args_os().skip(1).collect(),
            env: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            clock: SystemTime::now,
            temp: std::env::temp_dir(),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// A made-up process with these arguments, no environment and no terminal.
    #[expect(clippy::disallowed_methods, reason = "the owner of this border")]
    pub fn with_args(args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            args: args.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            clock: SystemTime::now,
            temp: std::env::temp_dir(),
            terminal: false,
        }
    }

    /// The same with this environment.
    #[must_use]
    pub fn with_env(mut self, env: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env = env
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        self
    }

    /// The same with this folder for private files.
    #[must_use]
    pub fn with_temp(mut self, temp: PathBuf) -> Self {
        self.temp = temp;
        self
    }

    /// The arguments without the program's name.
    pub fn args(&self) -> &[OsString] {
        &self.args
    }

    /// A variable; none where it is absent or no UTF-8.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.get(name)?.to_str()
    }

    /// All variables, sorted by name.
    pub fn all_env(&self) -> impl Iterator<Item = (&str, &OsString)> {
        self.env.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether a GitHub runner started the program.
    pub fn in_actions(&self) -> bool {
        self.env("GITHUB_ACTIONS") == Some("true")
    }

    /// Whether a person watches the log.
    pub fn on_terminal(&self) -> bool {
        self.terminal && !self.in_actions()
    }

    /// Seconds since 1970, UTC.
    pub fn now(&self) -> u64 {
        (self.clock)()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// The folder below which private files are made.
    pub fn temp(&self) -> &Path {
        &self.temp
    }
}
