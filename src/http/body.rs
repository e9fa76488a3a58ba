// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! Reading the bodies of answers.
//!
//! Decides how long a body may take: a small one has an end of its time, a
//! file may take any time as long as it keeps a least pace. A limit on silence
//! alone would let a byte a minute hold a job for days.

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::{Instant, timeout};
use url::Url;

use super::{HttpError, content_length, display_url};

/// How long the body of an answer to an upload may stay silent.
const ANSWER_SILENCE: Duration = Duration::from_mins(2);
/// How long a body that is read whole may take.
const ANSWER_TIME: Duration = Duration::from_mins(5);
/// Over how much time of waiting the pace of a file is looked at.
const PACE_TIME: Duration = Duration::from_mins(5);
/// What must come in that time, in bytes: 1 KiB a second.
const PACE_LEAST: u64 = 300 * 1024;

/// Reads a whole body of at most `limit` bytes, within five minutes.
///
/// # Errors
/// [`HttpError::TooLarge`] beyond the limit, [`HttpError::Timeout`] beyond the
/// time; whatever breaks while reading.
pub async fn read_limited(response: Response, limit: u64) -> Result<Bytes, HttpError> {
    read_within(response, limit, ANSWER_TIME).await
}

/// Passes a whole body of at most `limit` bytes on, part by part, within five
/// minutes. Ends early with the error of `take`, which is the inner one.
///
/// # Errors
/// As [`read_limited`].
pub async fn pass_limited<E>(
    response: Response,
    limit: u64,
    take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Result<(), E>, HttpError> {
    pass_within(response, limit, ANSWER_TIME, take).await
}

pub(super) async fn read_within(
    response: Response,
    limit: u64,
    time: Duration,
) -> Result<Bytes, HttpError> {
    let mut body = BytesMut::new();
    let whole = pass_within(response, limit, time, |part| {
        body.extend_from_slice(part);
        Ok::<(), Infallible>(())
    });
    match whole.await? {
        Ok(()) => Ok(body.freeze()),
    }
}

async fn pass_within<E>(
    mut response: Response,
    limit: u64,
    time: Duration,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Result<(), E>, HttpError> {
    let url = response.url().clone();
    let too_large = || HttpError::TooLarge {
        url: display_url(&url),
        limit,
    };
    if content_length(&response).is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let end = Instant::now() + time;
    let mut found = 0;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let chunk = timeout(left.min(ANSWER_SILENCE), response.chunk())
            .await
            .map_err(|_| too_slow(&url))?
            .map_err(|error| HttpError::of(&error, &url))?;
        let Some(chunk) = chunk else {
            return Ok(Ok(()));
        };
        found += chunk.len() as u64;
        if found > limit {
            return Err(too_large());
        }
        if let Err(error) = take(&chunk) {
            return Ok(Err(error));
        }
        // Bytes that lie ready never wait, so that the time-out does not see them.
        if Instant::now() >= end {
            return Err(too_slow(&url));
        }
    }
}

fn too_slow(url: &Url) -> HttpError {
    HttpError::Timeout {
        url: display_url(url),
    }
}

/// The body of a file, chunk by chunk, as long as it comes at a least pace.
#[derive(Debug)]
pub struct PacedBody {
    response: Response,
    pace: Pace,
}

impl PacedBody {
    /// The body of this answer.
    pub fn new(response: Response) -> Self {
        Self {
            response,
            pace: Pace::default(),
        }
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// [`HttpError::Timeout`] when five minutes of waiting brought less than
    /// 1 KiB a second; whatever breaks while reading.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        let begun = Instant::now();
        let chunk = self.response.chunk().await;
        let url = self.response.url();
        let chunk = chunk.map_err(|error| HttpError::of(&error, url))?;
        let bytes = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        // The end is welcome however late it comes.
        if !self.pace.keeps(begun.elapsed(), bytes) && chunk.is_some() {
            return Err(too_slow(url));
        }
        Ok(chunk)
    }
}

/// How much came while it was waited for. The time that the taker of the bytes
/// needs is not the server's.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Notes what came; whether that is still fast enough.
    fn keeps(&mut self, waited: Duration, bytes: u64) -> bool {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < PACE_TIME {
            return true;
        }
        std::mem::take(self).bytes >= PACE_LEAST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_slow_but_not_for_ever() {
        let chunks_until_refused = |seconds: u64, bytes: u64| {
            let mut pace = Pace::default();
            (0..1000).position(|_| !pace.keeps(Duration::from_secs(seconds), bytes))
        };
        for (seconds, bytes, refused_at) in [
            (50, 1, Some(5)),
            (50, 50 * 1024, None),
            (1, 1024, None),
            (1, 1000, Some(299)),
            (0, 1, None),
        ] {
            let found = chunks_until_refused(seconds, bytes);
            assert_eq!(found, refused_at, "{bytes} bytes every {seconds} s");
        }
        let mut pace = Pace::default();
        assert!(pace.keeps(Duration::from_secs(299), 1 << 30));
        assert!(pace.keeps(Duration::from_secs(1), 0));
        assert!(
            !pace.keeps(Duration::from_mins(5), 9),
            "a fast start excuses no slow end"
        );
    }
}
