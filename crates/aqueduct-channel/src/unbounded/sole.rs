//! The one receiver of an unbounded channel.

use std::task::{Context, Poll, ready};

use aqueduct_core::barrier::Pace;
use aqueduct_core::chase::Chase;
use aqueduct_core::sync::Arc;
use aqueduct_core::wait_cell::WaitCell;

use super::{Chan, GUESS};
use crate::budget::Budget;
use crate::pop::Pop;
use crate::snooze::Snooze;

/// The receiver's end where there is one receiver.
pub(crate) struct SoleRx<T> {
    pub(crate) chan: Arc<Chan<T, WaitCell>>,
    budget: Budget,
    slept_at: u64,
    pace: Pace,
    chase: Chase,
}

impl<T> SoleRx<T> {
    pub(crate) fn new(chan: Arc<Chan<T, WaitCell>>) -> Self {
        Self {
            chan,
            budget: Budget::default(),
            slept_at: 0,
            pace: Pace::new(GUESS),
            chase: Chase::new(),
        }
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Pop<T> {
        // SAFETY: I1: this is the one receiver, borrowed for exclusive use.
        unsafe { self.chan.list.sole() }.pop()
    }

    /// Takes the next message; waits out one in the making.
    pub(crate) fn try_pop(&mut self) -> Pop<T> {
        let mut snooze = Snooze::new();
        loop {
            match self.pop() {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    /// [`pop_many`](Self::pop_many) for who cannot sleep: waits out a message in the making.
    pub(crate) fn try_pop_many(&mut self, out: &mut Vec<T>, limit: usize) -> Pop<usize> {
        let mut snooze = Snooze::new();
        loop {
            match self.pop_many(out, limit) {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    /// Moves up to `limit` messages to the end of `out`. Returns how many, or why there is none.
    pub(crate) fn pop_many(&mut self, out: &mut Vec<T>, limit: usize) -> Pop<usize> {
        // SAFETY: I1: this is the one receiver, borrowed for exclusive use.
        match unsafe { self.chan.list.sole() }.pop_many(out, limit) {
            0 => self.pop().map(|value| {
                out.push(value);
                1
            }),
            n => Pop::Value(n),
        }
    }

    #[inline(always)]
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(self.budget.poll(cx));
        let next = match self.pop() {
            Pop::Value(value) => Some(value),
            _ => ready!(self.poll_take(cx, |rx| rx.pop().settled())),
        };
        self.budget.spend();
        Poll::Ready(next)
    }

    /// Waits until `take` takes something, and spends of the budget.
    pub(crate) fn poll_with<R>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        ready!(self.budget.poll(cx));
        let taken = ready!(self.poll_take(cx, take));
        self.budget.spend();
        Poll::Ready(taken)
    }

    #[inline(never)]
    fn poll_take<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        match take(self) {
            Some(taken) => Poll::Ready(taken),
            None => self.poll_wait(cx, take),
        }
    }

    pub(super) fn poll_wait<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        let mut chase = self.chase;
        let found = chase.pause_and(|| take(self));
        self.chase = chase;
        if let Some(found) = found {
            return Poll::Ready(found);
        }
        let received = self.chan.list.received();
        let messages = received - self.slept_at;
        self.slept_at = received;
        let mut pace = self.pace;
        // SAFETY: I1: `take` does not replace `self.chan`.
        let cell = unsafe { &(*Arc::as_ptr(&self.chan)).receivers };
        // SAFETY: I1: the one receiver is borrowed for exclusive use, so that nobody else waits in its cell.
        let poll = unsafe { cell.poll_wait_unchecked(cx, &mut pace, messages, || take(self)) };
        self.pace = pace;
        poll
    }
}

impl<T> Drop for SoleRx<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if a message's destructor panics.
        struct Drain<'a, T>(&'a mut SoleRx<T>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while let Pop::Value(value) = self.0.try_pop() {
                    drop(value);
                }
            }
        }

        self.chan.close();
        let drain = Drain(self);
        while let Pop::Value(value) = drain.0.try_pop() {
            drop(value);
        }
        drop(drain);
        // SAFETY: I1: the one receiver is going, so nobody waits in its cell any more.
        unsafe { self.chan.receivers.retire() };
    }
}
