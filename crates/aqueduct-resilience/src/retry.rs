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
//! 1. What is decided is decided in [`decide`], a function of values. [`course`] keeps the state of a call and reads the
//!    clock; this file waits and calls.
//! 2. A try is begun only if the scope is not cancelled, and the retry then counts as spent. Until then the budget's retry
//!    is *held*: when the call is dropped or cancelled in its pause, it goes back.
//! 3. No lock is held while code of the user runs, nor is one over an await.
//! 4. A pause of no length is still a place to stop at: it yields, so that a call that fails at once, for ever and without
//!    back-off does not keep a thread to itself. To spend coop budget there would not do: who waits in the same task, in a
//!    `select!`, would find it spent whenever its turn comes.
//!
//! Why `FnMut() -> impl Future` and not `AsyncFnMut`: what holds a future of the latter over an await is not `Send` to the
//! compiler as soon as the closure captures a reference, since that future may borrow from the closure for any lifetime; and
//! a retry is to be spawned. An `async` closure that lends nothing of its own to its future is an `FnMut`, and serves.
//! `tests/it/spawnable.rs` has the cases. Why closures in the policy behind pointers: a `Retry<E>` can be named, hence be in
//! a struct; they are called after failures only.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_cancel::{CancelScope, Cancelled};
use aqueduct_core::rt::until;
use tokio::task::yield_now;
use tokio::time::sleep;

use self::course::{Course, Next};
use self::decide::Limits;
use crate::backoff::Backoff;
use crate::budget::RetryBudget;

pub use self::decide::{Decision, HintOverMax};
pub use self::error::{Failure, RetryError, RetryErrorKind};

pub(crate) mod course;
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
/// let mut statuses = [503, 500, 200].into_iter();
/// let answer = retry.run(|| {
///     let status = statuses.next().unwrap_or(404);
///     async move {
///         match status {
///             200 => Ok("page"),
///             other => Err(Status(other)),
///         }
///     }
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
    on_success: Option<Arc<SuccessHook>>,
}

