// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reads a statement as a receipt. Decides that a receipt is complete, within
//! bounds, and says nothing in two ways: what it says twice must agree.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use super::{Approval, Approver, File, KeysFile, PREDICATE_TYPE, PROGRAM, Receipt, Waiver, wire};
use crate::dist::filename::DistributionName;
use crate::endpoints::PROJECT_PAGE;
use crate::http::sanitise;
use crate::openpgp::Fingerprint;

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The most files, and the most waivers, of a receipt: more than any release
/// holds that the inputs allow by themselves.
const MOST: usize = 20_000;

/// The longest text in bytes: a URL or a reason.
const LONGEST: usize = 4096;

/// Why a statement is no receipt. All texts are safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not the JSON of such a statement.
    #[error("no statement of a receipt: {0}")]
    Shape(String),
    /// A value that no receipt has.
    #[error("{what} is {found}; expected {expected}")]
    Value {
        /// Which.
        what: &'static str,
        /// What is legal.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// More than is read.
    #[error("more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are read.
        most: usize,
    },
    /// It says one thing in two ways.
    #[error("it contradicts itself: {0}")]
    Contradiction(String),
}

impl Receipt {
    /// Reads the statement that a receipt signs. Whether the signature holds
    /// must be known before.
    ///
    /// # Errors
    /// When it is of another kind, incomplete, out of bounds, or contradicts itself.
    pub fn read(statement: &[u8]) -> Result<Self, ReceiptError> {
        let statement: wire::Statement = serde_json::from_slice(statement)
            .map_err(|why| ReceiptError::Shape(sanitise(&why.to_string(), 256)))?;
        is("the type of the statement", &statement.kind, STATEMENT_TYPE)?;
        let kind = &statement.predicate_type;
        is("the type of the predicate", kind, PREDICATE_TYPE)?;
        let receipt = read_predicate(&statement.predicate)?;
        check_subjects(&receipt, &statement.subject)?;
        Ok(receipt)
    }
}

fn read_predicate(predicate: &wire::Predicate) -> Result<Receipt, ReceiptError> {
    let verifier = &predicate.verifier;
    is("the verifier", &verifier.id, PROJECT_PAGE)?;
    let result = &predicate.verification_result;
    is("the result", result, wire::PASSED)?;
    let release = &predicate.release;
    at_most("files", release.files.len())?;
    at_most("KEYS files", release.keys.len())?;
    at_most("waivers", release.waived.len())?;
    let version = verifier.version.get(PROGRAM).ok_or_else(|| {
        let why = format!("the verifier has no version of {PROGRAM}");
        ReceiptError::Shape(why)
    })?;
    let receipt = Receipt {
        version: text("the version", version)?,
        rules: digest("the digest of the policy", &predicate.policy.digest.sha256)?,
        verified_at: seconds(&predicate.time_verified)?,
        source: text("the source", &release.source)?,
        revision: release.revision,
        area: match release.area.as_deref() {
            None => None,
            Some("release" | "dev") => release.area.clone(),
            Some(other) => return Err(value("the area", "`release` or `dev`", other)),
        },
        index: text("the index", &release.index)?,
        keys: release.keys.iter().map(keys).collect::<Result<_, _>>()?,
        files: release.files.iter().map(file).collect::<Result<_, _>>()?,
        waived: release
            .waived
            .iter()
            .map(waiver)
            .collect::<Result<_, _>>()?,
        approval: release.approval.as_ref().map(approval).transpose()?,
    };
    check_names(&receipt.files)?;
    same(
        "the release digest",
        &release.digest,
        &receipt.digest().to_string(),
    )?;
    same("the resource", &predicate.resource_uri, &receipt.resource())?;
    Ok(receipt)
}

fn check_names(files: &[File]) -> Result<(), ReceiptError> {
    if files.is_empty() {
        return Err(value("the list of files", "one at least", "empty"));
    }
    let mut names = BTreeSet::new();
    for file in files {
        if !names.insert(file.name.as_str()) {
            let why = format!("it names {} twice", sanitise(&file.name, 256));
            return Err(ReceiptError::Contradiction(why));
        }
    }
    Ok(())
}

/// The subjects, which any reader of statements sees, are the files.
fn check_subjects(receipt: &Receipt, found: &[wire::Subject]) -> Result<(), ReceiptError> {
    at_most("subjects", found.len())?;
    let ours = receipt.subjects();
    if ours.len() != found.len() {
        let why = format!("{} subjects and {} files", found.len(), ours.len());
        return Err(ReceiptError::Contradiction(why));
    }
    for ((name, sha256, sha512), subject) in ours.iter().zip(found) {
        same("the name of a subject", &subject.name, name)?;
        same("the SHA-256 of a subject", &subject.digest.sha256, sha256)?;
        if let Some(found) = &subject.digest.sha512 {
            same("the SHA-512 of a subject", found, sha512)?;
        }
    }
    Ok(())
}

