//! The sender's end. Invariants are those of [`ring`](super).

use std::task::{Context, Poll};

use aqueduct_core::barrier::{self, Pace};
use aqueduct_core::chase::Chase;
use aqueduct_core::sync::{Arc, Ordering};

use super::{FINAL, SAW, Shared};
use crate::budget::Budget;
use crate::error::SendError;
use crate::overflow::Overflow;
use crate::slots::View;

/// The sender's end.
pub(in crate::spsc) struct Tx<T> {
    pub(in crate::spsc) shared: Arc<Shared<T>>,
    /// The slots of `shared`.
    slots: View<T>,
    pub(in crate::spsc) budget: Budget,
    tail: usize,
    /// The position up to which there is room: the head last seen, plus the capacity. Equal to the tail where sends
    /// must take the slow path.
    limit: usize,
    closed: bool,
    slept_at: usize,
    pace: Pace,
    chase: Chase,
}

// SAFETY: I1: the pointer in the handle goes to slots that it keeps alive, of which it touches its own only.
unsafe impl<T: Send> Send for Tx<T> {}
// SAFETY: I5: a shared reference to a handle reaches no slot.
unsafe impl<T: Send> Sync for Tx<T> {}

impl<T> Tx<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, pace: Pace) -> Self {
        Self {
            slots: shared.slots.view(),
            budget: Budget::default(),
            tail: 0,
            limit: shared.capacity,
            closed: false,
            slept_at: 0,
            pace,
            chase: Chase::new(),
            shared,
        }
    }

    /// Whether there is room for a message, as far as is known without a look at the receiver's line.
    #[inline(always)]
    pub(in crate::spsc) fn has_room(&self) -> bool {
        self.tail != self.limit
    }

    /// How many messages there is room for, as far as is known. To be asked after `has_room` or `look`.
    #[inline]
    pub(in crate::spsc) fn known_room(&self) -> usize {
        self.limit.wrapping_sub(self.tail)
    }

    /// Looks how far the receiver is. Says whether there is room; never if the channel is closed or spilling.
    pub(in crate::spsc) fn look(&mut self) -> bool {
        if self.is_closed() {
            return false;
        }
        if self.shared.spilled() > 0 {
            return false;
        }
        // Acquire pairs with the Release in `Rx::advance`: the receiver is done with the slots before its head.
        let head = self.shared.head.load(Ordering::Acquire);
        self.shared.note_len(self.tail.wrapping_sub(head));
        self.limit = head.wrapping_add(self.shared.capacity);
        self.tail != self.limit
    }

    /// [`look`](Self::look), for at least `n`.
    pub(in crate::spsc) fn look_for(&mut self, n: usize) -> bool {
        (self.known_room() >= n) || (self.look() && self.known_room() >= n)
    }

    pub(in crate::spsc) fn is_closed(&mut self) -> bool {
        if !self.closed && self.shared.is_receiver_closed() {
            self.closed = true;
            self.limit = self.tail;
        }
        self.closed
    }

    /// Writes a message that is not yet published.
    ///
    /// # Safety
    ///
    /// There is room for it beyond the `ahead` messages written before and not yet published.
    #[inline(always)]
    pub(in crate::spsc) unsafe fn write(&mut self, ahead: usize, value: T) {
        // SAFETY: I1: the slot is between the tail and the limit, as the caller promises.
        unsafe { self.slots.write(self.tail.wrapping_add(ahead), value) };
    }

    /// Publishes `n` written messages. Returns how many of them the receiver will never take: none unless it closed.
    #[inline(always)]
    pub(in crate::spsc) fn publish(&mut self, n: usize) -> usize {
        self.tail = self.tail.wrapping_add(n);
        // Release pairs with the Acquire in `Rx::look`: the receiver sees the slots.
        self.shared.tail.store(self.tail, Ordering::Release);
        if self.shared.receiver.notify() {
            self.settle(n)
        } else {
            0
        }
    }

    /// The receiver closed while `n` messages were published: finds out with it which of them it takes.
    #[cold]
    fn settle(&mut self, n: usize) -> usize {
        self.closed = true;
        self.limit = self.tail;
        // AcqRel pairs with the same in `Rx::end`: either it sees the tail, or this sees its last head.
        if self.shared.closing.fetch_or(SAW, Ordering::AcqRel) & FINAL == 0 {
            return 0;
        }
        // I2: the receiver has read its last; by the Acquire above this head is it.
        let left = self
            .tail
            .wrapping_sub(self.shared.head.load(Ordering::Relaxed));
        let back = left.min(n);
        self.tail = self.tail.wrapping_sub(back);
        self.limit = self.tail;
        self.shared.tail.store(self.tail, Ordering::Relaxed);
        back
    }

    /// Takes back the message at `index` of those that `publish` said are not received.
    ///
    /// # Safety
    ///
    /// `publish` has just returned a number above `index`, and the message was not taken back yet.
    pub(in crate::spsc) unsafe fn take_back(&mut self, index: usize) -> T {
        // SAFETY: I2: the slots from the tail on are the sender's again, and they were written.
        unsafe { self.slots.read(self.tail.wrapping_add(index)) }
    }

    /// Sends a message for which there is room.
    ///
    /// # Safety
    ///
    /// `has_room` or `look` has just said so.
    #[inline(always)]
    pub(in crate::spsc) unsafe fn push(&mut self, value: T) -> Result<(), SendError<T>> {
        // SAFETY: I1: the slot is between the tail and the limit.
        unsafe { self.write(0, value) };
        match self.publish(1) {
            0 => Ok(()),
            // SAFETY: I2: one message is not received, and not taken back yet.
            _ => Err(SendError(unsafe { self.take_back(0) })),
        }
    }

    /// Sends what is in `value`, or answers for it. Nothing if it must wait for room.
    #[inline]
    pub(in crate::spsc) fn attempt(
        &mut self,
        value: &mut Option<T>,
    ) -> Option<Result<(), SendError<T>>> {
        if self.has_room() || self.look() {
            // SAFETY: I1: there is room.
            return Some(unsafe { self.push(value.take()?) });
        }
        self.overflow(value)
    }

    /// There is no room, or the channel is closed or spilling.
    #[cold]
    fn overflow(&mut self, slot: &mut Option<T>) -> Option<Result<(), SendError<T>>> {
        let value = slot.take()?;
        if self.is_closed() {
            return Some(Err(SendError(value)));
        }
        let shared = &self.shared;
        match shared.policy() {
            Some(policy) if policy.overflow() == Overflow::DropNewest => {
                policy.drop_value(value);
                return Some(Ok(()));
            }
            Some(policy) => match policy.spill(value, || shared.is_final(), || {}) {
                Ok(()) => {
                    self.limit = self.tail;
                    shared.receiver.notify();
                    return Some(Ok(()));
                }
                Err(value) => *slot = Some(value),
            },
            None => *slot = Some(value),
        }
        None
    }

    /// Whether a full channel answers at once instead of waiting.
    pub(in crate::spsc) fn rejects(&self) -> bool {
        self.shared
            .policy()
            .is_some_and(|policy| policy.overflow() == Overflow::Reject)
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
        let messages = self.tail.wrapping_sub(self.slept_at) as u64;
        self.slept_at = self.tail;
        let mut pace = self.pace;
        // SAFETY: I5: `ready` does not replace `self.shared`.
        let cell = unsafe { &(*Arc::as_ptr(&self.shared)).sender };
        // SAFETY: I5: the one sender is borrowed for exclusive use, so that nobody else waits in its cell.
        let poll = unsafe { cell.poll_wait_unchecked(cx, &mut pace, messages, || ready(self)) };
        self.pace = pace;
        poll
    }

    /// Notes that `n` slots are promised to permits. False if the channel was closed meanwhile.
    pub(in crate::spsc) fn reserve(&mut self, n: usize) -> bool {
        self.shared.reserved.store(n, Ordering::Relaxed);
        // The handshake with `WaitCell::mark`: the receiver sees the permits, or this sees the mark.
        barrier::full();
        if self.is_closed() {
            self.unreserve();
            return false;
        }
        true
    }

    /// Sends a message with a permit. If it will not be received it comes back.
    pub(in crate::spsc) fn send_reserved(&mut self, value: T) -> Option<T> {
        // SAFETY: I4: the permit is room that was found when it was given.
        unsafe { self.write(0, value) };
        let back = match self.publish(1) {
            0 => None,
            // SAFETY: I2: one message is not received, and not taken back yet.
            _ => Some(unsafe { self.take_back(0) }),
        };
        self.set_reserved(self.shared.reserved.load(Ordering::Relaxed) - 1);
        back
    }

    /// Gives back all promised slots.
    pub(in crate::spsc) fn unreserve(&mut self) {
        self.set_reserved(0);
    }

    fn set_reserved(&mut self, n: usize) {
        // Release pairs with the Acquire in `Rx::end`: messages sent with permits are seen before they are given back.
        self.shared.reserved.store(n, Ordering::Release);
        // A receiver that closed may wait for it.
        self.shared.receiver.notify();
    }
}

impl<T> Drop for Tx<T> {
    fn drop(&mut self) {
        // Release pairs with the Acquire in `is_sender_gone`: the last message is seen.
        self.shared.sender_gone.store(true, Ordering::Release);
        self.shared.receiver.notify();
        // SAFETY: I5: the one sender is going, so nobody waits in its cell any more.
        unsafe { self.shared.sender.retire() };
    }
}
