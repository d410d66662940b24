//! Calls that are tried again.
//!
//! ```text
//!                 ┌─────────────────────────────── sleep ◀──────────────────────────┐
//!                 ▼                                                                 │ yes
//!  deposit ──▶ try, within  ──error──▶ classify ──▶ decide: sleep, or end? ──▶ budget left?
//!              its limits                                │ end                      │ no
//!                 │ value                                ▼                          ▼
//!                 ▼                                 RetryError                 RetryError
//!                 Ok
//! ```
//!
//! 1. What is decided is decided in [`decide`], a function of values. This file reads the clock, waits, and calls.
//! 2. A try is begun only if the scope is not cancelled, and the retry then counts as spent. Until then the budget's retry
//!    is *held*: when the call is dropped or cancelled in its pause, it goes back.
//! 3. No lock is held while code of the user runs, nor is one over an await.
//! 4. A pause of no length is still a place to stop at: it spends Tokio's coop budget, so that a call that fails at once,
//!    for ever and without back-off does not keep a thread to itself.
//!
//! Why an `AsyncFnMut` and not a closure that returns a future: the latter cannot lend what it captured to the future. One
//! of these is taken, too, as it is an `AsyncFnMut` by itself. Why closures in the policy behind pointers: a
//! `Retry<E>` can be named, hence be in a struct; they are called after failures only.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, Cancelled};
use aqueduct_core::rt::until;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, sleep};

use self::decide::{Failed, Limits, Step, decide};
use crate::backoff::{Backoff, Delays};
use crate::budget::{Held, RetryBudget};

pub use self::decide::Decision;
pub use self::error::{Failure, RetryError, RetryErrorKind};

mod decide;
mod error;

/// How a call is tried again: how often, how long, after which errors.
///
/// A value to be made once and used for many calls; clones are cheap and share the [budget](RetryBudget). `E` is the error
/// of the calls.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use aqueduct_resilience::{Backoff, Decision, Retry, RetryBudget};
///
/// #[derive(Debug)]
/// struct Status(u16);
///
/// let retry = Retry::new(Backoff::exponential(Duration::from_millis(100)))
///     .with_tries_max(5)
///     .with_try_timeout(Duration::from_secs(1))
///     .with_total_timeout(Duration::from_secs(10))
///     .with_budget(RetryBudget::default())
///     .with_classifier(|error: &Status| match error.0 {
///         429 | 503 => Decision::RetryAfter(Duration::from_secs(2)),
///         500.. => Decision::Retry,
///         _ => Decision::Stop,
///     });
///
/// let mut answers = [503, 500, 200].into_iter();
/// let answer = retry.run(async || match answers.next() {
///     Some(200) => Ok("page"),
///     other => Err(Status(other.unwrap_or(404))),
/// });
/// assert_eq!(answer.await.unwrap(), "page");
/// # }
/// ```
pub struct Retry<E> {
    backoff: Backoff,
    limits: Limits,
    try_max: Option<Duration>,
    budget: Option<RetryBudget>,
    classifier: Option<Arc<Classifier<E>>>,
    on_retry: Option<Arc<Hook<E>>>,
}

type Classifier<E> = dyn Fn(&E) -> Decision + Send + Sync;
type Hook<E> = dyn Fn(&RetryEvent<'_, E>) + Send + Sync;

/// A retry that is about to be made: what is told to [`on_retry`](Retry::with_on_retry).
#[derive(Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a, E> {
    /// How the try failed.
    pub failure: &'a Failure<E>,
    /// How many tries there were, with this one.
    pub tries: u32,
    /// How long the pause before the next will be.
    pub delay: Duration,
    /// How long the call has taken until now.
    pub elapsed: Duration,
}

