//! The head of the list: what is taken, by whom.
//!
//! There is one consumer at a time (I4). The receiver of an mpsc channel is it for good, and takes with plain loads
//! and stores ([`Sole`]); the receivers of an mpmc channel take turns ([`List::pop`]), which is one
//! compare-and-swap.
//!
//! # Why turns
//!
//! The usual way is to claim a position by compare-and-swap on the head, and to read the slot afterwards. Then the
//! block must be kept until its last reader is out, which takes a second read-modify-write, on the slot, for every
//! message; and the claim comes before the look, so that a consumer that claimed the slot of a lagging producer can
//! only wait for it, holding the message hostage. With turns the consumer looks first and can say
//! [`Pop::Lagging`], batches take one turn, and retiring a block needs no count of readers. The price is that a
//! consumer preempted within its turn (some 10 ns, nothing of the user's runs in it) holds up the others until it
//! runs again; with claims a consumer preempted while it installs the next block does the same.

use aqueduct_core::sync::{AtomicBool, AtomicU64, Ordering, UnsafeCell};

use super::block::Block;
use crate::pop::Pop;
use crate::snooze::Snooze;

use super::{LAST, List, SLOTS};

pub(super) struct Head<T> {
    /// Where the next message is taken. Written by the consumer, read by whoever counts.
    position: AtomicU64,
    /// The block of that position; the consumer's.
    block: UnsafeCell<Block<T>>,
    /// Whether somebody has the turn.
    taken: AtomicBool,
}

impl<T> Head<T> {
    pub(super) fn new(block: Block<T>, position: u64) -> Self {
        Self {
            position: AtomicU64::new(position),
            block: UnsafeCell::new(block),
            taken: AtomicBool::new(false),
        }
    }

    pub(super) fn position(&self) -> u64 {
        // Acquire: who counts must not find the tail before the head. Pairs with the Release stores in `Sole`.
        self.position.load(Ordering::Acquire)
    }
}

/// The right to take from a list.
pub(crate) struct Sole<'a, T> {
    list: &'a List<T>,
}

impl<T> Sole<'_, T> {
    /// Takes the oldest message.
    #[inline]
    pub(crate) fn pop(&mut self) -> Pop<T> {
        let head = &*self.list.head;
        let position = head.position.load(Ordering::Relaxed);
        let offset = (position % SLOTS as u64) as usize;
        // SAFETY: `self` is the consumer (I4), so the block is alive (I5) and the slot not passed; it is passed here.
        unsafe {
            let block = head.block.with(|block| *block);
            if !block.is_ready(offset) {
                return self.list.idle(position);
            }
            let value = block.take(offset);
            if offset == LAST {
                self.next_block(block);
            }
            // Release: pairs with the Acquire in `Head::position`.
            head.position.store(position + 1, Ordering::Release);
            Pop::Value(value)
        }
    }

    /// Takes up to `limit` messages, as many as are there, and says how many.
    pub(crate) fn pop_many(&mut self, into: &mut Vec<T>, limit: usize) -> usize {
        into.reserve(limit.min(self.list.len()));
        let limit = limit.min(into.capacity() - into.len());
        let mut count = 0;
        while count < limit {
            let run = self.pop_run(into, limit - count);
            if run == 0 {
                break;
            }
            count += run;
        }
        count
    }

    /// Takes what is there of one block. `into` has room for `limit` more.
    fn pop_run(&mut self, into: &mut Vec<T>, limit: usize) -> usize {
        let head = &*self.list.head;
        let position = head.position.load(Ordering::Relaxed);
        let start = (position % SLOTS as u64) as usize;
        let limit = limit.min(SLOTS - start);
        let room = &mut into.spare_capacity_mut()[..limit];
        let mut count = 0;
        // SAFETY: `self` is the consumer (I4), so the block is alive (I5) and the slots not passed; those whose mark is
        // seen (I2) are passed here, and nothing between their `take` and the store of the position can panic.
        // `room[..count]` was written.
        unsafe {
            let block = head.block.with(|block| *block);
            while count < limit && block.is_ready(start + count) {
                room[count].write(block.take(start + count));
                count += 1;
            }
            if start + count == SLOTS {
                self.next_block(block);
            }
            into.set_len(into.len() + count);
        }
        // Release: pairs with the Acquire in `Head::position`.
        head.position
            .store(position + count as u64, Ordering::Release);
        count
    }

    /// Goes to the next block and retires this one.
    ///
    /// # Safety
    ///
    /// `block` is the head's, and all of it has been taken.
    #[inline(never)]
    unsafe fn next_block(&mut self, block: Block<T>) {
        // SAFETY: the mark of the last slot was seen, so the next block is linked (I3). Afterwards nobody has a claim
        // in this block, and nobody looks at it (I5): it is ours alone (I6).
        unsafe {
            let next = block.next();
            self.list.head.block.with_mut(|head| *head = next);
            self.list.chain.spares.put(block);
        }
    }
}

