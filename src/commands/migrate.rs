// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! `migrate FILE`: a release-config of airflow-publish becomes a configuration
//! file of ours, on standard output.

use std::ffi::OsString;
use std::path::Path;

use crate::config::file;
use crate::config::yaml::LIMIT;
use crate::context::Context;
use crate::github::runner::{self, Runner};
use crate::migrate::convert;
use crate::rules::{Exit, Finding, Rule};

/// Prints the converted file, and says on standard error what to look at.
/// Prints nothing where there is no file that a run would take.
pub fn migrate(context: &Context, args: &[OsString]) -> Exit {
    let runner = Runner::new(context);
    let refuse = |problems: &[Finding]| {
        runner.findings(problems);
        Exit::Inputs
    };
    let [path] = args else {
        let found = format!("{} arguments", args.len());
        let problem = Finding::new(Rule::InputIllegal, Some("migrate"), "one file", found);
        return refuse(&[problem.advise("asf-pypi-publish migrate release-config.yml")]);
    };
    let shown = path.display().to_string();
    let bytes = match file::read_anywhere(Path::new(path), LIMIT as u64) {
        Ok(bytes) => bytes,
        Err(why) => {
            let rule = Rule::ConfigUnreadable;
            let problem = Finding::new(rule, Some(&shown), "a file", why.to_string());
            return refuse(&[problem.advise("Check the path.")]);
        }
    };
    match convert(&shown, &bytes) {
        Ok((text, migrated)) => {
            runner::say(&text);
            runner.log(&format!(
                "Converted {shown}; the head of the file tells {} to read.",
                match migrated.notes.len() {
                    1 => "1 thing".to_owned(),
                    many => format!("{many} things"),
                }
            ));
            Exit::Done
        }
        Err(problems) => refuse(&problems),
    }
}
