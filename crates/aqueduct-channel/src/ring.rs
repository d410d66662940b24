//! The ring with many senders, and one receiver ([`Single`]) or many ([`Many`]).
//!
//! ```text
//!              head                        tail
//!               ▼                           ▼
//!     ┌────┬────┬────┬────┬────┬────┬────┬────┬────┐
//!     │free│free│full│full│ .. │full│ .. │free│free│    a slot: { stamp, value }
//!     └────┴────┴────┴────┴────┴────┴────┴────┴────┘    "..": claimed, being written
//! ```
//!
//! A sender *claims* a slot by moving the tail (one compare-and-swap, which also finds out about closing, promises
//! and the gate, see [`cursor`](crate::cursor)), writes the value, *stamps* the slot full, and then looks whether a
//! receiver sleeps. A receiver takes the slot at the head when its stamp says full.
//!
//! Permits and waiting senders are counted in the tail's *owed*: they hold room, not a slot, so that a permit that
//! is kept long delays nobody's message. Many receivers do the same at the head: one that was served in the wait queue
//! is owed a message that is there for certain.
//!
//! # Invariants
//!
//! I1. The thread that claimed a slot owns it until it stamps it: senders from claim to full, receivers from claim to
//!     free (many), or until the head moves past it (single).
//! I2. `tail - head + owed(tail) <= capacity`. Room is found before it is claimed, in one change of the tail's word, from
//!     a head that is at most too old.
//! I3. Every slot in `[head, head + owed(head))` is stamped full. A receiver without a promise takes a slot only if the
//!     slot after the promised ones is full too.
//! I4. After `CLOSED` is set at the tail only what is owed is claimed. So the channel is over when it is set, nothing is
//!     owed at the tail, the head has reached the tail, and nothing is spilled.
//! I5. A slot's stamp for position `p` is `turn(p)` while free and `turn(p) | 1` while full, `turn` being `p` with the
//!     index bits cleared: it tells laps apart, and is 0 for the first lap.
//! I6. `SPILLING` is set and cleared under the second queue's lock, and set whenever that holds something. It is not
//!     set after `CLOSED`.
//! I7. There is one `SingleRx` to a ring with one receiver; it is used through `&mut` and keeps its ring for life.
//! I8. The slots are a power of two in number; they lie in the ring's own allocation (see [`shared`]).
//! I9. A ring does not move while a handle to it lives: it is behind a reference or a [`SharedRing`].
//!
//! # Who wakes whom
//!
//! Publishing and freeing look at the other side's wait cell or queue after the stamp or head is stored; the handshake
//! is the one of `aqueduct_core::barrier`. A sender that lags between claim and stamp makes the head look empty;
//! receivers then sleep, and the laggard wakes them. Only `try_recv` cannot sleep: it spins, and yields, for as long
//! as a claimed message is in the making, since `Empty` would be a lie to who knows that a send has returned.

mod case;
mod many;
mod permit;
mod recv;
mod rx;
mod send;
mod shared;
mod single;
mod sink;
mod spill;
mod tx;
mod view;

pub(crate) use case::{RecvLine, RoomLine};
pub(crate) use many::{Many, ReceiverLine};
pub use permit::{Permit, PermitIterator};
pub(crate) use recv::RecvFuture;
pub(crate) use rx::Rx;
pub(crate) use send::{SendFuture, SendRequest, SenderLine};
pub(crate) use shared::SharedRing;
pub(crate) use single::{Single, SingleRx};
pub(crate) use sink::{RingSink, SendsIntoRing};
pub(crate) use tx::Tx;
use view::{Slot, View};

use std::panic::{RefUnwindSafe, UnwindSafe};

use aqueduct_core::barrier::Pace;
use aqueduct_core::chase::Chase;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Lock, Ordering};
use aqueduct_core::wait_queue::WaitQueue;

use crate::cursor::{AtomicCursor, Cursor, Flag};
use crate::overflow::{Overflow, Policy};
use crate::pop::Pop;
use crate::snooze::Snooze;
use crate::stats::Stats;

