//! How long to stay away from a line after another core was faster.
//!
//! Two cores that try again at once pass the line to and fro for every message, which then costs many times as much.
//! One that stays away lets the other make many claims in a row (measured with four senders on two cores: 111 ns a
//! message with an immediate retry, 44 when staying away for 4 µs).
//!
//! A chance meeting should cost next to nothing, though. So the time grows with each loss, and starts again from a
//! few nanoseconds when many claims were made between two losses, by whomever. All of this happens only where a claim
//! was lost: a claim that succeeds does not touch it.

use aqueduct_core::sync::{AtomicU32, Ordering, spin_loop};

/// A handle's memory of lost claims: `{ level: 4, position of the last loss: 28 }`.
///
/// A handle can be shared between threads; they read and write this without synchronization, as it is only a hint.
#[derive(Debug, Default)]
pub(crate) struct Contention(AtomicU32);

const POSITION_BITS: u32 = 28;
const POSITION: u32 = (1 << POSITION_BITS) - 1;
/// Losses that are this many claims apart have nothing to do with each other.
const UNRELATED: u32 = 4096;
/// The spin-loop hints of each level. A hint takes 14 ns where this was measured (Sapphire Rapids), so 0.2 to 7 µs.
const HINTS: [u16; 4] = if cfg!(aqueduct_loom) {
    [1; 4]
} else {
    [16, 64, 256, 512]
};

impl Contention {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Stays away for a while after losing the claim for `position`.
    #[cold]
    pub(crate) fn stand_back(&self, position: u64) {
        let (next, hints) = after_loss(self.0.load(Ordering::Relaxed), position);
        self.0.store(next, Ordering::Relaxed);
        for _ in 0..hints {
            spin_loop();
        }
    }
}

/// The next state, and for how many hints to stay away.
fn after_loss(state: u32, position: u64) -> (u32, u16) {
    let position = position as u32 & POSITION;
    let claims = position.wrapping_sub(state) & POSITION;
    let level = if claims < UNRELATED {
        state >> POSITION_BITS
    } else {
        0
    };
    let next = (level + 1).min(HINTS.len() as u32 - 1);
    (next << POSITION_BITS | position, HINTS[level as usize])
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
