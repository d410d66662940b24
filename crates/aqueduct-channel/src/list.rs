//! The queue of the unbounded channels: a chain of blocks.
//!
//! Only the queue: it knows no waker and waits for nothing but a few instructions of another thread.
//!
//! ```text
//!            head                                              tail word: closed? lap 2, offset 1
//!             ▼                                                 ▼
//!       lap 0 (small)           lap 1                         lap 2
//!     ┌──┬──┬──┬──┐   next    ┌──┬──┬──┬ ─ ─ ┬──┐   next    ┌──┬──┬──┬ ─ ─ ┬──┐
//!     │░░│░░│m3│m4├──────────►│m5│m6│··│     │m8├──────────►│m9│··│  │     │  │   ░░ taken   ·· claimed, not yet
//!     └──┴──┴──┴──┘◄──────────┴──┴──┴──┴ ─ ─ ┴──┘◄──────────┴──┴──┴──┴ ─ ─ ┴──┘                  written (lagging)
//!                     prev                          prev      ▲
//!                                                             chain.block, chain.lap
//! ```
//!
//! To send is one compare-and-swap on the tail word, which gives a lap and an offset; one look at `chain` for the block of
//! that lap; the message; its mark. To receive is one look at the next mark; the consumer reads the tail word only
//! where there is no mark. The owner of a block's last slot makes the next block and then opens the next lap, for
//! which the other producers wait. The proof, step by step, is in `docs/internals/unbounded.md`.
//!
//! # Invariants
//!
//! I1. *Claim.* The tail word gives each slot to one producer, which alone writes it until it marks it. Nothing of
//!     the user's runs between a claim and its mark, so every claimed slot is marked in the end.
//! I2. *Mark.* A slot is marked once a lap, after its message was written, and marking it (Release) is the last thing
//!     its producer does to the block. The consumer touches a slot only after it has seen the mark (Acquire).
//! I3. *Extend first.* The owner of a block's last slot links the next block, publishes it in `chain` and opens its
//!     lap, all before it marks its slot. So who sees that mark finds the link, and who claims in a lap finds that
//!     lap's block, or a later one, in `chain`.
//! I4. *One consumer.* At any time one thread at most is the consumer: the only one there is ([`List::sole`]), who has
//!     the turn ([`List::pop`]), or the owner of the list. It alone touches the head, and passes the slots in order.
//! I5. *Alive.* A block is retired when the consumer has passed its last slot. So as long as a slot of lap L is not
//!     marked, the blocks of lap L and later are alive, and producers touch no others: the owner of that slot looks
//!     them up by I3, and walks back as far as L.
//! I6. *Alone.* A block that is not in the chain belongs to one thread, or to `spares`.
//! I7. *End.* No claim succeeds once the tail word is closed, and `closed_at` is then the position after the last one
//!     that did. So what was sent with `Ok` is all received before [`Pop::Ended`].
//! I8. *Batch.* A batch's vector has length 0 while it lives; of its first `len` messages those from `taken` on are there.
//!
//! # Why not …
//!
//! - *`fetch_add` for the claim*? It fetches the line once, and cannot fail. But so no producer learns that another core
//!   is at the line too: measured with four producers on two cores, 110 ns a message, as the line crosses between the
//!   cores for each. A swap that fails tells its producer to stay away for a while, and it is 25 ns.
//! - *Walk forward from a pointer that lags behind* (Tokio's list)? A producer that stalls holds that pointer back, and
//!   all others walk further with every block. Here the pointer is never behind, and only a producer that was stopped
//!   for a whole lap, between its claim and its look at `chain`, walks back as many blocks as it slept through.
//! - *Free a block when its last user leaves* (a bit or a count for each slot)? A second read-modify-write for each
//!   message. By I5 there is never a user of a block that the consumer is done with.
//! - *Pack the block's pointer into the tail word*? Pointers do not leave 16 bits free everywhere.

mod block;
mod consumer;
mod spares;
mod word;

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicPtr, AtomicU64, Ordering};

use crate::pop::Pop;

use self::block::{Block, Header};
use self::consumer::Head;
use self::spares::Spares;
use self::word::{Claim, ClosedAt, Place, Word};

/// A queue without bound, of many producers.
///
/// Messages that are still inside when it is dropped are dropped with it.
pub(crate) struct List<T> {
    /// Written by every producer for every message.
    tail: Padded<Word>,
    /// Written once a block, read by every producer for every message.
    chain: Padded<Chain<T>>,
    /// Written by the consumer for every message.
    head: Padded<Head<T>>,
}

/// The block that producers write to.
struct Chain<T> {
    block: AtomicPtr<Header<T>>,
    /// Its lap: stored before the block, read after it.
    lap: AtomicU64,
    closed_at: ClosedAt,
    spares: Spares<T>,
}

/// The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

