// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! What the steps of a run found out, as rows and findings of the report.

use crate::openpgp::{Keyring, KeysReport};
use crate::plan::Plan;
use crate::report::{AttestationRow, FileRow, Origin, Report, SignerRow};
use crate::rules::{Finding, Rule};
use crate::snapshot::{Class, Snapshot};
use crate::verify::{Enclosed, Judgement, Verified};

pub(super) fn rows(snapshot: &Snapshot) -> Vec<FileRow> {
    let row = |item: &crate::snapshot::Item| {
        let name = match &item.class {
            Class::Distribution(name) => Some(name),
            _ => None,
        };
        FileRow {
            path: item.entry.path.clone(),
            class: item.class.word().to_owned(),
            project: name.map(|name| name.project().as_str().to_owned()),
            version: name.map(|name| name.version().to_string()),
            size: item.entry.size,
            ..FileRow::default()
        }
    };
    snapshot.items().iter().map(row).collect()
}

pub(super) fn take_judgement(report: &mut Report, judgement: &Judgement) {
    report.note(judgement.findings.iter().cloned());
    let signer = judgement.signer.as_ref();
    if let Some(row) = report.row(&judgement.path) {
        let (size, sha256, sha512) = &judgement.digests;
        row.size = *size;
        row.sha256 = Some(hex::encode(sha256));
        row.sha512 = Some(hex::encode(sha512));
        row.signer = signer.map(|signer| signer.primary.to_string());
        let enclosed = judgement.verified.iter().flat_map(Verified::enclosed);
        let row_of = |one: &Enclosed| AttestationRow::of(&one.says, Origin::Release);
        row.attestations = enclosed.map(row_of).collect();
    }
    if let Some(signer) = signer {
        let signer = SignerRow {
            fingerprint: signer.primary.to_string(),
            user_id: signer.user_id.clone().unwrap_or_default(),
            expires: signer.expires,
        };
        // A key may sign with several subkeys: what ends first is shown.
        let same = report
            .signers
            .iter_mut()
            .find(|row| (&row.fingerprint, &row.user_id) == (&signer.fingerprint, &signer.user_id));
        if let Some(row) = same {
            row.expires = row.expires.into_iter().chain(signer.expires).min();
        } else {
            report.signers.push(signer);
            report.signers.sort();
        }
    }
}

pub(super) fn verdict(judgement: &Judgement) -> String {
    let word = if judgement.findings.iter().any(Finding::refuses) {
        "REFUSED"
    } else {
        "holds"
    };
    format!("{word}: {}", judgement.path)
}

/// Damaged blocks that are told one by one: nobody reads more, and a KEYS made
/// of nothing else would fill the log and the disk.
const BAD_BLOCKS_TOLD: usize = 50;

pub(super) fn keys_findings(told: &KeysReport, place: &str) -> Vec<Finding> {
    let bad = |found: String| {
        let expected = "an OpenPGP public key";
        Finding::new(Rule::KeysBadBlock, Some(place), expected, found)
    };
    let blocks = told.bad_blocks.iter().take(BAD_BLOCKS_TOLD);
    let mut findings: Vec<Finding> = blocks
        .map(|block| bad(format!("line {}: {}", block.line, block.why)))
        .collect();
    let more = told.bad_blocks.len() - findings.len();
    if more > 0 {
        findings.push(bad(format!("{more} more like these")));
    }
    if told.old_keys > 0 {
        let word = if told.old_keys == 1 { "key" } else { "keys" };
        let found = format!("{} {word} of PGP 2", told.old_keys);
        findings.push(Finding::new(
            Rule::KeysOld,
            Some(place),
            "keys of version 4 or 6",
            found,
        ));
    }
    findings
}

pub(super) fn unknown_signers(plan: &Plan, keyring: &Keyring) -> Vec<Finding> {
    plan.signers
        .iter()
        .filter(|signer| !keyring.contains(signer))
        .map(|signer| {
            Finding::new(
                Rule::SignerNotInKeys,
                Some("signers"),
                format!("{signer} in KEYS"),
                "no such key",
            )
        })
        .collect()
}
