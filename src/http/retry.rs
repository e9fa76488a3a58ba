// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! When a failed request is tried again: four tries, and never sooner than
//! the server asks.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::HttpError;

/// The longest wait that a server may ask for; beyond it, giving up is kinder
/// than to hold a runner.
pub const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// Does `op` up to four times as long as it fails in a way that may pass,
/// after about 0.5, 1 and 2 s, or after the time that the server asks for.
/// Every try does the whole operation. `what` names it in the log.
///
/// # Errors
/// The last try's.
pub async fn retry<T, F, Fut>(what: &str, op: F) -> Result<T, HttpError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, HttpError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_factor(2.0)
        .with_max_times(3)
        .with_jitter();
    op.retry(pauses)
        .when(HttpError::is_transient)
        .adjust(wait)
        .notify(|error, pause| {
            tracing::warn!(
                "{what}: {error}; trying again in {:.1} s",
                pause.as_secs_f32()
            );
        })
        .await
}

/// The pause before the next try, which is never shorter than the server asks;
/// none to give up.
pub(crate) fn wait(error: &HttpError, pause: Option<Duration>) -> Option<Duration> {
    match (pause, error.retry_after()) {
        (Some(_), Some(asked)) if asked > LONGEST_WAIT => None,
        (Some(pause), Some(asked)) => Some(pause.max(asked)),
        (pause, _) => pause,
    }
}

/// What `Retry-After` asks for: seconds, or a date that is held against the
/// server's own `Date` so that no clock of this machine counts (RFC 9110, 10.2.3).
pub(super) fn after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = server_time(headers)?;
    let then = http_date(value)?;
    Some(Duration::from_secs(then.saturating_sub(now)))
}

/// What the server's clock says, in seconds since 1970; none where its answer
/// does not show it.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<u64> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of date
/// that servers may send (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = words.as_slice() else {
        return None;
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = months.iter().position(|name| name == month)? + 1;
    let moment = humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()?;
    let since = moment.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name = reqwest::header::HeaderName::from_static(name);
                (name, value.parse().unwrap())
            })
            .collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (asked, expected) in [
            ("7", Some(7)),
            ("Sun, 06 Nov 1994 08:50:00 GMT", Some(23)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("Sunday, 06-Nov-94 08:50:00 GMT", None),
        ] {
            let found = after(&headers(&[("retry-after", asked), ("date", date)]));
            assert_eq!(found, expected.map(Duration::from_secs), "{asked}");
        }
        assert_eq!(after(&headers(&[("retry-after", date)])), None);
    }

    #[test]
    fn a_server_is_never_asked_sooner_than_it_wants() {
        let error = |seconds: Option<u64>| HttpError::Status {
            url: String::new(),
            code: 429,
            reason: String::new(),
            body: String::new(),
            retry_after: seconds.map(Duration::from_secs),
        };
        let pause = Some(Duration::from_secs(1));
        for (asked, expected) in [
            (None, pause),
            (Some(0), pause),
            (Some(30), Some(Duration::from_secs(30))),
            (Some(120), Some(LONGEST_WAIT)),
            (Some(121), None),
        ] {
            assert_eq!(wait(&error(asked), pause), expected, "{asked:?}");
            assert_eq!(wait(&error(asked), None), None, "no try is left");
        }
    }
}