impl<E> Retry<E> {
    /// Three tries, with this back-off between them, after whatever error. Neither a try nor the whole has a time limit.
    #[must_use]
    pub fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            limits: Limits {
                tries_max: NonZeroU32::new(3),
                total_max: None,
                hint_max: Duration::from_secs(60),
            },
            try_max: None,
            budget: None,
            classifier: None,
            on_retry: None,
        }
    }

    /// At most so many tries, the first included. One is no retry.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[must_use]
    pub fn with_tries_max(mut self, tries: u32) -> Self {
        let tries = NonZeroU32::new(tries);
        assert!(tries.is_some(), "a call is one try at least");
        self.limits.tries_max = tries;
        self
    }

    /// As many tries as it takes. What ends it then is the total limit, the budget, the classifier or its scope.
    #[must_use]
    pub fn with_unlimited_tries(mut self) -> Self {
        self.limits.tries_max = None;
        self
    }

    /// A time limit for each try. One that takes longer is dropped, and has failed with [`Failure::TimedOut`], which is
    /// always retried. (To decide otherwise, have the limit in the call itself and give an error.)
    #[must_use]
    pub fn with_try_timeout(mut self, limit: Duration) -> Self {
        self.try_max = Some(limit);
        self
    }

    /// A time limit for the whole, pauses included.
    ///
    /// A try that is at work then is dropped. A pause that would not end before is not begun: the call ends at once.
    #[must_use]
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.limits.total_max = Some(limit);
        self
    }

    /// The longest pause that a [hint](Decision::RetryAfter) makes, 60 s unless said here. It bounds what a service that
    /// is confused, or means harm, can ask for.
    #[must_use]
    pub fn with_hint_max(mut self, limit: Duration) -> Self {
        self.limits.hint_max = limit;
        self
    }

    /// Retries have to be in this budget, which others may use as well.
    #[must_use]
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Says what is to be done about an error. Without it, all are retried.
    #[must_use]
    pub fn with_classifier<F>(mut self, classifier: F) -> Self
    where
        F: Fn(&E) -> Decision + Send + Sync + 'static,
    {
        self.classifier = Some(Arc::new(classifier));
        self
    }

    /// A [classifier](Self::with_classifier) that has only yes and no: retries errors for which `retryable` is true.
    #[must_use]
    pub fn with_retry_if<F>(self, retryable: F) -> Self
    where
        F: Fn(&E) -> bool + Send + Sync + 'static,
    {
        self.with_classifier(move |error| match retryable(error) {
            true => Decision::Retry,
            false => Decision::Stop,
        })
    }

    /// Called before each pause that precedes a retry, for logs and counts.
    #[must_use]
    pub fn with_on_retry<F>(mut self, hook: F) -> Self
    where
        F: Fn(&RetryEvent<'_, E>) + Send + Sync + 'static,
    {
        self.on_retry = Some(Arc::new(hook));
        self
    }

    /// Calls `call` until it succeeds, or is not to be tried again.
    ///
    /// `call` is an `async` closure, or one that returns a future.
    ///
    /// # Errors
    ///
    /// [`RetryError`] when it gives up.
    ///
    /// # Panics
    ///
    /// When it has to wait outside of a Tokio runtime that drives timers. A panic of `call` goes through.
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the try that is at work, with what that loses. A retry that has been taken
    /// from the budget and was not begun goes back.
    pub async fn run<T, F>(&self, call: F) -> Result<T, RetryError<E>>
    where
        F: AsyncFnMut() -> Result<T, E>,
    {
        let mut course = Course::new();
        match self.drive(&mut course, None, call).await {
            Ok(value) => Ok(value),
            Err(kind) => Err(course.ended(kind, None)),
        }
    }

    /// As [`run`](Self::run), until `scope` is cancelled: that drops the try that is at work, or ends the pause. No try is
    /// begun in a scope that is cancelled.
    ///
    /// # Errors
    ///
    /// [`RetryError`] when it gives up, of kind [`Cancelled`](RetryErrorKind::Cancelled) for that.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Self::run).
    pub async fn run_in<T, F>(&self, scope: &CancelScope, call: F) -> Result<T, RetryError<E>>
    where
        F: AsyncFnMut() -> Result<T, E>,
    {
        let mut course = Course::new();
        let driven = self.drive(&mut course, Some(scope), call);
        let (kind, cancelled) = match scope.run(driven).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(RetryErrorKind::Cancelled)) => (RetryErrorKind::Cancelled, scope.check().err()),
            Ok(Err(kind)) => (kind, None),
            Err(cancelled) => (RetryErrorKind::Cancelled, Some(cancelled)),
        };
        Err(course.ended(kind, cancelled))
    }

    async fn drive<T, F>(
        &self,
        course: &mut Course<E>,
        scope: Option<&CancelScope>,
        mut call: F,
    ) -> Result<T, RetryErrorKind>
    where
        F: AsyncFnMut() -> Result<T, E>,
    {
        if let Some(budget) = &self.budget {
            budget.deposit(course.began);
        }
        let (mut delays, mut held): (_, Option<Held>) = (None, None);
        loop {
            if scope.is_some_and(CancelScope::is_cancelled) {
                return Err(RetryErrorKind::Cancelled);
            }
            if let Some(held) = held.take() {
                held.spend();
            }
            let (deadline, whose) = self.deadline(course.began);
            course.tries = course.tries.saturating_add(1);
            let failure = match (until(deadline, call()).await, whose) {
                (Some(Ok(value)), _) => return Ok(value),
                (Some(Err(error)), _) => Failure::Error(error),
                (None, Whose::Try(limit)) => Failure::TimedOut(limit),
                (None, Whose::Whole) => return Err(RetryErrorKind::TotalElapsed),
            };
            let delays = delays.get_or_insert_with(|| self.backoff.delays());
            let delay;
            (delay, held) = self.after(course, failure, delays)?;
            pause(delay).await;
        }
    }

    /// By when a try that begins now has to be done, and whose limit that is.
    fn deadline(&self, began: Instant) -> (Option<Instant>, Whose) {
        let whole = self.limits.total_max.and_then(|max| began.checked_add(max));
        let of_try = self
            .try_max
            .and_then(|max| Some((Instant::now().checked_add(max)?, max)));
        match (of_try, whole) {
            (Some((at, max)), whole) if whole.is_none_or(|whole| at < whole) => {
                (Some(at), Whose::Try(max))
            }
            _ => (whole, Whose::Whole),
        }
    }

    /// What comes after a failure: a pause, along with what it takes from the budget, or the end.
    fn after(
        &self,
        course: &mut Course<E>,
        failure: Failure<E>,
        delays: &mut Delays,
    ) -> Result<(Duration, Option<Held>), RetryErrorKind> {
        let decision = match (&failure, &self.classifier) {
            (Failure::Error(error), Some(classifier)) => classifier(error),
            _ => Decision::Retry,
        };
        let (now, tries) = (Instant::now(), course.tries);
        let elapsed = now.saturating_duration_since(course.began);
        let failure = course.last.insert(failure);
        let step = decide(
            &self.limits,
            Failed {
                tries,
                elapsed,
                decision,
                backoff: delays.next_delay(),
            },
        );
        let (delay, spends) = match step {
            Step::Retry { delay, spends } => (delay, spends),
            Step::End(kind) => return Err(kind),
        };
        let held = match &self.budget {
            Some(budget) if spends => {
                Some(budget.try_hold(now).ok_or(RetryErrorKind::BudgetEmpty)?)
            }
            _ => None,
        };
        if let Some(hook) = &self.on_retry {
            hook(&RetryEvent {
                failure,
                tries,
                delay,
                elapsed,
            });
        }
        Ok((delay, held))
    }
}