fn file(file: &wire::File) -> Result<File, ReceiptError> {
    let path = text("the path of a file", &file.path)?;
    let name = text("the name of a file", &file.name)?;
    if DistributionName::parse(&name).is_err() {
        return Err(value("the name of a file", "a distribution's", &name));
    }
    same("a path", crate::snapshot::basename(&path), &name)?;
    let sha512 = value("a SHA-512", "128 lower-case hex digits", &file.sha512);
    let signer = value("a signer", "a fingerprint", &file.signer);
    Ok(File {
        sha256: digest("a SHA-256", &file.sha256)?,
        sha512: lower_hex(&file.sha512).ok_or(sha512)?,
        signer: file.signer.parse::<Fingerprint>().map_err(|_| signer)?,
        signature: digest("the SHA-256 of a signature", &file.signature_sha256)?,
        path,
        name,
    })
}

fn keys(keys: &wire::Keys) -> Result<KeysFile, ReceiptError> {
    Ok(KeysFile {
        place: text("the place of KEYS", &keys.place)?,
        revision: keys.revision,
        sha256: digest("the SHA-256 of KEYS", &keys.sha256)?,
    })
}

fn waiver(waiver: &wire::Waiver) -> Result<Waiver, ReceiptError> {
    Ok(Waiver {
        rule: text("the rule of a waiver", &waiver.rule)?,
        path: text("the path of a waiver", &waiver.path)?,
        reason: text("the reason of a waiver", &waiver.reason)?,
    })
}

fn approval(approval: &wire::Approval) -> Result<Approval, ReceiptError> {
    at_most("approvals", approval.by.len())?;
    Ok(Approval {
        environment: may_be("the environment", approval.environment.as_deref())?,
        run: may_be("the run", approval.run.as_deref())?,
        attempt: approval.attempt,
        started: may_be("the start of the run", approval.started.as_deref())?,
        read_at: text("the time of the approval", &approval.read_at)?,
        by: approval.by.iter().map(approver).collect::<Result<_, _>>()?,
    })
}

fn approver(one: &wire::Approver) -> Result<Approver, ReceiptError> {
    Ok(Approver {
        user: may_be("who approved", one.user.as_deref())?,
        user_id: one.user_id,
        comment: text("the words of an approval", &one.comment)?,
    })
}

fn may_be(what: &'static str, found: Option<&str>) -> Result<Option<String>, ReceiptError> {
    found.map(|found| text(what, found)).transpose()
}

fn value(what: &'static str, expected: &str, found: &str) -> ReceiptError {
    ReceiptError::Value {
        what,
        expected: expected.to_owned(),
        found: format!("`{}`", sanitise(found, 256)),
    }
}

fn is(what: &'static str, found: &str, expected: &str) -> Result<(), ReceiptError> {
    if found == expected {
        return Ok(());
    }
    Err(value(what, &format!("`{expected}`"), found))
}

fn same(what: &str, found: &str, other: &str) -> Result<(), ReceiptError> {
    if found == other {
        return Ok(());
    }
    let (found, other) = (sanitise(found, 256), sanitise(other, 256));
    Err(ReceiptError::Contradiction(format!(
        "{what} is `{found}`, and the files say `{other}`"
    )))
}

fn at_most(what: &'static str, count: usize) -> Result<(), ReceiptError> {
    if count <= MOST {
        return Ok(());
    }
    Err(ReceiptError::TooMany { what, most: MOST })
}

fn text(what: &'static str, text: &str) -> Result<String, ReceiptError> {
    if text.len() <= LONGEST {
        return Ok(text.to_owned());
    }
    let expected = format!("at most {LONGEST} bytes");
    Err(value(what, &expected, text))
}

fn digest(what: &'static str, text: &str) -> Result<[u8; 32], ReceiptError> {
    lower_hex(text).ok_or_else(|| value(what, "64 lower-case hex digits", text))
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

fn seconds(text: &str) -> Result<u64, ReceiptError> {
    let refuse = || value("the time", "a time of RFC 3339 in UTC", text);
    let time = humantime::parse_rfc3339(text).map_err(|_| refuse())?;
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| refuse())?;
    Ok(since.as_secs())
}
