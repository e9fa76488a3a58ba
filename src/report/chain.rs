// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The chain of custody: from where a release lies to who can check it on the
//! index, one step after the other, and how far a run has proven it.
//!
//! Decides what each step is, and which verdicts break it. A step is proven by
//! what the report knows, never by the absence of a verdict. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::text::counted;
use super::{Outcome, Provenance, Report, State};
use crate::plan::ExpectedDigest;
use crate::rules::Rule;

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// This run has proven it.
    Proven,
    /// It comes later, in this run or in another.
    Pending,
    /// A verdict says that it does not hold, or it could not be found out.
    Failed,
    /// Nobody asked for it.
    NotAsked,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Where the release lies, and every path there has a class.
    Area,
    /// The keys that the project's people have.
    Keys,
    /// Each file: checksum, signature, name and contents.
    Signatures,
    /// The release as a whole has the digest that it should.
    Digest,
    /// Somebody else said yes to it.
    Approval,
    /// The right to upload, for this workflow and a few minutes.
    Token,
    /// The index serves the very bytes.
    Index,
    /// Anyone can check where the bytes on the index came from.
    Provenance,
}

/// One step of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub link: Link,
    /// How it stands.
    pub standing: Standing,
    /// A few words on it; may hold foreign text.
    pub detail: String,
}

impl Link {
    /// Every step, in order.
    pub const ALL: [Self; 8] = [
        Self::Area,
        Self::Keys,
        Self::Signatures,
        Self::Digest,
        Self::Approval,
        Self::Token,
        Self::Index,
        Self::Provenance,
    ];

    /// The step's name, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Area => "Distribution area",
            Self::Keys => "KEYS",
            Self::Signatures => "Signatures",
            Self::Digest => "Release digest",
            Self::Approval => "Approval",
            Self::Token => "Upload token",
            Self::Index => "Index",
            Self::Provenance => "Provenance",
        }
    }

    /// The step that a refusal by this rule breaks; none where a run could not
    /// do its work. What a rule says of one file breaks the signatures' step,
    /// which stands for all that is verified of a file.
    fn broken_by(rule: Rule) -> Option<Self> {
        #[allow(clippy::enum_glob_use, reason = "a table of rules")]
        use Rule::*;
        Some(match rule {
            InputIllegal | InputUnknown | InputEmpty | ConfigUnreadable | ConfigIllegal
            | Cancelled | ReportUnwritable | Internal | DiskFull => return None,
            AreaUnknown | AreaContradicted | SourceNotFound | SourceRefused | SourceUnreachable
            | SourceChanged | SourceSpecial | LimitExceeded | NothingToPublish | PathUnknown
            | NameUnsafe | SidecarOrphan | BasenameTwice | SecondSdist | SetIncomplete
            | FinalFromDev | CandidateFromRelease => Self::Area,
            KeysFromDev | KeysNotFound | KeysUnreachable | KeysUnusable | KeysPrivate
            | SignerNotInKeys => Self::Keys,
            DigestMismatch => Self::Digest,
            EnvironmentMissing | ReviewersMissing | SelfReviewAllowed | RefUnprotected
            | ApprovalMissing | ApprovalOfStarter | ApprovalOfStranger | ApprovalRejected
            | ApprovalUnreadable | ApprovalUnreachable | RefAny => Self::Approval,
            IdTokenMissing | AudienceForbidden | TokenRefused | TokenUnreachable
            | ProjectNotCovered => Self::Token,
            IndexConflict | ReleaseClosed | IndexRefused | IndexUnreachable | UploadRefused
            | UploadUnfinished | ReadBackLate | ReadBackDiffers => Self::Index,
            AttestationWrong | AttestationRefused | AttestationUnmade | AttestationNotShown => {
                Self::Provenance
            }
            _ => Self::Signatures,
        })
    }
}

