// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! The upload token of a run: when it is minted anew.
//!
//! An index looks at a token's end only when it has the whole file. So a token
//! must outlive the upload that begins with it, as long as the pace of this run
//! lets one guess.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::cover::Projects;
use crate::github::oidc::RequestCredentials;
use crate::github::runner::Runner;
use crate::index::{self, Audience, Index, UploadToken};
use crate::rules::Finding;

/// A token that holds for less than this begins no upload, in seconds.
const MARGIN: u64 = 120;
/// A token that holds for so long begins any upload, in seconds: one that took
/// longer would not be helped by a fresh one, which holds for 900 on PyPI.
const ENOUGH: u64 = 600;

/// The upload token, minted anew before it ends; one mint at a time.
pub(super) struct Tokens<'a> {
    index: &'a Index,
    runner: &'a Runner,
    now: Box<dyn Fn() -> u64 + Send + Sync + 'a>,
    credentials: &'a RequestCredentials,
    audience: Audience,
    projects: Projects<'a>,
    held: Mutex<Option<Result<Held, Finding>>>,
    pace: Pace,
}

/// A token, and when it ends by the clock that only goes forward.
struct Held {
    token: Arc<UploadToken>,
    /// None where the index said no end.
    end: Option<Instant>,
}

impl<'a> Tokens<'a> {
    /// Nothing is asked for yet. `now` gives seconds since 1970.
    pub(super) fn new(
        index: &'a Index,
        runner: &'a Runner,
        now: impl Fn() -> u64 + Send + Sync + 'a,
        credentials: &'a RequestCredentials,
        audience: Audience,
        projects: Projects<'a>,
    ) -> Self {
        Self {
            index,
            runner,
            now: Box::new(now),
            credentials,
            audience,
            projects,
            held: Mutex::new(None),
            pace: Pace::default(),
        }
    }

    /// What the token is to cover.
    pub(super) fn projects(&self) -> &Projects<'a> {
        &self.projects
    }

    /// A token that is likely to outlive an upload of so many bytes, and is
    /// another than the one that was refused. Once there is none to be had,
    /// nobody asks again.
    pub(super) async fn for_upload(
        &self,
        size: u64,
        refused: Option<&UploadToken>,
    ) -> Result<Arc<UploadToken>, Finding> {
        let mut held = self.held.lock().await;
        let needed = self.pace.needed_life(size);
        match held.as_ref() {
            Some(Ok(held)) if held.holds(refused, needed) => return Ok(Arc::clone(&held.token)),
            Some(Err(refusal)) => return Err(refusal.clone()),
            _ => {}
        }
        let asked = Instant::now();
        let mask = |secret: &str| self.runner.mask(secret);
        let token = index::obtain(self.index, self.credentials, &self.audience, mask).await;
        match token.map(Arc::new) {
            Ok(token) => {
                // From when it was asked for, at the latest: never too long.
                let life = token.life((self.now)()).map(Duration::from_secs);
                let end = life.and_then(|life| asked.checked_add(life));
                let fresh = Arc::clone(&token);
                *held = Some(Ok(Held { token: fresh, end }));
                Ok(token)
            }
            Err(why) => {
                let refusal = self
                    .projects
                    .registrable(why.finding(None), &why, self.index);
                *held = Some(Err(refusal.clone()));
                Err(refusal)
            }
        }
    }

    /// Notes how long an upload took that the index took.
    pub(super) async fn timed<T, E>(
        &self,
        size: u64,
        upload: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let sent = upload.await;
        if sent.is_ok() {
            self.pace.note(size, begun.elapsed());
        }
        sent
    }
}

impl Held {
    /// Whether it is another token than `refused`, and holds for so many seconds.
    fn holds(&self, refused: Option<&UploadToken>, seconds: u64) -> bool {
        let needed = Duration::from_secs(seconds);
        refused.is_none_or(|refused| !refused.is(&self.token))
            && self
                .end
                .is_none_or(|end| end.saturating_duration_since(Instant::now()) > needed)
    }
}

/// How fast one upload is while the others of this run go on beside it.
#[derive(Default)]
struct Pace {
    bytes: AtomicU64,
    millis: AtomicU64,
}

impl Pace {
    fn note(&self, bytes: u64, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// How long a token must hold when an upload of so many bytes begins, in
    /// seconds: twice what it would take at the pace so far, and a minute.
    fn needed_life(&self, size: u64) -> u64 {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let millis = self.millis.load(Ordering::Relaxed);
        if bytes == 0 {
            return MARGIN;
        }
        let expected = u128::from(size) * u128::from(millis) / u128::from(bytes) / 1000;
        let needed = expected.saturating_mul(2).saturating_add(60);
        u64::try_from(needed)
            .unwrap_or(ENOUGH)
            .clamp(MARGIN, ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_must_outlive_the_upload_at_the_pace_of_this_run() {
        const MB: u64 = 1_000_000;
        let pace = |bytes, seconds| {
            let pace = Pace::default();
            pace.note(bytes, Duration::from_secs(seconds));
            pace
        };
        for (what, pace, size, needed) in [
            ("nothing measured", Pace::default(), 1000 * MB, MARGIN),
            ("an empty file", pace(0, 3), 1000 * MB, MARGIN),
            ("no time at all", pace(MB, 0), 1000 * MB, MARGIN),
            ("a small file", pace(10 * MB, 10), MB, MARGIN),
            ("100 s", pace(10 * MB, 10), 100 * MB, 260),
            (
                "longer than any token",
                pace(10 * MB, 10),
                1000 * MB,
                ENOUGH,
            ),
            ("no overflow", pace(1, u64::MAX / 1000), u64::MAX, ENOUGH),
        ] {
            assert_eq!(pace.needed_life(size), needed, "{what}");
        }
        let mixed = pace(10 * MB, 10);
        mixed.note(10 * MB, Duration::from_secs(190));
        assert_eq!(mixed.needed_life(10 * MB), 260, "all lanes together");
    }
}
