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

mod rx;
mod tx;

pub(super) use rx::{Lack, Rx};
pub(super) use tx::Tx;

use std::panic::{RefUnwindSafe, UnwindSafe};

use aqueduct_core::barrier::Pace;
use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicBool, AtomicU8, AtomicUsize, Ordering};
use aqueduct_core::wait_cell::WaitCell;

use crate::overflow::{Options, Policy, Spill};
use crate::slots::Slots;
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
    let tx = Tx::new(shared.clone(), pace);
    let rx = Rx::new(shared, pace);
    (tx, rx)
}
