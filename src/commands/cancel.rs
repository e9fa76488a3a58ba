// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

//! A run that is told to end early.
//!
//! A runner whose job is cancelled sends SIGINT, after 7.5 s SIGTERM, and after
//! 2.5 s more it kills (GitHub's documentation, "Workflow cancellation").
//! Before the first upload a run ends at once. From then on nothing new begins,
//! and what is under way gets so much time that there is still some left to say
//! how far it came. The next run does the rest.

use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::rules::{Finding, Rule};

/// What is under way may go on for so long.
const GRACE: Duration = Duration::from_secs(6);
/// How long a cancelled run looks at what the index has: together with
/// [`GRACE`] less than the 10 s until it is killed.
pub(super) const LAST_LOOK: Duration = Duration::from_millis(1500);

/// Whether the run was told to end.
#[derive(Clone, Debug)]
pub struct Cancellation(watch::Receiver<bool>);

impl Cancellation {
    /// A run that nobody can tell.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Hears SIGINT and SIGTERM from now on; they no longer end the process. A
    /// second one changes nothing: the first has set the time.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub fn on_signals() -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (told, hears) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            told.send_replace(true);
        });
        Ok(Self(hears))
    }

    /// Whether it was told.
    pub(super) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is told.
    async fn told(&self) {
        let mut ear = self.0.clone();
        if ear.wait_for(|told| *told).await.is_err() {
            // Nobody is left who could tell.
            std::future::pending::<()>().await;
        }
    }

    /// What `work` gives, or none as soon as the run is told to end.
    pub(super) fn unless<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        self.within(Duration::ZERO, work)
    }

    /// What `work` gives, or none when it is still under way some seconds after
    /// the run was told to end.
    pub(super) fn in_grace<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        self.within(GRACE, work)
    }

    fn within<T>(
        &self,
        grace: Duration,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        // On the heap, since whole runs are waited for.
        let work = Box::pin(work);
        async move {
            let over = async {
                self.told().await;
                if !grace.is_zero() {
                    tokio::time::sleep(grace).await;
                }
            };
            match select(pin!(over), work).await {
                Either::Left(((), _)) => None,
                Either::Right((done, _)) => Some(done),
            }
        }
    }
}

/// The verdict on a run that was told to end.
pub(super) fn finding() -> Finding {
    Finding::new(
        Rule::Cancelled,
        None,
        "a run that ends by itself",
        "SIGINT or SIGTERM: the job was cancelled, or its time was over",
    )
}

/// The verdict on a file that was still under way at the end of the grace.
pub(super) fn overdue(path: &str) -> Finding {
    Finding::new(
        Rule::UploadUnfinished,
        Some(path),
        "the index's word that it has it",
        format!("none within {} s of the cancellation", GRACE.as_secs()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (watch::Sender<bool>, Cancellation) {
        let (told, hears) = watch::channel(false);
        (told, Cancellation(hears))
    }

    #[tokio::test]
    async fn work_that_may_stop_stops_at_once_and_other_work_has_a_grace() {
        let (told, run) = pair();
        assert_eq!(run.unless(async { 1 }).await, Some(1));
        assert!(!run.is_told());
        told.send_replace(true);
        assert!(run.is_told());
        assert_eq!(
            run.unless(async { 1 }).await,
            None,
            "not even what is ready"
        );
        assert_eq!(run.in_grace(async { 1 }).await, Some(1));
        let never = std::future::pending::<()>();
        assert_eq!(run.within(Duration::from_millis(5), never).await, None);
    }

    #[tokio::test]
    async fn who_told_need_not_stay_and_who_never_tells_stops_nothing() {
        let (told, run) = pair();
        told.send_replace(true);
        drop(told);
        assert_eq!(run.unless(std::future::pending::<()>()).await, None);
        let later = || tokio::time::sleep(Duration::from_millis(20));
        let run = Cancellation::never();
        assert_eq!(run.unless(later()).await, Some(()));
        assert_eq!(run.within(Duration::ZERO, later()).await, Some(()));
    }

    #[test]
    fn a_cancelled_run_has_said_everything_before_it_is_killed() {
        assert!(GRACE + LAST_LOOK + Duration::from_secs(2) < Duration::from_secs(10));
    }
}
