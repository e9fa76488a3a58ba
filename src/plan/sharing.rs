// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! One release by several jobs: how `shard` and `shards` are written, and what
//! a shard demands of the other inputs.

use std::str::FromStr as _;

use super::asf_server::{AsfServer, asf_server};
use super::{ExpectedDigest, Location, Mode, Reader};
use crate::shard::{MOST, Shard};

pub(super) fn shard(raw: &str) -> Result<Shard, String> {
    raw.parse().map_err(|why| format!("`{raw}`: {why}"))
}

pub(super) fn shards(raw: &str) -> Result<usize, String> {
    match usize::from_str(raw) {
        Ok(number) if (1..=MOST).contains(&number) => Ok(number),
        _ => Err(format!("`{raw}`")),
    }
}

/// Shards agree on a release without a word between them: they read one
/// revision, and what comes out must be one digest.
pub(super) fn check(
    mode: Option<Mode>,
    source: Option<&Location>,
    digest: ExpectedDigest,
    reader: &mut Reader<'_>,
) {
    if !matches!(mode, None | Some(Mode::Verify | Mode::Publish)) {
        let expected = "`whole`, but in `verify` and `publish`";
        reader.refuse("shard", expected, "a shard");
        return;
    }
    let without_revisions = match source {
        Some(Location::Path(_)) => true,
        Some(Location::Url(url)) => asf_server(url) == Some(AsfServer::Pages),
        None => false,
    };
    if without_revisions {
        let expected = "`whole`, since this source has no revisions that all shards could read";
        reader.refuse("shard", expected, "a shard");
    } else if reader.is_default_word("revision") {
        let expected = "for a shard: the revision that `verify` printed";
        reader.refuse("revision", expected, "`head`");
    }
    let open = digest == ExpectedDigest::Any;
    if open || reader.is_default_word("expected-digest") {
        let expected = "for a shard: the release digest that `verify` printed";
        let found = if open { "`any`" } else { "`none`" };
        reader.refuse("expected-digest", expected, found);
    }
}
