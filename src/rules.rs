// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The rules: every verdict that a run can give, in one table.
//!
//! Decides, for each rule, its stable id, how severe it is, which exit status
//! a refusal brings, whether a waiver may soften it, and what the release
//! manager should do. Decides nothing about when a rule is broken.

mod page;
mod table;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::endpoints::RULES_PAGE;

pub use page::{page, page_digest};
pub use table::Rule;

/// How a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Said for the record.
    Note,
    /// Said aloud; does not stop the run.
    Warn,
    /// Nothing is published.
    Refuse,
}

/// The exit status of a run. `1` beats `3`: a verdict stands whatever else failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all that was asked is done.
    Done,
    /// 1: a verdict; running again changes nothing.
    Verdict,
    /// 2: the inputs are wrong.
    Inputs,
    /// 3: something outside failed; running again may pass.
    Outside,
}

impl Exit {
    /// The number that the process exits with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Verdict => 1,
            Self::Inputs => 2,
            Self::Outside => 3,
        }
    }
}

impl Rule {
    /// The rule of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }

    /// The ASF's own code for the same fault, where there is one: the codes of
    /// the infrastructure team's release checker
    /// (<https://infra.apache.org/release-distribution.html>).
    pub const fn asf_code(self) -> Option<&'static str> {
        Some(match self {
            Self::SignerUnknown => "CHK01",
            Self::ChecksumMissing | Self::ChecksumUnreadable => "CHK02",
            Self::KeysNotFound | Self::KeysUnusable => "CHK03",
            Self::KeyExpired | Self::KeyRevoked | Self::KeyUnusable => "CHK04",
            Self::SignatureMissing
            | Self::SignatureUnreadable
            | Self::SignatureBad
            | Self::SignatureWeak => "CHK05",
            Self::ChecksumMismatch => "CHK06",
            _ => return None,
        })
    }

    /// Whether a finding may stand beside a line of the checkout: its path is
    /// then `file:line:column`.
    pub const fn names_a_line(self) -> bool {
        matches!(
            self,
            Self::ConfigIllegal
                | Self::WorkflowUnreadable
                | Self::WorkflowInput
                | Self::WorkflowSecret
                | Self::WorkflowTrigger
                | Self::WorkflowReusable
                | Self::WorkflowRunner
                | Self::WorkflowConcurrency
                | Self::JobNotAlone
                | Self::EnvironmentUnknown
                | Self::ApprovalOff
                | Self::PermissionMissing
                | Self::PermissionExcess
                | Self::DigestUnbound
                | Self::HandoverBroken
                | Self::HandoverDiffers
                | Self::RefAny
                | Self::WorkflowOutcome
                | Self::WorkflowVariable
                | Self::EnvironmentShared
                | Self::ShardsUnchecked
                | Self::SourceElsewhere
                | Self::ActionForeign
                | Self::ActionPlaceholder
                | Self::ActionUnpinned
                | Self::EnvironmentMissing
                | Self::ReviewersMissing
                | Self::SelfReviewAllowed
                | Self::AsfYamlIllegal
                | Self::AsfYamlSilent
                | Self::VersionOld
        )
    }

    /// Where the documentation explains it.
    pub fn link(self) -> String {
        format!("{RULES_PAGE}#{}", self.id())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// One verdict on one path, or on the run as a whole. All texts may hold
/// foreign bytes: whoever renders it escapes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// The ASF's code of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// How it weighs here: a waived refusal becomes a warning.
    pub severity: Severity,
    /// The path relative to the source, or the input's name; none for the run.
    pub path: Option<String>,
    /// What would have been right.
    pub expected: String,
    /// What was there instead.
    pub found: String,
    /// What to do.
    pub action: String,
}

impl Finding {
    /// A finding with the rule's own severity and advice.
    pub fn new(
        rule: Rule,
        path: Option<&str>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            code: rule.asf_code(),
            severity: rule.severity(),
            path: path.map(str::to_owned),
            expected: expected.into(),
            found: found.into(),
            action: rule.action().to_owned(),
        }
    }

    /// The same with advice that fits the case better than the rule's own.
    #[must_use]
    pub fn advise(mut self, action: impl Into<String>) -> Self {
        self.action = action.into();
        self
    }

    /// The same as a warning, where it would stop the run.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = self.severity.min(Severity::Warn);
        self
    }

    /// Whether it stops the run.
    pub fn refuses(&self) -> bool {
        self.severity == Severity::Refuse
    }
}

/// The exit status that these findings bring together.
pub fn exit_of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Exit {
    let mut exit = Exit::Done;
    for finding in findings.into_iter().filter(|finding| finding.refuses()) {
        exit = match (exit, finding.rule.exit()) {
            (Exit::Verdict, _) | (_, Exit::Verdict) => Exit::Verdict,
            (Exit::Inputs, _) | (_, Exit::Inputs) => Exit::Inputs,
            (_, other) => other,
        };
    }
    exit
}
