//! The tail word: where the next message goes, and whether the list is closed.
//!
//! ```text
//!      63       62 ............ 16   15 ....... 0
//!    ┌────────┬────────────────────┬─────────────┐
//!    │ closed │ lap (which block)  │ offset      │     one more = one claim
//!    └────────┴────────────────────┴─────────────┘
//!
//!              offset < SLOTS    the next slot is (lap, offset)
//!              offset = SLOTS    the lap is full; wait until the owner of its last slot opens the next one
//!              closed            nothing was claimed, and nothing ever will be
//! ```
//!
//! This file alone knows the layout. A claim is a compare-and-swap, so the offset never goes past the end of a lap.
//!
//! The lap wraps within its 47 bits, after 2⁵² messages; positions are compared modulo that.

use aqueduct_core::sync::{AtomicU64, Ordering};

use super::SLOTS_LOG2;
use crate::snooze::Snooze;

const OFFSET_BITS: u32 = 16;
const OFFSET_MASK: u64 = (1 << OFFSET_BITS) - 1;
const CLOSED: u64 = 1 << 63;
const LAP_MASK: u64 = (1 << (63 - OFFSET_BITS)) - 1;
const SLOTS: u64 = 1 << SLOTS_LOG2;
/// Positions are counted modulo this plus one.
const POSITION_MASK: u64 = (LAP_MASK << SLOTS_LOG2) | (SLOTS - 1);

/// One claimed slot, or the first of several in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) lap: u64,
    pub(super) offset: usize,
}

/// What became of an attempt to claim.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The caller owns the slot.
    Slot(Place),
    /// The block of this lap has no slot left.
    Full(u64),
    /// The list is closed.
    Closed,
}

/// Where the messages end.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// The position after the last claimed slot.
    pub(super) position: u64,
    /// Whether it is final.
    pub(super) closed: bool,
}

/// The position after the last slot, valid once the word is closed.
///
/// Apart from the word, since it is written once: it lives on a line that is otherwise only read.
#[derive(Debug)]
pub(super) struct ClosedAt(AtomicU64);

impl ClosedAt {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

#[derive(Debug)]
pub(super) struct Word(AtomicU64);

impl Word {
    /// An open word at an offset of lap 0.
    pub(super) fn new(offset: usize) -> Self {
        Self(AtomicU64::new(offset as u64))
    }

    /// Claims the next slot (I1). `lost` is called with the position that another thread was faster to claim.
    #[inline(always)]
    pub(super) fn claim(&self, mut lost: impl FnMut(u64)) -> Claim {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            // The mark is above the offset, so one comparison sees both.
            if word & (CLOSED | OFFSET_MASK) >= SLOTS {
                return refuse(word);
            }
            // Acquire: who sees a lap sees the block that was published for it. Pairs with the Release in `open`.
            let swap =
                self.0
                    .compare_exchange_weak(word, word + 1, Ordering::Acquire, Ordering::Relaxed);
            match swap {
                Ok(_) => {
                    return Claim::Slot(Place {
                        lap: word >> OFFSET_BITS,
                        offset: (word & OFFSET_MASK) as usize,
                    });
                }
                // It may have failed for no reason.
                Err(now) if now == word => {}
                Err(_) => lost(position(word)),
            }
            word = self.0.load(Ordering::Relaxed);
        }
    }

    /// Claims up to `wanted` slots in a row of one lap, and says how many (I1). `wanted` is not 0.
    pub(super) fn claim_up_to(&self, wanted: usize) -> (Claim, usize) {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let offset = word & OFFSET_MASK;
            if word & CLOSED != 0 || offset >= SLOTS {
                return (refuse(word), 0);
            }
            let count = (SLOTS - offset).min(wanted as u64);
            // Acquire, as in `claim`; pairs with the Release in `open`.
            let swap = self.0.compare_exchange_weak(
                word,
                word + count,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            match swap {
                Ok(_) => {
                    let place = Place {
                        lap: word >> OFFSET_BITS,
                        offset: offset as usize,
                    };
                    return (Claim::Slot(place), count as usize);
                }
                Err(now) => word = now,
            }
        }
    }

    /// Opens a lap, whose block has been published; for the owner of the last slot of the lap before (I3).
    ///
    /// A closed word stays as it is: there is nothing to claim any more.
    #[inline]
    pub(super) fn open(&self, lap: u64) {
        let mut word = self.0.load(Ordering::Relaxed);
        // The lap is full, so nobody but a closer changes the word meanwhile.
        while word & CLOSED == 0 {
            // Release: hands the block's publication to whoever claims in it. Pairs with the Acquire in `claim` and
            // `claim_up_to`.
            let swap = self.0.compare_exchange_weak(
                word,
                lap << OFFSET_BITS,
                Ordering::Release,
                Ordering::Relaxed,
            );
            match swap {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Waits until a lap that is full is no longer the current one, or the word is closed.
    #[cold]
    pub(super) fn wait_past(&self, lap: u64) {
        let mut snooze = Snooze::new();
        loop {
            let word = self.0.load(Ordering::Relaxed);
            if word & CLOSED != 0 || word >> OFFSET_BITS != lap {
                return;
            }
            snooze.snooze();
        }
    }

    /// Closes the word, and fixes its end. Says whether it was open.
    pub(super) fn close(&self, at: &ClosedAt) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word & CLOSED != 0 {
                return false;
            }
            // The end is written before the mark, so that who sees the mark can read it. An attempt that then fails
            // wrote a position that is not past the final one, since positions only grow; so does a second closer
            // that is late. The maximum is the one that was exact.
            at.0.fetch_max(position(word), Ordering::Relaxed);
            // Release: hands `at` over. Pairs with the Acquire in `end`.
            let swap = self.0.compare_exchange_weak(
                word,
                word | CLOSED,
                Ordering::Release,
                Ordering::Relaxed,
            );
            match swap {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & CLOSED != 0
    }

    /// Where the messages end at present.
    pub(super) fn end(&self, at: &ClosedAt) -> End {
        // Acquire: the position that goes with the mark. Pairs with the Release in `close`.
        let word = self.0.load(Ordering::Acquire);
        let closed = word & CLOSED != 0;
        let position = if closed {
            at.0.load(Ordering::Relaxed)
        } else {
            position(word)
        };
        End { position, closed }
    }
}

/// The lap after this one.
#[inline]
pub(super) fn lap_after(lap: u64) -> u64 {
    (lap + 1) & LAP_MASK
}

/// How far `to` is past `from`.
#[inline]
pub(super) fn distance(from: u64, to: u64) -> u64 {
    to.wrapping_sub(from) & POSITION_MASK
}

/// The position of an open word: a full lap ends where the next one begins.
fn position(word: u64) -> u64 {
    ((word >> OFFSET_BITS) << SLOTS_LOG2) + (word & OFFSET_MASK)
}

#[cold]
fn refuse(word: u64) -> Claim {
    if word & CLOSED != 0 {
        return Claim::Closed;
    }
    Claim::Full(word >> OFFSET_BITS)
}

#[cfg(test)]
impl Word {
    /// A word anywhere, for what takes too long to reach.
    pub(super) fn at(closed: bool, lap: u64, offset: u64) -> Self {
        let mark = if closed { CLOSED } else { 0 };
        Self(AtomicU64::new(
            mark | (lap & LAP_MASK) << OFFSET_BITS | offset,
        ))
    }
}
