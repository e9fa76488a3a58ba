// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The attestations that go with the files: one of publication for every new
//! file, and those that came with the release.
//!
//! They are made when a token is there that covers every project and before
//! the first upload: the log is public and for ever, so that a run which the
//! index would not let in leaves nothing in it. Each is held against the
//! index's own policy before anything is sent, since a wrong one costs the
//! file, and none can be added later. A file that is there already gets none.

use std::collections::BTreeMap;

use super::Run;
use crate::attest::{self, AttestError, Attestation, Publisher, Sign, Statement, Trust};
use crate::github::claims::UnverifiedClaims;
use crate::github::runner::Runner;
use crate::plan::Attestations;
use crate::report::{AttestationRow, Origin};
use crate::rules::{Finding, Rule, Severity};
use crate::verify::Verified;

/// How many names a finding shows.
const SHOWN: usize = 10;

/// The attestations of each file, by its path.
#[derive(Debug, Default)]
pub(super) struct Attached {
    files: BTreeMap<String, Vec<(Attestation, AttestationRow)>>,
    publisher: Option<Publisher>,
}

impl Attached {
    /// What goes with the file at this path, for the form.
    pub(super) fn of(&self, path: &str) -> Vec<Attestation> {
        let these = self.files.get(path).into_iter().flatten();
        these.map(|(attestation, _)| attestation.clone()).collect()
    }

    /// The types of what goes with the file at this path.
    pub(super) fn types_of(&self, path: &str) -> Vec<&str> {
        let these = self.files.get(path).into_iter().flatten();
        these.map(|(_, row)| row.predicate_type.as_str()).collect()
    }

    /// The workflow that they are by; none where nothing was to be attested.
    pub(super) fn publisher(&self) -> Option<&Publisher> {
        self.publisher.as_ref()
    }

    /// What the report says of each, by path.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, Vec<AttestationRow>)> {
        self.files.iter().map(|(path, these)| {
            let rows = these.iter().map(|(_, row)| row.clone());
            (path.as_str(), rows.collect())
        })
    }

    fn add(&mut self, path: &str, attestation: Attestation, row: AttestationRow) {
        let these = self.files.entry(path.to_owned()).or_default();
        these.push((attestation, row));
    }
}

/// Who signs, and what the index will compare.
pub(super) struct Attesting<'a> {
    pub(super) wanted: Attestations,
    pub(super) signer: &'a dyn Sign,
    pub(super) trust: &'a Trust,
    /// The workflow that the index has registered, if certificates name it too.
    pub(super) publisher: Result<Publisher, Finding>,
    pub(super) runner: &'a Runner,
}

impl Attesting<'_> {
    /// What goes with these files, and warnings; or why nothing may be sent.
    pub(super) async fn attest(
        &self,
        files: &[&Verified],
    ) -> Result<(Attached, Vec<Finding>), Vec<Finding>> {
        let mut attached = Attached {
            files: BTreeMap::new(),
            publisher: self.publisher.clone().ok(),
        };
        if self.wanted == Attestations::Off {
            return Ok((attached, Vec::new()));
        }
        let publisher = match &self.publisher {
            Ok(publisher) => publisher,
            Err(refusal) => return self.without(attached, files, vec![refusal.clone()]),
        };
        // What came with the release is never best effort: it was put there.
        let refused = take_enclosed(files, publisher, self.trust, &mut attached);
        if !refused.is_empty() {
            return Err(refused);
        }
        let open: Vec<&Verified> = files
            .iter()
            .filter(|file| !file.encloses(attest::PUBLISH))
            .copied()
            .collect();
        if open.is_empty() {
            return Ok((attached, Vec::new()));
        }
        let statements: Vec<Statement> = open
            .iter()
            .map(|file| Statement::publish(file.name().file(), file.fetched().sha256()))
            .collect();
        let (count, name) = (open.len(), self.trust.name());
        self.runner
            .log(&format!("attesting {count} files by Sigstore ({name})"));
        let signed = match self.signer.sign(&statements).await {
            Ok(signed) if signed.len() == count => signed,
            Ok(_) => return self.without(attached, &open, vec![miscounted(count)]),
            Err(why) => return self.without(attached, &open, vec![unmade(&why)]),
        };
        let mut wrong = Vec::new();
        let mut made = Vec::new();
        for (file, signed) in open.iter().zip(signed) {
            let attestation = signed.attestation();
            match verify(&attestation, file, publisher, self.trust) {
                Ok(says) => made.push((file.path(), attestation, says)),
                Err(why) => wrong.push(why.wrong(file.path())),
            }
        }
        if !wrong.is_empty() {
            return self.without(attached, &open, wrong);
        }
        for (path, attestation, says) in made {
            self.runner
                .log(&format!("attested: {path}, log entry {}", says.log_index));
            attached.add(path, attestation, AttestationRow::of(&says, Origin::Made));
        }
        Ok((attached, Vec::new()))
    }

    /// Where they cannot be made: the end, or, in best effort, the files go
    /// with what came with the release alone.
    fn without(
        &self,
        attached: Attached,
        files: &[&Verified],
        reasons: Vec<Finding>,
    ) -> Result<(Attached, Vec<Finding>), Vec<Finding>> {
        if self.wanted != Attestations::BestEffort {
            return Err(reasons);
        }
        let why = reasons
            .first()
            .map_or(String::new(), |first| format!(": {}", first.found));
        let names: Vec<&str> = files.iter().map(|file| file.path()).collect();
        for name in &names {
            self.runner.log(&format!("NOT attested: {name}"));
        }
        let warning = Finding::new(
            Rule::AttestationMissing,
            None,
            format!("an attestation of each of {} files", names.len()),
            format!("none of {}{why}", shown(&names)),
        );
        let softened = reasons.into_iter().map(|finding| Finding {
            severity: Severity::Warn,
            ..finding
        });
        Ok((attached, softened.chain([warning]).collect()))
    }
}