/// The chain as far as this run knows it; empty where the inputs were wrong,
/// so that nothing was looked at.
pub fn chain(report: &Report) -> Vec<Step> {
    if report.outcome == Outcome::IllegalInputs && report.files.is_empty() {
        return Vec::new();
    }
    let known = Known::of(report);
    let step = |link: Link| {
        let (standing, detail) = known.say(link);
        match known.broken.get(&link) {
            Some(findings) => Step {
                link,
                standing: Standing::Failed,
                detail: counted(*findings, "finding"),
            },
            None => Step {
                link,
                standing,
                detail,
            },
        }
    };
    Link::ALL.into_iter().map(step).collect()
}

/// What the report says, asked once.
struct Known<'a> {
    report: &'a Report,
    /// How many refusals break a step.
    broken: BTreeMap<Link, usize>,
    distributions: usize,
    /// Not on the index yet.
    new: usize,
    /// On the index with the right bytes.
    served: usize,
    uploaded: usize,
}

impl<'a> Known<'a> {
    fn of(report: &'a Report) -> Self {
        let mut broken = BTreeMap::new();
        for one in report.findings.iter().filter(|one| one.refuses()) {
            if let Some(link) = Link::broken_by(one.rule) {
                *broken.entry(link).or_insert(0) += 1;
            }
        }
        let on_index = |states: &[State]| {
            let rows = report.files.iter().filter(|row| row.is_distribution());
            rows.filter(|row| states.contains(&row.state)).count()
        };
        Self {
            report,
            broken,
            distributions: report
                .files
                .iter()
                .filter(|row| row.is_distribution())
                .count(),
            new: on_index(&[State::New]),
            served: on_index(&[State::Uploaded, State::AlreadyThere]),
            uploaded: on_index(&[State::Uploaded]),
        }
    }

    fn is_publishing(&self) -> bool {
        self.report.mode == "publish"
    }

    /// How a step stands where no verdict breaks it.
    fn say(&self, link: Link) -> (Standing, String) {
        match link {
            Link::Area => self.area(),
            Link::Keys => self.keys(),
            Link::Signatures => self.signatures(),
            Link::Digest => self.digest(),
            Link::Approval => self.approval(),
            Link::Token => self.token(),
            Link::Index => self.index(),
            Link::Provenance => self.provenance(),
        }
    }

    fn area(&self) -> (Standing, String) {
        let area = self.report.area.as_deref().unwrap_or("unknown area");
        let at = self.report.revision.map_or_else(
            || ", no revision".to_owned(),
            |revision| format!(", revision {revision}"),
        );
        proven(!self.report.files.is_empty(), || format!("{area}{at}"))
    }

    fn keys(&self) -> (Standing, String) {
        let revision = self.report.keys.first().and_then(|keys| keys.revision);
        let at = revision.map_or_else(
            || "newest".to_owned(),
            |revision| format!("revision {revision}"),
        );
        proven(!self.report.keys.is_empty(), || at)
    }

    fn signatures(&self) -> (Standing, String) {
        // Compared with what was expected only when each file was found good.
        let all_hold = self.report.digest.is_some() || self.broken.contains_key(&Link::Digest);
        let rows = self.report.files.iter().filter(|row| row.is_distribution());
        let keys: BTreeSet<&str> = rows.filter_map(|row| row.signer.as_deref()).collect();
        proven(all_hold, || {
            format!(
                "{} by {}",
                counted(self.distributions, "file"),
                counted(keys.len(), "key")
            )
        })
    }

    fn digest(&self) -> (Standing, String) {
        let digest = self.report.digest.as_deref();
        let start = digest.and_then(|digest| digest.get(..8));
        let word = match self.report.expected_digest {
            ExpectedDigest::Exactly(_) => "equals expected-digest",
            ExpectedDigest::Any | ExpectedDigest::Unset => "to be compared",
        };
        let (standing, detail) = proven(digest.is_some(), || {
            format!("{}…, {word}", start.unwrap_or_default())
        });
        // Proven is that it is the one that the run was given. Whether that is
        // the digest of the vote is for the reviewer to say.
        match self.report.expected_digest {
            ExpectedDigest::Exactly(_) => (standing, detail),
            ExpectedDigest::Any | ExpectedDigest::Unset => (Standing::Pending, detail),
        }
    }

