//! Deadlines that are known by tasks, not by scopes: of one call, and of a shield.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::{Alarm, Instant, deadline_in};
use pin_project_lite::pin_project;

use crate::node::Handle;
use crate::reason::{Cancelled, Cause, Reason, ReasonKind};
use crate::refs::Arc;
use crate::run::Guard;
use crate::scope::CancelScope;

impl CancelScope {
    /// Gives the scope a deadline, unless it has a nearer one: it is cancelled when that has passed.
    ///
    /// There is no timer until somebody waits on the scope or below it; then there is one, on the runtime of who waited
    /// first. See the [crate's doc](crate#deadlines).
    ///
    /// If there are other handles already, it is a child of this scope that has the deadline and is returned.
    #[must_use = "it is the returned scope that has the deadline"]
    pub fn with_deadline(self, at: Instant) -> Self {
        self.changed(|node| node.set_deadline(at))
    }

    /// [`with_deadline`](Self::with_deadline), so far from now. A time further away than the clock goes is no limit.
    #[must_use = "it is the returned scope that has the deadline"]
    pub fn with_timeout(self, limit: Duration) -> Self {
        match deadline_in(limit) {
            Some(at) => self.with_deadline(at),
            None => self,
        }
    }

    /// The nearest deadline of this scope and those above it.
    pub fn deadline(&self) -> Option<Instant> {
        self.node().deadline
    }

    /// [`run`](Self::run) with a deadline for this call alone: no scope is made for it. It then fails with a reason of
    /// kind [`Deadline`](ReasonKind::Deadline), and the scope goes on.
    ///
    /// # Panics
    ///
    /// The future panics when it has to wait outside of a Tokio runtime that drives timers.
    #[inline]
    pub fn run_until<F: Future>(&self, at: Instant, future: F) -> RunUntil<'_, F> {
        RunUntil {
            future: Some(future),
            timer: Timer::new(Some(at)),
            guard: Guard::new(Handle::Borrowed(self.node())),
        }
    }

    /// [`run_until`](Self::run_until), so far from now. A time further away than the clock goes is no limit.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_cancel::{CancelScope, ReasonKind};
    ///
    /// let scope = CancelScope::new();
    /// let late = scope.run_for(Duration::from_millis(1), std::future::pending::<()>()).await;
    /// assert_eq!(late.unwrap_err().reason().kind(), ReasonKind::Deadline);
    /// assert!(!scope.is_cancelled());
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`run_until`](Self::run_until).
    #[inline]
    pub fn run_for<F: Future>(&self, limit: Duration, future: F) -> RunUntil<'_, F> {
        RunUntil {
            future: Some(future),
            timer: Timer::new(deadline_in(limit)),
            guard: Guard::new(Handle::Borrowed(self.node())),
        }
    }
}

pin_project! {
    /// See [`CancelScope::run_until`].
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the future inside, with what that loses. So does cancellation.
    #[must_use = "futures do nothing unless polled"]
    pub struct RunUntil<'a, F> {
        #[pin]
        future: Option<F>,
        timer: Timer,
        guard: Guard<'a>,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = Result<F::Output, Cancelled>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let timer = this.timer;
        let otherwise = |cx: &mut Context<'_>| timer.poll(cx).is_ready().then(late);
        this.guard.poll(this.future, cx, otherwise)
    }
}

#[cold]
fn late() -> Reason {
    Reason::from_cause(Arc::new(Cause::new(ReasonKind::Deadline)))
}

impl<F> fmt::Debug for RunUntil<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunUntil")
            .field("ended", &self.future.is_none())
            .field("timer", &self.timer)
            .finish_non_exhaustive()
    }
}

/// A deadline with the waker of whoever polls.
#[derive(Debug)]
pub(crate) struct Timer {
    at: Option<Instant>,
    alarm: Option<Alarm>,
}

impl Timer {
    #[inline]
    pub(crate) fn new(at: Option<Instant>) -> Self {
        Self { at, alarm: None }
    }

    /// Whether the deadline has passed. Sets the alarm when it is first asked.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        if let Some(alarm) = &mut self.alarm {
            if alarm.update(cx.waker()) {
                return Poll::Pending;
            }
            if Instant::now() >= at {
                return Poll::Ready(());
            }
        }
        self.alarm = Alarm::set_unless_past(at, cx.waker().clone());
        match self.alarm {
            Some(_) => Poll::Pending,
            None => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests;