/// The receiving side of a ring: how it waits, and how it is told of a message.
pub(crate) trait Consumers: Sized + Send + Sync {
    /// Whether there may be several receivers, so that slots are given back by their stamps.
    const SHARED: bool;

    fn new(pace: Pace, capacity: usize) -> Self;

    /// Tells a receiver that a message was published, or all of them that there will be none.
    fn notify<T>(ring: &Ring<T, Self>);

    /// Tells receivers that the tail was closed.
    fn close<T>(ring: &Ring<T, Self>);

    /// Takes the oldest message that is promised to nobody.
    fn evict<T>(ring: &Ring<T, Self>) -> Pop<T>;

    /// How many receivers wait.
    fn waiting(&self) -> usize;
}

/// What both sides share. The order of the fields is the order in memory.
#[repr(C)]
pub(crate) struct Ring<T, C> {
    tail: Padded<Tail<T, C>>,
    head: Padded<Head<T>>,
    senders: WaitQueue<SendRequest>,
    sender_count: AtomicUsize,
    /// How many messages overflow has cost.
    dropped: AtomicU64,
    /// How many messages senders took out at the head to make room.
    evicted: AtomicU64,
}

/// The senders' line: all that a send needs that finds room and nobody asleep.
#[repr(C)]
struct Tail<T, C> {
    word: AtomicCursor,
    /// A head that a sender has seen, counted on beyond the bits of the word.
    head_seen: AtomicU64,
    slots: View<T>,
    capacity: u64,
    /// Where receivers wait: here, as every sender looks at it, and receivers write it only when they go to sleep.
    receivers: C,
}

/// The receivers' line; and what is rarely needed, where there is room for it.
#[repr(C)]
struct Head<T> {
    word: AtomicCursor,
    /// The same slots: receivers need not touch the senders' line for them.
    slots: View<T>,
    policy: Option<Box<Policy<T>>>,
    /// Those who wait for the channel to close. Made when somebody first does.
    watchers: Lock<Option<Arc<WaitQueue<()>>>>,
    /// The most messages that were seen inside.
    len_max: AtomicUsize,
    weak_count: AtomicU32,
    /// What letting others run has brought senders that found no room: a [`Chase`].
    chase: AtomicU16,
    fair: bool,
}

// SAFETY: messages move between threads (Send); by I1 a slot is touched by one thread at a time.
unsafe impl<T: Send, C: Send> Send for Ring<T, C> {}
// SAFETY: I1, as above.
unsafe impl<T: Send, C: Sync> Sync for Ring<T, C> {}

// A panic of the user's happens outside of any change of a ring's state: destructors, wakers and iterators run before
// or after it.
impl<T, C> UnwindSafe for Ring<T, C> {}
impl<T, C> RefUnwindSafe for Ring<T, C> {}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    Closed,
}

impl<T, C: Consumers> Ring<T, C> {
    /// With slots that are as old as it is.
    #[inline]
    fn new(capacity: usize, policy: Option<Box<Policy<T>>>, slots: View<T>, fair: bool) -> Self {
        let pace = Pace::new(capacity);
        Self {
            tail: Padded(Tail {
                word: AtomicCursor::new(),
                head_seen: AtomicU64::new(0),
                slots,
                capacity: capacity as u64,
                receivers: C::new(pace, capacity),
            }),
            head: Padded(Head {
                word: AtomicCursor::new(),
                slots,
                policy,
                watchers: Lock::new(None),
                len_max: AtomicUsize::new(0),
                weak_count: AtomicU32::new(0),
                chase: AtomicU16::new(Chase::new().into_bits()),
                fair,
            }),
            senders: WaitQueue::new(capacity),
            sender_count: AtomicUsize::new(1),
            dropped: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
        }
    }