/// One consumer's turn; ends when it is dropped.
struct Turn<'a>(&'a AtomicBool);

impl<'a> Turn<'a> {
    /// `lost` is called once if another consumer has the turn.
    #[inline]
    fn take(taken: &'a AtomicBool, lost: impl FnOnce()) -> Self {
        if !Self::try_take(taken) {
            lost();
            let mut snooze = Snooze::new();
            while !Self::try_take(taken) {
                snooze.snooze();
            }
        }
        Self(taken)
    }

    #[inline]
    fn try_take(taken: &AtomicBool) -> bool {
        !taken.load(Ordering::Relaxed)
            && taken
                // Acquire: the head as the last consumer left it. Pairs with the Release in `drop`.
                .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release: hands the head over. Pairs with the Acquire in `take`.
        self.0.store(false, Ordering::Release);
    }
}

impl<T> List<T> {
    /// Takes the oldest message, of several consumers.
    #[inline]
    pub(crate) fn pop(&self) -> Pop<T> {
        self.pop_after(|_| {})
    }

    /// [`pop`](Self::pop), which calls `lost` with a recent position, before it waits, if another consumer has the turn.
    #[inline]
    pub(crate) fn pop_after(&self, lost: impl FnOnce(u64)) -> Pop<T> {
        let _turn = Turn::take(&self.head.taken, || lost(self.head.position()));
        Sole { list: self }.pop()
    }

    /// Takes up to `limit` messages in one turn, as many as are there, and says how many.
    pub(crate) fn pop_many(&self, into: &mut Vec<T>, limit: usize) -> usize {
        // Before the turn, so that the allocator does not run within it; `Sole` then finds nothing to reserve but for
        // what came in between.
        into.reserve(limit.min(self.len()));
        let limit = limit.min(into.capacity() - into.len());
        let _turn = Turn::take(&self.head.taken, || {});
        Sole { list: self }.pop_many(into, limit)
    }

    /// The consumer's end, for the only one there is.
    ///
    /// # Safety
    ///
    /// As long as the returned value is used, nobody else takes from this list: neither through another one of these,
    /// nor with [`List::pop`] or [`List::pop_many`].
    #[inline(always)]
    pub(crate) unsafe fn sole(&self) -> Sole<'_, T> {
        Sole { list: self }
    }

    /// The consumer's end, for the owner of the list.
    pub(super) fn sole_mut(&mut self) -> Sole<'_, T> {
        Sole { list: self }
    }

    /// What a slot without a mark means.
    #[cold]
    fn idle(&self, position: u64) -> Pop<T> {
        let end = self.tail.end(&self.chain.closed_at);
        match super::word::distance(position, end.position) {
            0 if end.closed => Pop::Ended,
            0 => Pop::Empty,
            _ => Pop::Lagging,
        }
    }

    /// The head's block, which is the last one once the list is drained.
    pub(super) fn head_block(&mut self) -> Block<T> {
        self.head.block.with(|block| {
            // SAFETY: I4: `&mut self`: nobody else is there.
            unsafe { *block }
        })
    }
}
