//! Many receivers.

use aqueduct_core::barrier::Pace;
use aqueduct_core::sync::{AtomicUsize, Ordering};
use aqueduct_core::wait_queue::{Queue, WaitQueue};

use super::recv::{Outcome, RecvRequest};
use super::{Consumers, Pop, Ring, SharedRing};
use crate::cursor::{Cursor, Flag};
use crate::snooze::Snooze;

/// Where the receivers wait in line, and how many there are.
pub(crate) struct Many {
    queue: WaitQueue<RecvRequest>,
    count: AtomicUsize,
}

impl Consumers for Many {
    const SHARED: bool = true;

    fn new(_: Pace, capacity: usize) -> Self {
        Self {
            queue: WaitQueue::new(capacity),
            count: AtomicUsize::new(1),
        }
    }

    #[inline(always)]
    fn notify<T>(ring: &Ring<T, Self>) {
        if ring.tail.receivers.queue.is_waited_on() {
            ring.serve_receivers();
        }
    }

    fn close<T>(ring: &Ring<T, Self>) {
        ring.head.word.set(Flag::Closed);
        ring.serve_receivers();
    }

    fn evict<T>(ring: &Ring<T, Self>) -> Pop<T> {
        ring.pop_for_sender()
    }

    fn waiting(&self) -> usize {
        self.queue.len()
    }
}

impl<T> Ring<T, Many> {
    #[inline(always)]
    fn is_full(&self, position: u64) -> bool {
        // SAFETY: I8: `self` lives.
        unsafe { self.head.slots.is_full(position) }
    }

    /// Takes the next message, if nothing stands in the way. `lost` is called with the position that another thread was faster to claim.
    #[inline(always)]
    pub(crate) fn pop_ready(&self, mut lost: impl FnMut(u64)) -> Option<T> {
        let mut head = self.head.word.load();
        loop {
            // What is promised to receivers that are on their way is skipped (I3).
            if head.has_flags() || !self.is_full(head.position() + head.owed()) {
                return None;
            }
            match self.head.word.change(head, head.advanced(1)) {
                // SAFETY: I1: the claim succeeded on a full slot.
                Ok(()) => return Some(unsafe { self.take(head.position()) }),
                Err(now) => {
                    if now.position() != head.position() {
                        lost(head.position());
                    }
                    head = self.head.word.load();
                }
            }
        }
    }

    /// Takes the next message that is promised to nobody, as a newcomer.
    pub(crate) fn pop(&self) -> Pop<T> {
        if self.head.word.load().has(Flag::Gate) {
            Pop::Empty
        } else {
            self.pop_any()
        }
    }

    /// Takes the next message that is promised to nobody, as one who has been in line.
    pub(super) fn pop_any(&self) -> Pop<T> {
        match self.pop_beyond_promises() {
            Pop::Empty => match self.pop_spilled(self.tail.word.load()) {
                Pop::Empty if self.is_over() => Pop::Ended,
                popped => popped,
            },
            popped => popped,
        }
    }

    /// [`pop`](Self::pop) for who cannot sleep: waits out a message in the making.
    pub(crate) fn try_pop(&self) -> Pop<T> {
        let mut snooze = Snooze::new();
        loop {
            match self.pop() {
                Pop::Lagging => snooze.snooze(),
                popped => return popped,
            }
        }
    }

    /// Takes the message at the head, if there is one more than is promised.
    pub(super) fn pop_beyond_promises(&self) -> Pop<T> {
        self.claim_beyond_promises().map(|head| {
            // SAFETY: I1: just claimed.
            unsafe { self.take_and_tell(head) }
        })
    }

    /// Takes the message at the head out for a sender, whose room it is then: those in line are not told of it.
    fn pop_for_sender(&self) -> Pop<T> {
        self.claim_beyond_promises().map(|head| {
            // SAFETY: I1: just claimed.
            unsafe { self.take_quietly(head.position()) }
        })
    }

    /// Claims the slot at the head, if there is one more full one than is promised (I3). Returns the head before.
    fn claim_beyond_promises(&self) -> Pop<Cursor> {
        let mut head = self.head.word.load();
        loop {
            if self.is_full(head.position() + head.owed()) {
                match self.head.word.change(head, head.advanced(1)) {
                    Ok(()) => return Pop::Value(head),
                    Err(now) => head = now,
                }
                continue;
            }
            let claimed = self.tail.word.load().distance_from(head.position());
            let now = self.head.word.load();
            if now != head {
                head = now;
            } else if claimed > head.owed() && claimed <= self.tail.capacity {
                return Pop::Lagging;
            } else {
                return Pop::Empty;
            }
        }
    }

    /// Takes the message that the caller was promised in the wait queue.
    pub(super) fn pop_promised(&self) -> T {
        let mut head = self.head.word.load();
        loop {
            match self.head.word.change(head, head.advanced(1).settled(1)) {
                // SAFETY: I1: the claim succeeded; I3: the slot is full.
                Ok(()) => return unsafe { self.take_and_tell(head) },
                Err(now) => head = now,
            }
        }
    }

    /// Gives a promised message back.
    fn unpromise(&self) {
        let mut head = self.head.word.load();
        while let Err(now) = self.head.word.change(head, head.settled(1)) {
            head = now;
        }
    }

