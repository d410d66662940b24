//! One receiver.

use aqueduct_core::barrier::Pace;
use aqueduct_core::chase::Chase;
use aqueduct_core::wait_cell::WaitCell;

use std::task::{Context, Poll};

use crate::budget::Budget;
use crate::cursor::Flag;
use crate::snooze::Snooze;

use super::view::View;
use super::{Consumers, Pop, Ring, SharedRing};

/// Where the one receiver waits.
pub(crate) struct Single(WaitCell);

impl Consumers for Single {
    const SHARED: bool = false;

    fn new(pace: Pace, _: usize) -> Self {
        Self(WaitCell::new(pace.payer()))
    }

    #[inline(always)]
    fn notify<T>(ring: &Ring<T, Self>) {
        ring.tail.receivers.0.notify();
    }

    fn close<T>(ring: &Ring<T, Self>) {
        Self::notify(ring);
    }

    fn evict<T>(_: &Ring<T, Self>) -> Pop<T> {
        Pop::Empty
    }

    fn waiting(&self) -> usize {
        self.0.is_waiting().into()
    }
}

// SAFETY: I8: the slots are the ring's, which may be sent if T may.
unsafe impl<T: Send> Send for SingleRx<T> {}
// SAFETY: I7: a shared reference to the receiver reaches no slot.
unsafe impl<T: Send> Sync for SingleRx<T> {}

/// The receiver's end. There is one to a ring, used through `&mut`, and it keeps its ring for life (I7).
pub(crate) struct SingleRx<T> {
    pub(crate) ring: SharedRing<T, Single>,
    slots: View<T>,
    head: u64,
    pub(crate) budget: Budget,
    ended: bool,
    /// Where the head was then, modulo 2³²: as far as differences need it.
    slept_at: u32,
    pace: Pace,
    chase: Chase,
}

impl<T> SingleRx<T> {
    pub(crate) fn new(ring: SharedRing<T, Single>) -> Self {
        let pace = Pace::new(ring.capacity());
        let slots = ring.head.slots;
        let head = ring.head.word.load().position();
        Self {
            ring,
            slots,
            head,
            budget: Budget::default(),
            ended: false,
            slept_at: head as u32,
            pace,
            chase: Chase::new(),
        }
    }

    /// Takes the next message, if it is in the ring.
    #[inline(always)]
    pub(crate) fn pop_ready(&mut self) -> Option<T> {
        // SAFETY: I8: the ring is ours. I1: the one receiver owns a full slot at the head.
        let value = unsafe {
            if !self.slots.is_full(self.head) {
                return None;
            }
            self.slots.read(self.head)
        };
        self.head += 1;
        self.ring.head.word.store_position(self.head);
        self.ring.room_was_made();
        Some(value)
    }

    /// Takes the next message.
    pub(crate) fn pop(&mut self) -> Pop<T> {
        if let Some(value) = self.pop_ready() {
            return Pop::Value(value);
        }
        if self.ended {
            return Pop::Ended;
        }
        let tail = self.ring.tail.word.load();
        if tail.distance_from(self.head) > 0 {
            // Written since the first look, or in the making.
            return self.pop_ready().map_or(Pop::Lagging, Pop::Value);
        }
        if !tail.has(Flag::Spilling) && !tail.has(Flag::Closed) {
            return Pop::Empty;
        }
        match self.ring.pop_spilled(tail) {
            Pop::Empty if self.ring.is_over() => {
                self.ended = true;
                Pop::Ended
            }
            popped => popped,
        }
    }

    /// [`pop`](Self::pop) for who cannot sleep: waits out a message in the making.
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
        let mut n = 0;
        // SAFETY: I8: the ring is ours.
        while n < limit && unsafe { self.slots.is_full(self.head + n as u64) } {
            n += 1;
        }
        if n == 0 {
            return self.pop().map(|value| {
                out.push(value);
                1
            });
        }
        out.reserve(n);
        for index in 0..n as u64 {
            // SAFETY: I1: the slots from the head on are full.
            out.push(unsafe { self.slots.read(self.head + index) });
        }
        self.head += n as u64;
        self.ring.head.word.store_position(self.head);
        self.ring.room_was_made();
        Pop::Value(n)
    }

    /// Waits until `ready` finds something.
    pub(crate) fn poll_wait<R>(
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
        let messages = (self.head as u32).wrapping_sub(self.slept_at);
        self.slept_at = self.head as u32;
        let mut pace = self.pace;
        // SAFETY: I7: `ready` does not replace `self.ring`.
        let ring = unsafe { &*self.ring.as_ptr() };
        let cell = &ring.tail.receivers.0;
        // SAFETY: I7: the one receiver is borrowed for exclusive use, so that nobody else waits in its cell.
        let poll =
            unsafe { cell.poll_wait_unchecked(cx, &mut pace, messages.into(), || ready(self)) };
        self.pace = pace;
        poll
    }
}

impl<T> Drop for SingleRx<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if a message's destructor panics.
        struct Drain<'a, T>(&'a mut SingleRx<T>);

        impl<T> Drop for Drain<'_, T> {
            fn drop(&mut self) {
                while let Pop::Value(value) = self.0.try_pop() {
                    drop(value);
                }
            }
        }

        self.ring.close();
        let drain = Drain(self);
        while let Pop::Value(value) = drain.0.try_pop() {
            drop(value);
        }
        drop(drain);
        // SAFETY: I7: the one receiver is going, so nobody waits in its cell any more.
        unsafe { self.ring.tail.receivers.0.retire() };
    }
}
