//! One limit in one atomic word.
//!
//! ```text
//!     63                                        1   0
//!    ┌───────────────────────────────────────────┬─────┐
//!    │ theoretical arrival time, in units        │ turn│      turn: which of the two paces is in force
//!    └───────────────────────────────────────────┴─────┘
//! ```
//!
//! To take permits is to compare-and-swap the word; to be denied is to load it. The pace lies beside it, twice: a change
//! writes the one that is not in force, and then turns the word's bit together with the time that is right for the new
//! pace. So a decision by the old pace fails its compare-and-swap.
//!
//! # Invariants
//!
//! G1. The pace of a turn is written only by [`Gcra::change`], under the lock, before the word says that turn.
//! G2. The word's turn changes only under the lock.
//! G3. The time in the word goes back only in [`Gcra::give_back`], under the lock, and then by no more than `returned`
//!     grows after it.
//!
//! Who loads the word, sleeps through two changes and then reads the pace may read halves of two paces. It takes
//! something only if the word is the very same again, and then no more than one of the two bursts.
//!
//! # Giving back
//!
//! What a waiter was given and did not take must not be given back twice: once by the passing of time, which refills, and
//! once more by hand. Let its permits lie at `[end − cost, end]` on the time line of what was admitted. Had it not been
//! admitted, all that came after would lie earlier by `cost`, or would have been held up at its own moment, which is no
//! later than now. So moving the line back by `min(cost, end − now)` is never too much: nothing is put before where it
//! would lie, or before now. Where others have given back since, `end` is earlier by at most what they did, the growth of
//! `returned`; it is read before the take, and grows after the word was moved, so that a take at the same time errs to
//! the safe side.
//!
//! # Why not `fetch_add`
//!
//! To add the cost and take it back when it was too much is one instruction without a loop. But others see what will be
//! taken back and are denied permits that are there; and an idle limiter's time has to be brought up to now first, which
//! is a compare-and-swap again. Here, who fails one pauses for a moment, so that the cache line stays with the one who
//! has it for a few decisions.

use aqueduct_core::sync::{AtomicU32, AtomicU64, Lock, Ordering, spin_loop};

use super::pace::{Denied, Pace};

/// The word's bit that tells which pace is in force.
const TURN: u64 = 1;

/// Pauses after a failed compare-and-swap: so many after the first, doubled each time, up to the most. At 15 ns each that is
/// a tenth of a microsecond, and one. Of two threads that do nothing else each has its half, within a tenth, with 1 to 16
/// pauses as with these; those cost 120 ns a decision, these 70.
const PAUSES: u32 = if cfg!(aqueduct_loom) { 1 } else { 8 };
const PAUSES_MAX: u32 = if cfg!(aqueduct_loom) { 1 } else { 64 };

#[derive(Debug)]
pub(super) struct Gcra {
    word: AtomicU64,
    paces: [AtomicPace; 2],
    /// Units given back by hand, ever.
    returned: AtomicU64,
    /// How many changes of the pace there were.
    changes: AtomicU32,
    lock: Lock<()>,
}

#[derive(Debug)]
struct AtomicPace {
    interval: AtomicU64,
    span: AtomicU64,
    burst: AtomicU32,
}

/// What became of one try to take permits.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// They were there; the rate is used up to that time.
    Taken(u64),
    /// They were not.
    Denied,
    /// Somebody else has changed the word meanwhile.
    Overtaken,
}

/// What was taken, for who may give it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    end: u64,
    permits: u32,
    returned: u64,
    changes: u32,
}

impl Gcra {
    #[cfg(test)]
    fn new(pace: Pace) -> Self {
        Self::used_until(pace, 0)
    }

    /// A limit whose rate is used up to a time.
    pub(super) fn used_until(pace: Pace, tat: u64) -> Self {
        Self {
            word: AtomicU64::new(tat << 1),
            paces: [AtomicPace::new(pace), AtomicPace::new(pace)],
            returned: AtomicU64::new(0),
            changes: AtomicU32::new(0),
            lock: Lock::new(()),
        }
    }

    /// Takes `n` permits at the moment `now`, and returns the time up to which the rate is used then.
    pub(super) fn take(&self, now: u64, n: u32) -> Result<u64, Denied> {
        match self.try_take(now, n) {
            Tried::Taken(end) => Ok(end),
            Tried::Denied => self.take_again(now, n),
            Tried::Overtaken => self.take_contended(now, n),
        }
    }

    /// The first try of [`take`](Self::take), which nearly always is the last: small enough to be a part of its caller.
    #[inline(always)]
    pub(super) fn try_take(&self, now: u64, n: u32) -> Tried {
        // Pairs with the Release in `change`: the pace of the word's turn is seen (G1). Takes in between are
        // read-modify-writes, which carry it on.
        let word = self.word.load(Ordering::Acquire);
        // A branch, and not an index as in `pace`: so the processor has the pace before it has the word.
        match word & TURN {
            0 => self.try_take_by(self.paces[0].load(), word, now, n),
            _ => self.try_take_by(self.paces[1].load(), word, now, n),
        }
    }

    #[inline(always)]
    fn try_take_by(&self, pace: Pace, word: u64, now: u64, n: u32) -> Tried {
        let Some(end) = pace.decide(word >> 1, now, n) else {
            return Tried::Denied;
        };
        let new = end << 1 | word & TURN;
        // Relaxed: who takes publishes nothing but the word.
        let swapped =
            self.word
                .compare_exchange_weak(word, new, Ordering::Relaxed, Ordering::Relaxed);
        match swapped {
            Ok(_) => Tried::Taken(end),
            Err(_) => Tried::Overtaken,
        }
    }

