//! The clock of operators that wait for a time.

use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::{Alarm, Instant, deadline_in, poll_deadline};

/// A moment to wait for, if there is one. It costs a timer only once it is waited for.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    at: Option<Instant>,
    alarm: Option<Alarm>,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Waits so long from now on. A time that the clock cannot express never comes.
    pub(crate) fn set_in(&mut self, wait: Duration) {
        self.set(deadline_in(wait));
    }

    /// Waits for a moment, or for none.
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        self.at = at;
        self.alarm = None;
    }

    pub(crate) fn clear(&mut self) {
        self.set(None);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.at.is_some()
    }

    /// Ready once the moment has passed, and then until the timer is set again. Pending without a moment.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.at {
            Some(at) => poll_deadline(&mut self.alarm, at, cx.waker()),
            None => Poll::Pending,
        }
    }
}
