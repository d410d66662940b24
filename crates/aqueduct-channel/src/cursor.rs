//! The word that one side of a ring moves along it.
//!
//! ```text
//!    63      62     61        60 .. 40    39 .. 0
//!  ┌────────┬──────┬──────────┬─────────┬──────────┐
//!  │ CLOSED │ GATE │ SPILLING │  owed   │ position │
//!  └────────┴──────┴──────────┴─────────┴──────────┘
//! ```
//!
//! - *position*: how many slots this side has claimed, modulo 2⁴⁰.
//! - *owed*: how many slots beyond it are promised: at the tail to permits and to senders that were served in the wait
//!   queue, at the head to receivers that were served.
//! - `CLOSED`: nothing new is claimed. At the tail it stops senders; at the head it tells receivers to look for the end.
//! - `GATE`: newcomers get in line, since somebody in line was passed over for too long (or the channel is fair).
//! - `SPILLING` (tail): sends go to the second queue.
//!
//! All of it is one word because a claim must fail when any of it has changed: that makes closing exact, keeps
//! promises without a second counter, and costs the one compare-and-swap that a claim needs anyway.
//!
//! 40 bits of position are 10¹² messages. A claim that stalls between its load and its compare-and-swap for exactly
//! that many, and finds all other bits as they were, would succeed on a stale word; at 10⁸ messages a second it would
//! have to stall for three hours, to the message.

use std::fmt;

use aqueduct_core::sync::{AtomicU64, Ordering};

const POSITION_BITS: u32 = 40;
const OWED_BITS: u32 = 21;
const POSITION: u64 = (1 << POSITION_BITS) - 1;
const OWED: u64 = ((1 << OWED_BITS) - 1) << POSITION_BITS;
const ONE_OWED: u64 = 1 << POSITION_BITS;

/// One moment's value of the word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor(u64);

/// The flags of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Flag {
    Spilling = 1 << 61,
    Gate = 1 << 62,
    Closed = 1 << 63,
}

impl Cursor {
    /// The most that can be owed at once.
    pub(crate) const OWED_MAX: u64 = OWED >> POSITION_BITS;
    /// The most slots that a ring may have: far less than positions, so that distances are unambiguous.
    pub(crate) const CAPACITY_MAX: usize = if usize::BITS > 39 {
        ((1_u64 << 39) - 1) as usize
    } else {
        usize::MAX >> 2
    };

    /// A position as the word holds it.
    #[inline(always)]
    pub(crate) fn wrapped(position: u64) -> u64 {
        position & POSITION
    }

    #[inline(always)]
    pub(crate) fn position(self) -> u64 {
        self.0 & POSITION
    }

    #[inline(always)]
    pub(crate) fn owed(self) -> u64 {
        (self.0 & OWED) >> POSITION_BITS
    }

    #[inline(always)]
    pub(crate) fn has(self, flag: Flag) -> bool {
        self.0 & flag as u64 != 0
    }

    /// Whether any flag is set.
    #[inline(always)]
    pub(crate) fn has_flags(self) -> bool {
        self.0 >> (POSITION_BITS + OWED_BITS) != 0
    }

    /// Moved on by `n` slots.
    #[inline(always)]
    pub(crate) fn advanced(self, n: u64) -> Self {
        Self((self.0 & !POSITION) | (self.0.wrapping_add(n) & POSITION))
    }

    /// With `n` more slots owed.
    pub(crate) fn owing(self, n: u64) -> Self {
        debug_assert!(self.owed() + n <= Self::OWED_MAX);
        Self(self.0 + n * ONE_OWED)
    }

    /// With `n` fewer slots owed.
    pub(crate) fn settled(self, n: u64) -> Self {
        debug_assert!(self.owed() >= n);
        Self(self.0 - n * ONE_OWED)
    }

    /// How far a position is behind this one.
    #[inline(always)]
    pub(crate) fn distance_from(self, position: u64) -> u64 {
        self.0.wrapping_sub(position) & POSITION
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("position", &self.position())
            .field("owed", &self.owed())
            .field("spilling", &self.has(Flag::Spilling))
            .field("gate", &self.has(Flag::Gate))
            .field("closed", &self.has(Flag::Closed))
            .finish()
    }
}

/// A cursor that threads share.
#[derive(Debug)]
pub(crate) struct AtomicCursor(AtomicU64);

impl AtomicCursor {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> Cursor {
        // Acquire pairs with the Release of every change of the word: what a flag stands for is seen with it.
        Cursor(self.0.load(Ordering::Acquire))
    }

    /// Changes the word, if it is still `from`.
    ///
    /// # Errors
    ///
    /// What it is instead.
    #[inline(always)]
    pub(crate) fn change(&self, from: Cursor, to: Cursor) -> Result<(), Cursor> {
        // AcqRel pairs with itself: who sees a claim sees what its claimer had seen.
        match self
            .0
            .compare_exchange_weak(from.0, to.0, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => Ok(()),
            Err(now) => Err(Cursor(now)), // Acquire as in `load`.
        }
    }

    /// Sets a flag and returns what was there before.
    pub(crate) fn set(&self, flag: Flag) -> Cursor {
        // AcqRel pairs with the Acquire in `load`.
        Cursor(self.0.fetch_or(flag as u64, Ordering::AcqRel))
    }

    /// Sets a flag, unless another is set. Says whether it is set now.
    pub(crate) fn set_unless(&self, flag: Flag, unless: Flag) -> bool {
        let mut now = self.load();
        while !now.has(unless) {
            if now.has(flag) {
                return true;
            }
            match self.change(now, Cursor(now.0 | flag as u64)) {
                Ok(()) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    /// Clears a flag and returns what was there before.
    pub(crate) fn clear(&self, flag: Flag) -> Cursor {
        // AcqRel pairs with the Acquire in `load`.
        Cursor(self.0.fetch_and(!(flag as u64), Ordering::AcqRel))
    }

    /// Moves the position of a word that only the caller moves, and in which nothing is ever owed nor flagged.
    #[inline(always)]
    pub(crate) fn store_position(&self, position: u64) {
        // Release pairs with the Acquire in `load`: the caller is done with the slots before the position.
        self.0.store(position & POSITION, Ordering::Release);
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