// SAFETY: messages move from thread to thread (Send), and no two threads ever touch a slot at once (I1, I2, I4). What
// else there is to a list is atomic, or the consumer's (I4).
unsafe impl<T: Send> Send for List<T> {}
// SAFETY: I1, I2 and I4, as above.
unsafe impl<T: Send> Sync for List<T> {}

impl<T> List<T> {
    /// Slots of the first block: few, for there are programs with 100,000 idle channels.
    const FIRST: usize = if cfg!(aqueduct_loom) {
        1
    } else {
        match 256 / size_of_or_1::<T>() {
            0 => 1,
            fit if fit < 8 => fit,
            _ => 8,
        }
    };
    /// The offset, and so the position, of the first message.
    const START: usize = SLOTS - Self::FIRST;

    /// An empty list.
    pub(crate) fn new() -> Self {
        let block = Block::alloc(Self::FIRST);
        Self {
            tail: Padded(Word::new(Self::START)),
            chain: Padded(Chain {
                block: AtomicPtr::new(block.as_raw()),
                lap: AtomicU64::new(0),
                closed_at: ClosedAt::new(),
                spares: Spares::new(),
            }),
            head: Padded(Head::new(block, Self::START as u64)),
        }
    }

    /// Appends a message, or hands it back if the list is closed.
    ///
    /// When it returns, the message can be received, but for the messages before it that lag. `lost` is called with
    /// each position that another producer was faster to claim.
    #[inline]
    pub(crate) fn push(&self, value: T, mut lost: impl FnMut(u64)) -> Result<(), T> {
        match self.tail.claim(&mut lost) {
            Claim::Slot(place) => {
                // SAFETY: I1: just claimed.
                unsafe { self.fill(place, value) };
                Ok(())
            }
            refused => self.push_slow(refused, value, lost),
        }
    }

    /// Appends a message after the first claim was refused.
    #[cold]
    fn push_slow(&self, mut claim: Claim, value: T, mut lost: impl FnMut(u64)) -> Result<(), T> {
        loop {
            match claim {
                Claim::Slot(place) => {
                    // SAFETY: I1: just claimed.
                    unsafe { self.fill(place, value) };
                    return Ok(());
                }
                Claim::Full(lap) => self.tail.wait_past(lap),
                Claim::Closed => return Err(value),
            }
            claim = self.tail.claim(&mut lost);
        }
    }

    /// Appends all messages of `from` in their order, other producers' messages between them.
    ///
    /// One read-modify-write for what goes into one block. If the list is closed on the way, the messages that were
    /// not appended stay in `from`.
    pub(crate) fn push_many(&self, from: &mut Vec<T>) -> Result<(), Closed> {
        let mut batch = Batch::new(from);
        while batch.len() > 0 {
            match self.tail.claim_up_to(batch.len()) {
                (Claim::Slot(place), count) => {
                    // SAFETY: I1: just claimed, `count` slots; there are so many messages.
                    unsafe { self.fill_many(place, count, &mut batch) };
                }
                (Claim::Full(lap), _) => self.tail.wait_past(lap),
                (Claim::Closed, _) => return Err(Closed),
            }
        }
        Ok(())
    }

    /// Writes a message into its slot.
    ///
    /// # Safety
    ///
    /// The caller has claimed it (I1), and not used it.
    #[inline(always)]
    unsafe fn fill(&self, place: Place, value: T) {
        // SAFETY: claimed, as the caller promises, so the block that is looked up is alive (I5) and the slot the
        // caller's (I1). If it is the last one, the block is extended first (I3).
        unsafe {
            let block = self.block_of(place.lap);
            if place.offset == LAST {
                self.extend(block, place.lap);
            }
            block.fill(place.offset, value);
        }
        if place.offset == STOCK {
            self.chain.spares.stock();
        }
    }

    /// Writes the first `count` messages of a batch into as many slots.
    ///
    /// # Safety
    ///
    /// The caller has claimed them (I1), and not used them; the batch has so many.
    unsafe fn fill_many(&self, place: Place, count: usize, batch: &mut Batch<'_, T>) {
        let end = place.offset + count;
        // SAFETY: as in `fill`. The block stays alive until the last of the slots is marked (I5).
        unsafe {
            let block = self.block_of(place.lap);
            if end == SLOTS {
                self.extend(block, place.lap);
            }
            for offset in place.offset..end {
                block.fill(offset, batch.take());
            }
        }
        if (place.offset..end).contains(&STOCK) {
            self.chain.spares.stock();
        }
    }

    /// The block of a lap.
    ///
    /// # Safety
    ///
    /// The caller owns an unmarked slot of that lap.
    #[inline(always)]
    unsafe fn block_of(&self, lap: u64) -> Block<T> {
        // Acquire: the block as it was published, and the lap that was stored before it. Pairs with the Release in
        // `extend`.
        let raw = self.chain.block.load(Ordering::Acquire);
        // SAFETY: I3: `chain` holds what `as_raw` gave.
        let block = unsafe { Block::from_raw(raw) };
        // By I3 the block is of this lap or a later one, and what is read here is its lap or that of a later block. So
        // if it is this lap, the block is this lap's.
        if self.chain.lap.load(Ordering::Relaxed) == lap {
            return block;
        }
        // SAFETY: I5: the caller's slot is unmarked, and the block not of an earlier lap.
        unsafe { block.walk_back(lap) }
    }

