//! The word that says who may join and who is left: `{ index, live, watched, aborted, retired, closed }`.
//!
//! Transitions go one way: a group that is closed stays so. [`Word::enter`] is the only one that makes `live` grow, and
//! only where CLOSED is not set; [`Word::enter_unless_over`] also where it is, as long as somebody is alive.

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::{AtomicBool, AtomicU64, Ordering};

use super::Reserved;

const CLOSED: u64 = 1;
const RETIRED: u64 = 1 << 1;
const ABORTED: u64 = 1 << 2;
/// The owner wants to know when nobody is left, also while the group is open.
const WATCHED: u64 = 1 << 3;
/// One alive.
const LIVE: u64 = 1 << 4;
/// As many as there is room for below the index.
pub(super) const LIVE_MAX: u64 = (1 << 28) - 1;
/// One place on in the order of spawning.
const INDEX: u64 = 1 << 32;

pub(super) struct Word {
    packed: AtomicU64,
    /// Whether the group is anything but open: closed, aborted, retired or watched. Each spawn writes the word, and each end
    /// has to look whether it is alone in its shard: while the group is open it looks here, at a line that nobody writes.
    stirred: Padded<AtomicBool>,
}

/// What a flush has made of the word.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    before: u64,
    after: u64,
}

fn live(word: u64) -> usize {
    ((word / LIVE) & LIVE_MAX) as usize
}

fn may_be_over(word: u64) -> bool {
    word & ABORTED != 0 || word & (CLOSED | WATCHED) != 0 && live(word) == 0
}

impl Word {
    pub(super) fn new() -> Self {
        Self {
            packed: AtomicU64::new(0),
            stirred: Padded(AtomicBool::new(false)),
        }
    }

    #[inline]
    pub(super) fn enter(&self) -> Reserved {
        self.enter_below(|| LIVE_MAX as usize)
    }

    /// Counts one more if fewer than `limit` are alive.
    ///
    /// The limit is read after the word, and counts if the word is still the same then. So who makes it smaller comes in
    /// first, and leaves after, and nobody gets in on the larger one.
    #[inline]
    pub(super) fn enter_below(&self, limit: impl Fn() -> usize) -> Reserved {
        // Acquire, here and below, pairs with the Release of `leave`: a task that comes in by the place of one that left
        // comes after it, and a limit that was made smaller before is seen.
        let mut word = self.packed.load(Ordering::Acquire);
        loop {
            if word & CLOSED != 0 {
                return Reserved::Closed;
            }
            if live(word) >= limit().min(LIVE_MAX as usize) {
                return Reserved::Full;
            }
            // The index wraps around, where a group has spawned four thousand million tasks.
            let next = word.wrapping_add(INDEX | LIVE);
            // Acquire pairs with the Release of `leave`, as above.
            match self.packed.compare_exchange_weak(
                word,
                next,
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return Reserved::Index((word / INDEX) as usize),
                Err(now) => word = now,
            }
        }
    }

    /// Counts one more unless all have left for good.
    pub(super) fn enter_unless_over(&self) -> bool {
        let mut word = self.packed.load(Ordering::Relaxed);
        loop {
            if word & CLOSED != 0 && live(word) == 0 {
                return false;
            }
            // Relaxed: nothing comes in with it but the count.
            match self.packed.compare_exchange_weak(
                word,
                word.wrapping_add(LIVE),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Counts one more, closed or not.
    pub(super) fn enter_anyway(&self) {
        // Relaxed: nothing comes in with it but the count.
        self.packed.fetch_add(LIVE, Ordering::Relaxed);
    }

    /// Counts so many out.
    #[inline]
    pub(super) fn leave(&self, count: usize) -> Counted {
        // Release pairs with the Acquire of whoever finds that nobody is left, and with that of `enter_below`; Acquire
        // with the Release of those who left before, for whoever is the last.
        let before = self.packed.fetch_sub(count as u64 * LIVE, Ordering::AcqRel);
        debug_assert!(live(before) >= count, "who leaves was counted");
        Counted {
            before,
            after: before - count as u64 * LIVE,
        }
    }

    /// Says whether it was this call that closed it.
    pub(super) fn close(&self) -> bool {
        // Release pairs with the Acquire in `is_over`: what was done before closing is seen by who finds it over.
        let before = self.packed.fetch_or(CLOSED, Ordering::Release);
        self.stir();
        before & CLOSED == 0
    }

    pub(super) fn abort(&self) {
        // Relaxed: who spawns looks under a lock that the aborting thread takes after this.
        self.packed.fetch_or(ABORTED, Ordering::Relaxed);
        self.stir();
    }

    pub(super) fn retire(&self) {
        // Relaxed: who leaves looks under a lock that the retiring thread takes after this.
        self.packed.fetch_or(RETIRED, Ordering::Relaxed);
        self.stir();
    }

    pub(super) fn watch(&self) {
        // Relaxed: who ends looks under a lock that the owner takes after this.
        self.packed.fetch_or(WATCHED, Ordering::Relaxed);
        self.stir();
    }

    /// After the word, and before the locks that whoever calls this takes next.
    fn stir(&self) {
        // Relaxed: who ends looks under one of those locks.
        self.stirred.0.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn is_stirred(&self) -> bool {
        self.stirred.0.load(Ordering::Relaxed)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.packed.load(Ordering::Relaxed) & CLOSED != 0
    }

    #[inline]
    pub(super) fn is_aborted(&self) -> bool {
        self.packed.load(Ordering::Relaxed) & ABORTED != 0
    }

    #[inline]
    pub(super) fn is_retired(&self) -> bool {
        self.is_stirred() && self.packed.load(Ordering::Relaxed) & RETIRED != 0
    }

    /// Whether nobody is left and nobody will come.
    pub(super) fn is_over(&self) -> bool {
        // Acquire pairs with the Release of `leave`: what members did is seen by who waited for them.
        let word = self.packed.load(Ordering::Acquire);
        word & CLOSED != 0 && live(word) == 0
    }

    pub(super) fn live(&self) -> usize {
        // Acquire pairs with the Release of `leave`, as in `is_over`.
        live(self.packed.load(Ordering::Acquire))
    }

    /// Whether who ends must flush at once, where up to `unflushed_max` may be in the shards.
    #[inline]
    pub(super) fn must_flush(&self, unflushed_max: usize) -> bool {
        if !self.is_stirred() {
            return false;
        }
        let word = self.packed.load(Ordering::Relaxed);
        word & (ABORTED | WATCHED) != 0 || word & CLOSED != 0 && live(word) <= unflushed_max
    }

    /// Whether the owner may have nobody to wait for any more.
    pub(super) fn may_be_over(&self) -> bool {
        // Acquire pairs with the Release of `leave`, as in `is_over`.
        may_be_over(self.packed.load(Ordering::Acquire))
    }
}

impl Counted {
    /// How many it counted out.
    #[inline]
    pub(super) fn count(self) -> usize {
        live(self.before) - live(self.after)
    }

    /// Whether this flush was the one after which every end must flush, so that what was not flushed before is to be
    /// collected.
    #[inline]
    pub(super) fn crosses(self, unflushed_max: usize) -> bool {
        self.after & CLOSED != 0
            && live(self.before) > unflushed_max
            && live(self.after) <= unflushed_max
    }

    /// Whether the owner may have nobody to wait for any more.
    #[inline]
    pub(super) fn may_be_over(self) -> bool {
        may_be_over(self.after)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
