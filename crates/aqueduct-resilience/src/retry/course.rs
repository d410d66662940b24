//! How far one call has come: all of it but the waiting.
//!
//! ```text
//! new ──▶ begin ──▶ (the try) ──▶ after ──▶ Done
//!           ▲                       │ └───▶ the reason why it ended
//!           └────── (the pause) ◀───┘
//! ```
//!
//! Between `after` and `begin` a retry is [held](Held) of the budget; `begin` spends it. A course that is dropped there gives
//! it back.

use std::time::Duration;

use aqueduct_cancel::Cancelled;
use tokio::time::Instant;

use super::Retry;
use super::decide::{Decision, Failed, Step, decide};
use super::error::{Failure, RetryError, RetryErrorKind};
use super::{RetryEvent, RetrySuccess};
use crate::backoff::Delays;
use crate::budget::Held;

#[derive(Debug)]
pub(crate) struct Course<E> {
    began: Instant,
    tries: u32,
    last: Option<Failure<E>>,
    /// From the first failure.
    delays: Option<Delays>,
    held: Option<Held>,
}

/// By when a try has to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Within {
    pub(crate) deadline: Option<Instant>,
    /// The time limit of a try, if that is what the deadline is from; else it is that of the whole.
    of_try: Option<Duration>,
}

#[derive(Debug)]
pub(crate) enum Next<T> {
    Done(T),
    Pause(Duration),
}

impl<E> Course<E> {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            tries: 0,
            last: None,
            delays: None,
            held: None,
        }
    }

    /// A try begins now.
    pub(crate) fn begin(&mut self, retry: &Retry<E>) -> Within {
        match (&retry.budget, self.held.take()) {
            (_, Some(held)) => held.spend(),
            (Some(budget), None) if self.tries == 0 => budget.deposit(self.began),
            _ => {}
        }
        self.tries = self.tries.saturating_add(1);
        let whole = retry
            .limits
            .total_max
            .and_then(|max| self.began.checked_add(max));
        let of_try = retry
            .try_max
            .and_then(|max| Some((Instant::now().checked_add(max)?, max)));
        match of_try {
            Some((at, max)) if whole.is_none_or(|whole| at < whole) => Within {
                deadline: Some(at),
                of_try: Some(max),
            },
            _ => Within {
                deadline: whole,
                of_try: None,
            },
        }
    }

    /// Whether there may be a try after the one that has begun.
    pub(crate) fn may_have_more(&self, retry: &Retry<E>) -> bool {
        let most = retry.limits.tries_max;
        most.is_none_or(|most| self.tries < most.get())
    }

    /// What comes after a try. No result is one that came not in time; what is not `repeatable` is not repeated.
    pub(crate) fn after<T>(
        &mut self,
        retry: &Retry<E>,
        within: Within,
        result: Option<Result<T, E>>,
        repeatable: bool,
    ) -> Result<Next<T>, RetryErrorKind> {
        let failure = match (result, within.of_try) {
            (Some(Ok(value)), _) => {
                self.succeeded(retry);
                return Ok(Next::Done(value));
            }
            (Some(Err(error)), _) => Failure::Error(error),
            (None, Some(limit)) => Failure::TimedOut(limit),
            (None, None) => return Err(RetryErrorKind::TotalElapsed),
        };
        self.failed(retry, failure, repeatable).map(Next::Pause)
    }

    fn succeeded(&self, retry: &Retry<E>) {
        if let Some(hook) = &retry.on_success {
            hook(self.success());
        }
    }

    /// How it went that has succeeded.
    pub(crate) fn success(&self) -> RetrySuccess {
        RetrySuccess {
            tries: self.tries,
            elapsed: self.began.elapsed(),
        }
    }

    /// How long to sleep before the next try, if there is to be one.
    fn failed(
        &mut self,
        retry: &Retry<E>,
        failure: Failure<E>,
        repeatable: bool,
    ) -> Result<Duration, RetryErrorKind> {
        let decision = match (&failure, &retry.classifier) {
            _ if !repeatable && self.may_have_more(retry) => Decision::Stop,
            (Failure::Error(error), Some(classifier)) => classifier(error),
            _ => Decision::Retry,
        };
        let (now, tries) = (Instant::now(), self.tries);
        let elapsed = now.saturating_duration_since(self.began);
        let failure = self.last.insert(failure);
        let delays = self.delays.get_or_insert_with(|| retry.backoff.delays());
        let failed = Failed {
            tries,
            elapsed,
            decision,
            backoff: delays.next_delay(),
            jitter: delays.next_fraction(),
        };
        let (delay, spends) = match decide(&retry.limits, failed) {
            Step::Retry { delay, spends } => (delay, spends),
            Step::End(kind) => return Err(kind),
        };
        if let Some(budget) = retry.budget.as_ref().filter(|_| spends) {
            let held = budget.try_hold(now);
            self.held = Some(held.ok_or(RetryErrorKind::BudgetEmpty)?);
        }
        if let Some(hook) = &retry.on_retry {
            hook(&RetryEvent {
                failure,
                tries,
                delay,
                elapsed,
            });
        }
        Ok(delay)
    }

    pub(crate) fn ended(self, kind: RetryErrorKind, cancelled: Option<Cancelled>) -> RetryError<E> {
        RetryError {
            kind,
            tries: self.tries,
            elapsed: self.began.elapsed(),
            last: self.last,
            cancelled,
        }
    }
}