    /// Takes after somebody else was quicker.
    #[cold]
    pub(super) fn take_contended(&self, now: u64, n: u32) -> Result<u64, Denied> {
        let mut pauses = PAUSES;
        loop {
            for _ in 0..pauses {
                spin_loop();
            }
            pauses = PAUSES_MAX.min(2 * pauses);
            match self.try_take(now, n) {
                Tried::Taken(end) => return Ok(end),
                Tried::Denied => return self.take_again(now, n),
                Tried::Overtaken => {}
            }
        }
    }

    /// Takes after a denial, or says why not: what is there by now is the answer, not what was.
    #[cold]
    pub(super) fn take_again(&self, now: u64, n: u32) -> Result<u64, Denied> {
        loop {
            // Pairs with the Release in `change`, as in `try_take`.
            let word = self.word.load(Ordering::Acquire);
            let pace = self.pace(word);
            if pace.decide(word >> 1, now, n).is_none() {
                return Err(pace.denied(word >> 1, now, n));
            }
            if let Tried::Taken(end) = self.try_take(now, n) {
                return Ok(end);
            }
        }
    }

    /// As [`take`](Self::take), for who may give it back.
    pub(super) fn take_to_keep(&self, now: u64, n: u32) -> Result<Taken, Denied> {
        // Pairs with the Release in `change`. This and the next are read before the word, so that what happens in between
        // counts as having happened since.
        let changes = self.changes.load(Ordering::Acquire);
        // Pairs with the Release in `give_back`.
        let returned = self.returned.load(Ordering::Acquire);
        let end = self.take(now, n)?;
        Ok(Taken {
            end,
            permits: n,
            returned,
            changes,
        })
    }

    /// Gives back of what was taken as much as time has not given back by itself. What was taken before the last change
    /// of the pace stays taken.
    pub(super) fn give_back(&self, taken: Taken, now: u64) {
        let _guard = self.lock.lock();
        // Relaxed: written under the lock only.
        if self.changes.load(Ordering::Relaxed) != taken.changes {
            return;
        }
        let returned = self.returned.load(Ordering::Relaxed);
        let mut word = self.word.load(Ordering::Relaxed);
        let cost = self.pace(word).cost(taken.permits.into());
        let end = taken.end.saturating_sub(returned - taken.returned);
        let back = cost.min(end.saturating_sub(now));
        while let Err(seen) = self.word.compare_exchange_weak(
            word,
            word - (back << 1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            word = seen;
        }
        // Pairs with the Acquire in `take_to_keep`: who sees this amount sees the word moved (G3).
        self.returned.store(returned + back, Ordering::Release);
    }

    /// Whether time has given back all of what was taken.
    #[cfg(feature = "tower")]
    pub(super) fn has_lapsed(&self, taken: &Taken, now: u64) -> bool {
        // Pairs with the Release in `give_back`.
        let returned = self.returned.load(Ordering::Acquire);
        taken.end.saturating_sub(returned - taken.returned) <= now
    }

    /// Puts another pace in force, which finds as many permits used as there were.
    pub(super) fn change(&self, pace: Pace, now: u64) {
        let _guard = self.lock.lock();
        let mut word = self.word.load(Ordering::Relaxed);
        let old = self.pace(word);
        let turn = word & TURN ^ TURN;
        self.paces[turn as usize].store(pace);
        // Release pairs with the Acquire in `take`: who sees the turn sees its pace (G1).
        while let Err(seen) = self.word.compare_exchange_weak(
            word,
            pace.carry_over(old, word >> 1, now) << 1 | turn,
            Ordering::Release,
            Ordering::Relaxed,
        ) {
            word = seen;
        }
        // Pairs with the Acquire in `take_to_keep`. After the word: what is taken in between counts as taken before.
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How many units until `n` permits have become free, apart from those that are free now.
    pub(super) fn delay(&self, now: u64, n: u64) -> u64 {
        // Pairs with the Release in `change`.
        let word = self.word.load(Ordering::Acquire);
        self.pace(word).delay(word >> 1, now, n)
    }

    pub(super) fn available(&self, now: u64) -> u32 {
        // Pairs with the Release in `change`.
        let word = self.word.load(Ordering::Acquire);
        self.pace(word).available(word >> 1, now)
    }

    /// The time up to which the rate is used.
    pub(super) fn tat(&self) -> u64 {
        self.word.load(Ordering::Relaxed) >> 1
    }

    pub(super) fn burst(&self) -> u32 {
        // Pairs with the Release in `change`.
        self.pace(self.word.load(Ordering::Acquire)).burst
    }

    #[inline(always)]
    fn pace(&self, word: u64) -> Pace {
        self.paces[(word & TURN) as usize].load()
    }
}

impl AtomicPace {
    fn new(pace: Pace) -> Self {
        Self {
            interval: AtomicU64::new(pace.interval),
            span: AtomicU64::new(pace.span),
            burst: AtomicU32::new(pace.burst),
        }
    }

    #[inline(always)]
    fn load(&self) -> Pace {
        Pace {
            interval: self.interval.load(Ordering::Relaxed),
            span: self.span.load(Ordering::Relaxed),
            burst: self.burst.load(Ordering::Relaxed),
        }
    }

    fn store(&self, pace: Pace) {
        self.interval.store(pace.interval, Ordering::Relaxed);
        self.span.store(pace.span, Ordering::Relaxed);
        self.burst.store(pace.burst, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "gcra/tests/loom.rs"]
mod loom;
