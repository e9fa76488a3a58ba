// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What proves attestations in this run, and by whom they must be.

use std::path::Path;

use crate::attest::{AttestError, Publisher, Trust};
use crate::config::file;
use crate::context::Context;
use crate::github::claims::UnverifiedClaims;
use crate::plan::SigstoreChoice;
use crate::report::SigstoreRow;
use crate::rules::{Finding, Rule};

/// No trust configuration is longer, in bytes.
const LONGEST: u64 = 1 << 20;
/// Seconds.
const DAY: u64 = 24 * 60 * 60;

/// What the input names. Where it is a file and `signs` at this time, in seconds
/// since 1970, the file must name the services too.
pub(super) fn load(choice: &SigstoreChoice, signs: Option<u64>) -> Result<Trust, Finding> {
    let loaded = match choice {
        SigstoreChoice::Public => Trust::public(),
        SigstoreChoice::Staging => Trust::staging(),
        SigstoreChoice::Own(path) => read(path)
            .and_then(|text| Trust::own(&path.display().to_string(), &text))
            .and_then(|trust| match signs {
                Some(now) => trust.can_sign(now).map(|()| trust),
                None => Ok(trust),
            }),
    };
    loaded.map_err(|why| {
        Finding::new(
            Rule::InputIllegal,
            Some("sigstore"),
            "`public`, `staging`, or the path of a client trust configuration",
            format!("`{choice}`: {why}"),
        )
    })
}

/// Neither a pipe nor a device: it would hold the run for ever.
fn read(path: &Path) -> Result<String, AttestError> {
    let wrong = |problem: String| AttestError::Trust(problem);
    let bytes = file::read_anywhere(path, LONGEST).map_err(|why| wrong(why.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong(format!("more than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("no UTF-8".to_owned()))
}

/// For the report.
pub(super) fn row(trust: &Trust, now: u64) -> SigstoreRow {
    SigstoreRow {
        instance: trust.name().to_owned(),
        trusted_root_age_days: trust.age(now).map(|age| age.as_secs() / DAY),
    }
}

/// The workflow as the job's environment says it, without a token. It can only
/// stop a run early: what the token says is compared again.
pub(super) fn publisher_of_job(context: &Context) -> Option<Publisher> {
    let claims = UnverifiedClaims {
        repository: context.env("GITHUB_REPOSITORY").map(str::to_owned),
        workflow_ref: context.env("GITHUB_WORKFLOW_REF").map(str::to_owned),
        ..UnverifiedClaims::default()
    };
    Publisher::of(&claims)
}