/// How far a call has come.
struct Course<E> {
    began: Instant,
    tries: u32,
    last: Option<Failure<E>>,
}

/// Whose limit is the nearer one.
enum Whose {
    Try(Duration),
    Whole,
}

impl<E> Course<E> {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            tries: 0,
            last: None,
        }
    }

    fn ended(self, kind: RetryErrorKind, cancelled: Option<Cancelled>) -> RetryError<E> {
        RetryError {
            kind,
            tries: self.tries,
            elapsed: self.began.elapsed(),
            last: self.last,
            cancelled,
        }
    }
}

async fn pause(delay: Duration) {
    match delay {
        Duration::ZERO => consume_budget().await,
        delay => sleep(delay).await,
    }
}

/// [`Retry::new`] with the default back-off.
impl<E> Default for Retry<E> {
    fn default() -> Self {
        Self::new(Backoff::default())
    }
}

impl<E> Clone for Retry<E> {
    fn clone(&self) -> Self {
        Self {
            backoff: self.backoff,
            limits: self.limits,
            try_max: self.try_max,
            budget: self.budget.clone(),
            classifier: self.classifier.clone(),
            on_retry: self.on_retry.clone(),
        }
    }
}

impl<E> fmt::Debug for Retry<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("backoff", &self.backoff)
            .field("limits", &self.limits)
            .field("try_max", &self.try_max)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
