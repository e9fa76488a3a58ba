// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One value at a time: words, numbers, sizes and times.

use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use pep440_rs::Version;

use super::{ExpectedDigest, Limits, Mode, Reader, Timeouts};
use crate::attest::Publisher;
use crate::digest::ReleaseDigest;
use crate::inputs::nearest;
use crate::openpgp::Fingerprint;

/// A time limit beyond a day is a mistyped unit.
const LONGEST: Duration = Duration::from_hours(24);

fn quoted(raw: &str) -> String {
    format!("`{raw}`")
}

pub(super) fn mode(raw: &str) -> Result<Mode, String> {
    match raw {
        "verify" => Ok(Mode::Verify),
        "publish" => Ok(Mode::Publish),
        "check" => Ok(Mode::Check),
        "check-receipt" => Ok(Mode::CheckReceipt),
        // It has no plan: it needs no source.
        "doctor" => Err("`doctor`, which publishes nothing".to_owned()),
        "audit" | "withdraw" => Err(format!("`{raw}`, which this version does not have")),
        other => Err(nearest(
            other,
            ["verify", "publish", "check", "check-receipt", "doctor"],
        )
        .map_or_else(
            || quoted(other),
            |nearest| format!("`{other}` (did you mean `{nearest}`?)"),
        )),
    }
}

pub(super) fn flag(raw: &str) -> Result<bool, String> {
    match raw {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(quoted(other)),
    }
}

pub(super) fn revision(raw: &str) -> Result<u64, String> {
    let digits = raw.strip_prefix('r').unwrap_or(raw);
    match u64::from_str(digits) {
        Ok(revision) if revision > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(revision)
        }
        _ => Err(quoted(raw)),
    }
}

pub(super) fn fingerprint(raw: &str) -> Result<Fingerprint, String> {
    Fingerprint::from_str(raw).map_err(|why| format!("`{raw}`: {why}"))
}

pub(super) fn version(raw: &str) -> Result<Version, String> {
    Version::from_str(raw).map_err(|_| quoted(raw))
}

pub(super) fn digest(raw: &str) -> Result<ExpectedDigest, String> {
    if raw == "any" {
        return Ok(ExpectedDigest::Any);
    }
    ReleaseDigest::from_str(raw)
        .map(ExpectedDigest::Exactly)
        .map_err(|_| quoted(raw))
}

pub(super) fn concurrency(raw: &str) -> Result<usize, String> {
    match usize::from_str(raw) {
        Ok(number) if (1..=32).contains(&number) => Ok(number),
        _ => Err(quoted(raw)),
    }
}

pub(super) const REPOSITORY_LEGAL: &str = "`OWNER/NAME` of a repository on GitHub";
pub(super) const WORKFLOW_LEGAL: &str =
    "the name of a file in `.github/workflows`, such as `publish.yml`";

/// Legal where it is with any workflow.
pub(super) fn repository(raw: &str) -> Result<String, String> {
    match Publisher::new(raw, "any.yml") {
        Ok(publisher) => Ok(publisher.repository().to_owned()),
        Err(_) => Err(quoted(raw)),
    }
}

/// Legal where it is in any repository.
pub(super) fn workflow(raw: &str) -> Result<String, String> {
    match Publisher::new("any/any", raw) {
        Ok(publisher) => Ok(publisher.workflow().to_owned()),
        Err(_) => Err(quoted(raw)),
    }
}

fn count(raw: &str) -> Result<usize, String> {
    match usize::from_str(raw) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(quoted(raw)),
    }
}

fn size(raw: &str) -> Result<u64, String> {
    match ByteSize::from_str(raw) {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        _ => Err(quoted(raw)),
    }
}

/// `10 s`, `5m`, or a bare number of seconds.
fn duration(raw: &str) -> Result<Duration, String> {
    let parsed = match u64::from_str(raw) {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(raw).ok(),
    };
    match parsed {
        Some(duration) if !duration.is_zero() && duration <= LONGEST => Ok(duration),
        _ => Err(quoted(raw)),
    }
}

pub(super) fn limits(reader: &mut Reader<'_>) -> Option<Limits> {
    let bytes = "a size such as `2 GiB`";
    let max_files = reader.word("max-files", "a number above 0", count);
    let max_file_size = reader.word("max-file-size", bytes, size);
    let max_total_size = reader.word("max-total-size", bytes, size);
    Some(Limits {
        max_files: max_files?,
        max_file_size: max_file_size?,
        max_total_size: max_total_size?,
    })
}

pub(super) fn timeouts(reader: &mut Reader<'_>) -> Option<Timeouts> {
    let time = "a time such as `60 s`, at most a day";
    let connect = reader.word("connect-timeout", time, duration);
    let idle = reader.word("idle-timeout", time, duration);
    let source = reader.word("source-timeout", time, duration);
    let read_back = reader.word("read-back-timeout", time, duration);
    Some(Timeouts {
        connect: connect?,
        idle: idle?,
        source: source?,
        read_back: read_back?,
    })
}