    /// Makes it as if so many messages had gone through, all of them in earlier laps.
    #[cfg(all(test, not(aqueduct_loom)))]
    fn starting_at(&self, position: u64) {
        self.tail.word.store_position(position);
        self.head.word.store_position(position);
        self.tail.head_seen.store(position, Ordering::Relaxed);
        for position in position..=position + self.tail.slots.mask {
            let turn = self.tail.slots.turn(position);
            // SAFETY: I8: `self` lives.
            let slot = unsafe { self.tail.slots.slot(position) };
            slot.stamp.store(turn, Ordering::Relaxed);
        }
    }

    /// Claims a slot, if nothing stands in the way. `lost` is called with the position that another thread was faster to claim.
    #[inline(always)]
    pub(crate) fn claim(&self, mut lost: impl FnMut(u64)) -> Option<u64> {
        // The head first: then it is not ahead of the tail, and at most too old (I2).
        // Acquire pairs with the Release in `see_head`: its reader is done with the slots before it.
        let head = self.tail.head_seen.load(Ordering::Acquire);
        let mut tail = self.tail.word.load();
        loop {
            if tail.has_flags() || tail.distance_from(head) + tail.owed() >= self.tail.capacity {
                return None;
            }
            match self.tail.word.change(tail, tail.advanced(1)) {
                Ok(()) => return Some(tail.position()),
                Err(now) => {
                    // It may have failed for no reason, or for a flag.
                    if now.position() != tail.position() {
                        lost(tail.position());
                    }
                    tail = self.tail.word.load();
                }
            }
        }
    }

    /// Claims up to `n` slots in a row, with a fresh look at the head. Returns the first, and how many.
    pub(crate) fn claim_many(&self, n: u64) -> Result<(u64, u64), Refusal> {
        let mut tail = self.tail.word.load();
        loop {
            if tail.has_flags() {
                return Err(refusal(tail));
            }
            let head = self.see_head();
            // Loaded after the head, as in `claim`.
            tail = self.tail.word.load();
            let claimed = self.room_at(tail, head).min(n);
            if tail.has_flags() || claimed == 0 {
                return Err(refusal(tail));
            }
            if self.tail.word.change(tail, tail.advanced(claimed)).is_ok() {
                return Ok((tail.position(), claimed));
            }
        }
    }

    /// How much room there is, for a tail that was loaded after the head.
    #[inline]
    fn room_at(&self, tail: Cursor, head: u64) -> u64 {
        self.tail
            .capacity
            .saturating_sub(tail.distance_from(head) + tail.owed())
    }

    /// Promises room for `n` messages, if there is that much.
    pub(crate) fn reserve(&self, n: u64) -> Result<(), Refusal> {
        loop {
            let head = self.see_head();
            let tail = self.tail.word.load();
            if tail.has_flags()
                || self.room_at(tail, head) < n
                || tail.owed() + n > Cursor::OWED_MAX
            {
                return Err(refusal(tail));
            }
            if self.tail.word.change(tail, tail.owing(n)).is_ok() {
                return Ok(());
            }
        }
    }

    /// Claims a slot by a promise.
    pub(crate) fn claim_owed(&self) -> u64 {
        self.claim_all_owed(1)
    }

    /// Claims `n` slots in a row by promises. Returns the first.
    fn claim_all_owed(&self, n: u64) -> u64 {
        let mut tail = self.tail.word.load();
        loop {
            match self.tail.word.change(tail, tail.advanced(n).settled(n)) {
                Ok(()) => return tail.position(),
                Err(now) => tail = now,
            }
        }
    }

    /// Gives `n` promises back, to who waits for room; and to receivers that wait for the end.
    pub(crate) fn unreserve(&self, n: u64) {
        if n == 0 {
            return;
        }
        let mut tail = self.tail.word.load();
        while let Err(now) = self.tail.word.change(tail, tail.settled(n)) {
            tail = now;
        }
        self.room_was_made();
        if tail.has(Flag::Closed) {
            C::notify(self);
        }
    }

