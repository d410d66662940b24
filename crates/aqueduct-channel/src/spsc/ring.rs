//! The ring between one sender and one receiver.
//!
//! ```text
//!              head (receiver writes)      tail (sender writes)
//!               ▼                           ▼
//!     ┌────┬────┬────┬────┬────┬────┬────┬────┬────┐
//!     │    │    │ m3 │ m4 │ m5 │ m6 │ m7 │    │    │   positions only grow; slot = position & mask
//!     └────┴────┴────┴────┴────┴────┴────┴────┴────┘
//! ```
//!
//! Each side keeps its own position, and the last one of the other side that it saw, in its handle; it looks at the
//! other's cache line only when the ring seems full or empty. Sending is: write the slot, store the tail, look
//! whether the receiver sleeps. There is no read-modify-write in it, and with a barrier paid by the sleeper (see
//! `aqueduct_core::barrier`) no fence either.
//!
//! # Closing
//!
//! A send that says `Ok` must be received if the receiver closes and then drains, and the sender does not look for
//! "closed" before it publishes: it learns of it afterwards, by the look it takes anyway, since the mark is in the
//! wait cell's word. By the handshake of the wait cell either the receiver sees the message or the sender sees the
//! mark. Who sees the mark *settles*: each side does one read-modify-write on `closing`, and the order of the two
//! decides.
//!
//! ```text
//!    sender:    publish; mark seen;  closing |= SAW      → FINAL was not set: the receiver will look again. Ok.
//!                                                         → FINAL was set: it never looks again. What it did not
//!                                                           take comes back to the caller, as closed.
//!    receiver:  closed and empty;    closing |= FINAL    → SAW was not set: end. Nothing is taken any more.
//!                                                         → SAW was set: look once more; then end.
//! ```
//!
//! # Invariants
//!
//! I1. Only the sender writes `tail` and slots in `[tail, head + capacity)`; only the receiver writes `head` and reads
//!     slots in `[head, tail)`. The Release stores of the two hand slots over.
//! I2. After FINAL was set without SAW the receiver takes nothing more; so the sender owns `[head, tail)` again.
//!     A receiver that is dropped takes nothing more after FINAL in any case; what is left is dropped with the ring.
//! I3. The sender sends nothing after it set SAW, but by permits.
//! I4. `reserved` is more than 0 only while permits are out; a receiver that is closed and empty waits for them.
//! I5. There is one `Tx` and one `Rx` to a ring, each used through `&mut`, and they keep their `shared` for life.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll};

use aqueduct_core::barrier::{self, Pace};
use aqueduct_core::chase::Chase;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicBool, AtomicU8, AtomicUsize, Ordering};
use aqueduct_core::wait_cell::WaitCell;

use crate::budget::Budget;
use crate::error::SendError;
use crate::overflow::{Options, Overflow, Policy, Spill};
use crate::slots::{Slots, View};
use crate::stats::Stats;

const SAW: u8 = 1;
const FINAL: u8 = 1 << 1;

/// What both sides share.
#[repr(C)]
pub(super) struct Shared<T> {
    tail: Padded<AtomicUsize>,
    head: Padded<AtomicUsize>,
    /// Where the receiver waits. Marked when it was closed or dropped.
    receiver: Padded<WaitCell>,
    /// Where the sender waits.
    sender: Padded<WaitCell>,
    slots: Slots<T>,
    capacity: usize,
    policy: Option<Box<Policy<T>>>,
    /// The most messages that were seen inside.
    len_max: AtomicUsize,
    reserved: AtomicUsize,
    closing: AtomicU8,
    sender_gone: AtomicBool,
}

// SAFETY: messages move between the two threads (Send); by I1 and I2 a slot is never touched by both at once.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: I1 and I2, as above.
unsafe impl<T: Send> Sync for Shared<T> {}