impl Run<'_> {
    /// Puts what goes with the files into their rows.
    pub(super) fn take_attached(&mut self, attached: &Attached) {
        for (path, rows) in attached.rows() {
            if let Some(row) = self.report.row(path) {
                row.attestations = rows;
            }
        }
    }
}

/// What came with the release, if it is by this workflow.
fn take_enclosed(
    files: &[&Verified],
    publisher: &Publisher,
    trust: &Trust,
    attached: &mut Attached,
) -> Vec<Finding> {
    let mut refused = Vec::new();
    for file in files {
        for enclosed in file.enclosed() {
            let attestation = &enclosed.attestation;
            match verify(attestation, file, publisher, trust) {
                Ok(says) => {
                    let row = AttestationRow::of(&says, Origin::Release);
                    attached.add(file.path(), attestation.clone(), row);
                }
                Err(why) => refused.push(why.wrong(&enclosed.path)),
            }
        }
    }
    refused
}

/// By the policy of the index.
pub(super) fn verify(
    attestation: &Attestation,
    file: &Verified,
    publisher: &Publisher,
    trust: &Trust,
) -> Result<attest::Attested, AttestError> {
    let (name, sha256) = (file.name().file(), file.fetched().sha256());
    attest::verify(attestation, name, sha256, publisher, trust)
}

fn unmade(why: &AttestError) -> Finding {
    let rule = match why {
        AttestError::Refused { .. } | AttestError::Trust(_) => Rule::AttestationRefused,
        AttestError::Identity(error) if !error.is_transient() => Rule::AttestationRefused,
        _ => Rule::AttestationUnmade,
    };
    Finding::new(
        rule,
        None,
        "an attestation of each new file",
        why.to_string(),
    )
}

fn miscounted(count: usize) -> Finding {
    let expected = format!("{count} attestations");
    Finding::new(Rule::AttestationUnmade, None, expected, "another number")
}

/// The workflow that the index compares: the one that is registered, which has
/// the job in it. A certificate names the one that was started; where the two
/// differ, the index refuses each file, so that none is attested.
pub(super) fn publisher(claims: Option<&UnverifiedClaims>) -> Result<Publisher, Finding> {
    let refused = |rule, expected: String, found: &str| Finding::new(rule, None, expected, found);
    let form = claims.and_then(UnverifiedClaims::publisher);
    let registered = form.and_then(|form| {
        let repository = format!("{}/{}", form.owner, form.repository);
        Publisher::new(&repository, &form.workflow).ok()
    });
    let started = claims.and_then(Publisher::of);
    match (registered, started) {
        (Some(registered), Some(started)) if registered == started => Ok(registered),
        (Some(registered), Some(started)) => Err(refused(
            Rule::AttestationWrong,
            format!(
                "the job in the workflow that was started, `{}`",
                started.workflow()
            ),
            &format!("a reusable workflow, `{}`", registered.workflow()),
        )
        .advise(
            "Write the publishing job into the workflow file that is started, and register that \
             one on the index; `attestations: false` publishes without them.",
        )),
        _ => Err(refused(
            Rule::AttestationRefused,
            "an identity token that names repository and workflow".to_owned(),
            "one that does not",
        )),
    }
}

fn shown(names: &[&str]) -> String {
    let first: Vec<&str> = names.iter().take(SHOWN).copied().collect();
    let first = first.join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::Service;
    use crate::http::HttpError;

    #[test]
    fn only_a_job_in_the_workflow_that_was_started_is_attested() {
        let at = |file: &str| format!("apache/x/.github/workflows/{file}@refs/tags/v1");
        let (started, other) = (at("publish.yml"), at("other.yml"));
        for (repository, job, workflow, expected) in [
            (
                "apache/x",
                Some(&started),
                Some(&started),
                Ok("publish.yml"),
            ),
            (
                "apache/x",
                Some(&other),
                Some(&started),
                Err(Rule::AttestationWrong),
            ),
            (
                "apache/x",
                Some(&started),
                None,
                Err(Rule::AttestationRefused),
            ),
            (
                "apache/x",
                None,
                Some(&started),
                Err(Rule::AttestationRefused),
            ),
            (
                "apache/y",
                Some(&started),
                Some(&started),
                Err(Rule::AttestationRefused),
            ),
        ] {
            let claims = UnverifiedClaims {
                repository: Some(repository.to_owned()),
                job_workflow_ref: job.cloned(),
                workflow_ref: workflow.cloned(),
                ..UnverifiedClaims::default()
            };
            let found = publisher(Some(&claims));
            let found = found.as_ref().map(Publisher::workflow);
            let found = found.map_err(|finding| finding.rule);
            assert_eq!(found, expected, "{repository} {job:?} {workflow:?}");
        }
        let found = publisher(None).map_err(|finding| finding.rule);
        assert_eq!(found, Err(Rule::AttestationRefused));
    }

    #[test]
    fn what_may_pass_later_is_told_apart_from_what_never_will() {
        let why = HttpError::Timeout { url: String::new() };
        let service = Service::Rekor;
        for (error, rule) in [
            (
                AttestError::Unavailable {
                    service,
                    why: why.clone(),
                },
                Rule::AttestationUnmade,
            ),
            (
                AttestError::Refused { service, why },
                Rule::AttestationRefused,
            ),
            (
                AttestError::Trust("no log".to_owned()),
                Rule::AttestationRefused,
            ),
            (AttestError::Key(String::new()), Rule::AttestationUnmade),
        ] {
            assert_eq!(unmade(&error).rule, rule, "{error}");
        }
    }
}