    /// [`take`](Self::take), and tells the others in line if it may have been the last.
    ///
    /// # Safety
    ///
    /// As `take`.
    unsafe fn take_and_tell(&self, head: Cursor) -> T {
        // SAFETY: I1, as the caller promises.
        let value = unsafe { self.take(head.position()) };
        // By promises the ring becomes empty behind the backs of those in line: they wait for what is spilled, or the end.
        if head.has(Flag::Closed) || (head.has(Flag::Gate) && self.policy().is_some()) {
            self.serve_receivers();
        }
        value
    }

    /// Takes the value out of a claimed slot, and gives the slot back.
    ///
    /// # Safety
    ///
    /// The caller has claimed `position` for receiving, and it is full (I1).
    #[inline(always)]
    unsafe fn take(&self, position: u64) -> T {
        // SAFETY: as the caller promises (I1).
        let value = unsafe { self.take_quietly(position) };
        self.room_was_made();
        value
    }

    /// [`take`](Self::take), without telling senders of the room.
    ///
    /// # Safety
    ///
    /// As `take`.
    #[inline(always)]
    unsafe fn take_quietly(&self, position: u64) -> T {
        let slots = self.head.slots;
        // SAFETY: I1, as the caller promises.
        let value = unsafe { slots.read(position) };
        let next = slots.turn(position + slots.mask + 1);
        // SAFETY: I8: `self` lives.
        // Release pairs with the Acquire in `wait_until_free`: this side is done with the slot.
        unsafe { slots.slot(position) }
            .stamp
            .store(next, Ordering::Release);
        value
    }

    /// Moves up to `limit` messages that are there to the end of `out`. Returns how many.
    pub(crate) fn pop_many(&self, out: &mut Vec<T>, limit: usize) -> usize {
        let before = out.len();
        while out.len() - before < limit {
            match self.pop() {
                Pop::Value(value) => out.push(value),
                _ => break,
            }
        }
        out.len() - before
    }

    /// Promises what is there to those in line.
    pub(super) fn serve_receivers(&self) {
        let mut spilled = None;
        self.tail.receivers.queue.serve_and(
            |request| self.fulfil_receive(request, &mut spilled),
            || self.open_head(),
        );
    }

    /// Promises a message to the first in line, if there is one. `spilled` is how many can still be told of a spilled
    /// message: asked here, since it must be after the barrier of who got in line.
    pub(super) fn fulfil_receive(
        &self,
        request: &mut RecvRequest,
        spilled: &mut Option<usize>,
    ) -> bool {
        let spilled = spilled.get_or_insert_with(|| self.spilled());
        loop {
            let head = self.head.word.load();
            let starving =
                self.head.fair || head.distance_from(request.since) >= self.tail.capacity;
            if self.is_full(head.position() + head.owed()) && head.owed() < Cursor::OWED_MAX {
                if self.head.word.change(head, head.owing(1)).is_ok() {
                    request.outcome = Outcome::Promised;
                    return true;
                }
                continue;
            }
            if self.head.word.load() != head {
                continue;
            }
            if self.is_over() {
                request.outcome = Outcome::Ended;
                return true;
            }
            // What is spilled is behind what is in the ring, even if all of that is promised to others.
            if *spilled > 0 && self.tail.word.load().distance_from(head.position()) == 0 {
                *spilled -= 1;
                request.outcome = Outcome::Retry;
                return true;
            }
            // Who takes the last of what is promised tells those who wait for what is spilled: by the gate.
            match (starving || *spilled > 0, head.has(Flag::Gate)) {
                // Another head than before: somebody has taken a message, and did not see the gate.
                (true, false) if self.head.word.set(Flag::Gate) != head => continue,
                (false, true) => self.open_head(),
                _ => {}
            }
            return false;
        }
    }

    /// Lets newcomers in again.
    pub(super) fn open_head(&self) {
        if self.head.word.load().has(Flag::Gate) {
            self.head.word.clear(Flag::Gate);
        }
    }

    pub(crate) fn receiver_count(&self) -> &AtomicUsize {
        &self.tail.receivers.count
    }

    pub(super) fn receiver_queue(&self) -> &WaitQueue<RecvRequest> {
        &self.tail.receivers.queue
    }
}

/// A handle to the receivers' wait queue of a ring.
#[derive(Clone)]
pub(crate) struct ReceiverLine<R>(pub(crate) R);

// SAFETY: I9: the queue is a field of the ring; a reference's target does not change.
unsafe impl<T> Queue for ReceiverLine<&Ring<T, Many>> {
    type Request = RecvRequest;

    fn wait_queue(&self) -> &WaitQueue<RecvRequest> {
        self.0.receiver_queue()
    }

    fn left(&self, request: RecvRequest, served: bool) {
        self.0.receiver_left(&request, served);
    }
}

// SAFETY: I9: the queue is a field of the ring; a handle's target does not change, and stays while the handle lives.
unsafe impl<T> Queue for ReceiverLine<SharedRing<T, Many>> {
    type Request = RecvRequest;

    fn wait_queue(&self) -> &WaitQueue<RecvRequest> {
        self.0.receiver_queue()
    }

    fn left(&self, request: RecvRequest, served: bool) {
        self.0.receiver_left(&request, served);
    }
}

impl<T> Ring<T, Many> {
    /// A receiver went away from the line: what it was promised goes to the next.
    fn receiver_left(&self, request: &RecvRequest, served: bool) {
        if served && request.outcome == Outcome::Promised {
            self.unpromise();
        }
        self.serve_receivers();
    }
}