// A panic of the user's happens outside of any change of a ring's state.
impl<T> UnwindSafe for Shared<T> {}
impl<T> RefUnwindSafe for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn policy(&self) -> Option<&Policy<T>> {
        self.policy.as_deref()
    }

    /// Positions, tail first: what was sent and what was received.
    pub(super) fn positions(&self) -> (usize, usize) {
        // Acquire, head first, so that the tail is not before it; pairs with the Release in `publish`.
        let head = self.head.load(Ordering::Acquire);
        (self.tail.load(Ordering::Acquire), head) // pairs with the Release in `publish`
    }

    /// How many messages are inside, the spilled ones too.
    pub(super) fn len(&self) -> usize {
        let (tail, head) = self.positions();
        tail.wrapping_sub(head) + self.spilled()
    }

    pub(super) fn spilled(&self) -> usize {
        self.policy().map_or(0, Policy::spilled)
    }

    /// How many more messages can be sent or reserved.
    pub(super) fn room(&self) -> usize {
        let (tail, head) = self.positions();
        let used = tail.wrapping_sub(head) + self.reserved.load(Ordering::Relaxed);
        self.capacity.saturating_sub(used)
    }

    /// Whether nothing will be sent any more.
    pub(super) fn is_closed(&self) -> bool {
        self.receiver.is_marked() || self.is_sender_gone()
    }

    pub(super) fn is_receiver_closed(&self) -> bool {
        self.receiver.is_marked()
    }

    fn is_sender_gone(&self) -> bool {
        // Acquire pairs with the Release in `Tx::drop`: the last message is seen.
        self.sender_gone.load(Ordering::Acquire)
    }

    /// Whether the receiver has taken its last message.
    fn is_final(&self) -> bool {
        // Asked under the second queue's lock, as FINAL is set there.
        self.closing.load(Ordering::Relaxed) & FINAL != 0
    }

    /// Sets FINAL, if `drained` says so of the second queue, and returns what was set before.
    fn finish(&self, drained: impl FnOnce(&dyn Spill<T>) -> bool) -> Option<u8> {
        // AcqRel pairs with the same in `Tx::settle`: either this sees the sender's last tail, or that sees FINAL.
        let finish = || self.closing.fetch_or(FINAL, Ordering::AcqRel);
        match self
            .policy()
            .and_then(|policy| policy.with_spill(|queue| drained(queue).then(finish)))
        {
            Some(before) => before,
            None => Some(finish()),
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let (tail, head) = self.positions();
        let (spilled_ever, spilled) = self
            .policy()
            .map_or((0, 0), |policy| (policy.spilled_ever(), policy.spilled()));
        let len = tail.wrapping_sub(head) + spilled;
        self.note_len(len);
        Stats {
            sent: tail as u64 + spilled_ever,
            received: head as u64 + spilled_ever.saturating_sub(spilled as u64),
            dropped: self.policy().map_or(0, Policy::dropped),
            len,
            len_max: self.len_max.load(Ordering::Relaxed),
            senders_waiting: self.sender.is_waiting().into(),
            receivers_waiting: self.receiver.is_waiting().into(),
        }
    }

    fn note_len(&self, len: usize) {
        if len > self.len_max.load(Ordering::Relaxed) {
            self.len_max.store(len, Ordering::Relaxed);
        }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // Acquire pairs with the Release in `publish` and in `advance`.
        let (tail, head) = self.positions();
        for position in 0..tail.wrapping_sub(head) {
            // SAFETY: I1: both handles are gone; what is between the head and the tail was written and not taken.
            drop(unsafe { self.slots.view().read(head.wrapping_add(position)) });
        }
    }
}

/// Makes a ring.
#[track_caller]
pub(super) fn new<T>(options: Options<T>) -> (Tx<T>, Rx<T>) {
    let capacity = options.capacity;
    let slots = Slots::new(capacity);
    let view = slots.view();
    let pace = Pace::new(capacity);
    let shared = Arc::new(Shared {
        tail: Padded::default(),
        head: Padded::default(),
        receiver: Padded(WaitCell::new(pace.payer())),
        sender: Padded(WaitCell::new(pace.payer())),
        slots,
        capacity,
        policy: options.into_policy(false),
        len_max: AtomicUsize::new(0),
        reserved: AtomicUsize::new(0),
        closing: AtomicU8::new(0),
        sender_gone: AtomicBool::new(false),
    });
    let tx = Tx {
        shared: shared.clone(),
        slots: view,
        budget: Budget::default(),
        tail: 0,
        limit: capacity,
        closed: false,
        slept_at: 0,
        pace,
        chase: Chase::new(),
    };
    let rx = Rx {
        shared,
        slots: view,
        budget: Budget::default(),
        head: 0,
        seen: 0,
        ended: false,
        slept_at: 0,
        pace,
        chase: Chase::new(),
    };
    (tx, rx)
}

