//! Running something until its scope is cancelled.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::balance;
use crate::node::{Handle, Until};
use crate::reason::{Cancelled, Reason};
use crate::waiter::Waiter;

pin_project! {
    /// See [`CancelScope::run`](crate::CancelScope::run).
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the future inside, with what that loses. So does cancellation.
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<'a, F> {
        // None when it has ended: it is dropped at once, not when this is.
        #[pin]
        future: Option<F>,
        guard: Guard<'a>,
    }
}

impl<'a, F: Future> Run<'a, F> {
    #[inline]
    pub(crate) fn new(node: Handle<'a>, future: F) -> Self {
        Self {
            future: Some(future),
            guard: Guard::new(node),
        }
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = Result<F::Output, Cancelled>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.guard.poll(this.future, cx, |_| None)
    }
}

impl<F> fmt::Debug for Run<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("ended", &self.future.is_none())
            .finish_non_exhaustive()
    }
}

/// What stops a future: the scope, but not while there are shields.
pub(crate) struct Guard<'a> {
    waiter: Waiter<'a>,
    /// How many shields are up inside.
    shields: isize,
}

impl<'a> Guard<'a> {
    #[inline]
    pub(crate) fn new(node: Handle<'a>) -> Self {
        Self {
            waiter: Waiter::new(node, Until::Cancelled),
            shields: 0,
        }
    }

    /// Polls the future, and if it is not ready, whether it is to be stopped; `otherwise` says what else stops it.
    ///
    /// Spends none of Tokio's budget: what is inside does, and a stop that waits for budget comes too late.
    #[inline]
    pub(crate) fn poll<F: Future>(
        &mut self,
        mut future: Pin<&mut Option<F>>,
        cx: &mut Context<'_>,
        otherwise: impl FnOnce(&mut Context<'_>) -> Option<Reason>,
    ) -> Poll<Result<F::Output, Cancelled>> {
        let inner = future.as_mut().as_pin_mut();
        let inner = inner.expect("a future that has ended is not polled");
        let before = balance::read();
        let polled = inner.poll(cx);
        if let Poll::Ready(output) = polled {
            future.set(None);
            return Poll::Ready(Ok(output));
        }
        self.shields = self
            .shields
            .wrapping_add(balance::read().wrapping_sub(before));
        if self.shields > 0 {
            // The last one is lowered in a poll of the future, so that this is come by again.
            return Poll::Pending;
        }
        let reason = match self.waiter.poll(cx) {
            Poll::Ready(()) => Some(self.reason()),
            Poll::Pending => otherwise(cx),
        };
        let Some(reason) = reason else {
            return Poll::Pending;
        };
        future.set(None);
        Poll::Ready(Err(reason.into()))
    }

    #[cold]
    fn reason(&self) -> Reason {
        let cause = self.waiter.node().cause();
        Reason::from_cause(cause.expect("a cancelled scope has a cause"))
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
