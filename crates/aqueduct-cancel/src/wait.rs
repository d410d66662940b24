//! Waiting for a scope.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::node::{Handle, Until};
use crate::reason::Reason;
use crate::waiter::Waiter;

/// See [`CancelScope::cancelled`](crate::CancelScope::cancelled).
///
/// # Cancel safety
///
/// *Strict*: whoever waits anew is told the same.
#[must_use = "futures do nothing unless polled"]
pub struct UntilCancelled<'a>(Waiter<'a>);

impl<'a> UntilCancelled<'a> {
    pub(crate) fn new(node: Handle<'a>) -> Self {
        Self(Waiter::new(node, Until::Cancelled))
    }
}

impl Future for UntilCancelled<'_> {
    type Output = Reason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reason> {
        self.0.poll(cx).map(|()| {
            let cause = self.0.node().cause();
            Reason::from_cause(cause.expect("a cancelled scope has a cause"))
        })
    }
}

impl fmt::Debug for UntilCancelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilCancelled").finish_non_exhaustive()
    }
}

/// See [`CancelScope::draining`](crate::CancelScope::draining).
///
/// # Cancel safety
///
/// *Strict*: whoever waits anew is told the same.
#[must_use = "futures do nothing unless polled"]
pub struct UntilDraining<'a>(Waiter<'a>);

impl<'a> UntilDraining<'a> {
    pub(crate) fn new(node: Handle<'a>) -> Self {
        Self(Waiter::new(node, Until::Draining))
    }
}

impl Future for UntilDraining<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll(cx)
    }
}

impl fmt::Debug for UntilDraining<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilDraining").finish_non_exhaustive()
    }
}
