//! The receiver's end. Invariants are those of [`ring`](super).

use std::task::{Context, Poll};

use aqueduct_core::barrier::Pace;
use aqueduct_core::chase::Chase;
use aqueduct_core::sync::{Arc, Ordering};

use super::{SAW, Shared};
use crate::budget::Budget;
use crate::slots::View;

/// The receiver's end.
pub(in crate::spsc) struct Rx<T> {
    pub(in crate::spsc) shared: Arc<Shared<T>>,
    /// The slots of `shared`.
    slots: View<T>,
    pub(in crate::spsc) budget: Budget,
    head: usize,
    /// The tail last seen.
    seen: usize,
    ended: bool,
    slept_at: usize,
    pace: Pace,
    chase: Chase,
}

/// What a receiver without a message is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::spsc) enum Lack {
    /// There may be one later.
    Empty,
    /// There will not be one.
    Ended,
}

// SAFETY: I1: the pointer in the handle goes to slots that it keeps alive, of which it touches its own only.
unsafe impl<T: Send> Send for Rx<T> {}
// SAFETY: I5: a shared reference to the handle reaches no slot.
unsafe impl<T: Send> Sync for Rx<T> {}

impl<T> Rx<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, pace: Pace) -> Self {
        Self {
            slots: shared.slots.view(),
            budget: Budget::default(),
            head: 0,
            seen: 0,
            ended: false,
            slept_at: 0,
            pace,
            chase: Chase::new(),
            shared,
        }
    }

    /// Takes the next message, if it is one that was seen to be there.
    #[inline(always)]
    pub(in crate::spsc) fn pop_seen(&mut self) -> Option<T> {
        if self.head == self.seen {
            return None;
        }
        // SAFETY: I1: the slot is between the head and a tail that was seen.
        let value = unsafe { self.slots.read(self.head) };
        self.advance(1);
        Some(value)
    }

    /// Takes the next message.
    #[inline]
    pub(in crate::spsc) fn pop(&mut self) -> Result<T, Lack> {
        if self.head == self.seen {
            self.look();
        }
        match self.pop_seen() {
            Some(value) => Ok(value),
            None => self.pop_slow(),
        }
    }

    /// The ring seems empty.
    #[inline]
    fn pop_slow(&mut self) -> Result<T, Lack> {
        if self.ended {
            return Err(Lack::Ended);
        }
        if self.shared.spilled() > 0 {
            // By the Acquire in `spilled`, what was sent before the first spilled message is seen now.
            if self.look() {
                return self.pop();
            }
            let popped = self
                .shared
                .policy()
                .and_then(|policy| policy.with_spill(|queue| queue.pop()));
            if let Some(Some(value)) = popped {
                self.shared.sender.notify();
                return Ok(value);
            }
        }
        if !self.shared.is_closed() {
            return Err(Lack::Empty);
        }
        match self.end() {
            // What came at the last moment is taken like any other.
            None => self.pop(),
            Some(lack) => Err(lack),
        }
    }

    /// The channel is closed and seems empty: finds out with the sender whether it is over.
    #[cold]
    fn end(&mut self) -> Option<Lack> {
        let gone = self.shared.is_sender_gone();
        // Acquire pairs with the Release in `set_reserved`.
        if !gone && self.shared.reserved.load(Ordering::Acquire) > 0 {
            return (!self.look()).then_some(Lack::Empty);
        }
        if self.look() {
            return None;
        }
        let before = self.shared.finish(|queue| queue.is_empty())?;
        if (gone || before & SAW != 0) && self.look() {
            return None;
        }
        self.ended = true;
        Some(Lack::Ended)
    }

    /// Looks how far the sender is. Says whether there is a message.
    #[inline]
    pub(in crate::spsc) fn look(&mut self) -> bool {
        if self.ended {
            return false;
        }
        // Acquire pairs with the Release in `Tx::publish`: the slots before the tail are seen.
        self.seen = self.shared.tail.load(Ordering::Acquire);
        self.head != self.seen
    }

    /// Gives `n` slots back to the sender.
    #[inline(always)]
    fn advance(&mut self, n: usize) {
        self.head = self.head.wrapping_add(n);
        // Release pairs with the Acquire in `Tx::look`: this side is done with the slots.
        self.shared.head.store(self.head, Ordering::Release);
        self.shared.sender.notify();
    }

    /// Moves up to `limit` messages to the end of `out`. Returns how many; or why there is none.
    pub(in crate::spsc) fn pop_many(
        &mut self,
        out: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, Lack> {
        if self.seen.wrapping_sub(self.head) < limit {
            self.look();
        }
        let n = self.seen.wrapping_sub(self.head).min(limit);
        if n == 0 {
            let value = self.pop_slow()?;
            out.push(value);
            return Ok(1);
        }
        out.reserve(n);
        for index in 0..n {
            // SAFETY: I1: the slots are between the head and a tail that was seen; `out` has room.
            unsafe {
                let value = self.slots.read(self.head.wrapping_add(index));
                let len = out.len();
                out.as_mut_ptr().add(len).write(value);
                out.set_len(len + 1);
            }
        }
        self.advance(n);
        Ok(n)
    }

    /// Forbids further sends.
    pub(in crate::spsc) fn close(&mut self) {
        self.shared.receiver.mark();
        self.shared.sender.notify();
    }

    /// Waits until `ready` finds something.
    pub(in crate::spsc) fn poll_wait<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut ready: impl FnMut(&mut Self) -> Option<R>,
    ) -> Poll<R> {
        let mut chase = self.chase;
        let found = chase.pause_and(|| ready(self));
        self.chase = chase;
        if let Some(found) = found {
            return Poll::Ready(found);
        }
        let messages = self.head.wrapping_sub(self.slept_at);
        self.slept_at = self.head;
        self.shared.note_len(messages.min(self.shared.capacity));
        let mut pace = self.pace;
        // SAFETY: I5: `ready` does not replace `self.shared`.
        let cell = unsafe { &(*Arc::as_ptr(&self.shared)).receiver };
        // SAFETY: I5: the one receiver is borrowed for exclusive use, so that nobody else waits in its cell.
        let poll =
            unsafe { cell.poll_wait_unchecked(cx, &mut pace, messages as u64, || ready(self)) };
        self.pace = pace;
        poll
    }
}

impl<T> Drop for Rx<T> {
    fn drop(&mut self) {
        /// Drains and ends; goes on with the rest if a message's destructor panics.
        struct Drain<'a, T>(&'a mut Rx<T>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while self.0.pop().is_ok() {}
                // A permit that is still out does not keep a receiver that is gone from ending. What it sends is taken
                // back, or dropped with the ring: not after a last look, since who sees FINAL owns the slots (I2).
                if !self.0.ended {
                    self.0.shared.finish(|_| true);
                    self.0.ended = true;
                }
            }
        }

        self.close();
        let drain = Drain(self);
        while drain.0.pop().is_ok() {}
        drop(drain);
        while let Some(Some(value)) = self
            .shared
            .policy()
            .and_then(|policy| policy.with_spill(|queue| queue.pop()))
        {
            drop(value);
        }
        // SAFETY: I5: the one receiver is going, so nobody waits in its cell any more.
        unsafe { self.shared.receiver.retire() };
    }
}