    fn approval(&self) -> (Standing, String) {
        match &self.report.approval {
            Some(row) if row.approved => {
                let counts = row.reviews.iter().filter(|review| review.counts);
                let by: Vec<&str> = counts.filter_map(|one| one.user.as_deref()).collect();
                (Standing::Proven, format!("by {}", by.join(", ")))
            }
            // A refusal where it is required.
            Some(_) => (Standing::NotAsked, "by nobody else".to_owned()),
            None if self.is_before_publishing() => {
                (Standing::Pending, "by the reviewers".to_owned())
            }
            None if self.report.sent || self.report.outcome == Outcome::Published => {
                (Standing::NotAsked, "not asked for".to_owned())
            }
            None => self.later("not read yet"),
        }
    }

    fn token(&self) -> (Standing, String) {
        if self.uploaded > 0 || self.report.sent {
            return (Standing::Proven, "minted for this run".to_owned());
        }
        if self.report.outcome == Outcome::Published {
            return (Standing::NotAsked, "none needed: all was there".to_owned());
        }
        self.later("none asked for")
    }

    fn index(&self) -> (Standing, String) {
        let index = &self.report.index;
        if self.report.dry_run && self.new + self.served > 0 {
            return (Standing::Pending, self.looked_up());
        }
        if self.served > 0 {
            let text = format!("{index}: {} of {}", self.served, self.distributions);
            let standing = if self.report.outcome == Outcome::Published {
                Standing::Proven
            } else {
                Standing::Pending
            };
            return (standing, text);
        }
        self.later(index)
    }

    /// What the index said before anything was sent.
    fn looked_up(&self) -> String {
        let there = match self.served {
            0 => String::new(),
            served => format!(", there: {served}"),
        };
        format!("new: {} of {}{there}", self.new, self.distributions)
    }

    fn provenance(&self) -> (Standing, String) {
        let rows = self.report.files.iter().filter(|row| row.is_distribution());
        let attested = rows
            .clone()
            .filter(|row| row.provenance == Provenance::Attested)
            .count();
        let ready = rows.filter(|row| !row.attestations.is_empty()).count();
        let of = |count: usize| format!("{count} of {} attested", self.distributions);
        if attested > 0 && attested == self.distributions {
            (Standing::Proven, of(attested))
        } else if ready > 0 {
            (Standing::Pending, of(attested))
        } else if self.report.attests && !self.has_ended() {
            self.later("when it is published")
        } else {
            (Standing::NotAsked, "no attestations made".to_owned())
        }
    }

    /// Whether the run only looks at a release that another run publishes.
    fn is_before_publishing(&self) -> bool {
        self.report.mode == "verify" || self.report.dry_run
    }

    /// Whether nothing follows that could attest a file.
    fn has_ended(&self) -> bool {
        let may_come = self.is_before_publishing() || self.is_publishing();
        !may_come || self.report.sent || self.report.outcome == Outcome::Published
    }

    /// What only a run that publishes does.
    fn later(&self, text: &str) -> (Standing, String) {
        let is_now = self.is_publishing() && !self.report.dry_run;
        let text = match text {
            _ if !is_now => "when it is published",
            "" => "not reached",
            text => text,
        };
        (Standing::Pending, text.to_owned())
    }
}

fn proven(is_proven: bool, detail: impl FnOnce() -> String) -> (Standing, String) {
    if is_proven {
        (Standing::Proven, detail())
    } else {
        (Standing::Pending, "not reached".to_owned())
    }
}

#[cfg(test)]
mod tests;
