//! How far a receiver is, for senders to see.
//!
//! One word: `{ position: 63, AWAITED: 1 }`. The receiver alone moves the position. A sender that waits for room marks
//! one receiver that is furthest behind: as long as that one does not move, there can be no room. The mark is in the very
//! word that the receiver exchanges when it moves, so that it cannot miss it, and no fence is needed.

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{Arc, AtomicU64, AtomicUsize, Ordering};

const AWAITED: u64 = 1;

pub(super) struct Progress {
    word: AtomicU64,
    /// Where it is in the channel's list. Under the channel's lock.
    index: AtomicUsize,
}

impl Progress {
    pub(super) fn new(position: u64, index: usize) -> Arc<Padded<Self>> {
        Arc::new(Padded(Self {
            word: AtomicU64::new(position << 1),
            index: AtomicUsize::new(index),
        }))
    }

    /// The receiver has passed all before `position`. For channels in which nobody waits for it.
    #[inline(always)]
    pub(super) fn publish(&self, position: u64) {
        self.word.store(position << 1, Ordering::Relaxed);
    }

    /// The receiver has passed all before `position`. Says whether a sender waits for that.
    #[inline]
    #[must_use]
    pub(super) fn move_on(&self, position: u64) -> bool {
        self.word.swap(position << 1, Ordering::Relaxed) & AWAITED != 0
    }

    /// How far the receiver is, at least.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.word.load(Ordering::Relaxed) >> 1
    }

    /// Marks the receiver as waited for. False if it is not at `position` any more.
    #[must_use]
    pub(super) fn await_from(&self, position: u64) -> bool {
        // Relaxed: the exchange in `move_on` comes before it, and is seen; or after it, and sees the mark.
        self.word.fetch_or(AWAITED, Ordering::Relaxed) >> 1 == position
    }

    pub(super) fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed)
    }

    pub(super) fn set_index(&self, index: usize) {
        self.index.store(index, Ordering::Relaxed);
    }
}