    /// Appends a block and opens its lap (I3).
    ///
    /// # Safety
    ///
    /// The caller owns the last slot of `block`, unmarked, which is of lap `lap`.
    #[inline(never)]
    unsafe fn extend(&self, block: Block<T>, lap: u64) {
        let lap = word::lap_after(lap);
        let next = self.chain.spares.take();
        // SAFETY: the caller owns the last slot; `next` is its alone (I6).
        unsafe { block.link(next, lap) };
        self.chain.lap.store(lap, Ordering::Relaxed);
        // Release: the block, its lap and its link back. Pairs with the Acquire in `block_of`.
        self.chain.block.store(next.as_raw(), Ordering::Release);
        self.tail.open(lap);
    }

    /// Refuses messages from now on. Says whether it did not before.
    ///
    /// Exact: what was sent with `Ok` before, or meanwhile, is received.
    pub(crate) fn close(&self) -> bool {
        self.tail.close(&self.chain.closed_at)
    }

    /// Whether messages are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.tail.is_closed()
    }

    /// How many messages are inside; those that lag are counted.
    pub(crate) fn len(&self) -> usize {
        // The head first, so that the tail is not before it.
        let head = self.head.position();
        let end = self.tail.end(&self.chain.closed_at);
        word::distance(head, end.position) as usize
    }

    /// How many messages were ever appended.
    pub(crate) fn sent(&self) -> u64 {
        let head = self.head.position();
        let end = self.tail.end(&self.chain.closed_at);
        head - Self::START as u64 + word::distance(head, end.position)
    }

    /// How many messages were ever taken.
    pub(crate) fn received(&self) -> u64 {
        self.head.position() - Self::START as u64
    }

    /// Gives back the memory that is kept for later; the block in use stays.
    pub(crate) fn shrink(&self) {
        self.chain.spares.clear();
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        /// Drops what is left even if one of the messages panics as it is dropped; if another one does, the process
        /// aborts.
        struct Rest<'a, T>(&'a mut List<T>);

        impl<T> Rest<'_, T> {
            fn drain(&mut self) {
                while let Pop::Value(value) = self.0.sole_mut().pop() {
                    drop(value);
                }
            }
        }

        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                self.drain();
                let last = self.0.head_block();
                // SAFETY: by I1 there is no unmarked slot once all producers are gone, so the list is drained and the
                // chain this one block, which nobody else can reach (`&mut`, I6).
                unsafe { last.free() };
                self.0.shrink();
            }
        }

        Rest(self).drain();
    }
}

/// The messages of a vector, from the front. Closes the gap when it is dropped.
struct Batch<'a, T> {
    from: &'a mut Vec<T>,
    /// The vector's length is 0 meanwhile; its first `taken` messages are gone, the others up to `len` still there.
    taken: usize,
    len: usize,
}

impl<'a, T> Batch<'a, T> {
    fn new(from: &'a mut Vec<T>) -> Self {
        let len = from.len();
        // SAFETY: I8: shorter than it was. The messages come back in `drop`.
        unsafe { from.set_len(0) };
        Self {
            from,
            taken: 0,
            len,
        }
    }

    fn len(&self) -> usize {
        self.len - self.taken
    }

    /// # Safety
    ///
    /// There is one left.
    #[inline(always)]
    unsafe fn take(&mut self) -> T {
        debug_assert!(self.taken < self.len);
        // SAFETY: I8: initialised, by the fields' meaning and the caller's promise, and read once.
        let value = unsafe { self.from.as_ptr().add(self.taken).read() };
        self.taken += 1;
        value
    }
}

impl<T> Drop for Batch<'_, T> {
    fn drop(&mut self) {
        let rest = self.len();
        let start = self.from.as_mut_ptr();
        // SAFETY: I8: `rest` messages are left from `taken` on, and move to the front.
        unsafe {
            start.copy_from(start.add(self.taken), rest);
            self.from.set_len(rest);
        }
    }
}

const SLOTS_LOG2: u32 = if cfg!(aqueduct_loom) { 1 } else { 5 };
/// Slots of a lap, and of every block but the first.
const SLOTS: usize = 1 << SLOTS_LOG2;
const LAST: usize = SLOTS - 1;
/// Who fills this slot sees to it that there is a spare block, so that the owner of the last slot, for whom the other
/// producers wait, need not allocate.
const STOCK: usize = SLOTS / 2;

const fn size_of_or_1<T>() -> usize {
    if size_of::<T>() == 0 {
        1
    } else {
        size_of::<T>()
    }
}

#[cfg(test)]
mod tests;
