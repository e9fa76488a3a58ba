// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What a runner, or a terminal, is told: the only file that prints.
//!
//! Decides where each text goes: the log and all workflow commands to
//! standard error, the outputs as `name=value` lines to standard output, and
//! outputs and summary to the files that the runner names. Everything foreign
//! is escaped on the way.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use crate::context::Context;
use crate::report::annotations::{Annotation, annotations};
use crate::report::escape;
use crate::report::text;
use crate::rules::{Finding, Rule};

/// Where everything is told.
#[derive(Debug)]
pub struct Runner {
    in_actions: bool,
    terminal: bool,
    output: Option<PathBuf>,
    summary: Option<PathBuf>,
}

/// Why something could not be told.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// A file that the runner or the inputs named could not be written.
    #[error("{path} could not be written: {source}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// No random bytes for the delimiter of an output.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// The bar on the terminal, while there is one.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

pub(super) fn emit(line: impl fmt::Display) {
    // A reader that went away must not end a run that may be publishing.
    let write = || {
        let _ = writeln!(io::stderr().lock(), "{line}");
    };
    match BAR.lock().ok().and_then(|bar| bar.clone()) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

impl Runner {
    /// Reads where things go.
    pub fn new(context: &Context) -> Self {
        let file = |name| {
            context
                .env(name)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        };
        Self {
            in_actions: context.in_actions(),
            terminal: context.on_terminal(),
            output: file("GITHUB_OUTPUT"),
            summary: file("GITHUB_STEP_SUMMARY"),
        }
    }

    /// One line of the log. Only the escaping of foreign parts is the
    /// caller's; line breaks never pass.
    pub fn log(&self, text: &str) {
        let text = escape::line(text);
        if text.trim_start().starts_with("::") {
            emit(format_args!("| {text}"));
        } else {
            emit(text);
        }
    }

    /// Opens a group of lines, which ends when the value is dropped.
    pub fn group(&self, title: &str) -> Group {
        if self.in_actions {
            emit(format_args!("::group::{}", escape::command_data(title)));
        } else {
            emit(format_args!("== {}", escape::line(title)));
        }
        Group {
            in_actions: self.in_actions,
        }
    }

    /// Has the runner replace a secret wherever it would be printed. Outside
    /// a runner nothing is printed: the line itself would be the leak.
    pub fn mask(&self, secret: &str) {
        if self.in_actions {
            emit(format_args!("::add-mask::{}", escape::command_data(secret)));
        }
    }

    /// Tells the findings as lines of the log.
    pub fn findings(&self, findings: &[Finding]) {
        for finding in findings {
            for line in text::finding(finding) {
                self.log(&line);
            }
        }
    }

    /// Has GitHub show the weightiest findings beside the step. Once a step:
    /// what is beyond its limits is dropped.
    pub fn annotate(&self, findings: &[Finding]) {
        if !self.in_actions {
            return;
        }
        for annotation in annotations(findings) {
            emit(command(&annotation));
        }
    }

    /// The outputs of the step.
    ///
    /// # Errors
    /// The runner's file cannot be written.
    pub fn outputs(&self, outputs: &[(&str, String)]) -> Result<(), RunnerError> {
        let mut out = io::stdout().lock();
        let mut said = Ok(());
        for (name, value) in outputs {
            // Lines of a value are told apart by blanks: one output, one line.
            let value = value
                .lines()
                .map(escape::line)
                .collect::<Vec<_>>()
                .join(" ");
            said = said.and_then(|()| writeln!(out, "{name}={value}"));
        }
        let said = said
            .and_then(|()| out.flush())
            .map_err(|source| RunnerError::Write {
                path: "standard output".to_owned(),
                source,
            });
        let Some(path) = &self.output else {
            return said;
        };
        let mut text = String::new();
        for (name, value) in outputs {
            let delimiter = delimiter()?;
            let _ = write!(text, "{name}<<{delimiter}\n{value}\n{delimiter}\n");
        }
        append(path, &text).and(said)
    }

    /// The job summary, where there is one.
    ///
    /// # Errors
    /// The runner's file cannot be written.
    pub fn summary(&self, markdown: &str) -> Result<(), RunnerError> {
        self.summary
            .as_deref()
            .map_or(Ok(()), |path| append(path, markdown))
    }

    /// A bar on a terminal; nothing in a log.
    pub fn progress(&self, what: &'static str, total: u64) -> Progress {
        if !self.terminal {
            return Progress(None);
        }
        let bar = ProgressBar::new(total).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        if let Ok(mut shown) = BAR.lock() {
            *shown = Some(bar.clone());
        }
        Progress(Some(bar))
    }
}

/// The workflow command of an annotation.
fn command(annotation: &Annotation) -> String {
    let place = annotation.place.as_ref();
    let place = place.map_or(String::new(), |(file, line, column)| {
        let file = escape::command_property(file);
        format!("file={file},line={line},col={column},")
    });
    format!(
        "::{} {place}title={}::{}",
        annotation.command,
        escape::command_property(&annotation.title),
        escape::command_data(&annotation.message)
    )
}

/// A group of log lines; ends when it is dropped.
#[derive(Debug)]
pub struct Group {
    in_actions: bool,
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.in_actions {
            emit("::endgroup::");
        }
    }
}