    /// Takes back what is still promised when the last sender goes: its owners were leaked, as all others borrow a
    /// sender or hold one.
    fn forget_promises(&self) {
        let mut tail = self.tail.word.load();
        while let Err(now) = self.tail.word.change(tail, tail.settled(tail.owed())) {
            tail = now;
        }
    }

    /// Looks where the head is, and notes it for all senders.
    fn see_head(&self) -> u64 {
        // Acquire, as in `claim`, pairs with the Release below: another note may be newer than what is loaded here.
        let before = self.tail.head_seen.load(Ordering::Acquire);
        let head = self.extended(self.head.word.load(), before);
        // Release pairs with the Acquire in `claim`. An older value may overwrite a newer one: it is only too old.
        self.tail.head_seen.store(head, Ordering::Release);
        let len = self
            .tail
            .word
            .load()
            .distance_from(head)
            .min(self.tail.capacity);
        self.note_len(len as usize);
        head
    }

    /// The head counted on from an earlier count: it is ahead of that by less than half of what the word can tell.
    fn extended(&self, head: Cursor, before: u64) -> u64 {
        let ahead = head.distance_from(before);
        if ahead > Cursor::CAPACITY_MAX as u64 {
            before
        } else {
            before + ahead
        }
    }

    /// Uses or changes what senders know of letting others run. A change that gets lost was only a hint.
    fn with_chase<R>(&self, change: impl FnOnce(&mut Chase) -> R) -> R {
        let before = self.head.chase.load(Ordering::Relaxed);
        let mut chase = Chase::from_bits(before);
        let result = change(&mut chase);
        if chase.into_bits() != before {
            self.head.chase.store(chase.into_bits(), Ordering::Relaxed);
        }
        result
    }

    fn note_len(&self, len: usize) {
        if len > self.head.len_max.load(Ordering::Relaxed) {
            self.head.len_max.store(len, Ordering::Relaxed);
        }
    }

    /// Puts a value into a claimed slot and tells a receiver.
    ///
    /// # Safety
    ///
    /// The caller has claimed `position`, and not written it yet (I1).
    #[inline(always)]
    pub(crate) unsafe fn write(&self, position: u64, value: T) {
        // SAFETY: I1, as the caller promises.
        unsafe { self.write_unseen(position, value) };
        C::notify(self);
    }

    /// [`write`](Self::write), without telling a receiver.
    ///
    /// # Safety
    ///
    /// As `write`.
    #[inline(always)]
    pub(crate) unsafe fn write_unseen(&self, position: u64, value: T) {
        let turn = self.tail.slots.turn(position);
        // SAFETY: I8: `self` lives.
        let slot = unsafe { self.tail.slots.slot(position) };
        if C::SHARED {
            self.wait_until_free(slot, turn);
        }
        // SAFETY: I1: the slot is the caller's until it is stamped.
        slot.value.with_mut(|cell| unsafe { (*cell).write(value) });
        // Release pairs with the Acquire in `is_full`: the value is seen.
        slot.stamp.store(turn | 1, Ordering::Release);
    }

    /// A receiver may have moved the head and still be reading: that is a few instructions, or a thread that was
    /// preempted in them.
    #[inline(always)]
    fn wait_until_free(&self, slot: &Slot<T>, turn: u64) {
        let mut snooze = Snooze::new();
        // Acquire pairs with the Release in `Many`'s `take`: the reader is done with the slot.
        while slot.stamp.load(Ordering::Acquire) != turn {
            snooze.snooze();
        }
    }

    /// Tells senders that wait that room was made. To be called after the head or a promise was given up.
    #[inline(always)]
    fn room_was_made(&self) {
        if self.senders.is_waited_on() {
            self.serve_senders();
        }
    }