// SAFETY: I1: the pointer in a handle goes to slots that it keeps alive, of which it touches its own only.
unsafe impl<T: Send> Send for Tx<T> {}
// SAFETY: I5: a shared reference to a handle reaches no slot.
unsafe impl<T: Send> Sync for Tx<T> {}
// SAFETY: I1, as above.
unsafe impl<T: Send> Send for Rx<T> {}
// SAFETY: I5, as above.
unsafe impl<T: Send> Sync for Rx<T> {}

/// The sender's end.
pub(super) struct Tx<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// The slots of `shared`.
    slots: View<T>,
    pub(super) budget: Budget,
    tail: usize,
    /// The position up to which there is room: the head last seen, plus the capacity. Equal to the tail where sends
    /// must take the slow path.
    limit: usize,
    closed: bool,
    slept_at: usize,
    pace: Pace,
    chase: Chase,
}

impl<T> Tx<T> {
    /// Whether there is room for a message, as far as is known without a look at the receiver's line.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        self.tail != self.limit
    }

    /// How many messages there is room for, as far as is known. To be asked after `has_room` or `look`.
    #[inline]
    pub(super) fn known_room(&self) -> usize {
        self.limit.wrapping_sub(self.tail)
    }

    /// Looks how far the receiver is. Says whether there is room; never if the channel is closed or spilling.
    pub(super) fn look(&mut self) -> bool {
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
    pub(super) fn look_for(&mut self, n: usize) -> bool {
        (self.known_room() >= n) || (self.look() && self.known_room() >= n)
    }

    pub(super) fn is_closed(&mut self) -> bool {
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
    pub(super) unsafe fn write(&mut self, ahead: usize, value: T) {
        // SAFETY: I1: the slot is between the tail and the limit, as the caller promises.
        unsafe { self.slots.write(self.tail.wrapping_add(ahead), value) };
    }

    /// Publishes `n` written messages. Returns how many of them the receiver will never take: none unless it closed.
    #[inline(always)]
    pub(super) fn publish(&mut self, n: usize) -> usize {
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
    pub(super) unsafe fn take_back(&mut self, index: usize) -> T {
        // SAFETY: I2: the slots from the tail on are the sender's again, and they were written.
        unsafe { self.slots.read(self.tail.wrapping_add(index)) }
    }

    /// Sends a message for which there is room.
    ///
    /// # Safety
    ///
    /// `has_room` or `look` has just said so.
    #[inline(always)]
    pub(super) unsafe fn push(&mut self, value: T) -> Result<(), SendError<T>> {
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
    pub(super) fn attempt(&mut self, value: &mut Option<T>) -> Option<Result<(), SendError<T>>> {
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
    pub(super) fn rejects(&self) -> bool {
        self.shared
            .policy()
            .is_some_and(|policy| policy.overflow() == Overflow::Reject)
    }

    /// Waits until `ready` finds something.
    pub(super) fn poll_wait<R>(
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
    pub(super) fn reserve(&mut self, n: usize) -> bool {
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
    pub(super) fn send_reserved(&mut self, value: T) -> Option<T> {
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
    pub(super) fn unreserve(&mut self) {
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

/// The receiver's end.
pub(super) struct Rx<T> {
    pub(super) shared: Arc<Shared<T>>,
    /// The slots of `shared`.
    slots: View<T>,
    pub(super) budget: Budget,
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
pub(super) enum Lack {
    /// There may be one later.
    Empty,
    /// There will not be one.
    Ended,
}

impl<T> Rx<T> {
    /// Takes the next message, if it is one that was seen to be there.
    #[inline(always)]
    pub(super) fn pop_seen(&mut self) -> Option<T> {
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
    pub(super) fn pop(&mut self) -> Result<T, Lack> {
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
    pub(super) fn look(&mut self) -> bool {
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
    pub(super) fn pop_many(&mut self, out: &mut Vec<T>, limit: usize) -> Result<usize, Lack> {
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
    pub(super) fn close(&mut self) {
        self.shared.receiver.mark();
        self.shared.sender.notify();
    }

    /// Waits until `ready` finds something.
    pub(super) fn poll_wait<R>(
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