/// A progress bar, or nothing.
#[derive(Debug)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// One step further.
    pub fn step(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
            if let Ok(mut shown) = BAR.lock() {
                *shown = None;
            }
        }
    }
}

/// Text that a person asked for, such as the help.
pub fn say(text: &str) {
    let _ = write!(io::stdout().lock(), "{text}");
}

/// The last words of a program that cannot go on.
pub fn say_failure(context: &Context, why: &str) {
    let text = format!(
        "{} {why}. {}",
        Rule::Internal.meaning(),
        Rule::Internal.action()
    );
    if context.in_actions() {
        emit(format_args!(
            "::error title=asf-pypi-publish: internal::{}",
            escape::command_data(&text)
        ));
    } else {
        emit(format_args!("error: {}", escape::line(&text)));
    }
}

/// Has a panic told like every other failure: one line, nothing foreign raw.
pub fn tell_panics(context: &Context) {
    let context = context.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map_or(String::new(), |place| format!(" at {place}"));
        let why = panic.payload_as_str().unwrap_or("a panic");
        say_failure(&context, &format!("{why}{place}"));
    }));
}

/// A delimiter that no foreign text can foresee.
fn delimiter() -> Result<String, RunnerError> {
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).map_err(|why| RunnerError::Random(why.to_string()))?;
    Ok(format!("end_{}", hex::encode(random)))
}

fn append(path: &Path, text: &str) -> Result<(), RunnerError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| RunnerError::Write {
            path: path.display().to_string(),
            source,
        })
}

/// The folder that a file lies in.
fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Whether a report could be written there: found out before anything is
/// published, not after.
///
/// # Errors
/// There is no such folder, the path is a folder itself, or a file lies there
/// that is no report: a mistyped path must not cost an artifact.
pub fn check_report(path: &Path) -> Result<(), RunnerError> {
    let refuse = |source: io::Error| {
        Err(RunnerError::Write {
            path: path.display().to_string(),
            source,
        })
    };
    if path.is_dir() {
        return refuse(io::ErrorKind::IsADirectory.into());
    }
    if !folder(path).is_dir() {
        return refuse(io::ErrorKind::NotFound.into());
    }
    // Asked before it is opened: opening a pipe would wait for its writer.
    if path.is_file() {
        let mut start = [b'{'];
        let read = File::open(path).and_then(|mut file| file.read(&mut start));
        if read.is_ok() && start != [b'{'] {
            return refuse(io::Error::other("a file that is no report lies there"));
        }
    }
    Ok(())
}

/// Writes the JSON report, whole or not at all.
///
/// # Errors
/// The path cannot be written.
pub fn write_report(path: &Path, json: &str) -> Result<(), RunnerError> {
    tempfile::NamedTempFile::new_in(folder(path))
        .and_then(|mut file| {
            file.write_all(json.as_bytes())?;
            file.as_file()
                .set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
            file.persist(path).map_err(|why| why.error)
        })
        .map(drop)
        .map_err(|source| RunnerError::Write {
            path: path.display().to_string(),
            source,
        })
}