    /// Forbids new claims and promises, and tells everybody. What is inside and what is owed stays.
    pub(crate) fn close(&self) {
        if self.tail.word.set(Flag::Closed).has(Flag::Closed) {
            return;
        }
        self.serve_senders();
        C::close(self);
        let watchers = self.head.watchers.lock().take();
        if let Some(watchers) = watchers {
            watchers.serve_all();
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.tail.word.load().has(Flag::Closed)
    }

    /// Whether nothing is inside and nothing will come (I4).
    fn is_over(&self) -> bool {
        let tail = self.tail.word.load();
        // The head after the tail, whose position does not change any more once it is closed and owes nothing.
        tail.has(Flag::Closed)
            && !tail.has(Flag::Spilling)
            && tail.owed() == 0
            && tail.distance_from(self.head.word.load().position()) == 0
    }

    /// The queue of those who wait for the channel to close, unless it is closed.
    pub(crate) fn watchers(&self) -> Option<Arc<WaitQueue<()>>> {
        let mut watchers = self.head.watchers.lock();
        // Asked under the lock: `close` sets the flag before it takes the queue out.
        if self.is_closed() {
            return None;
        }
        Some(
            watchers
                .get_or_insert_with(|| Arc::new(WaitQueue::new(0)))
                .clone(),
        )
    }

    pub(crate) fn policy(&self) -> Option<&Policy<T>> {
        self.head.policy.as_deref()
    }

    pub(crate) fn overflow_policy(&self) -> Overflow {
        self.policy().map_or(Overflow::Wait, Policy::overflow)
    }

    pub(crate) fn capacity(&self) -> usize {
        self.tail.capacity as usize
    }

    /// How many more messages can be sent or reserved, were the channel open.
    pub(crate) fn room(&self) -> usize {
        let head = self.head.word.load().position();
        self.room_at(self.tail.word.load(), head) as usize
    }

    /// How many messages are inside, the spilled ones too.
    pub(crate) fn len(&self) -> usize {
        let head = self.head.word.load().position();
        let inside = self
            .tail
            .word
            .load()
            .distance_from(head)
            .min(self.tail.capacity);
        inside as usize + self.spilled()
    }

    pub(crate) fn stats(&self) -> Stats {
        let head = self.extended(
            self.head.word.load(),
            self.tail.head_seen.load(Ordering::Relaxed),
        );
        let inside = self
            .tail
            .word
            .load()
            .distance_from(head)
            .min(self.tail.capacity);
        let (spilled_ever, spilled) = self
            .policy()
            .map_or((0, 0), |policy| (policy.spilled_ever(), policy.spilled()));
        let len = inside as usize + spilled;
        self.note_len(len);
        // What a sender evicts leaves by the head as well, but was not received.
        let evicted = self.evicted.load(Ordering::Relaxed);
        Stats {
            sent: head + inside + spilled_ever,
            received: (head + spilled_ever).saturating_sub(evicted + spilled as u64),
            dropped: self.dropped.load(Ordering::Relaxed),
            len,
            len_max: self.head.len_max.load(Ordering::Relaxed),
            senders_waiting: self.senders.len(),
            receivers_waiting: self.tail.receivers.waiting(),
        }
    }

    pub(crate) fn sender_count(&self) -> &AtomicUsize {
        &self.sender_count
    }

    pub(crate) fn weak_count(&self) -> &AtomicU32 {
        &self.head.weak_count
    }
}

impl<T, C> Ring<T, C> {
    fn slots(&self) -> View<T> {
        self.tail.slots
    }
}

impl<T, C> Drop for Ring<T, C> {
    fn drop(&mut self) {
        let slots = self.tail.slots;
        let head = self.head.word.load().position();
        let inside = self.tail.word.load().distance_from(head);
        for position in head..head + inside {
            // SAFETY: I1: nobody else is left, and what was claimed was written.
            unsafe {
                if slots.is_full(position) {
                    drop(slots.read(position));
                }
            }
        }
    }
}

fn refusal(tail: Cursor) -> Refusal {
    if tail.has(Flag::Closed) {
        Refusal::Closed
    } else {
        Refusal::Full
    }
}

#[cfg(test)]
mod tests;