type Classifier<E> = dyn Fn(&E) -> Decision + Send + Sync;
type Hook<E> = dyn Fn(&RetryEvent<'_, E>) + Send + Sync;
type SuccessHook = dyn Fn(RetrySuccess) + Send + Sync;

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

/// How a call went that has succeeded: what [`run_counted`](Retry::run_counted) gives beside the value, and what is told
/// to [`on_success`](Retry::with_on_success).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySuccess {
    /// How many tries there were, with the one that succeeded.
    pub tries: u32,
    /// How long all took, pauses included.
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
                hint_over_max: HintOverMax::default(),
                hint_jitter: HINT_JITTER,
            },
            try_max: None,
            budget: None,
            classifier: None,
            on_retry: None,
            on_success: None,
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
    ///
    /// It is the time of all that the call does. Where that waits for a limiter, a pool or a lock first, the wait counts as
    /// well: [where the limiter belongs](crate#a-limiter-and-a-retry) has the three ways to put them together.
    ///
    /// What the call holds is dropped with it. The permit of a limiter that learns counts for nothing then, so it does not
    /// learn of time-outs: with one, have the limit in the call, and report the failure before it returns, as shown there.
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

    /// The longest [hint](Decision::RetryAfter) that is minded, 60 s unless said here. It bounds what a service that is
    /// confused, or means harm, can ask for. What becomes of one that is longer says
    /// [`with_hint_over_max`](Self::with_hint_over_max): unless told otherwise it is shortened to this.
    #[must_use]
    pub fn with_hint_max(mut self, limit: Duration) -> Self {
        self.limits.hint_max = limit;
        self
    }

    /// What is to be done when a hint is longer than [the most](Self::with_hint_max): [`HintOverMax::Clamp`] unless said
    /// here.
    #[must_use]
    pub fn with_hint_over_max(mut self, choice: HintOverMax) -> Self {
        self.limits.hint_over_max = choice;
        self
    }

    /// How much may be added to a hint, as a part of it: 0.25 unless said here. 0 is none.
    ///
    /// All whom a service turns away are told the same, and would come back at the same moment. With this they come within
    /// a time after it, evenly spread: none before it, and none later than the hint and this part of it. So a hint of 60 s,
    /// the longest unless [told otherwise](Self::with_hint_max), makes a pause of 60 to 75 s. Where the
    /// [total limit](Self::with_total_timeout) is near, it is less: no more than half of what the hint leaves.
    ///
    /// # Panics
    ///
    /// If it is negative, infinite, or not a number.
    #[must_use]
    #[track_caller]
    pub fn with_hint_jitter(mut self, part: f64) -> Self {
        assert!(
            part.is_finite() && part >= 0.0,
            "the jitter is a part of the hint: 0 or more"
        );
        self.limits.hint_jitter = part;
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

    /// Called when a call has succeeded, at the first try or a later one, for logs and counts. It is for those who have the
    /// policy; who makes the call has [`run_counted`](Self::run_counted). (What failed is told by its
    /// [error](RetryError).)
    #[must_use]
    pub fn with_on_success<F>(mut self, hook: F) -> Self
    where
        F: Fn(RetrySuccess) + Send + Sync + 'static,
    {
        self.on_success = Some(Arc::new(hook));
        self
    }

    /// The back-off.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// The budget, if there is one.
    #[must_use]
    pub fn budget(&self) -> Option<&RetryBudget> {
        self.budget.as_ref()
    }

    /// Calls `call` until it succeeds, or is not to be tried again.
    ///
    /// `call` is an `async` closure, or any that returns a future. It may change what it captured, but not lend it: a future
    /// that writes to what is outside does it by a `Cell`, an atomic or a lock.
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
    pub async fn run<T, F, C>(&self, call: C) -> Result<T, RetryError<E>>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let mut course = Course::new();
        match self.drive(&mut course, None, call).await {
            Ok(value) => Ok(value),
            Err(kind) => Err(course.ended(kind, None)),
        }
    }

    /// As [`run`](Self::run), and tells how many tries it took.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use aqueduct_resilience::Retry;
    ///
    /// let mut answers = [Err("busy"), Ok("page")].into_iter();
    /// let call = || std::future::ready(answers.next().unwrap_or(Err("gone")));
    /// let (page, how) = Retry::default().run_counted(call).await.unwrap();
    /// assert_eq!((page, how.tries), ("page", 2));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RetryError`] when it gives up, which tells the same.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Self::run).
    pub async fn run_counted<T, F, C>(&self, call: C) -> Result<(T, RetrySuccess), RetryError<E>>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let mut course = Course::new();
        match self.drive(&mut course, None, call).await {
            Ok(value) => Ok((value, course.success())),
            Err(kind) => Err(course.ended(kind, None)),
        }
    }

    /// As [`run`](Self::run), until `scope` is cancelled: that drops the try that is at work, or ends the pause. No try is
    /// begun in a scope that is cancelled. One that is draining changes nothing, as a call that has begun is to be finished.
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
    pub async fn run_in<T, F, C>(&self, scope: &CancelScope, call: C) -> Result<T, RetryError<E>>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let mut course = Course::new();
        match self.drive_in(&mut course, scope, call).await {
            Ok(value) => Ok(value),
            Err((kind, cancelled)) => Err(course.ended(kind, cancelled)),
        }
    }

    /// As [`run_in`](Self::run_in), and tells how many tries it took.
    ///
    /// # Errors
    ///
    /// As [`run_in`](Self::run_in).
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Self::run).
    pub async fn run_counted_in<T, F, C>(
        &self,
        scope: &CancelScope,
        call: C,
    ) -> Result<(T, RetrySuccess), RetryError<E>>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let mut course = Course::new();
        match self.drive_in(&mut course, scope, call).await {
            Ok(value) => Ok((value, course.success())),
            Err((kind, cancelled)) => Err(course.ended(kind, cancelled)),
        }
    }

    async fn drive_in<T, F, C>(
        &self,
        course: &mut Course<E>,
        scope: &CancelScope,
        call: C,
    ) -> Result<T, (RetryErrorKind, Option<Cancelled>)>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        match scope.run(self.drive(course, Some(scope), call)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(kind @ RetryErrorKind::Cancelled)) => Err((kind, scope.check().err())),
            Ok(Err(kind)) => Err((kind, None)),
            Err(cancelled) => Err((RetryErrorKind::Cancelled, Some(cancelled))),
        }
    }

    async fn drive<T, F, C>(
        &self,
        course: &mut Course<E>,
        scope: Option<&CancelScope>,
        mut call: C,
    ) -> Result<T, RetryErrorKind>
    where
        C: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        loop {
            if scope.is_some_and(CancelScope::is_cancelled) {
                return Err(RetryErrorKind::Cancelled);
            }
            let within = course.begin(self);
            let result = until(within.deadline, call()).await;
            match course.after(self, within, result, true)? {
                Next::Done(value) => return Ok(value),
                Next::Pause(delay) => pause(delay).await,
            }
        }
    }
}

/// The most that is added to a hint if nothing is said.
const HINT_JITTER: f64 = 0.25;

async fn pause(delay: Duration) {
    match delay {
        Duration::ZERO => yield_now().await,
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
            on_success: self.on_success.clone(),
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
