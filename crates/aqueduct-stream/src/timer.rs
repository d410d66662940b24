//! The clock of operators that wait for a time.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::{Alarm, Instant, deadline_in, poll_deadline};

/// A moment to wait for, if there is one. It costs an alarm only once it is waited for.
///
/// A moment that is put off, or forgotten and replaced by a later one, keeps the alarm that is set: it goes off early, at most
/// once for each time that is waited, and is then set anew. So a batch that fills before its time, and an item before a
/// time-out, touch no alarm, at the price of a wake-up now and then that finds nothing.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    at: Option<Instant>,
    alarm: Option<Alarm>,
    /// What the alarm was set for, where there is one.
    alarm_at: Option<Instant>,
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
    #[inline]
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        self.at = at;
        if at.is_some() && at < self.alarm_at {
            self.alarm = None;
            self.alarm_at = None;
        }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.at = None;
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.at.is_some()
    }

    /// What is waited for.
    #[inline]
    pub(crate) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// Whether the moment has passed, for who knows the time and does not wait.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    /// Ready once the moment has passed, and then until the timer is set again. Pending without a moment.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        loop {
            let alarm_at = *self.alarm_at.get_or_insert(at);
            ready!(poll_deadline(&mut self.alarm, alarm_at, cx.waker()));
            if alarm_at >= at {
                return Poll::Ready(());
            }
            // It went off for a moment that has been put off.
            self.alarm = None;
            self.alarm_at = None;
        }
    }
}

#[cfg(test)]
mod tests;
